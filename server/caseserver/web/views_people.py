"""What the pages of a person's particulars show."""

from __future__ import annotations

from dataclasses import dataclass

from caseserver.web.views import Field, Refusal


@dataclass(frozen=True)
class ParticularRow:
    """One value that is kept; ``value`` is None until it was asked for."""

    name: str
    version: int
    at: str
    officer: str
    value: str | None = None


@dataclass(frozen=True)
class ErasedNote:
    """That it was destroyed: when, by whom, why, and the leaf that says so."""

    at: str
    officers: str
    ground: str
    leaf: int


@dataclass(frozen=True)
class ParticularsPage:
    """``fields``: the form, empty when this reader enters nothing; ``problem``: why nothing can be kept or read."""

    stay: str
    base: str
    rows: tuple[ParticularRow, ...]
    fields: tuple[Field, ...]
    may_show: bool
    may_erase: bool
    is_shown: bool = False
    erased: ErasedNote | None = None
    problem: str = ""
    refusal: Refusal | None = None
    done: str = ""
    more: int = 0


@dataclass(frozen=True)
class FindPage:
    """Search by exact name or number; ``found`` None before anything was asked."""

    found: tuple[tuple[str, str, str], ...] | None = None
    searched: int = 0
    beyond: int = 0
    problem: str = ""
