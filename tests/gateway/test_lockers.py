"""From a request to a door that is shut again, and by no other way: real core, engine, node and lock driver.

Each command that leaves is held against the durable log by the bench; a test says what moved and what was told.
"""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casegateway.drafts import Draft, stamp
from casegateway.events import ServerSaid
from casegateway.limits import BADGE_VALID_MS, LOCKER_MOVE_MS, LOCKER_VALID_MS, LOCKER_WAIT_MS
from casegateway.memory import Memory
from casegateway.translate import Translator
from caselog.clock import Instant
from caselog.disk import PowerCut
from casewire import ACTIVE, Feedback, Frame
from tests.gateway import bench as gateway_bench
from tests.gateway.locker_bench import BADGES, BAND, LOCKER_AREA, LOCKS, RELEASE, Cabinets

OVER_MS = LOCKER_VALID_MS + LOCKER_MOVE_MS + 500


@pytest.fixture(autouse=True)
def area(monkeypatch) -> None:
    monkeypatch.setattr(gateway_bench, "AREA", LOCKER_AREA)


@pytest.fixture
def cabinets() -> Cabinets:
    cabinets = Cabinets()
    cabinets.begin()
    return cabinets


def opened(cabinets: Cabinets, name: str = "p1") -> None:
    """A compartment that was lawfully opened stands open."""
    cabinets.request(name)
    cabinets.tap("k1", "k2", cabinet=name[0])
    cabinets.run(400)
    cabinets.hand(name, is_open=True)
    assert cabinets.state(name).stage == "ordered"
    assert cabinets.state(name).is_ajar


def test_a_badge_opens_what_was_asked_for_once_and_it_is_over_when_door_and_bolt_are_shut(cabinets) -> None:
    cabinets.request("p1", purpose="take_out", items=["i1"])
    cabinets.run(2_000)
    assert cabinets.pulses() == 0
    cabinets.tap("k1")
    cabinets.run(300)
    assert cabinets.node.boards.pulses == [(0, 3)]
    (order,) = cabinets.told("ordered")
    assert (order["compartment"], order["officer"], order["purpose"]) == ("p1", "k1", "take_out")
    cabinets.hand("p1", is_open=True)
    assert cabinets.state("p1").access == "ordered"
    cabinets.run(5_000)
    assert cabinets.told("completed") == []
    cabinets.hand("p1", is_open=False)
    assert [body["opened"] for body in cabinets.told("completed")] == [True]
    cabinets.run(20_000)
    assert cabinets.pulses() == 1
    assert cabinets.told("failed") == cabinets.told("interrupted") == cabinets.told("expired") == []
    assert cabinets.state("p1").stage == ""


def test_nothing_opens_by_itself_nor_on_power_up_nor_by_the_emergency_release(cabinets) -> None:
    cabinets.tap("k1", "k2", BAND)
    cabinets.crash()
    cabinets.node.power_up()
    cabinets.run(6_000)
    cabinets.node.level(RELEASE, 1)
    cabinets.tap("k1", "k2")
    cabinets.run(12_000)
    assert cabinets.facts("input.activated")
    assert cabinets.pulses() == 0
    assert cabinets.ordered == []


# --- who has to be there --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "who", "missing"),
    [
        ({"name": "p1", "purpose": "lend", "items": ["i1"]}, ["k1"], ()),
        ({"name": "p1", "purpose": "lend", "items": ["i1"]}, ["k2", BAND], ("officer",)),  # a borrowed officer's number
        ({"name": "p1", "purpose": "count"}, ["k1"], ("second",)),
        ({"name": "p1", "purpose": "count"}, ["k1", "a1"], ("second",)),  # an auxiliary is no second officer
        ({"name": "p1", "purpose": "inspect"}, ["k1", "c1"], ()),
        ({"name": "p1", "purpose": "store", "items": ["gold"]}, ["k1", BAND], ("second",)),
        ({"name": "p1", "purpose": "store", "items": ["gold"]}, ["k1", "c1"], ()),
        ({"name": "e1", "purpose": "store", "items": ["bag"], "stay": "s1"}, ["k1"], ("band",)),
        ({"name": "e1", "purpose": "store", "items": ["bag"], "stay": "s1"}, ["k1", BAND], ()),
        ({"name": "e2", "purpose": "return", "items": ["phone"], "stay": "s1"}, ["k1", "c1"], ()),
        ({"name": "e2", "purpose": "return", "items": ["phone"], "stay": "s1"}, [BAND], ("officer",)),
    ],
)  # fmt: skip
def test_a_compartment_waits_for_whoever_has_to_be_there(cabinets, asked, who, missing) -> None:
    name = asked["name"]
    cabinets.request(**asked)
    cabinets.tap(*who, cabinet=name[0])
    cabinets.run(300)
    assert cabinets.core.lockers.missing(name, cabinets.moment()) == missing
    assert cabinets.pulses() == (0 if missing else 1)
    if missing:
        cabinets.run(LOCKER_WAIT_MS, step_ms=50)
        assert cabinets.why("expired") == ["nobody" if "officer" in missing else "no_second"]
        assert cabinets.pulses() == 0
        cabinets.tap("k1", "k2", BAND, cabinet=name[0])
        assert cabinets.pulses() == 0
        return
    (order,) = cabinets.told("ordered")
    assert order.get("band") == (BAND if BAND in who else None)
    assert order.get("second") == ("c1" if "c1" in who else None)


