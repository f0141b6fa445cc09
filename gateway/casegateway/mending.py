"""Asking the server for leaves that our own disk has lost, and reading its answer.

Nothing in an answer is believed but a checkpoint that one of our own keys has signed and, once the server's key is
provisioned, that the server has cosigned. Whoever asked checks the leaves against the hashes around them. That the
server holds no more than so much is believed only when it has signed that together with the number of our question: an
old answer, said again, would make us write anew what it has taken since. Sans IO.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from casegateway.events import Publish
from casegateway.limits import BATCH_LEAVES_MAX, MEND_RESEND_MS
from casegateway.signed import authentic
from caselog import canonical
from caselog import checkpoint as checkpoints
from caselog.checkpoint import Checkpoint
from caselog.errors import FormatError, NoteError
from caselog.keys import COSIGNATURE_ED25519, Verifier
from caselog.note import parse as parse_note
from caselog.torn import Held

TOPIC = "mend"
HELD_PREFIX = b"caseward-held-v1\n"
"""Before the canonical JSON of what the server says that it holds."""
HEADER_KEYS = frozenset({"v", "first", "count", "held", "key", "sig"})
_ROOT = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Answer:
    """Leaves of the server's copy from `first` on, and the newest checkpoint it has of this log, None where it has none.

    `held`: its signed word of now, how much it holds; None where that is not proved.
    """

    first: int
    leaves: list[bytes]
    anchor: Checkpoint | None
    held: Held | None


class Mender:
    """One question at a time; the same one again while nobody answers."""

    def __init__(
        self, origin: str, publics: Iterable[bytes], server_public: bytes | None, nonce: str
    ) -> None:
        """`publics`: every key of this log, 32 bytes each; `server_public`: None if not provisioned; `nonce`: 32 hex
        digits that nobody could know before this opening of the log."""
        self.counters: Counter[str] = Counter()
        self._origin = origin
        self._verifiers = [Verifier(origin, public) for public in publics]
        self._server_public = server_public
        self._nonce = nonce
        self._server = None if server_public is None else Verifier("server", server_public)
        self._asked: tuple[int, int] | None = None
        self._asked_us = 0

    def due(self, wanted: tuple[int, int] | None, now_us: int) -> list[Publish]:
        """The question, when it is another than before or was asked long ago. `wanted`: (first, count)."""
        if wanted is None or (wanted == self._asked and now_us < self._asked_us + MEND_RESEND_MS * 1_000):
            return []
        self._asked, self._asked_us = wanted, now_us
        first, count = wanted
        asked = {"count": min(count, BATCH_LEAVES_MAX), "first": first}
        value = {**asked, "log": self._origin, "nonce": self._nonce, "v": 1}
        return [Publish(TOPIC, canonical.dumps(value), 0)]

    def wake_us(self) -> int | None:
        """When an unanswered question is asked again."""
        return None if self._asked is None else self._asked_us + MEND_RESEND_MS * 1_000

    def read(self, payload: bytes) -> Answer | None:
        """An answer, None (and counted) when it is none or carries no word of ours. Never raises."""
        try:
            header, leaves, note = _parts(payload)
            anchor = self._verified(note) if note or leaves else None
            return Answer(header["first"], leaves, anchor, self._held(payload))
        except FormatError as error:
            self.counters["bad_answers"] += 1
            self.counters[f"bad_answer_{type(error).__name__}"] += 1
            return None

    def _held(self, payload: bytes) -> Held | None:
        """What the header says that the server holds, if it is its signed answer to a question of this Mender."""
        word = authentic(payload.partition(b"\n")[0], "held", HELD_PREFIX, self._server)
        if isinstance(word, str) or (word.get("log"), word.get("nonce")) != (self._origin, self._nonce):
            self.counters["unproved_answers"] += 1
            return None
        size, root = word.get("size"), word.get("root")
        if type(size) is not int or size < 0 or not isinstance(root, str) or _ROOT.fullmatch(root) is None:
            raise FormatError("a size from 0 and a root of 64 hex digits", repr(word)[:80])
        return Held(size, bytes.fromhex(root))

    def _verified(self, note: bytes) -> Checkpoint:
        checkpoint = self._ours(note)
        if self._server_public is None:
            return checkpoint
        for line in parse_note(note).signatures:
            verifier = Verifier(line.name, self._server_public)
            if line.key_id == verifier.key_id(COSIGNATURE_ED25519):
                checkpoints.verify_cosignature(note, verifier)
                return checkpoint
        raise NoteError("a cosignature of the server's key", "none")

    def _ours(self, note: bytes) -> Checkpoint:
        problem = NoteError(f"a checkpoint of {self._origin}", "none of our keys")
        for verifier in self._verifiers:
            try:
                return checkpoints.verify(note, verifier)
            except NoteError as error:
                problem = error
        raise problem


def _parts(payload: bytes) -> tuple[dict[str, Any], list[bytes], bytes]:
    """Header, leaves and note of a batch. Raises `FormatError`."""
    line, _, rest = payload.partition(b"\n")
    header = canonical.loads(line)
    if not isinstance(header, dict) or header.keys() != HEADER_KEYS or header["v"] != 1:
        raise FormatError(f"a header with {sorted(HEADER_KEYS)}", repr(line[:80]))
    count = header["count"]
    if type(header["first"]) is not int or type(count) is not int or not 0 <= count <= BATCH_LEAVES_MAX:
        raise FormatError(f"first and a count up to {BATCH_LEAVES_MAX}", repr(line[:80]))
    parts = rest.split(b"\n", count)
    if len(parts) != count + 1 or not parts[count].startswith(b"\n"):
        raise FormatError(f"{count} leaves, an empty line and a note", f"{len(parts)} parts")
    return header, parts[:count], parts[count][1:]
