"""What a screen shows, as frozen records: made by the core, drawn by `render`. Equal records are the same screen.

Times are microseconds UTC. Codes stay codes; words are chosen when the screen is drawn, in the reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from custody.name import Name

Mark = Literal["ok", "wait"]


@dataclass(frozen=True, slots=True)
class Frame:
    """What every screen has: cabinet, task and step (0 before a task), who works, whether server and reader are heard."""

    cabinet: str = ""
    task: str = ""
    step: int = 0
    officer: str = ""
    is_server_away: bool = False
    is_reader_lost: bool = False
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Why something was not taken. `reason` is the engine's code or one of ours; nothing was changed."""

    reason: str
    rule: str = ""
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """Nobody is there. `left`: officer whose list lies unfinished."""

    cabinet: str
    kind: str
    left: str = ""
    has_pins: bool = False


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN is wanted; of a number to be typed as well where `officer` is empty. `tried`: how often at this screen in vain."""

    officer: str = ""
    is_locked: bool = False
    tried: int = 0


@dataclass(frozen=True, slots=True)
class Menu:
    """What may be done now; `stay`: of the wristband on the reader; `count`: effects of that person that are kept."""

    tasks: tuple[str, ...]
    stay: str = ""
    count: int = 0
    left: str = ""


@dataclass(frozen=True, slots=True)
class Who:
    """Who has to be there, and who is: (part, number or reference, mark, remark code)."""

    wanted: str
    parties: tuple[tuple[str, str, Mark, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a list. `photo`: commitment to it, or empty; `no_photo`: the code why not; `chosen`: touched in a choice."""

    number: int
    ref: str
    title: str
    features: str
    pieces: int
    marks: tuple[str, ...] = ()  # valuable, dangerous, cash
    seal: str = ""
    photo: str = ""
    no_photo: str = ""
    chosen: bool = False
    state: str = ""
    compartment: str = ""
    is_missing: bool = False
    away: str = ""  # the place outside the house that holds it
    by_ledger: str = ""  # who holds it by the ledger, where a count found it elsewhere

    @property
    def has_photo(self) -> bool:
        """Whether it has one."""
        return bool(self.photo)


@dataclass(frozen=True, slots=True)
class Listing:
    """Items are listed and photographed. `grounds`: why effects are kept, one of which goes on; `kept_because`: said before."""

    subject: str
    lines: tuple[Line, ...]
    titles: tuple[str, ...]
    unphotographed: int
    can_photograph: bool
    photos: int
    is_full: bool = False
    grounds: tuple[str, ...] = ()
    kept_because: str = ""


@dataclass(frozen=True, slots=True)
class Editing:
    """One item of the list is changed."""

    line: Line


@dataclass(frozen=True, slots=True)
class NoPhoto:
    """Why there is no photo is chosen; what is signed then stands on the list."""

    reasons: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class TheirSide:
    """The list as the detained person reads it, on the turned screen. `notice`: what the site quotes to them, from `source`."""

    subject: str
    lines: tuple[Line, ...]
    language: Literal["zh", "en"]
    notice: str = ""
    source: str = ""
    kept_because: str = ""


@dataclass(frozen=True, slots=True)
class Pad:
    """One place for a signature: whose, and when it was signed."""

    part: str
    who: str
    signed_us: int | None = None
    is_next: bool = False


@dataclass(frozen=True, slots=True)
class Signing:
    """Both sign. `may_refuse`: a person, whose refusal is a normal way; `is_refused`: a witness signs instead."""

    act: str
    pads: tuple[Pad, ...]
    items: int
    photos: int
    may_refuse: bool
    is_refused: bool
    kept_because: str = ""


@dataclass(frozen=True, slots=True)
class Choosing:
    """Items, a compartment or a destination are chosen. `what`: items | compartment | destination."""

    what: str
    lines: tuple[Line, ...] = ()
    compartments: tuple[tuple[str, Name, bool], ...] = ()  # id, name, whether it may be chosen
    conditions: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """One compartment on its way. `stage`: waiting (who is missing stands in `missing`), ordered, open, ajar, shut, failed;
    full: there is none to be opened."""

    compartment: str
    name: Name
    stage: str
    purpose: str
    items: int
    cells: tuple[tuple[str, Name, str], ...] = ()  # id, name, empty | used | this
    missing: tuple[str, ...] = ()
    why: str = ""
    since_us: int | None = None
    wrong: Name | None = None  # another compartment that stands open
    can_return: bool = False  # to the step before; else the list can only be put aside
    tone_s: int = 0


@dataclass(frozen=True, slots=True)
class Counting:
    """Items of one compartment are looked for."""

    compartment: str
    name: Name
    lines: tuple[Line, ...]
    left: int


@dataclass(frozen=True, slots=True)
class Looking:
    """How each thing was found is said. `states`: what may be; one without a state has not been looked at."""

    lines: tuple[Line, ...]
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """Why the mechanical key is used is chosen, before it is used."""

    name: Name
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dropping:
    """Whether the list is to be put aside; `is_stated`: part of it is in the log, and stays there."""

    items: int
    is_stated: bool


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a task: what became of it, its place in the log, how long it took. `elsewhere`: found where the ledger has it not."""

    items: int
    place: Name
    is_shut: bool = False
    leaf: int = -1
    at_us: int = 0
    took_s: int = 0
    missing: int = 0
    elsewhere: int = 0
    sheet: str = ""
    is_signed: bool = False
    carrier: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The list as it is printed for whoever signed it: what is on it, who holds it now, who signed, what shows it in the log.

    `signed`: (part, who, when, commitment to the image); `name`: label of the compartment.
    """

    task: str
    number: str
    subject: str
    other: str
    officer: str
    name: Name
    lines: tuple[Line, ...]
    signed: tuple[tuple[str, str, int, str], ...]
    is_refused: bool
    leaf: int
    at_us: int
    language: Literal["zh", "en"]
    kept_because: str = ""

    @property
    def photos(self) -> tuple[str, ...]:
        """Commitments to the photos, each once: the first is photo 1."""
        return tuple(dict.fromkeys(line.photo for line in self.lines if line.photo))


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels to be printed: (what the code holds, large line, small line)."""

    labels: tuple[tuple[str, Name, str], ...]


View = (
    Labels
    | Start
    | Pin
    | Menu
    | Who
    | Listing
    | Editing
    | NoPhoto
    | TheirSide
    | Signing
    | Choosing
    | Opening
    | Counting
    | Looking
    | Key
    | Dropping
    | Done
    | Sheet
)


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen: its frame, and the one task that it shows."""

    view: View
    frame: Frame = field(default_factory=Frame)
