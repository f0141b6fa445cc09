"""One alarm: what to do, the facts behind it with their leaves, the law and the site's numbers, what happened since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from caseserver.alarms import SERVER, Alarm
from caseserver.web.present.cards import alarm_card, group_card, is_possible
from caseserver.web.present.rules import rule_href
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.property.things import is_about_things, subject_path
from caseserver.web.reader import Reader
from caseserver.web.views import AlarmCard, LawQuote
from caseserver.web.views_alarms import AlarmPage, Move, Step, WhyFact
from caseserver.web.views_notify import Calling
from custody.alarm import SOUNDING
from custody.alarm_states import ASIDE_MOVES, MOVES, TAKEN
from custody.causes import Causes
from custody.codec import CodecError, fact_of
from custody.explain import Explanation
from custody.facts import Fact
from custody.rules import Rule
from custody.shelves import may_be_set_aside
from custody.view import View
from custody.vocabulary import SHELF_REASONS

Leaf = Mapping[str, Any]
"""A leaf of the log as the object it is: docs/evidence.md section 2."""
FACT_OF_MOVE: dict[Move, str] = {
    "take": "alarm.taken",
    "acknowledge": "alarm.acknowledged",
    "rectify": "alarm.rectified",
    "verify": "alarm.verified",
    "shelve": "alarm.shelved",
    "unshelve": "alarm.unshelved",
    "out-of-service": "alarm.removed_from_service",
    "in-service": "alarm.returned_to_service",
    "silence": "alarm.silenced",
}


def _act_of(move: Move) -> str:
    """Its word in the tables of custody.alarm_states."""
    return FACT_OF_MOVE[move].removeprefix("alarm.")


_ASIDE: dict[str, Move] = {
    _act_of(move): move for move in ("shelve", "unshelve", "out-of-service", "in-service")
}
ASIDE_FIELDS: dict[Move, str] = {"shelve": "minutes", "out-of-service": "hours"}
SHELF_MINUTES = (5, 10, 15, 20, 30)
SERVICE_HOURS = (1, 2, 4, 8, 24, 72, 168)
_MOVES: dict[str, tuple[Move, ...]] = {
    "unacknowledged": ("take", "acknowledge"),
    "taken": ("rectify",),
    "acknowledged": ("take", "rectify"),
    "rectified": ("verify",),
    "closed": (),
}
_ANSWERS: tuple[Move, ...] = ("take", "rectify")
_LANE = {
    "tag": "person", "recorder": "recorder", "door": "door", "bolt": "door", "compartment": "door", "wristband": "band", "node": "node",
    "reader": "node", "input": "node", "point": "node", "port": "gateway",
    "gateway": "gateway", "server": "gateway", "storage": "gateway", "clock": "gateway", "config": "gateway", "deadline": "gateway",
    "officer": "officer",
}  # fmt: skip
_BAD = frozenset(
    {"recorder.stopped", "recorder.lost", "door.opened", "door.unknown", "door.release_failed", "node.lost", "port.lost", "server.lost",
     "storage.lost", "bolt.unknown", "output.unknown", "input.activated", "input.lost", "point.troubled", "reader.lost",
     "wristband.weakened", "wristband.pressed", "wristband.withdrawn",
     "wristband.cut", "wristband.battery", "tag.gone", "clock.doubted", "clock.stepped", "clock.differed",
     "gateway.stalled"}
)  # fmt: skip
_CAUSES = ("power", "storage", "wiring", "device", "person", "handover", "overrun", "mistaken", "other")
_CAUSES_OF: dict[str, tuple[str, ...]] = {
    "clock": ("overrun", "handover", "person", "mistaken", "other"),
    "person": ("handover", "person", "device", "overrun", "mistaken", "other"),
    "equipment": ("power", "storage", "wiring", "device", "person", "mistaken", "other"),
}
_ACTIONS_OF: dict[str, tuple[str, ...]] = {
    "clock": ("released", "approved", "checked"),
    "person": ("guarded", "searched", "registered", "moved", "checked"),
    "equipment": ("stopped", "restarted", "moved", "repaired", "checked"),
}
ASIDE_STEPS = frozenset(
    {
        "shelved",
        "unshelved",
        "shelf_ended",
        "out_of_service",
        "in_service",
        "service_ended",
        "silenced",
        "dropped",
    }
)
CAUSES = frozenset(_CAUSES)
ACTIONS = frozenset(action for actions in _ACTIONS_OF.values() for action in actions)


def facts_of(leaves: Iterable[Leaf]) -> list[Fact]:
    """The facts among leaves; a leaf of a newer kind than this server knows is left out."""
    found = []
    for leaf in leaves:
        try:
            fact = fact_of(leaf)
        except CodecError:
            continue
        if fact is not None:
            found.append(fact)
    return found


def alarm_page(
    alarm: Alarm, state: AreaPicture, leaves: Iterable[Leaf], history: Sequence[Mapping[str, Any]],
    reader: Reader, may: frozenset[str] = frozenset(), why: Explanation | None = None, calls: Calling | None = None,
) -> AlarmPage:  # fmt: skip
    """``leaves``: those of ``why``, or of ``alarm.facts`` without one; ``history``: lines of the store; ``may``: fact types
    the reader may state."""
    words = Words(state.area, state.world, reader)
    rule = _rule_of(alarm, state)
    facts = sorted(facts_of(leaves), key=lambda fact: (fact.occurred_us, fact.index))
    root = _root(alarm, state)
    sight = {fact.index for fact in why.facts if fact.is_sight} if why is not None else set()
    return AlarmPage(
        card=_card(alarm, state, reader),
        todo=tuple((part, "") for part in words.clauses(words.text(alarm, "do"))),
        facts=tuple(_why(fact, words, reader) for fact in facts if fact.index not in sight),
        sight=tuple(_why(fact, words, reader) for fact in facts if fact.index in sight),
        # the first sentence names the rule, its words and its article, which the page has elsewhere
        sentences=tuple(reader.name(sentence) for sentence in why.sentences[1:]) if why is not None else (),
        is_smallest=why is not None and why.is_minimal,
        raised_us=alarm.raised_us,
        graver_us=alarm.graver_us,
        ended_us=alarm.cleared_us,
        law=_law(alarm, state, words),
        site=_site(alarm, rule, words, reader),
        steps=tuple(_steps(alarm, state, history, words, reader)),
        moves=_moves(alarm, state, reader, may),
        causes=tuple((code, reader.of("cause", code)) for code in _CAUSES_OF.get(alarm.family, _CAUSES)),
        actions=tuple(
            (code, reader.of("action", code)) for code in _ACTIONS_OF.get(alarm.family, ("checked",))
        ),
        rule=f"{alarm.rule}/{alarm.variant}",
        rule_href=rule_href(rule, state.area.id) if rule is not None else "",
        who_href=_who_href(alarm, state),
        area=state.area.id,
        calling=calls,
        root=alarm_card(root, state, reader) if root is not None else None,
        root_is_newer=root is not None and root.source == alarm.source,
        unseen=tuple(_unseen(alarm, state, words, reader)),
        reasons=tuple((code, reader.name(name)) for code, name in SHELF_REASONS.items()),
        minutes=tuple(n for n in SHELF_MINUTES if n <= state.area.alarms.shelf_minutes_max),
        silence_s=state.area.alarms.silence_s_max,
        hours=tuple(n for n in SERVICE_HOURS if n <= state.area.alarms.out_of_service_hours_max),
    )


def _who_href(alarm: Alarm, state: AreaPicture) -> str:
    """The page of the person or the thing that the alarm is about; "" for rooms and equipment."""
    if alarm.stay:
        return f"/stays/{state.area.id}/{alarm.stay}"
    is_thing = is_about_things(alarm.subject, state, with_cases=True)
    return subject_path(state.area.id, alarm.subject) if is_thing else ""


def _card(alarm: Alarm, state: AreaPicture, reader: Reader) -> AlarmCard:
    """The alarm as the list has it, with what lies under it; one that lies under another by itself."""
    mine = state.lined.group_of(alarm.id)
    return group_card(mine, state, reader) if mine is not None else alarm_card(alarm, state, reader)


def _root(alarm: Alarm, state: AreaPicture) -> Alarm | None:
    """What it lies under."""
    return state.lined.root_of(alarm.id)


def _unseen(
    alarm: Alarm, state: AreaPicture, words: Words, reader: Reader
) -> Iterable[tuple[str, tuple[str, ...]]]:
    """What hangs on the nodes that cannot be heard: doors, recorders, readers, inputs, by name."""
    nodes = Causes(state.area, state.rulebook).carried(alarm) if alarm.is_active else ()
    points = [point for point in state.area.points if point.node in nodes]
    names = {"door_contact": words.door, "recorder_contact": words.recorder, "input": words.input}
    for kind in ("door_contact", "recorder_contact", "reader", "input"):
        mine = [point.of for point in points if point.kind == kind]
        said = [names[kind](of) if kind in names else words.room(state.area.readers[of].room) for of in mine]
        if said:
            kind_name = reader.t("alarm.unseen_inputs") if kind == "input" else reader.of("walk_kind", kind)
            yield kind_name, tuple(dict.fromkeys(said))


def _rule_of(alarm: Alarm, state: AreaPicture) -> Rule | None:
    """The rule behind an alarm; of two periods the one that holds for it."""
    key = f"{alarm.rule}/{alarm.variant}"
    if key not in state.rulebook.versions:
        return None
    view = View(state.world, state.area, state.rulebook)
    view.now_us = alarm.since_us
    return view.in_force(key, view.unit(alarm.subject)) or state.rulebook.versions[key][0]


def _why(fact: Fact, words: Words, reader: Reader) -> WhyFact:
    family = fact.type.partition(".")[0]
    late_us = fact.recorded_us - fact.occurred_us
    return WhyFact(
        leaf=fact.index,
        at_us=fact.occurred_us,
        lane=reader.of("lane", _LANE.get(family, "act")),
        text=words.fact(fact.type, fact.body),
        by=words.by(fact),
        bad=fact.type in _BAD,
        late_s=late_us // 1_000_000 if late_us >= 2_000_000 else 0,
    )


def _law(alarm: Alarm, state: AreaPicture, words: Words) -> LawQuote | None:
    if alarm.basis != "law":
        return None
    return LawQuote(words.article(alarm.article), state.rulebook.id)


def _site(alarm: Alarm, rule: Rule | None, words: Words, reader: Reader) -> tuple[tuple[str, str], ...]:
    """The site's own numbers: after how long it warns and sounds, where the site and not the law set them."""
    if rule is None:
        return ()
    marks = []
    raised = [level for level in rule.levels if not level.is_prewarning]
    for level in rule.levels:
        if level.number_basis == "local":
            name = reader.t("alarm.raised_after") if level in raised[:1] else reader.t("alarm.raised_more")
            name = reader.t("alarm.warns_after") if level.is_prewarning else name
            marks.append((name, reader.duration(level.after_us // 1_000_000, exact=True)))
    for tier in rule.tiers:
        if tier.limit.text == alarm.params.get("limit"):
            is_calendar = bool(rule.params.get("calendar"))
            marks += [
                (reader.t("alarm.warns_before"), words.span(before, is_calendar=is_calendar))
                for before in tier.prewarnings
            ]
    return tuple(marks)


def _steps(
    alarm: Alarm, state: AreaPicture, history: Sequence[Mapping[str, Any]], words: Words, reader: Reader
) -> Iterable[Step]:
    yield Step("done", reader.t("alarm.step_happened"), alarm.since_us)
    holder = ""
    for line in history:
        step = _step(line, words, reader, holder)
        if step is not None:
            yield step
        if line["what"] == "taken":
            holder = line.get("officer") or ""
    if not alarm.is_certain and alarm.is_active and not is_possible(alarm, state):
        yield Step("done", reader.t("alarm.step_certain"), alarm.raised_us)
    if alarm.is_unseen and alarm.is_active and alarm.id not in state.answered:
        yield Step("now", reader.t("alarm.step_untaken"), reader.now_us)
    if alarm.state != "closed":
        yield Step("path", reader.t("alarm.step_way"), None, reader.t("alarm.step_way_hint"))


def _step(line: Mapping[str, Any], words: Words, reader: Reader, holder: str) -> Step | None:
    what, at_us, badge = str(line["what"]), int(line["at_us"]), line.get("officer") or ""
    detail: Mapping[str, Any] = line.get("detail") or {}
    late_us = int(detail.get("late_us") or 0)
    late = (
        reader.t("alarm.late_mark", late=reader.duration(late_us // 1_000_000, exact=True)) if late_us else ""
    )
    if what == "raised":
        possible = reader.t("alarm.possible") if detail.get("certain") is False else ""
        return Step("done", reader.t("alarm.step_raised"), at_us, late or possible)
    if what == "prewarned":
        return Step("done", reader.t("alarm.step_prewarned"), at_us, late)
    if what == "cleared":
        is_withdrawn = detail.get("reason") == "late_evidence"
        return Step(
            "done",
            reader.t("alarm.step_cleared_late") if is_withdrawn else reader.t("alarm.step_cleared"),
            at_us,
        )
    if what == "taken":
        if holder not in ("", badge):
            return Step("done", reader.t("alarm.step_taken_over", badge=badge, before=holder), at_us)
        return Step("done", reader.t("alarm.step_taken", badge=badge), at_us)
    if what == "acknowledged":
        return Step("done", reader.t("alarm.step_seen", badge=badge), at_us)
    if what == "rectified":
        said = " · ".join(
            words.coded(key, str(detail[key])) for key in ("cause", "action") if detail.get(key)
        )
        return Step("done", reader.t("alarm.step_rectified", badge=badge), at_us, said)
    if what == "verified":
        return Step("done", reader.t("alarm.step_verified", badge=badge), at_us)
    if what in ASIDE_STEPS:
        return Step(
            "done", reader.of("alarm_aside", what, badge=badge or "—"), at_us, _aside_said(detail, reader)
        )
    return None


def _aside_said(detail: Mapping[str, Any], reader: Reader) -> str:
    """Why, and until when."""
    said = [reader.code(SHELF_REASONS, str(detail["reason"]))] if detail.get("reason") else []
    if detail.get("until_us"):
        said.append(reader.t("alarm.until", time=reader.stamp(int(detail["until_us"]))))
    return " · ".join(said)


def _moves(alarm: Alarm, state: AreaPicture, reader: Reader, may: frozenset[str]) -> tuple[Move, ...]:
    """What this reader may do now. Verifying is for another person than the one who handled it, and only when it is over."""
    if alarm.is_prewarning or not alarm.is_open:
        return ()  # what left the list unhandled, or never was, is refused by the gateway
    moves = list(_MOVES[alarm.state])
    if alarm.state == TAKEN and alarm.is_active and alarm.taken_by != reader.badge:
        moves.insert(0, "take")  # over from whoever has it: somebody else stands nearer
    if alarm.is_unseen:  # it became graver after somebody had it: to be answered anew, as the gateway lets it
        moves += [move for move in _ANSWERS if _act_of(move) in MOVES[alarm.state] and move not in moves]
    is_second_needed = state.area.alarms.needs_second(alarm.severity, alarm.basis)
    if alarm.id in state.answered:
        moves = []
    if "verify" in moves and ((alarm.rectified_by == reader.badge and is_second_needed) or alarm.is_active):
        moves.remove("verify")
    if alarm.origin != SERVER and alarm.is_open:
        moves += _aside_moves(alarm, state)
        if (
            alarm.is_unanswered
            and alarm.is_active
            and _severity(alarm, state) in SOUNDING
            and alarm.silenced_us is None
        ):
            moves.append("silence")
    return tuple(move for move in moves if FACT_OF_MOVE[move] in may)


def _severity(alarm: Alarm, state: AreaPicture) -> str:
    """A root cause sounds as gravely as what lies under it."""
    group = state.lined.group_of(alarm.id)
    return alarm.severity if group is None else group.severity


def _aside_moves(alarm: Alarm, state: AreaPicture) -> list[Move]:
    """What may be put aside, and how it comes back. The gateway judges again."""
    if not alarm.aside and not may_be_set_aside(alarm, Causes(state.area, state.rulebook)):
        return []
    return [_ASIDE[act] for act in ASIDE_MOVES[alarm.aside] if act in _ASIDE]
