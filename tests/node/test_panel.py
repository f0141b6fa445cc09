"""The panel of a room on a display that is played: what is shown, for how long, and what when nothing is known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewire import SILENT, Command, Panel, SnapshotRequest, Troubles
from casewire.marks import (
    SECONDS_NONE,
)
from node import panel as panels
from node.config import ConfigError
from node.panel import PanelConfig
from node.picture import VALID_MS_MAX
from tests.node import bench as node_bench
from tests.node.panels import ALL_KEPT, DOT_LINE, SCENES, VALID_MS, Bench, golden, without_dot

PICTURES = dict(SCENES)
CALM = PICTURES["calm"]
DRAWN_MS = 50  # a new picture is whole after eight scans of 5 ms


def lit(*, scene: Panel | None = None) -> Bench:
    """A panel that has been lit for a second, with a picture or without."""
    bench = Bench()
    bench.run(1_000)
    if scene is not None:
        bench.show(scene)
        bench.run(DRAWN_MS)
    return bench


def dot_of(picture: str) -> int:
    """Column of the dot of life: the line below the bar."""
    return picture.splitlines()[DOT_LINE].index("█")


def is_hatched(bench: Bench) -> bool:
    return without_dot(bench.oled.picture()) == without_dot(golden("hatched"))


def left(seconds: int, valid_ms: int = VALID_MS) -> Panel:
    return Panel(20, 1, ALL_KEPT, 0, seconds, 500, valid_ms)


def time_of(bench: Bench) -> list[str]:
    """The lines that show the time."""
    return bench.oled.picture().splitlines()[:12]


@pytest.mark.parametrize(("name", "message"), SCENES)
def test_each_scene_is_the_picture_that_was_looked_at(name: str, message: Panel | None) -> None:
    bench = Bench()
    bench.run(41_000)
    if message is not None:
        bench.show(message)
    bench.run(500)
    assert bench.oled.picture() == golden(name)
    assert bench.oled.unknown == 0


def test_before_the_first_picture_nothing_is_shown_as_known() -> None:
    bench = lit()
    assert is_hatched(bench)
    assert (bench.panel.troubles(), bench.changes) == ([], [])


def test_it_counts_down_by_itself_and_shows_no_second_more_than_there_is() -> None:
    counting, told = lit(scene=left(3_600)), []
    for second in range(5):
        told.append(time_of(counting))
        counting.run(1_000)
        assert time_of(counting) != told[-1]
        # A second that has begun is gone: what is told as 3,599 stands there as 3,598.
        assert time_of(lit(scene=left(3_599 - second))) == time_of(counting)


def test_a_limit_that_is_reached_stands_at_nothing_left() -> None:
    bench = lit(scene=left(1))
    bench.run(4_000)
    assert time_of(bench) == time_of(lit(scene=left(0)))


def test_a_picture_that_waited_on_the_line_is_older_by_that() -> None:
    bench = lit()
    bench.show(left(100, valid_ms=3_000), age_ms=2_000)
    bench.run(DRAWN_MS)
    assert time_of(bench) == time_of(lit(scene=left(98)))
    bench.run(900)
    assert not is_hatched(bench)
    bench.run(100)
    assert is_hatched(bench)


def test_past_its_validity_a_picture_is_hatched_within_a_tenth_of_a_second() -> None:
    bench = lit(scene=CALM)
    bench.run(VALID_MS - DRAWN_MS - 5)
    assert not is_hatched(bench)
    bench.run(5 + DRAWN_MS)
    assert is_hatched(bench)


def test_no_gateway_can_have_a_picture_shown_for_longer_than_a_minute() -> None:
    bench = lit(scene=left(9_999, valid_ms=2**32 - 1))
    bench.run(VALID_MS_MAX - DRAWN_MS - 5)
    assert not is_hatched(bench)
    bench.run(5 + DRAWN_MS)
    assert is_hatched(bench)


def test_a_lost_link_hatches_at_once() -> None:
    bench = lit(scene=CALM)
    bench.panel.lose_link()
    bench.run(DRAWN_MS)
    assert is_hatched(bench)


@pytest.mark.parametrize("scene", [CALM, None])
def test_a_dot_moves_each_second_whatever_is_shown(scene: Panel | None) -> None:
    bench = lit(scene=scene)
    places = []
    for _ in range(4):
        places.append(dot_of(bench.oled.picture()))
        bench.run(1_000)
    assert len(set(places)) == 4


def test_the_bell_of_an_alarm_changes_each_second() -> None:
    bench = lit(scene=PICTURES["alarm"])
    bells = []
    for _ in range(2):
        bells.append([line[110:] for line in bench.oled.picture().splitlines()[22:]])
        bench.run(1_000)
    assert bells[0] != bells[1]


def test_one_scan_sends_one_page_and_no_more() -> None:
    bench = lit(scene=CALM)
    bench.run(20_000)
    assert bench.most_bytes <= 6 * 2 + 1 + 128
    sent = bench.oled.sent
    bench.run(900)
    bench.run(60)
    assert bench.oled.sent - sent < 2 * 8 * 141  # a second costs its changed pages


def test_a_display_that_is_not_there_is_told_once_and_asked_again() -> None:
    bench = Bench()
    bench.oled.unplug()
    bench.run(12_000)
    assert bench.changes == [("trouble", 20, SILENT, 5)]
    assert bench.panel.troubles() == [(20, SILENT)]
    bench.oled.plug()
    bench.show(CALM)
    bench.run(panels.RETRY_MS)
    assert bench.changes[1][:3] == ("trouble", 20, 0)
    assert bench.oled.is_lit
    assert not is_hatched(bench)


def test_a_display_pulled_while_it_shows_is_told_within_a_second_and_lit_again() -> None:
    bench = lit(scene=CALM)
    bench.oled.unplug()
    pulled_ms = bench.ms
    bench.run(1_100)
    ((_, _, bits, at_ms),) = bench.changes
    assert (bits, at_ms - pulled_ms <= 1_000) == (SILENT, True)
    bench.oled.plug()
    assert bench.oled.picture().strip() == ""
    bench.run(panels.RETRY_MS + DRAWN_MS)
    assert bench.changes[-1][2] == 0
    assert is_hatched(bench)  # its picture has run out meanwhile, and chance is not shown


def test_a_display_that_a_disturbance_has_reset_comes_back_by_itself() -> None:
    bench = lit(scene=CALM)
    bench.oled.plug()
    bench.oled.is_on = False
    bench.run(panels.RESTART_MS - 3_000, step_ms=50)
    assert not bench.oled.is_lit
    bench.run(5_000)
    assert bench.oled.is_lit
    assert is_hatched(bench)


def test_a_missing_driver_is_a_silent_display_and_stops_no_node(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ssd1306", None)
    bench = Bench()
    bench.run(100)
    assert bench.changes == [("trouble", 20, SILENT, 5)]


MESSAGES = st.builds(
    Panel,
    st.just(20),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 3),
    st.integers(0, 2**32 - 1),
    st.one_of(st.integers(0, 1000), st.just(65535)),
    st.integers(0, 2**32 - 1),
)


@settings(max_examples=60, deadline=None)
@given(MESSAGES, st.integers(0, 100_000))
def test_whatever_a_gateway_sends_is_drawn_or_hatched(message: Panel, age_ms: int) -> None:
    bench = Bench()
    bench.run(100)
    bench.show(message, age_ms)
    bench.run(1_100)
    assert bench.oled.unknown == 0
    assert bench.changes == []
    assert is_hatched(bench) == (age_ms + 1_100 >= min(message.valid_ms, VALID_MS_MAX))


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"point": 20}, "devices[0].bus: expected a whole number 0..255, found None"),
        ({"point": 300, "bus": "PANEL"}, "devices[0].point: expected a whole number 0..255, found 300"),
        (
            {"point": 20, "bus": "PANEL", "address": 128},
            "devices[0].address: expected a whole number 8..119, found 128",
        ),
        (
            {"point": 20, "bus": "PANEL", "words": "zh"},
            "devices[0]: expected only the keys address, bus, kind, point, found 'words'",
        ),
    ],
)
def test_a_wrong_configuration_says_expected_and_found(table: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        PanelConfig("devices[0]", {"kind": "panel", **table})
    assert str(refused.value) == text


class InNode:
    """The panel as the device of a real node, with the gateway's end of the line."""

    def __init__(self) -> None:
        self.panel = Bench()
        self.node = node_bench.Bench(devices=(self.panel.panel,))
        self.node.settle()

    @property
    def is_hatched(self) -> bool:
        return is_hatched(self.panel)


