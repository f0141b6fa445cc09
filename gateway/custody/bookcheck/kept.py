"""Scenes of things that are kept: who may not do what, what is left, what the ledger refuses."""

from collections.abc import Callable, Mapping
from typing import Final

from custody.bookcheck.script import Script
from custody.bookcheck.sources import one_of
from custody.bookcheck.telling import OTHER, Way
from custody.rules import Rule


def hands(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    """The act by somebody who is barred: by a role, or by the work done in the same case."""
    params, act = rule.params, rule.params["act"][way.since]
    if "never" in params:
        person = s.officer(("keeper", params["never"][0]))
    else:
        person = s.officer(("keeper",), sex="F")
        s.register()
        s.do(params["apart_from"][0], officers=[person, s.officer()])
    s.do(act, ref, rule.unit, **{params["who"]: person})
    return None


def keeping(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    """A thing that is still kept, or that turns out to lie where it must not."""
    since, item = rule.params.get("since"), s.store.thing()
    if since is not None:
        s.store.lead("item.inspected", "", item)
        s.do(since[way.since], ref, rule.unit)
        return None
    traits, s.store.traits = s.store.traits, ()
    if not s.area.cabinets:
        s.store.cabinet()
    s.do("item.stored", ref, "item")
    s.do("item.corrected", ref, "item", **dict.fromkeys(traits, True))
    return None


def _by_who_took_it(s: Script, rule: Rule, fact: str) -> None:
    """The officer who took it wants to keep it."""
    taker, item = s.store.keeper(), s.store.thing()
    kind = (s.store.kinds or ("exhibit",))[0]
    entering = {"effects": "item.found", "specimen": "item.collected"}.get(kind, "item.seized")
    s.store.tell(entering, "", item, taken_by=taker)
    s.store.tell(fact, "", item, keeper=taker, giver=taker)


def _not_approved(s: Script, rule: Rule, fact: str) -> None:
    """Lent, or disposed of, though nobody approved or decided it."""
    item = s.store.thing()
    s.store.lead("item.inspected" if fact == "item.restored" else "item.taken_out", "", item)
    if fact == "item.lent":
        s.store.lead("item.stored", "", item)
    s.store.tell(fact, "", item)


def _no_keeper(s: Script, rule: Rule, fact: str) -> None:
    """A compartment is asked for by an officer who keeps nothing."""
    s.tell(
        fact,
        compartment=one_of(s, s.area.compartments, "compartment"),
        purpose="inspect",
        officer=s.officer(),
    )


def _uncounted(s: Script, rule: Rule, fact: str) -> None:
    s.do("item.stored", s.store.cabinet(), "cabinet")
    s.do(fact, f"{rule.unit[0]}-1", rule.unit)


def _ordinary_cabinet(s: Script, rule: Rule, fact: str) -> None:
    """Dangerous goods go into an ordinary cabinet."""
    item, area = s.store.thing(), s.area
    s.store.lead(fact, "", item)
    wrong = [c.id for c in area.compartments.values() if area.cabinet_of(c.id).kind == "property"]
    s.store.tell(fact, "", item, compartment=wrong[0] if wrong else s.store.cabinet())


def _two_persons(s: Script, rule: Rule, fact: str) -> None:
    """The effects of another person lie there."""
    s.store.kinds = ("effects",)
    s.store.cabinet("effects")
    s.do(fact, "i-0", "item")
    s.open(OTHER)
    item = s.store.thing()
    item.stay = OTHER
    s.do(fact, item.ref, "item")


def _astray(s: Script, rule: Rule, fact: str) -> None:
    item = s.store.thing()
    s.store.lead(fact, "", item)
    s.store.tell(fact, "court", item)


KEPT_REFUSALS: Final[Mapping[str, Callable[[Script, Rule, str], None]]] = {
    "compartment_of_another": _two_persons,
    "keeper_is_handler": _by_who_took_it,
    "no_keeper": _no_keeper,
    "not_all_counted": _uncounted,
    "not_approved": _not_approved,
    "not_decided": _not_approved,
    "other_destination": _astray,
    "wrong_cabinet": _ordinary_cabinet,
}
