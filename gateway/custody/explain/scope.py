"""Which facts of a long history can have a say in what a rule tells of one subject.

Everything left out is about others: stays that were never in a room with this one, equipment that the
rule does not read, and where badges and bands were before the last moves that still count. What a rule
reads is asked of its kind (`reads`). One pass over the facts; nothing is played.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from custody.affected import RuleIndex
from custody.facts import Fact
from custody.kinds import KINDS
from custody.rules import Rulebook

MOVES_BEFORE: Final = 4  # moves of a tag before the subject's first fact that still count
_PEOPLE: Final = frozenset(("badges", "neighbours", "occupants"))
_SIGHT: Final = frozenset(("nodes", "node", "recorders", "recorder", "door", *_PEOPLE))
_OF_COMPARTMENTS: Final = ("config.", "compartment.", "officer.", "tag.", "item.")
_BY_KIND: Final = ("port", "server", "storage", "gateway", "clock")


def in_scope(
    rulebook: Rulebook, key: str, subject: str, facts: Sequence[Fact], at_us: int | None = None
) -> list[Fact]:
    """The facts, in the order given, that can matter for a rule (id/variant) and a subject.

    `at_us`: when the duty began, where it is known; stays that had ended before are left out.
    """
    kind, _, ref = subject.partition(":")
    reads = {aspect for rule in rulebook.versions[key] for aspect in KINDS[rule.kind].reads(rule)}
    if kind in _BY_KIND:
        return [fact for fact in facts if fact.type.startswith((f"{kind}.", "config."))]
    if kind in ("door", "node", "recorder", "reader", "input", "point"):
        return [
            fact for fact in facts if fact.type.startswith("config.") or _is_of_equipment(kind, ref, fact)
        ]
    if kind == "compartment":
        return [fact for fact in facts if fact.type.startswith(_OF_COMPARTMENTS) or "node" in fact.body]
    if kind == "tag":
        return [fact for fact in facts if fact.type.startswith("config.") or _is_of_tag(ref, fact)]
    if kind == "room":
        return _Scope(facts, _stays_seen_in(facts, {ref}, at_us), reads | _PEOPLE).facts()
    if kind != "stay":
        return _of_matter(kind, ref, facts)
    return _of_stay(rulebook, ref, facts, reads, at_us)


def _of_matter(kind: str, ref: str, facts: Sequence[Fact]) -> list[Fact]:
    """Of a case, a thing, a stock-taking: what names it, what is told of its things and stays, and of those of its case."""
    items = {ref} if kind == "item" else _texts((f for f in facts if f.body.get(kind) == ref), "item")
    items |= _texts((f for f in facts if _text(f, "part") in items), "item")
    named = [f for f in facts if f.body.get(kind) == ref or _text(f, "item") in items]
    cases = _texts(named, "case")
    stays = {f.stay for f in facts if f in named or (cases and _text(f, "case") in cases)} - {None}
    return [
        f
        for f in facts
        if f.body.get(kind) == ref
        or _text(f, "item") in items
        or f.stay in stays
        or f.type.startswith(("officer.", "count.", "item.counted", "item.stored"))
    ]


def _is_of_equipment(kind: str, ref: str, fact: Fact) -> bool:
    """It tells of such a thing, or of a node; of a point only what is told of that one."""
    if fact.type.startswith("point."):
        return kind == "point" and ref == f"{fact.body.get('node')}.{fact.body.get('point')}"
    if kind == "reader":
        return "node" in fact.body or (fact.type.startswith("reader.") and fact.body.get("reader") == ref)
    return "node" in fact.body or kind in fact.body


def _is_of_tag(ref: str, fact: Fact) -> bool:
    """It tells of the tag, or of who bears it; whatever ends a stay takes its band off."""
    named = {_text(fact, key) for key in ("tag", "band", "badge", "officer")}
    return ref in named or fact.type in ("wristband.bound", "stay.released")


def _of_stay(
    rulebook: Rulebook, ref: str, facts: Sequence[Fact], reads: set[str], at_us: int | None
) -> list[Fact]:
    own = [fact for fact in facts if fact.stay == ref]
    persons = _texts(own, "person")
    stays = {ref} | {
        f.stay for f in facts if persons and _text(f, "person") in persons and f.stay is not None
    }
    refusing = RuleIndex(rulebook).refusing
    asked = [fact for fact in own if fact.type in refusing]
    for refuser in {
        key for fact in asked for key in refusing[fact.type]
    }:  # a form may be refused by what these read
        reads = reads.union(*(KINDS[rule.kind].reads(rule) for rule in rulebook.versions[refuser]))
    if reads & {"neighbours", "occupants"}:
        bands = _texts((f for f in own if f.type == "wristband.bound"), "band")
        rooms = _texts((f for f in facts if _text(f, "tag") in bands), "room") | _texts(asked, "room")
        stays |= _stays_seen_in(facts, rooms, at_us)
    return _Scope(facts, stays, reads, own).facts()


def _text(fact: Fact, key: str) -> str | None:
    value = fact.body.get(key)
    return value if isinstance(value, str) else None


def _texts(facts: Iterable[Fact], key: str) -> set[str]:
    return {value for fact in facts if (value := _text(fact, key)) is not None}


def _stays_seen_in(facts: Sequence[Fact], rooms: set[str], at_us: int | None) -> set[str]:
    """Stays whose wristband was ever read in one of the rooms, and that had not ended before an instant."""
    tags = _texts((f for f in facts if f.type == "tag.read" and _text(f, "room") in rooms), "tag")
    seen = {f.stay for f in facts if f.type == "wristband.bound" and _text(f, "band") in tags and f.stay}
    if at_us is None:
        return seen
    return seen - {f.stay for f in facts if f.type == "stay.released" and f.occurred_us < at_us}


class _Scope:
    """Selects by stays, their wristbands and what the rule reads."""

    def __init__(
        self, facts: Sequence[Fact], stays: set[str], reads: set[str], own: Sequence[Fact] = ()
    ) -> None:
        self._all = facts
        bands = _texts((f for f in facts if f.type == "wristband.bound" and f.stay in stays), "band")
        shared = (f.stay for f in facts if f.type == "wristband.bound" and _text(f, "band") in bands)
        self._stays = stays | {stay for stay in shared if stay is not None}
        self._bands = bands
        self._reads = reads
        self._is_guarded = bool(reads & _PEOPLE)
        self._begin_us = min((f.occurred_us for f in own), default=None)
        released = [f.occurred_us for f in own if f.type == "stay.released"]
        self._end_us = max((f.occurred_us for f in own), default=None) if released else None

    def facts(self) -> list[Fact]:
        """What is in scope, in the order given."""
        kept = [fact for fact in self._all if self._is_in(fact)]
        stale = self._stale_moves(kept)
        return [fact for fact in kept if id(fact) not in stale] if stale else kept

    def _is_in(self, fact: Fact) -> bool:
        if fact.stay is not None and fact.stay in self._stays:
            return True
        if fact.type.startswith(("officer.", "config.")):
            return True
        if self._end_us is not None and fact.occurred_us > self._end_us:
            return False
        body = fact.body
        tag = _text(fact, "tag") or _text(fact, "band")
        if tag is not None and fact.stay is None:
            return tag in self._bands or (self._is_guarded and fact.type.startswith("tag."))
        if fact.type.startswith("point."):  # a rule on the point alone asks for it
            return False
        if "node" in body or "recorder" in body or fact.type.startswith("reader."):
            return bool(self._reads & _SIGHT)
        return fact.stay is None and "room" in body

    def _stale_moves(self, kept: Sequence[Fact]) -> set[int]:
        """Reads of tags, by identity, that later reads before the subject's first fact made of no account."""
        if self._begin_us is None:
            return set()
        before: dict[str, list[Fact]] = {}
        for fact in sorted(kept, key=lambda f: (f.occurred_us, f.index)):
            tag = _text(fact, "tag")
            if tag is not None and fact.type.startswith("tag.") and fact.occurred_us < self._begin_us:
                before.setdefault(tag, []).append(fact)
        stale: set[int] = set()
        for facts in before.values():
            moves = _moves(facts)
            if len(moves) > MOVES_BEFORE:
                first = moves[-MOVES_BEFORE]
                stale.update(id(fact) for fact in facts[: facts.index(first)])
        return stale


def _moves(facts: Sequence[Fact]) -> list[Fact]:
    """The reads by which a tag came into another room, or was seen no more."""
    place, found = None, []
    for fact in facts:
        room = _text(fact, "room")
        is_gone = fact.type == "tag.gone"
        if (is_gone and room == place) or (not is_gone and room != place):
            place = None if is_gone else room
            found.append(fact)
    return found
