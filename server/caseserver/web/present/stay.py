"""One stay from its leaves: the way through the rooms, the legal clock, what was short and what was not seen.

Short and not seen come from the log, not from alarms: an obligation of M3, M4 or R3 is armed the moment nobody guards or
nothing records, long before an alarm; a node that is lost makes its rooms unseen. The two are never added into one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from caseserver.alarms import Alarm
from caseserver.permissions import ERASERS, EXPORTERS, KNOWERS
from caseserver.web.present import intervals
from caseserver.web.present.alarm import Leaf, facts_of
from caseserver.web.present.approvals import offered
from caseserver.web.present.custody_clock import ends_us, is_custody_clock, of_custody
from caseserver.web.present.intervals import Stretch
from caseserver.web.present.rules import straddle_words
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, mark_of
from caseserver.web.reader import Reader
from caseserver.web.views import (
    AlarmTail,
    ClockLane,
    MustName,
    MustShare,
    RecordFact,
    Span,
    Stamp,
    StayDrawing,
    StayPage,
)
from custody.apply import apply_fact
from custody.approve import apply_approval
from custody.area import Area
from custody.facts import Fact
from custody.kinds.clock import running
from custody.rules import Rule, Rulebook
from custody.view import Silence, Unit, View
from custody.vocabulary import RELEASE_REASONS
from custody.world import Stay, World

FACTS_SHOWN_MAX = 400
CLOCKS_SHOWN_MAX = 3
NEAR_TYPES = frozenset(
    {
        "tag.read/1",
        "tag.gone/1",
        "node.lost/1",
        "node.restored/1",
        "obligation.armed/1",
        "obligation.closed/1",
    }
)
"""Types of leaves beside the stay's own that the page needs, from the stay's first leaf to its end."""
_STAMPS = {
    "stay.registered": "registered", "wristband.bound": "bound", "search.signed": "searched",
    "extension.approved": "approved", "measure.changed": "changed", "stay.released": "released",
}  # fmt: skip
_RULES = {"guard": frozenset({"M3"}), "record": frozenset({"M4", "R3"})}
_POINTS = {"guard": "reader", "record": "recorder_contact"}
Way = list[tuple[int, int, str]]
"""(from, to, room id), in order."""


def stay_page(
    ref: str, state: AreaPicture, own: Sequence[Leaf], near: Iterable[Leaf], alarms: Sequence[Alarm],
    reader: Reader, log_size: int, may: frozenset[str] = frozenset(), root: str = "",
) -> StayPage | None:  # fmt: skip
    """The page of a stay, None when the area does not know it. ``near``: leaves of ``NEAR_TYPES`` of its time."""
    facts = sorted(facts_of(own), key=lambda fact: (fact.occurred_us, fact.index))
    world = state.world if ref in state.world.stays else _ended(state.area, state.rulebook, facts)
    stay = world.stays.get(ref)
    if stay is None:
        return None
    words = Words(state.area, state.world, reader)
    from_us = stay.arrived_us if stay.arrived_us is not None else stay.opened_us
    to_us = stay.released_us if stay.released_us is not None else max(reader.now_us, from_us)
    near = list(near)
    way = way_of(stay, facts_of(near), to_us)
    short, blind = {}, {}
    for name in _RULES:
        blind[name] = _blind(name, state.area, near, way, to_us)
        short[name] = intervals.minus(_short(name, near, way, ref, to_us), blind[name])
    numbers = [leaf["stay_n"] for leaf in own]
    return StayPage(
        stay=words.stay(ref),
        measure=words.measure(stay.measure),
        from_us=from_us,
        to_us=stay.released_us,
        outcome=reader.code(RELEASE_REASONS, stay.release_reason) if stay.release_reason else "",
        limit_end_us=min(
            (ends_us(d) for d in state.duties if d.stay == ref and is_custody_clock(d, state.rulebook)),
            default=None,
        ),
        drawing=_drawing(stay, world, state, way, facts, short, blind, alarms, words, from_us, to_us),
        musts=_musts(stay, way, short, blind, from_us, reader),
        facts=tuple(
            _record_facts(own, words, {rule.key: rule for rule in state.rulebook.rules})[:FACTS_SHOWN_MAX]
        ),
        facts_total=len(own),
        complete=numbers == list(range(1, len(own) + 1)),
        log_size=log_size,
        root=root,
        witness=reader.stamp(state.health.witnessed_us)
        if state.health.witnessed_us
        else reader.t("stay.not_witnessed"),
        duties=_duties(stay, state, may, reader),
        law=law_of(stay, state, from_us, to_us, reader),
        limit_give_us=state.give_us,
    )


def _ended(area: Area, rulebook: Rulebook, facts: Iterable[Fact]) -> World:
    """A stay that ended long ago and that the engine no longer holds, made again from its own facts."""
    world = World()
    view = View(world, area, rulebook)
    for fact in facts:
        view.fact, view.now_us = fact, fact.occurred_us
        if fact.type == "extension.approved":
            apply_approval(world, view, fact)
        elif not fact.type.startswith("alarm."):
            apply_fact(world, area, rulebook, fact)
    return world


def law_of(stay: Stay, state: AreaPicture, from_us: int, to_us: int, reader: Reader) -> str:
    """Of a stay over a change of the law: which one it is under, and that this is a setting; "" of any other stay."""
    book = state.rulebook
    if not any(from_us < at_us <= to_us for at_us in book.changes_us):
        return ""
    said = straddle_words(book, reader)
    if book.straddle != "at_start":
        return said
    began = sum(at_us <= stay.arrival_us for at_us in book.changes_us)
    title = reader.name(list(book.titles.values())[began])
    return f"{said}{reader.t('page.semicolon')}{reader.t('law.straddles', book=title)}"


def stay_again(state: AreaPicture, ref: str, leaves: Iterable[Leaf]) -> Stay | None:
    """A stay of whom the engine keeps only the reference, out of its leaves."""
    facts = sorted(facts_of(leaves), key=lambda fact: (fact.occurred_us, fact.index))
    return _ended(state.area, state.rulebook, facts).stays.get(ref)


def way_of(stay: Stay, facts: Iterable[Fact], to_us: int) -> Way:
    """Where the band was read, one step a change of room; before the first reading the place is not known."""
    steps: list[tuple[int, str]] = []
    for fact in sorted(facts, key=lambda item: (item.occurred_us, item.index)):
        if fact.type == "tag.read" and fact.body.get("tag") == stay.band and stay.band is not None:
            room = str(fact.body["room"])
            if fact.occurred_us <= to_us and (not steps or steps[-1][1] != room):
                steps.append((fact.occurred_us, room))
    ends = [at_us for at_us, _ in steps[1:]] + [to_us] * bool(steps)
    return [(at_us, end, room) for (at_us, room), end in zip(steps, ends, strict=True)]


def _rooms(way: Way) -> dict[str, list[Stretch]]:
    found: dict[str, list[Stretch]] = {}
    for start, end, room in way:
        found.setdefault(room, []).append((start, end))
    return found


def _short(name: str, near: Iterable[Leaf], way: Way, ref: str, to_us: int) -> list[Stretch]:
    """When the duty was broken for this person: obligations of its rules on the person or on the room they were in."""
    open_: dict[str, tuple[int, str]] = {}
    found: list[Stretch] = []
    rooms = _rooms(way)

    def close(key: str, end_us: int) -> None:
        start, subject = open_.pop(key)
        kind, _, target = subject.partition(":")
        if kind == "room":
            found.extend(intervals.meet([(start, end_us)], rooms.get(target, [])))
        elif subject == f"stay:{ref}":
            found.append((start, end_us))

    for leaf in near:
        body = leaf["body"]
        if (
            leaf["type"] not in ("obligation.armed/1", "obligation.closed/1")
            or body.get("rule") not in _RULES[name]
        ):
            continue
        key, at_us = str(body["obligation"]), int(body["at_us"])
        if leaf["type"] == "obligation.armed/1":
            open_.setdefault(key, (at_us, str(body["subject"])))
        elif key in open_:
            close(key, at_us)
    for key in list(open_):
        close(key, to_us)
    return intervals.union(found)


def _blind(name: str, area: Area, near: Iterable[Leaf], way: Way, to_us: int) -> list[Stretch]:
    """When the node that sees the person's room for this duty was lost."""
    lost: dict[str, int] = {}
    away: dict[str, list[Stretch]] = {}
    for leaf in near:
        node, at_us = str(leaf["body"].get("node", "")), int(leaf["occurred"]["earliest_us"])
        if leaf["type"] == "node.lost/1":
            lost.setdefault(node, at_us)
        elif leaf["type"] == "node.restored/1" and node in lost:
            away.setdefault(node, []).append((lost.pop(node), at_us))
    for node, since_us in lost.items():
        away.setdefault(node, []).append((since_us, to_us))
    found: list[Stretch] = []
    for room, stretches in _rooms(way).items():
        for node in _nodes(name, area, room):
            found += intervals.meet(stretches, away.get(node, []))
    return intervals.union(found)


