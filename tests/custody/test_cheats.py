"""Each way to cheat of docs/property-cheats.md, played: it is caught by what the page says catches it."""

import ast

import pytest

from tests.custody.cheats import CHEATS, Cheat
from tests.custody.property_store import Store
from tests.tools.tree import ROOT

PLAYED = [cheat for cheat in CHEATS if cheat.play is not None]


@pytest.mark.parametrize("cheat", PLAYED, ids=[cheat.id for cheat in PLAYED])
def test_it_is_caught_by_what_the_page_says(cheat: Cheat) -> None:
    assert cheat.play is not None
    assert cheat.play(Store()) == cheat.caught


def test_there_are_thirty_at_least_each_of_its_own_and_played_here_or_by_a_test_that_exists() -> None:
    assert len({cheat.id for cheat in CHEATS}) == len(CHEATS) >= 30
    assert len({cheat.what for cheat in CHEATS}) == len(CHEATS)
    for cheat in CHEATS:
        assert (cheat.play is None) != (cheat.test == ""), cheat.id
        if cheat.test:
            path, _, name = cheat.test.partition("::")
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, (
                cheat.test
            )