def test_a_reading_opens_one_compartment_and_not_the_next_and_counts_for_half_a_minute(cabinets) -> None:
    cabinets.tap("k1")  # at the kiosk, before anything is asked for
    cabinets.run(5_000)
    cabinets.request("p1", purpose="lend", items=["i1"])
    cabinets.run(400)
    assert cabinets.pulses() == 1
    cabinets.hand("p1", is_open=True)
    cabinets.hand("p1", is_open=False)
    cabinets.request("p1", purpose="lend", items=["i1"])
    cabinets.run(3_000)
    assert cabinets.pulses() == 1
    cabinets.tap("k1")
    cabinets.run(400)
    assert cabinets.pulses() == 2
    cabinets.hand("p1", is_open=True)
    cabinets.hand("p1", is_open=False)
    cabinets.tap("k1")
    cabinets.run(BADGE_VALID_MS, step_ms=20)
    cabinets.request("p1", purpose="lend", items=["i1"])
    cabinets.run(1_000)
    assert cabinets.pulses() == 2


def test_a_badge_at_another_cabinet_or_in_the_cell_opens_nothing(cabinets) -> None:
    cabinets.request("p1", purpose="lend", items=["i1"])
    cabinets.tap("k1", cabinet="e")
    cabinets.node.pins[6].to_node += gateway_bench.tag_bytes(BADGES["k1"])
    cabinets.run(2_000)
    assert cabinets.pulses() == 0


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"officer": "nobody"}, "unknown_officer"),
        ({"officer": "a1"}, "no_police"),
        ({"officer": "c1"}, "no_keeper"),
        ({"name": "p9"}, "unknown_place"),
        ({"purpose": "lend"}, "no_item"),
        ({"name": "e1", "purpose": "store", "items": ["bag"]}, "no_stay"),
        (
            {"name": "e1", "purpose": "return", "items": ["phone"], "stay": "s1"},
            "other_holder",
        ),  # it lies in e2
        ({"purpose": "store", "items": ["i2"], "officer": "k2"}, "other_holder"),  # it is in k1's hand
        ({"purpose": "lend", "items": ["i1", "i9"]}, "other_holder"),
        ({"name": "e1", "purpose": "store", "items": ["i2"], "stay": "s1"}, "stay_of_item"),
        ({"purpose": "store", "items": ["bag"]}, "wrong_cabinet"),
        ({"name": "p1", "officer": "c2"}, "keeper_is_handler"),
    ],
)
def test_a_refused_request_opens_nothing(cabinets, asked, reason) -> None:
    cabinets.request(**asked)
    cabinets.tap("k1", "k2", "c1", "a1", BAND, cabinet=asked.get("name", "p1")[0])
    cabinets.run(500)
    assert cabinets.refusals() == [reason]
    assert cabinets.pulses() == 0


def test_at_one_cabinet_one_thing_goes_on_and_another_cabinet_is_not_held_up(cabinets) -> None:
    opened(cabinets, "e1")
    cabinets.request("e2")
    cabinets.request("e1")
    assert cabinets.refusals() == ["in_use", "not_shut"]
    opened(cabinets, "p1")
    assert cabinets.pulses() == 2


# --- late, again, in doubt ------------------------------------------------------------------


