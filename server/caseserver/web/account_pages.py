"""Routes of the own account: password, PIN for kiosks, sessions, second factor, tokens of programs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import AccountError, Officer
from caseserver.auth import COOKIE
from caseserver.pins import PinError, PinFile, weakness
from caseserver.tokens import DAYS_MAX, SCOPES
from caseserver.web import render
from caseserver.web.form_parts import Sent, one
from caseserver.web.http import page, reader_of
from caseserver.web.present.people_list import roles_in_words, token_row
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Refusal
from caseserver.web.views_access import OwnAccount

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

Act = Callable[["Acting"], Response]


class Acting:
    """One form of the own account, with what every act needs."""

    def __init__(self, request: Request, pages: Pages, officer: Officer, sent: Sent) -> None:
        self.request, self.officer, self.sent = request, officer, sent
        self.state: Any = request.app.state
        self.pages = pages
        self.reader = reader_of(request, pages.station, officer)

    def show(self, status: int = 200, **more: object) -> Response:
        """The page with what came of the act."""
        return _shown(self.request, self.pages, self.officer, status, **more)

    def refuse(self, reason: str, status: int = 422) -> Response:
        return self.show(status, refusal=Refusal(self.reader.t("form.refused"), reason))

    def tell(self, action: str, subject: str, detail: dict[str, object] | None = None) -> None:
        self.pages.station.audit.write(self.officer.number, action, subject, detail)

    def against(self) -> Response | None:
        """Who sits at an open session is not yet the officer: the password is asked for again. A wrong one counts."""
        place = self.request.client.host if self.request.client is not None else ""
        answer = self.state.accounts.sign_in(
            self.officer.number, (self.sent.get("password") or [""])[0], place
        )
        if answer.token is not None:
            self.state.accounts.sign_out(answer.token)
            return None
        self.tell(
            "account.login_refused", self.officer.number, {"problem": answer.problem, "what": "password"}
        )
        reader = self.reader
        wait = reader.duration(max(1, answer.retry_s), exact=True)
        reason = (
            reader.t("account.wrong") if answer.problem == "wrong" else reader.t("signin.wait", time=wait)
        )
        return self.refuse(reason, 409)


def add_account(router: APIRouter, pages: Pages) -> None:
    """The page and its acts."""

    @router.get("/account")
    def account(request: Request, officer: SignedIn) -> Response:
        return _shown(request, pages, officer)

    acts: dict[str, Act] = {
        "password": _password, "pin": _pin, "sign-out-all": _sign_out_all, "tokens": _make_token, "tokens/revoke": _revoke,
        "recovery": _renew,
    }  # fmt: skip
    for path, act in acts.items():
        _add_act(router, pages, path, act)


def _add_act(router: APIRouter, pages: Pages, path: str, act: Act) -> None:
    @router.post(f"/account/{path}", dependencies=[Checked], name=f"account_{path}")
    async def acted(request: Request, officer: SignedIn) -> Response:
        sent = await pages.sent(request)
        if sent is None:
            return pages.malformed(request, reader_of(request, pages.station, officer))
        return await run_in_threadpool(act, Acting(request, pages, officer, sent))


def _shown(request: Request, pages: Pages, officer: Officer, status: int = 200, **more: object) -> Response:
    reader, state = reader_of(request, pages.station, officer), request.app.state
    now_s = time.time()
    view = OwnAccount(
        officer.number, roles_in_words(officer.roles, reader), state.factors.is_set_up(officer.number),
        state.factors.codes_left(officer.number),
        tuple(token_row(token, now_s) for token in state.tokens.listed(officer.number)), SCOPES, DAYS_MAX,
        _has_pin(state.pins, officer.number),
    )  # fmt: skip
    view = replace(view, **more)  # type: ignore[arg-type]
    return page(render.own_account(view, reader), request, status)


def _password(acting: Acting) -> Response:
    new = (acting.sent.get("new") or [""])[0]
    if new != (acting.sent.get("again") or [""])[0]:
        return acting.refuse(acting.reader.t("account.differ"))
    against = acting.against()
    if against is not None:
        return against
    try:
        acting.state.accounts.set_password(acting.officer.number, new)
    except AccountError:
        return acting.refuse(acting.reader.t("account.bad_password"))
    acting.tell("account.password_changed", acting.officer.number)
    return _to_sign_in()


def _pin(acting: Acting) -> Response:
    """The kiosks have it within ten seconds; what it is, or was, is shown nowhere and written down nowhere."""
    number, reader = acting.officer.number, acting.reader
    pin = (acting.sent.get("pin") or [""])[0]
    if pin != (acting.sent.get("again") or [""])[0]:
        return acting.refuse(reader.t("account.pin_differ"))
    why = weakness(pin, number)
    if why:
        return acting.refuse(reader.of("pin_weak", why))
    against = acting.against()
    if against is not None:
        return against
    factors = acting.state.factors
    if factors.is_set_up(number) and not factors.check(number, one(acting.sent, "code")):
        acting.state.accounts.fail_factor(number)
        return acting.refuse(reader.t("factor.wrong"), 409)
    try:
        acting.state.pins.change(number, pin, acting.pages.station.now().earliest_us)
    except (PinError, OSError):
        return acting.refuse(reader.t("account.pin_no_room"), 409)
    acting.tell("kiosk.pin_set", number)
    return acting.show(done=reader.t("account.pin_done"))


def _has_pin(pins: PinFile, number: str) -> bool:
    try:
        return pins.has(number)
    except PinError:
        return False  # the file is spoilt: what is set next is refused, and says so


def _sign_out_all(acting: Acting) -> Response:
    acting.state.accounts.sign_out_all(acting.officer.number)
    acting.tell("account.logged_out", acting.officer.number, {"sessions": "all"})
    return _to_sign_in()


def _to_sign_in() -> Response:
    """Every session has ended, this one too."""
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _make_token(acting: Acting) -> Response:
    against = acting.against()
    if against is not None:
        return against
    days, scopes = one(acting.sent, "days"), list(acting.sent.get("scopes", ()))
    try:
        count = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
        made = acting.state.tokens.make(acting.officer.number, one(acting.sent, "label"), scopes, count)
    except AccountError:
        return acting.refuse(acting.reader.t("account.bad_token", days=DAYS_MAX))
    acting.tell("token.made", made[0], {"scopes": sorted(set(scopes)), "days": count})
    return acting.show(token=made[1])


def _revoke(acting: Acting) -> Response:
    token_id = one(acting.sent, "token")
    if not acting.state.tokens.revoke(token_id, acting.officer.number):
        return acting.refuse(acting.reader.t("account.no_token"), 409)
    acting.tell("token.revoked", token_id)
    return acting.show(done=acting.reader.t("account.revoked"))


def _renew(acting: Acting) -> Response:
    number = acting.officer.number
    if acting.state.factors.check(number, one(acting.sent, "code")) != "code":
        acting.state.accounts.fail_factor(number)
        return acting.refuse(acting.reader.t("factor.wrong"), 409)
    codes = acting.state.factors.renew_codes(number)
    acting.tell("second_factor.renewed", number)
    return acting.show(codes=tuple(codes))
