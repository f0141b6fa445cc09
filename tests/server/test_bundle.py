"""One stay for a court: chosen, stated, set, signed, and accepted by the verifier that shares no code with us."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caselog import bundlecheck, checkpoint, records
from caselog.clock import Instant
from caselog.errors import LeafError
from caselog.keys import SoftKey
from caseserver.area_state import AreaState
from caseserver.bundle import report, words
from caseserver.bundle.maker import BundleMaker, Made, naming_others
from caseserver.bundle.picture import Span, lane, picture
from caseserver.bundle.selection import NothingToBundle
from caseserver.bundle.texts import TextShelf
from caseserver.settings import Limits
from caseserver.store import cosignatures
from caseserver.store.cosignatures import Cosigned
from caseserver.store.database import Database
from caseward.bundle import main as command
from custody.bundled import area_text, rulebook_with_text
from custody.name import Name
from tests.gateway.bench import AREA, AREA_TEXT, GATEWAY_KEY, RULEBOOK, SERVER_KEY, Bench
from tests.server.station_kit import HOUR_US, MINUTE_US, START_US, GatewayLog, Kit, StationClock, morning

VERIFY = Path(__file__).parent.parent.parent / "server" / "verify" / "verify.py"
SERVER = "caseward.local/server"
WITNESS = SoftKey.from_seed(b"w" * 32)


@dataclass
class BegunLog(GatewayLog):
    """A gateway's log as a gateway begins it, with the record of counts."""

    after: records.Predecessor | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.say(records.BEGUN, records.begun(self.signer.name, self.key, self.after), START_US)

    def say(self, type_: str, body: dict[str, Any], at_us: int, stay: str | None = None) -> None:
        """Append what the log says of itself."""
        now = Instant(1, at_us - START_US, at_us, at_us)
        self.log.append(records.entry(type_, self.log.size, body, now, stay=stay))
        self.log.commit()

    def count(self, stay: str, at_us: int) -> None:
        """What a gateway appends after a release."""
        self.say(records.STAY_COUNTED, {"leaves": self.log.stay_size(stay) + 1}, at_us, stay)


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    made = Kit(tmp_path)
    made.gateway = BegunLog(made.area, made.rulebook)
    yield made
    made.close()


def play(kit: Kit, *, is_released: bool = True) -> int:
    """A day: S-1 arrives and is released, S-2 is there all the time; gives the end."""
    log = kit.gateway
    assert isinstance(log, BegunLog)
    at_us = morning(log)
    log.fact(
        "officer.registered",
        at_us,
        officer="2099",
        service="sworn",
        roles=["guard"],
        sex="F",
        badge="badge-2099",
    )
    log.fact("person.arrived", at_us + MINUTE_US, stay="S-2")
    log.fact("wristband.bound", at_us + 2 * MINUTE_US, stay="S-2", band="band-08", officer="2099")
    end_us = at_us + 3 * HOUR_US
    while (due_us := log.engine.next_deadline_us()) is not None and due_us < end_us:
        log.deadline(due_us)
    if is_released:
        log.fact("stay.released", end_us, stay="S-1", reason="released", officer="1001")
        log.count("S-1", end_us)
    log.fact("search.signed", end_us + MINUTE_US, stay="S-2", officers=["2099"], sex="F")
    return send(kit, end_us + MINUTE_US)


def send(kit: Kit, now_us: int) -> int:
    """All the gateway has, to the server."""
    kit.clock.at_us = now_us
    while kit.state.ingest.size < kit.gateway.log.size:
        first = kit.state.ingest.size
        batch = kit.gateway.batch(first, min(first + 64, kit.gateway.log.size))
        _, taken = kit.state.on_logs([batch], kit.clock.now())
        assert taken
        kit.state.follow(taken, kit.clock.now())
    return now_us


def maker_of(kit: Kit, *, has_texts: bool = True) -> BundleMaker:
    maker = BundleMaker(kit.path, kit.database, kit.key.named(SERVER))
    if has_texts:
        maker.texts.keep(area_text("standard"))
        maker.texts.keep(rulebook_with_text(kit.area)[1])
    return maker


