"""The JSON API. Every route needs a session; what changes something also needs its form token.

Times are microseconds UTC of station time (`*_us`); absent values are null.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from caseserver import auth, cap
from caseserver.access import DeclaredRoute, by_token
from caseserver.accounts import Officer
from caseserver.alarms import Alarm
from caseserver.area_view import AreaView
from caseserver.permissions import FACT_ROLES, PAGES_ONLY
from caseserver.problems import answers
from caseserver.station import Station

LEAVES_MAX = 1_000
STAYS_MAX = 1_000
SignedIn = Annotated[Officer, Depends(auth.api_officer)]


class LeafLines(PlainTextResponse):
    """Leaves, a line each."""

    media_type = "application/x-ndjson"


class CapMessage(Response):
    """A message of CAP 1.2."""

    media_type = cap.MEDIA_TYPE


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class SignInBody(_Model):
    """Number and password of an account; `code` where it has a second factor."""

    number: str = Field(max_length=64)
    password: str = Field(max_length=200)
    code: str = Field("", max_length=32)


class SessionModel(_Model):
    """Who is signed in; `csrf` goes into the header x-csrf-token of every call that changes something."""

    number: str
    roles: list[str]
    csrf: str


class SourceModel(_Model):
    """A supervised source of an area."""

    id: str
    state: str
    since_us: int


class AreaModel(_Model):
    """An area and how far its word can be trusted now."""

    id: str
    gateway: str
    name: dict[str, str]
    timezone: str
    rulebook: str
    gateway_seen_us: int | None
    log_size: int
    root: str
    proved_us: int | None
    clock_state: str
    is_stale: bool
    is_silent: bool
    is_forked: bool
    behind: int
    waiting_facts: int
    offset_us: int
    open_alarms: int
    differences: list[str]
    counters: dict[str, int]
    sources: list[SourceModel]


class AlarmModel(_Model):
    """An alarm; the fields are those of docs/server.md, "Alarms"."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    area: str
    id: str
    rule: str
    variant: str
    subject: str
    severity: str
    stay: str | None
    room: str | None
    basis: str
    number_basis: str
    family: str
    article: dict[str, str]
    text: dict[str, dict[str, str]]
    params: dict[str, str | int]
    facts: list[int]
    stages: list[str]
    is_prewarning: bool
    is_certain: bool
    is_active: bool
    origin: str
    state: str
    since_us: int
    raised_us: int
    due_us: int
    late_us: int
    taken_us: int | None
    taken_by: str | None
    acknowledged_us: int | None
    acknowledged_by: str | None
    cleared_us: int | None
    clear_reason: str
    rectified_us: int | None
    rectified_by: str | None
    cause: str
    action: str
    verified_us: int | None
    verified_by: str | None
    closed_us: int | None
    aside: str
    aside_by: str
    aside_reason: str
    aside_until_us: int | None
    silenced_us: int | None
    shown_state: str


class StayModel(_Model):
    """One person's time in an area, by reference; no name, no number of identity is held here."""

    area: str
    stay: str
    measure: str | None
    room: str | None
    opened_us: int
    registered_us: int | None
    released_us: int | None
    next_due_us: int | None
    open_alarms: int


class FactBody(_Model):
    """A fact to state: its type and body as in docs/scenarios.md; `occurred_us` when it was not now."""

    type: str = Field(max_length=64, json_schema_extra={"enum": [*sorted(FACT_ROLES.keys() - PAGES_ONLY)]})
    body: dict[str, Any]
    occurred_us: int | None = Field(None, ge=0, lt=2**53)


class ReceiptModel(_Model):
    """What became of a fact: text is `sent` (perhaps with why it waits), `recorded`, or `refused: …`."""

    id: str
    text: str


class HistoryLine(_Model):
    """A line of an alarm's history."""

    what: str
    at_us: int
    officer: str | None
    leaf: int | None
    detail: dict[str, Any]


def routes(station: Station) -> APIRouter:
    """All routes under /api."""
    router = APIRouter(
        prefix="/api", route_class=DeclaredRoute, responses=answers(400, 401, 403, 413, 422, 429)
    )
    _session_routes(router)
    _reading_routes(router, station)
    _fact_routes(router, station)
    return router


