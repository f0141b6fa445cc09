"""The OpenAPI document: what FastAPI knows of the routes, with who may call and how a problem is told."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from caseserver import problems
from caseserver.access import access_of
from caseserver.auth import COOKIE, CSRF_HEADER

TITLE: Final = "Caseward"
VERSION: Final = "1"
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_SCHEMES: Final[dict[str, dict[str, str]]] = {
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "POST /api/session sets it"},
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "a token of a program, for reading in its scopes",
    },
    "form": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "`csrf` of the session: with every call that changes something",
    },
}


def document(app: FastAPI) -> dict[str, Any]:
    """Made once, then kept in the application."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=TITLE,
            version=VERSION,
            routes=app.routes,
            description="The JSON API of a Caseward server. Times are microseconds UTC; absent values are null.",
        )
        components = made.setdefault("components", {})
        components.setdefault("schemas", {}).update(problems.schemas())
        components["securitySchemes"] = dict(_SCHEMES)
        for path, operations in made["paths"].items():
            for method in _METHODS:
                if method in operations:
                    operations[method]["security"] = _security(method, path)
        app.openapi_schema = made
    return app.openapi_schema


def _security(method: str, path: str) -> list[dict[str, list[str]]]:
    """Which of the schemes a call needs."""
    access = access_of(method.upper(), path)
    if access.kind == "open":
        return []
    if method != "get":
        return [{"session": [], "form": []}]
    return [{"session": []}, {"token": []}] if access.scope else [{"session": []}]
