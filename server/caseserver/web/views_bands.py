"""What the page of wristbands shows, as frozen values, like views.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BandRow:
    """A wristband: who wears it or wore it last, where it was read last, what is wrong with it, what may be stated of it.

    ``is_here``: a reader sees it now, since ``seen_us``; otherwise it was seen there last at that time.
    """

    band: str
    since_us: int
    stay: str
    stay_href: str
    room: str
    seen_us: int | None
    is_here: bool
    notes: tuple[str, ...]
    acts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BandGroup:
    """Those of one state."""

    state: str
    title: str
    rows: tuple[BandRow, ...]


@dataclass(frozen=True)
class StrayRow:
    """A tag that nobody bears, and the reader that sees it."""

    tag: str
    room: str
    reader: str
    since_us: int


@dataclass(frozen=True)
class BandsPage:
    """``silent_us``: the gateway is not heard since then (0: never); None while it is heard."""

    title: str
    areas: tuple[tuple[str, str, bool], ...]
    groups: tuple[BandGroup, ...]
    strays: tuple[StrayRow, ...]
    silent_us: int | None
