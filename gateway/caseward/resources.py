"""Texts that ship with the product: rulebooks and example areas."""

from importlib import resources


def rulebook_names() -> list[str]:
    """Names of the bundled rulebooks, for `--rulebook`."""
    return _names("rulebook")


def rulebook_text(name: str) -> str:
    """TOML of a bundled rulebook. Raises KeyError with the names there are."""
    return _text("rulebook", name)


def area_names() -> list[str]:
    """Names of the bundled example areas."""
    return _names("areas")


def area_text(name: str) -> str:
    """TOML of a bundled example area. Raises KeyError with the names there are."""
    return _text("areas", name)


def _names(folder: str) -> list[str]:
    files = (resources.files("custody") / folder).iterdir()
    return sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml"))


def _text(folder: str, name: str) -> str:
    if name not in _names(folder):
        raise KeyError(f"expected one of {', '.join(_names(folder))}, found {name!r}")
    return (resources.files("custody") / folder / f"{name}.toml").read_text(encoding="utf-8")
