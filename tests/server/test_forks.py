"""A gateway whose key tells two histories: refused, alarmed, and proved by a file that others can check."""

from __future__ import annotations

import copy
import json
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caselog import canonical, checkpoint
from caselog import fork as forks
from caselog.checkpoint import Checkpoint
from caselog.errors import FormatError
from caselog.fork import ForkError
from caselog.keys import SoftKey, Verifier
from caselog.tree import Tree
from caseserver.forks import FORKS_KEPT_MAX, ForkFiles
from tests.gateway.bench import GATEWAY_KEY
from tests.server.fork_checker import is_proof
from tests.server.joined import Joined, area_state
from tests.server.station_kit import START_US, GatewayLog, Kit, morning


def other_history(kit: Kit, common: int) -> GatewayLog:
    """A log of the same key that has `common` leaves in common with the kit's gateway and then others."""
    other = GatewayLog(kit.area, kit.rulebook)
    for data in kit.gateway.log.leaves(0, common, 10**9):
        leaf = canonical.loads(data)
        other.log.append({k: v for k, v in leaf.items() if k not in ("v", "index", "prev", "stay_n")})
    for number in range(150):
        other.fact("door.opened", START_US + number, door="gate")
    other.log.commit()
    return other


def proofs(kit: Kit) -> list[Path]:
    return kit.state.forks.files()


@pytest.mark.parametrize(("common", "end"), [(3, 5), (3, 8), (8, 9), (8, 30), (9, 40)])
def test_one_refused_batch_proves_the_fork_to_a_stranger(kit: Kit, common: int, end: int) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    other = other_history(kit, common)
    assert kit.take(other.batch(common, end)) == []
    (file,) = proofs(kit)
    assert file.name == "gw-a1-1.json"
    assert is_proof(file.read_bytes(), kit.gateway.key.public)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    forks.check(file.read_bytes(), [Verifier(kit.gateway.signer.name, kit.gateway.key.public)])
    leaves = json.loads(file.read_bytes())["leaves"]
    assert leaves["index"] == common
    assert leaves["held"].encode() == kit.gateway.log.leaf(common)
    assert leaves["offered"].encode() == other.log.leaf(common)


