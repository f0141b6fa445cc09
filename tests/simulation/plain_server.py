"""The server's side of one gateway without its store: the real ingest, mending and officers' facts, in memory.

For small worlds that are played thousands of times, in which nothing happens to the server's own disk. No second
evaluator: the verdict replays the log instead.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caselog import leaf as leaves
from caselog.records import KEY_CHANGED
from caseserver import heartbeat as heartbeats
from caseserver import mending
from caseserver.area_state import BEHIND_S
from caseserver.given_order import GivenOrder, letter
from caseserver.ingest import Ingest, request_bytes
from caseserver.settings import Limits
from caseserver.signed import signed_fact
from caseserver.store.facts import PendingFact, fate_told_by
from tests.simulation.clocks import Crystal, WallClock
from tests.simulation.server import NAME, RESTART_US, SERVER_KEY, Server

if TYPE_CHECKING:
    from tests.simulation.world import World

SECOND_US = 1_000_000


class PlainServer(Server):
    """`held`: the leaves, `waiting`: officers' facts not seen in the log yet. What a store would keep outlives a kill."""

    def __init__(self, world: "World", folder: Path, wall: WallClock, crystal: Crystal) -> None:
        super().__init__(world, folder, wall, crystal)
        self.held: list[bytes] = []
        self.waiting: dict[str, PendingFact] = {}
        self._origin: str | None = None
        self._note: bytes | None = None
        self.ingest: Ingest
        self.state: Any = self
        self._beat_size = 0
        self._behind_since_us: int | None = None
        self.given: GivenOrder

    def start(self) -> None:
        """Begin with what is held, as the store gives it."""
        world = self.world
        self.life += 1
        self.is_on = True
        records = [leaves.parse(data) for data in self.held]
        self.ingest = Ingest(
            world.area.id, world.area.gateway, world.gateway_key.public, SERVER_KEY.named(NAME),
            hashes=[record.hash for record in records], origin=self._origin, note=self._note,
            changes=[record for record in records if record.type == KEY_CHANGED],
        )  # fmt: skip
        self._beat_size, self._behind_since_us = 0, None
        self.given = GivenOrder(Limits().resend_s_min, Limits().resend_s_max)
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

    def connect(self) -> None:
        """To the broker, if it is there; say how much is held."""
        broker = self.world.broker
        if self.is_on:
            broker.to_server = self._hear if broker.is_up else None
            if broker.is_up:
                self._down("req", self.ingest.hello())

    def state_fact(
        self, fact_type: str, body: Mapping[str, Any], occurred_us: int, by: str = "server"
    ) -> str:
        """An officer's form: kept, sent, and said again until it is in the log."""
        if not self.is_on:
            return ""
        fact_id = f"o-{next(self._ids)}"
        fact = {
            "type": fact_type, "id": fact_id,
            "occurred": {"earliest_us": occurred_us, "latest_us": occurred_us, "by": by},
            "stay": body.get("stay"), "body": dict(body),
        }  # fmt: skip
        self.world.truth.said[fact_id] = fact
        self.world.truth.given_us[fact_id] = self.world.now_us
        payload = signed_fact(SERVER_KEY.named(NAME), fact)
        given = PendingFact(fact_id, self.world.area.gateway, fact_type, "sim", payload, self.world.now_us)
        after = self.given.after(given, list(self.waiting.values()))
        self.waiting[fact_id] = given
        self.given.more()
        self._down("fact", letter(payload, after))
        return fact_id

    # --- inside -----------------------------------------------------------------------------

    def _down(self, topic: str, payload: bytes) -> None:
        if self.world.broker.to_server is not None:
            self.world.watch.said(topic, payload)
            self.world.broker.publish_down(topic, payload)

    def _hear(self, gateway: str, topic: str, payload: bytes) -> None:
        if not self.is_on or gateway != self.world.area.gateway:
            return
        if topic == "log":
            self._take(payload)
        elif topic == "mend":
            reply = mending.answer(
                payload, lambda first, n: self.held[first : first + n], self.ingest.note, self.ingest.word
            )
            if reply is not None:
                self._down("mend", reply)
        else:
            beat = heartbeats.parse(payload)
            self._beat_size = 0 if beat is None else beat.size
            if topic == "birth":
                self._resend()

    def _take(self, payload: bytes) -> None:
        outcome = self.ingest.take(payload, self.wall.us() // SECOND_US)
        if outcome.records:
            self.held += [record.data for record in outcome.records]
            self._origin, self._note = outcome.origin, outcome.note
            self.ingest.settle(outcome)
            for record in outcome.records:
                fate = fate_told_by(record)
                if fate is not None:
                    self.waiting.pop(fate.id, None)
        if outcome.ack is not None:
            self._down("ack", outcome.ack)
        if outcome.request is not None:
            self._down("req", request_bytes(*outcome.request))
        self.world.observer.server_turned()

    def _turn(self, life: int, asked: int) -> None:
        if life != self.life or asked != self._asked or not self.is_on:
            return
        now_us = self.world.now_us
        if self.given.is_due(now_us / SECOND_US):
            self._resend()
        self._ask(now_us)
        self._schedule(SECOND_US)

    def _resend(self) -> None:
        is_answering = self._beat_size <= self.ingest.size
        waiting, now_s = list(self.waiting.values()), self.world.now_us / SECOND_US
        for payload in self.given.letters(waiting, now_s, is_answering=is_answering):
            self._down("fact", payload)

    def _ask(self, now_us: int) -> None:
        """For leaves that the gateway says it has and that do not come."""
        if self._beat_size <= self.ingest.size:
            self._behind_since_us = None
        elif self._behind_since_us is None:
            self._behind_since_us = now_us
        elif now_us - self._behind_since_us >= BEHIND_S * SECOND_US:
            self._behind_since_us = now_us
            asked = self.ingest.request(self._beat_size)
            if asked is not None:
                self._down("req", request_bytes(*asked))
