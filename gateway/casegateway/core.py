"""The gateway without threads, sockets, files or clocks: events and time in, actions out.

The order is law. 1: facts are appended and made durable. 2: the engine is stepped. 3: its answers
are appended, outputs are ordered in the log and driven, messages acked, batches published. Since
actions are returned only after the commit, no shell can act before it.
"""

import errno
from collections import Counter
from typing import Any

from casegateway.book import Book, Replayed
from casegateway.drafts import Draft
from casegateway.events import (
    Action,
    BrokerDown,
    BrokerUp,
    BytesRead,
    Event,
    Moment,
    PortClosed,
    PortOpened,
    Publish,
    SaveCursor,
    ServerSaid,
    Spare,
    Stop,
)
from casegateway.health import counters, heartbeat, sources
from casegateway.identity import Identity
from casegateway.keyring import Keyring
from casegateway.kiosks import KioskSetting, KioskSide
from casegateway.limits import (
    CURSOR_SAVE_MS,
    HEARTBEAT_MS,
    LOOP_WAIT_MS_MIN,
    OPEN_ALARMS_IN_HEARTBEAT_MAX,
    SERVER_SILENT_MS,
)
from casegateway.lines import lines_of
from casegateway.link import NodeLink
from casegateway.lockers import Lockers
from casegateway.outbox import Outbox
from casegateway.outputs import Outputs, cause_of, farewell, sounders_on
from casegateway.panels import Panels
from casegateway.releases import Releases
from casegateway.station_time import StationTime
from casegateway.storage import Storage
from casegateway.translate import Translator
from casegateway.words import ServerWords
from casekiosk.asking import Ask
from caselog import canonical
from caselog.errors import LogDamaged, LogStopped
from caselog.records import Predecessor
from casewire import Boot, Frame, Heartbeat, Snapshot
from custody.area import Area
from custody.facts import BodyValue

EXIT_STORAGE_FAILED = 4
AGAIN = -1  # not an exit: the log can be mended, or has to be looked at; the program opens it anew
SETTLE_ROUNDS_MAX = 8  # facts that follow from facts: orders, deadlines. More would be a loop.


