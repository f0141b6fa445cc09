"""A recorder that prints status lines on RS-232: recording or not, for a point of kind recorder_contact.

The recorder's own word, read by the patterns of the configuration (`recorder_lines`). Unknown until it speaks, and when it
no longer does. Its word that it records is doubted where its own numbers say otherwise. Other lines are counted, never kept:
they may name persons.
"""

import time
from collections.abc import Callable
from typing import Any

from casefield.recorder_lines import COUNT, FREE, TIME, Lines, Pattern, Said
from casewire import ACTIVE, CONTRADICTION, INACTIVE, SILENT, UNKNOWN
from node.config import known, whole, wrong

READ_BYTES_MAX = 1_024
PATTERNS_MAX = 16
ASK_BYTES_MAX = 40
DAY_S = 86_400
LIMITS = {
    "baud": (9600, 1200, 115200),
    "silent_s_max": (10, 1, 600),
    "agree": (2, 1, 5),
    "ask_s": (5, 1, 600),
    "reply_ms": (1000, 50, 10000),
    "still_s_max": (0, 0, 3600),
    "free_percent_min": (0, 0, 50),
    "clock_off_s_max": (0, 0, 3600),
}
WORDS = {
    "parity": ("none", ("none", "even", "odd")),
    "encoding": ("ascii", ("ascii", "utf-8", "gb18030")),
}
_NEEDS = (("still_s_max", {COUNT, TIME}), ("free_percent_min", {FREE}), ("clock_off_s_max", {TIME}))
_STATES = {"recording": True, "stopped": False}

Changes = list[tuple[Any, ...]]


class LineConfig:
    """One pattern. `is_recording` None: the line tells numbers alone."""

    def __init__(self, where: str, table: Any, encoding: str) -> None:
        """Raises ConfigError."""
        known(where, table, ["like", "says"])
        like, says = table.get("like"), table.get("says")
        if not isinstance(like, str):
            raise wrong(where + ".like", "a pattern", like)
        if says is not None and says not in _STATES:
            raise wrong(where + ".says", "recording, stopped, or no such key", says)
        self.pattern = Pattern(where + ".like", like, encoding)
        self.is_recording = None if says is None else _STATES[says]
        if says is None and not self.pattern.numbers:
            raise wrong(where, "says, or one of <free>, <count>, <time> in like", like)


class RecorderConfig:
    """One recorder. Attributes: those of LIMITS and WORDS, bus, point, ask (bytes or None), lines."""

    baud: int
    silent_s_max: int
    agree: int
    ask_s: int
    reply_ms: int
    still_s_max: int
    free_percent_min: int
    clock_off_s_max: int
    parity: str
    encoding: str

    def __init__(self, where: str, table: Any) -> None:
        """Raises ConfigError."""
        known(where, table, ["kind", "bus", "point", "lines", "ask", *LIMITS, *WORDS])
        self.bus = table.get("bus")
        if not isinstance(self.bus, str) or not self.bus:
            raise wrong(where + ".bus", "the path of a serial port", self.bus)
        self.pins = [self.bus]
        self.point: int = whole(where + ".point", table.get("point"), 0, 255)
        self.points = [self.point]
        for name, (default, least, most) in LIMITS.items():
            setattr(self, name, whole(f"{where}.{name}", table.get(name, default), least, most))
        for name, (default_word, allowed) in WORDS.items():
            word = table.get(name, default_word)
            if word not in allowed:
                raise wrong(f"{where}.{name}", "one of " + ", ".join(allowed), word)
            setattr(self, name, word)
        self.ask = _ask(where + ".ask", table.get("ask"))
        self.lines = _lines(where + ".lines", table.get("lines"), self.encoding)
        self._check(where)

    def _check(self, where: str) -> None:
        told = {line.is_recording for line in self.lines}
        if not told >= {True, False}:
            raise wrong(
                where + ".lines", "a line that says recording and one that says stopped", len(self.lines)
            )
        numbers = {number for line in self.lines for number in line.pattern.numbers}
        for name, needed in _NEEDS:
            if getattr(self, name) and not numbers & needed:
                raise wrong(f"{where}.{name}", f"<{'> or <'.join(sorted(needed))}> in a line", "none")
        if self.ask is not None and self.silent_s_max <= self.ask_s:
            raise wrong(where + ".silent_s_max", f"more than ask_s ({self.ask_s})", self.silent_s_max)


