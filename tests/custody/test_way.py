"""The person's way: no order of forms skips what the law puts first, and nobody is ever kept by a form."""

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from custody.bundled import rulebook_names
from custody.catalogue import FACT_TYPES, WAY
from custody.catalogue.course import COURSE
from custody.effects import Refusal
from custody.engine import Engine
from custody.reader import PHASES
from tests.custody.stories import MINUTE_US, START_US, area
from tests.custody.story_play import book, tables_of
from tests.custody.support import fact
from tests.custody.test_engine_properties import random_body

STAY = "s-1"
HEADS = {"0866": "case_department_head", "0001": "county_head", "0312": "case_officer"}
OPENING = ("person.arrived", "area.entered", "stay.registered", "wristband.bound")
# What the law puts behind the safety search (Procedure for administrative cases 53, four musts).
BEHIND_SEARCH = (
    "effects.listed", "sample.collected", "room.assigned", "entry.requested", "interview.started", "act.started",
    "identification.held",
)  # fmt: skip
OPEN_ROOMS = ("search", "reception", "sobering")  # where a person may be put before the search
# What may still be entered when the person has left, besides the course of the matter itself.
AFTER_THE_END = (
    "family.notified", "family.notice_excused", "bodycam.uploaded", "interview_record.signed", "certificate.ended",
    "effects.returned", "release.handed_over", "supervision.informed", "extension.approved",
)  # fmt: skip
FORMS = sorted(item.name for item in (*WAY, *COURSE))
ORDER = (
    "out_of_order",
    "stay_ended",
    "unknown_stay",
)  # reasons that speak of the way, not of what is written


