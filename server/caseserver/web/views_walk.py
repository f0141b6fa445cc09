"""What the page of the walk test shows, as frozen values, like views.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WalkTick:
    """The newest test of a point. ``sight``: what the system saw of it, empty where it saw nothing; ``is_old``: of an
    earlier walk."""

    result: str
    word: str
    at_us: int
    officer: str
    sight: str
    sight_us: int | None
    note: str
    is_old: bool


@dataclass(frozen=True)
class WalkState:
    """How a point stands. ``is_blind``: nobody knows; ``since_us`` is then when it was last known, as far as that is told.

    ``event``: what was last seen to happen at it, ``is_fresh`` within the last minutes; ``troubles`` in words.
    """

    state: str
    since_us: int | None
    is_blind: bool
    event: str
    event_us: int
    is_fresh: bool
    troubles: tuple[str, ...]
    tick: WalkTick | None


@dataclass(frozen=True)
class WalkPoint:
    """One point: its ref, what it is and of what, what to do at it. ``shared``: what the log does not tell apart from it."""

    ref: str
    name: str
    kind: str
    of: str
    todo: str
    shared: str
    now: WalkState

    @property
    def region(self) -> str:
        """The name of the part of the page that goes on changing."""
        return f"point-{self.ref}"


@dataclass(frozen=True)
class WalkRoom:
    id: str
    name: str
    points: tuple[WalkPoint, ...]

    @property
    def count(self) -> tuple[int, int]:
        """How many of its points were tried in this walk, and how many there are."""
        return sum(p.now.tick is not None and not p.now.tick.is_old for p in self.points), len(self.points)


@dataclass(frozen=True)
class WalkHead:
    """How far the walk is. ``next_ref``: the first point not tried yet; ``from_us`` and ``to_us``: its first and last test.

    ``silent_us``: the gateway is not heard since then (0: never), and nothing can be tried; None while it is heard.
    ``is_over``: the last test was so long ago that the next one begins another walk.
    """

    done: int
    total: int
    failed: int
    absent: int
    unseen: int
    next_ref: str
    from_us: int | None
    to_us: int | None
    is_over: bool
    silent_us: int | None


@dataclass(frozen=True)
class WalkPage:
    area: str
    title: str
    areas: tuple[tuple[str, str, bool], ...]
    head: WalkHead
    rooms: tuple[WalkRoom, ...]
