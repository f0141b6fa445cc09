"""A bundle as it is written and read back. The proof that a stranger finds every change is tests/verify."""

import json
from dataclasses import replace

import pytest

from caselog import bundle, bundlecheck, canonical, checkpoint, cover, records
from caselog.bundle import Contents, Disclosure, Head, Manifest, Report, Text
from caselog.checkpoint import Checkpoint
from caselog.clock import Instant
from caselog.disk import MemoryDisk
from caselog.errors import BundleError
from caselog.keys import SoftKey
from caselog.log import Log
from tests.log.entries import entry

ORIGIN = "caseward.local/area-1/gw-1/00000000"
OLD, NEW, MAKER, WITNESS = (SoftKey.from_seed(seed * 32) for seed in (b"o", b"n", b"m", b"w"))
AREA, BOOK = Text("area.toml", "[area]\n"), Text("rulebook", "# rules 规则\n")
NAME = Disclosure(0, "name", b"s" * 32, "张三")
NOW = Instant(1, 5, 5, 5)


def config(number, **changes):
    body = {"config_hash": AREA.hash, "rulebook_hash": BOOK.hash, "rulebook": "x", **changes}
    return {**entry(number), "type": "config.loaded/1", "body": body}


@pytest.fixture
def log():
    log, _ = Log.open(MemoryDisk())
    log.append(records.entry(records.BEGUN, 0, records.begun(ORIGIN, OLD, None), NOW))
    log.append(config(1, config_hash="0" * 64))
    log.append(config(2))
    log.append({**entry(3, "s-1"), "body": {"stay": "s-1", "name": replace(NAME, leaf=3).commitment}})
    log.append(entry(4, "s-2"))
    log.append(entry(5, "s-1"))
    log.append(records.entry(records.KEY_CHANGED, 6, records.key_changed(ORIGIN, 6, OLD, NEW), NOW))
    log.append(entry(7, "s-2"))
    log.append(records.entry(records.STAY_COUNTED, 8, {"leaves": 3}, NOW, stay="s-1"))
    log.append(entry(9))
    log.commit()
    return log


def contents_of(log, indices=(0, 1, 2, 3, 5, 6, 8), key=NEW, **changes):
    note = checkpoint.sign(Checkpoint(ORIGIN, log.size, log.root()), key.named(ORIGIN))
    note = checkpoint.cosign(note, WITNESS.named("caseward.local/server"), 1_700_000_000)
    proof = cover.prove(indices, log.size, log.range_root)
    given = Contents(
        Head(1, ORIGIN, "s-1", log.size, len(indices)), [log.leaf(i) for i in indices], proof, note, [BOOK, AREA],
        [replace(NAME, leaf=3)], {"coverage": {"seconds": 5}}, Report("report.pdf", b"%PDF-"),
    )  # fmt: skip
    return replace(given, **changes)


def written(contents, unproved=None):
    sentences = unproved or {"en": ["truth"], "zh": ["真实"]}
    return list(bundle.lines(contents, Manifest(7, sentences), MAKER.named("caseward.local/server")))


def test_what_was_written_is_read_back_whole(log):
    found = bundlecheck.read(written(contents_of(log)))
    assert found.head == Head(1, ORIGIN, "s-1", 10, 7)
    assert [record.index for record in found.records] == [0, 1, 2, 3, 5, 6, 8]
    assert found.is_counted
    assert [text.name for text in found.texts] == ["area.toml", "rulebook"]
    assert [(d.leaf, d.value) for d in found.disclosures] == [(3, "张三")]
    assert found.statements == {"coverage": {"seconds": 5}}
    assert found.report == Report("report.pdf", b"%PDF-")
    assert found.manifest["cosigned_s"] == {"caseward.local/server": 1_700_000_000}
    assert found.manifest["unproved"] == {"en": ["truth"], "zh": ["真实"]}
    assert (found.keys.newest, found.root) == (NEW.public, log.root())


