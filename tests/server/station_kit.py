"""What the server tests stand on: a gateway's log made by the real log and engine, and a station without network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from argon2 import PasswordHasher

from caselog import canonical, checkpoint
from caselog.checkpoint import Checkpoint
from caselog.clock import Instant
from caselog.disk import Disk
from caselog.keys import SoftKey
from caselog.log import Log
from caselog.memorydisk import MemoryDisk
from caseserver.accounts import Accounts
from caseserver.area_state import AreaState
from caseserver.evaluator import output_id
from caseserver.inbox import Inbox
from caseserver.own_log import OwnLog
from caseserver.payload import build
from caseserver.program import known_of
from caseserver.settings import Limits, Sessions, Witness
from caseserver.snapshot import Message
from caseserver.station import Station
from caseserver.store.database import Database
from caseserver.worker import Worker
from custody.area import Area, load_area
from custody.bundled import area_text, rulebook_of_area
from custody.codec import fact_entry, output_entry
from custody.engine import Engine
from custody.facts import Fact
from custody.rules import Rulebook

START_US = 1_773_795_600_000_000  # 2026-03-18 09:00 in Shanghai
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@cache
def standard_area(name: str = "standard") -> tuple[Area, Rulebook]:
    """A bundled area and its rulebook."""
    area = load_area(area_text(name), name)
    return area, rulebook_of_area(area)[0]


def hashes_of(area: Area) -> dict[str, str]:
    """What config.loaded says of a bundled area."""
    name = {"a1": "standard", "a2": "annex"}[area.id]
    return {
        "config_hash": sha256(area_text(name).encode()).hexdigest(),
        "rulebook_hash": rulebook_of_area(area)[1],
    }


@dataclass
class StationClock:
    """A clock that stands until a test moves it."""

    at_us: int = START_US
    rate: float = 1.0

    def now(self) -> Instant:
        """The present reading."""
        return Instant(1, self.at_us - START_US, self.at_us, self.at_us)


@dataclass
class GatewayLog:
    """A gateway as far as its log goes: facts, and the outputs of its engine after each."""

    area: Area
    rulebook: Rulebook
    key: SoftKey = field(default_factory=lambda: SoftKey.from_seed(b"g" * 32))
    epoch: str = "1"
    writes_outputs: bool = True
    disk: Disk = field(default_factory=MemoryDisk)

    def __post_init__(self) -> None:
        """Open an empty log."""
        self.unwritten: list[dict[str, Any]] = []
        self.log, _ = Log.open(self.disk)
        self.engine = Engine(self.area, self.rulebook)
        self.signer = self.key.named(f"caseward.local/{self.area.id}/{self.area.gateway}/{self.epoch}")

    def fact(self, type_: str, at_us: int, fact_id: str = "", told_us: int | None = None, **body: Any) -> int:
        """Record a fact that happened at `at_us`, at once or at `told_us`; gives its index."""
        index, told_us = self.log.size, at_us if told_us is None else told_us
        fact = Fact(
            type=type_, body=body, index=index, occurred_us=at_us, occurred_latest_us=at_us, recorded_us=told_us,
            recorded_latest_us=told_us, id=fact_id or f"f{index}", boot=1, boottime_us=told_us - START_US,
        )  # fmt: skip
        self.log.append(fact_entry(fact))
        for effect in self.engine.step(fact):
            entry = output_entry(effect, fact)
            self.unwritten.append(entry | {"id": output_id(entry["id"])})
        if self.writes_outputs:
            self.answer()
        self.log.commit()
        return index

    def answer(self) -> None:
        """Write the outputs of all facts so far."""
        for entry in self.unwritten:
            self.log.append(entry)
        self.unwritten.clear()
        self.log.commit()

    def deadline(self, at_us: int) -> int:
        """The clock has passed the next deadline."""
        return self.fact("deadline.reached", at_us)

    def note(self, size: int | None = None) -> bytes:
        """The signed checkpoint over the first `size` leaves."""
        size = self.log.size if size is None else size
        return checkpoint.sign(Checkpoint(self.signer.name, size, self.log.root(size)), self.signer)

    def batch(self, first: int = 0, end: int | None = None) -> bytes:
        """The up/log payload of leaves first..end-1."""
        end = self.log.size if end is None else end
        return build(first, self.log.leaves(first, end - first, 10**9), self.note(end))

    def bytes(self) -> bytes:
        """All leaf lines."""
        return b"".join(leaf + b"\n" for leaf in self.log.leaves(0, self.log.size, 10**9))

    def heartbeat(
        self,
        at_us: int,
        size: int | None = None,
        sources: Mapping[str, Any] | None = None,
        pending: int = 0,
    ) -> bytes:
        """An up/hb payload. `pending`: leaves that the gateway's disk has not taken yet."""
        size = self.log.size if size is None else size
        instant = Instant(1, at_us - START_US, at_us, at_us)
        health = {
            "sources": dict(sources or {"node:n1": {"state": "ok", "age_ms": 20}}),
            "queues": {"outbox": 0},
            "log": {"size": size + pending, "durable": size, "acked": size},
        }
        return canonical.dumps({"v": 1, **instant.as_dict(), "size": size, "health": health})


