"""The mutation runner: the mutants it makes, and that each is really installed, in every way a name can be held."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from textwrap import dedent

import pytest

from tests.prove.mutant_checks import RememberedToml
from tests.prove.mutation import Mistaken, drawn, survivors_of
from tests.prove.mutators import PragmaWithoutReason, Target, defaults_of, mutants_of
from tests.tools.tree import ROOT

SAMPLE = '''
"""A docstring 1 + 1."""

LIMIT_MAX: int = 5

def late(now: int, due: int = 3, *, grace: int = 0) -> bool:
    """Whether it is late; 2 > 1."""
    if now > due and not grace:
        return True
    return now - due == LIMIT_MAX
'''

EXPECTED = """
<module>: constant: 3 -> 4
<module>: constant: 0 -> 1
late: condition: now > due and (not grace) -> True
late: condition: now > due and (not grace) -> False
late: bool: now > due and (not grace) -> now > due or not grace
late: operand: now > due and (not grace) -> not grace
late: operand: now > due and (not grace) -> now > due
late: compare: now > due -> now >= due
late: compare: now > due -> now <= due
late: not: not grace -> grace
late: return: return True -> return None
late: constant: True -> False in `return True`
late: return: return now - due == LIMIT_MAX -> return None
late: compare: now - due == LIMIT_MAX -> now - due != LIMIT_MAX
late: arithmetic: now - due -> now + due
"""


def made(tmp_path: Path, source: str) -> list[str]:
    file = tmp_path / "sample.py"
    file.write_text(dedent(source), encoding="utf-8")
    target = Target.load("sample", file)
    return [f"{m.function}: {m.what}" for m in mutants_of(target, defaults_of([target]))]


def test_the_mutants_of_a_small_function_are_these_and_no_others(tmp_path: Path) -> None:
    assert made(tmp_path, SAMPLE) == EXPECTED.strip().splitlines()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = f(a); g(x)", ["assign: x = f(a) -> x = None", "delete: g(x) -> pass"]),
        ("a = a.next", ["delete: a = a.next -> pass"]),
        ("a.n += 2", ["delete: a.n += 2 -> pass", "arithmetic: a.n += 2 -> a.n -= 2",
                      "constant: 2 -> 3 in `a.n += 2`"]),
        ("for x in a:\n        if x:\n            break",
         ["condition: x -> True", "condition: x -> False", "loop: break -> continue in `if x`"]),
        ("g(min(a, 1))", ["delete: g(min(a, 1)) -> pass", "swap: min(a, 1) -> max(a, 1)",
                          "constant: 1 -> 2 in `min(a, 1)`"]),
        ("g(a[0])", ["delete: g(a[0]) -> pass", "index: a[0] -> a[-1]", "constant: 0 -> 1 in `a[0]`"]),
        ("g(a[:2])", ["delete: g(a[:2]) -> pass", "index: a[:2] -> a[:]",
                      "constant: 2 -> 3 in `:2`"]),
        ("g(a.get('k', b))", ["delete: g(a.get('k', b)) -> pass", "default: a.get('k', b) -> a.get('k')"]),
        ("made(x=a, y=b)", ["delete: made(x=a, y=b) -> pass", "keyword: made(y=b) -> nothing"]),
        ("g({1, a})", ["delete: g({1, a}) -> pass", "element: 1 -> nothing", "element: a -> nothing",
                       "constant: 1 -> 2 in `{1, a}`"]),
        ("raise ValueError(1 + 1)", ["delete: raise ValueError(1 + 1) -> pass"]),
        ("assert a > 1, 'told'", []),
        ("g('text' + a)", ["delete: g('text' + a) -> pass"]),
        ("a.n = 1  # pragma: no mutate: told twice", []),
        ("return None", []),
        ("a.n: int = 1", ["delete: a.n: int = 1 -> pass", "constant: 1 -> 2 in `a.n: int = 1`"]),
    ],
)  # fmt: skip
def test_each_operator(tmp_path: Path, body: str, expected: list[str]) -> None:
    source = f"def made(x, y=None):\n    ...\n\ndef it(a, b):\n    {body}\n"
    assert made(tmp_path, source) == [f"it: {what}" for what in expected]


def test_the_same_change_twice_in_a_function_is_told_apart(tmp_path: Path) -> None:
    assert made(tmp_path, "def it(a):\n    g(a.x)\n    a.y = 1\n    g(a.x)\n") == [
        "it: delete: g(a.x) -> pass",
        "it: delete: a.y = 1 -> pass",
        "it: constant: 1 -> 2 in `a.y = 1`",
        "it: delete: g(a.x) -> pass #2",
    ]


def test_a_pragma_without_a_reason_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PragmaWithoutReason, match=r"sample\.py:2"):
        made(tmp_path, "def it():\n    return 1  # pragma: no mutate\n")


# --- installing: one function for each way in which something can be held ---------------------

PACKAGE = {
    "toy/__init__.py": "",
    "toy/core.py": '''
        """Functions that others hold."""
        from dataclasses import dataclass
        from functools import lru_cache

        def by_name(n):
            return n * 5

        def in_table(n):
            return n * 6

        @lru_cache(maxsize=None)
        def cached(n):
            return n * 7

        def under_cache(n):
            return n * 8

        @lru_cache(maxsize=None)
        def over_cache(n):
            return under_cache(n)

        def maker(k):
            def inner(n):
                return n * k
            return inner

        inner = maker(9)

        @dataclass(frozen=True, slots=True)
        class Pair:
            left: int
            right: int = 3

            def total(self):
                return self.left * self.right

            @property
            def first(self):
                return self.left * 10

            @classmethod
            def of(cls, n):
                return cls(n * 11)

        KNOWN = Pair(2)
        ANY = frozenset({"a", "b"})
        BY_NAME = {"short": lambda n: n * 12, "long": lambda n: n * 13}

        def early(n):
            return n * 14

        EARLY = early(2)

        def default(n=15):
            return n

        def loop(n):
            while n > 0:
                n -= 1
            return n

        def not_run(n):
            return n * 16

        def not_judged(n):
            return n * 17
    ''',
    "toy/user.py": '''
        """Holds what core made: imports by name, tables, bases."""
        from typing import NamedTuple
        from toy.core import EARLY, KNOWN, Pair, by_name, cached, in_table, inner
        from toy import core as other

        class Row(NamedTuple):
            name: str
            call: object

        TABLE = {"x": (1, [Row("y", in_table)])}

        class Better(Pair):
            pass

        def ask():
            return by_name(1), TABLE["x"][1][0].call(1), cached(1), inner(1), EARLY

        def of_class():
            return KNOWN.total(), KNOWN.first, Better.of(1).left, isinstance(KNOWN, Pair)
    ''',
    "test_toy.py": '''
        """Judges everything of toy but one."""
        import pytest
        from hypothesis import given, settings
        from hypothesis.strategies import integers
        from toy import core, user

        WARM = core.over_cache(1)

        @pytest.mark.parametrize(("place", "value"), [(0, 5), (1, 6), (2, 7), (3, 9), (4, 28)])
        def test_held_by_name_table_cache_and_closure(place, value):
            assert user.ask()[place] == value

        def test_a_cache_over_it_hides_nothing():
            assert core.over_cache(1) == 8

        class TestOfClass:
            def test_methods_of_an_object_made_before(self):
                assert user.of_class() == (6, 20, 11, True)

        def test_tables(tmp_path, capsys):
            assert core.ANY == {"a", "b"}
            assert core.BY_NAME["short"](1) == 12 and core.BY_NAME["long"](1) == 13
            assert core.default() == 15

        def test_loop():
            assert core.loop(2) == 0

        def test_runs_and_does_not_look():
            core.not_judged(1)

        SEEN = []

        @settings(max_examples=900)
        @given(n=integers())
        def test_of_hypothesis_runs_few_examples(n):
            SEEN.append(n)
            assert len(SEEN) <= 20
    ''',
    "extra.py": '''
        """A check that is no test of pytest."""
        from toy import core

        def judge():
            assert core.by_name(2) == 10

        CHECKS = [judge]
    ''',
}


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    for name, text in PACKAGE.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    return tmp_path


def mutation(folder: Path, *options: str) -> tuple[int, str, dict]:
    report = folder / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.prove.mutation", "--folder", str(folder), "--search", ".",
         "--json", str(report), "--modules", "toy.core", "--checks", "extra:CHECKS", "test_toy.py", *options],
        cwd=ROOT, capture_output=True, text=True, timeout=120, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    figures = json.loads(report.read_text()) if report.exists() else {}
    return done.returncode, done.stdout + done.stderr, figures


def test_every_way_of_holding_sees_the_mutant_and_what_nobody_looks_at_survives(toy: Path) -> None:
    survivors = toy / "survivors.toml"
    rows = [
        ("not_judged", "return: return n * 17 -> return None", "nobody asks"),
        ("by_name", "arithmetic: n * 5 -> n // 5", "killed by now"),
        ("gone", "not: not a -> a", "no such function"),
    ]
    survivors.write_text(
        "".join(
            f'[[survivor]]\nmodule = "toy.core"\nfunction = "{function}"\nmutant = "{what}"\nreason = "{why}"\n'
            for function, what, why in rows
        )
    )
    code, output, figures = mutation(toy, "--survivors", str(survivors), "--list-survivors")
    alive = {(row["function"], row["mutant"], row["outcome"]) for row in figures["survivors"]}
    assert alive == {
        ("loop", "constant: 1 -> 2 in `n -= 1`", "survived"),
        ("not_judged", "return: return n * 17 -> return None", "survived"),
        ("not_judged", "arithmetic: n * 17 -> n // 17", "survived"),
        ("not_judged", "constant: 17 -> 18 in `n * 17`", "survived"),
        ("not_run", "return: return n * 16 -> return None", "uncovered"),
        ("not_run", "arithmetic: n * 16 -> n // 16", "uncovered"),
        ("not_run", "constant: 16 -> 17 in `n * 16`", "uncovered"),
    }, output
    assert figures["mutants"] == figures["killed"] + len(alive)
    assert figures["of_these_by_timeout"] == 2, "n -= 1 left out, and n += 1"
    assert 0 < figures["at_import"] < figures["mutants"] / 2
    assert figures["of_these_by_crash"] == 0
    assert code == 1, "two accepted survivors are gone"
    assert figures["of_these_accepted"] == 1
    assert {key[1] for key in figures["accepted_but_gone"]} == {"by_name", "gone"}
    assert "-    return n * 17\n+    return None" in output


def test_a_check_that_fails_without_a_mutant_is_an_error_and_no_kill(toy: Path) -> None:
    (toy / "test_toy.py").write_text("def test_wrong():\n    assert False\n")
    code, output, figures = mutation(toy, "--survivors", "")
    assert (code, figures) == (2, {})
    assert "test_wrong failed" in output


def test_remembered_toml_is_made_new_for_each_reader() -> None:
    first = RememberedToml().loads("a = [1, {b = 2026-03-18}]")
    assert first == tomllib.loads("a = [1, {b = 2026-03-18}]")
    memory = RememberedToml()
    memory.loads("a = [1]")["a"].append(2)
    assert memory.loads("a = [1]") == {"a": [1]}


def test_a_sample_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    file = tmp_path / "sample.py"
    file.write_text(SAMPLE, encoding="utf-8")
    every = mutants_of(Target.load("sample", file), {})
    assert drawn(every, 4, seed=3) == drawn(every, 4, seed=3)
    assert len(drawn(every, 4, seed=3)) == 4
    assert drawn(every, 1000, seed=3) == every


def test_a_recheck_is_of_what_lived_in_an_earlier_report(tmp_path: Path) -> None:
    file, report = tmp_path / "sample.py", tmp_path / "report.json"
    file.write_text(SAMPLE, encoding="utf-8")
    every = mutants_of(Target.load("sample", file), {})
    lived = [
        {"module": m.module, "function": m.function, "mutant": m.what, "line": m.first} for m in every[2:4]
    ]
    gone = {"module": "sample", "function": "gone", "mutant": "not: not a -> a", "line": 1}
    report.write_text(json.dumps({"survivors": [*lived, gone]}), encoding="utf-8")
    assert survivors_of(report, every) == every[2:4]
    for text in ("", "[]", "{}"):
        report.write_text(text, encoding="utf-8")
        with pytest.raises(Mistaken, match="a report written with --json"):
            survivors_of(report, every)
