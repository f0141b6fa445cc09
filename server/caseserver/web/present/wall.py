"""The wall put together: people, plan, alarms, health strip; and the two lists beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from caseserver.web.present.cards import alarm_card, first_in_order, group_card, last_alarm
from caseserver.web.present.people import people
from caseserver.web.present.people import stems as coming
from caseserver.web.present.plan import area_plan
from caseserver.web.present.seen import seen
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views import (
    AlarmsView,
    HealthStrip,
    PeopleView,
    Source,
    StayList,
    Stem,
    TopView,
    WallView,
)
from caseserver.web.views_alarms import AlarmList

CARDS_MAX = 7
"""Alarms shown at once. With more, the count of the rest takes the place of the last: it is never off the screen."""
LIST_MAX = 100
"""Open alarms in the list; of the rest the count is said, the most urgent stand first."""


def wall(states: Sequence[AreaPicture], reader: Reader, only: str | None = None) -> WallView:
    """The wall of the areas in ``states``; with ``only``, people and plan of one area, alarms always of all."""
    shown = [state for state in states if only in (None, state.area.id)] or list(states)
    rows = sorted((row for state in shown for row in people(state, reader)), key=lambda item: item[0])
    stems = tuple(
        sorted((s for state in shown for s in coming(state, reader)), key=lambda s: (s.at_us, s.stay))
    )
    found, count = first_in_order(states, CARDS_MAX, is_folded=True)
    closed = [(alarm, state) for state in states for alarm in state.closed]
    reading = next((state.health.reading for state in shown if state.health.reading), None)
    health = _health(states, reader)
    untaken = sum(state.lined.untaken for state in states)
    flood = _flood(states, reader)
    # in a flood there are thousands: only what is shown becomes a card, and its own line takes the place of one
    room = CARDS_MAX - bool(flood)
    cards = tuple(group_card(*one, reader) for one in found[: room if count <= room else CARDS_MAX - 1])
    return WallView(
        top=_top(states, reader, only, len(rows), untaken, stems),
        people=PeopleView(tuple(row for _, row in rows), stems, reading),
        plan=tuple(area_plan(state, reader) for state in shown),
        alarms=AlarmsView(
            cards,
            count - len(cards),
            sources=sum(source.fresh for source in health.sources),
            unseen=sum(not source.fresh for source in health.sources),
            last=last_alarm(closed, reader),
            flood=flood,
        ),
        health=health,
    )


def _top(
    states: Sequence[AreaPicture], reader: Reader, only: str | None, held: int,
    untaken: int, stems: tuple[Stem, ...],
) -> TopView:  # fmt: skip
    areas = [
        (Words(s.area, s.world, reader).name(s.area.name), f"/?area={s.area.id}", only == s.area.id)
        for s in states
    ]
    first = states[0]
    station = Words(first.area, first.world, reader).name(first.area.station)
    return TopView(
        station, tuple(areas), held, untaken, len(stems),
        tuple((reader.of("post", post), number) for post, number in reader.on_duty),
        tuple(reader.of("post", post) for post in reader.unmanned),
    )  # fmt: skip


def alarm_list(states: Sequence[AreaPicture], reader: Reader) -> AlarmList:
    closed = sorted(((a, s) for s in states for a in s.closed), key=lambda pair: -(pair[0].closed_us or 0))
    shown = tuple(alarm_card(a, s, reader) for a, s in closed)
    found, count = first_in_order(states, LIST_MAX)
    cards = tuple(group_card(*one, reader) for one in found)
    return AlarmList(cards, shown, _flood(states, reader), count - len(cards))


def _flood(states: Sequence[AreaPicture], reader: Reader) -> tuple[int, int] | None:
    """Of one desk: alarms that called somebody within the window, in all its areas."""
    limits = states[0].area.alarms
    from_us = reader.now_us - limits.flood_window_s * 1_000_000
    found = sum(state.lined.called_since(from_us) for state in states)
    return (found, limits.flood_window_s // 60) if found >= limits.flood_count else None


def stay_list(states: Sequence[AreaPicture], reader: Reader) -> StayList:
    rows = sorted((row for state in states for row in people(state, reader)), key=lambda item: item[0])
    gone: list[tuple[str, str, int, int]] = []
    for state in states:
        words = Words(state.area, state.world, reader)
        gone += [
            (
                words.stay(stay.ref),
                f"/stays/{state.area.id}/{stay.ref}",
                stay.arrived_us or stay.opened_us,
                stay.released_us,
            )
            for stay in state.world.stays.values()
            if stay.released_us is not None
        ]
    return StayList(tuple(row for _, row in rows), tuple(sorted(gone, key=lambda item: -item[3])))


def _carried(state: AreaPicture, words: Words) -> Iterator[tuple[str, bool]]:
    """What hangs on nodes, and whether it is seen: recorders, readers, inputs of the house."""
    for kind, ref, is_seen in seen(state):
        yield words.device(kind, ref), is_seen


def _health(states: Sequence[AreaPicture], reader: Reader) -> HealthStrip:
    sources = []
    for state in states:
        words = Words(state.area, state.world, reader)
        for node in state.area.nodes:
            known = state.world.nodes.get(node)
            sources.append(
                Source(
                    reader.of("by", "node", name=node),
                    known is not None and known.state == "ok" and not state.health.is_stale,
                )
            )
        sources += [
            Source(name, is_seen and not state.health.is_stale) for name, is_seen in _carried(state, words)
        ]
    doubts = [state.health.clock_doubt_us for state in states]
    halves = [state.health.clock_half_us for state in states]
    proved = [state.health.witnessed_us for state in states]
    return HealthStrip(
        sources=tuple(sources),
        clock_doubt_us=None if None in doubts else max((d for d in doubts if d is not None), default=0),
        blind_today=max(
            (s.health.blind_today for s in states if s.health.blind_today),
            key=lambda item: item[1],
            default=None,
        ),
        witnessed_us=None if None in proved else min((p for p in proved if p is not None), default=None),
        gateways=tuple((state.area.gateway, state.health.heard_us) for state in states),
        clock_half_us=None if None in halves else max((h for h in halves if h is not None), default=None),
        is_clock_wide=any(state.give_us for state in states),
    )
