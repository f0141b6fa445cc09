"""Plans that once violated something, made small, are played again: what was mended stays mended."""

from pathlib import Path

import pytest

from tests.simulation.plan import Plan
from tests.simulation.world import play

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.json"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_plan_of_the_corpus_violates_nothing_any_more(path: Path) -> None:
    assert play(Plan.loads(path.read_text(encoding="utf-8"))).violations == []


def test_the_corpus_is_not_empty() -> None:
    assert CORPUS
