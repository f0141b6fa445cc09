"""Who is asking: FastAPI's side of accounts and sessions, and protection of forms.

Pages use `current_officer` (answers 303 to /sign-in), the API `api_officer` (401). Every form and every API
call that changes something depends on `check_csrf`. Needs `app.state.accounts` and `app.state.station`.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from fastapi import Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import Accounts, Officer, SignIn
from caseserver.audit import Audit
from caseserver.second_factor import Stage

COOKIE: Final = "caseward_session"
CSRF_FIELD: Final = "csrf"
FORM_FIELDS_MAX: Final = 4_000
"""The largest form of ours is a drawn plan: four numbers a room, two a device. With more: 400."""
CSRF_HEADER: Final = "x-csrf-token"
SIGN_IN_PATH: Final = "/sign-in"

__all__ = [
    "COOKIE", "CSRF_FIELD", "CSRF_HEADER", "SIGN_IN_PATH", "Officer", "SignIn", "api_officer", "begun", "begun_form",
    "check_csrf", "complete", "csrf", "current_officer", "maybe_officer", "require_role", "safe_next", "second_step",
    "set_session", "sign_in", "sign_out",
]  # fmt: skip


async def maybe_officer(request: Request) -> Officer | None:
    """The officer who is signed in, or None."""
    if hasattr(request.state, "officer"):
        found: Officer | None = request.state.officer
        return found
    token = request.cookies.get(COOKIE)
    officer = await run_in_threadpool(_accounts(request).of_token, token) if token else None
    if officer is not None:
        _count(request, officer)
    request.state.officer = officer
    return officer


async def current_officer(request: Request) -> Officer:
    """The officer who is signed in; otherwise the browser is sent to the sign-in page."""
    officer = await maybe_officer(request)
    if officer is None:
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        target = f"{SIGN_IN_PATH}?next={quote(here)}" if request.method == "GET" else SIGN_IN_PATH
        raise HTTPException(303, "expected a signed-in officer, found nobody", {"Location": target})
    return officer


async def api_officer(request: Request) -> Officer:
    """The officer who is signed in, or with whose rights a program's token reads; otherwise 401, or 403 for its scopes."""
    header = request.headers.get("authorization", "")
    officer = await _of_token(request, header) if header else await maybe_officer(request)
    if officer is None:
        raise HTTPException(
            401, "expected a session (POST /api/session) or a token, found none or one that ended"
        )
    return officer


async def _of_token(request: Request, header: str) -> Officer | None:
    """Who sends a token is asked by it alone: a cookie beside it counts for nothing."""
    scheme, _, text = header.partition(" ")
    found = await run_in_threadpool(request.app.state.tokens.of_text, text.strip())
    if scheme.lower() != "bearer" or found is None:
        return None
    officer, scopes = found
    _count(request, officer)
    request.state.officer = officer
    if request.state.access.scope not in scopes:
        needed = request.state.access.scope or "that no token has"
        raise HTTPException(
            403, f"expected a token with the scope {needed}, found {', '.join(sorted(scopes))}"
        )
    return officer


def _count(request: Request, officer: Officer) -> None:
    wait_s = request.app.state.account_rate.take(officer.number, time.monotonic())
    if wait_s:
        raise HTTPException(429, "expected fewer requests of this account", {"Retry-After": str(wait_s)})


def require_role(*roles: str) -> Callable[..., object]:
    """A dependency: the signed-in officer, who must have one of these roles (403 otherwise)."""

    async def check(officer: Annotated[Officer, Depends(current_officer)]) -> Officer:
        if not officer.has_role(*roles):
            raise HTTPException(
                403, f"expected one of the roles {', '.join(sorted(roles))}, found none of them"
            )
        return officer

    return check


def csrf(request: Request) -> str:
    """The token that a form of this session must send back in the field `csrf`; "" when nobody is signed in."""
    officer: Officer | None = getattr(request.state, "officer", None)
    return officer.csrf if officer is not None else ""


async def check_csrf(request: Request) -> None:
    """A dependency of everything that changes something: same origin, and the session's own token (403 otherwise)."""
    officer = await maybe_officer(request)  # first, so that a refusal is written down under his number
    _check_origin(request)
    sent = request.headers.get(CSRF_HEADER)
    if sent is None:
        value = (await request.form(max_fields=FORM_FIELDS_MAX)).get(CSRF_FIELD)
        sent = value if isinstance(value, str) else ""
    if officer is None or not officer.csrf or not hmac.compare_digest(sent.encode(), officer.csrf.encode()):
        raise HTTPException(
            403, "expected this session's form token, found another or none; load the page again"
        )


