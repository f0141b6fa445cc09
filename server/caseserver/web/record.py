"""One form for each fact an officer may state, made from the catalogue: its fields, and what was sent, read strictly.

A fact of a stay is entered on the stay's page, any other with its own reference. Whether the law allows it is the engine's
to say, afterwards. Pure, as forms.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from caseserver.people.telltale import has_identity_number
from caseserver.permissions import ACTOR_FIELDS, approvers
from caseserver.web.form_parts import (
    REF_PATTERN,
    Answer,
    Sent,
    Statement,
    beside,
    build,
    moment,
    one,
    shown,
)
from caseserver.web.present.approvals import of_other_organs
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.property.things import item_path, path
from caseserver.web.reader import Reader
from caseserver.web.views import Choice, Field, FormLink, FormPage, LawQuote, Receipt
from custody.catalogue import FACT_TYPES
from custody.catalogue.forms import FIELD_NAMES, FLAG_GROUPS, FORM_NAMES
from custody.facts import check_body
from custody.fields import BOOL, HASH, INSTANT, INT, REF, REFS, TEXT, is_ref
from custody.fields import Field as Spec
from custody.rules import Rule
from custody.vocabulary import FLAGS, GROUNDS, SEXES
from custody.world import Officer, Stay

AT: Final = "at"
RETURN: Final = "return_by_at_us"
PHOTOGRAPH: Final = "item.photographed"
YES, NO = "yes", "no"
OFFICERS_SHOWN_MAX: Final = 40
INT_CHARS_MAX: Final = 16
_ROOMS_FIRST: Final = {
    "interview.started": ("interrogation", "interview"),
    "act.started": ("interview", "identification", "booking"),
    "room.assigned": ("waiting", "sobering", "interview"),
    "entry.requested": ("waiting", "interrogation", "interview"),
    "patrol.tapped": ("waiting", "sobering"),
    "room.inspected": ("waiting", "interrogation", "interview"),
}
_CASE_CLOCK: Final = ("rule", "limit", "ground")


@dataclass(frozen=True)
class Form:
    """Which fact is entered, about whom (None: about something that is no stay), by whom."""

    fact: str
    state: AreaPicture
    stay: Stay | None
    reader: Reader

    @property
    def specs(self) -> dict[str, Spec]:
        """The fields an officer fills in: not the stay of the page, nor who is signed in."""
        left_out = {ACTOR_FIELDS.get(self.fact)}
        if self.stay is not None or self.fact == "extension.approved":
            left_out.add("stay")
        specs = FACT_TYPES[self.fact].fields
        if "approver" in specs:
            left_out.add("officer")
            if self.other_organs:
                left_out.discard("approver")
        if (
            self.fact == PHOTOGRAPH
        ):  # the picture is sealed on the item's page: here is said why there is none
            left_out.add("photo")
            specs = {**specs, "no_photo": replace(specs["no_photo"], required=True)}
        return {key: spec for key, spec in specs.items() if key not in left_out}

    @property
    def other_organs(self) -> list[Officer]:
        """Who, of another organ, may have approved: only where this officer may enter it for them."""
        return of_other_organs(
            approvers(self.state.rulebook, self.fact) or frozenset(), self.state, self.reader
        )

    @property
    def title(self) -> str:
        """The form's own name."""
        return self.reader.name(FORM_NAMES[self.fact])

    @property
    def home(self) -> str:
        """The page on which forms are chosen."""
        area = self.state.area.id
        return f"/stays/{area}/{self.stay.ref}/record" if self.stay is not None else f"/record?area={area}"

    @property
    def action(self) -> str:
        """Where it is sent."""
        base = (
            f"/stays/{self.state.area.id}/{self.stay.ref}/record"
            if self.stay
            else f"/record/{self.state.area.id}"
        )
        return f"{base}/{self.fact}"


def record_form(
    form: Form, sent: Sent | None = None, answer: Answer | None = None, preset: Sent | None = None
) -> FormPage:
    """The form as it is shown. ``preset``: values offered in the address, such as of what the family is told."""
    reader = form.reader
    fields = [_field(form, key, spec, preset or {}) for key, spec in form.specs.items()]
    hint = reader.t("record.at_hint")
    fields.append(Field(AT, "text", reader.t("record.at"), hint, required=False))
    page = build(
        "record",
        form.action,
        fields,
        reader,
        sent,
        answer,
        beside(form.state, form.stay, reader) if form.stay is not None else (),
        law=_law(form),
        words=(form.title, reader.t("record.lead"), reader.t("record.submit")),
    )
    told = sent or preset or {}
    return replace(page, back_href=way_back(form, told)[0], instead=_instead(form, told))


