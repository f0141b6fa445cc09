"""Blind time of one area on one day: which room could not be judged when, for want of what, and which rules that hit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from caseserver.web import wording
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views_ledger import BlindLane, BlindPage, BlindRow, BlindSum
from custody.ledger.blind import Blindness, Row
from custody.ledger.spans import Span, clip, length_us, union

ROWS_SHOWN_MAX = 300
SECOND_US = 1_000_000


def blind_page(
    states: Sequence[AreaPicture], chosen: AreaPicture, ledger: Blindness, looks_from_us: int, day: date | None,
    reader: Reader,
) -> BlindPage:  # fmt: skip
    """``day`` None: today, up to now."""
    words = Words(chosen.area, chosen.world, reader)
    today = wording.local(reader.now_us, reader.zone).date()
    day = min(day or today, today)
    start, end = _bounds(day, reader)
    start = max(start, min(looks_from_us, end))
    within = start, end
    rows = ledger.rows(within)
    lasting = [row for row in rows if row["why"] != "not_fitted"]
    shown = _rows(lasting, within, words, chosen)
    base = f"/blind?area={chosen.area.id}&day="
    areas = tuple((reader.name(s.area.name), f"/blind?area={s.area.id}", s is chosen) for s in states)
    return BlindPage(
        title=reader.name(chosen.area.name),
        day=reader.day(start),
        from_us=start,
        to_us=end,
        lanes=_lanes(lasting, within, words, chosen),
        sums=_sums(lasting, within, words, chosen),
        rows=tuple(shown[:ROWS_SHOWN_MAX]),
        rows_total=len(shown),
        missing=_missing(rows, words, chosen),
        before_href=base + (day - timedelta(days=1)).isoformat()
        if 0 < looks_from_us < _bounds(day, reader)[0]
        else "",
        after_href=base + (day + timedelta(days=1)).isoformat() if day < today else "",
        areas=areas if len(states) > 1 else (),
        looks_from_us=looks_from_us if _bounds(day, reader)[0] < looks_from_us else None,
    )


def _bounds(day: date, reader: Reader) -> Span:
    """The local day, as far as it has gone."""
    zone = ZoneInfo(reader.zone)
    begin, after = (datetime.combine(d, time.min, zone) for d in (day, day + timedelta(days=1)))
    start, end = (int(moment.timestamp()) * SECOND_US for moment in (begin, after))
    return start, max(start, min(end, reader.now_us))


def _lanes(rows: Sequence[Row], within: Span, words: Words, state: AreaPicture) -> tuple[BlindLane, ...]:
    """Every room inside the area, and first what was blind everywhere."""
    found: dict[str | None, list[Span]] = {None: []}
    found.update({room.id: [] for room in state.area.rooms.values() if room.kind != "outside"})
    for row in rows:
        found.setdefault(row["room"], []).append(clip(row["from_us"], row["to_us"], within))
    return tuple(
        BlindLane(_room(room, words), tuple(union(spans)), length_us(spans))
        for room, spans in found.items()
        if room is not None or spans
    )


def _sums(rows: Sequence[Row], within: Span, words: Words, state: AreaPicture) -> tuple[BlindSum, ...]:
    """Per rule and room, the longest first; rules that share every second of a room stand together."""
    spans: dict[tuple[str | None, str | None], list[Span]] = {}
    for row in rows:
        spans.setdefault((row["room"], row["rule"]), []).append(clip(row["from_us"], row["to_us"], within))
    alike: dict[tuple[str | None, int], list[str | None]] = {}
    for (room, rule), parts in spans.items():
        alike.setdefault((room, length_us(parts)), []).append(rule)
    found = [
        BlindSum(_room(room, words), _rules(rules, words, state), blind_us)
        for (room, blind_us), rules in alike.items()
        if blind_us
    ]
    return tuple(sorted(found, key=lambda item: (-item.blind_us, item.room)))


def _rows(rows: Sequence[Row], within: Span, words: Words, state: AreaPicture) -> list[BlindRow]:
    """Spells by time; the rules of one spell in one row."""
    alike: dict[tuple[str | None, str, str, int, int | None], list[str | None]] = {}
    for row in rows:
        key = row["room"], row["source"], row["why"], row["from_us"], row["to_us"]
        alike.setdefault(key, []).append(row["rule"])
    found = [
        BlindRow(
            _room(room, words),
            source_words(source, words),
            words.reader.of("blind_why", why),
            _rules(rules, words, state),
            from_us,
            to_us,
            length_us([clip(from_us, to_us, within)]),
        )
        for (room, source, why, from_us, to_us), rules in alike.items()
    ]
    return sorted(found, key=lambda row: (row.from_us, row.room, row.source))


def _missing(
    rows: Iterable[Row], words: Words, state: AreaPicture
) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    alike: dict[tuple[str | None, str], list[str | None]] = {}
    for row in rows:
        if row["why"] == "not_fitted":
            alike.setdefault((row["room"], row["source"]), []).append(row["rule"])
    return tuple(
        (_room(room, words), source_words(source, words), _rules(rules, words, state))
        for (room, source), rules in alike.items()
    )


def _room(room: str | None, words: Words) -> str:
    return words.reader.t("blind.everywhere") if room is None else words.room(room)


def _rules(rules: Iterable[str | None], words: Words, state: AreaPicture) -> tuple[str, ...]:
    """``M3 有人看管``, each once, in the order of the rulebook; every rule as one word."""
    wanted = set(rules)
    if None in wanted:
        return (words.reader.t("blind.every_rule"),)
    titles: dict[str, None] = {}
    for rule in state.rulebook.rules:
        if rule.key in wanted:
            titles.setdefault(f"{rule.id} {words.name(rule.title)}")
    return tuple(titles)


def source_words(source: str, words: Words) -> str:
    """``node:n3`` as 节点 n3, ``door:gate`` with the door's name."""
    kind, _, ref = source.partition(":")
    reader = words.reader
    match kind:
        case "node":
            return reader.of("by", "node", name=ref)
        case "gateway":
            return reader.of("health", "gateway", name=ref)
        case "recorder":
            return words.recorder(ref)
        case "door":
            return words.door(ref)
        case "input":
            return words.input(ref)
        case "reader":
            return reader.t("blind.reader", name=ref)
        case "band":
            return reader.t("blind.band", name=words.tag(ref))
        case "clock":
            return reader.t("blind.clock")
        case "log":
            return reader.t("blind.log")
        case "room":
            return reader.t("blind.no_reader")
        case "patrol_point":
            return reader.t("blind.no_patrol_point")
    return reader.t("blind.no_guard_motion")
