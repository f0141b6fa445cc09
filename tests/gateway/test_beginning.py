"""Which log it is and who signs it: epoch, the log before, keys; and the two commands that change them."""

from pathlib import Path

import pytest

from casegateway.beginning import LOST, Beginning, adopt_next_key, beginning, keyring, next_key_path
from casegateway.commands import main as command
from casegateway.evidence import open_evidence
from casegateway.keyring import Keyring
from casegateway.state import StateError, save_cursor
from caselog import records
from caselog.clock import Instant
from caselog.disk import MemoryDisk
from caselog.errors import KeyFileError
from caselog.filedisk import FileDisk
from caselog.keychain import KeyChain
from caselog.keys import SoftKey
from caselog.leaf import parse
from caselog.log import Log
from caselog.pairdisk import PairDisk
from caselog.records import Predecessor
from caselog.tree import EMPTY_ROOT
from tests.gateway.bench import AREA_TEXT, ORIGIN

PREFIX = "caseward.local/t1/gw-t1/"
NOW = Instant(1, 0, 5, 5)
OLD, NEW = SoftKey.from_seed(b"o" * 32), SoftKey.from_seed(b"n" * 32)


def test_the_name_of_a_log_stays_with_it(tmp_path: Path) -> None:
    first = beginning(tmp_path, PREFIX, is_log_empty=True)
    assert first.after is None
    assert len(first.origin) == len(PREFIX) + 8
    assert beginning(tmp_path, PREFIX, is_log_empty=False) == first
    assert not (tmp_path / "after.json").exists()


def test_a_start_cut_short_before_the_first_leaf_names_no_log_that_never_was(tmp_path: Path) -> None:
    first = beginning(tmp_path, PREFIX, is_log_empty=True)
    assert beginning(tmp_path, PREFIX, is_log_empty=True) == first


def test_a_log_that_was_emptied_begins_under_another_name_and_says_so(tmp_path: Path) -> None:
    first = beginning(tmp_path, PREFIX, is_log_empty=True)
    beginning(tmp_path, PREFIX, is_log_empty=False)
    second = beginning(tmp_path, PREFIX, is_log_empty=True)
    assert second.origin != first.origin
    assert second.after == Predecessor(first.origin, LOST, 0, EMPTY_ROOT)
    assert beginning(tmp_path, PREFIX, is_log_empty=True) == second
    assert beginning(tmp_path, PREFIX, is_log_empty=False) == Beginning(second.origin, None)


def test_a_log_without_its_epoch_is_not_signed_under_another_name(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="expected the epoch of the log that is there, found no file"):
        beginning(tmp_path, PREFIX, is_log_empty=False)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"origin": 1}'])
def test_what_is_said_of_the_log_before_must_be_readable(tmp_path: Path, text: str) -> None:
    (tmp_path / "after.json").write_text(text)
    with pytest.raises(StateError, match="expected null or"):
        beginning(tmp_path, PREFIX, is_log_empty=True)


def test_a_signing_key_is_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    assert keyring(folder, ORIGIN).present.public == keyring(folder, ORIGIN).present.public
    assert (folder / "gateway.key").stat().st_mode & 0o777 == 0o600


def chain_of(*bodies: tuple[str, dict[str, object]]) -> KeyChain:
    log, _ = Log.open(MemoryDisk())
    found = [parse(log.append(records.entry(t, log.size, b, NOW)).data) for t, b in bodies]
    chain = KeyChain.begun(found[0])
    for record in found[1:]:
        chain.take(record)
    return chain


def test_a_rotated_key_takes_over_when_the_log_says_so_and_the_old_one_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    old = keyring(folder, ORIGIN).present
    assert command(["rotate-key", "--data", str(tmp_path)]) == 0
    assert next_key_path(folder).stat().st_mode & 0o777 == 0o600
    keys = keyring(folder, ORIGIN)
    adopt_next_key(folder, keys)
    assert keyring(folder, ORIGIN).present.public == old.public  # the log has not said it yet
    begun = records.begun(ORIGIN, keys.present, None)
    change = keys.change(1)
    assert change is not None
    keys.follow(chain_of((records.BEGUN, begun), (records.KEY_CHANGED, change)))
    adopt_next_key(folder, keys)
    later = keyring(folder, ORIGIN)
    later.follow(chain_of((records.BEGUN, begun), (records.KEY_CHANGED, change)))
    assert not next_key_path(folder).exists()
    assert later.coming is None
    assert later.present.public == keys.present.public != old.public
    assert [s.key.public for s in later.signers(0, 1)] == [old.public]
    assert [s.key.public for s in later.signers(0, 2)] == [old.public, later.present.public]
    assert [s.key.public for s in later.signers(1, 2)] == [old.public, later.present.public]
    assert [s.key.public for s in later.signers(2, 9)] == [later.present.public]


def test_a_second_rotation_waits_for_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["rotate-key", "--data", str(tmp_path)]) == 2
    assert "expected a present key" in capsys.readouterr().err
    keyring(tmp_path / "keys", ORIGIN)
    assert command(["rotate-key", "--data", str(tmp_path)]) == 0
    assert command(["rotate-key", "--data", str(tmp_path)]) == 2
    assert "expected no change under way" in capsys.readouterr().err


