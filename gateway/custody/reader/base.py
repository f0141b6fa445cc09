"""Typed values out of the raw TOML of rulebooks; every mistake is kept with file, key, expected, found."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from custody.area import ROOM_KINDS
from custody.catalogue import FACT_TYPES
from custody.config import ConfigProblem
from custody.fields import INSTANT
from custody.rules import Between
from custody.times import Limit, TimeFormatError, parse_duration_us, parse_limit
from custody.vocabulary import MEASURES

STAY_STEPS: Final = ("arrived", "entered", "registered", "searched", "released", "arrival_written")


class Reader:
    """Reads raw TOML of rulebooks and collects what is wrong."""

    def __init__(self, file: str) -> None:
        """`file`: the name shown with each problem."""
        self.file = file
        self.problems: list[ConfigProblem] = []

    def add(self, key: str, expected: str, found: object) -> None:
        """One thing wrong."""
        self.problems.append(ConfigProblem(self.file, key, expected, repr(found)[:120]))

    def tables(self, table: Mapping[str, Any], where: str, key: str) -> list[Mapping[str, Any]]:
        """An array of tables; anything else is a problem and counts as none."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.add(f"{where}{key}", f"an array of tables [[{key}]]", value)
            return []
        return value

    def table(self, table: Mapping[str, Any], where: str, key: str) -> Mapping[str, Any]:
        """A table; anything else is a problem and counts as empty."""
        value = table.get(key, {})
        if not isinstance(value, dict):
            self.add(f"{where}.{key}", "a table", value)
            return {}
        return value

    def only(self, table: Mapping[str, Any], where: str, keys: Collection[str]) -> None:
        """Every other key is a slip."""
        for key in table:
            if key not in keys:
                self.add(f"{where}.{key}", f"one of {', '.join(keys) or 'nothing'}", key)

    def items(self, table: Mapping[str, Any], where: str, key: str) -> list[Any]:
        """A list; anything else is a problem and counts as empty."""
        value = table.get(key, [])
        if not isinstance(value, list):
            self.add(f"{where}.{key}", "a list", value)
            return []
        return value

    def choice(
        self, table: Mapping[str, Any], where: str, key: str, choices: Any, default: Any = None
    ) -> str:
        """One of a closed list."""
        value = table.get(key, default)
        if not isinstance(value, str) or value not in choices:
            self.add(f"{where}.{key}", f"one of {', '.join(choices)}", value)
            return str(next(iter(choices)))
        return value

    def flag(self, table: Mapping[str, Any], where: str, key: str) -> bool:
        """true or false; false when left out."""
        value = table.get(key, False)
        if not isinstance(value, bool):
            self.add(f"{where}.{key}", "true or false", value)
        return value is True

    def texts(self, table: Mapping[str, Any], where: str, keys: tuple[str, ...]) -> dict[str, str]:
        """Texts that must be there."""
        found = {}
        for key in keys:
            value = table.get(key)
            if not isinstance(value, str) or not value.strip():
                self.add(f"{where}.{key}", "text", value)
                value = ""
            found[key] = value
        return found

    def many(self, table: Mapping[str, Any], where: str, key: str, choices: Any) -> tuple[str, ...]:
        """A list out of a closed list."""
        value = self.items(table, where, key)
        if any(not isinstance(item, str) or item not in choices for item in value):
            self.add(f"{where}.{key}", f"a list out of {', '.join(choices)}", value)
            return ()
        return tuple(value)

    def duration(self, value: object, where: str) -> int:
        """Microseconds; a leading minus for so long before."""
        sign, text = (-1, value[1:]) if isinstance(value, str) and value.startswith("-") else (1, value)
        try:
            return sign * parse_duration_us(text)
        except TimeFormatError as error:
            self.add(where, error.expected, error.found)
            return 0

    def limit(self, value: object, where: str) -> Limit:
        """A limit by the clock or by the calendar."""
        try:
            found = parse_limit(value)
        except TimeFormatError as error:
            self.add(where, f"{error.expected}, or '7d', '5wd', '2mo'", error.found)
            return Limit("1h", us=parse_duration_us("1h"))
        if not found.is_positive:
            self.add(where, "more than nothing", value)
        return found

    def steps(self, value: object, where: str) -> tuple[str, ...]:
        """One step or a list of steps."""
        values = value if isinstance(value, list) else [value]
        for step in values:
            expected = _step_problem(step)
            if expected:
                self.add(where, expected, step)
                return ()
        return tuple(values)

    def between(self, value: object, where: str) -> Between:
        """`{ start = [...], end = [...] }`."""
        if not isinstance(value, dict) or set(value) != {"start", "end"}:
            self.add(where, "{ start = [steps], end = [steps] }", value)
            return Between((), ())
        return Between(self.steps(value["start"], f"{where}.start"), self.steps(value["end"], f"{where}.end"))

    def day(self, head: Mapping[str, Any], key: str) -> date | None:
        """A date or nothing."""
        value = head.get(key)
        if value is not None and type(value) is not date:  # a moment is no day
            self.add(f"rulebook.{key}", "a date such as 2026-01-01", value)
            return None
        return value


def _step_problem(step: object) -> str:
    """What is expected instead of this step; empty when it is one."""
    if not isinstance(step, str):
        return "a step such as 'rights.told'"
    name, _, at = step.partition("@")
    base, _, value = name.partition(":")
    if base in STAY_STEPS:
        return "" if not value and not at else f"{base} without ':' or '@'"
    closed = {"measure": MEASURES, "in": ROOM_KINDS, "left": ROOM_KINDS}.get(base)
    if closed is not None:
        return "" if value in closed else f"{base}: one of {', '.join(closed)}"
    fact = FACT_TYPES.get(base)
    if fact is None:
        return "a fact type of docs/scenarios.md, or a step of docs/rulebook.md"
    if value:
        choices = fact.fields[fact.step_field].choices if fact.step_field else ()
        if fact.step_field is None or (choices and value not in choices):
            return f"{base} with one of {', '.join(choices) or 'no kinds'}"
    if at and (f"{at}_at_us" not in fact.fields or fact.fields[f"{at}_at_us"].kind != INSTANT):
        return f"{base}@ with a field that holds an instant"
    return ""
