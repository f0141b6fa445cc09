"""Views to HTML. Every page and every live fragment is made here; nothing here reads a clock, a store or a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from caseserver.floor.drawing import DOOR, KINDS, ROOM
from caseserver.permissions import (
    ACCOUNT_READERS,
    DRAWERS,
    FACT_ROLES,
    KNOWERS,
    OFFICER_READERS,
    WALKERS,
)
from caseserver.web import static_files, wording
from caseserver.web.drawing import ahead, coverage, health, marks, plan, qr, stay, why
from caseserver.web.drawing import blind as drawn_blind
from caseserver.web.drawing import floor as drawn_floor
from caseserver.web.drawing import musts as drawn_musts
from caseserver.web.drawing import rates as drawn_rates
from caseserver.web.drawing import states as drawn_states
from caseserver.web.drawing import whatif as drawn_whatif
from caseserver.web.property.views import ThingsOf
from caseserver.web.reader import Reader
from caseserver.web.views import (
    Count,
    FormChoice,
    FormPage,
    Mark,
    Refusal,
    SignInPage,
    StayList,
    StayPage,
    WallView,
)
from caseserver.web.views_access import (
    AccountsPage,
    CodePage,
    EnrolPage,
    OfficersPage,
    OwnAccount,
    RecoveryPage,
)
from caseserver.web.views_alarms import AlarmList, AlarmPage, RatesPage
from caseserver.web.views_bands import BandsPage
from caseserver.web.views_ledger import BlindPage, CoverageCell, CoveragePlot, FourMusts
from caseserver.web.views_notify import DutyPage
from caseserver.web.views_people import FindPage, ParticularsPage
from caseserver.web.views_proof import OwnLogPage, ProofPage
from caseserver.web.views_rules import RulesPage
from caseserver.web.views_walk import WalkPage
from caseserver.web.views_whatif import WhatIfPage
from custody.vocabulary import WALKS, Codes

LOGO = Markup(
    '<svg class="logo" viewBox="0 0 40 40" aria-hidden="true"><path class="l" d="M24 37H3V3h34v21"/>'
    '<circle class="l" cx="20" cy="20" r="8.6"/><path class="l" d="M20 14.6V20l4 2.8"/></svg>'
)
REDRAW_US = 15_000_000
WALL_REGIONS = {
    "top": "wall_top.html",
    "people": "wall_people.html",
    "plan": None,
    "alarms": "wall_alarms.html",
    "health": "wall_health.html",
}


def _four_words(musts: tuple[str, ...], reader: Reader) -> str:
    names = ("in", "search", "guard", "record")
    pairs = zip(names, musts, strict=True)
    return ", ".join(f"{reader.of('must', name)}: {reader.of('must_state', state)}" for name, state in pairs)


def _holes(plot: CoveragePlot) -> list[tuple[str, CoverageCell]]:
    return [(row.source, cell) for row in plot.rows for cell in row.cells if cell.unseen_s]


@lru_cache(maxsize=1)
def environment() -> Environment:
    env = Environment(
        loader=PackageLoader("caseserver.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    functions: dict[str, Callable[..., Any] | Markup | Mark | Codes | list[str]] = {
        "ahead": ahead.ahead,
        "asset": static_files.asset,
        "bar": marks.bar,
        "barcode": health.barcode,
        "blind_drawing": drawn_blind.blind,
        "blind_mark": Mark("blind", "query"),
        "count_gone": lambda at_us: Count("gone", at_us),
        "count_left": lambda at_us: Count("left", at_us),
        "coverage": coverage.coverage,
        "coverage_holes": _holes,
        "drawing": stay.stay,
        "dur": marks.duration,
        "exact": lambda us, reader: reader.duration(-(-us // 1_000_000), exact=True),
        "figures": marks.figures,
        "four_words": _four_words,
        "grouped": wording.grouped,
        "floor_devices": [kind for kind in KINDS if kind not in (ROOM, DOOR)],
        "floor_drawing": drawn_floor.floor,
        "heard": marks.heard,
        "logo": LOGO,
        "may_know": lambda reader: bool(reader.roles & KNOWERS),
        "may_see_officers": lambda reader: bool(reader.roles & OFFICER_READERS),
        "may_register": lambda reader: bool(reader.roles & FACT_ROLES["stay.registered"]),
        "may_see_accounts": lambda reader: bool(reader.roles & ACCOUNT_READERS),
        "may_draw": lambda reader: bool(reader.roles & DRAWERS),
        "may_walk": lambda reader: bool(reader.roles & WALKERS),
        "mark": marks.mark,
        "musts_drawing": drawn_musts.musts,
        "over_mark": Mark("act", "clock"),
        "plan": plan.plan,
        "qr": qr.qr,
        "rates_drawing": drawn_rates.rates,
        "seal": marks.seal,
        "seconds_of": lambda us: f"{max(0, us) / 1_000_000:.1f}",
        "share": wording.share,
        "soon_mark": Mark("soon", "clock"),
        "state_sign": drawn_states.state,
        "trouble_mark": Mark("soon", "plug"),
        "walks": WALKS,
        "whatif": drawn_whatif.whatif,
        "why": why.why,
    }
    env.globals.update(functions)
    return env


def _render(template: str, reader: Reader, **values: object) -> str:
    now = wording.stamp(reader.now_us, reader.zone)
    return (
        environment().get_template(template).render(r=reader, clock_now=now[:5], second_now=now[6:], **values)
    )


def part(template: str, reader: Reader, **values: object) -> str:
    """A page or fragment of a group of pages that has its own views."""
    return _render(template, reader, **values)


def wall(view: WallView, reader: Reader, events: str = "/events") -> str:
    return _render("wall.html", reader, view=view, events=events)


def wall_region(region: str, view: WallView, reader: Reader) -> str:
    """One region of the wall, as it is swapped into a page that is already open."""
    if region == "plan":
        return str(plan.plan(view.plan, reader))
    template = WALL_REGIONS[region]
    assert template is not None
    return _render(template, reader, view=view)


def region_value(region: str, view: WallView, now_us: int) -> object:
    """What a region shows: while this stays equal, nothing needs to be sent."""
    value = getattr(view, region)
    # Bars and the look-ahead line are drawn for a moment: they are drawn again every so often though nothing changed.
    return (value, now_us // REDRAW_US) if region == "people" else value


def alarm(view: AlarmPage, reader: Reader, events: str = "", refusal: Refusal | None = None) -> str:
    return _render("alarm.html", reader, view=view, events=events, refusal=refusal)


def alarm_body(view: AlarmPage, reader: Reader) -> str:
    return _render("alarm_body.html", reader, view=view, refusal=None)


def alarms(view: AlarmList, reader: Reader, events: str = "") -> str:
    return _render("alarms.html", reader, view=view, events=events)


def rates(view: RatesPage, reader: Reader) -> str:
    return _render("rates.html", reader, view=view)


def alarms_body(view: AlarmList, reader: Reader) -> str:
    return _render("alarms_body.html", reader, view=view)


def stays(view: StayList, reader: Reader) -> str:
    return _render("stays.html", reader, view=view)


def stay_page(
    view: StayPage, reader: Reader, musts: FourMusts | None = None, things: Sequence[ThingsOf] = ()
) -> str:
    return _render("stay.html", reader, view=view, musts=musts, things=things)


def blind(view: BlindPage, reader: Reader) -> str:
    return _render("blind.html", reader, view=view)


def bands(view: BandsPage, reader: Reader) -> str:
    return _render("bands.html", reader, view=view)


def form(view: FormPage, reader: Reader) -> str:
    return _render("form.html", reader, view=view)


def form_choice(view: FormChoice, reader: Reader) -> str:
    return _render("form_choice.html", reader, view=view)


def rules(view: RulesPage, reader: Reader) -> str:
    return _render("rules.html", reader, view=view)


def walk(view: WalkPage, reader: Reader, events: str, refusal: Refusal | None, waiting: str) -> str:
    """``waiting``: the point whose test is on its way to the log."""
    return _render("walk.html", reader, view=view, events=events, refusal=refusal, waiting=waiting)


def walk_regions(view: WalkPage, reader: Reader) -> dict[str, tuple[object, Callable[[], str]]]:
    """Each part of the walk test's page that goes on changing; the forms between them stay as they are."""
    found: dict[str, tuple[object, Callable[[], str]]] = {
        "walk-head": (view.head, lambda: _render("walk_head.html", reader, view=view))
    }
    for room in view.rooms:
        found[f"room-{room.id}"] = room.count, partial(_render, "walk_room.html", reader, room=room)
        for point in room.points:
            found[point.region] = point.now, partial(_render, "walk_state.html", reader, point=point)
    return found