def _instead(form: Form, told: Sent) -> FormLink | None:
    """Where an officer goes whom this form asks for what nobody can write."""
    reader, area, item = form.reader, form.state.area.id, one(told, "item")
    if form.fact == PHOTOGRAPH:
        href = f"{item_path(area, item)}#i-photo" if is_ref(item) else path(area, "items")
        return FormLink(reader.t("property.photograph"), href, reader.t("record.photo_there"))
    if any(spec.kind == HASH and spec.required for spec in form.specs.values()):
        return FormLink(reader.t("record.at_kiosk"), "", reader.t("record.sign_there"))
    return None


def _law(form: Form) -> LawQuote | None:
    """The article that says who may approve, or what goes before this step."""
    book = form.state.rulebook
    approval, step = book.approvals.get(form.fact), book.steps.get(form.fact)
    rule_id = approval.rule if approval is not None else step.rule if step is not None else None
    rule = book.rule_of(rule_id) if rule_id is not None else None
    if rule is None or rule.basis != "law":
        return None
    return LawQuote(
        Words(form.state.area, form.state.world, form.reader).article(rule.article.as_dict()), book.id
    )


# ---------------------------------------------------------------- fields


def _field(form: Form, key: str, spec: Spec, preset: Sent) -> Field:
    reader = form.reader
    choices = choices_of(form, key, spec)
    label, hint = reader.name(FIELD_NAMES[key]), _hint(key, spec, reader, is_chosen=bool(choices))
    value = tuple(v for v in preset.get(key, ())[:1] if v in {choice.value for choice in choices})
    if choices:
        kind = "many" if spec.kind == REFS else "choice"
        return Field(key, kind, label, hint, choices, value, required=spec.required)  # type: ignore[arg-type]
    if spec.kind == BOOL:
        return Field(key, "flag", label, hint, required=False)
    if spec.kind == REF:
        value = tuple(v for v in preset.get(key, ())[:1] if is_ref(v))
    pattern = REF_PATTERN if spec.kind not in (TEXT, INSTANT, INT, REFS) else ""
    length = 200 if spec.kind in (TEXT, REFS) else 64
    return Field(
        key,
        "text",
        label,
        hint,
        value=value,
        required=spec.required,
        pattern=pattern,
        numeric=spec.kind == INT,
        length=length,
    )


def _hint(key: str, spec: Spec, reader: Reader, *, is_chosen: bool) -> str:
    if spec.kind == INSTANT:
        return reader.t("record.until_hint") if key == "until_at_us" else reader.t("record.moment_hint")
    if spec.kind == INT and spec.span is not None:
        return reader.t("record.span_hint", low=spec.span[0], high=spec.span[1])
    if spec.kind == REFS and not is_chosen:
        return reader.t("record.officers_hint")
    if spec.kind == HASH:
        return reader.t("record.hash_hint")
    return "" if spec.required or spec.kind == BOOL else reader.t("record.optional")


def choices_of(form: Form, key: str, spec: Spec) -> tuple[Choice, ...]:
    """What there is to choose from; empty where it has to be written."""
    reader = form.reader
    if form.fact == "extension.approved" and key in _CASE_CLOCK:
        return tuple(_case_clock(form, key))
    if key in ("flag", "flags"):
        return tuple(
            Choice(f, reader.code(FLAGS, f), "", reader.name(name))
            for name, flags in FLAG_GROUPS
            for f in flags
        )
    if spec.choices:
        names = spec.choices if isinstance(spec.choices, dict) else {}
        return tuple(Choice(code, reader.code(names, code)) for code in spec.choices)
    if spec.kind == BOOL and spec.required:
        return (Choice(YES, reader.t("stay.yes")), Choice(NO, reader.t("stay.no")))
    if key == "room":
        return tuple(_rooms(form))
    if key == "door":
        return tuple(_doors(form))
    if key == "cabinet":
        return tuple(Choice(one.id, reader.name(one.name)) for one in form.state.area.cabinets.values())
    if key == "keeper":
        keepers = (o for o in form.state.world.officers.values() if "keeper" in o.roles)
        return tuple(Choice(o.ref, o.ref) for o in sorted(keepers, key=lambda o: o.ref)[:OFFICERS_SHOWN_MAX])
    if key == "approver":
        return tuple(Choice(o.ref, o.ref) for o in form.other_organs)
    if key == "officers" or form.fact == "officer.recused":
        return tuple(_officers(form))
    return ()


