"""From a list to facts: what is stated when both have signed, when the compartment is shut, when the task ends. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from casekiosk.asking import Stated
from casekiosk.drafts import GIVER, OFFICER, OWNER, PERSON, TAKER, WITNESS, Draft, Item
from casekiosk.tasks import PUT_IN, TASKS
from custody.facts import BodyValue

SIGNED, SHUT, LOOKED, BEGUN, ENDED = "signed", "shut", "looked", "begun", "ended"
Body = dict[str, BodyValue]
Facts = list[tuple[str, Body]]
_KEY: Final = ("item", "stay", "signed_by")
"""What tells the facts of one type and moment apart."""


def facts_of(draft: Draft, moment: str) -> list[tuple[str, Stated]]:
    """(key, fact) of a moment: what is not in the log yet. The key is the same in every attempt, the id in each its own.

    `moment` may end in the compartment that it is about: `shut.L07`.
    """
    make = _TABLE.get((draft.task, moment.partition(".")[0]))
    told = [] if make is None else make(draft)
    keyed = [
        (" ".join([moment, name, *(str(body.get(k, "")) for k in _KEY)]), name, body) for name, body in told
    ]
    return [
        (key, Stated(name, body, f"{draft.id}-{moment}-{draft.attempt}-{number}"))
        for number, (key, name, body) in enumerate(keyed)
        if key not in draft.accepted
    ]


def request_of(draft: Draft) -> Stated:
    """The form that asks for the compartment."""
    body: Body = {
        "compartment": draft.compartment,
        "purpose": TASKS[draft.task].purpose,
        "officer": draft.officer,
        "items": [item.ref for item in here(draft)] or None,
        "stay": draft.stay or None,
    }
    return Stated("compartment.requested", _clean(body), draft.request)


def override_of(draft: Draft, reason: str, at_us: int) -> Stated:
    """The form that says why the mechanical key is used, and from when."""
    body: Body = {"compartment": draft.compartment, "reason": reason, "officer": draft.officer}
    return Stated("compartment.overridden", body, f"{draft.request}-key-{at_us}")


def here(draft: Draft) -> list[Item]:
    """The chosen items that belong to the compartment in hand."""
    if TASKS[draft.task].purpose in PUT_IN:
        return draft.chosen
    return [item for item in draft.chosen if item.compartment == draft.compartment]


def _clean(body: Body) -> Body:
    return {key: value for key, value in body.items() if value not in (None, "", False)}


def _of(draft: Draft, item: Item) -> Body:
    return {"item": item.ref, "stay": item.stay or None, "officer": draft.officer}


def _signature(draft: Draft, part: str) -> str:
    signature = draft.signature(part)
    assert signature is not None, f"{draft.task}: {part} has signed before this is stated"
    return signature.digest


def _each(draft: Draft, name: str, **more: BodyValue) -> Facts:
    return [(name, _clean({**_of(draft, item), **more})) for item in draft.chosen]


# --- personal effects -----------------------------------------------------------------------


def _effects_listed(draft: Draft) -> Facts:
    told: Facts = []
    for item in draft.chosen:
        of = _of(draft, item)
        what: Body = {
            "pieces": item.pieces, "valuable": item.valuable, "dangerous": item.dangerous, "cash": item.cash,
            "seal": item.seal, "sheet": draft.id, "taken_by": draft.other, "kept_because": draft.kept_because,
        }  # fmt: skip
        told.append(("item.found", _clean({**of, **what})))
        if item.described:
            told.append(("item.described", _clean({**of, **item.described})))
        told.append(_photographed(draft, item))
        told.append(_signed_by_person(draft, item))
        told.append(("item.handed_over", _clean({**of, **_hands(draft)})))
    told.append(("effects.listed", {"stay": draft.stay, "officer": draft.officer}))
    return told


def _photographed(draft: Draft, item: Item) -> tuple[str, Body]:
    return "item.photographed", _clean({**_of(draft, item), "photo": item.photo, "no_photo": item.no_photo})


def _by(draft: Draft, signed_by: str, part: str) -> Body:
    act = TASKS[draft.task].act
    return {"of": act, "signed_by": signed_by, "signature": _signature(draft, part), "sheet": draft.id}


def _signed_as(draft: Draft, item: Item, signed_by: str, part: str) -> tuple[str, Body]:
    """The signature in the place `part` of the screen, by whom the catalogue of facts knows it."""
    return "item.signed", _clean({**_of(draft, item), **_by(draft, signed_by, part)})


def _signed_by_person(draft: Draft, item: Item) -> tuple[str, Body]:
    if draft.is_refused:
        return "item.refused_signature", _clean({**_of(draft, item), **_by(draft, WITNESS, WITNESS)})
    return _signed_as(draft, item, PERSON, PERSON)


def _effects_returned(draft: Draft) -> Facts:
    told: Facts = []
    for item in draft.chosen:
        told.append(_signed_by_person(draft, item))
        told.append(_signed_as(draft, item, OFFICER, OFFICER))
        back: Body = {"giver": draft.officer, "receiver": "person"}
        told.append(("item.returned", _clean({**_of(draft, item), **back})))
    if len(draft.chosen) == len(draft.items):
        told.append(("effects.returned", {"stay": draft.stay, "officer": draft.officer}))
    return told


# --- compartments ---------------------------------------------------------------------------


def _stored(draft: Draft) -> Facts:
    return _each(draft, "item.stored", keeper=draft.officer, compartment=draft.compartment)


def _taken_out(draft: Draft) -> Facts:
    return [
        (
            "item.taken_out",
            _clean({**_of(draft, item), "keeper": draft.officer, "compartment": item.compartment}),
        )
        for item in here(draft)
    ]


# --- exhibits, dossiers, specimens ----------------------------------------------------------


def _both(draft: Draft) -> Body:
    return {"giver_signature": _signature(draft, GIVER), "taker_signature": _signature(draft, TAKER)}


def _hands(draft: Draft) -> Body:
    return {"giver": draft.other, "keeper": draft.officer, "sheet": draft.id, **_both(draft)}


def _handed_over(draft: Draft) -> Facts:
    told = [_photographed(draft, item) for item in draft.chosen if item.is_seen]
    return told + _each(draft, "item.handed_over", **_hands(draft))


def _lent(draft: Draft) -> Facts:
    return [
        ("item.lent", _clean({
            **_of(draft, item), "keeper": draft.officer, "borrower": draft.other,
            "return_by_at_us": item.due_us, **_both(draft),
        }))
        for item in draft.chosen
    ]  # fmt: skip


def _given_back(draft: Draft) -> Facts:
    return [
        ("item.given_back", _clean({
            **_of(draft, item), "keeper": draft.officer, "borrower": draft.other, "state": item.condition or "whole",
            **_both(draft),
        }))
        for item in draft.chosen
    ]  # fmt: skip


# --- out of the house, back, to the owner ---------------------------------------------------


def _sent(draft: Draft) -> Facts:
    """Out of the compartment and on its way, with whoever carries it."""
    gone: Body = {"destination": draft.destination, "carrier": draft.other, "sheet": draft.id}
    return _taken_out(draft) + [("item.sent", _clean({**_of(draft, item), **gone})) for item in here(draft)]


def _received(draft: Draft) -> Facts:
    """Back from a place; what nobody has told on its way back is told now, by who carried it."""
    told: Facts = []
    way: Body = {"destination": "keeper", "carrier": draft.other}
    for item in draft.chosen:
        of = _of(draft, item)
        if item.away:
            told.append(("item.sent", _clean({**of, **way, "sheet": draft.id})))
        state: Body = {"keeper": draft.officer, "state": item.condition or "whole"}
        told.append(("item.received", _clean({**of, **way, **state})))
        told.append(_signed_as(draft, item, "officer", GIVER))
        told.append(_signed_as(draft, item, "receiver", TAKER))
    return told


def _restored(draft: Draft) -> Facts:
    told: Facts = []
    for item in draft.chosen:
        told.append(_signed_as(draft, item, "owner", OWNER))
        told.append(_signed_as(draft, item, "officer", OFFICER))
        back: Body = {"giver": draft.officer, "sheet": draft.id}
        told.append(("item.restored", _clean({**_of(draft, item), **back})))
    return told


def _inspected(draft: Draft) -> Facts:
    return [
        ("item.inspected", _clean({**_of(draft, item), "state": item.condition, "inspector": draft.officer}))
        for item in draft.chosen
    ]


# --- stock-taking ---------------------------------------------------------------------------


def _count_started(draft: Draft) -> Facts:
    body: Body = {"stocktaking": draft.id, "cabinet": draft.cabinet, "counter": draft.officer}
    return [("count.started", body)]


def _counted(draft: Draft) -> Facts:
    told: Facts = []
    for item in draft.items:
        where = {"compartment": item.compartment if item.by_ledger else None}
        body = _clean({**_of(draft, item), "stocktaking": draft.id, **where})
        told.append(("item.counted", {**body, "found": not item.is_missing}))
    return told


def _count_ended(draft: Draft) -> Facts:
    missing = sum(item.is_missing or bool(item.by_ledger) for item in draft.items)
    end: Body = {"stocktaking": draft.id, "missing": missing, "officer": draft.officer}
    return [*_counted(draft), ("count.ended", end)]


_TABLE: Final[Mapping[tuple[str, str], Callable[[Draft], Facts]]] = {
    ("put_in", SIGNED): _effects_listed,
    ("put_in", SHUT): _stored,
    ("hand_back", SHUT): _taken_out,
    ("hand_back", SIGNED): _effects_returned,
    ("hand_over", SIGNED): _handed_over,
    ("hand_over", SHUT): _stored,
    ("store", SHUT): _stored,
    ("take_out", SHUT): _taken_out,
    ("lend", SHUT): _taken_out,
    ("lend", SIGNED): _lent,
    ("give_back", SIGNED): _given_back,
    ("give_back", SHUT): _stored,
    ("send", SHUT): _sent,
    ("receive", SIGNED): _received,
    ("receive", SHUT): _stored,
    ("restore", SHUT): _taken_out,
    ("restore", SIGNED): _restored,
    ("inspect", LOOKED): _inspected,
    ("count", BEGUN): _count_started,
    ("count", ENDED): _count_ended,
}
