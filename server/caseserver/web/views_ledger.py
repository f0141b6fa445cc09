"""Views of the ledger: blind time of a day, the four musts of a stay; and of which source was seen when. See views.py. Times microseconds UTC."""

from __future__ import annotations

from dataclasses import dataclass

from caseserver.web.views import MustName

Span = tuple[int, int]


@dataclass(frozen=True)
class BlindLane:
    """One room, or every one: when some rule was blind there."""

    label: str
    spans: tuple[Span, ...]
    blind_us: int


@dataclass(frozen=True)
class BlindRow:
    """A source that was missing in a room, and the rules that rest on it there. `to_us` None: it lasts."""

    room: str
    source: str
    why: str
    rules: tuple[str, ...]
    from_us: int
    to_us: int | None
    blind_us: int


@dataclass(frozen=True)
class BlindSum:
    """Rules that were blind equally long in a room."""

    room: str
    rules: tuple[str, ...]
    blind_us: int


@dataclass(frozen=True)
class BlindPage:
    """`missing`: what the area has no sensor for: room, what, rules. `areas`: (name, href, chosen)."""

    title: str
    day: str
    from_us: int
    to_us: int
    lanes: tuple[BlindLane, ...]
    sums: tuple[BlindSum, ...]
    rows: tuple[BlindRow, ...]
    rows_total: int
    missing: tuple[tuple[str, str, tuple[str, ...]], ...]
    before_href: str
    after_href: str
    areas: tuple[tuple[str, str, bool], ...] = ()
    looks_from_us: int | None = None


@dataclass(frozen=True)
class MustPart:
    """A stretch of a must: ``look`` is kept, short, blind or out."""

    look: str
    from_us: int
    to_us: int
    text: str


@dataclass(frozen=True)
class MustBar:
    """``sums``: (state in words, look, microseconds) of each state that there is; they add up to the stay."""

    must: MustName
    parts: tuple[MustPart, ...]
    sums: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class FourMusts:
    """All four over the same time."""

    from_us: int
    to_us: int
    bars: tuple[MustBar, ...]


@dataclass(frozen=True)
class CoverageCell:
    """One hour of one source: seconds seen, seconds not seen; what is missing to the hour lies outside the window."""

    from_us: int
    seen_s: int
    unseen_s: int


@dataclass(frozen=True)
class CoverageRow:
    source: str
    cells: tuple[CoverageCell, ...] = ()


@dataclass(frozen=True)
class CoveragePlot:
    from_us: int
    to_us: int
    rows: tuple[CoverageRow, ...]
