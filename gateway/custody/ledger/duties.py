"""What a log says of its duties: limits stated, alarms raised and taken back, ends; each at its moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from custody.ledger.moments import Moments, stamp_of

Leaf = Mapping[str, Any]

_KINDS: Final = {
    "obligation.armed/1": "armed",
    "obligation.moved/1": "moved",
    "obligation.closed/1": "closed",
    "alarm.raised/1": "raised",
    "alarm.cleared/1": "cleared",
}


@dataclass(frozen=True, slots=True)
class Event:
    """`place` of its moment; `at_us`: what the leaf says when it was."""

    leaf: int
    place: int
    kind: str
    at_us: int
    due_us: int | None
    reason: str


@dataclass(slots=True)
class Duty:
    """What the log says of one obligation."""

    id: str
    rule: str
    variant: str
    subject: str
    stay: str | None
    events: list[Event] = field(default_factory=list)


class Reading:
    """What the leaves say, gone through twice: a refusal stands after the fact that it is about."""

    def __init__(self) -> None:
        self.moments = Moments()
        self.duties: dict[str, Duty] = {}

    def read(self, leaves: Iterable[Leaf]) -> None:
        """Take all leaves of a log."""
        unjudged = {leaf["body"]["fact"] for leaf in leaves if _is_unjudged(leaf)}
        for leaf in leaves:
            if leaf["class"] == "fact":
                self.moments.take(leaf, is_unjudged=leaf["index"] in unjudged)
            elif leaf["type"] in _KINDS:
                self._note(leaf, _KINDS[leaf["type"]])

    def _note(self, leaf: Leaf, kind: str) -> None:
        body = leaf["body"]
        place = self.moments.place_of(stamp_of(leaf))
        if place is None:  # an answer to no fact of this log: it shows nothing
            return
        name = str(body["obligation"] if "obligation" in body else body["alarm"])
        duty = self.duties.get(name)
        if duty is None:
            who = str(body["rule"]), str(body["variant"]), str(body["subject"]), leaf["stay"]
            duty = self.duties[name] = Duty(name, *who)
        due_us = body["due_us"] if kind in ("armed", "moved") else None
        duty.events.append(
            Event(leaf["index"], place, kind, int(body["at_us"]), due_us, str(body.get("reason", "")))
        )


def _is_unjudged(leaf: Leaf) -> bool:
    """The refusal of a fact that the rules were never asked about: malformed, or from the future."""
    body = leaf["body"]
    if leaf["type"] != "fact.refused/1" or body["rule"] != "SYS":
        return False
    reason = str(body["reason"])
    return reason.startswith("malformed ") or reason == "in_the_future"
