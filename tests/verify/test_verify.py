"""verify.py: good bundles are accepted, everything else is refused and the first wrong thing named."""

from __future__ import annotations

import ast
import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.tree import ROOT, text
from tests.verify import forge, maker, million
from tests.verify.judge import PROGRAM, Trust, judge, plan_of, verify
from tests.verify.maker import Draft, Plan

GOOD = 100
FORGED = 5
FLIPS = 500
LINES_MAX = 400

PROGRAM_IN_TREE = Path("server/verify/verify.py")


@pytest.fixture(scope="module")
def draft() -> Draft:
    """Three keys, two witnesses, two disclosures, a report: about 20 kB."""
    return maker.made(Plan(seed=20, leaves=20, changes=2, witnesses=2, report_bytes=2400))


def test_good_bundles_are_genuine_by_all_their_keys() -> None:
    for seed in range(GOOD):
        made = maker.made(plan_of(seed))
        found = judge(made.together(), Trust.all_of(made))
        assert (found.code, found.wrong) == (0, None), seed


@pytest.mark.parametrize("number", range(3))
def test_any_key_of_the_log_that_is_trusted_leads_to_the_one_that_signed(draft: Draft, number: int) -> None:
    trusted = Trust(log=(maker.public(draft.keys[number]),))
    assert judge(draft.together(), trusted).code == 0


def test_without_a_key_of_the_log_it_is_sound_and_never_genuine(draft: Draft) -> None:
    found = judge(
        draft.together(), Trust(witnesses=tuple(draft.witness_keys), maker=maker.public(draft.maker))
    )
    assert found.code == 3
    assert found.report[0].startswith("SOUND IN ITSELF, NOT SHOWN TO BE GENUINE")


def test_a_single_leaf_and_a_log_of_one_size_after_another_are_good() -> None:
    """Trees with every shape of right edge, the stay at the beginning or the end of them."""
    for tail in range(40):
        made = maker.made(
            Plan(seed=tail, leaves=1, others=0, changes=0, reloads=0, is_counted=False, tail=tail)
        )
        assert judge(made.together(), Trust.all_of(made)).code == 0, tail


def test_a_long_stay_is_read_leaf_by_leaf(tmp_path: Path) -> None:
    """What stands in a row melts into few hashes: the verifier holds no more of it. A million in `make prove`."""
    path = tmp_path / "long.bundle"
    key = million.write(path, 3000)
    with path.open("rb") as file:
        bundle = verify.Bundle(file, [key])
        most = 0

        def leaf(value: object, take: Callable[[object], None] = bundle.leaf) -> None:
            nonlocal most
            take(value)
            most = max(most, len(bundle.nodes))

        bundle.leaf = leaf
        bundle.check()
    assert (bundle.stay_n, bundle.counted) == (3000, True)
    assert most < 40


def test_a_changed_bit_anywhere_is_found(draft: Draft) -> None:
    """A sample; every byte in `make prove`."""
    data, trust = bytearray(draft.together()), Trust.all_of(draft)
    assert 19_000 < len(data) < 24_000
    for place, mask in forge.flips(data, FLIPS):
        data[place] ^= mask
        assert judge(bytes(data), trust).code == 1, place
        data[place] ^= mask


def test_every_forgery_is_refused_for_what_it_is() -> None:
    """By whoever has every public thing, all hashes of the log and a key of their own."""
    for seed in range(FORGED):
        made = maker.made(plan_of(seed))
        trust = Trust.all_of(made).but_maker()
        assert judge(made.together(forge.key_of_forger()), trust).code == 0
        for forgery in forge.all_edits(made):
            found = judge(forgery.data, trust)
            assert found.wrong is not None, (seed, forgery.what)
            assert found.wrong[1] in forgery.kinds, (seed, forgery.what, found.wrong)


def test_a_log_written_anew_with_other_keys_is_not_genuine(draft: Draft) -> None:
    other = maker.made(Plan(seed=21, leaves=20, changes=2, witnesses=2))
    found = judge(other.together(), Trust(log=(draft.log_key,)))
    assert found.wrong is not None
    assert found.wrong[1:3] == ("log", "keys")
    found = judge(other.together(), Trust(log=(other.log_key,), witnesses=tuple(draft.witness_keys)))
    assert found.wrong is not None
    assert found.wrong[1] == "witness"


def test_another_makers_report_is_refused_when_the_maker_is_known(draft: Draft) -> None:
    other = copy.deepcopy(draft)
    other.part("report").update(data=maker.b64(b"other"), sha256=maker.sha256(b"other").hexdigest())
    data = other.together(forge.key_of_forger())
    found = judge(data, Trust.all_of(draft))
    assert found.wrong is not None
    assert found.wrong[1] == "maker"
    assert any(
        "NOT CHECKED to be theirs" in row for row in judge(data, Trust.all_of(draft).but_maker()).report
    )


def test_a_stay_cut_short_is_said_not_to_be_counted(draft: Draft) -> None:
    """The one hole that no proof can show: it is on the first lines of the report."""
    short = copy.deepcopy(draft)
    place = max(n for n, leaf in enumerate(short.leaves) if leaf["stay"] is not None)
    del short.leaves[place:]
    forge.prove_anew(short)
    short.head["leaves"] = len(short.leaves)
    found = judge(short.together(forge.key_of_forger()), Trust.all_of(draft).but_maker())
    assert (found.code, found.report[3].split(":")[0]) == (0, "NOT COUNTED")
    assert judge(draft.together(), Trust.all_of(draft)).report[3].startswith("Whole: leaves 1 to 21")


