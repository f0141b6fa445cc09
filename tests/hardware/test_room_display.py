"""The display beside a door sees 3.3 V alone, and the strip of lights its data at 5 V alone."""

from tests.hardware.wiring import load

DRAWING = load("room-display")


def test_the_display_and_the_resistors_of_its_bus_hang_on_3_3_v_alone() -> None:
    supply = DRAWING.net(("OLED", "VCC"))
    assert ("PICO", "36") in supply
    assert ("CARRIER", "5V") not in supply
    for pin, line in (("26", "SDA"), ("27", "SCL")):
        assert ("OLED", line) in DRAWING.net(("PICO", pin))
        assert DRAWING.ohms_between(("PICO", pin), ("PICO", "36")) == 2_200


def test_the_strip_is_never_driven_by_a_pin_of_3_3_v() -> None:
    assert ("U1", "2") in DRAWING.net(("PICO", "29"))
    assert DRAWING.ohms_between(("PICO", "29"), ("STRIP", "DIN")) is None
    assert DRAWING.ohms_between(("U1", "3"), ("STRIP", "DIN")) == 330
    assert ("U1", "14") in DRAWING.net(("STRIP", "5V"))


def test_the_buffer_is_open_and_its_input_held_low_while_the_node_starts() -> None:
    assert ("U1", "1") in DRAWING.net(("PICO", "38"))
    assert DRAWING.ohms_between(("PICO", "29"), ("PICO", "38")) == 10_000


def test_every_part_has_the_same_0_v() -> None:
    ground = DRAWING.net(("PICO", "38"))
    for pin in (("OLED", "GND"), ("U1", "7"), ("STRIP", "GND"), ("CARRIER", "0V"), ("C1", "-")):
        assert pin in ground
