"""Routes of the property pages: the store map (live), lists, counts, the quarter, a case, the sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from caseserver.accounts import Officer
from caseserver.people.people import People
from caseserver.web import live, render
from caseserver.web.http import may, page, reader_of
from caseserver.web.present.state import AreaPicture
from caseserver.web.property import showing
from caseserver.web.property.counting import counts_page
from caseserver.web.property.item_routes import add_items
from caseserver.web.property.lists import (
    ALL,
    SHOWN,
    case_page,
    clearup_page,
    is_found,
    items_page,
    of_show,
    overdue_page,
)
from caseserver.web.property.paper_kinds import Paper
from caseserver.web.property.paper_routes import add_papers
from caseserver.web.property.sheets import MEDIA_TYPE, SheetError, item_sheet
from caseserver.web.property.store_map import map_page
from caseserver.web.property.things import item_path, path
from caseserver.web.property.views import ClearupPage, CountsPage, MapPage, OverduePage
from caseserver.web.reader import Reader
from caseserver.web.session import SignedIn

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

QUERY_CHARS_MAX = 100
_Made = tuple[list[AreaPicture], AreaPicture, Reader]


def add_property(router: APIRouter, pages: Pages, people: People | None, papers: Mapping[str, Paper]) -> None:
    """Everything about things that are kept."""
    _add_map(router, pages)
    _add_lists(router, pages)
    _add_search(router, pages)
    add_items(router, pages, people)
    add_papers(router, pages, people, papers)


def look(request: Request, pages: Pages, officer: Officer, area: str) -> _Made:
    """All areas, the one that is asked for, and who reads. Raises 404."""
    return _look(reader_of(request, pages.station, officer), pages, area)


def _look(reader: Reader, pages: Pages, area: str) -> _Made:
    pages.area(area)
    states = pages.gatherer.pictures(reader)
    return states, next(state for state in states if state.area.id == area), reader


def _add_map(router: APIRouter, pages: Pages) -> None:
    @router.get("/property")
    def first(officer: SignedIn) -> Response:
        areas = [view.area for view in pages.station.areas()]
        chosen = next((area for area in areas if area.cabinets), areas[0])
        return RedirectResponse(path(chosen.id), 303)

    @router.get("/areas/{area}/property")
    def store(request: Request, officer: SignedIn, area: str) -> Response:
        states, chosen, reader = look(request, pages, officer, area)
        return page(showing.html(map_page(states, chosen, reader), reader, f"/events{path(area)}"), request)

    @router.get("/events/areas/{area}/property")
    async def events(request: Request, officer: SignedIn, area: str) -> Response:
        pages.area(area)

        def regions(reader: Reader) -> live.Regions:
            states, chosen, reader = _look(reader, pages, area)
            view: MapPage = map_page(states, chosen, reader)
            return showing.map_regions(view, reader)

        return pages.stream(request, officer, regions)


def _add_lists(router: APIRouter, pages: Pages) -> None:
    @router.get("/areas/{area}/property/overdue")
    def overdue(request: Request, officer: SignedIn, area: str) -> Response:
        states, chosen, reader = look(request, pages, officer, area)
        view: OverduePage = overdue_page(states, chosen, reader)
        return page(showing.html(view, reader), request)

    @router.get("/areas/{area}/property/counts")
    def counts(request: Request, officer: SignedIn, area: str) -> Response:
        states, chosen, reader = look(request, pages, officer, area)
        allowed = may(officer, chosen.rulebook, chosen.world)
        view: CountsPage = counts_page(states, chosen, allowed, reader)
        return page(showing.html(view, reader), request)

    @router.get("/areas/{area}/property/clearup")
    def clearup(request: Request, officer: SignedIn, area: str) -> Response:
        states, chosen, reader = look(request, pages, officer, area)
        allowed = may(officer, chosen.rulebook, chosen.world)
        view: ClearupPage = clearup_page(states, chosen, allowed, reader)
        return page(showing.html(view, reader), request)

    @router.get("/areas/{area}/property/cases/{case}")
    def case(request: Request, officer: SignedIn, area: str, case: str) -> Response:
        states, chosen, reader = look(request, pages, officer, area)
        view = case_page(states, chosen, case, reader)
        if view is None:
            return pages.missing(request, reader)
        return page(showing.html(view, reader), request)


def _add_search(router: APIRouter, pages: Pages) -> None:
    @router.get("/areas/{area}/property/items")
    def items(request: Request, officer: SignedIn, area: str, q: str = "", show: str = "") -> Response:
        states, chosen, reader = look(request, pages, officer, area)
        query = q.strip()[:QUERY_CHARS_MAX]
        view = items_page(states, chosen, query, show, reader)
        if not view.rows and query and pages.area(area).item_leaves(query):
            view = replace(view, gone=item_path(area, query))
        return page(showing.html(view, reader), request)

    @router.get("/areas/{area}/property/sheet")
    def sheet(request: Request, officer: SignedIn, area: str, q: str = "", show: str = "") -> Response:
        _, chosen, reader = look(request, pages, officer, area)
        found = [item for item in chosen.world.items.values() if is_found(item, q.strip()[:QUERY_CHARS_MAX])]
        try:
            data = item_sheet(of_show(found, show if show in SHOWN else ALL), chosen, reader)
        except SheetError as error:
            return page(render.problem(reader.t("form.refused"), str(error), reader), request, 503)
        name = f"property-{area}-{reader.date(reader.now_us)}.xlsx"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(data, media_type=MEDIA_TYPE, headers=headers)
