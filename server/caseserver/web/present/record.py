"""Which form to fill in: what the rules ask of this stay now on top, then all forms in the order of the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from caseserver.web.present.custody_clock import ends_us, rule_of
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, seal_of
from caseserver.web.reader import Reader
from caseserver.web.views import Asked, Count, FormChoice, FormLink
from custody.apply.way import ENDED, phase_of
from custody.catalogue import FACT_TYPES, OUTLIVING
from custody.catalogue.forms import FOLLOWS, FORM_NAMES, OTHER_FORMS, STAY_FORMS
from custody.catalogue.parts import FormGroup
from custody.rules import Rule
from custody.view import View
from custody.vocabulary import RELEASE_REASONS
from custody.world import Stay

ASKED_MAX = 12
"""What is asked for is a short list or it is no help; the soonest stay."""
_RELEASE = "stay.released"
_PASSED_BY_ALL = frozenset({"waiting", "interview", "interrogation"})
_PAGES = {
    "registered": "", "searched": "search", "released": "release", "stay.registered": "", "wristband.bound": "band",
    "search.signed": "search", "stay.released": "release", "extension.approved": "extension",
}  # fmt: skip
_FORM_OF = {"entered": "area.entered", "arrived": "person.arrived", "arrival_written": "certificate.written"}
_STEP_KEYS = {
    "required_within": ("until",), "clock": ("until",), "required_before": ("step",), "interval": ("acts",),
    "forbidden_act": ("until",), "chain": (),
}  # fmt: skip


def record_choice(
    state: AreaPicture, stay: Stay, may: frozenset[str], reader: Reader, aside: tuple[tuple[str, str], ...]
) -> FormChoice:
    """The page of a stay."""
    base = f"/stays/{state.area.id}/{stay.ref}"
    return FormChoice(
        title=reader.t("record.title"),
        lead=reader.t("record.choose"),
        asked=asked(state, stay, may, reader),
        groups=tuple(_groups(STAY_FORMS, state, stay, may, reader, f"{base}/record", is_apt=True)),
        rest=tuple(_groups(STAY_FORMS, state, stay, may, reader, f"{base}/record", is_apt=False)),
        aside=aside,
        back_href=base,
    )


def other_choice(
    states: Sequence[AreaPicture], chosen: AreaPicture, may: frozenset[str], reader: Reader
) -> FormChoice:
    """The page of what is no stay: incidents, rooms, cases, dossiers, recordings, officers."""
    words = Words(chosen.area, chosen.world, reader)
    areas = tuple((words.name(s.area.name), f"/record?area={s.area.id}", s is chosen) for s in states)
    return FormChoice(
        title=reader.t("record.other_title"),
        lead=reader.t("record.choose"),
        asked=(),
        groups=tuple(
            _groups(OTHER_FORMS, chosen, None, may, reader, f"/record/{chosen.area.id}", is_apt=True)
        ),
        areas=areas if len(states) > 1 else (),
        back_href="/",
    )


def _groups(
    groups: Iterable[FormGroup], state: AreaPicture, stay: Stay | None, may: frozenset[str], reader: Reader, base: str,
    *, is_apt: bool,
) -> Iterator[tuple[str, tuple[FormLink, ...]]]:  # fmt: skip
    for group in groups:
        links = [
            link
            for fact in group.forms
            if fact in may
            and is_apt == _is_apt(state, stay, fact)
            and (link := _link(state, stay, fact, reader, base)) is not None
        ]
        if links:
            yield reader.name(group.name), tuple(links)


def _link(state: AreaPicture, stay: Stay | None, fact: str, reader: Reader, base: str) -> FormLink | None:
    """The way to a form; None when the person's way does not come by it now."""
    label = reader.name(FORM_NAMES[fact])
    if stay is None:
        return FormLink(label, f"{base}/{fact}")
    if not is_possible(state, stay, fact):
        return None
    missing = missing_steps(state, stay, fact)
    if missing:
        said = reader.t("record.first", what=Words(state.area, state.world, reader).step(missing[0]))
        return FormLink(label, "", said)
    return FormLink(label, f"{base}/{fact}")


def _is_apt(state: AreaPicture, stay: Stay | None, fact: str) -> bool:
    """Whether it can be of use now: an answer to something that was asked, an end to something that began."""
    before = FOLLOWS.get(fact, ())
    if stay is None or not before:
        return True
    view = View(state.world, state.area, state.rulebook)
    unit = view.unit(f"stay:{stay.ref}")
    return any(view.step(unit, name) is not None for name in before)


def is_possible(state: AreaPicture, stay: Stay, fact: str) -> bool:
    """Whether the transition table lets this fact follow now. What happens after the area is for after it."""
    phase, step = phase_of(stay), state.rulebook.steps.get(fact)
    known = {"person.arrived": stay.arrived_us, "area.entered": stay.entered_us}
    if fact in known and (known[fact] is not None or not stay.is_open):
        return False
    if step is not None:
        return phase in step.phases
    return phase != ENDED or fact in OUTLIVING


def missing_steps(state: AreaPicture, stay: Stay, fact: str) -> list[str]:
    """Steps that the law puts before this one and that are not done; rooms excepted are the engine's to judge."""
    step = state.rulebook.steps.get(fact)
    if step is None or step.except_rooms:
        return []
    done = state.world.steps_of(f"stay:{stay.ref}")
    return [need for need in step.needs if need not in done]


