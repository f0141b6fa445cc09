"""Lines of text that a recorder prints, and patterns that say what they mean. Pure: bytes in, words out.

A pattern is plain text with `*` for anything and `<free>`, `<count>`, `<time>` for a number that is read. No regular
expressions: a pattern is matched from left to right and never goes back, so the longest line costs its length for
each piece of text, whatever the line and the configuration hold.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from node.config import wrong

LINE_BYTES_MAX: Final = 200
PATTERN_CHARS_MAX: Final = 80
COUNT_DIGITS_MAX: Final = 15
HALF_LINE_MS: Final = 1_000
"""A line whose end does not come for this long is over: what follows must not be joined to it."""

FREE, COUNT, TIME = "free", "count", "time"
_NUMBERS: Final = (FREE, COUNT, TIME)
_ANY: Final = "*"
_MARKS: Final = tuple(f"<{name}>" for name in _NUMBERS)
_SPLIT: Final = re.compile("(" + "|".join((re.escape(_ANY), *_MARKS)) + ")")


@dataclass(frozen=True, slots=True)
class Said:
    """What one line says. `time_s`: seconds since midnight by the recorder's clock."""

    is_recording: bool | None = None
    free_percent: int | None = None
    count: int | None = None
    time_s: int | None = None


class Pattern:
    """`like` must fit the whole line; the first place where a piece of text stands is the one that counts."""

    def __init__(self, where: str, like: str, encoding: str) -> None:
        """Raises ConfigError."""
        if not like or len(like) > PATTERN_CHARS_MAX:
            raise wrong(where, f"a pattern of 1 to {PATTERN_CHARS_MAX} characters", like)
        try:
            self._pieces = _pieces(like, encoding)
        except UnicodeEncodeError:
            raise wrong(where, f"characters of {encoding}", like) from None
        for before, piece in pairwise(self._pieces):
            if before == _ANY and isinstance(piece, str):
                raise wrong(where, "text between * and what follows it", like)
        for number in _NUMBERS:
            if self._pieces.count(number) > 1:
                raise wrong(where, f"<{number}> once", like)

    @property
    def numbers(self) -> set[str]:
        """The numbers that it reads: out of free, count, time."""
        return {piece for piece in self._pieces if isinstance(piece, str) and piece != _ANY}

    def match(self, line: bytes) -> dict[str, int] | None:
        """The numbers in a line that fits, None for one that does not."""
        at, is_loose, found = 0, False, dict[str, int]()
        for index, piece in enumerate(self._pieces):
            if piece == _ANY:
                is_loose = True
            elif isinstance(piece, bytes):
                is_last = index == len(self._pieces) - 1
                at = _place(line, piece, at, is_loose=is_loose, is_last=is_last)
                if at < 0:
                    return None
                at, is_loose = at + len(piece), False
            else:
                value, at = _number(piece, line, at)
                if value is None:
                    return None
                found[piece] = value
        return found if is_loose or at == len(line) else None


class Lines:
    """Bytes to lines, ended by CR, LF or both. `dropped` counts the ones too long or without an end."""

    def __init__(self) -> None:
        """Nothing has come."""
        self.dropped = 0
        self._half = bytearray()
        self._half_ms = 0
        self._is_too_long = False

    def feed(self, data: bytes, now_ms: int) -> list[bytes]:
        """The lines that are whole now, blanks around them taken off, empty ones left out."""
        self.end(now_ms)
        if data:
            self._half_ms = now_ms
        *whole, half = data.replace(b"\r", b"\n").split(b"\n")
        lines = []
        for piece in whole:
            line = bytes(self._half) + piece
            if self._is_too_long or len(line) > LINE_BYTES_MAX:
                self.dropped += 1
            elif line.strip():
                lines.append(line.strip())
            self._half.clear()
            self._is_too_long = False
        self._half += half[: LINE_BYTES_MAX + 1]
        if len(self._half) > LINE_BYTES_MAX:
            self._is_too_long = True
            del self._half[LINE_BYTES_MAX:]
        return lines

    def end(self, now_ms: int) -> None:
        """Throw away a line whose end has not come."""
        if (self._half or self._is_too_long) and now_ms - self._half_ms >= HALF_LINE_MS:
            self.clear()
            self.dropped += 1

    def clear(self) -> None:
        """The line was unplugged."""
        self._half.clear()
        self._is_too_long = False


def _pieces(like: str, encoding: str) -> list[bytes | str]:
    """Text as bytes; `*` and the names of numbers as str. Raises UnicodeEncodeError."""
    return [
        _ANY if piece == _ANY else piece[1:-1] if piece in _MARKS else piece.encode(encoding)
        for piece in _SPLIT.split(like)
        if piece
    ]


def _place(line: bytes, text: bytes, at: int, *, is_loose: bool, is_last: bool) -> int:
    if not is_loose:
        return at if line.startswith(text, at) else -1
    if not is_last:
        return line.find(text, at)
    place = len(line) - len(text)
    return place if place >= at and line.endswith(text) else -1


def _number(name: str, line: bytes, at: int) -> tuple[int | None, int]:
    if name == TIME:
        return _time(line[at : at + 8]), at + 8
    start = at
    while at < len(line) and at - start < COUNT_DIGITS_MAX and 0x30 <= line[at] <= 0x39:
        at += 1
    if at == start:
        return None, at
    value = int(line[start:at])
    return (None if name == FREE and value > 100 else value), at


def _time(text: bytes) -> int | None:
    """Seconds since midnight of `HH:MM:SS`."""
    digits = text[0:2] + text[3:5] + text[6:8]
    if len(text) != 8 or text[2:3] + text[5:6] != b"::" or not digits.isdigit():
        return None
    hours, minutes, seconds = int(text[0:2]), int(text[3:5]), int(text[6:8])
    return hours * 3_600 + minutes * 60 + seconds if hours < 24 and minutes < 60 and seconds < 60 else None
