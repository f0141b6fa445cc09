"""What the pages about witnesses and the server's own log show, as frozen values, like views.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SecondView:
    """A second witness of one log: its name, until when it has signed (or "never"), and what came since, in words."""

    name: str
    until: str
    since: str
    is_whole: bool


@dataclass(frozen=True)
class LogView:
    """One log. ``until``: witnessed to, "" when it is not; ``tail``: what is not witnessed yet, in words."""

    name: str
    entries: int
    until: str
    tail: str
    is_whole: bool
    seconds: tuple[SecondView, ...]


@dataclass(frozen=True)
class ProofPage:
    """``forks``: names of files that prove a contradiction; ``own_href``: the server's own log, "" for who may not."""

    logs: tuple[LogView, ...]
    forks: tuple[str, ...]
    has_seconds: bool
    own_href: str


@dataclass(frozen=True)
class OwnRow:
    """One entry of the server's own log; ``leaf`` None while it waits for its place."""

    at: str
    number: str
    what: str
    subject: str
    detail: tuple[tuple[str, str], ...]
    leaf: int | None


@dataclass(frozen=True)
class OwnLogPage:
    """``actions``: (value, words) to choose from; ``older``: address of what came before, "" at the end."""

    rows: tuple[OwnRow, ...]
    words: str
    action: str
    actions: tuple[tuple[str, str], ...]
    older: str
    entries: int
    until: str
    waiting: int
