"""The server's own log: what no gateway sees, durable before the answer, and true against its table."""

from __future__ import annotations

import errno
import shutil
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from caselog import canonical, checkpoint
from caselog import leaf as leaves
from caselog.errors import DiskBusy, DiskFull
from caselog.keys import SoftKey, Verifier
from caselog.log import Log
from caselog.tree import verify_consistency
from caseserver.audit import DETAIL_BYTES_MAX, Audit, new_entry
from caseserver.own_log import ACTIONS, OwnLog, epochs
from caseserver.program import known_of
from caseserver.store import audit as rows
from caseserver.store import cosignatures
from caseserver.store.cosignatures import Cosigned
from tests.server.station_kit import Kit, StationClock

KEY = SoftKey.from_seed(b"s" * 32)
NOTHING = (0, 0, bytes(32))
NOW = StationClock().now()


def opened(folder: Path) -> OwnLog:
    return OwnLog(folder, "station", KEY, NOW, lambda _origin: NOTHING)


def table(kit: Kit) -> list[tuple[int | None, str]]:
    with kit.database.reading() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT leaf, action FROM audit ORDER BY id"))]


def segment(folder: Path) -> Path:
    """The newest epoch's last segment."""
    number, name = epochs(folder)[-1]
    return sorted((folder / f"{number}-{name}").glob("*.seg"))[-1]


def test_it_begins_with_a_leaf_that_says_what_it_is(tmp_path: Path) -> None:
    log = opened(tmp_path / "log")
    record = leaves.parse(log.leaves(0, 1)[0])
    assert (record.leaf_class, record.type, record.occurred.by) == ("log", "log.begun/1", "server")
    assert record.body["origin"] == log.origin
    assert log.origin.startswith("caseward.local/station/server/1-")
    assert record.body["after"] is None