# ---------------------------------------------------------------- what is asked for


def asked(state: AreaPicture, stay: Stay, may: frozenset[str], reader: Reader) -> tuple[Asked, ...]:
    """What rules want done for this stay: running duties by their limit, then what they want before the next step."""
    found: dict[tuple[str, ...], Asked] = {}
    for duty in sorted((d for d in state.duties if d.stay == stay.ref), key=ends_us):
        rule = rule_of(duty, state.rulebook)
        if rule is not None:
            at_us = ends_us(duty)
            count = Count("left" if at_us > reader.now_us else "gone", at_us, state.still_us, state.is_frozen)
            _add(found, rule, steps_of(rule), count, state, stay, may, reader)
    for rule in _before(state, stay, is_release=False):
        _add(found, rule, steps_of(rule), None, state, stay, may, reader)
    return tuple(found.values())[:ASKED_MAX]


def asked_at_release(
    state: AreaPicture, stay: Stay, may: frozenset[str], reader: Reader
) -> tuple[Asked, ...]:
    """What rules want done before this person leaves and is not done yet."""
    found: dict[tuple[str, ...], Asked] = {}
    for rule in _before(state, stay, is_release=True):
        _add(found, rule, steps_of(rule), None, state, stay, may, reader)
    return tuple(found.values())


def _before(state: AreaPicture, stay: Stay, *, is_release: bool) -> Iterator[Rule]:
    """Rules that want a step before an act (or a place), speak about this stay, and whose step is not done."""
    view = View(state.world, state.area, state.rulebook)
    unit = view.unit(f"stay:{stay.ref}")
    if unit.stay is None or not unit.stay.is_open:
        return
    for key, versions in state.rulebook.versions.items():
        rule = view.in_force(key, unit) if versions[0].kind == "required_before" else None
        if rule is None or rule.unit != "stay" or rule.params.get("since"):
            continue
        acts = rule.params.get("act", ())
        is_meant = is_release == any(act.partition(":")[0] == _RELEASE for act in acts)
        is_meant = is_meant and (bool(acts) or _is_on_the_way(state, stay, rule))
        is_done = any(view.step(unit, name) is not None for name in steps_of(rule))
        if is_meant and not is_done and view.silence(rule, unit) is None:
            yield rule


def _is_on_the_way(state: AreaPicture, stay: Stay, rule: Rule) -> bool:
    """A place that everybody passes, or one that this person is in or is to be kept in."""
    there = {
        room.kind
        for ref in (stay.room, stay.assigned)
        if ref and (room := state.area.rooms.get(ref)) is not None
    }
    return bool((there | _PASSED_BY_ALL) & set(rule.rooms))


def steps_of(rule: Rule) -> tuple[str, ...]:
    """The steps one of which answers a rule."""
    return tuple(name for key in _STEP_KEYS.get(rule.kind, ()) for name in rule.params.get(key, ()))


def _add(
    found: dict[tuple[str, ...], Asked], rule: Rule, steps: Iterable[str], count: Count | None, state: AreaPicture,
    stay: Stay, may: frozenset[str], reader: Reader,
) -> None:  # fmt: skip
    links = tuple(
        dict.fromkeys(link for step in steps if (link := _answer(state, stay, step, may, reader)) is not None)
    )
    key = tuple(link.href for link in links)
    if not links or key in found:
        return
    words = Words(state.area, state.world, reader)
    article = words.article(rule.article.as_dict())
    found[key] = Asked(_title(rule, reader), seal_of(rule.basis), article, links, count)


def _title(rule: Rule, reader: Reader) -> str:
    """The rule's title, with the way of leaving that it is about where it is about some only."""
    acts = rule.params.get("act", ()) if rule.kind == "required_before" else ()
    reasons = [value for act in acts if (value := act.partition(":")[2]) in RELEASE_REASONS]
    said = reader.t("page.or").join(reader.code(RELEASE_REASONS, reason) for reason in reasons)
    return f"{reader.name(rule.title)} · {said}" if said else reader.name(rule.title)


def _answer(
    state: AreaPicture, stay: Stay, step: str, may: frozenset[str], reader: Reader
) -> FormLink | None:
    """The form by which a step is done, if this reader may fill it in and the way comes by it."""
    base, words = f"/stays/{state.area.id}/{stay.ref}", Words(state.area, state.world, reader)
    name, _, value = step.partition("@")[0].partition(":")
    if name in _PAGES:
        fact = {"searched": "search.signed", "released": "stay.released"}.get(name, name)
        page = _PAGES[name]
        if not page or fact not in may or not stay.is_open:
            return None
        return FormLink(words.step(name), f"{base}/{page}")
    fact = "measure.changed" if name == "measure" else _FORM_OF.get(name, name)
    if fact not in FORM_NAMES or fact not in may or not is_possible(state, stay, fact):
        return None
    key = FACT_TYPES[fact].step_field if name != "measure" else "measure"
    said = words.step(step) if value else reader.name(FORM_NAMES[fact])
    return FormLink(said, f"{base}/record/{fact}" + (f"?{key}={value}" if value and key else ""))
