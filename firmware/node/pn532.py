"""A PN532 at a desk, on its serial line (HSU): bands and badges of 13.56 MHz, ISO/IEC 14443 type A.

115200 baud 8N1. NXP's user manual UM0701-02, 6.2.1 (frames) and 7 (commands):

    00 00 FF LEN LCS D4 CMD ... DCS 00    a command; LEN + LCS = 0 and D4 + CMD + ... + DCS = 0, each mod 256
    00 00 FF 00 FF 00                     its receipt, at once
    00 00 FF LEN LCS D5 CMD+1 ... DCS 00  its answer; 00 00 FF 01 FF 7F 81 00: it cannot

At power-up the chip sleeps (55 55 and zeros wake it) and waits for ever for a card (so RFConfiguration has to limit its
tries). Set up, it answers whether there is a card or not: silence is a fault. The field goes off after each look, because
of two cards the first is sent to sleep while the second is read, and wakes by that alone.
"""

import logging

from casewire import UNKNOWN
from node.polled import GOOD, NOTHING, REFUSED, Board, PolledLine
from node.tag_line import TagSight

# default, least and most of each
LIMITS = {
    "baud": (115200, 9600, 921600),
    "reply_ms": (150, 50, 1000),
    "poll_ms": (200, 50, 1000),
    "no_read_ms": (1000, 200, 60000),
}
GAP_MS = 2
QUIET_MS = 20  # after an answer that did not come
TARGETS_MAX = 2  # the chip can tell no more at once
READS = 2

_WAKE = b"\x55\x55" + bytes(14)
_SAM = b"\x14\x01\x14\x01"  # normal mode, no time-out
_TRIES = b"\x32\x05\xff\x01\x01"  # one more try for a card, not 255
_LIST = b"\x4a\x02\x00"  # up to two cards, 106 kbit/s type A
_OFF = b"\x32\x01\x00"  # the field
_NEXT = {_SAM: _TRIES, _TRIES: _LIST, _LIST: _OFF, _OFF: _LIST}

_HAS_ATS = 0x20  # in SAK: the card speaks ISO/IEC 14443-4, and its answer to select follows
_UID_SIZES = (4, 7, 10)
_RANDOM = 0x08  # ISO/IEC 14443-3: a UID of four bytes that begins so is made anew each time

log = logging.getLogger("node")


def frame(body):
    """Return the command ``body`` (code and parameters) as it goes over the line."""
    told = b"\xd4" + body
    head = bytes((0, 0, 0xFF, len(told), -len(told) & 0xFF))
    return head + told + bytes((-sum(told) & 0xFF, 0))


def answer(data, code):
    """Return what follows the code in the answer to the command ``code``; None if ``data`` holds none.

    An error frame is returned as False.
    """
    for at in range(len(data) - 5):
        size = data[at + 2]
        end = at + 4 + size
        if data[at] or data[at + 1] != 0xFF or (size + data[at + 3]) & 0xFF or end >= len(data):
            continue
        told = bytes(data[at + 4 : end])
        if (sum(told) + data[end]) & 0xFF:
            continue
        if told == b"\x7f":
            return False
        if told[:2] == bytes((0xD5, code + 1)):
            return told[2:]
    return None


def targets(told):
    """Return the UIDs in an answer to InListPassiveTarget; None if it is none of type A."""
    if not told or told[0] > TARGETS_MAX:
        return None
    uids = []
    at = 1
    for _ in range(told[0]):
        if at + 5 > len(told):
            return None
        sak, size = told[at + 3], told[at + 4]
        at += 5 + size
        if size not in _UID_SIZES or at > len(told):
            return None
        uids.append(told[at - size : at])
        if sak & _HAS_ATS:
            if at >= len(told) or not told[at]:
                return None
            at += told[at]
    return uids if at <= len(told) else None


class Chip(Board):
    """The chip. random_uids: cards refused because they have another UID each time (telephones, bank cards)."""

    def __init__(self, config) -> None:
        self.sight = TagSight(config.point, config.no_read_ms, READS)
        self.random_uids = 0
        self._step = _SAM
        Board.__init__(self, [self.sight])

    def is_urgent(self, now_ms):
        if self.is_silent:
            return False
        return self._step is not _LIST or self.sight.state == UNKNOWN or self.is_unsure()

    def ask(self, now_ms):
        return (_WAKE if self._step is _SAM else b"") + frame(self._step)

    def take(self, data, now_ms, changes):
        told = answer(data, self._step[0])
        if told is None:
            return NOTHING
        if told is False:
            return REFUSED
        if self._step is _LIST:
            uids = targets(told)
            if uids is None:
                return REFUSED
            self.sight.see([uid for uid in uids if self._is_lasting(uid)], now_ms, changes)
        self._step = _NEXT[self._step]
        return GOOD

    def miss(self, now_ms, changes) -> None:
        self._step = _SAM  # it may have been without power
        Board.miss(self, now_ms, changes)

    def follow(self, now_ms, changes) -> None:
        """Nothing moves here."""

    def bits(self, point):
        return 0

    def put(self, point, state, valid_ms, now_ms) -> None:
        log.error("expected an order to an output, found point %d, a reader", point)

    def lose_link(self) -> None:
        """It goes on reading."""

    def _is_lasting(self, uid):
        if len(uid) != 4 or uid[0] != _RANDOM:
            return True
        if not self.random_uids:
            log.warning(
                "point %d: expected a card with a UID of its own, found a random one", self.sight.point
            )
        self.random_uids += 1
        return False


class TagLine(PolledLine):
    """A line with one reader on it."""

    def tags(self):
        return self.boards[0].sight.tags()


def device(config, port):
    """Return the device of a ReaderConfig on ``port``; see node.app.Node."""
    return TagLine(
        port,
        [Chip(config)],
        reply_ms=config.reply_ms,
        gap_ms=GAP_MS,
        poll_ms=config.poll_ms,
        quiet_ms=QUIET_MS,
    )