def test_a_batch_that_only_shows_the_seam_makes_the_server_ask_for_what_came_before_it(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    size = kit.gateway.log.size
    other = other_history(kit, 5)
    (asked,) = kit.take(other.batch(size, size + 4))
    assert asked.topic == "req"
    first = canonical.loads(asked.payload)["first"]
    assert proofs(kit) == []
    kit.take(other.batch(first, size))
    (file,) = proofs(kit)
    assert is_proof(file.read_bytes(), kit.gateway.key.public)
    assert kit.take(other.batch(size, size + 4)) == [], "asked once is enough"


def test_the_same_contradiction_is_kept_once_however_often_it_comes_and_after_a_restart(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    other = other_history(kit, 3)
    for _ in range(3):
        kit.take(other.batch(3, 8))
    kit.restart()
    kit.take(other.batch(3, 8))
    assert len(proofs(kit)) == 1
    assert len([a for a in kit.state.book.open() if a.variant == "fork"]) == 1


def test_a_proved_fork_stays_on_the_page_until_officers_have_handled_it(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    kit.take(other_history(kit, 3).batch(3, 8))
    kit.gateway.fact("door.opened", kit.clock.at_us, door="gate")
    kit.take(kit.gateway.batch(10))
    (alarm,) = [a for a in kit.state.book.open() if a.variant == "fork"]
    assert alarm.id.endswith("/gw-a1-1")
    assert kit.station.area("a1").health().is_forked


def test_a_good_batch_and_an_old_one_again_prove_nothing(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch(0, 9))
    kit.take(kit.gateway.batch(2, 6))
    kit.take(kit.gateway.batch())
    assert proofs(kit) == []


def test_the_files_of_one_log_have_a_bound(tmp_path: Path) -> None:
    key = SoftKey.from_seed(b"k" * 32)
    files = ForkFiles(tmp_path / "forks", "gw")
    kept = [files.keep(a_fork(key, 1, 1, number)) for number in range(FORKS_KEPT_MAX + 3)]
    assert kept.count(None) == 3
    assert len(files.files()) == FORKS_KEPT_MAX
    assert ForkFiles(tmp_path / "forks", "g").files() == []


# --- a file by itself -----------------------------------------------------------------------

ORIGIN = "caseward.local/a1/gw/e1"


def a_fork(key: SoftKey, old: int, new: int, salt: int = 0) -> forks.Fork:
    """Two notes of `key` over trees of `old` and `new` leaves that differ from the first leaf on."""
    one, two = Tree(), Tree()
    for index in range(old):
        one.append(bytes([1, index, salt]) + bytes(29))
    for index in range(new):
        two.append(bytes([2, index, salt]) + bytes(29))
    signer = key.named(ORIGIN)
    small = checkpoint.sign(Checkpoint(ORIGIN, old, one.root()), signer)
    large = checkpoint.sign(Checkpoint(ORIGIN, new, two.root()), signer)
    return forks.Fork(small, large, two.root(old), tuple(two.consistency_proof(old)))


@given(st.integers(1, 40), st.integers(0, 40))
def test_both_checkers_take_every_true_proof(old: int, more: int) -> None:
    key = SoftKey.from_seed(b"k" * 32)
    data = forks.encode(a_fork(key, old, old + more))
    assert is_proof(data, key.public)
    assert forks.check(data, [Verifier(ORIGIN, key.public)]).root != bytes(32)


@settings(max_examples=200)
@given(st.data())
def test_no_change_of_a_file_is_taken_by_one_checker_and_not_the_other(data: st.DataObject) -> None:
    key = SoftKey.from_seed(b"k" * 32)
    value = json.loads(forks.encode(a_fork(key, 5, 9)))
    field = data.draw(st.sampled_from(["smaller", "larger", "root", "proof"]))
    if field == "proof":
        value["proof"].pop(data.draw(st.integers(0, len(value["proof"]) - 1)))
    else:
        at = data.draw(st.integers(0, len(value[field]) - 1))
        put = data.draw(st.sampled_from("0123456789abcdefAZ"))
        value[field] = value[field][:at] + put + value[field][at + 1 :]
    bad = canonical.dumps(value) + b"\n"
    try:
        forks.check(bad, [Verifier(ORIGIN, key.public)])
    except FormatError:
        return
    assert is_proof(bad, key.public)


def test_two_notes_of_one_history_are_no_proof() -> None:
    key, tree = SoftKey.from_seed(b"k" * 32), Tree()
    for index in range(9):
        tree.append(bytes([index]) * 32)
    signer = key.named(ORIGIN)
    small = checkpoint.sign(Checkpoint(ORIGIN, 5, tree.root(5)), signer)
    large = checkpoint.sign(Checkpoint(ORIGIN, 9, tree.root()), signer)
    data = forks.encode(forks.Fork(small, large, tree.root(5), tuple(tree.consistency_proof(5))))
    assert not is_proof(data, key.public)
    with pytest.raises(ForkError, match="no contradiction"):
        forks.check(data, [Verifier(ORIGIN, key.public)])


# --- end to end -----------------------------------------------------------------------------


def test_a_cloned_gateway_is_caught_and_the_proof_is_on_file(tmp_path: Path) -> None:
    database, state = area_state(tmp_path)
    true = Joined(state)
    true.open()
    true.connect()
    true.run(3_000)
    assert state.ingest.size == true.log.size
    # somebody copies the card: same key, same log so far, from here on a life of its own
    clone = Joined(state)
    clone.disk, clone.boot, clone.acked = copy.deepcopy(true.disk), true.boot, true.acked
    clone.real_us = true.real_us + 7_000
    true.disconnect()
    true.open("test")
    clone.open("test")
    true.connect()
    true.run(2_000)
    held = state.ingest.size
    assert held == true.log.size
    clone.connect()
    clone.run(2_000)
    assert state.ingest.size == held, "nothing of the clone was taken"
    (file, *_) = state.forks.files()
    assert is_proof(file.read_bytes(), GATEWAY_KEY.public)
    assert any(a.variant == "fork" and a.id.endswith(file.stem) for a in state.book.open())
    true.run(1_000)
    assert state.ingest.size == true.log.size, "the true one goes on"
    database.close()


def changed_on_the_way(batch: bytes, index: int) -> bytes:
    """The batch with one leaf that names another leaf before it: its checkpoint is still the gateway's own."""
    lines = batch.split(b"\n")
    at = lines[1 + index].index(b'"prev":"') + 8
    digit = b"0" if lines[1 + index][at : at + 1] != b"0" else b"1"
    lines[1 + index] = lines[1 + index][:at] + digit + lines[1 + index][at + 1 :]
    return b"\n".join(lines)


def fork_alarms(kit: Kit) -> int:
    return len([a for a in kit.state.book.open() if a.variant == "fork"])


@pytest.mark.parametrize("index", [0, 3])
def test_a_leaf_changed_on_the_way_does_not_accuse_an_honest_gateway(kit: Kit, index: int) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch(0, 10))
    for second in range(60):  # again and again, between batches that fit
        kit.clock.at_us += 1_000_000
        kit.take(changed_on_the_way(kit.gateway.batch(5, 9), index))
        kit.take(changed_on_the_way(kit.gateway.batch(10, 14), 0))
        if second % 10 == 0:
            kit.take(kit.gateway.batch(9, 10))
    assert fork_alarms(kit) == 0
    assert kit.state.ingest.counters["refused_malformed"] == 60
    assert kit.acked(kit.take(kit.gateway.batch(10))) == kit.gateway.log.size


def test_contradictions_without_proof_are_alarmed_when_nothing_else_comes(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch(0, 10))
    other = other_history(kit, 2)
    for _ in range(7):
        assert fork_alarms(kit) == 0
        kit.clock.at_us += 3_000_000
        kit.take(other.batch(10, 14))  # where the other history begins is never shown
    kit.clock.at_us += 3_000_000
    kit.take(other.batch(10, 14))
    assert fork_alarms(kit) == 1
