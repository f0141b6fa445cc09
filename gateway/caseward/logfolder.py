"""A log folder as it lies there, read and checked without touching it: for commands beside a running gateway."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from caselog.errors import CaselogError, LeafError
from caselog.leaf import check_chain
from caselog.segment import Damage, is_segment, name_of, scan
from caselog.suite import SHA256, Suite, suite_of

CHAIN_START: Final = bytes(32)


class LogFolderError(ValueError):
    """What is wrong with a log, and where; expected and found."""


class LogFolder:
    """The whole leaves of a log up to a size, read anew each time they are gone through, so that no log is too large.

    A line that is not finished at the end of the last file is being written, or torn: it is not part of the log.
    """

    def __init__(self, folder: Path) -> None:
        """Checks every leaf and the chain. Raises `LogFolderError`, `OSError`."""
        self._folder = folder
        self.size = 0
        self.last = CHAIN_START  # hash of the last leaf
        self.suite: Suite = SHA256
        names = sorted(entry.name for entry in folder.iterdir() if is_segment(entry.name))
        if not names:
            raise LogFolderError(f"{folder}: expected log segments (*.seg), found none")
        for name in names:
            if name != name_of(self.size):
                raise LogFolderError(f"{folder}: expected the segment {name_of(self.size)}, found {name}")
            self._check(name, is_last=name == names[-1])
        self._names = names

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Each leaf as an object, in order."""
        count = 0
        for name in self._names:
            for item in scan((self._folder / name).read_bytes()):
                if count == self.size or isinstance(item, Damage):
                    return
                count += 1
                yield json.loads(item[1])

    def _check(self, name: str, *, is_last: bool) -> None:
        for item in scan((self._folder / name).read_bytes()):
            if isinstance(item, Damage):
                if is_last and item.torn:
                    return
                raise LogFolderError(
                    f"{name}, byte {item.offset}: expected {item.expected}, found {item.found}"
                )
            try:
                if self.size == 0:
                    self.suite = _suite_of(item[1])
                record = check_chain(self.last, self.size, item[1], self.suite)
            except CaselogError as error:
                raise LogFolderError(f"{name}, leaf {self.size}: {error}") from None
            self.size += 1
            self.last = record.hash


def _suite_of(first: bytes) -> Suite:
    """The suite that leaf 0 states; 1 where it states none."""
    try:
        leaf = json.loads(first)
        return suite_of(leaf["body"]["suite"]) if leaf["type"] == "log.begun/1" else SHA256
    except (ValueError, KeyError, TypeError) as error:
        raise LeafError("a leaf", repr(error)) from None
