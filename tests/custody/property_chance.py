"""Random facts about items: mostly lawful, often nearly so, sometimes absurd. No judgement: engine and auditor give theirs."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from custody.items import Item
from custody.movements import MOVES, TOLD
from custody.world import World
from tests.custody.property_store import COMPARTMENTS, HOUR_US, OFFICERS, signed

DISPOSED = {"restore": "item.restored", "transfer": "item.transferred", "destroy": "item.destroyed", "auction": "item.auctioned",
            "forfeit": "item.forfeited"}  # fmt: skip
CASES, STAYS = ("c1", "c2"), ("s1", "s2")
LIKELY, TAGS = 0.9, ("t1", "t2", "t3")
COUNTS = [f"n{n}" for n in range(6)]
NEW = ("item.found", "item.seized", "item.registered", "item.collected", "dossier.entered")
FREE = ("count.started", "count.ended")
NAMES: Sequence[str] = sorted({*TOLD, *(move.fact for move in MOVES), *FREE})
_OF_STATE: dict[tuple[str, str], list[str]] = {}
for _move in MOVES:
    for _kind in _move.kinds:
        _OF_STATE.setdefault((_kind, _move.state), []).extend(
            [_move.fact] * (1 if _move.to_state == "ended" else 4)
        )
for _name, (_kinds, _states) in TOLD.items():
    for _kind in _kinds:
        for _state in _states:
            _OF_STATE.setdefault((_kind, _state), []).append(_name)
Body = dict[str, Any]


def random_fact(rng: Random, world: World, now_us: int, refs: Sequence[str]) -> tuple[str, Body]:
    """A name and a body that the catalogue accepts. `refs`: references that items may have."""
    ref = rng.choice(refs)
    item = world.items.get(ref)
    if rng.random() < 0.06:
        name = rng.choice(NAMES)
    elif item is None:
        name = rng.choice(NEW)
    else:
        name = _meant(rng, item) or rng.choice(_OF_STATE[item.kind, item.state])
    body = FILL[name](rng, item, now_us, refs)
    if name not in FREE:
        body["dossier" if name.startswith("dossier.") else "item"] = ref
    takes_stay = not name.startswith(("dossier.", "count."))
    right = item.stay if item is not None else rng.choice((*STAYS, None))
    stay = right if rng.random() < LIKELY else rng.choice((*STAYS, None))
    if takes_stay and (stay is not None or name == "item.found"):
        body["stay"] = stay or rng.choice(STAYS)
    return name, {key: value for key, value in body.items() if value is not None}


def _meant(rng: Random, item: Item) -> str | None:
    """What was approved or decided is sometimes done, and what runs is counted."""
    if item.state == "stored" and rng.random() < 0.25:
        return rng.choice(("item.counted", "item.counted", "item.counted", "count.started", "count.ended"))
    if item.state != "kept" or rng.random() < 0.5:
        return None
    return "item.lent" if item.loan is not None else DISPOSED.get(item.disposal)


def _pick(rng: Random, right: Any, others: Sequence[Any]) -> Any:
    return right if right is not None and rng.random() < LIKELY else rng.choice(others)


def _officer(rng: Random, right: str | None = None) -> str:
    return str(_pick(rng, right, [*OFFICERS, "nobody"]))


def _holder(item: Item | None, *kinds: str) -> str | None:
    kind, _, ref = item.holder.partition(":") if item is not None else ("", "", "")
    return ref if kind in kinds else None


def _keeper(rng: Random, item: Item | None) -> str:
    return _officer(rng, _holder(item, "keeper") or rng.choice(("k1", "k2", "k1", "o3")))


def _hands(rng: Random, giver: str, taker: str) -> Body:
    return {
        "giver_signature": signed(giver),
        "taker_signature": signed(taker if rng.random() < LIKELY else giver),
    }


def _taken(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    taker = _officer(rng, rng.choice(("o1", "o2")))
    return {"officers": [taker, _officer(rng, "o3")][: rng.choice((1, 2, 2))], "taken_by": taker, "pieces": rng.randint(1, 9),
            "case": rng.choice(CASES), "dangerous": True if rng.random() < 0.2 else None}  # fmt: skip


def _seized(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    kinds = {
        "procedure": rng.choice(("criminal", "public_order")),
        "seized_from": "place",
        "copies": rng.randint(0, 3),
    }
    pieces = item.pieces if item is not None and rng.random() < LIKELY else rng.randint(1, 9)
    return _taken(rng, item, now_us, refs) | kinds | {"pieces": pieces}


def _found(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    return {"taken_by": _officer(rng, "o1"), "pieces": rng.randint(1, 9)}


def _handed(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    giver, keeper = _officer(rng, _holder(item, "officer", "keeper")), _officer(rng, rng.choice(("k1", "k2")))
    return {"giver": giver, "keeper": keeper, **_hands(rng, giver, keeper)}


def _placed(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    kind = {"effects": "E", "dossier": "F"}.get(item.kind, "P") if item is not None else "P"
    letter = "D" if item is not None and item.dangerous else kind
    right = _holder(item, "compartment") or f"{letter}-{rng.randint(1, 2)}"
    return {"keeper": _keeper(rng, item), "compartment": _pick(rng, right, COMPARTMENTS)}


def _due(rng: Random, now_us: int) -> int:
    return now_us + rng.choice((-1, 24, 24, 48, 96)) * HOUR_US


def _lent(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    loan = item.loan if item is not None else None
    keeper, borrower = _keeper(rng, item), _officer(rng, loan.borrower if loan is not None else "o2")
    due_us = loan.due_us if loan is not None and rng.random() < LIKELY else _due(rng, now_us)
    return {
        "keeper": keeper,
        "borrower": borrower,
        "return_by_at_us": due_us,
        **_hands(rng, keeper, borrower),
    }


def _back(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    keeper, borrower = _officer(rng, rng.choice(("k1", "k2"))), _officer(rng, _holder(item, "officer"))
    return {
        "keeper": keeper,
        "borrower": borrower,
        "state": rng.choice(("whole", "short")),
        **_hands(rng, borrower, keeper),
    }


def _sent(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    at_home = (
        "detention_centre"
        if item is not None and item.kind == "effects"
        else rng.choice(("laboratory", "court"))
    )
    right = "keeper" if item is not None and item.state == "away" else at_home
    return {
        "destination": _pick(rng, right, ("laboratory", "court", "keeper", "outside")),
        "carrier": _officer(rng, "o2"),
    }


def _received(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    where = _pick(rng, item.destination if item is not None else None, ("laboratory", "keeper", "court"))
    keeper = _officer(rng, rng.choice(("k1", "k2"))) if where == "keeper" and rng.random() < 0.97 else None
    return {
        "destination": where or "keeper",
        "carrier": _officer(rng, _holder(item, "in_transit")),
        "keeper": keeper,
    }


def _decided(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    disposal = rng.choice(("restore", "transfer", "destroy", "auction", "forfeit"))
    return {
        "case": _pick(rng, item.case if item else None, CASES),
        "disposal": disposal,
        "approver": _officer(rng, "h1"),
    }


def _corrected(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    what = rng.choice(
        ({"pieces": rng.randint(1, 9)}, {"compartment": rng.choice(COMPARTMENTS)}, {"seal": "Z1"}, {})
    )
    return {"reason": "slip", "officers": [_officer(rng, "k1"), _officer(rng, "h1")], **what}


def _fixed(**values: Any) -> Callable[..., Body]:
    return lambda rng, item, now_us, refs: {key: v(rng) if callable(v) else v for key, v in values.items()}


def _giver(**values: Any) -> Callable[..., Body]:
    return lambda rng, item, now_us, refs: {
        "giver": _officer(rng, _holder(item, "keeper", "officer")),
        **values,
    }


def _by_keeper(**values: Any) -> Callable[..., Body]:
    def fill(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
        return {
            "keeper": _keeper(rng, item),
            **{key: v(rng) if callable(v) else v for key, v in values.items()},
        }

    return fill


def _approved(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    return {
        "approver": _officer(rng, "h1"),
        "borrower": _officer(rng, "o2"),
        "purpose": "evidence",
        "return_by_at_us": _due(rng, now_us),
    }


def _split(rng: Random, item: Item | None, now_us: int, refs: Sequence[str]) -> Body:
    return {
        "part": rng.choice(refs),
        "pieces": rng.randint(1, 4),
        "officers": [_officer(rng, "k1"), _officer(rng, "h1")],
    }


def _signing(rng: Random) -> str:
    return rng.choice(("listing", "seizure", "receipt", "returning"))


FILL: dict[str, Callable[..., Body]] = {
    "item.found": _found, "item.seized": _seized, "item.registered": _taken, "item.collected": _taken,
    "dossier.entered": _by_keeper(), "item.split": _split,
    "item.described": _fixed(title=signed("what")),
    "item.photographed": _fixed(photo=lambda rng: signed("p") if rng.random() < 0.6 else None, no_photo=lambda rng: "unsafe" if rng.random() < 0.4 else None),
    "item.tagged": _fixed(tag=lambda rng: rng.choice(TAGS)),
    "item.signed": _fixed(of=_signing, signed_by="person", signature=signed("p")),
    "item.refused_signature": _fixed(of=_signing, signed_by="witness", signature=signed("w")),
    "item.brought_in": _fixed(), "item.test_approved": _fixed(approver="h1"), "item.tested": _fixed(),
    "item.found_unrelated": _fixed(), "item.announced": _fixed(), "seizure.extended": _fixed(approver="h1"),
    "item.inspected": _fixed(state="whole", inspector=lambda rng: _officer(rng, "h1")), "item.corrected": _corrected,
    "item.handed_over": _handed, "item.stored": _placed, "item.taken_out": _placed,
    "item.borrow_approved": _approved, "item.lent": _lent,
    "loan.extended": lambda rng, item, now_us, refs: {"approver": _officer(rng, "h1"), "return_by_at_us": _due(rng, now_us)},
    "loan.reported": _fixed(receiver="case_department_head"), "item.given_back": _back,
    "dossier.taken": lambda rng, item, now_us, refs: {"officer": _officer(rng, "o2") if rng.random() < LIKELY else None, "return_by_at_us": _due(rng, now_us)},
    "dossier.returned": _fixed(), "item.sent": _sent, "item.received": _received,
    "disposal.decided": _decided, "item.restored": _giver(), "item.transferred": _by_keeper(destination=lambda rng: rng.choice(("court", "court", "keeper"))),
    "item.destroyed": _by_keeper(officers=lambda rng: [_officer(rng, "k1"), _officer(rng, "h1")]),
    "item.auctioned": _by_keeper(), "item.forfeited": _by_keeper(),
    "item.returned": lambda rng, item, now_us, refs: {"giver": _officer(rng, _holder(item, "keeper", "officer")), "receiver": rng.choice(("person", "family"))},
    "item.counted": _fixed(stocktaking=lambda rng: rng.choice(COUNTS), found=lambda rng: rng.random() < LIKELY),
    "count.started": _fixed(stocktaking=lambda rng: rng.choice(COUNTS), cabinet=lambda rng: rng.choice("PEDF"), counter=lambda rng: _officer(rng, "h1")),
    "count.ended": _fixed(stocktaking=lambda rng: rng.choice(COUNTS), missing=lambda rng: rng.choice((0, 0, 0, 1))),
}  # fmt: skip
