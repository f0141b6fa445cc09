"""Programs of a played station that die at named points, one life after the other, and what the logs say of it."""

import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casegateway.state import load_cursor
from caselog import canonical
from caseward.demo.logtail import read_leaves
from caseward.demo.programs import Program
from tests.e2e.chain import Chain
from tests.e2e.compare import Stage, alarms_of
from tests.e2e.points import DAMAGED, GATEWAY, POINTS, SERVER
from tests.e2e.wire_record import Key
from tests.tools.tree import ROOT

PYTHONPATH = ":".join(str(ROOT / name) for name in ("firmware", "gateway", "server", "."))
ACTS_S = 15.0
MENDED_S = 90.0
"""For a damaged log to be whole again: the server may have to come back first."""
BREATH_US = 2_000_000  # of the accelerated day: twice the width of a board's moment


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a program. `point` is where it was meant to end, `landed` whether it did."""

    program: str
    pid: int
    point: str
    passes: int
    landed: bool
    lasted_s: float
    from_us: int  # station time
    until_us: int


@dataclass(slots=True)
class Lives:
    """Lets one program live and die. Use it from one thread; several programs have one each."""

    chain: Chain
    name: str
    rng: random.Random
    within_s: float = 10.0
    down_s: tuple[float, float] = (0.1, 0.6)
    passes_max: int = 1_000  # and not more than the point says
    lives: list[Life] = field(default_factory=list)
    _argv: Sequence[str] = ()

    def __post_init__(self) -> None:
        self._argv = tuple(self._program.argv)

    @property
    def _program(self) -> Program:
        return self.chain.station.programs.all[self.name]

    @property
    def _landings(self) -> Path:
        return self.chain.folder / "output" / f"{self.name}.landings"

    def down(self) -> None:
        """kill -9, with no regard to where it is."""
        self.chain.kill(self.name)

    def up(self) -> None:
        """Start it with nobody looking on."""
        self._program.argv = self._argv
        self.chain.restart(self.name)

    def live_until(self, point: str) -> Life:
        """Start it, now that it is down; it dies at the point, or blindly when it does not come to it in time."""
        passes = self.rng.randint(1, min(POINTS[point].passes_max, self.passes_max))
        begun, from_us = time.monotonic(), self._now_us()
        pid = self._launch(point, passes)
        while self._program.is_alive and time.monotonic() < begun + self.within_s:
            time.sleep(0.01)
        until_us, lasted_s = self._now_us(), time.monotonic() - begun
        self.chain.kill(self.name, point)
        life = Life(self.name, pid, point, passes, self._has_landed(pid), lasted_s, from_us, until_us)
        self.lives.append(life)
        time.sleep(self.rng.uniform(*self.down_s))
        return life

    def _launch(self, point: str, passes: int) -> int:
        words = [point, str(passes), str(self._landings), "--", *self._argv[3:]]
        program = self._program
        program.argv = [sys.executable, "-m", "tests.e2e.die_at", *words]
        program.env = {**program.env, "PYTHONPATH": PYTHONPATH}
        self.chain.restart(self.name)
        program.wanted = False  # the play starts again what ends by itself: here that is what is wanted
        return program.pid

    def _has_landed(self, pid: int) -> bool:
        text = self._landings.read_text() if self._landings.exists() else ""
        return any(line.split()[0] == str(pid) for line in text.splitlines())

    def _now_us(self) -> int:
        return self.chain.station.plan.timetable.station_us()


def slowdown() -> float:
    """How many times as long as on an idle machine a program takes to start here and now; 1 or more."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [sys.executable, "-c", "import caseserver.main"],
        env=os.environ | {"PYTHONPATH": PYTHONPATH},
        check=True,
    )
    after, took_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begun
    worked_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return max(1.0, took_s / worked_s)


def kill_at(lives: Lives, points: Iterable[str], stopping: Callable[[], bool]) -> None:
    """Lives until each point was landed on, from a program that runs to a program that runs."""
    waiting = deque(points)
    lives.down()
    while waiting and not stopping():
        point = waiting.popleft()
        if not lives.live_until(point).landed:
            waiting.append(point)
        if lives.chain.play.office.waiting:
            lives.up()  # an act that is entered too late is judged as not done: that is not what is asked here
            lives.chain.play.office.drain(ACTS_S)
            lives.down()
    lives.up()


def kill_while_damaged(lives: Lives, area: str, points: Iterable[str], stopping: Callable[[], bool]) -> None:
    """For each point: a durable leaf of the newest segment rots, and the gateway dies there while it deals with it."""
    folder = lives.chain.station.log_folder(area)
    for point in points:
        if stopping():
            break
        lives.down()
        spoil(folder, load_cursor(folder.parent / "outbox.json"), lives.rng)
        lives.live_until(point)
        lives.up()
        wait_until_mended(folder.parent)


def wait_until_mended(gateway: Path) -> None:
    """Until the log is whole again and the interim one put aside."""
    _wait(f"{gateway.name}: the interim log to be merged", lambda: not (gateway / "interim").exists())


