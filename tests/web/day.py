"""One bad afternoon in area 1, told as facts: who came, where they were read, what stopped. Ends at 14:22:08.

Every alarm on the pictures comes out of the rules; nothing is painted. Stay numbers are four digits, officers' too.
"""

from __future__ import annotations

from hashlib import sha256

from custody.bundled import area_text, rulebook_of_area
from tests.web.house import HOUR, MINUTE, SECOND, Gateway, House
from tests.web.scenes import at

OFFICERS = (
    ("0312", "sworn", ["duty_officer"], "M"),
    ("1187", "sworn", ["case_officer", "guard"], "M"),
    ("0921", "sworn", ["case_officer", "guard"], "M"),
    ("0866", "sworn", ["guard"], "F"),
    ("1203", "sworn", ["case_officer"], "F"),
    ("1340", "sworn", ["case_officer"], "M"),
    ("0540", "auxiliary", ["keeper"], "M"),
    ("0007", "sworn", ["case_department_head"], "M"),
    ("0100", "sworn", ["legal_reviewer"], "F"),
)
KEEPER, HEAD = "0540", "0007"
START = at("6:30")
NOW = at("14:22:08")


class Day:
    """Speaks for the sensors and officers of one area."""

    def __init__(self, gateway: Gateway) -> None:
        self.g = gateway
        self.moves: list[tuple[int, str, dict[str, object]]] = []

    def tell(self, at_us: int, type_name: str, **body: object) -> None:
        self.moves.append((at_us, type_name, body))

    def play(self, until_us: int) -> None:
        """Everything up to ``until_us``, in order of time."""
        self.moves.sort(key=lambda move: move[0])
        while self.moves and self.moves[0][0] <= until_us:
            at_us, type_name, body = self.moves.pop(0)
            node = self._node(type_name, body)
            self.g.say(type_name, at_us, by="node" if node else "gateway", source=node, **body)
        self.g.reach(until_us)

    def _node(self, type_name: str, body: dict[str, object]) -> str:
        area = self.g.area
        if type_name.startswith("tag."):
            reader = next((r.id for r in area.readers.values() if r.room == body["room"]), "")
            return area.node_of("reader", reader) or ""
        if type_name.startswith("recorder."):
            return area.node_of("recorder_contact", str(body["recorder"])) or ""
        if type_name.startswith("door."):
            return area.node_of("door_contact", str(body["door"])) or ""
        if type_name.startswith("input."):
            return area.node_of("input", str(body["input"])) or ""
        return ""

    def opening(self) -> None:
        self.tell(START, "gateway.booted", reason="power_on")
        self.tell(
            START,
            "config.loaded",
            config_hash=sha256(area_text("standard").encode()).hexdigest(),
            rulebook="cn-2026",
            rulebook_hash=rulebook_of_area(self.g.area)[1],
        )
        for node in self.g.area.nodes:
            self.tell(START, "node.restored", node=node)
        for number, service, roles, sex in OFFICERS:
            self.tell(START, "officer.registered", officer=number, service=service, roles=roles, sex=sex)
        for recorder in self.g.area.recorders:
            self.tell(START, "recorder.started", recorder=recorder)
        for door in self.g.area.doors:
            self.tell(START, "door.closed", door=door)
        for name in self.g.area.inputs:
            self.tell(START, "input.cleared", input=name)

    def badge(self, time: str, number: str, room: str) -> None:
        self.tell(at(time), "tag.read", tag=number, room=room)

    def stay(
        self, ref: str, band: str, arrived: str, measure: str, sex: str = "M", officer: str = "1187"
    ) -> None:
        """Arrival, entry, register, band, search, health, rights, family told: by the book, in ten minutes."""
        came = at(arrived)
        self.tell(came, "person.arrived", stay=ref)
        self.tell(came + 30 * SECOND, "tag.read", tag=officer, room="reception")
        self.tell(
            came + MINUTE,
            "stay.registered",
            stay=ref,
            measure=measure,
            case=f"c-{ref}",
            arrived_at_us=came,
            sex=sex,
            minor=False,
            officer=officer,
        )
        self.tell(came + 70 * SECOND, "wristband.bound", stay=ref, band=band, officer=officer)
        self.tell(came + 72 * SECOND, "tag.read", tag=band, room="reception")
        self.tell(came + 100 * SECOND, "rights.told", stay=ref, officer=officer)
        for searcher in (officer, KEEPER):
            self.tell(came + 2 * MINUTE, "tag.read", tag=searcher, room="search")
        self.tell(came + 2 * MINUTE + SECOND, "tag.read", tag=band, room="search")
        self.tell(came + 5 * MINUTE, "search.signed", stay=ref, officers=[officer])
        self.tell(came + 330 * SECOND, "health.checked", stay=ref, result="well", officer=officer)
        self.tell(came + 6 * MINUTE, "effects.listed", stay=ref, officer=KEEPER)
        if measure == "public_order_questioning":
            self.tell(came + 6 * MINUTE, "sample.approved", stay=ref, approver=HEAD)
        self.tell(came + 7 * MINUTE, "sample.collected", stay=ref, kind="fingerprints", officer=officer)
        self.tell(came + 9 * MINUTE, "family.notified", stay=ref, of="summons", officer=officer)

    def go(self, time: str, band: str, room: str, *officers: str) -> None:
        for officer in officers:
            self.tell(at(time) - 2 * SECOND, "tag.read", tag=officer, room=room)
        self.tell(at(time), "tag.read", tag=band, room=room)

    def interview(self, time: str, stay: str, band: str, kind: str, room: str, *officers: str) -> None:
        """Led in, and the interview begins."""
        self.go(time, band, room, *officers)
        self.tell(
            at(time) + 20 * SECOND,
            "interview.started",
            stay=stay,
            kind=kind,
            room=room,
            officers=list(officers),
        )

    def meals(self, time: str, *stays: str) -> None:
        """Food for those who are held."""
        for stay in stays:
            self.tell(at(time), "meal.offered", stay=stay, officer=KEEPER)


