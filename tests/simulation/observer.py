"""Watches the station from outside and holds it against the truth: the invariants of docs/simulation.md.

Continuous checks are here; what is judged when all is over is in verdict.py.
"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from casegateway.core import AGAIN, GatewayCore
from casegateway.events import Action, DriveLine, Publish, SendBytes, Stop
from casegateway.evidence import Evidence
from caselog import canonical, checkpoint
from caselog.repair import Filling
from caselog.tree import Tree, leaf_hash
from caseserver import payload as payloads
from casewire import FROM_GATEWAY, Command, Decoder
from tests.simulation.cabinets import check_completed
from tests.simulation.truth import Kept
from tests.simulation.verdict import judge

if TYPE_CHECKING:
    from tests.simulation.world import World

SECOND_US = 1_000_000
NODE_LOST_US = 6_000_000
"""I5: a node that says nothing is told as lost by then."""
CLOCK_SLACK_US = 2_000
START_DUE_US = 8_000_000
STEP_TOLD_US = 6_000_000
CONTRADICTION_US = 9 * SECOND_US
LATE_WORD_US = 120 * SECOND_US


class Observer:
    """`server_size`: leaves the server holds; `lied`, `rotted`: the disk did what no log can undo alone."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.tree = Tree()
        self.server_size = 0
        self.fact_count = 0
        self.fact_types: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()
        self.lied = False
        self.server_grew_us = 0
        self.server_shown_us = 0  # the latest time that the server's clock has shown
        self.rotted = False
        self.is_interim = False
        self.in_interim: set[tuple[str, int, int]] = set()  # messages durable in an interim log
        self.sources: dict[tuple[str, int, int], int] = {}  # message -> index of its first leaf
        self.at_work_since_us: int | None = None
        self.power_since_us: int | None = None
        self.first_of_life: dict[
            tuple[str, int], int
        ] = {}  # node, start of the gateway -> its first message then
        self._interim_seen = 0
        self._last_command: dict[str, dict[str, Any]] = {}  # output -> newest durable output.commanded
        self._of_turn: dict[
            str, set[bool]
        ] = {}  # output -> what it was ordered to be in this turn, and before it
        self._is_crying = False
        self._is_stopping = False  # there is no log at the moment, so there are no rules
        self.steps_told: list[int] = []
        self._earliest_us = 0
        self.troubles: list[tuple[int, int]] = []
        self._turned_us = world.now_us
        self._decoders: dict[str, Decoder] = {}

    # --- the gateway ----------------------------------------------------------------------------

    def gateway_power(self, *, is_on: bool) -> None:
        """Mains of the gateway."""
        self.power_since_us = self.world.now_us if is_on else None
        if not is_on:
            self.world.watch.gateway_silent()
        self.world.truth.trace(self.world.now_us, "power", is_on)

    def gateway_at_work(self, *, is_on: bool) -> None:
        """The program is at work, or not any more."""
        spans = self.world.truth.up
        if is_on:
            self.at_work_since_us = self.world.now_us
            spans.append([self.world.now_us, 0])
            for node in self.world.boards:
                self.world.kernel.after(START_DUE_US, self._check_never_heard, node, self.world.now_us)
        elif self.at_work_since_us is not None:
            self.at_work_since_us = None
            spans[-1][1] = self.world.now_us

    def gateway_opened(self, found: Evidence) -> None:
        """A log was opened: what was durable must be there, unchanged."""
        self._of_turn.clear()
        truth, world = self.world.truth, self.world
        if self.is_interim and found.filling is None:
            self._last_command = _orders(map(canonical.loads, (kept.data for kept in truth.leaves)))
        self.is_interim = found.filling is not None
        keys = {node.number: world.node_keys[node.id] for node in world.area.nodes.values()}
        self._decoders = {port: Decoder(keys, FROM_GATEWAY) for port in world.area.ports}
        if self.is_interim:
            self._interim_seen = 0
            self._last_command = {}  # those of the real log are known as far as it could be read
            self._see_interim(found.log)
            if not self.rotted and not self.lied:
                self._check_torn(found.filling)
            return
        log = found.log
        if log.durable_size < world.gateway.cursor:
            truth.violate(
                "I4",
                f"a log of {log.durable_size} leaves goes on, {world.gateway.cursor} were known to be held",
            )
        if log.durable_size < len(truth.leaves):
            if not self.lied:
                truth.violate(
                    "I1", f"{log.durable_size} leaves after a start, {len(truth.leaves)} were durable"
                )
            self._forget_from(log.durable_size)
        for index, kept in enumerate(truth.leaves):
            if log.hash(index) != self.tree.leaf(index):
                truth.violate("I4", f"leaf {index} changed: {kept.data[:80]!r}")
                break
        self._see(log)

    def _check_torn(self, filling: Filling) -> None:
        """I1: without rot only a write that power cut off is missing, and nothing of it had counted."""
        torn_from, durable = filling.survey.torn_from, len(self.world.truth.leaves)
        self.world.truth.counts["torn with holes"] += 1
        if torn_from is None:
            self.world.truth.violate("I1", "the log was found damaged though nothing had damaged it")
        elif torn_from < durable:
            self.world.truth.violate(
                "I1", f"leaves from {torn_from} on count as never durable, {durable} were"
            )

    def book_trace(self, _step: str, _index: int) -> None:
        """The book's own trace is not needed."""

    def _note_order(self, leaf: dict[str, Any]) -> None:
        name, active = _ordered(leaf)
        if name in self.world.area.outputs:
            self._of_turn.setdefault(name, self._standing(name)).add(active)
        self.world.watch.ordered(name, active=active, valid_ms=leaf["body"]["valid_ms"])
        self._last_command[name] = leaf

    def _standing(self, output: str) -> set[bool]:
        """What the log last ordered an output to be; off where it was never ordered."""
        last = self._last_command.get(output)
        return {False if last is None else last["body"]["active"]}

    def after_turn(self, core: GatewayCore, actions: list[Action]) -> None:
        """A turn of the core is over, its actions are not carried out yet."""
        self._of_turn.clear()
        if self.is_interim:
            self._see_interim(core.book.log)
        else:
            self._see(core.book.log)
        self.world.watch.cursor(core.outbox.acked)
        was_crying = self._is_crying
        self._is_stopping = any(isinstance(action, Stop) for action in actions)
        self._is_crying = core.book.is_full or any(isinstance(a, Stop) and a.code != AGAIN for a in actions)
        if was_crying or self._is_crying:
            self.troubles.append((self._turned_us, self.world.now_us))
        self._turned_us = self.world.now_us

    def turn_over(self) -> None:
        """I6: while nothing can be written, whoever hears the sounder must come."""
        outputs, lines = self.world.area.outputs, self.world.gateway.lines
        for output in outputs.values():
            is_own_sounder = output.kind == "sounder" and output.gpio_line is not None
            if self._is_crying and is_own_sounder and not lines.get(output.id, False):
                self.world.truth.violate("I6", f"nothing can be written, and {output.id} is silent")

    def stood_still(self, for_us: int) -> None:
        """The program gets no processor from now on."""
        self.troubles.append((self.world.now_us, self.world.now_us + for_us + SECOND_US))

    def _see(self, log: Any) -> None:
        """Take in what became durable."""
        truth, now_us = self.world.truth, self.world.now_us
        while len(truth.leaves) < log.durable_size:
            first = len(truth.leaves)
            for data in log.leaves(first, min(256, log.durable_size - first), 1 << 20):
                self._leaf(len(truth.leaves), data)
                truth.leaves.append(Kept(data, now_us, self.world.gateway.boot))

    def _leaf(self, index: int, data: bytes) -> None:
        self.tree.append(leaf_hash(data))
        self.world.truth.digest.update(data)
        leaf = canonical.loads(data)
        name = leaf["type"].rpartition("/")[0]
        if leaf["class"] == "fact":
            self.fact_count += 1
            self.fact_types[name] += 1
            source = leaf["source"]
            if source["name"]:
                self.sources.setdefault((source["name"], source["boot"], source["seq"]), index)
                self.first_of_life.setdefault((source["name"], self.world.gateway.boot), self.world.now_us)
            if leaf["type"] in ORDERS:
                self._note_order(leaf)
            if name == "compartment.completed" and leaf["recorded"]["boot"] == self.world.gateway.boot:
                check_completed(self.world, leaf["body"]["compartment"])
            self._check_recorded(index, leaf)
            self._check_forward(index, leaf)
            if name == "clock.stepped":
                self.steps_told.append(self.world.now_us)
        elif name == "alarm.raised":
            body = leaf["body"]
            self.rules[f"{body['rule']}/{body['variant']}"] += 1

    def _check_recorded(self, index: int, leaf: dict[str, Any]) -> None:
        """I7: the true time is inside the interval, for a leaf of this very turn."""
        world, recorded = self.world, leaf["recorded"]
        gateway = world.gateway
        if recorded["boot"] != gateway.boot or abs(recorded["boottime_us"] - gateway.crystal.us()) > 100:
            return  # of a turn before, found at a start
        now_us, latest_us = world.now_us, recorded["latest_us"]
        if not gateway.time.is_honest():
            return
        if recorded["earliest_us"] > now_us + CLOCK_SLACK_US:
            world.truth.violate(
                "I7",
                f"leaf {index}: earliest is {recorded['earliest_us'] - now_us} us ahead of the true time",
            )
        if latest_us is not None and latest_us < now_us - CLOCK_SLACK_US:
            world.truth.violate("I7", f"leaf {index}: latest is {now_us - latest_us} us behind the true time")

    def _check_forward(self, index: int, leaf: dict[str, Any]) -> None:
        """I8: no fact is recorded before the one before it, unless two sources said that the log was ahead."""
        earliest_us = leaf["recorded"]["earliest_us"]
        if self.lied:
            return  # what was taken while the end was lost knew no more than what was left
        if earliest_us >= self._earliest_us - CLOCK_SLACK_US:
            self._earliest_us = max(self._earliest_us, earliest_us)
            return
        if not self.world.gateway.time.may_set_back():
            self.world.truth.violate(
                "I8",
                f"leaf {index} is recorded {self._earliest_us - earliest_us} us before the one before it",
            )
        # A leaf found at the next start goes on from here, whatever the clock does then.
        self._earliest_us = earliest_us

    def stepped(self, by_us: int) -> None:
        """Somebody set the wall clock."""
        if abs(by_us) > 2 * SECOND_US and self.at_work_since_us is not None:
            self.world.kernel.after(STEP_TOLD_US, self._check_stepped, self.world.now_us)

    def _check_stepped(self, at_us: int) -> None:
        """I8: a step is told."""
        is_at_work = self.at_work_since_us is not None and self.at_work_since_us < at_us
        is_moved_again = self.world.gateway.wall.set_us != at_us
        if (
            not is_at_work
            or is_moved_again
            or self._is_crying
            or self.is_interim
            or self.world.gateway.is_frozen
        ):
            return
        self.world.truth.counts["I8 looked"] += 1
        if not any(told >= at_us for told in self.steps_told):
            self.world.truth.violate("I8", "the wall clock was set and nothing tells it")

    def _see_interim(self, log: Any) -> None:
        while self._interim_seen < log.durable_size:
            for data in log.leaves(self._interim_seen, 256, 1 << 20):
                self._interim_seen += 1
                leaf = canonical.loads(data)
                if leaf["class"] == "fact" and leaf["source"]["name"]:
                    source = leaf["source"]
                    self.in_interim.add((source["name"], source["boot"], source["seq"]))
                if leaf["type"] in ORDERS:
                    self._note_order(leaf)
                if self._interim_seen >= log.durable_size:
                    break

    def _forget_from(self, size: int) -> None:
        """The disk lost what it had sworn to keep."""
        truth = self.world.truth
        del truth.leaves[size:]
        self.tree = Tree()
        for kept in truth.leaves:
            self.tree.append(leaf_hash(kept.data))
        self.sources = {source: index for source, index in self.sources.items() if index < size}
        kept = [canonical.loads(leaf.data) for leaf in truth.leaves]
        self._last_command = _orders(kept)

    # --- what the gateway does --------------------------------------------------------------------

    def action(self, action: Action) -> None:
        """Something leaves the gateway: the reason for it must be durable."""
        match action:
            case Publish(topic, payload, size):
                self._published(topic, payload, size)
            case DriveLine(output, _, active):
                self._driven(output, active=active)
            case SendBytes(port, data, acks):
                if not acks:
                    self._commands(port, data)

    def _published(self, topic: str, payload: bytes, size: int) -> None:
        truth = self.world.truth
        if self.is_interim or topic == "mend":
            return
        if size > len(truth.leaves):
            truth.violate("I1", f"published {topic} for {size} leaves, {len(truth.leaves)} are durable")
        if topic in ("hb", "birth"):
            self._check_told(canonical.loads(payload))
            self._check_contradiction(canonical.loads(payload)["health"])
        if topic != "log":
            return
        batch = payloads.parse(payload)
        for index, data in enumerate(batch.leaves, batch.first):
            if index >= len(truth.leaves) or truth.leaves[index].data != data:
                truth.violate("I1", f"published leaf {index} that is not the durable one")
        note = checkpoint.parse(batch.note)
        if note.size <= len(truth.leaves) and self.tree.root(note.size) != note.root:
            truth.violate("I4", f"a checkpoint of {note.size} leaves with another root than theirs")
        before = truth.released.setdefault((note.origin, note.size), note.root)
        if before != note.root and not self.lied:
            truth.violate("I4", f"two checkpoints of {note.size} leaves")

    def _check_told(self, beat: dict[str, Any]) -> None:
        """I6: what may have been reached by the time that a heartbeat names has been told."""
        core = self.world.gateway.core
        if core is None or core.book.is_full or self._is_stopping:
            return
        due_us, latest_us = core.book.engine.next_deadline_us(), beat["latest_us"]
        self.world.truth.counts["I6 told looked"] += 1
        if due_us is not None and (latest_us is None or due_us <= latest_us):
            late = "it has no bound" if latest_us is None else f"{latest_us - due_us} us later"
            self.world.truth.violate("I6", f"a limit may be reached, by the clock {late}, and is not told")

    def _check_contradiction(self, health: dict[str, Any]) -> None:
        """I7: a time service and the server contradict each other, and no battery clock decides: a doubt, or one is named."""
        world = self.world
        core, gateway, server = world.gateway.core, world.gateway, world.server
        states = dict(health["clock_sources"])
        if core is None or gateway.time.has_battery() or not gateway.wall.is_synchronised or not server.is_on:
            return
        if not core.outbox.has_heard or server.wall.us() < self.server_shown_us + 2 * SECOND_US:
            return  # a word of before what it said already counts as an old one, said again
        heard_ago_us = gateway.crystal.us() - core.outbox.last_ack_us
        is_heard_since = heard_ago_us + SECOND_US < world.now_us - max(
            server.wall.set_us, gateway.wall.set_us
        )
        if not {"ntp", "server"} <= states.keys() or not is_heard_since:
            return
        least_us = (
            CONTRADICTION_US
            if world.settings.get("area") in ("small", "cabinet")
            else LATE_WORD_US + CONTRADICTION_US
        )
        has_signed_more = self.server_grew_us > max(server.wall.set_us, gateway.wall.set_us) + SECOND_US
        if abs(server.wall.us() - world.now_us) < least_us or not has_signed_more:
            return  # an ack that was long under way proves little
        world.truth.counts["clocks contradicted"] += 1
        if health["clock"] == "trusted" and not {"false", "disputed"} & set(states.values()):
            world.truth.violate("I7", "time service and server contradict each other, and neither is named")

    def _driven(self, output: str, *, active: bool) -> None:
        """I12: an output moves by an order that is in the log; a sounder may cry when there is no log."""
        if active in self._of_turn.get(output, self._standing(output)):
            return
        is_sounder = self.world.area.outputs[output].kind == "sounder"
        if not (is_sounder and active and (self._is_crying or self._is_stopping)):
            self.world.truth.violate("I12", f"{output} driven to {active} without a durable order")

    def _commands(self, port: str, data: bytes) -> None:
        world = self.world
        for frame in self._decoders[port].feed(data):
            if not isinstance(frame.message, Command):
                continue
            command = frame.message
            node = next(n.id for n in world.area.nodes.values() if n.number == frame.node)
            output = next(p.of for p in world.area.points if p.node == node and p.point == command.point)
            order = self._last_command.get(output)
            now_us = world.gateway.crystal.us()
            if order is None or order["body"]["command_id"] != command.command_id:
                world.truth.violate(
                    "I12", f"command {command.command_id} to {output} without a durable order"
                )
            elif _ordered(order)[1] != (command.state == 1):
                world.truth.violate("I12", f"command to {output} other than its order")
            elif order["recorded"]["boot"] != world.gateway.boot:
                world.truth.violate("I12", f"command to {output} by an order of an earlier start")
            elif now_us > order["recorded"]["boottime_us"] + order["body"]["valid_ms"] * 1_000 + 50_000:
                world.truth.violate("I12", f"command to {output} after its order expired")

    # --- the nodes ----------------------------------------------------------------------------------

    def node_acked(self, node: str, boot: int, seq: int) -> None:
        """I1: the node believes that a message is safe."""
        self.world.truth.acked[node, boot, seq] = self.world.now_us

    def node_gone(self, node: str) -> None:
        """From now on nothing of the node can be heard, for a while at least."""
        self.world.truth.gone.setdefault(node, []).append(self.world.now_us)
        self.world.kernel.after(NODE_LOST_US, self._check_gone, node, self.world.now_us)

    def _check_gone(self, node: str, since_us: int) -> None:
        """I5: if nothing was heard since, the gateway says that it knows nothing."""
        world, core = self.world, self.world.gateway.core
        board = world.boards[node]
        port = board.place.port
        is_mute = not board.is_on or "cut" in world.lines[port].faults or not world.gateway.ports_open[port]
        spans = world.truth.node_up.get(node, [])
        was_on_between = any(span[0] > since_us for span in spans)
        if not is_mute or was_on_between or core is None or world.gateway.is_frozen or self._is_crying:
            return
        if self.at_work_since_us is None or self.at_work_since_us > since_us:
            return
        if world.lines[port].genuine_us > since_us + SECOND_US // 4:
            return  # it was heard in between: the line was whole again for a moment
        world.truth.counts["I5 looked"] += 1
        if core.memory.nodes.get(node) != "lost":
            world.truth.violate(
                "I5", f"node {node} is silent for 6 s and counts as {core.memory.nodes.get(node)}"
            )

    def _has_told(self, core: GatewayCore, node: str, since_us: int) -> bool:
        """Whether the gateway has taken a message of the node since its start: of a dead one, played back, and new to the
        log (docs/wire.md, "Not covered")."""
        known = (0, 0)
        for kept in self.world.truth.leaves:
            if kept.at_us < since_us:
                source = canonical.loads(kept.data)["source"]
                if source["name"] == node:
                    known = max(known, (source["boot"], source["seq"]))
        seen = core.memory.seen_of(node)
        return (seen.boot, seen.top) > known

    def _check_never_heard(self, node: str, since_us: int) -> None:
        """I5: a board that has been dead since before the start is told as lost soon after it."""
        core, board = self.world.gateway.core, self.world.boards[node]
        if core is None or self.at_work_since_us != since_us or board.is_on or self.world.gateway.is_frozen:
            return
        spans = self.world.truth.node_up.get(node, [])
        if (spans and spans[-1][1] > since_us) or self._is_crying or self._has_told(core, node, since_us):
            return
        self.world.truth.counts["I5 looked at a start"] += 1
        if core.memory.nodes.get(node) != "lost":
            self.world.truth.violate(
                "I5", f"node {node}, dead since before the start, counts as {core.memory.nodes.get(node)}"
            )

    # --- the server -----------------------------------------------------------------------------------

    def server_turned(self) -> None:
        """I10: what the server holds is a beginning of the gateway's log."""
        self.world.watch.server_turned()
        ingest = self.world.server.state.ingest
        if ingest.size == self.server_size:
            return
        self.server_size, self.server_grew_us = ingest.size, self.world.now_us
        self.world.truth.trace("server holds", ingest.size)
        if ingest.size > len(self.world.truth.leaves):
            if not self.lied:
                self.world.truth.violate(
                    "I10", f"the server holds {ingest.size} leaves of {len(self.world.truth.leaves)}"
                )
        elif ingest.root != self.tree.root(ingest.size):
            self.world.truth.violate(
                "I10", f"the server's first {ingest.size} leaves are others than the gateway's"
            )

    # --- the end ----------------------------------------------------------------------------------------

    def end(self) -> None:
        """All is over: judge."""
        judge(self.world)


ORDERS = ("output.commanded/1", "compartment.ordered/1")


def _ordered(leaf: dict[str, Any]) -> tuple[str, bool]:
    """What an order orders, and to what: a compartment is only ever released."""
    body = leaf["body"]
    return (body["compartment"], True) if "compartment" in body else (body["output"], body["active"])


def _orders(leaves: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The last order of each output and compartment."""
    return {_ordered(leaf)[0]: leaf for leaf in leaves if leaf["type"] in ORDERS}