def wait_until_told(chain: Chain, area: str, text: str, times: int = 1) -> None:
    """Until so many starts of the gateway have said so in the log."""
    _wait(
        f"gateway.booted with {text!r}",
        lambda: sum(text in reason for reason in reasons(chain, area)) >= times,
    )


def reasons(chain: Chain, area: str) -> list[str]:
    """What each start of the gateway said of the log that it found."""
    leaves = map(canonical.loads, chain.gateway_log(area))
    return [leaf["body"]["reason"] for leaf in leaves if leaf["type"] == "gateway.booted/1"]


def _wait(what: str, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + MENDED_S
    while not condition():
        assert time.monotonic() < end, f"expected {what} within {MENDED_S:.0f} s"
        time.sleep(0.05)


def spoil(folder: Path, held_size: int, rng: random.Random) -> int:
    """Flip a bit in a line of the newest segment; the index of its leaf, one of those that the server is known to hold.

    A last line that nobody else is known to hold looks like a torn one, and is cut: that is not what is asked here.
    """
    segment = max(folder.glob("*.seg"))
    first = int(segment.stem)
    lines = segment.read_bytes().split(b"\n")
    assert first < held_size, f"expected leaves from {first} on that the server holds, found {held_size}"
    index = rng.randrange(first, held_size)
    line = bytearray(lines[index - first])
    line[len(line) // 2] ^= 1
    lines[index - first] = bytes(line)
    segment.write_bytes(b"\n".join(lines))
    return index


def tear(folder: Path) -> int:
    """Leave half a line at the end of the newest segment, as a power cut does; its bytes."""
    half = b'0123abcd {"class":"fact","half of a li'
    with max(folder.glob("*.seg")).open("ab") as segment:
        segment.write(half)
    return len(half)


# --- what the logs say ----------------------------------------------------------------------------


NO_POWER, LATE_EVIDENCE, BY_INTERIM = "no power", "late evidence", "told by the interim log"


@dataclass(frozen=True, slots=True)
class Late:
    """A stage that was told late: by how much, and how much of that is explained by what."""

    stage: Stage
    late_us: int
    unexplained_us: int
    why: str


def surplus_without_late_acts(
    chain: Chain, area: str, surplus: Iterable[Stage], tolerance_us: int
) -> list[Stage]:
    """Those that no act explains which was entered late: a form that is not there yet is a form not entered."""
    leaves = [canonical.loads(data) for data in chain.gateway_log(area)]
    return [
        stage
        for stage in surplus
        if not any(
            cause["occurred"]["by"] == SERVER
            and leaves[stage.index]["recorded"]["earliest_us"] - cause["occurred"]["earliest_us"]
            > tolerance_us
            for cause in _causes(leaves, stage)
        )
        and not _is_of_a_tag_named_later(leaves, stage)
        and not _is_of_reports_under_way(leaves, stage)
        and not _is_of_a_breath(leaves, stage)
    ]


def _is_of_a_breath(leaves: list[dict[str, Any]], stage: Stage) -> bool:
    """It ended in the breath in which it was due: what ends a minute of the story after exactly a minute (an escort through the
    corridor) comes by another board, whose clock is known to a second of the accelerated day, a little before the limit or behind it."""
    return any(
        leaf["type"] == "alarm.cleared/1"
        and leaf["body"]["alarm"] == stage.alarm
        and 0 <= leaf["body"]["at_us"] - stage.due_us < BREATH_US
        for leaf in leaves[stage.index :]
    )


def _is_of_reports_under_way(leaves: list[dict[str, Any]], stage: Stage) -> bool:
    """What a reader had seen of the stay's band before the limit lay in its node's queue still. Where the duty is over when the
    report comes, it stays as it was told: whoever has to handle it still has to."""
    bands = {
        leaf["body"]["band"]
        for leaf in leaves
        if leaf["type"] == "wristband.bound/1" and leaf["body"]["stay"] == stage.subject.partition(":")[2]
    }
    return any(
        leaf["class"] == "fact"
        and leaf["body"].get("tag") in bands
        and leaf["occurred"]["earliest_us"] < stage.due_us
        for leaf in leaves[stage.index + 1 :]
    )


def _is_of_a_tag_named_later(leaves: list[dict[str, Any]], stage: Stage) -> bool:
    """A tag that nobody bore until the form that says who does was entered."""
    kind, _, tag = stage.subject.partition(":")
    return kind == "tag" and any(
        leaf["class"] == "fact" and tag in (leaf["body"].get("band"), leaf["body"].get("badge"))
        for leaf in leaves[stage.index :]
    )


def _causes(leaves: list[dict[str, Any]], stage: Stage) -> list[dict[str, Any]]:
    """Facts recorded at the same reading of the clock as a stage that they led to."""
    recorded = leaves[stage.index]["recorded"]
    return [
        leaf for leaf in leaves[: stage.index] if leaf["class"] == "fact" and leaf["recorded"] == recorded
    ]


def late_stages(chain: Chain, area: str) -> list[Late]:
    """Every late stage of the log beside what explains it; SYS, which tells of the outages themselves, is left out."""
    leaves = [canonical.loads(data) for data in chain.gateway_log(area)]
    stages = [
        stage
        for stage in alarms_of(chain.gateway_log(area)).standing
        if stage.late_us and stage.rule != "SYS"
    ]
    interim = interim_stages(chain, area)
    return [_explained(chain, area, leaves, stage, interim) for stage in stages]


def interim_stages(chain: Chain, area: str) -> list[Stage]:
    """Stages that the interim logs of a damaged gateway have told in their time."""
    folder = chain.station.log_folder(area).parent
    return [
        stage for log in sorted(folder.glob("interim*/log")) for stage in alarms_of(read_leaves(log)).standing
    ]


def _explained(
    chain: Chain, area: str, leaves: list[dict[str, Any]], stage: Stage, interim: list[Stage]
) -> Late:
    leaf = leaves[stage.index]
    told_us, recorded = leaf["recorded"]["earliest_us"], leaf["recorded"]
    causes = [
        other for other in leaves[: stage.index] if other["class"] == "fact" and other["recorded"] == recorded
    ]
    delay_us = max((told_us - other["occurred"]["earliest_us"] for other in causes), default=0)
    reasons = {
        LATE_EVIDENCE: delay_us,
        NO_POWER: told_us - _power_lost_us(chain, area, leaves, stage.index),
    }
    if any(other.about == stage.about for other in interim):
        reasons[BY_INTERIM] = stage.late_us
    why = max(reasons, key=lambda name: reasons[name])
    return Late(stage, stage.late_us, max(0, stage.late_us - reasons[why]), why)


def _power_lost_us(chain: Chain, area: str, leaves: list[dict[str, Any]], index: int) -> int:
    """When the power went that came back with the run that wrote this leaf: the first kill after the last earlier word."""
    told = leaves[index]["recorded"]
    before_us = max(
        (
            leaf["recorded"]["earliest_us"]
            for leaf in leaves[:index]
            if leaf["recorded"]["boot"] < told["boot"]
        ),
        default=0,
    )
    kills = [
        kill.station_us
        for kill in chain.kills
        if kill.program == f"{GATEWAY}-{area}" and before_us <= kill.station_us <= told["earliest_us"]
    ]
    return min(kills, default=told["earliest_us"])


def recoveries_s(chain: Chain, area: str, lives: Iterable[Life]) -> list[float]:
    """Seconds of the machine from each start of a gateway that came so far to its own word in the log."""
    booted = sorted(
        leaf["recorded"]["earliest_us"]
        for leaf in map(canonical.loads, chain.gateway_log(area))
        if leaf["type"] == "gateway.booted/1"
    )
    speed = chain.station.plan.timetable.speed
    return [
        (at_us - life.from_us) / 1e6 / speed
        for life in lives
        if life.program == f"{GATEWAY}-{area}"
        for at_us in booted
        if life.from_us <= at_us <= life.until_us
    ]


def by_point(lives: Iterable[Life]) -> Mapping[str, dict[str, int]]:
    """For each point: kills that landed on it, and lives that ended blindly before they came to it."""
    landed: Counter[tuple[str, bool]] = Counter((life.point, life.landed) for life in lives)
    return {
        point: {"landed": landed[point, True], "missed": landed[point, False]}
        for point in POINTS
        if landed[point, True] or landed[point, False]
    }


def points_of(program: str, *, damaged: bool = False) -> list[str]:
    """Names of the points of a program, those of a damaged log or the others."""
    return [
        name
        for name, point in POINTS.items()
        if point.program == program and (point.kind == DAMAGED) == damaged
    ]


def out_of_order(chain: Chain) -> list[Key]:
    """Messages of nodes that stand in a log before an earlier one of the same start of the same node.

    Passed over: a tag read where the log had it already. It makes no fact; should the gateway end before it has acked it,
    a later one, which knows more, may write it down after later ones (docs/wire.md).
    """
    found = []
    newest: dict[tuple[str, int], int] = {}
    leaves = chain.first_leaves()
    for key, leaf in sorted(leaves.items(), key=lambda item: int(item[1]["index"])):
        node, boot, seq = key
        if seq < newest.get((node, boot), 0) and not _says_nothing_new(key, leaf, leaves):
            found.append(key)
        newest[node, boot] = max(seq, newest.get((node, boot), 0))
    return found


def _says_nothing_new(key: Key, leaf: Mapping[str, Any], leaves: Mapping[Key, Mapping[str, Any]]) -> bool:
    """The message of the same tag at the same reader before this one was a read too."""
    of = {"tag.read/1", "tag.gone/1"}
    before = [
        other
        for other, one in leaves.items()
        if other[:2] == key[:2] and other[2] < key[2] and one["type"] in of and one["body"] == leaf["body"]
    ]
    return leaf["type"] == "tag.read/1" and bool(before) and leaves[max(before)]["type"] == "tag.read/1"
