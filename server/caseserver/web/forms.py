"""The forms: what they ask, and what an officer sent, read strictly. Pure: a form comes in as a mapping of lists of text.

Each form has a view (``register_form`` …) and a reader (``read_register`` …). A reader gives either the facts to state or
the errors by field, in which case nothing was stated. Whether the law allows it is the engine's to say, afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from caseserver.web import wording
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views import Choice, Count, Field, FormPage, LawQuote, Receipt, Refusal
from custody.approve import tier_in_force
from custody.facts import MEASURES, RELEASE_REASONS, SEXES, is_ref
from custody.rules import Rule
from custody.world import Stay

Sent = Mapping[str, Sequence[str]]
REF_PATTERN = "[A-Za-z0-9._\\-]{1,64}"
FOUND_CHARS_MAX = 40
OFFICERS_SHOWN_MAX = 40


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


def _shown(value: str) -> str:
    return value if len(value) <= FOUND_CHARS_MAX else value[:FOUND_CHARS_MAX] + "…"


def _ref(sent: Sent, name: str, label: str, answer: Answer, reader: Reader) -> str:
    value = one(sent, name)
    if not value:
        answer.errors[name] = reader.t("form.missing", what=label)
    elif not is_ref(value):
        answer.errors[name] = reader.t("form.bad_ref", found=_shown(value))
    return value


def _choice(sent: Sent, name: str, label: str, allowed: Iterable[str], answer: Answer, reader: Reader) -> str:
    value = one(sent, name)
    if not value:
        answer.errors[name] = reader.t("form.missing", what=label)
    elif value not in allowed:
        answer.errors[name] = reader.t("form.bad_choice", found=_shown(value))
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


# ---------------------------------------------------------------- register


def register_form(
    states: Sequence[AreaPicture], reader: Reader, sent: Sent | None = None, answer: Answer | None = None
) -> FormPage:
    fields = []
    if len(states) > 1:
        areas = tuple(Choice(s.area.id, Words(s.area, s.world, reader).name(s.area.name)) for s in states)
        fields.append(
            Field("area", "choice", reader.t("form.field_area"), choices=areas, value=(states[0].area.id,))
        )
    measures = tuple(Choice(measure, reader.of("measure", measure)) for measure in MEASURES)
    sexes = tuple(Choice(sex, reader.of("sex", sex)) for sex in SEXES)
    fields += [
        Field("stay", "text", reader.t("register.stay"), reader.t("register.stay_hint"), pattern=REF_PATTERN),
        Field("measure", "choice", reader.t("register.measure"), choices=measures),
        Field("case", "text", reader.t("register.case"), reader.t("register.case_hint"), pattern=REF_PATTERN),
        Field(
            "arrived",
            "text",
            reader.t("register.arrived"),
            reader.t("register.arrived_hint"),
            required=False,
            numeric=True,
        ),
        Field("sex", "choice", reader.t("register.sex"), choices=sexes),
        Field("minor", "flag", reader.t("register.minor"), required=False),
    ]
    return _form("register", "/stays/new", fields, reader, sent, answer)


def read_register(states: Sequence[AreaPicture], reader: Reader, sent: Sent) -> tuple[str, Answer]:
    """The area chosen and the answer: arrival (unless it is known) and the row of the register."""
    answer = Answer()
    area = one(sent, "area") or states[0].area.id
    state = next((s for s in states if s.area.id == area), None)
    if state is None:
        answer.errors["area"] = reader.t("form.bad_choice", found=_shown(area))
        return states[0].area.id, answer
    ref = _ref(sent, "stay", reader.t("register.stay"), answer, reader)
    measure = _choice(sent, "measure", reader.t("register.measure"), MEASURES, answer, reader)
    case = _ref(sent, "case", reader.t("register.case"), answer, reader)
    sex = _choice(sent, "sex", reader.t("register.sex"), SEXES, answer, reader)
    arrived_us = _arrived(sent, answer, reader)
    known = state.world.stays.get(ref)
    if known is not None and (known.registered_us is not None or not known.is_open):
        answer.refusal = Refusal(
            reader.t("register.taken", stay=ref), "", reader.t("register.taken_advice", stay=ref)
        )
    if not answer.is_good:
        return area, answer
    body: dict[str, Any] = {
        "stay": ref,
        "measure": measure,
        "case": case,
        "sex": sex,
        "minor": bool(one(sent, "minor")),
    }
    if arrived_us is not None:
        body["arrived_at_us"] = arrived_us
    if known is None or known.arrived_us is None:
        answer.statements.append(Statement("person.arrived", {"stay": ref}, arrived_us))
    answer.statements.append(Statement("stay.registered", body))
    return area, answer


def _arrived(sent: Sent, answer: Answer, reader: Reader) -> int | None:
    text = one(sent, "arrived").replace("：", ":")
    if not text:
        return None
    at_us = clock_today(text, reader)
    if at_us is None:
        answer.errors["arrived"] = reader.t("form.bad_time", found=_shown(text))
    elif at_us > reader.now_us:
        answer.errors["arrived"] = reader.t("form.future_time", found=_shown(text))
    return at_us


# ---------------------------------------------------------------- band


def band_form(
    state: AreaPicture, stay: Stay, reader: Reader, sent: Sent | None = None, answer: Answer | None = None
) -> FormPage:
    fields = [Field("band", "text", reader.t("bind.band"), reader.t("bind.band_hint"), pattern=REF_PATTERN)]
    return _form(
        "bind", _path(state, stay, "band"), fields, reader, sent, answer, _aside(state, stay, reader)
    )


def read_band(state: AreaPicture, stay: Stay, reader: Reader, sent: Sent) -> Answer:
    answer = Answer()
    band = _ref(sent, "band", reader.t("bind.band"), answer, reader)
    if not answer.is_good:
        return answer
    wearer = state.world.tags.get(band)
    if stay.band is not None:
        title = reader.t("bind.has", stay=stay.ref, band=stay.band)
        answer.refusal = Refusal(title, "", reader.t("bind.has_advice", band=stay.band))
    elif wearer is not None:
        title = reader.t("bind.worn", band=band, stay=wearer.partition(":")[2])
        answer.refusal = Refusal(title, "", reader.t("bind.worn_advice"))
    else:
        answer.statements.append(Statement("wristband.bound", {"stay": stay.ref, "band": band}))
    return answer


# ---------------------------------------------------------------- search


def search_form(
    state: AreaPicture, stay: Stay, reader: Reader, sent: Sent | None = None, answer: Answer | None = None
) -> FormPage:
    officers = tuple(Choice(ref, ref, hint) for ref, hint in _searchers(state, reader))
    fields = [
        Field(
            "officers",
            "many",
            reader.t("search.officers"),
            reader.t("search.officers_hint"),
            choices=officers,
        )
    ]
    return _form(
        "search", _path(state, stay, "search"), fields, reader, sent, answer, _aside(state, stay, reader)
    )


def _searchers(state: AreaPicture, reader: Reader) -> list[tuple[str, str]]:
    """Officers who may have searched, those in a search room first; with their sex, for the law asks for it."""
    rooms = {room.id for room in state.area.rooms.values() if room.kind == "search"}
    known = sorted(
        state.world.officers.values(), key=lambda officer: (officer.room not in rooms, officer.ref)
    )
    sworn = [officer for officer in known if officer.service == "sworn"]
    return [(o.ref, reader.of("sex", o.sex) if o.sex else "") for o in sworn[:OFFICERS_SHOWN_MAX]]


def read_search(state: AreaPicture, stay: Stay, reader: Reader, sent: Sent) -> Answer:
    answer = Answer()
    officers = sorted({value.strip() for value in sent.get("officers", ()) if value.strip()})
    wrong = [officer for officer in officers if officer not in state.world.officers]
    if not officers:
        answer.errors["officers"] = reader.t("form.missing", what=reader.t("search.officers"))
    elif wrong:
        answer.errors["officers"] = reader.t("form.bad_choice", found=_shown(wrong[0]))
    else:
        answer.statements.append(Statement("search.signed", {"stay": stay.ref, "officers": officers}))
    return answer


# ---------------------------------------------------------------- extension


def extension_form(
    state: AreaPicture, stay: Stay, reader: Reader, sent: Sent | None = None, answer: Answer | None = None
) -> FormPage:
    words = Words(state.area, state.world, reader)
    rule = clock_rule(state, stay)
    tiers, grounds = [], []
    if rule is not None:
        given = tier_in_force(rule, stay)
        for tier in rule.tiers:
            if tier.limit_us > given.limit_us:
                who = " / ".join(reader.of("role", role) for role in tier.approvers)
                tiers.append(
                    Choice(
                        tier.limit,
                        words.limit(tier.limit),
                        reader.t("approve.tier_hint", who=who) if who else "",
                    )
                )
                grounds += [Choice(ground, words.coded("ground", ground)) for ground in tier.grounds]
    if not tiers and answer is None:
        answer = Answer(refusal=Refusal(reader.t("approve.none", stay=stay.ref), ""))
    fields = [Field("limit", "choice", reader.t("approve.tier"), choices=tuple(tiers))] if tiers else []
    if grounds:
        fields.append(
            Field("ground", "choice", reader.t("approve.ground"), choices=tuple(dict.fromkeys(grounds)))
        )
    law = LawQuote(words.article(rule.article.as_dict()), state.rulebook.id) if rule is not None else None
    return _form(
        "approve",
        _path(state, stay, "extension"),
        fields,
        reader,
        sent,
        answer,
        _aside(state, stay, reader),
        law=law,
        count=_clock_count(state, stay, reader),
    )


def clock_rule(state: AreaPicture, stay: Stay) -> Rule | None:
    """The legal clock that runs for this stay."""
    for rule in state.rulebook.rules:
        if rule.kind == "clock" and stay.measure is not None and stay.measure in rule.measures:
            return rule
    return None


def read_extension(state: AreaPicture, stay: Stay, reader: Reader, sent: Sent) -> Answer:
    answer = Answer()
    rule = clock_rule(state, stay)
    if rule is None:
        answer.refusal = Refusal(reader.t("approve.none", stay=stay.ref), "")
        return answer
    limit = _choice(
        sent, "limit", reader.t("approve.tier"), [t.limit for t in rule.tiers[1:]], answer, reader
    )
    allowed = [ground for tier in rule.tiers if tier.limit == limit for ground in tier.grounds]
    body = {"stay": stay.ref, "rule": rule.id, "limit": limit, "approver": reader.badge}
    if allowed and not answer.errors:
        body["ground"] = _choice(sent, "ground", reader.t("approve.ground"), allowed, answer, reader)
    if answer.is_good:
        answer.statements.append(Statement("extension.approved", body))
    return answer


def _clock_count(state: AreaPicture, stay: Stay, reader: Reader) -> Count | None:
    due = min((d.due_us for d in state.duties if d.stay == stay.ref and "limit_us" in d.params), default=None)
    if due is None:
        return None
    return Count("left", due) if due > reader.now_us else Count("gone", due)


# ---------------------------------------------------------------- release


def release_form(
    state: AreaPicture, stay: Stay, reader: Reader, sent: Sent | None = None, answer: Answer | None = None
) -> FormPage:
    reasons = tuple(Choice(reason, reader.of("reason", reason)) for reason in RELEASE_REASONS)
    fields = [Field("reason", "choice", reader.t("release.reason"), choices=reasons)]
    return _form(
        "release",
        _path(state, stay, "release"),
        fields,
        reader,
        sent,
        answer,
        _aside(state, stay, reader),
        count=_clock_count(state, stay, reader),
    )


def read_release(state: AreaPicture, stay: Stay, reader: Reader, sent: Sent) -> Answer:
    del state
    answer = Answer()
    reason = _choice(sent, "reason", reader.t("release.reason"), RELEASE_REASONS, answer, reader)
    if answer.is_good:
        answer.statements.append(Statement("stay.released", {"stay": stay.ref, "reason": reason}))
    return answer


# ---------------------------------------------------------------- all


def _path(state: AreaPicture, stay: Stay, what: str) -> str:
    return f"/stays/{state.area.id}/{stay.ref}/{what}"


def _aside(state: AreaPicture, stay: Stay, reader: Reader) -> tuple[tuple[str, str], ...]:
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


def _form(
    name: str, action: str, fields: Iterable[Field], reader: Reader, sent: Sent | None, answer: Answer | None,
    aside: tuple[tuple[str, str], ...] = (), law: LawQuote | None = None, count: Count | None = None,
) -> FormPage:  # fmt: skip
    """The form as it is shown: with what was sent and what was wrong with it, when it comes back."""
    filled = []
    for item in fields:
        value = (
            tuple(v[:200] for v in sent[item.name])
            if sent is not None and item.name in sent
            else ()
            if sent is not None
            else item.value
        )
        filled.append(
            Field(
                item.name,
                item.kind,
                item.label,
                item.hint,
                item.choices,
                value,
                (answer.errors if answer else {}).get(item.name, ""),
                item.required,
                item.pattern,
                item.numeric,
            )
        )
    back = "/stays" if name == "register" else action.rpartition("/")[0]
    return FormPage(
        title=_TITLES[name](reader),
        lead=_LEADS[name](reader),
        action=action,
        fields=tuple(filled),
        submit=_SUBMITS[name](reader),
        aside=aside,
        refusal=_refusal(answer, reader),
        back_href=back,
        count=count,
        law=law,
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
    page = _form(name, base, (), reader, None, None)
    receipt = Receipt(title, fact_id, is_recorded, href, label)
    return FormPage(page.title, "", base, (), page.submit, receipt=receipt, back_href=base)