def _nodes(name: str, area: Area, room: str) -> set[str]:
    owners = (
        [r.id for r in area.readers.values() if r.room == room]
        if name == "guard"
        else area.recorders_of(room)
    )
    return {node for owner in owners if (node := area.node_of(_POINTS[name], owner)) is not None}


def _musts(
    stay: Stay,
    way: Way,
    short: dict[str, list[Stretch]],
    blind: dict[str, list[Stretch]],
    from_us: int,
    reader: Reader,
) -> tuple[MustShare, ...]:
    brought_s = max(0, stay.entered_us - from_us) // 1_000_000 if stay.entered_us is not None else None
    whole_s = intervals.seconds((start, end) for start, end, _ in way)
    names: tuple[MustName, ...] = ("guard", "record")
    shares = [MustShare(name) for name in names]
    if way:
        shares = [
            MustShare(
                name,
                whole_s=whole_s,
                short_s=intervals.seconds(short[name]),
                blind_s=intervals.seconds(blind[name]),
            )
            for name in names
        ]
    is_searched = stay.searched_us is not None
    return (
        MustShare("in", seconds=brought_s, detail=reader.t("stay.straight_hint")),
        MustShare(
            "search",
            done=is_searched,
            detail=reader.t("stay.search_before") if is_searched else reader.t("stay.search_open"),
        ),
        *shares,
    )