def test_a_node_shows_what_its_gateway_sends_and_tells_nothing_of_it() -> None:
    station = InNode()
    station.node.order(CALM)
    heard = station.node.run(DRAWN_MS)
    assert not station.is_hatched
    assert [frame for frame in heard if frame.kind not in (1,)] == []


def test_a_picture_played_back_is_refused() -> None:
    station = InNode()
    wire = station.node.order(CALM)
    station.node.run(VALID_MS + 1_000)
    assert station.is_hatched
    station.node.port.to_node += wire
    station.node.run(DRAWN_MS)
    assert station.is_hatched
    assert station.node.node.link.refused == 1


def test_a_picture_that_lay_in_a_buffer_for_longer_than_it_is_valid_is_not_shown() -> None:
    station = InNode()
    station.node.order(left(100), made_ms_ago=VALID_MS + 100)
    station.node.run(DRAWN_MS)
    assert station.is_hatched


def test_a_gateway_that_is_gone_leaves_no_picture() -> None:
    station = InNode()
    station.node.order(left(9_000, valid_ms=60_000))
    station.node.run(4_000, acking=False)
    assert not station.is_hatched
    station.node.run(1_200, acking=False)
    assert station.is_hatched


def test_a_picture_for_what_is_no_panel_and_an_order_for_a_panel_do_nothing() -> None:
    station = InNode()
    for point in (1, 4, 99):
        station.node.order(Panel(point, 1, 0, 0, SECONDS_NONE, 0, VALID_MS))
    station.node.order(Command(20, 1, 7, 2_000))
    heard = station.node.run(1_000)
    assert station.is_hatched
    assert [frame for frame in heard if frame.kind != 1] == []
    assert station.node.pins[4].level == 0


def test_the_troubles_of_a_snapshot_name_a_silent_display() -> None:
    station = InNode()
    station.panel.oled.unplug()
    assert Troubles(((20, SILENT),)) in node_bench.of_kind(station.node.run(1_100), Troubles)
    station.node.order(SnapshotRequest())
    (told,) = node_bench.of_kind(station.node.run(300), Troubles)
    assert dict(told.points)[20] == SILENT
