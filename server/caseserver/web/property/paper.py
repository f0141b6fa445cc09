"""What stands on a paper: plain data out of items, their chains and what is sealed of them; and the PDF of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from caseserver.web.drawing.qr import code_svg
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import holder_words
from caseserver.web.property.paper_kinds import Paper
from caseserver.web.property.things import marks_of
from caseserver.web.reader import Reader
from custody.area import Area
from custody.items import Item
from custody.property_words import ITEM_CONDITIONS, ITEM_STATES, SEIZED_FROM, SIGNERS

WIDTHS: Final = {
    "number": 4, "title": 5, "serial": 4, "pieces": 2, "features": 6, "source": 4, "seal": 3, "marks": 3, "state": 3,
    "holder": 4, "remark": 4,
}  # fmt: skip
_SIGNED: Final = {  # who signs in a box of a paper -> `signed_by` of the fact
    "person": ("person",), "holder": ("holder", "person"), "owner": ("owner",), "witness": ("witness",), "officer": ("officer",),
    "receiver": ("receiver", "family", "person"),
}  # fmt: skip


def template() -> bytes:
    """The Typst text of all papers and labels."""
    return resources.files("caseserver.web.property").joinpath("paper.typ").read_bytes()


_MAY_REFUSE: Final = ("person", "holder", "owner", "receiver")
"""In whose place a witness signs when they do not."""


@dataclass(frozen=True)
class Known:
    """An item with what is known of it: ``values`` by field (words), ``drawn`` by commitment (signatures as SVG)."""

    item: Item
    leaves: Sequence[Mapping[str, Any]]
    values: Mapping[str, str]
    drawn: Mapping[str, str]


def sheet_data(paper: Paper, things: Sequence[Known], state: AreaPicture, reader: Reader) -> dict[str, Any]:
    """The data of a paper. Items stand in the order in which they came in."""
    things = sorted(things, key=lambda known: (known.item.entered_us, known.item.entered_fact))
    count = len(paper.copies)
    return {
        "lang": reader.language,
        "title": reader.name(paper.title),
        "facts": _head(things, state, reader),
        "heads": [reader.of("column", column) for column in paper.columns],
        "widths": [WIDTHS[column] for column in paper.columns],
        "rows": [[_value(column, known, state, reader) for column in paper.columns] for known in things],
        "total": reader.t("paper.total", items=len(things), pieces=sum(known.item.pieces for known in things)),
        "signatures": [
            {"name": reader.name(name), **_signature(who, paper.act, things, reader)} for who, name in paper.signatures
        ],
        "basis": reader.t("paper.basis_law" if paper.basis == "law" else "paper.basis_local", source=reader.name(paper.source)),
        "copies": [
            reader.t("paper.copy", number=number + 1, count=count) + (f" · {reader.name(name)}" if name.zh else "")
            for number, name in enumerate(paper.copies)
        ],
        "foot": f"{reader.name(state.area.name)} · {reader.t('paper.made', at=reader.date(reader.now_us) + ' ' + reader.clock(reader.now_us), who=reader.badge)}",
        "labels": [],
    }  # fmt: skip


def _head(things: Sequence[Known], state: AreaPicture, reader: Reader) -> list[list[str]]:
    cases = dict.fromkeys(known.item.case for known in things if known.item.case)
    stays = dict.fromkeys(known.item.stay for known in things if known.item.stay)
    sheets = dict.fromkeys(
        str(leaf["body"]["sheet"]) for known in things for leaf in known.leaves if leaf["body"].get("sheet")
    )
    first_us = min(known.item.entered_us for known in things)
    comma = reader.t("page.list")
    told = (
        (reader.t("paper.area"), reader.name(state.area.name)),
        (reader.t("property.case"), comma.join(cases)),
        (reader.t("property.stay"), comma.join(stays)),
        (reader.t("paper.sheet"), comma.join(sheets)),
        (reader.t("paper.taken"), f"{reader.date(first_us)} {reader.day_and_clock(first_us)[-5:]}"),
    )  # fmt: skip
    return [[name, value] for name, value in told if value]


def _value(column: str, known: Known, state: AreaPicture, reader: Reader) -> str:
    item = known.item
    if column in ("title", "serial", "features", "remark"):
        return known.values.get(column, "")
    if column == "state":
        condition = reader.code(ITEM_CONDITIONS, item.condition) if item.condition else ""
        return condition or reader.code(ITEM_STATES, item.state)
    found = {
        "number": item.ref,
        "pieces": str(item.pieces),
        "source": _source(known, reader),
        "seal": item.seal,
        "marks": reader.t("page.list").join(marks_of(item, reader)),
        "holder": holder_words(item.holder, state.area, reader),
    }
    return found[column]


def _source(known: Known, reader: Reader) -> str:
    """From whom or where, by the newest seizure; without one the holder it was debited from."""
    told = [leaf["body"]["seized_from"] for leaf in known.leaves if leaf["type"].startswith("item.seized/")]
    if told:
        return reader.code(SEIZED_FROM, told[-1])
    return reader.code(SEIZED_FROM, "person") if known.item.source.startswith("person:") else ""


def _signature(who: str, act: str, things: Sequence[Known], reader: Reader) -> dict[str, str | None]:
    """The newest signature in this box, drawn where it is kept here; whose refusal a witness signed."""
    if who in ("giver", "taker"):
        for known in things:
            for leaf in reversed(known.leaves):
                digest = leaf["body"].get(f"{who}_signature")
                if digest is not None and leaf["type"].startswith("item.handed_over/"):
                    name = leaf["body"]["giver" if who == "giver" else "keeper"]
                    return {"drawn": known.drawn.get(digest), "note": str(name)}
    told = [leaf for known in things for leaf in reversed(known.leaves) if leaf["body"].get("of") == act]
    drawn = {digest: picture for known in things for digest, picture in known.drawn.items()}
    for leaf in told:
        body = leaf["body"]
        if leaf["type"].startswith("item.signed/") and body["signed_by"] in _SIGNED.get(who, ()):
            return {"drawn": drawn.get(body["signature"]), "note": reader.code(SIGNERS, body["signed_by"])}
    for leaf in told:
        if who in _MAY_REFUSE and leaf["type"].startswith("item.refused_signature/"):
            return {"drawn": drawn.get(leaf["body"]["signature"]), "note": reader.t("paper.refused")}
    return {"drawn": None, "note": ""}


def label_data(items: Sequence[Item], area: Area, reader: Reader) -> dict[str, Any]:
    """Labels of items; without any, of every compartment of the area. A code names a thing and says nothing of it."""
    if items:
        told = [
            (f"caseward:item:{item.ref}", item.ref, reader.t("paper.pieces", count=item.pieces))
            for item in items
        ]
    else:
        told = [
            (f"caseward:compartment:{area.id}/{c.id}", reader.name(c.name), reader.name(area.cabinets[c.cabinet].name))
            for c in area.compartments.values()
        ]  # fmt: skip
    labels = [{"code": code_svg(code), "name": name, "said": said} for code, name, said in told]
    return {"lang": reader.language, "title": reader.t("paper.labels"), "labels": labels}
