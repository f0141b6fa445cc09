"""What could be seen after all: spells of a silent node that told everything it had kept.

A node whose cable was out keeps its messages and tells them when it is back. If none is missing
(no gap, no restart in between), the spell was not blind: its late facts are judged as if the node
had been heard. If anything is missing, what its points saw meanwhile stays unknown.
"""

from bisect import insort
from typing import Final

from custody.facts import Fact

SIGHT_TYPES: Final = frozenset({"node.lost", "node.restored", "node.gap", "node.booted"})
# A gap is told with the messages that follow it, at most so long after the node is back.
GAP_TOLD_WITHIN_US: Final = 60 * 1_000_000

Event = tuple[int, int, str]  # occurred, log index, fact type


class Sight:
    """Which `node.lost` facts (by log index) began a spell that was seen after all."""

    def __init__(self) -> None:
        """No node has been lost."""
        self._events: dict[str, list[Event]] = {}
        self.seen: set[int] = set()

    def note(self, fact: Fact) -> Event | None:
        """Take a fact about a node; gives the earliest loss that is now judged otherwise."""
        if fact.type not in SIGHT_TYPES:
            return None
        events = self._events.setdefault(str(fact.body["node"]), [])
        before = _seen(events)
        insort(events, (fact.occurred_us, fact.index, fact.type))
        after = _seen(events)
        self.seen.difference_update(before)
        self.seen.update(after)
        changed = (before ^ after) - {fact.index}
        return min((event for event in events if event[1] in changed), default=None)

    def forget_before(self, at_us: int) -> None:
        """Drop what is too old to be judged again."""
        for node, events in self._events.items():
            self._events[node] = [event for event in events if event[0] >= at_us]
        self.seen = {index for events in self._events.values() for index in _seen(events)}


def _seen(events: list[Event]) -> set[int]:
    """Losses that ended with the node back and nothing missing."""
    found: set[int] = set()
    lost: int | None = None
    back_us: int | None = None
    is_whole = True
    for at_us, index, kind in events:
        if kind == "node.lost":
            if lost is None or back_us is not None:
                lost, back_us, is_whole = index, None, True
        elif lost is None:
            continue
        elif kind == "node.restored":
            if back_us is None:
                back_us = at_us
                if is_whole:
                    found.add(lost)
        elif back_us is None:
            is_whole = False
        elif at_us - back_us <= GAP_TOLD_WITHIN_US:
            found.discard(lost)
    return found
