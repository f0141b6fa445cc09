import base64

import pytest

from caselog import checkpoint, note
from caselog.checkpoint import Checkpoint
from caselog.errors import NoteError
from caselog.keys import COSIGNATURE_ED25519, SoftKey

LOG = SoftKey.from_seed(bytes(32)).named("caseward.local/a/gw/1")
OTHER = SoftKey.from_seed(b"\x01" * 32).named(LOG.name)
WITNESS = SoftKey.from_seed(b"\x02" * 32).named("caseward.local/witness/1")
HEAD = Checkpoint(LOG.name, 20, bytes(range(32)))
NOTE = checkpoint.sign(HEAD, LOG)
COSIGNED = checkpoint.cosign(NOTE, WITNESS, 1_770_000_000)


def verify_both(data):
    checkpoint.verify(data, LOG.verifier)
    checkpoint.verify_cosignature(data, WITNESS.verifier)


def test_both_signatures_of_a_cosigned_note_verify():
    assert checkpoint.verify(COSIGNED, LOG.verifier) == HEAD
    said = checkpoint.verify_cosignature(COSIGNED, WITNESS.verifier)
    assert (said.checkpoint, said.cosigner, said.timestamp_s) == (HEAD, WITNESS.name, 1_770_000_000)


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80])
def test_no_byte_of_a_cosigned_note_can_change_unseen(mask):
    for at in range(len(COSIGNED)):
        changed = bytearray(COSIGNED)
        changed[at] ^= mask
        with pytest.raises(NoteError):
            verify_both(bytes(changed))


def test_a_key_of_the_same_name_does_not_verify():
    with pytest.raises(NoteError, match=r"expected a signature of caseward\.local/a/gw/1"):
        checkpoint.verify(NOTE, OTHER.verifier)


def test_a_forged_line_beside_a_good_one_refuses_the_note():
    parsed = note.parse(NOTE)
    forged = note.Signature(LOG.name, LOG.verifier.key_id(), bytes(64))
    with pytest.raises(NoteError, match="does not verify"):
        checkpoint.verify(note.Note(parsed.text, (*parsed.signatures, forged)).encode(), LOG.verifier)


def test_the_signature_of_the_log_is_no_cosignature_and_the_other_way_round():
    with pytest.raises(NoteError):
        checkpoint.verify_cosignature(NOTE, LOG.verifier)
    parsed = note.parse(checkpoint.cosign(NOTE, LOG, 5))
    cosignature_only = note.Note(parsed.text, parsed.signatures[1:]).encode()
    with pytest.raises(NoteError):
        checkpoint.verify(cosignature_only, LOG.verifier)


def test_a_later_cosignature_replaces_the_earlier_one_of_the_same_witness():
    again = checkpoint.cosign(COSIGNED, WITNESS, 1_770_000_500)
    assert len(note.parse(again).signatures) == 2
    assert checkpoint.verify_cosignature(again, WITNESS.verifier).timestamp_s == 1_770_000_500


def test_a_time_moved_in_the_line_is_found():
    parsed = note.parse(COSIGNED)
    line = parsed.signatures[1]
    moved = note.Signature(line.name, line.key_id, (1_770_000_001).to_bytes(8, "big") + line.payload[8:])
    with pytest.raises(NoteError, match="does not verify"):
        checkpoint.verify_cosignature(note.Note(parsed.text, (moved,)).encode(), WITNESS.verifier)


def test_a_log_signs_under_its_own_origin_only_and_no_other_origin_is_taken():
    with pytest.raises(NoteError, match=r"expected a signer named caseward\.local/a/gw/1"):
        checkpoint.sign(HEAD, WITNESS)
    text = Checkpoint("caseward.local/a/gw/2", 20, bytes(32)).body()
    line = note.Signature(LOG.name, LOG.verifier.key_id(), LOG.key.sign(text))
    with pytest.raises(NoteError, match="expected origin"):
        checkpoint.verify(note.Note(text, (line,)).encode(), LOG.verifier)


@pytest.mark.parametrize("time_s", [-1, 2**63])
def test_a_time_outside_posix_is_refused(time_s):
    with pytest.raises(NoteError, match="POSIX"):
        checkpoint.cosign(NOTE, WITNESS, time_s)


def signed(text):
    return note.Note(text, (note.Signature(LOG.name, LOG.verifier.key_id(), LOG.key.sign(text)),)).encode()


ROOT = base64.b64encode(bytes(range(32)))


