"""The edge: requests of a cabinet's screen in, screens out. Nothing is decided and no fact is made here.

A request is checked (host, origin, this screen's own cookie and form token, sizes), put into the gateway's one queue as an
`Ask`, and answered when the main loop has answered it: after the commit of whatever followed from it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import mimetypes
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from casekiosk import render, strokes
from casekiosk.asking import Answer, Ask
from casekiosk.limits import (
    ASK_TIMEOUT_S,
    ASKS_WAITING_MAX,
    BODY_BYTES_MAX,
    FIELD_CHARS_MAX,
    FIELDS_MAX,
    PHOTO_BYTES_MAX,
    WAIT_S,
)
from casekiosk.pins import digest_of, is_pin
from casekiosk.screens import Labels
from custody.messages import LANGUAGES, Language
from custody.name import Name

COOKIE: Final = "caseward_kiosk"
LANGUAGE_COOKIE: Final = "caseward_lang"
TOKEN_HEADER: Final = "x-kiosk-token"
TOKEN_BYTES: Final = 32
JPEG: Final = b"\xff\xd8\xff"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
SHARED: Final = ("tokens.css", "base.css", "mark.svg")
"""Of the server's pages: one source of colour, type and marks for all screens of the product."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What the edge is joined to. `offer`: puts an ask into the gateway's queue, False when that is full; `salt`: of an
    officer's PIN."""

    cabinets: Mapping[str, Name]
    offer: Callable[[Ask], bool]
    salt: Callable[[str], bytes]
    zone: str = "UTC"
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    is_secure: bool = False


@lru_cache(maxsize=1)
def files() -> dict[str, bytes]:
    """Name -> content of every file that a screen may load."""
    own = resources.files("casekiosk").joinpath("static")
    shared = resources.files("caseserver.web").joinpath("static")
    found = {item.name: item.read_bytes() for item in own.iterdir() if item.is_file()}
    return found | {name: shared.joinpath(name).read_bytes() for name in SHARED}


