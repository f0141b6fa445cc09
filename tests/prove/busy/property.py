"""Things that are kept: effects of each stay, exhibits of some cases, their ways, and what a store has once a month or quarter.

Forms are entered at the kiosk, at once; an approval at the server. Compartments open by a request and a badge.
"""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from custody.facts import BodyValue
from custody.times import SECOND_US, local_date
from tests.prove.busy.diary import DAY_US, HOUR_US, MINUTE_US, Diary
from tests.prove.busy.dice import Dice
from tests.prove.busy.visit import Visit

ZONE = "Asia/Shanghai"
KEEPER, SECOND, HEAD, COUNTER = "L08", "L12", "L01", "L06"
CABINETS = {"E": ("effects", 12), "P": ("property", 9), "F": ("dossier", 1)}
SEIZED = 0.15
NODE = "n4"
FIRST_POINT = 203

WAYS = ("lent", "tested", "registered", "unrelated", "collected", "split", "sold", "kept")
"""One after the other, over and over."""


def cabinets() -> str:
    """Tables of area.toml: three cabinets in the property store, each with a reader, their points on one node."""
    out, point = "", FIRST_POINT
    for cabinet, (kind, count) in CABINETS.items():
        out += f'[[reader]]\nid = "rd-{cabinet}"\nroom = "property"\n'
        out += f'[[point]]\nnode = "{NODE}"\npoint = {point}\nkind = "reader"\nof = "rd-{cabinet}"\n'
        out += f'[[cabinet]]\nid = "{cabinet}"\nkind = "{kind}"\nroom = "property"\nreader = "rd-{cabinet}"\nrecorder = "rec-south"\n'
        point += 1
        for number in range(1, count + 1):
            place = f"{cabinet}-{number:02}"
            out += f'[[compartment]]\nid = "{place}"\ncabinet = "{cabinet}"\n'
            for part in ("lock", "door"):
                out += f'[[point]]\nnode = "{NODE}"\npoint = {point}\nkind = "compartment_{part}"\nof = "{place}"\n'
                point += 1
    return out


def signature(who: str) -> str:
    """Stands for the hash of what somebody signed."""
    return who.encode().hex().ljust(64, "0")


