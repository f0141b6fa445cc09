"""Longer limits: who may give which, in which order, on which ground, until when, and what a refusal says.

CPL 119 (summons), PSAPL 97 (questioning), PL 9 and the rules on continued questioning (station head, county duty head,
county head), CPL 91 and 156-159 (detention and custody after arrest), APR 165 (case time).
"""

import pytest

from custody.effects import Refusal
from custody.engine import Engine
from tests.custody.against_oracle import book
from tests.custody.support import area, at, fact, rulebook

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
ROLES = {
    "station": "station_head", "duty": "county_duty_head", "county": "county_head", "department": "case_department_head",
    "proc": "procuratorate", "guard": "guard", "super": "superintendent", "court": "court",
}  # fmt: skip


class Desk:
    """An engine with heads, and forms told to it one after the other."""

    def __init__(self, law: str = "cn-2026") -> None:
        self.engine = Engine(area(), rulebook() if law == "cn-2026" else book(law))
        self.count = 0
        for officer, role in ROLES.items():
            self.tell("officer.registered", "08:00", officer=officer, service="sworn", roles=[role])
        self.tell("officer.registered", "08:00", officer="aux", service="auxiliary", roles=["station_head"])

    def tell(self, name: str, when: str | int, **body: object) -> list[Refusal]:
        self.count += 1
        moment = at(when) if isinstance(when, str) else when
        return [e for e in self.engine.step(fact(name, self.count, moment, **body)) if isinstance(e, Refusal)]

    def held(self, measure: str, stay: str = "s") -> "Desk":
        self.tell("area.entered", "09:00", stay=stay)
        self.tell("stay.registered", "09:00", stay=stay, measure=measure, case="c")
        return self

    def ask(self, rule: str, limit: str, approver: str, when: str | int = "10:00", **more: object) -> str:
        named = {"stay": "s", "rule": rule, "limit": limit, "approver": approver} | more
        refused = self.tell("extension.approved", when, **{k: v for k, v in named.items() if v is not None})
        return refused[0].reason if refused else "given"

    def due_us(self, rule: str) -> int:
        (duty,) = [d for d in self.engine.duties() if d.rule == rule]
        return duty.due_us


# --- tiers in their order --------------------------------------------------------------------------


def test_continued_questioning_goes_from_head_to_head():
    desk = Desk().held("continued_questioning")
    assert desk.ask("T8", "24h", "duty") == "tier_skipped"
    assert desk.ask("T8", "12h", "station") == "given"
    assert desk.ask("T8", "12h", "station") == "not_longer"
    assert desk.ask("T8", "48h", "county", ground="identity_refused") == "tier_skipped"
    assert desk.ask("T8", "24h", "duty") == "given"
    assert desk.due_us("T8") == at("09:00") + 24 * HOUR_US
    assert desk.ask("T8", "24h", "duty") == "not_longer"
    assert desk.ask("T8", "12h", "station") == "not_longer"
    assert desk.ask("T8", "48h", "county", ground="identity_refused") == "given"
    assert desk.due_us("T8") == at("09:00") + 48 * HOUR_US
    assert desk.ask("T8", "24h", "duty") == "not_longer"


def test_a_tier_skipped_in_a_case_is_no_alarm_of_continued_questioning():
    desk = Desk()
    desk.tell("case.filed", "09:00", case="c", kind="public_order")
    assert desk.ask("T21", "90d", "county", stay=None, case="c", ground="complex_case") == "tier_skipped"
    assert [row.rule.key for row in desk.engine.obligations() if row.subject == "case:c"] == ["T21/case"]
    desk.held("continued_questioning")
    assert desk.ask("T8", "24h", "duty") == "tier_skipped"
    assert "T9/skipped" in [row.rule.key for row in desk.engine.obligations()] or any(
        row.rule.params.get("reasons") == ("tier_skipped",) for row in desk.engine.obligations()
    )


