"""How a request that cannot be carried out is answered: programs get RFC 9457, people a page in their language."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from caseserver.problems import field_errors, problem
from caseserver.web import render
from caseserver.web.http import page, reader_of

_API: Final = ("/api/", "/healthz", "/metrics")
_TOLD: Final = frozenset((403, 404, 405, 413, 422, 429, 503))
"""Statuses that have words of their own; the others are told as 422 is."""


def install(app: FastAPI) -> None:
    """Both handlers."""

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if _is_program(request) or 300 <= error.status_code < 400:
            if error.status_code < 400:
                return Response(status_code=error.status_code, headers=dict(error.headers or {}))
            return problem(error.status_code, str(error.detail), error.headers)
        return _page(request, error.status_code, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        if not _is_program(request):
            return _page(request, 422, {})
        told = field_errors(error.errors())
        return problem(422, "expected the parameters and body of this call, found others", errors=told)


def _is_program(request: Request) -> bool:
    return request.url.path.startswith(_API)


def _page(request: Request, status: int, headers: dict[str, str]) -> Response:
    officer = getattr(request.state, "officer", None)
    reader = reader_of(request, request.app.state.station, officer)
    reason = reader.of("problem", f"s{status if status in _TOLD else 422}")
    answer = page(render.problem(reader.t("form.refused"), reason, reader), request, status)
    answer.headers.update(headers)
    return answer
