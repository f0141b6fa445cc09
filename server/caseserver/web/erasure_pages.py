"""Routes of an erasure: two officers sign, one fact for each stay goes out, and the keys go when the log has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from caseserver.people.erasure import objection
from caseserver.people.people import People, Person
from caseserver.people.side_store import Request as Asked
from caseserver.permissions import ERASERS, may_erase_together
from caseserver.web import render
from caseserver.web.asking import Asking, ask, kept_page
from caseserver.web.form_parts import Sent, Statement, one
from caseserver.web.http import page
from caseserver.web.present import particulars
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Refusal
from custody.vocabulary import ERASURE_GROUNDS

if TYPE_CHECKING:
    from caseserver.web.pages import Pages


def add_erasure(router: APIRouter, pages: Pages, people: People) -> None:
    """The form, and both signatures."""

    @router.get("/stays/{area}/{ref}/person/erasure")
    def form(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        return _erasure(ask(request, pages, people, officer, area, ref))

    @router.post("/stays/{area}/{ref}/person/erasure", dependencies=[Checked])
    async def act(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        sent = await pages.sent(request)
        asking = await run_in_threadpool(ask, request, pages, people, officer, area, ref)
        if sent is None:
            return pages.malformed(request, asking.reader)
        if one(sent, "act") == particulars.SIGN:
            return await _sign(asking)
        return await run_in_threadpool(_first, asking, sent)


def _covered(asking: Asking) -> list[Person]:
    """Every stay of the person: an erasure takes all of them, or none."""
    person = asking.people.person_of(asking.area, asking.stay)
    return asking.people.stays_of(person) if person is not None else []


def _against(asking: Asking, covered: list[Person]) -> Response | None:
    """Why it may not be: by role, because nothing is kept, or because one of the stays must stay whole."""
    reader = asking.reader
    if not asking.officer.roles & ERASERS:
        return asking.pages.not_allowed(asking.request, reader)
    reason = "" if covered else reader.t("person.none")
    for person in covered:
        found = objection(list(asking.pages.area(person.area).stay_leaves(person.stay)))
        reason = reason or (particulars.objection_words(found, person.stay, reader) if found else "")
    return (
        page(render.problem(reader.t("person.erase"), reason, reader), asking.request, 409)
        if reason
        else None
    )


def _erasure(asking: Asking, refusal: Refusal | None = None, status: int = 200) -> Response:
    covered = _covered(asking)
    against = _against(asking, covered)
    if against is not None:
        return against
    asked = asking.people.erasures.request(covered[0].person)
    view = particulars.erasure_form(f"{asking.base}/erasure", covered, asked, asking.reader, refusal)
    return page(render.form(view, asking.reader), asking.request, status)


def _refused(asking: Asking, reason: str, status: int = 409) -> Response:
    return _erasure(asking, Refusal(asking.reader.t("form.refused"), reason), status)


def _first(asking: Asking, sent: Sent) -> Response:
    """The first signature, or that one is taken back."""
    reader, officer, station = asking.reader, asking.officer, asking.pages.station
    covered = _covered(asking)
    against = _against(asking, covered)
    if against is not None:
        return against
    person = covered[0].person
    if one(sent, "act") == particulars.WITHDRAW:
        asking.people.erasures.drop_request(person)
        station.audit.write(officer.number, "erasure.withdrawn", f"{asking.area}/{asking.stay}")
        return kept_page(asking, done=reader.t("person.withdrawn"))
    ground = one(sent, "ground")
    if ground not in ERASURE_GROUNDS:
        return _refused(asking, reader.t("form.missing", what=reader.t("person.ground")), 422)
    if asking.people.erasures.request(person) is None:
        now_us = station.now().earliest_us
        asking.people.erasures.ask(Asked(person, ground, officer.number, officer.roles, now_us))
        station.audit.write(
            officer.number, "erasure.asked", f"{asking.area}/{asking.stay}", {"ground": ground}
        )
    return _erasure(asking)


def _follow(asking: Asking) -> None:
    """The worker does this each turn; here once more, so that the page can say that it is done."""
    for state in asking.pages.station.states():
        asking.people.settle(state.take_erased())


async def _sign(asking: Asking) -> Response:
    """The second signature: one fact for each stay; the keys go when the log has it."""
    reader, officer = asking.reader, asking.officer
    covered = await run_in_threadpool(_covered, asking)
    against = await run_in_threadpool(_against, asking, covered)
    if against is not None:
        return against
    asked = await run_in_threadpool(asking.people.erasures.request, covered[0].person)
    if asked is None:
        return await run_in_threadpool(_refused, asking, reader.t("person.not_asked"))
    if asked.officer == officer.number or not may_erase_together(asked.roles, officer.roles):
        return await run_in_threadpool(_refused, asking, reader.t("person.other_signer"))
    fact_id, is_recorded = "", True
    for person in covered:
        body = {
            "stay": person.stay, "person": person.person, "key": person.mark, "officers": [asked.officer, officer.number],
            "ground": asked.ground, "fields": person.count,
        }  # fmt: skip
        statement = Statement("person.erased", body)
        problem, fact_id, recorded = await asking.pages.submit(person.area, statement, officer, reader)
        if problem is not None:
            return await run_in_threadpool(_erasure, asking, problem, 409)
        is_recorded &= recorded
    await run_in_threadpool(_follow, asking)
    is_gone = not await run_in_threadpool(asking.people.stays_of, covered[0].person)
    title = reader.t("person.erased_now") if is_gone else reader.t("person.erased_soon")
    done = particulars.erasure_done(f"{asking.base}/erasure", title, fact_id, reader, is_recorded=is_recorded)
    return page(render.form(done, reader), asking.request)
