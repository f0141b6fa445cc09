"""Plays scenarios and logs against the engine, as the gateway would live through them.

The player puts facts in order of arrival, wakes at deadlines, and alarms what is overdue
first after an outage. Pure: lines in, effects out.
"""

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from custody.area import Area
from custody.codec import CodecError, fact_of
from custody.effects import Effect
from custody.engine import Engine
from custody.facts import Fact
from custody.rules import Rulebook
from custody.scenario import Line, Scenario, ScenarioError
from custody.times import SECOND_US

NODE_SILENCE_US: Final = 3 * SECOND_US  # three missed heartbeats, as the gateway's link
STEP_MS: Final = 1_000  # a difference up to this is no step of the clock
SERVER_SILENCE_US: Final = 30 * SECOND_US  # as the gateway's outbox


class Player:
    """Plays a scenario: a gateway with its environment, without any real equipment."""

    def __init__(self, area: Area, rulebook: Rulebook, *, is_healthy: bool = True) -> None:
        """`is_healthy`: at the first moment every node speaks, every recorder records, and all is shut and clear."""
        self.engine = Engine(area, rulebook)
        self._area = area
        self._is_healthy = is_healthy
        self._index = 0
        self._queue: list[tuple[int, int, Line]] = []
        self._order = 0
        self._now_us = 0
        self._off_since_us: int | None = None
        self._network_down_us: int | None = None
        self._nodes_down: dict[str, int] = {}
        self._nodes_lost: set[str] = set()
        self._server_lost = False
        self._clock_lost = False
        self._waiting: dict[str, list[Line]] = {"gateway": [], "server": []}

    def play(self, scenario: Scenario, until_us: int | None = None) -> Iterator[Effect]:
        """Play all lines and go on to `until_us` (inclusive; the last line when None).

        Raises ScenarioError before anything is played when a line names a place the area lacks.
        """
        for line in scenario.lines:
            _check_places(line, self._area)
        for line in scenario.lines:
            self._push(max(line.at_us, line.arrives_us or line.at_us), line)
        self._now_us = scenario.lines[0].at_us
        yield from self._begin()
        end_us = until_us if until_us is not None else max(item[0] for item in self._queue)
        while self._queue and self._queue[0][0] <= end_us:
            moment_us = self._queue[0][0]
            yield from self._wake(moment_us, is_inclusive=False)
            self._now_us = moment_us
            while self._queue and self._queue[0][0] == moment_us:
                yield from self._take(heapq.heappop(self._queue)[2])
            yield from self._wake(moment_us, is_inclusive=True)
        yield from self._wake(end_us, is_inclusive=True)

    # --- time ------------------------------------------------------------------------------

    def _push(self, at_us: int, line: Line) -> None:
        self._order += 1
        heapq.heappush(self._queue, (at_us, self._order, line))

    def _wake(self, until_us: int, *, is_inclusive: bool) -> Iterator[Effect]:
        """The gateway's one timer: deadline.reached at each deadline on the way."""
        while self._off_since_us is None:
            due_us = self.engine.next_deadline_us()
            if due_us is None or due_us > until_us or (due_us == until_us and not is_inclusive):
                return
            self._now_us = max(self._now_us, due_us)
            yield from self._step("deadline.reached", {}, self._now_us, "gateway")

    def _step(
        self, name: str, body: Mapping[str, Any], occurred_us: int, by: str, fact_id: str = ""
    ) -> list[Effect]:
        self._index += 1
        return self.engine.step(
            Fact(
                type=name,
                body=body,
                index=self._index,
                occurred_us=occurred_us,
                occurred_latest_us=occurred_us,
                recorded_us=self._now_us,
                recorded_latest_us=None if self._clock_lost else self._now_us,
                id=fact_id,
                by=by,
            )
        )

    def _begin(self) -> Iterator[Effect]:
        """The area at the first moment: everything heard, or nothing known."""
        hashes = {"config_hash": "scenario", "rulebook_hash": "scenario"}
        body = {**hashes, "rulebook": self.engine.rulebook.id}
        yield from self._step("config.loaded", body, self._now_us, "gateway")
        if not self._is_healthy:
            return
        for node in self._area.nodes:
            yield from self._step("node.restored", {"node": node}, self._now_us, "gateway")
        for recorder in self._area.recorders:
            body = {"recorder": recorder}
            yield from self._step("recorder.started", body, self._now_us, "node")
        for door in self._area.doors:
            yield from self._step("door.closed", {"door": door}, self._now_us, "node")
        for name in self._area.inputs:
            yield from self._step("input.cleared", {"input": name}, self._now_us, "node")

    # --- lines -----------------------------------------------------------------------------

    def _take(self, line: Line) -> Iterator[Effect]:
        if line.env:
            yield from self._environment(line)
            return
        blocked = self._blocked_by(line)
        if blocked is not None:
            self._waiting.setdefault(blocked, []).append(line)
            return
        yield from self._step(line.fact, line.body, line.at_us, line.by, _identity(line))

    def _blocked_by(self, line: Line) -> str | None:
        """What keeps this fact from the gateway now: itself, the network, or a node's cable."""
        if self._off_since_us is not None:
            return "gateway"
        if line.by == "server" and self._network_down_us is not None:
            return "server"
        if line.by == "node":
            node = self._node_of(line)
            if node in self._nodes_down:
                return f"node:{node}"
        return None

    def _node_of(self, line: Line) -> str | None:
        if line.from_node is not None:
            return line.from_node
        area, body = self._area, line.body
        if "door" in body:
            return area.node_of("door_contact", str(body["door"]))
        if "compartment" in body:
            return area.node_of("compartment_door", str(body["compartment"]))
        if "recorder" in body:
            return area.node_of("recorder_contact", str(body["recorder"]))
        for kind in ("output", "input"):
            if kind in body:
                return area.node_of(kind, str(body[kind]))
        if "node" in body:
            return str(body["node"])
        for reader in area.readers.values():
            if reader.id == body.get("reader") or ("reader" not in body and reader.room == body.get("room")):
                return area.node_of("reader", reader.id)
        return None

    def _release(self, what: str) -> Iterator[Effect]:
        """What waited arrives now, in order of occurrence."""
        for line in sorted(self._waiting.pop(what, []), key=lambda item: (item.at_us, item.number)):
            yield from self._take(line)

    # --- environment -----------------------------------------------------------------------

    def _environment(self, line: Line) -> Iterator[Effect]:
        node = str(line.body.get("node", ""))
        if line.env == "node.down" and node not in self._nodes_down:
            self._nodes_down[node] = line.at_us
            self._push(line.at_us + NODE_SILENCE_US, replace(line, env="(node silent)"))
        elif line.env == "node.up" and node in self._nodes_down:
            del self._nodes_down[node]
            yield from self._node_back(node)
        elif line.env == "(node silent)":
            yield from self._node_silent(node)
        elif line.env == "network.down" and self._network_down_us is None:
            self._network_down_us = line.at_us
            self._push(line.at_us + SERVER_SILENCE_US, replace(line, env="(server silent)"))
        elif line.env == "(server silent)":
            yield from self._server_silent()
        elif line.env == "network.up" and self._network_down_us is not None:
            self._network_down_us = None
            if self._server_lost and self._off_since_us is None:
                self._server_lost = False
                yield from self._step("server.restored", {}, self._now_us, "gateway")
            yield from self._release("server")
        elif line.env == "power.cut" and self._off_since_us is None:
            self._off_since_us = line.at_us
        elif line.env == "boot" and self._off_since_us is not None:
            yield from self._boot(self._off_since_us)
        elif line.env.startswith("clock."):
            yield from self._clock(line)

    def _clock(self, line: Line) -> Iterator[Effect]:
        if self._off_since_us is not None:
            self._waiting["gateway"].append(line)
        elif line.env == "clock.step":
            if abs(int(line.body["by_ms"])) <= STEP_MS:
                return  # slewing, not a step
            yield from self._step("clock.stepped", line.body, self._now_us, "gateway")
        elif line.env == "clock.lost":
            self._clock_lost = True
            reason = {"reason": "no trusted time"}
            yield from self._step("clock.doubted", reason, self._now_us, "gateway")
        else:
            self._clock_lost = False
            yield from self._step("clock.trusted", {"source": "ntp"}, self._now_us, "gateway")

    def _node_silent(self, node: str) -> Iterator[Effect]:
        down_us = self._nodes_down.get(node)
        if down_us is None or self._off_since_us is not None or node in self._nodes_lost:
            return
        if self._now_us - down_us >= NODE_SILENCE_US:
            self._nodes_lost.add(node)
            yield from self._step("node.lost", {"node": node}, down_us, "gateway")

    def _node_back(self, node: str) -> Iterator[Effect]:
        """The node is heard: first what it kept, then that it has reported all."""
        yield from self._release(f"node:{node}")
        if self._off_since_us is None and node in self._nodes_lost:
            self._nodes_lost.discard(node)
            yield from self._step("node.restored", {"node": node}, self._now_us, "gateway")

    def _server_silent(self) -> Iterator[Effect]:
        down_us = self._network_down_us
        if down_us is None or self._off_since_us is not None or self._server_lost:
            return
        if self._now_us - down_us >= SERVER_SILENCE_US:
            self._server_lost = True
            yield from self._step("server.lost", {}, down_us, "gateway")

    def _boot(self, off_since_us: int) -> Iterator[Effect]:
        """Power is back: overdue first, then what happened meanwhile."""
        self._off_since_us = None
        due_us = self.engine.next_deadline_us()
        if due_us is not None and due_us <= self._now_us:
            yield from self._step("deadline.reached", {}, self._now_us, "gateway")
        gateway = {"gateway": self._area.gateway}
        yield from self._step("gateway.booted", {"reason": "power"}, self._now_us, "gateway")
        yield from self._step("gateway.lost", gateway, off_since_us, "server")
        yield from self._step("gateway.heard", gateway, self._now_us, "server")
        for node in sorted(self._nodes_lost - set(self._nodes_down)):
            yield from self._node_back(node)
        for node, down_us in self._nodes_down.items():
            if node not in self._nodes_lost:
                at_us = max(self._now_us, down_us) + NODE_SILENCE_US
                self._push(at_us, Line(0, at_us, env="(node silent)", body={"node": node}))
        if self._server_lost and self._network_down_us is None:
            self._server_lost = False
            yield from self._step("server.restored", {}, self._now_us, "gateway")
        elif self._network_down_us is not None and not self._server_lost:
            at_us = self._now_us + SERVER_SILENCE_US
            self._push(at_us, Line(0, at_us, env="(server silent)"))
        waiting = self._waiting.pop("gateway", [])
        self._waiting["gateway"] = []
        for line in sorted(waiting, key=lambda item: (item.at_us, item.number)):
            yield from self._take(line)


