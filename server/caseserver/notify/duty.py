"""Who is on duty at which post: taken, offered, accepted with what stands open, left. Sans IO.

One table of moves; what is not in it is refused with a reason and changes nothing (decision 40).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

LEFT: Final = "left"
HANDED: Final = "handed"
RELIEVED: Final = "relieved"
EXPIRED: Final = "expired"
STOOD_OPEN_MAX: Final = 50
"""Open alarms written down at a handing over; more are counted."""


class DutyRefused(ValueError):
    """`reason`: not_holder, not_offered, is_holder, free, role: the page has its words. `found`: who or what came."""

    def __init__(self, reason: str, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.reason = reason
        self.found = found


@dataclass(frozen=True, slots=True)
class Turn:
    """One person's time at one post. Times are microseconds of station time; `left_us`: None while it runs.

    `stood_open`: the open alarms that were shown when it was accepted; `heard_us`: a human heard the sounds
    in this turn; 0: they were played and not heard.
    """

    post: str
    number: str
    taken_us: int
    taken_from: str | None = None
    stood_open: tuple[str, ...] = ()
    offered_to: str | None = None
    offered_us: int | None = None
    heard_us: int | None = None
    left_us: int | None = None
    ended: str = ""


class DutyBook:
    """The turns that run, at most one a post."""

    def __init__(self, posts: Mapping[str, Collection[str]], running: Iterable[Turn] = ()) -> None:
        """`posts`: post -> roles that may hold it; `running`: from the store."""
        self.posts = {post: frozenset(roles) for post, roles in posts.items()}
        self._running = {turn.post: turn for turn in running if turn.post in self.posts}
        self._changed: dict[tuple[str, str, int], Turn] = {}

    def holder(self, post: str) -> Turn | None:
        """Who is on duty there."""
        return self._running.get(post)

    def running(self) -> list[Turn]:
        """All, in the order of the posts."""
        return [self._running[post] for post in self.posts if post in self._running]

    def empty(self) -> frozenset[str]:
        """Posts where nobody is on duty."""
        return frozenset(self.posts) - self._running.keys()

    def take(
        self, post: str, number: str, roles: Collection[str], stood_open: Iterable[str], at_us: int
    ) -> Turn:
        """Take a post: a free one, one that was offered to you, or one whose holder went without a word (relieved)."""
        if not self.posts.get(post, frozenset()) & set(roles):
            raise DutyRefused("role", f"a role of {post}", ", ".join(sorted(roles)) or "none")
        before = self._running.get(post)
        if before is not None and before.number == number:
            raise DutyRefused("is_holder", "another officer than the one on duty", number)
        if before is not None:
            self._end(before, HANDED if before.offered_to == number else RELIEVED, at_us)
        shown = tuple(stood_open)[:STOOD_OPEN_MAX]
        return self._put(Turn(post, number, at_us, before.number if before else None, shown))

    def offer(self, post: str, number: str, to: str, at_us: int) -> Turn:
        """Offer it to another officer; you stay on duty until it is taken. To nobody (""): take the offer back."""
        turn = self._mine(post, number)
        if to == number:
            raise DutyRefused("is_holder", "another officer than the one on duty", to)
        return self._put(replace(turn, offered_to=to or None, offered_us=at_us if to else None))

    def leave(self, post: str, number: str, at_us: int) -> Turn:
        """Leave it empty."""
        return self._end(self._mine(post, number), LEFT, at_us)

    def hear(self, post: str, number: str, at_us: int) -> Turn:
        """The one on duty says that the sounds were heard; with 0 that they were not."""
        return self._put(replace(self._mine(post, number), heard_us=at_us))

    def expire(self, before_us: int, at_us: int) -> list[Turn]:
        """End turns that were taken before `before_us`: nobody is on duty for ever."""
        return [self._end(turn, EXPIRED, at_us) for turn in self.running() if turn.taken_us < before_us]

    def unheard(self, before_us: int, posts: Collection[str]) -> list[Turn]:
        """Turns at these posts in which the sounds were not heard, or in which nobody has tried since `before_us`."""
        return [
            turn for turn in self.running()
            if turn.post in posts and (turn.heard_us == 0 or (turn.heard_us is None and turn.taken_us <= before_us))
        ]  # fmt: skip

    def take_changes(self) -> list[Turn]:
        """Turns that are other than at the last call."""
        found = list(self._changed.values())
        self._changed.clear()
        return found

    def _mine(self, post: str, number: str) -> Turn:
        turn = self._running.get(post)
        if turn is None:
            raise DutyRefused("free", f"somebody on duty at {post[:40]}", "nobody")
        if turn.number != number:
            raise DutyRefused("not_holder", f"{turn.number}, who is on duty", number)
        return turn

    def _put(self, turn: Turn) -> Turn:
        self._running[turn.post] = turn
        self._changed[turn.post, turn.number, turn.taken_us] = turn
        return turn

    def _end(self, turn: Turn, why: str, at_us: int) -> Turn:
        ended = replace(turn, left_us=at_us, ended=why)
        self._running.pop(turn.post, None)
        self._changed[turn.post, turn.number, turn.taken_us] = ended
        return ended
