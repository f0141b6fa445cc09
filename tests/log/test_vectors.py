"""tests/vectors/log/v1.json was made with json, hashlib, zlib and cryptography alone, and is never edited."""

import json
from pathlib import Path

import pytest

from caselog import canonical, checkpoint, note, segment, tree
from caselog.checkpoint import Checkpoint
from caselog.disk import MemoryDisk
from caselog.errors import NoteError
from caselog.keys import COSIGNATURE_ED25519, SoftKey, Verifier
from caselog.leaf import ZERO_HASH, check_chain
from caselog.log import Log

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "log" / "v1.json").read_text("utf-8"))
LEAVES = [vector["leaf"].encode() for vector in VECTORS["leaves"]]
HASHES = [bytes.fromhex(vector["hash"]) for vector in VECTORS["leaves"]]
GIVEN_BY_LOG = ("v", "index", "prev", "stay_n")


@pytest.fixture(scope="module")
def log():
    log, _ = Log.open(MemoryDisk())
    for leaf in LEAVES:
        value = canonical.loads(leaf)
        log.append({key: inner for key, inner in value.items() if key not in GIVEN_BY_LOG})
    log.commit()
    return log


def test_the_log_writes_the_leaves_of_the_vector(log):
    assert log.leaves(0, len(LEAVES), 1 << 20) == LEAVES
    assert [log.hash(i) for i in range(log.size)] == HASHES


def test_each_leaf_of_the_vector_follows_the_one_before():
    for index, (leaf, prev) in enumerate(zip(LEAVES, [ZERO_HASH, *HASHES[:-1]], strict=True)):
        assert check_chain(prev, index, leaf).hash == HASHES[index]


def test_lines_carry_the_crc_of_the_vector():
    for vector, leaf in zip(VECTORS["leaves"], LEAVES, strict=True):
        assert segment.encode_line(leaf) == f"{vector['line_crc32']} {vector['leaf']}\n".encode()


def test_roots_and_proofs_are_those_of_the_vector(log):
    roots = [bytes.fromhex(root) for root in VECTORS["roots"]]
    assert [log.root(size) for size in range(log.size + 1)] == roots
    for vector in VECTORS["inclusion"]:
        index, size, proof = (
            vector["index"],
            vector["size"],
            [bytes.fromhex(hash_) for hash_ in vector["proof"]],
        )
        assert log.inclusion_proof(index, size) == proof
        assert tree.verify_inclusion(HASHES[index], index, size, proof, roots[size])
    for vector in VECTORS["consistency"]:
        old, new, proof = vector["old"], vector["new"], [bytes.fromhex(hash_) for hash_ in vector["proof"]]
        assert log.consistency_proof(old, new) == proof
        assert tree.verify_consistency(old, new, roots[old], roots[new], proof)


def test_keys_notes_and_cosignatures_are_those_of_the_vector():
    signer, witness = (
        SoftKey.from_seed(bytes.fromhex(VECTORS[name]["seed"])).named(VECTORS[name]["name"])
        for name in ("log_key", "witness_key")
    )
    assert signer.key.public.hex() == VECTORS["log_key"]["public"]
    assert signer.verifier.key_id().hex() == VECTORS["log_key"]["key_id"]
    assert witness.verifier.key_id(COSIGNATURE_ED25519).hex() == VECTORS["witness_key"]["key_id"]
    for vector in VECTORS["notes"]:
        head = Checkpoint(signer.name, vector["size"], bytes.fromhex(VECTORS["roots"][vector["size"]]))
        assert checkpoint.sign(head, signer) == vector["note"].encode()
        assert (
            checkpoint.cosign(vector["note"].encode(), witness, vector["timestamp_s"])
            == vector["cosigned"].encode()
        )
        assert checkpoint.verify(vector["cosigned"].encode(), signer.verifier) == head
        said = checkpoint.verify_cosignature(vector["cosigned"].encode(), witness.verifier)
        assert (said.checkpoint, said.timestamp_s) == (head, vector["timestamp_s"])


def test_a_note_signed_by_the_go_implementation_is_ours_byte_for_byte():
    foreign = VECTORS["foreign"]["signed_note"]
    signer = SoftKey.from_seed(bytes.fromhex(foreign["seed"])).named(foreign["name"])
    assert signer.verifier.vkey() == foreign["vkey"]
    text = foreign["text"].encode()
    ours = note.Signature(signer.name, signer.verifier.key_id(), signer.key.sign(text))
    assert note.Note(text, (ours,)).encode() == text + b"\n" + foreign["signature_line"].encode()
    theirs = note.parse(text + b"\n" + foreign["signature_line"].encode())
    assert Verifier.from_vkey(foreign["vkey"]).valid(theirs.text, theirs.signatures[0].payload)


def test_a_foreign_cosigner_key_has_the_id_its_owner_gave_it():
    vkey = VECTORS["foreign"]["cosigner_vkey"]["vkey"]
    assert Verifier.from_vkey(vkey, COSIGNATURE_ED25519).vkey(COSIGNATURE_ED25519) == vkey


def test_a_public_log_and_a_public_witness_verify_on_their_own_checkpoint():
    foreign = VECTORS["foreign"]["cosigned_checkpoint"]
    data = foreign["note"].encode()
    log_key = Verifier.from_vkey(foreign["log_vkey"])
    witness = Verifier.from_vkey(VECTORS["foreign"]["cosigner_vkey"]["vkey"], COSIGNATURE_ED25519)
    assert note.parse(data).encode() == data
    assert checkpoint.verify(data, log_key).size == foreign["size"]
    assert checkpoint.verify_cosignature(data, witness).timestamp_s == foreign["timestamp_s"]
    larger = data.replace(b"\n1432088532\n", b"\n1432088533\n")
    with pytest.raises(NoteError):
        checkpoint.verify(larger, log_key)
    with pytest.raises(NoteError):
        checkpoint.verify_cosignature(larger, witness)