def _rooms(form: Form) -> Iterable[Choice]:
    """Rooms of the area, those in which this is usually done first."""
    words = Words(form.state.area, form.state.world, form.reader)
    first = _ROOMS_FIRST.get(form.fact, ())
    rooms = [room for room in form.state.area.rooms.values() if room.kind != "outside"]
    rooms.sort(key=lambda room: first.index(room.kind) if room.kind in first else len(first))
    return (Choice(room.id, words.name(room.name)) for room in rooms)


def _doors(form: Form) -> Iterable[Choice]:
    """Doors that can be ordered to release, each with the rooms it lies between."""
    area = form.state.area
    words = Words(area, form.state.world, form.reader)
    for door in (area.doors[name] for name in area.locks):
        yield Choice(door.id, words.name(door.name), " · ".join(words.room(room) for room in door.between))


def _officers(form: Form) -> Iterable[Choice]:
    """Officers known in the area: who is in the person's room first, then whose badge is seen at all."""
    words = Words(form.state.area, form.state.world, form.reader)
    room = form.stay.room if form.stay is not None else None
    known = [o for o in form.state.world.officers.values() if o.service != "external"]
    known.sort(key=lambda o: (room is None or o.room != room, o.room is None, o.ref))
    for officer in known[:OFFICERS_SHOWN_MAX]:
        place = words.room(officer.room) if officer.room is not None else ""
        sex = form.reader.code(SEXES, officer.sex) if officer.sex else ""
        yield Choice(officer.ref, officer.ref, " · ".join(part for part in (sex, place) if part))


def _case_clocks(form: Form) -> list[Rule]:
    clocks = [rule for rule in form.state.rulebook.rules if rule.kind == "clock" and rule.unit == "case"]
    return [rule for rule in clocks if any(tier.approvers for tier in rule.tiers)]


def _case_clock(form: Form, key: str) -> Iterable[Choice]:
    reader = form.reader
    words = Words(form.state.area, form.state.world, reader)
    tiers = [tier for rule in _case_clocks(form) for tier in rule.tiers if tier.approvers]
    if key == "rule":
        return (Choice(rule.id, reader.name(rule.title)) for rule in _case_clocks(form))
    if key == "limit":
        limits = {tier.limit.text: tier.limit for tier in tiers}
        return (Choice(text, words.span(limit, is_calendar=True)) for text, limit in limits.items())
    grounds = dict.fromkeys(ground for tier in tiers for ground in tier.grounds)
    return (Choice(ground, reader.code(GROUNDS, ground)) for ground in grounds)


# ---------------------------------------------------------------- reading


def read_record(form: Form, sent: Sent) -> Answer:
    """What was sent: one fact to state, or the errors by field."""
    answer = Answer()
    body: dict[str, Any] = {}
    if form.stay is not None:
        body["stay"] = form.stay.ref
    for key, spec in form.specs.items():
        value = _read(form, key, spec, sent, answer)
        if value is not None:
            body[key] = value
    at_us = _when(form, sent, answer)
    back_us, lent_us = body.get(RETURN), form.reader.now_us if at_us is None else at_us
    if back_us is not None and back_us <= lent_us:
        since = form.reader.day_and_clock(lent_us)
        answer.errors[RETURN] = form.reader.t(
            "record.return_past", expected=since, found=shown(one(sent, RETURN))
        )
    if answer.errors:
        return answer
    for key, value in body.items():
        if has_identity_number(value):
            answer.errors[key] = form.reader.t("form.no_identity_number")
    checked = body if "approver" in body else body | dict.fromkeys(_actors(form.fact), form.reader.badge)
    for problem in check_body(form.fact, checked):
        reason = form.reader.t("form.refused_reason", expected=problem.expected, found=shown(problem.found))
        answer.errors[problem.key] = reason
    if answer.is_good:
        answer.statements.append(Statement(form.fact, body, at_us))
    return answer