def _check_places(line: Line, area: Area) -> None:
    """A place the area does not have cannot be played: the line is wrong, or the area is."""
    places = {
        "room": area.rooms, "door": area.doors, "recorder": area.recorders, "node": area.nodes,
        "reader": area.readers, "output": area.outputs,
    }  # fmt: skip
    named = {**line.body, "node": line.from_node or line.body.get("node")}
    for key, known in places.items():
        value = named.get(key)
        if value is not None and value not in known:
            expected = f"a {key} of the area {area.id}: {', '.join(known)}"
            raise ScenarioError(line.number, expected, value)


def _identity(line: Line) -> str:
    """A stated id, else the content: the same line twice is the same fact twice."""
    if line.id:
        return line.id
    return json.dumps([line.at_us, line.fact, line.body], sort_keys=True, ensure_ascii=False)


def replay_log(
    engine: Engine, leaves: Iterable[Mapping[str, Any]], until_us: int | None = None
) -> Iterator[Effect]:
    """Run the facts of a log again; outputs in the log are passed over.

    Deadlines are synthesised while the gateway ran (same boot number); over an outage they
    fall due at its end, as they did. Raises ScenarioError with the leaf's position.
    """
    last: Fact | None = None
    for number, leaf in enumerate(leaves, 1):
        try:
            fact = fact_of(leaf)
        except CodecError as error:
            raise ScenarioError(number, error.expected, error.found) from None
        if fact is None:
            continue
        if until_us is not None and fact.recorded_us > until_us:
            break
        if last is not None and last.boot == fact.boot:
            yield from _until(engine, last, fact.recorded_us - 1)
        yield from engine.step(fact)
        last = fact
    if last is not None and until_us is not None:
        yield from _until(engine, last, until_us)


def _until(engine: Engine, last: Fact, until_us: int) -> Iterator[Effect]:
    while (due_us := engine.next_deadline_us()) is not None and due_us <= until_us:
        now_us = max(due_us, last.recorded_us)
        yield from engine.step(
            replace(
                last, type="deadline.reached", body={}, id="", by="gateway", occurred_us=now_us,
                occurred_latest_us=now_us, recorded_us=now_us, recorded_latest_us=now_us,
            )
        )  # fmt: skip
