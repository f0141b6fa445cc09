"""One station: an area with its boards, its gateway, the broker and the server; and a run of a plan on it."""

import logging
import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog

from caselog.keys import SoftKey
from custody.area import Area, load_area
from tests.custody.against_oracle import area, area_v1_text, book
from tests.simulation.actors import Actors
from tests.simulation.broker import Broker
from tests.simulation.cabinets import cabinet_text, store_text
from tests.simulation.clocks import Crystal, WallClock
from tests.simulation.faults import Faults
from tests.simulation.gateway import Gateway
from tests.simulation.kernel import Kernel, Livelock
from tests.simulation.line import Line
from tests.simulation.node import Board
from tests.simulation.observer import Observer
from tests.simulation.plain_server import PlainServer
from tests.simulation.plan import Plan
from tests.simulation.server import Server
from tests.simulation.truth import Truth
from tests.simulation.watch import Watch

HEAL_US = 150_000_000
"""After the faults end: so long both sides have to come to agree."""
SHM = Path("/dev/shm")


SMOKE = """
[[input]]
id = "smoke"
kind = "smoke"
room = "waiting-1"

[[point]]
node = "n1"
point = 8
kind = "input"
of = "smoke"
"""


@cache
def small_area() -> Area:
    """One node, two doors, one cell and a smoke detector: for runs that are played thousands of times."""
    file = Path(__file__).parents[1] / "gateway" / "area.toml"
    return load_area(file.read_text(encoding="utf-8") + SMOKE)


@cache
def cabinet_area() -> Area:
    """The small area with a cabinet in its corridor."""
    text = (Path(__file__).parents[1] / "gateway" / "area.toml").read_text(encoding="utf-8")
    text = text.replace('rooms = ["interrogation-1"]', 'rooms = ["interrogation-1", "corridor"]')
    return load_area(text + SMOKE + cabinet_text("n1", "corridor", "rec-1"))


@cache
def stored_area() -> Area:
    """The standard area with cabinets in its property store."""
    return load_area(area_v1_text() + store_text("n4", "property", "rec-south", "guard"))


AREAS: dict[str, Callable[[], Area]] = {
    "standard": area, "small": small_area, "cabinet": cabinet_area, "stored": stored_area,
}  # fmt: skip
"""By `area` of a plan's settings."""


@dataclass
class Result:
    """What a run amounted to."""

    violations: list[str]
    digest: str
    room_days: float
    facts: int
    leaves: int
    counts: dict[str, int]
    faults: dict[str, int]
    fact_types: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)


class World:
    """Made from a plan; `run` plays it."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.settings: dict[str, Any] = plan.settings
        self.kernel = Kernel(plan.start_us)
        self.truth = Truth()
        self._streams: dict[str, random.Random] = {}
        self.area = AREAS[plan.settings.get("area", "standard")]()
        self.rulebook = book(plan.settings.get("rulebook", "cn-2026"))
        self.hashes = {
            "config_hash": "c" * 64,
            "rulebook_hash": sha256(self.rulebook.id.encode()).hexdigest(),
        }
        self.gateway_key = SoftKey.from_seed(b"g" * 32)
        self.node_keys = {node: sha256(f"key of {node}".encode()).digest() for node in self.area.nodes}
        self.observer = Observer(self)
        self.watch = Watch(self)
        self.broker = Broker(self.kernel, self.rng("broker"))
        ppm = plan.settings.get("ppm", {})
        self.boards = {
            node.id: Board(self, node, self.node_keys[node.id], ppm.get(node.id, 0.0), folder)
            for node in self.area.nodes.values()
        }
        self.gateway = Gateway(
            self, folder / "gateway", WallClock(self.kernel, ppm.get("gateway", 0.0), 0),
            Crystal(self.kernel, ppm.get("gateway", 0.0)),
        )  # fmt: skip
        (folder / "server").mkdir()
        make = PlainServer if plan.settings.get("server") == "plain" else Server
        self.server = make(
            self, folder / "server", WallClock(self.kernel, 0.0, 0), Crystal(self.kernel, ppm.get("server", 0.0))
        )  # fmt: skip
        self.lines = {port: self._line(port) for port in self.area.ports}
        self.actors = Actors(self)
        self.faulty = Faults(self)

    @property
    def now_us(self) -> int:
        """True time."""
        return self.kernel.now_us

    def rng(self, name: str) -> random.Random:
        """The stream of this name."""
        if name not in self._streams:
            self._streams[name] = random.Random(f"{self.plan.seed}/{name}")
        return self._streams[name]

    def _line(self, port: str) -> Line:
        boards = [board for board in self.boards.values() if board.place.port == port]

        def to_node(data: bytes) -> None:
            for board in boards:
                board.heard(data)

        line = Line(self.kernel, lambda data: self.gateway.heard(port, data), to_node)
        line.slow_us = self.settings.get("line_slow_us", 0)
        for board in boards:
            board.line = line
        return line

    # --- the run ----------------------------------------------------------------------------

    def run(self) -> Result:
        """Both phases, and the checks at the end."""
        plan, kernel = self.plan, self.kernel
        try:
            self.begin()
            for act in plan.acts:
                kernel.at(plan.start_us + act.at_us, self._act, act.kind, act.args)
            for number, fault in enumerate(plan.faults):
                kernel.at(plan.start_us + fault.at_us, self.faulty.strike, number, fault)
            kernel.run_until(plan.start_us + plan.for_us)
            self.faulty.heal()
            kernel.run_until(plan.start_us + plan.for_us + HEAL_US)
        except Livelock as error:
            self.truth.violate("I16", str(error))
        self.observer.end()
        return self.result()

    def begin(self) -> None:
        """Everything is switched on."""
        self.server.start()
        self.gateway.power_on()
        for board in self.boards.values():
            self.kernel.after(self.rng("boot").randrange(2_000_000), self._board_on, board)
        self.actors.begin()

    def _board_on(self, board: Board) -> None:
        board.power(is_on=True)

    def _act(self, kind: str, args: dict[str, Any]) -> None:
        self.truth.counts[f"act {kind}"] += 1
        getattr(self.actors, kind)(**args)

    def result(self) -> Result:
        """The figures of this run."""
        truth = self.truth
        span_us = self.plan.for_us + HEAL_US
        rooms = sum(1 for room in self.area.rooms.values() if room.kind != "outside")
        return Result(
            list(truth.violations), truth.digest.hexdigest()[:32], rooms * span_us / 86_400e6, self.observer.fact_count,
            len(truth.leaves), dict(truth.counts), dict(truth.faults), dict(self.observer.fact_types),
            dict(self.observer.rules),
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the files."""
        if self.server.is_on:
            self.server.stop()
        if self.gateway.evidence is not None:
            self.gateway.evidence.close()


def quiet() -> None:
    """What the server's programs would write to the terminal is not for this."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.ReturnLoggerFactory(),
    )
    logging.disable(logging.CRITICAL)


def play(plan: Plan, look: Callable[[World], None] | None = None) -> Result:
    """Run a plan in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="caseward-sim-", dir=SHM if SHM.is_dir() else None))
    world = World(plan, folder)
    try:
        result = world.run()
        if look is not None:
            look(world)
        return result
    finally:
        world.close()
        shutil.rmtree(folder, ignore_errors=True)
