"""Gateway and server, killed at named points of their own doing during a dense hour, the log rotting in between."""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from caselog import canonical
from caselog.disk import FileDisk
from caselog.log import Log
from caseward.demo.beats import clock
from tests.demo.offline import areas, played_beats
from tests.e2e import lives as life
from tests.e2e.chain import DAY_US, Chain
from tests.e2e.compare import Stage, alarms_of, difference
from tests.e2e.hour import AREA, UNTIL_US, hour
from tests.e2e.lives import Life, Lives
from tests.e2e.points import GATEWAY, POINTS, SERVER
from tests.tools.need import need

pytestmark = [pytest.mark.real, pytest.mark.slow]

SPEED, SPEED_MIN = 60.0, 12.0
"""On an idle machine, and on the busiest: a start must not take so long there that a node's queue runs over."""
TOLERANCE_US = int(SPEED * 1e6)  # one second of an idle machine
FROM_US = clock("08:02")
LONG_S = 120.0  # of killing; 30 on an idle machine, where the hour itself takes 36
GATEWAY_POINTS = (
    "before fsync",
    "after fsync",
    "before publish",
    "before ack to a node",
    "after ack to a node",
    "after the server's ack",
    "in the cursor's save",
    "before the boot counter's rename",
    "in the replay",
    "after the recovery's first fsync",
)
SERVER_POINTS = (
    "leaves written, not committed",
    "before the ack's publish",
    "between commit and projection",
    "in the projection",
)
DAMAGED_POINTS = ("before the mended segment takes its place", "in the merge of the interim log")
LANDED_MIN = 8  # of 16: a loaded machine may not come to all
WITHIN_S = 10.0  # of one life, on an idle machine


@dataclass
class Played:
    """What was played; `end_s`: when the killing ends, whatever is left."""

    chain: Chain
    gateway: Lives
    server: Lives
    end_s: float = field(default_factory=lambda: time.monotonic() + LONG_S)

    @property
    def lives(self) -> list[Life]:
        return self.gateway.lives + self.server.lives

    def is_over(self) -> bool:
        return time.monotonic() > self.end_s

    def kill_gateways(self, server: threading.Thread) -> None:
        folder = self.chain.station.log_folder(AREA)
        life.kill_at(self.gateway, GATEWAY_POINTS, self.is_over)
        server.join()
        self.gateway.down()
        cut = f"torn tail of {life.tear(folder)} bytes cut"
        self.gateway.up()
        life.wait_until_told(self.chain, AREA, cut)
        life.kill_while_damaged(self.gateway, AREA, DAMAGED_POINTS, lambda: False)

    def kill_servers(self) -> None:
        life.kill_at(self.server, SERVER_POINTS, self.is_over)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    need("mosquitto")
    folder: Path = tmp_path_factory.mktemp("points")
    slowdown = life.slowdown()
    chain = Chain(folder, speed=max(SPEED_MIN, SPEED / slowdown))
    try:
        chain.begin(hour(chain.station.areas), UNTIL_US)
        chain.wait_until(FROM_US)
        within_s = WITHIN_S * slowdown
        played = Played(
            chain,
            Lives(chain, f"{GATEWAY}-{AREA}", random.Random("gateway"), within_s, passes_max=4),
            Lives(chain, SERVER, random.Random("server"), within_s, passes_max=2),
        )
        server = threading.Thread(target=played.kill_servers)
        server.start()
        played.kill_gateways(server)
        chain.finish()
        chain.heal()
        yield played
    finally:
        chain.close()


def test_every_point_names_functions_that_are_there() -> None:
    for name, point in POINTS.items():
        assert point.moments(), name
        assert point.passes_max > 0


def test_programs_died_where_they_were_meant_to(played: Played) -> None:
    landed = [life for life in played.lives if life.landed]
    assert len(landed) >= LANDED_MIN
    assert len({life.point for life in landed}) >= LANDED_MIN
    assert len({life.pid for life in landed}) == len(landed)


def test_nothing_acked_to_a_node_is_lost_doubled_or_out_of_order(played: Played) -> None:
    frames = played.chain.frames()
    assert len(frames.acked) > 50
    assert played.chain.lost(frames) == []
    assert played.chain.doubled_ids() == []
    assert set(played.chain.logged()) <= set(frames.sent), "the log holds what no node has sent"
    assert life.out_of_order(played.chain) == []


def test_gateway_and_server_hold_one_sound_log(played: Played) -> None:
    leaves = played.chain.gateway_log(AREA)
    assert leaves == played.chain.server_log(AREA)
    played.chain.station.programs.kill(f"{GATEWAY}-{AREA}")
    Log.open(FileDisk(played.chain.station.log_folder(AREA)), held_size=len(leaves))


def test_alarms_are_those_of_an_unbroken_run_and_late_only_by_the_time_without_power(played: Played) -> None:
    plans = {AREA: areas()[AREA]}
    unbroken = played_beats(plans, hour(plans), UNTIL_US, DAY_US)
    expected = [
        Stage(e.rule, e.variant, e.subject, e.stage, e.time_us, e.late_us, e.alarm, e.fact)
        for e in unbroken.raised(AREA)
    ]
    found = alarms_of(played.chain.gateway_log(AREA))
    standing = [
        stage for stage in found.standing if stage.rule != "SYS" and stage.due_us <= DAY_US + UNTIL_US
    ]
    result = difference(expected, standing, TOLERANCE_US)
    surplus = life.surplus_without_late_acts(played.chain, AREA, result.surplus, TOLERANCE_US)
    assert (result.missing, surplus, found.doubled) == ([], [], [])
    late = life.late_stages(played.chain, AREA)
    assert [one for one in late if one.unexplained_us > TOLERANCE_US] == []


def test_a_torn_tail_is_cut_and_told_and_a_rotten_leaf_comes_back_from_the_server(played: Played) -> None:
    leaves = [canonical.loads(leaf) for leaf in played.chain.gateway_log(AREA)]
    folder = played.chain.station.log_folder(AREA)
    torn = [reason for reason in life.reasons(played.chain, AREA) if "torn tail of" in reason]
    assert len(torn) == 1
    damaged = [leaf for leaf in leaves if leaf["type"] == "log.damaged/1"]
    assert damaged
    assert all(leaf["body"]["count"] == 1 for leaf in damaged)
    assert all((folder / leaf["body"]["kept"]).exists() for leaf in damaged)
    assert len(list(folder.parent.glob("interim.merged-*"))) == len(damaged)
