"""Lists of items: searched, overdue, of a case; and the work of a quarter. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from caseserver.web import wording
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.property.of_stay import persons_of_case
from caseserver.web.property.things import frame, limits, limits_of, path, row_of
from caseserver.web.property.views import CasePage, ClearupPage, ItemsPage, OverduePage, WorkGroup
from caseserver.web.reader import Reader
from caseserver.web.views import FormLink
from custody.catalogue.forms import FORM_NAMES
from custody.items import Item
from custody.property_words import DISPOSALS, ITEM_STATES
from custody.world import World

ROWS_MAX: Final = 200
"""Lines of a list; of a longer one it is said how many are left out, and the sheet has them all."""
HERE, ALL = "here", "all"
SHOWN: Final = (HERE, "taken", "kept", "stored", "lent", "sent", "away", "ended", ALL)


def items_page(
    states: Sequence[AreaPicture], chosen: AreaPicture, query: str, show: str, reader: Reader
) -> ItemsPage:
    """Items of an area: the newest movement first. ``query``: a part of any reference or number that the log has of them."""
    show = show if show in SHOWN else HERE
    matching = [item for item in chosen.world.items.values() if is_found(item, query)]
    found = of_show(matching, show)
    filters = tuple(
        (name, _show_word(name, reader), sum(_is_shown(item, name) for item in matching)) for name in SHOWN
    )
    rows = tuple(row_of(item, chosen, reader) for item in found[:ROWS_MAX])
    beyond = max(0, len(found) - ROWS_MAX)
    return ItemsPage(frame(states, chosen, "items", reader), query, show, filters, rows, beyond)


def _show_word(name: str, reader: Reader) -> str:
    if name in ITEM_STATES:
        return reader.code(ITEM_STATES, name)
    return reader.t("property.here") if name == HERE else reader.t("property.all")


def of_show(items: Sequence[Item], show: str) -> list[Item]:
    """Those of a filter, the newest movement first."""
    chosen = [item for item in items if _is_shown(item, show)]
    return sorted(chosen, key=lambda item: (-item.since_us, item.ref))


def _is_shown(item: Item, show: str) -> bool:
    return show == ALL or (item.is_here if show == HERE else item.state == show)


def is_found(item: Item, query: str) -> bool:
    """Whether every word of a query is part of what the log has of an item in clear."""
    told = (item.ref, item.stay, item.case, item.seal, item.tag, item.holder, item.keeper, item.part_of)
    text = " ".join([*(part for part in told if part), *item.handlers]).lower()
    return all(word in text for word in query.lower().split())


# ---------------------------------------------------------------- overdue, case


def overdue_page(states: Sequence[AreaPicture], chosen: AreaPicture, reader: Reader) -> OverduePage:
    """What is over its limit, what is lent and until when, which limits come next."""
    rows = limits(chosen, reader, with_cases=True)
    lent = [item for item in chosen.world.items.values() if item.state == "lent" and item.loan is not None]
    lent.sort(key=lambda item: (item.loan.due_us if item.loan else 0, item.ref))
    return OverduePage(
        frame(states, chosen, "overdue", reader),
        tuple(row for row in rows if row.flag == "act")[:ROWS_MAX],
        tuple(row_of(item, chosen, reader) for item in lent[:ROWS_MAX]),
        tuple(sorted((row for row in rows if row.flag != "act"), key=lambda row: row.at_us)[:ROWS_MAX]),
    )


def case_page(
    states: Sequence[AreaPicture], chosen: AreaPicture, case: str, reader: Reader
) -> CasePage | None:
    """What belongs to a case, in the order in which it came in; None when the ledger has nothing of it."""
    items = chosen.world.items.of_case(case)
    if not items:
        return None
    items.sort(key=lambda item: (item.entered_us, item.entered_fact, item.ref))
    subjects = [f"case:{case}", *(f"item:{item.ref}" for item in items)]
    decided = [(item.ref, reader.code(DISPOSALS, item.disposal)) for item in items if item.disposal]
    area = chosen.area.id
    return CasePage(
        frame(states, chosen, "items", reader), case, tuple(row_of(item, chosen, reader) for item in items[:ROWS_MAX]), len(items),
        sum(item.pieces for item in items), limits_of(chosen, subjects, reader), tuple(decided),
        path(area, f"papers?case={case}"), persons_of_case(case, chosen, reader),
    )  # fmt: skip


# ---------------------------------------------------------------- the quarter


def quarter_of(at_us: int, zone: str) -> tuple[int, int, int]:
    """(year, quarter, its last moment in microseconds UTC) by the calendar of the area."""
    there = wording.local(at_us, zone)
    quarter = (there.month - 1) // 3 + 1
    year, month = (there.year + 1, 1) if quarter == 4 else (there.year, quarter * 3 + 1)
    end = datetime(year, month, 1, tzinfo=ZoneInfo(zone)) - timedelta(seconds=1)
    return there.year, quarter, int(end.timestamp()) * 1_000_000


def clearup_page(
    states: Sequence[AreaPicture], chosen: AreaPicture, may: frozenset[str], reader: Reader
) -> ClearupPage:
    """What the quarter's clear-up has to look at, and in which stores it was held."""
    year, quarter, ends_us = quarter_of(reader.now_us, reader.zone)
    here = sorted(
        (item for item in chosen.world.items.values() if item.is_here),
        key=lambda item: (item.entered_us, item.ref),
    )
    groups, taken = [], set[str]()
    for name, belongs in WORK.items():  # each thing once: under what is most to be done about it
        rows = [item for item in here if item.ref not in taken and belongs(item, chosen.world)]
        taken |= {item.ref for item in rows}
        if rows:
            lines = tuple(row_of(item, chosen, reader) for item in rows[:ROWS_MAX])
            groups.append(WorkGroup(name, reader.of("clearup", name), lines, len(rows)))
    held = _held(chosen, (year, quarter), may, reader)
    return ClearupPage(frame(states, chosen, "clearup", reader), year, quarter, ends_us, held, tuple(groups))


def _is_left(item: Item, world: World) -> bool:
    """Effects of somebody who is no longer there."""
    stay = world.stays.get(item.stay) if item.stay else None
    return item.kind == "effects" and (stay is None or not stay.is_open)


WORK: Final[Mapping[str, Callable[[Item, World], bool]]] = {
    "decided": lambda item, _: bool(item.disposal),
    "unrelated": lambda item, _: item.is_unrelated,
    "left": _is_left,
    "away": lambda item, _: item.state in ("lent", "sent", "away"),
    "undecided": lambda item, _: item.kind in ("exhibit", "specimen"),
}
"""What a clear-up looks at, the first that fits: decided and not carried out, unrelated and still here, effects left
behind, not in the house, not decided yet."""


def _held(
    state: AreaPicture, of: tuple[int, int], may: frozenset[str], reader: Reader
) -> tuple[tuple[str, str, tuple[FormLink, ...]], ...]:
    words, found = Words(state.area, state.world, reader), []
    for room in dict.fromkeys(cabinet.room for cabinet in state.area.cabinets.values()):
        mark = state.world.steps_of(f"room:{room}").get("clearup.held")
        body = mark.body if mark is not None else {}
        is_held = mark is not None and (body.get("year"), body.get("quarter")) == of
        said = reader.day_and_clock(mark.last_us) if mark is not None and is_held else ""
        link = FormLink(
            reader.name(FORM_NAMES["clearup.held"]), f"/record/{state.area.id}/clearup.held?room={room}"
        )
        acts = (link,) if not is_held and "clearup.held" in may else ()
        found.append((words.room(room), said, acts))
    return tuple(found)
