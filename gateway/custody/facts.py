"""The catalogue of facts: every type that may enter the log, with its fields and units.

A fact says, in the past tense, what happened. Its stored name is `<type>/<version>`, apart
from any class name, so that renaming code never breaks history. Personal data stay out:
`stay` and `case` are random references; names and identity numbers live elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from custody.fields import BOOL, DURATION, INSTANT, INT, REF, REFS, TEXT, Field, Problem, check_value
from custody.vocabulary import MEASURES, RELEASE_REASONS, ROLES, SERVICES, SEXES

Scalar = str | int | bool | None
BodyValue = Scalar | list[str]


@dataclass(frozen=True, slots=True)
class FactType:
    """A type of fact: stable name, version, meaning, who may state it, body fields."""

    name: str
    doc: str
    origin: str  # sensor | gateway | server | officer
    fields: Mapping[str, Field] = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened, as the engine sees it. Times are microseconds UTC.

    `occurred_*`: when it happened, by the word of `by`; `recorded_*`: when the gateway put it
    in order. A latest of None means unbounded: the clock could not be trusted.
    """

    type: str
    body: Mapping[str, BodyValue]
    index: int
    occurred_us: int
    occurred_latest_us: int | None
    recorded_us: int
    recorded_latest_us: int | None
    id: str = ""
    by: str = "gateway"  # node | gateway | server | kiosk | paper
    boot: int = 0
    boottime_us: int = 0
    source_name: str = ""
    source_boot: int = 0
    source_seq: int = 0
    version: int = 1

    @property
    def stay(self) -> str | None:
        """The stay this fact speaks about, where it names one."""
        value = self.body.get("stay")
        return value if isinstance(value, str) else None


def _fact(name: str, origin: str, doc: str, **fields: Field) -> FactType:
    return FactType(name=name, doc=doc, origin=origin, fields=fields)


_STAY: Final = Field(REF, "random reference of the stay (one person's time in the area)")
_OFFICER: Final = Field(REF, "officer's number")
_ALARM: Final = Field(TEXT, "the alarm's id as printed when it was raised")
_ROOM: Final = Field(REF, "room id of area.toml")
_READER: Final = Field(REF, "reader id of area.toml, when known", required=False)

