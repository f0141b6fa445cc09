"""OSDP door readers (IEC 60839-11-5) on one bus, with secure channel: a device of node.app.Node over libosdp.

libosdp does the protocol and the ciphers. Around it: what it is too slow or too patient for (`osdp_wire`), what
is known of each reader (`osdp_reader`), sessions that begin anew and orders that expire (`osdp_link`).

libosdp is turned in `poll`: it waits for nothing, so it needs no thread.
"""

import logging
from typing import Any

import osdp_sys
from osdp import Event, LibFlag, LogLevel, PDInfo

from casefield.osdp_config import LedConfig, OsdpConfig, OutputConfig
from casefield.osdp_link import Link, Order
from casefield.osdp_reader import INPUTS, LOCAL, OUTPUTS, Reader
from casefield.osdp_wire import Wire
from casewire import ACTIVE, INACTIVE

_ON_LOST = {"off": INACTIVE, "on": ACTIVE}
log = logging.getLogger("node")

__all__ = ["OsdpBus", "OsdpConfig", "device"]


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
        self._panel = self._made_panel()
        self._links = [
            Link(self._panel, self._wire, number, Reader(each, config.hold_ms), config)
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
        if any(link.is_stuck(now_ms) for link in self._links):
            self._begin_anew(now_ms)
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
                link.orders[point] = Order(each, state, now_ms + valid_ms)
                return
        log.error("expected an order to an output, found point %d", point)

    def lose_link(self) -> None:
        """Orders that wait are void; relays take their declared state, as soon as their reader hears it."""
        for link in self._links:
            link.orders.clear()
            for output in link.reader.config.outputs:
                if output.on_lost in _ON_LOST:
                    link.orders[output.point] = Order(output, _ON_LOST[output.on_lost], None)

    def _made_panel(self) -> Any:
        infos = [
            PDInfo(reader.address, self._wire, scbk=reader.key, flags=[LibFlag.EnforceSecure]).get()
            for reader in self._config.readers
        ]
        panel = osdp_sys.ControlPanel(infos)
        panel.set_event_callback(self._hear)
        panel.set_command_completion_callback(self._complete)
        return panel

    def _begin_anew(self, now_ms: int) -> None:
        log.error("%s: libosdp stands still, begun anew", self._config.bus)
        panel = self._made_panel()
        for link in self._links:
            link.move(panel, now_ms)
        self._panel = panel
        self._events.clear()
        self._completed.clear()  # what the old one gave up on

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
