"""The pages of the locks say of each setting what the code does."""

from pathlib import Path

import pytest

from casefield import modbus
from node import krcu, relay_lock

DEVICES = Path(__file__).resolve().parents[2] / "docs" / "devices"
LIMITS = [
    ("krcu.md", {**krcu.LINE_LIMITS, **krcu.BOARD_LIMITS}),
    ("modbus.md", {**modbus.LINE_LIMITS, **modbus.OUTPUT_LIMITS}),
    ("relay-lock.md", relay_lock.LIMITS),
]
WORDS = [("modbus.md", modbus.OUTPUT_WORDS), ("relay-lock.md", relay_lock.WORDS)]


def rows(page: str) -> dict[str, list[str]]:
    """The cells after the first of each row whose first cell is one name."""
    table = {}
    for line in (DEVICES / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            table[cells[0].strip("`")] = cells[1:]
    return table


@pytest.mark.parametrize(("page", "limits"), LIMITS)
def test_each_number_has_its_row(page, limits) -> None:
    found = {name: rows(page).get(name, ["missing"] * 2)[:2] for name in limits}
    expected = {
        name: [str(default), f"{least}, {most}" if most == 1 else f"{least}..{most}"]
        for name, (default, least, most) in limits.items()
    }
    assert found == expected


@pytest.mark.parametrize(("page", "words"), WORDS)
def test_each_word_has_its_row(page, words) -> None:
    found = {name: rows(page).get(name, ["missing"] * 2)[:2] for name in words}
    assert found == {name: [default, ", ".join(allowed)] for name, (default, allowed) in words.items()}
