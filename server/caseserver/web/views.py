"""What the pages show, as frozen values: no HTML, no database, no clock.

Every instant is integer microseconds UTC of *station* time (``*_us``); the text of a duration is written only when a
view is rendered for a given ``now_us``. So two equal views give the same picture, and a region of a live page is sent
again only when its view has changed. Words that come from the rulebook or area.toml are already in the reader's
language; the fixed words of the pages are in messages.toml.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["act", "soon", "know", "blind"]
Family = Literal["clock", "figure", "plug", "query"]
Seal = Literal["law", "site", ""]
Must = Literal["ok", "todo", "bad", "blind"]
Presence = Literal["ok", "bad", "blind", "idle", ""]
RoomLevel = Literal["", "act", "soon", "blind"]
BarLevel = Literal["", "soon", "act"]
SpotLook = Literal["seen", "active", "blind", "strange"]
RoomOdd = Literal["", "undrawn", "strange"]
DoorLook = Literal["shut", "open", "blind"]
MustName = Literal["in", "search", "guard", "record"]


@dataclass(frozen=True)
class Mark:
    """How urgent (shape) and of which family (glyph)."""

    level: Level
    family: Family


@dataclass(frozen=True)
class Count:
    """A duration: the time left until ``at_us``, or the time gone since it.

    ``until_us`` ends one that is over, so that it no longer runs; ``frozen`` stops it while the clock is in doubt.
    """

    kind: Literal["left", "gone"]
    at_us: int
    until_us: int | None = None
    frozen: bool = False


@dataclass(frozen=True)
class LimitBar:
    """The share of a legal limit. ``warn_us`` is where the warning starts; ``in_doubt`` draws the bar hatched with ≥;
    ``give_us``: how far either way the clock may be off, 0 when it is not worth saying."""

    start_us: int
    end_us: int
    warn_us: int | None = None
    level: BarLevel = ""
    in_doubt: bool = False
    give_us: int = 0


# ---------------------------------------------------------------- the wall


@dataclass(frozen=True)
class PersonRow:
    """One person held: where, the four musts in the order in / search / guard / record, next duty, and the legal clock."""

    stay: str
    href: str
    room: str
    musts: tuple[Must, Must, Must, Must]
    duty: str
    seal: Seal
    count: Count | None
    basis: str
    bar: LimitBar | None
    mark: Mark | None = None
    untaken: bool = False
    paused: str = ""


@dataclass(frozen=True)
class Pill:
    stay: str
    level: RoomLevel = ""


@dataclass(frozen=True)
class Note:
    """A short line under a room; ``count`` is written after the text."""

    text: str
    count: Count | None = None
    strong: bool = False


@dataclass(frozen=True)
class PlanDoor:
    """A door between two rooms of the plan, by their place in ``AreaPlan.rooms``; None is outside or the corridor.
    ``at``: where it was drawn; None: in the middle of the wall that both rooms share."""

    name: str
    between: tuple[int, int | None]
    state: DoorLook
    level: BarLevel = ""
    at: tuple[int, int] | None = None


@dataclass(frozen=True)
class PlanSpot:
    """A device where it was drawn. ``look``: seen, active (an input that speaks), blind, or strange (not in the area file)."""

    kind: str
    name: str
    x: int
    y: int
    look: SpotLook


@dataclass(frozen=True)
class RoomTile:
    """A room of the plan; x, y, width, height in the units of area.toml. ``odd``: undrawn (in the area file, not on the
    drawing) or strange (on the drawing, not in the area file)."""

    name: str
    x: int
    y: int
    width: int
    height: int
    level: RoomLevel = ""
    people: tuple[Pill, ...] = ()
    guard: Presence = ""
    recorder: Presence = ""
    note: Note | None = None
    passage: bool = False
    blind_since_us: int | None = None
    odd: RoomOdd = ""


@dataclass(frozen=True)
class AreaPlan:
    name: str
    rooms: tuple[RoomTile, ...]
    doors: tuple[PlanDoor, ...] = ()
    spots: tuple[PlanSpot, ...] = ()


AlarmState = Literal["new", "taken", "acknowledged", "fixed", "closed", "aside"]


@dataclass(frozen=True)
class Aside:
    """Put aside: ``kind`` shelved or out_of_service, by whom, why, and what is left of it."""

    kind: str
    by: str
    reason: str
    left: Count


@dataclass(frozen=True)
class AlarmCard:
    """One alarm: where, who, what, what to do, by which article, how long, and whose it is now.

    ``word``: its state of custody.alarm_states. ``may_take``: one may take it from this state.
    ``is_on_way``: ``taken_by`` has it, and its gateway, which is not heard, does not know it yet. ``under``: what lies under it as its root cause, and how many more
    (``under_beyond``). ``times``: how often its
    source raised within the site's window. ``silent``: until then the sounder in the area is silent about it.
    A warning (``is_warning``) is not yet an alarm: nobody takes it, and it is heard once. ``is_possible``: by the latest
    time it can be now the limit has passed, by the earliest it has not. ``called``: whom it was escalated to, still unanswered.
    """

    id: str
    href: str
    mark: Mark
    state: AlarmState
    where: str
    who: str
    what: str
    todo: str
    seal: Seal
    article: str
    count: Count | None
    sound: str = ""
    taken_by: str = ""
    taken_us: int | None = None
    late_s: int = 0
    cleared: bool = False
    is_warning: bool = False
    is_possible: bool = False
    called: str = ""
    word: str = "unacknowledged"
    may_take: bool = True
    is_on_way: bool = False
    aside: Aside | None = None
    under: tuple[AlarmCard, ...] = ()
    under_beyond: int = 0
    times: int = 1
    silent: Count | None = None


@dataclass(frozen=True)
class LastAlarm:
    """What the calm wall shows as proof of life."""

    at_us: int
    text: str
    handled: str
    verified: str


@dataclass(frozen=True)
class Source:
    name: str
    fresh: bool


@dataclass(frozen=True)
class HealthStrip:
    sources: tuple[Source, ...]
    clock_doubt_us: int | None
    blind_today: tuple[str, int] | None
    witnessed_us: int | None
    gateways: tuple[tuple[str, int | None], ...]
    clock_half_us: int | None = None
    is_clock_wide: bool = False


@dataclass(frozen=True)
class Stem:
    """One duty of the coming hour on the look-ahead line."""

    stay: str
    at_us: int
    level: BarLevel = ""


@dataclass(frozen=True)
class PeopleView:
    rows: tuple[PersonRow, ...]
    ahead: tuple[Stem, ...]
    reading: tuple[int, int] | None = None


@dataclass(frozen=True)
class AlarmsView:
    """``sources``: how many are seen; ``unseen``: how many are not, for without them calm means nothing.
    ``flood``: alarms that called somebody, within how many minutes; None while there are not too many."""

    cards: tuple[AlarmCard, ...]
    beyond: int
    sources: int
    unseen: int = 0
    last: LastAlarm | None = None
    flood: tuple[int, int] | None = None


@dataclass(frozen=True)
class TopView:
    station: str
    areas: tuple[tuple[str, str, bool], ...]
    held: int
    untaken: int
    due_next_hour: int
    on_duty: tuple[tuple[str, str], ...] = ()
    unmanned: tuple[str, ...] = ()


@dataclass(frozen=True)
class WallView:
    top: TopView
    people: PeopleView
    plan: tuple[AreaPlan, ...]
    alarms: AlarmsView
    health: HealthStrip


# ---------------------------------------------------------------- one alarm


@dataclass(frozen=True)
class LawQuote:
    """Law between its own words, or only its article when the words could not be cited."""

    source: str
    rulebook: str
    words: str = ""


# ---------------------------------------------------------------- one stay


@dataclass(frozen=True)
class Span:
    """A stretch of a lane; ``to_us`` None runs to now."""

    from_us: int
    to_us: int | None
    label: str = ""
    kind: Literal["plain", "strong", "gap", "blind"] = "plain"


@dataclass(frozen=True)
class Stamp:
    """An approval, notice or other act with a moment; ``sign`` is one or two characters."""

    at_us: int
    sign: str
    label: str


@dataclass(frozen=True)
class ClockLane:
    start_us: int
    end_us: int | None
    limits: tuple[tuple[int, str], ...]
    label: str


@dataclass(frozen=True)
class AlarmTail:
    from_us: int
    to_us: int | None
    mark: Mark
    text: str


@dataclass(frozen=True)
class StayDrawing:
    from_us: int
    to_us: int
    clocks: tuple[ClockLane, ...]
    way: tuple[tuple[int, str], ...]
    rooms: tuple[str, ...]
    ended: bool
    guard: tuple[Span, ...]
    recorder: tuple[Span, ...]
    stamps: tuple[Stamp, ...]
    alarms: tuple[AlarmTail, ...]


@dataclass(frozen=True)
class MustShare:
    """One of the four musts over the stay: a share in seconds, never a bare percentage."""

    must: MustName
    done: bool | None = None
    seconds: int | None = None
    whole_s: int | None = None
    short_s: int = 0
    blind_s: int = 0
    detail: str = ""


@dataclass(frozen=True)
class RecordFact:
    number: int
    at_us: int
    text: str
    where: str
    by: str
    kind: Literal["", "gap", "blind"] = ""
    late_s: int = 0


@dataclass(frozen=True)
class StayPage:
    stay: str
    measure: str
    from_us: int
    to_us: int | None
    outcome: str
    limit_end_us: int | None
    drawing: StayDrawing
    musts: tuple[MustShare, ...]
    facts: tuple[RecordFact, ...]
    facts_total: int
    complete: bool
    log_size: int
    root: str
    witness: str
    duties: tuple[tuple[str, str], ...]
    law: str = ""
    limit_give_us: int = 0


# ---------------------------------------------------------------- forms


@dataclass(frozen=True)
class Choice:
    """One of several; ``group`` is the heading it stands under, where there are many."""

    value: str
    label: str
    hint: str = ""
    group: str = ""


@dataclass(frozen=True)
class Field:
    name: str
    kind: Literal["text", "choice", "flag", "many"]
    label: str
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    value: tuple[str, ...] = ()
    error: str = ""
    required: bool = True
    pattern: str = ""
    numeric: bool = False
    length: int = 64


@dataclass(frozen=True)
class Refusal:
    """Why it was not done, by which article. That no record was changed is always said, because the reader must not have
    to guess; or, of a form that states two facts, which one stands (``stated``)."""

    title: str
    reason: str
    advice: str = ""
    article: str = ""
    seal: Seal = ""
    stated: str = ""


@dataclass(frozen=True)
class FormLink:
    """A form that may be filled in; ``href`` is empty while something has to be done before it, which ``hint`` says."""

    label: str
    href: str
    hint: str = ""


@dataclass(frozen=True)
class Asked:
    """What a rule asks for and is not done yet: the forms one of which answers it, and how long there is."""

    title: str
    seal: Seal
    article: str
    links: tuple[FormLink, ...]
    count: Count | None = None


@dataclass(frozen=True)
class FormChoice:
    """The page on which a form is chosen: what is asked for on top, then all forms, step by step; ``rest`` is folded."""

    title: str
    lead: str
    asked: tuple[Asked, ...]
    groups: tuple[tuple[str, tuple[FormLink, ...]], ...]
    rest: tuple[tuple[str, tuple[FormLink, ...]], ...] = ()
    aside: tuple[tuple[str, str], ...] = ()
    back_href: str = "/"
    areas: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True)
class Receipt:
    """What was taken in, with the identity of the fact; ``recorded`` once it is in the gateway's log."""

    title: str
    fact_id: str
    recorded: bool
    next_href: str = ""
    next_label: str = ""


@dataclass(frozen=True)
class FormPage:
    title: str
    lead: str
    action: str
    fields: tuple[Field, ...]
    submit: str
    aside: tuple[tuple[str, str], ...] = ()
    refusal: Refusal | None = None
    receipt: Receipt | None = None
    back_href: str = "/"
    back_label: str = ""
    count: Count | None = None
    law: LawQuote | None = None
    needs: tuple[Asked, ...] = ()
    instead: FormLink | None = None
    """Where this is done as a rule: ``hint`` says why there, ``href`` is empty where it is no page of ours."""


@dataclass(frozen=True)
class SignInPage:
    station: str
    refusal: Refusal | None = None
    next_href: str = "/"
    demo_badges: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class StayList:
    held: tuple[PersonRow, ...]
    released: tuple[tuple[str, str, int, int], ...] = ()
