"""Power goes in a write of several leaves and a page of it never arrives: the real core, log and ingest find a way on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casegateway.core import AGAIN
from casegateway.events import Action, BrokerUp, Publish, ServerSaid
from casegateway.evidence import Evidence, mend, open_on
from caselog import records
from caselog.disk import MemoryDisk, PowerCut
from tests.gateway.bench import Bench
from tests.gateway.test_core import started

SEGMENT_BYTES_MAX = 64_000


class TearingDisk(MemoryDisk):
    """`is_armed`: power goes in the next write of three lines or more, all of which arrives but its second line."""

    is_armed = False

    def durable_bytes(self, name: str) -> int:
        """How much of a file survives a power cut."""
        return self._files[name].durable_bytes

    def append(self, name: str, data: bytes) -> None:
        lines = data.split(b"\n")
        if self.is_armed and len(lines) > 3:
            lines[1] = bytes(len(lines[1]))
            self.is_armed, self.cut_at = False, self.operations + 1
            data = b"\n".join(lines)
        super().append(name, data)


class House(Bench):
    """A bench whose gateway opens its log as the program does: in whatever state it is."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(disk=TearingDisk(), **options)
        self.folder = folder
        self.found: Evidence
        self.held = []

    def open(self, reason: str = "test", clock_doubt: str = "") -> None:
        self.found = open_on(
            self.folder / "interim", self.disk, [], self.acked, lambda: None, SEGMENT_BYTES_MAX, self.durable
        )
        self.filling, self.reasons = self.found.filling, self.found.reasons
        real, self.disk = self.disk, self.found.disk
        super().open(reason, clock_doubt)
        self.disk = real

    def act(self, actions: list[Action]) -> None:
        """An interim log sends nothing but questions."""
        super().act(
            [a for a in actions if not self.filling or not isinstance(a, Publish) or a.topic == "mend"]
        )

    def live(self, duration_ms: int) -> None:
        """Run, and do what the program does when the log can be mended, and what power does."""
        for _ in range(0, duration_ms, 50):
            try:
                self.run(50)
                if self.stop is not None:
                    assert self.stop.code == AGAIN, self.stop
                    if self.filling is not None and self.filling.is_whole:
                        mend(self.found, self.acked, self.moment().instant)
                    self.begin()
            except PowerCut:
                self.disk.crash(keep=1.0)
                self.begin()

    def begin(self) -> None:
        """The program starts."""
        self.found.close()
        self.events.clear()
        self.wake_real_us = 0
        self.open()
        if self.is_broker_up:
            self.act(self.core.handle([BrokerUp()], self.moment()))

    def tear(self) -> None:
        """Three doors move at once, and power goes while that is written."""
        self.disk.is_armed = True
        for point in (1, 2, 3):
            self.node.level(point, 1)
        with pytest.raises(PowerCut):
            self.run(2_000)
        self.disk.crash(keep=1.0)

    def words(self) -> list[dict[str, Any]]:
        """What the log says of damage."""
        return [leaf["body"] for leaf in self.leaves() if leaf["type"] == records.DAMAGED]

    def told(self) -> list[tuple[int, int]]:
        """Boot and number of each message of the node, in the order of the log."""
        facts = [
            leaf["source"] for leaf in self.leaves() if leaf["source"]["name"] and leaf["class"] == "fact"
        ]
        return [(source["boot"], source["seq"]) for source in facts]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """At work, and the server holds all of its log."""
    bench = House(tmp_path)
    started(bench)
    bench.connect()
    bench.run(3_000)
    assert bench.acked == bench.durable == bench.log.durable_size
    yield bench
    bench.found.close()


def is_agreed(bench: House) -> bool:
    """The server holds the gateway's log, all of it, and nobody told two histories."""
    assert bench.ingest.fork is None
    return bench.ingest.size == bench.log.durable_size and bench.ingest.root == bench.log.root()


def test_a_hole_in_the_last_write_is_cut_on_the_servers_word_and_the_node_tells_it_again(
    house: House,
) -> None:
    size, before = house.log.durable_size, house.told()
    house.tear()
    name = house.disk.list_names()[-1]
    old = house.disk.read(name)
    house.begin()
    assert house.filling is not None
    assert house.log.size > size  # what stands before the hole is in the interim log
    house.live(6_000)
    assert house.filling is None
    (word,) = house.words()
    assert (word["file"], word["first"], word["count"], word["from"]) == (name, size + 1, 0, "none")
    assert house.disk.read(word["kept"]) == old
    assert is_agreed(house)
    assert house.told() == sorted(house.told())
    assert house.told()[-1][1] >= before[-1][1] + 3
    assert len(house.node.node.link.queue) == 0


