"""Texts that ship with the package: rulebooks with their shared parts, and example areas.

The one module of custody that reads anything, and it reads the package's own data alone.
"""

from dataclasses import replace
from hashlib import sha256
from importlib import resources

from custody.area import Area
from custody.overlay import rulebook_of
from custody.rules import Rulebook


def rulebook_names() -> list[str]:
    """Names of the bundled rulebooks, for `--rulebook`."""
    return _names("rulebook")


def rulebook_text(name: str) -> str:
    """TOML of a bundled rulebook, or of a shared part (`cn/guarding`). Raises KeyError with the names there are."""
    folder, _, part = name.rpartition("/")
    return _text(f"rulebook/{folder}" if folder else "rulebook", part)


def area_names() -> list[str]:
    """Names of the bundled example areas."""
    return _names("areas")


def area_text(name: str) -> str:
    """TOML of a bundled example area. Raises KeyError with the names there are."""
    return _text("areas", name)


def _names(folder: str) -> list[str]:
    place = resources.files("custody").joinpath(*folder.split("/"))
    if not place.is_dir():
        return []
    return sorted(f.name.removesuffix(".toml") for f in place.iterdir() if f.name.endswith(".toml"))


def _text(folder: str, name: str) -> str:
    if name not in _names(folder):
        raise KeyError(f"expected one of {', '.join(_names(folder))}, found {name!r}")
    place = resources.files("custody").joinpath(*folder.split("/"), f"{name}.toml")
    return place.read_text(encoding="utf-8")


def rulebook_of_area(area: Area, file_text: str | None = None) -> tuple[Rulebook, str]:
    """The rulebook an area is under and the sha-256 of all its texts. Raises ConfigError.

    `file_text` stands for the area's books: a book from elsewhere.
    """
    digest = sha256()

    def text_of(name: str) -> str:
        text = rulebook_text(name) if file_text is None or name != area.rulebooks[0] else file_text
        digest.update(text.encode())
        return text

    found = rulebook_of(area if file_text is None else replace(area, rulebooks=area.rulebooks[:1]), text_of)
    return found, digest.hexdigest()
