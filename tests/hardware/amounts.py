"""Quantities of hardware/bom.csv and hardware/power.csv: sums in the sizes of an area."""

import csv
import math
from typing import Any

from custody.area import load_area
from custody.bundled import area_text
from tests.hardware.wiring import ROOT

LOCKS_OF_A_BOARD = 16
CONVERTER_EFFICIENCY = 0.85
"""Of a converter from 12 V to 5 V: the assumption that power.md states."""


def rows_of(name: str) -> list[dict[str, str]]:
    with (ROOT / "hardware" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def sizes_of_area_1() -> dict[str, int]:
    """N rooms inside, D doors, C controlled doors, R recorders, B lock boards, K cabinets of the example area."""
    area = load_area(area_text("standard"), "standard.toml")
    return {
        "N": sum(room.kind != "outside" for room in area.rooms.values()),
        "D": len(area.doors),
        "C": sum(door.controlled for door in area.doors.values()),
        "R": len(area.recorders),
        "B": math.ceil(len(area.compartments) / LOCKS_OF_A_BOARD),
        "K": len(area.cabinets),
    }


def amount(text: str, sizes: dict[str, int]) -> int:
    """What "N + ceil(C/4)" is; raises NameError or SyntaxError for anything but sizes, numbers and ceil."""
    names: dict[str, Any] = {"__builtins__": {}, "ceil": math.ceil}
    return int(eval(text, names, dict(sizes)))


def at_12_v(row: dict[str, str], column: str, sizes: dict[str, int]) -> float:
    """mA that a consumer of power.csv draws from 12 V, all of its kind together."""
    ma = amount(row["count"], sizes) * float(row[column])
    volts = float(row["volts"])
    return ma if volts == 12 else ma * volts / 12 / CONVERTER_EFFICIENCY
