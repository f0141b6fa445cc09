"""Second witnesses: what they are shown, what they hand back, and what a station cannot hide from them."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import uvicorn

from caselog import checkpoint
from caselog.checkpoint import Checkpoint
from caselog.errors import FormatError
from caselog.fork import check, encode
from caselog.keys import SoftKey, Verifier
from caselog.tree import Tree
from caselog.witness import Cosigned, Refused, Request, judge, parse
from caseserver.app import create_app
from caseserver.program import Program
from caseserver.settings import Settings, Witness
from caseserver.store import cosignatures
from caseserver.witness import NAME_PREFIX
from caseward import witness as command
from tests.server.fork_checker import is_proof
from tests.server.station_kit import MINUTE_US, GatewayLog, Kit, StationClock, morning

WITNESS = SoftKey.from_seed(b"w" * 32)
LOG = SoftKey.from_seed(b"l" * 32)
ORIGIN = "caseward.local/a1/gw/e1"


# --- the judge of C2SP tlog-witness -----------------------------------------------------------


def tree_of(size: int, salt: int = 0) -> Tree:
    tree = Tree()
    for index in range(size):
        tree.append(sha256(bytes([index, salt])).digest())
    return tree


def note_of(tree: Tree, size: int, key: SoftKey = LOG) -> bytes:
    return checkpoint.sign(Checkpoint(ORIGIN, size, tree.root(size)), key.named(ORIGIN))


def judged(seen: bytes | None, request: Request) -> Cosigned | Refused:
    return judge(seen, [Verifier(ORIGIN, LOG.public)], request, WITNESS.named("w"), 1_700_000_000)


def test_what_goes_on_from_the_last_is_cosigned_from_the_first_on() -> None:
    tree = tree_of(40)
    seen: bytes | None = None
    old = 0
    for size in (1, 2, 3, 8, 8, 17, 40):
        said = judged(seen, Request(old, tuple(tree.consistency_proof(old, size)), note_of(tree, size)))
        assert isinstance(said, Cosigned), said
        proof = checkpoint.verify_cosignature(said.note, WITNESS.named("w").verifier)
        assert (proof.checkpoint.size, proof.timestamp_s) == (size, 1_700_000_000)
        seen, old = said.note, size


@pytest.mark.parametrize(
    ("seen_size", "old", "size", "salt", "proof_from", "status"),
    [
        (8, 8, 17, 0, 7, 422),  # a proof of something else
        (8, 7, 17, 0, 7, 409),  # begins at another size than the last
        (8, 0, 17, 0, 0, 409),
        (17, 8, 8, 0, 8, 409),  # an older checkpoint again
        (8, 9, 8, 0, 8, 400),
        (8, 8, 8, 1, 8, 409),  # the same size and another root
        (8, 8, 17, 1, 8, 422),  # another history, by its own proof
        (0, 3, 8, 0, 3, 409),
    ],
)
def test_everything_else_is_refused_with_the_status_of_the_specification(
    seen_size: int, old: int, size: int, salt: int, proof_from: int, status: int
) -> None:
    seen = note_of(tree_of(seen_size), seen_size) if seen_size else None
    tree = tree_of(size, salt)
    proof = tuple(tree.consistency_proof(proof_from, size))
    said = judged(seen, Request(old, proof, note_of(tree, size)))
    assert isinstance(said, Refused)
    assert said.status == status
    if said.fork is not None:
        check(encode(said.fork), [Verifier(ORIGIN, LOG.public)])
    assert (said.fork is not None) == (seen_size == size and salt == 1)


def test_a_stranger_is_forbidden_and_a_request_is_read_strictly() -> None:
    tree = tree_of(5)
    said = judged(None, Request(0, (), note_of(tree, 5, SoftKey.from_seed(b"x" * 32))))
    assert isinstance(said, Refused)
    assert said.status == 403
    good = Request(3, tuple(tree.consistency_proof(3, 5)), note_of(tree, 5))
    assert parse(good.encode()) == good
    body = good.encode()
    for bad in (
        b"",
        b"old 03" + body[5:],
        b"old -1" + body[5:],
        body.replace(b"=\n", b"\n", 1),
        b"x" * 80_000,
    ):
        with pytest.raises(FormatError):
            parse(bad)
    with pytest.raises(FormatError, match="at most 63"):
        parse(b"old 1\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + good.note)


# --- a station and a witness over a real line ---------------------------------------------------


class Office:
    """A witness's machine: its directory, and its commands over real files."""

    def __init__(self, data: Path, clock: StationClock, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self._clock = clock
        self._capsys = capsys
        status, printed = self.run("init", "--name", "bureau", "--data", str(data))
        assert status == 0
        lines = dict(line.split(" = ") for line in printed.splitlines()[1:])
        self.known = {"bureau": Witness(**{name: text.strip('"') for name, text in lines.items()})}

    def run(self, *argv: str) -> tuple[int, str]:
        """(exit code, what was printed)."""
        self._capsys.readouterr()
        status = command.main(list(argv), self._clock)
        shown = self._capsys.readouterr()
        return status, shown.out + shown.err

    def trust(self, kit: Kit) -> None:
        keys = [key for _, key, _ in kit.station.witnesses.logs()]
        assert self.run("trust", "--data", str(self.data), *keys)[0] == 0

    def visit(self, url: str) -> tuple[int, str]:
        return self.run("--data", str(self.data), "--from", url)


@contextmanager
def served(kit: Kit) -> Iterator[str]:
    """The station's address."""
    program = SimpleNamespace(
        settings=Settings(), station=kit.station, accounts=kit.accounts, inbox=kit.inbox, worker=kit.worker,
        link=None, influx_queue=None, influx_writer=None, database=kit.database, people=None, bundles=None,
        factors=None, changes=None, tokens=None, pins=None, papers=None,
    )  # fmt: skip
    app = create_app(cast(Program, program))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    end_s = time.monotonic() + 60
    while not server.started and time.monotonic() < end_s:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path / "office", StationClock(), capsys)