def test_what_is_added_is_on_the_disk_in_the_same_format_and_under_its_own_key(tmp_path: Path) -> None:
    log = opened(tmp_path / "log")
    entry = new_entry("1001", "record.read", "a1/S-1", {"what": "stay"}, NOW.earliest_us)
    assert log.add([entry], NOW) == [(log.origin, 1)]
    file = segment(tmp_path / "log")
    assert file.read_bytes().endswith(log.leaves(1, 1)[0] + b"\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    root, proof, note = log.request(1)
    signed = checkpoint.verify(note, Verifier(log.origin, KEY.public))
    assert (signed.size, signed.root) == (2, log.root(2))
    assert verify_consistency(1, 2, root, signed.root, proof)
    body = canonical.loads(log.leaves(1, 1)[0])["body"]
    assert body == {"officer": "1001", "subject": "a1/S-1", "detail": {"what": "stay"}}


def test_a_second_process_cannot_write_it(tmp_path: Path) -> None:
    log = opened(tmp_path / "log")
    with pytest.raises(DiskBusy):
        opened(tmp_path / "log")
    log.close()
    assert opened(tmp_path / "log").origin == log.origin


def test_every_door_of_the_server_leaves_its_entry_before_it_answers(kit: Kit) -> None:
    kit.station.record_read("9001", "stay", "a1/S-1")
    assert canonical.loads(kit.own_log.leaves(1, 1)[0])["type"] == "record.read/1"
    assert table(kit) == [(0, "log.begun"), (1, "record.read")]


def test_an_action_that_is_not_in_the_list_is_our_own_fault(kit: Kit) -> None:
    with pytest.raises(ValueError, match=r"expected one of account\.added"):
        kit.station.audit.write("1", "stay_read", "x")


def test_a_detail_too_long_for_a_line_is_replaced_by_its_length(kit: Kit) -> None:
    kit.station.audit.write("1", "fact.refused", "x", {"said": "字" * DETAIL_BYTES_MAX})
    body = canonical.loads(kit.own_log.leaves(1, 1)[0])["body"]
    assert body["detail"] == {"bytes_left_out": 3 * DETAIL_BYTES_MAX + len('{"said": ""}')}


def test_the_table_is_made_again_from_the_log_when_it_is_behind(kit: Kit) -> None:
    for number in range(5):
        kit.station.record_read("9001", "stay", f"a1/S-{number}")
    with kit.database.writing() as connection:
        connection.execute(text("DELETE FROM audit WHERE leaf > 2"))
    before = kit.own_log.size
    kit.restart()
    assert [leaf for leaf, _ in table(kit)] == list(range(before))
    kit.restart()
    assert [leaf for leaf, _ in table(kit)] == list(range(before)), "and nothing twice"


def test_a_death_between_log_and_table_loses_and_doubles_nothing(kit: Kit) -> None:
    entry = new_entry("admin-1", "account.added", "1001", {}, NOW.earliest_us)
    with kit.database.writing() as connection:
        rows.put(connection, entry, None, None)
    kit.own_log.add([entry], NOW)  # taken from those that wait; then the power goes
    kit.restart()
    assert sorted(table(kit)) == [(0, "log.begun"), (1, "account.added")]
    assert kit.own_log.size == 2
    assert kit.station.audit.waiting() == 0


def test_what_a_command_wrote_beside_the_server_gets_its_place_within_a_turn(kit: Kit) -> None:
    entry = new_entry("admin-1 and admin-2", "account.added", "1001", {"roles": ["guard"]}, NOW.earliest_us)
    with kit.database.writing() as connection:
        rows.put(connection, entry, None, None)
    assert kit.station.audit.waiting() == 1
    kit.worker.turn()
    assert kit.station.audit.waiting() == 0
    assert canonical.loads(kit.own_log.leaves(1, 1)[0])["body"]["detail"] == {"roles": ["guard"]}


def test_while_the_log_cannot_be_written_entries_wait_durably_and_nobody_is_locked_out(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Log.commit

    def no_room(_log: Log) -> int:
        raise DiskFull(f"expected room, found {errno.ENOSPC}")

    monkeypatch.setattr(Log, "commit", no_room)
    kit.station.record_read("9001", "stay", "a1/S-1")
    assert kit.station.audit.problem
    assert table(kit)[-1] == (None, "record.read")
    monkeypatch.setattr(Log, "commit", real)
    kit.restart()
    assert kit.station.audit.waiting() == 0
    assert kit.own_log.size == 2


def test_a_damaged_log_is_left_as_it_is_and_the_next_one_names_it(kit: Kit) -> None:
    kit.station.record_read("9001", "stay", "a1/S-1")
    kit.station.record_read("9001", "stay", "a1/S-2")
    old, file = kit.own_log.origin, segment(kit.path / "log")
    data = bytearray(file.read_bytes())
    data[40] ^= 1
    file.write_bytes(data)
    kit.restart()
    after = leaves.parse(kit.own_log.leaves(0, 1)[0]).body["after"]
    assert after["origin"] == old
    assert after["reason"].startswith("damaged: 0000000000000000.seg at byte")
    assert file.read_bytes() == bytes(data)
    assert len(table(kit)) == 4, "what the table knew of the old log stays"


def test_a_log_restored_from_yesterday_is_seen_and_the_next_one_names_what_a_witness_holds(
    kit: Kit, tmp_path: Path
) -> None:
    kit.station.record_read("9001", "stay", "a1/S-1")
    shutil.copytree(kit.path / "log", tmp_path / "yesterday")
    for number in range(4):
        kit.station.record_read("9001", "stay", f"a1/S-{number}")
    old = kit.own_log.origin
    _, _, note = kit.own_log.request(0)
    signed = checkpoint.parse(note)
    with kit.database.writing() as connection:
        cosignatures.put(connection, Cosigned(old, "bureau", signed.size, signed.root, note, 1, 1))
    kit.own_log.close()
    shutil.rmtree(kit.path / "log")
    shutil.copytree(tmp_path / "yesterday", kit.path / "log")
    kit.restart()
    assert kit.own_log.begun_anew == "expected 6 leaves, found 2"
    after = leaves.parse(kit.own_log.leaves(0, 1)[0]).body["after"]
    assert (after["origin"], after["size"], after["root"]) == (old, 6, signed.root.hex())


def test_a_station_that_is_renamed_goes_on_with_its_log(tmp_path: Path) -> None:
    log = opened(tmp_path / "log")
    log.close()
    again = OwnLog(tmp_path / "log", "elsewhere", KEY, NOW, lambda _origin: NOTHING)
    assert (again.origin, again.begun_anew) == (log.origin, "")


def test_a_torn_last_line_is_cut_and_the_log_goes_on(tmp_path: Path) -> None:
    log = opened(tmp_path / "log")
    origin = log.origin
    log.close()
    with segment(tmp_path / "log").open("ab") as file:
        file.write(b"0123abcd {")
    again = opened(tmp_path / "log")
    assert (again.origin, again.size, again.begun_anew) == (origin, 1, "")


def test_a_power_cut_while_an_epoch_begins_leaves_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    log = opened(folder)
    origin = log.origin
    log.close()
    (folder / "new").mkdir()
    (folder / "new" / "0000000000000000.seg").write_bytes(b"half")
    again = opened(folder)
    assert again.origin == origin
    again.begin_anew("by word of the administrators", 1, again.root(1), NOW)
    assert again.origin != origin
    assert leaves.parse(again.leaves(0, 1)[0]).body["after"]["size"] == 1
    assert len(epochs(folder)) == 2


def test_the_same_configuration_is_written_down_once(kit: Kit) -> None:
    audit = Audit(kit.database, kit.own_log, kit.clock.now)
    for rulebook in ("cn-2012", "cn-2012", "cn-2026"):
        audit.write_if_new("rulebook.loaded", "a1", {"rulebook": rulebook})
    assert [action for _, action in table(kit)].count("rulebook.loaded") == 2


def test_rows_are_found_by_words_and_action(kit: Kit) -> None:
    kit.station.record_read("9001", "stay", "a1/S-1")
    kit.station.record_read("9002", "log", "100%")
    kit.station.audit.write("9001", "account.logged_out", "9001")
    with kit.database.reading() as connection:
        assert [row.subject for _, row in rows.search(connection, words="9001")] == ["9001", "a1/S-1"]
        assert [row.subject for _, row in rows.search(connection, words="%")] == ["100%"]
        assert [row.number for _, row in rows.search(connection, action="record.read")] == ["9002", "9001"]
        newest, _ = rows.search(connection)[0]
        assert len(rows.search(connection, before=newest)) == 3


def test_the_store_tells_what_is_known_of_a_log(kit: Kit) -> None:
    assert known_of(kit.database)("caseward.local/other")[:2] == (0, 0)
    assert known_of(kit.database)(kit.own_log.origin)[:2] == (1, 0)


def test_every_action_has_its_line_in_the_document() -> None:
    page = (Path(__file__).parents[2] / "docs" / "server.md").read_text(encoding="utf-8")
    assert [action for action in sorted(ACTIONS) if f"`{action}/1`" not in page] == []
