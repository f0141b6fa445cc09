"""The words of the screens: messages.toml, with the codes of the catalogue of facts."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from custody.messages import Catalogue, Language, read_messages


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue shipped with the kiosk."""
    return read_messages(resources.files("casekiosk").joinpath("messages.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _pages() -> Catalogue:
    """The catalogue of the server's pages, of the same distribution: one wording of what the engine refuses."""
    return read_messages(
        resources.files("caseserver.web").joinpath("messages.toml").read_text(encoding="utf-8")
    )


def refused(language: Language, reason: str, expected: str, found: str) -> str | None:
    """What the engine's code of a refusal says, with what was expected and found; None: the code has no words."""
    if not _pages().has("refused", reason):
        return None
    return _pages().of(language, "refused", reason, expected=expected or "—", found=found or "—")


def text(language: Language, id: str, **values: object) -> str:
    """The words of a literal id."""
    return catalogue().text(language, id, **values)


def code_of(family: str, word: str) -> str:
    """The code that a word of any language stands for; another word stands for itself."""
    for id in sorted(catalogue().ids()):
        prefix, _, code = id.rpartition(".")
        if prefix == family and word in catalogue().entry(id).values():
            return code
    return word


def of(language: Language, family: str, value: str) -> str:
    """Words chosen by data; a value that has none stands for itself."""
    return catalogue().of(language, family, value) if catalogue().has(family, value) else value