def duty(view: DutyPage, reader: Reader, refusal: Refusal | None) -> str:
    return _render("duty.html", reader, view=view, refusal=refusal)


def whatif(view: WhatIfPage, reader: Reader) -> str:
    return _render("whatif.html", reader, view=view)


def particulars(view: ParticularsPage, reader: Reader) -> str:
    return _render("particulars.html", reader, view=view)


def find(view: FindPage, reader: Reader) -> str:
    return _render("find.html", reader, view=view)


def proof(view: ProofPage, reader: Reader) -> str:
    return _render("proof.html", reader, view=view)


def own_log(view: OwnLogPage, reader: Reader) -> str:
    return _render("own_log.html", reader, view=view)


def sign_in(view: SignInPage, reader: Reader) -> str:
    return _render("sign_in.html", reader, view=view)


def sign_in_code(view: CodePage, reader: Reader) -> str:
    return _render("sign_in_code.html", reader, view=view)


def second_factor(view: EnrolPage, reader: Reader) -> str:
    return _render("second_factor.html", reader, view=view)


def own_account(view: OwnAccount, reader: Reader) -> str:
    return _render("account.html", reader, view=view)


def accounts(view: AccountsPage, reader: Reader) -> str:
    return _render("accounts.html", reader, view=view)


def officers(view: OfficersPage, reader: Reader) -> str:
    return _render("officers.html", reader, view=view)


def recovery(view: RecoveryPage, reader: Reader) -> str:
    return _render("recovery.html", reader, view=view)


def coverage_page(view: CoveragePlot, reader: Reader) -> str:
    return _render("coverage.html", reader, view=view)


def leaf(index: int, data: str, hash_hex: str, reader: Reader) -> str:
    return _render("leaf.html", reader, index=index, data=data, hash=hash_hex)


def problem(title: str, reason: str, reader: Reader) -> str:
    return _render("problem.html", reader, title=title, reason=reason)
