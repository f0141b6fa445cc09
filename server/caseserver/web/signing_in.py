"""Routes between nobody and a session: number and password, then the second factor where there is or has to be one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from caseserver import auth, totp
from caseserver.accounts import Officer
from caseserver.auth import SignIn, maybe_officer, safe_next
from caseserver.second_factor import SecondFactors
from caseserver.web import render
from caseserver.web.form_parts import one
from caseserver.web.http import FormTooLarge, page, reader_of, sent_form
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Refusal, SignInPage
from caseserver.web.views_access import CodePage, EnrolPage, RecoveryPage

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

ISSUER = "Caseward"
OWN_PATH = "/account/second-factor"
_STEPS = {"code": "/sign-in/code", "enrol": "/sign-in/enrol"}


def add_session(router: APIRouter, pages: Pages) -> None:
    """The two steps in, and the way out."""

    @router.get("/sign-in")
    async def sign_in_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
        if await maybe_officer(request) is not None:
            return RedirectResponse(safe_next(next), 303)
        return _sign_in(request, pages, safe_next(next))

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        sent = await _sent(request)
        target = safe_next(one(sent, "next"))
        answer_to = RedirectResponse(target, 303)
        password = (sent.get("password") or [""])[0]
        answer = await auth.sign_in(request, answer_to, one(sent, "badge"), password)
        if answer.token is None:
            reader = reader_of(request, pages.station, None)
            return _sign_in(request, pages, target, _refusal(answer, reader.t("signin.wrong"), reader), 401)
        if answer.stage != "full":
            answer_to.headers["location"] = f"{_STEPS[answer.stage]}?{urlencode({'next': target})}"
        return answer_to

    @router.post("/sign-out", dependencies=[Checked])
    async def sign_out(request: Request) -> Response:
        answer = RedirectResponse("/sign-in", 303)
        await auth.sign_out(request, answer)
        return answer

    _add_code(router, pages)
    _add_enrol(router, pages)
    _add_own(router, pages)


def _add_code(router: APIRouter, pages: Pages) -> None:
    @router.get("/sign-in/code")
    async def code_page(request: Request, next: str = "/") -> Response:  # noqa: A002
        begun = await auth.begun(request)
        if begun is None or begun[1] != "code":
            return RedirectResponse("/sign-in", 303)
        return _code(request, pages, begun[0], safe_next(next))

    @router.post("/sign-in/code")
    async def code(request: Request) -> Response:
        sent = await _sent(request)
        begun = await auth.begun_form(request, one(sent, "csrf"))
        if begun is None or begun[1] != "code":
            return RedirectResponse("/sign-in", 303)
        target = safe_next(one(sent, "next"))
        answer_to = RedirectResponse(target, 303)
        token = request.cookies.get(auth.COOKIE, "")
        answer = await auth.second_step(request, answer_to, token, one(sent, "code"))
        if answer.token is not None:
            return answer_to
        reader = reader_of(request, pages.station, None)
        refusal = _refusal(answer, reader.t("factor.wrong"), reader)
        return _code(request, pages, begun[0], target, refusal, 401)


def _add_enrol(router: APIRouter, pages: Pages) -> None:
    """Set up between password and session, where the roles need one."""

    @router.get("/sign-in/enrol")
    async def enrol_page(request: Request, next: str = "/") -> Response:  # noqa: A002
        begun = await auth.begun(request)
        if begun is None or begun[1] != "enrol":
            return RedirectResponse("/sign-in", 303)
        return await run_in_threadpool(_enrol, request, pages, begun[0], "/sign-in/enrol", safe_next(next))

    @router.post("/sign-in/enrol")
    async def enrol(request: Request) -> Response:
        sent = await _sent(request)
        begun = await auth.begun_form(request, one(sent, "csrf"))
        if begun is None or begun[1] != "enrol":
            return RedirectResponse("/sign-in", 303)
        officer, target = begun[0], safe_next(one(sent, "next"))
        codes = await run_in_threadpool(_factors(request).confirm, officer.number, one(sent, "code"))
        if codes is None:
            refusal = await _wrong(request, pages, officer)
            return await run_in_threadpool(
                _enrol, request, pages, officer, "/sign-in/enrol", target, refusal, 401
            )
        await _tell_enrolled(request, officer)
        answer = _recovery(request, pages, officer, codes, target)
        await auth.complete(request, answer, request.cookies.get(auth.COOKIE, ""), "enrol")
        return answer


def _add_own(router: APIRouter, pages: Pages) -> None:
    """Set up by who is signed in and wants one."""

    @router.get(OWN_PATH)
    def own_page(request: Request, officer: SignedIn) -> Response:
        return _enrol(request, pages, officer, OWN_PATH, "/account")

    @router.post(OWN_PATH, dependencies=[Checked])
    async def own(request: Request, officer: SignedIn) -> Response:
        sent = await _sent(request)
        codes = await run_in_threadpool(_factors(request).confirm, officer.number, one(sent, "code"))
        if codes is None:
            refusal = await _wrong(request, pages, officer)
            return await run_in_threadpool(
                _enrol, request, pages, officer, OWN_PATH, "/account", refusal, 422
            )
        await _tell_enrolled(request, officer)
        return _recovery(request, pages, officer, codes, "/account")


# ---------------------------------------------------------------- inside


async def _sent(request: Request) -> dict[str, list[str]]:
    try:
        return await sent_form(request)
    except FormTooLarge:
        return {}


def _factors(request: Request) -> SecondFactors:
    factors: SecondFactors = request.app.state.factors
    return factors


async def _wrong(request: Request, pages: Pages, officer: Officer) -> Refusal:
    """A wrong code while one is set up counts as well: who has the password only shall not guess for ever."""
    answer = await run_in_threadpool(request.app.state.accounts.fail_factor, officer.number)
    reader = reader_of(request, pages.station, None)
    return _refusal(answer, reader.t("factor.wrong"), reader)


async def _tell_enrolled(request: Request, officer: Officer) -> None:
    write = request.app.state.station.audit.write
    await run_in_threadpool(write, officer.number, "second_factor.enrolled", officer.number)


def _refusal(answer: SignIn, wrong: str, reader: Reader) -> Refusal:
    if answer.problem == "wrong":
        return Refusal(reader.t("signin.refused"), wrong)
    wait = reader.duration(max(1, answer.retry_s), exact=True)
    return Refusal(reader.t("signin.refused"), reader.t("signin.wait", time=wait))


def _station_name(pages: Pages, reader: Reader) -> str:
    views = pages.station.areas()
    if not views:
        return ""
    return Words(views[0].area, views[0].engine_world, reader).name(views[0].area.station)


def _sign_in(
    request: Request, pages: Pages, target: str, refusal: Refusal | None = None, status: int = 200
) -> Response:
    reader = reader_of(request, pages.station, None)
    return page(
        render.sign_in(SignInPage(_station_name(pages, reader), refusal, target), reader), request, status
    )


def _code(
    request: Request, pages: Pages, officer: Officer, target: str, refusal: Refusal | None = None, status: int = 200
) -> Response:  # fmt: skip
    reader = reader_of(request, pages.station, None)
    view = CodePage(_station_name(pages, reader), officer.number, officer.csrf, target, refusal)
    return page(render.sign_in_code(view, reader), request, status)


def _enrol(
    request: Request, pages: Pages, officer: Officer, action: str, target: str, refusal: Refusal | None = None,
    status: int = 200,
) -> Response:  # fmt: skip
    reader = reader_of(request, pages.station, None)
    secret = _factors(request).offer(officer.number)
    if secret is None:
        return RedirectResponse("/account", 303)
    view = EnrolPage(
        _station_name(pages, reader), officer.number, officer.csrf, action, target,
        totp.address(secret, officer.number, ISSUER), totp.written(secret), action != OWN_PATH, refusal,
    )  # fmt: skip
    return page(render.second_factor(view, reader), request, status)


def _recovery(
    request: Request, pages: Pages, officer: Officer, codes: Sequence[str], target: str
) -> Response:
    reader = reader_of(request, pages.station, None)
    view = RecoveryPage(_station_name(pages, reader), officer.number, tuple(codes), target)
    return page(render.recovery(view, reader), request)
