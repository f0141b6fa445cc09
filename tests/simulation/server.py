"""The server program's parts, real ones over a real store, with a virtual broker and a virtual clock."""

import itertools
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from caselog.keys import SoftKey
from caseserver.area_state import AreaState
from caseserver.inbox import Inbox
from caseserver.own_log import OwnLog
from caseserver.program import known_of
from caseserver.settings import Limits
from caseserver.signed import signed_fact
from caseserver.snapshot import Message
from caseserver.station import Station
from caseserver.store import facts as fact_rows
from caseserver.store.database import Database
from caseserver.store.facts import PendingFact
from caseserver.worker import Worker
from tests.simulation.clocks import Crystal, ServerClock, WallClock

if TYPE_CHECKING:
    from tests.simulation.world import World

SERVER_KEY = SoftKey.from_seed(b"s" * 32)
NAME = "caseward.local/server"
TICK_US = 250_000
RESTART_US = 2_000_000
START_US = 1_500_000


class Killed(BaseException):
    """kill -9, in the middle of whatever it was."""


class AimedDatabase(Database):
    """Dies where the plan says: before the transaction's commit, or after it."""

    aim: tuple[int, str] | None = None  # transactions from now on, "before" or "after"

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with super().writing() as connection:
            yield connection
            is_now = self.aim is not None and self.aim[0] <= 0
            if self.aim is not None and not is_now:
                self.aim = self.aim[0] - 1, self.aim[1]
            if is_now and self.aim is not None and self.aim[1] == "before":
                self.aim = None
                raise Killed
        if is_now:
            self.aim = None
            raise Killed


class Server:
    """One process of `caseward server` after the other, over the same folder."""

    def __init__(self, world: "World", folder: Path, wall: WallClock, crystal: Crystal) -> None:
        self.world = world
        self.folder = folder
        self.wall = wall
        self.crystal = crystal
        self.clock = ServerClock(wall, crystal)
        self.is_on = False
        self.life = 0
        self.is_slow = False
        self._ids = itertools.count(1)
        self.database: AimedDatabase
        self.state: AreaState
        self.worker: Worker
        self.inbox: Inbox
        self._asked = 0

    # --- the process ------------------------------------------------------------------------

    def start(self) -> None:
        """Open the store and replay, as at a program's start."""
        world = self.world
        self.life += 1
        self.is_on = True
        limits = Limits()
        self.database = AimedDatabase(self.folder / "server.db")
        signer = SERVER_KEY.named(NAME)
        self.own_log = OwnLog(
            self.folder / "log", "sim", SERVER_KEY, self.clock.now(), known_of(self.database)
        )
        self.state = AreaState(
            world.area, world.rulebook, world.gateway_key.public, signer, self.database, limits, 1.0,
            self._steady_s(), world.hashes,
        )  # fmt: skip
        self.station = Station(self.clock, self.database, signer, [self.state], limits, self.own_log)
        self.inbox = Inbox(limits.inbox_batches_max)
        self.station.connect(self._publish)
        self.worker = Worker(
            self.station, self.inbox, self.database, limits, self._publish, steady_s=self._steady_s
        )  # fmt: skip
        world.truth.trace(world.now_us, "server", self.life)
        world.watch.server_started()
        self.connect()
        self._schedule(0)

    def kill(self, down_us: int = RESTART_US) -> None:
        """kill -9; it is started again after a while."""
        if self.is_on:
            self.stop()
            self.world.kernel.after(down_us, self._restart, self.life)

    def stop(self) -> None:
        """The process is gone."""
        self.is_on = False
        self.life += 1
        self.world.broker.to_server = None
        self.database.close()
        self.own_log.close()

    def _restart(self, life: int) -> None:
        if life == self.life and not self.is_on:
            self.start()

    def connect(self) -> None:
        """To the broker, if it is there."""
        broker = self.world.broker
        if not self.is_on:
            return
        if broker.is_up:
            broker.to_server = self._hear
            self.inbox.set_connected(is_connected=True)
        else:
            broker.to_server = None
            self.inbox.set_connected(is_connected=False)
        self._schedule(0)

    # --- what comes in and goes out -----------------------------------------------------------

    def _hear(self, gateway: str, topic: str, payload: bytes) -> None:
        if not self.is_on or gateway != self.world.area.gateway:
            return
        if topic == "log":
            self.inbox.put_log(gateway, payload)
        elif topic in ("hb", "birth"):
            self.world.watch.beat()
            self.inbox.put_beat(gateway, payload)
        elif topic == "mend":
            self.inbox.put_mend(gateway, payload)
        self._schedule(1_000)

    def _publish(self, message: Message) -> None:
        self.world.watch.said(message.topic, message.payload)
        if self.world.broker.to_server is not None:
            self.world.broker.publish_down(message.topic, message.payload)

    def _schedule(self, delay_us: int) -> None:
        self._asked += 1
        self.world.kernel.after(delay_us, self._turn, self.life, self._asked)

    def _turn(self, life: int, asked: int) -> None:
        if life != self.life or asked != self._asked or not self.is_on:
            return
        try:
            self.worker.turn(0.0)
        except Killed:
            self.kill()
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a violation
            self.world.truth.violate("I2", f"the server raised {error!r}")
            self.kill()
            return
        self.world.observer.server_turned()
        rng = self.world.rng("server")
        self._schedule(30_000_000 if self.is_slow and rng.random() < 0.02 else self._rest_us())

    def _rest_us(self) -> int:
        """While nothing is late a turn a second finds what a turn each quarter would."""
        return 1_000 if self.inbox.depth else 4 * TICK_US

    def _steady_s(self) -> float:
        return self.crystal.us() / 1e6

    # --- officers ---------------------------------------------------------------------------

    def state_fact(
        self, fact_type: str, body: Mapping[str, Any], occurred_us: int, by: str = "server"
    ) -> str:
        """An officer's form: kept, sent, and said again until it is in the log. `occurred_us`: by its word, true time."""
        fact_id = f"o-{next(self._ids)}"
        fact = {
            "type": fact_type, "id": fact_id,
            "occurred": {"earliest_us": occurred_us, "latest_us": occurred_us, "by": by},
            "stay": body.get("stay"), "body": dict(body),
        }  # fmt: skip
        if not self.is_on:
            return ""  # the page does not open
        payload = signed_fact(SERVER_KEY.named(NAME), fact)
        gateway = self.world.area.gateway
        pending = PendingFact(fact_id, gateway, fact_type, "sim", payload, self.clock.now().earliest_us)
        self.world.truth.said[fact_id] = fact
        self.world.truth.given_us[fact_id] = self.world.now_us
        is_kept = False
        try:
            with self.database.writing() as connection:
                waiting = fact_rows.waiting(connection, gateway)
                fact_rows.put(connection, pending)
                is_kept = self.database.aim != (0, "before")
        except Killed:
            if not is_kept:
                del self.world.truth.said[fact_id]
            self.kill()
            return ""
        self._publish(self.state.expect(pending, waiting))
        return fact_id


def fresh_folder(folder: Path, template: Path | None) -> None:
    """A server's folder with an empty store."""
    folder.mkdir(parents=True, exist_ok=True)
    if template is not None:
        shutil.copy(template, folder / "server.db")


def stream(seed: str, name: str) -> random.Random:
    """A named stream of draws: one more draw in it shifts nothing elsewhere."""
    return random.Random(f"{seed}/{name}")