@pytest.mark.parametrize(("late_ms", "opens"), [(9_000, True), (10_000, False), (3_000_000, False)])
def test_a_request_that_comes_late_or_is_dated_back_is_void(cabinets, late_ms, opens) -> None:
    cabinets.tap("k1", "k2")
    cabinets.request(at_us=cabinets.station_us - late_ms * 1_000)
    cabinets.run(500)
    assert (cabinets.pulses() == 1) is opens
    assert cabinets.why("failed") == ([] if opens else ["late"])


def test_a_request_that_is_said_again_is_the_same_and_an_unsigned_one_is_none(cabinets) -> None:
    request = cabinets.request()
    cabinets.tap("k1", "k2")
    cabinets.run(400)
    cabinets.hand("p1", is_open=True)
    cabinets.hand("p1", is_open=False)
    cabinets.put(ServerSaid("fact", request))
    forged = cabinets.officer(
        "compartment.requested",
        key=gateway_bench.GATEWAY_KEY,
        compartment="p1",
        officer="k1",
        purpose="count",
    )
    cabinets.put(ServerSaid("fact", forged))
    cabinets.tap("k1", "k2")
    cabinets.run(3_000)
    assert cabinets.pulses() == len(cabinets.told("requested")) == 1


@pytest.mark.parametrize("when", ["before", "while_it_waits"])
def test_on_a_clock_in_doubt_nothing_opens_and_that_is_said(cabinets, when) -> None:
    cabinets.is_clock_lost = when == "before"
    cabinets.request()
    cabinets.run(200)
    cabinets.is_clock_lost = True
    cabinets.tap("k1", "k2")
    cabinets.run(500)
    assert cabinets.pulses() == 0
    cabinets.run(LOCKER_WAIT_MS if when != "before" else 0, step_ms=50)
    said = cabinets.why("failed") + cabinets.why("expired")
    assert said == ["clock"] if when == "before" else said in (["clock"], ["nobody"])


def test_a_request_that_waits_is_void_with_its_gateway_and_not_taken_up_again(cabinets) -> None:
    cabinets.request()
    cabinets.crash()
    assert cabinets.why("expired") == ["restart"]
    cabinets.run(2_000)
    cabinets.tap("k1", "k2")
    cabinets.run(2_000)
    assert cabinets.pulses() == 0
    cabinets.request()
    cabinets.run(500)
    assert cabinets.pulses() == 1


class DyingCabinets(Cabinets):
    """Power goes as soon as the order is durable, before anybody acts upon it."""

    is_armed = False

    def trace(self, step: str, index: int) -> None:
        if self.is_armed and step == "durable" and self.told("ordered"):
            self.is_armed = False
            raise PowerCut


def test_death_between_the_log_and_the_command_opens_nothing_ever_and_comes_to_an_end() -> None:
    cabinets = DyingCabinets()
    cabinets.begin()
    cabinets.request()
    cabinets.is_armed = True
    with pytest.raises(PowerCut):
        cabinets.tap("k1", "k2")
    cabinets.crash()
    assert cabinets.why("interrupted") == ["restart"]
    cabinets.run(10_000)
    assert cabinets.pulses() == 0
    assert [body["opened"] for body in cabinets.told("completed")] == [False]
    assert cabinets.state("p1").stage == ""


def test_a_gateway_that_dies_at_an_open_door_orders_nothing_and_ends_when_it_is_seen_shut(cabinets) -> None:
    opened(cabinets)
    cabinets.crash()
    cabinets.run(6_000)
    assert cabinets.why("interrupted") == ["restart"]
    assert cabinets.told("completed") == []
    cabinets.hand("p1", is_open=False)
    assert [body["opened"] for body in cabinets.told("completed")] == [True]
    assert cabinets.pulses() == 1


@pytest.mark.parametrize(
    ("occurred", "earliest_us"), [((950, 1_010), 1_000), ((950, 990), 950), ((1_005, 1_010), 1_005), ((950, None), 1_000)]
)  # fmt: skip
def test_what_may_be_an_orders_doing_is_not_told_to_be_before_it(occurred, earliest_us) -> None:
    """Right after a start the bounds on a board's clock are wide; before the order it would be an opening without one."""
    memory = Memory()
    body = {
        "compartment": "p1",
        "request": "r",
        "purpose": "count",
        "officer": "k1",
        "command_id": 1,
        "valid_ms": 5,
    }
    order = Draft("compartment.ordered", body, "o", 1_000, 1_000)
    memory.observe(stamp(order, Instant(1, 0, 1_000, 1_000), 0))
    frame = Frame(Feedback.KIND, 7, 1, 1, 1, Feedback(LOCKS["p1"], ACTIVE))
    (draft,) = Translator(LOCKER_AREA, memory).drafts("n1", frame, occurred)
    assert (draft.type, draft.occurred_us) == ("compartment.unlocked", earliest_us)


