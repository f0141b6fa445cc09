"""Attempts on every form that changes something: by nobody, by the wrong role, forged, replayed, from elsewhere, too large.

Made from the tables: the routes of caseserver.access, the forms of the catalogue, the roles of the permissions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from caseserver.access import ROUTES
from caseserver.permissions import ADMINISTRATORS, DRAWERS, ERASERS, EXPORTERS, FACT_ROLES, KNOWERS, roles_for
from caseserver.web.plan_pages import MOVES
from caseserver.web.present.alarm import FACT_OF_MOVE
from custody.catalogue import FACT_TYPES
from custody.catalogue.forms import OTHER_FORMS, STAY_FORMS
from custody.fields import TEXT
from custody.rules import Rulebook
from custody.vocabulary import ROLES
from tests.web.conversation import filled

STAY = "/stays/{area}/{ref}"
OWN_FORMS = {
    "POST /stays/new": "stay.registered", f"POST {STAY}/band": "wristband.bound", f"POST {STAY}/search": "search.signed",
    f"POST {STAY}/extension": "extension.approved", f"POST {STAY}/release": "stay.released",
    f"POST {STAY}/person": "person.identified", "POST /areas/{area}/walk/{ref}": "point.walked",
}  # fmt: skip
"""Forms with a page of their own -> the fact they state."""
OTHER_ROLES = {
    f"POST {STAY}/person/show": KNOWERS, "POST /people": KNOWERS, f"POST {STAY}/person/erasure": ERASERS,
    f"POST {STAY}/bundle": EXPORTERS, "POST /accounts/changes": ADMINISTRATORS, "POST /accounts/changes/{change}": ADMINISTRATORS,
    "POST /areas/{area}/plan": DRAWERS, **{f"POST /areas/{{area}}/plan/{{number}}/{move}": DRAWERS for move in MOVES},
}  # fmt: skip
"""Forms that state no fact of the catalogue -> who may send them."""
OF_EVERYBODY = ("/sign-out", "/account")
"""Acts on one's own session and account: no role is the wrong one."""
FORGED, IN_CLEAR = "\u202eforged ../../ <script>", "11010519491231002X"
"""No value of any list, no reference, no number; and what no free text may hold."""


@dataclass(frozen=True)
class Form:
    """One form: its path, who may send it (None: everybody), and wrong values for its fields."""

    route: str
    path: str
    roles: frozenset[str] | None
    forged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """What is tried: in which session ("": none), with what; ``allowed``: the answers that are a refusal of it."""

    name: str
    session: str
    path: str
    data: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[int, ...] = (403,)
    is_signed_in: bool = True


@dataclass(frozen=True)
class Cast:
    """Who tries: one officer a role and one with every role, by their sessions; and the token of each one's forms."""

    by_role: Mapping[str, str]
    everything: str
    tokens: Mapping[str, str]
    bearer: str


def forms(rulebook: Rulebook, values: Mapping[str, str]) -> Iterator[Form]:
    """Every form, and every form of the catalogue."""
    for route, access in ROUTES.items():
        method, path = route.split(" ")
        if method != "POST" or access.kind == "open" or path.startswith("/api/"):
            continue
        if path.endswith("/{fact}"):
            groups = STAY_FORMS if path.startswith("/stays") else OTHER_FORMS
            for fact in (fact for group in groups for fact in group.forms):
                yield _of_fact(route, filled(path, **{**values, "fact": fact}), fact, rulebook)
        elif route in OWN_FORMS:
            yield _of_fact(route, filled(path, **values), OWN_FORMS[route], rulebook)
        elif path.startswith("/alarms/"):
            fact = FACT_OF_MOVE[path.rpartition("/")[2]]
            yield Form(route, filled(path, **{**values, "ref": values["alarm"]}), FACT_ROLES[fact])
        else:
            is_own = path.startswith(OF_EVERYBODY)
            forged = {"base": "-1", "room:guard:x": FORGED} if path.endswith("/plan") else {}
            yield Form(route, filled(path, **values), None if is_own else OTHER_ROLES.get(route), forged)


def _of_fact(route: str, path: str, fact: str, rulebook: Rulebook) -> Form:
    forged = {
        name: IN_CLEAR if spec.kind == TEXT else FORGED
        for name, spec in FACT_TYPES[fact].fields.items()
        if spec.required and name != "stay"
    }
    return Form(route, path, roles_for(rulebook, fact) or FACT_ROLES[fact], forged)


def attempts(form: Form, cast: Cast) -> Iterator[Attempt]:
    """Ten and more on one form."""
    everything, own = cast.everything, cast.tokens["everything"]
    signed = {"csrf": own}
    yield Attempt("nobody", "", form.path, signed, allowed=(303, 403), is_signed_in=False)
    yield Attempt("no form token", everything, form.path)
    yield Attempt("the token of an ended session", everything, form.path, {"csrf": cast.tokens["ended"]})
    yield Attempt("somebody else's token", everything, form.path, {"csrf": cast.tokens["guard"]})
    yield Attempt(
        "from another origin", everything, form.path, signed, {"origin": "https://elsewhere.example"}
    )
    yield Attempt("from another site", everything, form.path, signed, {"sec-fetch-site": "cross-site"})
    if not form.forged:
        yield Attempt("another form token", everything, form.path, {"csrf": "A" * 43})
    if form.roles is None:
        yield Attempt("as JSON", everything, form.path, {}, {"content-type": "application/json"})
        yield Attempt("from a sandboxed page", everything, form.path, signed, {"origin": "null"})
    bearer = {"authorization": f"Bearer {cast.bearer}"}
    yield Attempt("a program's token", "", form.path, {}, bearer, (303, 403), is_signed_in=False)
    if form.roles is not None:
        for role in [role for role in ROLES if role not in form.roles and role in cast.by_role][:2]:
            sent = {"csrf": cast.tokens[role], **form.forged}
            yield Attempt(f"as {role}", cast.by_role[role], form.path, sent, allowed=(403, 404, 409, 422))
    if "/a1/" in form.path:
        elsewhere = form.path.replace("/a1/", "/nowhere/")
        yield Attempt("in another area", everything, elsewhere, signed, allowed=(404,))
    if "/0403/" in form.path:
        strange = form.path.replace("/0403/", "/nobody/")
        yield Attempt("of a stay that nobody knows", everything, strange, signed, allowed=(404,))
    if form.forged:
        sent = {**signed, **form.forged}
        yield Attempt("forged values", everything, form.path, sent, allowed=(403, 404, 409, 422))
