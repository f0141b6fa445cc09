"""The plan of the areas, drawn from the geometry that it is given. Rooms that are well are left alone.

Areas are stacked; each is stretched to its share of a fixed sheet, so that a plan never scrolls. Words keep their size:
only places are scaled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from markupsafe import Markup

from caseserver.web.drawing.marks import bang, plain
from caseserver.web.drawing.svg import group, path, rect, tag, text
from caseserver.web.reader import Reader
from caseserver.web.views import AreaPlan, Count, Pill, PlanDoor, PlanSpot, RoomTile

WIDTH, HEIGHT = 568, 894
_EDGE, _TITLE = 4, 30
_SPOT = 9
_PILL, _PILL_CHAR, _COUNT = 64, 12, 40
_DRAWN_MAX = 256
"""Rooms and doors kept as they were drawn: of dozens a picture changes one or two."""
_SHIELD = "M0-10 8-7v6c0 6-4 9-8 11-4-2-8-5-8-11v-6z"


def plan(areas: tuple[AreaPlan, ...], reader: Reader) -> Markup:
    """One SVG for all areas. With more than one, each has its name above it."""
    title = _TITLE if len(areas) > 1 else 0
    shares = [len({room.y for room in area.rooms}) or 1 for area in areas]
    parts: list[Markup] = []
    top = 0.0
    for area, share in zip(areas, shares, strict=True):
        each = HEIGHT * share / sum(shares)  # an area with more rows of rooms gets more of the sheet
        if title:
            parts.append(text(area.name, _EDGE, top + title - 9, class_="aname"))
        parts += _area(area, top + title + _EDGE, each - title - 2 * _EDGE, reader)
        top += each
    return tag(
        "svg",
        *parts,
        class_="plan",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=reader.t("wall.plan"),
    )


def _area(area: AreaPlan, top: float, height: float, reader: Reader) -> list[Markup]:
    if not area.rooms:
        return []
    to_sheet = _scale(area, top, height)
    rooms = tuple(_placed(room, to_sheet) for room in area.rooms)
    # Rooms with news last, so that their coloured edge lies over their neighbours' lines.
    order = sorted(rooms, key=lambda room: room.level in ("act", "soon"))
    parts = [_floor(room) for room in order]
    parts += [
        _spot(spot, to_sheet, reader) for spot in area.spots
    ]  # under the words and the tokens of persons
    parts += [_room(room, reader) for room in order]
    still = _still(reader)
    for door in area.doors:
        ends = (rooms[door.between[0]], None if door.between[1] is None else rooms[door.between[1]])
        parts.append(_door(*ends, door, None if door.at is None else to_sheet(*door.at), still))
    return parts


def _still(reader: Reader) -> Reader:
    """Of the reader what counts where no moment is shown: the language."""
    return Reader(0, "UTC", reader.language)


Scale = Callable[[int, int], tuple[int, int]]


def _scale(area: AreaPlan, top: float, height: float) -> Scale:
    """From the units of the plan to pixels of the sheet."""
    rooms = area.rooms
    left, right = min(r.x for r in rooms), max(r.x + r.width for r in rooms)
    first, last = min(r.y for r in rooms), max(r.y + r.height for r in rooms)
    across, down = (WIDTH - 2 * _EDGE) / (right - left), height / (last - first)

    def to_sheet(x: int, y: int) -> tuple[int, int]:
        return round(_EDGE + (x - left) * across), round(top + (y - first) * down)

    return to_sheet


def _placed(room: RoomTile, to_sheet: Scale) -> RoomTile:
    """The same room with its place in pixels of the sheet."""
    x, y = to_sheet(room.x, room.y)
    x2, y2 = to_sheet(room.x + room.width, room.y + room.height)
    return replace(room, x=x, y=y, width=x2 - x, height=y2 - y)


@lru_cache(_DRAWN_MAX)
def _floor(room: RoomTile) -> Markup:
    """The ground of a room, with the same state as what stands on it."""
    x, y, w, h = room.x, room.y, room.width, room.height
    parts = [rect(x, y, w, h, class_="floor")]
    if room.odd == "strange" or (room.level == "blind" and not room.passage):
        parts.append(rect(x + 2, y + 2, w - 4, h - 4, fill="url(#hatch)"))
    return group(parts, class_=_state(room))


def _state(room: RoomTile) -> str:
    if room.passage:
        return f"room passage {room.odd}".rstrip()
    state: str = room.level if room.level else "occ" if room.people else "empty"
    state += " occ" if room.level in ("act", "soon", "blind") else ""
    return f"room {state} {room.odd}".rstrip()


def _room(room: RoomTile, reader: Reader) -> Markup:
    """What stands on its ground: drawn anew when it has changed, or when it says how long something lasts."""
    is_running = room.blind_since_us is not None or (room.note is not None and room.note.count is not None)
    return _drawn(room, reader) if is_running else _kept(room, _still(reader))


@lru_cache(_DRAWN_MAX)
def _kept(room: RoomTile, still: Reader) -> Markup:
    return _drawn(room, still)


def _drawn(room: RoomTile, reader: Reader) -> Markup:
    x, y, w, h = room.x, room.y, room.width, room.height
    parts: list[Markup] = []
    if room.odd == "strange":
        return _strange(room, reader)
    if room.odd == "undrawn":
        parts.append(text(reader.t("wall.undrawn"), x + w - 8, y + h - 10, class_="rsub", text_anchor="end"))
    if room.passage:
        parts.append(text(room.name, x + w // 2, y + h // 2, class_="rsub", text_anchor="middle"))
        _pills(room, parts, reader)
        return group(parts, class_=_state(room))
    if room.level == "blind":
        parts.append(rect(x + 6, y + 6, w - 58, 28, class_="plate", rx=2))
    if room.level in ("act", "soon"):
        parts.append(rect(x + 3, y + 3, w - 6, h - 6, class_="edge"))
    wide = len(room.name) * (21 if reader.language == "zh" else 10.2) + 26
    eyes = 27 * (bool(room.recorder) + bool(room.guard))
    if wide + eyes <= w:
        parts.append(text(room.name, x + 13, y + 27, class_="rname"))
        parts += _eyes(room, y + 20, reader)
    else:  # a narrow room: the name in smaller type over the whole width, the eyes at the foot
        size = "sm" if len(room.name) * (18 if reader.language == "zh" else 9.2) <= w - 16 else "xs"
        parts.append(text(room.name, x + w // 2, y + 26, class_=f"rname {size}", text_anchor="middle"))
        parts += _eyes(room, y + h - 20, reader)
    used = _pills(room, parts, reader)
    _note(room, used, parts, reader)
    return group(parts, class_=_state(room))


def _strange(room: RoomTile, reader: Reader) -> Markup:
    """On the drawing and not in the area file: nothing is known of it, and that is said."""
    x, y, w, h = room.x, room.y, room.width, room.height
    parts = [
        rect(x + 6, y + 6, w - 12, min(50, h - 12), class_="plate", rx=2),
        text(room.name, x + 13, y + 26, class_="rname sm"),
        text(reader.t("wall.strange"), x + 13, y + 46, class_="rsub strong"),
    ]
    return group(parts, class_=_state(room))


def _spot(spot: PlanSpot, to_sheet: Scale, reader: Reader) -> Markup:
    """A device: a small dot while it is seen, a cabinet its outline; hatched while it is not."""
    x, y = to_sheet(spot.x, spot.y)
    x, y = (
        min(max(x, _SPOT), WIDTH - _SPOT),
        min(max(y, _SPOT), HEIGHT - _SPOT),
    )  # one may stand beside all rooms
    title = tag("title", f"{spot.name}: {reader.of('spot', spot.look)}")
    if spot.look in ("blind", "strange"):
        shape = rect(x - 7, y - 7, 14, 14)
    elif spot.kind == "cabinet":
        shape = rect(x - 9, y - 6, 18, 12)
    else:
        shape = tag("circle", cx=x, cy=y, r=7 if spot.look == "active" else 4)
    return group([title, shape], class_=f"spot {spot.kind} {spot.look}")


def _eyes(room: RoomTile, y: int, reader: Reader) -> list[Markup]:
    """Recorder ring and guard shield at the right, each with a title."""
    parts = []
    x = room.x + room.width - 20
    if room.recorder:
        title = tag("title", reader.of("recorder", room.recorder))
        ring = tag("circle", r=9, class_="ring")
        inside = {
            "ok": [ring, tag("circle", r=4, class_="dot")],
            "bad": [tag("circle", r=10, class_="ring"), path("M-7 7 7-7")],
            "blind": [tag("circle", r=10, class_="blindcam")],
            "idle": [ring],
        }[room.recorder]
        kind = {"ok": "", "bad": " off", "blind": "", "idle": " idle"}[room.recorder]
        parts.append(group([title, *inside], class_=f"cam{kind}", transform=f"translate({x} {y})"))
        x -= 27
    if room.guard:
        title = tag("title", reader.of("guard", room.guard))
        kind = {"ok": "", "bad": " bad", "blind": " unk", "idle": " ghost"}[room.guard]
        parts.append(group([title, path(_SHIELD)], class_=f"guard{kind}", transform=f"translate({x} {y})"))
    return parts


def _pills(room: RoomTile, parts: list[Markup], reader: Reader) -> tuple[float, float]:
    """The persons as tokens, as many as fit; the rest counted. Returns where the next thing may start."""
    y = room.y + min(40, max(28, room.height - 34))
    pill = max((_PILL, *(_PILL_CHAR * len(person.stay) + 16 for person in room.people)))
    fit = max(1, (room.width - 20) // (pill + 6)) * max(1, (room.height - 44) // 36)
    shown = room.people if len(room.people) <= fit else room.people[: fit - 1]
    x = room.x + 12
    for person in shown:
        if x + pill > room.x + room.width - 6:
            x, y = room.x + 12, y + 34
        parts.append(_pill(person, x, y, pill, reader))
        x += pill + 6
    if len(shown) < len(room.people):
        if x + _COUNT > room.x + room.width:
            x, y = room.x + 12, y + 34
        parts.append(text(f"+{len(room.people) - len(shown)}", x + 2, y + 22, class_="more"))
        x += 40
    return x, y


def _pill(pill: Pill, x: float, y: float, width: int, reader: Reader) -> Markup:
    token = [rect(0, 0, width, 30, rx=15), text(pill.stay, width // 2, 22, text_anchor="middle")]
    parts = [group(token, class_=f"pill {pill.level}".strip(), transform=f"translate({x} {y})")]
    if pill.level in ("act", "soon"):
        parts.append(
            group([bang(pill.level, reader)], transform=f"translate({x + width - 12} {y - 8}) scale(.6)")
        )
    return group(parts)


def _note(room: RoomTile, used: tuple[float, float], parts: list[Markup], reader: Reader) -> None:
    """The line of words: under the tokens when there is room for it, else beside them."""
    if room.level == "blind":
        words = reader.t("wall.blind_for") + " "
        running = plain(Count("gone", room.blind_since_us), reader) if room.blind_since_us is not None else ""
        x, y = (
            (room.x + 13, room.y + room.height - 14)
            if room.height >= 100
            else (round(used[0]) + 4, room.y + 61)
        )
        if not room.people and room.height < 100:
            x = room.x + 13
        parts.append(rect(x - 5, y - 18, 160, 25, class_="plate", rx=2))
        parts.append(text(Markup("{}{}").format(words, running), x, y, class_="rsub strong"))
        return
    note = room.note
    if note is None:
        return
    below = room.y + room.height - 14 >= used[1] + (30 + 16 if room.people else 0)
    x = room.x + 13 if below else round(used[0]) + 4
    y = (room.y + room.height - 14 if room.people else room.y + 52) if below else round(used[1]) + 21
    words = Markup("{} {}").format(note.text, plain(note.count, reader)) if note.count else note.text
    parts.append(text(words, x, y, class_="rsub strong" if note.strong else "rsub"))


@lru_cache(_DRAWN_MAX)
def _door(
    first: RoomTile, other: RoomTile | None, door: PlanDoor, at: tuple[int, int] | None, still: Reader
) -> Markup:
    """A gap and a leaf where it was drawn (`at`, on the sheet), else in the shared wall; open doors swing. One to the outside
    sits in the lower or outer wall."""
    if at is None:
        x, y, upright = _opening(first, other)
    else:
        x, y = at
        upright = any(x in (room.x, room.x + room.width) for room in (first, other) if room is not None)
    half = 17
    title = tag("title", f"{door.name}: {still.of('door', door.state)}")
    if upright:
        parts = [title, rect(x - 4, y - half, 8, 2 * half, class_="gap")]
        leaf, swing = (
            f"M{x} {y - half}v{2 * half}",
            f"M{x - 2 * half} {y - half}A{2 * half} {2 * half} 0 0 0 {x} {y + half}",
        )
        ajar = f"M{x} {y - half}h{-2 * half}"
    else:
        parts = [title, rect(x - half, y - 4, 2 * half, 8, class_="gap")]
        leaf, swing = (
            f"M{x - half} {y}h{2 * half}",
            f"M{x - half} {y - 2 * half}A{2 * half} {2 * half} 0 0 1 {x + half} {y}",
        )
        ajar = f"M{x - half} {y}v{-2 * half}"
    parts += (
        [path(swing, class_="swing"), path(ajar, class_="leaf")]
        if door.state == "open"
        else [path(leaf, class_="leaf")]
    )
    return group(parts, class_=f"door {door.state} {door.level}".strip())


def _opening(first: RoomTile, other: RoomTile | None) -> tuple[int, int, bool]:
    """Middle of the shared wall and whether it stands upright; without one, a place in the first room's own wall."""
    if other is not None:
        for near, far in ((first, other), (other, first)):
            top, bottom = max(near.y, far.y), min(near.y + near.height, far.y + far.height)
            if abs(near.x + near.width - far.x) <= 2 and bottom - top >= 34:
                return near.x + near.width, (top + bottom) // 2, True
            left, right = max(near.x, far.x), min(near.x + near.width, far.x + far.width)
            if abs(near.y + near.height - far.y) <= 2 and right - left >= 34:
                return (left + right) // 2, near.y + near.height, False
    if first.x <= _EDGE + 1:
        return first.x, first.y + first.height * 2 // 3, True
    if first.x + first.width >= WIDTH - _EDGE - 1:
        return first.x + first.width, first.y + first.height * 2 // 3, True
    return first.x + first.width // 2, first.y + first.height, False