def test_a_stay_that_goes_on_is_not_counted_at_its_end(log):
    log.append(entry(10, "s-1"))
    log.commit()
    assert not bundlecheck.read(written(contents_of(log, (0, 1, 2, 3, 5, 6, 8, 10)))).is_counted


def test_every_byte_changed_every_line_left_out_doubled_or_moved_is_found(log):
    lines = written(contents_of(log))
    text = b"".join(lines)
    for at in range(len(text)):
        other = text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
        with pytest.raises(BundleError):
            bundlecheck.read(other.splitlines(keepends=True))
    for at, line in enumerate(lines):
        for other in (lines[:at] + lines[at + 1 :], lines[:at] + [line, line] + lines[at + 1 :], lines[:at]):
            with pytest.raises(BundleError, match="expected"):
                bundlecheck.read(other)
        if at:
            with pytest.raises(BundleError, match="expected"):
                bundlecheck.read([*lines[: at - 1], line, lines[at - 1], *lines[at + 1 :]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indices": (0, 1, 2, 3, 6, 8)}, "expected leaf 2 of s-1, found line 7: 3 of s-1"),
        ({"indices": (0, 1, 2, 3, 4, 5, 6, 8)}, "expected leaf 2 of s-1, found line 6: 1 of s-2"),
        ({"indices": (0, 1, 2, 3, 5, 6, 8, 9)}, "expected a leaf of the stay, of the log's keys"),
        ({"indices": (1, 2, 3, 5, 6, 8)}, "expected log.begun/1 as leaf 0"),
        ({"indices": (0, 1, 2, 6)}, "expected leaves of s-1, found line 5: none"),
        ({"indices": (0, 1, 2, 3, 5, 8)}, "expected a signature of"),
        ({"key": OLD}, "expected a signature of"),
        ({"texts": [AREA]}, "expected the text that rulebook_hash of leaf 2 names"),
        ({"texts": [AREA, AREA, BOOK]}, "expected the next text by name"),
        ({"disclosures": [replace(NAME, leaf=5)]}, "expected the value that name of leaf 5 is committed to"),
        ({"disclosures": [replace(NAME, leaf=3, value="李四")]}, "expected the value that name of leaf 3"),
        ({"statements": {"guilt": {}}}, "expected one of the statements"),
        ({"proof": []}, "expected a hash over leaves"),
    ],
)  # fmt: skip
def test_a_bundle_made_wrongly_is_refused_with_the_line(log, change, message):
    with pytest.raises(BundleError, match=message):
        bundlecheck.read(written(contents_of(log, **change)))


def test_a_bundle_over_an_older_checkpoint_is_refused(log):
    older = checkpoint.sign(Checkpoint(ORIGIN, 9, log.root(9)), NEW.named(ORIGIN))
    with pytest.raises(BundleError, match="expected a checkpoint of 10 leaves"):
        bundlecheck.read(written(contents_of(log, note=older)))


def test_fewer_leaves_than_the_head_says_are_not_written(log):
    given = contents_of(log)
    with pytest.raises(BundleError, match="expected 7 leaves, found 6"):
        written(replace(given, leaves=list(given.leaves)[:-1]))


@pytest.mark.parametrize(
    "text", [b"", b"{}\n", b"[]\n", b"\xff\n", b'{"bundle":1}\n', b'{"bundle":true}\n', b"5"]
)
def test_bytes_that_are_no_bundle_are_refused(text):
    with pytest.raises(BundleError, match="expected"):
        bundlecheck.read(text.splitlines(keepends=True))


def test_another_maker_is_seen_by_his_key(log):
    lines = written(contents_of(log))
    manifest = json.loads(lines[-2])
    forged = canonical.dumps({**manifest, "made_us": 8}) + b"\n"
    with pytest.raises(BundleError, match="expected a manifest signed by its maker"):
        bundlecheck.read([*lines[:-2], forged, lines[-1]])
