"""Route of the page of blind time."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from caseserver.web import render
from caseserver.web.http import page, reader_of
from caseserver.web.present.blind import blind_page
from caseserver.web.session import SignedIn

if TYPE_CHECKING:
    from caseserver.web.pages import Pages


def add_blind(router: APIRouter, pages: Pages) -> None:
    """One area on one day."""

    @router.get("/blind")
    def blind(request: Request, officer: SignedIn, area: str | None = None, day: str = "") -> Response:
        reader = reader_of(request, pages.station, officer)
        states = pages.gatherer.pictures(reader)
        chosen = next((s for s in states if s.area.id == area), states[0])
        try:
            asked = date.fromisoformat(day) if day else None
        except ValueError:
            return pages.missing(request, reader, reader.t("blind.bad_day", found=day[:40]))
        found = pages.ledgers.of_area(pages.station.area(chosen.area.id))
        view = blind_page(states, chosen, found.blindness, found.looks_from_us, asked, reader)
        return page(render.blind(view, reader), request)
