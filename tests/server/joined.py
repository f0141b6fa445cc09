"""A gateway core on the bench whose batches a real area of the server takes, over real files."""

from __future__ import annotations

from pathlib import Path

from casegateway.events import Event, ServerSaid
from caseserver.area_state import AreaState
from caseserver.settings import Limits
from caseserver.snapshot import Message
from caseserver.store.database import Database
from tests.gateway.bench import AREA, GATEWAY_KEY, RULEBOOK, SERVER_KEY, Bench


def area_state(folder: Path) -> tuple[Database, AreaState]:
    """The server's side of the bench's gateway, as a program's start makes it."""
    database = Database(folder / "server.db")
    signer = SERVER_KEY.named("caseward.local/server")
    return database, AreaState(AREA, RULEBOOK, GATEWAY_KEY.public, signer, database, Limits())


class Joined(Bench):
    """The bench; `state` may be another one after a restart of the server."""

    def __init__(self, state: AreaState) -> None:
        super().__init__()
        self.state = state

    def answer(self, payload: bytes) -> list[Event]:
        now = self.moment().instant
        messages, records = self.state.on_logs([payload], now)
        self.state.follow(records, now)
        return said(messages)


def said(messages: list[Message]) -> list[Event]:
    """Messages of the server as the gateway hears them."""
    return [ServerSaid("ack" if m.topic == "ack" else "req", m.payload) for m in messages]
