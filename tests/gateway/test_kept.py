"""What a node kept over a reset: believed once, dated by what is known, never by a guess."""

import random
from pathlib import Path

import pytest

from casegateway.events import PortClosed
from casegateway.limits import EARLIER_BOOTS_MAX, HOLE_MS, SEEN_SEQS_MAX
from casegateway.memory import SeenSeqs
from casewire import ACTIVE, INACTIVE, Contact, Gap, Kept, Message
from node.send_queue import OWNER_KEPT
from tests.gateway.bench import Bench

SECOND = 1_000_000
DOOR = 4  # door-waiting-1
FOREIGN_BOOT = 9


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench()
    bench.node.flash = tmp_path / "kept"
    bench.open()
    bench.node.power_up()
    bench.run(3_000)
    return bench


def power_cut(bench: Bench, away_ms: int = 1_000) -> None:
    """The board loses its power and starts again."""
    bench.node.is_on = False
    bench.run(away_ms)
    bench.node.power_up()


def of_door(bench: Bench, door: str = "door-waiting-1") -> list[str]:
    return [
        leaf["type"].removesuffix("/1")
        for leaf in bench.leaves()
        if leaf["class"] == "fact" and leaf["body"].get("door") == door
    ]


def holds(fact: dict, at_us: int) -> bool:
    """Whether the interval of a fact has the moment in it."""
    occurred = fact["occurred"]
    return occurred["earliest_us"] <= at_us and (
        occurred["latest_us"] is None or at_us <= occurred["latest_us"]
    )


def width_us(fact: dict) -> int:
    return fact["occurred"]["latest_us"] - fact["occurred"]["earliest_us"]


def say(bench: Bench, message: Message) -> None:
    """Have the node say it, as if its flash had held it."""
    bench.node.node.link.send(message, OWNER_KEPT, 0)


def test_a_door_that_opened_behind_a_cut_line_is_in_the_log_though_the_board_lost_its_power(bench) -> None:
    bench.is_line_cut = True
    bench.run(2_000)
    opened_us = bench.station_us
    bench.node.level(DOOR, 1)
    bench.run(4_000)
    power_cut(bench)
    bench.node.level(DOOR, 0)
    bench.is_line_cut = False
    bench.run(5_000)
    assert of_door(bench)[-2:] == ["door.opened", "door.closed"]
    (opened,) = [fact for fact in bench.facts("door.opened") if fact["source"]["boot"] == 1]
    assert holds(opened, opened_us)
    assert width_us(opened) < 100_000  # this run has heard that boot: its clock is known
    types = bench.types()
    assert types.index("node.booted", types.index("node.lost")) < types.index("door.opened")
    assert bench.core.memory.doors["door-waiting-1"] == INACTIVE


def test_where_nobody_heard_that_boots_clock_the_interval_is_what_is_certain(bench) -> None:
    bench.is_line_cut = True
    bench.run(5_000)
    power_cut(bench)  # a boot that nobody ever hears
    bench.run(2_000)
    bench.node.level(DOOR, 1)
    opened_us = bench.station_us
    bench.run(4_000)
    power_cut(bench, 7_000)
    restarted_us = bench.station_us
    bench.is_line_cut = False
    bench.run(5_000)
    (opened,) = [fact for fact in bench.facts("door.opened") if fact["source"]["boot"] == 2]
    assert holds(opened, opened_us)
    (lost,) = bench.facts("node.lost")
    assert opened["occurred"]["earliest_us"] == lost["occurred"]["earliest_us"] - HOLE_MS * 1_000
    assert abs(opened["occurred"]["latest_us"] - restarted_us) < 100_000


@pytest.mark.parametrize("is_lost", [True, False], ids=["counted as lost", "away with the gateway"])
def test_a_gateway_that_restarted_meanwhile_dates_it_after_it_last_knew_all(bench, is_lost) -> None:
    heard_us = bench.station_us
    bench.is_line_cut = True
    if is_lost:
        bench.run(6_000)
    bench.node.level(DOOR, 1)
    opened_us = bench.station_us
    if is_lost:
        bench.run(3_000)
        bench.put(PortClosed("line1", "unplugged"))  # a gateway that says something still hears no node
        power_cut(bench)
        bench.crash()
    else:  # the gateway is down while the door opens and the board loses its power
        for _ in range(800):
            bench.real_us += 5_000
            bench.node.step()
        bench.node.is_on = False
        bench.real_us += SECOND
        bench.crash()
        bench.node.power_up()
    bench.is_line_cut = False
    bench.run(6_000)
    (opened,) = [fact for fact in bench.facts("door.opened") if fact["source"]["boot"] == 1]
    assert holds(opened, opened_us)
    assert heard_us - 8 * SECOND < opened["occurred"]["earliest_us"] <= heard_us


def test_what_is_told_again_because_its_ack_was_lost_is_logged_once(bench) -> None:
    bench.is_line_cut = True
    bench.node.level(DOOR, 1)
    bench.run(4_000)
    kept = bench.node.flash.read_bytes()
    for _ in range(3):
        bench.is_line_cut = True
        power_cut(bench)
        bench.node.flash.write_bytes(kept)  # the power went before the file was removed
        power_cut(bench)
        bench.is_line_cut = False
        bench.run(4_000)
    bench.crash()
    bench.node.flash.write_bytes(kept)
    power_cut(bench)
    bench.run(4_000)
    assert of_door(bench).count("door.opened") == 1
    assert bench.node.node.link.queue.entries == []


