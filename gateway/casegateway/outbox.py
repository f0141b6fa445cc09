"""What the server does not hold yet: batches of the log until the server's own ack covers them.

The broker's PUBACK means nothing here. The cursor moves only on a down/ack whose root is our own
root at that size and, once the server's key is provisioned, whose cosignature verifies. All
times are this machine's steady clock, microseconds.
"""

from collections import Counter
from typing import Any

from casegateway.events import Publish
from casegateway.keyring import Keyring
from casegateway.limits import (
    BATCH_BYTES_MAX,
    BATCH_LEAVES_MAX,
    BATCHES_IN_FLIGHT_MAX,
    PROBE_AFTER_MS,
    RESEND_AFTER_MS,
)
from casegateway.time_sources import ServerWord
from caselog import canonical
from caselog import checkpoint as checkpoints
from caselog.checkpoint import Checkpoint
from caselog.errors import CanonicalError, FormatError, NoteError
from caselog.keys import COSIGNATURE_ED25519, Verifier
from caselog.log import Log
from caselog.note import parse as parse_note


def batch_payload(log: Log, first: int, count: int, keys: Keyring) -> tuple[bytes, int]:
    """The up/log payload of at most `count` durable leaves from `first`, and the size it reaches."""
    count = min(count, log.durable_size - first)
    leaves = log.leaves(first, count, BATCH_BYTES_MAX)
    size = first + len(leaves)
    header = canonical.dumps({"count": len(leaves), "first": first, "v": 1})
    note = checkpoints.sign(Checkpoint(keys.name, size, log.root(size)), *keys.signers(first, size))
    return b"\n".join([header, *leaves, b"", note]), size


