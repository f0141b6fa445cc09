"""Follows a gateway's log on disk while the gateway writes it: for the lines on the terminal, and for proofs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from caselog import canonical
from caselog.segment import decode_line, is_segment

READ_BYTES_MAX = 1 << 20


class LogTail:
    """Gives each whole leaf once, in order. A line still being written waits for its end."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds the segments; it need not exist yet."""
        self._folder = folder
        self._segment: Path | None = None
        self._offset = 0
        self._rest = b""

    def leaves(self) -> Iterator[bytes]:
        """Leaves written since the last call."""
        while True:
            data = self._read()
            if not data:
                if not self._next_segment():
                    return
                continue
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                leaf = decode_line(line)
                if leaf is not None:
                    yield leaf

    def objects(self) -> Iterator[dict[str, Any]]:
        """The same, parsed."""
        for leaf in self.leaves():
            found = canonical.loads(leaf)
            assert isinstance(found, dict), f"expected an object as leaf, found {type(found).__name__}"
            yield found

    def _read(self) -> bytes:
        if self._segment is None:
            return b""
        with self._segment.open("rb") as file:
            file.seek(self._offset)
            data = file.read(READ_BYTES_MAX)
        self._offset += len(data)
        return data

    def _next_segment(self) -> bool:
        """Go on to the next segment when there is one and this one ended with a whole line."""
        if not self._folder.is_dir() or self._rest:
            return False
        names = sorted(path for path in self._folder.iterdir() if is_segment(path.name))
        later = [path for path in names if self._segment is None or path.name > self._segment.name]
        if not later:
            return False
        self._segment, self._offset = later[0], 0
        return True


def read_leaves(folder: Path) -> list[bytes]:
    """All whole leaves of a log on disk."""
    return list(LogTail(folder).leaves())


def last_recorded_us(folder: Path) -> int:
    """Station time of the last leaf of a log on disk, 0 when there is none."""
    last = 0
    for leaf in LogTail(folder).objects():
        last = max(last, leaf["recorded"]["earliest_us"])
    return last
