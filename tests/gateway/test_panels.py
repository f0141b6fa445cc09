"""From the rules to the door of a room: real core and engine, real node, its display and lamp played; no server, no network."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casegateway.events import Action, Moment, SendBytes
from casegateway.limits import PANEL_CHANGE_MS, PANEL_RESEND_MS, PANEL_VALID_MS
from casegateway.panels import Panels, Picture
from caselog.clock import Instant
from casewire import FROM_GATEWAY, Decoder, Panel
from casewire.marks import (
    MARK_BROKEN,
    MARK_KEPT,
    MARK_NOT_ASKED,
    MARK_UNSEEN,
    OCCUPIED_UNKNOWN,
    PANEL_ALARM,
    PANEL_CLOCK_DOUBT,
    SECONDS_NONE,
    SECONDS_UNKNOWN,
    SHARE_UNKNOWN,
)
from custody.area import load_area
from node.app import Node
from node.config import NodeConfig
from node.panel import PanelConfig, RoomPanel
from node.room_lamp import OutputLight, RoomLamp, RoomLampConfig
from node.screen import Screen
from tests.gateway import bench as gateway_bench
from tests.gateway.bench import AREA_TEXT, KEY, Bench, NodeBench, Pin, Uart, node_table
from tests.node.panels import golden, without_dot

PANEL, LAMP = 20, 21
PANELS = "".join(
    f'\n[[panel]]\nid = "{name}"\nroom = "waiting-1"\n\n[[point]]\nnode = "n1"\npoint = {point}\nkind = "panel"\nof = "{name}"\n'
    for name, point in (("panel-waiting-1", PANEL), ("lamp-door-waiting-1", LAMP))
)
AREA = load_area(AREA_TEXT + PANELS)
BAND, BADGE = "0A1B2C3D4E", "1122334455"


class PanelNode(NodeBench):
    """The node with a display and a lamp beside the door."""

    def power_up(self, **changes: object) -> None:
        from oled import Oled  # on the path since tests.node.panels was imported

        self.boot += 1
        config = NodeConfig(self.plain_table)
        self.port = Uart()
        self.pins: dict[int, Any] = {
            p.point: Uart() if p.kind == "reader" else Pin(self.levels[p.point]) for p in config.points
        }
        self.oled = Oled()
        self.oled.plug()
        self.lamp = Pin()
        panel = PanelConfig("", {"kind": "panel", "point": PANEL, "bus": 0})
        lamp = RoomLampConfig("", {"kind": "room_lamp", "point": LAMP, "pin": 16})
        self.node = Node(
            config, self.port, self.pins, lambda: self._real_us() // 1_000, boot=self.boot, reason=0,
            feed=lambda: None, mem_free=lambda: 1_000,
            devices=(RoomPanel(panel, Screen(self.oled, 0x3C)), RoomLamp(lamp, OutputLight(self.lamp, 1))),
        )  # fmt: skip
        self.is_on = True

    plain_table = node_table()


class Station(Bench):
    """`said`: the pictures sent to the display, with the moment."""

    def __init__(self) -> None:
        super().__init__()
        self.node = PanelNode(lambda: self.real_us)
        self.decoder = Decoder({7: KEY}, FROM_GATEWAY)
        self.said: list[tuple[int, Panel]] = []

    def act(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, SendBytes):
                for frame in self.decoder.feed(action.data):
                    if isinstance(frame.message, Panel) and frame.message.point == PANEL:
                        self.said.append((self.real_us, frame.message))
        super().act(actions)

    @property
    def picture(self) -> Panel:
        return self.said[-1][1]

    def marks(self) -> list[int]:
        """In, searched, guarded, recorded."""
        return [self.picture.marks >> shift & 3 for shift in (0, 2, 4, 6)]

    def shows(self, name: str) -> bool:
        """The display beside the door shows this golden picture, the dot of life apart."""
        return without_dot(self.node.oled.picture()) == without_dot(golden(name))

    def lamp(self) -> set[int]:
        """What the lamp does in three seconds."""
        seen = set()
        for _ in range(30):
            self.run(100)
            seen.add(self.node.lamp.level)
        return seen


@pytest.fixture
def station(monkeypatch) -> Station:
    monkeypatch.setattr(gateway_bench, "AREA", AREA)
    station = Station()
    station.open()
    station.node.power_up()
    station.run(4_000)
    return station


def brought_in(station: Station) -> None:
    """One person, whose band lies on the reader of the waiting room."""
    station.say("person.arrived", stay="s1")
    station.say("wristband.bound", stay="s1", band=BAND)
    station.node.tags = [BAND]
    station.run(1_000)


def test_an_empty_room_is_shown_as_empty_with_a_dark_lamp(station) -> None:
    assert station.picture == Panel(PANEL, 0, 0, 0, SECONDS_NONE, SHARE_UNKNOWN, PANEL_VALID_MS)
    assert station.shows("empty")
    assert station.lamp() == {0}


def test_who_comes_is_counted_and_what_is_not_seen_blinks(station) -> None:
    brought_in(station)
    assert station.picture.occupied == 1
    assert station.marks() == [MARK_KEPT, MARK_UNSEEN, MARK_BROKEN, MARK_NOT_ASKED]
    assert station.lamp() == {0, 1}


def test_searched_and_guarded_the_lamp_is_steady(station) -> None:
    station.say("officer.registered", officer="p1", service="sworn", roles=["guard"], badge=BADGE)
    station.node.tags = [BADGE]
    station.run(500)
    station.say("person.arrived", stay="s1")
    station.say("search.signed", stay="s1", officers=["p1"])
    station.say("health.checked", stay="s1", result="well")
    station.say("wristband.bound", stay="s1", band=BAND)
    station.node.tags = [BAND, BADGE]
    station.run(1_000)
    assert station.marks() == [MARK_KEPT, MARK_KEPT, MARK_KEPT, MARK_NOT_ASKED]
    assert (station.picture.flags, station.lamp()) == (0, {1})


def test_the_time_left_is_that_of_the_duty_that_ends_first_and_never_more(station) -> None:
    brought_in(station)
    for _ in range(3):
        station.run(1_700)
        at_us, picture = station.said[-1]
        now_us = gateway_bench.START_US + at_us
        ends = [
            duty.ends_us
            for duty in station.core.book.engine.duties()
            if (duty.stay == "s1" or duty.subject == "room:waiting-1") and duty.ends_us > now_us
        ]
        assert picture.remaining_s == (min(ends) - now_us) // 1_000_000
        assert 0 <= picture.share_permille <= 1_000


def test_an_alarm_of_the_room_is_the_bell_and_a_fast_lamp(station) -> None:
    brought_in(station)
    station.run(120_000, step_ms=20)
    urgent = [a for a in station.core.book.engine.alarms.values() if not a.is_prewarning and a.stay == "s1"]
    assert {"S1", "S2"} & {alarm.severity for alarm in urgent}
    assert station.picture.flags & PANEL_ALARM
    assert station.lamp() == {0, 1}


def test_a_picture_goes_out_at_a_change_and_each_two_seconds_again(station) -> None:
    station.said.clear()
    station.run(10_000)
    gaps = [later[0] - earlier[0] for earlier, later in zip(station.said, station.said[1:], strict=False)]
    assert [abs(gap - PANEL_RESEND_MS * 1_000) <= 20_000 for gap in gaps] == [True] * 4
    station.run(500)
    changed_us = station.real_us
    brought_in(station)
    first = next(at_us for at_us, picture in station.said if at_us > changed_us and picture.occupied == 1)
    # The reader has to read it, and the log to hold it.
    assert first - changed_us <= (PANEL_CHANGE_MS + 300) * 1_000


def test_without_a_clock_no_time_is_told_and_the_doubt_is_shown(station) -> None:
    brought_in(station)
    station.is_clock_lost = True
    station.step_us = 10**9
    station.run(4_000)
    assert (station.picture.remaining_s, station.picture.share_permille) == (SECONDS_UNKNOWN, SHARE_UNKNOWN)
    assert station.picture.flags & PANEL_CLOCK_DOUBT
    assert station.lamp() == {0, 1}


def test_a_line_that_is_cut_is_a_hatch_and_mended_it_is_a_picture(station) -> None:
    station.is_line_cut = True
    station.run(7_000)
    assert station.shows("hatched")
    assert station.lamp() == {0, 1}
    sent = len(station.said)
    station.run(4_000)
    assert len(station.said) == sent  # nobody is there to see it
    station.is_line_cut = False
    station.run(6_000)
    assert station.shows("empty")


def test_a_gateway_that_dies_leaves_no_old_figure(station) -> None:
    station.wake_real_us = 10**18
    station.to_gateway = lambda _data: b""
    station.run(PANEL_VALID_MS + 200)
    assert station.shows("hatched")


def test_a_display_that_is_pulled_is_a_trouble_of_its_point(station) -> None:
    station.node.oled.unplug()
    station.run(1_500)
    (told,) = station.facts("point.troubled")
    assert told["body"] == {"node": "n1", "point": PANEL, "of": "panel-waiting-1", "trouble": "silent"}
    station.node.oled.plug()
    station.run(6_000)
    assert len(station.facts("point.cleared")) == 1
    assert station.shows("empty")


def test_a_picture_is_no_fact_and_writes_nothing(station) -> None:
    size = station.log.size
    station.run(20_000)
    assert station.log.size == size
    assert len(station.said) >= 10


def test_before_the_node_was_heard_nobody_counts_as_seen() -> None:
    from casegateway.panels import picture_of
    from custody.engine import Engine

    engine = Engine(AREA, gateway_bench.RULEBOOK)
    now = Moment(Instant(1, 0, gateway_bench.START_US, gateway_bench.START_US), 0)
    picture = picture_of(engine, engine.duties(), "waiting-1", now, is_doubted=False)
    assert (picture.occupied, picture.marks, picture.limit) == (OCCUPIED_UNKNOWN, MARK_NOT_ASKED, None)


def test_an_area_without_panels_costs_nothing() -> None:
    bench = Bench()
    bench.open()
    panels = Panels(bench.core.book.engine, bench.core.links)
    assert panels.due(5, bench.moment(), is_doubted=False) == []
    assert panels.wake_us() is None


@given(
    st.tuples(st.integers(0, 2**62), st.integers(0, 2**62)),
    st.integers(0, 2**62),
    st.one_of(st.none(), st.integers(0, 2**40)),
)
def test_whatever_the_limit_and_the_clock_the_message_can_be_packed(
    limit: tuple[int, int], earliest_us: int, width_us: int | None
) -> None:
    latest_us = None if width_us is None else earliest_us + width_us
    message = Picture(0, 0, 0, limit).message(PANEL, Moment(Instant(1, 0, earliest_us, latest_us), 0))
    assert Panel.unpack(message.pack()) == message
    if latest_us is not None and message.remaining_s < SECONDS_UNKNOWN - 1:
        assert message.remaining_s * 1_000_000 <= max(0, limit[1] - latest_us)
