"""The tables of docs/alarms.md, out of custody.alarm_states and the limits of area.toml."""

from collections.abc import Iterable, Mapping

from custody.alarm_limits import LIMITS
from custody.alarm_states import ASIDE_MOVES, ENDS_BY_ITSELF, MARKS, MOVES, STATES


def _table(head: str, rows: Iterable[Iterable[str]]) -> str:
    names = head.split(" | ")
    lines = [f"| {head} |", "|" + "---|" * len(names)]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows]) + "\n"


def states() -> str:
    """The word that is shown, from the top: the first row that fits."""
    rows = [(f"`{s.name}`", s.when, s.isa or "–", "yes" if s.may_sound else "", s.doc) for s in STATES]
    return _table("state | when | ISA-18.2 | may sound | meaning", rows)


def _moves(moves: Mapping[str, Mapping[str, str]], nothing: str) -> str:
    acts = sorted({act for row in moves.values() for act in row})
    rows = [
        (
            f"`{name}`" if name else nothing,
            *(f"`{row[act]}`" if row.get(act) else nothing if act in row else "" for act in acts),
        )
        for name, row in moves.items()
    ]
    return _table("from / act | " + " | ".join(acts), rows)


def handling() -> str:
    """What officers do, and what comes of it."""
    return _moves(MOVES, "–")


def aside() -> str:
    """What is set aside, and how that ends."""
    ends = ", ".join(f"`{act}` ends `{state}`" for state, act in ENDS_BY_ITSELF.items())
    return _moves(ASIDE_MOVES, "in service") + f"\nBy themselves: {ends}.\n"


def marks() -> str:
    """What may stand beside any state."""
    return _table("mark | meaning", [(f"`{mark.name}`", mark.doc) for mark in MARKS])


def limits() -> str:
    """The keys of [alarms]."""
    rows = [(f"`{key}`", str(low), str(high), str(default)) for key, (low, high, default) in LIMITS.items()]
    return _table("key of `[alarms]` | lowest | highest | where nothing is said", rows)
