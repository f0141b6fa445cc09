"""Taking in one gateway's log: each payload verified, what they bring committed together, then answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from caselog import leaf as leaves
from caselog.clock import Instant
from caselog.keys import Signer
from caselog.leaf import LeafRecord
from caselog.records import KEY_CHANGED
from caseserver.ingest import Ingest, Outcome, request_bytes
from caseserver.settings import Limits
from caseserver.snapshot import Message
from caseserver.store import items as item_rows
from caseserver.store import leaves as leaf_rows
from caseserver.store.database import Database
from caseserver.store.leaves import Held, LeafReader

Judged = Callable[[bytes, Outcome], None]
"""Told of each payload, in order. Of one that is refused when all that came before it is in the store."""


class Intake:
    """The worker's alone. `ingest`: what is held; `proved_us`: when the gateway last proved that it goes on."""

    def __init__(
        self, area: str, gateway: str, public: bytes, signer: Signer, database: Database, limits: Limits, held: Held
    ) -> None:  # fmt: skip
        """`public`: the gateway's key; `held`: what the store holds."""
        self._area, self._gateway, self._public, self._signer = area, gateway, public, signer
        self._database, self._limits = database, limits
        self._leaves = LeafReader(database)
        self.proved_us = held.proved_us
        self._open(held)

    def take(
        self, payloads: Sequence[bytes], now: Instant, judged: Judged
    ) -> tuple[list[Message], tuple[LeafRecord, ...]]:
        """Answers to the payloads of `up/log`, and the leaves that are new. One transaction where nothing is refused: in a
        flood a gateway sends faster than a store commits."""
        try:
            return self._take(payloads, now, judged)
        except BaseException:
            self._open(self._leaves.held(self._gateway))  # what is not in the store is not held
            raise

    def _open(self, held: Held) -> None:
        self.ingest = Ingest(
            self._area, self._gateway, self._public, self._signer,
            hashes=self._leaves.hashes(self._gateway, held.size), origin=held.origin, note=held.note,
            changes=[leaves.parse(data) for data in self._leaves.of_type(self._gateway, KEY_CHANGED)],
            payload_bytes_max=self._limits.payload_bytes_max, request_leaves_max=self._limits.request_leaves_max,
        )  # fmt: skip
        self._stored = held.size

    def _take(
        self, payloads: Sequence[bytes], now: Instant, judged: Judged
    ) -> tuple[list[Message], tuple[LeafRecord, ...]]:
        records: list[LeafRecord] = []
        asked: list[Message] = []
        ack, newest = None, None
        for payload in payloads:
            outcome = self.ingest.take(payload, now.earliest_us // 1_000_000)
            if outcome.request is not None:
                asked.append(Message(self._gateway, "req", request_bytes(*outcome.request)))
            if outcome.refused is not None and newest is not None:
                self._commit(records, newest, now)
                newest = None
            elif outcome.records:
                self.ingest.settle(outcome)
                records += outcome.records
                newest = outcome
            ack = outcome.ack or ack  # it says up to where all is held: the newest says it of all
            judged(payload, outcome)
        if newest is not None:
            self._commit(records, newest, now)
        acks = [] if ack is None else [Message(self._gateway, "ack", ack)]
        return [*acks, *asked], tuple(records)

    def _commit(self, records: Sequence[LeafRecord], newest: Outcome, now: Instant) -> None:
        """Those of `records` that are not in the store; `newest` is the last outcome of them."""
        fresh = records[self._stored - records[0].index :]
        with self._database.writing() as connection:
            leaf_rows.append(connection, self._gateway, fresh)
            item_rows.append(connection, self._gateway, fresh)
            leaf_rows.set_state(
                connection, self._gateway, origin=newest.origin, size=fresh[-1].index + 1,
                root=newest.root, note=newest.note, proved_us=now.earliest_us,
            )  # fmt: skip
        self._stored = fresh[-1].index + 1
        self.proved_us = now.earliest_us
