"""kill -9 of gateway, server and broker, 20 times each, during the demo's day; compared with an unbroken run.

The same day of the same seed is played twice on the same machine, once left alone and once killed. A kill of a
gateway is aimed: its trace is watched, and it is killed when it has just put on the disk (or is about to)
what a node has told, before it can ack. Whether that landed is read afterwards from the wire and the log.
"""

import os
import random
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from caselog import canonical
from caseward.demo import beats, story
from caseward.demo.beats import Beat, clock
from tests.demo.offline import areas, played_beats
from tests.e2e.chain import DAY_US, Chain, Kill
from tests.e2e.compare import Alarms, Stage, alarms_of, difference
from tests.e2e.wire_record import Frames

SPEED = 90.0
SEED = 1
KILLS_EACH = 20
AIMED_MIN = 5
BEGIN_US, UNTIL_US = clock("08:05"), clock("17:00")  # T5 (eight hours without approval) is in it
TOLERANCE_US = 90_000_000  # one second of the machine
AIM_S = 3.0  # of waiting for the step; then the kill is a blind one
AIMS = ("durable", "commit", "durable", "append")
"""Steps of the gateway's trace: a fact is on the disk; is about to be; is not yet even written."""
DOWN_S = (0.3, 1.5)
PLANS = ("standard", "annex")
SENSED = (beats.TAG, beats.PASS, beats.RECORDER, beats.DOOR)


@dataclass
class Run:
    """What one run left behind."""

    logs: dict[str, list[bytes]]
    are_equal: dict[str, bool]
    frames: Frames
    lost: list[Any]
    doubled_ids: list[str]
    kills: list[Kill]
    between: list[dict[str, Any]]
    alarms: dict[str, Alarms] = field(default_factory=dict)
    took_s: float = 0.0
    forms_refused: int = 0

    def __post_init__(self) -> None:
        self.alarms = {area: alarms_of(leaves) for area, leaves in self.logs.items()}


def run(say: Callable[[str], None]) -> dict[str, Any]:
    say("kills: the unbroken run")
    unbroken = _play(say, is_broken=False)
    say("kills: the run with kills")
    broken = _play(say, is_broken=True)
    return _report(unbroken, broken)


def _day(chain: Chain) -> list[Beat]:
    return [b for b in story.day(chain.station.areas, SEED, 0) if b.at_us < UNTIL_US]


def _play(say: Callable[[str], None], *, is_broken: bool) -> Run:
    with tempfile.TemporaryDirectory(prefix="caseward-prove-") as folder:
        chain = Chain(Path(folder), PLANS, SPEED, SEED, is_traced=True)
        begun = time.monotonic()
        try:
            day = _day(chain)
            chain.begin(day, UNTIL_US)
            killers = _killers(chain, day, say) if is_broken else []
            for killer in killers:
                killer.start()
            chain.finish()
            for killer in killers:
                killer.join()
            chain.heal()
            return _result(chain, time.monotonic() - begun)
        finally:
            chain.close()


def _result(chain: Chain, took_s: float) -> Run:
    frames = chain.frames()
    return Run(
        logs={area: chain.gateway_log(area) for area in chain.station.areas},
        are_equal={area: chain.is_equal(area) for area in chain.station.areas},
        frames=frames,
        lost=chain.lost(frames),
        doubled_ids=chain.doubled_ids(),
        kills=sorted(chain.kills, key=lambda kill: kill.at_ns),
        between=_between(chain, frames),
        took_s=took_s,
        forms_refused=len(chain.play.office.refused),
    )


# --- killing ---------------------------------------------------------------------------------


def _killers(chain: Chain, day: list[Beat], say: Callable[[str], None]) -> list[threading.Thread]:
    gateways = threading.Thread(target=_kill_gateways, args=(chain, day, say))
    others = [
        threading.Thread(target=_kill_blindly, args=(chain, program, say)) for program in ("server", "broker")
    ]
    return [gateways, *others]