async def sign_in(request: Request, response: Response, number: str, password: str, code: str = "") -> SignIn:
    """Check the password, and the code where one is needed and sent; when right, set the session's cookie on `response`.

    The answer's `stage` says what is still to come. 403 for a foreign origin.
    """
    _check_origin(request)
    accounts = _accounts(request)
    place = request.client.host if request.client is not None else ""
    answer = await run_in_threadpool(accounts.sign_in, number, password, place)
    if answer.token is None or answer.officer is None:
        # what was typed may be a password or a name: only the number of an account is written down
        subject = number if await run_in_threadpool(accounts.is_known, number) else ""
        await _tell_refused(request, subject, answer.problem)
        return answer
    if answer.stage == "code" and code:
        return await second_step(request, response, answer.token, code)
    if answer.stage == "full":
        await _tell_signed_in(request, answer)
    set_session(request, response, answer.token)
    return answer


async def begun(request: Request) -> tuple[Officer, Stage] | None:
    """Whose password was right a moment ago in this browser, and what is still to come."""
    token = request.cookies.get(COOKIE)
    return await run_in_threadpool(_accounts(request).begun, token) if token else None


async def begun_form(request: Request, sent: str) -> tuple[Officer, Stage] | None:
    """The same for a form of it: 403 for a foreign origin or another form token."""
    _check_origin(request)
    found = await begun(request)
    if found is not None and not hmac.compare_digest(sent.encode(), found[0].csrf.encode()):
        raise HTTPException(403, "expected this session's form token, found another or none")
    return found


async def second_step(request: Request, response: Response, token: str, code: str) -> SignIn:
    """Check the code of the second factor for a session that was begun; when right, set the new session's cookie."""
    accounts = _accounts(request)
    waiting = await run_in_threadpool(accounts.begun, token)
    if waiting is None or waiting[1] != "code":
        return SignIn(None, None, "wrong")
    number = waiting[0].number
    found = await run_in_threadpool(request.app.state.factors.check, number, code)
    if not found:
        refused = await run_in_threadpool(accounts.fail_factor, number)
        await _tell_refused(request, number, refused.problem, "code")
        return refused
    return await complete(request, response, token, found)


async def complete(request: Request, response: Response, token: str, factor: str) -> SignIn:
    """The second factor was right: a new session. `factor`: code, recovery or enrol."""
    answer = await run_in_threadpool(_accounts(request).complete, token)
    if answer.token is not None:
        await _tell_signed_in(request, answer, factor)
        set_session(request, response, answer.token)
    return answer


async def _tell_refused(request: Request, number: str, problem: str, what: str = "password") -> None:
    audit: Audit = request.app.state.station.audit
    action = "account.locked" if problem == "locked" else "account.login_refused"
    await run_in_threadpool(audit.write, None, action, number, {"problem": problem, "what": what})


async def _tell_signed_in(request: Request, answer: SignIn, factor: str = "") -> None:
    assert answer.officer is not None
    audit: Audit = request.app.state.station.audit
    number = answer.officer.number
    detail = {"factor": factor} if factor else None
    await run_in_threadpool(audit.write, number, "account.logged_in", number, detail)
    request.state.officer = answer.officer


def set_session(request: Request, response: Response, token: str) -> None:
    """The session's cookie."""
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="strict", path="/",
        secure=request.app.state.settings.sessions.cookie_is_secure or request.url.scheme == "https",
        max_age=request.app.state.settings.sessions.total_s_max,
    )  # fmt: skip


async def sign_out(request: Request, response: Response) -> None:
    """End the session and take the cookie back."""
    officer = await maybe_officer(request)
    token = request.cookies.get(COOKIE)
    if token:
        await run_in_threadpool(_accounts(request).sign_out, token)
    if officer is not None:
        audit: Audit = request.app.state.station.audit
        await run_in_threadpool(audit.write, officer.number, "account.logged_out", officer.number)
    request.state.officer = None
    response.delete_cookie(COOKIE, path="/")


def safe_next(target: str | None) -> str:
    """A path of our own to go to after the sign-in; anything else becomes "/"."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and "\\" not in target else "/"


def _check_origin(request: Request) -> None:
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise HTTPException(403, f"expected a request from our own pages, found one from a {site} page")
    if origin is not None and urlsplit(origin).netloc != request.url.netloc:
        raise HTTPException(
            403, f"expected the origin {request.url.netloc}, found {urlsplit(origin).netloc or origin}"
        )


def _accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts
