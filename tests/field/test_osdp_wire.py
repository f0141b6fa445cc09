"""Frames of OSDP, and what is seen of questions and answers: no library, no clock."""

import binascii
import contextlib

from hypothesis import given
from hypothesis import strategies as st

from casefield.osdp_wire import SETTLE_MS, Wire, next_frame, word_of

POLL = bytes.fromhex("ff530109000461006023")  # as libosdp sends the question for its identity
ANSWER_MS = 250


def answer(address: int, data: bytes, control: int = 0x04) -> bytes:
    """A reader's frame."""
    body = bytes((0x53, address | 0x80)) + (7 + len(data)).to_bytes(2, "little") + bytes((control,)) + data
    return body + binascii.crc_hqx(body, 0x1D0F).to_bytes(2, "little")


class Line:
    """A port in memory."""

    def __init__(self) -> None:
        self.coming = b""
        self.sent: list[bytes] = []

    def read(self, most: int) -> bytes | None:
        data, self.coming = self.coming[:most], self.coming[most:]
        return data or None

    def write(self, data: bytes) -> None:
        self.sent.append(data)


def asked(now_ms: int = 0) -> tuple[Wire, Line]:
    line = Line()
    wire = Wire(line, ANSWER_MS)
    wire.now_ms = now_ms
    assert wire.write(POLL) == len(POLL)
    return wire, line


def test_the_checksums_are_those_of_a_frame_from_libosdp():
    assert next_frame(POLL) == (POLL[1:], b"")
    assert word_of(POLL[1:]) == 0x61
    body = bytes.fromhex("53810800004041")
    assert next_frame(body + bytes((-sum(body) & 0xFF,)))[0] is not None  # a sum of one byte


@given(st.binary(max_size=80), st.binary(min_size=1, max_size=40), st.binary(max_size=20))
def test_a_good_frame_is_found_behind_any_bytes(before, data, after):
    frame = answer(1, data)
    found, rest = next_frame(before + frame + after)
    while found is not None and found != frame:
        found, rest = next_frame(rest)  # chance made a good one before
    assert found == frame
    assert rest == after


@given(st.binary(max_size=600))
def test_any_bytes_are_no_error_and_what_is_kept_is_their_end(data):
    frame, rest = next_frame(data)
    assert data.endswith(rest)
    if frame is not None:
        assert frame in data


@given(st.lists(st.binary(max_size=64), max_size=20))
def test_any_bytes_on_the_wire_give_libosdp_good_frames_of_the_asked_reader_only(pieces):
    wire, line = asked()
    out = b""
    for now_ms, piece in enumerate(pieces):
        wire.now_ms = 10 * now_ms
        line.coming += piece
        out += wire.read(64)
        wire.watch()
    assert not out or (next_frame(out)[0] == out and out[1] == 0x81)
    assert len(line.sent) <= 2


def test_a_good_answer_is_handed_on_and_told():
    wire, line = asked()
    good = answer(1, b"\x40")
    line.coming = good[:5]
    assert wire.read(64) == b""
    line.coming = good[5:]
    assert wire.read(64) == good
    assert (wire.heard, wire.missed, wire.damaged) == ([1], [], [])
    wire.now_ms = 10_000
    wire.watch()
    assert wire.missed == []


def test_the_echo_of_our_question_and_the_answer_of_another_are_none():
    wire, line = asked()
    line.coming = POLL + answer(2, b"\x40")
    assert wire.read(64) == b""
    assert wire.heard == []
    wire.now_ms = ANSWER_MS
    wire.watch()
    assert (wire.missed, wire.damaged) == ([1], [])


def test_no_answer_is_missed_when_its_time_is_over_and_once():
    wire, _ = asked()
    wire.now_ms = ANSWER_MS - 1
    wire.watch()
    assert wire.missed == []
    wire.now_ms = ANSWER_MS
    wire.watch()
    wire.watch()
    assert wire.missed == [1]


def test_a_damaged_answer_has_the_question_put_again_once_to_the_byte():
    wire, line = asked()
    for turn in range(2):
        wire.now_ms += 10
        line.coming = answer(1, b"\x40")[:-1] + b"\x00"
        wire.read(64)
        wire.now_ms += SETTLE_MS
        wire.watch()
        assert wire.damaged == [1] * (turn + 1)
    assert line.sent == [POLL, POLL]
    line.coming = answer(1, b"\x40")
    assert wire.read(64) != b""
    assert wire.heard == [1]


def test_a_question_that_came_to_the_reader_damaged_is_put_again():
    wire, line = asked()
    refusal = answer(1, b"\x41\x01")
    line.coming = refusal
    assert wire.read(64) == b""
    assert line.sent == [POLL, POLL]
    line.coming = refusal
    assert wire.read(64) == refusal  # twice: libosdp may know what to do


def test_to_a_reader_that_is_shut_nothing_is_sent_though_libosdp_believes_it():
    line = Line()
    wire = Wire(line, ANSWER_MS)
    wire.shut.add(1)
    assert wire.write(POLL) == len(POLL)
    assert line.sent == []


def test_the_default_key_is_seen_in_the_question():
    challenge = bytes.fromhex("ff530113000e03110176478d7aa05d83f3ea85de")
    for key, is_default in ((1, False), (0, True)):
        wire = Wire(Line(), ANSWER_MS)
        wire.write(challenge[:8] + bytes((key,)) + challenge[9:])
        assert wire.last[1].has_default_key is is_default
        assert wire.last[1].word == 0x76


@given(st.binary(min_size=8, max_size=60))
def test_word_of_any_frame_is_a_byte_or_none(data):
    with contextlib.suppress(IndexError):
        assert word_of(answer(1, data)) is None or 0 <= (word_of(answer(1, data)) or 0) <= 0xFF
