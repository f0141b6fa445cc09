"""A real server over real logs, without cables and broker: facts go into a gateway's log and engine in this process.

Station, store, evaluator, ingest, accounts and pages are the product's own, as are log, checkpoint and engine of the
gateway side; only MQTT between them is replaced by a call. Time is told, never read.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from argon2 import PasswordHasher

from caselog.checkpoint import Checkpoint, sign
from caselog.clock import Instant
from caselog.keys import Signer, SoftKey
from caselog.log import Log
from caselog.memorydisk import MemoryDisk
from caseserver import commands
from caseserver.accounts import Accounts
from caseserver.app import create_app
from caseserver.area_state import AreaState, Message
from caseserver.payload import build
from caseserver.program import Program
from caseserver.settings import load_settings
from custody.area import Area, load_area
from custody.bundled import area_text
from custody.codec import fact_entry, output_entry
from custody.engine import Engine
from custody.facts import Fact

PASSWORD = "correct horse battery staple"
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The weakest argon2 there is: these tests are about pages, and sign in a hundred times."""
SECOND, MINUTE, HOUR = 1_000_000, 60_000_000, 3_600_000_000


class ToldClock:
    """Station time as it was told; it stands still unless ``is_running``."""

    rate = 1.0

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us
        self.is_running = False
        self._told_s = time.monotonic()

    def tell(self, now_us: int) -> None:
        self.now_us, self._told_s = now_us, time.monotonic()

    def now(self) -> Instant:
        run_us = int((time.monotonic() - self._told_s) * SECOND) if self.is_running else 0
        at_us = self.now_us + run_us
        return Instant(1, at_us, at_us, at_us + 400_000)

    def step_us(self) -> int:
        return 0


class Gateway:
    """Log and engine of one area. ``say`` is a fact; deadlines before it are reached first, as at a real gateway.
    ``half_us``: how far either way its clock may be off; None: it has no upper bound."""

    def __init__(self, area: Area, key: SoftKey, state: AreaState, clock: ToldClock) -> None:
        self.area, self.state, self.clock = area, state, clock
        self.engine = Engine(area, state.rulebook)
        self.log, _ = Log.open(MemoryDisk())
        self.origin = f"caseward.local/{area.id}/{area.gateway}/1"
        self.signer = Signer(self.origin, key)
        self.sent = 0
        self.half_us: int | None = 0

    def interval(self, at_us: int) -> tuple[int, int | None]:
        """What the gateway's clock says at ``at_us``."""
        return at_us - (self.half_us or 0), None if self.half_us is None else at_us + self.half_us

    def say(
        self, type_name: str, at_us: int, *, by: str = "gateway", source: str = "", recorded_us: int | None = None,
        fact_id: str = "", **body: Any,
    ) -> Fact:  # fmt: skip
        recorded_us = at_us if recorded_us is None else recorded_us
        if type_name != "deadline.reached":
            self.reach(recorded_us)
        occurred, recorded = self.interval(at_us), self.interval(recorded_us)
        fact = Fact(
            type=type_name, body=body, index=self.log.size, occurred_us=occurred[0], occurred_latest_us=occurred[1],
            recorded_us=recorded[0], recorded_latest_us=recorded[1], id=fact_id or f"g-{self.log.size}", by=by, boot=1,
            boottime_us=recorded_us, source_name=source, source_boot=1 if source else 0, source_seq=self.log.size if source else 0,
        )  # fmt: skip
        self.log.append(fact_entry(fact))
        for effect in self.engine.step(fact):
            self.log.append(output_entry(effect, fact))
        return fact

    def reach(self, now_us: int) -> None:
        """Every deadline up to ``now_us``, each at its own moment."""
        while (due_us := self.engine.next_deadline_us()) is not None and due_us <= now_us:
            before = due_us
            self.say("deadline.reached", due_us)
            if self.engine.next_deadline_us() == before:
                return

    def deliver(self) -> None:
        """Commit and hand the new leaves to the server, with the checkpoint over all of them."""
        for payload in self.batches():
            now = self.clock.now()
            _, records = self.state.on_logs([payload], now)
            self.state.follow(records, now)

    def batches(self) -> Iterator[bytes]:
        """Commit; the new leaves as they go to the broker."""
        self.log.commit()
        while self.sent < self.log.size:
            leaves = self.log.leaves(self.sent, 500, 1_000_000)
            end = self.sent + len(leaves)
            note = sign(Checkpoint(self.origin, end, self.log.root(end)), self.signer)
            yield build(self.sent, leaves, note)
            self.sent = end

    def beat(self, lost: tuple[str, ...] = ()) -> None:
        """A heartbeat with the state of every node."""
        self.state.on_heartbeat(self.heartbeat(lost), self.clock.now(), time.monotonic())

    def heartbeat(self, lost: tuple[str, ...] = ()) -> bytes:
        """The same as it goes to the broker."""
        now = self.clock.now()
        sources = {
            f"node:{n}": {"state": "lost" if n in lost else "ok", "age_ms": 200} for n in self.area.nodes
        }
        earliest_us, latest_us = self.interval(now.earliest_us)
        clock = {**now.as_dict(), "earliest_us": earliest_us, "latest_us": latest_us}
        return json.dumps({"v": 1, **clock, "size": self.log.size, "health": {"sources": sources}}).encode()

    def take(self, message: Message) -> None:
        """An officer's fact from the server: into the log like every other, then back."""
        if message.topic == "fact":
            fact: Mapping[str, Any] = json.loads(message.payload)["fact"]
            if any(
                json.loads(self.log.leaf(i))["id"] == fact["id"]
                for i in range(max(0, self.log.size - 50), self.log.size)
            ):
                return
            at_us = int(fact["occurred"]["earliest_us"])
            recorded_us = max(at_us, self.clock.now().earliest_us)
            self.say(
                str(fact["type"]),
                at_us,
                by="server",
                recorded_us=recorded_us,
                fact_id=str(fact["id"]),
                **fact["body"],
            )
            self.deliver()
            self.beat()


