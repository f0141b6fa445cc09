"""Alarm cards: open alarms in the order in which they must be seen, and how long each one lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from caseserver.alarms import Alarm
from caseserver.grouping import Group
from caseserver.web.present.lined import Line, card_state
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, mark_of, seal_of, sound_of
from caseserver.web.reader import Reader
from caseserver.web.views import (
    AlarmCard,
    Aside,
    Count,
    LastAlarm,
)
from custody.alarm_states import MOVES, state_of
from custody.vocabulary import SHELF_REASONS

UNDER_MAX = 50
"""Alarms listed under their root cause; of the rest the count is said."""


def count(state: AreaPicture, kind: Literal["left", "gone"], at_us: int) -> Count:
    return Count(kind, at_us, until_us=state.still_us, frozen=state.is_frozen)


def begins_us(alarm: Alarm) -> int:
    """Since when it is wrong: a clock is wrong from its limit on, everything else from its cause."""
    return alarm.due_us if alarm.family == "clock" else alarm.since_us


def in_order(states: Sequence[AreaPicture]) -> list[tuple[Group, AreaPicture]]:
    """Open alarms of all areas: red first, what nobody has taken first, then by time; under a root cause what lies under it."""
    return _merged([(state.lined.in_order, state) for state in states])


def first_in_order(
    states: Sequence[AreaPicture], most: int, *, is_folded: bool = False
) -> tuple[list[tuple[Group, AreaPicture]], int]:
    """The first `most` of `in_order`, and how many there are: in a flood there are thousands.

    Folded, alarms of one cause (one group) are one, the most urgent of them: two cards for one door tell nothing more.
    """
    found = [(state.lined.folded if is_folded else state.lined.in_order, state) for state in states]
    return _merged([(lines[:most], state) for lines, state in found])[:most], sum(len(f) for f, _ in found)


def _merged(found: Sequence[tuple[Sequence[Line], AreaPicture]]) -> list[tuple[Group, AreaPicture]]:
    pairs = [(line, state) for lines, state in found for line in lines]
    if len(found) > 1:
        pairs.sort(key=lambda pair: pair[0].order)
    return [(line.group, state) for line, state in pairs]


def group_card(group: Group, state: AreaPicture, reader: Reader) -> AlarmCard:
    """The card of a root cause with the cards under it; of any other alarm its own."""
    under = tuple(
        replace(alarm_card(alarm, state, reader), sound="", word=_under_word(alarm))
        for alarm in group.under[:UNDER_MAX]
    )
    raised = state.lined.times(group.head)
    times = raised if raised >= state.area.alarms.chatter_count else 1
    beyond = len(group.under) - len(under)
    return replace(alarm_card(group.head, state, reader), under=under, under_beyond=beyond, times=times)


def _under_word(alarm: Alarm) -> str:
    return state_of(alarm.state, is_active=alarm.is_active, aside=alarm.aside, is_suppressed=True)


def alarm_card(alarm: Alarm, state: AreaPicture, reader: Reader) -> AlarmCard:
    words = Words(state.area, state.world, reader)
    where, who = words.subject(alarm.subject, _room(alarm, state))
    has = alarm.rectified_by or alarm.taken_by or alarm.acknowledged_by or ""
    since = alarm.rectified_us or alarm.taken_us or alarm.acknowledged_us
    on_way = state.answered.get(alarm.id, "") if alarm.is_unanswered else ""
    return AlarmCard(
        id=alarm.id,
        href=f"/alarms/{state.area.id}/{alarm.ref}",
        mark=mark_of(alarm),
        state="taken" if on_way else card_state(alarm),
        where=where,
        who=who,
        what=words.text(alarm, "soon" if alarm.is_prewarning else "what"),
        todo=words.text(alarm, "do"),
        seal=seal_of(alarm.basis),
        article=words.article(alarm.article),
        count=_alarm_count(alarm, state, reader),
        sound=sound_of(alarm) if alarm.is_unseen and not alarm.aside and not on_way else "",
        taken_by=on_way or has,
        taken_us=None if on_way else since,
        is_on_way=bool(on_way),
        late_s=alarm.late_us // 1_000_000,
        cleared=not alarm.is_active,
        is_warning=alarm.is_prewarning,
        is_possible=is_possible(alarm, state),
        called=reader.of("post", state.called[alarm.id]) if alarm.id in state.called else "",
        word="taken" if on_way else alarm.shown_state,
        may_take=alarm.is_open and "taken" in MOVES[alarm.state],
        aside=_aside(alarm, state, reader),
        silent=_silent(alarm, state, reader),
    )


def _aside(alarm: Alarm, state: AreaPicture, reader: Reader) -> Aside | None:
    if alarm.shown_state != alarm.aside or alarm.aside_until_us is None:
        return None
    reason = reader.code(SHELF_REASONS, alarm.aside_reason)
    return Aside(alarm.aside, alarm.aside_by, reason, count(state, "left", alarm.aside_until_us))


def _silent(alarm: Alarm, state: AreaPicture, reader: Reader) -> Count | None:
    """How long the sounder in the area stays silent about it."""
    until_us = alarm.silenced_us
    if until_us is None or not alarm.is_unanswered or reader.now_us >= until_us:
        return None
    return count(state, "left", until_us)


def is_possible(alarm: Alarm, state: AreaPicture) -> bool:
    """Raised because its limit may have passed, and it is still not certain that it has; or ended before it was."""
    if alarm.is_certain or alarm.is_prewarning:
        return False
    known_us = state.health.earliest_us if alarm.is_active else alarm.cleared_us
    return known_us is None or known_us < alarm.raised_us


def _room(alarm: Alarm, state: AreaPicture) -> str | None:
    """Where it is. A limit goes with the person: it is where the person is now, not where its clock began."""
    stay = state.world.stays.get(alarm.stay) if alarm.stay is not None else None
    if stay is None or not alarm.is_active or (alarm.room is not None and alarm.family != "clock"):
        return alarm.room
    return stay.room or alarm.room


def _alarm_count(alarm: Alarm, state: AreaPicture, reader: Reader) -> Count:
    if alarm.is_prewarning and alarm.is_active:
        return count(state, "left", alarm.due_us)
    if alarm.is_active and is_possible(alarm, state) and begins_us(alarm) > reader.now_us:
        return count(state, "left", begins_us(alarm))  # by our clock it is still to come
    if not alarm.is_active:
        return Count("gone", begins_us(alarm), until_us=alarm.cleared_us)
    return count(state, "gone", begins_us(alarm))


def last_alarm(closed: list[tuple[Alarm, AreaPicture]], reader: Reader) -> LastAlarm | None:
    if not closed:
        return None
    alarm, state = max(closed, key=lambda pair: pair[0].closed_us or 0)
    card = alarm_card(alarm, state, reader)
    handled = (
        f"{alarm.rectified_by} · {reader.clock(alarm.rectified_us)}"
        if alarm.rectified_us and alarm.rectified_by
        else ""
    )
    verified = (
        f"{alarm.verified_by} · {reader.clock(alarm.verified_us)}"
        if alarm.verified_us and alarm.verified_by
        else ""
    )
    return LastAlarm(
        alarm.raised_us, f"{card.where} {card.who} {card.what}".replace("  ", " "), handled, verified
    )
