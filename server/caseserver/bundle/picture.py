"""What the report of a bundle shows, as plain data in both languages. Pure: leaves and statements in, objects out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from caselog import canonical
from caselog.bundle import cosigned_s
from caselog.leaf import LeafRecord
from caseserver.bundle import words
from caseserver.bundle.selection import Selection
from custody.area import Area
from custody.codec import CodecError, fact_of
from custody.explain.wording import Wording, fill
from custody.name import Name
from custody.rules import Rulebook

TICKS_MAX: Final = 8
SPAN_US_MIN: Final = 60_000_000
_STEPS_US: Final = tuple(minutes * 60_000_000 for minutes in (1, 5, 15, 30, 60, 120, 240, 480, 1440))
_GOOD: Final = frozenset({"inside", "searched", "guarded", "recorded"})
_DOUBT: Final = frozenset({"unknown"})
_QUIET: Final = frozenset({"before", "away"})

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """The time that the drawing shows, in microseconds UTC."""

    from_us: int
    to_us: int

    def share(self, at_us: int) -> float:
        """Where a moment lies, 0 to 1."""
        at_us = min(max(at_us, self.from_us), self.to_us)
        return round((at_us - self.from_us) / (self.to_us - self.from_us), 6)


def picture(
    selection: Selection, statements: Mapping[str, Value], area: Area, rulebook: Rulebook,
    unproved: Sequence[Name], made_us: int,
) -> Value:  # fmt: skip
    """Everything the report is set from; times as local text."""
    own = selection.own
    wording = Wording(area, _facts(own))
    moments = [record.occurred.earliest_us for record in own] + [
        record.recorded.earliest_us for record in own
    ]
    span = Span(min(moments), max(*moments, min(moments) + SPAN_US_MIN))
    alarms = _alarms(own)
    titles = {rule.key: rule.title for rule in rulebook.rules}
    coverage = statements.get("coverage", {})
    lanes = [
        *_must_lanes(coverage, wording, span),
        lane("acts", points=[span.share(r.occurred.earliest_us) for r in own if r.leaf_class == "fact"]),
        _clock_lane(statements.get("deadlines", {}), own, span),
        _alarm_lane(alarms, span),
    ]
    return {
        "title": _both(words.TITLE),
        "headings": {key: _both(name) for key, name in words.HEADINGS.items()},
        "labels": {key: _both(name) for key, name in words.LABELS.items()}
        | {"times": _both(fill(words.LABELS["times"], zone=area.timezone))},
        "facts": _summary(selection, area, wording, made_us),
        "ticks": _ticks(span, wording),
        "lanes": lanes,
        "musts": _musts(coverage),
        "alarms": [_alarm_row(alarm, wording, titles) for alarm in alarms.values()],
        "terms": [
            _term_row(row, wording, titles) for row in statements.get("deadlines", {}).get("terms", ())
        ],
        "acts": _acts(own, wording),
        "unproved": [_both(sentence) for sentence in unproved],
        "check": _both(words.CHECK),
    }


def unproved(selection: Selection, wording: Wording, server: str, others: Iterable[int]) -> list[Name]:
    """What this bundle cannot show. `server`: our own name as a witness; `others`: leaves that name other stays."""
    said = [words.UNPROVED["truth"], words.UNPROVED["clock"]]
    if selection.is_counted:
        said.append(fill(words.UNPROVED["counted"], leaf=selection.own[-1].index))
    else:
        said.append(words.UNPROVED["uncounted"])
    witnesses = cosigned_s(selection.note)
    if witnesses:
        size, first = selection.head.size, wording.instant(min(witnesses.values()) * 1_000_000)
        said.append(fill(words.UNPROVED["takeover"], size=size, time=first, above=selection.held - size))
    else:
        said.append(words.UNPROVED["tail"])
    if witnesses.keys() == {server}:
        said.append(words.UNPROVED["server_only"])
    begun = selection.records[0].body
    changed = [r.body for r in selection.records if r.type == "log.key_changed/1"]
    kind = [begun, *changed][-1]["key"]["kind"]
    if kind in words.KEYS:
        said.append(words.KEYS[kind])
    named = ", ".join(map(str, sorted(others)))
    return [*said, fill(words.UNPROVED["others"], leaves=named)] if named else said


def _both(name: Name) -> Value:
    return {"zh": name.zh, "en": name.en}


def _facts(own: Iterable[LeafRecord]) -> list[Any]:
    found = []
    for record in own:
        try:
            fact = fact_of(canonical.loads(record.data))
        except CodecError:
            continue
        if fact is not None:
            found.append(fact)
    return found


def _summary(selection: Selection, area: Area, wording: Wording, made_us: int) -> list[Value]:
    own, head = selection.own, selection.head
    count = fill(words.WHOLE if selection.is_counted else words.UNCOUNTED, count=len(own), leaf=own[-1].index)
    cosigned = [f"{name}  {wording.instant(s * 1_000_000)}" for name, s in cosigned_s(selection.note).items()]
    root = selection.note.split(b"\n")[2].decode()
    rows: dict[str, Name | str] = {
        "stay": head.stay,
        "area": area.name,
        "from": wording.instant(own[0].recorded.earliest_us),
        "to": wording.instant(own[-1].recorded.earliest_us),
        "leaves": count,
        "log": head.origin,
        "size": str(head.size),
        "root": root,
        "cosigned": "\n".join(cosigned) or words.LABELS["none"],
        "made": wording.instant(made_us),
    }
    return [
        {"label": key, "value": _both(value if isinstance(value, Name) else Name(value, value))}
        for key, value in rows.items()
    ]


def lane(name: str, bars: Sequence[Value] = (), points: Sequence[float] = ()) -> Value:
    """Bars that overlap lie in rows below each other."""
    ends: list[float] = []
    laid = []
    for bar in sorted(bars, key=lambda b: (b["from"], b["to"])):
        row = next((number for number, end in enumerate(ends) if end <= bar["from"]), len(ends))
        ends[row:] = [bar["to"], *ends[row + 1 :]]
        laid.append({**bar, "row": row})
    return {"name": _both(words.LANES[name]), "rows": max(1, len(ends)), "bars": laid, "points": list(points)}


def _must_lanes(coverage: Value, wording: Wording, span: Span) -> list[Value]:
    """Where the person was, guarded, recorded; nothing where the log could not be gone through."""
    musts = {must["must"]: must["spells"] for must in coverage.get("musts", ())}
    if not musts:
        return []
    places = [
        _bar(span, spell, "place", wording.room(spell["room"])) for spell in musts["guarded"] if spell["room"]
    ]
    states = [
        lane(name, [_bar(span, spell, _tone(spell["state"]), Name("", "")) for spell in musts[name]])
        for name in ("guarded", "recorded")
    ]
    return [lane("place", places), *states]


def _bar(span: Span, spell: Value, tone: str, text: Name) -> Value:
    return {
        "from": span.share(spell["from_us"]), "to": span.share(spell["to_us"]), "tone": tone, "text": _both(text),
    }  # fmt: skip


def _tone(state: str) -> str:
    if state in _GOOD:
        return "good"
    return "doubt" if state in _DOUBT else "quiet" if state in _QUIET else "bad"


def _clock_lane(deadlines: Value, own: Sequence[LeafRecord], span: Span) -> Value:
    stated = {record.index: record.occurred.earliest_us for record in own}
    bars = []
    for row in deadlines.get("terms", ()):
        start = stated.get(row["stated"], span.from_us)
        end = row["at_us"] if row["at_us"] is not None else span.to_us
        tone = "bad" if row["outcome"] in ("fired", "missed") else "quiet"
        whole = {"from_us": start, "to_us": max(start, end)}
        bars.append(_bar(span, whole, tone, Name(row["rule"], row["rule"])))
    return lane("clocks", bars)


def _alarms(own: Iterable[LeafRecord]) -> dict[str, Value]:
    """Alarm id -> its leaf's body, when it was raised and cleared. Pre-warnings are no alarms."""
    found: dict[str, Value] = {}
    for record in own:
        alarm = str(record.body.get("alarm"))
        if record.type == "alarm.raised/1" and alarm not in found:
            found[alarm] = {"body": record.body, "from_us": record.occurred.earliest_us, "to_us": None}
        elif record.type == "alarm.cleared/1" and alarm in found:
            found[alarm]["to_us"] = record.occurred.earliest_us
    return found


