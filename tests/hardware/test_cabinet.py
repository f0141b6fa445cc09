"""The drawing of a locker cabinet: what the gateway's code asks of it, and what must not reach it."""

import re

from custody.area import load_area
from custody.bundled import area_text
from node.krcu import PROFILES
from tests.hardware.amounts import LOCKS_OF_A_BOARD, rows_of
from tests.hardware.test_wiring import parts_at
from tests.hardware.wiring import ROOT, Pin, load

CABINET = "locker-cabinet"
HOOK: tuple[Pin, Pin] = (("LK1", "a"), ("LK1", "b"))
DOOR: tuple[Pin, Pin] = (("DC1", "a"), ("DC1", "b"))


def test_nothing_of_the_way_out_reaches_a_cabinet_and_no_release_opens_one() -> None:
    """Nobody is behind a compartment: its board has the supply with the battery, never the bus that a fire alarm opens."""
    drawing = load(CABINET)
    way_out = {part for name in ("emergency-release", "lock-relay") for part in load(name).parts} - {"DIST"}
    assert not {"LOCKPSU", "LOCKBUS", "FIRE", "ES1"} - way_out
    assert set(drawing.parts) & {"LOCKPSU", "LOCKBUS", "FIRE", "ES1"} == set()
    assert "Lock bus" not in str(drawing.parts["DIST"]["type"])


def test_a_coil_has_current_from_its_board_alone_whatever_contact_is_shut() -> None:
    for net in load(CABINET).nets(closed=[HOOK, DOOR]):
        if net & {("LK1", "+"), ("LK1", "-")}:
            assert parts_at(net) == {"LK1", "CU1"}


def test_door_and_hook_are_two_contacts_that_share_no_wire() -> None:
    """One bridged contact does not make an open compartment look shut: the node tells a contradiction."""
    drawing = load(CABINET)
    seen = [drawing.net(pin, closed=[HOOK, DOOR]) for pin in (("LK1", "a"), ("DC1", "a"))]
    assert [parts_at(net) for net in seen] == [{"LK1", "CU1"}, {"DC1", "CU1"}]
    assert not seen[0] & seen[1]


def test_each_branch_has_its_own_fuse_and_comes_back_to_the_distribution() -> None:
    drawing = load(CABINET)
    fused = dict(
        re.findall(r"\b([abc]) (?:lock board|reader|screen), fuse of (\d) A", drawing.parts["DIST"]["notes"])
    )
    assert fused == {"a": "5", "b": "1", "c": "2"}
    for branch, part in (("a", "CU1"), ("b", "DC5"), ("c", "SCREEN")):
        for pole in ("+12V", "0V"):
            fed = parts_at(drawing.net(("DIST", f"{pole} {branch}")))
            assert fed & {"DIST", "CU1", "DC5", "SCREEN"} == {"DIST", part}


def test_the_reader_of_5_v_reaches_the_adapter_below_3_3_v() -> None:
    drawing = load(CABINET)
    series, to_ground = drawing.resistors()["R1"], drawing.resistors()["R2"]
    assert ("USB2", "RXD") in drawing.net(("R1", "2"))
    assert ("USB2", "RXD") not in drawing.net(("RD1", "P1-1 TX"))
    assert ("USB2", "GND") in drawing.net(("R2", "2"))
    assert 2.0 < 5.25 * to_ground / (series + to_ground) < 3.3


def test_the_list_counts_locks_contacts_and_readers_as_the_board_and_the_area_have_them() -> None:
    assert PROFILES["cu16"].locks_max == LOCKS_OF_A_BOARD
    listed = {row["id"]: row["quantity"] for row in rows_of("bom.csv")}
    assert listed["LOCKER-LOCK"] == listed["LOCKER-DOOR"] == f"{LOCKS_OF_A_BOARD}*B"
    area = load_area(area_text("standard"), "standard.toml")
    assert len({cabinet.reader for cabinet in area.cabinets.values()}) == len(area.cabinets)
    assert listed["RDM6300"] == "N + K"


def test_a_cut_wire_of_the_silence_button_silences_nothing() -> None:
    drawing = load("silence-button")
    pressed = [(("S1", "NO"), ("S1", "COM"))]
    assert drawing.ohms_between(("CARRIER", "IN6"), ("CARRIER", "0V"), closed=pressed) == 0
    for wire in drawing.joints:
        assert drawing.ohms_between(("CARRIER", "IN6"), ("CARRIER", "0V"), closed=pressed, cut=[wire]) is None


def test_the_page_that_leads_through_building_names_every_part_of_the_drawing() -> None:
    page = (ROOT / "docs" / "devices" / "locker-cabinet.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z][A-Z0-9-]+)`", page))
    drawing = load(CABINET)
    bought = {data["pn"] for data in [*drawing.parts.values(), *drawing.cables.values()] if "pn" in data}
    assert bought <= named