def test_a_message_that_was_logged_in_its_own_boot_is_not_logged_again_as_kept(bench) -> None:
    bench.node.level(DOOR, 1)
    bench.run(1_000)
    (opened,) = bench.facts("door.opened")
    power_cut(bench)
    bench.run(3_000)
    before = len(bench.facts("door.opened"))
    say(bench, Kept(1, opened["source"]["seq"], 0, Contact(DOOR, ACTIVE)))
    bench.run(2_000)
    assert len(bench.facts("door.opened")) == before
    assert bench.node.node.link.queue.entries == []


def test_a_kept_gap_is_told_as_of_its_boot(bench) -> None:
    power_cut(bench)
    bench.run(3_000)
    say(bench, Kept(1, 40, 500, Gap(40, 49)))
    bench.run(2_000)
    (gap,) = bench.facts("node.gap")
    assert gap["body"] == {"node": "n1", "node_boot": 1, "first_seq": 40, "last_seq": 49}


@pytest.mark.parametrize("boot", [1, 2, FOREIGN_BOOT])
def test_what_claims_to_be_kept_and_is_of_no_earlier_boot_is_acked_and_not_believed(bench, boot) -> None:
    say(bench, Kept(boot, 900, 0, Contact(DOOR, ACTIVE)))
    bench.run(2_000)
    assert "door.opened" not in bench.types()
    assert bench.core.links["n1"].stale == 1
    assert bench.node.node.link.queue.entries == []


def test_what_is_older_than_all_the_log_knows_is_counted_and_not_dated_by_a_guess(tmp_path) -> None:
    bench = Bench()
    bench.open()
    bench.node.boot = 5
    bench.node.power_up()
    say(bench, Kept(4, 7, 100, Contact(DOOR, ACTIVE)))
    bench.run(4_000)
    assert "door.opened" not in bench.types()
    assert bench.core.health(bench.moment())["counters"]["kept_before_log"] == 1
    assert bench.node.node.link.queue.entries == []


def test_a_power_cut_of_the_gateway_while_it_takes_what_was_kept_loses_and_doubles_nothing(bench) -> None:
    bench.is_line_cut = True
    for step in range(6):
        bench.node.level(DOOR, 1 - step % 2)
        bench.run(400)
    bench.run(2_500)
    power_cut(bench)
    bench.is_line_cut = False
    for _ in range(12):  # a start each 600 ms, in the middle of whatever it does
        bench.run(600)
        bench.crash()
    bench.run(6_000)
    assert of_door(bench)[-6:] == ["door.opened", "door.closed"] * 3
    assert of_door(bench).count("door.opened") == 3


@pytest.mark.parametrize("seed", range(6))
def test_whatever_loses_its_power_and_when_each_turn_of_the_door_is_logged_once_and_rightly_dated(
    tmp_path, seed
) -> None:
    rng = random.Random(seed)
    bench = Bench()
    bench.node.flash = tmp_path / "kept"
    bench.open()
    bench.node.power_up()
    bench.run(3_000, step_ms=20)
    turns: list[int] = []  # when the door opened
    for _ in range(25):
        match rng.randrange(5):
            case 0 | 1:
                turns.append(bench.station_us)
                bench.node.level(DOOR, 1)
                bench.run(rng.randrange(100, 600), step_ms=20)
                bench.node.level(DOOR, 0)
                bench.run(2_500, step_ms=20)  # so that the flash has it
            case 2:
                bench.is_line_cut = not bench.is_line_cut
            case 3:
                power_cut(bench, rng.randrange(100, 9_000))
                bench.run(600, step_ms=20)
            case 4:
                bench.crash()
        bench.run(rng.randrange(100, 3_000), step_ms=20)
    bench.is_line_cut = False
    bench.run(12_000, step_ms=20)
    opened = bench.facts("door.opened")
    assert len(opened) == len(turns)
    opened.sort(key=lambda fact: (fact["source"]["boot"], fact["source"]["seq"]))
    wrong = [(at_us, fact) for at_us, fact in zip(turns, opened, strict=True) if not holds(fact, at_us)]
    assert wrong == []
    assert of_door(bench).count("door.closed") == len(turns) + 1  # and the state at the very start


def test_the_numbers_of_earlier_boots_are_bounded() -> None:
    seen = SeenSeqs()
    for boot in range(1, 32):
        for seq in range(1, 10_000, 3):
            seen.add(boot, seq)
    assert len(seen._earlier) == EARLIER_BOOTS_MAX
    assert max(len(numbers) for numbers in seen._earlier.values()) <= SEEN_SEQS_MAX
    assert seen.has_kept(30, 9_997)
    assert not seen.has_kept(30, 9_998)
    assert seen.has_kept(30, 2)  # so old that it must have been
    assert seen.has_kept(3, 9_998)  # a boot before all that are remembered
    seen.add(30, 9_998)
    assert seen.has_kept(30, 9_998)