@dataclass(slots=True)
class Property:
    """The keeper's day."""

    diary: Diary
    dice: Dice
    count: int = 0
    ways: int = 0
    free_us: dict[str, int] = field(default_factory=dict)  # compartment of effects -> from when it is empty
    shelved: list[tuple[str, str]] = field(default_factory=list)  # exhibits that stay: item, compartment

    def begin(self, at_us: int) -> None:
        """Every compartment is shut."""
        for cabinet, (_, count) in CABINETS.items():
            for number in range(1, count + 1):
                for name in ("closed", "locked"):
                    self._seen(at_us, name, f"{cabinet}-{number:02}")

    # --- saying ----------------------------------------------------------------------------

    def say(self, at_us: int, name: str, /, **body: BodyValue) -> None:
        """A form at the kiosk."""
        self.diary.kiosk(at_us, name, **body)

    def _seen(self, at_us: int, name: str, place: str) -> None:
        self.diary.sensor(at_us, f"compartment.{name}", NODE, compartment=place)

    def _new(self) -> str:
        self.count += 1
        return f"i{self.count}"

    def _handed(self, at_us: int, item: str, giver: str, keeper: str = KEEPER, **more: BodyValue) -> None:
        signed = {"giver_signature": signature(giver), "taker_signature": signature(keeper)}
        self.say(at_us, "item.handed_over", item=item, giver=giver, keeper=keeper, **signed, **more)

    def open(self, at_us: int, place: str, purpose: str, items: list[str], **more: BodyValue) -> int:
        """Asked for, badge read, opened and shut again; gives when it is over. Now and then it goes wrong."""
        self.count += 1
        asked = f"kiosk-{self.count}"
        body: dict[str, BodyValue] = {"compartment": place, "purpose": purpose, "officer": KEEPER}
        body |= {key: value for key, value in more.items() if key != "second"}
        if items:
            body["items"] = items
        self.diary.kiosk(at_us, "compartment.requested", asked, **body)
        of = {"compartment": place, "request": asked}
        if self.dice.chance(0.01):
            self.diary.gateway(at_us + 35 * SECOND_US, "compartment.expired", **of, why="nobody")
            return at_us + MINUTE_US
        order = {"purpose": purpose, "officer": KEEPER, "command_id": self.count, "valid_ms": 10_000, **more}
        self.diary.gateway(at_us + 4 * SECOND_US, "compartment.ordered", **of, **order)
        if self.dice.chance(0.01):
            self.diary.gateway(at_us + 9 * SECOND_US, "compartment.failed", **of, why="unmoved")
            return at_us + MINUTE_US
        for name, after_s in (("unlocked", 5), ("opened", 6)):
            self._seen(at_us + after_s * SECOND_US, name, place)
        shut_us = at_us + self.dice.between(15, 45) * SECOND_US
        if self.dice.chance(0.01):
            self.diary.gateway(at_us + 10 * SECOND_US, "compartment.interrupted", **of, why="silent")
            for name in ("unknown", "bolt_unknown"):
                self._seen(at_us + 8 * SECOND_US, name, place)
        for name in ("closed", "locked"):
            self._seen(shut_us, name, place)
        self.diary.gateway(shut_us + SECOND_US, "compartment.completed", **of, opened=True)
        return shut_us + 2 * SECOND_US

    # --- effects ---------------------------------------------------------------------------

    def effects(self, visit: Visit) -> None:
        """Listed after the search, in one compartment, given back before the door."""
        stay, officer, at_us = visit.who.stay, visit.pair.first, visit.arrived_us + 14 * MINUTE_US
        back_us = visit.released_us - 4 * MINUTE_US
        items = [self._new() for _ in range(self.dice.between(1, 3))]
        for item in items:
            self.say(
                at_us, "item.found", item=item, stay=stay, taken_by=officer, pieces=self.dice.between(1, 5)
            )
            self.say(at_us + SECOND_US, "item.described", item=item, stay=stay, title=signature(item))
            self.say(at_us + 2 * SECOND_US, "item.photographed", item=item, stay=stay, photo=signature(item))
            self._sign(at_us + 30 * SECOND_US, item, stay, "listing")
            self._handed(at_us + 40 * SECOND_US, item, officer, stay=stay)
            at_us += 5 * SECOND_US
        at_us += MINUTE_US
        place = min((f"E-{n:02}" for n in range(1, 13)), key=lambda name: self.free_us.get(name, 0))
        has_place = self.free_us.get(place, 0) < at_us and back_us > at_us + 10 * MINUTE_US
        if has_place:
            self.free_us[place] = back_us + 5 * MINUTE_US
            self._store(at_us, items, place, stay=stay)
            self._take_out(back_us - 90 * SECOND_US, items, place, stay=stay)
        if visit.who.stay.endswith("7"):
            return  # left behind
        for item in items:
            self.say(back_us, "item.returned", item=item, stay=stay, giver=KEEPER, receiver="person")
            self._sign(back_us + 10 * SECOND_US, item, stay, "returning")

    def _sign(self, at_us: int, item: str, stay: str, what: str) -> None:
        name, who = (
            ("item.signed", "person") if not self.dice.chance(0.03) else ("item.refused_signature", "witness")
        )
        self.say(at_us, name, item=item, stay=stay, of=what, signed_by=who, signature=signature(who))

    def _store(self, at_us: int, items: list[str], place: str, **more: BodyValue) -> int:
        at_us = self.open(at_us, place, "store", items, **more)
        for item in items:
            self.say(at_us, "item.stored", item=item, keeper=KEEPER, compartment=place, **more)
        return at_us

    def _take_out(self, at_us: int, items: list[str], place: str, **more: BodyValue) -> int:
        at_us = self.open(at_us, place, "take_out", items, **more)
        for item in items:
            self.say(at_us, "item.taken_out", item=item, keeper=KEEPER, compartment=place, **more)
        return at_us

    # --- exhibits --------------------------------------------------------------------------

    def exhibit(self, visit: Visit) -> None:
        """One thing seized for the case of a stay, and one of the ways that it may go."""
        item, at_us = self._new(), visit.arrived_us + 30 * MINUTE_US
        way = WAYS[self.ways % len(WAYS)]
        self.ways += 1
        taken: dict[str, BodyValue] = {
            "item": item, "case": visit.who.case, "officers": list(visit.pair.badges), "taken_by": visit.pair.first, "pieces": 4,
        }  # fmt: skip
        seized = {
            "procedure": "criminal" if visit.who.is_criminal else "public_order",
            "seized_from": "place",
            "copies": 3,
        }
        if way in ("registered", "collected"):
            self.say(at_us, f"item.{way}", **taken)
        else:
            self.say(at_us, "item.seized", **taken, **seized, remote=True)
            self.say(at_us + HOUR_US, "item.brought_in", item=item)
        if way == "registered":
            self.say(at_us + 2 * DAY_US, "item.seized", **taken, **seized)
            at_us += 2 * DAY_US
        at_us += 3 * HOUR_US
        if way == "tested":
            self.diary.form(at_us, "item.test_approved", item=item, approver=HEAD)
            self.say(at_us + 2 * HOUR_US, "item.tested", item=item)
            at_us += 3 * HOUR_US
        self._handed(at_us, item, visit.pair.first)
        _WAYS[way](self, at_us + HOUR_US, item, visit)

    def _lent(self, at_us: int, item: str, visit: Visit) -> None:
        borrower, due_us = visit.pair.second, at_us + 3 * DAY_US
        of = {"item": item, "borrower": borrower}
        self.say(
            at_us, "item.borrow_approved", **of, approver=HEAD, purpose="evidence", return_by_at_us=due_us
        )
        both = {"giver_signature": signature(KEEPER), "taker_signature": signature(borrower)}
        self.say(at_us + MINUTE_US, "item.lent", **of, keeper=KEEPER, return_by_at_us=due_us, **both)
        self.diary.form(due_us + HOUR_US, "loan.reported", item=item, receiver="case_department_head")
        self.diary.form(
            due_us + 2 * HOUR_US, "loan.extended", item=item, approver=HEAD, return_by_at_us=due_us + DAY_US
        )
        both = {"giver_signature": signature(borrower), "taker_signature": signature(KEEPER)}
        self.say(due_us + 20 * HOUR_US, "item.given_back", **of, keeper=KEEPER, state="whole", **both)
        self._dispose(due_us + 2 * DAY_US, item, visit, "destroy")

    def _tested(self, at_us: int, item: str, visit: Visit) -> None:
        carrier = visit.pair.second
        for destination, days in (("laboratory", 0), ("keeper", 9)):
            body: dict[str, BodyValue] = {"item": item, "destination": destination, "carrier": carrier}
            self.say(at_us + days * DAY_US, "item.sent", **body)
            keeper: dict[str, BodyValue] = {"keeper": KEEPER} if destination == "keeper" else {}
            self.say(at_us + days * DAY_US + 3 * HOUR_US, "item.received", **body, **keeper)
        self._dispose(at_us + 12 * DAY_US, item, visit, "transfer")

    def _kept(self, at_us: int, item: str, visit: Visit) -> None:
        place = f"P-{1 + self.ways % 9:02}"
        self.say(at_us, "item.tagged", item=item, tag=f"T-{item}")
        at_us = self._store(at_us + MINUTE_US, [item], place)
        self.diary.form(at_us + 20 * DAY_US, "seizure.extended", item=item, approver=HEAD)
        if len(self.shelved) < 40:
            self.shelved.append((item, place))

    def _split(self, at_us: int, item: str, visit: Visit) -> None:
        two = [KEEPER, SECOND]
        self.say(at_us, "item.split", item=item, part=self._new(), pieces=1, officers=two)
        self.say(
            at_us + MINUTE_US,
            "item.corrected",
            item=item,
            reason="seal misread",
            officers=two,
            seal=f"S{self.count}",
        )
        self._handed(at_us + HOUR_US, item, KEEPER, SECOND)

    def _unrelated(self, at_us: int, item: str, visit: Visit) -> None:
        self.say(at_us, "item.found_unrelated", item=item)
        self.say(at_us + HOUR_US, "item.announced", item=item)
        self.say(at_us + DAY_US, "item.restored", item=item, giver=KEEPER)

    def _sold(self, at_us: int, item: str, visit: Visit) -> None:
        self._dispose(at_us + 5 * DAY_US, item, visit, "auction" if self.ways // len(WAYS) % 2 else "forfeit")

    def _dispose(self, at_us: int, item: str, visit: Visit, what: str) -> None:
        self.diary.form(
            at_us, "disposal.decided", item=item, case=visit.who.case, disposal=what, approver=HEAD
        )
        more: dict[str, BodyValue] = {
            "destroy": {"officers": [KEEPER, HEAD]},
            "transfer": {"destination": "court"},
        }.get(what, {})  # type: ignore[assignment]
        done = {
            "destroy": "destroyed",
            "transfer": "transferred",
            "auction": "auctioned",
            "forfeit": "forfeited",
        }[what]
        self.say(at_us + 2 * DAY_US, f"item.{done}", item=item, keeper=KEEPER, **more)

    # --- the store -------------------------------------------------------------------------

    def day(self, day_us: int, day: int) -> None:
        """A count each fortnight, a clear-up each quarter, a key turned and a dossier taken in now and then."""
        if day % 14 == 13:
            self._take_stock(day_us + 10 * HOUR_US)
        if day % 90 == 20:
            held = local_date(day_us + 15 * HOUR_US, ZoneInfo(ZONE))
            self.say(
                day_us + 15 * HOUR_US,
                "clearup.held",
                room="property",
                year=held.year,
                quarter=(held.month + 2) // 3,
                officers=[KEEPER],
            )
        if day % 25 == 5:
            self.say(
                day_us + 16 * HOUR_US,
                "compartment.overridden",
                compartment="F-01",
                reason="broken",
                officer=KEEPER,
            )
            self.say(day_us + 17 * HOUR_US, "dossier.entered", dossier=f"kept-{day}", keeper=KEEPER)

    def _take_stock(self, at_us: int) -> None:
        ref = f"n{self.count}"
        self.say(at_us, "count.started", stocktaking=ref, cabinet="P", counter=COUNTER)
        for number, (item, place) in enumerate(self.shelved):
            when_us = at_us + (number + 1) * 2 * MINUTE_US
            self.open(when_us, place, "count", [], second=COUNTER) if number % 5 == 0 else None
            self.say(when_us + MINUTE_US, "item.inspected", item=item, state="whole", inspector=COUNTER)
            self.say(when_us + MINUTE_US, "item.counted", item=item, stocktaking=ref, found=True)
        self.say(at_us + 3 * HOUR_US, "count.ended", stocktaking=ref, missing=0)


_WAYS = {
    "lent": Property._lent, "tested": Property._tested, "registered": Property._kept, "unrelated": Property._unrelated,
    "collected": Property._kept, "split": Property._split, "sold": Property._sold, "kept": Property._kept,
}  # fmt: skip
