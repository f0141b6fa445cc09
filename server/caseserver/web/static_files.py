"""The pages' own styles, scripts and picture, read once.

Their address holds the hash of all of them: a browser keeps them for good, a new version is never read from an old cache,
and a script that imports another by its bare name gets the very same module as the page.
"""

from __future__ import annotations

import hashlib
import mimetypes
from functools import lru_cache
from importlib import resources
from typing import Final

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

AGE_S: Final = 31_536_000


@lru_cache(maxsize=1)
def files() -> dict[str, bytes]:
    """Name -> content of every file in the folder."""
    folder = resources.files("caseserver.web").joinpath("static")
    return {item.name: item.read_bytes() for item in folder.iterdir() if item.is_file()}


@lru_cache(maxsize=1)
def version() -> str:
    """The start of the hash over all files and their names."""
    whole = hashlib.sha256()
    for name, data in sorted(files().items()):
        whole.update(hashlib.sha256(name.encode() + b"\n" + data).digest())
    return whole.hexdigest()[:12]


def asset(name: str) -> str:
    """Address of a static file. Raises KeyError: a page names only what there is."""
    files()[name]
    return f"/static/{version()}/{name}"


def routes() -> APIRouter:
    """GET /static/VERSION/NAME for every file and nothing else: a name is looked up, never opened."""
    router = APIRouter(include_in_schema=False)

    @router.get("/static/{asked}/{name}")
    def static(asked: str, name: str) -> Response:
        data = files().get(name)
        if data is None:
            raise HTTPException(404, f"expected one of {len(files())} files, found {name[:40]}")
        kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0]
        # another version than ours is a page from before an upgrade: it gets what there is, and keeps nothing
        age = f"public, max-age={AGE_S}, immutable" if asked == version() else "no-store"
        return Response(data, media_type=kind, headers={"Cache-Control": age})

    return router
