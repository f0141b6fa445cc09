"""One stay as a picture: the legal clock, the way through the rooms, guard, recording, approvals and alarms on one time axis.

The list of facts stands below it on the page; the picture is for the eye, the list for the court.
"""

from __future__ import annotations

from markupsafe import Markup

from caseserver.web import wording
from caseserver.web.drawing.marks import mark
from caseserver.web.drawing.svg import group, path, rect, tag, text
from caseserver.web.reader import Reader
from caseserver.web.views import ClockLane, Span, StayDrawing

_WIDTH, _LEFT, _RIGHT = 1368, 150, 1352
_HOUR_US = 3_600_000_000
_ROOM_STEP = 36
_CAPTION_MIN_PX = 120
_ALARM_STEP, _CHAR_PX = 32, 15


class _Axis:
    """Time to pixels between the two ends of the drawing."""

    def __init__(self, drawing: StayDrawing, reader: Reader) -> None:
        self.from_us = drawing.from_us
        self.to_us = max(drawing.to_us, drawing.from_us + 60_000_000)
        self.now_us = reader.now_us

    def x(self, at_us: int | None) -> float:
        at_us = self.now_us if at_us is None else at_us
        inside = min(max(at_us, self.from_us), self.to_us)
        return _LEFT + (_RIGHT - _LEFT) * (inside - self.from_us) / (self.to_us - self.from_us)


def stay(drawing: StayDrawing, reader: Reader) -> Markup:
    axis = _Axis(drawing, reader)
    rooms_top = 52 + 56 * len(drawing.clocks)
    y = rooms_top + _ROOM_STEP * len(drawing.rooms) + 30
    lanes: list[Markup] = []
    for index, clock in enumerate(drawing.clocks):
        lanes += _clock(clock, axis, 53 + 56 * index, reader)
    lanes += _way(drawing, axis, rooms_top, reader)
    for name, spans in (("guard", drawing.guard), ("record", drawing.recorder)):
        lanes += _lane(reader.of("must", name), spans, axis, y, reader)
        y += 58
    if drawing.stamps:
        lanes += _stamps(drawing, axis, y, reader)
        y += 66
    if drawing.alarms:
        drawn, height = _alarms(drawing, axis, y, reader)
        lanes += drawn
        y += height + 14
    height = y + 14
    parts = [*_hours(axis, height, reader), *lanes, *_key(height + 14, reader)]
    label = reader.t("stay.drawn")
    return tag(
        "svg", *parts, class_="stay", viewBox=f"0 0 {_WIDTH} {height + 26}", role="img", aria_label=label
    )


