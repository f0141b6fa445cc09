"""The program for strangers that audits property: on a real log it accepts, and names the first thing that is wrong."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from caselog.canonical import dumps
from caselog.segment import encode_line
from custody.engine import Engine
from tests.custody.property_lives import run
from tests.custody.property_store import LAWFUL, OFFICERS, plain_book, store_area
from tests.custody.station_log import StationLog
from tests.custody.support import at
from tests.verify.auditor import FILE


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thing seized, handed over, stored; a storing that was refused; a compartment opened by an order, and one without."""
    folder = tmp_path_factory.mktemp("log")
    station: Any = StationLog(folder, Engine(store_area(), plain_book()))
    moments = iter(range(at("09:00"), at("12:00"), 60_000_000))
    for ref, (service, roles) in OFFICERS.items():
        station.say("officer.registered", next(moments), officer=ref, service=service, roles=roles)
    for step in ("seize", "store", "hand over", "store"):
        name, body = LAWFUL[step]
        station.say(name, next(moments), item="i1", **body)
    for place in ("P-1", "P-2"):
        station.say("compartment.closed", next(moments), compartment=place)
        station.say("compartment.locked", next(moments), compartment=place)
    order = {"request": "r", "purpose": "count", "officer": "k1", "command_id": 1, "valid_ms": 9_000}
    station.say("compartment.ordered", next(moments), compartment="P-1", **order)
    station.say("compartment.opened", next(moments), compartment="P-1")
    station.say("compartment.opened", next(moments), compartment="P-2")
    return folder


def audited(folder: Path, *more: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", str(FILE), str(folder), *more], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def lines(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.glob("*.seg")):
        yield from path.read_bytes().splitlines(keepends=True)


def test_a_good_log_is_accepted_and_the_opening_without_an_order_is_counted(log: Path) -> None:
    code, said = audited(log, "--lang", "en")
    assert code == 4
    assert "3 facts of 1 items, 1 still kept; all entries add up to 0. Refused 1." in said
    assert "opened 2 times, 1 of them without an order" in said
    assert audited(log)[1].startswith("账目平衡：3 条财物记录，1 件")
    assert audited(log / "nowhere")[0] == 2


def test_a_byte_that_was_changed_and_a_movement_that_was_cut_out_are_named(log: Path, tmp_path: Path) -> None:
    whole = list(lines(log))
    name = next(path.name for path in log.glob("*.seg"))
    (tmp_path / name).write_bytes(b"".join(whole).replace(b'"keeper":"k1"', b'"keeper":"k2"', 1))
    code, said = audited(tmp_path, "--lang", "en")
    assert code == 1
    assert "a whole line with its CRC" in said
    left = [line for line in whole if b"item.handed_over" not in line]
    (tmp_path / name).write_bytes(b"".join(left))
    code, said = audited(tmp_path, "--lang", "en")
    assert code == 1
    assert "Refused: " in said


def test_a_log_written_anew_without_a_movement_is_refused_by_what_it_says(log: Path, tmp_path: Path) -> None:
    """Whoever has the key can chain it anew: then the items themselves do not add up."""

    prev = "0" * 64
    out: list[bytes] = []
    for line in lines(log):
        leaf = json.loads(line[9:])
        if leaf["type"] in ("item.handed_over/1", "fact.refused/1"):
            continue
        leaf |= {"index": len(out), "prev": prev}
        data = dumps(leaf)
        out.append(encode_line(data))
        prev = hashlib.sha256(b"\x00" + data).hexdigest()
    (tmp_path / f"{0:016d}.seg").write_bytes(b"".join(out))
    code, said = audited(tmp_path, "--lang", "en")
    assert code == 1
    assert "item.stored: expected to be refused: illegal_move" in said


def test_the_power_goes_at_any_operation_of_the_disk_and_every_account_adds_up() -> None:
    found = run(seed=1, operations=600)
    assert found["failed"] == []
    assert found["power_cuts"] > 3
    assert found["stood"] > 300
