"""Boards and configurations of the demo's nodes fit the real node program."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseward.demo.hardware import Hardware, node_config
from caseward.demo.locks import BOARD, LET_GO, OPEN, SHUT, LockBoard
from custody.area import Area
from node.config import NodeConfig
from node.devices import KINDS
from node.krcu import Cu16
from tests.demo.offline import areas
from tests.gateway.program import wait_for

EVERY_NODE = [(area.id, node) for area in areas().values() for node in area.nodes]


@pytest.mark.parametrize(("area", "node"), EVERY_NODE)
def test_the_node_takes_its_configuration_and_knows_every_point(area: str, node: str) -> None:
    plan = areas()[area]
    config = NodeConfig(node_config(plan, node, secrets.token_bytes(32)), KINDS)
    assert config.node == plan.nodes[node].number
    points = {point.point for point in config.points} | {
        p for device in config.devices for p in device.points
    }
    assert points == {p.point for p in plan.points if p.node == node}


@pytest.fixture
def hardware(tmp_path: Path) -> Iterator[Hardware]:
    boards = Hardware(areas()["a2"], tmp_path)
    boards.open()
    yield boards
    boards.close()


def lines(hardware: Hardware, node: str) -> list[str]:
    """What waits in the FIFO of a node."""
    return os.read(hardware.boards[node].descriptor, 65536).decode().splitlines()


def point(area: Area, kind: str, of: str) -> int:
    return next(p.point for p in area.points if (p.kind, p.of) == (kind, of))


def test_at_the_start_every_input_of_every_node_is_at_rest(hardware: Hardware) -> None:
    for node in hardware.boards:
        told = lines(hardware, node)
        inputs = [p for p in hardware.area.points if p.node == node and p.kind not in ("reader", "output")]
        assert sorted(told) == sorted(f"PIN {p.point} 0" for p in inputs)


def test_doors_recorders_and_tags_reach_the_node_they_are_wired_to(hardware: Hardware) -> None:
    lines(hardware, "m1")
    hardware.door("gate", True)
    hardware.recorder("rec-interview-1", True)
    hardware.house_input("emergency-release", True)
    hardware.tag("0B00000065", "search", True)
    hardware.tag("0B00000066", "search", True)
    hardware.tag("0B00000065", "search", False)
    hardware.tag("0B00000066", "search", False)
    uart = point(hardware.area, "reader", "rd-search")
    assert lines(hardware, "m1") == [
        f"PIN {point(hardware.area, 'door_contact', 'gate')} 1",
        f"PIN {point(hardware.area, 'recorder_contact', 'rec-interview-1')} 1",
        f"PIN {point(hardware.area, 'input', 'emergency-release')} 1",
        f"UIDS {uart} 0B00000065",
        f"UIDS {uart} 0B00000065,0B00000066",
        f"UIDS {uart} 0B00000066",
        f"SILENT {uart}",
    ]


def test_a_node_that_starts_again_is_told_everything_again(hardware: Hardware) -> None:
    hardware.tag("0B00000065", "guard", True)
    lines(hardware, "m2")
    hardware.boards["m2"].tell_all()
    told = lines(hardware, "m2")
    assert f"UIDS {point(hardware.area, 'reader', 'rd-guard')} 0B00000065" in told
    assert sum(line.startswith("PIN") for line in told) == len(hardware.boards["m2"].pins)


def test_a_lamp_is_read_from_what_the_node_reports(hardware: Hardware) -> None:
    assert hardware.lamp("lamp-waiting-1") is None
    pin = point(hardware.area, "output", "lamp-waiting-1")
    hardware.boards["m2"].report.write_text(f"PIN {pin} 0\nPIN {pin} 1\n")
    assert hardware.lamp("lamp-waiting-1") is True


def seen(locks: LockBoard, name: str, state: str) -> None:
    wait_for(f"{name} {state}", lambda: locks.state(name) == state)


def test_a_hand_opens_a_compartment_only_when_its_hook_has_let_go_and_shuts_it(tmp_path: Path) -> None:
    """The frames of KR-CU over the pty, as a node sends them; every other hook holds throughout."""
    locks = LockBoard({"E-1": 1, "E-2": 2})
    locks.start()
    line = os.open(locks.path, os.O_RDWR | os.O_NOCTTY)
    try:
        locks.pull("E-1")
        assert locks.state("E-1") == SHUT
        os.write(line, Cu16(16).release(BOARD, 1))
        seen(locks, "E-1", OPEN)
        assert locks.state("E-2") == SHUT
        locks.push("E-1")
        assert locks.state("E-1") == SHUT
        locks.pull("E-2")
        locks.push("E-2")  # the order comes late: the door is opened for a moment and not left open
        os.write(line, Cu16(16).release(BOARD, 2))
        seen(locks, "E-2", OPEN)
        seen(locks, "E-2", SHUT)
        os.write(line, Cu16(16).release(BOARD, 2))
        seen(locks, "E-2", LET_GO)
    finally:
        os.close(line)
        locks.close()


def test_the_readers_of_a_room_and_of_its_cabinets_are_not_mixed_up(tmp_path: Path) -> None:
    boards = Hardware(areas()["a1"], tmp_path)
    boards.open()
    lines(boards, "n4")
    boards.tag("0B00000083", "property", True)
    boards.hold("0B00000083", "exhibits-1", True)
    told = lines(boards, "n4")
    boards.close()
    numbers = [point(boards.area, "reader", reader) for reader in ("rd-property", "rd-exhibits-1")]
    assert told == [f"UIDS {number} 0B00000083" for number in numbers]
    assert boards.environment("n1") == {}


@pytest.mark.parametrize("name", ["a1", "a2"])
def test_each_area_has_a_sounder_at_a_node_that_sounds_for_a_dead_gateway(name: str) -> None:
    area = areas()[name]
    own = {output.id for output in area.outputs.values() if output.gpio_line is not None}
    sirens = {
        point["point"]
        for node in area.nodes
        for point in node_config(area, node, bytes(32))["points"]
        if point.get("on_lost") == "on"
    } & {p.point for p in area.points if p.kind == "output" and area.outputs[p.of].kind == "sounder"}
    assert len(sirens) == 1
    assert {area.outputs[output].kind for output in own} == {"sounder", "lamp"}
