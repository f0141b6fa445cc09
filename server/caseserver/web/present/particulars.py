"""A person's particulars for a page: what is kept, the form, and the words of an erasure. Values only where they are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from caseserver.people.erasure import Leaf, Objection, is_erased
from caseserver.people.people import Person, Shown
from caseserver.people.sealed import VALUE_CHARS_MAX
from caseserver.people.side_store import Request
from caseserver.permissions import ERASERS, KNOWERS
from caseserver.web.reader import Reader
from caseserver.web.views import Choice, Field, FormPage, Receipt, Refusal
from caseserver.web.views_people import ErasedNote, ParticularRow, ParticularsPage
from custody.catalogue.forms import FIELD_NAMES
from custody.catalogue.personal import PARTICULARS
from custody.vocabulary import ERASURE_GROUNDS

SIGN, WITHDRAW = "sign", "withdraw"


def particulars_page(
    base: str, stay: str, kept: Sequence[Shown], leaves: Iterable[Leaf], reader: Reader, *, may_enter: bool,
    is_shown: bool = False, errors: Mapping[str, str] | None = None, sent: Mapping[str, str] | None = None,
    refusal: Refusal | None = None, done: str = "", more: int = 0,
) -> ParticularsPage:  # fmt: skip
    """The page of one stay; `kept` with values when they were asked for; `more`: what is sealed of its items besides."""
    rows = [
        ParticularRow(
            reader.name(FIELD_NAMES[item.field]), item.version, reader.day_and_clock(item.at_us), item.officer, item.value
        )
        for item in sorted(kept, key=lambda item: PARTICULARS.index(item.field))
    ]  # fmt: skip
    fields = tuple(
        Field(
            name, "text", reader.name(FIELD_NAMES[name]), value=((sent or {}).get(name, ""),), required=False,
            error=(errors or {}).get(name, ""), length=VALUE_CHARS_MAX,
        )
        for name in PARTICULARS
    )  # fmt: skip
    return ParticularsPage(
        stay=stay,
        base=base,
        rows=tuple(rows),
        fields=fields if may_enter else (),
        may_show=bool(reader.roles & KNOWERS) and bool(rows) and not is_shown,
        may_erase=bool(reader.roles & ERASERS) and bool(rows or more),
        is_shown=is_shown,
        erased=None if rows else _erased(leaves, reader),
        refusal=refusal,
        done=done,
        more=more,
    )


def _erased(leaves: Iterable[Leaf], reader: Reader) -> ErasedNote | None:
    leaf = is_erased(leaves)
    if leaf is None:
        return None
    body = leaf["body"]
    return ErasedNote(
        at=reader.day_and_clock(leaf["occurred"]["earliest_us"]),
        officers=" · ".join(body["officers"]),
        ground=reader.code(ERASURE_GROUNDS, body["ground"]),
        leaf=leaf["index"],
    )


def objection_words(found: Objection, stay: str, reader: Reader) -> str:
    """Why it cannot be erased."""
    if found == "still_held":
        return reader.of("refused", "still_held", expected="", found=stay)
    if found == "under_hold":
        return reader.of("refused", "under_hold", expected="", found=stay)
    return reader.t("person.not_read", stay=stay)


def erasure_form(
    action: str,
    covered: Sequence[Person],
    request: Request | None,
    reader: Reader,
    refusal: Refusal | None = None,
) -> FormPage:
    """The first signature asks for a ground; the second signs or takes back."""
    aside = [(reader.t("person.covers"), " · ".join(person.stay for person in covered))]
    aside.append((reader.t("person.values"), str(sum(person.count for person in covered))))
    if request is None:
        choices = tuple(Choice(code, reader.code(ERASURE_GROUNDS, code)) for code in ERASURE_GROUNDS)
        fields = (Field("ground", "choice", reader.t("person.ground"), choices=choices),)
        lead, submit = reader.t("person.erase_lead"), reader.t("person.ask")
    else:
        aside.append((reader.t("person.ground"), reader.code(ERASURE_GROUNDS, request.ground)))
        aside.append(
            (reader.t("person.asked_by"), f"{request.officer} · {reader.day_and_clock(request.at_us)}")
        )
        acts = [Choice(WITHDRAW, reader.t("person.withdraw"))]
        if request.officer != reader.badge:
            acts.insert(0, Choice(SIGN, reader.t("person.sign")))
        fields = (
            Field("act", "choice", reader.t("person.second"), reader.t("person.second_hint"), tuple(acts)),
        )
        lead, submit = reader.t("person.asked_lead"), reader.t("person.go_on")
    return FormPage(
        reader.t("person.erase"),
        lead,
        action,
        fields,
        submit,
        tuple(aside),
        refusal,
        back_href=action.rpartition("/")[0],
    )


def erasure_done(action: str, title: str, fact_id: str, reader: Reader, *, is_recorded: bool) -> FormPage:
    """After the second signature."""
    back = action.rpartition("/")[0]
    receipt = Receipt(title, fact_id, is_recorded, back, reader.t("person.title"))
    return FormPage(reader.t("person.erase"), "", action, (), "", receipt=receipt, back_href=back)
