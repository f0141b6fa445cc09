"""The page that exports a stay as a bundle: why is asked, the log counts the stay, the export is on record first."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from caselog.errors import FormatError
from caseserver.accounts import Officer
from caseserver.bundle.disclosed import disclosing
from caseserver.bundle.maker import BundleMaker, Made
from caseserver.bundle.report import ReportError
from caseserver.bundle.selection import NothingToBundle
from caseserver.people.people import People
from caseserver.people.sealed import SealError
from caseserver.permissions import EXPORTERS, KNOWERS
from caseserver.web import render
from caseserver.web.form_parts import Answer, Sent, build, one
from caseserver.web.http import page, reader_of
from caseserver.web.reader import Reader
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Choice, Field, FormPage, Refusal
from custody.catalogue.forms import FIELD_NAMES

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

REASON_CHARS_MAX: Final = 200
COUNT_WAIT_S: Final = 3.0
"""How long the gateway is waited for; a bundle without its count says what that means."""
COUNT_STEP_S: Final = 0.05
CHUNK_BYTES: Final = 65_536


def add_bundle(router: APIRouter, pages: Pages, maker: BundleMaker | None, people: People | None) -> None:
    """The form and the download. `maker`: None in a server without a data directory of its own."""
    if maker is None:
        return

    @router.get("/stays/{area}/{ref}/bundle")
    def form(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        reader = reader_of(request, pages.station, officer)
        if not officer.roles & EXPORTERS:
            return pages.not_allowed(request, reader)
        if not pages.area(area).stay_leaves(ref):
            return pages.missing(request, reader)
        return page(
            render.form(_form(area, ref, _disclosable(people, officer, area, ref), reader), reader), request
        )

    @router.post("/stays/{area}/{ref}/bundle", dependencies=[Checked])
    async def export(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        reader = reader_of(request, pages.station, officer)
        if not officer.roles & EXPORTERS:
            return pages.not_allowed(request, reader)
        sent = await pages.sent(request)
        if sent is None:
            return pages.malformed(request, reader)
        if not await run_in_threadpool(pages.area(area).stay_leaves, ref):
            return pages.missing(request, reader)
        fields = await run_in_threadpool(_disclosable, people, officer, area, ref)
        reason = one(sent, "reason").strip()
        if not 0 < len(reason) <= REASON_CHARS_MAX:
            missing = {"reason": reader.t("form.missing", what=reader.t("bundle.reason"))}
            answer = Answer(errors=missing)
            return page(render.form(_form(area, ref, fields, reader, sent, answer), reader), request, 422)
        await _counted(pages, area, ref)
        chosen = [name for name in sent.get("disclose", ()) if name in fields]
        try:
            made = await run_in_threadpool(_make, pages, maker, people, officer, area, ref, reason, chosen)
        except (NothingToBundle, ReportError, FormatError, SealError) as error:
            structlog.get_logger().error("no bundle", stay=ref, error=str(error))
            answer = Answer(
                refusal=Refusal(reader.t("form.refused"), reader.t("bundle.not_made", reason=str(error)))
            )
            return page(render.form(_form(area, ref, fields, reader, sent, answer), reader), request, 409)
        return _download(made, area, ref)


def _form(
    area: str, ref: str, fields: list[str], reader: Reader, sent: Sent | None = None, answer: Answer | None = None
) -> FormPage:  # fmt: skip
    asked = [
        Field(
            "reason",
            "text",
            reader.t("bundle.reason"),
            reader.t("bundle.reason_hint"),
            length=REASON_CHARS_MAX,
        )
    ]
    if fields:
        choices = tuple(Choice(name, reader.name(FIELD_NAMES[name])) for name in fields)
        hint = reader.t("bundle.disclose_hint")
        asked.append(Field("disclose", "many", reader.t("bundle.disclose"), hint, choices, required=False))
    words = (reader.t("bundle.title"), reader.t("bundle.lead"), reader.t("bundle.submit"))
    aside = ((reader.t("wall.col_stay"), ref),)
    return build("bundle", f"/stays/{area}/{ref}/bundle", asked, reader, sent, answer, aside, words=words)


def _disclosable(people: People | None, officer: Officer, area: str, ref: str) -> list[str]:
    """Particulars that are kept of the person and that this officer may know."""
    if people is None or not officer.roles & KNOWERS:
        return []
    return [shown.field for shown in people.kept(area, ref)]


async def _counted(pages: Pages, area: str, ref: str) -> None:
    """Have the log count the stay, and wait a little for the leaf."""
    leaf_id = await run_in_threadpool(pages.station.ask_count, area, ref)
    end_s = time.monotonic() + COUNT_WAIT_S
    while time.monotonic() < end_s:
        if await run_in_threadpool(pages.station.is_recorded, area, leaf_id):
            return
        await asyncio.sleep(COUNT_STEP_S)


def _make(
    pages: Pages, maker: BundleMaker, people: People | None, officer: Officer, area: str, ref: str, reason: str,
    chosen: list[str],
) -> Made:  # fmt: skip
    view = pages.area(area)
    disclose = disclosing(people, area, ref, chosen)
    made = maker.make(view.area, view.rulebook, ref, pages.station.now().earliest_us, disclose)
    # Before it leaves the house: an export nobody knows of must not exist
    detail = {"reason": reason, "disclosed": chosen, "leaves": len(made.selection.own)}
    pages.station.audit.write(officer.number, "export.made", f"{area}/{ref}", detail)
    return made


def _download(made: Made, area: str, ref: str) -> Response:
    def chunks() -> Iterator[bytes]:
        for start in range(0, len(made.data), CHUNK_BYTES):
            yield made.data[start : start + CHUNK_BYTES]

    name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{area}-{ref}.bundle")
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(len(made.data)),
    }
    return StreamingResponse(chunks(), media_type="application/octet-stream", headers=headers)
