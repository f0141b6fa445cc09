"""The log's own health on the bench: scrub by night, rot mended from the server, room kept back, a second disk."""

import errno
import itertools
from contextlib import suppress

from casegateway.events import ServerSaid
from casegateway.limits import RESERVE_CHUNK_BYTES, SCRUB_SLICE_BYTES, SPACE_CHECK_MS
from caselog import canonical
from caselog.disk import MemoryDisk
from caselog.errors import LogDamaged
from caselog.leaf import LEAF_BYTES_MAX
from caselog.pairdisk import PairDisk
from tests.gateway.bench import START_US, Bench

MIB = 1 << 20
HOUR_US = 3_600_000_000
WORK_HOUR = START_US // HOUR_US % 24 + 8  # in Shanghai


def sound_leaves(bench: Bench) -> list[dict]:
    """Every leaf that the disk gives back as it was written."""
    found = []
    for index in range(bench.log.durable_size):
        with suppress(LogDamaged):
            found.append(canonical.loads(bench.log.leaf(index)))
    return found


def words(bench: Bench, type_: str) -> list[dict]:
    """Bodies of what the log says of itself."""
    return [leaf["body"] for leaf in sound_leaves(bench) if leaf["type"] == f"{type_}/1"]


def reasons(bench: Bench) -> list[str]:
    """What was wrong with the storage, and when that ended, in order."""
    told = [leaf for leaf in sound_leaves(bench) if leaf["type"].startswith("storage.")]
    return [leaf["body"].get("reason", "ok").split(":")[0] for leaf in told]


def started(bench: Bench) -> Bench:
    bench.held = []
    bench.node.power_up()
    bench.open()
    bench.connect()
    bench.run(2_000)
    return bench


def with_leaves(bench: Bench, count: int) -> None:
    """A door opened and shut until the log has so many leaves."""
    level = 0
    while bench.log.durable_size < count:
        level ^= 1
        bench.node.level(4, level)
        bench.run(200)


def test_the_log_is_read_again_once_in_the_night_and_says_so() -> None:
    bench = Bench()
    bench.scrub_hour = (WORK_HOUR + 1) % 24
    started(bench)
    bench.run(3_000)
    assert words(bench, "log.scrubbed") == []
    bench.wall_shift_us = HOUR_US
    size = bench.log.durable_size
    bench.run(5_000)
    told = words(bench, "log.scrubbed")
    assert len(told) == 1
    assert told[0]["leaves"] >= size
    bench.wall_shift_us = HOUR_US + HOUR_US // 2
    bench.run(3_000)
    assert len(words(bench, "log.scrubbed")) == 1
    bench.wall_shift_us = 25 * HOUR_US
    bench.run(3_000)
    assert len(words(bench, "log.scrubbed")) == 2
    assert reasons(bench) == []