def make(kit: Kit, stay: str = "S-1") -> Made:
    return maker_of(kit).make(kit.area, kit.rulebook, stay, kit.clock.at_us)


def lines_of(made: Made) -> list[dict[str, Any]]:
    return [json.loads(line) for line in made.data.splitlines()]


def part(made: Made, name: str) -> dict[str, Any]:
    return next(line for line in lines_of(made) if line.get("part") == name)


def base64_of(key: SoftKey) -> str:
    return base64.b64encode(key.public).decode()


def verify(data: bytes, tmp_path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "s.bundle"
    file.write_bytes(data)
    return subprocess.run(
        [sys.executable, "-I", str(VERIFY), str(file), "--lang", "en", *more], capture_output=True, text=True
    )


def test_a_bundle_is_accepted_by_the_separate_verifier_with_the_keys_of_log_witness_and_maker(
    kit: Kit, tmp_path: Path
) -> None:
    play(kit)
    made = make(kit)
    log_key, own = base64_of(kit.gateway.key), base64_of(kit.key)
    found = verify(
        made.data, tmp_path, "--log-key", log_key, "--witness", f"{SERVER}={own}", "--maker-key", own
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "GENUINE" in found.stdout
    other = base64_of(SoftKey.from_seed(b"x" * 32))
    assert verify(made.data, tmp_path, "--log-key", other).returncode == 1
    at = made.data.index(b"person.arrived")
    assert verify(made.data[:at] + b"P" + made.data[at + 1 :], tmp_path, "--log-key", log_key).returncode == 1


def test_a_bundle_holds_every_leaf_of_the_stay_and_says_that_it_is_whole(kit: Kit) -> None:
    play(kit)
    made = make(kit)
    read = bundlecheck.read(made.data.splitlines(keepends=True))
    own = [record for record in read.records if record.stay == "S-1"]
    assert [record.stay_n for record in own] == list(range(1, kit.gateway.log.stay_size("S-1") + 1))
    assert read.is_counted
    assert own[-1].type == "log.stay_counted/1"
    assert set(read.statements) == {"blindness", "coverage", "deadlines"}
    assert {text.name.partition("-")[0] for text in read.texts} == {"area", "rulebook"}
    assert read.head.size == kit.gateway.log.size


def test_a_bundle_holds_nothing_about_anyone_else(kit: Kit) -> None:
    play(kit)
    made = make(kit)
    assert made.others == ()
    kept = [line for line in made.data.splitlines() if not line.startswith(b'{"data"')]
    assert len(kept) == made.data.count(b"\n") - 1
    # without hashes and signatures, in which any four characters stand by chance
    said = re.sub(rb"[0-9a-f]{64}|[A-Za-z0-9+/]{43,}={0,2}", b"", b"\n".join(kept))
    assert b"S-1" in said
    for marker in (b"S-2", b"band-08", b"2099", b"1002", b"2001"):
        assert marker not in said, marker
    # what the report is set from, since the streams of a PDF are packed
    shown = json.dumps(
        picture(made.selection, {}, kit.area, kit.rulebook, [], kit.clock.at_us), ensure_ascii=False
    )
    for marker in ("S-2", "band-08", "2099", "1002", "2001"):
        assert marker not in shown, marker


def test_a_stay_that_goes_on_is_shown_complete_up_to_its_last_leaf_only(kit: Kit, tmp_path: Path) -> None:
    play(kit, is_released=False)
    made = make(kit)
    assert not made.selection.is_counted
    assert any(
        "Completeness is shown up to" in sentence for sentence in part(made, "manifest")["unproved"]["en"]
    )
    found = verify(made.data, tmp_path, "--log-key", base64_of(kit.gateway.key))
    assert found.returncode == 0, found.stdout + found.stderr


class KeyInTpm(SoftKey):
    """A key that the log says a TPM has sealed."""

    kind = "tpm2-sealed"


@pytest.mark.parametrize(
    ("key", "by_maker", "by_verifier"),
    [
        (SoftKey, "The log's key is a file", "it is a file (soft-key), free to"),
        (KeyInTpm, "sealed by a TPM: a copy of the disk does not have it", "a TPM seals it (tpm2-sealed)"),
    ],
)
def test_what_the_kind_of_the_logs_key_leaves_open_is_said_in_bundle_and_verdict(
    kit: Kit, tmp_path: Path, key: type[SoftKey], by_maker: str, by_verifier: str
) -> None:
    kit.gateway = BegunLog(kit.area, kit.rulebook, key.from_seed(b"g" * 32))
    play(kit)
    made = make(kit)
    said = part(made, "manifest")["unproved"]["en"]
    assert sum("The log's key is" in sentence for sentence in said) == 1
    assert any(by_maker in sentence for sentence in said)
    found = verify(made.data, tmp_path, "--log-key", base64_of(kit.gateway.key))
    assert found.returncode == 0, found.stdout + found.stderr
    assert by_verifier in found.stdout
    assert found.stdout.count("that nobody else used the log's key") == 1


def test_texts_that_the_server_never_had_are_asked_for_by_their_hash(kit: Kit) -> None:
    play(kit)
    maker = maker_of(kit, has_texts=False)
    name = sha256(area_text("standard").encode()).hexdigest()
    with pytest.raises(NothingToBundle, match=f"expected the text with SHA-256 {name} .config_hash of leaf"):
        maker.make(kit.area, kit.rulebook, "S-1", kit.clock.at_us)


def test_what_is_not_in_the_store_cannot_be_bundled(kit: Kit) -> None:
    with pytest.raises(NothingToBundle, match="expected a checkpoint"):
        make(kit)
    play(kit)
    with pytest.raises(NothingToBundle, match="expected leaves of a stay S-9"):
        make(kit, "S-9")


def test_a_log_that_does_not_say_what_it_is_is_not_bundled(kit: Kit) -> None:
    kit.gateway = GatewayLog(kit.area, kit.rulebook)
    send(kit, morning(kit.gateway))
    with pytest.raises(LeafError, match=r"expected log.begun/1 as leaf 0"):
        make(kit)


def test_a_checkpoint_that_others_cosigned_is_preferred_when_it_covers_the_stay(kit: Kit) -> None:
    now_us = play(kit)
    size, held = kit.gateway.log.size, kit.state.ingest.note
    assert held is not None
    cosign(kit, size, held)
    kit.gateway.fact(
        "recorder.measured", now_us + MINUTE_US, recorder=next(iter(kit.area.recorders)), disk_free_percent=50
    )
    send(kit, now_us + MINUTE_US)
    made = make(kit)
    assert made.selection.head.size == size < kit.gateway.log.size
    assert set(part(made, "manifest")["cosigned_s"]) == {SERVER, "office-2"}
    assert not any("in other hands" in sentence for sentence in part(made, "manifest")["unproved"]["en"])


def test_a_checkpoint_that_does_not_cover_the_stay_is_not_taken_however_many_cosigned_it(kit: Kit) -> None:
    log = kit.gateway
    at_us = send(kit, morning(log))
    held = kit.state.ingest.note
    assert held is not None
    cosign(kit, log.log.size, held)
    log.fact("stay.released", at_us + MINUTE_US, stay="S-1", reason="released", officer="1001")
    send(kit, at_us + MINUTE_US)
    assert make(kit).selection.head.size == log.log.size


def cosign(kit: Kit, size: int, held: bytes) -> None:
    note = checkpoint.cosign(held, WITNESS.named("office-2"), 1_800_000_000)
    row = Cosigned(
        kit.gateway.signer.name, "office-2", size, kit.gateway.log.root(size), note, 1_800_000_000, 1
    )
    with kit.database.writing() as connection:
        cosignatures.put(connection, row)


def test_a_key_that_changed_is_followed_from_the_first(kit: Kit, tmp_path: Path) -> None:
    log = kit.gateway
    assert isinstance(log, BegunLog)
    at_us = send(kit, morning(log))
    new = SoftKey.from_seed(b"n" * 32)
    log.say(records.KEY_CHANGED, records.key_changed(log.signer.name, log.log.size, log.key, new), at_us)
    log.signer = new.named(log.signer.name)  # the server was given the first one, and is told of no other
    log.fact("stay.released", at_us + MINUTE_US, stay="S-1", reason="released", officer="1001")
    log.count("S-1", at_us + MINUTE_US)
    send(kit, at_us + MINUTE_US)
    for key in (log.key, new):
        assert verify(make(kit).data, tmp_path, "--log-key", base64_of(key)).returncode == 0
    kit.restart()
    assert kit.state.ingest.take(log.batch(log.log.size - 1), 1).refused is None


def test_a_key_that_the_old_one_did_not_sign_is_refused_by_the_server(kit: Kit) -> None:
    log = kit.gateway
    assert isinstance(log, BegunLog)
    at_us = send(kit, morning(log))
    thief = SoftKey.from_seed(b"t" * 32)
    log.say(records.KEY_CHANGED, records.key_changed(log.signer.name, log.log.size, thief, thief), at_us)
    log.signer = thief.named(log.signer.name)
    outcome = kit.state.ingest.take(log.batch(log.log.size - 1), 1)
    assert outcome.refused is not None
    assert (outcome.refused.reason, outcome.records) == ("signature", ())


def test_a_gateway_from_its_first_start_to_a_bundle(tmp_path: Path) -> None:
    """The real core with a node, the real ingest and store, the separate verifier."""
    database = Database(tmp_path / "server.db")
    maker = BundleMaker(tmp_path, database, SERVER_KEY.named(SERVER))
    bench = Bench()
    bench.config_hash = maker.texts.keep(AREA_TEXT)
    bench.rulebook_hash = maker.texts.keep(rulebook_with_text(AREA)[1])
    bench.open()
    bench.node.power_up()
    bench.run(2_000)
    bench.say("officer.registered", officer="p1", service="sworn", roles=["duty_officer", "guard"])
    bench.say("person.arrived", stay="s1")
    bench.say("person.arrived", stay="s2")
    bench.crash()
    bench.run(2_000)
    bench.say("stay.released", stay="s1", reason="released", officer="p1")
    bench.is_server_up = False
    bench.connect()
    state = AreaState(AREA, RULEBOOK, GATEWAY_KEY.public, SERVER_KEY.named(SERVER), database, Limits())
    for publish in [p for p in bench.published if p.topic == "log"]:
        now = bench.moment().instant
        _, taken = state.on_logs([publish.payload], now)
        state.follow(taken, now)
    assert state.ingest.size > 0
    assert state.evaluator.take_differences() == []
    made = maker.make(AREA, RULEBOOK, "s1", bench.station_us)
    assert made.selection.is_counted
    found = verify(made.data, tmp_path, "--log-key", base64_of(GATEWAY_KEY))
    database.close()
    assert found.returncode == 0, found.stdout + found.stderr


# --- the command -----------------------------------------------------------------------------


def station(kit: Kit) -> None:
    """The files of a server beside its store."""
    (kit.path / "keys").mkdir()
    kit.key.save(kit.path / "keys" / "server.key")
    (kit.path / "standard.toml").write_text(area_text("standard"))
    (kit.path / "server.toml").write_text(
        f'[gateways.{kit.area.gateway}]\narea = "standard.toml"\npublic_key = "{kit.gateway.key.public.hex()}"\n'
    )


def run(kit: Kit, *more: str) -> int:
    where = ["--data", str(kit.path), "--officer", "3001", "--reason", "court order 7"]
    return command([*where, "-o", str(kit.path / "s-1.bundle"), *more], StationClock(kit.clock.at_us))


def test_the_command_writes_a_bundle_beside_a_running_server_and_the_export_is_on_record(
    kit: Kit, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    play(kit)
    station(kit)
    maker_of(kit)
    assert run(kit, "--stay", "S-1") == 0
    assert "counted at its end" in capsys.readouterr().out
    data = (kit.path / "s-1.bundle").read_bytes()
    assert verify(data, tmp_path, "--log-key", base64_of(kit.gateway.key)).returncode == 0
    assert kit.station.audit.waiting() == 1
    kit.station.audit.drain()
    (leaf,) = [json.loads(data) for data in kit.own_log.leaves(0, 100) if b"export.made" in data]
    assert (leaf["body"]["officer"], leaf["body"]["subject"]) == ("3001", "a1/S-1")
    assert leaf["body"]["detail"]["reason"] == "court order 7"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--stay", "S-9"), "expected leaves of a stay S-9"),
        (("--stay", "S-1", "--gateway", "gw-x"), "expected --gateway, one of gw-a1, found gw-x"),
        (("--stay", "S-1", "--disclose", "name"), "expected people.keys in server.toml"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why_and_writes_nothing(
    kit: Kit, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], message: str
) -> None:
    play(kit)
    station(kit)
    maker_of(kit)
    assert run(kit, *more) == 2
    assert message in capsys.readouterr().err
    assert not (kit.path / "s-1.bundle").exists()
    assert kit.station.audit.waiting() == 0


def test_a_text_of_before_can_be_given_as_a_file(kit: Kit) -> None:
    play(kit)
    station(kit)
    maker_of(kit, has_texts=False)
    book = kit.path / "book.toml"
    book.write_text(rulebook_with_text(kit.area)[1])
    assert run(kit, "--stay", "S-1") == 2
    assert run(kit, "--stay", "S-1", "--text", str(book), "--text", str(kit.path / "standard.toml")) == 0


# --- parts -----------------------------------------------------------------------------------


def test_a_text_is_kept_once_and_a_file_that_holds_another_is_not_believed(tmp_path: Path) -> None:
    shelf = TextShelf(tmp_path / "texts")
    name = shelf.keep("# 规则\n")
    assert shelf.keep("# 规则\n") == name == sha256("# 规则\n".encode()).hexdigest()
    assert shelf.get(name) == "# 规则\n"
    (tmp_path / "texts" / f"{name}.toml").write_text("other")
    assert shelf.get(name) is None
    assert shelf.get("0" * 64) is None
    shelf.keep("# 规则\n")
    assert shelf.get(name) == "# 规则\n"


def test_leaves_that_name_another_stay_are_found_wherever_in_the_body(kit: Kit) -> None:
    play(kit)
    own = make(kit).selection.own
    bodies = [{"a": "S-2"}, {"a": ["x", "S-2"]}, {"a": {"b": "stay:S-2"}}, {"a": "S-22"}, {"a": 2}]
    told = [replace(own[0], index=number, body=body) for number, body in enumerate(bodies)]
    assert naming_others(told, {"S-2"}) == [0, 1, 2]


def test_a_report_is_a_pdf_and_the_same_from_the_same_data(kit: Kit) -> None:
    play(kit)
    first, second = make(kit), make(kit)
    data = base64.b64decode(part(first, "report")["data"])
    assert data.startswith(b"%PDF-")
    assert first.data == second.data


def test_a_machine_without_the_font_is_told_what_to_install(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(kit)
    monkeypatch.setattr(report, "FONT", "No Such Font")
    with pytest.raises(report.ReportError, match="fonts-noto-cjk"):
        make(kit)


def test_every_word_of_the_report_is_there_in_both_languages_with_the_same_places() -> None:
    names = [n for value in vars(words).values() if isinstance(value, dict) for n in value.values()]
    names += [value for value in vars(words).values() if isinstance(value, Name)]
    names = [name for name in names if isinstance(name, Name)]
    assert len(names) > 60
    for name in names:
        assert name.zh
        assert name.en
        for place in ("{count}", "{leaf}", "{leaves}", "{zone}", "{size}", "{time}"):
            assert (place in name.zh) == (place in name.en), name


def test_a_moment_outside_the_drawing_lies_at_its_edge() -> None:
    span = Span(100, 200)
    assert [span.share(at) for at in (50, 100, 150, 200, 999)] == [0, 0, 0.5, 1, 1]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=30))
def test_bars_that_overlap_lie_in_rows_below_each_other(spans: list[tuple[int, int]]) -> None:
    bars = [{"from": start / 100, "to": (start + length) / 100} for start, length in spans]
    laid = lane("clocks", bars)
    assert len(laid["bars"]) == len(spans)
    for row in range(laid["rows"]):
        mine = sorted((bar["from"], bar["to"]) for bar in laid["bars"] if bar["row"] == row)
        assert all(before[1] <= after[0] for before, after in pairwise(mine))
    assert all(bar["row"] < laid["rows"] for bar in laid["bars"])
