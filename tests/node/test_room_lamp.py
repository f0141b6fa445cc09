"""The lamp of a room: its rhythm says what the picture says, and that nothing is known."""

import pytest

from casewire import Panel
from casewire.marks import (
    MARK_BROKEN,
    MARK_KEPT,
    MARK_UNSEEN,
    OCCUPIED_UNKNOWN,
    PANEL_ALARM,
    PANEL_CLOCK_DOUBT,
    SECONDS_NONE,
)
from node import room_lamp
from node.config import ConfigError
from node.room_lamp import DARK, FAST, SLOW, STEADY, OutputLight, RoomLamp, RoomLampConfig, StripLight
from tests.node import bench as node_bench

ALL_KEPT = 0b01010101
VALID_MS = 6_000


def picture(occupied: int = 1, marks: int = ALL_KEPT, flags: int = 0) -> Panel:
    return Panel(21, occupied, marks, flags, SECONDS_NONE, 65535, VALID_MS)


class Light:
    """What was lit, with the moment: [(ms, meaning)]."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def put(self, meaning: int) -> None:
        self.told.append(meaning)


class Strip:
    """A NeoPixel as the node sees it."""

    def __init__(self) -> None:
        self.filled = (0, 0, 0)
        self.written: list[tuple[int, int, int]] = []

    def fill(self, colour: tuple[int, int, int]) -> None:
        self.filled = colour

    def write(self) -> None:
        self.written.append(self.filled)


def config(**changes: object) -> RoomLampConfig:
    return RoomLampConfig("devices[0]", {"kind": "room_lamp", "point": 21, "pin": "OUT2", **changes})


def rhythm(message: Panel | None, duration_ms: int = 4_000) -> tuple[set[int], int]:
    """(what was lit, how often it changed) in four seconds."""
    light = Light()
    lamp = RoomLamp(config(), light)
    if message is not None:
        lamp.show(message, 0, 0)
    for now_ms in range(0, duration_ms, 5):
        assert lamp.poll(now_ms) == []
    changes = sum(one != other for one, other in zip(light.told, light.told[1:], strict=False))
    return set(light.told), changes


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        (picture(occupied=0, marks=0), DARK),
        (picture(), STEADY),
        (picture(marks=0b00010101), STEADY),  # no recorder is asked here
        (picture(marks=MARK_UNSEEN << 4), SLOW),
        (picture(marks=MARK_BROKEN << 6 | MARK_KEPT), SLOW),
        (picture(occupied=OCCUPIED_UNKNOWN), SLOW),
        (picture(flags=PANEL_CLOCK_DOUBT), SLOW),
        (picture(flags=PANEL_ALARM), FAST),
        (picture(occupied=0, flags=PANEL_ALARM | PANEL_CLOCK_DOUBT), FAST),
        (None, SLOW),
    ],
)
def test_each_picture_has_its_rhythm(message: Panel | None, meaning: int) -> None:
    changes = {
        DARK: ({DARK}, 0),
        STEADY: ({STEADY}, 0),
        SLOW: ({DARK, SLOW}, 3),
        FAST: ({DARK, FAST}, 19),
    }
    assert rhythm(message) == changes[meaning]


def test_a_picture_that_has_run_out_or_lost_its_gateway_blinks_slowly() -> None:
    light = Light()
    lamp = RoomLamp(config(), light)
    lamp.show(picture(), 0, 0)
    lamp.poll(VALID_MS - 5)
    assert light.told[-1] == STEADY
    lamp.poll(VALID_MS)
    assert light.told[-1] == SLOW
    lamp.show(picture(), 0, VALID_MS)
    lamp.poll(VALID_MS + 5)
    lamp.lose_link()
    lamp.poll(VALID_MS + 10)
    assert light.told[-2:] == [STEADY, SLOW]


def test_a_strip_says_the_meaning_by_colour_too_and_is_told_again_each_second() -> None:
    strip = Strip()
    lamp = RoomLamp(config(pin="LED1", pixels=8, brightness=255), StripLight(strip, 255))
    lamp.show(picture(flags=PANEL_ALARM), 0, 0)
    lamp.poll(0)
    lamp.show(picture(), 0, 5)
    for now_ms in range(5, 3_006, 5):
        lamp.poll(now_ms)
    assert strip.written == [(255, 0, 0), (0, 255, 0), (0, 255, 0), (0, 255, 0), (0, 255, 0)]


def test_a_dimmed_strip_keeps_its_colour() -> None:
    strip = Strip()
    StripLight(strip, 64).put(SLOW)
    assert strip.written == [(64, 30, 0)]


@pytest.mark.parametrize("active_level", [0, 1])
def test_a_lamp_on_an_output_is_lit_by_its_level(active_level: int) -> None:
    pin = node_bench.FakePin(1 - active_level)
    light = OutputLight(pin, active_level)
    light.put(FAST)
    assert pin.level == active_level
    light.put(DARK)
    assert pin.level == 1 - active_level


def test_a_node_lights_it_as_its_gateway_says_and_tells_nothing_of_it() -> None:
    pin = node_bench.FakePin()
    lamp = RoomLamp(config(), OutputLight(pin, 1))
    bench = node_bench.Bench(devices=(lamp,))
    bench.settle()
    bench.order(picture())
    heard = bench.run(2_500)
    assert pin.level == 1
    assert {frame.kind for frame in heard} == {1}
    bench.run(6_000, acking=False)
    levels = set()
    for _ in range(4):
        bench.run(500, acking=False)
        levels.add(pin.level)
    assert levels == {0, 1}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"pixels": 17}, "devices[0].pixels: expected a whole number 0..16, found 17"),
        ({"brightness": 0}, "devices[0].brightness: expected a whole number 8..255, found 0"),
        ({"pin": None}, "devices[0].pin: expected a whole number 0..255, found None"),
    ],
)
def test_a_wrong_configuration_says_expected_and_found(changes: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config(**changes)
    assert str(refused.value) == text


def test_the_rhythms_can_be_told_apart_at_a_glance() -> None:
    assert room_lamp.SLOW_MS >= 4 * room_lamp.FAST_MS
