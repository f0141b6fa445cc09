"""The made-up year: the same each time, what a gateway may record, and everything that officers and sensors state."""

import itertools
from collections import Counter
from functools import cache

from custody.catalogue import FACT_TYPES
from custody.facts import Fact, check_body
from tests.prove.busy import second
from tests.prove.busy.life import Life, busy_area

SEED = 1
DAYS = 75
"""Days of the year that are looked at whole."""

SMALL = 3_000
OF_THE_DRIVER = {"deadline.reached", "alarm.taken", "alarm.acknowledged", "alarm.rectified", "alarm.verified"}
"""What is said only when an engine listens: its clock, and what officers do about its alarms."""


@cache
def spring() -> tuple[Fact, ...]:
    return tuple(Life(SEED, busy_area(), days=DAYS).facts())


def test_the_same_seed_makes_the_same_facts_and_another_seed_others() -> None:
    def begin(seed: int) -> list[Fact]:
        return list(itertools.islice(Life(seed, busy_area(), days=10).facts(), SMALL))

    assert begin(SEED) == begin(SEED)
    assert begin(SEED) != begin(SEED + 1)


def test_every_body_may_be_recorded() -> None:
    wrong = [
        (fact.type, check_body(fact.type, fact.body)) for fact in spring() if check_body(fact.type, fact.body)
    ]
    assert wrong == []


def test_facts_come_in_order_of_recording_and_never_before_they_happened() -> None:
    assert all(one.recorded_us <= other.recorded_us for one, other in itertools.pairwise(spring()))
    assert all(fact.occurred_us <= fact.recorded_us for fact in spring())
    assert [fact.index for fact in spring()] == list(range(1, len(spring()) + 1))


def test_no_two_facts_bear_the_same_id() -> None:
    assert [key for key, count in Counter(fact.id for fact in spring()).items() if count > 1] == []


def test_everything_that_officers_and_sensors_state_is_stated() -> None:
    assert sorted(FACT_TYPES.keys() - {fact.type for fact in spring()} - OF_THE_DRIVER) == []


def test_readers_say_most_and_some_forms_come_hours_late() -> None:
    count = Counter(fact.type for fact in spring())
    assert count["tag.read"] + count["tag.gone"] > len(spring()) / 2
    hours = [fact for fact in spring() if fact.recorded_us - fact.occurred_us > 3_600_000_000]
    assert 20 < len(hours) < len(spring()) / 500


def test_the_engine_tells_the_same_with_another_hash_seed() -> None:
    one, other = (second.here(SMALL, 60, hash_seed=seed) for seed in (1, 2))
    assert one["effects"] > 1_000
    assert (one["digest"], one["facts_digest"]) == (other["digest"], other["facts_digest"])
