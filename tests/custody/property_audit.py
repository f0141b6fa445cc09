"""Engine, ledger and auditor over the same facts: what all three have to agree on."""

from typing import Any

from custody.codec import fact_entry, output_entry
from custody.items import Item
from custody.ledger.property import balance, entries, holders
from tests.custody.property_store import Store, store_area
from tests.verify.auditor import auditor

FAR = 10**9
"""Index of what the engine answered: above that of any fact."""


def leaves(store: Store) -> list[dict[str, Any]]:
    """The facts of a store and what the engine said to them, as a log holds them."""
    facts = [{**fact_entry(item), "index": item.index} for item in store.facts]
    return facts + [{**output_entry(effect, cause), "index": FAR} for cause, effect in store.effects]


def agree(store: Store) -> Any:
    """The auditor accepts, and its books are the ledger's and the engine's. Gives the auditor's report."""
    log = leaves(store)
    report = auditor.audit(log)
    told = entries(log, store_area(), store.engine.rulebook)
    assert [(e.fact, e.at_us, e.item, e.holder, e.pieces) for e in told] == report.books.entries
    assert sum(balance(told).values()) == 0
    world = store.engine.world
    assert holders(told) == {
        item.ref: item.holder for item in sorted(world.items.values(), key=lambda i: i.ref)
    }
    assert {ref: _of_auditor(item) for ref, item in report.books.items.items()} == {
        item.ref: _of_engine(item) for item in world.items.values()
    }
    return report


def _of_auditor(item: dict[str, Any]) -> dict[str, Any]:
    return {
        **item,
        "handlers": set(item["handlers"]),
        **{key: bool(item[key]) for key in ("unrelated", "registered")},
    }


def _of_engine(item: Item) -> dict[str, Any]:
    """The same fields, as the auditor writes them."""
    return {
        "kind": item.kind, "state": item.state, "holder": item.holder, "pieces": item.pieces, "stay": item.stay, "case": item.case,
        "keeper": item.keeper, "handlers": set(item.handlers), "loan": (item.loan.borrower, item.loan.due_us) if item.loan else None,
        "destination": item.destination or None, "disposal": item.disposal or None, "unrelated": item.is_unrelated,
        "registered": item.is_registered, "tag": item.tag or None,
    }  # fmt: skip
