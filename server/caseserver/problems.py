"""What went wrong, as RFC 9457 says it: `application/problem+json`. Never holds what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE: Final = "application/problem+json"
PLACE_PARTS_MAX: Final = 8
ERRORS_MAX: Final = 20
"""Errors told at once; the rest is left out."""


class FieldError(BaseModel):
    """What is wrong with one field: where it stands and what was expected; not what came, which may be a name."""

    model_config = ConfigDict(frozen=True)

    place: list[str]
    expected: str


class Problem(BaseModel):
    """A problem (RFC 9457). `type` is always about:blank: the status tells its kind, `detail` what was expected and found."""

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    errors: list[FieldError] = Field(default_factory=list)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's `responses` say of these statuses."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def schemas() -> dict[str, Any]:
    """What `answers` refers to, for the components of the OpenAPI document."""
    told = Problem.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    return {**told.pop("$defs"), "Problem": told}


def problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, errors: Sequence[FieldError] = ()
) -> JSONResponse:
    """The answer."""
    told = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors[:ERRORS_MAX])
    )
    return JSONResponse(told.model_dump(), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def field_errors(found: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """pydantic's errors without the values that were sent. Names of unknown fields are the sender's own: left out."""
    return [
        FieldError(
            place=[str(part)[:64] for part in error["loc"][:PLACE_PARTS_MAX]]
            if error["type"] != "extra_forbidden"
            else [str(error["loc"][0])],
            expected=str(error["msg"])[:200],
        )
        for error in found
    ]
