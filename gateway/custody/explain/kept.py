"""Words of explanations about things that are kept and their compartments: made from the titles of their forms."""

from collections.abc import Mapping
from typing import Final

from custody.catalogue.property_forms import PROPERTY_FIELD_NAMES, PROPERTY_FORMS
from custody.name import Name

KEPT_STEPS: Final[Mapping[str, Name]] = {
    fact: title for group in PROPERTY_FORMS for fact, title in group.forms.items()
}
KEPT_UNSPOKEN: Final = frozenset(
    ("photo", "signature", "giver_signature", "taker_signature", "title", "features", "serial", "remark")
)
"""Digests and commitments explain nothing."""
KEPT_FIELDS: Final[Mapping[str, Name]] = {
    key: Name(f"{name.zh}：{{value}}", f"{name.en[0].lower()}{name.en[1:]}: {{value}}")
    for key, name in PROPERTY_FIELD_NAMES.items()
    if key not in KEPT_UNSPOKEN
} | {
    "procedure": Name("程序：{value}", "procedure: {value}"),
    "state": Name("状态：{value}", "found: {value}"),
    "items": Name("财物：{value}", "items: {value}"),
    "request": Name("请求 {value}", "request {value}"),
    "second": Name("第二人 {value}", "second officer {value}"),
    "opened": Name("曾打开：{value}", "it was opened: {value}"),
    "year": Name("{value} 年", "year {value}"),
}
CABINETS: Final[Mapping[str, Name]] = {
    "property": Name("涉案财物柜", "property cabinet"),
    "effects": Name("随身财物柜", "cabinet for effects"),
    "dossier": Name("案卷柜", "dossier cabinet"),
    "dangerous": Name("危险物品专用柜", "cabinet for dangerous goods"),
}
KEPT_REMEDIES: Final[Mapping[str, Name]] = {
    "kept": Name("不再保管这些财物即结束：{items}。", "It ends when these are no longer kept: {items}."),
    "decided": Name(
        "对这些财物作出处理决定即结束：{items}。", "It ends when what becomes of these is decided: {items}."
    ),
    "only_in": Name(
        "从 {compartment} 取出即结束；只能存放在：{kinds}。",
        "It ends when it is taken out of {compartment}; it may lie only in: {kinds}.",
    ),
}
KEPT_SOURCES: Final[Mapping[str, Name]] = {
    "compartment_open": Name("柜门和柜锁都关好", "door and bolt are seen shut"),
    "compartment_failed": Name("柜格能够打开", "an order opens it"),
    "compartment_cut_off": Name("看到柜门和柜锁关好", "it is seen shut again"),
    "compartment_missing": Name("再次读到标签，或者打开柜门", "the tag is read again, or the door is opened"),
    "compartment_unknown": Name("看得见柜门和柜锁", "door and bolt can be read"),
}
