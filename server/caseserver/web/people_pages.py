"""Routes of accounts, of changes that two sign, and of officers with their qualifications."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import Officer
from caseserver.changes import ChangeRefused
from caseserver.permissions import ACCOUNT_READERS, ADMINISTRATORS, OFFICER_READERS
from caseserver.web import render
from caseserver.web.form_parts import Sent, one
from caseserver.web.http import page, reader_of
from caseserver.web.present.people_list import account_line, change_line, officers_page, rulebook_line
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Refusal
from caseserver.web.views_access import AccountsPage
from custody.vocabulary import ROLES

if TYPE_CHECKING:
    from caseserver.web.pages import Pages


def add_people_lists(router: APIRouter, pages: Pages) -> None:
    """Both lists, asking for a change, and the second signature."""

    @router.get("/accounts")
    def accounts(request: Request, officer: SignedIn) -> Response:
        if not officer.roles & ACCOUNT_READERS:
            return pages.not_allowed(request, reader_of(request, pages.station, officer))
        return _accounts(request, pages, officer)

    @router.post("/accounts/changes", dependencies=[Checked])
    async def ask(request: Request, officer: SignedIn) -> Response:
        return await _act(request, pages, officer, None)

    @router.post("/accounts/changes/{change}", dependencies=[Checked])
    async def sign(request: Request, officer: SignedIn, change: str) -> Response:
        return await _act(request, pages, officer, change)

    @router.get("/officers")
    def officers(request: Request, officer: SignedIn) -> Response:
        reader = reader_of(request, pages.station, officer)
        if not officer.roles & OFFICER_READERS:
            return pages.not_allowed(request, reader)
        told = [
            (pages.gatherer.picture(view, reader), pages.station.officer_leaves(view.area.id))
            for view in pages.station.areas()
        ]
        known = {row.number: row for row in request.app.state.accounts.rows()}
        return page(render.officers(officers_page(told, known, reader), reader), request)


async def _act(request: Request, pages: Pages, officer: Officer, change: str | None) -> Response:
    reader = reader_of(request, pages.station, officer)
    sent = await pages.sent(request)
    if sent is None:
        return pages.malformed(request, reader)
    if not officer.roles & ADMINISTRATORS:
        return pages.not_allowed(request, reader)
    return await run_in_threadpool(_acted, request, pages, officer, change, sent)


def _acted(request: Request, pages: Pages, officer: Officer, change: str | None, sent: Sent) -> Response:
    reader, changes = reader_of(request, pages.station, officer), request.app.state.changes
    try:
        if change is None:
            changes.ask(one(sent, "kind"), one(sent, "subject"), _body(sent), officer)
            return _accounts(request, pages, officer, done=reader.t("people.asked"))
        if one(sent, "act") != "sign":
            changes.withdraw(change, officer)
            return _accounts(request, pages, officer, done=reader.t("people.withdrawn"))
        subject = next((c.subject for c in changes.listed() if c.id == change), "")
        password = changes.sign(change, officer)
    except ChangeRefused as error:
        refusal = Refusal(reader.t("form.refused"), reader.of("change_refused", error.reason))
        return _accounts(request, pages, officer, 409, refusal=refusal)
    return _accounts(
        request, pages, officer, done=reader.t("people.signed"), password=password, password_of=subject
    )


def _body(sent: Sent) -> dict[str, Any]:
    """What a change holds besides kind and subject."""
    if one(sent, "kind") not in ("account.add", "account.roles"):
        return {}
    roles = sorted(set(sent.get("roles", ())))
    return {"roles": roles, "unit": one(sent, "unit")[:64], "shift": one(sent, "shift")[:64]}


def _accounts(request: Request, pages: Pages, officer: Officer, status: int = 200, **more: Any) -> Response:
    reader, state = reader_of(request, pages.station, officer), request.app.state
    changes = [change_line(change, reader) for change in state.changes.listed()]
    with_factor, approved = state.factors.set_up_numbers(), state.changes.approved()
    gateways = state.settings.gateways
    view = AccountsPage(
        tuple(account_line(row, with_factor, reader) for row in state.accounts.rows()),
        tuple(line for line in changes if line.state == "asked"),
        tuple(line for line in changes if line.state != "asked"),
        tuple(
            rulebook_line(
                pages.gatherer.picture(pages.area(area.area.id), reader), area.hashes.get("rulebook_hash", ""),
                area.gateway not in gateways or gateways[area.gateway].rulebook is None, approved, reader,
            )
            for area in pages.station.states()
        ),
        tuple((role, reader.code(ROLES, role)) for role in ROLES), bool(officer.roles & ADMINISTRATORS),
    )  # fmt: skip
    return page(render.accounts(replace(view, **more), reader), request, status)
