"""A catalogue of fixed words: messages.toml, each entry with its Chinese and its English. No file is opened here.

Chinese is the source. A missing English string falls back to Chinese, never to a key; a missing id is a mistake of ours
and raises `MissingMessage`.
"""

import tomllib
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any, Final, Literal

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


class MissingMessage(LookupError):
    """A page asked for an id that the catalogue does not hold."""


class Catalogue:
    """Message id -> (language -> words). Ids are the dotted path in the file."""

    def __init__(self, entries: Mapping[str, Mapping[str, str]]) -> None:
        """As `read_messages` gives them."""
        self._entries = dict(entries)

    def ids(self) -> frozenset[str]:
        """Every id."""
        return frozenset(self._entries)

    def entry(self, id: str) -> Mapping[str, str]:
        """Language -> words. Raises KeyError."""
        return self._entries[id]

    def text(self, language: Language, id: str, **values: object) -> str:
        """The words of a literal id. Raises `MissingMessage`."""
        entry = self._entries.get(id)
        if entry is None:
            raise MissingMessage(f"messages.toml has no entry {id!r}")
        words = entry.get(language) or entry["zh"]
        return words.format(**values) if values else words

    def of(self, language: Language, family: str, value: str, **values: object) -> str:
        """Words chosen by data: of a family and a value. Raises `MissingMessage`."""
        return self.text(language, f"{family}.{value}", **values)

    def has(self, family: str, value: str) -> bool:
        """Whether a family has words for a value."""
        return f"{family}.{value}" in self._entries


def placeholders(words: str) -> frozenset[str]:
    """The names between braces in a message."""
    return frozenset(name for _, name, _, _ in Formatter().parse(words) if name)


def read_messages(text: str) -> Catalogue:
    """The catalogue in a messages.toml. Raises `tomllib.TOMLDecodeError`."""
    return Catalogue(dict(_walk("", tomllib.loads(text))))


def _walk(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    if "zh" in table and isinstance(table["zh"], str):
        yield prefix, {language: table[language] for language in LANGUAGES if language in table}
        return
    for key, value in table.items():
        yield from _walk(f"{prefix}.{key}" if prefix else key, value)
