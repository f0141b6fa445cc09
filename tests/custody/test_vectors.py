"""Later releases tell of the stories of earlier ones what those told: tests/vectors/custody/."""

import pytest

from tests.custody import handling, streams
from tests.custody.vectors import book, rows, told, wanted

pytestmark = pytest.mark.slow

ROWS = rows()


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['book']}-{row['rule']}" for row in ROWS])
def test_a_story_tells_what_it_told_at_its_release(row):
    assert told(row) == row["told"]


def test_every_rule_has_its_story_among_the_vectors():
    known = {(row["book"], row["rule"]) for row in ROWS}
    assert [key for key in wanted() if key not in known] == []


def test_a_story_in_the_vectors_lets_its_rule_speak():
    for row in ROWS:
        events = {
            (one[0], "/".join(one[1].split("/")[1:3])) for one in row["told"] if one[0].startswith("alarm.")
        }
        assert ("alarm.raised", row["rule"]) in events, row["rule"]
        assert row["rule"] in book(row["book"]).versions


@pytest.mark.parametrize("share", range(6))
def test_a_stream_of_effects_is_told_as_it_was_at_its_release(share):
    for seed, before in list(streams.known().items())[share::6]:
        assert streams.now(seed) == before, f"seed {seed}"


@pytest.mark.parametrize("row", handling.rows(), ids=lambda row: row["name"])
def test_what_was_done_about_alarms_is_told_as_it_was_at_its_release(row):
    assert handling.told(row["facts"]) == row["told"]


def test_every_story_of_handling_is_among_the_vectors_as_it_is_made_now():
    known = {row["name"]: row["facts"] for row in handling.rows()}
    assert {name: handling.facts_of(story) for name, story in handling.STORIES.items()} == known
