"""What all forms share: how a field is read strictly, how a form is shown again, what stands beside it and after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from caseserver.people.telltale import has_identity_number
from caseserver.web import wording
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views import Asked, Count, Field, FormPage, LawQuote, Receipt, Refusal
from custody.fields import is_ref
from custody.world import Stay

Sent = Mapping[str, Sequence[str]]
REF_PATTERN = "[A-Za-z0-9._\\-]{1,64}"
FOUND_CHARS_MAX = 40


@dataclass(frozen=True)
class Statement:
    """One fact to be stated; ``occurred_us`` None is now."""

    type: str
    body: Mapping[str, Any]
    occurred_us: int | None = None


@dataclass
class Answer:
    """What a form came to: statements to submit in order, or errors by field, or one refusal for all of it."""

    statements: list[Statement] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None

    @property
    def is_good(self) -> bool:
        return not self.errors and self.refusal is None


def one(sent: Sent, name: str) -> str:
    """The first value of a field without blanks around it; "" when there is none."""
    values = sent.get(name) or [""]
    return values[0].strip()


def shown(value: str) -> str:
    return value if len(value) <= FOUND_CHARS_MAX else value[:FOUND_CHARS_MAX] + "…"


def ref_of(sent: Sent, name: str, label: str, answer: Answer, reader: Reader) -> str:
    value = one(sent, name)
    if not value:
        answer.errors[name] = reader.t("form.missing", what=label)
    elif has_identity_number(value):
        answer.errors[name] = reader.t("form.no_identity_number")
    elif not is_ref(value):
        answer.errors[name] = reader.t("form.bad_ref", found=shown(value))
    return value


def choice_of(
    sent: Sent, name: str, label: str, allowed: Iterable[str], answer: Answer, reader: Reader
) -> str:
    value = one(sent, name)
    if not value:
        answer.errors[name] = reader.t("form.missing", what=label)
    elif value not in allowed:
        answer.errors[name] = reader.t("form.bad_choice", found=shown(value))
    return value


def clock_today(text: str, reader: Reader) -> int | None:
    """Microseconds UTC of ``14:05`` on the reader's own day, None when it is no clock time."""
    hour, colon, minute = text.partition(":")
    digits = hour.isascii() and minute.isascii() and hour.isdigit() and minute.isdigit()
    if not colon or not digits or len(hour) > 2 or len(minute) != 2 or int(hour) > 23 or int(minute) > 59:
        return None
    now = wording.local(reader.now_us, reader.zone)
    there = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    return reader.now_us - (now - there) // timedelta(microseconds=1)


_MOMENT = re.compile(
    r"(?:(?P<year>\d{4})-)?(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[ T]+(?P<hour>\d{1,2}):(?P<minute>\d{2}))?"
)


def moment(text: str, reader: Reader, *, is_end: bool = False) -> int | None:
    """Microseconds UTC of ``14:05`` today, ``3-19 08:00`` this year, ``2026-03-19 08:00``; None for anything else.

    ``is_end``: a day without a time of day is meant to its last second.
    """
    text = text.strip().replace("：", ":").replace("/", "-")
    found = _MOMENT.fullmatch(text)
    if found is None:
        return clock_today(text, reader)
    if found["hour"] is None and not is_end:
        return None
    now = wording.local(reader.now_us, reader.zone)
    second = 0 if found["hour"] is not None else 59
    try:
        there = datetime(
            int(found["year"] or now.year), int(found["month"]), int(found["day"]),
            int(found["hour"] or 23), int(found["minute"] or 59), second, tzinfo=ZoneInfo(reader.zone),
        )  # fmt: skip
        return int(there.timestamp()) * 1_000_000
    except (ValueError, OverflowError):
        return None


def path_of(state: AreaPicture, stay: Stay, what: str) -> str:
    return f"/stays/{state.area.id}/{stay.ref}/{what}"


