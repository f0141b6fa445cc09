"""What a message may hold, and what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import casewire
from casewire.messages import GATEWAY_KINDS, NODE_KINDS

KINDS = {**NODE_KINDS, **GATEWAY_KINDS}


@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=200))
def test_a_payload_that_is_read_is_written_again_bit_for_bit(kind: int, payload: bytes) -> None:
    try:
        message = KINDS[kind].unpack(payload)
    except casewire.FieldError:
        return
    assert message.pack() == payload


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: casewire.Contact(256, 0), "Contact.point: expected 0..255, found 256"),
        (lambda: casewire.Contact(1, 3), "Contact.state: expected 0..2, found 3"),
        (lambda: casewire.Contact(1, "1"), "Contact.state: expected 0..2, found '1'"),
        (lambda: casewire.Contact(1), "Contact: expected 2 fields, found 1"),
        (lambda: casewire.Command(1, 2, 0, 0), "Command.state: expected 0..1, found 2"),
        (lambda: casewire.Tag(1, 1, b""), "Tag.uid length: expected 1..16, found 0"),
        (lambda: casewire.Tag(1, 2, b"a"), "Tag.present: expected 0..1, found 2"),
        (lambda: casewire.Gap(5, 4), "Gap.last_seq: expected 5..4294967295, found 4"),
        (lambda: casewire.Snapshot(1, 1, ()), "Snapshot.part: expected 0..0, found 1"),
        (lambda: casewire.Snapshot(0, 1, ((2, 0), (2, 0))), "Snapshot.point: expected 3..255, found 2"),
        (lambda: casewire.Snapshot(0, 1, ((2, 3),)), "Snapshot.state: expected 0..2, found 3"),
        (lambda: casewire.Troubles(()), "Troubles.points count: expected 1..66, found 0"),
        (lambda: casewire.Troubles(((2, 1), (2, 1))), "Troubles.point: expected 3..255, found 2"),
        (lambda: casewire.Troubles(((2, 4096),)), "Troubles.bits: expected 0..4095, found 4096"),
        (lambda: casewire.Band(1, 8, b"a"), "Band.flags: expected 0..7, found 8"),
        (lambda: casewire.Band(1, 1, b""), "Band.uid length: expected 1..16, found 0"),
        (lambda: casewire.Kept(1, 0, 0, casewire.Contact(1, 0)), "Kept.seq: expected 1..4294967295, found 0"),
        (
            lambda: casewire.Kept(1, 1, 0, casewire.Boot(0, 1)),
            "Kept.message: expected one of kind [3, 4, 5, 6, 8, 9], found 7",
        ),
        (
            lambda: casewire.Kept(1, 1, 0, casewire.Troubles(tuple((p, 1) for p in range(62)))),
            "Kept.message length: expected 0..183, found 186",
        ),
        (
            lambda: casewire.Panel(1, 0, 0, 0, 0, 1001, 0),
            "Panel.share_permille: expected 0..1000, found 1001",
        ),
        (lambda: casewire.Panel(1, 0, 0, 4, 0, 0, 0), "Panel.flags: expected 0..3, found 4"),
        (lambda: casewire.Heartbeat(0, 0, -1), "Heartbeat.mem_free: expected 0..4294967295, found -1"),
    ],
)
def test_a_field_out_of_range_says_expected_and_found(make, text: str) -> None:
    with pytest.raises(casewire.FieldError) as refused:
        make()
    assert str(refused.value) == text


def test_messages_are_equal_by_kind_and_fields() -> None:
    assert casewire.Contact(1, 0) == casewire.Contact(1, 0)
    assert casewire.Contact(1, 0) != casewire.Contact(1, 1)
    assert casewire.Contact(1, 0) != casewire.Feedback(1, 0)
    assert len({casewire.Contact(1, 0), casewire.Contact(1, 0), casewire.Feedback(1, 0)}) == 2


def test_a_message_shows_its_fields() -> None:
    assert repr(casewire.Command(6, 1, 77, 2000)) == "Command(point=6, state=1, command_id=77, valid_ms=2000)"


def test_a_frame_of_the_other_direction_cannot_be_encoded() -> None:
    frame = casewire.Frame(3, 7, 1, 1, 0, casewire.Contact(1, 0))
    with pytest.raises(casewire.FieldError, match=r"expected one of \[16, 17, 18, 19\]"):
        casewire.encode(frame, bytes(32), casewire.FROM_GATEWAY)


def test_a_frame_and_its_message_must_agree_on_the_kind() -> None:
    with pytest.raises(casewire.FieldError, match="kind: expected 3"):
        casewire.Frame(4, 7, 1, 1, 0, casewire.Contact(1, 0))


def test_a_signer_of_the_other_direction_is_refused() -> None:
    frame = casewire.Frame(3, 7, 1, 1, 0, casewire.Contact(1, 0))
    with pytest.raises(ValueError, match="expected b'G' of the Signer, found b'N'"):
        casewire.encode(frame, casewire.Signer(bytes(32), b"G"), b"N")
