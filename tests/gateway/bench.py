"""A gateway on the bench: real core, real engine, real node, real ingest; time, disk and lines in the test's hand."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from casegateway.book import Book
from casegateway.core import GatewayCore
from casegateway.events import (
    Action,
    BrokerDown,
    BrokerUp,
    BytesRead,
    DriveLine,
    Event,
    Moment,
    Publish,
    SaveCursor,
    SendBytes,
    ServerSaid,
    Spare,
    Stop,
)
from casegateway.identity import Identity
from casegateway.keyring import Keyring
from casegateway.kiosks import KioskSetting
from casegateway.memory import Memory
from casegateway.mending import Mender
from casegateway.orders import signed_bytes
from casegateway.storage import Storage
from caselog import canonical
from caselog.clock import Instant
from caselog.disk import MemoryDisk
from caselog.keys import SoftKey
from caselog.log import Log
from caselog.repair import Filling
from caseserver import mending
from caseserver.ingest import Ingest
from custody.area import load_area
from custody.bundled import rulebook_text
from custody.engine import Engine
from custody.reader import load_rulebook
from node.app import Node
from node.config import NodeConfig
from node.keep import Keep

HERE = Path(__file__).parent
KEY = bytes(range(32))
AREA_TEXT = (HERE / "area.toml").read_text(encoding="utf-8")
AREA = load_area(AREA_TEXT)
RULEBOOK = load_rulebook(rulebook_text("cn-2026"), "cn-2026.toml", rulebook_text)
GATEWAY_KEY = SoftKey.from_seed(bytes(31) + b"\x01")
SERVER_KEY = SoftKey.from_seed(bytes(31) + b"\x02")
ORIGIN = "caseward.local/t1/gw-t1/e1"
START_US = 1_773_800_000_000_000  # 2026-03-18, in working hours
STEP_MS = 5
KINDS = {
    "door_contact": "contact",
    "exit_request": "contact",
    "recorder_contact": "contact",
    "lock_feedback": "feedback",
    "output": "output",
    "reader": "reader",
}


def node_table(**changes: object) -> dict[str, object]:
    """config.json of n1: pins numbered as the points."""
    points = []
    for point in AREA.points:
        entry: dict[str, object] = {"point": point.point, "kind": KINDS[point.kind], "pin": point.point}
        if point.kind == "output":
            entry["on_lost"] = "on"
        points.append(entry)
    return {"node": 7, "key": KEY.hex(), "points": points, **changes}


class Pin:
    def __init__(self, level: int = 0) -> None:
        self.level = level

    def value(self, level: int | None = None) -> int | None:
        if level is None:
            return self.level
        self.level = level
        return None


class Uart:
    """The node's end of a line."""

    def __init__(self) -> None:
        self.to_node = b""
        self.from_node = b""

    def read(self, most: int) -> bytes | None:
        data, self.to_node = self.to_node[:most], self.to_node[most:]
        return data or None

    def write(self, data: bytes) -> int:
        self.from_node += data
        return len(data)


def tag_bytes(uid: str) -> bytes:
    """What an RDM6300 says while the tag lies there."""
    check = 0
    for byte in bytes.fromhex(uid):
        check ^= byte
    return b"\x02" + f"{uid}{check:02X}".encode() + b"\x03"


class NodeBench:
    """The real node on fake pins. `level` sets an input, `tags` lie on the reader, `flash` is what it keeps, if it does."""

    def __init__(self, real_us: Callable[[], int]) -> None:
        self._real_us = real_us
        self.boot = 0
        self.tags: list[str] = []
        self.flash: Path | None = None
        self.levels = {point.point: 0 for point in AREA.points}
        self.is_on = False
        self.tag_due_us = 0

    def power_up(self, **changes: object) -> None:
        config = NodeConfig(node_table(**changes))
        self.boot += 1
        self.port = Uart()
        self.pins: dict[int, Any] = {
            p.point: Uart() if p.kind == "reader" else Pin(self.levels[p.point]) for p in config.points
        }
        self.node = Node(
            config, self.port, self.pins, lambda: self._real_us() // 1_000, boot=self.boot, reason=0,
            feed=lambda: None, mem_free=lambda: 1_000,
            keep=Keep(str(self.flash), self.boot, config.queue_max) if self.flash else None,
        )  # fmt: skip
        self.is_on = True

    def level(self, point: int, level: int) -> None:
        self.levels[point] = level
        if self.is_on:
            self.pins[point].level = level

    def step(self) -> None:
        if not self.is_on:
            return
        if self._real_us() >= self.tag_due_us:
            self.tag_due_us = self._real_us() + 65_000
            for tag in self.tags:
                self.pins[6].to_node += tag_bytes(tag)
        self.node.step()


