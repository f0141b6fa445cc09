"""A lock on a relay with a contact at its bolt: orders, pulses, and what the bolt says of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewire import ACTIVE, INACTIVE, JAMMED, LINE_OPEN, LINE_SHORT, UNKNOWN
from node.config import ConfigError
from node.relay_lock import RelayLock, RelayLockConfig
from node.supervised import reading_of
from tests.node.bench import FakePin

POINT, CONTACT = 10, 11
TABLE = {
    "kind": "relay_lock",
    "point": POINT,
    "pin": "OUT1",
    "feedback_point": CONTACT,
    "feedback_pin": "IN1",
}


class Door:
    """A relay, a bolt that follows it after move_ms (unless jammed), its contact, and the device between them."""

    def __init__(self, *, move_ms: int = 60, jammed: bool = False, **changes: object) -> None:
        self.relay, self.contact = FakePin(), FakePin()
        self.now_ms = 5000
        self.jammed = jammed
        self._move_ms = move_ms
        self._since_ms, self._level = self.now_ms, self.relay.level
        config = RelayLockConfig("devices[0]", {**TABLE, **changes})
        self.device = RelayLock(config, self.relay, self.contact, self.now_ms)

    def run(self, duration_ms: int) -> list[tuple[object, ...]]:
        changes: list[tuple[object, ...]] = []
        for _ in range(0, duration_ms, 5):
            self.now_ms += 5
            if self.relay.level != self._level:
                self._level, self._since_ms = self.relay.level, self.now_ms
            if not self.jammed and self.now_ms - self._since_ms >= self._move_ms:
                self.contact.level = self._level
            changes += self.device.poll(self.now_ms)
        return changes

    def put(self, state: int, valid_ms: int = 5000) -> None:
        self.device.put(POINT, state, valid_ms, self.now_ms)


def settled(**changes: object) -> Door:
    door = Door(**changes)  # type: ignore[arg-type]
    door.run(100)
    return door


def test_both_points_are_unknown_until_the_contact_is_still() -> None:
    door = Door()
    assert door.device.states() == [(POINT, UNKNOWN), (CONTACT, UNKNOWN)]
    assert [change[:3] for change in door.run(30)] == [
        ("feedback", POINT, INACTIVE),
        ("feedback", CONTACT, INACTIVE),
    ]


def test_the_point_shows_the_bolt_and_not_the_relay() -> None:
    door = settled()
    door.put(ACTIVE)
    assert (door.relay.level, door.device.states()[0]) == (1, (POINT, INACTIVE))
    changes = door.run(200)
    assert [change[:3] for change in changes] == [("feedback", POINT, ACTIVE), ("feedback", CONTACT, ACTIVE)]
    door.put(INACTIVE)
    assert [change[2] for change in door.run(200)] == [INACTIVE, INACTIVE]
    assert door.relay.level == 0


def test_a_pulse_ends_by_itself_and_is_not_made_longer_by_the_same_order() -> None:
    door = settled(pulse_ms=500, move_ms_max=400)
    door.put(ACTIVE)
    for _ in range(4):
        door.run(100)
        door.put(ACTIVE, valid_ms=4000)
    door.run(100)
    assert door.relay.level == 0
    assert door.device.troubles() == []


def test_a_bolt_that_does_not_follow_is_jammed_until_it_does() -> None:
    door = settled(jammed=True, move_ms_max=400)
    door.put(ACTIVE)
    changes = door.run(600)
    assert [change[:3] for change in changes] == [("feedback", POINT, INACTIVE), ("trouble", POINT, JAMMED)]
    assert 400 <= changes[0][3] - (door.now_ms - 600) <= 410  # type: ignore[operator]
    assert door.device.troubles() == [(POINT, JAMMED)]
    door.jammed = False
    assert ("trouble", POINT, 0) in [change[:3] for change in door.run(200)]


def test_a_jammed_order_that_is_resent_drives_no_second_pulse() -> None:
    door = settled(jammed=True, pulse_ms=200, move_ms_max=400)
    door.put(ACTIVE, valid_ms=5000)
    door.run(1000)
    door.put(ACTIVE, valid_ms=4000)
    assert door.relay.level == 0
    door.run(500)
    door.put(ACTIVE, valid_ms=5000)
    assert door.relay.level == 1


def test_an_order_to_lock_ends_in_a_word_even_if_the_bolt_stays_out() -> None:
    door = settled(move_ms_max=400)
    door.put(ACTIVE)
    door.run(200)
    door.jammed = True  # a door that stands open: nothing to fall into
    door.put(INACTIVE)
    assert [change[:3] for change in door.run(600)] == [("feedback", POINT, ACTIVE)]
    assert door.device.troubles() == []


def test_a_bolt_moved_by_a_key_is_told_with_nothing_ordered() -> None:
    door = settled(jammed=True)
    door.contact.level = 1
    assert [change[2] for change in door.run(100)] == [ACTIVE, ACTIVE]
    assert (door.relay.level, door.device.troubles()) == (0, [])


def test_a_chattering_contact_is_unknown() -> None:
    door = settled(jammed=True)
    changes = []
    for _ in range(300):
        door.contact.level = 1 - door.contact.level
        changes += door.run(5)
    assert [change[:3] for change in changes] == [
        ("feedback", POINT, UNKNOWN),
        ("feedback", CONTACT, UNKNOWN),
    ]


@pytest.mark.parametrize(("on_lost", "level"), [("off", 0), ("on", 1), ("hold", 1)])
def test_a_lost_link_brings_the_declared_state(on_lost, level) -> None:
    door = settled(on_lost=on_lost)
    door.put(ACTIVE)
    door.device.lose_link()
    assert door.relay.level == level


def test_a_door_that_opens_on_a_lost_link_stays_open_past_the_pulse_under_way() -> None:
    door = settled(on_lost="on", pulse_ms=300)
    door.put(ACTIVE)
    door.device.lose_link()
    door.run(600)
    assert door.relay.level == 1


def test_a_pulse_ends_also_without_a_link_that_holds() -> None:
    door = settled(on_lost="hold", pulse_ms=300)
    door.put(ACTIVE)
    door.device.lose_link()
    door.run(400)
    assert door.relay.level == 0


def test_the_relay_takes_its_level_at_start_and_its_polarity_from_the_settings() -> None:
    assert Door(active_level=0).relay.level == 1
    assert Door(at_start="on").relay.level == 1
    door = settled(active_level=0)
    door.put(ACTIVE)
    assert door.relay.level == 0


class FakeAdc:
    """A loop of so many ohms."""

    def __init__(self, ohm: int) -> None:
        self.ohm = ohm

    def read_u16(self) -> int:
        return reading_of(self.ohm)


def test_a_supervised_contact_that_is_cut_is_no_bolt_in_either_place() -> None:
    loop, relay = FakeAdc(1000), FakePin()  # 1 kΩ: closed, as while the bolt holds
    config = RelayLockConfig("devices[0]", {**TABLE, "feedback": "supervised"})
    lock = RelayLock(config, relay, loop, 0)  # type: ignore[arg-type]
    changes = [change for now_ms in range(0, 100, 5) for change in lock.poll(now_ms)]
    assert [change[2] for change in changes] == [INACTIVE, INACTIVE]
    for ohm, state, bits in ((10**6, UNKNOWN, LINE_OPEN), (0, UNKNOWN, LINE_SHORT), (2000, ACTIVE, 0)):
        loop.ohm = ohm
        for now_ms in range(200, 300, 5):
            lock.poll(now_ms)
        assert lock.states() == [(POINT, state), (CONTACT, state)]
        assert lock.troubles() == ([(CONTACT, bits)] if bits else [])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["release", "lock", "lost", "key"]), st.integers(0, 800)),
        max_size=15,
    )
)
def test_a_relay_with_a_pulse_is_on_only_after_an_order_and_never_longer_than_its_pulse(story) -> None:
    door = settled(pulse_ms=300)
    last_release_ms = None
    for event, pause_ms in story:
        if event == "release":
            door.put(ACTIVE)
            last_release_ms = door.now_ms
        elif event == "lock":
            door.put(INACTIVE)
        elif event == "lost":
            door.device.lose_link()
        else:
            door.contact.level = 1
        for _ in range(0, pause_ms, 5):
            door.run(5)
            if door.relay.level:
                assert last_release_ms is not None
                assert door.now_ms - last_release_ms <= 305


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"feedback_point": POINT}, "another number than point"),
        ({"on_lost": "open"}, "expected one of hold, off, on, found 'open'"),
        ({"move_ms_max": 50}, "100..10000, found 50"),
        ({"pulse": 1}, "found 'pulse'"),
    ],
)
def test_a_wrong_configuration_is_refused_by_name(changes, words) -> None:
    with pytest.raises(ConfigError, match=words):
        RelayLockConfig("devices[0]", {**TABLE, **changes})
