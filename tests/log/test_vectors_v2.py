"""tests/vectors/log/v2.json was made by make_v2.py, with json, hashlib and cryptography alone."""

import base64
import json
import subprocess
import sys

import pytest

from caselog import bundlecheck, checkpoint, cover
from caselog.keychain import KeyChain
from caselog.keys import Verifier
from caselog.leaf import check_chain
from caselog.suite import suite_of
from caselog.tree import Tree
from tests.log import make_v2
from tests.tools.tree import ROOT

VECTORS = json.loads(make_v2.FILE.read_text("utf-8"))
SUITES = [(int(number), found) for number, found in VECTORS["suites"].items()]


def test_the_file_is_what_its_script_makes():
    assert make_v2.vectors() == VECTORS


@pytest.mark.parametrize(("number", "found"), SUITES)
def test_leaves_roots_and_covers_of_a_suite(number, found):
    suite = suite_of(number)
    tree, prev, leaves = Tree(suite), bytes(32), [text.encode() for text in found["leaves"]]
    for index, data in enumerate(leaves):
        prev = check_chain(prev, index, data, suite).hash
        tree.append(prev)
    assert suite.empty_root.hex() == found["empty_root"]
    assert [tree.root(size).hex() for size in range(1, 9)] == found["roots"]
    for row in found["covers"]:
        part = Tree(suite)
        for index in range(row["size"]):
            part.append(tree.leaf(index))
        assert [h.hex() for h in cover.prove(row["leaves"], row["size"], part.range_root)] == row["hashes"]
        hashes = {index: tree.leaf(index) for index in row["leaves"]}
        proof = [bytes.fromhex(text) for text in row["hashes"]]
        assert cover.root(hashes, row["size"], proof, suite).hex() == found["roots"][row["size"] - 1]


def test_the_chain_of_keys_and_the_checkpoint_that_first_covers_the_change():
    prev, records = bytes(32), []
    for index, text in enumerate(VECTORS["suites"]["1"]["leaves"]):
        records.append(check_chain(prev, index, text.encode()))
        prev = records[-1].hash
    chain = KeyChain.begun(records[0]).extended(records[1:])
    keys = {name: base64.b64decode(text) for name, text in VECTORS["keys"].items()}
    assert (chain.at(4), chain.at(5)) == (keys["old"], keys["new"])
    for name in ("old", "new"):
        assert (
            checkpoint.verify(VECTORS["first_to_cover"].encode(), Verifier(make_v2.ORIGIN, keys[name])).size
            == 5
        )


def test_the_bundle_is_read_by_us_and_accepted_by_the_separate_verifier(tmp_path):
    data = VECTORS["bundle"].encode()
    found = bundlecheck.read(data.splitlines(keepends=True))
    assert [record.index for record in found.records] == list(make_v2.CHOSEN)
    assert found.is_counted
    (tmp_path / "v2.bundle").write_bytes(data)
    keys = VECTORS["keys"]
    theirs = subprocess.run(
        [
            sys.executable, "-I", str(ROOT / "server" / "verify" / "verify.py"), str(tmp_path / "v2.bundle"),
            "--log-key", keys["old"], "--witness", f"{make_v2.SERVER}={keys['server']}", "--maker-key", keys["server"],
        ],
        capture_output=True, text=True,
    )  # fmt: skip
    assert theirs.returncode == 0, theirs.stdout + theirs.stderr
