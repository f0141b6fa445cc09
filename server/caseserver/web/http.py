"""Language, theme and clock of a request, and how a form is read from it. Security headers are the application's."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import UploadFile

from caseserver.accounts import Officer
from caseserver.auth import csrf
from caseserver.permissions import ENTERERS, FACT_ROLES, approvers, roles_for
from caseserver.web.catalogue import LANGUAGES, choose_language
from caseserver.web.reader import Reader
from custody.rules import Rulebook
from custody.world import World

LANGUAGE_COOKIE, THEME_COOKIE = "caseward_lang", "caseward_theme"
THEMES = ("day", "night")
YEAR_S = 31_536_000
FIELDS_MAX = 64
FIELD_CHARS_MAX = 4_096


class FormTooLarge(ValueError):
    """More fields, or longer ones, than any form of ours has."""


def reader_of(request: Request, station: Any, officer: Officer | None) -> Reader:
    """The reader of this request, at the station's present moment."""
    zones = [view.area.timezone for view in station.areas()]
    language = choose_language(
        request.query_params.get("lang"),
        request.cookies.get(LANGUAGE_COOKIE),
        request.headers.get("accept-language"),
    )
    held = {step.post for step in station.notify.steps if step.needs_turn}
    theme = request.query_params.get("theme") or request.cookies.get(THEME_COOKIE)
    return Reader(
        now_us=station.now().earliest_us,
        zone=zones[0] if zones else "UTC",
        language=language,
        theme="night" if theme == "night" else "day",
        rate=max(1, round(station.rate)),
        badge=officer.number if officer else "",
        csrf=csrf(request) if officer else "",
        may_act=officer is not None and officer.may("alarm.taken"),
        roles=officer.roles if officer else frozenset(),
        on_duty=tuple((turn.post, turn.number) for turn in station.duty.running() if turn.post in held),
        unmanned=tuple(station.duty.unmanned()),
    )


def may(officer: Officer, rulebook: Rulebook, world: World) -> frozenset[str]:
    """The fact types this officer may state in an area with this rulebook, for himself or for another organ."""
    own = frozenset(name for name in FACT_ROLES if officer.roles & roles_for(rulebook, name))
    others = {role for o in world.officers.values() if o.service == "external" for role in o.roles}
    if not officer.roles & ENTERERS or not others:
        return own
    return own | {name for name in FACT_ROLES if others & (approvers(rulebook, name) or frozenset())}


def page(html: str, request: Request, status: int = 200) -> HTMLResponse:
    """A page; a language or theme asked for in the address is remembered."""
    # "no-referrer" would make the browser send the forms of this page with "Origin: null", which auth refuses
    response = HTMLResponse(html, status, headers={"Referrer-Policy": "same-origin"})
    for name, cookie, allowed in (("lang", LANGUAGE_COOKIE, LANGUAGES), ("theme", THEME_COOKIE, THEMES)):
        asked = request.query_params.get(name)
        if asked is not None and asked in allowed:
            response.set_cookie(cookie, asked, max_age=YEAR_S, httponly=True, samesite="lax")
    return response


async def sent_form(request: Request) -> dict[str, list[str]]:
    """The text fields of a form. Raises FormTooLarge; a file is not a text field and is left out."""
    form = await request.form(max_files=1, max_fields=FIELDS_MAX)
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            continue
        if len(name) > FIELD_CHARS_MAX or len(value) > FIELD_CHARS_MAX:
            raise FormTooLarge(f"expected fields of at most {FIELD_CHARS_MAX} characters, found {len(value)}")
        found.setdefault(name, []).append(value)
    return found