def busy(house: House) -> None:
    """The afternoon up to 14:22:08."""
    day = Day(house.gateways["a1"])
    day.opening()
    day.badge("6:31", "0866", "guard")
    day.stay("0403", "B03", "7:00", "public_order_questioning", officer="1203")
    day.go("7:12", "B03", "waiting-1", "1203")
    day.stay("0409", "B09", "8:05", "criminal_summons", officer="1187")
    day.interview("8:20", "0409", "B09", "interrogation", "interrogation-1", "1187", "0921")
    day.stay("0412", "B12", "12:20", "criminal_summons", officer="1340")
    day.interview("12:40:51", "0412", "B12", "interrogation", "interrogation-2", "1340", "1203")
    day.stay("0414", "B14", "9:40", "public_order_questioning", "F", "1203")
    day.go("9:50", "B14", "waiting-f", "1203")
    day.stay("0415", "B15", "10:15", "public_order_questioning", officer="1340")
    day.go("10:24", "B15", "waiting-2", "1340")
    day.stay("0418", "B18", "11:05", "public_order_questioning", officer="1340")
    day.interview("11:16", "0418", "B18", "questioning", "interview-1", "0100", KEEPER)
    day.stay("0419", "B19", "11:40", "public_order_questioning", officer="1340")
    day.tell(at("11:49"), "guard.named", stay="0419", officers=["0312"])
    day.go("11:50", "B19", "sobering", "0312")
    day.meals("11:45", "0403", "0409", "0414", "0415")
    day.meals("12:15", "0418", "0419")
    # a recorder stops in use and comes back: handled, verified, gone from the wall
    day.tell(at("10:02"), "recorder.stopped", recorder="rec-interrogation-1")
    day.tell(at("10:02:38"), "recorder.started", recorder="rec-interrogation-1")
    # the last ten minutes
    day.tell(at("14:16:30"), "person.arrived", stay="0420")
    day.tell(at("14:17:10"), "tag.read", tag="0007", room="reception")
    day.tell(
        at("14:17:40"),
        "stay.registered",
        stay="0420",
        measure="public_order_questioning",
        case="c-0420",
        arrived_at_us=at("14:16:30"),
        sex="M",
        minor=False,
        officer="0007",
    )
    day.tell(at("14:17:50"), "wristband.bound", stay="0420", band="B20", officer="0007")
    day.tell(at("14:17:52"), "tag.read", tag="B20", room="reception")
    day.tell(at("14:18:10"), "rights.told", stay="0420", officer="0007")
    for searcher in (HEAD, KEEPER):
        day.tell(at("14:20:40"), "tag.read", tag=searcher, room="search")
    day.tell(at("14:20:41"), "tag.read", tag="B20", room="search")
    day.tell(at("14:18:40"), "tag.gone", tag="0866", room="guard")
    day.tell(at("14:21:56"), "recorder.stopped", recorder="rec-interrogation-2")
    day.tell(at("14:21:00"), "door.opened", door="door-waiting-2")
    house.clock.tell(at("10:20"))
    day.play(at("10:20"))
    _handled(house, day, at("10:02:38"))
    day.play(NOW)
    house.clock.tell(NOW)
    house.deliver()
    house.gateways["a1"].state.flush_samples(house.clock.now())


