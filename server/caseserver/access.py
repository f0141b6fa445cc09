"""Which route shows what: one table of all of them, and the one place where a read of personal data is written down.

Every route is declared here (a test walks the application). Those that show what is held of one person are `personal`:
their answer goes out only when `record.read` is durable. A route that is not declared is treated as personal.
`record.read` tells the officer, the route's word and its path's references, never what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from caseserver.accounts import Officer

Kind = Literal["open", "plain", "personal", "written", "act"]


@dataclass(frozen=True, slots=True)
class Access:
    """`open`: without a session; `plain`: nothing of one person beyond what hangs on the wall; `personal`: written down
    here as `what`; `written`: the handler writes it down itself, with what was shown; `act`: states or changes something."""

    kind: Kind
    what: str = ""
    scope: str = ""  # which tokens of programs may call it; "": none


OPEN: Final = Access("open")
PLAIN: Final = Access("plain")
ACT: Final = Access("act")
WRITTEN: Final = Access("written")


def _personal(what: str, scope: str = "") -> Access:
    return Access("personal", what, scope)


def _plain(scope: str) -> Access:
    return Access("plain", "", scope)


_STAY: Final = "/stays/{area}/{ref}"

ROUTES: Final[Mapping[str, Access]] = {
    # without a session
    "GET /healthz": OPEN,
    "GET /metrics": OPEN,  # its own token, or this machine
    "GET /static/{asked}/{name}": OPEN,
    "GET /sign-in": OPEN,
    "POST /sign-in": OPEN,
    "GET /sign-in/code": OPEN,  # to who gave the right password a moment ago, as the three below
    "POST /sign-in/code": OPEN,
    "GET /sign-in/enrol": OPEN,
    "POST /sign-in/enrol": OPEN,
    "POST /api/session": OPEN,
    "GET /api/witness/logs": OPEN,  # the token of a witness
    "GET /api/witness/checkpoint": OPEN,
    "POST /api/witness/cosigned": OPEN,
    # what hangs on the wall, and what is about rooms, rules and machines
    "GET /": PLAIN,
    "GET /alarms": PLAIN,
    "GET /alarms/rates": PLAIN,
    "GET /events": PLAIN,
    "GET /events/alarms": PLAIN,
    "GET /coverage": PLAIN,
    "GET /rules": PLAIN,
    "GET /blind": PLAIN,
    "GET /walk": PLAIN,
    "GET /areas/{area}/walk": PLAIN,
    "GET /events/areas/{area}/walk": PLAIN,
    "GET /plan": PLAIN,
    "GET /areas/{area}/plan": PLAIN,  # rooms and devices; nobody who is in them
    "GET /areas/{area}/plan/{number}": PLAIN,
    "GET /areas/{area}/plan/{number}/svg": PLAIN,
    "GET /areas/{area}/plan/{number}/toml": PLAIN,
    "GET /bands": PLAIN,
    "GET /duty": PLAIN,  # who is on duty, and the alarms that hang on the wall
    "GET /areas/{area}/bands": PLAIN,
    "GET /property": PLAIN,
    "GET /areas/{area}/property": PLAIN,  # compartments, as the wall has rooms
    "GET /events/areas/{area}/property": PLAIN,
    "GET /witness": PLAIN,
    "GET /record": PLAIN,
    "GET /record/{area}/{fact}": PLAIN,
    "GET /stays/new": PLAIN,
    "GET /people": PLAIN,  # the empty search
    "GET /api/openapi.json": PLAIN,
    "GET /api/session": PLAIN,
    "GET /api/areas": _plain("areas"),
    "GET /api/alarms": _plain("alarms"),
    "GET /api/coverage/{area}": _plain("coverage"),
    "GET /api/facts/{fact_id}": _plain("receipts"),
    "GET /api/events": _plain("events"),
    "GET /account/second-factor": PLAIN,
    "GET /account": PLAIN,  # one's own
    # what is held of one person, or of all
    "GET /accounts": _personal("accounts"),
    "GET /officers": _personal("officers"),
    "GET /stays": _personal("stays"),
    f"GET {_STAY}": _personal("stay"),
    f"GET {_STAY}/record": _personal("stay"),
    f"GET {_STAY}/record/{{fact}}": _personal("form"),
    f"GET {_STAY}/band": _personal("form"),
    f"GET {_STAY}/search": _personal("form"),
    f"GET {_STAY}/extension": _personal("form"),
    f"GET {_STAY}/release": _personal("form"),
    f"GET {_STAY}/person": _personal("particulars_kept"),
    f"GET {_STAY}/person/erasure": _personal("erasure"),
    f"GET {_STAY}/bundle": _personal("form"),
    "GET /alarms/{area}/{ref}": _personal("alarm"),
    "GET /events/alarms/{area}/{ref}": _personal("alarm"),
    "GET /api/alarms/{area}/{alarm}/history": _personal("alarm", "alarms"),
    "GET /api/alarms/{area}/{alarm}/cap": _personal("alarm", "alarms"),
    "GET /log/{area}/{index}": _personal("leaf"),
    "GET /api/stays": Access("written", "", "stays"),
    "GET /api/log/{gateway}": Access("written", "", "log"),
    "GET /areas/{area}/property/items": _personal("items"),
    "GET /areas/{area}/property/sheet": _personal("items"),
    "GET /areas/{area}/property/overdue": _personal("items"),
    "GET /areas/{area}/property/counts": _personal("items"),
    "GET /areas/{area}/property/clearup": _personal("items"),
    "GET /areas/{area}/property/cases/{case}": _personal("items"),
    "GET /areas/{area}/property/papers": _personal("items"),
    "GET /areas/{area}/items/{ref}": _personal("item_chain"),
    "POST /areas/{area}/items/{ref}/show": WRITTEN,
    "POST /areas/{area}/property/papers": WRITTEN,
    "GET /whatif": WRITTEN,
    "GET /own-log": WRITTEN,
    "POST /people": WRITTEN,
    f"POST {_STAY}/person/show": WRITTEN,
    # acts
    "POST /account/second-factor": ACT,
    "POST /account/password": ACT,
    "POST /account/pin": ACT,
    "POST /account/sign-out-all": ACT,
    "POST /account/tokens": ACT,
    "POST /account/tokens/revoke": ACT,
    "POST /account/recovery": ACT,
    "POST /accounts/changes": ACT,
    "POST /accounts/changes/{change}": ACT,
    "POST /sign-out": ACT,
    "DELETE /api/session": ACT,
    "POST /api/areas/{area}/facts": ACT,
    "POST /alarms/{area}/{ref}/take": ACT,
    "POST /alarms/{area}/{ref}/acknowledge": ACT,
    "POST /alarms/{area}/{ref}/rectify": ACT,
    "POST /alarms/{area}/{ref}/verify": ACT,
    "POST /alarms/{area}/{ref}/shelve": ACT,
    "POST /alarms/{area}/{ref}/unshelve": ACT,
    "POST /alarms/{area}/{ref}/out-of-service": ACT,
    "POST /alarms/{area}/{ref}/in-service": ACT,
    "POST /alarms/{area}/{ref}/silence": ACT,
    "POST /stays/new": ACT,
    f"POST {_STAY}/band": ACT,
    f"POST {_STAY}/search": ACT,
    f"POST {_STAY}/extension": ACT,
    f"POST {_STAY}/release": ACT,
    f"POST {_STAY}/record/{{fact}}": ACT,
    "POST /record/{area}/{fact}": ACT,
    f"POST {_STAY}/person": ACT,
    f"POST {_STAY}/person/erasure": ACT,
    f"POST {_STAY}/bundle": ACT,  # export.made
    "POST /areas/{area}/walk/{ref}": ACT,
    "POST /areas/{area}/plan": ACT,
    "POST /areas/{area}/plan/{number}/confirm": ACT,
    "POST /areas/{area}/plan/{number}/drop": ACT,
    "POST /areas/{area}/plan/{number}/take-back": ACT,
    "POST /areas/{area}/items/{ref}": ACT,
    "POST /areas/{area}/items/{ref}/photo": ACT,
    "POST /duty/{post}/take": ACT,
    "POST /duty/{post}/offer": ACT,
    "POST /duty/{post}/leave": ACT,
    "POST /duty/{post}/sound": ACT,
}
"""`METHOD /path` as the route is declared -> what it shows."""

REFUSALS: Final = frozenset((400, 403, 404, 409, 413, 415, 422))
"""Answers to an act that are written down as `request.refused`."""
UNDECLARED: Final = Access("personal", "undeclared")


def access_of(method: str, path: str) -> Access:
    """What this route shows; one that nobody declared counts as personal."""
    return ROUTES.get(f"{method} {path}", UNDECLARED)


class DeclaredRoute(APIRoute):
    """A route that writes down reads of personal data before they go out, and acts that were refused."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with both sides of it."""
        handle = super().get_route_handler()
        path = self.path_format

        async def declared(request: Request) -> Response:
            access = access_of(request.method, path)
            request.state.access = access
            try:
                response = await handle(request)
            except HTTPException as error:
                await _refused(request, access, path, error.status_code)
                raise
            except RequestValidationError:
                await _refused(request, access, path, 422)
                raise
            if response.status_code >= 400:
                await _refused(request, access, path, response.status_code)
            elif access.kind == "personal":
                await _read(request, access)
            return response

        return declared


async def _read(request: Request, access: Access) -> None:
    """Durable before the answer goes out; when it cannot be written nothing is shown."""
    officer = getattr(request.state, "officer", None)
    if officer is None:  # sent to the sign-in: nothing was shown
        return
    subject = "/".join(str(value) for value in request.path_params.values()) or "all"
    record_read = request.app.state.station.record_read
    await run_in_threadpool(record_read, officer.number, access.what, subject, by_token(officer))


def by_token(officer: Officer) -> dict[str, str]:
    """What an entry says besides when a program read with an officer's token."""
    return {"token": officer.token} if officer.token else {}


async def _refused(request: Request, access: Access, path: str, status: int) -> None:
    """An act of somebody who is signed in that was refused, or a page that is not for him; never what was sent."""
    officer = getattr(request.state, "officer", None)
    is_told = status in REFUSALS if access.kind in ("act", "written") else status == 403
    if officer is None or not is_told:
        return
    write = request.app.state.station.audit.write
    subject = f"{request.method} {path}"
    await run_in_threadpool(write, officer.number, "request.refused", subject, {"status": status})
