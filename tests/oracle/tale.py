"""Short ways to say what happened in a stay: officers, a small healthy area, times as day and clock.

Times are local (Asia/Shanghai, +08:00). `18 09:00` is 09:00 on 18 March 2026, a Wednesday.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.oracle import Verdict, judge

CHINA = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = {
    "outside": "outside",
    "reception": "reception",
    "search": "search",
    "corridor": "corridor",
    "guard": "guard",
    "sobering": "sobering",
    "wait": "waiting",
    "talk": "interview",
    "ask": "interrogation",
}
AREA = {
    "zone": "Asia/Shanghai",
    "holidays": ["2026-05-01"],
    "rooms": {
        room: {
            "kind": kind,
            "guarded_from": ["guard"] if kind == "waiting" else [],
            "fitted": ["patrol_point", "guard_motion"] if kind == "waiting" else [],
        }
        for room, kind in KINDS.items()
    },
    "doors": {"gate": {"kind": "area_gate", "between": ["outside", "reception"], "controlled": True}},
    "recorders": {f"rec-{room}": {"rooms": [room]} for room in KINDS if room != "outside"},
    "readers": {f"rd-{room}": {"room": room} for room in KINDS},
    "points": [
        *({"node": "n1", "kind": "reader", "of": f"rd-{room}"} for room in KINDS),
        *(
            {"node": "n2", "kind": "recorder_contact", "of": f"rec-{room}"}
            for room in KINDS
            if room != "outside"
        ),
    ],
    "nodes": ["n1", "n2"],
    "gateway": "gw",
}
HEAD = ["case_department_head", "legal_reviewer"]


def us(text: str) -> int:
    """`18 09:00`, `18 09:00:05`, `2026-01-31 09:00` as microseconds."""
    day, clock = text.split(" ")
    full = day if "-" in day else f"2026-03-{int(day):02}"
    parts = clock if clock.count(":") == 2 else f"{clock}:00"
    moment = datetime.fromisoformat(f"{full}T{parts}").replace(tzinfo=CHINA)
    return (moment - EPOCH) // timedelta(microseconds=1)


class Tale:
    """Facts one after another; officers and a healthy area at its beginning."""

    def __init__(self, begin: str = "18 08:00", book: str = "cn-2026") -> None:
        self.facts: list[dict[str, Any]] = []
        self.book = book
        for node in AREA["nodes"]:
            self.at(begin, "node.restored", node=node)
        for recorder in AREA["recorders"]:
            self.at(begin, "recorder.started", recorder=recorder)
        for officer, roles, sex in (
            ("p1", ["case_officer"], "M"),
            ("p2", ["case_officer"], "F"),
            ("head", HEAD, "M"),
            ("station", ["station_head"], "M"),
            ("duty", ["county_duty_head"], "M"),
            ("county", ["county_head"], "M"),
        ):
            self.at(begin, "officer.registered", officer=officer, service="sworn", roles=roles, sex=sex)
        self.at(begin, "officer.registered", officer="aux", service="auxiliary", roles=["guard"])
        self.at(begin, "officer.registered", officer="proc", service="external", roles=["procuratorate"])

    def at(self, moment: str, fact: str, *, told: str | None = None, id: str = "", **body: Any) -> "Tale":
        """One fact; `told`: recorded only then."""
        recorded = us(told) if told else us(moment)
        self.facts.append(
            {
                "index": len(self.facts),
                "type": fact,
                "body": body,
                "occurred_us": us(moment),
                "recorded_us": recorded,
                "id": id,
                "by": "server",
            }
        )
        return self

    def stay(self, moment: str, measure: str, *, stay: str = "s", band: str = "B1", **row: Any) -> "Tale":
        """Arrived, entered, searched, registered, all at one moment; the band not yet read anywhere."""
        self.at(moment, "person.arrived", stay=stay)
        self.at(moment, "area.entered", stay=stay)
        self.at(moment, "search.signed", stay=stay, officers=["p1"])
        row = {"case": "c1", "arrived_at_us": us(moment), "sex": "M", "minor": False} | row
        self.at(moment, "stay.registered", stay=stay, measure=measure, **row)
        return self

    def held(self, moment: str, room: str, *, stay: str = "s", band: str = "B1") -> "Tale":
        """The band put on and read in the room."""
        self.at(moment, "wristband.bound", stay=stay, band=band)
        return self.at(moment, "tag.read", tag=band, room=room)

    def guarded(self, moment: str, room: str, *officers: str) -> "Tale":
        """Badges read in the room."""
        for officer in officers:
            self.at(moment, "tag.read", tag=officer, room=room)
        return self

    def judged(self, until: str) -> Verdict:
        """The verdict up to and including this moment."""
        return judge(self.facts, AREA, self.book, us(until))

    def alarms(self, until: str, *rules: str) -> set[tuple[str, str, str]]:
        """(rule/variant, severity, local time) of these rules."""
        verdict = self.judged(until)
        return {
            (f"{rule}/{variant}", severity, text(at))
            for rule, variant, _, severity, at in verdict.alarms
            if f"{rule}/{variant}" in rules
        }

    def closings(self, until: str, rule: str) -> set[str]:
        """When the alarms of this rule were over."""
        return {text(end) for r, v, _, _, end in self.judged(until).closings if f"{r}/{v}" == rule}

    def refused(self, until: str) -> list[str]:
        """The reasons, in order."""
        return [reason for _, reason in sorted(self.judged(until).refusals)]


def text(moment: int) -> str:
    """The local time, the day of March 2026 (or the whole date) before it."""
    found = (EPOCH + timedelta(microseconds=moment)).astimezone(CHINA)
    day = str(found.day) if (found.year, found.month) == (2026, 3) else found.strftime("%Y-%m-%d")
    clock = found.strftime("%H:%M:%S")
    return f"{day} {clock[:-3] if clock.endswith(':00') else clock}"


PO = "public_order_questioning"
CQ = "continued_questioning"


def approval(tale: Tale, moment: str, rule: str, limit: str, approver: str, **more: Any) -> Tale:
    return tale.at(moment, "extension.approved", stay="s", rule=rule, limit=limit, approver=approver, **more)
