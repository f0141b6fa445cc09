"""One proof of many leaves: the root it makes is that of a tree hashed leaf by leaf, and no other list makes it."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caselog import cover
from caselog.errors import BundleError
from caselog.suite import SHA256, suite_of
from caselog.tree import Tree

SUITES = {"sha256": SHA256, "sm3": suite_of(3)}


def naive_root(leaves, name):
    if len(leaves) == 1:
        return hashlib.new(name, b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.new(name, b"\x01" + naive_root(leaves[:k], name) + naive_root(leaves[k:], name)).digest()


def grown(size, suite=SHA256):
    leaves = [b"leaf %d" % index for index in range(size)]
    tree = Tree(suite)
    for data in leaves:
        tree.append(suite.leaf_hash(data))
    return leaves, tree


SELECTIONS = st.integers(1, 90).flatmap(
    lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1), min_size=1))
)


@given(SELECTIONS, st.sampled_from(sorted(SUITES)))
def test_the_proof_of_any_selection_gives_the_root_of_the_tree(selection, name):
    size, chosen = selection
    leaves, tree = grown(size, SUITES[name])
    proof = cover.prove(sorted(chosen), size, tree.range_root)
    hashes = {index: SUITES[name].leaf_hash(leaves[index]) for index in chosen}
    assert cover.root(hashes, size, proof, SUITES[name]) == naive_root(leaves, name) == tree.root()


@given(SELECTIONS, st.data())
def test_another_leaf_place_size_or_list_of_hashes_does_not_give_that_root(selection, data):
    size, chosen = selection
    _, tree = grown(size)
    proof = cover.prove(sorted(chosen), size, tree.range_root)
    hashes = {index: tree.leaf(index) for index in chosen}

    def other(hashes, proof, size=size):
        try:
            return cover.root(hashes, size, proof) != tree.root()
        except BundleError:
            return True

    one = data.draw(st.sampled_from(sorted(chosen)))
    assert other({**hashes, one: SHA256.leaf_hash(b"false")}, proof)
    assert other({index: hash_ for index, hash_ in hashes.items() if index != one}, proof)
    assert other(hashes, [*proof, bytes(32)])
    for at in range(len(proof)):
        assert other(hashes, proof[:at] + proof[at + 1 :])
        assert other(hashes, [*proof[:at], bytes(32), *proof[at + 1 :]])
    free = sorted(set(range(size)) - chosen)
    if free:
        moved = {index: hash_ for index, hash_ in hashes.items() if index != one}
        assert other({**moved, data.draw(st.sampled_from(free)): hashes[one]}, proof)


@given(SELECTIONS)
def test_a_proof_is_as_short_as_the_gaps_allow(selection):
    size, chosen = selection
    _, tree = grown(size)
    proof = cover.prove(sorted(chosen), size, tree.range_root)
    assert len(proof) <= len(chosen) * size.bit_length()
    if len(chosen) == size:
        assert proof == []
    if len(chosen) == 1:
        assert sorted(proof) == sorted(tree.inclusion_proof(next(iter(chosen))))


@pytest.mark.parametrize(("indices", "size"), [([], 4), ([4], 4), ([-1], 4), ([1, 1], 4), ([2, 1], 4)])
def test_a_selection_that_is_none_is_the_callers_mistake(indices, size):
    _, tree = grown(4)
    with pytest.raises(ValueError, match="expected rising indices below 4"):
        cover.prove(indices, size, tree.range_root)


@pytest.mark.parametrize(("indices", "size"), [([], 4), ([4], 4), ([-1], 4), ([0], 0), ([0], 2**53)])
def test_leaves_outside_the_tree_are_refused(indices, size):
    with pytest.raises(BundleError, match="expected leaves below a size"):
        cover.root(dict.fromkeys(indices, bytes(32)), size, [])


def test_a_deep_tree_of_one_known_leaf_is_no_trouble():
    size = cover.SIZE_MAX
    proof = cover.prove(
        [size // 3], size, lambda start, end: hashlib.sha256(b"%d %d" % (start, end)).digest()
    )
    assert len(proof) == 53
    with pytest.raises(BundleError, match="found the end of the proof"):
        cover.root({size // 3: bytes(32)}, size, proof[:-1])
    with pytest.raises(BundleError, match="expected a proof of 53 hashes, found 54"):
        cover.root({size // 3: bytes(32)}, size, [*proof, bytes(32)])


@pytest.mark.parametrize(("start", "end"), [(0, 0), (1, 3), (4, 9), (-4, 0), (3, 2), (2, 5)])
def test_a_range_that_no_split_gives_has_no_root(start, end):
    _, tree = grown(8)
    with pytest.raises(IndexError, match="expected a range of a tree of 8 leaves"):
        tree.range_root(start, end)
