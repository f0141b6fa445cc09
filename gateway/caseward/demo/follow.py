"""Follows the gateways' logs while they grow: tells what happens, and has officers deal with the alarms."""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from caseward.demo.beats import MINUTE_US
from caseward.demo.logtail import LogTail
from caseward.demo.people import BY_NUMBER
from custody.rules import Rulebook

POLL_S: Final = 0.05
SEEN_MAX: Final = 20_000  # alarm ids; the oldest go first

Leaf = Mapping[str, Any]
Plan = Callable[[int, str, str, Mapping[str, Any], str], None]
"""Fill in a form at a station time: time, area, fact type, body, officer."""
Tell = Callable[[int, str, str], None]
"""A line for the reader: station time, area, text."""


@dataclass(slots=True)
class Handling:
    """Which officer does what about an alarm, and how many minutes after what."""

    area: str
    plan: Plan
    seed: int
    from_us: int  # officers are at their desks from this station time on
    _seen: dict[str, None] = field(default_factory=dict)
    _rectified: dict[str, None] = field(default_factory=dict)

    def leaf(self, leaf: Leaf) -> None:
        """Look at a leaf; when it tells of a new alarm or of its end, plan what officers do."""
        body = leaf["body"]
        if leaf["type"] == "alarm.raised/1":
            if _is_new(self._seen, body["alarm"]):
                self._take(body["alarm"], leaf["recorded"]["earliest_us"])
        elif (
            leaf["type"] == "alarm.cleared/1" and body["of"] == "alarm" and body["alarm"] in self._seen
        ) and _is_new(self._rectified, body["alarm"]):
            self._rectify(body["alarm"], body["rule"], leaf["recorded"]["earliest_us"])

    def _take(self, alarm: str, at_us: int) -> None:
        rng = random.Random(f"{self.seed}/{alarm}")  # noqa: S311 - a script, no secret
        guard = "000111" if self.area == "a1" else "000211"
        duty = rng.choice(["000010", "000011"])
        taken_us = max(at_us, self.from_us) + rng.randrange(2 * MINUTE_US, 5 * MINUTE_US)
        self.plan(taken_us, self.area, "alarm.taken", {"alarm": alarm, "officer": guard}, guard)
        seen_us = taken_us + rng.randrange(MINUTE_US, 3 * MINUTE_US)
        self.plan(seen_us, self.area, "alarm.acknowledged", {"alarm": alarm, "officer": duty}, duty)

    def _rectify(self, alarm: str, rule: str, at_us: int) -> None:
        rng = random.Random(f"{self.seed}/{alarm}/after")  # noqa: S311
        # Never before it has been taken, however soon the cause went.
        done_us = max(at_us, self.from_us) + rng.randrange(10 * MINUTE_US, 20 * MINUTE_US)
        by = "000101" if self.area == "a1" else "000201"
        cause, action = CAUSES.get(rule, CAUSES[""])
        body = {"alarm": alarm, "officer": by, "cause": cause, "action": action}
        self.plan(done_us, self.area, "alarm.rectified", body, by)
        checked_us = done_us + rng.randrange(10 * MINUTE_US, 30 * MINUTE_US)
        self.plan(checked_us, self.area, "alarm.verified", {"alarm": alarm, "officer": "000006"}, "000006")


@dataclass(slots=True)
class Withdrawn:
    """Alarms that late evidence took back before anybody did anything about them: there is nothing left to do."""

    _first_end: dict[str, str] = field(default_factory=dict)
    _handled: dict[str, None] = field(default_factory=dict)

    def leaf(self, _area: str, leaf: Leaf) -> None:
        """Look at a leaf."""
        body = leaf["body"]
        if leaf["type"] == "alarm.raised/1":
            self._first_end.pop(body["alarm"], None)
        elif leaf["type"] == "alarm.cleared/1" and body["of"] == "alarm":
            self._first_end.setdefault(body["alarm"], body["reason"])
        elif leaf["type"] == "alarm.changed/1":
            _is_new(self._handled, body["alarm"])

    def __contains__(self, alarm: str) -> bool:
        """Whether an alarm was taken back."""
        return self._first_end.get(alarm) == "late_evidence" and alarm not in self._handled