class Way(RuleBasedStateMachine):
    """Any forms of one stay, in any order, against what the law orders."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(area(), book("cn-2026"))
        self.index, self.now_us = 0, START_US
        self.phase = ""  # not opened
        self.done: set[str] = set()
        self.approved = self.checked = False  # since the last return

    @initialize()
    def officers(self) -> None:
        for officer, role in HEADS.items():
            self.say("officer.registered", officer=officer, service="sworn", roles=[role])

    def say(self, name: str, **body: object) -> list[Refusal]:
        """One fact, a minute after the last; gives what refused it."""
        self.index, self.now_us = self.index + 1, self.now_us + MINUTE_US
        effects = self.engine.step(fact(name, self.index, self.now_us, **body))
        return [e for e in effects if isinstance(e, Refusal) and e.fact == self.index]

    def is_in_order(self, name: str, body: dict[str, object]) -> bool:
        """Whether the law's order allows the form now, whatever is written in it."""
        if name in OPENING:
            return self.phase != "ended"
        if not self.phase:
            return False
        if self.phase == "ended":
            return name in AFTER_THE_END or name in {item.name for item in COURSE}
        is_free = (
            name in ("room.assigned", "entry.requested")
            and area().rooms[str(body["room"])].kind in OPEN_ROOMS
        )
        if name in BEHIND_SEARCH and "search.signed" not in self.done and not is_free:
            return False
        if name in ("measure.changed", "certificate.corrected") and "stay.registered" not in self.done:
            return False
        wanted = {
            "interview.started": "inside",
            "interview.ended": "interviewing",
            "exit.departed": "inside",
            "exit.returned": "out",
        }
        if name == "search.signed" and self.phase == "out":
            return False
        return self.phase == wanted.get(name, self.phase)

    @rule(name=st.sampled_from(FORMS), seed=st.integers(0, 10_000))
    def form(self, name: str, seed: int) -> None:
        self.enter(name, seed)

    @rule(name=st.sampled_from([*OPENING, "search.signed", "interview.started", "interview.ended", "exit.approved",
                                "escort.checked", "exit.departed", "exit.returned"]), seed=st.integers(0, 99))  # fmt: skip
    def common_form(self, name: str, seed: int) -> None:
        self.enter(name, seed)

    @rule(room=st.sampled_from(["reception", "waiting-1", "interview-1"]))
    def read(self, room: str) -> None:
        """The band is read somewhere inside: the person is there, whatever the forms say."""
        assert self.say("tag.read", tag="B1", room=room) == []
        if "wristband.bound" in self.done and self.phase == "arrived":
            self.phase = "inside"

    def enter(self, name: str, seed: int) -> None:
        body = self.body(name, seed)
        was_in_order = self.is_in_order(name, body)
        before = tables_of(self.engine)
        refusals = self.say(name, **body)
        if refusals:
            self.refused(name, body, refusals, was_in_order, before)
            return
        assert was_in_order, f"{name} was taken in phase {self.phase or 'none'} after {sorted(self.done)}"
        if name == "exit.departed":
            assert self.approved, "left without approval"
            assert self.checked, "left without the check before departure"
        self.move_on(name, body)

    def refused(self, name, body, refusals, was_in_order, before) -> None:
        assert all(
            refusal.reason and refusal.expected and refusal.found and refusal.rule for refusal in refusals
        )
        assert tables_of(self.engine) == before, f"{name} was refused and changed something"
        reasons = {refusal.reason for refusal in refusals}
        if was_in_order:
            assert not reasons & set(ORDER), f"{name} {body} in phase {self.phase}: {reasons}"

    def body(self, name: str, seed: int) -> dict[str, object]:
        rng = random.Random(seed)
        body = random_body(name, rng)
        for key in body:
            if key in ("stay", "band"):
                body[key] = {"stay": STAY, "band": "B1"}[key]
            elif key in ("officers", "approver", "officer"):
                body[key] = ["0312", "0866"] if key == "officers" else rng.choice(sorted(HEADS))
            elif key == "room":
                body[key] = rng.choice(["search", "reception", "waiting-1", "interview-1", "interrogation-1"])
            elif key.endswith("_at_us"):
                body[key] = self.now_us - rng.randrange(0, 30) * MINUTE_US
        return body

    def move_on(self, name: str, body: dict[str, object]) -> None:
        self.done.add(name)
        self.phase = self.phase or "arrived"
        enters = name in ("area.entered", "wristband.bound") or (
            name == "stay.registered" and "entered_at_us" in body
        )
        if enters and self.phase == "arrived":
            self.phase = "inside"
        self.phase = {
            "interview.started": "interviewing", "interview.ended": "inside", "exit.departed": "out",
            "exit.returned": "inside", "stay.released": "ended",
        }.get(name, self.phase)  # fmt: skip
        self.approved = (self.approved or name == "exit.approved") and name != "exit.returned"
        self.checked = (self.checked or name == "escort.checked") and name != "exit.returned"

    @invariant()
    def the_engine_agrees_where_the_person_stands(self) -> None:
        stay = self.engine.world.stays.get(STAY)
        phase = "" if stay is None else "ended" if not stay.is_open else stay.phase or "arrived"
        assert phase == self.phase

    def teardown(self) -> None:
        """Wherever the person stands, the release is taken."""
        if self.phase not in ("", "ended"):
            assert self.say("stay.released", stay=STAY, reason="released") == []
            assert self.engine.world.stays.get(STAY).is_open is False


Way.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestWay = Way.TestCase


# --- each form by itself -------------------------------------------------------------------------


def walked(*said: tuple[str, dict[str, object]]) -> Way:
    """A way with these forms taken."""
    way = Way()
    way.officers()
    for name, body in said:
        assert way.say(name, stay=STAY, **body) == [], name
        way.move_on(name, body)
    return way


ARRIVED = [("person.arrived", {}), ("area.entered", {})]
RELEASED = [*ARRIVED, ("search.signed", {"officers": ["0312"]}), ("stay.released", {"reason": "released"})]