def test_custody_after_arrest_goes_tier_by_tier():
    desk = Desk().held("arrest")
    day = at("09:00") + DAY_US
    assert desk.ask("T18", "5mo", "proc", day, ground="grave_area_or_gang") == "tier_skipped"
    assert desk.ask("T18", "3mo", "proc", day, ground="complex_case") == "given"
    assert desk.ask("T18", "7mo", "proc", day, ground="ten_years_or_more") == "tier_skipped"
    assert desk.ask("T18", "5mo", "proc", day, ground="grave_area_or_gang") == "given"
    assert desk.ask("T18", "3mo", "proc", day, ground="complex_case") == "not_longer"
    assert desk.ask("T18", "7mo", "proc", day, ground="ten_years_or_more") == "given"


def test_a_summons_or_questioning_may_take_the_longest_at_once():
    desk = Desk().held("public_order_questioning")
    assert desk.ask("T5", "24h", "station", ground="complex_and_detention_possible") == "given"
    assert desk.ask("T5", "12h", "station", ground="identity_unknown") == "not_longer"
    assert desk.due_us("T5") == at("09:00") + 24 * HOUR_US


def test_two_stays_keep_their_approvals_apart_and_one_keeps_all_of_its():
    desk = Desk().held("public_order_questioning").held("public_order_questioning", "t")
    assert desk.ask("T5", "12h", "station", ground="identity_unknown") == "given"
    assert desk.ask("T5", "12h", "station", stay="t", ground="identity_unknown") == "given"
    assert desk.ask("T5", "24h", "county", ground="complex_and_detention_possible") == "given"
    kept = {key: [row.limit for row in rows] for key, rows in desk.engine.world.approvals.items()}
    assert kept == {"stay:s": ["12h", "24h"], "stay:t": ["12h"]}
    known = {duty.subject: duty.due_us - at("09:00") for duty in desk.engine.duties() if duty.rule == "T5"}
    assert known == {"stay:s": 24 * HOUR_US, "stay:t": 12 * HOUR_US}


def test_what_was_given_before_the_measure_began_anew_does_not_count():
    """T5 begins anew when another office takes the person over with a document."""
    desk = Desk().held("public_order_questioning")
    assert desk.ask("T5", "12h", "station", ground="identity_unknown") == "given"
    desk.tell("jurisdiction.transferred", "11:00", stay="s", document="d-1")
    assert desk.due_us("T5") == at("11:00") + 8 * HOUR_US
    assert desk.ask("T5", "12h", "station", "11:00", ground="identity_unknown") == "given"
    assert desk.due_us("T5") == at("11:00") + 12 * HOUR_US


def test_another_country_has_its_own_tiers():
    desk = Desk("ew-pace").held("arrest")
    assert desk.ask("PACE41", "36h", "court") == "wrong_approver"
    assert desk.ask("PACE41", "36h", "super") == "given"
    assert desk.ask("PACE41", "96h", "court") == "given"


# --- of whom ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ({"stay": "nobody"}, "no_open_stay"),
        ({"stay": None}, "no_open_stay"),
        ({"case": "c"}, "no_open_stay"),
        ({"stay": None, "case": "c"}, "no_such_clock"),
    ],
)
def test_an_approval_names_one_stay_that_is_open(named, reason):
    desk = Desk().held("public_order_questioning")
    assert desk.ask("T5", "12h", "station", ground="identity_unknown", **named) == reason


def test_a_case_has_clocks_of_its_own():
    desk = Desk()
    desk.tell("case_review.started", "09:00", case="c", kind="criminal")
    clue = {"stay": None, "case": "c", "ground": "major_clue"}
    assert desk.ask("D3", "30d", "county", **clue) == "no_such_clock"  # its three days have no longer limit
    desk.tell("case_review.started", "10:00", case="d", kind="clue")
    assert desk.ask("D3", "30d", "county", **(clue | {"case": "d"})) == "given"
    assert desk.ask("T21", "60d", "county", stay=None, case="d", ground="complex_case") == "no_such_clock"
    desk.tell("case.filed", "10:30", case="d", kind="public_order")
    filed = {"stay": None, "case": "d", "ground": "complex_case"}
    assert desk.ask("T21", "90d", "county", "11:00", **filed) == "tier_skipped"
    assert desk.ask("T21", "60d", "county", "11:00", **filed) == "given"
    assert desk.ask("T21", "90d", "county", "11:00", **filed) == "given"


