"""What a room panel draws on 128 x 64 points: digits of seven segments and pictograms, no word of any language.

    0..23   time to the next limit, hours:minutes:seconds; on the right a clock where the time is in doubt
    30..37  bar: the share of that limit that is gone
    40..41  the dot that moves each second
    46..61  how many persons, the four marks, the bell

A canvas has fill, fill_rect, vline and line as framebuf.FrameBuffer of MicroPython. Hatched or faded is what is not known.
Each function draws its part anew, whatever was there.
"""

from casewire.marks import (
    MARK_BROKEN,
    MARK_NOT_ASKED,
    MARK_UNSEEN,
    OCCUPIED_UNKNOWN,
    PANEL_ALARM,
    PANEL_CLOCK_DOUBT,
    SECONDS_NONE,
    SECONDS_UNKNOWN,
    SHARE_UNKNOWN,
)

WIDTH = 128
HEIGHT = 64
HOURS_MAX = 999
PERSONS_MAX = 99

TIME_PAGES = 0b00000111  # pages of 8 lines that a part lies on, as bits
BAR_PAGES = 0b00011000
MARKS_PAGES = 0b11100000
DOT_PAGES = 0b00100000
ALL_PAGES = 0b11111111

# Segments a to g of a digit, a in the lowest bit.
_DIGITS = b"\x3f\x06\x5b\x4f\x66\x6d\x7d\x07\x7f\x6f"
_DASH = 0x40
_BLANK = 0

# Pictograms of 16 x 16: x, y, width, height of each rectangle.
_PERSON = b"\x06\x00\x04\x04\x03\x05\x0a\x02\x05\x05\x06\x06\x05\x0b\x02\x05\x09\x0b\x02\x05"
_IN = b"\x08\x00\x08\x02\x0e\x00\x02\x10\x08\x0e\x08\x02\x00\x07\x09\x02\x06\x05\x02\x06\x08\x06\x02\x04\x0a\x07\x01\x02"
_SEARCH = b"\x03\x00\x06\x02\x03\x09\x06\x02\x01\x02\x02\x07\x09\x02\x02\x07\x0a\x0a\x02\x02\x0c\x0c\x02\x02\x0e\x0e\x02\x02"
_GUARD = (
    b"\x01\x00\x0e\x02\x01\x02\x02\x06\x0d\x02\x02\x06\x02\x08\x02\x03\x0c\x08\x02\x03"
    b"\x04\x0b\x02\x02\x0a\x0b\x02\x02\x06\x0d\x04\x02\x07\x04\x02\x05\x05\x06\x06\x01"
)
_RECORD = b"\x00\x04\x0a\x09\x0b\x07\x01\x03\x0c\x06\x02\x05\x0e\x04\x02\x09\x02\x01\x03\x03\x06\x01\x03\x03"
_BELL = b"\x07\x00\x02\x02\x05\x02\x06\x02\x04\x04\x08\x06\x03\x0a\x0a\x02\x07\x0d\x02\x02"
_CLOCK = (
    b"\x05\x00\x06\x02\x05\x0e\x06\x02\x00\x05\x02\x06\x0e\x05\x02\x06\x02\x02\x03\x02\x0b\x02\x03\x02"
    b"\x02\x0c\x03\x02\x0b\x0c\x03\x02\x07\x04\x02\x05\x07\x08\x04\x02"
)
_MARKS = (_IN, _SEARCH, _GUARD, _RECORD)
_MARKS_Y = 46
_DOT_Y = 40


def draw_nothing_known(canvas) -> None:
    """Hatch all: what was here does not hold any more, or nothing has come."""
    canvas.fill(0)
    for x in range(0, WIDTH + HEIGHT, 8):
        canvas.line(x, 0, x - HEIGHT + 1, HEIGHT - 1, 1)


def draw_time(canvas, left_s, flags) -> None:
    """left_s: seconds, SECONDS_NONE (dashes) or SECONDS_UNKNOWN (hatched)."""
    canvas.fill_rect(0, 0, WIDTH, 24, 0)
    if left_s == SECONDS_UNKNOWN:
        _hatch(canvas, 0, 0, 107, 24)
    else:
        _clock_digits(canvas, None if left_s == SECONDS_NONE else left_s)
    if flags & PANEL_CLOCK_DOUBT:
        _pictogram(canvas, _CLOCK, 112, 4, 1)
        _fade(canvas, 112, 4)


