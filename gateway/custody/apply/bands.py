"""The way of a wristband: put on, taken off, given back, cleaned, withdrawn; who may wear it next.

A band that was never told of is free: no stock is kept of what hangs in the drawer (ADR 0031).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from custody.apply.base import Handler, Refused, text
from custody.area import Area
from custody.facts import Fact
from custody.world import BandState, Stay, World


def why_not_bound(world: World, stay: Stay, band: str) -> Refused | None:
    """A band is put on who wears it already, or on anybody when it is clean and in use."""
    subject, bearer, known = f"stay:{stay.ref}", world.tags.get(band), world.bands.get(band)
    if bearer is not None and bearer != subject:
        return Refused("WB", subject, "band_in_use", "a band nobody wears", bearer)
    if bearer is not None or known is None or known.state == "free":
        return None
    if known.state == "withdrawn":
        return Refused("WB", subject, "band_withdrawn", "a band in use", f"{band}: {known.reason}")
    if known.stay == stay.ref and known.condition in ("", "whole"):  # the same person again
        return None
    found = f"{band}: worn by stay:{known.stay}" if known.stay else f"{band}: {known.state}"
    return Refused("WB", subject, "band_not_cleaned", "a band that was given back and cleaned", found)


def put_on(world: World, stay: Stay, band: str, fact: Fact) -> None:
    """The person of this stay wears the band from now on."""
    world.tags.put(band, f"stay:{stay.ref}")
    known = world.bands.get(band)
    if known is None or (known.state, known.stay) != ("worn", stay.ref):
        world.bands.put(band, BandState(band, "worn", fact.occurred_us, fact.index, stay.ref))


def taken_off(world: World, stay: Stay, fact: Fact) -> None:
    """Nobody wears the band of this stay any more: it has to be given back."""
    band = str(stay.band)
    world.tags.drop(band)
    out = BandState(band, "out", fact.occurred_us, fact.index, stay.ref)
    seen_us = stay.silent_us if stay.silent_us is not None else fact.occurred_us
    world.bands.put(band, replace(out, room=stay.room, seen_us=seen_us if stay.room is not None else None))


def _in_hand(world: World, fact: Fact) -> BandState | Refused:
    """The band that is cleaned or withdrawn, which nobody may wear. Not an officer's badge."""
    band, at_us = text(fact, "band"), fact.occurred_us
    bearer = world.tags.get(band)
    if bearer is not None:
        return Refused("WB", f"band:{band}", "band_in_use", "a band nobody wears", bearer)
    return world.bands.get(band) or BandState(band, "free", at_us, fact.index)


def _returned(world: World, area: Area, fact: Fact) -> Refused | None:
    """Given back. The person that wore it until now wears none: where he is, nobody sees, and that is told as of a silent band."""
    band, at_us = text(fact, "band"), fact.occurred_us
    kind, _, ref = (world.tags.get(band) or "").partition(":")
    if kind in ("officer", "item"):
        return Refused("WB", f"band:{band}", "not_a_band", "a wristband", f"{kind}:{ref}")
    stay = world.stays.get(ref)
    if stay is not None:
        taken_off(world, stay, fact)
        is_away = (
            stay.room is None and stay.silent_us is None
        )  # out with an escort: no reader is expected to see him
        silent_us = None if is_away else (stay.silent_us if stay.silent_us is not None else at_us)
        silent_fact = stay.silent_fact if stay.silent_us is not None else fact.index
        bare = replace(stay, band=None, silent_us=silent_us, silent_fact=silent_fact, seen_by=(), left=None)
        world.stays.put(ref, replace(bare, band_cut_fact=None, band_battery_pct=None, band_weak_fact=None))
    known = world.bands.get(band) or BandState(band, "returned", at_us, fact.index)
    back = replace(known, state="returned", since_us=at_us, fact=fact.index, reason="")
    world.bands.put(band, replace(back, condition=text(fact, "state")))
    return None


def _cleaned(world: World, area: Area, fact: Fact) -> Refused | None:
    known = _in_hand(world, fact)
    if isinstance(known, Refused):
        return known
    if known.state == "withdrawn":
        found = f"{known.id}: {known.reason}"
        return Refused("WB", f"band:{known.id}", "band_withdrawn", "a band in use", found)
    world.bands.put(known.id, BandState(known.id, "free", fact.occurred_us, fact.index))
    return None


def _withdrawn(world: World, area: Area, fact: Fact) -> Refused | None:
    known = _in_hand(world, fact)
    if isinstance(known, Refused):
        return known
    gone = replace(known, state="withdrawn", since_us=fact.occurred_us, fact=fact.index)
    world.bands.put(known.id, replace(gone, reason=text(fact, "reason")))
    return None


BANDS: Final[Mapping[str, Handler]] = {
    "wristband.returned": _returned,
    "wristband.cleaned": _cleaned,
    "wristband.withdrawn": _withdrawn,
}