def _ask(where: str, text: Any) -> bytes | None:
    if text is None:
        return None
    if not isinstance(text, str) or not text.isascii() or not 1 <= len(text) <= ASK_BYTES_MAX:
        raise wrong(where, f"1 to {ASK_BYTES_MAX} ASCII characters, with their line end", text)
    return text.encode()


def _lines(where: str, tables: Any, encoding: str) -> list[LineConfig]:
    if not isinstance(tables, list) or not 1 <= len(tables) <= PATTERNS_MAX:
        raise wrong(where, f"a list of 1 to {PATTERNS_MAX}", tables)
    return [LineConfig(f"{where}[{at}]", each, encoding) for at, each in enumerate(tables)]


def local_time_s() -> int:
    """Seconds since midnight, by this machine's clock and time zone."""
    now = time.localtime()
    return now.tm_hour * 3_600 + now.tm_min * 60 + now.tm_sec


class Moving:
    """A number that moves while the recorder works. `since_ms`: when it came to stand where the newest line has it."""

    def __init__(self) -> None:
        """Not told yet."""
        self.since_ms = 0
        self._told_ms = 0
        self._value: int | None = None

    def note(self, value: int | None, now_ms: int) -> None:
        """Take what a line says; None: nothing."""
        if value is not None and value != self._value:
            self._value, self.since_ms = value, now_ms
        if value is not None:
            self._told_ms = now_ms

    def restart(self, now_ms: int) -> None:
        """It may have stood until now."""
        self.since_ms = now_ms

    def stands(self, most_ms: int) -> bool:
        """Whether lines have told it without change for longer than that. A silence proves nothing of it."""
        return self._told_ms - self.since_ms > most_ms