def _actors(fact: str) -> tuple[str, ...]:
    actor = ACTOR_FIELDS.get(fact)
    return (actor,) if actor is not None else ()


def _when(form: Form, sent: Sent, answer: Answer) -> int | None:
    """When it happened; nothing written is now."""
    text = one(sent, AT)
    if not text:
        return None
    at_us = moment(text, form.reader)
    if at_us is None:
        answer.errors[AT] = form.reader.t("record.bad_moment", found=shown(text))
    elif at_us > form.reader.now_us:
        answer.errors[AT] = form.reader.t("form.future_time", found=shown(text))
    return at_us


def _read(form: Form, key: str, spec: Spec, sent: Sent, answer: Answer) -> Any:
    """One value, None when nothing was sent; what is wrong goes to the answer."""
    reader = form.reader
    allowed = {choice.value for choice in choices_of(form, key, spec)}
    if spec.kind == REFS:
        return _read_many(form, key, spec, sent, answer, allowed)
    if spec.kind == BOOL and not spec.required:
        return True if one(sent, key) else None
    text = one(sent, key)
    if not text:
        if spec.required:
            answer.errors[key] = reader.t("form.missing", what=reader.name(FIELD_NAMES[key]))
        return None
    if allowed and text not in allowed:
        answer.errors[key] = reader.t("form.bad_choice", found=shown(text))
        return None
    if spec.kind == BOOL:
        return text == YES
    if spec.kind in (INT, INSTANT):
        return _read_number(form, key, spec, text, answer)
    if spec.kind != TEXT and not allowed and not is_ref(text):
        answer.errors[key] = reader.t("form.bad_ref", found=shown(text))
        return None
    return text


def _read_number(form: Form, key: str, spec: Spec, text: str, answer: Answer) -> int | None:
    if spec.kind == INSTANT:
        at_us = moment(text, form.reader, is_end=key == "until_at_us")
        if at_us is None:
            answer.errors[key] = form.reader.t("record.bad_moment", found=shown(text))
        return at_us
    if not (text.isascii() and text.isdigit()) or len(text) > INT_CHARS_MAX:
        answer.errors[key] = form.reader.t("record.bad_number", found=shown(text))
        return None
    return int(text)


def _read_many(
    form: Form, key: str, spec: Spec, sent: Sent, answer: Answer, allowed: set[str]
) -> list[str] | None:
    reader = form.reader
    values = list(dict.fromkeys(v.strip() for v in sent.get(key, ()) if v.strip()))
    if not allowed:  # written in one line, blanks or commas between
        values = [part for value in values for part in value.replace("，", " ").replace(",", " ").split()]
    wrong = [value for value in values if (value not in allowed if allowed else not is_ref(value))]
    if wrong:
        answer.errors[key] = reader.t("form.bad_choice", found=shown(wrong[0]))
        return None
    if not values:
        if spec.required:
            answer.errors[key] = reader.t("form.missing", what=reader.name(FIELD_NAMES[key]))
        return None
    return values


def way_back(form: Form, told: Sent) -> tuple[str, str]:
    """(address, word) of where an officer comes from: the page of the thing that is kept, or the one with all forms."""
    area, reader = form.state.area.id, form.reader
    item = one(told, "item") or one(told, "dossier")
    if form.stay is None and one(told, "stocktaking"):
        return path(area, "counts"), reader.t("property.counts")
    if form.stay is None and is_ref(item):
        return item_path(area, item), reader.t("record.to_item", item=item)
    if form.fact == "clearup.held":
        return path(area, "clearup"), reader.t("property.clearup")
    return form.home, reader.t("record.next")


def recorded(form: Form, sent: Sent, fact_id: str, is_recorded: bool) -> FormPage:
    """The page after it: what was stated, whether it is in the gateway's log, and the way on."""
    said = form.reader.t("record.done", what=form.title)
    href, word = way_back(form, sent)
    receipt = Receipt(said, fact_id, is_recorded, href, word)
    return FormPage(form.title, "", form.action, (), "", receipt=receipt, back_href=href)
