"""A reader written from docs/evidence.md alone, without `caselog`, on files that `caselog` wrote."""

import base64
import json
import zlib
from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from caselog import checkpoint
from caselog.checkpoint import Checkpoint
from caselog.disk import FileDisk
from caselog.keys import SoftKey
from caselog.log import Log
from tests.log import naive
from tests.log.entries import entry, stay_of

LOG = SoftKey.from_seed(b"\x05" * 32).named("caseward.local/area-1/gw-1/1")
WITNESS = SoftKey.from_seed(b"\x06" * 32).named("caseward.local/witness/1")


@pytest.fixture
def evidence(tmp_path):
    """Folder of a log and its cosigned checkpoint."""
    log, _ = Log.open(FileDisk(tmp_path / "log"), segment_bytes_max=2000)
    for number in range(25):
        log.append(entry(number, stay_of(number), text='"\\\t\x1f\x7f/é𝄞'))
    note = checkpoint.sign(Checkpoint(LOG.name, log.commit(), log.root()), LOG)
    return tmp_path / "log", checkpoint.cosign(note, WITNESS, 1_770_000_000)


def read_log(folder):
    """Sections 1, 2, 3 and 6: every leaf, checked."""
    leaves, prev, stays = [], "0" * 64, {}
    for path in sorted(folder.glob("*.seg")):
        assert path.name == f"{len(leaves):016d}.seg"
        for line in path.read_bytes().split(b"\n")[:-1]:
            crc, leaf = line.split(b" ", 1)
            assert int(crc, 16) == zlib.crc32(leaf)
            value = json.loads(leaf)
            assert (
                json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() == leaf
            )
            assert (value["v"], value["index"], value["prev"]) == (1, len(leaves), prev)
            if value["stay"] is not None:
                stays[value["stay"]] = stays.get(value["stay"], 0) + 1
                assert value["stay_n"] == stays[value["stay"]]
            leaves.append(leaf)
            prev = sha256(b"\x00" + leaf).hexdigest()
    return leaves


def verify_note(note, log, witness):
    """Sections 4 and 5: (size, root, time), checked. `log` and `witness` are (name, public key)."""
    text, _, tail = note.decode().rpartition("\n\n")
    text += "\n"
    found = {}
    for line in tail.splitlines():
        dash, name, encoded = line.split(" ")
        assert dash == "\u2014"
        found[name, base64.b64decode(encoded)[:4]] = base64.b64decode(encoded)[4:]
    key_id = sha256(log[0].encode() + b"\n\x01" + log[1]).digest()[:4]
    Ed25519PublicKey.from_public_bytes(log[1]).verify(found[log[0], key_id], text.encode())
    key_id = sha256(witness[0].encode() + b"\n\x04" + witness[1]).digest()[:4]
    stamped = found[witness[0], key_id]
    time = int.from_bytes(stamped[:8], "big")
    message = f"cosignature/v1\ntime {time}\n{text}".encode()
    Ed25519PublicKey.from_public_bytes(witness[1]).verify(stamped[8:], message)
    origin, size, root = text.splitlines()
    assert origin == log[0]
    return int(size), base64.b64decode(root), time


def test_a_strangers_reader_agrees_with_the_log_and_its_cosigned_checkpoint(evidence):
    folder, note = evidence
    leaves = read_log(folder)
    size, root, time = verify_note(note, (LOG.name, LOG.key.public), (WITNESS.name, WITNESS.key.public))
    assert (size, naive.root(leaves), time) == (25, root, 1_770_000_000)
    assert len(list(folder.glob("*.seg"))) > 3


def test_a_strangers_reader_refuses_another_key(evidence):
    _, note = evidence
    with pytest.raises((InvalidSignature, KeyError)):
        verify_note(note, (LOG.name, WITNESS.key.public), (WITNESS.name, WITNESS.key.public))
