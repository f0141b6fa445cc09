"""`caseward server log`: read beside the running server, and the keys a witness is to trust."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from caselog import canonical
from caselog.keys import Verifier
from caseserver.main import main
from caseserver.own_log import epochs
from caseserver.program import KEY_FILE
from tests.server.station_kit import Kit, StationClock, morning

GATEWAY = """
[gateways.gw-a1]
area = "area.toml"
public_key = "{public}"
"""


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(tmp_path)
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    (tmp_path / "server.toml").write_text(GATEWAY.format(public=kit.gateway.key.public.hex()))
    yield kit
    kit.close()


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, list[str], str]:
    status = main(["log", *argv], lambda _boot: StationClock())
    shown = capsys.readouterr()
    return status, shown.out.splitlines(), shown.err


def test_the_leaves_are_printed_as_they_are_while_the_server_has_the_log_open(
    station: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        station.station.record_read("9001", "stay", f"a1/S-{number}")
    status, lines, _ = printed(capsys, "--data", str(station.path))
    assert status == 0
    assert [line.encode() for line in lines] == station.own_log.leaves(0, 10)
    _, lines, _ = printed(capsys, "--data", str(station.path), "--first", "1", "--words", "a1/S-1")
    assert [canonical.loads(line.encode())["body"]["subject"] for line in lines] == ["a1/S-1"]


def test_a_line_that_is_being_written_is_left_out(station: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    number, name = epochs(station.path / "log")[-1]
    (file,) = (station.path / "log" / f"{number}-{name}").glob("*.seg")
    with file.open("ab") as segment:
        segment.write(b'0123abcd {"body"')
    status, lines, _ = printed(capsys, "--data", str(station.path))
    assert (status, len(lines)) == (0, 1)


def test_a_leaf_that_does_not_follow_is_named(station: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    station.station.record_read("9001", "stay", "a1/S-1")
    number, name = epochs(station.path / "log")[-1]
    (file,) = (station.path / "log" / f"{number}-{name}").glob("*.seg")
    first, second = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(second + first)
    status, _, complaint = printed(capsys, "--data", str(station.path))
    assert status == 1
    assert "leaf 0: expected index 0, found index 1" in complaint


def test_the_keys_of_all_logs_are_printed_as_the_station_shows_them(
    station: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines, _ = printed(capsys, "--data", str(station.path), "--keys")
    assert status == 0
    assert lines == [key for _, key, _ in station.station.witnesses.logs()]
    assert [Verifier.from_vkey(line).name for line in lines] == [
        station.gateway.signer.name, station.own_log.origin,
    ]  # fmt: skip


def test_the_keys_are_printed_as_the_verifier_of_bundles_takes_them(
    station: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    (station.path / KEY_FILE).parent.mkdir(exist_ok=True)
    station.key.save(station.path / KEY_FILE)
    status, lines, _ = printed(capsys, "--data", str(station.path), "--for-verify")
    assert status == 0
    named = [line.split() for line in lines]
    assert all(len(words[1].rpartition("=")[0]) > 40 and words[1].endswith("=") for words in named)
    logs = [key for _, key, _ in station.station.witnesses.logs()]
    shown = [base64.b64encode(Verifier.from_vkey(line).public).decode() for line in logs]
    assert [words[1] for words in named if words[0] == "--log-key"] == shown
    (maker,) = (words[1] for words in named if words[0] == "--maker-key")
    assert any(words[0] == "--witness" and words[1].endswith("=" + maker) for words in named)