def full(house: House) -> None:
    """Forty persons in five rooms, one guard for all of them, and every recorder but one stopped within a minute: 14:22:08."""
    day = Day(house.gateways["a1"])
    day.opening()
    rooms = ("waiting-1", "waiting-2", "interview-1", "interrogation-1", "interrogation-2")
    for number in range(40):
        stay, band, minute = f"{501 + number:04}", f"B{501 + number}", 8 * 60 + 7 * number
        day.stay(stay, band, f"{minute // 60}:{minute % 60:02}", "public_order_questioning", officer="1340")
        later = minute + 12
        day.go(f"{later // 60}:{later % 60:02}", band, rooms[number % len(rooms)], "1340")
    for second, recorder in enumerate(list(house.gateways["a1"].area.recorders)[:-1]):
        day.tell(at(f"14:21:0{second}"), "recorder.stopped", recorder=recorder)
    day.play(NOW)
    house.clock.tell(NOW)
    house.deliver()


def _handled(house: House, day: Day, at_us: int) -> None:
    """The morning's alarm: taken, rectified, verified by another."""
    record = next((a for a in day.g.engine.alarms.values() if a.rule == "M4" and not a.is_active), None)
    assert record is not None, "expected the recorder's alarm of the morning"
    for after, type_name, officer, more in (
        (60, "alarm.taken", "0312", {}),
        (180, "alarm.rectified", "0312", {"cause": "power", "action": "restarted"}),
        (600, "alarm.verified", "0100", {}),
    ):
        day.g.say(
            type_name,
            at_us + after * SECOND,
            by="server",
            recorded_us=max(at_us + after * SECOND, at("10:20")),
            alarm=record.id,
            officer=officer,
            **more,
        )


def calm(house: House) -> None:
    """A quiet morning: four people, everything in order, 11:30."""
    day = Day(house.gateways["a1"])
    day.opening()
    day.badge("6:31", "0866", "guard")
    day.stay("0403", "B03", "8:40", "public_order_questioning", officer="1203")
    day.go("8:50", "B03", "waiting-1", "1203")
    day.stay("0409", "B09", "9:05", "criminal_summons", officer="1187")
    day.interview("9:20", "0409", "B09", "interrogation", "interrogation-1", "1187", "0921")
    day.stay("0414", "B14", "9:40", "public_order_questioning", "F", "1203")
    day.go("9:50", "B14", "waiting-f", "1203")
    day.tell(at("10:02"), "recorder.stopped", recorder="rec-interrogation-1")
    day.tell(at("10:02:38"), "recorder.started", recorder="rec-interrogation-1")
    house.clock.tell(at("10:20"))
    day.play(at("10:20"))
    _handled(house, day, at("10:02:38"))
    day.play(at("11:30"))
    house.clock.tell(at("11:30"))
    house.deliver()


