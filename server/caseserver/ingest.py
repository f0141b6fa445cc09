"""Taking in one gateway's log: verify everything, believe nothing twice, acknowledge only what is on the disk.

Sans IO. `take(payload)` judges and changes nothing; the caller commits `outcome.records`, then calls
`settle(outcome)`, then publishes `outcome.ack`. When the commit fails the outcome is dropped and nothing has
happened. Any bytes may come in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from caselog import canonical, checkpoint
from caselog import leaf as leaves
from caselog.checkpoint import Checkpoint
from caselog.errors import ChainError, FormatError, LeafError, NoteError
from caselog.fork import Fork
from caselog.keychain import KeyChain
from caselog.keys import Signer, Verifier
from caselog.leaf import LeafRecord
from caselog.records import KEY_CHANGED
from caselog.tree import Tree, leaf_hash
from caseserver import payload as payloads
from caseserver.frontier import Frontier
from caseserver.payload import Batch
from caseserver.signed import signed_held

MALFORMED: Final = "malformed"
SIGNATURE: Final = "signature"
FORK: Final = "fork"

STEP_BACK: Final = 64
"""Leaves asked for again when a batch belongs to another history and does not yet show where that begins."""

PROOFS_MAX: Final = 64
"""Contradictions of one gateway that are worked out between two starts; the rest is refused and counted."""

_EPOCH: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Refused:
    """Why bytes were not taken. `reason`: MALFORMED, SIGNATURE or FORK; `index`: the leaf a fork is about.

    `fork`: the proof that two notes of the gateway contradict each other, where these bytes give one. Without it
    somebody on the way may have changed the leaves: they are signed by their sum alone;
    `offered`: the leaf that stands where we hold another.
    """

    reason: str
    expected: str
    found: str
    index: int | None = None
    fork: Fork | None = None
    offered: bytes | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be done with a payload.

    `records`: new leaves to commit. `note`: the checkpoint with our cosignature, to keep with them (None when
    nothing is new). `ack`: message for down/ack. `request`: (first, count) for down/req.
    """

    records: tuple[LeafRecord, ...] = ()
    root: bytes = b""
    origin: str = ""
    note: bytes | None = None
    ack: bytes | None = None
    request: tuple[int, int] | None = None
    refused: Refused | None = None


class _Refusal(Exception):
    def __init__(self, reason: str, expected: str, found: str, index: int | None = None) -> None:
        super().__init__(f"{reason}: expected {expected}, found {found}")
        self.refused = Refused(reason, expected, found, index)


