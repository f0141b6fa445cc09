"""OSDP door readers (IEC 60839-11-5) on one bus, with secure channel: a device of node.app.Node over libosdp.

libosdp does the protocol and the ciphers. Around it: what it is too slow or too patient for (`osdp_wire`), what
is known of each reader (`osdp_reader`), when a reader that is away is tried again, and orders that expire.

libosdp is turned in `poll`: it waits for nothing, so it needs no thread.
"""

import logging
from dataclasses import dataclass
from typing import Any

import osdp_sys
from osdp import Capability, Command, CompletionStatus, Event, LibFlag, LogLevel, PDInfo

from casefield.osdp_config import LedConfig, OsdpConfig, OutputConfig
from casefield.osdp_reader import INPUTS, LOCAL, OUTPUTS, Reader
from casefield.osdp_wire import CAPABILITIES, CHALLENGE, CRYPT, Wire
from casewire import ACTIVE, INACTIVE

QUIET_MS = 2_500
"""So long without a question: libosdp has given the reader up. It asks one that does not answer once a second."""
KEY_RETRY_MS = 10_000
"""A reader that refuses our key is tried again this often; in an install window after retry_ms."""
REFUSALS_MAX = 3
WATCH_MS = 500
"""How often a relay that is on is asked for: its own timer ends it."""
OFF, ON, ON_FOR = 1, 2, 5  # control codes of an output: for good, for good, for the time of the timer
TIMER_MS = 100
LED_SET, LED_ON_COUNT = 1, 1
_HANDSHAKE = (CAPABILITIES, CHALLENGE, CRYPT, None)  # None: enciphered, the setting of our key
_ON_LOST = {"off": INACTIVE, "on": ACTIVE}
_ABILITIES = {INPUTS: Capability.ContactStatusMonitoring, OUTPUTS: Capability.OutputControl}

log = logging.getLogger("node")

__all__ = ["OsdpBus", "OsdpConfig", "device"]


