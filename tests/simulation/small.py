"""Exhaustive small worlds: a short scene, and for every operation of its disk a run in which that operation is struck.

After each all is healed, both sides agree, and the verdict of the simulator is clean; and what the disk holds after a
power cut is the log before the operation or after it, never a third thing. The interim log lies on a real disk: cuts
come between its operations, not in them. `python -m tests.simulation.small --scene "gate held" --at 7 --way torn`.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casegateway.evidence import Evidence
from caselog import canonical, segment
from tests.simulation.actors import Actors
from tests.simulation.kernel import Livelock
from tests.simulation.plain_server import PlainServer
from tests.simulation.plan import Plan
from tests.simulation.scenes import START_US, Scene, scenes
from tests.simulation.struck import ERRORS, ERRORS_OF_SYNC, REFUSED_US, TAILS, Operation, Strike, StruckDisk
from tests.simulation.world import HEAL_US, SHM, World, quiet

SECOND_US = 1_000_000
QUIET_US = 2 * SECOND_US
"""Both sides agree for so long before the verdict."""
WAIT_US = SECOND_US // 4
FAR = 1 << 30
RAISED, CLEARED = "alarm.raised/1", "alarm.cleared/1"

Words = list[tuple[str, ...]]


@dataclass
class Played:
    """One run: what did not hold, what was asked of each disk, whether the strike came, what the log tells at the end."""

    violations: list[str]
    operated: tuple[list[Operation], list[Operation]]
    was_struck: bool
    alarms: Words  # raised and cleared, without the indices that a restart shifts, and without what late evidence took back
    facts: Words  # what nodes and officers told
    raised_at_us: Words  # raised alarms with the true time since the start
    transactions: int  # of a server that was not killed


class SmallActors(Actors):
    """And an officer who deals with what the page shows, and who waits for it (`is_patient`)."""

    def say(self, type: str, body: dict[str, Any], shift_us: int = 0, by: str = "server") -> None:  # noqa: A002
        """A form; while no page opens, later, of the same moment."""
        if self.world.server.is_on or not self.world.settings.get("is_patient"):
            super().say(type, body, shift_us, by)
        else:
            self.world.kernel.after(WAIT_US, self.say, type, body, shift_us - WAIT_US, by)

    def deal(self, step: str) -> None:
        """The next step of the newest alarm that the server knows."""
        more = {"cause": "equipment", "action": "repaired"} if step == "rectified" else {}
        self.aside(step, more)

    def aside(self, action: str, more: dict[str, Any]) -> None:
        """What an officer does about it. `more`: of the form, beside alarm and officer."""
        server = self.world.server
        if isinstance(server, PlainServer):
            leaves = map(canonical.loads, server.held)
            alarms = [leaf["body"]["alarm"] for leaf in leaves if leaf["type"] == RAISED]
        else:
            alarms = [a.id for a in server.state.book.open() if not a.is_prewarning] if server.is_on else []
        if alarms:
            self.say(f"alarm.{action}", {"alarm": alarms[-1], "officer": "o2", **more})


class SmallWorld(World):
    """Heals until both sides agree instead of for a fixed time."""

    def __init__(self, plan: Plan, folder: Path, strike: Strike | None = None) -> None:
        super().__init__(plan, folder)
        self.actors = SmallActors(self)
        tail = plan.settings.get("tail")
        first, second = (None, strike) if strike is not None and strike.is_second else (strike, None)
        gateway = self.gateway
        self.disks = [StruckDisk(self.kernel, gateway.disk, first, tail)]
        gateway.disk = self.disks[0]
        if gateway.second is not None:
            self.disks.append(StruckDisk(self.kernel, gateway.second, second, tail))
            gateway.second = self.disks[1]
        self._opened = self.observer.gateway_opened
        self.observer.gateway_opened = self._look  # type: ignore[method-assign]
        self._is_looked = False

    @property
    def struck_us(self) -> int | None:
        """True time of the strike, None before it."""
        return next((disk.struck_us for disk in self.disks if disk.struck_us is not None), None)

    def play(self) -> Played:
        """Both phases, and the verdict."""
        plan, kernel = self.plan, self.kernel
        end_us = plan.start_us + plan.for_us
        try:
            self.begin()
            if not isinstance(self.server, PlainServer):
                self.server.database.aim = plan.settings.get("die_at", (FAR, "after"))
            for act in plan.acts:
                kernel.at(plan.start_us + act.at_us, self._act, act.kind, act.args)
            for number, fault in enumerate(plan.faults):
                kernel.at(plan.start_us + fault.at_us, self.faulty.strike, number, fault)
            kernel.run_until(end_us)
            self.faulty.heal()
            self._settle(end_us + HEAL_US)
        except Livelock as error:
            self.truth.violate("I16", str(error))
        if self.struck_us is not None:  # while it is refused the gateway may be unable to write
            self.observer.troubles.append((self.struck_us, self.struck_us + REFUSED_US + SECOND_US))
        self.observer.end()
        return self._played()

    def _played(self) -> Played:
        leaves = [canonical.loads(kept.data) for kept in self.truth.leaves]
        alarms = _standing(leaves)
        times = [str(kept.at_us - self.plan.start_us) for kept in self.truth.leaves]
        aim = None if isinstance(self.server, PlainServer) else self.server.database.aim
        return Played(
            list(self.truth.violations),
            (self.disks[0].operated, self.disks[1].operated if len(self.disks) > 1 else []),
            self.struck_us is not None,
            sorted(map(_alarm_of, alarms)),
            sorted(_told(leaf) for leaf in leaves if _is_told(leaf)),
            [(*_alarm_of(leaf), times[leaf["index"]]) for leaf in alarms if leaf["type"] == RAISED],
            0 if aim is None else FAR - aim[0],
        )

    def _settle(self, until_us: int) -> None:
        kernel, good_us = self.kernel, 0
        while kernel.now_us < until_us and good_us < QUIET_US:
            kernel.run_until(kernel.now_us + SECOND_US // 2)
            good_us = good_us + SECOND_US // 2 if self._agrees() else 0

    def _agrees(self) -> bool:
        core, state = self.gateway.core, self.server.state
        if core is None or self.observer.is_interim or core.storage.reasons or core.memory.is_server_lost:
            return False
        if core.outbox.waiting or state.ingest.size != core.book.log.durable_size or self._has_waiting():
            return False
        if any(core.memory.nodes.get(node) != "ok" for node in self.area.nodes):
            return False
        if any(len(board.node.link.queue) for board in self.boards.values()):
            return False
        return self._shows(core.memory, core.book.engine.outputs())

    def _shows(self, memory: Any, outputs: dict[str, bool]) -> bool:
        """The log has every point as it is, and every output is as the rules want it."""
        for point in self.area.points:
            board = self.boards[point.node]
            if point.kind == "reader":
                is_so = set(board.tags[point.point]) == memory.tags.get(point.of, set())
            elif point.kind == "door_contact":
                is_so = board.levels[point.point] == memory.doors.get(point.of)
            elif point.kind == "input":
                is_so = board.levels[point.point] == memory.inputs.get(point.of)
            else:
                is_so = point.kind != "output" or board.pins[point.point].value() == outputs.get(
                    point.of, False
                )
            if not is_so:
                return False
        return True

    def _has_waiting(self) -> bool:
        if isinstance(self.server, PlainServer):
            return bool(self.server.waiting)
        return bool(self.server.state.snapshot().waiting_facts)

    # --- old or new -------------------------------------------------------------------------

    def _look(self, found: Evidence) -> None:
        """At the first opening after the cut: there is what was durable, and a beginning of what was on its way."""
        disk = self.disks[0]
        if disk.cached and not self._is_looked and len(self.disks) == 1:
            self._is_looked = True
            if found.filling is None:
                self._compare(found, disk)
        self._opened(found)

    def _compare(self, found: Evidence, disk: StruckDisk) -> None:
        way = disk.way
        old, new = _leaves_in(disk.cached, disk.durable), _leaves_in(disk.cached, None)
        there = found.log.leaves(0, found.log.durable_size, 1 << 30)
        where = f"{len(there)} leaves after a power cut, {len(old)} were durable and {len(new)} written"
        if there[: len(old)] != old:
            self.truth.violate("I1", f"neither old nor new: {where}")
        elif any(self.gateway.folder.glob("interim.merged-*")):
            return  # and the facts of an interim log, appended by this opening
        elif way != "hole" and way != "flipped" and there != new[: len(there)]:
            self.truth.violate("I2", f"neither old nor new: {where}")
        elif (way == "lost" and there != old) or (way == "kept" and there != new):
            self.truth.violate("I2", f"not what the disk kept ({way}): {where}")


def _leaves_in(files: dict[str, bytes], sizes: dict[str, int] | None) -> list[bytes]:
    """The leaves of all segments up to the first that is not whole; of their first bytes where `sizes` says how many."""
    found: list[bytes] = []
    for name in sorted(files):
        if name.endswith(".seg"):
            data = files[name] if sizes is None else files[name][: sizes[name]]
            for item in segment.scan(data):
                if isinstance(item, segment.Damage):
                    return found
                found.append(item[1])
    return found


def _standing(leaves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Alarms that were, raised and cleared: not those that a fact which came late showed never to have been."""
    alarms = [leaf for leaf in leaves if leaf["type"] in (RAISED, CLEARED)]
    never = {_stage_of(leaf) for leaf in alarms if leaf["body"].get("reason") == "late_evidence"}
    # Of one whose duty is over no stage stands: where it was taken back and never ended otherwise, lower stages went with it.
    over = {leaf["body"]["obligation"] for leaf in leaves if leaf["type"] == "obligation.closed/1"}
    ended = {
        leaf["body"]["alarm"]
        for leaf in alarms
        if leaf["type"] == CLEARED and leaf["body"].get("reason") != "late_evidence"
    }
    gone = {alarm for alarm, _ in never if alarm in over} - ended
    return [leaf for leaf in alarms if _stage_of(leaf) not in never and leaf["body"]["alarm"] not in gone]


