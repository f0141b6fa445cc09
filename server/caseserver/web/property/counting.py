"""Stock-takings: what each found, and every discrepancy with what the ledger had. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import holder_words
from caseserver.web.property.things import frame, item_path
from caseserver.web.property.views import CountRow, CountsPage, CountView
from caseserver.web.reader import Reader
from caseserver.web.views import FormLink
from custody.catalogue.forms import FORM_NAMES
from custody.items import Count, Item, holder

SHOWN_MAX: Final = 20
"""Stock-takings on the page, the newest first; older ones are in the log."""
ORDER: Final = ("missing", "other_number", "elsewhere", "not_told", "found")
DISCREPANCIES: Final = ORDER[:3]


def counts_page(
    states: Sequence[AreaPicture], chosen: AreaPicture, may: frozenset[str], reader: Reader
) -> CountsPage:
    """The newest stock-takings; cabinets with things in them that were never counted."""
    counts = sorted(chosen.world.counts.values(), key=lambda count: (-count.began_us, -count.fact))
    views = tuple(_count(count, chosen, may, reader) for count in counts[:SHOWN_MAX])
    counted = {count.cabinet for count in counts}
    left = []
    for cabinet in chosen.area.cabinets.values():
        lying = _lying(chosen, cabinet.id)
        if lying and cabinet.id not in counted:
            left.append((reader.name(cabinet.name), len(lying)))
    acts = _links(chosen, ("count.started",), "", may, reader)
    return CountsPage(frame(states, chosen, "counts", reader), views, tuple(left), acts)


def _lying(state: AreaPicture, cabinet: str) -> list[Item]:
    places = [place.id for place in state.area.compartments.values() if place.cabinet == cabinet]
    return [item for place in places for item in state.world.items.lying_in(place)]


def _links(
    state: AreaPicture, facts: Sequence[str], query: str, may: frozenset[str], reader: Reader
) -> tuple[FormLink, ...]:
    base = f"/record/{state.area.id}"
    return tuple(
        FormLink(reader.name(FORM_NAMES[fact]), f"{base}/{fact}{query}") for fact in facts if fact in may
    )


def _count(count: Count, state: AreaPicture, may: frozenset[str], reader: Reader) -> CountView:
    told = {ref: (is_there, pieces) for ref, is_there, pieces in count.found}
    astray = {ref: (place, held) for ref, place, held in count.astray}
    refs = dict.fromkeys(told)
    if count.ended_us is None:  # of one that is over the ledger has gone on
        refs |= dict.fromkeys(item.ref for item in _lying(state, count.cabinet) if item.ref not in astray)
    rows = [_row(ref, told.get(ref), state, reader) for ref in refs]
    rows += [_elsewhere(ref, *known, state, reader) for ref, known in astray.items()]
    rows.sort(key=lambda row: (ORDER.index(row.result), row.place, row.ref))
    cabinet = state.area.cabinets.get(count.cabinet)
    acts = ("item.counted", "count.ended") if count.ended_us is None else ()
    return CountView(
        count.ref, reader.name(cabinet.name) if cabinet is not None else count.cabinet, count.counter, count.began_us,
        count.ended_us,
        sum(row.result in DISCREPANCIES for row in rows) if count.ended_us is None else count.missing,
        sum(row.result == "found" for row in rows), tuple(rows),
        _links(state, acts, f"?stocktaking={count.ref}", may, reader),
    )  # fmt: skip


def _elsewhere(ref: str, place: str, held: str, state: AreaPicture, reader: Reader) -> CountRow:
    """Found where the ledger did not have it: where, and with whom it was by the ledger when that was told."""
    found_in, with_whom = (
        holder_words(who, state.area, reader) for who in (holder("compartment", place), held)
    )
    told = reader.t("property.found_elsewhere", place=found_in, holder=with_whom)
    item = state.world.items.get(ref)
    return CountRow(
        ref, item_path(state.area.id, ref), "elsewhere", reader.of("counted", "elsewhere"), told,
        item.pieces if item is not None else None, None,
    )  # fmt: skip


def _row(ref: str, told: tuple[bool, int | None] | None, state: AreaPicture, reader: Reader) -> CountRow:
    """The pieces expected are the ledger's of now; of a thing forgotten since they are not known here."""
    item = state.world.items.get(ref)
    expected = item.pieces if item is not None else None
    if told is None:
        result = "not_told"
    elif not told[0]:
        result = "missing"
    else:
        result = "found" if told[1] is None or expected in (None, told[1]) else "other_number"
    place = holder_words(item.holder, state.area, reader) if item is not None else ""
    counted = told[1] if told is not None and told[0] else None
    return CountRow(
        ref, item_path(state.area.id, ref), result, reader.of("counted", result), place, expected, counted
    )
