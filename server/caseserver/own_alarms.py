"""Alarms that only the server can find, and a copy of the world that nobody writes to any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import structlog

from caselog.clock import Instant
from caseserver.alarms import SERVER, SYSTEM, Alarm, AlarmBook
from custody.area import Area
from custody.rules import Rulebook
from custody.tables import Table
from custody.world import World

GATEWAY: Final = "gateway"
FORK: Final = "fork"
DIFFERENCE: Final = "difference"
OFFSET: Final = "offset"
OWN_LOG: Final = "own_log"
WITNESS: Final = "witness"
RECEIVER: Final = "receiver"
SOUND_TEST: Final = "sound_test"
GHOST: Final = "ghost"


def own_alarm(area: Area, rulebook: Rulebook, variant: str, anchor: str, at_us: int) -> Alarm:
    """An alarm that the server raises itself: rule SYS, subject the gateway. Wording is the rulebook's if it has it."""
    subject = f"gateway:{area.gateway}"
    rule = next((r for r in rulebook.rules if r.id == SYSTEM and r.variant == variant), None)
    article = rule.article if rule is not None else rulebook.article_of(SYSTEM)
    return Alarm(
        area=area.id,
        id=f"{area.id}/{SYSTEM}/{variant}/{subject}/{anchor}",
        rule=SYSTEM,
        variant=variant,
        subject=subject,
        severity=rule.levels[0].severity
        if rule is not None and rule.levels
        else _SEVERITIES.get(variant, "S1"),
        raised_us=at_us,
        due_us=at_us,
        since_us=at_us,
        article=article.as_dict() if article is not None else {},
        text=rule.text if rule is not None else _TEXTS.get(variant, {}),
        origin=SERVER,
    )


class OwnAlarms:
    """Raising and clearing them in one area's book; the caller holds the book's lock."""

    def __init__(self, area: Area, rulebook: Rulebook, book: AlarmBook) -> None:
        """Writes to `book`."""
        self._area = area
        self._rulebook = rulebook
        self._book = book

    def raise_(self, variant: str, anchor: str, now: Instant, params: Mapping[str, str | int]) -> None:
        """Raise one unless one of this variant is active."""
        alarm = own_alarm(self._area, self._rulebook, variant, anchor, now.earliest_us)
        if any(a.variant == variant and a.is_active for a in self._book.open_system()):
            return
        if variant == DIFFERENCE and self._book.get(alarm.id) is not None:
            return  # told before this start
        if self._book.raise_own(replace(alarm, params=dict(params))):
            structlog.get_logger().error("alarm of the server", alarm=alarm.id)

    def tell(self, variant: str, anchor: str, now: Instant, params: Mapping[str, str | int]) -> None:
        """Raise one whose cause is over at once: it happened; it is handled, not waited for."""
        self.raise_(variant, anchor, now, params)
        self.clear(variant, now)

    def clear(self, variant: str, now: Instant) -> None:
        """The cause is over."""
        for alarm in self._book.open_system():
            if alarm.origin == SERVER and alarm.variant == variant and alarm.is_active:
                self._book.clear(alarm.id, now.earliest_us, "returned")

    def is_open(self, variant: str) -> bool:
        """Whether one of this variant is not closed yet."""
        return any(a.origin == SERVER and a.variant == variant for a in self._book.open_system())


# Nobody in the area has to act at once: no sounder for these.
_SEVERITIES: Final = {WITNESS: "S3", OWN_LOG: "S3", RECEIVER: "S3", SOUND_TEST: "S3", GHOST: "S3"}

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
    WITNESS: {
        "zh": {"what": "第二见证方久未见证", "do": "联系见证方；接通网络或送去存储盘"},
        "en": {
            "what": "A second witness is silent",
            "do": "Call its office; mend the line or carry the stick",
        },
    },
    RECEIVER: {
        "zh": {"what": "通知送不到接收方", "do": "检查接收方与网络；期间改用电话"},
        "en": {
            "what": "Notifications do not get through to a receiver",
            "do": "Check receiver and network; use the telephone meanwhile",
        },
    },
    GHOST: {
        "zh": {"what": "夜间演练未走通报警链路", "do": "在服务器日志查看缺在哪一环，报系统管理员"},
        "en": {
            "what": "The nightly drill did not come through",
            "do": "See in the server's log which link was missing; call the administrator",
        },
    },
    SOUND_TEST: {
        "zh": {"what": "本班未试听报警声", "do": "在值班页试听，听到后确认"},
        "en": {
            "what": "The alarm sounds were not tested this shift",
            "do": "Play them on the duty page; confirm when heard",
        },
    },
    DIFFERENCE: {
        "zh": {"what": "网关与服务器判断不一致", "do": "核对该时段记录与时间，报系统管理员"},
        "en": {
            "what": "Gateway and server disagree",
            "do": "Check records and times; call the administrator",
        },
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
