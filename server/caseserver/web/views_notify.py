"""Who was called about an alarm, and who is on duty, as frozen values, like views.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """One message: whom, by which receiver, and what became of it. ``look``: done, now, or bad."""

    receiver: str
    look: str
    state: str
    at_us: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Called:
    """One step that was called, or the next one (``next_us``: when)."""

    step: int
    post: str
    at_us: int | None = None
    next_us: int | None = None
    why: str = ""
    told: tuple[Told, ...] = ()


@dataclass(frozen=True)
class Calling:
    """The newest run of an alarm: accepted by machines, answered by a human, are two things. ``answer`` is empty till then."""

    steps: tuple[Called, ...]
    answer: str
    answered_us: int | None
    runs: int


@dataclass(frozen=True)
class PostRow:
    """One post: who holds it, and what this reader may do about it (``moves``: take, accept, offer, leave, sound)."""

    post: str
    name: str
    must_be_held: bool
    holder: str
    since_us: int | None
    offered_to: str
    sound: str
    sound_us: int | None
    moves: frozenset[str]


@dataclass(frozen=True)
class EndedTurn:
    post: str
    number: str
    taken_us: int
    taken_from: str
    left_us: int
    ended: str
    stood_open: int
    sound: str


@dataclass(frozen=True)
class DutyPage:
    """``open``: what stands open, that is shown to whoever takes a post: (where and who, what, address); ``beyond``: how
    many more stand open."""

    posts: tuple[PostRow, ...]
    open: tuple[tuple[str, str, str], ...]
    ended: tuple[EndedTurn, ...]
    beyond: int = 0