def _drawing(
    stay: Stay, world: World, state: AreaPicture, way: Way, facts: list[Fact], short: dict[str, list[Stretch]],
    blind: dict[str, list[Stretch]], alarms: Sequence[Alarm], words: Words, from_us: int, to_us: int,
) -> StayDrawing:  # fmt: skip
    reader = words.reader
    stamps = tuple(
        Stamp(fact.occurred_us, reader.of("stamp", _STAMPS[fact.type]), words.fact(fact.type, fact.body))
        for fact in facts
        if fact.type in _STAMPS
    )
    tails = tuple(
        AlarmTail(
            a.since_us if a.family != "clock" else a.due_us, a.cleared_us, mark_of(a), words.text(a, "what")
        )
        for a in alarms
        if not a.is_prewarning
    )
    return StayDrawing(
        from_us=from_us,
        to_us=to_us,
        clocks=_clocks(stay, View(world, state.area, state.rulebook), words, to_us),
        way=tuple((start, words.room(room)) for start, _, room in way),
        rooms=tuple(dict.fromkeys(words.room(room) for _, _, room in way)),
        ended=stay.released_us is not None,
        guard=_lane(way, short["guard"], blind["guard"], "stay.unguarded_for", reader),
        recorder=_lane(way, short["record"], blind["record"], "stay.stopped_for", reader),
        stamps=stamps,
        alarms=tails,
    )


def _lane(
    way: Way, short: list[Stretch], blind: list[Stretch], message: str, reader: Reader
) -> tuple[Span, ...]:
    """Grey where all was well, red where it was short, hatched where nobody could see."""
    whole = intervals.union((start, end) for start, end, _ in way)
    well = intervals.minus(intervals.minus(whole, short), blind)
    spans = [Span(start, end) for start, end in well]
    for start, end in short:
        time = reader.duration(intervals.seconds([(start, end)]), exact=True)
        said = (
            reader.t("stay.stopped_for", time=time)
            if message == "stay.stopped_for"
            else reader.t("stay.unguarded_for", time=time)
        )
        spans.append(Span(start, end, said, "gap"))
    for start, end in blind:
        time = reader.duration(intervals.seconds([(start, end)]), exact=True)
        spans.append(Span(start, end, reader.t("stay.blind_for", time=time), "blind"))
    return tuple(sorted(spans, key=lambda span: span.from_us))


