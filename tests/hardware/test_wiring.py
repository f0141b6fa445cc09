"""The sources of the drawings against the pins of the firmware, and what must never be joined."""

import csv
import json
import re
import tomllib

import pytest
import yaml

from custody.bundled import area_text
from node import devices
from node.config import NodeConfig
from tests.hardware.wiring import NAMES, ROOT, WIRING, Pin, load

SUPPLIES = {"0V", "5V", "12V"}
"""Terminals of the carrier that are no pins of the Pico."""

# Pins of the board by GPIO (Raspberry Pi Pico data sheet, pin-out).
PICO_PINS = {
    0: 1,
    1: 2,
    2: 4,
    3: 5,
    4: 6,
    5: 7,
    6: 9,
    7: 10,
    8: 11,
    9: 12,
    10: 14,
    11: 15,
    12: 16,
    13: 17,
    14: 19,
    15: 20,
}
PICO_PINS |= {16: 21, 17: 22, 18: 24, 19: 25, 20: 26, 21: 27, 22: 29, 26: 31, 27: 32, 28: 34}
PICO_OTHERS = {36: "3V3(OUT)", 38: "GND", 39: "VSYS", 40: "VBUS"}

# Header pins of a Raspberry Pi with 40 pins (Raspberry Pi documentation, GPIO).
HEADER_PINS = {2: 3, 3: 5, 4: 7, 17: 11, 18: 12, 27: 13, 22: 15, 23: 16, 24: 18, 25: 22}
HEADER_OTHERS = {"3V3": {1, 17}, "5V": {2, 4}, "GND": {6, 9, 14, 20, 25, 30, 34, 39}}


