"""The wristbands of an area as the verified log tells them: what has to be done with each, who wears it, where it was read last.

A band that was never told of is nowhere here: no stock is kept (ADR 0031).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views_bands import BandGroup, BandRow, BandsPage, StrayRow
from custody.catalogue.forms import FORM_NAMES
from custody.vocabulary import BAND_CONDITIONS, BAND_ENDS, BAND_STATES
from custody.world import BandState, Stay

ORDER: Final = ("out", "returned", "worn", "withdrawn", "free")
"""What somebody has to do something about comes first."""
ACTS: Final = {
    "out": ("wristband.returned", "wristband.withdrawn"),
    "returned": ("wristband.cleaned", "wristband.withdrawn"),
    "worn": ("wristband.returned",),
    "withdrawn": ("wristband.returned",),
    "free": ("wristband.withdrawn",),
}


def bands_page(
    states: Sequence[AreaPicture], chosen: AreaPicture, may: frozenset[str], reader: Reader
) -> BandsPage:
    """``may``: the facts that this officer may state."""
    words = Words(chosen.area, chosen.world, reader)
    found: dict[str, list[BandRow]] = {state: [] for state in ORDER}
    for band in sorted(chosen.world.bands.values(), key=lambda band: band.id):
        found[band.state].append(_row(band, chosen, words, may))
    areas = tuple(
        (Words(s.area, s.world, reader).name(s.area.name), f"/areas/{s.area.id}/bands", s is chosen)
        for s in states
    )
    return BandsPage(
        title=words.name(chosen.area.name),
        areas=areas,
        groups=tuple(
            BandGroup(state, reader.code(BAND_STATES, state), tuple(rows))
            for state, rows in found.items()
            if rows
        ),
        strays=tuple(
            StrayRow(stray.tag, words.room(stray.room), stray.reader, stray.since_us)
            for stray in chosen.world.strays.values()
        ),
        silent_us=(chosen.health.heard_us or 0) if chosen.health.is_stale else None,
    )


def _row(band: BandState, state: AreaPicture, words: Words, may: frozenset[str]) -> BandRow:
    reader, stay = words.reader, state.world.stays.get(band.stay)
    room, seen_us, is_here = _seen(band, stay, state)
    base = f"/record/{state.area.id}"
    return BandRow(
        band=band.id,
        since_us=band.since_us,
        stay=band.stay,
        stay_href=f"/stays/{state.area.id}/{band.stay}" if stay is not None else "",
        room=words.room(room) if room is not None else "",
        seen_us=seen_us,
        is_here=is_here,
        notes=tuple(_notes(band, stay, words)),
        acts=tuple(
            (reader.name(FORM_NAMES[fact]), f"{base}/{fact}?band={band.id}")
            for fact in ACTS[band.state]
            if fact in may
        ),
    )


def _seen(band: BandState, stay: Stay | None, state: AreaPicture) -> tuple[str | None, int | None, bool]:
    """(room, when, whether a reader sees it now): on the person, as a tag that nobody bears, or when it was last worn."""
    is_heard = not state.health.is_stale
    if band.state == "worn" and stay is not None:
        if stay.silent_us is None:
            return stay.room, stay.room_us, is_heard and stay.room is not None
        return stay.room, stay.silent_us if stay.room is not None else None, False
    stray = state.world.strays.get(band.id)
    if stray is not None:
        return stray.room, stray.since_us, is_heard
    return band.room, band.seen_us, False


def _notes(band: BandState, stay: Stay | None, words: Words) -> list[str]:
    reader, found = words.reader, []
    if band.state == "worn" and stay is not None:
        if stay.band_cut_fact is not None:
            found.append(reader.code(BAND_CONDITIONS, "cut"))
        if stay.silent_us is not None:
            found.append(reader.t("bands.silent"))
        others = dict.fromkeys(words.room(seen.room) for seen in stay.seen_by if seen.room != stay.room)
        if others:
            found.append(reader.t("bands.also", rooms=reader.t("page.list").join(others)))
        if stay.band_battery_pct is not None:
            found.append(reader.t("bands.battery", percent=stay.band_battery_pct))
        if stay.band_weak_fact is not None:
            found.append(reader.t("bands.weak"))
    if band.state == "returned":
        found.append(reader.code(BAND_CONDITIONS, band.condition))
    if band.state == "withdrawn":
        found.append(reader.code(BAND_ENDS, band.reason))
    return found
