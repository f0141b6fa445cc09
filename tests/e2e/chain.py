"""The whole chain under the hand of a test: played, killed, cut, healed, and compared afterwards."""

import sqlite3
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caselog import canonical
from caseward.demo import story
from caseward.demo.beats import Beat
from caseward.demo.director import Timetable
from caseward.demo.hardware import KINDS
from caseward.demo.interpreter import find_runner
from caseward.demo.logtail import read_leaves
from caseward.demo.play import Play
from caseward.demo.station import DemoStation, Plan
from tests.e2e.wire_record import Frames, Key, WireRecord, always_makes_a_fact
from tests.tools.ports import free_port

DAY_US = 1_790_352_000_000_000  # 00:00 in China
HEAL_S = 120.0
SETTLE_S = 3.0  # what the nodes still have to tell: a resend, a tag's time without a read
PULSES = ("lock_feedback", "exit_request")


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill that landed: which program, its pid, the station's time, leaves on the gateways' disks then."""

    program: str
    pid: int
    station_us: int
    at_ns: int
    log_sizes: dict[str, int]
    aim: str = ""


@dataclass(slots=True)
class Chain:
    """A station played in the background of a test."""

    folder: Path
    areas: tuple[str, ...] = ("annex",)
    speed: float = 60.0
    seed: int = 1
    is_traced: bool = False
    is_told: bool = False
    play: Play = field(init=False)
    record: WireRecord = field(default_factory=WireRecord)
    kills: list[Kill] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    _director: threading.Thread | None = None

    def __post_init__(self) -> None:
        timetable = Timetable(DAY_US + story.START_US, self.speed)
        plan = Plan(
            self.folder,
            find_runner(),
            timetable,
            self.areas,
            free_port(),
            record=self.record.piece,
            is_traced=self.is_traced,
        )
        self.play = Play(DemoStation(plan), self._tell, self.seed, is_exact=True, is_handled=self.is_told)

    @property
    def station(self) -> DemoStation:
        return self.play.station

    def _tell(self, at_us: int, area: str, text: str) -> None:
        self.lines.append(
            f"{(at_us - DAY_US) // 60_000_000 // 60:02d}:{(at_us - DAY_US) // 60_000_000 % 60:02d} {area} {text}"
        )

    def begin(self, day: Iterable[Beat], until_us: int, *, is_opened: bool = True) -> None:
        """Start everything and play these beats of day 0 until a time of that day, in the background."""
        self.station.prepare()
        self.play.begin()
        if is_opened:
            self.play.director.add(story.opening(self.station.areas), DAY_US)
        self.play.director.add(day, DAY_US)
        self._director = threading.Thread(
            target=self.play.director.run, args=(DAY_US + until_us, self.play.stop), daemon=True
        )
        self._director.start()

    def wait_until(self, day_time_us: int) -> None:
        """Sleep until a time of day 0."""
        real_us = self.station.plan.timetable.real_us(DAY_US + day_time_us)
        time.sleep(max(0.0, real_us / 1e6 - time.time()))

    def finish(self) -> None:
        """Wait until the beats are played."""
        assert self._director is not None
        self._director.join()

    def close(self) -> None:
        self.play.end()

    # --- breaking ----------------------------------------------------------------------------

    def kill(self, program: str, aim: str = "") -> Kill:
        """kill -9, with what was on the disks at that moment."""
        timetable = self.station.plan.timetable
        at_ns, station_us = time.monotonic_ns(), timetable.station_us()
        pid = self.station.programs.kill(program)
        sizes = {area: len(read_leaves(self.station.log_folder(area))) for area in self.station.areas}
        kill = Kill(program, pid, station_us, at_ns, sizes, aim)
        self.kills.append(kill)
        return kill

    def restart(self, program: str) -> None:
        self.station.programs.restart(program)

    # --- healing and comparing ---------------------------------------------------------------

    def heal(self, timeout_s: float = HEAL_S) -> None:
        """Everything runs again; wait until every form is taken and the server holds what the gateways have."""
        for program in self.station.programs.all.values():
            if not program.is_alive:
                self.restart(program.name)
        time.sleep(SETTLE_S)
        end = time.monotonic() + timeout_s
        assert self.play.office.drain(timeout_s), f"{self.play.office.waiting} forms were not taken"
        while not all(self.is_equal(area) and not self.waiting_facts(area) for area in self.station.areas):
            sizes = {a: (len(self.gateway_log(a)), len(self.server_log(a))) for a in self.station.areas}
            assert time.monotonic() < end, f"expected equal logs, found (gateway, server) {sizes}"
            time.sleep(0.2)

    def gateway_log(self, area: str) -> list[bytes]:
        """Leaves on the gateway's disk."""
        return read_leaves(self.station.log_folder(area))

    def server_log(self, area: str) -> list[bytes]:
        """Leaves in the server's store."""
        rows = self._store("SELECT data FROM leaf WHERE gateway = ? ORDER BY idx", area)
        return [row[0] for row in rows]

    def waiting_facts(self, area: str) -> int:
        """Officers' facts that the server has not yet seen in the gateway's log."""
        return int(
            self._store("SELECT count(*) FROM pending_fact WHERE gateway = ? AND state = 'sent'", area)[0][0]
        )

    def _store(self, query: str, area: str) -> list[tuple]:
        file = self.station.folder / "server" / "server.db"
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10) as store:
            return store.execute(query, (self.station.areas[area].gateway,)).fetchall()

    def is_equal(self, area: str) -> bool:
        """Server and gateway hold the same bytes."""
        return self.gateway_log(area) == self.server_log(area)

    def frames(self) -> Frames:
        """What passed the cables, decoded."""
        keys = {
            f"{area.id}-{node.id}": (node.number, self.station.node_keys[area.id][node.id])
            for area in self.station.areas.values()
            for node in area.nodes.values()
        }
        return self.record.frames(keys)

    def lost(self, frames: Frames) -> list[Key]:
        """Messages that were acked to a node and left nothing in the log though they had to."""
        logged = self.logged()
        pulses = {
            (area.nodes[point.node].number, point.point)
            for area in self.station.areas.values()
            for point in area.points
            if point.kind in PULSES
        }
        return [
            key
            for key in frames.acked
            if key not in logged
            and key in frames.sent
            and always_makes_a_fact(frames.sent[key].frame, pulses)
        ]

    def logged(self) -> dict[Key, list[int]]:
        """Messages of nodes in the logs: key -> indices of the leaves made of it."""
        found: dict[Key, list[int]] = {}
        for area in self.station.areas:
            for data in self.gateway_log(area):
                leaf = canonical.loads(data)
                source = leaf["source"]
                if source["name"]:
                    key = (f"{area}-{source['name']}", source["boot"], source["seq"])
                    found.setdefault(key, []).append(leaf["index"])
        return found

    def first_leaves(self) -> dict[Key, dict[str, Any]]:
        """Messages of nodes in the logs: key -> the first leaf made of it."""
        first = {key: indices[0] for key, indices in self.logged().items()}
        read = {area: self.gateway_log(area) for area in self.station.areas}
        return {key: canonical.loads(read[key[0].partition("-")[0]][index]) for key, index in first.items()}

    def doubled_ids(self) -> list[str]:
        """Ids that more than one leaf carries."""
        ids: dict[str, int] = {}
        for area in self.station.areas:
            for data in self.gateway_log(area):
                leaf = canonical.loads(data)
                key = f"{area}|{leaf['id']}"
                ids[key] = ids.get(key, 0) + 1
        return [key for key, count in ids.items() if count > 1]


assert set(PULSES) < set(KINDS), "the kinds of points that give pulses"
