"""Eight hours of the station: memory and queues of every process, sampled, and drawn.

Flat means: the middle value of the last quarter is at most a tenth and 2 MiB above that of the second
(the first is warming up), and every queue is empty again at the end. What must grow is said beside it: the log
itself, and what is derived of each of its leaves.
"""

import json
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from caseward.demo import beats, story
from caseward.demo.cables import TO_GATEWAY
from casewire import FROM_NODE, Decoder, Heartbeat
from tests.e2e.chain import Chain
from tests.prove import plot
from tests.tools.tree import ROOT

SPEED = 160.0
HOURS = 8
SAMPLE_S = 0.5
GROWTH_MAX, GROWTH_MIB_MAX = 1.10, 2.0
IMAGE = ROOT / "docs" / "img" / "eight-hours.svg"
PLANS = ("standard", "annex")

Series = dict[str, list[tuple[float, float]]]


class Queues:
    """Depths that the programs tell of themselves: gateways in up/hb, nodes in their heartbeats."""

    def __init__(self) -> None:
        self.latest: dict[str, float] = {}
        self.decoders: dict[str, Decoder] = {}
        self._client: paho.Client | None = None

    def listen(self, chain: Chain) -> None:
        broker = chain.station.broker
        client = self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="prove")
        client.username_pw_set("server", broker.passwords["server"])
        client.on_message = self._on_heartbeat
        client.connect("127.0.0.1", broker.port)
        for area in chain.station.areas.values():
            client.subscribe(f"caseward/v1/{area.gateway}/up/hb", 0)
        client.loop_start()

    def _on_heartbeat(self, _client: Any, _data: Any, message: Any) -> None:
        gateway = message.topic.split("/")[2]
        for name, depth in json.loads(message.payload)["health"]["queues"].items():
            self.latest[f"{gateway} {name}"] = float(depth)

    def piece(self, _at_ns: int, cable: str, direction: str, data: bytes) -> None:
        decoder = self.decoders.get(cable)
        if decoder is None or direction != TO_GATEWAY:
            return
        for frame in decoder.feed(data):
            if isinstance(frame.message, Heartbeat):
                self.latest[f"node {cable}"] = float(frame.message.queue_depth)

    def close(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()


def run(say: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="caseward-prove-") as folder:
        chain = Chain(Path(folder), PLANS, SPEED, is_told=True)
        queues = Queues()
        chain.station.cables.record = queues.piece
        try:
            chain.begin(story.day(chain.station.areas, 1, 0), story.START_US + HOURS * beats.HOUR_US)
            for area in chain.station.areas.values():
                for node in area.nodes.values():
                    key = {node.number: chain.station.node_keys[area.id][node.id]}
                    queues.decoders[f"{area.id}-{node.id}"] = Decoder(key, FROM_NODE)
            queues.listen(chain)
            memory, depths = _sample(chain, queues, say)
            chain.heal()
            time.sleep(2)  # the heartbeats of afterwards
            return _report(chain, memory, depths, dict(queues.latest))
        finally:
            queues.close()
            chain.close()


def _sample(chain: Chain, queues: Queues, say: Callable[[str], None]) -> tuple[Series, Series]:
    """Hours of station time -> MiB of each process, depth of each queue."""
    memory: Series = defaultdict(list)
    depths: Series = defaultdict(list)
    done = threading.Event()
    waiter = threading.Thread(target=lambda: (chain.finish(), done.set()))
    waiter.start()
    timetable, told = chain.station.plan.timetable, -1
    while not done.wait(SAMPLE_S):
        hours = (timetable.station_us() - timetable.station_start_us) / beats.HOUR_US
        if hours < 0:
            continue
        for program in chain.station.programs.all.values():
            memory[program.name].append((hours, _rss_mib(program.pid)))
        for name, depth in list(queues.latest.items()):
            depths[name].append((hours, depth))
        depths["forms of officers"].append((hours, float(chain.play.office.waiting)))
        if int(hours) != told:
            told = int(hours)
            say(f"eight_hours: hour {told} of {HOURS}")
    return memory, depths


def _rss_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _report(chain: Chain, memory: Series, depths: Series, latest: dict[str, float]) -> dict[str, Any]:
    growth = {name: _growth(points) for name, points in sorted(memory.items())}
    flat = {
        name: item["last_quarter"] <= item["second_quarter"] * GROWTH_MAX + GROWTH_MIB_MAX
        for name, item in growth.items()
    }
    deepest = {name: max(depth for _, depth in points) for name, points in sorted(depths.items())}
    starts = {
        program.name: program.starts for program in chain.station.programs.all.values() if program.starts > 1
    }
    _draw(memory, depths)
    return {
        "speed": SPEED,
        "station_hours": HOURS,
        "samples": len(memory["server"]),
        "leaves": {area: len(chain.gateway_log(area)) for area in chain.station.areas},
        "server_log_equals_gateway_log": {area: chain.is_equal(area) for area in chain.station.areas},
        "resident_mib": growth,
        "is_flat": flat,
        "queue_deepest": deepest,
        "queue_at_the_end": latest,
        "programs_started_again": starts,
        "plot": str(IMAGE.relative_to(ROOT)),
        "holds": all(flat.values()) and not any(latest.values()) and not starts,
    }


def _growth(points: list[tuple[float, float]]) -> dict[str, float]:
    quarter = len(points) // 4
    return {
        "second_quarter": round(statistics.median(y for _, y in points[quarter : 2 * quarter]), 2),
        "last_quarter": round(statistics.median(y for _, y in points[-quarter:]), 2),
        "largest": round(max(y for _, y in points), 2),
    }


def _draw(memory: Series, depths: Series) -> None:
    """Large and small processes in panels of their own; queues of one kind are drawn by their deepest."""
    large = {
        name: points
        for name, points in memory.items()
        if name in ("server", "broker") or name.startswith("gateway")
    }
    nodes = {name: points for name, points in memory.items() if name.startswith("node")}
    kinds: dict[str, dict[float, float]] = defaultdict(dict)
    for name, points in depths.items():
        kind = "nodes: unacked messages" if name.startswith("node") else _kind(name)
        for x, y in points:
            kinds[kind][x] = max(y, kinds[kind].get(x, 0.0))
    queues = {kind: sorted(points.items()) for kind, points in sorted(kinds.items())}
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    IMAGE.write_text(
        plot.lines(
            f"Eight hours of the demo station (at {SPEED:g} times)",
            "hours of the station",
            {
                "resident memory, MiB: server, gateways, broker": large,
                "resident memory, MiB: nodes": nodes,
                "queue depth, messages": queues,
            },
        ),
        encoding="utf-8",
    )


def _kind(name: str) -> str:
    return "gateways: " + name.split(" ")[1] if name.startswith("gw-") else name
