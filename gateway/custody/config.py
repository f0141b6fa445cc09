"""Reading configuration: typed values out of raw TOML, and every problem with its place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from custody.fields import is_ref
from custody.name import Name

_REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong in a configuration file."""

    file: str
    key: str
    expected: str
    found: str

    def __str__(self) -> str:
        """One line for a terminal."""
        return f"{self.file}: {self.key}: expected {self.expected}, found {self.found}"


class ConfigError(ValueError):
    """A configuration that cannot be used; `problems` lists all that was found wrong."""

    def __init__(self, problems: list[ConfigProblem]) -> None:
        """Keep the problems; the message shows one a line."""
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Problems:
    """Collects problems and reads typed values out of raw TOML."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[ConfigProblem] = []

    def add(self, key: str, expected: str, found: object) -> None:
        self.found.append(ConfigProblem(self.file, key, expected, repr(found)[:120]))

    def take(self, table: Mapping[str, Any], where: str, key: str, expected: str, default: Any) -> Any:
        """A value of the table; without default a missing one is a problem."""
        if key in table:
            return table[key]
        if default is _REQUIRED:
            self.add(f"{where}.{key}", expected, "nothing")
            return None
        return default

    def table(self, raw: Mapping[str, Any], key: str, default: Any = None) -> Mapping[str, Any]:
        """A table of the file; one that is missing is a problem unless there is a default."""
        value = raw.get(key, default)
        if isinstance(value, dict):
            return value
        self.add(key, f"a table [{key}]", value)
        return {}

    def ref(self, table: Mapping[str, Any], where: str, key: str, default: Any = ...) -> str:
        default = _REQUIRED if default is ... else default
        value = self.take(table, where, key, "an id", default)
        if value is not None and not is_ref(value):
            self.add(f"{where}.{key}", "an id of 1 to 64 characters A-Z a-z 0-9 . _ -", value)
        return value if isinstance(value, str) else ""

    def choice(
        self, table: Mapping[str, Any], where: str, key: str, choices: tuple[str, ...], default: Any = ...
    ) -> str:
        default = _REQUIRED if default is ... else default
        expected = f"one of {', '.join(choices)}"
        value = self.take(table, where, key, expected, default)
        if value is not None and value not in choices:
            self.add(f"{where}.{key}", expected, value)
            return choices[0]
        return value if isinstance(value, str) else choices[0]

    def integer(
        self, table: Mapping[str, Any], where: str, key: str, low: int, high: int, default: Any = ...
    ) -> int:
        default = _REQUIRED if default is ... else default
        expected = f"a whole number {low} to {high}"
        value = self.take(table, where, key, expected, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            if value is not None:
                self.add(f"{where}.{key}", expected, value)
            return low
        return value

    def name(self, table: Mapping[str, Any], where: str, default: str) -> Name:
        value = table.get("name")
        if value is None:
            return Name(default, default)
        if (
            not isinstance(value, dict)
            or not value
            or not all(key in ("zh", "en") and isinstance(text, str) for key, text in value.items())
        ):
            self.add(f"{where}.name", 'a table { zh = "…", en = "…" }', value)
            return Name(default, default)
        return Name(value.get("zh", default), value.get("en", default))

    def refs(self, table: Mapping[str, Any], where: str, key: str, default: Any = ...) -> tuple[str, ...]:
        default = _REQUIRED if default is ... else default
        value = self.take(table, where, key, "a list of ids", default)
        if value is None:
            return ()
        if not isinstance(value, (list, tuple)) or not all(is_ref(item) for item in value):
            self.add(f"{where}.{key}", "a list of ids", value)
            return ()
        return tuple(value)

    def unknown_keys(self, table: Mapping[str, Any], where: str, allowed: Iterable[str]) -> None:
        for key in table:
            if key not in allowed:
                self.add(f"{where}.{key}", f"one of {', '.join(sorted(allowed))}", key)
