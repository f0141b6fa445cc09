"""Real programs and files, broken where it hurts: killed at named points, logs rotten, a disk full, the wall clock set.

1. The demo's day is played to 17:00 by broker, server, both gateways and their nodes. Gateways and server die at each
   point of tests/e2e/points.py, KILLS_EACH times, by their own hand and in the middle of the step. Meanwhile durable
   lines of the newest segment rot and its tail is torn. Then the logs are read.
2. A gateway's disk of four MiB is filled up by another program, and emptied again.
3. The wall clocks of gateway and server are set by minutes, a day and to 1970 while somebody's limit runs.
"""

import base64
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from caselog import canonical
from caselog.disk import FileDisk
from caselog.keys import SoftKey
from caselog.log import Log
from caseward.demo import beats, story
from caseward.demo.beats import Beat, clock
from tests.demo.offline import areas, played_beats
from tests.e2e import lives as life
from tests.e2e import stepped
from tests.e2e.chain import DAY_US, Chain
from tests.e2e.compare import Alarms, Stage, alarms_of, difference
from tests.e2e.lives import Life, Lives
from tests.e2e.points import GATEWAY, POINTS, SERVER
from tests.e2e.stepped import DAY_S, MINUTE_S, Judged, Stepped
from tests.gateway.filled_up import Found, fill_up
from tests.tools.tree import ROOT

SPEED, SEED = 60.0, 1
KILLS_EACH, TORN_EACH = 10, 5
FROM_US, UNTIL_US = clock("08:05"), clock("17:00")
LONG_S = 1_500.0
"""Of killing, whatever is left then; nine minutes on an idle machine."""
TAIL_HOURS = 30
"""After the day, for a machine that is not done by then: doors and acts go on, so that every point can be reached."""
TOLERANCE_US = int(2 * SPEED * 1e6)  # two seconds of the machine
WITHIN_S = 10.0  # of one life
PLANS = ("standard", "annex")
OFFSETS = (10 * MINUTE_S, -10 * MINUTE_S, DAY_S, -DAY_S, DAY_S - int(time.time()), 0)
OUTSIDE_S, NOTICED_S = 0.05, 2.0
VERIFY = ROOT / "server" / "verify" / "verify.py"


def run(say: Callable[[str], None]) -> dict[str, Any]:
    killed = _killed(say)
    say("realfaults: a disk that fills up")
    with tempfile.TemporaryDirectory(prefix="caseward-prove-") as folder:
        full = fill_up(Path(folder), is_low_awaited=True)
    say("realfaults: the wall clock")
    with tempfile.TemporaryDirectory(prefix="caseward-prove-") as folder:
        steps = _steps(Path(folder))
    figures = {"killed": killed, "full_disk": asdict(full), "wall_clock": steps}
    figures["holds"] = killed["holds"] and steps["holds"] and _is_full_disk_good(full)
    return figures


# --- killed --------------------------------------------------------------------------------------


def _killed(say: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="caseward-prove-") as folder:
        slowdown = life.slowdown()
        chain = Chain(Path(folder), PLANS, SPEED / slowdown, SEED)
        try:
            chain.begin([*_day(chain), *_tail(chain)], UNTIL_US + TAIL_HOURS * beats.HOUR_US)
            chain.wait_until(FROM_US)
            killers = _Killers(chain, say, slowdown)
            killers.run()
            chain.wait_until(UNTIL_US)
            chain.play.stop.set()
            chain.finish()
            chain.heal()
            return _figures(chain, killers)
        finally:
            chain.close()


def _day(chain: Chain) -> list[Beat]:
    return [beat for beat in story.day(chain.station.areas, SEED, 0) if beat.at_us < UNTIL_US]


def _tail(chain: Chain) -> list[Beat]:
    """Each minute a door is passed, and an officer who is known is made known again: what is alarmed of it is not compared."""
    opening = story.opening(chain.station.areas)
    found = []
    for area in chain.station.areas.values():
        door = next(door.id for door in area.doors.values() if not door.controlled)
        act = next(beat for beat in opening if beat.area == area.id and beat.verb == beats.FORM)
        for minute in range(1, TAIL_HOURS * 60):
            at_us = UNTIL_US + minute * beats.MINUTE_US
            found += [Beat(at_us, minute, area.id, beats.PASS, door), replace(act, at_us=at_us)]
    return found


