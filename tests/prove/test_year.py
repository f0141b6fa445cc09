"""The made-up year: the same each time, what a gateway may record, and everything that officers and sensors state."""

import itertools
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

from custody.catalogue import FACT_TYPES
from custody.facts import Fact, check_body
from tests.prove.busy import second
from tests.prove.busy.diary import HOUR_US
from tests.prove.busy.life import Life, busy_area

SEED = 1
DAYS = 60
"""Days of the year that are looked at whole."""

SMALL = 3_000
OF_THE_DRIVER = {"deadline.reached", *(name for name in FACT_TYPES if name.startswith("alarm."))}
"""What is said only when an engine listens: its clock, and what officers do about its alarms."""


@dataclass
class Seen:
    """What was found in the facts of some months; they are not kept."""

    facts: int = 0
    count: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    hours_late: int = 0
    is_in_order: bool = True
    is_after_the_event: bool = True

    def take(self, fact: Fact, last_us: int) -> None:
        self.facts += 1
        self.count[fact.type] += 1
        self.wrong += [(fact.type, str(problem)) for problem in check_body(fact.type, fact.body)]
        self.ids.add(fact.id)
        self.hours_late += fact.recorded_us - fact.occurred_us > HOUR_US
        self.is_in_order &= fact.recorded_us >= last_us and fact.index == self.facts
        self.is_after_the_event &= fact.occurred_us <= fact.recorded_us


@cache
def months() -> Seen:
    seen, last_us = Seen(), 0
    for fact in Life(SEED, busy_area(), days=DAYS).facts():
        seen.take(fact, last_us)
        last_us = fact.recorded_us
    return seen


def test_the_same_seed_makes_the_same_facts_and_another_seed_others() -> None:
    def begin(seed: int) -> list[Fact]:
        return list(itertools.islice(Life(seed, busy_area(), days=10).facts(), SMALL))

    assert begin(SEED) == begin(SEED)
    assert begin(SEED) != begin(SEED + 1)


def test_every_body_may_be_recorded() -> None:
    assert months().wrong == []


def test_facts_come_in_order_of_recording_and_never_before_they_happened() -> None:
    assert months().is_in_order
    assert months().is_after_the_event


def test_no_two_facts_bear_the_same_id() -> None:
    assert len(months().ids) == months().facts


def test_everything_that_officers_and_sensors_state_is_stated() -> None:
    assert sorted(FACT_TYPES.keys() - months().count.keys() - OF_THE_DRIVER) == []


def test_readers_say_most_and_some_forms_come_hours_late() -> None:
    count = months().count
    assert count["tag.read"] + count["tag.gone"] > months().facts * 2 / 5
    assert 20 < months().hours_late < months().facts / 500


def test_the_engine_tells_the_same_with_another_hash_seed() -> None:
    one, other = (second.here(SMALL, 60, hash_seed=seed) for seed in (1, 2))
    assert one["effects"] > 1_000
    assert (one["digest"], one["facts_digest"]) == (other["digest"], other["facts_digest"])
