"""Who is on duty, what may be done about it, and what stands open for whoever takes over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from caseserver.notify.duty import Turn
from caseserver.notify_settings import Notify
from caseserver.web.present.cards import alarm_card, in_order
from caseserver.web.present.state import AreaPicture
from caseserver.web.reader import Reader
from caseserver.web.views_notify import DutyPage, EndedTurn, PostRow

OPEN_MAX = 100
"""Open alarms listed for whoever takes a post; of the rest the count is said."""


def duty_page(
    states: Sequence[AreaPicture],
    notify: Notify,
    running: Iterable[Turn],
    ended: Iterable[Turn],
    reader: Reader,
) -> DutyPage:
    holders = {turn.post: turn for turn in running}
    rows = tuple(
        PostRow(
            post=step.post,
            name=reader.of("post", step.post),
            must_be_held=step.needs_turn,
            holder=turn.number if (turn := holders.get(step.post)) else "",
            since_us=turn.taken_us if turn else None,
            offered_to=(turn.offered_to or "") if turn else "",
            sound=_sound(turn, reader) if turn else "",
            sound_us=turn.heard_us or None if turn else None,
            moves=_moves(turn, bool(reader.roles & set(step.roles)), reader.badge),
        )
        for step in notify.steps
    )
    found = [(group.head, state) for group, state in in_order(states) if not group.head.is_prewarning]
    cards = [alarm_card(*one, reader) for one in found[:OPEN_MAX]]
    return DutyPage(
        rows,
        tuple((f"{card.where} {card.who}".strip(), card.what, card.href) for card in cards),
        tuple(_ended(turn, reader) for turn in ended),
        len(found) - len(cards),
    )


def open_alarms(states: Sequence[AreaPicture]) -> list[str]:
    """What whoever takes a post is told that it stands open."""
    return [alarm.id for state in states for alarm in state.alarms if not alarm.is_prewarning]


def _moves(turn: Turn | None, may_hold: bool, badge: str) -> frozenset[str]:
    if turn is not None and turn.number == badge:
        return frozenset({"offer", "leave", "sound"})
    if not may_hold:
        return frozenset()
    if turn is None:
        return frozenset({"take"})
    return frozenset({"accept"} if turn.offered_to == badge else {"relieve"})


def _sound(turn: Turn, reader: Reader) -> str:
    if turn.heard_us is None:
        return reader.t("duty.sound_none")
    return reader.t("duty.sound_heard") if turn.heard_us else reader.t("duty.sound_unheard")


def _ended(turn: Turn, reader: Reader) -> EndedTurn:
    return EndedTurn(
        reader.of("post", turn.post), turn.number, turn.taken_us, turn.taken_from or "", turn.left_us or turn.taken_us,
        reader.of("duty_end", turn.ended), len(turn.stood_open), _sound(turn, reader),
    )  # fmt: skip
