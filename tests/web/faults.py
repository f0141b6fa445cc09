"""Trouble with equipment after the busy afternoon, 14:30: a dead line with its node, a line that chatters, what is put aside."""

from __future__ import annotations

from tests.web import day
from tests.web.house import MINUTE, SECOND, House

NOW = day.NOW + 8 * MINUTE


def alarm_of(house: House, rule: str, *, newest: bool = True) -> str:
    """The id of an open alarm of ``rule/variant``."""
    found = [a.id for a in house.gateways["a1"].engine.alarms.values() if f"{a.rule}/{a.variant}" == rule]
    return found[-1 if newest else 0]


def path_of(house: House, rule: str) -> str:
    return f"/alarms/a1/{alarm_of(house, rule).replace('/', '~')}"


def equipment(house: House) -> None:
    """Line ttyA1 dies and node n1 with it; a reader's line chatters and is shelved."""
    day.busy(house)
    gateway = house.gateways["a1"]
    node, point, of = _point(house)
    trouble = {"node": node, "point": point, "of": of, "trouble": "line_open"}
    for minute in range(5):
        gateway.say("point.troubled", day.NOW + minute * MINUTE, by="node", source=node, **trouble)
        gateway.say(
            "point.cleared", day.NOW + minute * MINUTE + 30 * SECOND, by="node", source=node, **trouble
        )
    gateway.say("point.troubled", day.NOW + 5 * MINUTE, by="node", source=node, **trouble)
    gateway.reach(day.NOW + 5 * MINUTE + 10 * SECOND)
    shelf = {"alarm": alarm_of(house, "PT/line"), "officer": "0312", "reason": "chattering", "minutes": 15}
    gateway.say("alarm.shelved", day.NOW + 5 * MINUTE + 20 * SECOND, by="server", **shelf)
    gateway.say("port.lost", day.NOW + 6 * MINUTE, port="ttyA1")
    gateway.say("node.lost", day.NOW + 6 * MINUTE + 3 * SECOND, node="n1")
    gateway.reach(NOW)
    house.clock.tell(NOW)
    house.deliver(lost=("n1",))


def _point(house: House) -> tuple[str, int, str]:
    """A door contact of node 3."""
    known = next(p for p in house.gateways["a1"].area.points if p.node == "n3" and p.kind == "door_contact")
    return known.node, known.point, known.of
