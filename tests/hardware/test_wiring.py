"""The sources of the drawings against the pins of the firmware, and what must never be joined."""

import csv
import json
import re
import tomllib

import pytest

from custody.bundled import area_text
from node.config import NodeConfig
from tests.hardware.wiring import NAMES, ROOT, Pin, load

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
    config = NodeConfig(json.loads(text[1].replace("<64 hex digits>", "5a" * 32)))
    pins = {point.pin for point in config.points}
    assert pins - {"RD1"} <= set(TERMINALS)
    # What stands in a locked waiting room, and what each of its points is.
    drawn = {"door-contact", "lock-relay", "room-panel"}
    terminals = {pin for name in drawn for pin in load(name).pins("CARRIER")} - SUPPLIES
    assert terminals <= pins


# ---- the way out ---------------------------------------------------------------------------------

FIRE: tuple[Pin, Pin] = (("FIRE", "COM"), ("FIRE", "NC"))
CALL_POINT: tuple[Pin, Pin] = (("ES1", "COM1"), ("ES1", "NC1"))
SECOND_POLE: tuple[Pin, Pin] = (("ES1", "COM2"), ("ES1", "NC2"))


def parts_at(net: set[Pin]) -> set[str]:
    return {part for part, _ in net}


def test_the_locks_have_current_only_while_fire_panel_and_call_point_let_it_through() -> None:
    drawing = load("emergency-release")
    source, bus = ("LOCKPSU", "+12V"), ("LOCKBUS", "+LOCK")
    assert bus in drawing.net(source, closed=[FIRE, CALL_POINT])
    for opened in (FIRE, CALL_POINT):
        others = [contact for contact in (FIRE, CALL_POINT, SECOND_POLE) if contact is not opened]
        assert bus not in drawing.net(source, closed=others)


def test_nothing_but_fire_panel_and_call_point_lies_between_supply_and_lock_bus() -> None:
    net = load("emergency-release").net(("LOCKPSU", "+12V"), closed=[FIRE, CALL_POINT])
    assert parts_at(net) == {"LOCKPSU", "FIRE", "ES1", "LOCKBUS"}


@pytest.mark.parametrize("name", ["emergency-release", "emergency-state", "lock-relay"])
def test_no_wire_of_a_node_is_a_wire_of_the_locks_whatever_contact_is_closed(name: str) -> None:
    drawing = load(name)
    contacts = {
        "emergency-release": [FIRE, CALL_POINT, SECOND_POLE],
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
