"""The second evaluator on the order of time: an honest gateway is never accused, a tail dated back is told once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from casegateway.events import Moment
from casegateway.evidence import Evidence, mend, open_evidence
from caselog import leaf as leaves
from caselog import records
from caselog.checkpoint import Checkpoint
from caselog.clock import Instant
from caselog.disk import FileDisk
from caselog.log import Log
from caseserver.evaluator import Difference, Evaluator, differences_text
from caseserver.fact_order import FactOrder
from caseward import clock as clocks
from caseward.clock import ScaledClock, SystemClock
from custody.codec import fact_entry
from custody.facts import Fact
from tests.gateway.bench import AREA, ORIGIN, RULEBOOK, Bench
from tests.server.station_kit import HOUR_US, MINUTE_US, START_US, GatewayLog, morning, standard_area

DAY_US = 24 * HOUR_US


class MachineBench(Bench):
    """The bench on the program's own clock; the machine's wall clock is `station_us`, to be set by `wall_shift_us`."""

    def open(self, reason: str = "test", clock_doubt: str = "") -> None:
        self.clock = SystemClock(self.boot + 1)
        super().open(reason, clock_doubt)

    def moment(self) -> Moment:
        return Moment(self.clock.now(), self.real_us, self.rate, self.clock.step_us())


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> MachineBench:
    made = MachineBench()
    monkeypatch.setattr(clocks, "_boottime_us", lambda: made.real_us)
    monkeypatch.setattr(clocks, "_wall_us", lambda: made.station_us)
    made.node.power_up()
    made.open()
    return made


def facts_of(log: Log) -> list[leaves.LeafRecord]:
    found = [leaves.parse(data) for data in log.leaves(0, log.size, 1 << 30)]
    return [record for record in found if record.leaf_class == "fact"]


def differences(log: Log, evaluator: Evaluator) -> list[Difference]:
    for data in log.leaves(0, log.size, 1 << 30):
        evaluator.step(leaves.parse(data))
    return evaluator.take_differences()


def move(bench: Bench) -> None:
    """Somebody goes through a door."""
    for level in (1, 0):
        bench.node.level(4, level)
        bench.run(1_000)


def test_a_wall_clock_set_back_a_reboot_behind_the_log_and_trust_again_accuse_nobody(
    bench: MachineBench,
) -> None:
    bench.run(3_000)
    bench.wall_shift_us = -3 * HOUR_US
    move(bench)
    bench.crash()  # starts with the wall clock behind the log
    bench.run(3_000)
    move(bench)
    bench.connect()
    bench.run(
        3_000
    )  # the server signs the same time: trusted, and three hours earlier than the leaves before
    move(bench)
    bench.wall_shift_us = 0
    move(bench)
    bench.crash()
    move(bench)
    facts = facts_of(bench.log)
    types = {fact.type for fact in facts}
    assert {"clock.stepped/1", "clock.doubted/1", "clock.trusted/1"} <= types
    falls = [
        (before, after)
        for before, after in pairwise(facts)
        if after.recorded.latest_us is not None and after.recorded.latest_us < before.recorded.earliest_us
    ]
    assert [(a.recorded.boot, b.recorded.boot) for a, b in falls] == [(2, 2)]
    assert differences(bench.log, Evaluator(AREA, RULEBOOK)) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A morning in the log of a gateway that has stopped."""
    disk = FileDisk(tmp_path / "log")
    gateway = GatewayLog(*standard_area(), disk=disk)
    morning(gateway)
    disk.close()
    return tmp_path


def door(opened: Evidence, boot: int, boottime_us: int, at_us: int) -> None:
    fact = Fact(
        type="door.opened", body={"door": "gate"}, index=opened.log.size, occurred_us=at_us,
        occurred_latest_us=at_us, recorded_us=at_us, recorded_latest_us=at_us, id=f"b{boot}.{boottime_us}",
        boot=boot, boottime_us=boottime_us,
    )  # fmt: skip
    opened.log.append(fact_entry(fact))
    opened.log.commit()


def open_again(folder: Path, size: int) -> Evidence:
    return open_evidence(folder, None, size, lambda: None)


