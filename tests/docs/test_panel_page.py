"""docs/devices/panel.md says of panel and lamp what the code does."""

import json
import re
from pathlib import Path

import pytest

from casegateway.limits import PANEL_CHANGE_MS, PANEL_VALID_MS
from node import devices, panel, panel_drawing, picture, room_lamp
from node.config import NodeConfig
from tests.docs.test_lock_pages import rows
from tests.hardware.test_wiring import TERMINALS
from tests.node.panels import golden

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "devices" / "panel.md").read_text(encoding="utf-8")


def test_each_number_of_a_configuration_has_its_row() -> None:
    limits = {**panel.LIMITS, **room_lamp.LIMITS}
    found = {name: rows("panel.md").get(name, ["missing"] * 2)[:2] for name in limits}
    assert found == {
        name: [str(default), f"{least}..{most}"] for name, (default, least, most) in limits.items()
    }


def test_the_examples_are_devices_that_a_node_takes() -> None:
    tables = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.S)]
    config = NodeConfig({"node": 7, "key": "5a" * 32, "devices": tables}, devices.KINDS)
    assert [device.kind for device in config.devices] == ["panel", "room_lamp", "room_lamp"]
    buses = {terminal.partition(".")[0] for terminal in TERMINALS}
    assert {pin for device in config.devices for pin in device.pins} <= set(TERMINALS) | buses


def test_the_picture_on_the_page_is_the_one_that_is_drawn() -> None:
    drawn = re.search(r"```\n(.*?)\n```", PAGE, re.S)
    assert drawn is not None
    assert drawn[1].splitlines() == [line.rstrip() for line in golden("alarm").splitlines()]


@pytest.mark.parametrize(
    "words",
    [
        f"{PANEL_CHANGE_MS} ms after it is in the log",
        f"{PANEL_VALID_MS // 1000} s after it was made",
        f"{picture.VALID_MS_MAX // 60_000} minute whatever",
        f"asked again each {panel.RETRY_MS // 1000} s",
        f"anew each {panel.RESTART_MS // 60_000} minutes",
        f"{panel_drawing.HOURS_MAX}; persons {panel_drawing.PERSONS_MAX}",
        f"slow ({room_lamp.SLOW_MS // 1000} s lit",
        f"fast ({room_lamp.FAST_MS / 1000:.1f} s)",
    ],
)
def test_a_time_on_the_page_is_that_of_the_code(words: str) -> None:
    assert words in PAGE
