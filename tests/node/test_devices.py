"""What a node does with a device on a bus: its changes, its part of a snapshot, its orders."""

from casewire import (
    ACTIVE,
    BAND_CUT,
    INACTIVE,
    JAMMED,
    SILENT,
    UNKNOWN,
    Band,
    Boot,
    Command,
    Contact,
    Feedback,
    Snapshot,
    SnapshotRequest,
    Tag,
    Troubles,
)
from tests.node.bench import DOOR, TAG, Bench, of_kind


class Bus:
    """A lock (20, bolt 21) and a reader (22) that do as the test says."""

    points = (20, 21, 22)

    def __init__(self) -> None:
        self.changes: list[tuple] = []
        self.known = {20: UNKNOWN, 21: UNKNOWN, 22: UNKNOWN}
        self.trouble: dict[int, int] = {}
        self.lying: list[tuple] = []
        self.orders: list[tuple] = []
        self.is_lost = False

    def poll(self, now_ms: int) -> list[tuple]:
        changes, self.changes = self.changes, []
        return changes

    def states(self) -> list[tuple]:
        return list(self.known.items())

    def tags(self) -> list[tuple]:
        return self.lying

    def troubles(self) -> list[tuple]:
        return list(self.trouble.items())

    def put(self, point: int, state: int, valid_ms: int, now_ms: int) -> None:
        self.orders.append((point, state, valid_ms))

    def lose_link(self) -> None:
        self.is_lost = True


def bench() -> tuple[Bench, Bus]:
    bus = Bus()
    return Bench(points=[DOOR], devices=(bus,)), bus


def test_a_snapshot_holds_the_points_of_the_bus_and_every_trouble_they_could_have() -> None:
    found, bus = bench()
    bus.trouble = {22: SILENT}
    told = [frame.message for frame in found.settle() if frame.seq]
    assert told == [
        Boot(0, 1),
        Snapshot(0, 1, ((1, INACTIVE), (20, UNKNOWN), (21, UNKNOWN), (22, UNKNOWN))),
        Troubles(((20, 0), (21, 0), (22, SILENT))),
    ]


def test_changes_are_told_with_the_time_the_device_gives() -> None:
    found, bus = bench()
    found.settle()
    at_ms = found.uptime_ms - 40
    bus.changes = [
        ("feedback", 21, ACTIVE, at_ms),
        ("contact", 22, INACTIVE, at_ms),
        ("tag", 22, 1, TAG, at_ms),
        ("band", 22, BAND_CUT, TAG, at_ms),
        ("trouble", 20, JAMMED, at_ms),
    ]
    told = [frame for frame in found.run(20) if frame.seq]
    assert [frame.message for frame in told] == [
        Feedback(21, ACTIVE),
        Contact(22, INACTIVE),
        Tag(22, 1, TAG),
        Band(22, BAND_CUT, TAG),
        Troubles(((20, JAMMED),)),
    ]
    assert {frame.uptime_ms for frame in told} == {at_ms}


def test_before_the_first_snapshot_only_what_a_band_tells_of_itself_is_told() -> None:
    found, bus = bench()
    bus.changes = [("feedback", 21, ACTIVE, 0), ("trouble", 20, JAMMED, 0), ("band", 22, BAND_CUT, TAG, 0)]
    heard = found.settle()
    assert of_kind(heard, Feedback) == []
    assert of_kind(heard, Band) == [Band(22, BAND_CUT, TAG)]


def test_a_tag_that_lies_there_is_told_after_each_snapshot() -> None:
    found, bus = bench()
    found.settle()
    bus.lying = [(22, TAG, 300)]
    bus.known[22] = ACTIVE
    found.order(SnapshotRequest())
    heard = [frame for frame in found.run(100) if frame.seq]
    assert [frame.message for frame in heard][-1] == Tag(22, 1, TAG)
    assert heard[-1].uptime_ms == 300


def test_an_order_goes_to_the_device_with_what_is_left_of_its_validity() -> None:
    found, bus = bench()
    found.settle()
    found.order(Command(20, ACTIVE, 1, 2000))
    found.run(20)
    assert bus.orders == [(20, ACTIVE, 2000)]
    found.order(Command(20, ACTIVE, 2, 2000), made_ms_ago=500)
    found.run(20)
    ((_, _, left_ms),) = bus.orders[1:]
    assert 1400 <= left_ms <= 1500


def test_an_order_that_is_too_old_does_not_reach_the_device() -> None:
    found, bus = bench()
    found.settle()
    found.order(Command(20, ACTIVE, 1, 2000))
    found.run(20)
    found.order(Command(20, ACTIVE, 2, 2000), made_ms_ago=2500)
    found.run(20)
    assert len(bus.orders) == 1


def test_an_order_that_is_sent_again_drives_the_device_once_and_a_new_one_again() -> None:
    found, bus = bench()
    found.settle()
    for _ in range(3):
        found.order(Command(20, ACTIVE, 1, 2000))
        found.run(20)
    assert bus.orders == [(20, ACTIVE, 2000)]
    found.order(Command(20, ACTIVE, 2, 2000))
    found.run(20)
    assert len(bus.orders) == 2


def test_a_device_is_told_that_the_gateway_is_gone() -> None:
    found, bus = bench()
    found.settle()
    assert not bus.is_lost
    found.run(6000, acking=False)
    assert bus.is_lost


def test_many_troubles_of_a_point_do_not_push_out_its_newest_state() -> None:
    found, bus = bench()
    found.settle()
    bus.changes = [("feedback", 21, ACTIVE, found.uptime_ms)]
    found.run(20, acking=False)
    for turn in range(200):
        bus.changes = [("trouble", 21, JAMMED if turn % 2 else 0, found.uptime_ms)]
        found.run(10, acking=False)
    heard = found.run(2000)
    assert Feedback(21, ACTIVE) in of_kind(heard, Feedback)
    assert of_kind(heard, Troubles)[-1] == Troubles(((21, JAMMED),))
