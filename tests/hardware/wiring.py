"""The WireViz sources of hardware/wiring as nets: what is joined to what, and by which resistance."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
WIRING = ROOT / "hardware" / "wiring"
NAMES = tuple(sorted(path.stem for path in WIRING.glob("*.yml")))

Pin = tuple[str, str]
"""Designator of a part and its pin, both as they are written in the source."""

Joints = Sequence[tuple[Pin, Pin]]
"""Pairs of pins that a wire or a closed contact joins."""


@dataclass
class Drawing:
    """One source. `parts` are its connectors, `cables` its cables and bundles, `joints` the pins that a wire joins."""

    name: str
    parts: dict[str, dict[str, Any]]
    cables: dict[str, dict[str, Any]]
    joints: list[tuple[Pin, Pin]] = field(default_factory=list)

    def pins(self, part: str) -> list[str]:
        """Pins of a part in their order."""
        data = self.parts[part]
        count = data.get("pincount") or len(data.get("pins", data.get("pinlabels", ())))
        return [str(pin) for pin in data.get("pins", range(1, count + 1))]

    def labels(self, part: str) -> dict[str, str]:
        """Pin -> its label, where the part has labels."""
        return dict(zip(self.pins(part), self.parts[part].get("pinlabels", ()), strict=False))

    def nets(self, closed: Joints = (), cut: Joints = ()) -> list[set[Pin]]:
        """Sets of pins that wires join; `closed` joins more (a contact that is shut), `cut` are wires gone."""
        net_of = {(part, pin): {(part, pin)} for part in self.parts for pin in self.pins(part)}
        for one, other in [*(joint for joint in self.joints if joint not in cut), *closed]:
            joined = net_of[one] | net_of[other]
            net_of.update(dict.fromkeys(joined, joined))
        return list({id(net): net for net in net_of.values()}.values())

    def net(self, pin: Pin, closed: Joints = (), cut: Joints = ()) -> set[Pin]:
        """Everything that is joined to `pin`, itself too."""
        return next(net for net in self.nets(closed, cut) if pin in net)

    def resistors(self) -> dict[str, int]:
        """Designator -> ohms, of every part whose type says "Resistor"."""
        return {
            part: ohms_of(data["type"])
            for part, data in self.parts.items()
            if str(data.get("type", "")).startswith("Resistor")
        }

    def ohms_between(self, one: Pin, other: Pin, closed: Joints = (), cut: Joints = ()) -> Fraction | None:
        """Resistance between two pins; None where nothing joins them."""
        nets = self.nets(closed, cut)
        index = {pin: number for number, net in enumerate(nets) for pin in net}
        branches = [(index[name, "1"], index[name, "2"], ohms) for name, ohms in self.resistors().items()]
        return resistance(branches, index[one], index[other])


def ohms_of(text: str) -> int:
    """Ohms of "Resistor 2.2 kΩ"; raises ValueError for anything else."""
    word, number, unit = text.split()
    if word != "Resistor" or unit not in ("Ω", "kΩ"):
        raise ValueError(f"expected 'Resistor <number> Ω' or kΩ, found {text!r}")
    return int(Fraction(number) * (1000 if unit == "kΩ" else 1))


def resistance(branches: list[tuple[int, int, int]], source: int, sink: int) -> Fraction | None:
    """Resistance of a network of (net, net, ohms) between two nets: one ampere in at `source`, `sink` at 0 V."""
    reached = {source}
    for _ in branches:
        reached |= {net for a, b, _ in branches if a in reached or b in reached for net in (a, b)}
    if source == sink:
        return Fraction(0)
    if sink not in reached:
        return None
    unknown = sorted(reached - {sink})
    rows = []
    for net in unknown:
        row = [Fraction(0)] * len(unknown) + [Fraction(net == source)]
        for a, b, ohms in branches:
            for here, there in ((a, b), (b, a)):
                if here == net and a != b:
                    row[unknown.index(net)] += Fraction(1, ohms)
                    if there != sink:
                        row[unknown.index(there)] -= Fraction(1, ohms)
        rows.append(row)
    return solve(rows)[unknown.index(source)]


def solve(rows: list[list[Fraction]]) -> list[Fraction]:
    """Gauss and Jordan, exact: each row is its coefficients and the right side."""
    for column in range(len(rows)):
        pivot = next(number for number in range(column, len(rows)) if rows[number][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for number, row in enumerate(rows):
            if number != column and row[column]:
                rows[number] = [a - row[column] * b for a, b in zip(row, rows[column], strict=True)]
    return [row[-1] for row in rows]


@cache
def load(name: str) -> Drawing:
    """The drawing of hardware/wiring/`name`.yml; raises ValueError for a wire or pin that is not there."""
    source = yaml.safe_load((WIRING / f"{name}.yml").read_text(encoding="utf-8"))
    drawing = Drawing(name, source["connectors"], source["cables"])
    for line in source["connections"]:
        (left, left_pins), (cable, wires), (right, right_pins) = (next(iter(item.items())) for item in line)
        if not len(left_pins) == len(wires) == len(right_pins):
            raise ValueError(f"{name}: expected as many pins as wires, found {line}")
        count = drawing.cables[cable].get("wirecount") or len(drawing.cables[cable]["colors"])
        for a, wire, b in zip(left_pins, wires, right_pins, strict=True):
            for part, pin in ((left, a), (right, b)):
                if str(pin) not in drawing.pins(part):
                    raise ValueError(f"{name}: expected a pin of {part}, found {pin!r}")
            if not 1 <= wire <= count:
                raise ValueError(f"{name}: expected a wire 1..{count} of {cable}, found {wire}")
            drawing.joints.append(((left, str(a)), (right, str(b))))
    return drawing
