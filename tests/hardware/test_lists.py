"""The list of parts and the sum of currents against drawings, sources and the example area."""

import re
from pathlib import Path

import pytest

from tests.hardware.amounts import amount, at_12_v, rows_of, sizes_of_area_1
from tests.hardware.wiring import NAMES, ROOT, load

NOT_DRAWN = {"BAND", "TOOLS"}
"""Bought, and wired to nothing."""

PAGES = sorted((ROOT / "hardware").glob("*.md")) + sorted((ROOT / "hardware").glob("*.csv"))
BOM = rows_of("bom.csv")


def drawn() -> dict[str, set[str]]:
    """Part number -> the drawings that have it. Whatever is drawn has one, or says that it is not bought."""
    found: dict[str, set[str]] = {}
    for name in NAMES:
        drawing = load(name)
        for part, data in {**drawing.parts, **drawing.cables}.items():
            assert ("pn" in data) != bool(data.get("ignore_in_bom")), f"{name}: {part}"
            more = [extra["pn"] for extra in data.get("additional_components", [])]
            for number in [*([data["pn"]] if "pn" in data else []), *more]:
                found.setdefault(number, set()).add(name)
    return found


def test_the_list_names_every_part_that_is_drawn_and_where() -> None:
    listed = {row["id"]: set(row["drawings"].split()) for row in BOM if row["id"] not in NOT_DRAWN}
    assert listed == drawn()


def test_the_list_is_complete_in_itself() -> None:
    assert len(BOM) >= 25
    assert len({row["id"] for row in BOM}) == len(BOM)
    for row in BOM:
        assert row["item"]
        assert row["use"]


def test_the_quantities_of_the_example_area_follow_from_their_sums() -> None:
    sizes = sizes_of_area_1()
    assert {row["id"]: int(row["area_1"]) for row in BOM} == {
        row["id"]: amount(row["quantity"], sizes) for row in BOM
    }


def test_a_price_comes_with_source_and_date() -> None:
    for row in BOM:
        assert bool(row["price"]) == bool(re.search(r"\S.* \d{4}-\d\d-\d\d$", row["price_source"])), row["id"]


def test_every_resistor_on_the_list_is_drawn_with_its_value() -> None:
    listed = {row["id"]: row["item"].split(",")[0] for row in BOM if row["item"].startswith("Resistor")}
    for name in NAMES:
        for part in load(name).resistors():
            data = load(name).parts[part]
            assert listed[data["pn"]] == data["type"], f"{name}: {part}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_source_that_a_page_cites_is_told(page: Path) -> None:
    told = set(re.findall(r"^\| (S\d+) \|", (ROOT / "hardware/sources.md").read_text(encoding="utf-8"), re.M))
    cited = set(re.findall(r"\[(S\d+)\]", page.read_text(encoding="utf-8"))) - {"S0"}
    assert cited <= told


def test_no_source_is_told_that_nothing_cites() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    told = re.findall(r"^\| (S\d+) \|", text, re.M)
    assert told == [f"S{number}" for number in range(1, len(told) + 1)]
    assert [mark for mark in told if f"[{mark}]" not in text] == []


def test_every_current_has_a_source_or_says_that_it_is_assumed() -> None:
    for row in rows_of("power.csv"):
        assert re.search(r"\[S\d+\]|assumption", row["source"]), row["consumer"]
        assert float(row["normal_ma"]) <= float(row["most_ma"])


def test_the_sums_on_the_page_of_power_are_those_of_its_table() -> None:
    page = (ROOT / "hardware" / "power.md").read_text(encoding="utf-8")
    sizes = sizes_of_area_1()
    assert "(" + ", ".join(f"{name} {count}" for name, count in sizes.items()) + ")" in page
    sums = {
        (battery, column): round(
            sum(at_12_v(row, column, sizes) for row in rows_of("power.csv") if row["on_battery"] == battery)
        )
        for battery in ("yes", "no")
        for column in ("normal_ma", "most_ma")
    }
    assert f"| with battery, at 12 V | {sums['yes', 'normal_ma']} mA | {sums['yes', 'most_ma']} mA |" in page
    assert f"| locks, at 12 V | {sums['no', 'normal_ma']} mA | {sums['no', 'most_ma']} mA |" in page
    for hours in (1, 2, 4, 8):
        assert f"| {hours} h | {hours * sums['yes', 'normal_ma'] / 1000 / 0.5:.1f} Ah |" in page


def test_the_drops_of_voltage_on_the_page_of_power_follow_from_its_formula() -> None:
    page = (ROOT / "hardware" / "power.md").read_text(encoding="utf-8")
    rows = re.findall(r"\| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) V", page)
    assert len(rows) == 5
    for metres, mm2, amperes, drop in rows:
        assert round(2 * float(metres) * 0.0175 / float(mm2) * float(amperes), 2) == float(drop)
