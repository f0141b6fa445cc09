"""Short ways to say facts in tests: an area, an engine, times as minutes and seconds."""

from collections.abc import Iterable
from functools import cache

from custody.area import Area, load_area
from custody.bundled import area_text, rulebook_text
from custody.effects import AlarmCleared, AlarmRaised, Effect, PreWarning, Refusal
from custody.engine import Engine
from custody.facts import Fact
from custody.player import Player
from custody.reader import load_rulebook
from custody.rules import Rulebook
from custody.scenario import parse_scenario
from custody.times import SECOND_US, parse_instant_us

START_US = parse_instant_us("2026-03-18T09:00:00+08:00")


@cache
def area() -> Area:
    return load_area(area_text("standard"), "standard.toml")


@cache
def rulebook() -> Rulebook:
    return load_rulebook(rulebook_text("cn-2026"), "cn-2026.toml", rulebook_text)


def at(text: str) -> int:
    """'08:30' or '08:30:05' on the test day, in the area's zone."""
    full = text if text.count(":") == 2 else f"{text}:00"
    return parse_instant_us(f"2026-03-18T{full}+08:00")


def play(lines: Iterable[str], until: str | None = None) -> list[Effect]:
    """Play scenario lines given as 'HH:MM[:SS] fact key=value …' or 'HH:MM env:name …'."""
    scenario = parse_scenario(list(map(json_line, lines)))
    player = Player(area(), rulebook())
    return list(player.play(scenario, at(until) if until else None))


def json_line(line: str) -> str:
    import json

    moment, what, *pairs = line.split(" ")
    full = moment if moment.count(":") == 2 else f"{moment}:00"
    row: dict[str, object] = {"at": f"2026-03-18T{full}+08:00"}
    row |= {"env": what[4:]} if what.startswith("env:") else {"fact": what}
    for pair in pairs:
        key, _, value = pair.partition("=")
        row[key] = _value(key, value)
    return json.dumps(row)


def _value(key: str, value: str) -> object:
    if key in ("roles", "officers"):
        return value.split(",")
    if key in ("percent", "node_boot", "first_seq", "last_seq"):
        return int(value)
    if key in ("minor", "value"):
        return value == "true"
    if key.endswith("_at") or key == "arrives":
        full = value if value.count(":") == 2 else f"{value}:00"
        return f"2026-03-18T{full}+08:00"
    return value


OFFICERS = [
    "08:00 officer.registered officer=0312 service=sworn roles=case_officer",
    "08:00 officer.registered officer=0415 service=sworn roles=guard",
    "08:00 officer.registered officer=0866 service=sworn roles=case_department_head",
    "08:00 officer.registered officer=0001 service=sworn roles=county_head",
    "08:00 officer.registered officer=A901 service=auxiliary roles=guard",
]


def admitted(measure: str, *, stay: str = "s-1", band: str = "B07") -> list[str]:
    """A lawful beginning at 09:00: brought in, entered, searched, registered."""
    return [
        f"09:00 person.arrived stay={stay}",
        f"09:01 area.entered stay={stay}",
        f"09:02 wristband.bound stay={stay} band={band}",
        f"09:02 tag.read tag={band} room=reception",
        "09:02 tag.read tag=0312 room=reception",
        f"09:03 search.signed stay={stay} officers=0312,0415",
        f"09:04 stay.registered stay={stay} measure={measure} case=c-1 arrived_at=09:00",
    ]


def told(effects: Iterable[Effect], rule: str | None = None) -> list[tuple[str, str, str, str]]:
    """(event, rule, severity, HH:MM:SS) of what a duty officer would be told."""
    rows = []
    for effect in effects:
        event = _EVENTS.get(type(effect))
        if event is None or (rule is not None and getattr(effect, "rule", "") != rule):
            continue
        seconds = (effect.time_us - at("00:00")) // SECOND_US
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        rows.append((event, effect.rule, getattr(effect, "severity", ""), clock))
    return rows


_EVENTS: dict[type, str] = {
    AlarmRaised: "alarm",
    PreWarning: "pre",
    AlarmCleared: "clear",
    Refusal: "refusal",
}


def fact(name: str, index: int, occurred_us: int, recorded_us: int | None = None, /, **body: object) -> Fact:
    """A bare fact for the engine."""
    recorded = occurred_us if recorded_us is None else recorded_us
    return Fact(
        type=name, body=body, index=index, occurred_us=occurred_us,  # type: ignore[arg-type]
        occurred_latest_us=occurred_us, recorded_us=recorded, recorded_latest_us=recorded,
        id=f"f{index}",
    )  # fmt: skip


def engine() -> Engine:
    return Engine(area(), rulebook())