def walked(house: House) -> None:
    """An installer halfway through the points of an area that nobody is held in yet, 9:30; node 3 is away."""
    day = Day(house.gateways["a1"])
    day.opening()
    day.tell(at("9:02"), "tag.read", tag="T1", room="reception")
    day.tell(at("9:02:04"), "tag.gone", tag="T1", room="reception")
    walked = ("point.walked", {"officer": "0901"})
    for time, point, of, body in (
        ("9:02:30", 1, "rd-reception", {"result": "passed", "seen": "gone", "seen_at_us": at("9:02:04")}),
        ("9:05", 4, "gate", {"result": "passed", "seen": "nothing"}),
        ("9:06", 5, "gate", {"result": "failed", "seen": "nothing", "note": "no wire at terminal 5"}),
        ("9:07", 6, "gate", {"result": "absent", "seen": "nothing"}),
    ):
        day.tell(at(time), walked[0], node="n1", point=point, of=of, **body, **walked[1])
    day.tell(at("9:20"), "point.troubled", node="n1", point=7, of="door-search", trouble="line_open")
    day.tell(at("9:20"), "door.unknown", door="door-search")
    day.tell(at("9:25"), "node.lost", node="n3")
    day.tell(at("9:29:31"), "tag.read", tag="T1", room="search")
    day.tell(at("9:29:50"), "door.opened", door="door-booking")
    day.play(at("9:30"))
    house.clock.tell(at("9:30"))
    house.deliver(lost=("n3",))


def drawer(house: House) -> None:
    """Wristbands in every state at 12:00, a number that two readers see, and a tag that nobody bears."""
    day = Day(house.gateways["a1"])
    day.opening()
    day.badge("6:31", "0866", "guard")
    for stay, band, arrived in (("0403", "B03", "7:00"), ("0409", "B09", "8:05"), ("0412", "B12", "9:00")):
        day.stay(stay, band, arrived, "public_order_questioning", officer="1203")
    day.stay("0414", "B14", "9:40", "public_order_questioning", "F", "1203")
    for time, band, room in (
        ("7:12", "B03", "waiting-1"),
        ("8:20", "B09", "waiting-2"),
        ("9:12", "B12", "waiting-1"),
    ):
        day.go(time, band, room, "1203")
    day.tell(at("9:52"), "tag.read", tag="B14", room="waiting-f", reader="rd-waiting-f")
    day.tell(at("11:00"), "stay.released", stay="0403", reason="released", officer="1203")
    day.tell(at("11:10"), "stay.released", stay="0409", reason="released", officer="1203")
    day.tell(at("11:12"), "wristband.returned", band="B09", state="cut", officer=KEEPER)
    day.tell(at("11:20"), "wristband.battery", band="B12", percent=12)
    day.tell(at("11:30"), "wristband.cleaned", band="B77", officer=KEEPER)
    day.tell(at("11:31"), "wristband.withdrawn", band="B78", reason="lost", officer=KEEPER)
    day.tell(at("11:40"), "tag.read", tag="0CDEADBEEF", room="corridor", reader="rd-corridor")
    day.tell(at("11:58"), "tag.read", tag="B14", room="interrogation-1", reader="rd-interrogation-1")
    day.play(at("12:00"))
    house.clock.tell(at("12:00"))
    house.deliver()


def blind(house: House) -> None:
    """Node 4 goes silent: four rooms cannot be seen. Two minutes later it is 14:24:22."""
    gateway = house.gateways["a1"]
    gateway.say("node.lost", NOW + 10 * SECOND, node="n4")
    house.clock.tell(NOW + 134 * SECOND)
    house.deliver(lost=("n4",))


def samples(house: House, until_us: int = NOW, hours: int = 12) -> None:
    """Half a day of heartbeats a minute apart, with two holes, so that the plot has something to show."""
    gateway = house.gateways["a1"]
    now_us = until_us
    at_us = now_us - hours * HOUR
    while at_us < now_us:
        house.clock.tell(at_us)
        hole = 3 * HOUR < at_us - (now_us - hours * HOUR) < 3 * HOUR + 14 * MINUTE
        gateway.beat(lost=("n2",) if hole else ())
        at_us += 25 * SECOND
    gateway.state.flush_samples(house.clock.now())


def unsure(house: House, half_us: int | None) -> None:
    """The gateway no longer knows better than so far either way what time it is; None: not at all. Then it judges."""
    for gateway in house.gateways.values():
        gateway.half_us = half_us
        if half_us is None:
            gateway.say("clock.doubted", NOW, reason="no source of time")
        gateway.say("deadline.reached", NOW)
    house.deliver()
