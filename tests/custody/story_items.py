"""How rules on things that are kept, stock-takings and compartments are broken (see stories.py)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from custody.rules import Rule
from tests.custody.stories import (
    BREAK_US,
    HOUR_US,
    LED_US,
    MINUTE_US,
    START_US,
    STAY,
    ZONE,
    Said,
    Story,
    Teller,
    area,
    ended,
    made,
    midnight_us,
    prologue,
)

ITEM, DOOR = "item:i-1", "compartment:ca-1"
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def each(rule: Rule, t: Teller) -> Story:
    """Needed since something was stored there, and the act is not done until the end of the period."""
    t.do("item.stored", BREAK_US)
    day = datetime.fromtimestamp(BREAK_US // 1_000_000, ZONE).date()
    months = _MONTHS[rule.params["each"]]
    end_us = midnight_us(day.replace(day=1, month=day.month - (day.month - 1) % months + months))
    endings = {step: ended(t, step) for step in rule.params["acts"]}
    story = made(t, end_us, endings=endings)
    cabinet = next(c.id for c in area().cabinets.values() if c.kind == "property")
    return replace(
        story, subject="room:property" if rule.unit == "room" else f"cabinet:{cabinet}", begin_us=BREAK_US
    )


def short(rule: Rule) -> Story:
    """A stock-taking that ends with a thing missing; the innocent one finds it."""
    t = Teller(rule)
    prologue(t)
    t.do("count.ended", BREAK_US, missing=1)
    innocent = [
        replace(said, body={**said.body, **_FOUND.get(said.type, {})}) if said.type in _FOUND else said
        for said in t.said
    ]
    return replace(made(t, BREAK_US, is_instant=True, innocent=innocent), subject="stocktaking:n-1")


_FOUND: dict[str, dict[str, object]] = {"item.counted": {"found": True}, "count.ended": {"missing": 0}}


# --- what the ledger refuses ------------------------------------------------------------------------


def refused(rule: Rule) -> Iterator[Story]:
    """The attempt is told for the first reason of the rule; without that reason it is taken, and nothing is told."""
    t = Teller(rule)
    if rule.unit == "compartment":
        yield _not_entitled(rule, t)
        return
    prologue(t)
    lawful = _REFUSED[rule.params["reasons"][0]](rule, t, rule.params["facts"][0])
    subject = "stocktaking:n-1" if rule.unit == "stocktaking" else ITEM
    yield replace(made(t, BREAK_US, is_instant=True, lawful_before=lawful), subject=subject)


def _said(t: Teller, fact: str, value: str = "", **body: object) -> None:
    t.ledger.now_us = BREAK_US
    t.ledger.store.tell(fact, value, t.ledger.store.thing(), **body)


def _led(t: Teller, fact: str) -> None:
    t.ledger.now_us = LED_US
    t.ledger.store.lead(fact, "", t.ledger.store.thing())


def _took_it(rule: Rule, t: Teller, fact: str) -> list[Said]:
    """Who took it wants to keep it; another keeper may."""
    entering = {"effects": "item.found"}.get((t.ledger.store.kinds or ("exhibit",))[0], "item.seized")
    t.ledger.now_us = LED_US
    t.ledger.store.tell(entering, "", t.ledger.store.thing(), taken_by="0718")
    _said(t, fact, giver="0718", keeper="0718")
    return [*t.said[:-1], replace(t.said[-1], body={**t.said[-1].body, "keeper": "0719"})]


def _unapproved(rule: Rule, t: Teller, fact: str) -> list[Said]:
    t.ledger.store.kinds, t.ledger.store.due_us = ("exhibit",), BREAK_US + HOUR_US
    _led(t, "item.stored")
    step = "item.borrow_approved" if fact == "item.lent" else "disposal.decided:restore"
    before = ended(t, step)(BREAK_US - MINUTE_US)
    giver = {"giver": "0718"} if fact == "item.restored" else {}
    _said(t, fact, **giver)
    return [*t.said[:-1], *before, t.said[-1]]


def _uncounted(rule: Rule, t: Teller, fact: str) -> list[Said]:
    t.do("item.stored", LED_US)
    t.do("count.started", LED_US)
    t.do(fact, BREAK_US)
    told = Said(BREAK_US - MINUTE_US, "item.counted", {"item": "i-1", "stocktaking": "n-1", "found": True})
    return [*t.said[:-1], told, t.said[-1]]


def _wrong_cabinet(rule: Rule, t: Teller, fact: str) -> list[Said]:
    _led(t, fact)
    _said(t, fact, compartment="ca-1")
    return [*t.said[:-1], replace(t.said[-1], body={**t.said[-1].body, "compartment": "cd-1"})]


def _of_another(rule: Rule, t: Teller, fact: str) -> list[Said]:
    """The effects of another person lie there; the compartment beside it is empty."""
    t.admit(())
    t.ledger.store.kinds = ("effects",)
    t.ledger.now_us = LED_US
    other = t.ledger.store.thing("i-0")
    t.say(START_US + 10 * MINUTE_US, "person.arrived", stay="s-2")
    other.stay = "s-2"
    t.ledger.store.lead(fact, "", other)
    t.ledger.store.tell(fact, "", other)
    _led(t, fact)
    _said(t, fact)
    return [*t.said[:-1], replace(t.said[-1], body={**t.said[-1].body, "compartment": "cb-2"})]


def _astray(rule: Rule, t: Teller, fact: str) -> list[Said]:
    _led(t, fact)
    _said(t, fact, "court")
    return [*t.said[:-1], replace(t.said[-1], body={**t.said[-1].body, "destination": "detention_centre"})]


_REFUSED = {
    "compartment_of_another": _of_another,
    "keeper_is_handler": _took_it,
    "not_all_counted": _uncounted,
    "not_approved": _unapproved,
    "not_decided": _unapproved,
    "other_destination": _astray,
    "wrong_cabinet": _wrong_cabinet,
}


def _not_entitled(rule: Rule, t: Teller) -> Story:
    """Somebody asks for a compartment who may not; a keeper may."""
    prologue(t)
    t.say(BREAK_US, "compartment.requested", compartment="ca-1", purpose="inspect", officer="0312")
    innocent = [*t.said[:-1], replace(t.said[-1], body={**t.said[-1].body, "officer": "0718"})]
    return replace(made(t, BREAK_US, is_instant=True, innocent=innocent), subject=DOOR)


# --- who, and where ---------------------------------------------------------------------------------


def hands(rule: Rule) -> Iterator[Story]:
    """By somebody with a role that bars, and by somebody who worked on the case; another keeper may."""
    params = rule.params
    for why in ("never", "apart_from"):
        if why in params:
            yield _by(rule, why, params["act"][0])


def _by(rule: Rule, why: str, act: str) -> Story:
    t, who = Teller(rule), rule.params["who"]
    prologue(t)
    barred = "boss" if why == "never" else "0718"
    if why == "apart_from":
        t.do(rule.params["apart_from"][0], START_US + 30 * MINUTE_US, officers=["0718", "0312"])
    t.do(act, BREAK_US, **{who: barred})
    innocent = [*t.said[:-1], replace(t.said[-1], body={**t.said[-1].body, who: "0719"})]
    subject = "stocktaking:n-1" if rule.unit == "stocktaking" else ITEM
    story = made(t, BREAK_US, is_instant=True, innocent=innocent)
    return replace(story, subject=subject, refused=list(t.said) if rule.refuses else None)


def keeping(rule: Rule) -> Iterator[Story]:
    """Something is still kept, or turns out to lie where it must not."""
    t = Teller(rule)
    prologue(t)
    if "since" in rule.params:
        _led(t, "item.inspected")
        t.do(rule.params["since"][0], BREAK_US)
        ends = ["item.returned"] if rule.unit == "stay" else ["disposal.decided"]
        if "states_none" in rule.params:
            ends.append("item.sent:detention_centre")
        endings = {end: ended(t, end) for end in ends}
        yield replace(made(t, BREAK_US, endings=endings), subject=_OF[rule.unit])
        if "states_none" in rule.params:
            yield _undelivered(rule)
        return
    traits, t.ledger.store.traits = t.ledger.store.traits, ()
    t.do("item.stored", LED_US)
    t.do("item.corrected", BREAK_US, **dict.fromkeys(traits, True))
    endings = {"item.taken_out": ended(t, "item.taken_out")}
    yield replace(made(t, BREAK_US, endings=endings), subject=ITEM)


def _undelivered(rule: Rule) -> Story:
    """On its way when the person leaves, and brought back: it is left behind from then on. What arrives is not."""
    t = Teller(rule)
    prologue(t)
    t.do("item.sent:detention_centre", LED_US)
    t.do(rule.params["since"][0], BREAK_US - MINUTE_US)
    t.do("item.received:keeper", BREAK_US)
    arrived = replace(t.said[-1], body={**t.said[-1].body, "destination": "detention_centre"})
    story = made(
        t, BREAK_US, endings={"item.returned": ended(t, "item.returned")}, innocent=[*t.said[:-1], arrived]
    )
    return replace(story, subject=_OF[rule.unit])


_OF = {"stay": f"stay:{STAY}", "case": "case:c-1"}


# --- compartments -----------------------------------------------------------------------------------


def compartment(rule: Rule) -> Iterator[Story]:
    """Once for each way by which it comes about."""
    source = rule.params["source"]
    for which in rule.params.get("access", rule.params.get("why", (source,))):
        t = Teller(rule)
        prologue(t)
        _LOCKERS[source](t, which)
        endings = {what: ended_by(t, *facts) for what, facts in _RIGHT[source].items()}
        story = made(
            t, BREAK_US, endings=endings, is_placed=source in ("compartment_open", "compartment_unknown")
        )
        yield replace(story, subject=DOOR)


def ended_by(t: Teller, *facts: str):
    """Facts of the compartment at one moment."""
    where = {"compartment": "ca-1"}
    return lambda at_us: [
        Said(at_us, fact, _MORE.get(fact, {}) | ({} if fact == "tag.read" else where)) for fact in facts
    ]


_MORE: dict[str, dict[str, object]] = {
    "compartment.completed": {"request": "q-1", "opened": True},
    "tag.read": {"tag": "t-1", "room": "property", "reader": "rd-ca-1"},
}
_RIGHT: dict[str, dict[str, tuple[str, ...]]] = {
    "compartment_open": {"shut": ("compartment.closed", "compartment.locked")},
    "compartment_failed": {"opened": ("compartment.opened",)},
    "compartment_cut_off": {"completed": ("compartment.completed",)},
    "compartment_missing": {"read again": ("tag.read",), "opened": ("compartment.opened",)},
    "compartment_unknown": {"shut": ("compartment.closed",)},
}


def _order(t: Teller, name: str, at_us: int) -> None:
    body = {"compartment": name, "purpose": "inspect", "officer": "0718"}
    t.say(at_us, "compartment.requested", **body)
    t.say(at_us, "compartment.ordered", **body, request="q-1", command_id=1, valid_ms=5_000)


def _opened(t: Teller, access: str) -> None:
    if access == "overridden":
        t.say(
            BREAK_US - MINUTE_US, "compartment.overridden", compartment="ca-1", reason="power", officer="0718"
        )
    elif access != "unordered":
        _order(t, "ca-1" if access == "ordered" else "ca-2", BREAK_US - MINUTE_US)
    t.say(BREAK_US, "compartment.opened", compartment="ca-1")


def _failed(t: Teller, why: str) -> None:
    _order(t, "ca-1", BREAK_US - MINUTE_US)
    t.say(BREAK_US, "compartment.failed", compartment="ca-1", request="q-1", why=why)


def _cut_off(t: Teller, _: str) -> None:
    _order(t, "ca-1", BREAK_US - MINUTE_US)
    t.say(BREAK_US, "compartment.interrupted", compartment="ca-1", request="q-1", why="silent")


def _missing(t: Teller, _: str) -> None:
    body = {"tag": "t-1", "room": "property", "reader": "rd-ca-1"}
    t.say(START_US + HOUR_US // 2, "tag.read", **body)
    t.say(BREAK_US, "tag.gone", **body)


def _unknown(t: Teller, _: str) -> None:
    t.say(BREAK_US, "compartment.unknown", compartment="ca-1")


_LOCKERS = {
    "compartment_cut_off": _cut_off,
    "compartment_failed": _failed,
    "compartment_missing": _missing,
    "compartment_open": _opened,
    "compartment_unknown": _unknown,
}
