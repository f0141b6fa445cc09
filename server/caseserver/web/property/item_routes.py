"""Routes of one item: its chain, what is sealed of it on request, and the form by which it is described.

What an item is called and looks like is sealed first and stated then, as a person's particulars are: a commitment in the
log that nothing opens would be worse than words without one.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from caseserver.accounts import Officer
from caseserver.people.enclosures import VALUE_BYTES_MAX, EnclosureError
from caseserver.people.erasure import is_erased
from caseserver.people.people import People
from caseserver.people.sealed import VALUE_CHARS_MAX, SealError, one_line
from caseserver.permissions import ITEM_KNOWERS
from caseserver.web.form_parts import Sent, Statement, one
from caseserver.web.http import may, page, reader_of
from caseserver.web.present.state import AreaPicture
from caseserver.web.property import showing
from caseserver.web.property.chain import acts_of, chain_rows, committed_to, facts_of, leaves_behind
from caseserver.web.property.things import frame, item_path, limits_of, path, row_of
from caseserver.web.property.views import Enclosed, ItemPage
from caseserver.web.reader import Reader
from caseserver.web.session import Checked, SignedIn
from caseserver.web.views import Field, Receipt, Refusal
from custody.catalogue.forms import FIELD_NAMES
from custody.catalogue.property_parts import DESCRIBED

if TYPE_CHECKING:
    from caseserver.web.pages import Pages

DESCRIBE: Final = "item.described"
PHOTOGRAPH: Final = "item.photographed"
JPEG_BEGINS: Final = b"\xff\xd8\xff"
JPEG_ENDS: Final = b"\xff\xd9"
PICTURES: Final = {"photo": "image/jpeg", "signature": "image/svg+xml"}
SHOWN_MAX: Final = 40
"""Words and pictures of one item that are opened at once, the newest; a picture has a mebibyte at most."""


@dataclass(frozen=True)
class One:
    """One item that is asked for, with what every route here needs."""

    pages: Pages
    officer: Officer
    people: People | None
    states: Sequence[AreaPicture]
    state: AreaPicture
    ref: str
    leaves: Sequence[Mapping[str, Any]]
    reader: Reader

    @property
    def area(self) -> str:
        """Its area."""
        return self.state.area.id

    @property
    def owner(self) -> str:
        """Under whose key its words are: the stay's, else the case's, as kiosks have it."""
        told = [leaf["body"] for leaf in self.leaves if leaf["class"] == "fact"]
        stay = next((str(body["stay"]) for body in told if body.get("stay")), "")
        case = next((str(body["case"]) for body in told if body.get("case")), "")
        return stay or f"case:{case}"

    @property
    def erased(self) -> Mapping[str, Any] | None:
        """The leaf by which the particulars of its stay were destroyed: nothing of it is kept from then on."""
        if self.owner.startswith("case:"):
            return None
        return is_erased(self.pages.area(self.area).stay_leaves(self.owner))

    def may_state(self, fact: str) -> bool:
        """Whether this officer describes or photographs items here, and something of this one would be kept."""
        allowed = may(self.officer, self.state.rulebook, self.state.world)
        return fact in allowed and self.people is not None and self.erased is None


def add_items(router: APIRouter, pages: Pages, people: People | None) -> None:
    """An item's page, and what is done on it."""

    def ask(request: Request, officer: Officer, area: str, ref: str) -> One:
        view = pages.area(area)
        leaves = leaves_behind(ref, view.item_leaves)
        if not leaves:
            raise HTTPException(404, f"expected an item of {area[:64]}, found none of that reference")
        reader = reader_of(request, pages.station, officer)
        states = pages.gatherer.pictures(reader)
        state = next(state for state in states if state.area.id == area)
        return One(pages, officer, people, states, state, ref, leaves, reader)

    @router.get("/areas/{area}/items/{ref}")
    def item(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        asked = ask(request, officer, area, ref)
        return page(showing.html(item_page(asked), asked.reader), request)

    @router.post("/areas/{area}/items/{ref}/show", dependencies=[Checked])
    def show(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        asked = ask(request, officer, area, ref)
        if not officer.roles & ITEM_KNOWERS or people is None:
            return pages.not_allowed(request, asked.reader)
        told = list(committed_to(ref, asked.leaves))[-SHOWN_MAX:]
        fields = sorted({field for field, _, _ in told})
        pages.station.record_read(officer.number, "item", f"{area}/{ref}", {"fields": fields})
        view = replace(item_page(asked), enclosed=tuple(_opened(asked, told)), is_shown=True, may_show=False)
        return page(showing.html(view, asked.reader), request)

    @router.post("/areas/{area}/items/{ref}", dependencies=[Checked])
    async def describe(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        sent = await pages.sent(request)
        asked = await run_in_threadpool(ask, request, officer, area, ref)
        if sent is None:
            return pages.malformed(request, asked.reader)
        if not asked.may_state(DESCRIBE):
            return pages.not_allowed(request, asked.reader)
        values, errors = _read(sent, asked.reader)
        if errors:
            view = await run_in_threadpool(item_page, asked, values, errors)
            return _refused(request, asked, view, next(iter(errors.values())))
        words = {name: value.encode() for name, value in values.items()}
        return await _seal(request, asked, DESCRIBE, words, asked.reader.t("property.described"))

    @router.post("/areas/{area}/items/{ref}/photo", dependencies=[Checked])
    async def photograph(request: Request, officer: SignedIn, area: str, ref: str) -> Response:
        asked = await run_in_threadpool(ask, request, officer, area, ref)
        if not asked.may_state(PHOTOGRAPH):
            return pages.not_allowed(request, asked.reader)
        picture = await _picture(request)
        if picture is None:
            view = await run_in_threadpool(item_page, asked)
            return _refused(request, asked, view, asked.reader.t("property.no_jpeg"))
        done = asked.reader.t("property.photographed")
        return await _seal(request, asked, PHOTOGRAPH, {"photo": picture}, done)


# ---------------------------------------------------------------- what is shown


def item_page(
    asked: One, sent: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
) -> ItemPage:
    """The page without any word or picture of what is sealed."""
    state, reader, ref = asked.state, asked.reader, asked.ref
    item = state.world.items.get(ref)
    allowed = may(asked.officer, state.rulebook, state.world)
    erased = asked.erased
    kept = [
        Enclosed(_field_name(field, reader), at_us, None)
        for field, _, at_us in committed_to(ref, asked.leaves)
    ]
    query = f"stay={item.stay}" if item is not None and item.stay and not item.case else ""
    query = query or (f"case={item.case}" if item is not None and item.case else "")
    is_kept = asked.people is not None
    may_photograph = item is not None and item.is_here and asked.may_state(PHOTOGRAPH)
    acts = acts_of(item, state, allowed, reader) if item is not None else ()
    no_photo = next((a for a in acts if may_photograph and f"/{PHOTOGRAPH}?" in a.href), None)
    return ItemPage(
        frame(asked.states, state, "items", reader), ref, item_path(asked.area, ref),
        row_of(item, state, reader) if item is not None else None,
        facts_of(item, state, reader) if item is not None else (),
        tuple(chain_rows(ref, asked.leaves, state, reader)), tuple(kept),
        limits_of(state, (f"item:{ref}",), reader),
        tuple(act for act in acts if act is not no_photo),
        _fields(reader, sent or {}, errors or {}) if asked.may_state(DESCRIBE) else (),
        may_photograph=may_photograph,
        no_photo_href=no_photo.href if no_photo is not None else "",
        may_show=bool(asked.officer.roles & ITEM_KNOWERS) and bool(kept) and is_kept and erased is None,
        is_kept=is_kept,
        erased=reader.day_and_clock(erased["occurred"]["earliest_us"]) if erased is not None else "",
        papers_href=path(asked.area, f"papers?{query}&item={ref}") if query else "",
    )  # fmt: skip


def _field_name(field: str, reader: Reader) -> str:
    """The name of what is sealed: the catalogue speaks of a hash where the page has the picture."""
    return (
        reader.of("sealed", field)
        if field.endswith(("photo", "signature"))
        else reader.name(FIELD_NAMES[field])
    )


def _fields(reader: Reader, sent: Mapping[str, str], errors: Mapping[str, str]) -> tuple[Field, ...]:
    return tuple(
        Field(
            name, "text", reader.name(FIELD_NAMES[name]), value=(sent.get(name, ""),), required=False,
            error=errors.get(name, ""), length=VALUE_CHARS_MAX,
        )
        for name in DESCRIBED
    )  # fmt: skip


def _opened(asked: One, told: Sequence[tuple[str, str, int]]) -> list[Enclosed]:
    """Each with its value; one that no key opens here is said to be so."""
    found = []
    for field, commitment, at_us in told:
        kept = read_enclosed(asked.people, asked.area, commitment)
        name = _field_name(field, asked.reader)
        if kept is None:
            found.append(Enclosed(name, at_us, None, is_lost=True))
        elif kept[0] in PICTURES:
            address = f"data:{PICTURES[kept[0]]};base64,{base64.b64encode(kept[1]).decode()}"
            found.append(Enclosed(name, at_us, address, picture=True))
        else:
            found.append(Enclosed(name, at_us, kept[1].decode("utf-8", "replace")))
    return found


def read_enclosed(people: People | None, area: str, commitment: str) -> tuple[str, bytes] | None:
    """(field, value) behind a commitment; None when it is not kept here, was destroyed or is damaged."""
    if people is None:
        return None
    try:
        return people.enclosures.read(area, commitment)
    except EnclosureError:
        return None


# ---------------------------------------------------------------- what is entered


async def _picture(request: Request) -> bytes | None:
    """The JPEG that was sent; None: another file or none. It is in memory alone: the body is no longer than that allows."""
    file = (await request.form(max_files=1)).get("photo")
    if not isinstance(file, UploadFile):
        return None
    data = await file.read()
    is_jpeg = data.startswith(JPEG_BEGINS) and data.rstrip(b"\0").endswith(JPEG_ENDS)
    return data if is_jpeg and len(data) <= VALUE_BYTES_MAX else None


def _refused(request: Request, asked: One, view: ItemPage, reason: str) -> Response:
    refusal = Refusal(asked.reader.t("form.refused"), reason)
    return page(showing.html(replace(view, refusal=refusal), asked.reader), request, 422)


async def _seal(request: Request, asked: One, fact: str, values: Mapping[str, bytes], done: str) -> Response:
    """Seal the values, then state their commitments. ``done``: what the receipt says."""
    reader, people = asked.reader, asked.people
    assert people is not None, "who may state it has somewhere to keep it"
    now_us = asked.pages.station.now().earliest_us
    commitments = {
        name: await run_in_threadpool(
            people.enclosures.enter, asked.area, asked.owner, asked.ref, name, value, now_us
        )
        for name, value in values.items()
    }
    item = asked.state.world.items.get(asked.ref)
    stay = {"stay": item.stay} if item is not None and item.stay else {}
    statement = Statement(fact, {"item": asked.ref, **stay, **commitments})
    problem, fact_id, is_recorded = await asked.pages.submit(asked.area, statement, asked.officer, reader)
    view = await run_in_threadpool(item_page, asked)
    if problem is not None:
        if asked.pages.station.refusal(fact_id) is None:  # it never went out
            await run_in_threadpool(people.enclosures.take_back, asked.area, commitments.values())
        return page(showing.html(replace(view, refusal=problem), reader), request, 409)
    receipt = Receipt(done, fact_id, is_recorded, view.base, reader.t("property.again"))
    view = replace(view, receipt=receipt, fields=(), may_photograph=False)
    return page(showing.html(view, reader), request)


def _read(sent: Sent, reader: Reader) -> tuple[dict[str, str], dict[str, str]]:
    """Values and errors by field; a message names the field and never repeats the value."""
    values, errors = {}, {}
    for name in DESCRIBED:
        try:
            if value := one_line(name, one(sent, name)):
                values[name] = value
        except SealError:
            errors[name] = reader.t("person.bad_value", what=reader.name(FIELD_NAMES[name]))
    if not values and not errors:
        errors[DESCRIBED[0]] = reader.t("person.nothing")
    return values, errors
