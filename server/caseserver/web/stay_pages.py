"""Routes of stays: the record of one, the register, and the forms of our own about a person who is held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import Officer
from caseserver.web import forms, render
from caseserver.web.forms import Answer, Statement
from caseserver.web.http import may, page, reader_of
from caseserver.web.present.musts import four_musts, shares_of
from caseserver.web.present.record import asked_at_release
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.stay import stay_page
from caseserver.web.present.words import Words
from caseserver.web.property.of_stay import things_of_stay
from caseserver.web.reader import Reader
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import FormPage, Refusal
from custody.catalogue.forms import FORM_NAMES
from custody.world import Stay

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

_FORMS: Final = {
    "band": (forms.band_form, forms.read_band, "wristband.bound"),
    "search": (forms.search_form, forms.read_search, "search.signed"),
    "extension": (forms.extension_form, forms.read_extension, "extension.approved"),
    "release": (forms.release_form, forms.read_release, "stay.released"),
}


def add_stays(router: APIRouter, pages: Pages) -> None:
    """The record of a stay and every form about it that has a page of its own."""

    @router.get("/stays/new")
    def register_page(request: Request, officer: SignedIn) -> Response:
        reader = reader_of(request, pages.station, officer)
        if not officer.may("stay.registered"):
            return pages.not_allowed(request, reader)
        shown = forms.register_form(pages.gatherer.pictures(reader), reader)
        return page(render.form(shown, reader), request)

    @router.post("/stays/new", dependencies=[Checked])
    async def register(request: Request, officer: SignedIn) -> Response:
        reader = reader_of(request, pages.station, officer)
        sent = await pages.sent(request)
        if sent is None:
            return pages.malformed(request, reader)
        pictures = await run_in_threadpool(pages.gatherer.pictures, reader)
        area, answer = forms.read_register(pictures, reader, sent)

        def show(answer: Answer) -> FormPage:
            return forms.register_form(pictures, reader, sent, answer)

        return await _finish(request, pages, officer, area, answer, show, reader)

    @router.get("/stays/{area}/{ref}")
    def one_stay(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        return _stay_page(request, pages, officer, area, ref)

    for what, (view, read, fact_type) in _FORMS.items():
        _add_form(router, pages, what, view, read, fact_type)


def _add_form(router: APIRouter, pages: Pages, what: str, view: Any, read: Any, fact_type: str) -> None:
    @router.get(f"/stays/{{area}}/{{ref}}/{what}", name=f"form_{what}")
    def show(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        reader = reader_of(request, pages.station, officer)
        found = _held(pages, area, ref, reader)
        known = pages.area(area)
        allowed = may(officer, known.rulebook, known.engine_world)
        if fact_type not in allowed:
            return pages.not_allowed(request, reader)
        if found is None:
            return pages.missing(request, reader, reader.t("form.not_held", stay=ref[:64]))
        shown = view(*found, reader)
        if fact_type == "stay.released":
            shown = replace(shown, needs=asked_at_release(*found, allowed, reader))
        return page(render.form(shown, reader), request)

    @router.post(f"/stays/{{area}}/{{ref}}/{what}", dependencies=[Checked], name=f"act_{what}")
    async def act(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        reader = reader_of(request, pages.station, officer)
        sent = await pages.sent(request)
        if sent is None:
            return pages.malformed(request, reader)
        found = await run_in_threadpool(_held, pages, area, ref, reader)
        if found is None:
            return pages.missing(request, reader, reader.t("form.not_held", stay=ref[:64]))
        answer = read(*found, reader, sent)

        def show(answer: Answer) -> FormPage:
            shown: FormPage = view(*found, reader, sent, answer)
            return shown

        return await _finish(request, pages, officer, area, answer, show, reader)


def _held(pages: Pages, area: str, ref: str, reader: Reader) -> tuple[AreaPicture, Stay] | None:
    """The area and the open stay, None when that person is not held there."""
    picture = pages.gatherer.picture(pages.area(area), reader)
    stay = picture.world.stays.get(ref)
    return (picture, stay) if stay is not None and stay.is_open else None


async def _finish(
    request: Request, pages: Pages, officer: Officer, area: str, answer: Answer, show: Callable[[Answer], FormPage],
    reader: Reader,
) -> Response:  # fmt: skip
    """States what the form came to, one fact after the other; the first one refused ends it and is shown."""
    if not answer.is_good:
        return page(render.form(show(answer), reader), request, 422)
    fact_id, is_recorded, last = "", True, answer.statements[-1]
    stated: list[Statement] = []
    for statement in answer.statements:
        problem, fact_id, is_recorded = await pages.submit(area, statement, officer, reader)
        if problem is not None:
            shown = show(Answer(refusal=_with_stated(problem, stated, reader)))
            return page(render.form(shown, reader), request, 409)
        stated.append(statement)
    picture = await run_in_threadpool(lambda: pages.gatherer.picture(pages.area(area), reader))
    return page(render.form(forms.done(last, fact_id, is_recorded, area, picture, reader), reader), request)


def _with_stated(problem: Refusal, stated: list[Statement], reader: Reader) -> Refusal:
    """Of two facts in one form the first may stand though the second was refused; then that is said."""
    if not stated:
        return problem
    said = " · ".join(reader.name(FORM_NAMES[s.type]) for s in stated if s.type in FORM_NAMES)
    return replace(problem, stated=said)


def _stay_page(request: Request, pages: Pages, officer: Officer, area: str, ref: str) -> Response:
    reader = reader_of(request, pages.station, officer)
    view = pages.area(area)
    own = view.stay_leaves(ref)
    if not own:
        return pages.missing(request, reader)
    picture = pages.gatherer.picture(view, reader)
    known = picture.world.stays.get(ref)
    end_us = known.released_us if known else int(own[-1]["recorded"]["earliest_us"])
    near = pages.gatherer.near(view, int(own[0]["index"]), end_us)
    allowed = may(officer, view.rulebook, view.engine_world)
    shown = stay_page(
        ref, picture, own, near, view.alarms_of(ref), reader, view.health().log_size, allowed, _short(view.root())
    )  # fmt: skip
    if shown is None:
        return pages.missing(request, reader)
    is_over = known is None or known.released_us is not None
    last = int(own[-1]["index"]) if is_over else None
    covered = pages.ledgers.of_stay(view, ref, int(own[0]["index"]), last, reader.now_us)
    musts = four_musts(covered, Words(picture.area, picture.world, reader))
    shown = replace(shown, musts=shares_of(musts, shown.musts))
    things = things_of_stay(ref, known, picture, reader)
    return page(render.stay_page(shown, reader, musts, things), request)


def _short(root: str) -> str:
    return f"{root[:8]}…{root[-4:]}" if len(root) > 16 else root