class SlowDisk(MemoryDisk):
    """Remembers how much was read at once."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[int] = []

    def read(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        data = super().read(name, offset, size)
        self.reads.append(len(data))
        return data


def test_a_scrub_reads_one_small_slice_a_turn_so_that_no_alarm_waits() -> None:
    disk = SlowDisk()
    bench = started(Bench(disk=disk))
    bench.disconnect()
    with_leaves(bench, 800)
    bench.core.storage.scrub_now(bench.moment())
    size = sum(disk.size(name) for name in disk.list_names())
    turns = 0
    while words(bench, "log.scrubbed") == []:
        disk.reads.clear()
        bench.run(5)
        turns += 1
        assert sum(disk.reads) <= SCRUB_SLICE_BYTES + LEAF_BYTES_MAX
    assert size > 4 * SCRUB_SLICE_BYTES
    assert turns > size // SCRUB_SLICE_BYTES


def test_rot_that_the_scrub_finds_is_alarmed_mended_by_the_server_and_read_again() -> None:
    bench = started(Bench())
    with_leaves(bench, 300)
    bench.run(1_000)
    assert len(bench.held) == bench.log.durable_size
    whole = bench.log.leaves(0, 300, 1 << 30)
    name = bench.disk.list_names()[1]
    bench.disk.flip(name, 70)
    bad = bench.disk.read(name)
    bench.is_server_up = False
    bench.core.storage.scrub_now(bench.moment())
    bench.run(20_000)
    assert reasons(bench) == ["damage"]
    assert [
        effect
        for effect in bench.core.book.engine.alarms.values()
        if effect.rule == "SYS" and effect.variant == "storage"
    ]
    assert len([p for p in bench.published if p.topic == "mend"]) > 3  # asked again and again
    assert words(bench, "log.damaged") == []
    bench.is_server_up = True
    bench.run(20_000)
    damaged = words(bench, "log.damaged")[0]
    assert (damaged["file"], damaged["count"], damaged["from"]) == (name, 1, "server")
    assert bench.disk.read(damaged["kept"]) == bad
    assert len(words(bench, "log.scrubbed")) == 2
    assert reasons(bench) == ["damage", "ok"]
    assert bench.log.leaves(0, 300, 1 << 30) == whole
    bench.crash()
    assert bench.log.leaves(0, 300, 1 << 30) == whole


def test_leaves_that_are_not_ours_are_counted_and_not_taken() -> None:
    bench = started(Bench())
    with_leaves(bench, 300)
    bench.run(1_000)
    name = bench.disk.list_names()[1]
    first = int(name.removesuffix(".seg"))
    bench.disk.flip(name, 70)
    right, bench.held = bench.held, [*bench.held[1:], b"{}"]  # each leaf is its neighbour
    bench.core.storage.scrub_now(bench.moment())
    bench.run(10_000)
    assert bench.core.storage.counters["other_leaves"] > 0
    for payload in (
        b"",
        b"\n",
        b"{}\n\n",
        canonical.dumps({"v": 1, "first": first, "count": 1}) + b"\n{}\n\nnote\n",
    ):
        bench.put(ServerSaid("mend", payload))
    assert bench.core.storage.counters["bad_answers"] == 4
    assert words(bench, "log.damaged") == []
    assert bench.stop is None
    bench.held = right
    bench.run(10_000)
    assert len(words(bench, "log.damaged")) == 1


def test_a_full_disk_gives_the_room_kept_back_to_facts_and_says_so() -> None:
    disk = MemoryDisk(capacity_bytes=2 * MIB)
    bench = Bench(disk=disk)
    bench.reserve_bytes = 256 * 1024
    started(bench)
    assert disk.size("reserve") == 256 * 1024
    disk.capacity_bytes = disk._used_bytes() + 2_000
    with_leaves(bench, bench.log.durable_size + 60)
    assert disk.size("reserve") == 0
    assert bench.core.health(bench.moment())["storage"]["state"] == "full"
    assert [body["state"] for body in words(bench, "log.space")] == ["full"]
    assert reasons(bench) == ["space"]
    disk.capacity_bytes = disk._used_bytes() + 100  # and that is used up as well
    acks = len(bench.node_acks)
    bench.node.level(4, 0)
    bench.run(500)
    bench.node.level(4, 1)
    bench.run(2_000)
    assert len(bench.node_acks) == acks
    assert bench.lines["sounder"]
    disk.capacity_bytes = 2 * MIB
    bench.run(SPACE_CHECK_MS + 2_000)
    assert len(bench.node_acks) > acks
    assert [body["state"] for body in words(bench, "log.space")] == ["full", "ok"]
    assert reasons(bench) == ["space", "ok"]
    assert disk.size("reserve") == 256 * 1024


def test_little_room_spares_what_is_no_evidence_before_any_fact_waits() -> None:
    disk = MemoryDisk(capacity_bytes=4 * MIB)
    bench = Bench(disk=disk)
    bench.low_bytes = MIB
    started(bench)
    assert not bench.is_sparing
    disk.capacity_bytes = disk._used_bytes() + MIB // 2
    bench.run(SPACE_CHECK_MS + 1_000)
    assert bench.is_sparing
    bench.core.storage.left_out = {"trace": 7, "gpio_timeline": 0}
    with_leaves(bench, bench.log.durable_size + 10)
    disk.capacity_bytes = disk._used_bytes() + MIB + 9  # not enough more: it must not flutter
    bench.run(SPACE_CHECK_MS + 1_000)
    assert bench.is_sparing
    disk.capacity_bytes = 4 * MIB
    bench.run(SPACE_CHECK_MS + 1_000)
    assert not bench.is_sparing
    told = words(bench, "log.space")
    assert [(body["state"], body["left_out"]) for body in told] == [("low", {}), ("ok", {"trace": 7})]
    assert reasons(bench) == ["space", "ok"]


def test_a_failed_fsync_goes_on_on_the_second_disk_and_no_node_is_acked_before_that() -> None:
    first, second = MemoryDisk(), MemoryDisk()
    bench = started(Bench(disk=PairDisk(first, second)))
    first.fail("sync", errno.EIO)
    size, acks = bench.log.durable_size, len(bench.node_acks)
    bench.node.level(4, 1)
    bench.run(1_000)
    assert bench.stop is None
    assert len(bench.node_acks) > acks
    assert [name for name in second.list_names() if name.endswith(".seg")] == [f"{size:016d}.seg"]
    told = words(bench, "log.sync_failed")
    assert [body["second_path"] for body in told] == ["/second"]
    assert "fsync" in told[0]["detail"]
    assert reasons(bench) == ["second disk"]
    operations = first.operations
    with_leaves(bench, bench.log.durable_size + 20)
    assert first.operations == operations
    assert len(bench.held) == bench.log.durable_size  # the server saw one history
    first.crash()
    second.crash()
    bench.disk = PairDisk(first, second)
    bench.open()
    assert bench.stop is None
    assert bench.facts("door.opened")


def test_room_is_kept_back_on_the_second_disk_too() -> None:
    first, second = MemoryDisk(), MemoryDisk(capacity_bytes=MIB)
    bench = Bench(disk=PairDisk(first, second))
    bench.reserve_bytes = 256 * 1024
    started(bench)
    assert first.size("reserve") == 256 * 1024
    first.fail("sync", errno.EIO)
    bench.node.level(4, 1)
    bench.run(1_000)
    assert second.size("reserve.second") == 256 * 1024
    second.capacity_bytes = second._used_bytes() + 500
    operations, acks = first.operations, len(bench.node_acks)
    with_leaves(bench, bench.log.durable_size + 40)
    assert second.size("reserve.second") == 0
    assert len(bench.node_acks) > acks
    assert first.operations == operations
    assert [body["state"] for body in words(bench, "log.space")] == ["full"]


class Refusing(MemoryDisk):
    """Takes every file but the reserve."""

    is_refusing = True

    def create(self, name: str) -> None:
        if self.is_refusing and name == "reserve":
            raise OSError(errno.EACCES, "permission denied", name)
        super().create(name)


def test_a_disk_that_refuses_the_reserve_has_none_and_is_told_full() -> None:
    disk = Refusing()
    bench = Bench(disk=disk)
    bench.reserve_bytes = MIB
    started(bench)
    assert bench.stop is None
    assert not bench.core.book.reserve.is_held
    assert bench.facts("node.restored")
    assert bench.core.storage.space == "full"
    disk.is_refusing = False
    bench.run(SPACE_CHECK_MS + 1_000)  # it is tried again while there is room
    assert disk.size("reserve") == MIB
    assert reasons(bench) == ["space", "ok"]


def test_the_reserve_grows_in_small_pieces_while_the_house_is_at_work() -> None:
    disk = MemoryDisk()
    bench = Bench(disk=disk)
    bench.reserve_bytes = 4 * MIB
    bench.node.power_up()
    bench.open()
    assert disk.size("reserve") == 0
    sizes = set()
    for _ in range(200):
        bench.run(10)
        sizes.add(disk.size("reserve"))
    steps = sorted(sizes)
    assert steps[-1] == 4 * MIB
    assert max(b - a for a, b in itertools.pairwise(steps)) <= RESERVE_CHUNK_BYTES
    disk.capacity_bytes = disk._used_bytes() + 700
    with_leaves(bench, bench.log.durable_size + 10)
    assert disk.size("reserve") == 0
    disk.capacity_bytes = None
    bench.run(SPACE_CHECK_MS)
    bench.crash()  # while it grows again
    assert bench.stop is None
    bench.run(3_000)
    assert disk.size("reserve") == 4 * MIB


def test_when_the_second_disk_fails_too_the_gateway_ends_with_the_sounder_on() -> None:
    first, second = MemoryDisk(), MemoryDisk()
    bench = started(Bench(disk=PairDisk(first, second)))
    first.fail("sync", errno.EIO)
    second.fail("sync", errno.EIO)
    acks = len(bench.node_acks)
    bench.node.level(4, 1)
    bench.run(1_000)
    assert bench.stop is not None
    assert bench.stop.code == 4
    assert len(bench.node_acks) == acks
    assert bench.lines["sounder"]