def test_while_the_server_is_away_the_house_is_guarded_and_later_all_is_in_the_log(house: House) -> None:
    before = house.told()
    house.disconnect()
    house.tear()
    house.begin()
    house.live(3_000)
    house.node.level(4, 1)
    house.live(3_000)
    assert house.filling is not None
    assert len(house.node.node.link.queue) == 0  # acked, out of the interim log
    house.connect()
    house.live(6_000)
    assert (house.filling, len(house.words())) == (None, 1)
    assert is_agreed(house)
    assert house.told() == sorted(house.told())
    assert house.told()[-1][1] >= before[-1][1] + 4


def test_what_the_server_holds_comes_back_though_its_ack_never_came(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    size, saved = house.log.durable_size, (house.acked, house.durable)
    monkeypatch.setattr(house, "answer", lambda payload: Bench.answer(house, payload)[:0])
    house.node.level(1, 1)
    house.node.level(4, 1)
    house.run(500)
    assert house.ingest.size == house.log.durable_size >= size + 3
    monkeypatch.undo()
    leaves = house.log.leaves(0, house.log.size, 1 << 30)
    name = house.disk.list_names()[-1]
    house.disk.flip(name, house.disk.read(name).index(b'"index":%d,' % (size + 1)))
    house.acked, house.durable = saved  # what was saved last
    house.begin()
    assert house.filling is not None
    house.live(6_000)
    assert house.log.leaves(0, len(leaves), 1 << 30) == leaves
    assert [(word["first"], word["count"], word["from"]) for word in house.words()] == [
        (size + 1, 1, "server")
    ]
    assert is_agreed(house)


def test_a_word_that_somebody_kept_cuts_nothing(house: House) -> None:
    house.tear()
    house.is_server_up = False
    house.begin()
    house.live(1_000)
    kept = house.give_back([p for p in house.published if p.topic == "mend"][-1].payload)[0]
    house.begin()  # another start asks with another number
    assert isinstance(kept, ServerSaid)
    house.put(kept)
    house.live(1_000)
    assert house.filling is not None
    assert house.core.storage.counters["unproved_answers"] == 1
    house.is_server_up = True
    house.live(6_000)
    assert is_agreed(house)


def test_a_new_log_has_its_name_before_more_is_written_so_that_no_hole_can_take_it(tmp_path: Path) -> None:
    bench = House(tmp_path)
    bench.disk.cut_at = bench.disk.operations + 4  # in the sync of what follows leaf 0
    with pytest.raises(PowerCut):
        bench.open()
    name, durable = bench.disk.list_names()[0], bench.disk.durable_bytes(bench.disk.list_names()[0])
    bench.disk.crash(keep=1.0)
    lines = bench.disk.read(name).split(b"\n")
    assert len(lines[0]) + 1 == durable
    assert len(lines) > 3
    bench.disk.flip(name, durable + 100)  # the second line is broken, the third is whole
    bench.begin()
    bench.node.power_up()
    assert bench.filling is not None
    bench.connect()
    bench.live(6_000)
    assert bench.filling is None
    assert [word["first"] for word in bench.words()] == [1]
    assert is_agreed(bench)
    bench.found.close()


def test_without_the_servers_key_nothing_is_cut(tmp_path: Path) -> None:
    bench = House(tmp_path, has_server_key=False)
    started(bench)
    bench.connect()
    bench.run(3_000)
    bench.tear()
    bench.begin()
    bench.live(6_000)
    assert bench.filling is not None
    assert list(bench.reasons) == ["damage"]
    bench.found.close()


def test_a_leaf_that_was_durable_is_not_cut_though_nobody_else_holds_it(house: House) -> None:
    house.disconnect()
    for point in (1, 2, 3, 4):
        house.node.level(point, 1)
        house.run(1_200)
    name = house.disk.list_names()[-1]
    data = house.disk.read(name)
    lost = house.acked + 1
    assert lost < house.durable
    at = data.index(b'"index":%d,' % lost)
    house.disk.flip(name, at)
    house.disk.crash(keep=1.0)
    house.begin()
    house.connect()
    house.live(6_000)
    assert house.filling is not None
    assert house.disk.read(name)[at + 1 :] == data[at + 1 :]


@pytest.mark.parametrize("operation", range(10))
def test_power_cut_at_any_operation_of_the_mending_ends_in_one_log(house: House, operation: int) -> None:
    house.tear()
    house.begin()
    house.disk.cut_at = house.disk.operations + operation
    house.live(8_000)
    assert is_agreed(house)
    assert len(house.words()) == 1
    assert house.told() == sorted(house.told())
    ids = [leaf["id"] for leaf in house.leaves()]
    assert len(ids) == len(set(ids))
