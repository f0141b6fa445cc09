"""What the property pages show, as frozen values, like caseserver.web.views."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from caseserver.web.views import Choice, Count, Field, FormLink, Receipt, Refusal, Seal

Look = Literal["empty", "occupied", "open", "unknown"]
Flag = Literal["", "soon", "act"]


@dataclass(frozen=True)
class Frame:
    """What every page has: the area, its neighbours, and since when its gateway is silent (0: it was never heard)."""

    area: str
    title: str
    areas: tuple[tuple[str, str, bool], ...]
    silent_us: int | None
    place: str
    is_reading: bool = False


@dataclass(frozen=True)
class Cell:
    """One compartment. ``said``: what the ledger says of it; ``access``: by what right it is open; ``flag``: it has an alarm
    or a limit that comes soon, in ``flag_text``."""

    id: str
    name: str
    look: Look
    said: str
    href: str
    access: str = ""
    since: Count | None = None
    flag: Flag = ""
    flag_text: str = ""


@dataclass(frozen=True)
class CabinetMap:
    id: str
    name: str
    kind: str
    room: str
    cells: tuple[Cell, ...]

    @property
    def region(self) -> str:
        """The part of the page that goes on changing."""
        return f"cabinet-{self.id}"

    @property
    def counts(self) -> dict[str, int]:
        """How many compartments look how; what has a flag besides."""
        found = {
            look: sum(cell.look == look for cell in self.cells)
            for look in ("empty", "occupied", "open", "unknown")
        }
        return found | {"overdue": sum(cell.flag == "act" for cell in self.cells)}


@dataclass(frozen=True)
class MapPage:
    """``elsewhere``: where things are that lie in no compartment: (words, how many, the list of them)."""

    frame: Frame
    cabinets: tuple[CabinetMap, ...]
    elsewhere: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class ItemRow:
    ref: str
    href: str
    kind: str
    state: str
    holder: str
    pieces: int
    marks: tuple[str, ...]
    case: str
    case_href: str
    stay: str
    stay_href: str
    entered_us: int
    since_us: int
    due: Count | None
    seal: str = ""
    tag: str = ""


@dataclass(frozen=True)
class ItemsPage:
    """``beyond``: rows that are not shown; ``gone``: page of an item that the ledger has forgotten, found by its reference."""

    frame: Frame
    query: str
    show: str
    filters: tuple[tuple[str, str, int], ...]
    rows: tuple[ItemRow, ...]
    beyond: int
    gone: str = ""


@dataclass(frozen=True)
class LimitRow:
    """An alarm that stands, or a limit that runs, about an item, a compartment, a case or a stock-taking."""

    subject: str
    href: str
    text: str
    article: str
    seal: Seal
    flag: Flag
    count: Count
    at_us: int
    alarm_href: str = ""


@dataclass(frozen=True)
class OverduePage:
    frame: Frame
    over: tuple[LimitRow, ...]
    loans: tuple[ItemRow, ...]
    ahead: tuple[LimitRow, ...]


@dataclass(frozen=True)
class CountRow:
    """One item of a stock-taking. ``result``: found, missing, other_number, elsewhere, not_told."""

    ref: str
    href: str
    result: str
    result_word: str
    place: str
    expected: int | None
    counted: int | None


@dataclass(frozen=True)
class CountView:
    """One stock-taking: its rows with a discrepancy first."""

    ref: str
    cabinet: str
    counter: str
    began_us: int
    ended_us: int | None
    missing: int
    found: int
    rows: tuple[CountRow, ...]
    acts: tuple[FormLink, ...] = ()


@dataclass(frozen=True)
class CountsPage:
    frame: Frame
    counts: tuple[CountView, ...]
    uncounted: tuple[tuple[str, int], ...]
    acts: tuple[FormLink, ...] = ()


@dataclass(frozen=True)
class WorkGroup:
    """What has to be done with things of one sort."""

    id: str
    title: str
    rows: tuple[ItemRow, ...]
    total: int


@dataclass(frozen=True)
class ClearupPage:
    """``held``: (store, when and by whom in this quarter, "" when not yet)."""

    frame: Frame
    year: int
    quarter: int
    ends_us: int
    held: tuple[tuple[str, str, tuple[FormLink, ...]], ...]
    groups: tuple[WorkGroup, ...]


@dataclass(frozen=True)
class ThingsOf:
    """A pile of things on the page of a stay. ``places``: (where, how many); ``overdue``: alarms that stand, shown or not."""

    title: str
    href: str
    total: int
    pieces: int
    places: tuple[tuple[str, int], ...]
    places_beyond: int
    limits: tuple[LimitRow, ...]
    overdue: int


@dataclass(frozen=True)
class CasePage:
    frame: Frame
    case: str
    rows: tuple[ItemRow, ...]
    total: int
    pieces: int
    limits: tuple[LimitRow, ...]
    decided: tuple[tuple[str, str], ...]
    papers_href: str
    persons: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ChainRow:
    """One fact about an item. ``refused``: why it changed nothing. ``holder``: who had it afterwards, where it moved."""

    at_us: int
    late_s: int
    text: str
    by: str
    holder: str
    state: str
    pieces: int
    moved: bool
    leaf: int
    leaf_href: str
    refused: str = ""
    enclosed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Enclosed:
    """A word, photo or signature of an item. ``value`` None: not asked for; ``picture``: it is one, as a data address.
    ``is_lost``: the log commits to it and no key opens it here."""

    name: str
    at_us: int
    value: str | None
    picture: bool = False
    is_lost: bool = False


@dataclass(frozen=True)
class ItemPage:
    """``facts``: what stands of it now, name and value; ``erased``: when the particulars of its stay were destroyed."""

    frame: Frame
    ref: str
    base: str
    row: ItemRow | None
    facts: tuple[tuple[str, str], ...]
    chain: tuple[ChainRow, ...]
    enclosed: tuple[Enclosed, ...]
    limits: tuple[LimitRow, ...] = ()
    acts: tuple[FormLink, ...] = ()
    fields: tuple[Field, ...] = ()
    may_photograph: bool = False
    no_photo_href: str = ""
    may_show: bool = False
    is_shown: bool = False
    is_kept: bool = True
    erased: str = ""
    papers_href: str = ""
    refusal: Refusal | None = None
    receipt: Receipt | None = None


@dataclass(frozen=True)
class PaperChoice:
    """A paper that can be set: its basis as a seal, its source, how many copies."""

    id: str
    name: str
    seal: Seal
    source: str
    copies: int


@dataclass(frozen=True)
class PapersPage:
    frame: Frame
    papers: tuple[PaperChoice, ...]
    rows: tuple[ItemRow, ...]
    chosen: str
    ticked: frozenset[str]
    case: str
    stay: str
    refusal: Refusal | None = None
    cases: tuple[Choice, ...] = field(default=())
