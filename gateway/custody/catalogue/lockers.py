"""Compartments of cabinets: who asks to have one opened, what the gateway orders, what its door and bolt say.

What is in a compartment and whose it is stands in the facts of the property ledger (property.py), never here.
"""

from typing import Final

from custody.catalogue.parts import OFFICER, FactType, fact
from custody.fields import BOOL, INT, REF, REFS, TEXT, Field
from custody.locker_words import (
    LOCKER_BREAKS,
    LOCKER_FAILURES,
    LOCKER_PURPOSES,
    LOCKER_WAITS,
    OVERRIDES,
)
from custody.name import Name

_COMPARTMENT: Final = Field(REF, "compartment id of area.toml")
_REQUEST: Final = Field(TEXT, "id of the fact compartment.requested")
_PURPOSE: Final = Field(REF, "what for", choices=LOCKER_PURPOSES)
_OWNER: Final = Field(REF, "whose effects, where it is a person's", required=False)


def _seen(name: str, doc: str, zh: str, en: str) -> FactType:
    return fact(f"compartment.{name}", "sensor", doc, Name(zh, en), compartment=_COMPARTMENT)


def _became(name: str, doc: str, zh: str, en: str, **fields: Field) -> FactType:
    """What the gateway tells of a request to open a compartment."""
    text = Name(zh, en)
    return fact(
        f"compartment.{name}", "gateway", doc, text, compartment=_COMPARTMENT, request=_REQUEST, **fields
    )


LOCKERS: Final[tuple[FactType, ...]] = (
    fact(
        "compartment.requested",
        "officer",
        "An officer asks for one compartment to be opened, now, once, for one purpose. It opens nothing: the gateway waits "
        "for the badge.",
        Name("{officer} 请求打开 {compartment}：{purpose}", "{officer} asks for {compartment}: {purpose}"),
        compartment=_COMPARTMENT,
        purpose=_PURPOSE,
        items=Field(REFS, "references of the items to be put in or taken out", required=False),
        stay=_OWNER,
        officer=OFFICER,
    ),
    _became(
        "ordered",
        "Everybody who has to be there was read at the cabinet; written before the order leaves the gateway.",
        "下令打开 {compartment}（{officer}）", "{compartment} was ordered to open ({officer})",
        purpose=_PURPOSE,
        officer=OFFICER,
        second=Field(REF, "the second officer whose badge was read", required=False),
        stay=_OWNER,
        band=Field(REF, "the wristband that was read, where the person had to be there", required=False),
        command_id=Field(INT, "number of the order, rising within a boot"),
        valid_ms=Field(INT, "the order is void after this many milliseconds"),
    ),
    _became(
        "expired",
        "Whoever had to be there was not read in time: nothing was ordered, and the request is void.",
        "{compartment} 的请求作废：{why}", "The request for {compartment} is void: {why}",
        why=Field(REF, "who was missing", choices=LOCKER_WAITS),
    ),
    _became(
        "failed",
        "A compartment that was to be opened was not seen to be: nothing more is tried.",
        "{compartment} 没有打开：{why}", "{compartment} was not opened: {why}",
        why=Field(REF, "why not", choices=LOCKER_FAILURES),
    ),
    _became(
        "interrupted",
        "After an order, before door and bolt were seen shut, they could be seen no longer: power, board, node or gateway went.",
        "{compartment} 打开后中断：{why}", "{compartment} was cut off half-way: {why}",
        why=Field(REF, "what went", choices=LOCKER_BREAKS),
    ),
    _became(
        "completed",
        "After an order, door and bolt are seen shut again.",
        "{compartment} 已关好", "{compartment} is shut again",
        opened=Field(BOOL, "whether the door was seen to open in between"),
    ),
    fact(
        "compartment.overridden",
        "officer",
        "An officer is about to open a compartment with the mechanical key, and says why. What was opened before this was "
        "entered stays unordered.",
        Name("{officer} 用钥匙打开 {compartment}：{reason}", "{officer} opens {compartment} with the key: {reason}"),
        compartment=_COMPARTMENT,
        reason=Field(REF, "why", choices=OVERRIDES),
        officer=OFFICER,
    ),
    _seen("opened", "Its door contact opened.", "{compartment} 柜门打开", "{compartment} opened"),
    _seen("closed", "Its door contact closed.", "{compartment} 柜门关上", "{compartment} closed"),
    _seen(
        "unknown", "Its door contact can no longer be read, or not yet.",
        "{compartment} 柜门看不见", "The door of {compartment} cannot be read",
    ),
    _seen(
        "unlocked", "Its bolt or hook shows that it can be opened. By whose right it does not say.",
        "{compartment} 锁已打开", "{compartment} is unlocked",
    ),
    _seen("locked", "Its bolt or hook holds.", "{compartment} 已锁上", "{compartment} is locked"),
    _seen(
        "bolt_unknown", "It is unknown whether its bolt holds.",
        "{compartment} 锁看不见", "The bolt of {compartment} cannot be read",
    ),
)  # fmt: skip
