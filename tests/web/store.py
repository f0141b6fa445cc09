"""An afternoon of the property store, told as facts: its cabinets, what lies in them, what is lent, missing, open, refused.

Words, photos and signatures are sealed as a kiosk's are; the log has their commitments.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from casekiosk.strokes import picture
from custody.catalogue import FACT_TYPES
from tests.web import day
from tests.web.house import HOUR, MINUTE, House
from tests.web.scenes import at

NOW: Final = at("14:22:08")
DAY: Final = 24 * HOUR
KEEPERS: Final = ("0540", "0541")
ROLES: Final = {
    "0540": ["keeper"], "0541": ["keeper"], "0312": ["duty_officer"], "0007": ["case_department_head"], "1187": ["case_officer"],
    "0100": ["legal_reviewer"], "0200": ["supervisor"], "0620": ["guard"],
}  # fmt: skip
ROOMY: Final = (("exhibits-1", "P", 4, 16), ("effects-1", "E", 5, 8), ("dangerous-1", "D", 2, 2))
"""Cabinets of the example area that are larger here: compartments of which letter, from which to which number."""
JPEG: Final = bytes.fromhex(
    "ffd8ffe000104a46494600010101006000600000ffdb004300080606070605080707070909080a0c140d0c0b0b0c1912130f141d1a1f1e1d1a1c1c20"
    "242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc0000b080001000101011100ffc4001f00000105010101010101000000"
    "00000000000102030405060708090a0bffc400b5100002010303020403050504040000017d01020300041105122131410613516107227114328191"
    "a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a"
    "737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8"
    "d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda0008010100003f00fbfcffd9"
)  # fmt: skip
PEN: Final = picture([[[40, 160], [90, 60], [140, 200], [200, 80], [300, 190], [420, 90]]])


def compartments() -> str:
    """What the area file says of those that its cabinets have besides."""
    text, point = "", 100
    for cabinet, letter, first, last in ROOMY:
        for number in range(first, last + 1):
            name = f"{letter}-{number}"
            text += f'\n[[compartment]]\nid = "{name}"\ncabinet = "{cabinet}"\n'
            for of in ("compartment_lock", "compartment_door"):
                point += 1
                text += f'[[point]]\nnode = "n4"\npoint = {point}\nkind = "{of}"\nof = "{name}"\n'
    return text


class Store:
    """A house with its store, and who speaks there. `clock` goes on by a minute with each fact."""

    def __init__(self, folder: Path) -> None:
        self.house = House(folder, day.START, added=compartments())
        for number, roles in ROLES.items():
            self.house.account(number, *roles)
        self.gateway = self.house.gateways["a1"]
        self.at_us = day.START - 40 * DAY

    def say(self, name: str, **body: Any) -> None:
        """A fact a minute after the one before. Who states it is filled in where the catalogue asks for it."""
        self.at_us += MINUTE
        fields = FACT_TYPES[name].fields
        if "officer" in fields and fields["officer"].required:
            body.setdefault("officer", "0540")
        is_sensed = name.startswith(
            ("compartment.opened", "compartment.closed", "compartment.locked", "compartment.unlocked")
        )
        self.gateway.say(
            name, self.at_us, by="node" if is_sensed else "gateway", source="n1" if is_sensed else "", **body
        )

    def seal(self, owner: str, item: str, field: str, value: bytes) -> str:
        """Kept as what a kiosk sent is; gives the commitment."""
        people = self.house.program.people
        assert people is not None
        return people.enclosures.enter("a1", owner, item, field, value, self.at_us)

    def describe(self, item: str, owner: str, title: str, features: str, **more: str) -> None:
        """Words and a photo."""
        words = {"title": title, "features": features, **more}
        stay = {} if owner.startswith("case:") else {"stay": owner}
        told = {name: self.seal(owner, item, name, text.encode()) for name, text in words.items()}
        self.say("item.described", item=item, **stay, **told)
        self.say("item.photographed", item=item, **stay, photo=self.seal(owner, item, "photo", JPEG))

    def seize(
        self,
        item: str,
        title: str,
        features: str,
        procedure: str = "criminal",
        case: str = "c-7f3a",
        **more: Any,
    ) -> None:
        """Seized, described, signed by all who have to."""
        self.say(
            "item.seized", item=item, case=case, procedure=procedure, seized_from="place", officers=["1187", "0921"],
            taken_by="1187", copies=3 if procedure == "criminal" else 2, **{"pieces": 1, **more},
        )  # fmt: skip
        self.describe(item, f"case:{case}", title, features)
        for who in ("holder", "witness", "officer"):
            signature = self.seal(f"case:{case}", item, "signature", PEN)
            self.say("item.signed", item=item, of="seizure", signed_by=who, signature=signature)

    def keep(self, item: str, compartment: str, giver: str = "1187", stay: str | None = None) -> None:
        """Handed to the keeper, and put into a compartment."""
        of = {"item": item} | ({"stay": stay} if stay else {})
        signed = {
            f"{who}_signature": sha256(f"{who} {item}".encode()).hexdigest() for who in ("giver", "taker")
        }
        self.say("item.handed_over", **of, giver=giver, keeper="0540", **signed)
        self.say("item.stored", **of, keeper="0540", compartment=compartment)

    def take_out(self, item: str) -> None:
        known = self.gateway.engine.world.items.get(item)
        lies = known.compartment if known is not None else None
        self.say("item.taken_out", item=item, keeper="0540", compartment=lies)

    def lend(self, item: str, due_us: int) -> None:
        """Approved, taken out, lent."""
        self.say(
            "item.borrow_approved",
            item=item,
            approver="0007",
            borrower="0921",
            purpose="identification",
            return_by_at_us=due_us,
        )
        self.take_out(item)
        signed = {
            f"{who}_signature": sha256(f"{who} lends {item}".encode()).hexdigest()
            for who in ("giver", "taker")
        }
        self.say("item.lent", item=item, keeper="0540", borrower="0921", return_by_at_us=due_us, **signed)


def begin(store: Store) -> None:
    """Officers, doors that are shut and seen to be, and one that nobody sees."""
    store.say("gateway.booted", reason="power_on")
    for node in store.gateway.area.nodes:
        store.say("node.restored", node=node)
    for number, service, roles, sex in (*day.OFFICERS, ("0541", "sworn", ["keeper"], "F")):
        service = "sworn" if "keeper" in roles else service
        store.say(
            "officer.registered", officer=number, service=service, roles=roles, sex=sex, badge=f"0B{number}"
        )
    for recorder in store.gateway.area.recorders:
        store.say("recorder.started", recorder=recorder)
    for name in store.gateway.area.compartments:
        if name != "P-12":
            store.say("compartment.closed", compartment=name)
            store.say("compartment.locked", compartment=name)


def play(folder: Path) -> Store:
    """All of it, up to NOW."""
    store = Store(folder)
    begin(store)
    store.seize("x-1f07", "手机 三星", "黑色，背面有裂痕")
    store.keep("x-1f07", "P-1")
    store.seize("x-2b11", "现金 人民币", "百元面值", pieces=42, cash=True)
    store.keep("x-2b11", "P-2")
    store.seize("x-3c90", "金项链", "带吊坠，重 12 克", valuable=True, seal="S-0081")
    store.keep("x-3c90", "P-3")
    store.seize("x-44d2", "甩棍", "铁制，可伸缩", procedure="public_order", case="c-0412", dangerous=True)
    store.keep("x-44d2", "D-1")
    store.seize("x-5e3f", "笔记本电脑", "银色")
    store.keep("x-5e3f", "P-4")
    store.seize("x-6a20", "账本", "三册", pieces=3)
    store.keep("x-6a20", "P-4")
    store.at_us = NOW - 30 * HOUR
    store.say("item.found_unrelated", item="x-5e3f")
    store.lend("x-1f07", NOW - 3 * HOUR)
    store.lend("x-3c90", NOW + 20 * HOUR)
    store.say("item.lent", item="x-2b11", keeper="0540", borrower="0921", return_by_at_us=NOW + HOUR,
              giver_signature="a" * 64, taker_signature="b" * 64)  # fmt: skip
    store.say("count.started", stocktaking="st-0318", cabinet="exhibits-1", counter="0541", officer="0100")
    for item, found, pieces in (("x-2b11", True, 41), ("x-5e3f", True, 1), ("x-6a20", False, None)):
        store.say(
            "item.counted",
            stocktaking="st-0318",
            item=item,
            found=found,
            **({"pieces": pieces} if pieces else {}),
        )
    store.say("item.counted", stocktaking="st-0318", item="x-1f07", found=True, compartment="P-4")
    store.say("count.ended", stocktaking="st-0318", missing=3)
    store.say("disposal.decided", item="x-44d2", case="c-0412", disposal="destroy", approver="0007")
    leave(store, "0410", "e-9100")
    _effects(store)
    _doors(store)
    store.house.clock.tell(NOW)
    store.house.deliver()
    return store


def _effects(store: Store) -> None:
    """A person's things, one of them signed for by a witness."""
    store.at_us = NOW - 3 * HOUR
    store.say("person.arrived", stay="0409")
    store.say(
        "stay.registered",
        stay="0409",
        measure="criminal_summons",
        case="c-7f3a",
        sex="M",
        minor=False,
        officer="1187",
    )
    store.say("wristband.bound", stay="0409", band="B09", officer="1187")
    for item, title, features in (
        ("e-9001", "钱包", "棕色"),
        ("e-9002", "钥匙", "一串五把"),
        ("e-9003", "腰带", "黑色"),
    ):
        store.say("item.found", item=item, stay="0409", taken_by="1187", pieces=1)
        store.describe(item, "0409", title, features)
        signature = store.seal("0409", item, "signature", PEN)
        store.say(
            "item.refused_signature",
            item=item,
            stay="0409",
            of="listing",
            signed_by="witness",
            signature=signature,
        )
        store.keep(item, "E-3", stay="0409")


def leave(store: Store, stay: str, item: str) -> None:
    """Somebody whose purse was listed, given back, and who has left."""
    store.at_us = NOW - 4 * HOUR
    store.say("person.arrived", stay=stay)
    store.say(
        "stay.registered",
        stay=stay,
        measure="criminal_summons",
        case=f"c-{stay}",
        sex="M",
        minor=False,
        officer="1187",
    )
    store.say("item.found", item=item, stay=stay, taken_by="1187", pieces=1)
    store.describe(item, stay, "钱包", "红色")
    store.say("item.returned", item=item, stay=stay, giver="1187", receiver="person")
    store.say("stay.released", stay=stay, reason="released", officer="1187")


def _doors(store: Store) -> None:
    """One door is open by no order, another cannot be read."""
    store.at_us = NOW - 14 * MINUTE
    store.say("compartment.unlocked", compartment="P-7")
    store.say("compartment.opened", compartment="P-7")
