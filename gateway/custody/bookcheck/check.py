"""The check of a whole rulebook: what can never work, with a story that shows it."""

from collections.abc import Sequence

from custody.area import Area
from custody.bookcheck import approvals, ends, opposite, prewarnings, reach
from custody.bookcheck.approvals import Member
from custody.bookcheck.finding import Finding
from custody.bookcheck.story import story_for
from custody.rules import Rulebook


def check_rulebook(area: Area, book: Rulebook, officers: Sequence[Member] | None = None) -> list[Finding]:
    """Everything wrong with a rulebook in an area; `officers` the roster, when approvals are to be checked by it.

    In the order of the rulebook, each finding with a story that replays. Empty: nothing was found.
    """
    made: list[Finding] = []
    for rule in book.rules:
        story = story_for(area, book, rule)
        of_rule = list(reach.unreachable(area, book, story))
        made += of_rule
        if story.raised and story.trouble is None:
            made += ends.duties_without_end(area, book, rule)
            made += approvals.tiers(area, book, rule)
    made += opposite.opposites(area, book)
    made += approvals.idle(area, book)
    if officers is not None:
        made += approvals.roster(area, book, officers)
    made += ends.way_ends(area, book)
    made += prewarnings.late(area, book)
    made += prewarnings.before_start(area, book)
    return made
