"""Routes of papers: which one, of which items; then the PDF. What it shows of an item is written down first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import Officer
from caseserver.bundle.report import ReportError, set_pdf
from caseserver.people.people import People
from caseserver.permissions import ITEM_KNOWERS
from caseserver.web import render
from caseserver.web.form_parts import Sent, one
from caseserver.web.http import page, reader_of
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import seal_of
from caseserver.web.property import showing
from caseserver.web.property.chain import committed_to, leaves_behind
from caseserver.web.property.item_routes import read_enclosed
from caseserver.web.property.paper import Known, label_data, sheet_data, template
from caseserver.web.property.paper_kinds import Paper
from caseserver.web.property.things import frame, row_of
from caseserver.web.property.views import PaperChoice, PapersPage
from caseserver.web.reader import Reader
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Refusal
from custody.items import Item
from custody.property_words import PROCEDURES_OF_SEIZURE

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

LABELS: Final = "labels"
ITEMS_MAX: Final = 40
"""Items of one paper, as many as a list of the kiosk has; of more a second paper is set."""


def add_papers(router: APIRouter, pages: Pages, people: People | None, papers: Mapping[str, Paper]) -> None:
    """The choice, and the paper."""

    @router.get("/areas/{area}/property/papers")
    def choose(
        request: Request,
        officer: SignedIn,
        area: str,
        case: str = "",
        stay: str = "",
        item: str = "",
        paper: str = "",
    ) -> Response:
        reader = reader_of(request, pages.station, officer)
        pages.area(area)
        states = pages.gatherer.pictures(reader)
        state = next(state for state in states if state.area.id == area)
        asked = Asked(states, state, case, stay, paper, frozenset([item] if item else []))
        return page(showing.html(_page(asked, papers, reader), reader), request)

    @router.post("/areas/{area}/property/papers", dependencies=[Checked])
    async def made(request: Request, officer: SignedIn, area: str) -> Response:
        sent = await pages.sent(request)
        reader = reader_of(request, pages.station, officer)
        if sent is None:
            return pages.malformed(request, reader)
        return await run_in_threadpool(_made, request, pages, people, papers, officer, area, sent, reader)


class Asked:
    """What a paper is asked for: the items of a case, of a stay, or all that are here."""

    def __init__(
        self,
        states: Sequence[AreaPicture],
        state: AreaPicture,
        case: str,
        stay: str,
        paper: str,
        ticked: frozenset[str],
    ) -> None:
        self.states, self.state, self.case, self.stay = states, state, case, stay
        self.paper, self.ticked = paper, ticked

    def items(self) -> list[Item]:
        """In the order in which they came in."""
        found = [
            item
            for item in self.state.world.items.values()
            if (
                item.case == self.case if self.case else item.stay == self.stay if self.stay else item.is_here
            )
        ]
        return sorted(found, key=lambda item: (item.entered_us, item.entered_fact, item.ref))


def _page(
    asked: Asked, papers: Mapping[str, Paper], reader: Reader, refusal: Refusal | None = None
) -> PapersPage:
    choices = [
        PaperChoice(p.id, _titled(p, reader), seal_of(p.basis), reader.name(p.source), len(p.copies))
        for p in papers.values()
    ]
    choices.append(PaperChoice(LABELS, reader.t("paper.labels"), "", reader.t("paper.labels_hint"), 1))
    rows = tuple(row_of(item, asked.state, reader) for item in asked.items()[: ITEMS_MAX * 5])
    return PapersPage(
        frame(asked.states, asked.state, "papers", reader), tuple(choices), rows, asked.paper, asked.ticked,
        asked.case, asked.stay, refusal,
    )  # fmt: skip


def _made(
    request: Request, pages: Pages, people: People | None, papers: Mapping[str, Paper], officer: Officer, area: str,
    sent: Sent, reader: Reader,
) -> Response:  # fmt: skip
    view = pages.area(area)
    if not officer.roles & ITEM_KNOWERS:
        return pages.not_allowed(request, reader)
    states = pages.gatherer.pictures(reader)
    state = next(state for state in states if state.area.id == area)
    ticked = frozenset(sent.get("item", ()))
    asked = Asked(states, state, one(sent, "case"), one(sent, "stay"), one(sent, "paper"), ticked)
    items = [item for item in asked.items() if item.ref in ticked]
    paper = papers.get(asked.paper)
    reason = _reason(asked, paper, items, reader)
    if reason:
        again = _page(asked, papers, reader, Refusal(reader.t("form.refused"), reason))
        return page(showing.html(again, reader), request, 422)
    known = [Known(item, leaves_behind(item.ref, view.item_leaves), {}, {}) for item in items]
    other = _other_procedure(paper, known) if paper is not None else ""
    if other:
        reason = reader.t("paper.other_procedure", item=other)
        again = _page(asked, papers, reader, Refusal(reader.t("form.refused"), reason))
        return page(showing.html(again, reader), request, 422)
    refs = [item.ref for item in items]
    pages.station.record_read(officer.number, "paper", area, {"paper": asked.paper, "items": refs})
    try:
        if paper is None:
            data = label_data(items, state.area, reader)
        else:
            data = sheet_data(paper, [_opened(one_, people, area) for one_ in known], state, reader)
        pdf = set_pdf(template(), data)
    except ReportError as error:
        return page(render.problem(reader.t("form.refused"), str(error), reader), request, 503)
    headers = {"Content-Disposition": f'attachment; filename="{asked.paper}-{area}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


def _titled(paper: Paper, reader: Reader) -> str:
    """Its title, with the procedure where it is of one alone."""
    of = f" · {reader.code(PROCEDURES_OF_SEIZURE, paper.procedure)}" if paper.procedure else ""
    return reader.name(paper.title) + of


def _reason(asked: Asked, paper: Paper | None, items: Sequence[Item], reader: Reader) -> str:
    """Why this paper cannot be set of these items; "" when it can."""
    if len(items) > ITEMS_MAX:
        return reader.t("paper.too_many", most=ITEMS_MAX, found=len(items))
    if paper is None:
        if asked.paper != LABELS:
            return reader.t("paper.choose")
        return "" if items or asked.state.area.compartments else reader.t("paper.no_items")
    if not items:
        return reader.t("paper.no_items")
    wrong = [item.ref for item in items if item.kind not in paper.kinds]
    if wrong:
        return reader.t("paper.other_kind", paper=reader.name(paper.title), item=wrong[0])
    whose = {item.stay if item.kind == "effects" else item.case for item in items}
    return reader.t("paper.other_case") if len(whose) > 1 else ""


def _other_procedure(paper: Paper, known: Sequence[Known]) -> str:
    """The first item whose newest seizure was in another procedure than the paper is of."""
    for one_ in known:
        told = [leaf["body"]["procedure"] for leaf in one_.leaves if leaf["type"].startswith("item.seized/")]
        if paper.procedure and paper.procedure not in told[-1:]:
            return one_.item.ref
    return ""


def _opened(known: Known, people: People | None, area: str) -> Known:
    """With the newest words of the item, and every signature under it."""
    values: dict[str, str] = {}
    drawn: dict[str, str] = {}
    for field, commitment, _ in committed_to(known.item.ref, known.leaves):
        kept = None if field == "photo" else read_enclosed(people, area, commitment)
        if kept is None:
            continue
        if kept[0] == "signature":
            drawn[commitment] = kept[1].decode("utf-8", "replace")
        else:
            values[field] = kept[1].decode("utf-8", "replace")
    return replace(known, values=values, drawn=drawn)
