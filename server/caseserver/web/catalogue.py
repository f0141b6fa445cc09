"""The words of the pages: messages.toml, and which language a reader wants.

``text`` takes a literal id; ``of`` takes a family and a value, for words chosen by data. tests/web/test_catalogue.py
proves that every id used exists in both languages and that every entry is used.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from babel import negotiate_locale

from caseserver.web.wording import Language
from custody.messages import LANGUAGES, Catalogue, MissingMessage, placeholders, read_messages

__all__ = ["LANGUAGES", "Catalogue", "MissingMessage", "catalogue", "choose_language", "placeholders"]


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue shipped with the pages."""
    source = resources.files("caseserver.web").joinpath("messages.toml").read_text(encoding="utf-8")
    return read_messages(source)


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
