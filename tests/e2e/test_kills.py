"""kill -9 of gateway, server and broker, three times each, in the middle of a dense hour."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from caselog import canonical
from caseward.demo.beats import clock
from tests.demo.offline import areas, played_beats
from tests.e2e.chain import DAY_US, Chain
from tests.e2e.compare import Stage, alarms_of, difference
from tests.e2e.hour import AREA, UNTIL_US, hour
from tests.e2e.lives import slowdown, surplus_without_late_acts
from tests.gateway.program import wait_for
from tests.tools.need import need

pytestmark = [pytest.mark.real, pytest.mark.slow]

SECOND_US = 1_000_000
SPEED, SPEED_MIN = 45.0, 15.0
"""Slower than the other tests: the limit of M2a has to fall between a kill and a start, and who entered be in the log before."""
TOLERANCE_US = 90 * SECOND_US  # station time: two seconds of a machine that runs everything at once
GATEWAY, SERVER, BROKER = f"gateway-{AREA}", "server", "broker"
ACROSS = "08:13:20"
SCHEDULE = (
    # (station time, program, how many minutes of the station it stays down)
    ("08:05", GATEWAY, 1),
    ("08:07", SERVER, 1),
    ("08:10", BROKER, 1),
    (ACROSS, GATEWAY, 4),  # M2a (no search ten minutes after entry) falls due while nobody watches
    ("08:18", SERVER, 1),
    ("08:21", BROKER, 1),
    ("08:24", GATEWAY, 1),
    ("08:27", SERVER, 1),
    ("08:30", BROKER, 1),
)


def has_both(chain: Chain) -> bool:
    """Whether the gateway's log has the two who come in this hour."""
    leaves = map(canonical.loads, chain.gateway_log(AREA))
    return sum(leaf["type"] == "wristband.bound/1" for leaf in leaves) == 2


def at(text: str) -> int:
    hour_minute, _, second = text.partition(":")[2].partition(":")
    return clock(f"08:{hour_minute}") + int(second or 0) * SECOND_US


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    need("mosquitto")
    folder: Path = tmp_path_factory.mktemp("kills")
    chain = Chain(folder, speed=max(SPEED_MIN, SPEED / slowdown()))
    try:
        chain.begin(hour(chain.station.areas), UNTIL_US)
        for when, program, minutes in SCHEDULE:
            chain.wait_until(at(when))
            if when == ACROSS:
                wait_for("both to be entered", lambda: has_both(chain))
            chain.kill(program)
            chain.wait_until(at(when) + minutes * 60 * SECOND_US)
            chain.restart(program)
        chain.finish()
        chain.heal()
        yield chain
    finally:
        chain.close()


def test_every_kill_ended_a_process_of_its_own(chain: Chain) -> None:
    assert [kill.program for kill in chain.kills] == [program for _, program, _ in SCHEDULE]
    assert len({kill.pid for kill in chain.kills}) == len(SCHEDULE)
    assert all(kill.pid > 0 for kill in chain.kills)


def test_nothing_acked_to_a_node_is_lost_and_nothing_is_there_twice(chain: Chain) -> None:
    frames = chain.frames()
    assert len(frames.acked) > 50
    assert chain.lost(frames) == []
    assert chain.doubled_ids() == []
    assert set(chain.logged()) <= set(frames.sent), "the log holds what no node has sent"


def test_the_alarms_are_those_of_an_unbroken_run(chain: Chain) -> None:
    plans = {AREA: areas()[AREA]}
    unbroken = played_beats(plans, hour(plans), UNTIL_US, DAY_US)
    expected = [
        Stage(e.rule, e.variant, e.subject, e.stage, e.time_us, e.late_us, e.alarm, e.fact)
        for e in unbroken.raised(AREA)
    ]
    found = alarms_of(chain.gateway_log(AREA))
    standing = [
        stage for stage in found.standing if stage.rule != "SYS"
    ]  # SYS tells of the outages themselves
    result = difference(expected, standing, TOLERANCE_US)
    assert result.missing == []
    assert surplus_without_late_acts(chain, AREA, result.surplus, TOLERANCE_US) == []
    assert found.doubled == []


def test_the_server_holds_the_gateways_log_byte_for_byte(chain: Chain) -> None:
    assert chain.gateway_log(AREA) == chain.server_log(AREA)


def test_a_deadline_that_passed_while_the_gateway_was_down_is_told_first_and_marked_late(
    chain: Chain,
) -> None:
    kill = next(kill for kill in chain.kills if kill.aim == "" and kill.station_us >= DAY_US + at(ACROSS))
    late = [s for s in alarms_of(chain.gateway_log(AREA)).standing if s.rule == "M2a" and s.stage == "10min"]
    assert late, "M2a was due while the gateway was down"
    assert kill.station_us < min(stage.due_us for stage in late), (
        "the machine killed it too late for this test"
    )
    assert all(stage.late_us > 30 * SECOND_US for stage in late)
    # Outputs that the kill kept from the disk may come before it: they follow from facts of before.
    after = [canonical.loads(data) for data in chain.gateway_log(AREA)[kill.log_sizes[AREA] :]]
    facts = [leaf for leaf in after if leaf["class"] == "fact"]
    assert [leaf["type"] for leaf in facts[:2]] == ["deadline.reached/1", "gateway.booted/1"]
    assert all(facts[0]["index"] < stage.index < facts[1]["index"] for stage in late)
