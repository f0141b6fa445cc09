"""What goes over an OSDP bus, seen between libosdp and the port: who was asked, who answered, what was damaged.

libosdp reports a reader that is gone after 8 s; here the first missed answer is seen. It takes a damaged
answer for the end of a session and loses what was in it; here damage is kept from it and the question is put
once more at once, with the same number, upon which a reader gives the same answer again.

Frame (IEC 60839-11-5): [FF] 53, address (a reader's with bit 7), length of two bytes from 53 on, control, data,
CRC-16 or one byte of sum. The CRC is that of `binascii.crc_hqx` with 1D0F at the start.
"""

import binascii
from typing import Any

from osdp import Channel

READ_BYTES_MAX = 512
FRAME_BYTES_MAX = 256  # of libosdp's buffer
FRAME_BYTES_MIN = 7
SETTLE_MS = 30
"""So long nothing may come for an answer to count as damaged: at 9600 baud 30 characters."""

FIRST_BYTE = 0x53
REPLY_BIT = 0x80
CRC_BIT, SECURED_BIT = 0x04, 0x08
CAPABILITIES, KEY_SET, CHALLENGE, CRYPT = 0x62, 0x75, 0x76, 0x77
REFUSAL, REFUSES_SUM = 0x41, 0x01
UNSECURED_BLOCKS_MAX = 0x14  # above that what is asked is not in clear


def next_frame(data: bytes) -> tuple[bytes | None, bytes]:
    """The first whole and good frame in `data`, and what is behind it.

    With none: (None, what may be the beginning of one).
    """
    begin = len(data)
    for at in range(len(data)):
        if data[at] != FIRST_BYTE:
            continue
        frame = data[at:]
        size = frame[2] | frame[3] << 8 if len(frame) > 3 else FRAME_BYTES_MIN
        if not FRAME_BYTES_MIN <= size <= FRAME_BYTES_MAX:
            continue
        if len(frame) < size:
            begin = min(begin, at)  # a good one may still begin inside of what only looks like one
        elif _is_good(frame[:size]):
            return frame[:size], frame[size:]
    return None, data[begin:]


def _is_good(frame: bytes) -> bool:
    if frame[4] & CRC_BIT:
        return binascii.crc_hqx(frame[:-2], 0x1D0F) == int.from_bytes(frame[-2:], "little")
    return sum(frame) & 0xFF == 0


def word_of(frame: bytes) -> int | None:
    """The command or reply in a good frame, or None where it is enciphered or missing."""
    at = 5
    if frame[4] & SECURED_BIT:
        if frame[6] > UNSECURED_BLOCKS_MAX:
            return None
        at += frame[5]
    return frame[at] if at < len(frame) - 1 else None


class Question:
    """The last one to a reader. `word` None: enciphered."""

    def __init__(self, frame: bytes, now_ms: int) -> None:
        self.data = frame
        self.asked_ms = now_ms
        plain = frame[1:] if frame[:1] == b"\xff" else frame
        self.address = plain[1]
        self.word = word_of(plain)
        self.has_default_key = self.word in (CHALLENGE, CRYPT) and not plain[7]
        self.is_answered = False
        self.is_repeated = False
        self.is_missed = False


class Wire(Channel):
    """libosdp's channel. `now_ms` is set before each turn.

    last     address -> its last Question
    heard    addresses that gave a good answer since they were taken out, in order
    missed   addresses that gave none
    damaged  addresses whose answer was damaged
    shut     addresses to which nothing is sent any more, though libosdp believes it
    """

    def __init__(self, port: Any, answer_ms: int) -> None:
        super().__init__()
        self.now_ms = 0
        self.last: dict[int, Question] = {}
        self.heard: list[int] = []
        self.missed: list[int] = []
        self.damaged: list[int] = []
        self.shut: set[int] = set()
        self._port = port
        self._answer_ms = answer_ms
        self._question: Question | None = None
        self._came = b""
        self._came_ms = 0
        self._good = b""

    def read(self, max_bytes: int) -> bytes:
        """For libosdp: good frames of the reader that was asked, and nothing else."""
        self._listen()
        data, self._good = self._good[:max_bytes], self._good[max_bytes:]
        return data

    def write(self, buf: bytes) -> int:
        """For libosdp: always takes all."""
        self.watch(is_over=True)
        question = Question(bytes(buf), self.now_ms)
        self._question = self.last[question.address] = question
        self._came = self._good = b""
        self._send(question)
        return len(buf)

    def flush(self) -> None:
        """For libosdp, before it sends: what came late is not for the next question."""
        self._came = self._good = b""

    def watch(self, *, is_over: bool = False) -> None:
        """See whether the answer that is awaited is damaged, or missed; `is_over`: the next is asked."""
        question = self._question
        if question is None or question.is_answered or question.is_missed:
            return
        if self._came and self.now_ms - self._came_ms >= SETTLE_MS:
            self._repeat(question)
        if is_over or self.now_ms - question.asked_ms >= self._answer_ms:
            question.is_missed = True
            self.missed.append(question.address)

    def _listen(self) -> None:
        data = self._port.read(READ_BYTES_MAX)
        if not data:
            return
        self._came += data
        self._came_ms = self.now_ms
        while True:
            frame, rest = next_frame(self._came)
            if frame is None:
                self._came = self._came[-2 * FRAME_BYTES_MAX :]
                return
            self._came = rest
            self._take(frame)

    def _take(self, frame: bytes) -> None:
        question = self._question
        # The echo of our own question has no bit 7; a late answer is another's.
        if question is None or question.is_answered or frame[1] != question.address | REPLY_BIT:
            return
        if word_of(frame) == REFUSAL and REFUSES_SUM in frame[6:7] and not question.is_repeated:
            self._repeat(question)  # our question came to it damaged
            return
        question.is_answered = True
        self._good += frame
        if not question.is_missed:
            self.heard.append(question.address)

    def _repeat(self, question: Question) -> None:
        self._came = b""
        self.damaged.append(question.address)
        if not question.is_repeated:
            question.is_repeated = True
            self._send(question)

    def _send(self, question: Question) -> None:
        if question.address not in self.shut:
            self._port.write(question.data)
