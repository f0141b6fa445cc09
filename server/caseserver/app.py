"""The FastAPI application: API, pages, events, health; headers that keep a browser from doing anything else."""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caseserver import api, auth, events, metrics, openapi, refusals, witness_api
from caseserver.access import DeclaredRoute
from caseserver.accounts import Officer
from caseserver.problems import answers, problem
from caseserver.program import Program
from caseserver.rates import Rate
from caseserver.web import pages

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
BODY_BYTES_MAX: Final = 262_144
PHOTO_PATH: Final = re.compile(r"/areas/[^/]+/items/[^/]+/photo")
PHOTO_BODY_BYTES_MAX: Final = 1_048_576
"""Of the one form with a picture; as long as an upload stays in memory, so that none lies in clear on a disk."""
HEALTH_PATH: Final = "/healthz"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})


def create_app(program: Program) -> FastAPI:
    """The application around a program; its lifespan starts and stops the program."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        program.start()
        try:
            yield
        finally:
            program.station.hub.close()
            await run_in_threadpool(program.stop)

    # the interactive documentation pages load scripts from elsewhere; the OpenAPI document itself stays
    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.router.route_class = DeclaredRoute
    app.state.program = program
    app.state.settings = program.settings
    app.state.station = program.station
    app.state.accounts = program.accounts
    app.state.factors = program.factors
    app.state.tokens = program.tokens
    app.state.pins = program.pins
    app.state.changes = program.changes
    app.state.account_rate = Rate(program.settings.limits.account_requests_per_minute_max)
    refusals.install(app)
    app.state.address_rate = Rate(program.settings.limits.requests_per_minute_max)
    app.add_middleware(Guard, rate=app.state.address_rate)
    if program.settings.trusted_hosts:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=program.settings.trusted_hosts)
    app.include_router(api.routes(program.station))
    app.include_router(witness_api.routes(program.station))
    _add_operations(app, program)
    app.include_router(pages.routes(program.station, program.people, program.bundles, program.papers))
    _add_events(app, program)
    return app


def _add_operations(app: FastAPI, program: Program) -> None:
    @app.get(
        HEALTH_PATH,
        tags=["operations"],
        responses={503: {"description": "The worker or the store has failed"}},
    )
    def healthz(response: Response) -> dict[str, str]:
        """Whether the process does its work. Says nothing of the areas: that is on the pages and in /metrics."""
        is_well = program.is_well
        response.status_code = 200 if is_well else 503
        broker = "connected" if program.inbox.is_connected else "away"
        return {"status": "ok" if is_well else "failed", "broker": broker}

    @app.get("/metrics", tags=["operations"], response_class=PlainTextResponse, responses=answers(403, 429))
    def prometheus(request: Request) -> PlainTextResponse:
        """Figures for Prometheus: from this machine, or with `Authorization: Bearer <metrics_token>`."""
        token = program.settings.metrics_token
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        is_local = request.client is not None and request.client.host in _LOOPBACK
        if not (hmac.compare_digest(sent.encode(), token.encode()) if token else is_local):
            raise HTTPException(403, "expected the metrics token, or a call from this machine")
        return PlainTextResponse(metrics.text(program), media_type="text/plain; version=0.0.4")

    @app.get("/api/openapi.json", include_in_schema=False)
    def openapi_document(officer: api.SignedIn) -> dict[str, object]:
        del officer
        return openapi.document(app)


class EventStream(Response):
    """Server-sent events."""

    media_type = "text/event-stream"


def _add_events(app: FastAPI, program: Program) -> None:
    """/events for programs: the state of areas and alarms as JSON. Pages have streams of their own."""

    @app.get(
        "/api/events", tags=["reading"], response_class=EventStream, responses=answers(401, 403, 429, 503)
    )
    async def stream(request: Request, officer: Annotated[Officer, Depends(auth.api_officer)]) -> Response:
        """Server-sent events: `areas` and `alarms` as JSON whenever they change, `beat` each second."""
        del officer

        def produce() -> dict[str, str]:
            views = program.station.areas()
            alarms = [
                {"area": a.area, "id": a.id, "state": a.state, "severity": a.severity}
                for v in views
                for a in v.alarms
            ]
            areas = [
                {"id": v.area.id, "log_size": v.health().log_size, "is_stale": v.health().is_stale}
                for v in views
            ]
            return {"areas": json.dumps(areas), "alarms": json.dumps(alarms)}

        return events.event_stream(request, program.station, produce)


def _bytes_max(scope: Scope) -> int:
    return PHOTO_BODY_BYTES_MAX if PHOTO_PATH.fullmatch(scope["path"]) else BODY_BYTES_MAX


class Guard:
    """ASGI middleware: refuses floods and large bodies, adds security headers, keeps answers out of caches.

    Not Starlette's function middleware, which would stand between an event stream and its client.
    """

    def __init__(self, app: ASGIApp, rate: Rate) -> None:
        """Wrap `app`. `rate`: requests of one address."""
        self._app = app
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read, bytes_max = 0, _bytes_max(scope)

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > bytes_max:
                raise HTTPException(413, f"expected at most {bytes_max} bytes, found more")
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._against(scope)
        if refusal is not None:
            await refusal(scope, receive, guarded)
            return
        await self._app(scope, counted, guarded)

    def _against(self, scope: Scope) -> Response | None:
        """Why this request is not even looked at."""
        length = Headers(scope=scope).get("content-length", "0")
        bytes_max = _bytes_max(scope)
        is_told_by_page = length.isdecimal() and PHOTO_PATH.fullmatch(scope["path"])
        if not is_told_by_page and (not length.isdecimal() or int(length) > bytes_max):
            return problem(413, f"expected at most {bytes_max} bytes, found {length[:20]}")
        if scope["path"] == HEALTH_PATH:  # whoever watches over us must be answered in a flood too
            return None
        address = scope["client"][0] if scope.get("client") else ""
        wait_s = self._rate.take(address, time.monotonic())
        if wait_s:
            return problem(429, "expected fewer requests from this address", {"Retry-After": str(wait_s)})
        return None
