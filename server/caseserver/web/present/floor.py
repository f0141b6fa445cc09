"""The pages of the drawn plan: the editor with its numbers, and two versions beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from caseserver.floor.desk import DRAFT, OWN, Version
from caseserver.floor.drawing import (
    DOOR,
    KINDS,
    Box,
    Drawing,
    Key,
    changes,
    elements,
    extent,
    holds,
    own_plan,
)
from caseserver.floor.reading import Fault, field_name, fields_of
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views import Refusal
from caseserver.web.views_floor import (
    FloorBeside,
    FloorChange,
    FloorGroup,
    FloorPage,
    FloorPicture,
    FloorRow,
    FloorShape,
    FloorVersion,
)


def plain(drawing: Drawing, state: AreaPicture) -> Drawing:
    """What is seen of a version: an empty one is the area's own plan."""
    return drawing if drawing != Drawing() else own_plan(state.area)


def floor_page(
    states: Sequence[AreaPicture], state: AreaPicture, versions: Sequence[Version], shown: Version,
    origin: Version, base: int, reader: Reader, sent: Mapping[str, str] | None = None, faults: Sequence[Fault] = (),
    drawn: Drawing | None = None,
) -> FloorPage:  # fmt: skip
    """The editor with the places of `origin`; after a refusal with what was ``sent``, of which ``drawn`` was understood."""
    words = Words(state.area, state.world, reader)
    drawing = plain(origin.drawing, state) if drawn is None else drawn
    fields = fields_of(drawing, state.area) if sent is None else sent
    by_key: dict[Key, list[tuple[str, str]]] = {}
    for fault in faults:
        by_key.setdefault(fault.element, []).append((fault.name, _fault(fault, words)))
    groups = _groups(state, fields, by_key, words)
    rows = {row.key for group in groups for row in group.rows}
    return FloorPage(
        area=state.area.id,
        title=words.name(state.area.name),
        areas=tuple(
            (Words(s.area, s.world, reader).name(s.area.name), f"/areas/{s.area.id}/plan", s is state)
            for s in states
        ),
        base=base,
        origin=origin.number,
        shown=_version(shown, shown, reader),
        picture=picture(drawing, state, words, words.name(state.area.name)),
        groups=groups,
        missing=tuple(row.name for group in groups for row in group.rows if not row.is_placed),
        strangers=_strangers(drawing, state),
        general=tuple(said for key, told in by_key.items() if key not in rows for _, said in told),
        faults=len(faults),
        versions=tuple(_version(version, shown, reader) for version in versions),
    )


def beside_page(
    state: AreaPicture, version: Version, shown: Version, reader: Reader, refusal: Refusal | None = None
) -> FloorBeside:
    """A version beside the one that is shown now."""
    words = Words(state.area, state.world, reader)
    before, after = plain(shown.drawing, state), plain(version.drawing, state)
    differing = changes(before, after)
    keys = frozenset(change.key for change in differing)
    box = _around(extent(before), extent(after))
    found = _version(version, shown, reader)
    return FloorBeside(
        area=state.area.id,
        title=words.name(state.area.name),
        version=found,
        shown=_version(shown, shown, reader),
        before=picture(before, state, words, reader.t("floor.present"), keys, box),
        after=picture(after, state, words, found.name, keys, box),
        changes=tuple(
            FloorChange(words.device(*change.key), _numbers(change.before), _numbers(change.after))
            for change in differing
        ),
        strangers=_strangers(after, state),
        refusal=refusal,
    )


def picture(
    drawing: Drawing, state: AreaPicture, words: Words, label: str, changed: frozenset[Key] = frozenset(),
    box: Box | None = None,
) -> FloorPicture:  # fmt: skip
    """Everything of the area and everything on the drawing, rooms lowest."""
    shapes = [
        FloorShape(
            element.key, words.device(*element.key), drawing.place(element.key), element.homes,
            _is_upright(element.key, element.homes, drawing), is_changed=element.key in changed,
        )
        for element in elements(state.area)
    ]  # fmt: skip
    shapes += [
        FloorShape(key, key[1], drawing.place(key), is_strange=True, is_changed=key in changed)
        for key in drawing.strangers(state.area)
    ]
    shapes.sort(key=lambda shape: KINDS.index(shape.key[0]))
    return FloorPicture(tuple(shapes), box or extent(drawing), label)


def _is_upright(key: Key, homes: Iterable[str], drawing: Drawing) -> bool:
    """A door stands as the wall stands on which it was put."""
    at = drawing.points.get(key)
    if key[0] != DOOR or at is None:
        return False
    boxes = [drawing.rooms[room] for room in homes if room in drawing.rooms]
    return any(holds(box, at) and at[0] in (box[0], box[0] + box[2]) for box in boxes)


def _groups(
    state: AreaPicture, fields: Mapping[str, str], faults: Mapping[Key, list[tuple[str, str]]], words: Words
) -> tuple[FloorGroup, ...]:
    rows: dict[str, list[FloorRow]] = {}
    for element in elements(state.area):
        names = [(name, field_name(element.key, name)) for name in element.names]
        values = tuple((name, at, fields.get(at, "")) for name, at in names)
        row = FloorRow(element.key, words.device(*element.key), values, tuple(faults.get(element.key, ())))
        rows.setdefault(element.kind, []).append(row)
    return tuple(
        FloorGroup(kind, words.reader.of("floor_kind", kind), tuple(found)) for kind, found in rows.items()
    )


def _fault(fault: Fault, words: Words) -> str:
    rooms = words.reader.t("page.list").join(words.room(room) for room in fault.expected.split())
    expected = fault.expected if fault.reason == "number" else rooms
    found = words.room(fault.found) if fault.reason == "overlap" else fault.found
    return words.reader.of("floor_fault", fault.reason, expected=expected, found=found)


def _strangers(drawing: Drawing, state: AreaPicture) -> tuple[str, ...]:
    return tuple(f"{kind} {name}" for kind, name in drawing.strangers(state.area))


def _numbers(place: tuple[int, ...] | None) -> str | None:
    return None if place is None else ", ".join(map(str, place))


def _around(one: Box, other: Box) -> Box:
    """The least box around both."""
    left, top = min(one[0], other[0]), min(one[1], other[1])
    right, bottom = max(one[0] + one[2], other[0] + other[2]), max(one[1] + one[3], other[1] + other[3])
    return left, top, right - left, bottom - top


def _version(version: Version, shown: Version, reader: Reader) -> FloorVersion:
    is_own = version.number == OWN
    return FloorVersion(
        number=version.number,
        name=reader.t("floor.own") if is_own else reader.t("floor.version", number=version.number),
        state=reader.of("floor_state", version.state),
        saved_by=version.saved_by,
        saved_us=version.saved_us,
        ended_by=version.ended_by or "",
        ended_us=version.ended_us,
        is_shown=version.number == shown.number,
        is_draft=version.state == DRAFT,
    )