# --- boards, lines, hands -------------------------------------------------------------------


def test_a_jammed_hook_is_told_by_the_node_at_once_and_the_order_is_not_given_anew(cabinets) -> None:
    cabinets.node.boards.jammed.add((0, 3))
    cabinets.request()
    cabinets.tap("k1", "k2")
    cabinets.run(1_500)
    assert [f["body"]["trouble"] for f in cabinets.facts("point.troubled")] == ["jammed"]
    assert cabinets.told("failed") == []
    cabinets.run(OVER_MS)
    assert cabinets.why("failed") == ["unmoved"]
    sent = len(cabinets.ordered)
    cabinets.node.boards.jammed.clear()
    cabinets.run(60_000, step_ms=20)
    assert len(cabinets.ordered) == sent
    assert cabinets.node.boards.is_shut(0, 3)
    opened(cabinets)


def test_a_board_that_shows_what_was_is_found_out_by_the_order_that_it_seems_not_to_follow(cabinets) -> None:
    cabinets.node.boards.lie = "frozen"
    cabinets.request()
    cabinets.tap("k1", "k2")
    cabinets.run(OVER_MS)
    assert cabinets.pulses() == 1
    assert cabinets.why("failed") == ["unmoved"]
    assert [f["body"]["trouble"] for f in cabinets.facts("point.troubled")] == ["jammed"]
    assert not cabinets.node.boards.is_shut(0, 3)  # and nobody but a person at the cabinet sees that
    cabinets.node.boards.lie = "none"
    cabinets.run(500)
    assert cabinets.state("p1").access == "unordered"


def test_what_cannot_be_seen_is_not_ordered(cabinets) -> None:
    cabinets.node.boards.silent.add(0)
    cabinets.run(1_000)
    cabinets.request()
    cabinets.tap("k1", "k2")
    cabinets.run(500)
    assert cabinets.why("failed") == ["silent"]
    assert cabinets.ordered == []
    cabinets.node.boards.silent.clear()
    cabinets.run(OVER_MS)
    assert cabinets.pulses() == 0


@pytest.mark.parametrize("what", ["board", "line", "node"])
def test_what_goes_while_a_door_is_open_is_told_and_the_way_back_is_to_shut_it(cabinets, what) -> None:
    opened(cabinets)
    if what == "board":
        cabinets.node.boards.silent.add(0)
    elif what == "line":
        cabinets.is_line_cut = True
    else:
        cabinets.node.is_on = False
    cabinets.run(5_000)
    assert cabinets.why("interrupted") == ["silent"]
    cabinets.node.boards.silent.clear()
    cabinets.is_line_cut = False
    if what == "node":
        cabinets.node.power_up()
    cabinets.run(6_000)
    assert cabinets.told("completed") == []
    cabinets.hand("p1", is_open=False)
    assert [body["opened"] for body in cabinets.told("completed")] == [True]
    assert cabinets.state("p1").access == "ordered"
    assert cabinets.pulses() == 1


def test_an_order_of_which_nothing_was_heard_may_have_opened_and_is_not_said_to_have_failed(cabinets) -> None:
    cabinets.request()
    cabinets.tap("k1", "k2")
    cabinets.node.boards.silent.clear()
    cabinets.is_line_cut = True
    cabinets.run(OVER_MS)
    said = cabinets.why("interrupted"), cabinets.why("failed")
    assert said == (["silent"], [])


def test_a_forced_hook_a_pulled_door_and_a_wrong_door_are_told_apart(cabinets) -> None:
    cabinets.node.boards.set_hook(0, 2, shut=False)  # e2, with a screwdriver
    cabinets.run(400)
    assert (cabinets.state("e2").access, cabinets.state("e2").is_ajar) == ("unordered", True)
    cabinets.hand("e2", is_open=False)
    opened(cabinets, "e1")
    cabinets.node.boards.set_hook(0, 2, shut=False)
    cabinets.run(400)
    assert cabinets.state("e2").access == "wrong_door"
    cabinets.node.boards.set_hook(0, 3, shut=False)  # p1 is in another cabinet
    cabinets.run(400)
    assert cabinets.state("p1").access == "unordered"
    assert cabinets.state("e1").access == "ordered"


