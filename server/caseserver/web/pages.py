"""Routes of the pages. Each one gathers, presents, renders; officers' acts go through ``station.submit`` and nowhere else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from caselog.canonical import dumps
from caselog.tree import leaf_hash
from caseserver import auth
from caseserver.access import DeclaredRoute
from caseserver.accounts import Officer
from caseserver.alarm_rates import DAY_US
from caseserver.area_view import AreaView
from caseserver.bundle.maker import BundleMaker
from caseserver.hub import TooManySubscribers
from caseserver.notify.plan import rungs_of
from caseserver.people.people import People
from caseserver.station import REFUSED, Station
from caseserver.web import forms, live, render, static_files
from caseserver.web.account_pages import add_account
from caseserver.web.bands_pages import add_bands
from caseserver.web.blind_pages import add_blind
from caseserver.web.bundle_pages import add_bundle
from caseserver.web.duty_pages import add_duty
from caseserver.web.explaining import Explaining
from caseserver.web.form_parts import Sent, Statement
from caseserver.web.gather import Gatherer
from caseserver.web.http import FormTooLarge, may, page, reader_of, sent_form
from caseserver.web.ledgering import Ledgers
from caseserver.web.particulars_pages import add_particulars
from caseserver.web.people_pages import add_people_lists
from caseserver.web.plan_pages import add_plan
from caseserver.web.present.alarm import ACTIONS, ASIDE_FIELDS, CAUSES, FACT_OF_MOVE, alarm_page
from caseserver.web.present.calling import calling
from caseserver.web.present.cards import alarm_card
from caseserver.web.present.coverage import coverage_plot
from caseserver.web.present.rates import SPANS, rates_page
from caseserver.web.present.refusal import refusal_of
from caseserver.web.present.wall import alarm_list, stay_list, wall
from caseserver.web.proof_pages import add_proof
from caseserver.web.property.paper_kinds import Paper
from caseserver.web.property.paper_kinds import papers as bundled_papers
from caseserver.web.property.routes import add_property
from caseserver.web.reader import Reader
from caseserver.web.record_pages import add_record
from caseserver.web.rule_pages import add_rules
from caseserver.web.session import Checked, SignedIn
from caseserver.web.signing_in import add_session
from caseserver.web.stay_pages import add_stays
from caseserver.web.views import Refusal
from caseserver.web.views_alarms import Move
from caseserver.web.walk_pages import add_walk
from caseserver.web.whatif_pages import add_whatif

SETTLE_S: Final = 2.0
"""How long an officer waits for the gateway's word before the page says that it is still on its way."""
SETTLE_STEP_S: Final = 0.05
WAIT_S: Final = 0.3
"""So long an alarm's page waits for its reasons; then it shows itself without them, and they come when they are made."""


def routes(
    station: Station, people: People | None = None, bundles: BundleMaker | None = None,
    papers: Mapping[str, Paper] | None = None,
) -> APIRouter:  # fmt: skip
    """All pages of the station. `people`: None where no key directory is set, and no particulars are kept; `papers`: of
    things that are kept, the bundled ones where the site has none of its own."""
    router = APIRouter(
        include_in_schema=False, default_response_class=HTMLResponse, route_class=DeclaredRoute
    )
    pages = Pages(station)
    router.include_router(static_files.routes())
    add_session(router, pages)
    pages.add_reading(router)
    pages.add_events(router)
    pages.add_alarm_acts(router)
    add_account(router, pages)
    add_people_lists(router, pages)
    add_stays(router, pages)
    add_record(router, pages)
    add_particulars(router, pages, people)
    add_bundle(router, pages, bundles, people)
    add_rules(router, pages)
    add_whatif(router, pages)
    add_blind(router, pages)
    add_walk(router, pages)
    add_plan(router, pages)
    add_bands(router, pages)
    add_duty(router, pages)
    add_proof(router, pages)
    add_property(router, pages, people, papers if papers is not None else bundled_papers())
    return router


