"""Stock-taking of a cabinet: each item that lies there is told, and the end states what the count itself shows. Clear-up of a store."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from custody.apply.base import Handler, Refused, text
from custody.apply.property import PROPERTY, place_found
from custody.area import Area
from custody.facts import Fact
from custody.items import Count, Item, holder
from custody.times import local_date, quarter_of
from custody.world import World

RULE: Final = "P13"


def expected_in(world: World, area: Area, cabinet: str) -> list[Item]:
    """What lies in a cabinet by the ledger."""
    compartments = [place.id for place in area.compartments.values() if place.cabinet == cabinet]
    return [item for compartment in compartments for item in world.items.lying_in(compartment)]


def _started(world: World, area: Area, fact: Fact) -> Refused | None:
    ref = text(fact, "stocktaking")
    refused = None if fact.index in world.firm else _not_to_start(world, fact)
    if refused is None:
        begun = Count(ref, text(fact, "cabinet"), text(fact, "counter"), fact.occurred_us, fact.index)
        world.counts.put(ref, begun)
    return refused


def _not_to_start(world: World, fact: Fact) -> Refused | None:
    ref, cabinet, counter = text(fact, "stocktaking"), text(fact, "cabinet"), text(fact, "counter")
    subject = f"stocktaking:{ref}"
    if ref in world.counts:
        return Refused(RULE, subject, "count_known", "a reference never used", ref)
    if counter not in world.officers:
        return Refused(RULE, subject, "unknown_officer", "a registered officer", counter)
    running = [
        count.ref for count in world.counts.values() if count.cabinet == cabinet and count.ended_us is None
    ]
    if running:
        return Refused(RULE, subject, "count_running", "one count of a cabinet at a time", running[0])
    return None


def _open(world: World, fact: Fact) -> Count | Refused:
    ref = text(fact, "stocktaking")
    count = world.counts.get(ref)
    if count is None or count.ended_us is not None:
        return Refused(RULE, f"stocktaking:{ref}", "no_count", "a count that runs", ref)
    return count


def _counted(world: World, area: Area, fact: Fact) -> Refused | None:
    count = _open(world, fact)
    if fact.index not in world.firm:
        refused = count if isinstance(count, Refused) else _not_to_count(world, area, fact, count)
        if refused is not None:
            return refused
    refused = PROPERTY["item.counted"](world, area, fact)
    if refused is None and isinstance(count, Count):
        world.counts.put(count.ref, _told(world, fact, count))
    return refused


def _told(world: World, fact: Fact, count: Count) -> Count:
    """The word told last of an item is the one that counts."""
    ref, pieces, place = text(fact, "item"), fact.body.get("pieces"), place_found(fact)
    found = tuple(entry for entry in count.found if entry[0] != ref)
    astray = tuple(entry for entry in count.astray if entry[0] != ref)
    item = world.items.get(ref)
    if place is not None and item is not None and item.compartment != place:
        return replace(count, found=found, astray=(*astray, (ref, place, item.holder)))
    told = (ref, fact.body["found"] is True, pieces if isinstance(pieces, int) else None)
    return replace(count, found=(*found, told), astray=astray)


def _not_to_count(world: World, area: Area, fact: Fact, count: Count) -> Refused | None:
    """It lies, or was found, in another cabinet, or who counts took it. What the ledger lacks, the ledger says."""
    item = world.items.get(text(fact, "item"))
    place = None if item is None else place_found(fact) or item.compartment
    if item is None or place is None:
        return None
    subject = f"item:{item.ref}"
    lies_in = area.compartments.get(place)
    if lies_in is None or lies_in.cabinet != count.cabinet:
        return Refused(RULE, subject, "wrong_cabinet", count.cabinet, holder("compartment", place))
    if count.counter in item.handlers:
        return Refused(RULE, subject, "keeper_is_handler", "somebody who did not take it", count.counter)
    return None


def _ended(world: World, area: Area, fact: Fact) -> Refused | None:
    count, is_firm = _open(world, fact), fact.index in world.firm
    if isinstance(count, Refused):
        return None if is_firm else count
    refused = None if is_firm else _unfinished(world, area, fact, count)
    if refused is None:
        missing = fact.body["missing"]
        assert isinstance(missing, int), "a number of a checked body"
        world.counts.put(count.ref, replace(count, ended_us=fact.occurred_us, missing=missing))
    return refused


def _unfinished(world: World, area: Area, fact: Fact, count: Count) -> Refused | None:
    subject, told = f"stocktaking:{count.ref}", {ref: (there, pieces) for ref, there, pieces in count.found}
    astray = {ref for ref, _, _ in count.astray}
    expected = [item for item in expected_in(world, area, count.cabinet) if item.ref not in astray]
    left = [item.ref for item in expected if item.ref not in told]
    if left:
        return Refused(RULE, subject, "not_all_counted", "each item of the cabinet", left[0])
    missing = len(astray) + sum(not _is_whole(item, *told[item.ref]) for item in expected)
    if missing == fact.body["missing"]:
        return None
    return Refused(RULE, subject, "other_sum", str(missing), str(fact.body["missing"]))


def _is_whole(item: Item, is_there: bool, pieces: int | None) -> bool:
    return is_there and pieces in (None, item.pieces)


def _cleared_up(world: World, area: Area, fact: Fact) -> Refused | None:
    """It counts for the quarter in which it was held, and for no other."""
    try:
        day = local_date(fact.occurred_us, area.zone)
    except OverflowError:  # beyond what a calendar can say
        return None
    held, stated = quarter_of(day), (fact.body["year"], fact.body["quarter"])
    if stated == held:
        return None
    words = ["{}-Q{}".format(*quarter) for quarter in (held, stated)]
    return Refused("P12", f"room:{text(fact, 'room')}", "other_quarter", *words)


STOCKTAKING: Final[Mapping[str, Handler]] = {
    "clearup.held": _cleared_up,
    "count.started": _started,
    "item.counted": _counted,
    "count.ended": _ended,
}
