"""Every limit of every duty in a log: armed, judged in time, fired or lawfully over. Out of its leaves alone.

A *term* is one limit of one duty, from the leaf that states it (armed, or moved to another limit) to the
leaf that ends it. Nothing here asks a rule: what is shown is that no limit passed unjudged, not that
the rule was right. The definition to the letter: docs/ledger.md.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from custody.engine import LATE_TOLERANCE_US
from custody.ledger.duties import Duty, Event, Leaf, Reading
from custody.ledger.moments import Moments

OUTCOMES: Final = ("fired", "closed", "moved", "law_changed", "running", "missed")
PUNCTUAL: Final = ("in_time", "blind", "late")
NEVER_WAS: Final = "late_evidence"  # closed because late facts show that the duty never was


@dataclass(slots=True)
class Term:
    """One limit of one duty; `leaf`s are indices in the log, None where there is none."""

    obligation: str
    rule: str
    variant: str
    subject: str
    stay: str | None
    stated: int
    stated_us: int  # recorded
    due_us: int | None
    place: int
    outcome: str = "running"
    leaf: int | None = None  # that shows the outcome
    at_us: int | None = None  # what that leaf says when it was
    judged: int | None = None
    judged_us: int | None = None
    ended: int | None = None  # leaf that ended the term
    ended_us: int | None = None
    late_us: int | None = None
    punctual: str | None = None
    blind: tuple[int, int] | None = None

    def row(self) -> dict[str, Any]:
        """For a certificate: integers, strings, None."""
        blind = None if self.blind is None else {"from_us": self.blind[0], "to_us": self.blind[1]}
        return {
            "obligation": self.obligation, "rule": self.rule, "variant": self.variant, "subject": self.subject,
            "stay": self.stay, "stated": self.stated, "due_us": self.due_us, "outcome": self.outcome,
            "leaf": self.leaf, "at_us": self.at_us, "judged": self.judged, "late_us": self.late_us,
            "punctual": self.punctual, "blind": blind, "ended": self.ended,
        }  # fmt: skip


def terms(leaves: Iterable[Leaf]) -> list[Term]:
    """All terms of a log, in the order in which its leaves state them. `leaves` can be gone through more than once."""
    book = Reading()
    book.read(leaves)
    found = [term for duty in book.duties.values() for term in _terms_of(duty, book.moments)]
    for term in found:
        _time(term, book.moments)
    return sorted(found, key=lambda term: term.stated)


def of_period(found: Iterable[Term], from_us: int, to_us: int) -> list[Term]:
    """Terms stated before `to_us` that had not ended when the period began, by the `recorded` times."""
    return [t for t in found if t.stated_us < to_us and (t.ended_us is None or t.ended_us >= from_us)]


def summary(found: Iterable[Term]) -> dict[str, Any]:
    """How many terms ended how; `missed` must be 0, else `missed_terms` says which."""
    rows = list(found)
    return {
        "terms": len(rows),
        "outcomes": {name: sum(t.outcome == name for t in rows) for name in OUTCOMES},
        "punctual": {name: sum(t.punctual == name for t in rows) for name in PUNCTUAL},
        "missed": sum(t.outcome == "missed" for t in rows),
        "missed_terms": [[t.obligation, t.stated] for t in rows if t.outcome == "missed"],
    }


def _terms_of(duty: Duty, moments: Moments) -> Iterator[Term]:
    """Split a duty at the leaves that state a limit; judge each part."""
    events = sorted(duty.events, key=lambda event: (event.place, event.leaf))
    starts = _statements(events)
    for number, start in enumerate(starts):
        following = starts[number + 1] if number + 1 < len(starts) else len(events)
        stated = events[start]
        term = Term(
            duty.id, duty.rule, duty.variant, duty.subject, duty.stay, stated.leaf,
            moments.rows[stated.place].stamp.earliest_us, stated.due_us, stated.place,
        )  # fmt: skip
        own = events[start:following]
        closed = [e for e in own if e.kind == "closed"]
        over = closed[0].place if closed else len(moments.rows)
        part = _Part(
            raised=[e for e in _standing(events, start) + own if e.kind == "raised"],
            withdrawn=[e.place for e in own if e.kind == "cleared" and e.place < over],
            closed=closed,
            next=events[following] if following < len(events) else None,
        )
        _judge(term, part, moments)
        yield term


def _statements(events: list[Event]) -> list[int]:
    """Where a limit is stated: armed, or moved while the duty runs; a limit moved when it is over binds nobody."""
    found: list[int] = []
    is_open = False
    for number, event in enumerate(events):
        if event.kind == "armed" or (event.kind == "moved" and is_open):
            found.append(number)
        is_open = event.kind != "closed" and (is_open or event.kind == "armed")
    return found


@dataclass(slots=True)
class _Part:
    """The events of one term: alarms that stood when it began or were raised in it, and what ended them or it."""

    raised: list[Event]
    withdrawn: list[int]  # places at which alarms were cleared and the duty went on
    closed: list[Event]
    next: Event | None  # the next limit of this duty

    def places(self) -> set[int]:
        """Where something was said."""
        return {*self.withdrawn, *(e.place for e in self.raised), *(e.place for e in self.closed)}

    def standing(self, place: int) -> Event | None:
        """The last alarm that no later moment up to this one took back."""
        stands = [
            e for e in self.raised
            if e.place <= place and not any(e.place < back <= place for back in self.withdrawn)
        ]  # fmt: skip
        return stands[-1] if stands else None

    def closing(self, place: int) -> Event | None:
        """The last word by then of when the duty was over."""
        return next((e for e in reversed(self.closed) if e.place <= place), None)


def _standing(events: list[Event], start: int) -> list[Event]:
    """Alarms of earlier limits of the same duty that nothing ended before this limit was stated.

    Effects of one step stand in order of their own time: an alarm may stand before the leaf that moved its limit.
    """
    found: list[Event] = []
    for event in events[:start]:
        if event.kind == "raised":
            found.append(event)
        elif event.kind == "closed":
            found = []
        elif event.kind == "cleared":
            found = [e for e in found if e.place == event.place]
    return found


def _judge(term: Term, part: _Part, moments: Moments) -> None:
    """Ask, at each moment at which the limit is over and something may have changed, whether it is answered."""
    law = _law_change(term, part, moments)
    end = part.next or law
    until = end.place if end is not None else len(moments.rows)
    asked = _moments_to_ask(term, part, moments)
    # The answers to the last moment of a log may not be written yet.
    judged = [place for place in asked if place < min(until, len(moments.rows) - 1)]
    is_missed = any(not _is_answered(term, part, place) for place in judged)
    _note_judging(term, part, [place for place in asked if place <= until], moments)
    alarm, closing = part.standing(until), part.closing(until)
    end = closing or end
    if end is not None:
        term.ended, term.ended_us = end.leaf, moments.rows[end.place].stamp.earliest_us
    shown = alarm or end
    if is_missed:
        term.outcome = "missed"
    elif shown is not None:
        term.outcome, term.leaf, term.at_us = _OUTCOME_OF[shown.kind], shown.leaf, shown.at_us


_OUTCOME_OF: Final = {
    "raised": "fired", "closed": "closed", "moved": "moved", "armed": "moved", "law": "law_changed",
}  # fmt: skip


def _moments_to_ask(term: Term, part: _Part, moments: Moments) -> list[int]:
    """The first moment past the limit after it was stated, and after each thing said of the duty since."""
    if term.due_us is None:
        return []
    starts = {term.place, *(place for place in part.places() if place > term.place)}
    found = {moments.first_past(term.due_us, start) for start in starts}
    return sorted(place for place in found if place is not None)


def _is_answered(term: Term, part: _Part, place: int) -> bool:
    """An alarm stands, or the duty was over before its limit was, as was known by then."""
    if part.standing(place) is not None:
        return True
    closing = part.closing(place)
    if closing is None or term.due_us is None:
        return False
    is_told = any(e.place <= closing.place for e in part.raised)
    return is_told or closing.at_us <= term.due_us or closing.reason == NEVER_WAS


def _note_judging(term: Term, part: _Part, asked: list[int], moments: Moments) -> None:
    """The first moment that judged the limit; an alarm shows that one had."""
    places = asked[:1] + [e.place for e in part.raised if e.place >= term.place][:1]
    if not places:
        return
    first = min(places)
    closing, alarm = part.closing(first), part.standing(first)
    if closing is not None and closing.place < first:
        return  # over before
    if alarm is not None and alarm.place < term.place:
        return  # its alarm stood when the limit was stated: there was nothing more to raise
    term.judged, term.judged_us = moments.rows[first].leaf, moments.rows[first].stamp.earliest_us


def _law_change(term: Term, part: _Part, moments: Moments) -> Event | None:
    """The first configuration with other rules or rooms after which nothing is said of a running duty."""
    if part.closed or part.next is not None:
        return None
    last = max(part.places() | {term.place})
    found = next(((place, leaf) for place, leaf in moments.laws if place > last), None)
    if found is None:
        return None
    return Event(found[1], found[0], "law", moments.rows[found[0]].stamp.earliest_us, None, "")


def _time(term: Term, moments: Moments) -> None:
    """How long after the limit, or after it was first known of, the judging came; and why."""
    if term.judged_us is None or term.due_us is None:
        return
    since_us = max(term.due_us, term.stated_us)
    term.late_us = max(0, term.judged_us - since_us)
    if term.late_us <= LATE_TOLERANCE_US:
        term.punctual = "in_time"
        return
    stop = next((s for s in moments.stops if s.to_us > since_us and s.from_us < term.judged_us), None)
    term.punctual = "late" if stop is None else "blind"
    term.blind = None if stop is None else (stop.from_us, stop.to_us)