def _hours(axis: _Axis, bottom: int, reader: Reader) -> list[Markup]:
    """Upright lines at whole hours of local time (quarters in a short stay), with the clock time above."""
    span = axis.to_us - axis.from_us
    step = next(
        s
        for s in (
            _HOUR_US // 12,
            _HOUR_US // 4,
            _HOUR_US,
            2 * _HOUR_US,
            6 * _HOUR_US,
            24 * _HOUR_US,
            span + 1,
        )
        if span / s <= 14
    )
    offset = wording.local(axis.from_us, reader.zone).utcoffset()
    shift = int(offset.total_seconds()) * 1_000_000 if offset else 0
    at_us = -(-(axis.from_us + shift) // step) * step - shift
    parts = []
    while at_us <= axis.to_us:
        x = axis.x(at_us)
        words = wording.clock(at_us, reader.zone)
        midnight = words == "00:00"
        parts.append(path(f"M{x:.1f} 24V{bottom}", class_="hr mid" if midnight else "hr"))
        parts.append(
            text(
                reader.day_and_clock(at_us) if midnight else words,
                round(x),
                16,
                class_="tl",
                text_anchor="middle",
            )
        )
        at_us += step
    return parts


def _clock(clock: ClockLane, axis: _Axis, y: int, reader: Reader) -> list[Markup]:
    """What the law allows as a track, what was used of it in ink, each tier's limit as an upright stroke."""
    parts = [text(reader.t("stay.clock"), 132, y + 15, class_="lane", text_anchor="end")]
    start, end = axis.x(clock.start_us), axis.x(clock.end_us)
    last = max((limit for limit, _ in clock.limits), default=axis.to_us)
    parts.append(rect(start, y, axis.x(last) - start, 18, class_="track"))
    parts.append(rect(start, y, end - start, 18, class_="clock1"))
    for limit_us, label in clock.limits:
        x = axis.x(limit_us)
        if limit_us <= axis.to_us:
            parts.append(path(f"M{x:.1f} {y - 9}v36", class_="limit"))
        words = f"{label} · {reader.clock(limit_us)}" + ("" if limit_us <= axis.to_us else " →")
        parts.append(text(words, round(x - 6), y - 6, class_="lim", text_anchor="end"))
    if end - start > _CAPTION_MIN_PX:
        parts.append(text(clock.label, round(start + 10), y + 14, class_="inbar"))
    return parts


def _way(drawing: StayDrawing, axis: _Axis, top: int, reader: Reader) -> list[Markup]:
    """A row a room, and the person's way as one stepping line."""
    parts: list[Markup] = []
    rows = {room: top + 56 + _ROOM_STEP * index - 30 for index, room in enumerate(drawing.rooms)}
    for room, y in rows.items():
        parts.append(text(room, 132, y + 6, class_="rowname", text_anchor="end"))
        parts.append(path(f"M{_LEFT} {y}H{_RIGHT}", class_="rowline"))
    if not drawing.way:
        return parts
    first_us, first_room = drawing.way[0]
    line = f"M{axis.x(first_us):.1f} {rows[first_room]}"
    for at_us, room in drawing.way[1:]:
        line += f"H{axis.x(at_us):.1f}V{rows[room]}"
    stop = axis.x(drawing.to_us if drawing.ended else reader.now_us)
    line += f"H{stop:.1f}"
    last = rows[drawing.way[-1][1]]
    parts.append(path(line, class_="way"))
    parts.append(tag("circle", class_="start", cx=axis.x(first_us), cy=rows[first_room], r=9))
    parts.append(
        text(reader.clock(first_us), round(axis.x(first_us) + 14), rows[first_room] - 8, class_="cap")
    )
    if drawing.ended:
        parts.append(tag("circle", class_="start end", cx=stop, cy=last, r=9))
    else:
        parts.append(path(f"M{stop:.1f} {last - 9}l14 9-14 9z", class_="head"))
    for (at_us, room), until_us in zip(
        drawing.way,
        [m for m, _ in drawing.way[1:]] + [drawing.to_us if drawing.ended else reader.now_us],
        strict=True,
    ):
        if axis.x(until_us) - axis.x(at_us) > _CAPTION_MIN_PX:
            words = reader.duration((until_us - at_us) // 1_000_000)
            parts.append(text(words, round(axis.x(at_us) + 8), rows[room] - 9, class_="cap b"))
    return parts


def _lane(name: str, spans: tuple[Span, ...], axis: _Axis, y: int, reader: Reader) -> list[Markup]:
    parts = [text(name, 132, y + 19, class_="lane", text_anchor="end")]
    free = float(_LEFT)
    for span in sorted(spans, key=lambda item: item.kind in ("gap", "blind")):  # what is missing lies on top
        x, width = axis.x(span.from_us), max(2.0, axis.x(span.to_us) - axis.x(span.from_us))
        if span.kind == "gap":
            parts.append(rect(x, y - 4, max(4.0, width), 34, class_="gap"))
            if x >= free:
                parts.append(text(span.label, round(x), y - 9, class_="gapt"))
                free = x + 15 * len(span.label) + 20
        elif span.kind == "blind":
            parts.append(rect(x, y - 4, max(4.0, width), 34, class_="blindbox", fill="url(#hatch)"))
            if x >= free:
                parts.append(text(span.label, round(x), y - 9, class_="blt"))
                free = x + 15 * len(span.label) + 20
        else:
            parts.append(rect(x, y, width, 26, class_="guard0" if span.kind == "plain" else "recint"))
            if span.label and width > 12 * len(span.label) + 14:
                parts.append(text(span.label, round(x + 8), y + 18, class_="inbar"))
    return parts


def _stamps(drawing: StayDrawing, axis: _Axis, y: int, reader: Reader) -> list[Markup]:
    """Approvals and notices; a label stands above or below, and gives way when both are taken (the list has it)."""
    parts = [text(reader.t("stay.acts"), 132, y + 19, class_="lane", text_anchor="end")]
    free = {True: 0.0, False: 0.0}
    box_free = 0.0
    for item in drawing.stamps:
        x = max(axis.x(item.at_us), box_free)  # acts of one minute stand side by side
        box_free = x + 24
        box = [
            rect(-11, -11, 22, 22, class_="stamp", rx=1),
            text(item.sign, 0, 5.5, class_="stampt", text_anchor="middle"),
        ]
        parts.append(group(box, transform=f"translate({x:.1f} {y + 13})"))
        for above in (True, False):
            if x >= free[above]:
                anchor = "end" if x > _RIGHT - 220 else "start"
                parts.append(
                    text(
                        item.label,
                        round(x - 11 if anchor == "start" else x + 11),
                        y - 5 if above else y + 43,
                        class_="cap",
                        text_anchor=anchor,
                    )
                )
                free[above] = x + 15 * len(item.label) + 10
                break
    return parts


def _alarms(drawing: StayDrawing, axis: _Axis, y: int, reader: Reader) -> tuple[list[Markup], int]:
    """Alarms with how long they stood, on as many rows as they need; and the height of those rows."""
    parts = [text(reader.t("stay.alarms"), 132, y + 18, class_="lane", text_anchor="end")]
    free: list[float] = []
    for item in drawing.alarms:
        x, end = axis.x(item.from_us), max(axis.x(item.to_us), axis.x(item.from_us) + 14)
        row = next((n for n, until in enumerate(free) if until <= x - 16), len(free))
        if row == len(free):
            free.append(0.0)
        top = y + _ALARM_STEP * row
        parts.append(path(f"M{x:.1f} {top + 13}H{end:.1f}", class_=f"tail {item.mark.level}"))
        sign = mark(item.mark, reader, named=False, size=32)
        parts.append(group([sign], transform=f"translate({x - 13:.1f} {top}) scale(.82)"))
        long = _CHAR_PX * len(item.text)
        free[row] = end + 8
        if end + 8 + long < _RIGHT:
            parts.append(text(item.text, round(end + 8), top + 18, class_="cap"))
            free[row] = end + 8 + long
        elif x - 20 - long > _LEFT:
            parts.append(text(item.text, round(x - 18), top + 18, class_="cap", text_anchor="end"))
    return parts, _ALARM_STEP * len(free)


def _key(y: int, reader: Reader) -> list[Markup]:
    return [
        rect(1034, y - 14, 34, 16, class_="blindbox", fill="url(#hatch)"),
        text(reader.of("mark", "blind"), 1076, y, class_="tl"),
        rect(1180, y - 16, 4, 20, class_="gap"),
        text(reader.t("stay.short"), 1192, y, class_="tl"),
    ]