# What the area administrator of the demo writes down, per rule.
CAUSES: Final[Mapping[str, tuple[str, str]]] = {
    "M2a": ("检查室被占用,先带入候问室", "已补做人身安全检查并签字"),
    "M3": ("两名看管人员同时离岗", "已返岗,班长当场提醒"),
    "M4": ("录像设备断电", "已恢复录像,记入讯问笔录"),
    "R3": ("录像设备断电", "已恢复录像,记入询问笔录"),
    "M5": ("登记台排队", "已补登记台账"),
    "I1": ("一名办案民警外出取材料", "已返回,双人讯问"),
    "I2": ("录像中断时仅一名民警", "已恢复录像"),
    "T5": ("未按时办理延长审批", "已离开办案区,启动核查"),
    "T1": ("未按时办理延长审批", "已离开办案区,启动核查"),
    "WB": ("手环被衣袖遮挡", "已重新佩戴并核对"),
    "DR": ("门未关好", "已关闭并检查门锁"),
    "P5": ("借用人讯问后未及时归还", "已归还并核对完好"),
    "LK": ("保管员离开时未关柜门", "已关好,清点无误"),
    "": ("设备重启或线缆松动", "已恢复并检查线路"),
}


class Follower:
    """One thread that reads all logs and hands each new leaf on."""

    def __init__(self, logs: Mapping[str, LogTail], takers: list[Callable[[str, Leaf], None]]) -> None:
        """`logs`: area -> its log; `takers` are called with area and leaf, in the order of the log."""
        self._logs = logs
        self._takers = takers
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Read what is there and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            is_last = self._stop.wait(POLL_S)
            for area, log in self._logs.items():
                for leaf in log.objects():
                    for take in self._takers:
                        take(area, leaf)
            if is_last:
                return


class Narrator:
    """One line for each alarm, clearing and refusal; what the director does is told by himself."""

    def __init__(self, rulebook: Rulebook, tell: Tell) -> None:
        """`tell` prints."""
        self._titles = {(rule.id, rule.variant): rule.title.en for rule in rulebook.rules}
        self._tell = tell

    def leaf(self, area: str, leaf: Leaf) -> None:
        """Tell of a leaf, if it is worth a line."""
        body, at_us = leaf["body"], leaf["recorded"]["earliest_us"]
        match leaf["type"]:
            case "alarm.raised/1":
                article = f"{body['article']['instrument']} {body['article']['article']}"
                late = f", noticed {body['late_us'] // 1_000_000} s late" if body["late_us"] else ""
                self._tell(at_us, area, f"ALARM {body['severity']} {self._what(body)} [{article}]{late}")
            case "alarm.prewarned/1":
                minutes = max(0, body["due_us"] - at_us) // MINUTE_US
                if minutes:
                    self._tell(at_us, area, f"warning {self._what(body)}: {minutes} min left")
            case "alarm.cleared/1" if body["of"] == "alarm":
                self._tell(at_us, area, f"cleared {body['rule']} {body['subject']} ({body['reason']})")
            case "alarm.changed/1":
                name = body["officer"]
                role = BY_NUMBER[name].roles[0].replace("_", " ") if name in BY_NUMBER else "officer"
                self._tell(
                    at_us, area, f"{body['rule']} {body['subject']}: {body['action']} by {name} ({role})"
                )
            case "fact.refused/1":
                self._tell(
                    at_us, area,
                    f"refused {body['fact_type']} of {body['subject']}: {body['reason']}, "
                    f"expected {body['expected']}, found {body['found']}",
                )  # fmt: skip

    def _what(self, body: Mapping[str, Any]) -> str:
        title = self._titles.get((body["rule"], body["variant"]), body["variant"])
        return f"{body['rule']} {title}: {body['subject']} ({body['stage']})"


def _is_new(seen: dict[str, None], key: str) -> bool:
    if key in seen:
        return False
    seen[key] = None
    while len(seen) > SEEN_MAX:
        del seen[next(iter(seen))]
    return True
