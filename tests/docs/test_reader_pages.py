"""The pages of the readers say of each setting what the code does."""

import pytest

from node import pn532, r200
from node.config import POINT_LIMITS, POINT_WORDS
from tests.docs.test_lock_pages import rows

PAGES = [("rdm6300.md", POINT_LIMITS["reader"]), ("pn532.md", pn532.LIMITS), ("r200.md", r200.LIMITS)]


@pytest.mark.parametrize(("page", "limits"), PAGES)
def test_each_number_has_its_row(page, limits) -> None:
    found = {name: rows(page).get(name, ["missing"] * 2)[:2] for name in limits}
    assert found == {
        name: [str(default), f"{least}..{most}"] for name, (default, least, most) in limits.items()
    }


def test_the_models_have_their_row() -> None:
    default, allowed = POINT_WORDS["reader"]["model"]
    assert rows("rdm6300.md")["model"][:2] == [default, ", ".join(allowed)]
