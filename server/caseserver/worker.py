"""The one thread that changes anything: takes from the inbox, commits, answers, evaluates, keeps time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from caseserver.area_state import AreaState
from caseserver.inbox import Inbox
from caseserver.influx import InfluxQueue
from caseserver.people.people import People
from caseserver.pins import PinFile
from caseserver.settings import Limits
from caseserver.snapshot import Message
from caseserver.station import Station
from caseserver.store import samples as sample_rows
from caseserver.store.database import Database

TICK_S: Final = 0.25
BATCHES_AT_ONCE: Final = 16
PRUNE_S: Final = 600.0
DRAIN_S: Final = 1.0
"""What commands beside us wrote down gets its place in the log within this."""
PROVISION_S: Final = 10.0
"""A new PIN is at every kiosk within this."""
STUCK_S: Final = 30.0
"""A turn that takes longer than this: the worker hangs."""


class Worker:
    """Runs until `stop`. `on_failure` is called, and the thread ends, when the store fails."""

    def __init__(
        self, station: Station, inbox: Inbox, database: Database, limits: Limits, publish: Callable[[Message], None],
        influx: InfluxQueue | None = None, on_failure: Callable[[], None] = lambda: None, people: People | None = None,
        steady_s: Callable[[], float] = time.monotonic, pins: PinFile | None = None,
    ) -> None:  # fmt: skip
        """Nothing runs before `start`. `steady_s`: the machine's steady clock."""
        self.failure: Exception | None = None
        self.turn_s_max = 0.0
        self._steady_s = steady_s
        self._turned_s = steady_s()
        self._station = station
        self._inbox = inbox
        self._database = database
        self._limits = limits
        self._publish = publish
        self._influx = influx
        self._on_failure = on_failure
        self._people = people
        self._pins = pins
        self._provisioned_s: float | None = None
        self._states: dict[str, AreaState] = {state.gateway: state for state in station.states()}
        self._versions = dict.fromkeys(self._states, -1)
        self._flush_s = 0.0
        self._prune_s = 0.0
        self._drain_s = 0.0
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="caseward-worker", daemon=True)
        self._log = structlog.get_logger()

    @property
    def is_well(self) -> bool:
        """The thread runs and has not been in one turn for too long."""
        return (
            self._thread.is_alive() and self.failure is None and self._steady_s() - self._turned_s < STUCK_S
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is held and end."""
        self._is_stopping = True
        self._inbox.wake()
        self._thread.join(10)

    def turn(self, timeout_s: float = 0.0) -> None:
        """One round; also what tests call instead of a thread."""
        received = self._inbox.take(timeout_s, BATCHES_AT_ONCE)
        begun_s = self._steady_s()
        if received.became_connected:
            for state in self._states.values():
                self._send(state.hello())
                state.under_way.order.urge()
            self._provisioned_s = None
        for gateway, payload in received.beats.items():
            self._send(self._states[gateway].on_heartbeat(payload, self._station.now(), self._steady_s()))
            if self._influx is not None:
                self._influx.put(self._states[gateway].area.id, self._states[gateway].samples.newest)
        for gateway, payloads in _by_gateway(received.logs).items():
            state = self._states[gateway]
            messages, records = state.on_logs(payloads, self._station.now())
            self._send(messages)
            state.follow(records, self._station.now())
        for gateway, payload in received.enclosures:
            self._send(self._station.enclose(gateway, payload, self._people))
        for gateway, payload in received.mends.items():  # the answer knows of what came before the question
            self._send(self._station.mend(gateway, payload))
        if self._people is not None:
            self._people.settle([mark for state in self._states.values() for mark in state.take_erased()])
        for state in self._states.values():
            self._send(state.tick(self._station.now(), self._steady_s()))
            self._resend(state, is_connected=received.is_connected)
        self._provision(is_connected=received.is_connected)
        self._housekeeping()
        self._tell()
        self._turned_s = self._steady_s()
        self.turn_s_max = max(self.turn_s_max, self._turned_s - begun_s)

    def _run(self) -> None:
        try:
            while not self._is_stopping:
                self.turn(TICK_S)
            self._flush(self._steady_s(), is_forced=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, the process must end and say so: a server that
            # looks alive and takes nothing in would be worse than none
            self.failure = error
            self._log.critical("the worker failed", error=repr(error), exc_info=True)
            self._on_failure()

    def _send(self, messages: list[Message]) -> None:
        for message in messages:
            self._publish(message)

    def _resend(self, state: AreaState, *, is_connected: bool) -> None:
        """Officers' facts again and again, ever more seldom."""
        now_s = self._steady_s()
        if is_connected and state.under_way.order.is_due(now_s):
            self._send(state.resend(now_s))

    def _provision(self, *, is_connected: bool) -> None:
        """What kiosks need of us: at once after a connection, then now and then, for a gateway that was away."""
        now_s = self._steady_s()
        is_due = self._provisioned_s is None or now_s - self._provisioned_s >= PROVISION_S
        if self._pins is not None and is_connected and is_due:
            self._provisioned_s = now_s
            self._send(self._station.provision(self._pins, self._people))

    def _housekeeping(self) -> None:
        now_s = self._steady_s()
        self._flush(now_s, is_forced=False)
        if now_s - self._drain_s >= DRAIN_S:
            self._drain_s = now_s
            self._station.audit.drain()
            self._station.witnesses.tick(self._station.now())
        if now_s - self._prune_s >= PRUNE_S:
            self._prune_s = now_s
            with self._database.writing() as connection:
                sample_rows.prune(
                    connection, self._station.now().earliest_us,
                    self._limits.samples_kept_days, self._limits.minutes_kept_days,
                )  # fmt: skip

    def _flush(self, now_s: float, *, is_forced: bool) -> None:
        if is_forced or now_s - self._flush_s >= self._limits.sample_flush_s:
            self._flush_s = now_s
            for state in self._states.values():
                state.flush_samples(self._station.now())

    def _tell(self) -> None:
        versions = {gateway: state.version for gateway, state in self._states.items()}
        if versions != self._versions:
            self._versions = versions
            self._station.hub.tick()


def _by_gateway(logs: Iterable[tuple[str, bytes]]) -> dict[str, list[bytes]]:
    """Each one's batches, in the order in which they came."""
    found: dict[str, list[bytes]] = {}
    for gateway, payload in logs:
        found.setdefault(gateway, []).append(payload)
    return found
