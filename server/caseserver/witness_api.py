"""The calls of second witnesses: no session, a token of their own. Bodies are those of C2SP tlog-witness."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool

from caselog.note import NOTE_BYTES_MAX
from caselog.witness import CONFLICT, Refused
from caseserver.access import DeclaredRoute
from caseserver.problems import answers
from caseserver.settings import Witness
from caseserver.station import Station

OLD_ROOT = "caseward-old-root"
"""Header: our root at the old size in hex, so that a witness that holds another can prove it."""
SIZE_TYPE = "text/x.tlog.size"

_ANSWERS: dict[int | str, dict[str, Any]] = {
    **answers(401, 413, 422, 429),
    400: {"description": "No note, or none of that log"},
    403: {"description": "A note that this witness did not cosign"},
    404: {"description": "No such log here"},
    409: {"description": "The log here has fewer leaves, in the body, or another history"},
}


def caller(request: Request) -> str:
    """A dependency: name of the witness whose token came (401 otherwise)."""
    known: Mapping[str, Witness] = request.app.state.station.witnesses.known
    token = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
    digest = sha256(token).hexdigest()
    for name, witness in known.items():
        if witness.token_sha256 is not None and hmac.compare_digest(digest, witness.token_sha256):
            return name
    raise HTTPException(401, "expected the token of a witness of server.toml, found another or none")


def routes(station: Station) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/api/witness", tags=["witness"], route_class=DeclaredRoute)
    witnesses = station.witnesses

    @router.get("/logs", responses={401: _ANSWERS[401]}, dependencies=[Depends(caller)])
    def logs() -> list[dict[str, str | int]]:
        """Every log of the station: name, key (C2SP text; its name is the origin), leaves."""
        return [{"name": name, "key": key, "size": size} for name, key, size in witnesses.logs()]

    @router.get(
        "/checkpoint", response_class=PlainTextResponse, responses=_ANSWERS, dependencies=[Depends(caller)]
    )
    def offer(
        origin: Annotated[str, Query(max_length=256)],
        old: Annotated[int, Query(ge=0, lt=2**53)] = 0,
    ) -> Response:
        """The newest checkpoint of a log with the proof from `old`: the body of tlog-witness's add-checkpoint."""
        offered = witnesses.offer(origin, old)
        if isinstance(offered, Refused):
            return _refusal(offered)
        shown, root = offered
        return Response(
            shown.encode(), media_type="text/plain; charset=utf-8", headers={OLD_ROOT: root.hex()}
        )

    @router.post("/cosigned", response_class=PlainTextResponse, responses=_ANSWERS)
    async def take(request: Request, name: Annotated[str, Depends(caller)]) -> Response:
        """A note that the witness cosigned, as it stands."""
        note = await request.body()
        if len(note) > NOTE_BYTES_MAX:
            raise HTTPException(413, f"expected a note of at most {NOTE_BYTES_MAX} bytes, found {len(note)}")
        refused = await run_in_threadpool(witnesses.take, name, note, station.now())
        return _refusal(refused) if refused is not None else PlainTextResponse("")

    return router


def _refusal(refused: Refused) -> Response:
    """tlog-witness's answer to a conflict of sizes is the size alone."""
    if refused.status == CONFLICT and refused.expected.isdecimal():
        return Response(f"{refused.expected}\n", CONFLICT, media_type=SIZE_TYPE)
    return PlainTextResponse(f"expected {refused.expected}, found {refused.found}\n", refused.status)
