"""Watches boards and server while they run: what they show must be what they may show. Beside observer.py."""

from typing import TYPE_CHECKING, Any

from caselog import canonical
from tests.simulation.plain_server import PlainServer

if TYPE_CHECKING:
    from tests.simulation.world import World

SECOND_US = 1_000_000
ORDER_SLACK_US = 2 * SECOND_US
REMEMBERED_US = 60 * SECOND_US
"""So long at least a board knows how quick a line was."""
"""I12: between an order's end and the last moment at which a node may still obey it: the line, and two clocks."""
LINK_LOST_US = 7 * SECOND_US
"""A node gives its gateway up after five seconds."""
SILENT_US = 37 * SECOND_US
"""I6b: thirty seconds, a turn of the server, and what was on its way."""
AHEAD_US = 8 * SECOND_US
CHATTER_GAP_US = 12_000  # shorter than any debounce
CHATTER_US = 1_700_000


class Watch:
    """`orders`: output -> what it was durably ordered to be, as (state, true time, valid for us)."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.orders: dict[str, list[tuple[bool, int, int]]] = {}
        self.chatter: list[tuple[str, int, int, int]] = []  # node, point, from, to
        self.cleared_ahead: dict[str, int] = {}
        self._changes: dict[tuple[str, int], tuple[int, int]] = {}  # point -> (chatters since, last change)
        self.acked_max = 0
        self._beat_us: int | None = None
        self._server_since_us = 0
        self._turns = 0

    # --- boards -----------------------------------------------------------------------------------

    def ordered(self, output: str, *, active: bool, valid_ms: int) -> None:
        """An order is durable."""
        kept = self.orders.setdefault(output, [])
        kept.append((active, self.world.now_us, valid_ms * 1_000))
        del kept[:-20]

    def pin(self, node: str, output: str, *, active: bool) -> None:
        """I12: an output pin of a board moved."""
        world = self.world
        board, now_us = world.boards[node], world.now_us
        since_us = world.truth.node_up[node][-1][0]
        if now_us - since_us < SECOND_US // 5 or not hasattr(board, "node"):
            return  # the state declared for the start
        declared = world.area.outputs[output].on_lost
        if board.node.link.is_lost and declared != "hold" and active == (declared == "on"):
            return
        slack_us = ORDER_SLACK_US + world.truth.late_us + self._unseen_delay_us()
        for wanted, at_us, valid_us in reversed(self.orders.get(output, [])):
            if wanted == active and at_us <= now_us <= at_us + valid_us + slack_us:
                return
            if now_us - at_us > slack_us:
                break  # a newer order than those before it, and it has had time to arrive
        world.truth.violate("I12", f"pin of {output} moved to {active} without an order that is still valid")

    def pulsed(self, node: str, compartment: str) -> None:
        """I18: the coil of a compartment's lock is driven."""
        self.world.truth.counts["compartment pulsed"] += 1
        slack_us = ORDER_SLACK_US + self.world.truth.late_us + self._unseen_delay_us()
        now_us = self.world.now_us
        orders = self.orders.get(compartment, [])
        if not any(at_us <= now_us <= at_us + valid_us + slack_us for _, at_us, valid_us in orders):
            self.world.truth.violate(
                "I18", f"{node} opens {compartment} without an order that is still valid"
            )

    def _unseen_delay_us(self) -> int:
        """A delay that a board cannot see: there when the gateway started, or for longer than it remembers (docs/wire.md)."""
        truth = self.world.truth
        starts = [span[0] for span in truth.up]
        return max(
            (
                by_us
                for since_us, until_us, by_us in truth.slow
                if self.world.now_us - since_us > REMEMBERED_US
                or any(since_us <= at <= until_us for at in starts)
            ),
            default=0,
        )

    def board_started(self, node: str) -> None:
        """A board begins; if its gateway is away it has to notice."""
        self.world.kernel.after(LINK_LOST_US, self._check_started, node, self.world.now_us)

    def _check_started(self, node: str, since_us: int) -> None:
        spans = self.world.truth.up
        is_away = self.world.gateway.core is None and (not spans or 0 < spans[-1][1] < since_us)
        board = self.world.boards[node]
        if is_away and board.is_on and self.world.truth.node_up[node][-1][0] == since_us:
            self._check_declared(board, since_us + 1)

    def gateway_silent(self) -> None:
        """The gateway has just lost power: boards have to notice."""
        self.world.kernel.after(LINK_LOST_US, self._check_gateway_silent, self.world.now_us)

    def line_cut(self, port: str) -> None:
        """Nothing of the gateway reaches the boards of this line from now on, for a while at least."""
        self.world.kernel.after(LINK_LOST_US, self._check_line, port, self.world.now_us)

    def _check_gateway_silent(self, since_us: int) -> None:
        gateway = self.world.gateway
        if gateway.has_power or any(span[0] > since_us for span in self.world.truth.up):
            return
        for board in self.world.boards.values():
            self._check_declared(board, since_us)

    def _check_line(self, port: str, since_us: int) -> None:
        line = self.world.lines[port]
        if not any(line.cut_since.get(name, 2**62) <= since_us for name in ("cut", "cut_to_node")):
            return
        for board in self.world.boards.values():
            if board.place.port == port:
                self._check_declared(board, since_us)

    def _check_declared(self, board: Any, since_us: int) -> None:
        """A board without its gateway shows what is declared for that."""
        if not board.is_on or self.world.truth.node_up[board.place.id][-1][0] > since_us:
            return
        self.world.truth.counts["on_lost looked"] += 1
        for point in board.points:
            if point.kind != "output":
                continue
            declared = self.world.area.outputs[point.of].on_lost
            if declared != "hold" and bool(board.pins[point.point].level) != (declared == "on"):
                self.world.truth.violate(
                    "I5", f"{point.of} does not show {declared} though its gateway is away"
                )

    def level(self, node: str, point: int) -> None:
        """An input changed: note where it changes faster than any debounce."""
        now_us, key = self.world.now_us, (node, point)
        since_us, last_us = self._changes.get(key, (now_us, now_us))
        if now_us - last_us > CHATTER_GAP_US:
            self._end_chatter(node, point, since_us, last_us)
            since_us = now_us
        self._changes[key] = since_us, now_us

    def end(self) -> None:
        """Whatever chattered to the end."""
        for (node, point), (since_us, last_us) in self._changes.items():
            self._end_chatter(node, point, since_us, last_us)

    def _end_chatter(self, node: str, point: int, since_us: int, last_us: int) -> None:
        if last_us - since_us > CHATTER_US:
            self.chatter.append((node, point, since_us, last_us))

    # --- the server ---------------------------------------------------------------------------------

    def beat(self) -> None:
        """A heartbeat reached the server."""
        self._beat_us = self.world.now_us

    def server_started(self) -> None:
        """A process of the server begins."""
        self._server_since_us = self.world.now_us
        self._beat_us = None

    def server_turned(self) -> None:
        """I6b: a gateway that is not heard is alarmed, and what the server knows to be due is alarmed by the server."""
        world, server = self.world, self.world.server
        if isinstance(server, PlainServer) or server.is_slow:
            return
        self._turns += 1
        heard_us = max(self._server_since_us, self._beat_us or 0)
        if world.now_us - heard_us < SILENT_US or self._turns % 5:
            return
        world.truth.counts["I6b looked"] += 1
        state = server.state
        if not any(a.variant == "gateway" and a.origin == "server" for a in state.book.open() if a.is_active):
            silent_s = (world.now_us - heard_us) / 1e6
            world.truth.violate(
                "I6b", f"the gateway is silent for {silent_s:.0f} s and the server says nothing"
            )
        now_us = server.clock.now().earliest_us
        for row in state.evaluator._engine.obligations():
            due = [s for s in row.stages if not s.is_prewarning and s.due_us < now_us - AHEAD_US]
            if row.closed_us is None and due and state.book.get(row.id) is None:
                world.truth.violate(
                    "I6b", f"{row.id} is due, the gateway is silent, the server does not alarm it"
                )

    def cursor(self, acked: int) -> None:
        """I10: the gateway's cursor never passes what the server has said to hold."""
        if acked > self.acked_max:
            self.world.truth.violate(
                "I10", f"the cursor stands at {acked}, the server acked {self.acked_max} leaves"
            )

    def said(self, topic: str, payload: bytes) -> None:
        """The server says something to the gateway."""
        if topic == "ack":
            self.acked_max = max(self.acked_max, canonical.loads(payload)["size"])
