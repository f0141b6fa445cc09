"""Routes of the drawn plan: the editor, a version beside the present one, its confirming, and what goes out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import Officer
from caseserver.floor.desk import DrawingRefused, Version
from caseserver.floor.reading import SEPARATOR, read_drawing
from caseserver.floor.toml import as_toml
from caseserver.permissions import DRAWERS
from caseserver.web import render
from caseserver.web.drawing.floor import floor
from caseserver.web.form_parts import Sent, one
from caseserver.web.http import page, reader_of
from caseserver.web.present.floor import beside_page, floor_page, picture, plain
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Refusal

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

MOVES: Final = ("confirm", "drop", "take-back")


def add_plan(router: APIRouter, pages: Pages) -> None:
    """Everything about the drawn plan."""

    @router.get("/plan")
    def first(officer: SignedIn) -> Response:
        return RedirectResponse(f"/areas/{pages.station.areas()[0].area.id}/plan", 303)

    @router.get("/areas/{area}/plan")
    def editor(request: Request, officer: SignedIn, area: str, origin: int | None = None) -> Response:
        reader = reader_of(request, pages.station, officer)
        if not officer.roles & DRAWERS:
            return pages.not_allowed(request, reader)
        return _editor(request, pages, area, reader, origin)

    @router.post("/areas/{area}/plan", dependencies=[Checked])
    async def save(request: Request, officer: SignedIn, area: str) -> Response:
        reader = reader_of(request, pages.station, officer)
        sent = await pages.sent(request)
        if sent is None:
            return pages.malformed(request, reader)
        pages.area(area)
        if not officer.roles & DRAWERS:
            return pages.not_allowed(request, reader)
        return await run_in_threadpool(_save, request, pages, officer, area, sent, reader)

    for move in MOVES:
        _add_move(router, pages, move)
    _add_exports(router, pages)

    @router.get("/areas/{area}/plan/{number}")
    def beside(request: Request, officer: SignedIn, area: str, number: int) -> Response:
        reader = reader_of(request, pages.station, officer)
        if not officer.roles & DRAWERS:
            return pages.not_allowed(request, reader)
        return _beside(request, pages, area, number, reader)


def _add_move(router: APIRouter, pages: Pages, move: str) -> None:
    @router.post(f"/areas/{{area}}/plan/{{number}}/{move}", dependencies=[Checked], name=f"plan_{move}")
    async def act(request: Request, officer: SignedIn, area: str, number: int) -> Response:
        reader = reader_of(request, pages.station, officer)
        pages.area(area)
        if not officer.roles & DRAWERS:
            return pages.not_allowed(request, reader)
        return await run_in_threadpool(_moved, request, pages, officer, area, number, move, reader)


def _add_exports(router: APIRouter, pages: Pages) -> None:
    def add(kind: str, media: str, write: Callable[[AreaPicture, Version, Reader], str]) -> None:
        @router.get(f"/areas/{{area}}/plan/{{number}}/{kind}", name=f"plan_{kind}")
        def export(request: Request, officer: SignedIn, area: str, number: int) -> Response:
            reader = reader_of(request, pages.station, officer)
            if not officer.roles & DRAWERS:
                return pages.not_allowed(request, reader)
            state = pages.gatherer.picture(pages.area(area), reader)
            try:
                version = pages.station.drawings.version(area, number)
            except DrawingRefused as error:
                return pages.missing(request, reader, _reason(error, reader))
            name = f'attachment; filename="{area}-plan-{number}.{kind}"'
            return Response(
                write(state, version, reader), media_type=media, headers={"Content-Disposition": name}
            )

    add("svg", "image/svg+xml", _svg)
    add("toml", "application/toml", _toml)


def _svg(state: AreaPicture, version: Version, reader: Reader) -> str:
    words = Words(state.area, state.world, reader)
    return str(
        floor(picture(plain(version.drawing, state), state, words, words.name(state.area.name)), reader)
    )


def _toml(state: AreaPicture, version: Version, reader: Reader) -> str:
    head = [
        f"{state.area.id}: {reader.t('floor.title')} {version.number}",
        reader.t("floor.toml_hint"),
    ]
    return as_toml(plain(version.drawing, state), state.area, head)


def _editor(request: Request, pages: Pages, area: str, reader: Reader, origin: int | None) -> Response:
    desk = pages.station.drawings
    pages.area(area)
    shown = desk.shown(area)
    try:
        start = shown if origin is None else desk.version(area, origin)
    except DrawingRefused as error:
        return pages.missing(request, reader, _reason(error, reader))
    states = pages.gatherer.pictures(reader)
    state = next(state for state in states if state.area.id == area)
    view = floor_page(states, state, desk.listed(area), shown, start, shown.number, reader)
    return page(render.part("floor.html", reader, view=view, refusal=None), request)


def _save(
    request: Request, pages: Pages, officer: Officer, area: str, sent: Sent, reader: Reader
) -> Response:
    """A draft, or the same page again with all that was sent."""
    desk = pages.station.drawings
    states = pages.gatherer.pictures(reader)
    state = next(state for state in states if state.area.id == area)
    fields = {name: values[0] for name, values in sent.items() if SEPARATOR in name}
    drawing, faults = read_drawing(fields, state.area)
    base = one(sent, "base")
    shown = desk.shown(area)
    base_number = int(base) if base.isascii() and base.isdecimal() and len(base) <= 9 else -1
    refusal, status = None, 422
    if faults:
        refusal = Refusal(reader.t("floor.faults", count=len(faults)), reader.t("floor.kept"))
    else:
        try:
            desk.version(area, base_number)
            if drawing == plain(shown.drawing, state):
                raise DrawingRefused("same")
            number = desk.save(area, drawing, base_number, officer.number, pages.station.now().earliest_us)
            return RedirectResponse(f"/areas/{area}/plan/{number}", 303)
        except DrawingRefused as error:
            refusal, status = Refusal(reader.t("form.refused"), _reason(error, reader)), 409
    view = floor_page(
        states, state, desk.listed(area), shown, shown, base_number, reader, fields, faults, drawing
    )
    return page(render.part("floor.html", reader, view=view, refusal=refusal), request, status)


def _moved(
    request: Request, pages: Pages, officer: Officer, area: str, number: int, move: str, reader: Reader
) -> Response:
    desk, at_us = pages.station.drawings, pages.station.now().earliest_us
    try:
        if move == "take-back":
            number = desk.take_back(area, number, officer.number, at_us)
        elif move == "confirm":
            desk.confirm(area, number, officer.number, at_us)
            pages.station.hub.tick()
        else:
            desk.drop(area, number, officer.number, at_us)
            return RedirectResponse(f"/areas/{area}/plan", 303)
    except DrawingRefused as error:
        refusal = Refusal(reader.t("form.refused"), _reason(error, reader))
        if error.reason == "not_there":
            return pages.missing(request, reader, refusal.reason)
        return _beside(request, pages, area, number, reader, refusal)
    return RedirectResponse(f"/areas/{area}/plan/{number}", 303)


def _beside(
    request: Request, pages: Pages, area: str, number: int, reader: Reader, refusal: Refusal | None = None
) -> Response:
    desk = pages.station.drawings
    state = pages.gatherer.picture(pages.area(area), reader)
    try:
        version = desk.version(area, number)
    except DrawingRefused as error:
        return pages.missing(request, reader, _reason(error, reader))
    view = beside_page(state, version, desk.shown(area), reader, refusal)
    return page(render.part("floor_beside.html", reader, view=view), request, 409 if refusal else 200)


def _reason(error: DrawingRefused, reader: Reader) -> str:
    return reader.of("floor_refused", error.reason, found=error.found)
