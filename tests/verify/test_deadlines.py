"""The separate checker of certificates: a good one is accepted, and no row can be changed, left out or invented."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caselog.canonical import dumps
from caselog.segment import encode_line
from caseward.cli import main
from custody.ledger.deadlines import summary, terms
from tests.custody.station_log import HASHES, StationLog, told
from tests.custody.support import OFFICERS, admitted, at
from tests.custody.tales import random_tale

pytestmark = pytest.mark.slow

FILE = Path(__file__).parents[2] / "server" / "verify" / "deadlines.py"


def _load():
    spec = importlib.util.spec_from_file_location("deadline_checker", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


checker = _load()


def write(folder: Path, *, leaves_out: tuple[str, ...] = ()) -> Path:
    """A morning and a day in a log folder: two clocks that run out, one while the gateway stands."""
    station = StationLog(folder)
    station.say("config.loaded", at("08:00"), **HASHES)
    station.play([*OFFICERS, *admitted("public_order_questioning")])
    second = admitted("public_order_questioning", stay="s-2", band="B08")
    station.play([line.replace("09:", "12:") for line in second])
    station.wake(at("17:30"), leaves_out=leaves_out)
    station.restart(at("21:30"))
    station.say("stay.released", at("21:40"), stay="s-1", reason="released")
    station.wake(at("22:00"))
    return folder


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("log"))


@pytest.fixture(scope="module")
def good(log, tmp_path_factory) -> list[bytes]:
    """The lines of a certificate of the whole log."""
    file = tmp_path_factory.mktemp("certificate") / "all.jsonl"
    assert main(["certificate", str(log), "-o", str(file)]) == 0
    return file.read_bytes().split(b"\n")[:-1]


def verdict(log: Path, lines: list[bytes], tmp_path: Path) -> str:
    """ "" when it is accepted, else what is wrong."""
    file = tmp_path / "tried.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    try:
        checker.check(str(log), str(file))
    except checker.Wrong as error:
        return str(error)
    return ""


def test_a_good_certificate_is_accepted_by_the_file_alone_on_a_bare_python(log, good, tmp_path):
    file = tmp_path / "good.jsonl"
    file.write_bytes(b"\n".join(good) + b"\n")
    alone = shutil.copy(FILE, tmp_path / "deadlines.py")
    for language, words in (("zh", "漏判 0"), ("en", "Missed 0")):
        command = [sys.executable, "-I", "-S", str(alone), str(log), str(file), "--lang", language]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert words in done.stdout
        assert ("不能证明" if language == "zh" else "Not shown") in done.stdout


def test_the_summary_says_in_both_languages_how_the_limits_ended(log, tmp_path, capsys):
    assert main(["certificate", str(log), "-o", str(tmp_path / "c")]) == 0
    said = capsys.readouterr().out
    assert "漏判 0" in said
    assert "Missed 0" in said
    total = json.loads((tmp_path / "c").read_bytes().splitlines()[-1])
    assert total["punctual"]["blind"] > 0
    assert f"after a stop of the gateway {total['punctual']['blind']}" in said


def test_every_row_left_out_doubled_or_swapped_is_refused(log, good, tmp_path):
    for number in range(len(good)):
        assert verdict(log, good[:number] + good[number + 1 :], tmp_path), f"line {number} left out"
        assert verdict(log, [*good[: number + 1], *good[number:]], tmp_path), f"line {number} twice"
        if number + 1 < len(good):
            swapped = [*good[:number], good[number + 1], good[number], *good[number + 2 :]]
            assert verdict(log, swapped, tmp_path), f"line {number} swapped"


def test_every_value_of_every_row_changed_is_refused(log, good, tmp_path):
    for number, line in enumerate(good):
        for key, value in json.loads(line).items():
            if key in ("from_us", "to_us") and number == 0:
                continue  # another period in which the same limits ran
            other = 7 if not isinstance(value, int) or value == 0 else value + 1
            changed = [*good[:number], dumps({**json.loads(line), key: other}), *good[number + 1 :]]
            assert verdict(log, changed, tmp_path), f"line {number}: {key}"


def test_a_row_that_is_invented_is_refused_and_named(log, good, tmp_path):
    row = json.loads(good[3])
    invented = dumps({**row, "obligation": row["obligation"] + "0"})
    assert "certificate line 4" in verdict(log, [*good[:3], invented, *good[3:]], tmp_path)


def test_a_certificate_of_a_period_has_to_be_of_that_period(log, good, tmp_path):
    file = tmp_path / "part.jsonl"
    period = ["--from", "2026-03-18T16:00:00+08:00", "--to", "2026-03-18T18:00:00+08:00"]
    assert main(["certificate", str(log), *period, "-o", str(file)]) == 0
    lines = file.read_bytes().split(b"\n")[:-1]
    assert 3 < len(lines) < len(good)
    assert verdict(log, lines, tmp_path) == ""
    assert verdict(log, [good[0], *lines[1:]], tmp_path)


def test_a_log_that_grows_after_its_certificate_was_made_is_the_same_log(log, good, tmp_path):
    longer = shutil.copytree(log, tmp_path / "log")
    with next(iter(sorted(longer.glob("*.seg"), reverse=True))).open("ab") as file:
        file.write(encode_line(b'{"any":"leaf"}'))
    assert verdict(longer, good, tmp_path) == ""


def test_one_changed_byte_of_the_log_is_refused(log, good, tmp_path):
    damaged = shutil.copytree(log, tmp_path / "log")
    segment = next(iter(damaged.glob("*.seg")))
    data = segment.read_bytes()
    for at_byte in range(3, len(data), len(data) // 60):
        changed = bytearray(data)
        changed[at_byte] ^= 1
        segment.write_bytes(bytes(changed))
        assert verdict(damaged, good, tmp_path), f"byte {at_byte}"


def test_a_log_that_was_cut_or_rewritten_is_not_the_one_the_certificate_is_of(log, good, tmp_path):
    cut = shutil.copytree(log, tmp_path / "cut")
    segment = next(iter(cut.glob("*.seg")))
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-1]))
    assert "the log: expected" in verdict(cut, good, tmp_path)
    other = write(tmp_path / "other", leaves_out=("alarm.raised/1",))
    assert verdict(other, good, tmp_path)


def test_an_alarm_that_a_gateway_left_out_is_named_by_certificate_and_checker(tmp_path, capsys):
    log = write(tmp_path / "log", leaves_out=("alarm.raised/1",))
    file = tmp_path / "certificate.jsonl"
    assert main(["certificate", str(log), "-o", str(file), "--lang", "en"]) == 1
    assert "T5/questioning/stay:s-1" in capsys.readouterr().out
    done = subprocess.run(
        [sys.executable, FILE, str(log), str(file), "--lang", "en"], capture_output=True, text=True
    )
    assert done.returncode == 4
    assert "T5/questioning/stay:s-1" in done.stdout


def test_a_certificate_that_hides_a_missed_limit_is_refused(tmp_path):
    log = write(tmp_path / "log", leaves_out=("alarm.raised/1",))
    file = tmp_path / "certificate.jsonl"
    assert main(["certificate", str(log), "-o", str(file)]) == 1
    lines = file.read_bytes().split(b"\n")[:-1]
    number = next(n for n, line in enumerate(lines) if b'"outcome":"missed"' in line)
    hidden = dumps({**json.loads(lines[number]), "outcome": "closed"})
    assert "missed" in verdict(log, [*lines[:number], hidden, *lines[number + 1 :]], tmp_path)


@settings(max_examples=25)
@given(st.integers(min_value=0, max_value=100_000), st.booleans())
def test_two_programs_that_share_no_code_say_the_same_of_any_history(seed, is_without_some_answers):
    leaves = told(random_tale(seed, 80))
    if is_without_some_answers:
        leaves = [x for x in leaves if x["class"] == "fact" or hash((seed, x["index"])) % 7]
    rows, total = checker.rows_of(leaves, 0, 2**62)
    found = terms(leaves)
    assert rows == [term.row() for term in found]
    assert total == summary(found)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([b"[]"], "one canonical JSON object"),
        ([b'{"certificate":1.0}'], "one canonical JSON object"),
        ([b'{"certificate":2}'], "the head of a certificate"),
        ([], "one canonical JSON object"),
    ],
)
def test_what_is_no_certificate_is_refused_with_what_was_expected(log, tmp_path, lines, says):
    assert says in verdict(log, lines, tmp_path)


def test_a_call_without_two_names_says_how_it_is_called():
    done = subprocess.run([sys.executable, FILE], capture_output=True, text=True)
    assert done.returncode == 2
    assert "LOGDIR CERTIFICATE" in done.stderr


def test_a_damaged_log_gives_no_certificate_but_where_it_is_damaged(log, tmp_path, capsys):
    damaged = shutil.copytree(log, tmp_path / "log")
    segment = next(iter(damaged.glob("*.seg")))
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([*lines[:5], *lines[6:]]))
    assert main(["certificate", str(damaged), "-o", str(tmp_path / "c")]) == 2
    assert "leaf 5: expected index 5, found index 6" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_a_line_that_is_being_written_is_not_yet_part_of_the_log(log, good, tmp_path):
    live = shutil.copytree(log, tmp_path / "log")
    with next(iter(live.glob("*.seg"))).open("ab") as file:
        file.write(b"0000")
    out = tmp_path / "c"
    assert main(["certificate", str(live), "-o", str(out)]) == 0
    assert out.read_bytes().split(b"\n")[:-1] == good
