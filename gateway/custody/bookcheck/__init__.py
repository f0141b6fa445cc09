"""The check of rulebooks: rules nobody meets, opposite outputs, approvals nobody can give, dead ends, late warnings.

A finding is shown, not asserted: each carries a story of facts that replays. `story_for` tells one for any rule.
"""

from custody.bookcheck.approvals import Member
from custody.bookcheck.check import check_rulebook
from custody.bookcheck.finding import FINDINGS, WARNINGS, Finding
from custody.bookcheck.story import Played, Story, play, shows, story_for

__all__ = [
    "FINDINGS", "WARNINGS", "Finding", "Member", "Played", "Story", "check_rulebook", "play", "shows", "story_for",
]  # fmt: skip
