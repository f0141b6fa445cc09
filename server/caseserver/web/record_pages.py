"""Routes of the forms made from the catalogue: choosing one, filling it in, for a stay and for what is no stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import Officer
from caseserver.web import render
from caseserver.web.form_parts import Answer, beside
from caseserver.web.http import may, page, reader_of
from caseserver.web.present.record import other_choice, record_choice
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.stay import stay_again
from caseserver.web.reader import Reader
from caseserver.web.record import Form, read_record, record_form, recorded
from caseserver.web.session import Checked, SignedIn
from custody.catalogue.forms import OTHER_FORMS, STAY_FORMS
from custody.world import Stay

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

_OF_STAYS = frozenset(fact for group in STAY_FORMS for fact in group.forms)
_OF_OTHERS = frozenset(fact for group in OTHER_FORMS for fact in group.forms)


def add_record(router: APIRouter, pages: Pages) -> None:
    """Two pages that offer forms, and each form's own."""

    @router.get("/stays/{area}/{ref}/record")
    def choose(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        reader = reader_of(request, pages.station, officer)
        found = _stay(pages, area, ref, reader)
        if found is None:
            return pages.missing(request, reader)
        state, stay = found
        view = record_choice(
            state, stay, may(officer, state.rulebook, state.world), reader, beside(state, stay, reader)
        )
        return page(render.form_choice(view, reader), request)

    @router.get("/record")
    def choose_other(request: Request, officer: SignedIn, area: str | None = None) -> Response:
        reader = reader_of(request, pages.station, officer)
        states = pages.gatherer.pictures(reader)
        chosen = next((s for s in states if s.area.id == area), states[0])
        view = other_choice(states, chosen, may(officer, chosen.rulebook, chosen.world), reader)
        return page(render.form_choice(view, reader), request)

    @router.get("/stays/{area}/{ref}/record/{fact}")
    def show(request: Request, officer: SignedIn, area: str, ref: str, fact: str) -> Response:
        return _show(request, pages, officer, _form(request, pages, officer, area, ref, fact))

    @router.get("/record/{area}/{fact}")
    def show_other(request: Request, officer: SignedIn, area: str, fact: str) -> Response:
        return _show(request, pages, officer, _form(request, pages, officer, area, None, fact))

    @router.post("/stays/{area}/{ref}/record/{fact}", dependencies=[Checked])
    async def act(request: Request, officer: SignedIn, area: str, ref: str, fact: str) -> Response:
        form = await run_in_threadpool(_form, request, pages, officer, area, ref, fact)
        return await _act(request, pages, officer, form)

    @router.post("/record/{area}/{fact}", dependencies=[Checked])
    async def act_other(request: Request, officer: SignedIn, area: str, fact: str) -> Response:
        form = await run_in_threadpool(_form, request, pages, officer, area, None, fact)
        return await _act(request, pages, officer, form)


def _stay(pages: Pages, area: str, ref: str, reader: Reader) -> tuple[AreaPicture, Stay] | None:
    """The area and the stay, also one that has ended long ago; None when the log does not know it."""
    view = pages.area(area)
    state = pages.gatherer.picture(view, reader)
    stay = state.world.stays.get(ref)
    if stay is None and ref in state.world.ended:
        stay = stay_again(state, ref, view.stay_leaves(ref))
    return (state, stay) if stay is not None else None


def _form(request: Request, pages: Pages, officer: Officer, area: str, ref: str | None, fact: str) -> Form:
    reader = reader_of(request, pages.station, officer)
    if fact not in (_OF_OTHERS if ref is None else _OF_STAYS):
        raise HTTPException(404, f"expected the name of a form, found {fact[:64]}")
    if ref is None:
        return Form(fact, pages.gatherer.picture(pages.area(area), reader), None, reader)
    found = _stay(pages, area, ref, reader)
    if found is None:
        raise HTTPException(404, f"expected a stay of {area}, found {ref[:64]}")
    return Form(fact, *found, reader)


def _show(request: Request, pages: Pages, officer: Officer, form: Form) -> Response:
    if form.fact not in may(officer, form.state.rulebook, form.state.world):
        return pages.not_allowed(request, form.reader)
    preset = {key: request.query_params.getlist(key) for key in form.specs}
    return page(render.form(record_form(form, preset=preset), form.reader), request)


async def _act(request: Request, pages: Pages, officer: Officer, form: Form) -> Response:
    """States the fact; a refusal is shown over the form as it was sent."""
    sent = await pages.sent(request)
    if sent is None:
        return pages.malformed(request, form.reader)
    if form.fact not in may(officer, form.state.rulebook, form.state.world):
        return pages.not_allowed(request, form.reader)
    answer = read_record(form, sent)
    if not answer.is_good:
        return page(render.form(record_form(form, sent, answer), form.reader), request, 422)
    area, statement = form.state.area.id, answer.statements[0]
    problem, fact_id, is_recorded = await pages.submit(area, statement, officer, form.reader)
    if problem is not None:
        again = record_form(form, sent, Answer(refusal=problem))
        return page(render.form(again, form.reader), request, 409)
    return page(render.form(recorded(form, sent, fact_id, is_recorded), form.reader), request)
