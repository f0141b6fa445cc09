"""A stay's bundle holds all that became of the person's things; strangers check it, and audit the log it is from."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from caselog import bundlecheck, records
from caselog.filedisk import FileDisk
from tests.server.station_kit import HOUR_US, MINUTE_US, Kit, morning
from tests.server.test_bundle import BegunLog, base64_of, make, send, verify
from tests.verify.auditor import FILE as AUDITOR

SIGNED = {"giver_signature": "a1" * 32, "taker_signature": "b2" * 32}
FIRST = (
    ("item.found", {"taken_by": "1001", "pieces": 1}),
    ("item.photographed", {"photo": "ab" * 32}),
    ("item.handed_over", {"giver": "1001", "keeper": "3001", **SIGNED}),
    ("item.stored", {"keeper": "3001", "compartment": "E-1"}),
)
LAST = (
    ("item.taken_out", {"keeper": "3001", "compartment": "E-1"}),
    ("item.returned", {"giver": "3001", "receiver": "person"}),
)


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    """S-1 comes with a purse and leaves with it; S-2 has a belt in another compartment all the time."""
    folder = tmp_path_factory.mktemp("property")
    made = Kit(folder)
    log = made.gateway = BegunLog(made.area, made.rulebook, disk=FileDisk(folder / "gateway"))
    at_us = morning(log)
    log.fact("officer.registered", at_us, officer="3001", service="sworn", roles=["keeper"], sex="F")
    log.fact("person.arrived", at_us, stay="S-2")
    for name, body in FIRST:
        at_us += MINUTE_US
        log.fact(name, at_us, item="e-purse", stay="S-1", **body)
        other = body | ({"compartment": "E-2"} if name == "item.stored" else {})
        log.fact(name, at_us, item="e-belt", stay="S-2", **other)
    at_us += HOUR_US
    for name, body in LAST:
        log.fact(name, at_us, item="e-purse", stay="S-1", **body)
    log.fact("stay.released", at_us, stay="S-1", reason="released", officer="1001")
    log.count("S-1", at_us)
    send(made, at_us + MINUTE_US)
    yield made
    made.close()


def test_a_bundle_holds_every_movement_of_the_persons_things_and_none_of_anothers(kit: Kit) -> None:
    read = bundlecheck.read(make(kit).data.splitlines(keepends=True))
    told = [record.type.partition("/")[0] for record in read.records if record.body.get("item") == "e-purse"]
    assert told == [name for name, _ in (*FIRST, *LAST)], "none was refused, none is missing"
    assert read.is_counted
    assert read.records[-1].type == records.STAY_COUNTED
    assert not [
        r for r in read.records if r.body.get("item") == "e-belt" or r.body.get("compartment") == "E-2"
    ]
    assert kit.state.snapshot().world.items.get("e-purse").state == "ended"  # type: ignore[union-attr]


def test_a_strangers_verifier_takes_the_movements_and_names_where_one_was_changed(
    kit: Kit, tmp_path: Path
) -> None:
    data, key = make(kit).data, base64_of(kit.gateway.key)
    assert verify(data, tmp_path, "--log-key", key).returncode == 0
    for name, was, becomes in (
        ("item.stored", b'"compartment":"E-1"', b'"compartment":"E-3"'),
        ("item.returned", b'"receiver":"person"', b'"receiver":"family"'),
    ):
        (index,) = (
            n
            for n, line in enumerate(data.splitlines(keepends=True))
            if name.encode() in line and was in line
        )
        lines = data.splitlines(keepends=True)
        lines[index] = lines[index].replace(was, becomes)
        found = verify(b"".join(lines), tmp_path, "--log-key", key)
        assert found.returncode == 1
        assert f"REFUSED, line {index + 2}: this leaf does not follow" in found.stdout, (
            "the next one names it"
        )


def test_the_auditor_of_property_agrees_with_the_log_that_the_bundle_is_from(kit: Kit) -> None:
    folder = kit.path / "gateway"
    asked = [sys.executable, "-I", str(AUDITOR), str(folder), "--lang", "en"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 facts of 2 items, 1 still kept; all entries add up to 0. Refused 0." in done.stdout
    (segment,) = folder.glob("*.seg")
    data = segment.read_bytes()
    segment.write_bytes(data.replace(b'"compartment":"E-1"', b'"compartment":"E-3"', 1))
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    segment.write_bytes(data)
    assert done.returncode == 1