def _stage_of(leaf: dict[str, Any]) -> tuple[str, str]:
    return leaf["body"]["alarm"], leaf["body"]["stage"]


def _alarm_of(leaf: dict[str, Any]) -> tuple[str, ...]:
    body = leaf["body"]
    return leaf["type"], body["rule"], body["variant"], body["subject"], body["stage"]


def _is_told(leaf: dict[str, Any]) -> bool:
    """What nodes and officers said, but not of our own orders: a lamp does not blink for what a restart tells in one turn."""
    is_ours = leaf["type"].startswith("output.")
    return leaf["class"] == "fact" and leaf["occurred"]["by"] != "gateway" and not is_ours


def _told(leaf: dict[str, Any]) -> tuple[str, ...]:
    return leaf["type"], canonical.dumps(leaf["body"]).decode()


def play(plan: Plan, strike: Strike | None = None) -> Played:
    """One run in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="caseward-small-", dir=SHM if SHM.is_dir() else None))
    world = SmallWorld(plan, folder, strike)
    try:
        return world.play()
    finally:
        world.close()
        shutil.rmtree(folder, ignore_errors=True)


# --- all strikes of a scene -------------------------------------------------------------------------


def strikes_of(scene: Scene, unbroken: Played) -> Iterator[tuple[Strike, bool]]:
    """Every operation of every disk in every way, and whether it is a run of its own.

    It is none when an earlier one leaves the same bytes at the same moment, with nothing said to anybody in between.
    """
    seen = set()
    since_us = START_US + round(scene.settings.get("since_s", 0) * SECOND_US)
    for is_second, operated in enumerate(unbroken.operated):
        for at, operation in enumerate(operated):
            if operation.at_us < since_us:
                continue
            for way, image in operation.images.items():
                yield Strike(at, way, bool(is_second)), (operation.moment, image) not in seen
                seen.add((operation.moment, image))
            for way in ERRORS_OF_SYNC if operation.name == "sync" else ERRORS:
                yield Strike(at, way, bool(is_second)), True


@dataclass
class Tally:
    """What a walk through the small worlds amounted to. `cases`: operations times ways, some of them the same run."""

    scenes: int = 0
    operations: int = 0
    cases: int = 0
    transactions: int = 0
    runs: int = 0
    by_way: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def take(self, name: str, played: Played, strike: Strike | None = None) -> None:
        """Count one run."""
        self.runs += 1
        if strike is not None:
            self.by_way[strike.way] += 1
            if not played.was_struck:
                self.violations.append(f"{name} {strike}: the operation of the unbroken run did not come")
        self.violations += [f"{name} {strike or ''}: {text}" for text in played.violations[:3]]

    def add(self, other: "Tally") -> None:
        """Put what another walk found to this."""
        for name in ("scenes", "operations", "cases", "transactions", "runs"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.by_way += other.by_way
        self.violations += other.violations


def walk(scene: Scene, stride: int = 1, offset: int = 0) -> Tally:
    """Play a scene unbroken, and each `stride`-th of its strikes, beginning with number `offset`."""
    unbroken = play(scene.plan())
    tally = Tally(scenes=1, operations=sum(map(len, unbroken.operated)))
    tally.take(scene.name, unbroken)
    number = 0
    for strike, is_own in strikes_of(scene, unbroken):
        tally.cases += 1
        if is_own and number % stride == offset % stride:
            tally.take(scene.name, play(scene.plan(), strike), strike)
        number += is_own
    return tally


def walk_server(scene: Scene, stride: int = 1, offset: int = 0) -> Tally:
    """Let the whole server, on its store, die before and after the commit of each of its transactions."""
    unbroken = play(scene.plan(server="whole"))
    tally = Tally(scenes=1, transactions=unbroken.transactions)
    tally.take(scene.name, unbroken)
    for number in range(2 * unbroken.transactions):
        if number % stride == offset % stride:
            when = ("before", "after")[number % 2]
            played = play(scene.plan(server="whole", die_at=(number // 2, when)))
            tally.by_way[f"server {when} commit"] += 1
            tally.take(f"{scene.name}, server dies {when} commit {number // 2}", played)
    return tally


def main(argv: list[str]) -> int:
    """Exit code 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.small", description=__doc__)
    parser.add_argument("--scene", help="only this one; all when left out")
    parser.add_argument("--at", type=int, help="only the strike at this operation")
    parser.add_argument("--way", choices=(*TAILS, *ERRORS))
    parser.add_argument("--second", action="store_true", help="of the second disk")
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--unbroken", action="store_true", help="no strike at all")
    parser.add_argument("--server", action="store_true", help="strike the server's transactions")
    options = parser.parse_args(argv)
    quiet()
    bad = 0
    for scene in scenes():
        if options.scene not in (None, scene.name):
            continue
        begun = time.process_time()
        if options.unbroken or options.at is not None:
            strike = None if options.unbroken else Strike(options.at, options.way, options.second)
            tally = Tally(scenes=1)
            tally.take(scene.name, play(scene.plan(), strike), strike)
        else:
            tally = (walk_server if options.server else walk)(scene, options.stride, options.offset)
        bad += len(tally.violations)
        print(f"{scene.name}: {tally.operations} operations, {tally.transactions} transactions, {tally.runs} runs,"
              f" {len(tally.violations)} violations, {time.process_time() - begun:.1f} s", flush=True)  # fmt: skip
        for line in tally.violations[:12]:
            print("   ", line[:300], flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