def _session_routes(router: APIRouter) -> None:
    @router.post("/session", tags=["session"])
    async def sign_in(request: Request, response: Response, body: SignInBody) -> SessionModel:
        """Sign in; sets the session's cookie."""
        answer = await auth.sign_in(request, response, body.number, body.password, body.code)
        if answer.stage != "full":
            what = (
                "the code of the second factor too"
                if answer.stage == "code"
                else "a second factor, set up at /sign-in"
            )
            raise HTTPException(401, f"expected {what}, found none")
        if answer.officer is None:
            if answer.retry_s:
                raise HTTPException(
                    429, f"{answer.problem}: try again later", {"Retry-After": str(answer.retry_s)}
                )
            raise HTTPException(401, "expected the number and password of an account, found others")
        return _session(answer.officer)

    @router.get("/session", tags=["session"])
    async def session(officer: SignedIn) -> SessionModel:
        """Who is signed in."""
        return _session(officer)

    @router.delete(
        "/session",
        tags=["session"],
        status_code=204,
        dependencies=[Depends(auth.check_csrf)],
    )
    async def sign_out(request: Request, response: Response, officer: SignedIn) -> None:
        """Sign out."""
        del officer
        await auth.sign_out(request, response)


def _reading_routes(router: APIRouter, station: Station) -> None:
    @router.get("/areas", tags=["reading"])
    def areas(officer: SignedIn) -> list[AreaModel]:
        """Every area."""
        del officer
        return [_area(view) for view in station.areas()]

    _alarm_routes(router, station)
    _people_routes(router, station)


def _alarm_routes(router: APIRouter, station: Station) -> None:
    @router.get("/alarms", tags=["reading"])
    def alarms(officer: SignedIn, area: str | None = None, closed: bool = False) -> list[AlarmModel]:
        """Open alarms, oldest first; with `closed` the newest closed ones instead, newest first."""
        del officer
        found = [
            alarm
            for view in station.areas()
            if area is None or view.area.id == area
            for alarm in (view.closed_alarms if closed else view.alarms)
        ]
        return [_alarm(alarm) for alarm in found]

    @router.get("/alarms/{area}/{alarm}/history", tags=["reading"], responses=answers(404))
    def history(officer: SignedIn, area: str, alarm: str) -> list[HistoryLine]:
        """What happened to an alarm. In `alarm` every / of the id is written ~."""
        del officer
        view = _view(station, area)
        if view.alarm(alarm) is None:
            raise HTTPException(404, f"expected the id of an alarm of {area}, found {alarm}")
        return [HistoryLine(**line) for line in view.history(alarm)]

    @router.get(
        "/alarms/{area}/{alarm}/cap", tags=["reading"], response_class=CapMessage, responses=answers(404)
    )
    def cap_message(officer: SignedIn, area: str, alarm: str) -> CapMessage:
        """An alarm as a message of the Common Alerting Protocol 1.2. In `alarm` every / of the id is written ~."""
        del officer
        view = _view(station, area)
        found = view.alarm(alarm)
        if found is None:
            raise HTTPException(404, f"expected the id of an alarm of {area}, found another")
        return CapMessage(cap.message(found, view.area, station.name))