class GatewayCore:
    """One area's gateway. Call `boot` once, then `handle` for each batch of events and each tick."""

    def __init__(
        self,
        area: Area,
        identity: Identity,
        book: Book,
        node_keys: dict[str, bytes],
        keys: Keyring,
        server_public: bytes | None,
        clock_doubt: str,
        acked: int,
        now: Moment,
        after: Predecessor | None = None,
        *,
        storage: Storage,
        kiosk: KioskSetting | None = None,
    ) -> None:
        """`book` is not yet replayed; `after`: the log that a new one goes on from; `node_keys`: node id to 32 bytes;
        `clock_doubt`: why the wall clock is not to be trusted, empty when it is; `acked`: the outbox cursor."""
        self.area = area
        self.identity = identity
        self.book = book
        self.memory = book.memory
        self.input_depth = 0  # told by the shell, for health
        self.shell: dict[str, Any] = {}  # what the shell has to say in health
        self.found: Replayed = book.replay()
        boot = now.instant.boot
        self.outbox = Outbox(book.log, keys, server_public, acked, now.real_us)
        self._time = StationTime(self.memory, clock_doubt, now)
        now = self._time.turn
        self.links = {
            name: NodeLink(node, node_keys[name], boot, self.memory, now) for name, node in area.nodes.items()
        }
        self.translator = Translator(area, self.memory)
        self.outputs = Outputs(area, self.links, self.memory)
        self.releases = Releases(book, self.outputs, identity.gateway)
        self.lockers = Lockers(book, self.outputs, identity.gateway)
        self.panels = Panels(book.engine, self.links)
        self.keys = keys
        keys.follow(book.chain)
        self._after = after
        self.storage = storage
        self._is_sparing = False
        self.kiosk = KioskSide(book, kiosk, server_public, self.lockers.missing)
        self.words = ServerWords(book, self.outbox, storage, server_public, area.id, self.kiosk)
        self._lines = lines_of(area, node_keys)
        self._by_number = {node.number: self.links[node.id] for node in area.nodes.values()}
        # Messages to ack once all of the log is durable, each once.
        self._acks: dict[tuple[int, int, int], tuple[NodeLink, Frame]] = {}
        self._counters, self._fact_count = Counter[str](), 0
        self._vouched_us = {node: self.memory.vouched_us(node) for node in area.nodes}  # by earlier runs
        # The limit the engine was last told of, and whether that was for want of an upper bound.
        self._deadline_told: tuple[int, bool] | None = None
        self._is_connected = False
        self._heartbeat_us = 0
        self._cursor_us = 0
        self._cursor = SaveCursor(self.outbox.acked, 0)

    # --- the two doors ----------------------------------------------------------------------

    def boot(self, raw: Moment, reason: str) -> list[Action]:
        """First of all what fell due while nobody watched, then that we are back."""
        now = self._judge(raw)
        out = self.outputs.restore(self.book.engine.outputs())
        try:
            self.book.say_keys(self.keys, self._after, now.instant)
            self.book.complete(self.found, is_same_law=self.identity.is_law_of(self.memory.config))
            if self._reach_deadline(now):
                self.book.step()
            self._append("gateway.booted", {"reason": reason[:200]}, now)
            self._append("config.loaded", self.identity.loaded(), now)
            self._clock_facts(now)
            self.storage.begin(now)
            self._compare_storage(now)
            return out + self._settle(now)
        except LogStopped as error:
            return out + self._give_up(EXIT_STORAGE_FAILED, error)

    def handle(self, events: list[Event], raw: Moment) -> list[Action]:
        """Take a batch of events (may be empty: time alone) and give what to do now."""
        before, now = self._time.turn, self._judge(raw)
        try:
            self._clock_facts(now)
            self._reach_deadline(now)
            self._tell_stall(before, now)
            for event in events:
                self._take(event, now)
            self.storage.step(now)
            self._supervise(now)
            self.kiosk.turn(now)
            out = self._settle(now) + self._talk(now)
            return [*out, Stop(AGAIN, "the log can be mended")] if self.storage.is_mended else out
        except LogStopped as error:
            return self._give_up(EXIT_STORAGE_FAILED, error)
        except LogDamaged as error:
            return self._give_up(AGAIN, error)
        except OSError as error:
            # Leaves that can no longer be read are damage, which the next opening finds and goes on with.
            return self._give_up(AGAIN if error.errno == errno.EIO else EXIT_STORAGE_FAILED, error)

    def wake_us(self, raw: Moment) -> int:
        """Real time at which `handle` should be called even without an event."""
        times = [raw.real_us + HEARTBEAT_MS * 1_000]
        for node, link in self.links.items():
            is_lost = self.memory.nodes.get(node) == "lost" and not link.is_complete
            times.append(link.wake_us(is_lost=is_lost))
        if self._is_connected:
            times.append(self._heartbeat_us + HEARTBEAT_MS * 1_000)
        own = (self.outputs, self.releases, self.lockers, self.outbox, self.storage, self.panels, self.kiosk)
        times += [wait for part in own if (wait := part.wake_us()) is not None]
        due_us = self.book.engine.next_deadline_us()
        turn = self._time.turn
        if due_us is not None and turn.latest_us is not None and (due_us, False) != self._deadline_told:
            times.append(turn.real_us + round((due_us - turn.latest_us) / turn.rate))
        # Never at once: what cannot be done yet must not make the loop spin.
        return max(min(times), raw.real_us + LOOP_WAIT_MS_MIN * 1_000)

    def farewell(self) -> list[Action]:
        """The gateway ends: its own outputs take the state that area.toml declares for that."""
        return farewell(self.area)

    # --- events -----------------------------------------------------------------------------

    def _take(self, event: Event, now: Moment) -> None:
        match event:
            case BytesRead():
                self._take_bytes(event, now)
            case PortOpened(port):
                self._lines[port].is_open = True
                self._compare_port(port, now)
            case PortClosed(port, reason):
                self._lines[port].is_open = False
                self._lines[port].reason = reason[:200] or "unknown"
                self._compare_port(port, now)
            case BrokerUp():
                self._is_connected = True
                self._heartbeat_us = 0
                self.outbox.connect(now.real_us)
            case BrokerDown():
                self._is_connected = False
                self.outbox.disconnect()
            case Ask():
                self.kiosk.take(event, now)
            case ServerSaid(topic, payload):
                self.words.take(topic, payload, now)

    def _compare_port(self, port: str, now: Moment) -> None:
        """A fact where the log says otherwise; looked at again and again until it could be written."""
        line = self._lines[port]
        is_lost = port in self.memory.lost_ports
        if line.is_open is True and is_lost:
            self._append("port.restored", {"port": port}, now)
        elif line.is_open is False and not is_lost:
            self._append("port.lost", {"port": port, "reason": line.reason}, now)

    def _compare_storage(self, now: Moment) -> None:
        """A fact where the log says otherwise of the disk it is on."""
        changed = self.storage.change(is_lost=self.memory.is_storage_lost)
        if changed is not None:
            self._append(*changed, now)

    def _take_bytes(self, event: BytesRead, now: Moment) -> None:
        line = self._lines[event.port]
        line.read_real_us = event.real_us
        for frame in line.decoder.feed(event.data):
            link = self._by_number[frame.node]
            if not link.receive(frame, event.real_us, now):
                continue
            if not isinstance(frame.message, Heartbeat):
                if link.is_double(frame):
                    self._ack_later(link, frame)
                else:
                    link.hold(frame)
            self._deliver(link, now)

    def _deliver(self, link: NodeLink, now: Moment) -> None:
        """Take the node's messages whose turn it is."""
        delivery = link.release(now)
        for first, last in delivery.holes:
            body: dict[str, BodyValue] = {
                "node": link.node.id, "node_boot": link.node_boot, "first_seq": first, "last_seq": last,
            }  # fmt: skip
            self._append("node.gap", body, now)
        for frame in delivery.frames:
            self._take_message(link, frame, now)

    def _take_message(self, link: NodeLink, frame: Frame, now: Moment) -> None:
        node = link.node.id
        if isinstance(frame.message, Boot):
            self.translator.doubt(node, link.away_us)
        told = link.told(frame, now)
        drafts = self.translator.drafts(node, *told) if told else []
        if not all(self.book.append(draft, now) for draft in drafts):
            return  # no room even to wait: the node keeps it and sends it again
        link.taken(frame)
        self._ack_later(link, frame)
        if (
            isinstance(frame.message, Snapshot)
            and link.note_snapshot(frame.message)
            and self.memory.nodes.get(node) != "ok"
        ):
            self._append("node.restored", {"node": node}, now)

    # --- time -------------------------------------------------------------------------------

    def _judge(self, raw: Moment) -> Moment:
        return self._time.judge(raw, self.outbox.take_word())

    def _clock_facts(self, now: Moment) -> None:
        for draft in self._time.drafts(self.identity.gateway):
            self.book.append(draft, now)

    def _tell_stall(self, before: Moment, now: Moment) -> None:
        """The loop was not there: suspended, stopped, or waiting for a slow disk. What fell due is judged already."""
        if (gone_us := self._time.stall_us) is not None:
            self._append("gateway.stalled", {"by_ms": gone_us // 1_000}, now, before.instant.earliest_us)

    def _reach_deadline(self, now: Moment) -> bool:
        """Append deadline.reached if one is due and the engine was not told of it yet."""
        due_us = self.book.engine.next_deadline_us()
        if due_us is None or (now.latest_us is not None and now.latest_us < due_us):
            return False
        told = due_us, now.latest_us is None
        if told == self._deadline_told:
            return False  # the engine keeps it: telling again would fill the log
        if not self._append("deadline.reached", {}, now):
            return False
        self._deadline_told = told
        return True

    def _supervise(self, now: Moment) -> None:
        for node, link in self.links.items():
            self._deliver(link, now)
            if link.is_silent(now) and (link.is_complete or self.memory.nodes.get(node) != "lost"):
                self._lose(node, link, now)
        for draft in self.translator.overdue(now):
            self.book.append(draft, now)
        is_silent = now.real_us - self.outbox.last_ack_us > SERVER_SILENT_MS * 1_000
        if is_silent != self.memory.is_server_lost and (is_silent or self.outbox.has_heard):
            self._append("server.lost" if is_silent else "server.restored", {}, now)
        self._compare_storage(now)
        for port, line in self._lines.items():
            self._compare_port(port, now)
            line.measure(now)

    def _lose(self, node: str, link: NodeLink, now: Moment) -> None:
        link.lose()
        # Never heard by this run: the last certain moment is one of a run before.
        before_us = link.heard_us if link.is_heard else self._vouched_us[node]
        since_us = min(before_us or link.heard_us, link.heard_us)
        self.translator.doubt(node, since_us)
        if self.memory.nodes.get(node) != "lost":
            self._append("node.lost", {"node": node}, now, since_us)

    # --- log, engine, effects ---------------------------------------------------------------

    def _append(
        self, name: str, body: dict[str, BodyValue], now: Moment, since_us: int | None = None
    ) -> bool:
        """A fact of the gateway's own, that occurred now or at some time since `since_us`.

        False when there is no room for it: it must be found again later.
        """
        self._fact_count += 1
        draft = Draft(
            type=name,
            body=body,
            id=f"{self.identity.gateway}|{now.instant.boot}|{self._fact_count}",
            occurred_us=now.instant.earliest_us if since_us is None else since_us,
            occurred_latest_us=now.latest_us,
        )
        return self.book.append(draft, now)

    def _settle(self, now: Moment) -> list[Action]:
        """Make durable, step, order outputs in the log, until nothing new follows; then act."""
        for _ in range(SETTLE_ROUNDS_MAX):
            effects = self.book.step()
            if self.book.is_full:
                break
            size = self.book.log.size
            desired, cause = self.book.engine.outputs(), cause_of(effects)
            for draft in self.outputs.wanted(desired, cause, self.identity.gateway, now):
                self.book.append(draft, now)
            self.releases.follow(self.book.accepted, now)
            self.lockers.follow(self.book.accepted, now)
            self.kiosk.follow(effects, now)
            self._reach_deadline(now)
            if self.book.log.size == size:
                break
        if not self.book.is_full:
            self.book.count_released(now.instant)
        if not self.book.commit():
            return sounders_on(self.area)  # no room for evidence: whoever hears it must come
        return self._due_acks(now) + self.outputs.act(now)

    def _due_acks(self, now: Moment) -> list[Action]:
        """Called only when the whole log is durable."""
        taken, self._acks = list(self._acks.values()), {}
        return [link.ack(frame, now) for link, frame in taken]

    def _ack_later(self, link: NodeLink, frame: Frame) -> None:
        self._acks.setdefault((frame.node, frame.boot, frame.seq), (link, frame))

    def _give_up(self, code: int, error: Exception) -> list[Action]:
        return [*sounders_on(self.area), Stop(code, str(error))]

    # --- to nodes and server ----------------------------------------------------------------

    def _talk(self, now: Moment) -> list[Action]:
        out: list[Action] = []
        for link in self.links.values():
            out += link.due(now)
        if self._is_connected and now.real_us - self._heartbeat_us >= HEARTBEAT_MS * 1_000:
            # Before the batches, on its own topic: a long drain must not make us look dead.
            out.append(self._heartbeat(now, is_birth=self._heartbeat_us == 0))
            self._heartbeat_us = now.real_us
        out += self.panels.due(self.book.log.size, now, is_doubted=self._time.is_doubted)
        out += self.outbox.due(now.real_us)
        if self._is_connected:
            out += self.storage.due(now)
        out += self.kiosk.due(now, is_connected=self._is_connected)
        if self.storage.is_sparing != self._is_sparing:
            self._is_sparing = self.storage.is_sparing
            out.append(Spare(self._is_sparing))
        cursor = SaveCursor(self.outbox.acked, self.book.log.durable_size)
        is_due = now.real_us - self._cursor_us >= CURSOR_SAVE_MS * 1_000
        if cursor != self._cursor and is_due and not self.storage.is_interim:
            self._cursor, self._cursor_us = cursor, now.real_us
            out.append(cursor)
        return out

    def _heartbeat(self, now: Moment, *, is_birth: bool) -> Publish:
        size = self.book.log.durable_size
        value = heartbeat(now.instant, size, self.health(now))
        if is_birth:
            value |= {"config_hash": self.identity.config_hash, "version": self.identity.version}
        return Publish("birth" if is_birth else "hb", canonical.dumps(value), size)

    def _all_counters(self) -> dict[str, int]:
        parts = {
            "point": self.translator.counters, "fact": self.words.officer_facts.counters, "kiosk": self.kiosk.counters,
            "count": self.words.count_orders.counters, "outbox": self.outbox.counters, "log": self.book.counters,
            "mend": self.storage.counters,
        }  # fmt: skip
        total = counters(self._counters + self.words.counters, self._lines, self.links, parts)
        total["output_unconfirmed"] = self.outputs.unconfirmed
        return dict(sorted(total.items()))

    def health(self, now: Moment) -> dict[str, Any]:
        """Ages, depths, counters; docs/mqtt.md lists every key."""
        log = self.book.log
        alarms = [a.id for a in self.book.engine.alarms.values() if not a.is_prewarning]
        return {
            "sources": sources(self.area, self._lines, self.links, self.memory, self.outbox.last_ack_us, now),
            "queues": {
                "input": self.input_depth,
                "held": sum(link.held for link in self.links.values()),
                "unacked": len(self._acks),
                "outbox": self.outbox.waiting,
                "in_flight": self.outbox.in_flight,
            },
            "waiting": self.outbox.waiting,
            "counters": self._all_counters(),
            "log": {"size": log.size, "durable": log.durable_size, "acked": self.outbox.acked},
            "clock": "doubted" if self._time.is_doubted else "trusted",
            "clock_sources": self._time.states,
            "disk": "full" if self.book.is_full else "ok",
            "storage": self.storage.health(),
            "noisy_ports": [port for port, line in self._lines.items() if line.is_noisy],
            "server_ahead": self.outbox.is_server_ahead,
            "alarms": alarms[-OPEN_ALARMS_IN_HEARTBEAT_MAX:],
            **self.shell,
        }