class House:
    """Server and gateways in one process, over files in ``folder``."""

    def __init__(
        self, folder: Path, now_us: int, areas: tuple[str, ...] = ("standard",), more: str = "", added: str = "",
    ) -> None:  # fmt: skip
        """``more``: what stands in server.toml besides; ``added``: what stands in each area file besides."""
        self.clock = ToldClock(now_us)
        keys, gateways = {}, []
        for name in areas:
            text = area_text(name) + added
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")
            area = load_area(text, name)
            keys[area.gateway] = (area, SoftKey.generate())
            gateways.append((area.gateway, folder / f"{name}.toml", keys[area.gateway][1].public.hex()))
        commands.init(folder, gateways, self.clock, folder.parent / f"{folder.name}-keys", HASHER)
        with (folder / "server.toml").open("a", encoding="utf-8") as file:
            file.write(more)
        settings = load_settings(folder)
        settings = settings.model_copy(
            update={"sessions": settings.sessions.model_copy(update={"tries_per_minute_max": 1000})}
        )
        self.program = Program(folder, settings, self.clock)
        self.program.accounts = Accounts(self.program.database, settings.sessions, HASHER)
        self.station = self.program.station
        states = {state.gateway: state for state in self.station.states()}
        self.gateways = {
            area.id: Gateway(area, key, states[name], self.clock) for name, (area, key) in keys.items()
        }
        by_gateway = {gateway.area.gateway: gateway for gateway in self.gateways.values()}
        self.station.connect(lambda message: by_gateway[message.gateway].take(message))
        self.app = create_app(self.program)

    def account(self, number: str, *roles: str) -> None:
        """An officer who can sign in with PASSWORD."""
        accounts: Accounts = self.program.accounts
        accounts.add(number, list(roles), PASSWORD, "tests")

    def deliver(self, lost: tuple[str, ...] = ()) -> None:
        for gateway in self.gateways.values():
            gateway.reach(self.clock.now().earliest_us)
            gateway.deliver()
            gateway.beat(lost)
        self.station.hub.tick()

    def close(self) -> None:
        self.program.own_log.close()
        if self.program.people is not None:
            self.program.people.close()
        self.program.database.close()

    @contextmanager
    def served(self) -> Iterator[str]:
        """The pages over HTTP; gives the address. Heartbeats go on in the background until the end."""
        server = uvicorn.Server(
            uvicorn.Config(self.app, host="127.0.0.1", port=0, lifespan="off", log_level="error")
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            self.station.hub.close()
            thread.join(10)