def _alarm_lane(alarms: Mapping[str, Value], span: Span) -> Value:
    bars = []
    for alarm in alarms.values():
        end = alarm["to_us"] if alarm["to_us"] is not None else span.to_us
        whole = {"from_us": alarm["from_us"], "to_us": max(end, alarm["from_us"])}
        rule = str(alarm["body"]["rule"])
        bars.append(_bar(span, whole, "bad", Name(rule, rule)))
    return lane("alarms", bars)


def _alarm_row(alarm: Value, wording: Wording, titles: Mapping[str, Name]) -> Value:
    body = alarm["body"]
    cleared = wording.instant(alarm["to_us"]) if alarm["to_us"] is not None else None
    return {
        "raised": wording.instant(alarm["from_us"]),
        "cleared": cleared,
        "rule": f"{body['rule']} {body['severity']}",
        "text": _both(_title(body, titles)),
    }


def _title(row: Value, titles: Mapping[str, Name]) -> Name:
    """What the rulebook calls the rule of an alarm or limit; its code where it no longer has it."""
    key = f"{row['rule']}/{row['variant']}"
    return titles.get(key, Name(key, key))


def _term_row(row: Value, wording: Wording, titles: Mapping[str, Name]) -> Value:
    outcome = words.OUTCOMES.get(row["outcome"], Name(row["outcome"], row["outcome"]))
    return {
        "rule": row["rule"],
        "text": _both(_title(row, titles)),
        "due": wording.instant(row["due_us"]) if row["due_us"] is not None else "",
        "outcome": _both(outcome),
        "leaf": row["leaf"],
    }


def _musts(coverage: Value) -> list[Value]:
    rows = []
    for must in coverage.get("musts", ()):
        for state, sum_us in must["sums_us"].items():
            rows.append({
                "must": _both(words.MUSTS[must["must"]]), "state": _both(words.STATES[state]),
                "seconds": f"{sum_us / 1_000_000:.3f}", "tone": _tone(state),
            })  # fmt: skip
    return rows


def _acts(own: Sequence[LeafRecord], wording: Wording) -> list[Value]:
    """One row for each fact of the stay, in the log's order."""
    return [
        {"leaf": fact.index, "time": wording.instant(fact.occurred_us), "text": _both(wording.fact(fact))}
        for fact in _facts(own)
    ]


def _ticks(span: Span, wording: Wording) -> list[Value]:
    length = span.to_us - span.from_us
    step = next((s for s in _STEPS_US if length / s <= TICKS_MAX), None)
    if step is None:
        step = -(-length // TICKS_MAX // _STEPS_US[-1]) * _STEPS_US[-1]
    first = -(-span.from_us // step) * step
    return [
        {"at": span.share(at), "text": wording.instant(at)[5:16]} for at in range(first, span.to_us + 1, step)
    ]
