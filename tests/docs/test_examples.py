"""Every configuration that a document shows is one that the program takes; each `caseward` line is one that it knows."""

import json
import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from casefield import board_commands
from casefield import main as field_node
from caseward.cli import _PROGRAMS
from custody.area import load_area
from custody.bundled import rulebook_of_area
from node import devices
from node.config import NodeConfig
from tests.tools.tree import ROOT, files, text

PAGES = [path for path in files() if path.suffix == ".md"]
KEY = "5b" * 32
HOUSE = """
[area]
id = "doc"
[gateway]
id = "gw-doc"
[[room]]
id = "outside"
kind = "outside"
[[room]]
id = "waiting-1"
kind = "waiting"
[[room]]
id = "corridor"
kind = "corridor"
[[door]]
id = "waiting-1-door"
kind = "room"
between = ["corridor", "waiting-1"]
controlled = true
[[reader]]
id = "waiting-1-reader"
room = "waiting-1"
"""
"""What a page may leave to its reader: the house around an example of a few tables."""


AREA_TABLES = {
    "area",
    "node",
    "port",
    "room",
    "door",
    "reader",
    "recorder",
    "point",
    "input",
    "output",
    "panel",
}
NODE_KEYS = ("points", "devices", "kind")


def blocks(kind: str) -> list[tuple[Path, str]]:
    return [
        (path, content)
        for path in PAGES
        for content in re.findall(rf"^```{kind}\n(.*?)^```", text(path), re.M | re.S)
    ]


def named(found: list[tuple[Path, str]]) -> list[Any]:
    return [
        pytest.param(path, content, id=f"{path}-{number}") for number, (path, content) in enumerate(found)
    ]


AREAS = [(path, content) for path, content in blocks("toml") if AREA_TABLES & set(tomllib.loads(content))]
NODES = [
    (path, content) for path, content in blocks("json") if any(f'"{key}"' in content for key in NODE_KEYS)
]


def whole(tables: dict[str, Any]) -> str:
    """The rest of an area around `tables`: nodes and ports that its points and nodes name, rooms, a door."""
    nodes = {point["node"] for point in tables.get("point", ())} - {n["id"] for n in tables.get("node", ())}
    rest = [
        f'[[node]]\nid = "{node}"\nnumber = {number}\nport = "p"'
        for number, node in enumerate(sorted(nodes), 60_000)
    ]
    rest += ['[[port]]\nid = "p"\npath = "/dev/p"'] if rest else []
    return HOUSE + "\n".join(rest)


def test_there_are_examples() -> None:
    assert len(AREAS) >= 4
    assert len(NODES) >= 9


@pytest.mark.parametrize(("path", "content"), named(AREAS))
def test_an_example_in_toml_is_taken(path: Path, content: str) -> None:
    tables = tomllib.loads(content)
    area = load_area(content if "area" in tables else content + whole(tables), str(path))
    rulebook_of_area(area)
    assert {point["of"] for point in tables.get("point", ())} <= {point.of for point in area.points}


def as_node(content: str) -> dict[str, Any]:
    """An example as a node's table: a whole one, one point, or one device."""
    table = json.loads(content.replace("<64 hex digits>", KEY).replace("<32 hex digits>", KEY[:32]))
    if "node" in table:
        return {"key": KEY, **table}
    place = (
        "points"
        if "pin" in table and table["kind"] in ("contact", "feedback", "output", "reader", "supervised")
        else "devices"
    )
    return {"node": 1, "key": KEY, place: [table]}


@pytest.mark.parametrize(("path", "content"), named(NODES))
def test_an_example_of_a_node_is_taken_by_a_node(path: Path, content: str) -> None:  # path: for the name
    table = as_node(content)
    table.pop("line", None)
    config = NodeConfig(table, field_node.KINDS)
    kinds = {device.kind for device in config.devices}
    if not kinds <= set(devices.KINDS) or "/dev/" in content:
        return  # for a Raspberry Pi
    board = runpy.run_path(str(ROOT / "firmware/boards/rp2040/pins.py"))
    terminals = {name for table in ("TERMINALS", "READERS", "BUSES") for name in board[table]}
    named_there = {point.pin for point in config.points}
    for device in config.devices:
        named_there |= {*device.pins, *([device.bus] if hasattr(device, "bus") else [])}
    assert named_there <= terminals


def command_lines() -> list[tuple[Path, str]]:
    found = []
    for path in PAGES:
        blocks_of = re.findall(r"^```\w*\n(.*?)^```", text(path), re.M | re.S)
        inline = re.findall(r"`(caseward [^`\n]+)`", text(path))
        lines = [line.strip() for block in blocks_of for line in block.splitlines()] + inline
        found += [(path, line) for line in lines if line.startswith("caseward ")]
    return found


def test_every_command_that_a_document_names_exists() -> None:
    lines = command_lines()
    assert len(lines) > 30
    wrong = []
    for path, line in lines:
        words = line.split()
        if words[1] not in _PROGRAMS and not words[1].startswith(("<", "-")):
            wrong.append(f"{path}: {line}")
        if (
            words[1] == "node"
            and len(words) > 2
            and not words[2].startswith("-")
            and words[2] not in board_commands.STEPS
        ):
            wrong.append(f"{path}: {line}")
    assert wrong == []
