"""Caseward's sensors speak casewire, not MQTT: this node has the suite's topics where another has pins.

Link, send queue, MAC and clock are those of the boards (firmware/node). One event of the suite is two messages with sequence
numbers fixed by the event's own, so that the gateway sees duplicates, holes and a wrong order as they are.
"""

import json
import os
import threading
import time
import tty
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from casewire import (
    ACTIVE,
    BOOT_POWER_UP,
    INACTIVE,
    UNKNOWN,
    Boot,
    Contact,
    Feedback,
    Message,
    Snapshot,
    SnapshotRequest,
    Tag,
)
from node.link import Link
from node.send_queue import OWNER_BOOT, OWNER_SNAPSHOT, SendQueue
from tests.torture.contract import DOORS, LATE_DOOR, RECORDED_ROOM, RECORDER, ROOT, WATCHED_ROOM

PAD_POINT, RECORDER_POINT = 99, 50
READERS = {WATCHED_ROOM: 60, RECORDED_ROOM: 61, "corridor": 62}
CONTACTS = {
    "unit-1": {door: number for number, door in enumerate(DOORS, 1)} | {RECORDER: RECORDER_POINT},
    "unit-2": {LATE_DOOR: 1},
}
STATES = {"open": ACTIVE, "closed": INACTIVE, "running": ACTIVE, "stopped": INACTIVE}
QUEUE_MAX = 16_384  # a board has 64: a storm that reaches one comes over 40 inputs, not 40 boards
AGE_MS_MAX = 9_000_000
SEQ_STEP_MAX = 1_000  # a larger hole is somebody's number, not the unit's
ALIVE_S = 1.5  # after the last word of a unit its node is silent too
STEP_S = 0.002


def tag_of(person: str) -> str:
    """The wristband of a person: five bytes, hex."""
    return f"0D{int(person.rpartition('-')[2]):08X}"


@dataclass(frozen=True, slots=True)
class Report:
    """An event of the suite that is well formed."""

    kind: str
    subject: str
    state: str
    seq: int
    at_ms: int
    room: str


def parse(topic: str, payload: bytes) -> Report | None:
    """The report in a message of ROOT/<unit>/<kind>/<subject>, None when it is none."""
    parts = topic.split("/")
    try:
        found = json.loads(payload)
        report = Report(
            parts[-2], parts[-1], found["state"], found["seq"], found["at_ms"], found.get("room", "")
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None
    if type(report.seq) is not int or type(report.at_ms) is not int or report.seq < 1:
        return None
    if report.kind == "person":
        is_whole = report.state in ("in", "out") and report.room in (WATCHED_ROOM, RECORDED_ROOM)
        number = report.subject.rpartition("-")[2]
        return report if is_whole and number.isdigit() and number.isascii() else None
    return report if report.kind in ("door", "recorder") and report.state in STATES else None


class TopicNode:
    """The node of one unit. `feed` and `step` are called by one thread."""

    def __init__(self, unit: str, number: int, key: bytes) -> None:
        self.unit = unit
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self._slave)
        self._states = dict.fromkeys(CONTACTS[unit].values(), UNKNOWN)
        self._tags: dict[tuple[int, str], int] = {}  # reader and tag -> uptime of the reading
        self._alive_s = 0.0
        self._places: dict[int, int] = {}  # event's number -> first of its two numbers on the wire
        self._newest = 0
        self._shown: dict[str, int] = {}  # subject -> number of the newest event: what a snapshot tells
        config = SimpleNamespace(
            node=number, key=key, heartbeat_ms=10**9, resend_ms=500, link_lost_ms=5_000, queue_max=64
        )
        self.link = Link(config, self, 1, self.now_ms())
        self.link.queue = SendQueue(QUEUE_MAX)
        self.link.send(Boot(BOOT_POWER_UP, 1), OWNER_BOOT, self.now_ms())

    @staticmethod
    def now_ms() -> int:
        """Uptime: switched on long ago, so that what is told of an hour ago has a time."""
        return AGE_MS_MAX + int(time.monotonic() * 1_000)

    # The node's port, as node.link wants it.

    def read(self, most: int) -> bytes | None:
        with suppress(OSError):
            return os.read(self.master, most)
        return None

    def write(self, data: bytes) -> int | None:
        with suppress(OSError):
            return os.write(self.master, data)
        return None

    def beat(self) -> None:
        """The unit was heard."""
        self._alive_s = time.monotonic()
        self.link._heartbeat_due_ms = self.now_ms()

    def feed(self, report: Report) -> None:
        """An event of the unit."""
        age_ms = time.time_ns() // 1_000_000 - report.at_ms
        if not 0 <= age_ms + 1_000 <= AGE_MS_MAX or report.seq > self._newest + SEQ_STEP_MAX:
            return
        self._alive_s = time.monotonic()
        while self._newest < report.seq:
            self._newest += 1
            self._places[self._newest] = self.link._seq + 1
            self.link._seq += 2
        at_ms = self.now_ms() - max(0, age_ms)
        is_news = report.seq > self._shown.get(report.subject, 0)
        if is_news:
            self._shown[report.subject] = report.seq
        for offset, (point, message) in enumerate(self._messages(report, at_ms, is_news=is_news)):
            seq = self._places[report.seq] + offset
            self.link.queue.ack(seq)  # said again: from the end of the queue
            self.link.queue.add(seq, point, self.link._encode(message, seq, at_ms))

    def _messages(self, report: Report, at_ms: int, *, is_news: bool) -> list[tuple[int, Message]]:
        if report.kind == "person":
            room, corridor = READERS[report.room], READERS["corridor"]
            here, away = (room, corridor) if report.state == "in" else (corridor, room)
            tag = tag_of(report.subject)
            if is_news:
                self._tags.pop((away, tag), None)
                self._tags[here, tag] = at_ms
            uid = bytes.fromhex(tag)
            return [(away, Tag(away, 0, uid)), (here, Tag(here, 1, uid))]
        point = CONTACTS[self.unit].get(report.subject)
        if point is None:
            return [(PAD_POINT, Feedback(PAD_POINT, INACTIVE))] * 2
        if is_news:
            self._states[point] = STATES[report.state]
        return [(point, Contact(point, STATES[report.state])), (PAD_POINT, Feedback(PAD_POINT, INACTIVE))]

    def step(self) -> None:
        """Hear the gateway; speak unless the unit is silent."""
        now_ms = self.now_ms()
        if time.monotonic() - self._alive_s > ALIVE_S:
            while self.read(4_096):
                pass  # a unit that is away hears nothing either
            return
        for frame in self.link.receive(now_ms):
            if frame.kind == SnapshotRequest.KIND:
                self._tell_all(now_ms)
        self.link.check(now_ms)
        self.link.transmit(now_ms, lambda: 100_000)

    def _tell_all(self, now_ms: int) -> None:
        if self.link.queue.waiting(OWNER_SNAPSHOT):
            return
        states = [*self._states.items(), (PAD_POINT, INACTIVE)]
        if self.unit == "unit-1":
            states += [
                (point, ACTIVE if any(t[0] == point for t in self._tags) else INACTIVE)
                for point in READERS.values()
            ]
        self.link.send(Snapshot(0, 1, tuple(sorted(states))), OWNER_SNAPSHOT, now_ms)
        for (point, tag), at_ms in self._tags.items():
            self.link.send(Tag(point, 1, bytes.fromhex(tag)), point, at_ms)

    def close(self) -> None:
        os.close(self.master)
        os.close(self._slave)