class SerialRecorder:
    """The device (see node.app.Node). `time_s()`: seconds since midnight, for the recorder's clock.

    unknown_lines   that fit no pattern, or were too long or without an end; what they said is not kept
    """

    def __init__(self, config: RecorderConfig, port: Any, time_s: Callable[[], int] = local_time_s) -> None:
        """`port`: read(n), write(bytes), neither ever waiting; is_open False while it is unplugged."""
        self.points = (config.point,)
        self.unknown_lines = 0
        self._config = config
        self._port = port
        self._time_s = time_s
        self._lines = Lines()
        self._state = UNKNOWN  # as told
        self._bits = 0
        self._word: bool | None = None  # the recorder's own, once enough lines agree
        self._word_ms = 0
        self._is_word_new = False  # not judged yet
        self._is_mute = False  # until it says again whether it records
        self._next: bool | None = None  # what the newest lines say
        self._next_ms = 0  # since when
        self._agreed = 0
        self._heard_ms: int | None = None  # the newest line that says whether it records
        self._silent_ms = 0  # since when it says nothing, from the start on
        self._asked_ms: int | None = None  # the question that waits for its answer
        self._ask_ms = 0
        self._is_started = False
        self._numbers = {COUNT: Moving(), TIME: Moving()}
        self._free: int | None = None
        self._is_clock_off = False

    def poll(self, now_ms: int) -> Changes:
        """Return what changed; see node.app.Node."""
        if not self._is_started:
            self._is_started, self._silent_ms, self._ask_ms = True, now_ms, now_ms
        data = self._port.read(READ_BYTES_MAX)
        if not getattr(self._port, "is_open", True):
            self._lines.clear()
            self._asked_ms, self._ask_ms = None, now_ms
            return self._fall_silent(now_ms, now_ms)
        for line in self._lines.feed(data or b"", now_ms):
            self._take(line, now_ms)
        self._ask(now_ms)
        heard_ms = self._silent_ms if self._heard_ms is None else self._heard_ms
        if self._is_mute or self._is_silent(heard_ms, now_ms):
            return self._fall_silent(heard_ms, now_ms)
        return self._judge(now_ms)

    def states(self) -> list[tuple[int, int]]:
        """Its one point."""
        return [(self._config.point, self._state)]

    def tags(self) -> list[tuple[int, bytes, int]]:
        """None."""
        return []

    def troubles(self) -> list[tuple[int, int]]:
        """What stands."""
        return [(self._config.point, self._bits)] if self._bits else []

    def put(self, point: int, state: int, valid_ms: int, now_ms: int) -> None:
        """Nothing: a recorder is looked at and never ordered."""

    def lose_link(self) -> None:
        """Nothing: it has no output."""

    # --- what it says -----------------------------------------------------------------------

    def _take(self, line: bytes, now_ms: int) -> None:
        said = self._read(line)
        if said is None:
            self.unknown_lines += 1
            return
        self._numbers[COUNT].note(said.count, now_ms)
        self._numbers[TIME].note(said.time_s, now_ms)
        if said.free_percent is not None:
            self._free = said.free_percent
        if said.time_s is not None:
            off_s = abs(said.time_s - self._time_s()) % DAY_S
            self._is_clock_off = min(off_s, DAY_S - off_s) > self._config.clock_off_s_max > 0
        if said.is_recording is not None:
            self._hear(said.is_recording, now_ms)

    def _read(self, line: bytes) -> Said | None:
        """The first pattern that says whether it records decides that; each number is the first one found."""
        is_recording: bool | None = None
        numbers: dict[str, int] = {}
        is_known = False
        for each in self._config.lines:
            found = each.pattern.match(line)
            if found is None:
                continue
            is_known = True
            numbers = {**found, **numbers}
            is_recording = each.is_recording if is_recording is None else is_recording
        if not is_known:
            return None
        return Said(is_recording, numbers.get(FREE), numbers.get(COUNT), numbers.get(TIME))

    def _hear(self, is_recording: bool, now_ms: int) -> None:
        self._heard_ms, self._asked_ms, self._is_mute = now_ms, None, False
        if is_recording != self._next:
            self._next, self._next_ms, self._agreed = is_recording, now_ms, 0
        self._agreed += 1
        if self._agreed >= self._config.agree and self._word != is_recording:
            self._word, self._word_ms, self._is_word_new = is_recording, self._next_ms, True
            for number in self._numbers.values():
                number.restart(now_ms)

    def _is_silent(self, heard_ms: int, now_ms: int) -> bool:
        is_unanswered = self._asked_ms is not None and now_ms - self._asked_ms > self._config.reply_ms
        return is_unanswered or now_ms - heard_ms > self._config.silent_s_max * 1_000

    def _fall_silent(self, since_ms: int, now_ms: int) -> Changes:
        """Unknown since its last word, or since the port is gone."""
        self._word = self._next = None
        self._agreed, self._is_mute = 0, True
        self._free, self._is_clock_off = None, False
        return self._become(UNKNOWN, since_ms, SILENT, now_ms)

    def _ask(self, now_ms: int) -> None:
        if self._config.ask is None or now_ms < self._ask_ms:
            return
        self._ask_ms = now_ms + self._config.ask_s * 1_000
        if self._asked_ms is None:
            self._asked_ms = now_ms
        self._lines.clear()  # half an answer to the question before is none to this one
        self._port.write(self._config.ask)

    # --- what is believed of it -------------------------------------------------------------

    def _judge(self, now_ms: int) -> Changes:
        doubt_ms = self._doubt_ms(now_ms) if self._word else None
        bits = CONTRADICTION if doubt_ms is not None or self._is_clock_off else 0
        if self._word is None or doubt_ms is not None:
            return self._become(UNKNOWN, now_ms if doubt_ms is None else doubt_ms, bits, now_ms)
        # A word that was doubted counts from now: for the time before nobody knows.
        since_ms = self._word_ms if self._is_word_new else now_ms
        self._is_word_new = False
        return self._become(ACTIVE if self._word else INACTIVE, since_ms, bits, now_ms)

    def _doubt_ms(self, now_ms: int) -> int | None:
        """Since when its own numbers say that it does not record; None while they do not."""
        config = self._config
        if config.free_percent_min and self._free is not None and self._free < config.free_percent_min:
            return now_ms
        still_ms = config.still_s_max * 1_000
        return min(
            (number.since_ms for number in self._numbers.values() if still_ms and number.stands(still_ms)),
            default=None,
        )

    def _become(self, state: int, since_ms: int, bits: int, now_ms: int) -> Changes:
        changes: Changes = []
        if state != self._state:
            self._state = state
            changes.append(("contact", self._config.point, state, since_ms))
        if bits != self._bits:
            self._bits = bits
            changes.append(("trouble", self._config.point, bits, now_ms))
        return changes


def device(config: RecorderConfig, port: Any) -> SerialRecorder:
    """The device of `config` on `port`."""
    return SerialRecorder(config, port)
