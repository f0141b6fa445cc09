"""docs/wire.md against the code: every kind with its number, every counter, every limit."""

import re
from pathlib import Path

import casewire
from casewire.messages import GATEWAY_KINDS, NODE_KINDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "wire.md").read_text()


def rows(*, columns: int) -> list[list[str]]:
    """The cells of every table row of the page with that many columns."""
    found = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line[:1] == "|"
    ]
    return [row for row in found if len(row) == columns]


def test_every_kind_is_told_with_its_number_and_no_other() -> None:
    kinds = {**NODE_KINDS, **GATEWAY_KINDS}
    told = {
        int(row[0]): row[1]
        for row in rows(columns=4) + rows(columns=3)
        if row[0].isdigit() and row[1][0].isupper()
    }
    assert told == {number: kind.__name__ for number, kind in kinds.items()}


def test_every_field_of_a_message_is_in_its_row() -> None:
    for number, kind in {**NODE_KINDS, **GATEWAY_KINDS}.items():
        row = next(
            row for row in rows(columns=4) + rows(columns=3) if row[:2] == [str(number), kind.__name__]
        )
        assert [name for name in kind.NAMES if name.rstrip("s") not in row[2]] == []


def test_the_counters_are_told_in_their_order() -> None:
    told = [row[0] for row in rows(columns=2) if re.fullmatch(r"[a-z_]+", row[0]) and row[0] != "counter"]
    assert told == list(casewire.COUNTERS)


def test_the_sizes_told_are_those_of_the_code() -> None:
    assert (
        f"32 to {casewire.RAW_MAX_BYTES} bytes raw and at most {casewire.STUFFED_MAX_BYTES + 1} on the"
        in PAGE
    )
    assert f"up to {casewire.SNAPSHOT_POINTS_MAX} times" in PAGE
    assert f"holds at most {casewire.STUFFED_MAX_BYTES} bytes" in PAGE