class _Killers:
    """One thread a gateway, one for the server. Damaged logs come last: mending them needs the server."""

    def __init__(self, chain: Chain, say: Callable[[str], None], slowdown: float) -> None:
        """`slowdown`: of this machine by what else it does (tests/e2e/lives.py)."""
        self.chain = chain
        self._say = say
        self._end = time.monotonic() + LONG_S * slowdown
        within_s = WITHIN_S * slowdown
        self.of_server = Lives(chain, SERVER, random.Random(f"{SEED}/server"), within_s)
        self.of_gateways = {
            area: Lives(chain, f"{GATEWAY}-{area}", random.Random(f"{SEED}/{area}"), within_s)
            for area in chain.station.areas
        }

    @property
    def lives(self) -> list[Life]:
        found = list(self.of_server.lives)
        for one in self.of_gateways.values():
            found += one.lives
        return found

    def run(self) -> None:
        with ThreadPoolExecutor() as threads:
            server = threads.submit(self._kill_server)
            gateways = [
                threads.submit(self._kill_gateway, number, area, server)
                for number, area in enumerate(self.of_gateways)
            ]
            for thread in (server, *gateways):
                thread.result()

    def _is_over(self) -> bool:
        return time.monotonic() > self._end

    def _kill_server(self) -> None:
        points = life.points_of(SERVER) * KILLS_EACH
        random.Random(f"{SEED}/order").shuffle(points)
        life.kill_at(self.of_server, points, self._is_over)
        self._say(f"realfaults: server, {len(self.of_server.lives)} lives")

    def _kill_gateway(self, number: int, area: str, server: Future[None]) -> None:
        lives = self.of_gateways[area]
        life.kill_at(lives, self._share(number, damaged=False), self._is_over)
        self._say(f"realfaults: gateway of {area}, {len(lives.lives)} lives")
        server.result()
        for _ in range(TORN_EACH):
            lives.down()
            times, cut = self.torn_of(area) + 1, life.tear(self.chain.station.log_folder(area))
            lives.up()
            life.wait_until_told(self.chain, area, f"torn tail of {cut} bytes cut", times)
        life.kill_while_damaged(lives, area, self._share(number, damaged=True), self._is_over)
        self._say(f"realfaults: gateway of {area}, {len(lives.lives)} lives, log mended")

    def _share(self, number: int, *, damaged: bool) -> list[str]:
        """Every second of the kills, in an order of chance."""
        points = life.points_of(GATEWAY, damaged=damaged) * KILLS_EACH
        random.Random(f"{SEED}/order/{damaged}").shuffle(points)
        return points[number :: len(PLANS)]

    def torn_of(self, area: str) -> int:
        return sum("torn tail" in reason for reason in life.reasons(self.chain, area))


