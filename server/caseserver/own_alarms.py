"""Alarms that only the server can find, and a copy of the world that nobody writes to any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from caseserver.alarms import SERVER, Alarm
from custody.area import Area
from custody.rules import Rulebook
from custody.tables import Table
from custody.world import World

GATEWAY: Final = "gateway"
FORK: Final = "fork"
DIFFERENCE: Final = "difference"
OFFSET: Final = "offset"
OWN_LOG: Final = "own_log"


def own_alarm(area: Area, rulebook: Rulebook, variant: str, anchor: str, at_us: int) -> Alarm:
    """An alarm that the server raises itself: rule SYS, subject the gateway. Wording is the rulebook's if it has it."""
    subject = f"gateway:{area.gateway}"
    rule = next((r for r in rulebook.rules if r.id == "SYS" and r.variant == variant), None)
    article = rule.article if rule is not None else rulebook.article_of("SYS")
    return Alarm(
        area=area.id,
        id=f"{area.id}/SYS/{variant}/{subject}/{anchor}",
        rule="SYS",
        variant=variant,
        subject=subject,
        severity=rule.levels[0].severity if rule is not None and rule.levels else "S1",
        raised_us=at_us,
        due_us=at_us,
        since_us=at_us,
        article=article.as_dict() if article is not None else {},
        text=rule.text if rule is not None else _TEXTS.get(variant, {}),
        origin=SERVER,
    )


# What no rulebook words, because only a server can find it.
_TEXTS: Final[dict[str, Mapping[str, Mapping[str, str]]]] = {
    GATEWAY: {
        "zh": {"what": "看不见：网关失联", "do": "派人到办案区当面看守"},
        "en": {"what": "Cannot see: gateway silent", "do": "Send officers to the area"},
    },
    FORK: {
        "zh": {"what": "网关记录前后不一致", "do": "保留网关存储卡，立即报系统管理员"},
        "en": {
            "what": "Gateway log contradicts itself",
            "do": "Keep the gateway's card; call the administrator",
        },
    },
    OFFSET: {
        "zh": {"what": "网关与服务器时间不一致", "do": "核对两处时钟，以网关记录为准"},
        "en": {
            "what": "Gateway and server clocks differ",
            "do": "Check both clocks; the log keeps the gateway's",
        },
    },
    OWN_LOG: {
        "zh": {"what": "服务器自身日志中断，已另起", "do": "保留旧日志文件，报系统管理员"},
        "en": {
            "what": "The server's own log broke off and began anew",
            "do": "Keep the old files; call the administrator",
        },
    },
    DIFFERENCE: {
        "zh": {"what": "网关与服务器判断不一致", "do": "核对该时段记录，报系统管理员"},
        "en": {"what": "Gateway and server disagree", "do": "Check the records; call the administrator"},
    },
}


def copy_world(world: World) -> World:
    """A world that nobody writes to any more: the same records in tables of their own."""
    copied = World()
    for name, table in vars(world).items():
        if isinstance(table, Table):
            getattr(copied, name).take(table)
    copied.ended.update(world.ended)
    return copied
