"""Route of the rules page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from caseserver.web import render
from caseserver.web.http import page, reader_of
from caseserver.web.present.rules import LETTERS, rules_page
from caseserver.web.session import SignedIn

if TYPE_CHECKING:
    from caseserver.web.pages import Pages


def add_rules(router: APIRouter, pages: Pages) -> None:
    """Every rule of the rulebooks in force in one area."""

    @router.get("/rules")
    def rules(request: Request, officer: SignedIn, area: str | None = None, letter: str = "") -> Response:
        reader = reader_of(request, pages.station, officer)
        states = pages.gatherer.pictures(reader)
        chosen = next((s for s in states if s.area.id == area), states[0])
        view = rules_page(states, chosen, letter if letter in LETTERS else "", reader)
        return page(render.rules(view, reader), request)