def _kill_blindly(chain: Chain, program: str, say: Callable[[str], None]) -> None:
    rng = random.Random(f"{SEED}/{program}")
    span_us = (UNTIL_US - BEGIN_US - clock("00:20")) // KILLS_EACH
    for number in range(KILLS_EACH):
        chain.wait_until(BEGIN_US + number * span_us + rng.randrange(span_us // 3))
        kill = chain.kill(program)
        time.sleep(rng.uniform(*DOWN_S))
        chain.restart(program)
        if number % 5 == 4:
            say(f"kills: {program} {number + 1} of {KILLS_EACH}, last pid {kill.pid}")


def _kill_gateways(chain: Chain, day: list[Beat], say: Callable[[str], None]) -> None:
    rng = random.Random(f"{SEED}/gateway")
    sensed = [b for b in day if b.verb in SENSED and b.at_us >= BEGIN_US]
    span_us = (UNTIL_US - BEGIN_US - clock("00:20")) // KILLS_EACH
    for number in range(KILLS_EACH):
        from_us = BEGIN_US + number * span_us
        # Where something is about to happen; every third time the other area has its turn.
        coming = [b for b in sensed if from_us + span_us // 4 <= b.at_us < from_us + span_us]
        wanted = "a2" if number % 3 == 2 else "a1"
        beat = next((b for b in coming if b.area == wanted), coming[0] if coming else None)
        area, at_us = (beat.area, beat.at_us) if beat is not None else (wanted, from_us + span_us // 4)
        chain.wait_until(at_us - clock("00:01") // 2)
        program = f"gateway-{area}"
        step = AIMS[number % len(AIMS)]
        landed = _aim(chain, area, chain.station.programs.all[program].pid, step)
        chain.kill(program, landed or "blind")
        time.sleep(rng.uniform(*DOWN_S))
        chain.restart(program)
        if number % 5 == 4:
            say(f"kills: gateways {number + 1} of {KILLS_EACH}")


def _aim(chain: Chain, area: str, pid: int, step: str) -> str:
    """Wait until the gateway's trace tells of this step, and kill it there; the line, or ""."""
    begins = f"{pid} {step}".encode()
    end = time.monotonic() + AIM_S
    with chain.station.trace(area).open("rb") as trace:
        trace.seek(0, os.SEEK_END)
        while time.monotonic() < end:
            for line in trace.read().splitlines():
                if line.startswith(begins):
                    os.kill(pid, 9)
                    return line.decode()
            time.sleep(0.0002)
    return ""


def _between(chain: Chain, frames: Frames) -> list[dict[str, Any]]:
    """Messages whose leaf is in the log of a gateway that was killed before it acked them: acked by a later one only."""
    logged = chain.logged()
    boots = _boots(chain)
    found = []
    for key, indices in logged.items():
        area = key[0].partition("-")[0]
        by = boots[area]
        writer = by[indices[0]]
        acks = frames.acked.get(key, [])
        if acks and min(ack.gateway_boot for ack in acks) > writer:
            found.append(
                {
                    "node": key[0],
                    "node_boot": key[1],
                    "seq": key[2],
                    "leaf": indices[0],
                    "written_by_boot": writer,
                    "acked_by_boot": min(ack.gateway_boot for ack in acks),
                }
            )
    return found


def _boots(chain: Chain) -> dict[str, list[int]]:
    """Boot number of the gateway that wrote each leaf, per area."""
    return {
        area: [canonical.loads(data)["recorded"]["boot"] for data in chain.gateway_log(area)]
        for area in chain.station.areas
    }


# --- comparing -------------------------------------------------------------------------------


def _report(unbroken: Run, broken: Run) -> dict[str, Any]:
    expected = {area: _ours(unbroken.alarms[area]) for area in unbroken.alarms}
    found = {area: _ours(broken.alarms[area]) for area in broken.alarms}
    results = {area: difference(expected[area], found[area], TOLERANCE_US) for area in expected}
    by_engine = _by_engine()
    alone = {area: difference(by_engine[area], expected[area], TOLERANCE_US) for area in expected}
    counts = {
        name: sum(kill.program.startswith(name) for kill in broken.kills)
        for name in ("gateway", "server", "broker")
    }
    cut_between = {(entry["node"].partition("-")[0], entry["written_by_boot"]) for entry in broken.between}
    late = [stage for area in found for stage in found[area] if stage.late_us]
    figures = {
        "speed": SPEED,
        "seed": SEED,
        "station_hours": round((UNTIL_US - story.START_US) / beats.HOUR_US, 2),
        "kills": counts,
        "kills_of_a_gateway_between_append_and_ack": len(cut_between),
        "messages_acked_to_nodes": len(broken.frames.acked),
        "messages_acked_and_lost": [list(key) for key in broken.lost],
        "leaves_with_an_id_used_twice": broken.doubled_ids,
        "leaves": {area: len(leaves) for area, leaves in broken.logs.items()},
        "leaves_unbroken": {area: len(leaves) for area, leaves in unbroken.logs.items()},
        "server_log_equals_gateway_log": broken.are_equal,
        "alarm_stages": {area: len(stages) for area, stages in found.items()},
        "alarm_stages_unbroken": {area: len(stages) for area, stages in expected.items()},
        "alarms_missing": [_short(s) for r in results.values() for s in r.missing],
        "alarms_surplus": [_short(s) for r in results.values() for s in r.surplus],
        "alarms_doubled": [_short(s) for a in broken.alarms.values() for s in a.doubled],
        "due_times_apart_s_max": max(r.farthest_us for r in results.values()) / 1e6,
        "unbroken_run_against_engine_alone": {
            "missing": [_short(s) for r in alone.values() for s in r.missing],
            "surplus": [_short(s) for r in alone.values() for s in r.surplus],
        },
        "alarms_noticed_late": [_short(s) | {"late_s": round(s.late_us / 1e6)} for s in late],
        "alarms_withdrawn_by_late_evidence": [_short(s) for a in broken.alarms.values() for s in a.withdrawn],
        "sys_alarm_stages_about_the_outages": {
            area: sum(stage.rule == "SYS" for stage in alarms.standing)
            for area, alarms in broken.alarms.items()
        },
        "forms_refused": broken.forms_refused,
        "took_s": {"unbroken": round(unbroken.took_s), "broken": round(broken.took_s)},
        "between_append_and_ack": broken.between,
        "each_kill": [asdict(kill) for kill in broken.kills],
    }
    figures["holds"] = (
        all(count >= KILLS_EACH for count in counts.values())
        and len({kill.pid for kill in broken.kills}) == len(broken.kills)
        and figures["kills_of_a_gateway_between_append_and_ack"] >= AIMED_MIN
        and not any(
            figures[name]
            for name in (
                "messages_acked_and_lost",
                "leaves_with_an_id_used_twice",
                "alarms_missing",
                "alarms_surplus",
                "alarms_doubled",
            )
        )
        and all(broken.are_equal.values())
    )
    return figures


def _ours(alarms: Alarms) -> list[Stage]:
    """Alarms about people, rooms and doors; SYS tells of the outages themselves and is listed apart."""
    return [stage for stage in alarms.standing if stage.rule != "SYS"]


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


def _short(stage: Stage) -> dict[str, Any]:
    return {
        "rule": f"{stage.rule}/{stage.variant}",
        "subject": stage.subject,
        "stage": stage.stage,
        "due": beats.time_of((stage.due_us - DAY_US) % beats.DAY_US),
    }
