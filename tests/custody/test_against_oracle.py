"""The engine against the naive oracle that imports nothing of ours: a bounded sample; `make prove` runs 10^5."""

import ast
import os
from functools import cache

import pytest

from tests.custody.against_oracle import BOOKS, area, book, compare, history, show
from tests.custody.kept_histories import compare_kept
from tests.tools.tree import ROOT

pytestmark = pytest.mark.slow

FIRST_SEED = int(os.environ.get("ORACLE_SEED", "20260101"))
SHARES, SHARE = 4, 100
KEPT = 40  # histories of things in each share
PROPERTY = {f"P{number}" for number in range(1, 24)}


@cache
def judged(seed: int) -> tuple[str, set[tuple[str, str, str]]]:
    """Where engine and oracle differ on a history, "" for nowhere; book, rule and variant of each of its alarms."""
    facts, name, until_us, verdict, found = compare(seed)
    text = f"seed {seed} ({name})\n" + "\n".join(found) + "\n" + show(facts, until_us) if found else ""
    return text, {(name, *row[:2]) for row in verdict.alarms}


@pytest.mark.parametrize("share", range(SHARES))
def test_engine_and_oracle_agree_on_every_alarm_closing_and_refusal(share):
    for seed in range(FIRST_SEED + share * SHARE, FIRST_SEED + (share + 1) * SHARE):
        differences, _ = judged(seed)
        assert not differences, differences


@pytest.mark.parametrize("share", range(2))
def test_engine_and_oracle_agree_on_things_that_are_kept(share):
    spoken = set()
    for seed in range(FIRST_SEED + share * KEPT, FIRST_SEED + (share + 1) * KEPT):
        facts, name, until_us, verdict, found = compare_kept(seed)
        assert not found, f"seed {seed} ({name})\n" + "\n".join(found) + "\n" + show(facts, until_us)
        spoken |= {f"{rule}/{variant}" for rule, variant, *_ in verdict.alarms if rule in PROPERTY}
    assert len(spoken) > 20, spoken


def test_the_sample_makes_many_rules_speak():
    spoken = set().union(*(judged(seed)[1] for seed in range(FIRST_SEED, FIRST_SEED + 200)))
    for name in BOOKS:
        assert len({row for row in spoken if row[0] == name}) > 45, name


def test_the_oracle_imports_nothing_of_ours():
    """Its word is worth something only as long as it shares no code with what it judges."""
    own = {"custody", "caselog", "casegateway", "caseserver", "caseward", "casewire", "node"}
    for path in sorted((ROOT / "tests" / "oracle").glob("*.py")):
        for item in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in item.names] if isinstance(item, ast.Import) else []
            if isinstance(item, ast.ImportFrom):
                names = [item.module or ""]
            for name in names:
                assert name.partition(".")[0] not in own, f"{path.name} imports {name}"
                assert not name.startswith("tests.") or name.startswith("tests.oracle"), (
                    f"{path.name} imports {name}"
                )


def test_histories_hold_late_doubled_and_malformed_facts():
    kinds = {"late": 0, "doubled": 0, "malformed": 0}
    for seed in range(200):
        facts, _ = history(seed)
        kinds["late"] += any(fact.recorded_us > fact.occurred_us for fact in facts)
        kinds["doubled"] += len({fact.id for fact in facts}) < len(facts)
        kinds["malformed"] += any(
            fact.type == "nonsense" or fact.body.get("room") == "nowhere" for fact in facts
        )
    assert min(kinds.values()) >= 10, kinds
    assert area().rooms["waiting-1"].fitted
    assert book("cn-2026").rules