def _clocks(stay: Stay, view: View, words: Words, to_us: int) -> tuple[ClockLane, ...]:
    """The clocks of the measure in force, the shortest first: limits up to the tier in force, moved on by what suspended them."""
    subject = f"stay:{stay.ref}"
    held = replace(stay, released_us=None, release_reason=None)  # as it stood until it ended
    unit = Unit("stay", stay.ref, subject, held, view.world.steps_of(subject))
    view.now_us = to_us
    lanes = []
    for key, versions in view.rulebook.versions.items():
        rule = view.in_force(key, unit)
        if rule is None or versions[0].kind != "clock" or not of_custody(rule):
            continue
        clock = running(rule, view, unit)
        if isinstance(clock, Silence) or clock.limit_us is None:
            continue
        tier = clock.tier
        moved_us = clock.limit_us - tier.limit.us if not rule.params.get("calendar") else clock.start_us
        limits = [
            (moved_us + t.limit.us, words.limit(t.limit.text))
            for t in rule.tiers
            if t.limit.order < tier.limit.order and not rule.params.get("calendar")
        ]
        limits.append((clock.limit_us, words.span(tier.limit, is_calendar=bool(rule.params.get("calendar")))))
        label = words.measure(stay.measure) if rule.measures else words.name(rule.title)
        lanes.append(ClockLane(clock.start_us, to_us, tuple(limits), label))
    return tuple(sorted(lanes, key=lambda lane: lane.limits[-1][0])[:CLOCKS_SHOWN_MAX])


_ALARM_LINES = {"alarm.raised/1": "raised", "alarm.prewarned/1": "prewarned", "alarm.cleared/1": "cleared"}


def _alarm_line(leaf: Leaf, words: Words, rules: Mapping[str, Rule]) -> RecordFact | None:
    """What the rules said of this stay: raised, warned, over; None for every other leaf."""
    kind = _ALARM_LINES.get(str(leaf["type"]))
    if kind is None:
        return None
    body = leaf["body"]
    rule = rules.get(f"{body['rule']}/{body['variant']}")
    said = (
        rule.text.get(words.reader.language, rule.text["zh"])["what"]
        if rule is not None
        else f"{body['rule']}/{body['variant']}"
    )
    text = words.reader.of("told", kind, what=said)
    where = words.room(body["room"]) if body.get("room") else ""
    return RecordFact(
        leaf["stay_n"] or 0,
        int(body["at_us"]),
        text,
        where,
        words.reader.of("by", "gateway"),
        "gap" if kind == "raised" else "",
    )


def _record_facts(own: Sequence[Leaf], words: Words, rules: Mapping[str, Rule]) -> list[RecordFact]:
    found = []
    for leaf in own:
        alarm = _alarm_line(leaf, words, rules)
        if alarm is not None:
            found.append(alarm)
        for fact in facts_of([leaf]):
            late_us = fact.recorded_us - fact.occurred_us
            room = fact.body.get("room")
            found.append(
                RecordFact(
                    number=leaf["stay_n"] or 0,
                    at_us=fact.occurred_us,
                    text=words.fact(fact.type, fact.body),
                    where=words.room(room) if isinstance(room, str) else "",
                    by=words.by(fact),
                    late_s=late_us // 1_000_000 if late_us >= 2_000_000 else 0,
                )
            )
    return found


def _duties(
    stay: Stay, state: AreaPicture, may: frozenset[str], reader: Reader
) -> tuple[tuple[str, str], ...]:
    """Forms that make sense for this stay now and that this reader may fill in."""
    base = f"/stays/{state.area.id}/{stay.ref}"
    record = (f"{base}/record", reader.t("record.title"))
    who = ((f"{base}/person", reader.t("person.title")),) if reader.roles & (KNOWERS | ERASERS) else ()
    out = ((f"{base}/bundle", reader.t("bundle.title")),) if reader.roles & EXPORTERS else ()
    if not stay.is_open:
        return (*who, *out, record)
    found = [*who]
    if stay.band is None and "wristband.bound" in may:
        found.append((f"{base}/band", reader.t("bind.title")))
    if stay.searched_us is None and "search.signed" in may:
        found.append((f"{base}/search", reader.t("search.title")))
    if "extension.approved" in may and offered(state, stay, reader):
        found.append((f"{base}/extension", reader.t("approve.title")))
    if "stay.released" in may:
        found.append((f"{base}/release", reader.t("release.title")))
    return (*found, *out, record)