class Field:
    """Both nodes, fed from the broker."""

    def __init__(self, port: int, keys: dict[str, bytes]) -> None:
        self.nodes = {unit: TopicNode(unit, number, keys[unit]) for number, unit in enumerate(keys, 1)}
        self._words: list[tuple[str, bytes]] = []
        self._lock = threading.Lock()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id="caseward-field",
            protocol=paho.MQTTv311,
            clean_session=False,
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda link, *_: link.subscribe(f"{ROOT}/+/#", 1)
        self._client.on_message = self._take
        self._client.connect_async("127.0.0.1", port, keepalive=10)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._client.loop_start()
        self._thread.start()

    def _take(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        with self._lock:
            self._words.append((message.topic, message.payload))

    def _run(self) -> None:
        while not self._stop.wait(STEP_S):
            with self._lock:
                words, self._words = self._words, []
            for topic, payload in words:
                node = self.nodes.get(topic.split("/")[2])
                if node is None:
                    continue
                if topic.endswith("/heartbeat"):
                    node.beat()
                elif (report := parse(topic, payload)) is not None:
                    node.feed(report)
            for node in self.nodes.values():
                node.step()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()
        for node in self.nodes.values():
            node.close()


def area_text() -> str:
    """area.toml of a station with the suite's inputs."""
    lines = [
        '[area]\nid = "torture"\nname = { zh = "考核区", en = "Torture suite" }\ntimezone = "Asia/Shanghai"\nrulebook = "cn-2026"',
        '[gateway]\nid = "gw-torture"',
    ]
    for number in range(1, len(CONTACTS) + 1):
        lines += [
            f'[[port]]\nid = "line-{number}"\npath = "/dev/null-no-such-port"',
            f'[[node]]\nid = "n{number}"\nnumber = {number}\nport = "line-{number}"',
        ]
    for room, kind in (
        ("outside", "outside"), ("corridor", "corridor"), (WATCHED_ROOM, "interrogation"), (RECORDED_ROOM, "interview"),
    ):  # fmt: skip
        lines.append(f'[[room]]\nid = "{room}"\nkind = "{kind}"')
    for door in (*DOORS, LATE_DOOR):
        lines.append(
            f'[[door]]\nid = "{door}"\nkind = "room"\nbetween = ["corridor", "{WATCHED_ROOM}"]\ncontrolled = true'
        )
    lines.append(f'[[recorder]]\nid = "{RECORDER}"\nrooms = ["{RECORDED_ROOM}"]')
    lines += [f'[[reader]]\nid = "rd-{room}"\nroom = "{room}"' for room in READERS]
    lines.append('[[output]]\nid = "sounder"\nkind = "sounder"\non_lost = "on"\ngpio_line = 23')
    for number, (unit, contacts) in enumerate(CONTACTS.items(), 1):
        points = [
            (point, "recorder_contact" if of == RECORDER else "door_contact", of)
            for of, point in contacts.items()
        ]
        points.append((PAD_POINT, "lock_feedback", "door-1" if unit == "unit-1" else LATE_DOOR))
        if unit == "unit-1":
            points += [(point, "reader", f"rd-{room}") for room, point in READERS.items()]
        lines += [
            f'[[point]]\nnode = "n{number}"\npoint = {p}\nkind = "{kind}"\nof = "{of}"'
            for p, kind, of in points
        ]
    return "\n\n".join(lines) + "\n"


def write_area(path: Path) -> None:
    path.write_text(area_text(), encoding="utf-8")
