"""Routes of the pages about witnesses and the server's own log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from caseserver.accounts import Officer
from caseserver.own_log import ACTIONS
from caseserver.permissions import OWN_LOG_READERS
from caseserver.web import render
from caseserver.web.http import page, reader_of
from caseserver.web.present.proof import own_log_page, proof_page
from caseserver.web.session import SignedIn

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

WORDS_CHARS_MAX = 80
ROW_ID_MAX = 2**53


def add_proof(router: APIRouter, pages: Pages) -> None:
    """How far the logs are witnessed, for all; the server's own log, for who watches over others."""

    @router.get("/witness")
    def witness(request: Request, officer: SignedIn) -> Response:
        station = pages.station
        reader = reader_of(request, station, officer)
        states = []
        for view in station.areas():
            health = view.health()
            states.append((pages.gatherer.picture(view, reader), health.log_size, health.behind))
        witnesses = station.witnesses
        own_href = "/own-log" if _may_read(officer) else ""
        shown = proof_page(
            states, station.audit.log.size, witnesses.standings(), witnesses.forks(), reader, own_href
        )
        return page(render.proof(shown, reader), request)

    @router.get("/own-log")
    def own_log(
        request: Request, officer: SignedIn, words: str = "", action: str = "", before: int = 0
    ) -> Response:
        station = pages.station
        reader = reader_of(request, station, officer)
        if not _may_read(officer):
            return pages.not_allowed(request, reader)
        words, chosen = words[:WORDS_CHARS_MAX], action if action in ACTIONS else ""
        # not for what was searched: that may be a name
        station.record_read(officer.number, "own_log", "server", {"action": chosen})
        rows = station.audit.search(words=words, action=chosen, before=min(max(0, before), ROW_ID_MAX))
        view = own_log_page(
            rows, words, chosen, station.audit.log.size, station.audit.waiting(),
            station.witnesses.standings(), reader,
        )  # fmt: skip
        return page(render.own_log(view, reader), request)


def _may_read(officer: Officer) -> bool:
    return officer.has_role(*OWN_LOG_READERS)