def test_a_stay_that_has_ended_has_no_clock_but_those_that_go_on():
    desk = Desk().held("public_order_questioning").held("criminal_detention", "t")
    for stay in ("s", "t"):
        desk.tell("stay.released", "10:00", stay=stay, reason="detention_centre")
    assert desk.ask("T5", "12h", "station", "10:30", ground="identity_unknown") == "no_open_stay"
    special = {"ground": "special_circumstances"}
    assert desk.ask("T15", "7d", "county", "10:30", stay="t", **special) == "given"
    assert desk.ask("T15", "7d", "county", "10:30", **special) == "no_such_clock"


@pytest.mark.parametrize(
    ("measure", "rule", "found"),
    [
        ("voluntary", "T5", "T5 for a stay under voluntary"),
        (None, "T5", "T5 for a stay under no measure yet"),
        ("voluntary", "T99", "T99 for a stay under voluntary"),
    ],
)
def test_a_refusal_names_the_clock_that_does_not_run(measure, rule, found):
    desk = Desk()
    if measure is None:
        desk.tell("person.arrived", "09:00", stay="s")
    else:
        desk.held(measure)
    body = {"stay": "s", "rule": rule, "limit": "12h", "approver": "station"}
    (refused,) = desk.tell("extension.approved", "10:00", **body)
    assert (refused.reason, refused.found) == ("no_such_clock", found)
    desk.tell("area.entered", "10:01", stay="t")
    (refused,) = desk.tell(
        "extension.approved", "10:02", case="c", rule="T5", limit="12h", approver="station"
    )
    assert refused.found == "T5 for a case under no measure yet"


# --- by whom, why, when ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approver", "found"),
    [
        ("guard", "guard: guard"),
        ("county", "county: county_head"),
        ("aux", "aux: station_head"),
        ("ghost", "ghost: not registered"),
    ],
)
def test_a_refusal_names_who_may_give_it_and_who_asked(approver, found):
    desk = Desk().held("continued_questioning")
    body = {"stay": "s", "rule": "T8", "limit": "12h", "approver": approver}
    (refused,) = desk.tell("extension.approved", "10:00", **body)
    assert (refused.reason, refused.expected, refused.found) == ("wrong_approver", "station_head", found)


@pytest.mark.parametrize(("ground", "found"), [(None, "no ground"), ("complex_case", "complex_case")])
def test_a_refusal_names_the_grounds_of_the_law(ground, found):
    desk = Desk().held("public_order_questioning")
    body = {"stay": "s", "rule": "T5", "limit": "12h", "approver": "station"} | (
        {"ground": ground} if ground else {}
    )
    (refused,) = desk.tell("extension.approved", "10:00", **body)
    assert (refused.reason, refused.found) == ("wrong_ground", found)
    assert refused.expected == "many_persons_involved or identity_unknown"


def test_a_refusal_names_the_limits_there_are():
    desk = Desk().held("public_order_questioning")
    (refused,) = desk.tell(
        "extension.approved", "10:00", stay="s", rule="T5", limit="13h", approver="station"
    )
    assert (refused.reason, refused.expected, refused.found) == ("no_such_tier", "12h, 24h", "13h")
    assert desk.ask("T5", "1440min", "station", ground="complex_and_detention_possible") == "given"


def test_it_is_given_while_the_limit_before_still_runs():
    desk = Desk().held("public_order_questioning")
    last = at("09:00") + 8 * HOUR_US
    body = {"stay": "s", "rule": "T5", "limit": "12h", "approver": "station", "ground": "identity_unknown"}
    (refused,) = desk.tell("extension.approved", last + 1_000_000, **body)
    assert (refused.reason, refused.expected) == ("too_late", "given within 8h of the start")
    assert refused.found == "1s after it"
    assert desk.tell("extension.approved", last, **body) == []


def test_a_clock_that_stands_still_is_never_too_late():
    """PSAPL 21: until a drunk person is sober, the questioning has not begun to count."""
    desk = Desk().held("public_order_questioning")
    desk.tell("restraint.started", "09:10", stay="s", device="strap", ground="drunk")
    late = at("09:00") + 20 * HOUR_US
    assert desk.ask("T5", "12h", "station", late, ground="identity_unknown") == "given"
