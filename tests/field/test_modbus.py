"""Modbus relay and input boards. The other end is pymodbus's server half; the clock is the test's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefield import modbus
from casefield.fakes.modbus_board import FakeModbus
from casewire import ACTIVE, INACTIVE, JAMMED, NOISY, SILENT, UNKNOWN
from node.config import ConfigError
from tests.node.bus_bench import BusBench

LOCK, LAMP, DOOR = 1, 2, 3
OUTPUTS = [
    {"point": LOCK, "coil": 0, "feedback_input": 4, "pulse_ms": 500},
    {"point": LAMP, "coil": 5, "on_lost": "on"},
]
INPUTS = [{"point": DOOR, "input": 1}]


def line(**changes: object) -> dict[str, object]:
    """A line as it stands in the configuration of a field node: one board."""
    board = {"unit": 7, "outputs": OUTPUTS, "inputs": INPUTS, **changes}
    return {"kind": "modbus", "bus": "/dev/ttyUSB0", "boards": [board]}


def bench(*, settle: bool = True, fake: FakeModbus | None = None, **changes: object) -> BusBench:
    config = modbus.ModbusConfig("devices[0]", line(**changes))
    board = fake or FakeModbus([7])
    board.fix_bolt(7, 0, 4)
    made = BusBench(lambda wire: modbus.device(config, wire), board)
    if settle:
        made.run(600)
        made.changes.clear()
    return made


def writes(made: BusBench) -> list[bytes]:
    return [frame for frame in made.wire.written if frame[1] == 5]


def test_the_frames_are_those_of_the_standard() -> None:
    made = bench(settle=False, outputs=[{"point": 1, "coil": 0, "at_start": "hold"}], inputs=[])
    made.run(10)
    # The read of coil 0 of unit 7; the sums worked bit by bit, apart from pymodbus.
    assert made.wire.written[0].hex() == "070100000001" + "fdac"
    made.run(300)
    made.put(1, ACTIVE)
    made.run(200)
    assert writes(made)[0].hex() == "07050000ff00" + "8c5c"


def test_points_are_unknown_until_the_board_has_answered_twice() -> None:
    made = bench(settle=False)
    assert made.device.states() == [(LOCK, UNKNOWN), (LAMP, UNKNOWN), (DOOR, UNKNOWN)]
    made.run(600)
    assert made.device.states() == [(LOCK, INACTIVE), (LAMP, INACTIVE), (DOOR, INACTIVE)]
    assert made.device.troubles() == []


def test_a_coil_that_was_left_on_is_put_off_at_the_start() -> None:
    fake = FakeModbus([7])
    before = bench(fake=fake)
    before.put(LAMP, ACTIVE)
    before.until(("feedback", LAMP, ACTIVE))
    after = bench(settle=False, fake=fake)
    after.run(600)
    assert (after.state(LAMP), fake.coil(7, 5)) == (INACTIVE, False)


def test_a_lock_is_released_when_its_bolt_says_so_and_the_pulse_ends() -> None:
    made = bench()
    made.put(LOCK, ACTIVE)
    took_ms = made.until(("feedback", LOCK, ACTIVE))
    assert took_ms >= 80  # the bolt's own time
    made.until(("feedback", LOCK, INACTIVE))
    assert made.fake.written[-2:] == [(7, 0, True), (7, 0, False)]
    assert not made.fake.coil(7, 0)
    assert made.device.troubles() == []


def test_a_coil_that_works_is_no_bolt_that_moved() -> None:
    made = bench()
    made.fake.jammed.add((7, 0))
    made.put(LOCK, ACTIVE)
    made.until(("trouble", LOCK, JAMMED))
    assert made.state(LOCK) == INACTIVE
    assert made.fake.written.count((7, 0, True)) == 1


def test_an_output_without_a_contact_shows_its_coil() -> None:
    made = bench()
    made.put(LAMP, ACTIVE)
    made.until(("feedback", LAMP, ACTIVE))
    made.put(LAMP, INACTIVE)
    made.until(("feedback", LAMP, INACTIVE))
    assert made.fake.written[-2:] == [(7, 5, True), (7, 5, False)]


def test_an_order_that_waited_too_long_is_never_carried_out() -> None:
    made = bench()
    made.wire.is_open = False
    made.run(50)
    made.put(LOCK, ACTIVE, valid_ms=300)
    made.run(400)
    made.wire.is_open = True
    made.run(2000)
    assert (7, 0, True) not in made.fake.written


def test_an_order_lost_on_the_line_is_not_sent_again() -> None:
    made = bench()
    made.wire.is_cut = True
    made.put(LOCK, ACTIVE)
    made.run(1000)
    made.wire.is_cut = False
    made.run(3000)
    releases = [frame for frame in writes(made) if frame[2:5] == b"\x00\x00\xff"]
    assert len(releases) == 1
    assert (7, 0, True) not in made.fake.written


def test_an_order_to_lock_that_waited_too_long_is_not_carried_out_either() -> None:
    made = bench()
    made.put(LAMP, ACTIVE)
    made.until(("feedback", LAMP, ACTIVE))
    made.wire.is_open = False
    made.run(50)
    made.put(LAMP, INACTIVE, valid_ms=300)
    made.run(400)
    made.wire.is_open = True
    made.run(2000)
    assert made.fake.coil(7, 5)


def test_an_order_takes_the_place_of_what_the_coil_was_to_be_at_the_start() -> None:
    made = bench(settle=False)
    made.wire.is_cut = True
    made.run(300)  # the coil could not be put off yet
    made.put(LAMP, ACTIVE)
    made.wire.is_cut = False
    made.run(3000)
    assert made.fake.coil(7, 5)


def test_the_line_is_left_to_the_board_after_an_order_whatever_is_heard() -> None:
    """The echo of a write is its answer to the byte: a question at once would fall into the real one."""
    made = bench()
    made.fake.echoes = True
    made.put(LAMP, ACTIVE)
    while not writes(made) or writes(made)[-1][4] != 0xFF:
        made.run(5)
    sent = len(made.wire.written)
    made.run(95)
    assert len(made.wire.written) == sent
    made.run(20)
    assert len(made.wire.written) > sent


def test_a_coil_that_is_to_be_off_is_written_until_it_is() -> None:
    made = bench()
    made.put(LOCK, ACTIVE)
    made.until(("feedback", LOCK, ACTIVE))
    made.wire.is_cut = True  # the end of the pulse falls into it
    made.run(2000)
    assert made.fake.coil(7, 0)
    made.wire.is_cut = False
    made.run(1500)
    assert not made.fake.coil(7, 0)


def test_a_lost_link_brings_the_declared_states() -> None:
    made = bench()
    made.put(LOCK, ACTIVE)
    made.device.lose_link()
    made.until(("feedback", LAMP, ACTIVE))
    assert (7, 0, True) not in made.fake.written


def test_the_first_missed_poll_makes_all_points_unknown() -> None:
    made = bench()
    made.wire.is_cut = True
    assert made.until(("contact", DOOR, UNKNOWN)) <= 100 + 100 + 10
    assert made.device.troubles() == [(LOCK, SILENT), (LAMP, SILENT), (DOOR, SILENT)]
    made.wire.is_cut = False
    made.until(("contact", DOOR, INACTIVE))
    made.run(300)
    assert made.device.troubles() == []


@pytest.mark.parametrize("code", [1, 2, 3, 4, 11])
def test_a_board_that_refuses_tells_nothing(code, caplog) -> None:
    made = bench()
    made.fake.refuses = code
    made.fake.set_input(7, 1, on=True)
    made.run(1000)
    assert made.device.states() == [(LOCK, UNKNOWN), (LAMP, UNKNOWN), (DOOR, UNKNOWN)]
    assert made.trouble(DOOR) == SILENT
    assert [record.getMessage() for record in caplog.records] == [
        f"unit 7: expected an answer, found exception {code}"
    ]


def test_a_unit_that_is_not_there_is_silent_also_where_a_server_answers_for_it() -> None:
    fake = FakeModbus([1])
    fake.answers_for_missing = True  # exception 4, as pymodbus's server gives it
    config = modbus.ModbusConfig("devices[0]", line())
    made = BusBench(lambda wire: modbus.device(config, wire), fake)
    made.run(1000)
    assert made.trouble(DOOR) == SILENT
    assert made.state(DOOR) == UNKNOWN


@pytest.mark.parametrize("lie", ["foreign", "badsum"])
def test_an_answer_of_another_unit_or_with_a_bad_sum_is_none(lie) -> None:
    made = bench()
    made.fake.lie = lie
    made.fake.set_input(7, 1, on=True)
    made.run(1500)
    assert made.state(DOOR) == UNKNOWN
    assert made.trouble(DOOR) == SILENT | NOISY
    assert ("contact", DOOR, ACTIVE) not in [change[:3] for change in made.changes]


@pytest.mark.parametrize("inputs", [8, 24])
def test_the_echo_of_an_adapter_is_no_answer(inputs) -> None:
    """24 inputs: the question has the size of its answer. A write has the bytes of its answer."""
    fake = FakeModbus([7], inputs=inputs)
    table = [{"point": DOOR, "input": 1}, {"point": 9, "input": inputs - 1}]
    made = bench(fake=fake, inputs=table)
    fake.echoes = True
    made.put(LOCK, ACTIVE)
    made.until(("feedback", LOCK, ACTIVE))
    fake.silent.add(7)
    made.put(LAMP, ACTIVE)
    made.run(3000)
    assert {state for _, state in made.device.states()} == {UNKNOWN}
    assert made.trouble(DOOR) == SILENT


@pytest.mark.parametrize("lie", ["stale", "babble"])
def test_late_and_babbled_answers_invent_nothing(lie) -> None:
    made = bench()
    made.fake.lie = lie
    made.fake.set_input(7, 1, on=True)
    made.until(("contact", DOOR, ACTIVE))
    made.run(1000)
    assert [change[:3] for change in made.changes if change[2] == ACTIVE] == [("contact", DOOR, ACTIVE)]


def test_the_polarity_of_each_point_is_a_setting() -> None:
    made = bench(
        outputs=[{"point": LOCK, "coil": 0, "active_level": 0}],
        inputs=[{"point": DOOR, "input": 1, "active_level": 0}],
    )
    assert made.fake.coil(7, 0)  # locked: the coil holds it
    assert (made.state(LOCK), made.state(DOOR)) == (INACTIVE, ACTIVE)
    made.put(LOCK, ACTIVE)
    made.until(("feedback", LOCK, ACTIVE))
    assert not made.fake.coil(7, 0)


@pytest.mark.parametrize("seed", range(3))
def test_noise_of_one_bit_in_a_thousand_invents_nothing(seed) -> None:
    made = bench()
    made.wire.make_noisy(1e-3, seed)
    written = len(made.fake.written)
    made.run(60_000)
    assert {change[2] for change in made.changes if change[0] != "trouble"} <= {INACTIVE, UNKNOWN}
    assert made.fake.written[written:] == []
    assert made.device.missed > 10


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([LOCK, LAMP]),
            st.sampled_from([ACTIVE, INACTIVE]),
            st.integers(0, 2000),
            st.sampled_from(["none", "foreign", "badsum", "stale", "frozen", "babble"]),
            st.sampled_from(["", "cut", "unplug", "noise", "jam"]),
            st.integers(0, 300),
        ),
        max_size=10,
    )
)
def test_whatever_happens_no_more_is_released_than_was_ordered(story) -> None:
    """Single coils of configured outputs alone, and each release once an order at most."""
    made = bench(outputs=[OUTPUTS[0], {"point": LAMP, "coil": 5}])
    orders = {LOCK: 0, LAMP: 0}
    for point, state, valid_ms, lie, event, pause_ms in story:
        made.fake.lie = lie
        made.wire.is_cut, made.wire.is_open = event == "cut", event != "unplug"
        made.wire.make_noisy(0.003 if event == "noise" else 0.0, pause_ms)
        if event == "jam":
            made.fake.jammed.add((7, 0))
        made.put(point, state, valid_ms)
        orders[point] += state == ACTIVE
        made.run(pause_ms)
    made.run(2500)
    assert {frame[1] for frame in made.wire.written} <= {1, 2, 5}
    assert {frame[3] for frame in writes(made)} <= {0, 5}
    assert len([frame for frame in writes(made) if frame[3:5] == b"\x00\xff"]) <= orders[LOCK]
    # A lamp without a pulse that is on already may be told to stay on.
    assert orders[LAMP] or not [frame for frame in writes(made) if frame[3:5] == b"\x05\xff"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=30))
def test_any_bytes_at_any_time_raise_nothing(pieces) -> None:
    class Babble:
        """Answers with the pieces, whatever it is asked."""

        def feed(self, data: bytes, now_ms: int) -> None:
            pass

        def due(self, now_ms: int) -> bytes:
            return pieces.pop() if pieces else b""

        def news(self) -> list[str]:
            return []

    config = modbus.ModbusConfig("devices[0]", line())
    made = BusBench(lambda wire: modbus.device(config, wire), Babble())
    made.run(1000)
    assert made.device.asked > 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit": 0}, "1..247, found 0"),
        ({"outputs": [], "inputs": []}, "outputs or inputs"),
        ({"outputs": [{"point": 1, "coil": 2, "on_lost": "open"}]}, "one of hold, off, on, found 'open'"),
        ({"outputs": [{"point": 1, "coil": 2}, {"point": 2, "coil": 2}]}, "found 2 twice"),
        ({"outputs": [{"point": DOOR, "coil": 2}]}, "points: expected each number once, found 3 twice"),
        ({"inputs": [{"point": 1, "input": 300}]}, "0..255, found 300"),
        ({"coils": 1}, "found 'coils'"),
    ],
)
def test_a_wrong_configuration_is_refused_by_name(changes, words) -> None:
    with pytest.raises(ConfigError, match=words):
        modbus.ModbusConfig("devices[0]", line(**changes))