class Screens:
    """The application around an edge, and the requests that wait for an answer."""

    def __init__(self, edge: Edge) -> None:
        """Nothing listens before a server serves `app`."""
        self._edge = edge
        self._secret = secrets.token_bytes(
            TOKEN_BYTES
        )  # of this process: a screen of before loads its page anew
        self._numbers = count(1)
        self._waiting: dict[int, tuple[asyncio.AbstractEventLoop, asyncio.Future[Answer]]] = {}
        routes = [
            Route("/", self.first),
            Route("/c/{cabinet}", self.page),
            Route("/c/{cabinet}/act", self.act, methods=["POST"]),
            Route("/c/{cabinet}/photo", self.photo, methods=["POST"]),
            Route("/c/{cabinet}/sign", self.sign, methods=["POST"]),
            Route("/c/{cabinet}/wait", self.wait),
            Route("/c/{cabinet}/labels", self.labels),
            Route("/static/{name}", self.static),
        ]
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=list(edge.hosts), www_redirect=False)
        self.app = Starlette(routes=routes, middleware=[hosts], exception_handlers={HTTPException: _problem})

    def answer(self, answer: Answer) -> None:
        """From the gateway's main loop: wakes the request that waits; one that has given up is forgotten."""
        waiting = self._waiting.pop(answer.ask, None)
        if waiting is not None:
            loop, future = waiting
            loop.call_soon_threadsafe(_settle, future, answer)

    def close(self) -> None:
        """No answer comes any more: whoever waits is told so."""
        for number in list(self._waiting):
            self.answer(Answer(number, 503, 0, None))

    # --- pages ------------------------------------------------------------------------------

    async def first(self, request: Request) -> Response:
        """The one cabinet, or a choice of them."""
        if len(self._edge.cabinets) == 1:
            return RedirectResponse(f"/c/{next(iter(self._edge.cabinets))}", 303, dict(HEADERS))
        return HTMLResponse(render.choice(self._edge.cabinets, _language(request)), headers=dict(HEADERS))

    async def page(self, request: Request) -> Response:
        """The page of a cabinet, with what it shows now; from here on it is this screen's cabinet."""
        cabinet = self._cabinet(request)
        seat = request.cookies.get(COOKIE, "")
        if len(seat) != 2 * TOKEN_BYTES or not seat.isalnum():
            seat = secrets.token_hex(TOKEN_BYTES)
        answer = await self._ask(cabinet, seat, "open")
        language = _language(request)
        name = self._edge.cabinets[cabinet]
        html = render.page(answer, cabinet, name, self._token(seat), language, self._edge.zone)
        response = HTMLResponse(html, answer.status, dict(HEADERS))
        response.set_cookie(COOKIE, seat, httponly=True, samesite="strict", secure=self._edge.is_secure)
        response.set_cookie(LANGUAGE_COOKIE, language, httponly=True, samesite="strict")
        return response

    async def labels(self, request: Request) -> Response:
        """Labels of the items on the list, or of the cabinet's compartments, to be printed."""
        cabinet, seat = self._cabinet(request), request.cookies.get(COOKIE, "")
        answer = await self._ask(
            cabinet, seat, "labels", {"of": request.query_params.get("of", "items")[:16]}
        )
        if answer.screen is None or not isinstance(answer.screen.view, Labels):
            raise HTTPException(403, "expected the screen at which somebody is signed in")
        return HTMLResponse(
            render.labels(answer.screen.view, cabinet, _language(request)), headers=dict(HEADERS)
        )

    async def static(self, request: Request) -> Response:
        """A file of ours and nothing else: a name is looked up, never opened."""
        name = request.path_params["name"]
        data = files().get(name)
        if data is None:
            raise HTTPException(404, f"expected one of {len(files())} files, found {name[:40]}")
        kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0]
        return Response(data, media_type=kind, headers={**HEADERS, "Cache-Control": "no-cache"})

    # --- what is touched --------------------------------------------------------------------

    async def act(self, request: Request) -> Response:
        """A touch: {"action", "fields"}."""
        cabinet, seat = self._cabinet(request), self._seat(request)
        value = _object(await _body(request, BODY_BYTES_MAX))
        fields = _fields(value.get("fields", {}))
        digest = None
        pin = fields.pop("pin", None)
        if pin is not None:
            officer = fields.get("officer", "")
            tried = pin if is_pin(pin) else ""
            digest = await asyncio.to_thread(digest_of, tried, self._edge.salt(officer))
        answer = await self._ask(cabinet, seat, str(value.get("action", ""))[:32], fields, digest=digest)
        return self._shown(answer, request)

    async def photo(self, request: Request) -> Response:
        """A JPEG of what lies before the camera."""
        cabinet, seat = self._cabinet(request), self._seat(request)
        data = await _body(request, PHOTO_BYTES_MAX)
        if not data.startswith(JPEG):
            raise HTTPException(415, "expected a JPEG picture, found something else")
        return self._shown(await self._ask(cabinet, seat, "photo", data=data), request)

    async def sign(self, request: Request) -> Response:
        """A signature as strokes: {"part", "strokes": [[[x, y], …], …]}."""
        cabinet, seat = self._cabinet(request), self._seat(request)
        value = _object(await _body(request, BODY_BYTES_MAX))
        try:
            picture = strokes.picture(value.get("strokes"))
        except strokes.StrokeError as error:
            raise HTTPException(422, str(error)) from None
        fields = {"part": str(value.get("part", ""))[:16]}
        return self._shown(await self._ask(cabinet, seat, "sign", fields, data=picture), request)

    async def wait(self, request: Request) -> Response:
        """What is new after a version; the same version again where nothing is, to show that the gateway lives."""
        cabinet, seat = self._cabinet(request), self._seat(request)
        version = request.query_params.get("version", "0")
        if not version.isdecimal() or len(version) > 15:
            raise HTTPException(422, f"version: expected a number, found {version[:20]}")
        answer = await self._ask(cabinet, seat, "wait", version=int(version))
        return self._shown(answer, request)

    # --- inside -----------------------------------------------------------------------------

    async def _ask(
        self, cabinet: str, seat: str, action: str, fields: Mapping[str, str] | None = None, *,
        data: bytes | None = None, digest: bytes | None = None, version: int = 0,
    ) -> Answer:  # fmt: skip
        if len(self._waiting) >= ASKS_WAITING_MAX:
            raise HTTPException(503, f"expected at most {ASKS_WAITING_MAX} requests at once, found more")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        number = next(self._numbers)
        self._waiting[number] = loop, future
        try:
            if not self._edge.offer(Ask(number, cabinet, seat, action, fields or {}, data, digest, version)):
                raise HTTPException(503, "expected room in the gateway's queue, found it full")
            return await asyncio.wait_for(future, ASK_TIMEOUT_S + (WAIT_S if action == "wait" else 0))
        except TimeoutError:
            raise HTTPException(
                503, f"expected an answer of the gateway within {ASK_TIMEOUT_S:.0f} s"
            ) from None
        finally:
            self._waiting.pop(number, None)

    def _shown(self, answer: Answer, request: Request) -> Response:
        html = (
            "" if answer.screen is None else render.screen(answer.screen, _language(request), self._edge.zone)
        )
        value = {"html": html, "now": answer.now_us // 1_000, "rate": answer.rate, "version": answer.version}
        return JSONResponse(value, answer.status, dict(HEADERS))

    def _cabinet(self, request: Request) -> str:
        cabinet: str = request.path_params["cabinet"]
        if cabinet not in self._edge.cabinets:
            raise HTTPException(
                404, f"expected one of {', '.join(self._edge.cabinets)}, found {cabinet[:40]}"
            )
        return cabinet

    def _seat(self, request: Request) -> str:
        """The screen's own token, shown twice: in the cookie, and by what only our page can know of it."""
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None and site != "same-origin":
            raise HTTPException(403, f"expected a request from our own page, found one from a {site} page")
        if origin is not None and urlsplit(origin).netloc != request.url.netloc:
            raise HTTPException(403, f"expected the origin {request.url.netloc}, found another")
        seat = request.cookies.get(COOKIE, "")
        sent = request.headers.get(TOKEN_HEADER, "")
        if not seat or not hmac.compare_digest(sent.encode(), self._token(seat).encode()):
            raise HTTPException(
                403, "expected this screen's form token, found another or none; load the page again"
            )
        return seat

    def _token(self, seat: str) -> str:
        return hmac.new(self._secret, seat.encode(), hashlib.sha256).hexdigest()


def _settle(future: asyncio.Future[Answer], answer: Answer) -> None:
    if not future.done():
        future.set_result(answer)


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(str(error.detail), error.status_code, dict(HEADERS))


async def _body(request: Request, bytes_max: int) -> bytes:
    """The whole body. Refuses more than `bytes_max` before it is read."""
    found = b""
    async for piece in request.stream():
        found += piece
        if len(found) > bytes_max:
            raise HTTPException(413, f"expected at most {bytes_max} bytes, found more")
    return found


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
        json.dumps(value, ensure_ascii=False).encode()  # half a character is no text
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise HTTPException(422, "expected a JSON object, found something else")
    return value


def _fields(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > FIELDS_MAX:
        raise HTTPException(422, f"fields: expected at most {FIELDS_MAX}, found another value")
    found = {str(key)[:32]: item for key, item in value.items()}
    if not all(isinstance(item, str) and len(item) <= FIELD_CHARS_MAX for item in found.values()):
        raise HTTPException(
            422, f"fields: expected texts of at most {FIELD_CHARS_MAX} characters, found another value"
        )
    return found


def _language(request: Request) -> Language:
    """?lang= first, then the cookie, else Chinese."""
    asked = request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)
    return next((language for want in asked for language in LANGUAGES if want == language), "zh")