@dataclass(slots=True)
class _Order:
    """`deadline_ms` None: a declared state, which does not expire."""

    to: OutputConfig | LedConfig
    state: int
    deadline_ms: int | None
    is_void: bool = False

    def is_late(self, now_ms: int) -> bool:
        return self.deadline_ms is not None and now_ms >= self.deadline_ms

    def command(self) -> dict[str, Any]:
        if isinstance(self.to, LedConfig):
            color = self.to.active_color if self.state == ACTIVE else self.to.inactive_color
            return {
                "command": Command.LED, "reader": 0, "led_number": self.to.number, "control_code": LED_SET,
                "on_count": LED_ON_COUNT, "off_count": 0, "on_color": color, "off_color": color, "temporary": False,
            }  # fmt: skip
        code = (ON_FOR if self.to.pulse_ms else ON) if self.state == ACTIVE else OFF
        timer = -(-self.to.pulse_ms // TIMER_MS) if code == ON_FOR else 0
        return {
            "command": Command.Output, "output_no": self.to.number, "control_code": code, "timer_count": timer,
        }  # fmt: skip


class _Link:
    """One reader and what is under way with it. `number` is its place in the panel."""

    def __init__(
        self, panel: Any, wire: Wire, number: int, reader: Reader, retry_ms: int, ask_ms: int
    ) -> None:
        self.reader = reader
        self.orders: dict[int, _Order] = {}  # by point, not sent yet
        self.pending: _Order | int | None = None  # an order or a status report that libosdp has in hand
        self.is_up = False
        self.is_installing = False  # an install window is open
        self._panel = panel
        self._wire = wire
        self._number = number
        self._address = reader.config.address
        self._retry_ms = retry_ms
        self._ask_ms = ask_ms
        self._next_ask_ms = 0
        self._next_watch_ms = 0
        self._enable_at_ms: int | None = None  # libosdp leaves the reader alone until then
        self._up_ms = 0
        self._tried_ms: int | None = None  # when the newest attempt began
        self._refusals: dict[int, int] = {}  # kind of report -> refused this often, one session after another

    def supervise(self, is_online: bool, is_secure: bool, now_ms: int) -> None:
        """Follow the session; begin it anew when libosdp has given up."""
        if self._tried_ms is None:
            self._tried_ms = now_ms
        was_up, self.is_up = self.is_up, is_online and is_secure
        self._see_default_key()
        if self._enable_at_ms is not None:
            if now_ms >= self._enable_at_ms and not self._panel.is_pd_enabled(self._number):
                self._enable(now_ms)
        elif self.is_up and not was_up:
            self._begin(now_ms)
        elif was_up and not self.is_up:
            is_short = now_ms - self._up_ms < self._retry_ms  # no turning round and round
            is_at_once = self._address in self._wire.shut or not (self.reader.is_silent or is_short)
            self._end(now_ms, 0 if is_at_once else self._retry_ms)
        elif is_online and not is_secure:
            self._refuse("it speaks without a secure channel", now_ms)
        elif not self.is_up and self._has_given_up(now_ms):
            self._judge(now_ms)

    def serve(self, now_ms: int) -> None:
        """Orders first, then what is wanted to know; one at a time."""
        for point, order in list(self.orders.items()):
            if order.is_late(now_ms):
                del self.orders[point]
                log.warning("order to point %d: not sent in its time, void", point)
        if isinstance(self.pending, _Order) and self.pending.is_late(now_ms) and not self.pending.is_void:
            self._void(self.pending)
        if not self.is_up or not self.reader.is_known or self.pending is not None:
            return
        if self.orders:
            order = self.orders.pop(next(iter(self.orders)))
            self._submit(order, order.command())
            return
        self._ask_again(now_ms)
        for kind in sorted(filter(self._is_asked, self.reader.wants)):
            self._submit(kind, {"command": Command.Status, "type": kind})
            return

    def completed(self, status: int, now_ms: int) -> None:
        """libosdp is through with what was pending."""
        done, self.pending = self.pending, None
        if isinstance(done, _Order):
            if status != CompletionStatus.Ok:
                log.error("order to point %d: the reader did not take it", done.to.point)
            elif isinstance(done.to, LedConfig):
                self.reader.lit(done.to.point, done.state, now_ms)
            self.reader.wants.add(OUTPUTS)
        elif done is not None and status == CompletionStatus.Ok:
            self._refusals.pop(done, None)
        elif done is not None and status == CompletionStatus.Failed and self.reader.is_unhurt:
            # On a bad line a reader that lost its session refuses as well: that is no word about the report.
            self._refusals[done] = self._refusals.get(done, 0) + 1
            if self._refusals[done] == REFUSALS_MAX:
                log.error("reader %d: refuses status report %d, not asked for again", self._address, done)

    def _is_asked(self, kind: int) -> bool:
        used = {INPUTS: self.reader.config.inputs, OUTPUTS: self.reader.config.outputs}.get(kind, True)
        return bool(used) and self._refusals.get(kind, 0) < REFUSALS_MAX

    def _submit(self, what: _Order | int, command: dict[str, Any]) -> None:
        if self._panel.submit_command(self._number, command):
            self.pending = what
        elif isinstance(what, _Order):
            log.error("order to point %d: libosdp did not take it", what.to.point)

    def _void(self, order: _Order) -> None:
        """It is under way and unanswered: libosdp would send it again, so nothing more is sent."""
        order.is_void = True
        log.warning("order to point %d: no answer in its time, void", order.to.point)
        self._wire.shut.add(self._address)
        self._panel.flush_commands(self._number)

    def _begin(self, now_ms: int) -> None:
        self._panel.set_flag(self._number, LibFlag.EnforceSecure)
        self.reader.begin()
        self._up_ms = now_ms
        self._next_ask_ms = now_ms + self._ask_ms
        for kind, ability in _ABILITIES.items():
            used = self.reader.config.inputs if kind == INPUTS else self.reader.config.outputs
            _, count = self._panel.check_capability(self._number, ability)
            if not count:
                self._refusals[kind] = REFUSALS_MAX
            for each in used:
                if each.number >= count:
                    log.error(
                        "point %d: expected %d or more of its kind at reader %d, found %d",
                        each.point, each.number + 1, self._address, count,
                    )  # fmt: skip
        log.info("reader %d: secure channel up", self._address)

    def _ask_again(self, now_ms: int) -> None:
        if now_ms >= self._next_ask_ms:
            self._next_ask_ms = now_ms + self._ask_ms
            self.reader.wants |= {INPUTS, OUTPUTS, LOCAL}
        if self.reader.has_relay_on and now_ms >= self._next_watch_ms:
            self._next_watch_ms = now_ms + WATCH_MS
            self.reader.wants.add(OUTPUTS)

    def _has_given_up(self, now_ms: int) -> bool:
        question = self._wire.last.get(self._address)
        since_ms = max(self._tried_ms or 0, question.asked_ms if question is not None else 0)
        return now_ms - since_ms >= QUIET_MS

    def _judge(self, now_ms: int) -> None:
        """libosdp asks no more: because of the key, or because nobody is there."""
        question = self._wire.last.get(self._address)
        if question is not None and question.is_answered and question.word in _HANDSHAKE:
            self._refuse("it does not have our key, or no secure channel", now_ms)
        else:
            self._end(now_ms, 0)

    def _refuse(self, reason: str, now_ms: int) -> None:
        if not self.reader.is_refused:
            log.error("reader %d: refused, %s", self._address, reason)
        self.reader.is_refused = True
        self._end(now_ms, self._retry_ms if self.is_installing else KEY_RETRY_MS)

    def _end(self, now_ms: int, wait_ms: int) -> None:
        """No session: what libosdp has in hand is void, and it begins anew after `wait_ms`."""
        self.reader.end(now_ms)
        self._panel.flush_commands(self._number)
        self._panel.disable_pd(self._number)
        self.pending = None
        self._enable_at_ms = now_ms + wait_ms

    def _enable(self, now_ms: int) -> None:
        # Without this flag libosdp tries the default key after ours, and sets ours by it.
        may_take_default = self.is_installing and self.reader.is_refused
        change = self._panel.clear_flag if may_take_default else self._panel.set_flag
        change(self._number, LibFlag.EnforceSecure)
        if self._panel.enable_pd(self._number):
            self._wire.shut.discard(self._address)
            self._enable_at_ms = None
            self._tried_ms = now_ms

    def _see_default_key(self) -> None:
        question = self._wire.last.get(self._address)
        if question is None or self.reader.has_default_key or self.is_up:
            return
        if question.has_default_key and question.word == CRYPT and question.is_answered:
            self.reader.has_default_key = True
            log.warning("reader %d: spoke with the key that everybody knows; it is given ours", self._address)


class OsdpBus:
    """The readers of one bus; see node.app.Node. `port` has read(n) and write(bytes), neither ever waiting."""

    def __init__(self, config: OsdpConfig, port: Any) -> None:
        self.points = tuple(sorted(config.points))
        self._config = config
        self._wire = Wire(port, config.answer_ms)
        self._events: list[tuple[int, dict[str, Any]]] = []
        self._completed: list[tuple[int, int]] = []
        self._install_until_ms: int | None = None
        self._has_begun = False
        osdp_sys.set_loglevel(LogLevel.Emergency)  # it writes to standard output; what matters is said here
        self._panel = osdp_sys.ControlPanel(
            [
                PDInfo(reader.address, self._wire, scbk=reader.key, flags=[LibFlag.EnforceSecure]).get()
                for reader in config.readers
            ]
        )
        self._panel.set_event_callback(self._hear)
        self._panel.set_command_completion_callback(self._complete)
        self._links = [
            _Link(
                self._panel, self._wire, number, Reader(each, config.hold_ms), config.retry_ms, config.ask_ms
            )
            for number, each in enumerate(config.readers)
        ]
        self._by_point = {point: link for link in self._links for point in link.reader.config.points}
        self._by_address = {link.reader.config.address: link for link in self._links}

    def poll(self, now_ms: int) -> list[tuple[Any, ...]]:
        """What changed."""
        self._watch_window(now_ms)
        self._wire.now_ms = now_ms
        self._panel.refresh()
        self._wire.watch()
        self._take(now_ms)
        online, secure = self._panel.status(), self._panel.sc_status()
        changes = []
        for number, link in enumerate(self._links):
            link.supervise(bool(online >> number & 1), bool(secure >> number & 1), now_ms)
            link.serve(now_ms)
            changes += link.reader.changes(now_ms)
        return changes

    def states(self) -> list[tuple[int, int]]:
        """All points."""
        return [(point, self._by_point[point].reader.state(point)) for point in self.points]

    def tags(self) -> list[tuple[int, bytes, int]]:
        """Cards that are in front of a reader."""
        return [
            (link.reader.config.point, uid, read_ms)
            for link in self._links
            for uid, read_ms in link.reader.cards.items()
        ]

    def troubles(self) -> list[tuple[int, int]]:
        """Points in trouble."""
        found = [(point, self._by_point[point].reader.bits(point)) for point in self.points]
        return [(point, bits) for point, bits in found if bits]

    def put(self, point: int, state: int, valid_ms: int, now_ms: int) -> None:
        """An order to a relay or a lamp; a later one to the same takes the place of one that waits."""
        link = self._by_point[point]
        known: list[OutputConfig | LedConfig] = [*link.reader.config.outputs, *link.reader.config.leds]
        for each in known:
            if each.point == point:
                link.orders[point] = _Order(each, state, now_ms + valid_ms)
                return
        log.error("expected an order to an output, found point %d", point)

    def lose_link(self) -> None:
        """Orders that wait are void; relays take their declared state, as soon as their reader hears it."""
        for link in self._links:
            link.orders.clear()
            for output in link.reader.config.outputs:
                if output.on_lost in _ON_LOST:
                    link.orders[output.point] = _Order(output, _ON_LOST[output.on_lost], None)

    def _watch_window(self, now_ms: int) -> None:
        if not self._has_begun:
            self._has_begun = True
            if self._config.install_s:
                self._install_until_ms = now_ms + self._config.install_s * 1_000
                log.warning("%s: install window open for %d s", self._config.bus, self._config.install_s)
        if self._install_until_ms is not None and now_ms >= self._install_until_ms:
            self._install_until_ms = None
            log.warning("%s: install window closed", self._config.bus)
            for number in range(len(self._links)):
                self._panel.set_flag(number, LibFlag.EnforceSecure)
        for link in self._links:
            link.is_installing = self._install_until_ms is not None

    def _take(self, now_ms: int) -> None:
        """What this turn of libosdp brought: first what was missed, at last what was heard."""
        wire = self._wire
        for address in wire.missed:
            self._by_address[address].reader.missed(now_ms)
        for address in wire.damaged:
            self._by_address[address].reader.damaged()
        for number, event in self._events:
            self._tell(self._links[number].reader, event, now_ms)
        for number, status in self._completed:
            self._links[number].completed(status, now_ms)
        for address in wire.heard:
            self._by_address[address].reader.heard()
        for each in (wire.missed, wire.damaged, wire.heard, self._events, self._completed):
            each.clear()

    def _tell(self, reader: Reader, event: dict[str, Any], now_ms: int) -> None:
        if event["event"] == Event.CardRead:
            reader.card(event.get("length", 8 * len(event["data"])), event["data"], now_ms)
        elif event["event"] == Event.Status and event["type"] in (INPUTS, OUTPUTS, LOCAL):
            reader.report(event["type"], event["report"], now_ms)

    def _hear(self, number: int, event: dict[str, Any]) -> int:
        # libosdp 3.2.9 forgets to give the event back: an empty one costs less.
        self._events.append((number, dict(event)))
        event.clear()
        return 0

    def _complete(self, number: int, _command: dict[str, Any], status: int) -> None:
        self._completed.append((number, status))


def device(config: OsdpConfig, port: Any) -> OsdpBus:
    """The device of a bus."""
    return OsdpBus(config, port)
