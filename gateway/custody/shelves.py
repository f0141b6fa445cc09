"""Sources of alarms that officers have set aside for a time: shelved, or out of service.

A source is a rule and its subject. What it raises meanwhile is entered and logged as ever and does not sound.
A shelf ends by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from custody.alarm import AlarmRecord
from custody.alarm_limits import AlarmLimits
from custody.alarm_states import ASIDE_MOVES, ENDS_BY_ITSELF
from custody.causes import Alarmed, Causes
from custody.times import HOUR_US, MINUTE_US

SHELVES_MAX: Final = 64  # one more is refused: who sets so much aside has another problem
SHELVED_KINDS: Final = frozenset({"supervision", "threshold"})  # how a device is; never what somebody did
NEVER_SHELVED_SOURCES: Final = frozenset(
    {"input", "gateway", "storage"}
)  # a detector, a button, the record itself
GRAVEST: Final = "S1"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A source set aside. `kind`: SHELVED or OUT_OF_SERVICE; `alarm`: where an officer said so. Times: microseconds UTC."""

    source: str
    kind: str
    alarm: str
    rule: str
    subject: str
    stay: str | None
    officer: str
    reason: str
    since_us: int
    until_us: int


class Shelves:
    """All of one area, by source."""

    def __init__(self, limits: AlarmLimits) -> None:
        """Nothing is set aside."""
        self._limits = limits
        self._shelves: dict[str, Shelf] = {}

    def of(self, source: str) -> Shelf | None:
        """The shelf of a source."""
        return self._shelves.get(source)

    def put(self, shelf: Shelf) -> None:
        """Set aside; from one kind to the other it is one shelf."""
        self._shelves[shelf.source] = shelf

    def end(self, source: str) -> Shelf:
        """No longer set aside."""
        return self._shelves.pop(source)

    def ended(self, now_us: int) -> list[Shelf]:
        """Those whose time is over by `now_us`, in order of their ends."""
        over = [shelf for shelf in self._shelves.values() if shelf.until_us <= now_us]
        return sorted(over, key=lambda shelf: (shelf.until_us, shelf.source))

    def next_end_us(self) -> int | None:
        """When the next one ends."""
        return min((shelf.until_us for shelf in self._shelves.values()), default=None)

    def span_us(self, action: str, asked: int) -> int:
        """How long: `asked` minutes of a shelf, hours out of service."""
        return asked * (MINUTE_US if action == "shelved" else HOUR_US)

    def refusal(
        self, record: AlarmRecord, action: str, asked: int, causes: Causes
    ) -> tuple[str, str, str] | None:
        """(reason, expected, found) when this may not be done now, else None."""
        standing = self._shelves.get(record.source)
        aside = standing.kind if standing is not None else ""
        if action not in ASIDE_MOVES[aside]:
            allowed = [act for act in ASIDE_MOVES[aside] if act not in ENDS_BY_ITSELF.values()]
            return "wrong_order", ", ".join(allowed), f"{action} while {aside or 'in service'}"
        if ASIDE_MOVES[aside][action] == "":
            return None
        if not may_be_set_aside(record, causes):
            expected = "equipment by the site's own limit, less grave than S1, no detector or button"
            return "never_shelved", expected, f"{record.family} {record.severity} {record.basis}"
        if action == "shelved" and asked > self._limits.shelf_minutes_max:
            return "too_long", f"at most {self._limits.shelf_minutes_max} minutes", str(asked)
        if action != "shelved" and asked > self._limits.out_of_service_hours_max:
            return "too_long", f"at most {self._limits.out_of_service_hours_max} hours", str(asked)
        if standing is None and len(self._shelves) >= SHELVES_MAX:
            return "too_many", f"at most {SHELVES_MAX} sources set aside", "one more"
        return None


class Rated(Alarmed, Protocol):
    """What is asked of an alarm; both the engine's record and the server's have it."""

    @property
    def source(self) -> str: ...
    @property
    def raised_us(self) -> int: ...
    @property
    def basis(self) -> str: ...
    @property
    def number_basis(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def is_prewarning(self) -> bool: ...


def may_be_set_aside(record: Rated, causes: Causes) -> bool:
    """Never a limit of the law, never a person's safety, never what calls for help: how a device is, by a local limit."""
    if record.severity == GRAVEST or record.is_prewarning or record.family != "equipment":
        return False
    if record.basis != "local" or record.number_basis != "local":
        return False
    return causes.kind(record) in SHELVED_KINDS and causes.watched(record) not in NEVER_SHELVED_SOURCES


def stands_alone(alarm: Alarmed, causes: Causes) -> bool:
    """Whether its rule is of a kind whose alarms lie under nothing and have nothing under them (`heads`)."""
    return causes.kind(alarm) not in SHELVED_KINDS


def heads(alarms: Iterable[Rated], causes: Causes) -> dict[str, str]:
    """Alarm id -> id of the one that it is shown under and handled with, for those that have one.

    That is its root cause; and for what a device raised before and is over, the newest alarm of the same source.
    """
    known = [alarm for alarm in alarms if not alarm.is_prewarning and not stands_alone(alarm, causes)]
    found = causes.under(known)
    newest: dict[str, Rated] = {}
    for alarm in known:
        last = newest.get(alarm.source)
        if last is None or (alarm.raised_us, alarm.id) > (last.raised_us, last.id):
            newest[alarm.source] = alarm
    for alarm in known:
        if alarm.cleared_us is not None and may_be_set_aside(alarm, causes):
            last = newest[alarm.source]
            if last is not alarm:
                found[alarm.id] = found.get(last.id, last.id)
    return found