class Pages:
    """The routes with what they share."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.gatherer = Gatherer(station)
        self.explaining = Explaining(station)
        self.ledgers = Ledgers(station)
        self.wall_turns, self.turns = live.Turns(), live.Turns()  # what other pages show holds up no wall

    # ------------------------------------------------------------ reading

    def add_reading(self, router: APIRouter) -> None:
        @router.get("/")
        def wall_page(request: Request, officer: SignedIn, area: str | None = None) -> Response:
            reader = reader_of(request, self.station, officer)
            only = area if area in {view.area.id for view in self.station.areas()} else None
            view = wall(self.gatherer.pictures(reader), reader, only)
            return page(render.wall(view, reader, "/events" + (f"?area={only}" if only else "")), request)

        @router.get("/alarms")
        def alarms_page(request: Request, officer: SignedIn) -> Response:
            reader = reader_of(request, self.station, officer)
            return page(
                render.alarms(alarm_list(self.gatherer.pictures(reader), reader), reader, "/events/alarms"),
                request,
            )

        @router.get("/alarms/rates")
        def alarm_rates(request: Request, officer: SignedIn, days: int = 1) -> Response:
            reader = reader_of(request, self.station, officer)
            span = days if days in SPANS else 1
            from_us = reader.now_us - (span + 1) * DAY_US
            raised = {view.area.id: view.alarms_raised(from_us) for view in self.station.areas()}
            view = rates_page(self.gatherer.pictures(reader), raised, span, reader)
            return page(render.rates(view, reader), request)

        @router.get("/alarms/{area}/{ref}")
        def one_alarm(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
            return self._alarm(request, officer, area, ref)

        @router.get("/stays")
        def stays_page(request: Request, officer: SignedIn) -> Response:
            reader = reader_of(request, self.station, officer)
            return page(render.stays(stay_list(self.gatherer.pictures(reader), reader), reader), request)

        @router.get("/coverage")
        def coverage(request: Request, officer: SignedIn) -> Response:
            reader = reader_of(request, self.station, officer)
            plot = coverage_plot(self.gatherer.pictures(reader), self.gatherer.coverage(reader), reader)
            return page(render.coverage_page(plot, reader), request)

        @router.get("/log/{area}/{index}")
        def one_leaf(request: Request, officer: SignedIn, area: str, index: int) -> Response:
            reader = reader_of(request, self.station, officer)
            try:
                leaf = self.area(area).leaf(index)
            except (KeyError, OverflowError):
                return self.missing(request, reader)
            data = dumps(leaf)
            return page(render.leaf(index, data.decode(), leaf_hash(data).hex(), reader), request)

    def add_events(self, router: APIRouter) -> None:
        @router.get("/events")
        async def wall_events(request: Request, officer: SignedIn, area: str | None = None) -> Response:
            def regions(reader: Reader) -> live.Regions:
                view = wall(self.gatherer.pictures(reader), reader, area)
                return {
                    name: (render.region_value(name, view, reader.now_us), _writer(name, view, reader))
                    for name in render.WALL_REGIONS
                }

            return self.stream(request, officer, regions, self.wall_turns)

        @router.get("/events/alarms")
        async def alarms_events(request: Request, officer: SignedIn) -> Response:
            def regions(reader: Reader) -> live.Regions:
                view = alarm_list(self.gatherer.pictures(reader), reader)
                return {"alarms": (view, lambda: render.alarms_body(view, reader))}

            return self.stream(request, officer, regions)

        @router.get("/events/alarms/{area}/{ref}")
        async def alarm_events(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
            self._alarm_view(area, ref)

            def regions(reader: Reader) -> live.Regions:
                view = self._present_alarm(area, ref, reader, officer, wait_s=0.0)
                # the open end of the time line moves on even when nothing has changed
                shown = (view, reader.now_us // render.REDRAW_US)
                return {"alarm": (shown, lambda: render.alarm_body(view, reader))}

            return self.stream(request, officer, regions)

    def stream(
        self, request: Request, officer: Officer, regions: Callable[[Reader], live.Regions],
        turns: live.Turns | None = None,
    ) -> Response:  # fmt: skip
        """Events of a live page. `turns`: with whom it takes turns; None: with all pages but the walls."""
        try:
            ticks = self.station.subscribe()
        except TooManySubscribers as error:
            raise HTTPException(503, str(error)) from None
        accounts, token = request.app.state.accounts, request.cookies.get(auth.COOKIE, "")

        def look() -> tuple[int, int, live.Regions]:
            reader = reader_of(request, self.station, officer)
            return reader.now_us, reader.rate, regions(reader)

        async def is_signed_in() -> bool:
            return await run_in_threadpool(accounts.of_token, token) is not None

        async def watched() -> AsyncIterator[str]:
            with self.station.watchers.watching(officer.roles):
                async for event in live.pictures(turns or self.turns, ticks, look, is_signed_in):
                    yield event

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(watched(), media_type="text/event-stream", headers=headers)

    # ------------------------------------------------------------ alarms

    def add_alarm_acts(self, router: APIRouter) -> None:
        def add(move: Move) -> None:
            @router.post(f"/alarms/{{area}}/{{ref}}/{move}", dependencies=[Checked], name=f"alarm_{move}")
            async def act(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
                return await self._act(request, officer, area, ref, move)

        for move in FACT_OF_MOVE:
            add(move)

    async def _act(self, request: Request, officer: Officer, area: str, ref: str, move: Move) -> Response:
        reader = reader_of(request, self.station, officer)
        _, alarm = self._alarm_view(area, ref)
        body: dict[str, Any] = {"alarm": alarm.id, "officer": officer.number}
        if move == "take":
            had = forms.one(await sent_form(request), "had")
            refusal = await run_in_threadpool(self._taken_meanwhile, area, ref, reader, officer, had)
            if refusal is not None:
                return await run_in_threadpool(self._alarm, request, officer, area, ref, refusal)
        elif move == "rectify":
            sent = await sent_form(request)
            cause, action = forms.one(sent, "cause"), forms.one(sent, "action")
            for value, allowed, what in ((cause, CAUSES, "alarm.cause"), (action, ACTIONS, "alarm.action")):
                if value not in allowed:
                    label = reader.t("alarm.cause") if what == "alarm.cause" else reader.t("alarm.action")
                    refusal = Refusal(reader.t("form.refused"), reader.t("form.missing", what=label))
                    return await run_in_threadpool(self._alarm, request, officer, area, ref, refusal)
            body |= {"cause": cause, "action": action}
        elif move in ASIDE_FIELDS:
            sent = await sent_form(request)
            count = forms.one(sent, ASIDE_FIELDS[move])
            body |= {
                "reason": forms.one(sent, "reason"),
                ASIDE_FIELDS[move]: int(count) if count.isdecimal() else count,
            }
        elif move == "silence":
            del body["alarm"]
        problem, _, _ = await self.submit(area, Statement(FACT_OF_MOVE[move], body), officer, reader)
        if problem is not None:
            return await run_in_threadpool(self._alarm, request, officer, area, ref, problem)
        return RedirectResponse(f"/alarms/{area}/{ref}", 303)

    def _taken_meanwhile(
        self, area: str, ref: str, reader: Reader, officer: Officer, had: str
    ) -> Refusal | None:
        """Two who take it in the same moment do not both believe that they have it. `had`: who had it on the page that was pressed."""
        view, alarm = self._alarm_view(area, ref)
        card = alarm_card(alarm, self.gatherer.picture(view, reader), reader)
        if card.state != "taken" or card.taken_by in (had, officer.number):
            return None
        return Refusal(
            reader.t("form.refused"),
            reader.t("alarm.taken_meanwhile", badge=card.taken_by),
            reader.t("alarm.taken_meanwhile_advice"),
        )

    def _alarm_view(self, area: str, ref: str) -> tuple[AreaView, Any]:
        view = self.area(area)
        alarm = view.alarm(ref)
        if alarm is None:
            raise HTTPException(404, f"expected an alarm of {area}, found {ref[:80]}")
        return view, alarm

    def _present_alarm(
        self, area: str, ref: str, reader: Reader, officer: Officer, *, wait_s: float | None
    ) -> Any:
        """`wait_s`: as of `Explaining.soon`."""
        view, alarm = self._alarm_view(area, ref)
        picture = self.gatherer.picture(view, reader)
        why, is_made = self.explaining.soon(view, alarm, wait_s)
        leaves = self.gatherer.leaves_of(
            view, [fact.index for fact in why.facts] if why is not None else alarm.facts
        )
        allowed = may(officer, view.rulebook, view.engine_world)
        station = self.station
        calls = calling(
            *station.calls.of_alarm(area, alarm.id), rungs_of(station.notify), station.duty.empty(), reader
        )
        shown = alarm_page(alarm, picture, leaves, view.history(alarm.id), reader, allowed, why, calls)
        return replace(shown, is_explained=is_made)

    def _alarm(
        self, request: Request, officer: Officer, area: str, ref: str, refusal: Refusal | None = None
    ) -> Response:
        reader = reader_of(request, self.station, officer)
        # a page that shows a refusal does not go on by itself, which would wipe the reason away: it waits for all it shows
        view = self._present_alarm(area, ref, reader, officer, wait_s=None if refusal else WAIT_S)
        events = "" if refusal else f"/events/alarms/{area}/{ref}"
        return page(render.alarm(view, reader, events, refusal), request, 409 if refusal else 200)

    # ------------------------------------------------------------ acting

    async def submit(
        self, area: str, statement: Statement, officer: Officer, reader: Reader
    ) -> tuple[Refusal | None, str, bool]:
        """(why it was refused or None, the fact's id, whether the gateway has it). Waits for the gateway's word a while."""
        receipt = await run_in_threadpool(
            self.station.submit, area, statement.type, statement.body, officer, statement.occurred_us
        )
        if receipt.status == REFUSED:
            first = receipt.problems[0]
            reason = (
                reader.t("form.not_allowed")
                if first.key == "role"
                else reader.t("form.refused_reason", expected=first.expected, found=first.found)
            )
            return Refusal(reader.t("form.refused"), reason), receipt.id, False
        state = await self._settled(receipt.id)
        if state.startswith("refused"):
            return await run_in_threadpool(self._refusal, receipt.id, state, reader), receipt.id, False
        return None, receipt.id, state.startswith("recorded")

    def _refusal(self, fact_id: str, state: str, reader: Reader) -> Refusal:
        """What the gateway said against it, with the rule's article."""
        told = self.station.refusal(fact_id)
        if told is None:
            return Refusal(reader.t("form.refused"), _refused_words(state, reader))
        area, body = told
        return refusal_of(body, self.gatherer.picture(self.area(area), reader), reader)

    async def _settled(self, fact_id: str) -> str:
        """What became of a fact, as soon as the log tells it, at the latest after SETTLE_S."""
        end_s = time.monotonic() + SETTLE_S
        while True:
            state = await run_in_threadpool(self.station.receipt, fact_id)
            if not state.startswith("sent") or time.monotonic() > end_s:
                return state
            await asyncio.sleep(SETTLE_STEP_S)

    async def sent(self, request: Request) -> Sent | None:
        try:
            return await sent_form(request)
        except FormTooLarge:
            return None

    def area(self, area: str) -> AreaView:
        try:
            return self.station.area(area)
        except KeyError as error:
            raise HTTPException(404, str(error.args[0])) from None

    def missing(self, request: Request, reader: Reader, reason: str = "") -> Response:
        return page(
            render.problem(reader.t("form.refused"), reason or reader.t("form.not_found"), reader),
            request,
            404,
        )

    def not_allowed(self, request: Request, reader: Reader) -> Response:
        return page(
            render.problem(reader.t("form.refused"), reader.t("form.not_allowed"), reader), request, 403
        )

    def malformed(self, request: Request, reader: Reader) -> Response:
        return page(
            render.problem(reader.t("form.refused"), reader.t("form.too_large"), reader), request, 413
        )


def _writer(name: str, view: Any, reader: Reader) -> Callable[[], str]:
    return lambda: render.wall_region(name, view, reader)


def _refused_words(state: str, reader: Reader) -> str:
    """``refused: reason: expected X, found Y`` as the reader's sentence."""
    _, _, rest = state.partition("expected ")
    expected, _, found = rest.partition(", found ")
    return reader.t("form.refused_reason", expected=expected, found=found) if rest else state
