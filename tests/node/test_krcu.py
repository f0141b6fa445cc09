"""KERONG boards: frames, orders, what is believed and what is not. The fake's clock is the test's."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefield.fakes.krcu_board import FakeBoards
from casewire import ACTIVE, CONTRADICTION, INACTIVE, JAMMED, NOISY, SILENT, UNKNOWN
from node import krcu
from node.config import ConfigError
from tests.node.bus_bench import BusBench, Wire

SENSE = 100  # a sensor's point is its lock's and this


def line(boards: int = 1, count: int = 3, **changes: object) -> dict[str, object]:
    """A line as it stands in config.json: lock L of board B is point 16 B + L."""
    return {
        "kind": "krcu",
        "bus": "/dev/ttyUSB0",
        "boards": [
            {
                "board": board,
                "profile": "cu16",
                "locks": [{"lock": lock, "point": 16 * board + lock} for lock in range(1, count + 1)],
                **changes,
            }
            for board in range(boards)
        ],
    }


def bench(boards: int = 1, count: int = 3, *, settle: bool = True, **changes: object) -> BusBench:
    table = line(boards, count, **changes)
    profile = str(table["boards"][0]["profile"])  # type: ignore[index]
    config = krcu.KrCuConfig("devices[0]", table)
    made = BusBench(lambda wire: krcu.device(config, wire), FakeBoards(profile, list(range(boards))))
    if settle:
        made.run(200 * boards)
    return made


def door_bench() -> BusBench:
    locks = [{"lock": 1, "point": 1, "sense_point": 1 + SENSE}]
    return bench(senses="door", locks=locks)


@pytest.mark.parametrize(
    ("frame", "hex_bytes"),
    [
        # kerong-lib and lkaas-kerong: 02 ADDR CMD 03 SUM, the sum of the four before it.
        (krcu.Cu16(16).state_question(0), "0200300335"),
        (krcu.Cu16(16).state_question(2), "0220300355"),
        (krcu.Cu16(16).release(0, 1), "0200310336"),
        (krcu.Cu16(16).release(1, 3), "0212310348"),
        (krcu.Cu48().state_question(0), "020000600365"),
        (krcu.Cu48().release(0, 1), "020000610366"),
        (krcu.Cu48().release(0, 48), "02002f610395"),
    ],
)
def test_the_frames_are_those_that_others_send(frame, hex_bytes) -> None:
    assert frame.hex() == hex_bytes


def test_an_answer_is_read_bit_by_bit() -> None:
    answer = bytes.fromhex("02103504800102 03".replace(" ", ""))
    answer += bytes((sum(answer) & 0xFF,))
    assert krcu.Cu16(16).read(b"\x02\x10\x35" + answer, 1) == (0x8004, 0x0201)
    assert krcu.Cu16(16).read(answer, 2) is None
    assert krcu.Cu16(16).read(answer[:-1] + b"\x00", 1) is None


@given(st.binary(max_size=64))
def test_noise_is_no_answer_and_raises_nothing(noise) -> None:
    for profile in krcu.PROFILES.values():
        found = profile.read(noise, 1)
        assert found is None or len(noise) >= 9


def test_every_frame_that_can_be_made_asks_or_releases_one_lock() -> None:
    """Every board and lock there is, and those there are not: 33, 32, F0 and the like never appear."""
    made = set()
    for profile, board, lock in itertools.product(krcu.PROFILES.values(), range(-1, 17), range(-1, 50)):
        try:
            made.add(profile.release(board, lock))
        except ValueError:
            continue
        made.add(profile.state_question(board))
    assert {frame[2] for frame in made if len(frame) == 5} == {0x30, 0x31}
    assert {frame[3] for frame in made if len(frame) == 6} == {0x60, 0x61}
    assert {frame[1] >> 4 for frame in made if len(frame) == 5} == set(range(15))
    assert len(made) == 15 * (16 + 1) + 15 * (48 + 1)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["cu16", "cu48"]),
    st.lists(
        st.tuples(
            st.integers(1, 3),
            st.sampled_from([ACTIVE, INACTIVE]),
            st.integers(0, 3000),
            st.sampled_from(["none", "foreign", "badsum", "stale", "frozen", "babble"]),
            st.sampled_from(["", "cut", "unplug", "lost", "noise", "jam"]),
            st.integers(0, 400),
        ),
        max_size=12,
    ),
)
def test_whatever_happens_the_driver_never_emits_more_than_it_was_ordered(profile, story) -> None:
    """Each release on the wire is of the lock of an order; each order goes out once at most."""
    made = bench(profile=profile, settle=False)
    orders: dict[int, int] = {}
    for point, state, valid_ms, lie, event, pause_ms in story:
        made.fake.lie = lie
        made.wire.is_cut, made.wire.is_open = event == "cut", event != "unplug"
        made.wire.make_noisy(0.003 if event == "noise" else 0.0, pause_ms)
        if event == "jam":
            made.fake.jammed.add((0, 1))
        made.put(point, state, valid_ms)
        orders[point] = orders.get(point, 0) + (state == ACTIVE)
        if event == "lost":
            made.device.lose_link()
        made.run(pause_ms)
    made.run(3500)
    questions = krcu.PROFILES[profile].state_question(0)
    for point in range(1, 4):
        release = krcu.PROFILES[profile].release(0, point)
        assert made.wire.written.count(release) <= orders.get(point, 0)
    allowed = {questions} | {krcu.PROFILES[profile].release(0, lock) for lock in range(1, 4)}
    assert set(made.wire.written) <= allowed


def test_a_lock_is_unknown_until_two_answers_agree() -> None:
    made = bench(settle=False)
    assert made.device.states() == [(1, UNKNOWN), (2, UNKNOWN), (3, UNKNOWN)]
    while made.device.asked < 2:
        made.run(5)
    assert made.state(1) == UNKNOWN
    made.run(100)
    assert made.device.states() == [(1, INACTIVE), (2, INACTIVE), (3, INACTIVE)]
    assert made.device.troubles() == []


def test_one_order_releases_one_lock_and_its_hook_answers() -> None:
    made = bench()
    made.put(2, ACTIVE)
    assert made.state(2) == INACTIVE  # an order is no feedback
    made.until(("feedback", 2, ACTIVE))
    assert made.fake.pulses == [(0, 2)]
    assert [made.state(point) for point in (1, 2, 3)] == [INACTIVE, ACTIVE, INACTIVE]
    made.fake.set_hook(0, 2, shut=True)
    made.until(("feedback", 2, INACTIVE))
    assert made.fake.pulses == [(0, 2)]


def test_an_order_that_waited_too_long_is_never_carried_out() -> None:
    made = bench()
    made.wire.is_open = False
    made.run(50)
    made.put(1, ACTIVE, valid_ms=300)
    changes = made.run(400)
    assert ("feedback", 1, UNKNOWN) in [change[:3] for change in changes]  # an order ends in a word
    made.wire.is_open = True
    made.run(2000)
    assert made.fake.pulses == []
    assert made.state(1) == INACTIVE


def test_an_order_on_its_last_millisecond_goes_out_and_one_later_does_not() -> None:
    for late_ms, pulses in ((0, [(0, 1)]), (1, [])):
        made = bench()
        board = made.device.boards[0]
        board.put(1, ACTIVE, 100, 10_000)
        board.ask(10_100 + late_ms)
        assert board.is_order == bool(pulses)


def test_an_order_that_is_resent_is_one_order() -> None:
    made = bench()
    made.fake.jammed.add((0, 1))
    made.put(1, ACTIVE, valid_ms=5000)
    for left_ms in range(4500, 0, -500):  # the gateway resends each 500 ms with what is left
        made.run(500)
        made.put(1, ACTIVE, valid_ms=left_ms)
    assert made.fake.pulses == [(0, 1)]
    made.run(1000)
    made.put(1, ACTIVE, valid_ms=5000)  # an order of its own
    made.run(300)
    assert made.fake.pulses == [(0, 1), (0, 1)]


def test_a_released_lock_is_not_released_again() -> None:
    made = bench()
    made.put(1, ACTIVE)
    made.until(("feedback", 1, ACTIVE))
    made.put(1, ACTIVE)
    assert ("feedback", 1, ACTIVE) in [change[:3] for change in made.run(300)]
    assert made.fake.pulses == [(0, 1)]


def test_a_hook_that_does_not_follow_is_jammed_until_it_moves() -> None:
    made = bench(move_ms_max=500)
    made.fake.jammed.add((0, 1))
    made.put(1, ACTIVE)
    took_ms = made.until(("trouble", 1, JAMMED))
    assert 500 <= took_ms <= 900
    assert (made.state(1), made.trouble(1)) == (INACTIVE, JAMMED)
    made.fake.set_hook(0, 1, shut=False)
    made.until(("trouble", 1, 0))


def test_a_frozen_board_cannot_hide_that_nothing_followed() -> None:
    made = bench(move_ms_max=500)
    made.fake.lie = "frozen"
    made.put(1, ACTIVE)
    made.until(("trouble", 1, JAMMED))


def test_an_order_to_lock_takes_back_a_release_that_waits() -> None:
    made = bench()
    made.wire.is_open = False
    made.run(50)
    made.put(1, ACTIVE)
    made.put(1, INACTIVE)
    made.wire.is_open = True
    made.run(1000)
    assert made.fake.pulses == []


def test_a_lost_link_leaves_no_release_waiting() -> None:
    made = bench()
    made.wire.is_open = False
    made.run(50)
    made.put(1, ACTIVE)
    made.device.lose_link()
    made.wire.is_open = True
    made.run(1000)
    assert made.fake.pulses == []


def test_a_forced_hook_is_told_with_nothing_ordered() -> None:
    made = bench()
    made.fake.set_hook(0, 3, shut=False)
    assert made.until(("feedback", 3, ACTIVE)) <= 250
    assert made.trouble(3) == 0


def test_the_first_missed_poll_makes_all_points_unknown() -> None:
    made = bench()
    made.wire.is_cut = True
    made.run(1)
    assert made.until(("feedback", 1, UNKNOWN)) <= 100 + 60 + 10  # a round and an answer's time
    assert made.device.states() == [(1, UNKNOWN), (2, UNKNOWN), (3, UNKNOWN)]
    assert made.device.troubles() == [(1, SILENT), (2, SILENT), (3, SILENT)]
    made.wire.is_cut = False
    made.until(("feedback", 1, INACTIVE))
    assert made.device.troubles() == []


def test_a_port_that_is_unplugged_is_known_at_once() -> None:
    made = bench()
    made.wire.is_open = False
    assert made.until(("feedback", 1, UNKNOWN)) <= 5


@pytest.mark.parametrize("lie", ["foreign", "badsum"])
def test_a_board_that_lies_about_itself_is_not_believed(lie) -> None:
    made = bench()
    made.fake.lie = lie
    made.fake.set_hook(0, 1, shut=False)
    made.run(1000)
    assert made.state(1) == UNKNOWN
    assert made.trouble(1) == SILENT | NOISY
    assert ("feedback", 1, ACTIVE) not in [change[:3] for change in made.changes]


def test_answers_that_are_one_question_old_tell_nothing_that_was_not() -> None:
    made = bench()
    made.fake.lie = "stale"
    made.fake.set_hook(0, 1, shut=False)
    made.until(("feedback", 1, ACTIVE))
    assert [change[1] for change in made.changes if change[2] == ACTIVE] == [1]


def test_the_echo_of_an_adapter_is_no_answer_and_no_noise() -> None:
    made = bench()
    made.fake.echoes = True
    made.put(1, ACTIVE)
    made.until(("feedback", 1, ACTIVE))
    made.fake.silent.add(0)
    made.run(2000)
    assert made.trouble(1) == SILENT


def test_babble_around_a_good_answer_is_looked_past() -> None:
    made = bench()
    made.fake.lie = "babble"
    made.put(1, ACTIVE)
    made.until(("feedback", 1, ACTIVE))
    assert made.state(2) == INACTIVE


def test_a_shut_hook_on_an_open_door_is_a_contradiction() -> None:
    made = door_bench()
    assert (made.state(1), made.state(1 + SENSE)) == (INACTIVE, INACTIVE)
    made.fake.set_sense(0, 1, on=True)
    made.until(("contact", 1 + SENSE, ACTIVE))
    assert made.trouble(1) == 0  # a door that falls shut may show it for a moment
    made.until(("trouble", 1, CONTRADICTION))
    made.fake.set_sense(0, 1, on=False)
    made.until(("trouble", 1, 0))


def test_an_item_beside_a_shut_hook_contradicts_nothing() -> None:
    made = bench(senses="item", locks=[{"lock": 1, "point": 1, "sense_point": 101}])
    made.fake.set_sense(0, 1, on=True)
    made.until(("contact", 101, ACTIVE))
    made.run(3000)
    assert made.trouble(1) == 0


def test_a_sensor_that_flickers_becomes_unknown_and_holds_no_hook_back() -> None:
    made = bench(senses="item", locks=[{"lock": 1, "point": 1, "sense_point": 101}])
    seen = False
    for _ in range(80):  # changed in each answer
        asked = made.device.asked
        while made.device.asked == asked:
            made.run(5)
        seen = not seen
        made.fake.set_sense(0, 1, on=seen)
    assert made.state(101) == UNKNOWN
    made.fake.set_hook(0, 1, shut=False)
    made.until(("feedback", 1, ACTIVE), 500)


def test_the_polarity_of_the_hooks_is_a_setting() -> None:
    config = krcu.KrCuConfig("devices[0]", line(hook_shut_bit=0))
    made = BusBench(lambda wire: krcu.device(config, wire), FakeBoards("cu16", [0], hook_shut_bit=0))
    made.run(300)
    assert made.state(1) == INACTIVE
    made.fake.set_hook(0, 1, shut=False)
    made.until(("feedback", 1, ACTIVE))


def test_a_cu48_answers_for_its_last_lock() -> None:
    made = bench(profile="cu48", locks=[{"lock": 48, "point": 48}])
    made.put(48, ACTIVE)
    made.until(("feedback", 48, ACTIVE))
    assert made.fake.pulses == [(0, 48)]


def test_dead_boards_cannot_make_the_round_long() -> None:
    made = bench(boards=15)
    made.run(3000)
    made.fake.silent |= set(range(1, 15))
    made.run(3000)
    made.fake.set_hook(0, 1, shut=False)
    assert made.until(("feedback", 1, ACTIVE)) <= 400
    made.fake.silent.clear()
    made.run(14 * 200)
    assert UNKNOWN not in dict(made.device.states()).values()


def test_many_orders_do_not_starve_the_round() -> None:
    made = bench(boards=8, count=16)
    made.run(2000)
    for point in range(1, 17):
        made.put(point, ACTIVE)
    made.fake.set_hook(7, 1, shut=False)
    # 8 boards, each exchange after one for the orders: 16 of them, of which the orders take 60 ms each.
    assert made.until(("feedback", 16 * 7 + 1, ACTIVE)) <= 1200
    made.run(4000)
    assert sorted(made.fake.pulses) == [(0, lock) for lock in range(1, 17)]


def test_an_order_waits_for_one_exchange() -> None:
    made = bench(boards=8)
    made.run(2000)
    made.put(1, ACTIVE)
    made.run(30)
    assert made.fake.pulses == [(0, 1)]


@pytest.mark.parametrize("seed", range(4))
def test_noise_of_one_bit_in_a_thousand_invents_nothing(seed) -> None:
    """Minutes of polls with nothing happening: no hook is said to be open, no coil is driven."""
    made = bench(boards=2)
    made.changes.clear()
    made.wire.make_noisy(1e-3, seed)
    made.run(150_000)
    told = {change[2] for change in made.changes if change[0] == "feedback"}
    assert told <= {INACTIVE, UNKNOWN}
    assert made.fake.pulses == []
    assert made.device.missed > 10  # the noise was there


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bus": "x", "boards": []}, "boards: expected a list of at least one"),
        (
            {"boards": [{"board": 15, "profile": "cu16", "locks": [{"lock": 1, "point": 1}]}]},
            "0..14, found 15",
        ),
        (
            {"boards": [{"board": 0, "profile": "cu17", "locks": [{"lock": 1, "point": 1}]}]},
            "cu12, cu16, cu48",
        ),
        (
            {"boards": [{"board": 0, "profile": "cu12", "locks": [{"lock": 13, "point": 1}]}]},
            "1..12, found 13",
        ),
        (
            {
                "boards": [
                    {"board": 0, "profile": "cu48", "senses": "door", "locks": [{"lock": 1, "point": 1}]}
                ]
            },
            "expected one of none, found 'door'",
        ),
        (
            {
                "boards": [
                    {
                        "board": 0,
                        "profile": "cu16",
                        "locks": [{"lock": 1, "point": 1}, {"lock": 2, "point": 1}],
                    }
                ]
            },
            "found 1 twice",
        ),
        (
            {
                "boards": [
                    {"board": 0, "profile": "cu16", "locks": [{"lock": 1, "point": 1, "sense_point": 2}]}
                ]
            },
            "a board with senses",
        ),
        ({"open_all": 1}, "found 'open_all'"),
    ],
)
def test_a_wrong_configuration_is_refused_by_name(changes, words) -> None:
    with pytest.raises(ConfigError, match=words):
        krcu.KrCuConfig("devices[0]", {**line(), **changes})


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

    config = krcu.KrCuConfig("devices[0]", line())
    made = BusBench(lambda wire: krcu.device(config, wire), Babble())
    made.run(800)
    assert isinstance(made.wire, Wire)