class Ingest:
    """The server's side of one gateway's log."""

    def __init__(
        self, area: str, gateway: str, public: bytes, signer: Signer, *,
        hashes: Iterable[bytes] = (), origin: str | None = None, note: bytes | None = None,
        changes: Iterable[LeafRecord] = (), payload_bytes_max: int = 1_048_576, request_leaves_max: int = 500,
    ) -> None:  # fmt: skip
        """`public`: the key the gateway's log began with, 32 bytes. `hashes`, `origin`, `note`, and `changes` of the
        key: what is held already."""
        self.area = area
        self.gateway = gateway
        self.counters: Counter[str] = Counter()
        self.fork: Refused | None = None
        self._proved: set[tuple[int, bytes]] = set()  # size and root of notes whose contradiction was shown
        self._public = public
        self._changes = list(changes)
        self._signer = signer
        self._origin = origin
        self._note = note
        self._payload_bytes_max = payload_bytes_max
        self._request_leaves_max = request_leaves_max
        self._tree = Tree()
        self._frontier = Frontier()
        for hash_ in hashes:
            self._tree.append(hash_)
            self._frontier.append(hash_)

    @property
    def size(self) -> int:
        """Leaves held."""
        return self._tree.size

    @property
    def root(self) -> bytes:
        """Root of all leaves held, 32 bytes."""
        return self._tree.root()

    @property
    def note(self) -> bytes | None:
        """The newest checkpoint, cosigned."""
        return self._note

    def word(self, log: str, nonce: str) -> dict[str, Any] | None:
        """How much is held of the log of this origin, signed with the number of the question; None when another is held."""
        if self._origin not in (None, log):
            return None
        return signed_held(self._signer, log, nonce, self.size, self.root)

    @property
    def cosigner(self) -> Verifier:
        """By which our cosignatures are checked."""
        return self._signer.verifier

    def verifiers(self) -> list[Verifier]:
        """The keys this log has signed with, by the leaves held, oldest first; none before it was heard."""
        if self._origin is None:
            return []
        keys = [self._public, *(key for _, key in self._keys(self._origin, []).changes)]
        return [Verifier(self._origin, key) for key in keys]

    def take(self, payload: bytes, now_s: int) -> Outcome:
        """Judge the bytes of one `up/log`. `now_s`: POSIX seconds for the cosignature. Never raises."""
        self.counters["batches"] += 1
        try:
            if len(payload) > self._payload_bytes_max:
                raise _Refusal(MALFORMED, f"at most {self._payload_bytes_max} bytes", f"{len(payload)}")
            batch = _parse(payload)
            signed = self._verify_note(batch)
        except _Refusal as error:
            return self._refuse(error.refused)
        try:
            self._check_beginning(batch, signed)
            return self._judge(batch, signed, now_s)
        except _Refusal as error:
            return self._refuse(error.refused, batch, signed)

    def settle(self, outcome: Outcome) -> None:
        """The outcome's leaves are on the disk, or will be before anybody is told."""
        for record in outcome.records:
            if record.index != self._tree.size:
                raise ValueError(f"expected leaf {self._tree.size} to settle, found leaf {record.index}")
            self._tree.append(record.hash)
            self._frontier.append(record.hash)
            if record.type == KEY_CHANGED:
                self._changes.append(record)
        self.counters["leaves"] += len(outcome.records)
        if outcome.note is not None:
            self._note, self._origin = outcome.note, outcome.origin

    def hello(self) -> bytes:
        """Message for down/req that tells how much the server holds; a gateway goes on from there."""
        return request_bytes(self.size, 0)

    def request(self, end: int) -> tuple[int, int] | None:
        """(first, count) to ask for, when the gateway has `end` leaves and we hold fewer."""
        missing = min(end - self.size, self._request_leaves_max)
        return (self.size, missing) if missing > 0 else None

    def _judge(self, batch: Batch, signed: Checkpoint, now_s: int) -> Outcome:
        if batch.first > self.size:
            self.counters["gaps"] += 1
            return Outcome(request=self.request(batch.first))
        records = self._chain(batch)
        if batch.end <= self.size:
            self.counters["duplicate_batches"] += 1
            return Outcome(ack=self._fresh_ack(now_s))
        after = self._frontier.copy()
        for record in records:
            after.append(record.hash)
        root = after.root()
        try:
            keys = self._keys(signed.origin, records)
        except (LeafError, NoteError) as error:
            raise _Refusal(SIGNATURE, error.expected, error.found, batch.first) from None
        if root != signed.root:
            # the leaves follow ours one by one, so it is not another history but a wrong sum
            raise _Refusal(FORK, f"root {root.hex()}", f"root {signed.root.hex()}", batch.end - 1)
        # Lines in other names prove nothing and would stand in every bundle made with this note
        own = [Verifier(signed.origin, key) for key in (self._public, *(key for _, key in keys.changes))]
        note = checkpoint.cosign(checkpoint.only(batch.note, own), self._signer, now_s)
        ack = self._ack(batch.end, root, note)
        return Outcome(tuple(records), root, signed.origin, note, ack)

    def contradiction(self, note: bytes) -> Fork | None:
        """The proof that the gateway signed two histories, when `note` (its own, verified) is of another than ours."""
        offered = checkpoint.parse(note)
        if self._note is None or offered.size > self.size or self._tree.root(offered.size) == offered.root:
            return None
        proof = self._tree.consistency_proof(offered.size)
        return Fork(note, self._note, self._tree.root(offered.size), tuple(proof))

    def beginning(self, old: int, size: int) -> tuple[bytes, list[bytes]]:
        """Root of the first `old` leaves held, and the proof that the tree of `size` goes on from them."""
        return self._tree.root(old), self._tree.consistency_proof(old, size)

    def _check_beginning(self, batch: Batch, signed: Checkpoint) -> None:
        """A note over no more leaves than we hold must have our root, whatever leaves come with it."""
        if batch.end > self.size or self._tree.root(batch.end) == signed.root:
            return
        index, _ = self._first_other(batch)
        found = f"root {signed.root.hex()}"
        raise _Refusal(FORK, f"root {self._tree.root(batch.end).hex()}", found, index)

    def _first_other(self, batch: Batch) -> tuple[int, bytes | None]:
        """The first leaf of the batch that is not the one we hold; (last index, None) when there is none."""
        for index, data in enumerate(batch.leaves[: max(0, self.size - batch.first)], batch.first):
            if leaf_hash(data) != self._tree.leaf(index):
                return index, data
        return batch.end - 1, None

    def _fork(self, batch: Batch, signed: Checkpoint) -> Fork | None:
        """What the batch's note and ours prove; None where the other history's beginning is not known here."""
        is_told = (signed.size, signed.root) in self._proved or len(self._proved) >= PROOFS_MAX
        if self._note is None or batch.first > self.size or is_told:
            return None
        if batch.end <= self.size:
            return self.contradiction(batch.note)
        other = Tree()
        for index in range(batch.first):
            other.append(self._tree.leaf(index))
        for data in batch.leaves:
            other.append(leaf_hash(data))
        if other.root() != signed.root or other.root(self.size) == self.root:
            return None
        proof = tuple(other.consistency_proof(self.size))
        return Fork(self._note, batch.note, other.root(self.size), proof)

    def _chain(self, batch: Batch) -> list[LeafRecord]:
        """The leaves not held yet, parsed and chained to what is held; a held one must be the same."""
        fresh: list[LeafRecord] = []
        prev = self._tree.leaf(batch.first - 1) if batch.first else leaves.ZERO_HASH
        for index, data in enumerate(batch.leaves, batch.first):
            try:
                record = leaves.check_chain(prev, index, data)
            except ChainError as error:
                # at the seam the gateway's signed leaf denies the leaf we hold; inside it is a broken batch
                is_seam = index == batch.first and index > 0 and error.expected.startswith("prev")
                reason = FORK if is_seam and batch.end > self.size else MALFORMED
                raise _Refusal(reason, error.expected, error.found, index) from None
            except FormatError as error:
                raise _Refusal(MALFORMED, f"leaf {index}: {error.expected}", error.found) from None
            if index < self.size:
                held = self._tree.leaf(index)
                if held != record.hash:
                    # a checkpoint of what we hold has our root: then somebody changed the leaves beside it
                    reason = MALFORMED if batch.end <= self.size else FORK
                    raise _Refusal(reason, f"leaf {index} {held.hex()}", record.hash.hex(), index)
                self.counters["duplicate_leaves"] += 1
            else:
                fresh.append(record)
            prev = record.hash
        return fresh

    def _verify_note(self, batch: Batch) -> Checkpoint:
        try:
            claimed = checkpoint.parse(batch.note)
            prefix = f"caseward.local/{self.area}/{self.gateway}/"
            if not claimed.origin.startswith(prefix) or not _EPOCH.fullmatch(claimed.origin[len(prefix) :]):
                raise _Refusal(SIGNATURE, f"origin {prefix}<epoch>", claimed.origin[:100])
            key = self._keys(claimed.origin, _key_changes(batch, self.size)).at(batch.end)
            signed = checkpoint.verify(batch.note, Verifier(claimed.origin, key))
        except (LeafError, NoteError) as error:
            raise _Refusal(SIGNATURE, error.expected, error.found) from None
        if signed.size != batch.end:
            raise _Refusal(MALFORMED, f"a checkpoint over {batch.end} leaves", f"over {signed.size}")
        if self._origin is not None and signed.origin != self._origin:
            raise _Refusal(FORK, f"the log {self._origin}", f"the log {signed.origin}", 0)
        return signed

    def _keys(self, origin: str, more: Iterable[LeafRecord]) -> KeyChain:
        """Keys of the log `origin` by what is held and by `more`. Raises `LeafError`, `NoteError`."""
        held = self._changes if self._origin in (None, origin) else []
        return KeyChain(origin, self._public).extended([*held, *more])

    def _refuse(
        self, refused: Refused, batch: Batch | None = None, signed: Checkpoint | None = None
    ) -> Outcome:
        self.counters[f"refused_{refused.reason}"] += 1
        request = None
        if refused.reason == FORK and batch is not None and signed is not None:
            refused = replace(refused, fork=self._fork(batch, signed), offered=self._first_other(batch)[1])
            is_seam = refused.fork is None and batch.first == refused.index and batch.first > 0
            if is_seam and not self._proved:
                # the gateway then signs a beginning that we can compare with ours
                request = (max(0, batch.first - STEP_BACK), STEP_BACK)
            if refused.fork is not None:
                self._proved.add((signed.size, signed.root))
        if refused.reason == FORK and self.fork is None:
            self.fork = refused
        return Outcome(refused=refused, request=request)

    def _fresh_ack(self, now_s: int) -> bytes:
        """What is held, cosigned anew: gateways read the time from it."""
        note = self._note if self._note is None else checkpoint.cosign(self._note, self._signer, now_s)
        return self._ack(self.size, self.root, note)

    @staticmethod
    def _ack(size: int, root: bytes, note: bytes | None) -> bytes:
        cosigned = note.decode() if note is not None else ""
        return canonical.dumps({"v": 1, "size": size, "root": root.hex(), "cosigned": cosigned})


def _parse(payload: bytes) -> Batch:
    try:
        return payloads.parse(payload)
    except FormatError as error:
        raise _Refusal(MALFORMED, error.expected, error.found) from None


def _key_changes(batch: Batch, size: int) -> list[LeafRecord]:
    """Leaves of the batch from `size` on that change the key; nothing of them is believed yet."""
    found = []
    for index, data in enumerate(batch.leaves, batch.first):
        if index < size or KEY_CHANGED.encode() not in data:
            continue
        try:
            record = leaves.parse(data)
        except FormatError:
            continue  # what is wrong with it is for the chain to say
        if record.type == KEY_CHANGED and record.index == index:
            found.append(record)
    return found


def request_bytes(first: int, count: int) -> bytes:
    """Message for down/req."""
    return canonical.dumps({"v": 1, "first": first, "count": count})
