"""Routes of the walk test: the page of an area's points, its events, and what a person at a sensor says of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import Officer
from caseserver.permissions import WALKERS
from caseserver.web import live, render
from caseserver.web.form_parts import Sent, Statement, one
from caseserver.web.http import page, reader_of
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.walk import sight_of, walk_page
from caseserver.web.reader import Reader
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Refusal
from caseserver.web.views_walk import WalkPage
from custody.area import Point
from custody.catalogue.forms import FIELD_NAMES
from custody.fields import TEXT_LENGTH_MAX
from custody.vocabulary import WALKS

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

FACT: Final = "point.walked"


def add_walk(router: APIRouter, pages: Pages) -> None:
    """One area, live; a form for each point."""

    @router.get("/walk")
    def first(officer: SignedIn) -> Response:
        return RedirectResponse(f"/areas/{pages.station.areas()[0].area.id}/walk", 303)

    @router.get("/areas/{area}/walk")
    def walk(request: Request, officer: SignedIn, area: str, waiting: str = "") -> Response:
        reader = reader_of(request, pages.station, officer)
        if not officer.roles & WALKERS:
            return pages.not_allowed(request, reader)
        is_waiting = waiting in pages.area(area).area.points_by_ref
        return _shown(request, pages, area, reader, waiting=waiting if is_waiting else "")

    @router.get("/events/areas/{area}/walk")
    async def events(request: Request, officer: SignedIn, area: str) -> Response:
        pages.area(area)
        if not officer.roles & WALKERS:
            raise HTTPException(403, "expected a role that walks the points, found none")

        def regions(reader: Reader) -> live.Regions:
            return render.walk_regions(_view(pages, area, reader), reader)

        return pages.stream(request, officer, regions)

    @router.post("/areas/{area}/walk/{ref}", dependencies=[Checked])
    async def tick(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        return await _tick(request, pages, officer, area, ref)


def _view(pages: Pages, area: str, reader: Reader) -> WalkPage:
    pages.area(area)
    states = pages.gatherer.pictures(reader)
    return walk_page(states, next(s for s in states if s.area.id == area), reader)


def _shown(
    request: Request, pages: Pages, area: str, reader: Reader, refusal: Refusal | None = None, status: int = 200,
    waiting: str = "",
) -> Response:  # fmt: skip
    view = _view(pages, area, reader)
    return page(render.walk(view, reader, f"/events/areas/{area}/walk", refusal, waiting), request, status)


async def _tick(request: Request, pages: Pages, officer: Officer, area: str, ref: str) -> Response:
    """States the test with what the system saw; a refusal is shown over the page."""
    reader = reader_of(request, pages.station, officer)
    sent = await pages.sent(request)
    if sent is None:
        return pages.malformed(request, reader)
    if not officer.roles & WALKERS:
        return pages.not_allowed(request, reader)
    view = pages.area(area)
    point = view.area.points_by_ref.get(ref)
    if point is None:
        return pages.missing(request, reader)
    state = await run_in_threadpool(pages.gatherer.picture, view, reader)
    read = read_tick(sent, point, state, reader)
    if isinstance(read, Refusal):
        return await run_in_threadpool(_shown, request, pages, area, reader, read, 422)
    problem, _, is_recorded = await pages.submit(area, Statement(FACT, read), officer, reader)
    if problem is not None:
        return await run_in_threadpool(_shown, request, pages, area, reader, problem, 409)
    waiting = "" if is_recorded else f"?waiting={ref}"
    return RedirectResponse(f"/areas/{area}/walk{waiting}#p-{ref}", 303)


def read_tick(sent: Sent, point: Point, state: AreaPicture, reader: Reader) -> dict[str, Any] | Refusal:
    """The fact's body, or why there is none. What the system saw is looked up here, never taken from the form."""
    if state.health.is_stale:
        return Refusal(reader.t("form.refused"), reader.t("walk.silent_refused"))
    result, note = one(sent, "result"), one(sent, "note")
    if result not in WALKS:
        return Refusal(reader.t("form.refused"), reader.t("form.bad_choice", found=result[:40]))
    if result == "failed" and not note:
        what = reader.name(FIELD_NAMES["note"])
        return Refusal(reader.t("form.refused"), reader.t("form.missing", what=what))
    if len(note) > TEXT_LENGTH_MAX:
        return Refusal(
            reader.t("form.refused"), reader.t("walk.note_long", most=TEXT_LENGTH_MAX, found=len(note))
        )
    seen, seen_us = sight_of(state.world, point, reader.now_us)
    body: dict[str, Any] = {
        "node": point.node,
        "point": point.point,
        "of": point.of,
        "result": result,
        "seen": seen,
    }
    if seen_us is not None:
        body["seen_at_us"] = seen_us
    if note:
        body["note"] = note
    return body
