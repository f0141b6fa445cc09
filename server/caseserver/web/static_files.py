"""The pages' own styles, scripts and picture, read once; a browser keeps each for good, for its address names its hash."""

from __future__ import annotations

import mimetypes
from importlib import resources
from typing import Final

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

AGE_S: Final = 31_536_000


def routes() -> APIRouter:
    """GET /static/NAME for every file of the folder and nothing else: a name is looked up, never opened."""
    folder = resources.files("caseserver.web").joinpath("static")
    files = {item.name: item.read_bytes() for item in folder.iterdir() if item.is_file()}
    router = APIRouter(include_in_schema=False)

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in files:
            raise HTTPException(404, f"expected one of {len(files)} files, found {name[:40]}")
        kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0]
        headers = {"Cache-Control": f"public, max-age={AGE_S}, immutable"}
        return Response(files[name], media_type=kind, headers=headers)

    return router
