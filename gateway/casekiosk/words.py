"""The words of the screens: messages.toml, with the codes of the catalogue of facts."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from custody.messages import Catalogue, Language, read_messages


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue shipped with the kiosk."""
    return read_messages(resources.files("casekiosk").joinpath("messages.toml").read_text(encoding="utf-8"))


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