@pytest.mark.parametrize(
    "text",
    [
        b"caseward.local/a/gw/1\n020\n%b\n" % ROOT, b"caseward.local/a/gw/1\n+20\n%b\n" % ROOT,
        b"caseward.local/a/gw/1\n-1\n%b\n" % ROOT, b"caseward.local/a/gw/1\n20\n%b\nextension\n" % ROOT,
        b"caseward.local/a/gw/1\n20\n", b"\n20\n%b\n" % ROOT, b"caseward.local/a/gw/1\n20\n%b\n" % ROOT[:-4],
        b"caseward.local/a/gw/1\n20\n%b\n" % (ROOT[:-2] + b"9="), b"caseward.local/a/gw/1\n20\n!!\n",
    ],
)  # fmt: skip
def test_a_signed_text_that_is_no_checkpoint_is_refused(text):
    with pytest.raises(NoteError):
        checkpoint.verify(signed(text), LOG.verifier)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"text\n", b"text\n\n", NOTE[:-1], NOTE + b"tail\n", b"\x01" + NOTE, b"\xff" + NOTE,
        NOTE.replace("\N{EM DASH}".encode(), b"-"), NOTE.replace(b"\n\n", b"\n"), NOTE + b"\n", NOTE + NOTE.splitlines(keepends=True)[-1] * note.SIGNATURES_MAX,
        NOTE + "\N{EM DASH} name with space AAAAAAA=\n".encode(), NOTE + "\N{EM DASH} name AAAA\n".encode(),
        NOTE + "\N{EM DASH} na+me AAAAAAA=\n".encode(), NOTE + "\N{EM DASH} name AAAAAAB=\n".encode(),
        NOTE + b"x" * note.NOTE_BYTES_MAX,
    ],
)  # fmt: skip
def test_a_malformed_note_is_refused(data):
    with pytest.raises(NoteError):
        note.parse(data)


def test_a_note_may_carry_lines_of_keys_nobody_here_knows():
    unknown = note.Signature("example.com/other", b"abcd", b"x")
    parsed = note.parse(NOTE)
    assert (
        checkpoint.verify(note.Note(parsed.text, (unknown, *parsed.signatures)).encode(), LOG.verifier)
        == HEAD
    )
    assert WITNESS.verifier.key_id() != WITNESS.verifier.key_id(COSIGNATURE_ED25519)


def test_of_a_note_only_the_lines_of_known_keys_that_verify_are_handed_on():
    parsed = note.parse(checkpoint.cosign(COSIGNED, WITNESS, 1_770_000_500))
    older = note.parse(COSIGNED).signatures[-1]
    wanted = (WITNESS.name, WITNESS.verifier.key_id(COSIGNATURE_ED25519))
    strangers = (
        note.Signature("caseward.local/witness/2", b"abcd", bytes(72)),
        note.Signature(*wanted, bytes(72)),
        note.Signature(*wanted, b"\xff" * 72),
        note.Signature(*wanted, bytes(3)),
        note.Signature(LOG.name, LOG.verifier.key_id(), bytes(64)),
        note.Signature(LOG.name, OTHER.verifier.key_id(), OTHER.key.sign(parsed.text)),
    )
    crowded = note.Note(parsed.text, (*strangers, *parsed.signatures, older)).encode()
    kept = checkpoint.only(crowded, [LOG.verifier], [WITNESS.verifier])
    assert kept == parsed.encode()
    verify_both(kept)
    assert note.parse(checkpoint.only(crowded, [LOG.verifier])).signatures == parsed.signatures[:1]
    assert checkpoint.only(crowded, [OTHER.verifier]).count("\u2014".encode()) == 1


def test_a_note_full_of_signatures_is_not_made_into_one_that_nobody_can_read():
    parsed = note.parse(NOTE)
    mine = note.parse(COSIGNED).signatures[-1]
    others = tuple(note.Signature(f"w{n}", bytes([n] * 4), bytes(72)) for n in range(note.SIGNATURES_MAX - 1))
    full = note.Note(parsed.text, (*parsed.signatures, *others)).encode()
    with pytest.raises(NoteError, match="expected room for one more of 100 signatures"):
        checkpoint.cosign(full, WITNESS, 1)
    with_mine = note.Note(parsed.text, (*parsed.signatures, *others[1:], mine)).encode()
    assert len(note.parse(checkpoint.cosign(with_mine, WITNESS, 1)).signatures) == note.SIGNATURES_MAX