def beside(state: AreaPicture, stay: Stay, reader: Reader) -> tuple[tuple[str, str], ...]:
    """What the officer must see beside every form about a person, so that it is the right person."""
    words = Words(state.area, state.world, reader)
    where = (
        words.room(stay.room)
        if stay.room
        else reader.t("wall.unknown_room" if stay.is_inside else "wall.at_gate")
    )
    rows = [
        (reader.t("wall.col_stay"), stay.ref),
        (reader.t("wall.col_room"), where),
        (reader.t("list.col_basis"), words.measure(stay.measure)),
    ]
    if stay.arrived_us is not None:
        rows.append((reader.t("list.col_from"), reader.clock(stay.arrived_us)))
    if stay.band is not None:
        rows.append((reader.t("bind.band"), stay.band))
    return tuple(rows)


def build(
    name: str, action: str, fields: Iterable[Field], reader: Reader, sent: Sent | None, answer: Answer | None,
    aside: tuple[tuple[str, str], ...] = (), law: LawQuote | None = None, count: Count | None = None,
    needs: tuple[Asked, ...] = (), words: tuple[str, str, str] | None = None,
) -> FormPage:  # fmt: skip
    """The form as it is shown: with what was sent and what was wrong with it, when it comes back.

    ``words``: title, lead and the word on its button, of a form that is not one of our own five.
    """
    filled = []
    for item in fields:
        value = (
            tuple(v[:200] for v in sent[item.name])
            if sent is not None and item.name in sent
            else ()
            if sent is not None
            else item.value
        )
        error = (answer.errors if answer else {}).get(item.name, "")
        filled.append(replace(item, value=value, error=error))
    back = "/stays" if name == "register" else action.rpartition("/")[0]
    title, lead, submit = words or (_TITLES[name](reader), _LEADS[name](reader), _SUBMITS[name](reader))
    return FormPage(
        title=title,
        lead=lead,
        action=action,
        fields=tuple(filled),
        submit=submit,
        aside=aside,
        refusal=_refusal(answer, reader),
        back_href=back,
        count=count,
        law=law,
        needs=needs,
    )


def _refusal(answer: Answer | None, reader: Reader) -> Refusal | None:
    if answer is None or answer.is_good:
        return None
    if answer.refusal is not None:
        return answer.refusal
    return Refusal(reader.t("form.refused"), next(iter(answer.errors.values())))


_TITLES = {
    "register": lambda r: r.t("register.title"),
    "bind": lambda r: r.t("bind.title"),
    "search": lambda r: r.t("search.title"),
    "approve": lambda r: r.t("approve.title"),
    "release": lambda r: r.t("release.title"),
}
_LEADS = {
    "register": lambda r: r.t("register.lead"),
    "bind": lambda r: r.t("bind.lead"),
    "search": lambda r: r.t("search.lead"),
    "approve": lambda r: r.t("approve.lead"),
    "release": lambda r: r.t("release.lead"),
}
_SUBMITS = {
    "register": lambda r: r.t("register.submit"),
    "bind": lambda r: r.t("bind.submit"),
    "search": lambda r: r.t("search.submit"),
    "approve": lambda r: r.t("approve.submit"),
    "release": lambda r: r.t("release.submit"),
}


def done(
    statement: Statement, fact_id: str, is_recorded: bool, area: str, state: AreaPicture, reader: Reader
) -> FormPage:
    """The page after a form: what was stated, whether it is in the gateway's log, and what comes next."""
    ref = str(statement.body["stay"])
    base = f"/stays/{area}/{ref}"
    words = Words(state.area, state.world, reader)
    pages = {
        "stay.registered": (
            "register",
            reader.t("register.done", stay=ref),
            f"{base}/band",
            reader.t("register.next"),
        ),
        "wristband.bound": (
            "bind",
            reader.t("bind.done", stay=ref, band=statement.body.get("band", "")),
            f"{base}/search",
            reader.t("bind.next"),
        ),
        "search.signed": ("search", reader.t("search.done", stay=ref), base, reader.t("search.next")),
        "extension.approved": (
            "approve",
            reader.t("approve.done", stay=ref, limit=words.limit(str(statement.body.get("limit", "")))),
            base,
            reader.t("search.next"),
        ),
        "stay.released": ("release", reader.t("release.done", stay=ref), base, reader.t("release.next")),
    }
    name, title, href, label = pages[statement.type]
    page = build(name, base, (), reader, None, None)
    receipt = Receipt(title, fact_id, is_recorded, href, label)
    return FormPage(page.title, "", base, (), page.submit, receipt=receipt, back_href=base)
