"""What the pages of the drawn plan show."""

from __future__ import annotations

from dataclasses import dataclass

from caseserver.floor.drawing import Box
from caseserver.web.views import Refusal


@dataclass(frozen=True)
class FloorShape:
    """One thing in the picture. ``place``: None when it is not on it (an editor has its shape ready, unseen);
    ``homes``: rooms to which it belongs; ``is_upright``: of a door, that its wall stands upright."""

    key: tuple[str, str]
    name: str
    place: tuple[int, ...] | None
    homes: tuple[str, ...] = ()
    is_upright: bool = False
    is_strange: bool = False
    is_changed: bool = False


@dataclass(frozen=True)
class FloorPicture:
    """``box``: what has to be seen, in plan units; ``label``: what the picture is called."""

    shapes: tuple[FloorShape, ...]
    box: Box
    label: str


@dataclass(frozen=True)
class FloorRow:
    """The numbers of one thing as they were typed, with what is wrong with them: number's name -> what is said."""

    key: tuple[str, str]
    name: str
    values: tuple[tuple[str, str, str], ...]  # name of the number, its field, its text
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def ref(self) -> str:
        return ":".join(self.key)

    @property
    def is_placed(self) -> bool:
        return any(text for _, _, text in self.values)


@dataclass(frozen=True)
class FloorGroup:
    """All of one kind."""

    kind: str
    name: str
    rows: tuple[FloorRow, ...]


@dataclass(frozen=True)
class FloorVersion:
    """One version as it is listed; number 0 is the area's own plan."""

    number: int
    name: str
    state: str
    saved_by: str
    saved_us: int
    ended_by: str
    ended_us: int | None
    is_shown: bool
    is_draft: bool


@dataclass(frozen=True)
class FloorPage:
    """The editor. ``base``: the version that it was begun from, ``origin``: whose places it shows."""

    area: str
    title: str
    areas: tuple[tuple[str, str, bool], ...]
    base: int
    origin: int
    shown: FloorVersion
    picture: FloorPicture
    groups: tuple[FloorGroup, ...]
    missing: tuple[str, ...]
    strangers: tuple[str, ...]
    general: tuple[str, ...]  # faults that have no row
    faults: int
    versions: tuple[FloorVersion, ...]


@dataclass(frozen=True)
class FloorChange:
    """One line of what differs; None: not on that one."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class FloorBeside:
    """A version beside the present one."""

    area: str
    title: str
    version: FloorVersion
    shown: FloorVersion
    before: FloorPicture
    after: FloorPicture
    changes: tuple[FloorChange, ...]
    strangers: tuple[str, ...]
    refusal: Refusal | None = None
