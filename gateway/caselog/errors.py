"""Exceptions of the evidence log. Each says what was expected and what came; the class says whose fault it is.

`FormatError` and its kin: bytes from outside are not what the format says. `EntryError`: our own program
tried to log something that is not a leaf. `LogDamaged`: the storage holds something it was not given.
`LogStopped` and its kin: the storage failed while we wrote; only a new process on sound storage goes on.
Those that name a state of the world rather than a mistake carry no Error suffix.
"""

from __future__ import annotations


class CaselogError(Exception):
    """Root of the package's exceptions. Never raised itself."""


class FormatError(CaselogError):
    """Bytes from outside break the format. `expected` and `found` are short texts for a reader."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


class CanonicalError(FormatError):
    """A value has no canonical JSON text, or a text is not the canonical one."""


class SuiteError(FormatError):
    """A suite that is not known, or whose hash this machine does not have."""


class LeafError(FormatError):
    """Canonical JSON, but not a leaf of this log version."""


class ChainError(LeafError):
    """A sound leaf that does not follow the leaf before it (index, prev or stay number)."""


class BundleError(FormatError):
    """A bundle is not what docs/evidence.md section 9 says; `found` begins with the line."""


class NoteError(FormatError):
    """A signed note is malformed, or carries no valid signature of the key asked for."""


class KeyFileError(FormatError):
    """A key file cannot be used: wrong content, or readable by others than its owner."""


class EntryError(CaselogError):
    """The caller's entry is not a leaf (our own fault, so not a `FormatError`). The log is unchanged."""


class LogDamaged(CaselogError):
    """The stored log is broken at a place that no interrupted write explains.

    `segment` is the file, `offset` the byte in it (0 for the file as a whole).
    """

    def __init__(self, segment: str, offset: int, expected: str, found: str) -> None:
        super().__init__(f"{segment} at byte {offset}: expected {expected}, found {found}")
        self.segment = segment
        self.offset = offset
        self.expected = expected
        self.found = found


class DiskBusy(CaselogError):
    """Another process holds this log for writing; two writers would make two histories."""


class DiskFull(CaselogError):
    """No room to write. Nothing is lost: the leaves stay pending and a later `commit` tries again."""


class PendingFull(CaselogError):
    """Too many bytes wait for `commit`; the entry was not taken."""


class LogStopped(CaselogError):
    """The log takes nothing any more; durable leaves can still be read. Raised for every write from then on."""


class WriteFailed(LogStopped):
    """Storage refused a write for another reason than room."""


class SyncFailed(LogStopped):
    """fsync failed. It is never retried: the kernel may have dropped the pages and a second call would lie."""
