"""Routes of the page of wristbands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from caseserver.web import render
from caseserver.web.http import may, page, reader_of
from caseserver.web.present.bands import bands_page
from caseserver.web.session import SignedIn

if TYPE_CHECKING:
    from caseserver.web.pages import Pages


def add_bands(router: APIRouter, pages: Pages) -> None:
    """One area; what is stated of a band has the forms of any other fact."""

    @router.get("/bands")
    def first(officer: SignedIn) -> Response:
        return RedirectResponse(f"/areas/{pages.station.areas()[0].area.id}/bands", 303)

    @router.get("/areas/{area}/bands")
    def bands(request: Request, officer: SignedIn, area: str) -> Response:
        reader = reader_of(request, pages.station, officer)
        pages.area(area)
        states = pages.gatherer.pictures(reader)
        chosen = next(state for state in states if state.area.id == area)
        view = bands_page(states, chosen, may(officer, chosen.rulebook, chosen.world), reader)
        return page(render.bands(view, reader), request)
