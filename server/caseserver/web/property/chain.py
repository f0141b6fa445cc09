"""One item: what stands of it now, its whole chain out of the log, and what is sealed of it. Pure.

The chain is worked out again from the leaves that name the item, by the ledger's own statement; attempts that were refused
stand in it as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from caseserver.web.present.refusal import refusal_of
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, holder_words
from caseserver.web.property.views import ChainRow
from caseserver.web.reader import Reader
from caseserver.web.views import FormLink
from custody.catalogue import FACT_TYPES
from custody.catalogue.forms import FIELD_NAMES, FORM_NAMES
from custody.fields import HASH
from custody.items import Item
from custody.ledger.property import Link, chain
from custody.movements import MOVES, TOLD
from custody.property_words import ITEM_CONDITIONS, ITEM_STATES

Leaf = Mapping[str, Any]
DEPTH_MAX: Final = 20
"""So often was a part split off a part; what lies before that is not looked up."""
HANDS: Final = (
    "officer", "approver", "keeper", "giver", "taken_by", "borrower", "carrier", "inspector", "counter", "officers",
)  # fmt: skip
"""Fields of a fact that name who did it."""


def leaves_behind(item: str, leaves_of: Callable[[str], Sequence[Leaf]]) -> list[Leaf]:
    """The leaves that name an item, and those of what it was split off from."""
    found: dict[int, Leaf] = {}
    ref: str | None = item
    for _ in range(DEPTH_MAX):
        if ref is None:
            break
        leaves = leaves_of(ref)
        found |= {leaf["index"]: leaf for leaf in leaves}
        ref = next((str(leaf["body"]["item"]) for leaf in leaves if leaf["body"].get("part") == ref), None)
    return [found[index] for index in sorted(found)]


def links_of(item: str, leaves: Sequence[Leaf], state: AreaPicture) -> list[Link]:
    """The item's chain by the property ledger."""
    return chain(leaves, state.area, state.rulebook, item)


