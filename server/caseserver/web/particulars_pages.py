"""Routes of a person's particulars: kept, entered, shown on request, found, erased by two. Values travel in bodies only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import Officer
from caseserver.people.erasure import Leaf, objection
from caseserver.people.people import SEARCHED_MAX, Entry, People, PeopleError, Person
from caseserver.people.sealed import SealError, clean
from caseserver.people.side_store import Request as Asked
from caseserver.permissions import ERASERS, KNOWERS, may_erase_together
from caseserver.web import render
from caseserver.web.form_parts import Sent, Statement, one
from caseserver.web.http import may, page, reader_of
from caseserver.web.present import particulars
from caseserver.web.reader import Reader
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Refusal
from caseserver.web.views_people import FindPage
from custody.catalogue.forms import FIELD_NAMES
from custody.catalogue.personal import PARTICULARS
from custody.vocabulary import ERASURE_GROUNDS

if TYPE_CHECKING:
    from caseserver.web.pages import Pages


@dataclass(frozen=True)
class Asking:
    """One request about one stay, with what every route here needs."""

    request: Request
    pages: Pages
    people: People
    officer: Officer
    area: str
    stay: str
    reader: Reader
    leaves: list[Leaf]

    @property
    def base(self) -> str:
        """The page of the particulars."""
        return f"/stays/{self.area}/{self.stay}/person"

    @property
    def may_enter(self) -> bool:
        """Whether this officer enters particulars in this area."""
        view = self.pages.area(self.area)
        return "person.identified" in may(self.officer, view.rulebook, view.engine_world)

    @property
    def person(self) -> str | None:
        """The reference that the stay was registered with."""
        told = [leaf["body"].get("person") for leaf in self.leaves if leaf["type"] == "stay.registered/1"]
        return next((str(ref) for ref in told if ref), None)


def add_particulars(router: APIRouter, pages: Pages, people: People | None) -> None:
    """Everything about who a person is."""
    if people is None:
        _add_absent(router, pages)
        return
    _add_reading(router, pages, people)
    _add_entering(router, pages, people)
    _add_erasure(router, pages, people)


def _add_absent(router: APIRouter, pages: Pages) -> None:
    """Without a key directory nothing is kept, and the pages say so."""

    @router.get("/stays/{area}/{ref}/person")
    @router.get("/stays/{area}/{ref}/person/erasure")
    @router.get("/people")
    def absent(request: Request, officer: SignedIn) -> Response:
        reader = reader_of(request, pages.station, officer)
        return page(render.problem(reader.t("person.title"), reader.t("person.absent"), reader), request, 404)


def _ask(request: Request, pages: Pages, people: People, officer: Officer, area: str, ref: str) -> Asking:
    """Raises 403 for other roles, 404 when the log does not know the stay."""
    if not officer.roles & (KNOWERS | ERASERS):
        raise HTTPException(403, "expected a role that may know who a person is, found none")
    leaves: list[Leaf] = list(pages.area(area).stay_leaves(ref))
    if not leaves:
        raise HTTPException(404, f"expected a stay of {area[:64]}, found none of that reference")
    return Asking(
        request, pages, people, officer, area, ref, reader_of(request, pages.station, officer), leaves
    )


# ---------------------------------------------------------------- reading


def _add_reading(router: APIRouter, pages: Pages, people: People) -> None:
    @router.get("/stays/{area}/{ref}/person")
    def kept(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        return _shown(_ask(request, pages, people, officer, area, ref))

    @router.post("/stays/{area}/{ref}/person/show", dependencies=[Checked])
    def show(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        asking = _ask(request, pages, people, officer, area, ref)
        if not officer.roles & KNOWERS:
            return pages.not_allowed(request, asking.reader)
        fields = [item.field for item in people.kept(area, ref)]
        pages.station.record_read(officer.number, "particulars", f"{area}/{ref}", {"fields": fields})
        try:
            values = people.read(area, ref)
        except SealError:
            refusal = Refusal(asking.reader.t("form.refused"), asking.reader.t("person.unreadable"))
            return _shown(asking, refusal=refusal, status=500)
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


def _shown(
    asking: Asking, *, errors: Mapping[str, str] | None = None, sent: Mapping[str, str] | None = None,
    refusal: Refusal | None = None, done: str = "", status: int = 200,
) -> Response:  # fmt: skip
    view = particulars.particulars_page(
        asking.base, asking.stay, asking.people.kept(asking.area, asking.stay), asking.leaves, asking.reader,
        may_enter=asking.may_enter, errors=errors, sent=sent, refusal=refusal, done=done,
    )  # fmt: skip
    return page(render.particulars(view, asking.reader), asking.request, status)


def _find(
    request: Request, pages: Pages, people: People, officer: Officer, text: str, reader: Reader
) -> Response:
    """Among those who are held now, newest first; that it was searched is written down, not for what."""
    held = [
        (stay.opened_us, view.area.id, stay.ref)
        for view in pages.station.areas()
        for stay in view.engine_world.open_stays()
    ]
    stays = [(area, ref) for _, area, ref in sorted(held, reverse=True)]
    pages.station.record_read(
        officer.number, "particulars_search", "stays", {"stays": min(len(stays), SEARCHED_MAX)}
    )
    if not text:
        problem = reader.t("form.missing", what=reader.t("person.find_label"))
        return page(render.find(FindPage(problem=problem), reader), request, 422)
    try:
        found = tuple((area, ref, f"/stays/{area}/{ref}") for area, ref in people.find(text, stays))
    except SealError:
        return page(render.find(FindPage(problem=reader.t("person.unreadable")), reader), request, 500)
    view = FindPage(found, min(len(stays), SEARCHED_MAX), max(0, len(stays) - SEARCHED_MAX))
    return page(render.find(view, reader), request)


# ---------------------------------------------------------------- entering


def _add_entering(router: APIRouter, pages: Pages, people: People) -> None:
    @router.post("/stays/{area}/{ref}/person", dependencies=[Checked])
    async def enter(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        sent = await pages.sent(request)
        asking = await run_in_threadpool(_ask, request, pages, people, officer, area, ref)
        if sent is None:
            return pages.malformed(request, asking.reader)
        if not asking.may_enter:
            return pages.not_allowed(request, asking.reader)
        values = {name: text for name in PARTICULARS if (text := one(sent, name))}
        errors = _errors(values, asking.reader)
        if errors:
            return await run_in_threadpool(_shown, asking, errors=errors, sent=values, status=422)
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
        return await run_in_threadpool(_shown, asking, refusal=refusal, status=409)
    statement = Statement("person.identified", entry.body)
    problem, fact_id, is_recorded = await asking.pages.submit(
        asking.area, statement, asking.officer, asking.reader
    )
    if problem is not None:
        if asking.pages.station.refusal(fact_id) is None:  # it never went out
            await run_in_threadpool(asking.people.take_back, entry)
        return await run_in_threadpool(_shown, asking, refusal=problem, status=409)
    reader = asking.reader
    done = reader.t("form.recorded") if is_recorded else reader.t("form.sent")
    return await run_in_threadpool(_shown, asking, done=done)


# ---------------------------------------------------------------- erasing


def _add_erasure(router: APIRouter, pages: Pages, people: People) -> None:
    @router.get("/stays/{area}/{ref}/person/erasure")
    def form(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        return _erasure(_ask(request, pages, people, officer, area, ref))

    @router.post("/stays/{area}/{ref}/person/erasure", dependencies=[Checked])
    async def act(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        sent = await pages.sent(request)
        asking = await run_in_threadpool(_ask, request, pages, people, officer, area, ref)
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
    person, action = covered[0].person, f"{asking.base}/erasure"
    if one(sent, "act") == particulars.WITHDRAW:
        asking.people.erasures.drop_request(person)
        station.audit.write(officer.number, "erasure.withdrawn", f"{asking.area}/{asking.stay}")
        done = particulars.erasure_done(
            action, reader.t("person.withdrawn"), person, reader, is_recorded=False
        )
        return page(render.form(done, reader), asking.request)
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