@pytest.fixture
def station(tmp_path: Path, office: Office) -> Iterator[Kit]:
    folder = tmp_path / "station"
    folder.mkdir()
    kit = Kit(folder, witnesses=office.known)
    morning(kit.gateway)
    kit.take(kit.gateway.batch(0, 20))
    yield kit
    kit.close()


def kept(kit: Kit) -> dict[str, int]:
    """Log -> size of the newest cosignature the station holds."""
    return {s.log: s.size for s in kit.station.witnesses.standings() if s.size is not None}


def test_a_witness_cosigns_every_log_and_the_station_keeps_what_it_said(station: Kit, office: Office) -> None:
    office.trust(station)
    with served(station) as url:
        status, printed = office.visit(url)
        assert (status, printed.count("cosigned")) == (0, 2), printed
        assert kept(station) == {"gw-a1": 20, "server": 1}
        station.take(station.gateway.batch(20))
        station.station.record_read("9001", "stay", "a1/S-1")
        status, printed = office.visit(url)
        assert status == 0, printed
        assert kept(station) == {"gw-a1": station.gateway.log.size, "server": 2}
    with station.database.reading() as connection:
        (row,) = cosignatures.newest(connection, station.gateway.signer.name)
    public = bytes.fromhex(office.known["bureau"].public_key)
    said = checkpoint.verify_cosignature(row.note, Verifier(NAME_PREFIX + "bureau", public))
    assert said.checkpoint.root == station.gateway.log.root()
    checkpoint.verify(row.note, Verifier(station.gateway.signer.name, station.gateway.key.public))


def test_a_log_that_nobody_told_the_witness_to_trust_is_not_cosigned(station: Kit, office: Office) -> None:
    with served(station) as url:
        status, printed = office.visit(url)
    assert status == 1
    assert "found none" in printed


def test_without_the_token_nothing_is_shown_and_with_another_key_nothing_is_taken(
    station: Kit, office: Office
) -> None:
    office.trust(station)
    (office.data / "token").write_text("another\n")
    with served(station) as url:
        status, printed = office.visit(url)
    assert status == 2
    assert "401" in printed
    stranger = checkpoint.cosign(station.gateway.note(20), WITNESS.named(NAME_PREFIX + "bureau"), 5)
    refused = station.station.witnesses.take("bureau", stranger, station.clock.now())
    assert refused is not None
    assert refused.status == 403
    assert kept(station) == {}


def test_a_station_that_shows_another_history_is_refused_and_both_sides_have_the_proof(
    station: Kit, office: Office, tmp_path: Path
) -> None:
    office.trust(station)
    with served(station) as url:
        assert office.visit(url)[0] == 0
    # a server that begins from nothing takes the other history of the cloned gateway
    folder = tmp_path / "other"
    folder.mkdir()
    shutil.copytree(station.path / "log", folder / "log")
    liar = Kit(folder, witnesses=office.known)
    liar.gateway = GatewayLog(liar.area, liar.rulebook)
    morning(liar.gateway, liar.clock.at_us + 1)
    liar.take(liar.gateway.batch(0, 30))
    with served(liar) as url:
        status, printed = office.visit(url)
    assert status == 1
    assert "REFUSED" in printed
    (mine,) = (office.data / "forks").iterdir()
    assert is_proof(mine.read_bytes(), liar.gateway.key.public)
    # the witness handed back what it holds instead: the liar's own server now knows too
    (theirs,) = liar.state.forks.files()
    assert is_proof(theirs.read_bytes(), liar.gateway.key.public)
    assert liar.station.area("a1").health().is_forked
    liar.close()