def morning(gateway: GatewayLog, at_us: int = START_US) -> int:
    """A station begins its day: configuration, officers, one person arrives and is led to a waiting room."""
    gateway.fact("gateway.booted", at_us, reason="power_on")
    gateway.fact("config.loaded", at_us, rulebook=gateway.area.rulebook, **hashes_of(gateway.area))
    for node in gateway.area.nodes:
        gateway.fact("node.restored", at_us, node=node)
    for recorder in gateway.area.recorders:
        gateway.fact("recorder.started", at_us, recorder=recorder)
    for door in gateway.area.doors:
        gateway.fact("door.closed", at_us, door=door)
    for name in gateway.area.inputs:
        gateway.fact("input.cleared", at_us, input=name)
    for number, sex in (("1001", "M"), ("1002", "F"), ("2001", "M")):
        gateway.fact(
            "officer.registered", at_us, officer=number, service="sworn",
            roles=["duty_officer", "case_officer"], sex=sex, badge=f"badge-{number}",
        )  # fmt: skip
    gateway.fact("person.arrived", at_us + MINUTE_US, stay="S-1")
    gateway.fact("area.entered", at_us + 2 * MINUTE_US, stay="S-1")
    gateway.fact(
        "stay.registered", at_us + 3 * MINUTE_US, stay="S-1", measure="criminal_summons", case="C-1", sex="M",
        arrived_at_us=at_us + MINUTE_US, officer="1001",
    )  # fmt: skip
    gateway.fact("wristband.bound", at_us + 4 * MINUTE_US, stay="S-1", band="band-07", officer="1001")
    return at_us + 4 * MINUTE_US


@cache
def empty_store() -> bytes:
    """A store after all migrations, made once: test_store.py goes through them, the others need not."""
    with TemporaryDirectory() as folder:
        Database(Path(folder) / "server.db").close()
        return (Path(folder) / "server.db").read_bytes()


class Kit:
    """A whole server without network and threads: what the worker does in its thread is `turn()` here."""

    def __init__(
        self, path: Path, clock: StationClock | None = None, limits: Limits | None = None,
        witnesses: Mapping[str, Witness] | None = None,
    ) -> None:  # fmt: skip
        """A server with the standard area; its data lives in `path`."""
        self.path = path
        self.clock = clock or StationClock()
        self.limits = limits or Limits()
        self.witnesses = witnesses or {}
        self.area, self.rulebook = standard_area()
        self.gateway = GatewayLog(self.area, self.rulebook)
        self.key = SoftKey.from_seed(b"s" * 32)
        self.sent: list[Message] = []
        if not (path / "server.db").exists():
            (path / "server.db").write_bytes(empty_store())
        self.start()

    def start(self) -> None:
        """Open the store and replay, as at a program's start."""
        self.database = Database(self.path / "server.db")
        self.own_log = OwnLog(
            self.path / "log", "station", self.key, self.clock.now(), known_of(self.database)
        )
        self.state = AreaState(
            self.area, self.rulebook, self.gateway.key.public, self.key.named("caseward.local/server"), self.database,
            self.limits, self.clock.rate, 0.0,
        )  # fmt: skip
        self.station = Station(
            self.clock, self.database, self.key.named("caseward.local/server"), [self.state], self.limits,
            self.own_log, self.witnesses,
        )  # fmt: skip
        self.station.connect(self.sent.append)
        self.accounts = Accounts(self.database, Sessions(), CHEAP_HASHER)
        self.inbox = Inbox(self.limits.inbox_batches_max)
        self.worker = Worker(self.station, self.inbox, self.database, self.limits, self.sent.append)

    def close(self) -> None:
        """Let go of the files."""
        self.own_log.close()
        self.database.close()

    def restart(self) -> None:
        """End and start anew over the same files."""
        self.close()
        self.start()

    def take(self, payload: bytes) -> list[Message]:
        """An up/log, through to the evaluated end; gives the answers."""
        messages, records = self.state.on_logs([payload], self.clock.now())
        self.state.follow(records, self.clock.now())
        return messages

    def beat(self, real_s: float, size: int | None = None) -> None:
        """A heartbeat of the gateway, now."""
        self.state.on_heartbeat(self.gateway.heartbeat(self.clock.at_us, size), self.clock.now(), real_s)

    def acked(self, messages: list[Message]) -> int:
        """The size of the newest ack in `messages`, -1 when there is none."""
        sizes = [canonical.loads(m.payload)["size"] for m in messages if m.topic == "ack"]
        return sizes[-1] if sizes else -1