def draw_bar(canvas, share_permille, left_s) -> None:
    """No bar where no limit runs."""
    canvas.fill_rect(0, 30, WIDTH, 8, 0)
    if left_s == SECONDS_NONE:
        return
    canvas.fill_rect(0, 30, WIDTH, 8, 1)
    canvas.fill_rect(1, 31, WIDTH - 2, 6, 0)
    if share_permille == SHARE_UNKNOWN:
        _hatch(canvas, 1, 31, WIDTH - 2, 6)
    else:
        canvas.fill_rect(2, 32, (WIDTH - 4) * share_permille // 1000, 4, 1)


def draw_dot(canvas, second) -> None:
    """One step to the right each second."""
    canvas.fill_rect(0, _DOT_Y, WIDTH, 2, 0)
    canvas.fill_rect(second % (WIDTH // 2) * 2, _DOT_Y, 2, 2, 1)


def draw_marks(canvas, message, second) -> None:
    """Persons, the marks that are asked, and while an alarm stands a bell that changes each second."""
    canvas.fill_rect(0, _MARKS_Y - 2, WIDTH, HEIGHT - _MARKS_Y + 2, 0)
    _pictogram(canvas, _PERSON, 0, _MARKS_Y, 1)
    if message.occupied == OCCUPIED_UNKNOWN:
        _hatch(canvas, 18, _MARKS_Y, 16, 16)
    else:
        persons = min(message.occupied, PERSONS_MAX)
        if persons > 9:
            _digit(canvas, _DIGITS[persons // 10], 18, _MARKS_Y, 7, 16, 2)
        _digit(canvas, _DIGITS[persons % 10], 27, _MARKS_Y, 7, 16, 2)
    for index in range(len(_MARKS)):
        _mark(canvas, _MARKS[index], 38 + 18 * index, message.marks >> 2 * index & 3)
    if message.flags & PANEL_ALARM:
        _boxed(canvas, _BELL, 111, second & 1)


def _mark(canvas, shape, x, state) -> None:
    if state == MARK_NOT_ASKED:
        return
    _boxed(canvas, shape, x, state == MARK_BROKEN)
    if state == MARK_UNSEEN:
        _fade(canvas, x, _MARKS_Y)


def _boxed(canvas, shape, x, is_inverse) -> None:
    if is_inverse:
        canvas.fill_rect(x - 1, _MARKS_Y - 1, 18, 18, 1)
    _pictogram(canvas, shape, x, _MARKS_Y, 0 if is_inverse else 1)


def _pictogram(canvas, shape, x, y, colour) -> None:
    for at in range(0, len(shape), 4):
        canvas.fill_rect(x + shape[at], y + shape[at + 1], shape[at + 2], shape[at + 3], colour)


def _hatch(canvas, x, y, width, height) -> None:
    """Upright lines over an empty field."""
    for column in range(x, x + width, 4):
        canvas.vline(column, y, height, 1)


def _fade(canvas, x, y) -> None:
    """Of a pictogram every second column goes."""
    for column in range(x, x + 16, 2):
        canvas.vline(column, y, 16, 0)


def _clock_digits(canvas, left_s) -> None:
    """Hours (their leading zeros left out), minutes and seconds; None: dashes."""
    if left_s is None:
        segments = (_BLANK, _DASH, _DASH, _DASH, _DASH, _DASH, _DASH)
    else:
        left_s = min(left_s, HOURS_MAX * 3600 + 3599)
        hours, minutes, seconds = left_s // 3600, left_s // 60 % 60, left_s % 60
        segments = (
            _DIGITS[hours // 100] if hours > 99 else _BLANK,
            _DIGITS[hours // 10 % 10] if hours > 9 else _BLANK,
            _DIGITS[hours % 10],
            _DIGITS[minutes // 10],
            _DIGITS[minutes % 10],
            _DIGITS[seconds // 10],
            _DIGITS[seconds % 10],
        )
    places = (0, 14, 28, 48, 62, 82, 96)
    for index in range(7):
        _digit(canvas, segments[index], places[index], 0, 11, 24, 3)
    for x in (42, 76):
        canvas.fill_rect(x, 6, 3, 3, 1)
        canvas.fill_rect(x, 15, 3, 3, 1)


def _digit(canvas, segments, x, y, width, height, thick) -> None:
    half = height // 2
    right, middle, low = x + width - thick, y + half - thick // 2 - 1, y + height - thick
    if segments & 0x01:
        canvas.fill_rect(x, y, width, thick, 1)
    if segments & 0x02:
        canvas.fill_rect(right, y, thick, half, 1)
    if segments & 0x04:
        canvas.fill_rect(right, y + half, thick, half, 1)
    if segments & 0x08:
        canvas.fill_rect(x, low, width, thick, 1)
    if segments & 0x10:
        canvas.fill_rect(x, y + half, thick, half, 1)
    if segments & 0x20:
        canvas.fill_rect(x, y, thick, half, 1)
    if segments & 0x40:
        canvas.fill_rect(x, middle, width, thick, 1)
