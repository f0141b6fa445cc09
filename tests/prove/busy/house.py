"""The equipment of the area in a year: what fails and comes back, what is told of it."""

from dataclasses import dataclass, field

from custody.times import SECOND_US
from custody.vocabulary import TROUBLES
from tests.prove.busy.diary import DAY_US, HOUR_US, MINUTE_US, Diary, Outage
from tests.prove.busy.dice import Dice
from tests.prove.busy.place import INTERVIEW_ROOMS, Place

NODE_OUTAGES, PORT_OUTAGES, SERVER_OUTAGES, POWER_CUTS, CLOCK_DOUBTS, STORAGE_TROUBLES = 22, 8, 14, 7, 3, 2
"""In a year: of each node, and of the others."""

HEARTBEATS_US = 3 * SECOND_US
ROUND_THE_CLOCK = ("rec-west", "rec-east", "rec-south")


@dataclass(slots=True)
class House:
    """The equipment; outages are laid down for the whole year at its beginning."""

    diary: Diary
    dice: Dice
    place: Place
    hashes: dict[str, str]
    command_id: int = 0
    _reboots: list[tuple[int, str]] = field(default_factory=list)

    def begin(self, at_us: int, days: int) -> None:
        """The gateway starts; everything is heard; what will fail this year."""
        diary, area = self.diary, self.place.area
        diary.gateway(at_us, "gateway.booted", reason="power")
        diary.gateway(at_us, "config.loaded", **self.hashes)
        diary.gateway(at_us, "clock.trusted", source="ntp")
        for node in area.nodes:
            diary.gateway(at_us, "node.restored", node=node)
        for recorder in area.recorders:
            self.place.recorder(
                at_us, "recorder.started" if recorder in ROUND_THE_CLOCK else "recorder.stopped", recorder
            )
        for door in area.doors:
            diary.sensor(at_us, "door.closed", self._node_of_door(door), door=door)
        for name in area.inputs:
            diary.sensor(at_us, "input.cleared", area.node_of("input", name) or "", input=name)
        diary.form(at_us + MINUTE_US, "wristband.withdrawn", band="B999", reason="battery")
        self._locks_tried(at_us + 5 * MINUTE_US)
        self._lay_down(at_us + HOUR_US, days)
        for room in area.rooms.values():
            if room.kind in ("waiting", "interview", "interrogation"):
                diary.form(
                    at_us + 2 * MINUTE_US, "room.inspected", room=room.id, result="accepted", area_dm2=960,
                    height_cm=280, floor=1,
                )  # fmt: skip

    def _node_of_door(self, door: str) -> str:
        return self.place.area.node_of("door_contact", door) or ""

    # --- outages ---------------------------------------------------------------------------

    def _moments(self, from_us: int, days: int, a_year: int, longest_s: int) -> list[tuple[int, int]]:
        """So many spells a year, most of them short, none within another."""
        found: list[tuple[int, int]] = []
        for _ in range(max(1, a_year * days // 365)):
            begin_us = from_us + self.dice.between(0, days * 86_400 - 7_200) * SECOND_US
            length_s = self.dice.between(8, longest_s // 8 if self.dice.chance(0.8) else longest_s)
            found.append((begin_us, begin_us + length_s * SECOND_US))
        found.sort()
        apart_us = 10 * MINUTE_US
        return [
            spell
            for number, spell in enumerate(found)
            if number == 0 or spell[0] > found[number - 1][1] + apart_us
        ]

    def _lay_down(self, from_us: int, days: int) -> None:
        diary = self.diary
        for begin_us, end_us in self._moments(from_us, days, POWER_CUTS, 1_500):
            diary.power_out.append(Outage(begin_us, end_us))
            self._power_cut(begin_us, end_us)
        for node in self.place.area.nodes:
            diary.nodes_out[node] = []
            for begin_us, end_us in self._moments(from_us, days, NODE_OUTAGES, 2_400):
                self._node_out(node, begin_us, end_us)
        for begin_us, end_us in self._moments(from_us, days, SERVER_OUTAGES, 7_200):
            diary.server_out.append(Outage(begin_us, end_us))
            diary.gateway(begin_us + 30 * SECOND_US, "server.lost", begin_us)
            diary.gateway(max(end_us, begin_us + 31 * SECOND_US), "server.restored")
        for begin_us, end_us in self._moments(from_us, days, PORT_OUTAGES, 600):
            port = self.dice.pick(list(self.place.area.ports))
            diary.gateway(begin_us, "port.lost", port=port, reason="device unplugged")
            diary.gateway(end_us, "port.restored", port=port)
        for begin_us, _ in self._moments(from_us, days, CLOCK_DOUBTS, 100):
            diary.gateway(begin_us, "clock.stepped", by_ms=self.dice.between(-9_000, 9_000) or 1)
            diary.gateway(begin_us + SECOND_US, "clock.doubted", reason="rtc behind the log")
            diary.gateway(begin_us + SECOND_US, "clock.differed", source="rtc", by_ms=-9_000)
            diary.gateway(begin_us + 5 * SECOND_US, "gateway.stalled", begin_us + 2 * SECOND_US, by_ms=3_000)
            diary.gateway(begin_us + self.dice.between(8, 40) * SECOND_US, "clock.trusted", source="ntp")
        for begin_us, end_us in self._moments(from_us, days, STORAGE_TROUBLES, 1_800):
            diary.gateway(begin_us, "storage.lost", reason="free space low")
            diary.gateway(end_us, "storage.restored")

    def _power_cut(self, begin_us: int, end_us: int) -> None:
        at_us = end_us + 100_000
        gateway = self.place.area.gateway
        self.diary.gateway(at_us, "gateway.booted", reason="power")
        self.diary.gateway(at_us, "config.loaded", **self.hashes)
        self.diary.gateway(at_us + SECOND_US, "gateway.lost", begin_us, "server", gateway=gateway)
        self.diary.gateway(at_us + SECOND_US, "gateway.heard", None, "server", gateway=gateway)

    def _node_out(self, node: str, begin_us: int, end_us: int) -> None:
        diary, is_whole = self.diary, not self.dice.chance(0.4)
        diary.nodes_out[node].append(Outage(begin_us, end_us, is_whole))
        lost_us = begin_us + HEARTBEATS_US
        if end_us <= lost_us:
            return
        diary.gateway(lost_us, "node.lost", begin_us, node=node)
        diary.gateway(end_us + SECOND_US, "node.restored", node=node)
        if not is_whole and self.dice.chance(0.5):
            diary.gateway(end_us, "node.booted", end_us, "node", node=node, reason="watchdog")
        if not is_whole:
            first = self.dice.between(1, 60_000)
            diary.gateway(
                end_us + 2 * SECOND_US, "node.gap", node=node, node_boot=1, first_seq=first,
                last_seq=first + self.dice.between(1, 30),
            )  # fmt: skip

    # --- a day -----------------------------------------------------------------------------

    def day(self, day_us: int, day_of_year: int) -> None:
        """Self-checks, and what goes wrong with single things."""
        dice, diary = self.dice, self.diary
        for number, recorder in enumerate(self.place.area.recorders):
            free, days_left, drift_ms = dice.between(35, 80), dice.between(60, 200), dice.between(0, 900)
            if dice.chance(0.01):
                free, days_left, drift_ms = (
                    dice.between(1, 12),
                    dice.between(1, 9),
                    dice.between(1_000, 90_000),
                )
            diary.sensor(
                day_us + 6 * HOUR_US + number * MINUTE_US, "recorder.measured",
                self.place.area.node_of("recorder_contact", recorder) or "", recorder=recorder,
                disk_free_percent=free, days_left=days_left, drift_ms=drift_ms,
            )  # fmt: skip
        if dice.chance(0.3):
            self._recorder_fails(day_us + dice.between(0, 86_000) * SECOND_US)
        if dice.chance(0.06):
            self._door_unseen(day_us + dice.between(0, 86_000) * SECOND_US)
        if dice.chance(0.1):
            self._device_fails(day_us + dice.between(0, 86_000) * SECOND_US)
        if dice.chance(0.1):
            self._input_speaks(day_us + dice.between(0, 86_000) * SECOND_US)
        if dice.chance(0.02):
            self._inspected(day_us + dice.between(9, 17) * HOUR_US)
        if dice.chance(0.02):
            self._walked(day_us + dice.between(9, 17) * HOUR_US)
        for _ in range(dice.between(0, 3)):
            self._ordered(day_us + dice.between(0, 86_000) * SECOND_US)

    def _recorder_fails(self, at_us: int) -> None:
        recorder = self.dice.pick(ROUND_THE_CLOCK)
        self.place.recorder(at_us, self.dice.pick(("recorder.stopped", "recorder.lost")), recorder)
        self.place.recorder(at_us + self.dice.between(2, 90) * SECOND_US, "recorder.started", recorder)

    def _door_unseen(self, at_us: int) -> None:
        door = self.dice.pick(list(self.place.area.doors))
        node = self._node_of_door(door)
        self.diary.sensor(at_us, "door.unknown", node, door=door)
        self.diary.sensor(at_us + self.dice.between(5, 300) * SECOND_US, "door.closed", node, door=door)

    def _device_fails(self, at_us: int) -> None:
        """A point tells what is wrong with it, and that it is over; a reader is not heard, a bolt is not seen meanwhile."""
        diary, point = self.diary, self.dice.pick(self.place.area.points)
        trouble, over_us = self.dice.pick(tuple(TROUBLES)), at_us + self.dice.between(3, 900) * SECOND_US
        for moment_us, name in ((at_us, "point.troubled"), (over_us, "point.cleared")):
            diary.sensor(
                moment_us, name, point.node, node=point.node, point=point.point, of=point.of, trouble=trouble
            )
        reader, door = (
            self.dice.pick(list(self.place.area.readers)),
            self.dice.pick(list(self.place.area.doors)),
        )
        node = self.place.area.node_of("reader", reader) or ""
        for moment_us, of_reader, of_bolt in (
            (at_us, "reader.lost", "bolt.unknown"), (over_us, "reader.restored", "bolt.withdrawn"),
        ):  # fmt: skip
            diary.sensor(moment_us, of_reader, node, reader=reader)
            diary.sensor(moment_us, of_bolt, self._node_of_door(door), door=door)
        diary.sensor(over_us + 20 * SECOND_US, "bolt.thrown", self._node_of_door(door), door=door)

    def _input_speaks(self, at_us: int) -> None:
        """A detector goes active, cannot be read for a while, and is clear."""
        name = self.dice.pick(list(self.place.area.inputs))
        node = self.place.area.node_of("input", name) or ""
        for said in ("input.activated", "input.lost", "input.cleared"):
            self.diary.sensor(at_us, said, node, input=name)
            at_us += self.dice.between(2, 600) * SECOND_US

    def _inspected(self, at_us: int) -> None:
        room = self.dice.pick(("waiting-1", "waiting-2", "waiting-f", *INTERVIEW_ROOMS))
        self.diary.form(
            at_us, "room.inspected", room=room, result="not_accepted" if self.dice.chance(0.3) else "accepted",
            area_dm2=self.dice.between(560, 1_200), height_cm=self.dice.between(250, 300), floor=1,
        )  # fmt: skip
        self.diary.form(
            at_us + DAY_US // 2, "room.inspected", room=room, result="accepted", area_dm2=960, height_cm=280
        )

    def _walked(self, at_us: int) -> None:
        """An installer tries a few points, one after the other."""
        for number in range(self.dice.between(1, 4)):
            point = self.dice.pick(self.place.area.points)
            self.diary.form(
                at_us + number * MINUTE_US, "point.walked", node=point.node, point=point.point, of=point.of,
                result=self.dice.pick(("passed", "passed", "failed", "absent")), seen="nothing", officer="a01",
            )  # fmt: skip

    def _locks_tried(self, at_us: int) -> None:
        """Each lock released by order and ordered back, then ordered once more and jammed."""
        for door, lock in self.place.area.locks.items():
            node = self.place.area.node_of("output", lock) or ""
            for moment_us, active, moves in (
                (at_us, True, True), (at_us + 10 * SECOND_US, False, True), (at_us + MINUTE_US, True, False),
            ):  # fmt: skip
                self.command_id += 1
                if active:
                    self.diary.form(
                        moment_us, "door.release_ordered", door=door, reason="test", officer="P01"
                    )
                self.diary.gateway(
                    moment_us + 3 * SECOND_US, "output.commanded", output=lock, active=active,
                    command_id=2 * self.command_id, valid_ms=7_000, cause="test of the locks",
                )  # fmt: skip
                if moves:
                    self.diary.sensor(
                        moment_us + 4 * SECOND_US, "output.confirmed", node, output=lock, active=active
                    )
            self.diary.gateway(
                at_us + 2 * MINUTE_US,
                "door.release_failed",
                door=door,
                order="test of the locks",
                why="unmoved",
            )

    def _ordered(self, at_us: int) -> None:
        """A lamp is ordered on and off and tells that it obeyed; once in between it cannot be read."""
        output, self.command_id = "lamp-interview-1", self.command_id + 1
        for number, active in enumerate((True, False)):
            moment_us = at_us + number * 20 * SECOND_US
            self.diary.gateway(
                moment_us, "output.commanded", output=output, active=active, command_id=2 * self.command_id + number,
                valid_ms=60_000, cause="test of the lamp",
            )  # fmt: skip
            self.diary.sensor(moment_us + 200_000, "output.confirmed", "n2", output=output, active=active)
        self.diary.sensor(at_us + 30 * SECOND_US, "output.unknown", "n2", output=output)