def test_a_door_that_is_propped_keeps_the_order_running_whatever_the_hook_says(cabinets) -> None:
    opened(cabinets)
    cabinets.node.boards.set_hook(0, 3, shut=True)  # a finger pushes the hook home, the door is ajar
    cabinets.run(3_000)
    assert cabinets.told("completed") == []
    assert cabinets.state("p1").is_ajar
    assert "contradiction" in [f["body"]["trouble"] for f in cabinets.facts("point.troubled")]


def test_after_it_is_shut_it_opens_by_no_right_any_more(cabinets) -> None:
    opened(cabinets)
    cabinets.hand("p1", is_open=False)
    cabinets.node.boards.set_hook(0, 3, shut=False)
    cabinets.run(500)
    assert cabinets.state("p1").access == "unordered"


@pytest.mark.parametrize(
    ("entered", "access"), [("before", "overridden"), ("after", "unordered"), ("dated_back", "unordered")]
)
def test_the_key_is_entered_before_it_is_turned(cabinets, entered, access) -> None:
    body = {"compartment": "p1", "officer": "k1", "reason": "broken"}
    if entered == "before":
        cabinets.say("compartment.overridden", **body)
    cabinets.run(1_000)
    cabinets.node.boards.set_hook(0, 3, shut=False)
    cabinets.run(1_000)
    if entered != "before":
        back_us = 5_000_000 if entered == "dated_back" else 0
        cabinets.say("compartment.overridden", at_us=cabinets.station_us - back_us, **body)
    cabinets.run(500)
    assert cabinets.state("p1").access == access


# --- whatever happens -----------------------------------------------------------------------


def _shut(cabinets: Cabinets) -> None:
    for lock in (1, 3):
        cabinets.node.boards.set_sense(0, lock, on=False)
        cabinets.node.boards.set_hook(0, lock, shut=True)


def _pull(cabinets: Cabinets) -> None:
    for lock in (1, 3):
        if not cabinets.node.boards.is_shut(0, lock):
            cabinets.node.boards.set_sense(0, lock, on=True)


def _tap(who: str) -> Callable[[Cabinets], None]:
    def tap(cabinets: Cabinets) -> None:
        for cabinet in "pe" if cabinets.node.is_on else "":
            cabinets.tap(who, cabinet=cabinet)

    return tap


HANDS: dict[str, Callable[[Cabinets], object]] = {
    "ask for p1": lambda c: c.request("p1"),
    "ask for e1": lambda c: c.request("e1"),
    "k1": _tap("k1"),
    "k2": _tap("k2"),
    "pull": _pull,
    "shut": _shut,
    "jam": lambda c: c.node.boards.jammed.update({(0, 1), (0, 3)}),
    "free": lambda c: c.node.boards.jammed.clear(),
    "silence": lambda c: c.node.boards.silent.add(0),
    "back": lambda c: c.node.boards.silent.clear(),
    "cut": lambda c: setattr(c, "is_line_cut", True),
    "mend": lambda c: setattr(c, "is_line_cut", False),
    "off": lambda c: setattr(c.node, "is_on", False),
    "on": lambda c: None if c.node.is_on else c.node.power_up(),
    "crash": lambda c: c.crash(),
    "doubt": lambda c: setattr(c, "is_clock_lost", not c.is_clock_lost),
    "wait": lambda c: c.run(8_000, step_ms=20),
}


@settings(max_examples=5, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(sorted(HANDS)), min_size=6, max_size=24))
def test_whatever_happens_each_pulse_has_its_order_and_every_request_its_end(hands) -> None:
    cabinets = Cabinets()
    cabinets.begin()
    for hand in hands:
        HANDS[hand](cabinets)
        cabinets.run(150)
    for hand in ("free", "back", "mend", "on", "shut"):
        HANDS[hand](cabinets)
    cabinets.is_clock_lost = False
    cabinets.run(LOCKER_WAIT_MS + 10_000, step_ms=50)
    _shut(cabinets)
    cabinets.run(2_000)
    assert cabinets.pulses() <= len(cabinets.told("ordered"))
    assert len({number for _, number in cabinets.ordered}) <= len(cabinets.told("ordered"))
    ends = [b["request"] for what in ("expired", "failed", "completed") for b in cabinets.told(what)]
    accepted = len(cabinets.told("requested")) - len(cabinets.refusals())
    assert len(ends) == len(set(ends)) == accepted
    assert all(state.stage == "" for state in cabinets.core.book.engine.world.compartments.values())
