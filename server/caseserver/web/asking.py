"""One request about who a person is, with what every such route needs; and the page of what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import HTTPException, Request
from fastapi.responses import Response

from caseserver.accounts import Officer
from caseserver.people.erasure import Leaf
from caseserver.people.people import People
from caseserver.permissions import ERASERS, KNOWERS
from caseserver.web import render
from caseserver.web.http import may, page, reader_of
from caseserver.web.present import particulars
from caseserver.web.reader import Reader
from caseserver.web.views import Refusal

if TYPE_CHECKING:
    from caseserver.web.pages import Pages


@dataclass(frozen=True)
class Asking:
    """One request about one stay, with what every route here needs."""

    request: Request
    pages: Pages
    people: People
    officer: Officer
    area: str
    stay: str
    reader: Reader
    leaves: list[Leaf]

    @property
    def base(self) -> str:
        """The page of the particulars."""
        return f"/stays/{self.area}/{self.stay}/person"

    @property
    def may_enter(self) -> bool:
        """Whether this officer enters particulars in this area."""
        view = self.pages.area(self.area)
        return "person.identified" in may(self.officer, view.rulebook, view.engine_world)

    @property
    def person(self) -> str | None:
        """The reference that the stay was registered with."""
        told = [leaf["body"].get("person") for leaf in self.leaves if leaf["type"] == "stay.registered/1"]
        return next((str(ref) for ref in told if ref), None)


def ask(request: Request, pages: Pages, people: People, officer: Officer, area: str, ref: str) -> Asking:
    """Raises 403 for other roles, 404 when the log does not know the stay."""
    if not officer.roles & (KNOWERS | ERASERS):
        raise HTTPException(403, "expected a role that may know who a person is, found none")
    leaves: list[Leaf] = list(pages.area(area).stay_leaves(ref))
    if not leaves:
        raise HTTPException(404, f"expected a stay of {area[:64]}, found none of that reference")
    return Asking(
        request, pages, people, officer, area, ref, reader_of(request, pages.station, officer), leaves
    )


def kept_page(
    asking: Asking, *, errors: Mapping[str, str] | None = None, sent: Mapping[str, str] | None = None,
    refusal: Refusal | None = None, done: str = "", status: int = 200,
    ) -> Response:  # fmt: skip
    """What is kept of the stay, without values."""
    view = particulars.particulars_page(
        asking.base, asking.stay, asking.people.kept(asking.area, asking.stay), asking.leaves, asking.reader,
        may_enter=asking.may_enter, errors=errors, sent=sent, refusal=refusal, done=done,
        more=len(asking.people.enclosures.of_owner(asking.area, asking.stay)),
    )  # fmt: skip
    return page(render.particulars(view, asking.reader), asking.request, status)
