"""The one catalogue of fixed words: messages.toml, each entry with its Chinese and its English.

Chinese is the source. A missing English string falls back to Chinese, never to a key; a missing id is a mistake of ours
and raises ``MissingMessage``. ``text`` takes a literal id; ``of`` takes a family and a value, for words chosen by data.
tests/web/test_catalogue.py proves that every id used exists in both languages and that every entry is used.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from string import Formatter
from typing import Any

from babel import negotiate_locale

from caseserver.web.wording import Language

LANGUAGES: tuple[Language, ...] = ("zh", "en")


class MissingMessage(LookupError):
    """A page asked for an id that messages.toml does not hold."""


class Catalogue:
    """Message id -> (language -> words). Ids are the dotted path in the file."""

    def __init__(self, entries: Mapping[str, Mapping[str, str]]) -> None:
        self._entries = dict(entries)

    def ids(self) -> frozenset[str]:
        return frozenset(self._entries)

    def entry(self, id: str) -> Mapping[str, str]:
        return self._entries[id]

    def text(self, language: Language, id: str, **values: object) -> str:
        entry = self._entries.get(id)
        if entry is None:
            raise MissingMessage(f"messages.toml has no entry {id!r}")
        words = entry.get(language) or entry["zh"]
        return words.format(**values) if values else words

    def of(self, language: Language, family: str, value: str, **values: object) -> str:
        return self.text(language, f"{family}.{value}", **values)

    def has(self, family: str, value: str) -> bool:
        return f"{family}.{value}" in self._entries


def placeholders(words: str) -> frozenset[str]:
    """The names between braces in a message."""
    return frozenset(name for _, name, _, _ in Formatter().parse(words) if name)


def _walk(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    if "zh" in table and isinstance(table["zh"], str):
        yield prefix, {language: table[language] for language in LANGUAGES if language in table}
        return
    for key, value in table.items():
        yield from _walk(f"{prefix}.{key}" if prefix else key, value)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue shipped with the pages."""
    source = resources.files("caseserver.web").joinpath("messages.toml").read_text(encoding="utf-8")
    return Catalogue(dict(_walk("", tomllib.loads(source))))


def choose_language(query: str | None, cookie: str | None, accept: str | None) -> Language:
    """?lang= first, then the cookie, then Accept-Language, else Chinese. Unknown values are passed over."""
    for asked in (query, cookie):
        for language in LANGUAGES:
            if asked == language:
                return language
    if accept:
        wanted = [part.split(";")[0].strip().replace("-", "_") for part in accept[:200].split(",")]
        found = negotiate_locale([part for part in wanted if part], ["zh", "en", "zh_CN", "en_GB", "en_US"])
        if found and found[:2] == "en":
            return "en"
    return "zh"
