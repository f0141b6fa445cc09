"""Scenes of compartments: opened by order, by the key, by nobody's right; orders that fail or are cut off."""

from collections.abc import Callable, Mapping
from typing import Final

from custody.bookcheck.script import Script
from custody.compartments import BY_KEY, BY_ORDER, WRONG_DOOR
from custody.rules import Rule
from custody.times import SECOND_US

REQUEST: Final = "q-1"


def _two(s: Script) -> tuple[str, str]:
    """Two compartments of one cabinet. Raises Impossible."""
    for cabinet in s.area.cabinets:
        found = [c.id for c in s.area.compartments.values() if c.cabinet == cabinet]
        if len(found) > 1:
            return found[0], found[1]
    s.store.lacks("cabinet")
    return "", ""


def _shut(s: Script, name: str) -> str:
    s.tell("compartment.closed", compartment=name)
    s.tell("compartment.locked", SECOND_US, compartment=name)
    return name


def _asked(s: Script, name: str) -> None:
    s.tell("compartment.requested", id=REQUEST, compartment=name, purpose="inspect", officer=s.store.keeper())


def _ordered(s: Script, name: str) -> None:
    _asked(s, name)
    s.tell(
        "compartment.ordered", by="gateway", compartment=name, request=REQUEST, purpose="inspect",
        officer=s.store.keeper(), command_id=1, valid_ms=5_000,
    )  # fmt: skip


def _open(s: Script, rule: Rule) -> str:
    name, other = (_shut(s, each) for each in _two(s))
    access = rule.params["access"][0]
    if access == BY_KEY:
        s.tell("compartment.overridden", compartment=name, reason="power", officer=s.store.keeper())
    elif access in (BY_ORDER, WRONG_DOOR):
        _ordered(s, name if access == BY_ORDER else other)
    s.tell("compartment.opened", compartment=name)
    return f"compartment:{name}"


def _failed(s: Script, rule: Rule) -> str:
    name = _shut(s, _two(s)[0])
    _asked(s, name)
    s.tell("compartment.failed", by="gateway", compartment=name, request=REQUEST, why=rule.params["why"][0])
    return f"compartment:{name}"


def _cut_off(s: Script, rule: Rule) -> str:
    name = _shut(s, _two(s)[0])
    _ordered(s, name)
    s.tell("compartment.interrupted", by="gateway", compartment=name, request=REQUEST, why="silent")
    return f"compartment:{name}"


def _missing(s: Script, rule: Rule) -> str:
    """The tag of what lies there goes though nobody opened. Raises Impossible."""
    watched = [c for c in s.area.compartments.values() if c.reader is not None]
    if not watched:
        s.store.lacks("reader in a compartment")
    name, reader = _shut(s, watched[0].id), str(watched[0].reader)
    for fact in ("tag.read", "tag.gone"):
        s.tell(fact, tag="t-1", room=s.area.readers[reader].room, reader=reader)
    return f"compartment:{name}"


def _unknown(s: Script, rule: Rule) -> str:
    name = _shut(s, _two(s)[0])
    s.tell("compartment.unknown", compartment=name)
    return f"compartment:{name}"


LOCKER_SCENES: Final[Mapping[str, Callable[[Script, Rule], str | None]]] = {
    "compartment_cut_off": _cut_off,
    "compartment_failed": _failed,
    "compartment_missing": _missing,
    "compartment_open": _open,
    "compartment_unknown": _unknown,
}
