"""The supervised loops as they are drawn, read by the node's own `Supervised`."""

import re
from fractions import Fraction
from itertools import product
from typing import NamedTuple

import pytest

from casewire import ACTIVE, INACTIVE, LINE_OPEN, LINE_SHORT, UNKNOWN
from node import supervised
from node.config import PointConfig
from node.supervised import ACROSS_OHM, PULL_UP_OHM, SERIES_OHM, Supervised
from tests.hardware.wiring import ROOT, Joints, load

WIRE_OHM_MAX = 20
"""Of the loop's cable, there and back: what hardware/power.md says the bounds leave room for."""


class Loop(NamedTuple):
    drawing: str
    terminal: str
    contact: tuple[str, str, str]  # its part and the two pins that it joins when closed


LOOPS = (
    Loop("door-contact", "AIN1", ("S1", "a", "b")),
    Loop("duress-button", "AIN2", ("S1", "NC", "COM")),
    Loop("recorder-contact", "AIN3", ("REC", "OUT", "COM")),
    Loop("lock-relay", "AIN2", ("LOCK", "FB NO", "FB COM")),
    Loop("emergency-state", "AIN3", ("K1", "CLOSES", "COM")),
)


class Adc:
    def __init__(self, reading: int) -> None:
        self.reading = reading

    def read_u16(self) -> int:
        return self.reading


def told(ohms: Fraction | None, pull_up: Fraction = Fraction(PULL_UP_OHM)) -> tuple[int, int]:
    """State and trouble that a node tells of a loop of `ohms` (None: nothing is joined)."""
    ratio = Fraction(1) if ohms is None else ohms / (ohms + pull_up)
    config = PointConfig("loop", {"point": 1, "kind": "supervised", "pin": "AIN1", "tells": "contact"})
    point = Supervised(config, Adc(int(65535 * ratio)), 0)
    for now_ms in range(0, 200, 5):
        point.poll(now_ms)
    return point.state, point.trouble


def ohms(loop: Loop, is_closed: bool, cut: Joints = (), shorted: Joints = ()) -> Fraction | None:
    """Of a loop as drawn, between its terminal and 0V."""
    part, one, other = loop.contact
    contact = [((part, one), (part, other))] if is_closed else []
    return load(loop.drawing).ohms_between(
        ("CARRIER", loop.terminal), ("CARRIER", "0V"), [*contact, *shorted], cut
    )


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.drawing)
def test_a_loop_as_drawn_is_read_as_its_contact_stands(loop: Loop) -> None:
    assert told(ohms(loop, is_closed=True)) == (INACTIVE, 0)
    assert told(ohms(loop, is_closed=False)) == (ACTIVE, 0)


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.drawing)
def test_the_resistors_drawn_are_those_that_the_firmware_expects(loop: Loop) -> None:
    drawn = [ohm for part, ohm in load(loop.drawing).resistors().items() if part in ("R1", "R2")]
    assert drawn == [SERIES_OHM, ACROSS_OHM]
    carrier = load("carrier-inputs")
    guard = {net_pin for net_pin in carrier.net(("CARRIER", "AIN1")) if net_pin[0] in carrier.resistors()}
    assert {carrier.resistors()[part] for part, _ in guard} == {PULL_UP_OHM, SERIES_OHM}
    assert ("R3", "1") in carrier.net(("PICO", "36"))
    assert ("R4", "1") in carrier.net(("PICO", "31"))


@pytest.mark.parametrize("error", [Fraction(1, 100), Fraction(5, 100)], ids=["1 %", "5 %"])
def test_parts_and_wire_at_their_worst_stay_inside_the_bounds(error: Fraction) -> None:
    for up, loop_error, wire in product((-error, error), (-error, error), (0, WIRE_OHM_MAX)):
        pull_up = PULL_UP_OHM * (1 + up)
        closed = SERIES_OHM * (1 + loop_error) + wire
        opened = (SERIES_OHM + ACROSS_OHM) * (1 + loop_error) + wire
        assert told(closed, pull_up) == (INACTIVE, 0)
        assert told(opened, pull_up) == (ACTIVE, 0)


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.drawing)
def test_no_cut_wire_turns_one_state_of_a_contact_into_the_other(loop: Loop) -> None:
    drawing = load(loop.drawing)
    found = set()
    for is_closed in (True, False):
        right = INACTIVE if is_closed else ACTIVE
        for joint in drawing.joints:
            state, trouble = told(ohms(loop, is_closed, cut=[joint]))
            assert (state, trouble) in {(right, 0), (UNKNOWN, LINE_OPEN)}
            found.add(trouble)
    assert LINE_OPEN in found


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.drawing)
@pytest.mark.parametrize("is_closed", [True, False])
def test_a_cable_shorted_on_its_way_is_a_short(loop: Loop, is_closed: bool) -> None:
    short = [(("CARRIER", loop.terminal), ("CARRIER", "0V"))]
    assert told(ohms(loop, is_closed, shorted=short)) == (UNKNOWN, LINE_SHORT)


def test_the_bounds_in_the_readme_are_those_of_the_firmware() -> None:
    text = (ROOT / "hardware" / "README.md").read_text(encoding="utf-8")
    table = text.split("<!-- bounds", 1)[1].split("\n\n", 1)[0]
    numbers = [int(number) for number in re.findall(r"\b(\d{3,})\b", table.split("|---|---|")[1])]
    assert numbers == [
        supervised.SHORT_OHM_MAX,
        supervised.CLOSED_OHM_MIN,
        supervised.CLOSED_OHM_MAX,
        supervised.OPEN_OHM_MIN,
        supervised.OPEN_OHM_MAX,
        supervised.CUT_OHM_MIN,
    ]
