"""What suite and target say to each other over MQTT. docs/torture.md is the same for people.

All times on the wire are `at_ms`, milliseconds of the suite's wall clock since 1970. Numbers of the rules are seconds.
"""

import json
from dataclasses import dataclass
from typing import Any

ROOT = "torture/v1"
ALARM_TOPIC = f"{ROOT}/alarm"
UNITS = ("unit-1", "unit-2")
DOORS = tuple(f"door-{number}" for number in range(1, 41))
LATE_DOOR = "door-41"  # the one input of unit-2
WATCHED_ROOM, RECORDED_ROOM = "room-1", "room-2"
RECORDER = "recorder-2"
PERSONS = tuple(f"person-{number}" for number in range(1, 101))

DOOR_OPEN_S = 4.0  # R1
PERSON_S = 8.0  # R2
SILENT_S = 6.0  # R3
UNRECORDED_S = 2.0  # R4
PERSON_SOON_S = 5.0  # R5: said before R2
BEAT_S = 1.0

RULES = ("R1", "R2", "R3", "R4", "R5")


def unit_of(subject: str) -> str:
    """The field unit that reports an input."""
    return "unit-2" if subject == LATE_DOOR else "unit-1"


@dataclass(frozen=True, slots=True)
class Event:
    """One report of a unit: `kind` door, person or recorder, `seq` rising by one within the unit."""

    kind: str
    subject: str
    state: str
    seq: int
    at_ms: int
    room: str = ""

    @property
    def topic(self) -> str:
        return f"{ROOT}/{unit_of(self.subject)}/{self.kind}/{self.subject}"

    def payload(self) -> bytes:
        found: dict[str, Any] = {"v": 1, "seq": self.seq, "at_ms": self.at_ms, "state": self.state}
        if self.room:
            found["room"] = self.room
        return json.dumps(found).encode()


def beat_topic(unit: str) -> str:
    return f"{ROOT}/{unit}/heartbeat"


@dataclass(frozen=True, slots=True)
class Word:
    """What a target said of an alarm: `is_raised` False when it says that it is over."""

    rule: str
    subject: str
    id: str
    is_raised: bool
    is_certain: bool = True


def parse_word(payload: bytes) -> Word | None:
    """The alarm in a payload, None when it is not one."""
    try:
        found = json.loads(payload)
        if found["state"] not in ("raised", "cleared") or found["rule"] not in RULES:
            return None
        return Word(
            found["rule"], str(found["subject"]), str(found["id"]), found["state"] == "raised",
            bool(found.get("certain", True)),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return None