def test_the_first_of_two_wrong_things_is_the_one_named(draft: Draft) -> None:
    lines = draft.together().splitlines(keepends=True)
    for later in range(5, len(lines), 7):
        both = [*lines[:4], lines[4].replace(b'"v":1', b'"v":2'), *lines[5:]]
        both[later] = both[later] if later == 4 else b" " + both[later]
        found = judge(b"".join(both), Trust.all_of(draft))
        assert found.wrong == (5, "form", "leaf.v", "1", "2")


def test_a_line_past_its_limit_is_refused(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = max(map(len, draft.together().splitlines(keepends=True)))
    monkeypatch.setattr(verify, "LINE_BYTES_MAX", longest)
    assert judge(draft.together(), Trust.all_of(draft)).code == 0
    monkeypatch.setattr(verify, "LINE_BYTES_MAX", longest - 1)
    found = judge(draft.together(), Trust.all_of(draft))
    assert found.wrong is not None
    assert found.wrong[1:4] == ("form", "line", "a line with its newline")


@pytest.mark.parametrize(
    "spelt",
    [b'{"a":1.0}', b'{"a":1e2}', b'{"a":-0}', b'{"a":01}', b'{"a":9007199254740992}', b'{"a":NaN}', b'{"a":1,"a":1}',
     b'{"b":1,"a":1}', b'{"a": 1}', '{"é":1}'.encode(), b'{"a":"\\u0041"}', b'{"a":"\\/"}', b'{"a":"\\ud800"}', b'"\xff"',
     b'{"a":"\t"}', b"[" * 33 + b"]" * 33, b"[" * 100_000, b"", b'"\\u001F"', b'{"a":' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_json_that_is_not_canonical_is_refused_and_never_raises(spelt: bytes) -> None:
    with pytest.raises(verify.Refused, match="canonical JSON"):
        verify.parse(spelt)


@pytest.mark.parametrize(
    "spelt",
    [b"[" * 32 + b"]" * 32, '{"a":"é𝄞\x7f/","b":[-9007199254740991,null,true]}'.encode(), b'"\\u001f\\n"'],
)
def test_canonical_json_is_read(spelt: bytes) -> None:
    assert maker.canonical(verify.parse(spelt)) == spelt


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The program as a stranger starts it: isolated from this tree and its libraries."""
    command = [sys.executable, "-I", "-S", str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_program_tells_by_its_exit_code_and_its_words(draft: Draft, tmp_path: Path) -> None:
    bundle, key = tmp_path / "stay.bundle", tmp_path / "log.pub"
    bundle.write_bytes(draft.together())
    key.write_text(maker.b64(draft.log_key) + "\n")
    witnesses = [f"--witness={name}={maker.b64(public)}" for name, public in draft.witness_keys]
    good = run(bundle, "--log-key", key, *witnesses, "--lang", "zh")
    assert (good.returncode, good.stdout.splitlines()[0]) == (0, "按所给公钥核验：真实")
    assert (
        run(
            bundle, "--log-key", maker.b64(draft.log_key), "--maker-key", maker.b64(maker.public(draft.maker))
        ).returncode
        == 0
    )
    sound = run(bundle, "--lang", "en")
    assert (sound.returncode, sound.stdout.split(",")[0]) == (3, "SOUND IN ITSELF")
    bundle.write_bytes(draft.together().replace(b'"stay_n":2', b'"stay_n":3'))
    bad = run(bundle, "--log-key", key, "--json")
    told = json.loads(bad.stdout)
    assert (bad.returncode, told["exit"], told["wrong"][1:]) == (1, 1, ["hole", "leaf.stay_n", "2", "3"])


@pytest.mark.parametrize(
    "arguments", [[], ["{}", "--log-key", "x"], ["{}", "--witness", "name"], ["no-such-file"], ["/"]]
)
def test_what_was_asked_wrongly_is_no_verdict(draft: Draft, tmp_path: Path, arguments: list[str]) -> None:
    bundle = tmp_path / "stay.bundle"
    bundle.write_bytes(draft.together())
    found = run(*(each.format(bundle) for each in arguments))
    assert (found.returncode, found.stdout) == (2, "")
    assert "verify.py: error:" in found.stderr


def test_the_program_is_one_short_file_for_old_and_bare_pythons() -> None:
    assert text(PROGRAM_IN_TREE).count("\n") <= LINES_MAX  # all of them, as `wc -l` counts
    tree = ast.parse(text(PROGRAM_IN_TREE), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("minor", range(8, 15))
def test_every_python_on_this_machine_says_the_same(draft: Draft, tmp_path: Path, minor: int) -> None:
    python = shutil.which(f"python3.{minor}")
    if python is None or subprocess.run([python, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"expected python3.{minor} on the path, found none")
    bundle = tmp_path / "stay.bundle"
    bundle.write_bytes(draft.together())
    key = maker.b64(draft.log_key)
    there = subprocess.run(
        [python, "-I", PROGRAM, bundle, "--log-key", key], capture_output=True, text=True, timeout=60
    )
    here = run(bundle, "--log-key", key)
    assert (there.returncode, there.stdout) == (0, here.stdout)


def test_nothing_of_the_product_and_of_these_tests_is_shared() -> None:
    """The maker of the bundles and the verifiers meet on the page alone."""
    for path in (ROOT / "tests/verify/maker.py", PROGRAM):
        assert "caselog" not in path.read_text(encoding="utf-8")
        assert "caseserver" not in path.read_text(encoding="utf-8")
    assert "import verify" not in text(Path("tests/verify/maker.py"))