def table(name: str) -> list[dict[str, str]]:
    with (ROOT / "hardware" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


TERMINALS = {row["terminal"]: int(row["gpio"]) for row in table("pinout.csv") if row["board"] == "rp2040"}


def parts_of_type(drawing: str, word: str) -> list[str]:
    return [part for part, data in load(drawing).parts.items() if word in str(data["type"])]


def readme() -> str:
    return (ROOT / "hardware" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_part_and_wire_of_a_source_is_joined_to_something(name: str) -> None:
    drawing = load(name)
    joined = {part for joint in drawing.joints for part, _ in joint}
    assert set(drawing.parts) == joined


@pytest.mark.parametrize("name", NAMES)
def test_a_carrier_has_the_terminals_of_the_table(name: str) -> None:
    for part in parts_of_type(name, "Node carrier"):
        assert [pin for pin in load(name).pins(part) if pin not in SUPPLIES | set(TERMINALS)] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_pins_of_a_pico_are_where_its_data_sheet_has_them(name: str) -> None:
    for part in parts_of_type(name, "Raspberry Pi Pico"):
        for pin, label in load(name).labels(part).items():
            if found := re.fullmatch(r"([\w.]+) GP(\d+)", label):
                assert TERMINALS[found[1]] == int(found[2])
                assert PICO_PINS[int(found[2])] == int(pin)
            else:
                assert PICO_OTHERS[int(pin)] == label


def test_the_header_of_the_gateway_is_numbered_as_the_pi_is() -> None:
    for row in table("pinout-gateway.csv"):
        pin = int(row["header_pin"])
        if row["gpio"]:
            assert HEADER_PINS[int(row["gpio"])] == pin
        else:
            assert pin in HEADER_OTHERS[row["terminal"]]


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_uses_the_header_as_its_table_says(name: str) -> None:
    rows = {int(row["header_pin"]): row for row in table("pinout-gateway.csv")}
    for part in parts_of_type(name, "Raspberry Pi header"):
        for pin, label in load(name).labels(part).items():
            row = rows[int(pin)]
            assert label == (f"GPIO{row['gpio']}" if row["gpio"] else row["terminal"])


@pytest.mark.parametrize("name", ["standard", "annex"])
def test_sounder_and_lamp_are_on_the_lines_that_the_area_files_drive(name: str) -> None:
    outputs = tomllib.loads(area_text(name))["output"]
    driven = {output["kind"]: output["gpio_line"] for output in outputs if "gpio_line" in output}
    wired = {row["terminal"].lower(): int(row["gpio"]) for row in table("pinout-gateway.csv") if row["gpio"]}
    assert driven == {kind: wired[kind] for kind in ("sounder", "lamp")}


def test_the_readme_names_every_drawing_with_the_terminals_it_uses() -> None:
    rows = re.findall(r"^\| \[([\w-]+)\]\(drawings/([\w-]+)\.svg\) \|[^|]*\|([^|]*)\|$", readme(), re.M)
    assert sorted(name for name, _, _ in rows) == list(NAMES)
    for name, file, terminals in rows:
        assert name == file
        drawing = load(name)
        used = {p for part in parts_of_type(name, "Node carrier") for p in drawing.pins(part)} - SUPPLIES
        assert set(re.findall(r"\b(?:IN|AIN|OUT)\d\b", terminals)) == used, name


def test_the_configuration_in_the_readme_is_one_that_a_node_takes() -> None:
    text = re.search(r"```json\n(.*?)```", readme(), re.S)
    assert text is not None
    config = NodeConfig({**json.loads(text[1]), "key": "5a" * 32}, devices.KINDS)
    pins = {point.pin for point in config.points} | {pin for device in config.devices for pin in device.pins}
    assert pins - {"RD1"} <= set(TERMINALS)
    # What stands in a locked waiting room, and what each of its points is.
    drawn = {"door-contact", "lock-relay", "room-panel"}
    terminals = {pin for name in drawn for pin in load(name).pins("CARRIER")} - SUPPLIES
    assert terminals <= pins


# ---- the way out ---------------------------------------------------------------------------------

FIRE: tuple[Pin, Pin] = (("FIRE", "COM"), ("FIRE", "NC"))
FUSE: tuple[Pin, Pin] = (("F1", "1"), ("F1", "2"))
CALL_POINT: tuple[Pin, Pin] = (("ES1", "COM1"), ("ES1", "NC1"))
SECOND_POLE: tuple[Pin, Pin] = (("ES1", "COM2"), ("ES1", "NC2"))


def parts_at(net: set[Pin]) -> set[str]:
    return {part for part, _ in net}


def test_the_locks_have_current_only_while_fuse_fire_panel_and_call_point_let_it_through() -> None:
    drawing = load("emergency-release")
    source, bus = ("LOCKPSU", "+12V"), ("LOCKBUS", "+LOCK")
    assert bus in drawing.net(source, closed=[FUSE, FIRE, CALL_POINT])
    for opened in (FUSE, FIRE, CALL_POINT):
        others = [contact for contact in (FUSE, FIRE, CALL_POINT, SECOND_POLE) if contact is not opened]
        assert bus not in drawing.net(source, closed=others)


def test_nothing_but_a_fuse_fire_panel_and_call_point_lies_between_supply_and_lock_bus() -> None:
    net = load("emergency-release").net(("LOCKPSU", "+12V"), closed=[FUSE, FIRE, CALL_POINT])
    assert parts_at(net) == {"LOCKPSU", "F1", "FIRE", "ES1", "LOCKBUS"}


@pytest.mark.parametrize("name", ["emergency-release", "emergency-state", "lock-relay"])
def test_no_wire_of_a_node_is_a_wire_of_the_locks_whatever_contact_is_closed(name: str) -> None:
    drawing = load(name)
    contacts = {
        "emergency-release": [FUSE, FIRE, CALL_POINT, SECOND_POLE],
        "emergency-state": [(("K1", "CLOSES"), ("K1", "COM"))],
        "lock-relay": [(("K1", "COM"), ("K1", "NC")), (("LOCK", "FB COM"), ("LOCK", "FB NO"))],
    }[name]
    for net in drawing.nets(closed=contacts):
        assert not {"CARRIER", "LOCKBUS"} <= parts_at(net)
        assert not {"CARRIER", "LOCKPSU"} <= parts_at(net)


def test_a_relay_without_current_leaves_the_lock_on_the_bus_and_holds_nothing_against_it() -> None:
    drawing = load("lock-relay")
    at_rest = drawing.net(("LOCKBUS", "+LOCK"), closed=[(("K1", "COM"), ("K1", "NC"))])
    assert ("LOCK", "+") in at_rest
    pulled = drawing.net(("LOCKBUS", "+LOCK"))
    assert ("LOCK", "+") not in pulled
    # The one way of current to the lock is the bus: no second supply reaches it.
    assert parts_at(at_rest) == {"LOCKBUS", "K1", "LOCK", "D1"}


@pytest.mark.parametrize(
    ("name", "coil"), [("lock-relay", ("LOCK", "+", "-")), ("emergency-state", ("K1", "A1", "A2"))]
)
def test_the_diode_across_a_coil_blocks_while_the_coil_has_current(
    name: str, coil: tuple[str, str, str]
) -> None:
    """Its cathode is at the plus side; the other way round it is a short across the supply."""
    drawing = load(name)
    part, plus, minus = coil
    assert ("D1", "cathode") in drawing.net((part, plus))
    assert ("D1", "anode") in drawing.net((part, minus))


def test_an_output_is_held_off_while_nothing_drives_its_pin() -> None:
    for name, board, pins in (("carrier-outputs", "PICO", ["21"]), ("sounder-lamp", "PI", ["16", "18"])):
        drawing = load(name)
        for pin in pins:
            ground = ("PICO", "38") if board == "PICO" else ("PI", "20")
            assert drawing.ohms_between((board, pin), ground) == 10_000


@pytest.mark.parametrize("name", ["osdp-readers", "rs485-backbone"])
def test_a_bus_ends_in_120_ohms_across_its_pair(name: str) -> None:
    drawing = load(name)
    assert drawing.ohms_between(("USB1", "A"), ("USB1", "B")) == 120


# ---- what would be dear to find out with a soldering iron -----------------------------------------


def wires(name: str) -> list[tuple[str, str, str]]:
    """(colour, part:pin, part:pin) of each wire that has a colour and is part of a cable with a place in the list."""
    source = yaml.safe_load((WIRING / f"{name}.yml").read_text(encoding="utf-8"))
    found = []
    for line in source["connections"]:
        (left, left_pins), (cable, numbers), (right, right_pins) = (next(iter(item.items())) for item in line)
        colors = source["cables"][cable].get("colors")
        for a, number, b in zip(left_pins, numbers, right_pins, strict=True):
            if colors and "pn" in source["cables"][cable]:
                found.append((colors[number - 1], f"{left}:{a}", f"{right}:{b}"))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_red_wire_is_a_supply_and_no_input_hangs_on_one(name: str) -> None:
    """A red wire in an alarm cable that leads to an input asks for 12 V to be joined to it."""
    for colour, *ends in wires(name):
        if colour == "RD":
            assert [end for end in ends if re.search(r":(IN|AIN)\d$", end)] == []


CORES = {
    "CABLE-ALARM": {"RD", "BK", "YE", "GN"},
    "CABLE-2X075": {"RD", "BK", "OG", "YE"},  # of two cores: OG and YE are a sleeve at the switched one
    "CAT5": {"OG", "WHOG", "GN", "WHGN", "BU", "WHBU", "BN", "WHBN"},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_cable_has_the_cores_that_are_drawn(name: str) -> None:
    for cable, data in load(name).cables.items():
        drawn = data.get("colors", ())
        if data.get("pn") in CORES:
            assert set(drawn) <= CORES[data["pn"]], cable
            assert len(set(drawn)) == len(drawn), cable


def test_the_line_of_a_reader_of_5_v_reaches_the_pico_below_3_3_v() -> None:
    drawing = load("wristband-reader")
    series, to_ground = drawing.resistors()["R1"], drawing.resistors()["R2"]
    assert ("PICO", "7") in drawing.net(("R1", "2"))
    assert ("PICO", "7") not in drawing.net(("RD1", "P1-1 TX"))
    assert 2.0 < 5.25 * to_ground / (series + to_ground) < 3.3


def test_every_branch_of_the_distribution_says_its_fuse() -> None:
    for name in NAMES:
        for part, data in load(name).parts.items():
            if data.get("pn") == "DIST":
                assert re.search("fuse", str(data.get("notes")), re.I), f"{name}: {part}"
