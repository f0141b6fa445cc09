from hashlib import sha256

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caselog.tree import EMPTY_ROOT, Tree, leaf_hash, verify_consistency, verify_inclusion
from tests.log import naive

SIZES = 70  # past the fourth level that is kept and its first merge, with every shape of right edge before it


@pytest.fixture(scope="module")
def leaves():
    return [b"leaf %d" % i for i in range(SIZES)]


@pytest.fixture(scope="module")
def tree(leaves):
    return grown(leaves)


def grown(leaves):
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf_hash(leaf))
    return tree


def test_the_root_of_every_size_is_that_of_rfc_6962(tree, leaves):
    assert [tree.root(n) for n in range(SIZES + 1)] == [naive.root(leaves[:n]) for n in range(SIZES + 1)]


def test_every_inclusion_proof_of_every_size_is_that_of_rfc_6962_and_verifies(tree, leaves):
    for size in range(1, SIZES + 1):
        for index in range(size):
            proof = tree.inclusion_proof(index, size)
            assert proof == naive.path(index, leaves[:size])
            assert verify_inclusion(leaf_hash(leaves[index]), index, size, proof, tree.root(size))


def test_every_consistency_proof_between_sizes_is_that_of_rfc_6962_and_verifies(tree, leaves):
    for new in range(SIZES + 1):
        for old in range(new + 1):
            proof = tree.consistency_proof(old, new)
            assert proof == (naive.proof(old, leaves[:new]) if old else [])
            assert verify_consistency(old, new, tree.root(old), tree.root(new), proof)


def test_a_tree_of_thousands_agrees_with_pymerkle():
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    ours = Tree()
    for i in range(3000):
        theirs.append_entry(b"%d" % i)
        ours.append(leaf_hash(b"%d" % i))
    for size in (1, 2, 255, 256, 257, 1023, 2048, 2999, 3000):
        assert ours.root(size) == theirs.get_root(size)


@given(st.integers(1, SIZES), st.data())
def test_an_inclusion_proof_fails_for_any_other_leaf_place_size_root_or_hash(size, data):
    tree = grown([b"leaf %d" % i for i in range(size)])
    index = data.draw(st.integers(0, size - 1))
    proof, root, hash_ = tree.inclusion_proof(index), tree.root(), tree.leaf(index)
    other = data.draw(st.integers(0, size + 3).filter(lambda n: n != index))
    assert not verify_inclusion(hash_, other, size, proof, root)
    assert not verify_inclusion(sha256(hash_).digest(), index, size, proof, root)
    assert not verify_inclusion(hash_, index, size, proof, sha256(root).digest())
    assert not verify_inclusion(hash_, index, size, [*proof, root], root)
    for at in range(len(proof)):
        assert not verify_inclusion(hash_, index, size, proof[:at] + proof[at + 1 :], root)
        changed = [*proof[:at], sha256(proof[at]).digest(), *proof[at + 1 :]]
        assert not verify_inclusion(hash_, index, size, changed, root)


@given(st.integers(2, SIZES), st.data())
def test_a_consistency_proof_fails_for_a_rewritten_past(new, data):
    old = data.draw(st.integers(1, new - 1))
    rewritten = data.draw(st.integers(0, old - 1))
    leaves = [b"leaf %d" % i for i in range(new)]
    honest = grown(leaves)
    leaves[rewritten] = b"something else"
    forged = grown(leaves)
    proof = forged.consistency_proof(old, new)
    assert not verify_consistency(old, new, honest.root(old), forged.root(new), proof)
    good = honest.consistency_proof(old, new)
    assert not verify_consistency(old, new, honest.root(old), honest.root(new), [*good, EMPTY_ROOT])
    assert not verify_consistency(old, new, honest.root(old), honest.root(new), good[:-1])


def test_a_subtree_does_not_pass_for_the_whole_tree(tree):
    # the hash fits, but the path ends before it has reached the top of a tree of that size
    for size in (2, 3, 64, SIZES):
        for smaller in (1, 2, 4):
            if smaller < size:
                proof, root = tree.inclusion_proof(0, smaller), tree.root(smaller)
                assert verify_inclusion(tree.leaf(0), 0, smaller, proof, root)
                assert not verify_inclusion(tree.leaf(0), 0, size, proof, root)


def test_sizes_outside_the_tree_are_refused(tree):
    for call in (
        lambda: tree.root(SIZES + 1),
        lambda: tree.root(-1),
        lambda: tree.leaf(SIZES),
        lambda: tree.leaf(-1),
        lambda: tree.inclusion_proof(5, 5),
        lambda: tree.consistency_proof(6, 5),
    ):
        with pytest.raises(IndexError, match="expected"):
            call()
    assert not verify_inclusion(EMPTY_ROOT, 0, 0, [], EMPTY_ROOT)
    assert not verify_consistency(3, 2, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not verify_consistency(0, 2, b"", tree.root(2), [])
    assert not verify_consistency(1, 2, tree.root(1), tree.root(2), [])


def test_a_hash_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="expected a hash of 32 bytes, got 31"):
        Tree().append(bytes(31))