def _people_routes(router: APIRouter, station: Station) -> None:
    @router.get("/stays", tags=["reading"])
    async def stays(
        officer: SignedIn, released: bool = False, count: Annotated[int, Query(ge=1, le=STAYS_MAX)] = 200
    ) -> list[StayModel]:
        """People held now; with `released` those who left instead, the newest first. The read is written down."""
        detail = {"released": released, **by_token(officer)}
        await run_in_threadpool(station.record_read, officer.number, "stays", "all", detail)
        found = [
            (view, stay)
            for view in station.areas()
            for stay in view.engine_world.stays.values()
            if stay.is_open is not released
        ]
        if released:
            found.sort(key=lambda item: item[1].released_us or 0, reverse=True)
        return [_stay(view, stay) for view, stay in found[:count]]

    @router.get("/log/{gateway}", tags=["reading"], response_class=LeafLines)
    async def log(
        officer: SignedIn,
        gateway: Annotated[str, Path(pattern=r"^[a-z0-9-]{1,32}$")],
        first: Annotated[int, Query(ge=0, lt=2**53)] = 0,
        count: Annotated[int, Query(ge=1, le=LEAVES_MAX)] = 100,
    ) -> LeafLines:
        """Leaves of a gateway's log as they are, one line each. The read is written down."""
        detail = {"first": first, "count": count, **by_token(officer)}
        await run_in_threadpool(station.record_read, officer.number, "log", gateway, detail)
        leaves = await run_in_threadpool(station.log_run, gateway, first, count)
        return LeafLines(b"".join(leaf + b"\n" for leaf in leaves))

    @router.get("/coverage/{area}", tags=["reading"], responses=answers(404))
    def coverage(
        officer: SignedIn,
        area: str,
        from_us: Annotated[int, Query(ge=0, lt=2**53)],
        to_us: Annotated[int, Query(ge=0, lt=2**53)],
    ) -> list[dict[str, Any]]:
        """Seconds seen and unseen of each source: per minute up to six hours asked, per hour beyond."""
        del officer
        _view(station, area)
        return [asdict(series) for series in station.samples(area, from_us, to_us)]


def _fact_routes(router: APIRouter, station: Station) -> None:
    @router.post(
        "/areas/{area}/facts",
        tags=["acting"],
        status_code=202,
        dependencies=[Depends(auth.check_csrf)],
    )
    async def state_fact(officer: SignedIn, area: str, fact: FactBody) -> ReceiptModel:
        """State a fact in the signed-in officer's name. Some facts only their pages state."""
        if fact.type in PAGES_ONLY:
            raise HTTPException(
                422, f"refused: type: expected another than {fact.type}, which its page states"
            )
        receipt = await run_in_threadpool(
            station.submit, area, fact.type, fact.body, officer, fact.occurred_us
        )
        if receipt.status == "refused":
            raise HTTPException(422, receipt.text)
        return ReceiptModel(id=receipt.id, text=receipt.text)

    @router.get("/facts/{fact_id}", tags=["acting"])
    async def fact_receipt(officer: SignedIn, fact_id: str) -> ReceiptModel:
        """What became of a fact."""
        del officer
        return ReceiptModel(id=fact_id, text=await run_in_threadpool(station.receipt, fact_id))


def _session(officer: Officer) -> SessionModel:
    return SessionModel(number=officer.number, roles=sorted(officer.roles), csrf=officer.csrf)


def _view(station: Station, area: str) -> AreaView:
    try:
        return station.area(area)
    except KeyError as error:
        raise HTTPException(404, str(error.args[0])) from None


def _area(view: AreaView) -> AreaModel:
    health = view.health()
    area = view.area
    return AreaModel(
        id=area.id,
        gateway=area.gateway,
        name={"zh": area.name.zh, "en": area.name.en},
        timezone=area.timezone,
        rulebook=area.rulebook,
        gateway_seen_us=health.gateway_seen_us,
        log_size=health.log_size,
        root=view.root(),
        proved_us=health.proved_us,
        clock_state=health.clock_state,
        is_stale=health.is_stale,
        is_silent=health.is_silent,
        is_forked=health.is_forked,
        behind=health.behind,
        waiting_facts=health.waiting_facts,
        offset_us=health.offset_us,
        open_alarms=len(view.alarms),
        differences=list(health.differences),
        counters=dict(health.counters),
        sources=[SourceModel(id=i, state=state, since_us=since) for i, state, since in health.sources],
    )


def _alarm(alarm: Alarm) -> AlarmModel:
    return AlarmModel.model_validate(alarm)


def _stay(view: AreaView, stay: Any) -> StayModel:
    duties = view.duties(stay.ref)
    return StayModel(
        area=view.area.id,
        stay=stay.ref,
        measure=stay.measure,
        room=stay.room,
        opened_us=stay.opened_us,
        registered_us=stay.registered_us,
        released_us=stay.released_us,
        next_due_us=duties[0].due_us if duties else None,
        open_alarms=sum(alarm.stay == stay.ref for alarm in view.alarms),
    )
