"""Routes of the duty page: who is on duty, the moves of a turn, and the sound test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import Officer
from caseserver.notify.duty import DutyRefused
from caseserver.web import render
from caseserver.web.form_parts import Sent, one
from caseserver.web.http import page, reader_of
from caseserver.web.present.duty import duty_page, open_alarms
from caseserver.web.reader import Reader
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Refusal

if TYPE_CHECKING:
    from caseserver.web.pages import Pages


def add_duty(router: APIRouter, pages: Pages) -> None:
    """The page and its four acts."""

    @router.get("/duty")
    def duty(request: Request, officer: SignedIn) -> Response:
        return _shown(request, pages, officer)

    for move in ("take", "offer", "leave", "sound"):
        _add_move(router, pages, move)


def _add_move(router: APIRouter, pages: Pages, move: str) -> None:
    @router.post(f"/duty/{{post}}/{move}", dependencies=[Checked], name=f"duty_{move}")
    async def act(request: Request, officer: SignedIn, post: str) -> Response:
        reader = reader_of(request, pages.station, officer)
        sent = await pages.sent(request)
        if sent is None:
            return pages.malformed(request, reader)
        accounts = request.app.state.accounts
        problem = await run_in_threadpool(_carry_out, pages, accounts, move, post, sent, officer, reader)
        if problem is not None:
            return await run_in_threadpool(_shown, request, pages, officer, problem, 409)
        pages.station.hub.tick()
        return RedirectResponse("/duty", 303)


def _carry_out(
    pages: Pages, accounts: Any, move: str, post: str, sent: Sent, officer: Officer, reader: Reader
) -> Refusal | None:
    """None when it is done and written down."""
    desk, at_us = pages.station.duty, pages.station.now().earliest_us
    try:
        if move == "take":
            desk.take(
                post, officer.number, officer.roles, open_alarms(pages.gatherer.pictures(reader)), at_us
            )
        elif move == "leave":
            desk.leave(post, officer.number, at_us)
        elif move == "sound":
            desk.hear(post, officer.number, at_us, is_heard=one(sent, "heard") == "yes")
        else:
            to = one(sent, "to")
            if to and not accounts.is_known(to):
                return Refusal(reader.t("form.refused"), reader.t("duty.unknown_number", found=to[:40]))
            desk.offer(post, officer.number, to, at_us)
    except DutyRefused as error:
        return Refusal(reader.t("form.refused"), reader.of("duty_refused", error.reason, found=error.found))
    return None


def _shown(
    request: Request, pages: Pages, officer: Officer, refusal: Refusal | None = None, status: int = 200
) -> Response:
    reader, station = reader_of(request, pages.station, officer), pages.station
    view = duty_page(
        pages.gatherer.pictures(reader), station.notify, station.duty.running(), station.duty.ended(), reader
    )
    return page(render.duty(view, reader, refusal), request, status)
