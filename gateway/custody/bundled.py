"""Texts that ship with the package: rulebooks with their shared parts, and example areas.

The one module of custody that reads anything, and it reads the package's own data alone.
"""

from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib import resources

from custody.area import Area
from custody.overlay import rulebook_of
from custody.rules import Rulebook


def rulebook_names() -> list[str]:
    """Names of the bundled rulebooks, for `--rulebook`."""
    return list(_names("rulebook"))


def rulebook_text(name: str) -> str:
    """TOML of a bundled rulebook, or of a shared part (`cn/guarding`). Raises KeyError with the names there are."""
    folder, _, part = name.rpartition("/")
    return _text(f"rulebook/{folder}" if folder else "rulebook", part)


def area_names() -> list[str]:
    """Names of the bundled example areas."""
    return list(_names("areas"))


def area_text(name: str) -> str:
    """TOML of a bundled example area. Raises KeyError with the names there are."""
    return _text("areas", name)


@cache
def _names(folder: str) -> tuple[str, ...]:
    place = resources.files("custody").joinpath(*folder.split("/"))
    if not place.is_dir():
        return ()
    return tuple(sorted(f.name.removesuffix(".toml") for f in place.iterdir() if f.name.endswith(".toml")))


@cache
def _text(folder: str, name: str) -> str:
    if name not in _names(folder):
        raise KeyError(f"expected one of {', '.join(_names(folder))}, found {name!r}")
    place = resources.files("custody").joinpath(*folder.split("/"), f"{name}.toml")
    return place.read_text(encoding="utf-8")


def rulebook_of_area(area: Area, file_text: str | None = None) -> tuple[Rulebook, str]:
    """The rulebook an area is under and the sha-256 of its text. Raises ConfigError.

    `file_text` stands for the area's books: a book from elsewhere.
    """
    found, text = rulebook_with_text(area, file_text)
    return found, sha256(text.encode()).hexdigest()


def rulebook_with_text(area: Area, file_text: str | None = None) -> tuple[Rulebook, str]:
    """The rulebook an area is under, and all its texts in the order they were read, as one. Raises ConfigError.

    Before each stands a line `# rulebook <name>`, so that whoever has the one text can take it apart again.
    """
    parts: dict[str, str] = {}

    def text_of(name: str) -> str:
        text = rulebook_text(name) if file_text is None or name != area.rulebooks[0] else file_text
        parts[name] = text if text.endswith("\n") else text + "\n"
        return text

    found = rulebook_of(area if file_text is None else replace(area, rulebooks=area.rulebooks[:1]), text_of)
    return found, "".join(f"# rulebook {name}\n{text}" for name, text in parts.items())
