"""Routes of a person's particulars: kept, entered, shown on request, found. Values travel in bodies only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import Officer
from caseserver.people.people import SEARCHED_MAX, Entry, People, PeopleError
from caseserver.people.sealed import SealError, clean
from caseserver.permissions import KNOWERS
from caseserver.web import render
from caseserver.web.asking import Asking, ask, kept_page
from caseserver.web.erasure_pages import add_erasure
from caseserver.web.form_parts import Statement, one
from caseserver.web.http import page, reader_of
from caseserver.web.present import particulars
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Refusal
from caseserver.web.views_people import FindPage
from custody.catalogue.forms import FIELD_NAMES
from custody.catalogue.personal import PARTICULARS

if TYPE_CHECKING:
    from caseserver.web.pages import Pages


def add_particulars(router: APIRouter, pages: Pages, people: People | None) -> None:
    """Everything about who a person is."""
    if people is None:
        _add_absent(router, pages)
        return
    _add_reading(router, pages, people)
    _add_entering(router, pages, people)
    add_erasure(router, pages, people)


def _add_absent(router: APIRouter, pages: Pages) -> None:
    """Without a key directory nothing is kept, and the pages say so."""

    @router.get("/stays/{area}/{ref}/person")
    @router.get("/stays/{area}/{ref}/person/erasure")
    @router.get("/people")
    def absent(request: Request, officer: SignedIn) -> Response:
        reader = reader_of(request, pages.station, officer)
        return page(render.problem(reader.t("person.title"), reader.t("person.absent"), reader), request, 404)


# ---------------------------------------------------------------- reading


def _add_reading(router: APIRouter, pages: Pages, people: People) -> None:
    @router.get("/stays/{area}/{ref}/person")
    def kept(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        return kept_page(ask(request, pages, people, officer, area, ref))

    @router.post("/stays/{area}/{ref}/person/show", dependencies=[Checked])
    def show(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        asking = ask(request, pages, people, officer, area, ref)
        if not officer.roles & KNOWERS:
            return pages.not_allowed(request, asking.reader)
        fields = [item.field for item in people.kept(area, ref)]
        pages.station.record_read(officer.number, "particulars", f"{area}/{ref}", {"fields": fields})
        try:
            values = people.read(area, ref)
        except SealError:
            refusal = Refusal(asking.reader.t("form.refused"), asking.reader.t("person.unreadable"))
            return kept_page(asking, refusal=refusal, status=500)
        view = particulars.particulars_page(
            asking.base, ref, values, asking.leaves, asking.reader, may_enter=asking.may_enter, is_shown=True
        )
        return page(render.particulars(view, asking.reader), request)

    @router.get("/people")
    def find_page(request: Request, officer: SignedIn) -> Response:
        reader = reader_of(request, pages.station, officer)
        if not officer.roles & KNOWERS:
            return pages.not_allowed(request, reader)
        return page(render.find(FindPage(), reader), request)

    @router.post("/people", dependencies=[Checked])
    async def find(request: Request, officer: SignedIn) -> Response:
        reader = reader_of(request, pages.station, officer)
        sent = await pages.sent(request)
        if not officer.roles & KNOWERS:
            return pages.not_allowed(request, reader)
        if sent is None:
            return pages.malformed(request, reader)
        return await run_in_threadpool(_find, request, pages, people, officer, one(sent, "text"), reader)


def _find(
    request: Request, pages: Pages, people: People, officer: Officer, text: str, reader: Reader
) -> Response:
    """Among those who are held now, newest first; that it was searched is written down, not for what."""
    views = pages.station.areas()
    names = {v.area.id: Words(v.area, v.engine_world, reader).name(v.area.name) for v in views}
    held = [
        (stay.opened_us, view.area.id, stay.ref) for view in views for stay in view.engine_world.open_stays()
    ]
    stays = [(area, ref) for _, area, ref in sorted(held, reverse=True)]
    pages.station.record_read(
        officer.number, "particulars_search", "stays", {"stays": min(len(stays), SEARCHED_MAX)}
    )
    if not text:
        problem = reader.t("form.missing", what=reader.t("person.find_label"))
        return page(render.find(FindPage(problem=problem), reader), request, 422)
    try:
        found = tuple((names[area], ref, f"/stays/{area}/{ref}") for area, ref in people.find(text, stays))
    except SealError:
        return page(render.find(FindPage(problem=reader.t("person.unreadable")), reader), request, 500)
    view = FindPage(found, min(len(stays), SEARCHED_MAX), max(0, len(stays) - SEARCHED_MAX))
    return page(render.find(view, reader), request)


# ---------------------------------------------------------------- entering


def _add_entering(router: APIRouter, pages: Pages, people: People) -> None:
    @router.post("/stays/{area}/{ref}/person", dependencies=[Checked])
    async def enter(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        sent = await pages.sent(request)
        asking = await run_in_threadpool(ask, request, pages, people, officer, area, ref)
        if sent is None:
            return pages.malformed(request, asking.reader)
        if not asking.may_enter:
            return pages.not_allowed(request, asking.reader)
        values = {name: text for name in PARTICULARS if (text := one(sent, name))}
        errors = _errors(values, asking.reader)
        if errors:
            return await run_in_threadpool(kept_page, asking, errors=errors, sent=values, status=422)
        return await _enter(asking, values)


def _errors(values: Mapping[str, str], reader: Reader) -> dict[str, str]:
    """What is wrong with what was sent; a message names the field and never repeats the value."""
    if not values:
        return {PARTICULARS[0]: reader.t("person.nothing")}
    errors = {}
    for name, text in values.items():
        try:
            clean(name, text)
        except SealError:
            errors[name] = reader.t("person.bad_value", what=reader.name(FIELD_NAMES[name]))
    return errors


async def _enter(asking: Asking, values: Mapping[str, str]) -> Response:
    """Sealed first, then stated: a commitment in the log that nothing opens would be worse than values without one."""
    now_us = asking.pages.station.now().earliest_us
    try:
        entry: Entry = await run_in_threadpool(
            asking.people.enter,
            asking.area,
            asking.stay,
            asking.person,
            values,
            asking.officer.number,
            now_us,
        )
    except PeopleError:
        refusal = Refusal(asking.reader.t("form.refused"), asking.reader.t("person.too_many"))
        return await run_in_threadpool(kept_page, asking, refusal=refusal, status=409)
    statement = Statement("person.identified", entry.body)
    problem, fact_id, is_recorded = await asking.pages.submit(
        asking.area, statement, asking.officer, asking.reader
    )
    if problem is not None:
        if asking.pages.station.refusal(fact_id) is None:  # it never went out
            await run_in_threadpool(asking.people.take_back, entry)
        return await run_in_threadpool(kept_page, asking, refusal=problem, status=409)
    reader = asking.reader
    done = reader.t("form.recorded") if is_recorded else reader.t("form.sent")
    return await run_in_threadpool(kept_page, asking, done=done)