class Outbox:
    """The way of one log to the server. `acked`: leaves the server has said it holds."""

    def __init__(self, log: Log, keys: Keyring, server_public: bytes | None, acked: int, now_us: int) -> None:
        """`keys` are named by the log's origin; `server_public`: 32 bytes, None if not provisioned."""
        self.acked = min(acked, log.durable_size)
        self.counters: Counter[str] = Counter()
        self.last_ack_us = now_us  # the start counts as one
        self.has_heard = False
        self.server_word: ServerWord | None = None  # of its newest cosignature, until somebody takes it
        self.is_server_ahead = False  # it holds leaves that we do not: our disk has lost some
        self._log = log
        self._keys = keys
        self._server_public = server_public
        self._next = self.acked
        # Sizes reached by batches, and when each was first sent; nobody signed one before.
        self._first_sent: list[tuple[int, int | None]] = [(log.durable_size, None)]  # None: by an earlier run
        self._forgotten_size = 0
        self._ends: list[int] = []  # of the batches in flight
        self._window = 1
        self._progress_us = now_us
        self._probe_us = now_us
        self._is_connected = False

    @property
    def waiting(self) -> int:
        """Durable leaves that the server is not known to hold."""
        return self._log.durable_size - self.acked

    @property
    def in_flight(self) -> int:
        """Batches sent and not acked."""
        return len(self._ends)

    def connect(self, now_us: int) -> None:
        """The broker is there (again): everything from the cursor on goes out anew."""
        self._is_connected = True
        self._probe_us = now_us - PROBE_AFTER_MS * 1_000
        self._rewind(self.acked, now_us)

    def disconnect(self) -> None:
        """The broker is away."""
        self._is_connected = False
        self._ends.clear()

    def due(self, now_us: int) -> list[Publish]:
        """Batches to hand to the broker now."""
        if not self._is_connected:
            return []
        if self._ends and now_us - self._progress_us >= RESEND_AFTER_MS * 1_000:
            # Nobody answered. One batch at a time until somebody does.
            self.counters["resends"] += 1
            self._window = 1
            self._rewind(self.acked, now_us)
        out: list[Publish] = []
        while len(self._ends) < self._window and self._next < self._log.durable_size:
            if not self._ends:
                self._progress_us = now_us
            payload, size = batch_payload(self._log, self._next, BATCH_LEAVES_MAX, self._keys)
            out.append(Publish("log", payload, size))
            self._next = size
            self._ends.append(size)
            if size > self._first_sent[-1][0]:
                self._first_sent.append((size, now_us))
        return out or self._probe(now_us)

    def wake_us(self) -> int | None:
        """When `due` may have something without a new leaf or ack."""
        if not self._is_connected:
            return None
        if self._ends:
            return self._progress_us + RESEND_AFTER_MS * 1_000
        return max(self.last_ack_us, self._probe_us) + PROBE_AFTER_MS * 1_000

    def take_ack(self, payload: bytes, now_us: int) -> bool:
        """A down/ack; True when it is the server's word. Anything else is counted, nothing raised."""
        try:
            size = self._verified_size(payload, now_us)
        except (FormatError, KeyError, TypeError, ValueError) as error:
            self.counters["bad_acks"] += 1
            self.counters[f"bad_ack_{type(error).__name__}"] += 1
            return False
        if size is None:
            return False
        self.last_ack_us, self.has_heard = now_us, True
        if size < self.acked:
            self.counters["old_acks"] += 1
            return True
        if size > self.acked:
            self._progress_us = now_us
            self._window = BATCHES_IN_FLIGHT_MAX
        self.acked = size
        self._next = max(self._next, size)
        self._ends = [end for end in self._ends if end > size]
        return True

    def take_word(self) -> ServerWord | None:
        """When the server signed, where it has since the last call."""
        word, self.server_word = self.server_word, None
        return word

    def take_request(self, payload: bytes, now_us: int) -> bool:
        """A down/req {"v":1,"first":n,"count":k}: send again from leaf n on. False when it is none."""
        try:
            value = canonical.loads(payload)
            first, count = value["first"], value["count"]
        except (CanonicalError, KeyError, TypeError):
            self.counters["bad_requests"] += 1
            return False
        if not all(type(number) is int and number >= 0 for number in (first, count)):
            self.counters["bad_requests"] += 1
            return False
        if first > self._log.size:
            self.is_server_ahead = True
            self.counters["server_ahead"] += 1
        elif first < self._next:
            # It may have lost what it once acked. Going back costs repeats, never a leaf.
            self.acked = min(self.acked, first)
            self._rewind(first, now_us)
        return True

    def _rewind(self, first: int, now_us: int) -> None:
        self._next = first
        self._ends.clear()
        self._progress_us = now_us

    def _probe(self, now_us: int) -> list[Publish]:
        """With nothing to send, the last leaf again: the server's answer shows that it lives."""
        silent_us = now_us - max(self.last_ack_us, self._probe_us)
        size = self._log.durable_size
        if self._ends or size == 0 or silent_us < PROBE_AFTER_MS * 1_000:
            return []
        self._probe_us = now_us
        return [Publish("log", *batch_payload(self._log, size - 1, 1, self._keys))]

    def _verified_size(self, payload: bytes, now_us: int) -> int | None:
        """The size an ack proves, None for a size we cannot judge. Raises on anything false."""
        value: dict[str, Any] = canonical.loads(payload)
        size, root = value["size"], value["root"]
        if type(size) is not int or size < 0 or value.get("v") != 1:
            raise ValueError("expected v 1 and a size from 0")
        if size > self._log.durable_size:
            self.is_server_ahead = True
            self.counters["server_ahead"] += 1
            return None
        if size == 0:
            return None  # an empty server has proved nothing, not even that it is the server
        if bytes.fromhex(root) != self._log.root(size):
            self.counters["forked_acks"] += 1
            raise ValueError("expected our own root at that size")
        if self._server_public is not None:
            second = self._check_cosignature(str(value["cosigned"]).encode(), size)
            self.server_word = self._word(size, second, now_us) or self.server_word
        return size

    def _word(self, size: int, second: int, now_us: int) -> ServerWord | None:
        """When the server can have signed. An ack that somebody kept back, or says again, widens this and proves
        nothing false: the size was unknown to all before it was first sent. None when that is not known: an earlier
        run may have sent it, or a newer size is signed already.
        """
        while len(self._first_sent) > 1 and self._first_sent[0][0] < size:
            self._forgotten_size = self._first_sent.pop(0)[0]
        reached, sent_us = self._first_sent[0]
        if sent_us is None or not self._forgotten_size < size <= reached:
            return None
        return ServerWord(second, sent_us, now_us)

    def _check_cosignature(self, note: bytes, size: int) -> int:
        """The POSIX second of the signature. Raises `NoteError` unless the server's key has cosigned exactly this tree."""
        assert self._server_public is not None
        for line in parse_note(note).signatures:
            verifier = Verifier(line.name, self._server_public)
            if line.key_id != verifier.key_id(COSIGNATURE_ED25519):
                continue
            proof = checkpoints.verify_cosignature(note, verifier)
            expected = Checkpoint(self._keys.name, size, self._log.root(size))
            if proof.checkpoint != expected:
                raise NoteError(f"a cosignature of {size} leaves of {self._keys.name}", "another tree's")
            return proof.timestamp_s
        raise NoteError("a cosignature of the server's key", "none")
