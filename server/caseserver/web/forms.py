"""The forms: what they ask, and what an officer sent, read strictly. Pure: a form comes in as a mapping of lists of text.

Each form has a view (``register_form`` …) and a reader (``read_register`` …). A reader gives either the facts to state or
the errors by field, in which case nothing was stated. Whether the law allows it is the engine's to say, afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caseserver.web.form_parts import (
    REF_PATTERN,
    Answer,
    Sent,
    Statement,
    beside,
    build,
    choice_of,
    clock_today,
    done,
    one,
    path_of,
    ref_of,
    shown,
)
from caseserver.web.present.approvals import longer_limits, of_other_organs, offered
from caseserver.web.present.custody_clock import ends_us, is_custody_clock
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views import Choice, Count, Field, FormPage, LawQuote, Refusal
from custody.catalogue.forms import FLAG_GROUPS
from custody.rules import Rule, Tier
from custody.vocabulary import FLAGS, GROUNDS, MEASURES, RELEASE_REASONS, ROLES, SEXES
from custody.world import Stay

OFFICERS_SHOWN_MAX = 40
__all__ = ["Answer", "Sent", "Statement", "done", "one"]


def register_form(
    states: Sequence[AreaPicture], reader: Reader, sent: Sent | None = None, answer: Answer | None = None
) -> FormPage:
    fields = []
    if len(states) > 1:
        areas = tuple(Choice(s.area.id, Words(s.area, s.world, reader).name(s.area.name)) for s in states)
        fields.append(
            Field("area", "choice", reader.t("form.field_area"), choices=areas, value=(states[0].area.id,))
        )
    measures = tuple(Choice(measure, reader.name(name)) for measure, name in MEASURES.items())
    sexes = tuple(Choice(sex, reader.name(name)) for sex, name in SEXES.items())
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
        Field("person", "text", reader.t("register.person"), reader.t("register.person_hint"), required=False,
              pattern=REF_PATTERN),
        Field("flags", "many", reader.t("register.flags"), reader.t("register.flags_hint"), choices=_flags(reader),
              required=False),
    ]  # fmt: skip
    return build("register", "/stays/new", fields, reader, sent, answer)


def _flags(reader: Reader) -> tuple[Choice, ...]:
    """What may be stated of person and case, in groups."""
    return tuple(
        Choice(f, reader.code(FLAGS, f), "", reader.name(name)) for name, flags in FLAG_GROUPS for f in flags
    )


def read_register(states: Sequence[AreaPicture], reader: Reader, sent: Sent) -> tuple[str, Answer]:
    """The area chosen and the answer: arrival (unless it is known) and the row of the register."""
    answer = Answer()
    area = one(sent, "area") or states[0].area.id
    state = next((s for s in states if s.area.id == area), None)
    if state is None:
        answer.errors["area"] = reader.t("form.bad_choice", found=shown(area))
        return states[0].area.id, answer
    ref = ref_of(sent, "stay", reader.t("register.stay"), answer, reader)
    measure = choice_of(sent, "measure", reader.t("register.measure"), MEASURES, answer, reader)
    case = ref_of(sent, "case", reader.t("register.case"), answer, reader)
    sex = choice_of(sent, "sex", reader.t("register.sex"), SEXES, answer, reader)
    arrived_us = _arrived(sent, answer, reader)
    person = (
        ref_of(sent, "person", reader.t("register.person"), answer, reader) if one(sent, "person") else ""
    )
    flags = list(dict.fromkeys(value.strip() for value in sent.get("flags", ()) if value.strip()))
    if any(flag not in FLAGS for flag in flags):
        answer.errors["flags"] = reader.t(
            "form.bad_choice", found=shown(next(f for f in flags if f not in FLAGS))
        )
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
    body |= {key: value for key, value in (("person", person), ("flags", flags)) if value}
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
        answer.errors["arrived"] = reader.t("form.bad_time", found=shown(text))
    elif at_us > reader.now_us:
        answer.errors["arrived"] = reader.t("form.future_time", found=shown(text))
    return at_us


# ---------------------------------------------------------------- band


def band_form(
    state: AreaPicture, stay: Stay, reader: Reader, sent: Sent | None = None, answer: Answer | None = None
) -> FormPage:
    fields = [Field("band", "text", reader.t("bind.band"), reader.t("bind.band_hint"), pattern=REF_PATTERN)]
    return build(
        "bind", path_of(state, stay, "band"), fields, reader, sent, answer, beside(state, stay, reader)
    )


def read_band(state: AreaPicture, stay: Stay, reader: Reader, sent: Sent) -> Answer:
    answer = Answer()
    band = ref_of(sent, "band", reader.t("bind.band"), answer, reader)
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
    return build(
        "search", path_of(state, stay, "search"), fields, reader, sent, answer, beside(state, stay, reader)
    )


def _searchers(state: AreaPicture, reader: Reader) -> list[tuple[str, str]]:
    """Officers who may have searched, those in a search room first; with their sex, for the law asks for it."""
    rooms = {room.id for room in state.area.rooms.values() if room.kind == "search"}
    known = sorted(
        state.world.officers.values(), key=lambda officer: (officer.room not in rooms, officer.ref)
    )
    sworn = [officer for officer in known if officer.service == "sworn"]
    return [(o.ref, reader.code(SEXES, o.sex) if o.sex else "") for o in sworn[:OFFICERS_SHOWN_MAX]]


def read_search(state: AreaPicture, stay: Stay, reader: Reader, sent: Sent) -> Answer:
    answer = Answer()
    officers = sorted({value.strip() for value in sent.get("officers", ()) if value.strip()})
    wrong = [officer for officer in officers if officer not in state.world.officers]
    if not officers:
        answer.errors["officers"] = reader.t("form.missing", what=reader.t("search.officers"))
    elif wrong:
        answer.errors["officers"] = reader.t("form.bad_choice", found=shown(wrong[0]))
    else:
        answer.statements.append(Statement("search.signed", {"stay": stay.ref, "officers": officers}))
    return answer


# ---------------------------------------------------------------- extension


def extension_form(
    state: AreaPicture, stay: Stay, reader: Reader, sent: Sent | None = None, answer: Answer | None = None
) -> FormPage:
    offers = offered(state, stay, reader)
    if not offers and answer is None:
        answer = Answer(refusal=Refusal(reader.t("approve.none", stay=stay.ref), ""))
    words = Words(state.area, state.world, reader)
    tiers = tuple(_tier_choice(rule, tier, words) for rule, tier in offers)
    grounds = dict.fromkeys(ground for _, tier in offers for ground in tier.grounds)
    fields = [Field("limit", "choice", reader.t("approve.tier"), choices=tiers)] if tiers else []
    if grounds:
        choices = tuple(Choice(ground, reader.code(GROUNDS, ground)) for ground in grounds)
        is_needed = all(tier.grounds for _, tier in offers)
        fields.append(
            Field("ground", "choice", reader.t("approve.ground"), choices=choices, required=is_needed)
        )
    others = of_other_organs({role for _, tier in offers for role in tier.approvers}, state, reader)
    if others:
        who = tuple(
            Choice(o.ref, o.ref, " / ".join(reader.code(ROLES, role) for role in o.roles)) for o in others
        )
        fields.append(
            Field(
                "approver",
                "choice",
                reader.t("approve.other"),
                reader.t("approve.other_hint"),
                who,
                required=False,
            )
        )
    return build(
        "approve",
        path_of(state, stay, "extension"),
        fields,
        reader,
        sent,
        answer,
        beside(state, stay, reader),
        law=LawQuote(words.article(offers[0][0].article.as_dict()), state.rulebook.id) if offers else None,
        count=_clock_count(state, stay, reader),
    )


def _tier_choice(rule: Rule, tier: Tier, words: Words) -> Choice:
    reader = words.reader
    limit = words.span(tier.limit, is_calendar=bool(rule.params.get("calendar")))
    who = " / ".join(reader.code(ROLES, role) for role in tier.approvers)
    said = limit if rule.measures else f"{limit} · {words.name(rule.title)}"
    return Choice(f"{rule.id}.{tier.limit.text}", said, reader.t("approve.tier_hint", who=who))


def read_extension(state: AreaPicture, stay: Stay, reader: Reader, sent: Sent) -> Answer:
    answer = Answer()
    offers = {f"{rule.id}.{tier.limit.text}": (rule, tier) for rule, tier in longer_limits(state, stay)}
    others = {
        officer.ref
        for _, tier in offers.values()
        for officer in of_other_organs(tier.approvers, state, reader)
    }
    if not offers:
        answer.refusal = Refusal(reader.t("approve.none", stay=stay.ref), "")
        return answer
    chosen = choice_of(sent, "limit", reader.t("approve.tier"), offers, answer, reader)
    if not answer.is_good:
        return answer
    rule, tier = offers[chosen]
    body = {"stay": stay.ref, "rule": rule.id, "limit": tier.limit.text, "approver": reader.badge}
    if one(sent, "approver"):
        body["approver"] = choice_of(sent, "approver", reader.t("approve.other"), others, answer, reader)
    if tier.grounds:
        body["ground"] = choice_of(sent, "ground", reader.t("approve.ground"), tier.grounds, answer, reader)
    if answer.is_good:
        answer.statements.append(Statement("extension.approved", body))
    return answer


def _clock_count(state: AreaPicture, stay: Stay, reader: Reader) -> Count | None:
    clocks = [d for d in state.duties if d.stay == stay.ref and is_custody_clock(d, state.rulebook)]
    due_us = min(map(ends_us, clocks), default=None)
    if due_us is None:
        return None
    return Count("left", due_us) if due_us > reader.now_us else Count("gone", due_us)


# ---------------------------------------------------------------- release


def release_form(
    state: AreaPicture, stay: Stay, reader: Reader, sent: Sent | None = None, answer: Answer | None = None
) -> FormPage:
    reasons = tuple(Choice(reason, reader.name(name)) for reason, name in RELEASE_REASONS.items())
    fields = [Field("reason", "choice", reader.t("release.reason"), choices=reasons)]
    return build(
        "release",
        path_of(state, stay, "release"),
        fields,
        reader,
        sent,
        answer,
        beside(state, stay, reader),
        count=_clock_count(state, stay, reader),
    )


def read_release(state: AreaPicture, stay: Stay, reader: Reader, sent: Sent) -> Answer:
    del state
    answer = Answer()
    reason = choice_of(sent, "reason", reader.t("release.reason"), RELEASE_REASONS, answer, reader)
    if answer.is_good:
        answer.statements.append(Statement("stay.released", {"stay": stay.ref, "reason": reason}))
    return answer