def test_a_gateway_without_the_key_of_its_log_does_not_sign_it(tmp_path: Path) -> None:
    chain = chain_of((records.BEGUN, records.begun(ORIGIN, OLD, None)))
    with pytest.raises(KeyFileError, match="expected the key the log is signed with"):
        Keyring(ORIGIN, NEW).follow(chain)
    with pytest.raises(KeyFileError, match="expected the log other"):
        Keyring("other", OLD).follow(chain)


def begun_station(tmp_path: Path, leaves: int, held: int) -> Log:
    """A data folder with a log of a gateway that the server holds `held` leaves of."""
    start = beginning(tmp_path / "state", PREFIX, is_log_empty=True)
    keys = keyring(tmp_path / "keys", start.origin)
    (tmp_path / "area.toml").write_text(AREA_TEXT)
    log, _ = Log.open(FileDisk(tmp_path / "log"))
    log.append(records.entry(records.BEGUN, 0, records.begun(start.origin, keys.present, None), NOW))
    while log.size < leaves:
        log.append(records.entry(records.SCRUBBED, log.size, {"leaves": 1, "bytes": 1, "seconds": 1}, NOW))
    log.commit()
    beginning(tmp_path / "state", PREFIX, is_log_empty=False)
    save_cursor(tmp_path / "outbox.json", held, held)
    return log


def begin_anew(tmp_path: Path, *more: str) -> int:
    files = ["--config", str(tmp_path / "area.toml"), "--data", str(tmp_path)]
    return command(["begin-anew", *files, "--reason", "the key was lost", *more])


def test_a_log_begun_anew_names_what_the_server_held_of_the_old_one(tmp_path: Path) -> None:
    log = begun_station(tmp_path, 5, 3)
    root, old = log.root(3), keyring(tmp_path / "keys", ORIGIN).present.public
    name = (tmp_path / "state" / "epoch").read_text().strip()
    del log
    assert begin_anew(tmp_path, "--new-key") == 0
    start = beginning(tmp_path / "state", PREFIX, is_log_empty=True)
    assert start.after == Predecessor(PREFIX + name, "the key was lost", 3, root)
    assert start.origin != PREFIX + name
    assert keyring(tmp_path / "keys", start.origin).present.public != old
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "area.toml", "keys", f"log.ended-{name}", f"outbox.json.ended-{name}", "state",
    ]  # fmt: skip
    assert (tmp_path / "keys" / f"gateway.key.ended-{name}").exists()


def test_a_log_that_cannot_be_read_is_named_without_a_root(tmp_path: Path) -> None:
    begun_station(tmp_path, 5, 3)
    segment = next((tmp_path / "log").glob("*.seg"))
    segment.write_bytes(b"x" + segment.read_bytes()[1:])
    assert begin_anew(tmp_path) == 0
    after = beginning(tmp_path / "state", PREFIX, is_log_empty=True).after
    assert after is not None
    assert (after.size, after.root) == (0, EMPTY_ROOT)


def test_what_belongs_to_a_log_that_ended_goes_aside_with_it(tmp_path: Path) -> None:
    log = begun_station(tmp_path, 5, 5)
    root, name = log.root(5), (tmp_path / "state" / "epoch").read_text().strip()
    second = tmp_path / "other"
    first_disk, second_disk = FileDisk(tmp_path / "log"), FileDisk(second)
    disk = PairDisk(first_disk, second_disk)
    last = disk.list_names()[-1]
    assert disk.fail_over(last, disk.size(last))
    (tmp_path / "state" / "second_log").write_text(f"{second}\n")
    (tmp_path / "interim").mkdir()
    second_disk.close()
    assert begin_anew(tmp_path) == 0
    after = beginning(tmp_path / "state", PREFIX, is_log_empty=True).after
    assert after is not None
    assert (after.size, after.root) == (5, root)
    gone = {path.name for path in tmp_path.iterdir()}
    assert {f"{old}.ended-{name}" for old in ("log", "other", "interim", "outbox.json")} <= gone
    assert not (tmp_path / "state" / "second_log").exists()
    found = open_evidence(tmp_path, second, 0, lambda: None)
    assert (found.log.size, found.reasons) == (0, {})
    found.close()


def test_begin_anew_can_be_called_again_where_the_power_went_between(tmp_path: Path) -> None:
    log = begun_station(tmp_path, 5, 3)
    root = log.root(3)
    del log
    outbox = (tmp_path / "outbox.json").read_text()
    assert begin_anew(tmp_path) == 0
    kept = next(tmp_path.glob("outbox.json.ended-*"))
    kept.unlink()
    (tmp_path / "outbox.json").write_text(outbox)
    assert begin_anew(tmp_path) == 0
    after = beginning(tmp_path / "state", PREFIX, is_log_empty=True).after
    assert after is not None
    assert (after.size, after.root) == (3, root)


def test_a_gateway_that_never_began_has_nothing_to_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "area.toml").write_text(AREA_TEXT)
    assert begin_anew(tmp_path) == 2
    assert "expected a log that has begun" in capsys.readouterr().err