def _figures(chain: Chain, killers: _Killers) -> dict[str, Any]:
    frames = chain.frames()
    expected = _by_engine()
    found = {area: alarms_of(chain.gateway_log(area)) for area in expected}
    results = {area: difference(expected[area], _ours(found[area]), TOLERANCE_US) for area in expected}
    surplus = {
        area: life.surplus_without_late_acts(chain, area, results[area].surplus, TOLERANCE_US)
        for area in expected
    }
    late = [one for area in expected for one in life.late_stages(chain, area)]
    recoveries = sorted(s for area in expected for s in life.recoveries_s(chain, area, killers.lives))
    by_point = life.by_point(killers.lives)
    damaged = {area: _count(chain, area, "log.damaged/1") for area in expected}
    verdicts = [_verify(chain, area) for area in expected]
    figures = {
        "speed": round(chain.speed, 1),
        "seed": SEED,
        "kills_by_point": by_point,
        "kills_landed": sum(counts["landed"] for counts in by_point.values()),
        "torn_tails_cut_and_told": {area: killers.torn_of(area) for area in expected},
        "damaged_segments_mended": damaged,
        "messages_acked_to_nodes": len(frames.acked),
        "messages_acked_and_lost": [list(key) for key in chain.lost(frames)],
        "messages_out_of_order": [list(key) for key in life.out_of_order(chain)],
        "messages_in_the_log_that_no_node_sent": len(set(chain.logged()) - set(frames.sent)),
        "leaves_with_an_id_used_twice": chain.doubled_ids(),
        "leaves": {area: _sound_leaves(chain, area) for area in expected},
        "server_log_equals_gateway_log": {area: chain.is_equal(area) for area in expected},
        "bundles_to_verify_py": verdicts,
        "alarm_stages": {area: len(_ours(found[area])) for area in expected},
        "alarms_missing": [_short(s) for r in results.values() for s in r.missing],
        "alarms_surplus": [_short(s) for stages in surplus.values() for s in stages],
        "alarms_of_acts_entered_late": sum(len(r.surplus) for r in results.values())
        - sum(map(len, surplus.values())),
        "alarms_doubled": [_short(s) for a in found.values() for s in a.doubled],
        "alarms_late": {why: sum(one.why == why for one in late) for why in {one.why for one in late}},
        "alarms_late_beyond_the_time_without_power": [
            _short(one.stage) | {"unexplained_s": round(one.unexplained_us / 1e6)}
            for one in late
            if one.unexplained_us > TOLERANCE_US
        ],
        "recoveries": len(recoveries),
        "recovery_s": {
            "median": round(recoveries[len(recoveries) // 2], 2), "most": round(recoveries[-1], 2),
        },
        "forms_refused": len(chain.play.office.refused),
    }  # fmt: skip
    figures["holds"] = (
        all(by_point.get(point, {"landed": 0})["landed"] >= KILLS_EACH for point in POINTS)
        and all(figures["server_log_equals_gateway_log"].values())
        and all(verdict["exit_code"] == 0 for verdict in verdicts)
        and min(damaged.values()) > 0
        and not any(
            figures[name]
            for name in (
                "messages_acked_and_lost",
                "messages_out_of_order",
                "messages_in_the_log_that_no_node_sent",
                "leaves_with_an_id_used_twice",
                "alarms_missing",
                "alarms_surplus",
                "alarms_doubled",
                "alarms_late_beyond_the_time_without_power",
            )
        )
    )
    return figures


def _ours(alarms: Alarms) -> list[Stage]:
    """Alarms about people, rooms and doors that fell due within what was played."""
    return [s for s in alarms.standing if s.rule != "SYS" and s.due_us <= DAY_US + UNTIL_US]


def _by_engine() -> dict[str, list[Stage]]:
    """The same day played straight into the engine, with no process at all."""
    plans = areas()
    day = [beat for beat in story.day(plans, SEED, 0) if beat.at_us < UNTIL_US]
    offline = played_beats(plans, day, UNTIL_US, DAY_US)
    return {
        area: [
            Stage(e.rule, e.variant, e.subject, e.stage, e.time_us, e.late_us, e.alarm, e.fact)
            for e in offline.raised(area)
            if e.rule != "SYS"
        ]
        for area in plans
    }


def _count(chain: Chain, area: str, type_: str) -> int:
    return sum(canonical.loads(leaf)["type"] == type_ for leaf in chain.gateway_log(area))


def _sound_leaves(chain: Chain, area: str) -> int:
    """Leaves of the log on the disk, read and checked from the first byte to the last. Raises LogDamaged."""
    chain.station.programs.kill(f"{GATEWAY}-{area}")
    log, _ = Log.open(FileDisk(chain.station.log_folder(area)), held_size=len(chain.server_log(area)))
    return log.size


def _verify(chain: Chain, area: str) -> dict[str, Any]:
    """A stay that was released, as a bundle, before the verifier that shares no code with us."""
    leaves = [canonical.loads(leaf) for leaf in chain.gateway_log(area)]
    stay = next(leaf["stay"] for leaf in leaves if leaf["type"] == "log.stay_counted/1")
    bundle = chain.folder / f"{area}.bundle"
    server = chain.station.folder / "server"
    chain.station.run(
        "bundle", "--data", str(server), "--stay", stay, "-o", str(bundle),
        "--officer", story.ADMIN[area], "--reason", "proof",
    )  # fmt: skip
    folder = chain.station.log_folder(area).parent
    key = SoftKey.load(folder / "keys" / "gateway.key").public
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFY), str(bundle), "--log-key", base64.b64encode(key).decode(), "--lang", "en"],
        capture_output=True, text=True,
    )  # fmt: skip
    return {"exit_code": done.returncode, "says": done.stdout.splitlines()[0] if done.stdout else done.stderr}


def _short(stage: Stage) -> dict[str, Any]:
    return {
        "rule": f"{stage.rule}/{stage.variant}", "subject": stage.subject, "stage": stage.stage,
        "due_s_of_the_day": (stage.due_us - DAY_US) // 1_000_000,
    }  # fmt: skip


# --- full, and set -------------------------------------------------------------------------------


def _is_full_disk_good(found: Found) -> bool:
    return (
        found.told == ["low", "full", "ok"]
        and found.left_out > 0
        and (found.acks_while_full, found.leaves_while_full, found.sounder_while_full) == (0, 0, 1)
        and (found.lost, found.doubled_ids, found.is_same_at_server) == ([], [], True)
    )


def _steps(folder: Path) -> dict[str, Any]:
    station = Stepped(folder)
    try:
        station.begin()
        found = [stepped.play_steps(station, "a2-500000", OFFSETS, each_s=1.5)]
        told_ms = station.stepped_ms()
        for number, offset_s in enumerate(OFFSETS, 1):
            found.append(stepped.play_restart(station, f"a2-50000{number}", offset_s, left_s=6.0))
        outside_s = station.outside_s()
    finally:
        station.close()
    steps_ms = [(after - before) * 1_000 for before, after in pairwise((0, *OFFSETS))]
    apart_ms = [abs(told - step) for told, step in zip(told_ms, steps_ms, strict=False)]
    return {
        "offsets_s": OFFSETS,
        "steps_told": len(told_ms),
        "steps_told_apart_ms_max": max(apart_ms, default=None),
        "limits": [asdict(one) for one in found],
        "true_time_outside_of_an_interval_s_max": outside_s,
        "holds": len(told_ms) == len(steps_ms)
        and max(apart_ms) < 1_000
        and outside_s < OUTSIDE_S
        and all(map(_is_judged_well, found)),
    }


def _is_judged_well(found: Judged) -> bool:
    return (
        found.alarms == 1
        and found.due_apart_s == 0
        and found.told_s < NOTICED_S
        and (found.told_s >= 0 or not found.is_certain)
    )