_CATALOGUE: Final = (
    # --- what the gateway says of itself -------------------------------------------------
    _fact(
        "gateway.booted",
        "gateway",
        "The gateway program started; the boot number is in the record.",
        reason=Field(TEXT, "why it started, when known", required=False),
    ),
    _fact(
        "config.loaded",
        "gateway",
        "The configuration and rulebook in force from here on.",
        config_hash=Field(TEXT, "sha-256 of area.toml, hex"),
        rulebook=Field(REF, "rulebook id"),
        rulebook_hash=Field(TEXT, "sha-256 of the rulebook, hex"),
    ),
    _fact(
        "deadline.reached",
        "gateway",
        "The gateway's clock has passed its next deadline; covers everything due by `recorded`.",
    ),
    _fact(
        "clock.stepped",
        "gateway",
        "The wall clock jumped against the boot-time clock by more than one second.",
        by_ms=Field(INT, "size of the step, milliseconds, negative for backwards"),
    ),
    _fact(
        "clock.doubted",
        "gateway",
        "The wall clock cannot be trusted; latest is unbounded until it can.",
        reason=Field(TEXT, "rtc dead, rtc behind the log, no time source …"),
    ),
    _fact(
        "clock.trusted",
        "gateway",
        "The wall clock is trusted again.",
        source=Field(TEXT, "ntp, server, rtc, officer"),
    ),
    _fact(
        "gateway.lost",
        "server",
        "The server has not heard the gateway within its limit (server's own evaluator only).",
        gateway=Field(REF, "gateway id"),
    ),
    _fact(
        "gateway.heard",
        "server",
        "The server hears the gateway again (server's own evaluator only).",
        gateway=Field(REF, "gateway id"),
    ),
    _fact("server.lost", "gateway", "No acknowledgement from the server within its limit."),
    _fact("server.restored", "gateway", "The server acknowledges again."),
    _fact(
        "port.lost",
        "gateway",
        "A serial port of the gateway went away (unplugged, error).",
        port=Field(REF, "port id"),
        reason=Field(TEXT, "the system's error", required=False),
    ),
    _fact("port.restored", "gateway", "The serial port is back.", port=Field(REF, "port id")),
    _fact(
        "node.booted",
        "sensor",
        "A node started; what it saw before is in its snapshot only.",
        node=Field(REF, "node id"),
        reason=Field(TEXT, "power_on, watchdog, software, unknown", required=False),
    ),
    _fact(
        "node.lost",
        "gateway",
        "No authentic frame from the node within its limit. Occurred: when it was last heard.",
        node=Field(REF, "node id"),
    ),
    _fact(
        "node.restored",
        "gateway",
        "The node is heard again and has reported all its points.",
        node=Field(REF, "node id"),
    ),
    _fact(
        "node.gap",
        "gateway",
        "Messages of a node are missing: its queue overflowed or it lost power.",
        node=Field(REF, "node id"),
        node_boot=Field(INT, "boot number of the node"),
        first_seq=Field(INT, "first missing sequence number"),
        last_seq=Field(INT, "last missing sequence number"),
    ),
    # --- outputs -------------------------------------------------------------------------
    _fact(
        "output.commanded",
        "gateway",
        "An output was ordered on or off; written before the order leaves the gateway.",
        output=Field(REF, "output id"),
        active=Field(BOOL, "true = on, released"),
        command_id=Field(INT, "number of the order, rising within a boot"),
        valid_ms=Field(INT, "the order is void after this many milliseconds"),
        cause=Field(TEXT, "alarm id or officer that caused it"),
    ),
    _fact(
        "output.confirmed",
        "sensor",
        "A node reports the state of an output.",
        output=Field(REF, "output id"),
        active=Field(BOOL, "true = on, released"),
    ),
    # --- doors ---------------------------------------------------------------------------
    _fact("door.opened", "sensor", "A door contact opened.", door=Field(REF, "door id")),
    _fact("door.closed", "sensor", "A door contact closed.", door=Field(REF, "door id")),
    _fact(
        "door.released",
        "sensor",
        "The lock was released by right (badge, order): opening it shortly after is not forcing it.",
        door=Field(REF, "door id"),
        badge=Field(REF, "badge that opened it, when known", required=False),
    ),
    _fact(
        "door.exit_requested",
        "sensor",
        "The request-to-exit button or handle inside was used.",
        door=Field(REF, "door id"),
    ),
    _fact(
        "door.unknown",
        "sensor",
        "The door contact can no longer be read.",
        door=Field(REF, "door id"),
    ),
    # --- tags ----------------------------------------------------------------------------
    _fact(
        "tag.read",
        "sensor",
        "A reader sees a tag (wristband or badge): its bearer is in this room from now on.",
        tag=Field(REF, "tag id: the wristband's or badge's number"),
        room=_ROOM,
        reader=_READER,
    ),
    _fact(
        "tag.gone",
        "sensor",
        "The reader of this room no longer sees the tag. Occurred: when it last did.",
        tag=Field(REF, "tag id"),
        room=_ROOM,
        reader=_READER,
    ),
    _fact(
        "wristband.cut",
        "sensor",
        "The strap of a wristband was cut or opened.",
        band=Field(REF, "wristband id"),
    ),
    _fact(
        "wristband.battery",
        "sensor",
        "A wristband reports its battery.",
        band=Field(REF, "wristband id"),
        percent=Field(INT, "charge left, percent", span=(0, 100)),
    ),
    # --- recorders -----------------------------------------------------------------------
    _fact("recorder.started", "sensor", "A recorder is recording.", recorder=Field(REF, "recorder id")),
    _fact(
        "recorder.stopped",
        "sensor",
        "A recorder is not recording.",
        recorder=Field(REF, "recorder id"),
    ),
    _fact(
        "recorder.lost",
        "sensor",
        "It is unknown whether the recorder records. Occurred: when it was last known.",
        recorder=Field(REF, "recorder id"),
    ),
    # --- people --------------------------------------------------------------------------
    _fact(
        "officer.registered",
        "officer",
        "An officer with service, roles and badge; a later one replaces an earlier one.",
        officer=_OFFICER,
        service=Field(REF, "sworn = people's police, auxiliary = police auxiliary", choices=SERVICES),
        roles=Field(REFS, "roles held", choices=ROLES),
        sex=Field(REF, "F or M: rules on searches ask for it", required=False, choices=SEXES),
        badge=Field(REF, "tag id of the badge; the officer's number when left out", required=False),
    ),
    _fact(
        "officer.withdrawn",
        "officer",
        "The officer's badge and roles end.",
        officer=_OFFICER,
    ),
    # --- the stay ------------------------------------------------------------------------
    _fact(
        "person.arrived",
        "officer",
        "A person was brought to the public security organ; the stay begins here.",
        stay=_STAY,
    ),
    _fact(
        "area.entered",
        "officer",
        "The person passed the gate into the case-handling area.",
        stay=_STAY,
    ),
    _fact(
        "stay.registered",
        "officer",
        "The row of the custody register (台账): legal basis, case, time of arrival.",
        stay=_STAY,
        measure=Field(REF, "legal basis of the stay", choices=MEASURES),
        case=Field(REF, "random reference of the case"),
        arrived_at_us=Field(
            INSTANT,
            "time of arrival (到案时间) written on the certificate; occurred when left out",
            required=False,
        ),
        entered_at_us=Field(INSTANT, "time of entry into the area on paper", required=False),
        sex=Field(REF, "F or M", required=False, choices=SEXES),
        minor=Field(BOOL, "under 18 at arrival", required=False),
        officer=Field(REF, "who registered", required=False),
    ),
    _fact(
        "measure.changed",
        "officer",
        "Another legal basis replaces the one in force: its clock starts (or goes on), the old one stops.",
        stay=_STAY,
        measure=Field(REF, "new legal basis", choices=MEASURES),
        officer=Field(REF, "who entered it", required=False),
    ),
    _fact(
        "wristband.bound",
        "officer",
        "A wristband was put on the person of this stay; it replaces one worn before.",
        stay=_STAY,
        band=Field(REF, "wristband id"),
        officer=Field(REF, "who bound it", required=False),
    ),
    _fact(
        "search.signed",
        "officer",
        "The record of the personal safety check (人身安全检查) was signed, by at least one sworn officer.",
        stay=_STAY,
        officers=Field(REFS, "officers who made the check"),
    ),
    _fact(
        "extension.approved",
        "officer",
        "A longer limit of a clock was approved. Occurred: when the approval was given.",
        stay=_STAY,
        rule=Field(REF, "rule id of the clock: T1, T5"),
        limit=Field(DURATION, "the tier approved, e.g. 24h"),
        approver=Field(REF, "officer who approved"),
        ground=Field(REF, "ground code of the tier", required=False),
    ),
    _fact(
        "stay.released",
        "officer",
        "The person left the area for good; the register row is closed, all clocks end.",
        stay=_STAY,
        reason=Field(REF, "reason code of the exit", choices=RELEASE_REASONS),
        officer=Field(REF, "who let the person go", required=False),
    ),
    # --- what officers do about alarms -----------------------------------------------------
    _fact("alarm.taken", "officer", "A named officer is on the way.", alarm=_ALARM, officer=_OFFICER),
    _fact(
        "alarm.acknowledged",
        "officer",
        "A named officer has seen the alarm; the sounder stops, the alarm stands.",
        alarm=_ALARM,
        officer=_OFFICER,
    ),
    _fact(
        "alarm.rectified",
        "officer",
        "Cause and action are stated; another person may now verify.",
        alarm=_ALARM,
        officer=_OFFICER,
        cause=Field(TEXT, "what caused it"),
        action=Field(TEXT, "what was done"),
    ),
    _fact(
        "alarm.verified",
        "officer",
        "A second officer has checked the rectification; the alarm is closed.",
        alarm=_ALARM,
        officer=_OFFICER,
    ),
)

FACT_TYPES: Final[Mapping[str, FactType]] = {item.name: item for item in _CATALOGUE}


def check_body(type_name: str, body: Mapping[str, object]) -> list[Problem]:
    """List what is wrong with a fact's body; an empty list means that it may be recorded."""
    fact_type = FACT_TYPES.get(type_name)
    if fact_type is None:
        return [Problem("type", "a fact type of docs/scenarios.md", repr(type_name))]
    problems = [
        Problem(key, f"one of {', '.join(fact_type.fields) or 'no field'}", "a field of that name")
        for key in body
        if key not in fact_type.fields
    ]
    for key, spec in fact_type.fields.items():
        if key not in body or body[key] is None:
            if spec.required:
                problems.append(Problem(key, f"{spec.kind}: {spec.doc}", "nothing"))
            continue
        problems.extend(check_value(key, spec, body[key]))
    return problems