@pytest.mark.parametrize("name", sorted(item.name for item in WAY))
def test_after_the_release_nothing_is_entered_but_what_follows_it(name):
    way = walked(*RELEASED)
    before, refusals = tables_of(way.engine), way.say(name, **way.body(name, 1))
    is_refused = bool({refusal.reason for refusal in refusals} & set(ORDER))
    assert is_refused != (name in AFTER_THE_END)
    assert not is_refused or tables_of(way.engine) == before


@pytest.mark.parametrize("name", sorted(item.name for item in COURSE))
def test_after_the_release_the_course_of_the_matter_goes_on(name):
    way = walked(*RELEASED)
    assert {refusal.reason for refusal in way.say(name, **way.body(name, 1))} & set(ORDER) == set()


@pytest.mark.parametrize("name", BEHIND_SEARCH)
def test_before_the_search_nothing_is_done_that_comes_after_it(name):
    way = walked(*ARRIVED)
    body = {**way.body(name, 1), **({"room": "interview-1"} if "room" in FACT_TYPES[name].fields else {})}
    before, refusals = tables_of(way.engine), way.say(name, **body)
    assert [refusal.reason for refusal in refusals] == ["out_of_order"]
    assert tables_of(way.engine) == before
    assert way.say("search.signed", stay=STAY, officers=["0312"]) == []
    assert {refusal.reason for refusal in way.say(name, **body)} & set(ORDER) == set()


@pytest.mark.parametrize("name", [name for name in FORMS if name not in OPENING])
def test_of_a_stay_that_nobody_opened_no_form_is_taken(name):
    way = walked()
    assert [refusal.reason for refusal in way.say(name, **way.body(name, 1))][:1] in (
        ["unknown_stay"],
        ["no_open_stay"],
    )


# --- the table itself ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", rulebook_names())
def test_every_phase_of_the_way_has_a_way_to_the_end(name):
    steps = book(name).steps
    ways = {phase: {phase} for phase in PHASES}
    for _ in PHASES:
        for step in steps.values():
            for phase in step.phases:
                ways[phase] |= ways[step.to] if step.to else set()
    assert all("ended" in reached for reached in ways.values())
    assert set(steps["stay.released"].phases) == set(PHASES) - {"ended"}
    assert not steps["stay.released"].needs


@pytest.mark.parametrize("name", rulebook_names())
def test_every_phase_can_be_reached(name):
    reached = {"arrived", "inside"}  # by arriving, and by the first entry
    for _ in PHASES:
        reached |= {s.to for s in book(name).steps.values() if s.to and reached & set(s.phases)}
    assert reached == set(PHASES)


@pytest.mark.parametrize("name", ["cn-2026", "cn-2012"])
def test_every_form_of_a_stay_has_its_row_in_the_table(name):
    rows = set(book(name).steps)
    forms = {item.name for item in WAY if "stay" in FACT_TYPES[item.name].fields}
    assert sorted(forms - rows) == []


@pytest.mark.parametrize("first", ["search.signed", "exit.approved", "escort.checked"])
def test_what_comes_first_has_to_come_again_after_a_return_where_the_law_says_so(first):
    """Approval and check are good for one departure; the search is good for the stay."""
    way = Way()
    way.officers()
    body = {"stay": STAY}
    out = {**body, "return_by_at_us": START_US + 600 * MINUTE_US}
    said = [
        ("person.arrived", body), ("area.entered", body), ("search.signed", {**body, "officers": ["0312"]}),
        ("exit.approved", {**body, "approver": "0866", "ground": "hospital"}), ("escort.checked", body),
        ("exit.departed", out), ("exit.returned", body),
    ]  # fmt: skip
    for name, its in [*said, *[row for row in said[2:5] if row[0] != first]]:
        assert way.say(name, **its) == [], name
    assert [refusal.rule for refusal in way.say("exit.departed", **out)] == {
        "search.signed": [], "exit.approved": ["E1"], "escort.checked": ["E3"],
    }[first]  # fmt: skip
