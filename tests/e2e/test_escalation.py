"""The worst moment of `python -m tests.prove escalation`: a receiver has the message, and the server is gone."""

from __future__ import annotations

import pytest

from tests.prove.escalation import Plan, play


@pytest.mark.real
@pytest.mark.slow
def test_killed_at_the_worst_moment_nobody_is_told_without_reason_and_nobody_is_forgotten() -> None:
    story, counts = play(Plan(2, "refusing", "received"))
    assert story.problems == []
    assert len(story.kills_s) == 1
    assert counts["tries"] >= 4
