"""Particulars: sealed for their place, keys in a directory of their own, destroyed to the byte, gone from old copies too."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseserver.accounts import Officer
from caseserver.commands import CommandError, init
from caseserver.main import main
from caseserver.people.erasure import LEAVES_MAX, is_erased, objection
from caseserver.people.keyring import KeyRing, KeyRingError, check_apart
from caseserver.people.people import VERSIONS_MAX, People, PeopleError
from caseserver.people.sealed import PAD_BYTES, Place, SealError, clean, committed, key_mark, seal, unseal
from caseserver.people.side_store import FILE, SideStoreError
from caseserver.people.telltale import has_identity_number
from caseserver.permissions import may_erase_together
from caseserver.program import Program
from caseserver.settings import SettingsError, load_settings
from caseserver.worker import Worker
from tests.server.markers import traces, traces_of
from tests.server.station_kit import MINUTE_US, Kit, StationClock, morning

NAME, NUMBER, PHONE = "欧阳试验", "11010119900307851x", "13800138000"
KEY = bytes(range(32))
PLACE = Place("a1", "S-1", "p-1", "name", 1)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    data, keys = tmp_path / "data", tmp_path / "keys"
    data.mkdir()
    KeyRing.create(keys)
    return data, keys


@pytest.fixture
def people(folders: tuple[Path, Path]) -> Iterator[People]:
    made = People(*folders)
    yield made
    made.close()


def entered(people: People, stay: str = "S-1", person: str | None = "p-1", **values: str) -> dict[str, Any]:
    given_values = values or {"name": NAME, "identity_number": NUMBER}
    return dict(people.enter("a1", stay, person, given_values, "1001", 1_000).body)


def leaf(
    index: int, name: str, body: dict[str, Any] | None = None, at_us: int | None = None
) -> dict[str, Any]:
    at = index if at_us is None else at_us
    return {
        "index": index, "class": "output" if name == "fact.refused" else "fact", "type": f"{name}/1",
        "occurred": {"earliest_us": at}, "body": body or {},
    }  # fmt: skip


# ---------------------------------------------------------------- one value


def test_a_commitment_is_that_of_the_evidence_page() -> None:
    opened = committed("张三")
    expected = sha256(b"caseward/commitment/v1\n" + b"name\n" + opened.salt + "张三".encode()).hexdigest()
    assert opened.commitment("name") == expected
    assert committed("张三").salt != opened.salt


@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=200))
def test_a_sealed_value_opens_again_and_its_length_is_that_of_a_block(value: str) -> None:
    opened = committed(value)
    data = seal(KEY, opened, PLACE)
    assert unseal(KEY, data, PLACE) == opened
    assert (len(data) - 12 - 16) % PAD_BYTES == 0
    assert value.encode() not in data or len(value.encode()) < 3
    assert data != seal(KEY, opened, PLACE)


@pytest.mark.parametrize(
    "place",
    [
        Place("a2", "S-1", "p-1", "name", 1), Place("a1", "S-2", "p-1", "name", 1), Place("a1", "S-1", "p-2", "name", 1),
        Place("a1", "S-1", "p-1", "phone", 1), Place("a1", "S-1", "p-1", "name", 2),
    ],
)  # fmt: skip
def test_a_value_moved_to_another_place_does_not_open(place: Place) -> None:
    data = seal(KEY, committed(NAME), PLACE)
    with pytest.raises(SealError) as caught:
        unseal(KEY, data, place)
    assert NAME not in str(caught.value)


def test_every_changed_byte_and_every_cut_is_seen() -> None:
    data = seal(KEY, committed(NAME), PLACE)
    for at in range(len(data)):
        for bad in (data[:at], data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]):
            with pytest.raises(SealError):
                unseal(KEY, bad, PLACE)
    with pytest.raises(SealError):
        unseal(bytes(32), data, PLACE)


def test_numbers_are_kept_as_they_are_compared() -> None:
    assert clean("identity_number", " 110101 19900307 851x ") == "11010119900307851X"
    assert clean("identity_number", "１１０") == "110"
    assert clean("name", "  欧阳   试验 ") == "欧阳 试验"
    for bad in ("a" * 201, "a\u200bb", "a\x00b", "a\u202eb"):
        with pytest.raises(SealError) as caught:
            clean("name", bad)
        assert bad not in str(caught.value)
    with pytest.raises(SealError):
        clean("shoe", "42")


# ---------------------------------------------------------------- the key directory


def test_a_key_directory_inside_or_around_the_data_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "link").symlink_to(data)
    for keys in (data, data / "keys", tmp_path, tmp_path / "link" / "keys", data / ".." / "data" / "k"):
        with pytest.raises(KeyRingError, match="apart from the data directory"):
            check_apart(keys, data)
    check_apart(tmp_path / "data-keys", data)


def test_a_key_directory_that_others_can_read_is_refused(folders: tuple[Path, Path]) -> None:
    _, keys = folders
    assert {keys.stat().st_mode & 0o777, (keys / "keys").stat().st_mode & 0o777} == {0o700}
    for path, bad, good in (
        (keys / "master.key", 0o640, 0o600),
        (keys, 0o750, 0o700),
        (keys / "keys", 0o701, 0o700),
    ):
        path.chmod(bad)
        with pytest.raises(KeyRingError, match=f"expected mode {good:04o}, found {bad:04o}"):
            KeyRing(keys)
        path.chmod(good)
    with pytest.raises(KeyRingError, match="without master.key"):
        KeyRing.create(keys)
    (keys / "master.key").write_text("short")
    with pytest.raises(KeyRingError, match="64 hex digits"):
        KeyRing(keys)


def test_a_wrapped_key_says_nothing_and_opens_only_under_its_own_name(folders: tuple[Path, Path]) -> None:
    ring = KeyRing(folders[1])
    (first, key), (second, _) = ring.new(), ring.new()
    files = folders[1] / "keys"
    assert (files / f"{first}.key").stat().st_mode & 0o777 == 0o600
    assert ring.get(first) == key
    assert key not in (files / f"{first}.key").read_bytes()
    shutil.copy(files / f"{first}.key", files / f"{second}.key")
    with pytest.raises(KeyRingError):
        ring.get(second)
    assert [mark for mark, _ in ring.marks()] == [key_mark(key)]
    assert ring.get("0" * 32) is None


def test_another_key_directory_does_not_pass_for_this_one(folders: tuple[Path, Path], tmp_path: Path) -> None:
    People(*folders).close()
    KeyRing.create(tmp_path / "other")
    with pytest.raises(SideStoreError, match="expected the key directory it was made with"):
        People(folders[0], tmp_path / "other")
    with pytest.raises(KeyRingError, match="expected .*missing"):
        People(folders[0], tmp_path / "missing")


# ---------------------------------------------------------------- entering and reading


def test_what_was_entered_is_read_and_a_correction_is_a_new_version(people: People) -> None:
    body = entered(people)
    assert body.keys() == {"stay", "person", "name", "identity_number"}
    assert all(len(body[field]) == 64 for field in ("name", "identity_number"))
    again = entered(people, name="欧阳更正")
    shown = {item.field: (item.value, item.version) for item in people.read("a1", "S-1")}
    assert shown == {"name": ("欧阳更正", 2), "identity_number": (NUMBER.upper(), 1)}
    assert [item.value for item in people.kept("a1", "S-1")] == [None, None]
    assert again["name"] != body["name"]
    assert people.read("a1", "S-2") == []


def test_a_stay_without_a_reference_gets_a_random_one_and_keeps_it(people: People) -> None:
    first, second = entered(people, person=None), entered(people, person="p-other", phone=PHONE)
    assert first["person"] == second["person"]
    assert first["person"].startswith("p-")
    assert entered(people, "S-2", None)["person"] != first["person"]


def test_nothing_too_much_and_what_cannot_be_kept_is_refused_and_changes_nothing(people: People) -> None:
    for values in ({}, {"name": "  "}):
        with pytest.raises(PeopleError):
            people.enter("a1", "S-1", None, values, "1001", 1)
    with pytest.raises(SealError):
        people.enter("a1", "S-1", None, {"name": NAME, "phone": "1" * 201}, "1001", 1)
    assert people.kept("a1", "S-1") == []
    for _ in range(VERSIONS_MAX):
        entered(people, name=NAME)
    with pytest.raises(PeopleError):
        entered(people, name=NAME)


def test_a_fact_that_never_went_out_leaves_no_version(people: People) -> None:
    entered(people)
    entry = people.enter("a1", "S-1", None, {"name": "另一个"}, "1001", 1)
    people.take_back(entry)
    assert [item.value for item in people.read("a1", "S-1") if item.field == "name"] == [NAME]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (NAME, ["S-1"]), (f" {NAME} ", ["S-1"]), (NUMBER, ["S-1"]), ("110101 19900307 851X", ["S-1"]), ("欧阳", []),
        ("", []), ("a" * 300, []), ("\x00", []),
    ],
)  # fmt: skip
def test_a_search_finds_exactly_and_among_the_stays_given_only(
    people: People, text: str, found: list[str]
) -> None:
    entered(people)
    entered(people, "S-2", "p-2", name="别人", phone=PHONE)
    entered(people, "S-3", "p-1", name=NAME)
    stays = [("a1", "S-1"), ("a1", "S-2"), ("a1", "none")]
    assert [stay for _, stay in people.find(text, stays)] == found
    assert people.find(PHONE, stays) == [("a1", "S-2")]


def test_disclosures_open_the_newest_commitment_that_the_log_holds(people: People) -> None:
    first, second = entered(people), entered(people, name="欧阳更正")
    entered(people, name="没有入日志")
    leaves = [
        leaf(4, "stay.registered"), leaf(5, "person.identified", first), leaf(7, "person.identified", second),
        leaf(8, "person.identified", second), leaf(9, "fact.refused", {"fact": 8}),
    ]  # fmt: skip
    found = people.disclosures("a1", "S-1", leaves, ["name", "identity_number"])
    assert [(item.leaf, item.field, item.value) for item in found] == [
        (5, "identity_number", NUMBER.upper()), (7, "name", "欧阳更正"),
    ]  # fmt: skip
    for item in found:
        body = {5: first, 7: second}[item.leaf]
        made = sha256(f"caseward/commitment/v1\n{item.field}\n".encode() + item.salt + item.value.encode())
        assert made.hexdigest() == body[item.field]
    assert people.disclosures("a1", "S-1", leaves, ["phone"]) == []
    assert people.disclosures("a1", "S-9", leaves, ["name"]) == []


# ---------------------------------------------------------------- erasing


def test_after_an_erasure_neither_value_nor_ciphertext_nor_key_is_in_any_file(
    people: People, folders: tuple[Path, Path]
) -> None:
    data, keys = folders
    entered(people)
    entered(people, "S-2", "p-2", name="别人")
    with sqlite3.connect(data / FILE) as reader:
        sealed = [
            row[0]
            for row in reader.execute(
                "SELECT sealed FROM particular WHERE key=(SELECT id FROM person_key WHERE stay='S-1')"
            )
        ]
        key_id = reader.execute("SELECT id FROM person_key WHERE stay='S-1'").fetchone()[0]
    reader.close()
    wrapped = (keys / "keys" / f"{key_id}.key").read_bytes()
    assert traces_of([*sealed, wrapped], data, keys)  # the search does find what is there
    (person,) = people.stays_of("p-1")
    assert (person.stay, person.count) == ("S-1", 2)
    assert people.settle([person.mark]) == 1
    assert people.settle([person.mark]) == 0
    assert traces_of([*sealed, wrapped, NAME, NUMBER, key_id], data, keys) == []
    assert people.read("a1", "S-1") == people.stays_of("p-1") == []
    assert [item.value for item in people.read("a1", "S-2")] == ["别人"]


def test_an_old_copy_of_the_store_opens_nothing_of_who_was_erased(
    people: People, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    data, keys = folders
    entered(people)
    entered(people, "S-2", "p-2", name="别人")
    people.close()
    shutil.copytree(data, tmp_path / "old-data")
    again = People(data, keys)
    again.settle([again.stays_of("p-1")[0].mark])
    again.close()
    restored = People(tmp_path / "old-data", keys)
    assert (
        restored.kept("a1", "S-1") == restored.read("a1", "S-1") == restored.find(NAME, [("a1", "S-1")]) == []
    )
    assert restored.disclosures("a1", "S-1", [], ["name"]) == []
    assert [item.value for item in restored.read("a1", "S-2")] == ["别人"]
    assert restored.start([]) == 0
    assert entered(restored)["stay"] == "S-1"  # who comes again is entered again, under a new key
    assert restored.start([]) == 0
    assert len(restored.read("a1", "S-1")) == 2
    restored.close()


def test_what_a_copy_in_progress_keeps_from_being_overwritten_is_overwritten_after_it(
    people: People, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(people)
    (person,) = people.stays_of("p-1")
    copying = sqlite3.connect(folders[0] / FILE, isolation_level=None)
    copying.execute("BEGIN")
    (sealed,) = copying.execute("SELECT sealed FROM particular WHERE field='name'").fetchone()
    assert people.settle([person.mark]) == 1
    assert people.read("a1", "S-1") == []
    assert list((folders[1] / "keys").iterdir()) == []  # the key does not wait
    assert traces_of([sealed], folders[0])
    copying.close()
    people.settle([])
    assert traces_of([sealed], folders[0])  # not at every turn
    monkeypatch.setattr("caseserver.people.people.SCRUB_AGAIN_S", 0.0)
    people.settle([])
    assert traces_of([sealed], folders[0]) == []


@pytest.mark.parametrize("told_by", ["the key directory", "the log"])
def test_a_key_that_comes_back_from_an_old_copy_is_destroyed_at_the_start(
    people: People, folders: tuple[Path, Path], tmp_path: Path, told_by: str
) -> None:
    data, keys = folders
    entered(people)
    mark = people.stays_of("p-1")[0].mark
    people.close()
    shutil.copytree(keys, tmp_path / "old-keys")
    shutil.copytree(data, tmp_path / "old-data")
    first = People(data, keys)
    first.settle([mark])
    first.close()
    if told_by == "the log":  # both directories are old copies: only the log knows
        shutil.rmtree(keys)
        shutil.copytree(tmp_path / "old-keys", keys)
    else:
        for file in (tmp_path / "old-keys" / "keys").iterdir():
            shutil.copy(file, keys / "keys")
    restored = People(tmp_path / "old-data", keys)
    assert restored.start([mark] if told_by == "the log" else []) == 1
    assert restored.read("a1", "S-1") == []
    assert list((keys / "keys").iterdir()) == []
    restored.close()


def test_a_mark_that_no_key_bears_destroys_nothing(people: People) -> None:
    """Whoever takes over a gateway can write any fact, but no mark of a key: it is told first by the erasure itself."""
    entered(people)
    assert people.settle(["0" * 64, "", key_mark(bytes(32))]) == 0
    assert len(people.read("a1", "S-1")) == 2


def test_a_damaged_key_file_is_named_at_reading_and_no_bar_to_erasing(
    people: People, folders: tuple[Path, Path]
) -> None:
    entered(people)
    mark = people.stays_of("p-1")[0].mark
    (file,) = (folders[1] / "keys").iterdir()
    file.write_bytes(bytes(60))
    with pytest.raises(KeyRingError, match=file.name):
        people.read("a1", "S-1")
    assert people.settle([mark]) == 1
    assert not file.exists()
    assert people.read("a1", "S-1") == []


# ---------------------------------------------------------------- what stands against it

RELEASED = leaf(3, "stay.released")


@pytest.mark.parametrize(
    ("leaves", "expected"),
    [
        ([], "still_held"),
        ([RELEASED], ""),
        ([leaf(2, "complaint.received"), RELEASED], "under_hold"),
        ([RELEASED, leaf(5, "complaint.received"), leaf(6, "hold.lifted")], ""),
        ([RELEASED, leaf(5, "complaint.received"), leaf(6, "hold.lifted"), leaf(7, "complaint.received")], "under_hold"),
        ([RELEASED, leaf(5, "hold.lifted"), leaf(6, "complaint.received", at_us=1)], ""),
        ([RELEASED, leaf(5, "complaint.received"), leaf(6, "hold.lifted"), leaf(7, "fact.refused", {"fact": 6})], "under_hold"),
        ([RELEASED, leaf(5, "complaint.received"), leaf(6, "fact.refused", {"fact": 5})], ""),
        ([RELEASED, leaf(4, "fact.refused", {"fact": 3})], "still_held"),
        ([RELEASED] * LEAVES_MAX, "not_read"),
    ],
)  # fmt: skip
def test_what_stands_against_an_erasure_by_the_log(leaves: list[dict[str, Any]], expected: str) -> None:
    assert objection(leaves) == expected


def test_a_stay_is_erased_until_somebody_enters_it_again() -> None:
    erased, entry = leaf(5, "person.erased"), leaf(7, "person.identified")
    assert is_erased([leaf(4, "person.identified"), erased]) == erased
    assert is_erased([erased, entry]) is None
    assert is_erased([erased, entry, leaf(8, "fact.refused", {"fact": 7})]) == erased
    assert is_erased([erased, leaf(6, "fact.refused", {"fact": 5})]) is None


@pytest.mark.parametrize(
    ("first", "second", "may"),
    [
        ("supervisor", "legal_reviewer", True), ("legal_reviewer", "supervisor", True),
        ("system_administrator", "supervisor", True), ("supervisor", "supervisor", False),
        ("legal_reviewer", "system_administrator", False), ("supervisor", "duty_officer", False),
        ("duty_officer", "supervisor", False), ("supervisor legal_reviewer", "legal_reviewer", True),
        ("supervisor legal_reviewer", "supervisor", True),
    ],
)  # fmt: skip
def test_two_sign_of_whom_one_is_a_supervisor(first: str, second: str, may: bool) -> None:
    assert may_erase_together(frozenset(first.split()), frozenset(second.split())) is may


def test_no_text_of_an_error_or_of_the_objects_holds_a_value(people: People) -> None:
    entry = people.enter("a1", "S-1", "p-1", {"name": NAME, "identity_number": NUMBER}, "1001", 1)
    said = json.dumps(dict(entry.body)) + repr(entry)
    assert NAME not in said
    assert NUMBER.upper() not in said.upper().replace("\\X", "")


def test_the_worker_destroys_what_a_log_tells_and_a_start_what_it_told(
    kit: Kit, people: People, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    at_us = morning(kit.gateway)
    entered(people)
    shutil.copytree(folders[1] / "keys", tmp_path / "old-keys")
    (person,) = people.stays_of("p-1")
    body = {
        "stay": "S-1",
        "person": "p-1",
        "key": person.mark,
        "officers": ["1", "2"],
        "ground": "ordered",
        "fields": 2,
    }
    worker = Worker(kit.station, kit.inbox, kit.database, kit.limits, kit.sent.append, people=people)

    def turn(name: str, minutes: int, **fields: Any) -> None:
        kit.gateway.fact(name, at_us + minutes * MINUTE_US, **fields)
        kit.inbox.put_log(kit.area.gateway, kit.gateway.batch())
        worker.turn()

    turn("person.erased", 1, **body)  # refused: the person is still held
    assert len(people.read("a1", "S-1")) == 2
    turn("stay.released", 2, stay="S-1", reason="released")
    turn("person.erased", 3, **body)
    assert people.read("a1", "S-1") == []
    for file in (tmp_path / "old-keys").iterdir():
        shutil.copy(file, folders[1] / "keys")
    (folders[1] / "erased").unlink()
    kit.restart()
    assert people.start(kit.state.take_erased()) == 1
    assert list((folders[1] / "keys").iterdir()) == []


def test_the_program_refuses_keys_that_lie_with_the_data(tmp_path: Path) -> None:
    init(tmp_path / "data", [], StationClock(), tmp_path / "keys")
    assert load_settings(tmp_path / "data").people is not None
    text = (tmp_path / "data" / "server.toml").read_text(encoding="utf-8")
    shutil.move(tmp_path / "keys", tmp_path / "data" / "inside")
    (tmp_path / "data" / "server.toml").write_text(
        text.replace(str(tmp_path / "keys"), str(tmp_path / "data" / "inside")), encoding="utf-8"
    )
    with pytest.raises(
        SettingsError, match=r"people\.keys: expected a key directory apart from the data directory"
    ):
        Program(tmp_path / "data", load_settings(tmp_path / "data"), StationClock())
    with pytest.raises(CommandError, match="--keys: expected a key directory apart"):
        init(tmp_path / "data-2", [], StationClock(), tmp_path / "data-2" / "keys")
    assert not (tmp_path / "data-2").exists()


def test_the_command_makes_a_key_directory_once_and_prints_what_to_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["keys", "--data", str(tmp_path / "data"), "--keys", str(tmp_path / "keys")]
    assert main(arguments, lambda _step_us: StationClock()) == 0
    said = capsys.readouterr().out
    assert f'[people]\nkeys = "{tmp_path / "keys"}"' in said
    assert (tmp_path / "keys" / "master.key").read_text().strip() not in said
    assert main(arguments, lambda _step_us: StationClock()) == 2
    assert "expected a directory without master.key" in capsys.readouterr().err


# ---------------------------------------------------------------- where no number belongs


@pytest.mark.parametrize(
    ("value", "is_told"),
    [
        ("11010519491231002X", True), ("11010519491231002x", True), ("s-11010519491231002X", True),
        ("为 11010519491231002X 调取", True), ("１１０１０５１９４９１２３１００２Ｘ", True), (["a", "11010519491231002X"], True),
        ("110105194912310021", False), ("11010519491331002X", False), ("911010519491231002X", False),
        ("11010519491231002XY", False), ("0" * 18, False), ("ab" * 32, False), ("S-1", False), (7, False), (True, False),
        (None, False),
    ],
)  # fmt: skip
def test_an_identity_number_is_known_by_its_date_and_check_digit(value: Any, is_told: bool) -> None:
    assert has_identity_number(value) is is_told


@pytest.mark.parametrize(
    ("name", "body", "key"),
    [
        ("area.entered", {"stay": "11010519491231002X"}, "stay"),
        ("data_export.approved", {"stay": "S-1", "purpose": "法院调取 11010519491231002X"}, "purpose"),
        ("search.signed", {"stay": "S-1", "officers": ["11010519491231002X"]}, "officers"),
    ],
)  # fmt: skip
def test_no_fact_with_an_identity_number_in_clear_goes_out(
    kit: Kit, name: str, body: dict[str, Any], key: str
) -> None:
    officer = Officer("1001", frozenset({"duty_officer", "legal_reviewer"}))
    receipt = kit.station.submit("a1", name, body, officer)
    assert [problem.key for problem in receipt.problems] == [key]
    assert traces(["11010519491231002X"], receipt.text.encode()) == []
    assert kit.sent == []
