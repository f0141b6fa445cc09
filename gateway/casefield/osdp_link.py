"""One OSDP reader and what is under way with it: its session, orders that expire, what it is asked.

libosdp does the session; here it is told when to begin anew, and nothing it holds outlives its time.
"""

import logging
from dataclasses import dataclass
from typing import Any

from osdp import Capability, Command, CompletionStatus, LibFlag

from casefield.osdp_config import LedConfig, OsdpConfig, OutputConfig
from casefield.osdp_reader import INPUTS, LOCAL, OUTPUTS, Reader
from casefield.osdp_wire import CAPABILITIES, CHALLENGE, CRYPT, Wire
from casewire import ACTIVE

QUIET_MS = 2_500
"""So long without a question: libosdp has given the reader up. It asks one that does not answer once a second."""
KEY_RETRY_MS = 10_000
"""A reader that refuses our key is tried again this often; in an install window after retry_ms."""
REFUSALS_MAX = 3
UNASKED_MS = 500
"""A reader that is up is asked each 50 ms; later when others on the bus do not answer."""
WATCH_MS = 500
"""How often a relay that is on is asked for: its own timer ends it."""
OFF, ON, ON_FOR = 1, 2, 5  # control codes of an output: for good, for good, for the time of the timer
TIMER_MS = 100
LED_SET, LED_ON_COUNT = 1, 1
_HANDSHAKE = (CAPABILITIES, CHALLENGE, CRYPT, None)  # None: enciphered, the setting of our key
_ABILITIES = {INPUTS: Capability.ContactStatusMonitoring, OUTPUTS: Capability.OutputControl}

log = logging.getLogger("node")


@dataclass(slots=True)
class Order:
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


class Link:
    """One reader and what is under way with it. `number` is its place in the panel."""

    def __init__(self, panel: Any, wire: Wire, number: int, reader: Reader, config: OsdpConfig) -> None:
        self.reader = reader
        self.orders: dict[int, Order] = {}  # by point, not sent yet
        self.pending: Order | int | None = None  # an order or a status report that libosdp has in hand
        self.is_up = False
        self.is_installing = False  # an install window is open
        self.panel = panel
        self._wire = wire
        self._number = number
        self._address = reader.config.address
        self._retry_ms = config.retry_ms
        self._ask_ms = config.ask_ms
        self._unasked_ms_max = UNASKED_MS + config.answer_ms * (len(config.readers) - 1)
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
            if now_ms >= self._enable_at_ms and not self.panel.is_pd_enabled(self._number):
                self._enable(now_ms)
        elif self.is_up and not was_up:
            self._begin(now_ms)
        elif was_up and not self.is_up:
            is_short = now_ms - self._up_ms < self._retry_ms  # no turning round and round
            is_at_once = self._address in self._wire.shut or not (self.reader.is_silent or is_short)
            self._end(now_ms, 0 if is_at_once else self._retry_ms)
        elif is_online and not is_secure:
            self._refuse("it speaks without a secure channel", now_ms)
        elif self.is_up:
            self._watch_asking(now_ms)
        elif self._unasked_ms(now_ms) >= QUIET_MS:
            self._judge(now_ms)

    def is_stuck(self, now_ms: int) -> bool:
        """Whether libosdp does not even let go of the reader: its timers run by the wall clock, which was set back."""
        return self._enable_at_ms is not None and now_ms - self._enable_at_ms >= QUIET_MS

    def move(self, panel: Any, now_ms: int) -> None:
        """Go on with a new panel."""
        self._end(now_ms, 0)
        self.panel = panel
        self._wire.shut.discard(self._address)
        self._enable_at_ms = None
        self._tried_ms = now_ms

    def serve(self, now_ms: int) -> None:
        """Orders first, then what is wanted to know; one at a time."""
        for point, order in list(self.orders.items()):
            if order.is_late(now_ms):
                del self.orders[point]
                log.warning("order to point %d: not sent in its time, void", point)
        if isinstance(self.pending, Order) and self.pending.is_late(now_ms) and not self.pending.is_void:
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
        if isinstance(done, Order):
            if status != CompletionStatus.Ok:
                self._fail(done, "the reader did not take it")
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

    def _fail(self, order: Order, reason: str) -> None:
        log.error("order to point %d: %s", order.to.point, reason)
        if order.deadline_ms is None and not self.reader.is_unhurt:
            self.orders.setdefault(order.to.point, order)  # a declared state is tried until it is taken

    def _is_asked(self, kind: int) -> bool:
        used = {INPUTS: self.reader.config.inputs, OUTPUTS: self.reader.config.outputs}.get(kind, True)
        return bool(used) and self._refusals.get(kind, 0) < REFUSALS_MAX

    def _submit(self, what: Order | int, command: dict[str, Any]) -> None:
        if self.panel.submit_command(self._number, command):
            self.pending = what
        elif isinstance(what, Order):
            log.error("order to point %d: libosdp did not take it", what.to.point)

    def _void(self, order: Order) -> None:
        """It is under way and unanswered: libosdp would send it again, so nothing more is sent."""
        order.is_void = True
        log.warning("order to point %d: no answer in its time, void", order.to.point)
        self._wire.shut.add(self._address)
        self.panel.flush_commands(self._number)

    def _begin(self, now_ms: int) -> None:
        self.panel.set_flag(self._number, LibFlag.EnforceSecure)
        self.reader.begin()
        self._up_ms = now_ms
        self._next_ask_ms = now_ms + self._ask_ms
        for kind, ability in _ABILITIES.items():
            used = self.reader.config.inputs if kind == INPUTS else self.reader.config.outputs
            _, count = self.panel.check_capability(self._number, ability)
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

    def _unasked_ms(self, now_ms: int) -> int:
        question = self._wire.last.get(self._address)
        return now_ms - max(self._tried_ms or 0, question.asked_ms if question is not None else 0)

    def _watch_asking(self, now_ms: int) -> None:
        """Who is not asked has not answered, whosever fault it is."""
        unasked_ms = self._unasked_ms(now_ms)
        if unasked_ms >= self._unasked_ms_max and not self.reader.is_silent:
            self.reader.missed(now_ms)
        if unasked_ms >= QUIET_MS:
            log.error("reader %d: libosdp asks no more, begun anew", self._address)
            self._end(now_ms, 0)

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
        self.panel.flush_commands(self._number)
        self.panel.disable_pd(self._number)
        if isinstance(self.pending, Order):
            self._fail(self.pending, "its session ended")
        self.pending = None
        self._enable_at_ms = now_ms + wait_ms

    def _enable(self, now_ms: int) -> None:
        # Without this flag libosdp tries the default key after ours, and sets ours by it.
        may_take_default = self.is_installing and self.reader.is_refused
        change = self.panel.clear_flag if may_take_default else self.panel.set_flag
        change(self._number, LibFlag.EnforceSecure)
        if self.panel.enable_pd(self._number):
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