def chain_rows(item: str, leaves: Sequence[Leaf], state: AreaPicture, reader: Reader) -> list[ChainRow]:
    """Each fact that names the item, in the order in which it happened."""
    words = Words(state.area, state.world, reader)
    links = {link.fact: link for link in links_of(item, leaves, state)}
    refusals = {leaf["body"]["fact"]: leaf["body"] for leaf in leaves if leaf["type"] == "fact.refused/1"}
    rows = []
    for leaf in leaves:
        body, index = leaf["body"], leaf["index"]
        if leaf["class"] != "fact" or not _names(item, body):
            continue
        link, refused = links.get(index), refusals.get(index)
        at_us = int(leaf["occurred"]["earliest_us"])
        rows.append(
            ChainRow(
                at_us=at_us,
                late_s=max(0, int(leaf["recorded"]["earliest_us"]) - at_us) // 1_000_000,
                text=words.fact(leaf["type"].partition("/")[0], body) + _elsewhere(leaf, state, reader),
                by=_by(body, reader),
                holder=holder_words(link.holder, state.area, reader) if link is not None and link.moved else "",
                state=reader.code(ITEM_STATES, link.state) if link is not None else "",
                pieces=link.pieces if link is not None else 0,
                moved=link is not None and link.moved,
                leaf=index,
                leaf_href=f"/log/{state.area.id}/{index}",
                refused=refusal_of(refused, state, reader).reason if refused is not None else "",
                enclosed=tuple(commitments_in(leaf).values()),
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (row.at_us, row.leaf))


def _names(item: str, body: Mapping[str, Any]) -> bool:
    several = body.get("items")
    return item in (body.get("item"), body.get("part"), body.get("dossier")) or (
        isinstance(several, list) and item in several
    )


def _elsewhere(leaf: Leaf, state: AreaPicture, reader: Reader) -> str:
    """Where a count found it, when the ledger did not have it there."""
    place = leaf["body"].get("compartment") if leaf["type"] == "item.counted/1" else None
    where = holder_words(f"compartment:{place}", state.area, reader) if place is not None else ""
    return reader.t("property.found_in", place=where) if where else ""


def _by(body: Mapping[str, Any], reader: Reader) -> str:
    """Who is named, each once, in the order of the catalogue's fields."""
    found: dict[str, None] = {}
    for key in HANDS:
        value = body.get(key)
        found |= dict.fromkeys(
            value if isinstance(value, list) else [value] if isinstance(value, str) else []
        )
    return reader.t("page.list").join(found)


# ---------------------------------------------------------------- what is sealed


def commitments_in(leaf: Leaf) -> dict[str, str]:
    """Field -> commitment, of everything that a fact commits to."""
    known = FACT_TYPES.get(leaf["type"].partition("/")[0])
    if known is None:
        return {}
    hashes = (key for key, spec in known.fields.items() if spec.kind == HASH)
    return {key: str(leaf["body"][key]) for key in hashes if isinstance(leaf["body"].get(key), str)}


def committed_to(item: str, leaves: Sequence[Leaf]) -> Iterator[tuple[str, str, int]]:
    """(field, commitment, when) of what the log commits to of this item and that was not refused, oldest first."""
    refused = {leaf["body"]["fact"] for leaf in leaves if leaf["type"] == "fact.refused/1"}
    for leaf in leaves:
        if leaf["class"] == "fact" and leaf["index"] not in refused and leaf["body"].get("item") == item:
            for key, commitment in commitments_in(leaf).items():
                yield key, commitment, int(leaf["occurred"]["earliest_us"])


# ---------------------------------------------------------------- now, and what may follow


def facts_of(item: Item, state: AreaPicture, reader: Reader) -> tuple[tuple[str, str], ...]:
    """What stands of it now beside the row of any list."""
    told = [
        (reader.name(FIELD_NAMES["seal"]), item.seal),
        (reader.name(FIELD_NAMES["tag"]), item.tag),
        (reader.t("property.part_of"), item.part_of),
        (reader.t("property.source"), holder_words(item.source, state.area, reader)),
        (reader.t("property.handlers"), reader.t("page.list").join(item.handlers)),
        (
            reader.t("property.condition"),
            reader.code(ITEM_CONDITIONS, item.condition) if item.condition else "",
        ),
    ]
    if item.loan is not None:
        told.append((reader.name(FIELD_NAMES["borrower"]), item.loan.borrower))
        told.append((reader.t("property.return_by"), reader.day_and_clock(item.loan.due_us)))
    return tuple((name, value) for name, value in told if value)


def acts_of(item: Item, state: AreaPicture, may: frozenset[str], reader: Reader) -> tuple[FormLink, ...]:
    """The forms that the table of movements has for an item of this kind in this state, movements first."""
    moving = [m.fact for m in MOVES if item.kind in m.kinds and m.state == item.state]
    telling = [f for f, (kinds, states) in TOLD.items() if item.kind in kinds and item.state in states]
    return tuple(
        FormLink(
            reader.name(FORM_NAMES[fact]), f"/record/{state.area.id}/{fact}?{_known_of(item, fact, reader)}"
        )
        for fact in dict.fromkeys([*moving, *telling])
        if fact in may and fact in FORM_NAMES
    )


def _known_of(item: Item, fact: str, reader: Reader) -> str:
    """What a form about an item need not ask: which it is, the keeper who fills it in, where it lies, who borrows it."""
    known: dict[str, str | None] = {
        "dossier" if item.kind == "dossier" else "item": item.ref,
        "item": item.ref,
        "stay": item.stay,
    }
    if "keeper" in reader.roles:
        known["keeper"] = reader.badge
    if fact == "item.taken_out":
        known["compartment"] = item.compartment
    if item.loan is not None and fact in ("item.lent", "item.given_back"):
        known["borrower"] = item.loan.borrower
    return urlencode({name: value for name, value in known.items() if value})