def test_facts_of_an_interim_log_appended_by_a_repair_accuse_nobody(folder: Path) -> None:
    whole = open_again(folder, 0)
    size = whole.log.size
    held = whole.log.leaves(0, size, 1 << 30)
    anchor = Checkpoint(ORIGIN, size, whole.log.root())
    whole.close()
    (file,) = (folder / "log").glob("*.seg")
    content = bytearray(file.read_bytes())
    content[-200] ^= 1
    file.write_bytes(content)
    for boot in (2, 3):  # a start in between; the clock of the first was a day behind, and nobody knew
        interim = open_again(folder, size)
        assert interim.filling is not None
        door(interim, boot, 7, START_US + (boot - 3) * DAY_US + HOUR_US)
        door(interim, boot, 8, START_US + (boot - 3) * DAY_US + HOUR_US + 1)
        if boot == 2:
            interim.close()
    while (asked := interim.filling.wanted()) is not None:
        interim.filling.take(asked[0], held[asked[0] : sum(asked)], anchor)
    mend(interim, size, Instant(3, 9, START_US + 2 * HOUR_US, START_US + 2 * HOUR_US))
    interim.close()
    mended = open_again(folder, size)
    door(mended, 4, 1, START_US + 3 * HOUR_US)
    tail = [leaves.parse(data) for data in mended.log.leaves(size, 99, 1 << 30)]
    assert [(leaf.type, leaf.recorded.boot) for leaf in tail] == [
        (records.DAMAGED, 3), *[("door.opened/1", boot) for boot in (2, 2, 3, 3, 4)],
    ]  # fmt: skip
    found = differences(mended.log, Evaluator(*standard_area()))
    mended.close()
    assert [d for d in found if d.kind == "time"] == []


def told(facts: Iterable[tuple[int, int, int, int | None]]) -> list[int]:
    """At which of the facts (boot, boottime, earliest, latest) something is told."""
    order = FactOrder()
    return [number for number, fact in enumerate(facts) if order.wrong(Instant(*fact)) is not None]


@pytest.mark.parametrize(
    ("facts", "at"),
    [
        ([(1, 5, 50, 50), (1, 5, 50, 50), (1, 6, 51, 60)], []),
        ([(1, 5, 50, 50), (1, 4, 50, 50), (1, 4, 51, 51)], [1]),
        ([(2, 5, 50, 50), (1, 9, 60, 60), (2, 6, 70, 70)], [1]),
        ([(1, 5, 50, 50), (1, 6, 40, 49), (1, 7, 41, 41)], [1]),
        ([(1, 5, 50, 50), (1, 6, 40, 50), (1, 7, 45, 49)], [2]),
        ([(1, 5, 50, 50), (2, 1, 40, 40), (2, 2, 41, 41)], []),
        ([(1, 5, 50, None), (1, 6, 40, 40), (1, 7, 30, None), (1, 8, 39, 39)], [3]),
    ],
)
def test_a_fall_of_boot_boot_time_or_wall_clock_within_a_boot_is_told_where_it_happens(
    facts: list[tuple[int, int, int, int | None]], at: list[int]
) -> None:
    assert told(facts) == at


def accused(**recorded: Any) -> list[str]:
    """What is said of a morning in whose last leaves, from a word on the clock and on a repair, the moment is this."""
    gateway = GatewayLog(*standard_area())
    end_us = morning(gateway)
    moment = {
        "boot": 1,
        "boottime_us": end_us - START_US + 1,
        "earliest_us": end_us + 1,
        "latest_us": end_us + 1,
    }
    moment |= recorded
    body = {"file": "x", "byte": 0, "expected": "a", "found": "b", "kept": "none", "first": 0, "count": 1}
    body["from"] = "server"
    gateway.log.append(records.entry(records.DAMAGED, gateway.log.size, body, Instant(**moment)))
    for type_, words in (("clock.stepped", {"by_ms": -86_400_000}), ("clock.trusted", {"source": "server"})):
        fact = Fact(
            type=type_, body=dict(words), index=gateway.log.size, occurred_us=moment["earliest_us"],
            occurred_latest_us=moment["latest_us"], recorded_us=moment["earliest_us"],
            recorded_latest_us=moment["latest_us"], id=type_, boot=moment["boot"], boottime_us=moment["boottime_us"],
        )  # fmt: skip
        gateway.log.append(fact_entry(fact))
    gateway.log.commit()
    return differences_text(differences(gateway.log, Evaluator(*standard_area())))


def test_a_word_in_the_log_about_clock_or_repair_excuses_no_fall() -> None:
    end_us = START_US + 4 * MINUTE_US
    day_back = end_us - DAY_US
    assert accused() == []
    (wall,) = accused(earliest_us=day_back, latest_us=day_back)
    assert wall.endswith(
        f"time clock.stepped: expected latest_us from {end_us} on, found latest_us {day_back}"
    )
    (steady,) = accused(boottime_us=3)
    assert f"expected boot 1 boottime_us {4 * MINUTE_US} or later, found boot 1 boottime_us 3" in steady
    (boot,) = accused(boot=0)
    assert "found boot 0" in boot


def test_an_accelerated_clock_stands_still_while_the_machines_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clocks, "_boottime_us", lambda: 0)
    clock = ScaledClock(1_000, START_US, 60.0)
    read = []
    for wall_us in (1_010, 1_005, 1_011):
        monkeypatch.setattr(clocks, "_wall_us", lambda wall_us=wall_us: wall_us)
        read.append(clock.now().earliest_us - START_US)
    assert read == [600, 600, 660]
