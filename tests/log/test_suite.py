import hashlib

import pytest

from caselog import canonical
from caselog.errors import SuiteError
from caselog.leaf import check_chain
from caselog.suite import SHA256, suite_of
from caselog.tree import Tree, verify_consistency, verify_inclusion
from tests.log.entries import entry

SM3 = suite_of(3)


def test_sm3_is_that_of_gb_t_32905_annex_a():
    assert SM3.digest(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert (
        SM3.digest(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    )


@pytest.mark.parametrize(("suite", "name"), [(SHA256, "sha256"), (SM3, "sm3")])
def test_the_three_uses_of_a_hash_are_told_apart_by_their_first_byte(suite, name):
    def digest(data):
        return hashlib.new(name, data).digest()

    assert suite.leaf_hash(b"leaf") == digest(b"\x00leaf")
    assert suite.node_hash(b"l" * 32, b"r" * 32) == digest(b"\x01" + b"l" * 32 + b"r" * 32)
    assert suite.empty_root == digest(b"")


@pytest.mark.parametrize("number", [0, 2, 4, -1, True, "1", None])
def test_a_suite_that_was_never_given_out_is_refused(number):
    with pytest.raises(SuiteError, match="expected a suite, one of 1, 3"):
        suite_of(number)


def test_an_openssl_without_sm3_is_named(monkeypatch):
    def without(name, data=b""):
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr(hashlib, "new", without)
    assert suite_of(1) is SHA256
    with pytest.raises(SuiteError, match="expected an OpenSSL with SM3 for suite 3, found one without"):
        suite_of(3)


def test_a_chain_and_tree_of_sm3_prove_as_one_of_sha_256_does():
    tree, prev, leaves = Tree(SM3), bytes(32), []
    for index in range(70):
        value = {**entry(index), "v": 1, "index": index, "prev": prev.hex(), "stay_n": None}
        leaves.append(canonical.dumps(value))
        prev = check_chain(prev, index, leaves[-1], SM3).hash
        tree.append(prev)
    assert Tree(SM3).root() == SM3.empty_root
    for index in range(70):
        proof = tree.inclusion_proof(index)
        hash_ = SM3.leaf_hash(leaves[index])
        assert verify_inclusion(hash_, index, 70, proof, tree.root(), SM3)
        assert not verify_inclusion(hash_, index, 70, proof, tree.root())
        old = index + 1
        proof = tree.consistency_proof(old)
        assert verify_consistency(old, 70, tree.root(old), tree.root(), proof, SM3)
