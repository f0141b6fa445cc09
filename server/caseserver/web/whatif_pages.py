"""Route of the comparison of two rulebooks over the station's own log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from caseserver.permissions import COMPARERS
from caseserver.web import render
from caseserver.web.comparing import Comparing, TooMany
from caseserver.web.http import page, reader_of
from caseserver.web.present.whatif import whatif_page
from caseserver.web.session import SignedIn
from custody.config import ConfigError
from custody.scenario import ScenarioError

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

AGAIN_S: Final = 2
"""The page asks again this often while the comparison is being made."""


def add_whatif(router: APIRouter, pages: Pages) -> None:
    """For those who check the station, not for those who run it."""
    comparing = Comparing(pages.station)

    @router.get("/whatif")
    def whatif(
        request: Request, officer: SignedIn, area: str | None = None, before: Annotated[str, Query(alias="from")] = "",
        after: Annotated[str, Query(alias="to")] = "", anew: bool = False,
    ) -> Response:  # fmt: skip
        reader = reader_of(request, pages.station, officer)
        if not officer.roles & COMPARERS:
            return pages.not_allowed(request, reader)
        states = pages.gatherer.pictures(reader)
        chosen = next((s for s in states if s.area.id == area), states[0])
        books = comparing.books()
        found, problem, status = None, "", 200
        is_asked = bool(before and after)
        if is_asked and not {before, after} <= set(books):
            problem, status = reader.t("form.bad_choice", found=f"{before[:40]}, {after[:40]}"), 422
        elif is_asked and anew:
            comparing.forget(chosen.area.id, before, after)
            return RedirectResponse(f"/whatif?area={chosen.area.id}&from={before}&to={after}", 303)
        elif is_asked:
            try:
                found = comparing.of(pages.station.area(chosen.area.id), before, after)
            except TooMany:
                problem, status = reader.t("whatif.too_many"), 503
            except (ConfigError, ScenarioError) as error:
                problem, status = str(error), 409
            pages.station.record_read(officer.number, "whatif", f"{chosen.area.id}/{before}/{after}")
        view = whatif_page(states, chosen, books, before, after, found, reader, problem, is_asked)
        answer = page(render.whatif(view, reader), request, status)
        if view.is_running:
            answer.headers["Refresh"] = str(AGAIN_S)
        return answer