class Bench:
    """One gateway with its node and server. `run` lets real time pass; station time runs at `rate`."""

    def __init__(self, *, rate: float = 1.0, disk: Any = None, has_server_key: bool = True) -> None:
        self.real_us = 1_000_000
        self.rate = rate
        self.wall_shift_us = 0
        self.step_us = 0
        self.is_clock_lost = False
        self.disk = disk or MemoryDisk()
        self.rulebook, self.rulebook_hash = RULEBOOK, "d" * 64
        self.config_hash = "c" * 64
        self.has_server_key = has_server_key
        self.reserve_bytes = 0
        self.low_bytes = 0
        self.scrub_hour: int | None = None
        self.filling: Filling | None = None  # set where the log is an interim one
        self.reasons: dict[str, str] = {}
        self.node = NodeBench(lambda: self.real_us)
        self.boot = 0
        self.acked = self.durable = 0  # as saved
        self.lines: dict[str, bool] = {}
        self.driven: list[tuple[int, str, bool]] = []
        self.published: list[Publish] = []
        self.node_acks: list[str] = []
        self.stop: Stop | None = None
        self.is_sparing = False
        self.core: GatewayCore
        self.is_line_cut = False
        self.is_broker_up = False
        self.is_server_up = True
        self.ingest = self.new_ingest()
        self.held: list[bytes] | None = None  # leaves that the server has, where a test wants them kept
        self.to_gateway: Callable[[bytes], bytes] = lambda data: data
        self.events: list[Event] = []
        self.handled = 0
        self.wake_real_us = 0
        self._fact_count = 0

    def new_ingest(self) -> Ingest:
        return Ingest("t1", "gw-t1", GATEWAY_KEY.public, SERVER_KEY.named("caseward.local/server"))

    # --- time ------------------------------------------------------------------------------

    @property
    def station_us(self) -> int:
        return START_US + int(self.real_us * self.rate) + self.wall_shift_us

    def moment(self) -> Moment:
        station = self.station_us
        latest = None if self.is_clock_lost else station
        instant = Instant(self.boot, int(self.real_us * self.rate), station, latest)
        return Moment(instant, self.real_us, self.rate, self.step_us)

    # --- gateway ---------------------------------------------------------------------------

    def open(self, reason: str = "test", clock_doubt: str = "") -> None:
        """Start the gateway program on the disk as it is."""
        self.boot += 1
        log, self.recovery = Log.open(self.disk, segment_bytes_max=64_000)
        book = Book(log, self.new_engine(), Memory(), self.trace)
        identity = Identity("gw-t1", self.config_hash, RULEBOOK.id, self.rulebook_hash, "0.0.0")
        public = SERVER_KEY.public if self.has_server_key else None
        self.core = GatewayCore(
            AREA,
            identity,
            book,
            {"n1": KEY},
            self.keys(),
            public,
            clock_doubt,
            self.acked,
            self.moment(),
            storage=self.storage(book),
            kiosk=self.kiosk(),
        )
        self.stop = None
        self.lines.clear()
        self.act(self.core.boot(self.moment(), reason))

    def storage(self, book: Book) -> Storage:
        """No scrub and no reserve but where a test wants them."""
        public = SERVER_KEY.public if self.has_server_key else None
        mender = Mender(ORIGIN, [GATEWAY_KEY.public], public, f"{self.boot:032x}")
        return Storage(
            book, self.disk, mender, AREA.zone, low_bytes=self.low_bytes, reserve_bytes=self.reserve_bytes,
            scrub_hour=self.scrub_hour, second_path="/second", filling=self.filling, reasons=self.reasons,
        )  # fmt: skip

    def kiosk(self) -> KioskSetting | None:
        """Overridden where cabinets have screens."""
        return None

    def keys(self) -> Keyring:
        """Overridden where a key changes."""
        return Keyring(ORIGIN, GATEWAY_KEY)

    def new_engine(self) -> Engine:
        return Engine(AREA, self.rulebook)

    def trace(self, step: str, index: int) -> None:
        """Overridden where a test looks at the order."""

    def crash(self, keep: float = 0.0) -> None:
        """Power off and on, and start again."""
        self.disk.crash(keep)
        self.events.clear()
        self.open()
        if self.is_broker_up:
            self.act(self.core.handle([BrokerUp()], self.moment()))

    def act(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case SendBytes(_, data, acks):
                    if acks:
                        self.node_acks.append(acks)
                    if self.node.is_on and not self.is_line_cut:
                        self.node.port.to_node += data
                case DriveLine(output, _, active):
                    self.lines[output] = active
                    self.driven.append((self.real_us, output, active))
                case Publish():
                    self.published.append(action)
                    if self.is_broker_up and self.is_server_up and action.topic == "log":
                        self.events += self.answer(action.payload)
                    if self.is_broker_up and self.is_server_up and action.topic == "mend":
                        self.events += self.give_back(action.payload)
                case SaveCursor(size, durable):
                    self.acked, self.durable = size, durable
                case Spare(is_on):
                    self.is_sparing = is_on
                case Stop():
                    self.stop = action

    def answer(self, payload: bytes) -> list[Event]:
        """What the real ingest says to a batch."""
        outcome = self.ingest.take(payload, self.station_us // 1_000_000)
        self.ingest.settle(outcome)
        if self.held is not None:
            self.held += [record.data for record in outcome.records]
        assert outcome.refused is None, outcome.refused
        events: list[Event] = []
        if outcome.ack is not None:
            events.append(ServerSaid("ack", outcome.ack))
        if outcome.request is not None:
            first, count = outcome.request
            events.append(ServerSaid("req", canonical.dumps({"v": 1, "first": first, "count": count})))
        return events

    def give_back(self, payload: bytes) -> list[Event]:
        """What the real server says to a request for leaves."""
        held = self.held or []
        reply = mending.answer(payload, lambda a, n: held[a : a + n], self.ingest.note, self.ingest.word)
        return [] if reply is None else [ServerSaid("mend", reply)]

    def run(self, duration_ms: int, *, step_ms: int = STEP_MS) -> None:
        """Let real time pass."""
        for _ in range(0, duration_ms, step_ms):
            self.real_us += step_ms * 1_000
            self.node.step()
            events, self.events = self.events, []
            if self.node.is_on:
                data, self.node.port.from_node = self.node.port.from_node, b""
                data = self.to_gateway(data)
                if data and not self.is_line_cut:
                    events.append(BytesRead("line1", data, self.real_us))
            moment = self.moment()
            if events or self.wake_real_us <= self.real_us:
                self.handled += 1
                self.act(self.core.handle(events, moment))
                self.wake_real_us = self.core.wake_us(moment)

    def put(self, *events: Event) -> None:
        """Give events to the core at once."""
        self.act(self.core.handle(list(events), self.moment()))

    def connect(self) -> None:
        self.is_broker_up = True
        self.put(BrokerUp())

    def disconnect(self) -> None:
        self.is_broker_up = False
        self.put(BrokerDown())

    # --- officers --------------------------------------------------------------------------

    def officer(
        self, fact_type: str, *, key: SoftKey = SERVER_KEY, at_us: int | None = None, **body: Any
    ) -> bytes:
        """A down/fact payload."""
        self._fact_count += 1
        at = self.station_us if at_us is None else at_us
        fact = {
            "type": f"{fact_type}/1",
            "id": f"o-{self._fact_count}",
            "occurred": {"earliest_us": at, "latest_us": at, "by": "server"},
            "stay": body.get("stay"),
            "body": body,
        }
        signature = base64.b64encode(key.sign(signed_bytes(fact))).decode()
        return canonical.dumps({"v": 1, "fact": fact, "key": "", "sig": signature})

    def say(self, fact_type: str, **body: Any) -> bytes:
        payload = self.officer(fact_type, **body)
        self.put(ServerSaid("fact", payload))
        return payload

    # --- looking ---------------------------------------------------------------------------

    @property
    def log(self) -> Log:
        return self.core.book.log

    def leaves(self) -> list[dict[str, Any]]:
        return [json.loads(self.log.leaf(index)) for index in range(self.log.durable_size)]

    def types(self, *, leaf_class: str = "fact") -> list[str]:
        return [leaf["type"].split("/")[0] for leaf in self.leaves() if leaf["class"] == leaf_class]

    def facts(self, name: str) -> list[dict[str, Any]]:
        return [leaf for leaf in self.leaves() if leaf["type"] == f"{name}/1"]

    def output_ids(self) -> list[str]:
        return [leaf["id"] for leaf in self.leaves() if leaf["class"] == "output"]
