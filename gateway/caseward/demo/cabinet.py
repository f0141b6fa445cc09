"""What the story does at the cabinets of area 1: effects in and out, an exhibit handed over, lent, overdue, and a door left open.

The forms are those of the server's pages; badges are read at the cabinet, and the lock board gives a hook free, as at a
real one. docs/demo.md has the same as a table.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from caseward.demo.beats import DESCRIBE, HAND, HOLD, MINUTE_US, SECOND_US, clock
from caseward.demo.people import BY_NUMBER
from caseward.demo.script import HEAD, Script, Stay

KEEPER: Final = "000131"
AREA: Final = "a1"
ROOM: Final = "property"
WALK_US: Final = MINUTE_US
BADGE_AFTER_US: Final = 20 * SECOND_US  # the request has reached the gateway
SHUT_AFTER_US: Final = 2 * MINUTE_US
WRITTEN_AFTER_US: Final = 20 * MINUTE_US
MOVED_AFTER_US: Final = 4 * MINUTE_US


@dataclass(frozen=True, slots=True)
class Place:
    """A compartment of a cabinet."""

    cabinet: str
    compartment: str


EFFECTS_1: Final = Place("effects-1", "E-1")
EFFECTS_2: Final = Place("effects-1", "E-2")
EXHIBITS_1: Final = Place("exhibits-1", "P-1")


@dataclass(frozen=True, slots=True)
class Thing:
    """What is written down of a bag of things: sealed at the server, in no log."""

    title: str
    features: str
    pieces: int


def effects_in(script: Script, at_us: int, stay: Stay, officer: str, bag: Thing, place: Place) -> None:
    """What the search found is listed, signed, handed to the keeper and put away; who searched stands beside."""
    item = _effects_of(stay)
    own = {"item": item, "stay": stay.ref}
    script.form(
        at_us, AREA, officer, "item.found",
        **own, taken_by=officer, pieces=bag.pieces, seal=f"s-{item[-6:]}", kept_because="receiver_absent",
    )  # fmt: skip
    script.form(
        at_us + MINUTE_US, AREA, officer, "item.signed",
        **own, of="listing", signed_by="person", signature=_hand(item, "person"),
    )  # fmt: skip
    _described(script, at_us, own, officer, bag)
    _handed_over(script, at_us + 2 * MINUTE_US, own, officer)
    _opened(script, at_us + 4 * MINUTE_US, place, "store", [item], stay=stay, second=officer)
    _stored(script, at_us + 4 * MINUTE_US + MOVED_AFTER_US, own, place)


def effects_out(script: Script, at_us: int, stay: Stay, officer: str, place: Place, receiver: str) -> None:
    """Taken out and given to the person, or to the family where the person does not go home."""
    item = _effects_of(stay)
    own = {"item": item, "stay": stay.ref}
    _opened(script, at_us, place, "return", [item], stay=stay, second=officer)
    moved_us = at_us + MOVED_AFTER_US
    script.form(moved_us, AREA, KEEPER, "item.taken_out", **own, keeper=KEEPER, compartment=place.compartment)
    script.form(
        moved_us + MINUTE_US, AREA, KEEPER, "item.signed",
        **own, of="returning", signed_by=receiver, signature=_hand(item, "back"),
    )  # fmt: skip
    script.form(moved_us + MINUTE_US, AREA, KEEPER, "item.returned", **own, giver=KEEPER, receiver=receiver)


def exhibit(script: Script, stay: Stay, officers: Sequence[str]) -> None:
    """A thing seized in the morning: kept, lent until 15:20 and back at 16:05, then the door stands open; unrelated, restored."""
    item = f"x-{stay.case[2:]}"
    own: dict[str, Any] = {"item": item, "stay": stay.ref}
    officer = officers[0]
    script.form(
        clock("11:40"), AREA, officer, "item.seized",
        **own, case=stay.case, procedure="criminal", seized_from="person", officers=list(officers),
        taken_by=officer, pieces=1, copies=3, seal=f"s-{item[-6:]}",
    )  # fmt: skip
    script.form(
        clock("11:46"), AREA, officer, "item.signed",
        **own, of="seizure", signed_by="holder", signature=_hand(item, "holder"),
    )  # fmt: skip
    _described(script, clock("11:40"), own, officer, Thing("手机", "黑色,屏幕左下角有裂纹", 1))
    _handed_over(script, clock("12:05"), own, officer)
    _opened(script, clock("12:08"), EXHIBITS_1, "store", [item])
    _stored(script, clock("12:12"), own, EXHIBITS_1)
    _lent(script, own, officer, clock("15:20"))
    _given_back(script, own, officer)
    _restored(script, own, officer)


def _lent(script: Script, own: dict[str, Any], officer: str, due_us: int) -> None:
    script.say(clock("13:16"), AREA, f"{own['item']}: lent to {officer} until 15:20")
    script.form(
        clock("12:50"), AREA, HEAD, "item.borrow_approved",
        **own, approver=HEAD, borrower=officer, purpose="interview", return_by_at_us=due_us,
    )  # fmt: skip
    _opened(script, clock("13:16"), EXHIBITS_1, "lend", [own["item"]])
    script.form(clock("13:20"), AREA, KEEPER, "item.taken_out", **own, keeper=KEEPER, compartment="P-1")
    script.form(
        clock("13:22"), AREA, KEEPER, "item.lent",
        **own, keeper=KEEPER, borrower=officer, return_by_at_us=due_us, **_both(own["item"], "lent"),
    )  # fmt: skip


def _given_back(script: Script, own: dict[str, Any], officer: str) -> None:
    script.say(clock("15:20"), AREA, f"{own['item']}: not given back in time [breach: P5]")
    for minute, head in (("15:50", "case_department_head"), ("15:52", "property_department_head")):
        script.form(clock(minute), AREA, KEEPER, "loan.reported", **own, receiver=head)
    script.form(
        clock("16:05"), AREA, KEEPER, "item.given_back",
        **own, keeper=KEEPER, borrower=officer, state="whole", **_both(own["item"], "back"),
    )  # fmt: skip
    script.say(clock("16:12"), AREA, "compartment P-1 is left open [breach: LK]")
    _opened(script, clock("16:10"), EXHIBITS_1, "give_back", [own["item"]], shut_us=clock("16:30"))
    _stored(script, clock("16:12"), own, EXHIBITS_1)


def _restored(script: Script, own: dict[str, Any], officer: str) -> None:
    script.form(clock("17:20"), AREA, officer, "item.found_unrelated", **own)
    _opened(script, clock("17:40"), EXHIBITS_1, "take_out", [own["item"]])
    script.form(clock("17:44"), AREA, KEEPER, "item.taken_out", **own, keeper=KEEPER, compartment="P-1")
    script.form(
        clock("17:46"), AREA, KEEPER, "item.signed",
        **own, of="returning", signed_by="owner", signature=_hand(own["item"], "owner"),
    )  # fmt: skip
    script.form(clock("17:46"), AREA, KEEPER, "item.restored", **own, giver=KEEPER)


# --- steps ------------------------------------------------------------------------------------


def _opened(
    script: Script, at_us: int, place: Place, purpose: str, items: list[str], *,
    stay: Stay | None = None, second: str = "", shut_us: int = 0,
) -> None:  # fmt: skip
    """A request, the badges before the reader of the cabinet, and a hand at the door until `shut_us`."""
    of_person = {} if stay is None else {"stay": stay.ref}
    script.form(
        at_us, AREA, KEEPER, "compartment.requested",
        compartment=place.compartment, purpose=purpose, items=items, officer=KEEPER, **of_person,
    )  # fmt: skip
    badges = [KEEPER, second] if second else [KEEPER]
    if second:
        script.badge(at_us - WALK_US, AREA, second, ROOM)
        script.badge(at_us + MOVED_AFTER_US, AREA, second, "")
    for officer in badges:
        script.add(at_us + BADGE_AFTER_US, AREA, HOLD, BY_NUMBER[officer].badge, place.cabinet)
    script.add(at_us + BADGE_AFTER_US, AREA, HAND, place.compartment, "pull")
    script.add(shut_us or at_us + SHUT_AFTER_US, AREA, HAND, place.compartment, "push")


def _described(script: Script, at_us: int, own: dict[str, Any], officer: str, thing: Thing) -> None:
    words = {"title": thing.title, "features": thing.features}
    script.add(
        at_us + WRITTEN_AFTER_US, AREA, DESCRIBE, own["item"],
        body={"stay": own["stay"], **words}, officer=officer,
    )  # fmt: skip


def _handed_over(script: Script, at_us: int, own: dict[str, Any], officer: str) -> None:
    signed = _both(own["item"], "over")
    script.form(at_us, AREA, officer, "item.handed_over", **own, giver=officer, keeper=KEEPER, **signed)


def _stored(script: Script, at_us: int, own: dict[str, Any], place: Place) -> None:
    script.form(at_us, AREA, KEEPER, "item.stored", **own, keeper=KEEPER, compartment=place.compartment)


def _effects_of(stay: Stay) -> str:
    return f"e-{stay.ref.partition('-')[2]}"


def _both(item: str, act: str) -> dict[str, str]:
    return {f"{who}_signature": _hand(item, f"{act}/{who}") for who in ("giver", "taker")}


def _hand(item: str, who: str) -> str:
    """In place of a signature: the hash of a sheet of paper that the demo does not have."""
    return hashlib.sha256(f"{item}/{who}".encode()).hexdigest()
