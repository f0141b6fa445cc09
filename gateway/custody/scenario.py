"""Scenarios: facts and acts of the environment as JSON lines, read and checked.

A scenario tells what truly happened (`at`) and what the environment did to the equipment:
power, clock, network, nodes, late and doubled arrival. docs/scenarios.md is the interface;
player.py plays it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from custody.catalogue import FACT_TYPES
from custody.facts import check_body
from custody.fields import INSTANT
from custody.times import TimeFormatError, parse_duration_us, parse_instant_us

LINES_MAX: Final = 5_000_000
HEADER_KEYS: Final = ("scenario", "area", "rulebook", "initial", "note")
LINE_KEYS: Final = ("at", "fact", "id", "arrives", "by", "from_node", "note")
ENVIRONMENT: Final[Mapping[str, tuple[str, ...]]] = {
    "power.cut": (),
    "boot": (),
    "clock.step": ("by",),
    "clock.lost": (),
    "clock.trusted": (),
    "network.down": (),
    "network.up": (),
    "node.down": ("node",),
    "node.up": ("node",),
}


class ScenarioError(ValueError):
    """A line that cannot be used: where, what was expected, what was found."""

    def __init__(self, line: int, expected: str, found: object) -> None:
        """Keep the line number (from 1) and both sides."""
        shown = found if isinstance(found, str) else repr(found)
        super().__init__(f"line {line}: expected {expected}, found {shown[:200]}")
        self.line = line
        self.expected = expected
        self.found = shown[:200]


@dataclass(frozen=True, slots=True)
class Line:
    """One checked line: a fact or an act of the environment, at a true time."""

    number: int
    at_us: int
    fact: str = ""
    env: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    arrives_us: int | None = None
    by: str = ""
    from_node: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole scenario: what its first line says of itself, and its lines."""

    header: Mapping[str, Any]
    lines: tuple[Line, ...]


def parse_scenario(texts: Iterable[str]) -> Scenario:
    """Read JSON lines; blank lines and lines that start with # are passed over.

    Raises ScenarioError at the first line that cannot be used.
    """
    header: Mapping[str, Any] = {}
    lines: list[Line] = []
    for number, text in enumerate(texts, 1):
        stripped = text.strip()
        if not stripped or stripped.startswith("#"):
            continue
        raw = _object(number, stripped)
        if "scenario" in raw:
            if lines or header:
                raise ScenarioError(number, "the header as the first line", "a second header")
            header = _header(number, raw)
            continue
        lines.append(_line(number, raw))
        if len(lines) > LINES_MAX:
            raise ScenarioError(number, f"at most {LINES_MAX} lines", "more")
    if not lines:
        raise ScenarioError(1, "at least one fact or act of the environment", "none")
    return Scenario(header, tuple(sorted(lines, key=lambda line: line.at_us)))


def _object(number: int, text: str) -> dict[str, Any]:
    try:
        raw = json.loads(text, object_pairs_hook=_no_doubles, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ScenarioError(number, "one JSON object a line", str(error)) from None
    if not isinstance(raw, dict):
        raise ScenarioError(number, "one JSON object a line", raw)
    return raw


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _header(number: int, raw: dict[str, Any]) -> dict[str, Any]:
    for key, value in raw.items():
        if key not in HEADER_KEYS:
            raise ScenarioError(number, f"header keys {', '.join(HEADER_KEYS)}", key)
        if not isinstance(value, str):
            raise ScenarioError(number, f"text as {key}", value)
    if raw.get("initial", "healthy") not in ("healthy", "unknown"):
        raise ScenarioError(number, "initial: healthy or unknown", raw["initial"])
    return raw


def _line(number: int, raw: dict[str, Any]) -> Line:
    if "at" not in raw:
        raise ScenarioError(number, "the key at: when it truly happened", "nothing")
    at_us = _instant(number, "at", raw["at"])
    if ("fact" in raw) == ("env" in raw):
        found = "both" if "fact" in raw else f"neither, but {', '.join(raw)}"
        raise ScenarioError(number, "one of the keys fact, env", found)
    if "env" in raw:
        return _env_line(number, at_us, raw)
    name = raw["fact"]
    if not isinstance(name, str) or name not in FACT_TYPES or FACT_TYPES[name].origin == "server":
        raise ScenarioError(number, "a fact type of docs/scenarios.md", name)
    body = {}
    for key, value in raw.items():
        if key not in LINE_KEYS and value is not None:
            target, read = _body_value(number, name, key, value)
            body[target] = read
    problems = check_body(name, body)
    if problems:
        first = problems[0]
        raise ScenarioError(number, f"{name} {first.key}: {first.expected}", first.found)
    by = raw.get("by", "node" if FACT_TYPES[name].origin == "sensor" else "server")
    if by not in ("node", "gateway", "server", "kiosk", "paper"):
        raise ScenarioError(number, "by: node, gateway, server, kiosk or paper", by)
    arrives_us = _instant(number, "arrives", raw["arrives"]) if "arrives" in raw else None
    if arrives_us is not None and arrives_us < at_us:
        raise ScenarioError(number, "arrives not before at", raw["arrives"])
    for key in ("id", "from_node"):
        if key in raw and (not isinstance(raw[key], str) or not raw[key]):
            raise ScenarioError(number, f"text as {key}", raw[key])
    return Line(
        number=number, at_us=at_us, fact=name, body=body, by=by, arrives_us=arrives_us,
        id=raw.get("id") or "", from_node=raw.get("from_node"),
    )  # fmt: skip


def _body_value(number: int, name: str, key: str, value: Any) -> tuple[str, Any]:
    """`arrived_at` (ISO 8601) in a scenario is `arrived_at_us` in the log."""
    spec = FACT_TYPES[name].fields.get(f"{key}_us")
    if spec is not None and spec.kind == INSTANT:
        return f"{key}_us", _instant(number, key, value)
    return key, value


def _instant(number: int, key: str, value: Any) -> int:
    try:
        return parse_instant_us(value)
    except TimeFormatError as error:
        raise ScenarioError(number, f"{key}: {error.expected}", value) from None


def _env_line(number: int, at_us: int, raw: dict[str, Any]) -> Line:
    env = raw["env"]
    if not isinstance(env, str) or env not in ENVIRONMENT:
        raise ScenarioError(number, f"env: one of {', '.join(ENVIRONMENT)}", env)
    body = {k: v for k, v in raw.items() if k not in ("at", "env", "note")}
    wanted = ENVIRONMENT[env]
    if set(body) != set(wanted):
        expected = f"{env} with {', '.join(wanted) or 'no other key'}"
        raise ScenarioError(number, expected, ", ".join(body) or "none")
    for key, value in body.items():
        if not isinstance(value, str) or not value:
            raise ScenarioError(number, f"text as {key}", value)
    if env == "clock.step":
        sign, size = (-1, body["by"][1:]) if body["by"].startswith("-") else (1, body["by"])
        try:
            body = {"by_ms": sign * parse_duration_us(size.removeprefix("+")) // 1_000}
        except TimeFormatError:
            raise ScenarioError(number, "by: a duration such as '-2h', '90s'", body["by"]) from None
    return Line(number=number, at_us=at_us, env=env, body=body)