def test_a_stick_does_the_same_where_there_is_no_line(station: Kit, office: Office, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    office.trust(station)
    token = str(office.data / "token")
    with served(station) as url:
        carry = ("carry", "--usb", str(stick), "--from", url, "--token", token)
        visit = ("--data", str(office.data), "--usb", str(stick))
        assert office.run(*carry)[0] == 0
        assert office.run(*visit)[0] == 0
        assert kept(station) == {}, "nothing comes back before the stick does"
        station.take(station.gateway.batch(20))
        status, printed = office.run(*carry)
        assert (status, printed.count("handed back\n")) == (0, 2), printed
        assert kept(station)["gw-a1"] == 20
        assert office.run(*visit)[0] == 0
        assert office.run(*carry)[0] == 0
    assert kept(station)["gw-a1"] == station.gateway.log.size


def test_a_stick_that_was_left_behind_once_is_mended_by_the_next_round(
    station: Kit, office: Office, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    office.trust(station)
    token = str(office.data / "token")
    with served(station) as url:
        for stick in (first, second):
            stick.mkdir()
            assert office.run("carry", "--usb", str(stick), "--from", url, "--token", token)[0] == 0
            station.take(station.gateway.batch(20))
        assert office.run("--data", str(office.data), "--usb", str(second))[0] == 0
        status, printed = office.run("--data", str(office.data), "--usb", str(first))
        assert (status, "409" in printed) == (1, True)
        for _ in range(2):
            office.run("carry", "--usb", str(first), "--from", url, "--token", token)
            status, _ = office.run("--data", str(office.data), "--usb", str(first))
        assert status == 0
    assert kept(station)["gw-a1"] == station.gateway.log.size


def test_notes_come_as_files_too(station: Kit, office: Office, tmp_path: Path) -> None:
    office.trust(station)
    file = tmp_path / "note"
    file.write_bytes(station.gateway.note(20))
    for _ in range(2):
        assert office.run("--data", str(office.data), "--from-file", str(file))[0] == 0
    refused = station.station.witnesses.take(
        "bureau", (tmp_path / "note.cosigned").read_bytes(), station.clock.now()
    )
    assert refused is None
    file.write_bytes(station.gateway.note(25))
    status, printed = office.run("--data", str(office.data), "--from-file", str(file))
    assert (status, "422" in printed) == (1, True), "a larger one needs its proof"


def test_a_restored_server_is_behind_the_witness_and_no_fork_is_cried(
    station: Kit, office: Office, tmp_path: Path
) -> None:
    shutil.copytree(station.path, tmp_path / "yesterday")
    station.take(station.gateway.batch(20))
    office.trust(station)
    with served(station) as url:
        assert office.visit(url)[0] == 0
    restored = Kit(tmp_path / "yesterday", witnesses=office.known)
    restored.gateway = station.gateway
    with served(restored) as url:
        status, printed = office.visit(url)
        assert (status, "not offered: 409 20" in printed) == (1, True), printed
        restored.take(restored.gateway.batch(20))
        assert office.visit(url)[1].count("cosigned") == 2
    assert restored.state.forks.files() == []
    assert not restored.station.area("a1").health().is_forked
    restored.close()


def test_the_servers_own_log_set_back_is_seen_by_the_witness_and_begins_anew(
    station: Kit, office: Office, tmp_path: Path
) -> None:
    shutil.copytree(station.path, tmp_path / "yesterday")
    station.station.record_read("9001", "stay", "a1/S-1")
    office.trust(station)
    with served(station) as url:
        assert office.visit(url)[0] == 0
    restored = Kit(tmp_path / "yesterday", witnesses=office.known)
    old = restored.own_log.origin
    restored.station.record_read("6666", "stay", "a1/S-2")  # what yesterday's copy now says instead
    restored.station.record_read("6666", "stay", "a1/S-3")
    with served(restored) as url:
        status, printed = office.visit(url)
    assert status == 1
    assert "two histories" in printed
    assert restored.own_log.origin != old
    (file,) = (restored.path / "forks").glob("server-*.json")
    assert is_proof(file.read_bytes(), restored.key.public)
    assert any(alarm.variant == "own_log" for alarm in restored.state.book.open())
    restored.close()


def test_a_silent_witness_is_an_alarm_until_it_is_heard(station: Kit, office: Office) -> None:
    def open_alarms() -> list[str]:
        station.worker._drain_s = 0.0
        station.worker.turn()
        return [
            a.params["witness"] for a in station.state.book.open() if a.variant == "witness" and a.is_active
        ]

    assert open_alarms() == []
    station.clock.at_us += 16 * MINUTE_US
    assert open_alarms() == ["bureau"]
    assert open_alarms() == ["bureau"], "once"
    assert {a.severity for a in station.state.book.open() if a.variant == "witness"} == {"S3"}, (
        "nobody is woken"
    )
    office.trust(station)
    with served(station) as url:
        assert office.visit(url)[0] == 0
    assert open_alarms() == []
    station.clock.at_us += 14 * MINUTE_US
    station.restart()
    assert open_alarms() == [], "a restart forgets nothing"
    station.clock.at_us += 2 * MINUTE_US
    assert open_alarms() == ["bureau"]


def test_a_witness_that_dies_before_it_answers_still_knows_what_it_cosigned(
    station: Kit, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.trust(station)

    def cut(*_arguments: object) -> str:
        raise OSError("the line is cut")

    with served(station) as url:
        monkeypatch.setattr("caseward.witness_line.Line.hand_back", cut)
        assert office.visit(url)[0] == 2
        monkeypatch.undo()
        station.take(station.gateway.batch(20))
        status, printed = office.visit(url)
    assert status == 0, printed
    assert "20 before" in printed
