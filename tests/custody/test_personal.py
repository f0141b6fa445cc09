"""Facts about who a person is: commitments only, no rule reads them, and what stands against an erasure."""

from collections import Counter
from hashlib import sha256

import pytest

from custody.catalogue.personal import PARTICULARS
from custody.effects import Refusal
from custody.engine import Engine
from custody.facts import Fact, check_body
from tests.custody.against_oracle import BOOKS, by_engine, by_oracle, history, unlike
from tests.custody.support import START_US, engine, fact

pytestmark = pytest.mark.slow

MINUTE_US = 60_000_000
MARK = sha256(b"a key").hexdigest()
ERASURE = {
    "person": "p-1", "key": MARK, "officers": ["0100", "0200"], "ground": "kept_long_enough", "fields": 2,
}  # fmt: skip
NAMES = (
    "complaint.received", "hold.lifted", "person.erased", "person.erased", "person.identified", "stay.released",
    "meal.offered",
)  # fmt: skip


def played(*names: str) -> tuple[Engine, list[Refusal]]:
    """A stay that begins and then what is named, a minute apart; what the last one met."""
    built, told = engine(), []
    bodies = {
        "officer.registered": {"officer": "0100", "service": "sworn", "roles": ["legal_reviewer"]},
        "stay.released": {"reason": "released"}, "hold.lifted": {"approver": "0100"}, "person.erased": ERASURE,
    }  # fmt: skip
    for index, name in enumerate(("officer.registered", "person.arrived", *names), 1):
        body = bodies.get(name, {}) | ({"stay": "s-1"} if name != "officer.registered" else {})
        effects = built.step(fact(name, index, START_US + index * MINUTE_US, **body))
        told = [effect for effect in effects if isinstance(effect, Refusal)]
    return built, told


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("stay.released", "person.erased"), None),
        (("person.erased",), "still_held"),
        (("complaint.received", "stay.released", "person.erased"), "under_hold"),
        (("stay.released", "complaint.received", "person.erased"), "under_hold"),
        (("stay.released", "complaint.received", "hold.lifted", "person.erased"), None),
        (("stay.released", "complaint.received", "hold.lifted", "complaint.received", "person.erased"), "under_hold"),
    ],
)  # fmt: skip
def test_nobody_who_is_held_or_under_hold_is_erased(names: tuple[str, ...], reason: str | None) -> None:
    _, told = played(*names)
    assert [refusal.reason for refusal in told] == ([reason] if reason else [])


def test_the_data_of_a_stay_forgotten_long_ago_may_still_be_erased() -> None:
    assert not engine().step(fact("person.erased", 1, START_US, stay="s-of-years-ago", **ERASURE))


@pytest.mark.parametrize("field", PARTICULARS)
@pytest.mark.parametrize(
    "value",
    ["张三丰", "Zhang Sanfeng", "110101199003078515", "", MARK.upper(), MARK[:-1], MARK + "0", 7, None],
)
def test_a_value_in_place_of_a_commitment_is_malformed(field: str, value: object) -> None:
    body = {"stay": "s-1", "person": "p-1", field: value}
    problems = check_body("person.identified", body)
    assert [p.key for p in problems] == ([field] if value is not None else [])
    assert not check_body("person.identified", body | {field: MARK})


def test_what_is_identified_and_erased_changes_no_alarm() -> None:
    """The same histories without these facts give the same alarms at the same moments."""
    for seed in range(60):
        facts, until_us = history(seed, names=NAMES)
        plain = [item for item in facts if not item.type.startswith(("person.identified", "person.erased"))]
        name = BOOKS[seed % len(BOOKS)]
        with_, without = by_engine(facts, name, until_us)[0], by_engine(plain, name, until_us)[0]
        assert with_.alarms == without.alarms
        assert {r for r in with_.refusals if _of(facts, r[0]).type == "hold.lifted"} == {
            r for r in without.refusals if _of(facts, r[0]).type == "hold.lifted"
        }


def test_engine_and_oracle_agree_on_what_stands_against_an_erasure() -> None:
    reasons: Counter[str] = Counter()
    for seed in range(150):
        facts, until_us = history(seed, names=NAMES)
        name = BOOKS[seed % len(BOOKS)]
        ours, theirs = by_engine(facts, name, until_us)[0], by_oracle(facts, name, until_us)
        assert not unlike(ours, theirs), seed
        reasons.update(reason for _, reason in ours.refusals)
    assert min(reasons["under_hold"], reasons["still_held"]) > 10, reasons


def _of(facts: list[Fact], index: int) -> Fact:
    return next(item for item in facts if item.index == index)
