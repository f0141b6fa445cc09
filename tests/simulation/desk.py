"""What a duty desk does about alarms beside handling them: it puts sources aside and silences the sounder; and what I20 asks of that.

I20, from docs/alarms.md: only how a device is, by a limit of the site, is put aside, never what is of the law, of the gravest kind, a
detector or button, the gateway or its storage; for no longer than a site may set; it comes back by itself, at its moment and not before it;
what becomes too grave for it meanwhile lies aside no longer; and what is urgent and nobody has sounds, unless it is put aside itself or silenced.
"""

import random
from typing import TYPE_CHECKING, Any

from custody.engine import Engine
from custody.vocabulary import SHELF_REASONS
from tests.simulation.plan import Act

if TYPE_CHECKING:
    from tests.simulation.world import World

SECOND_US = 1_000_000
MINUTE_US, HOUR_US = 60 * SECOND_US, 3_600 * SECOND_US
DEVICES = frozenset({"LK", "WB", "DR", "PT", "SYS", "R6"})
DEEDS = ("DR/forced", "WB/button", "WB/cut", "WB/leap")
"""What somebody did, not how the device is: it lies aside with no source."""
NEVER = frozenset({"gateway", "storage"})
PUT = {"shelved": 30 * MINUTE_US, "removed_from_service": 24 * HOUR_US}
BY_ITSELF = frozenset({"shelf_ended", "service_ended"})
ENDS = BY_ITSELF | {"unshelved", "returned_to_service"}
CARRIED = frozenset({"SYS", "PT"})
"""May lie under the alarm of what carries it, which sounds for it."""
LATE_US = 2_500_000
SETTLING_US = 5 * SECOND_US
ASIDE = {"shelved": "shelved", "removed_from_service": "out_of_service"}
REASONS = sorted(SHELF_REASONS)


def acts(rng: random.Random, span_us: int) -> list[Act]:
    """Sources put aside and taken back, most of them a device's; forms that silence."""
    found = []
    for _ in range(rng.choice((0, 0, 6, 25))):
        args: dict[str, Any] = {
            "pick": rng.random(), "action": rng.choice(("shelved",) * 4 + ("removed_from_service", "unshelved", "returned_to_service")),
            "officer": rng.choice(("o1", "o2", "o4")), "reason": rng.choice(REASONS), "is_device": rng.random() < 0.85,
            "minutes": rng.choice((1, 1, 2, 2, 5, 30)), "hours": rng.choice((1, 1, 24, 25)),
        }  # fmt: skip
        found.append(Act(rng.randrange(120 * SECOND_US, span_us), "put_aside", args))
    for _ in range(rng.choice((0, 0, 3, 12))):
        form = {"type": "alarm.silenced", "body": {"officer": rng.choice(("o1", "o4"))}}
        found.append(Act(rng.randrange(60 * SECOND_US, span_us), "say", form))
    return found


def pressed(rng: random.Random, button: str, span_us: int) -> list[Act]:
    """The button that silences, now and then."""
    found = []
    for _ in range(rng.choice((0, 3, 10))):
        at_us = rng.randrange(60 * SECOND_US, span_us)
        for is_active in (True, False):
            found.append(Act(at_us, "input", {"input": button, "is_active": is_active}))
            at_us += rng.choice((300_000, 2 * SECOND_US))
    return found


# --- what has to hold --------------------------------------------------------------------------------


_OF_ALARMS = frozenset({"alarm.raised/1", "alarm.changed/1", "alarm.cleared/1"})


def cause(leaf: dict[str, Any]) -> tuple[int, int]:
    """Where a leaf counts: an output of alarms with its fact, after which other facts may stand before it (seed 113)."""
    is_of_alarms = leaf["class"] == "output" and leaf["type"] in _OF_ALARMS
    return (int(leaf["id"].rpartition("|")[2]) if is_of_alarms else leaf["index"]), leaf["index"]


def source_of(alarm: str) -> str:
    """Rule, its variant and its subject, without the one time: what is put aside."""
    return alarm.rpartition("/")[0]


def judge_aside(world: "World", leaves: list[dict[str, Any]], engine: Engine) -> None:
    """I20 by the log, when all is over."""
    raised: dict[str, dict[str, Any]] = {}
    standing: set[str] = set()
    aside: dict[str, tuple[str, int]] = {}  # source -> (action, until)
    over: dict[str, int] = {}  # the fact that ended the last one
    silent: dict[str, int] = {}  # alarm -> until
    for leaf in sorted(leaves, key=cause):
        body = leaf["body"]
        if leaf["type"] == "alarm.raised/1":
            raised[body["alarm"]] = body
            standing.add(body["alarm"])
            silent.pop(body["alarm"], None)
        elif leaf["type"] == "alarm.cleared/1":
            standing.discard(body["alarm"])
        if leaf["type"] != "alarm.changed/1":
            continue
        action, source, at = body["action"], source_of(body["alarm"]), cause(leaf)[0]
        if action in PUT:
            _may_be(world, leaf, raised.get(body["alarm"], {}))
            aside[source] = action, body["until_us"]
        elif action in ENDS:
            if source not in aside and over.get(source) == at:
                pass  # another alarm of the same source
            elif source not in aside:
                world.truth.violate("I20", f"leaf {leaf['index']}: {source} comes back and was not put aside")
            elif action in BY_ITSELF:
                _in_time(world, leaf, aside[source][1], leaves[at])
            aside.pop(source, None)
            over[source] = at
            if body["alarm"] in standing and body["state"] == "acknowledged":
                world.truth.violate(
                    "I20", f"leaf {leaf['index']}: {body['alarm']} is back and counts as seen"
                )
        elif action == "silenced":
            silent[body["alarm"]] = body["until_us"]
    world.truth.counts["put aside"] += len(over) + len(aside)
    lying = {name for name, alarm in raised.items() if _may_lie(alarm) and source_of(name) in aside}
    _shown(world, aside, lying)
    _sounds(world, engine, lying, silent)


def _may_lie(alarm: dict[str, Any]) -> bool:
    """As it was last raised."""
    is_local = (alarm.get("basis"), alarm.get("number_basis")) == ("local", "local")
    is_device = alarm.get("rule") in DEVICES and alarm["subject"].partition(":")[0] not in NEVER
    is_deed = alarm.get("alarm", "").partition("/")[2].startswith(DEEDS)
    return is_local and is_device and not is_deed and alarm["severity"] != "S1"


def _may_be(world: "World", leaf: dict[str, Any], alarm: dict[str, Any]) -> None:
    body = leaf["body"]
    span_us = body["until_us"] - body["at_us"]
    if not _may_lie(alarm):
        world.truth.violate(
            "I20", f"leaf {leaf['index']}: {body['alarm']} {alarm.get('severity')} is {body['action']}"
        )
    if not 0 < span_us <= PUT[body["action"]]:
        world.truth.violate("I20", f"leaf {leaf['index']}: {body['action']} for {span_us / 60e6:.1f} min")


def _in_time(world: "World", leaf: dict[str, Any], until_us: int, fact: dict[str, Any]) -> None:
    """It is back at its moment by the clock's latest, and as soon as the gateway is at work."""
    latest_us = fact["recorded"]["latest_us"]
    if latest_us is not None and latest_us < until_us:
        early_us = until_us - latest_us
        world.truth.violate("I20", f"leaf {leaf['index']}: {leaf['body']['action']} {early_us} us too early")
    at_us = world.truth.leaves[fact["index"]].at_us
    since_us = max((span[0] for span in world.truth.up if span[0] <= at_us), default=at_us)
    had_trouble = any(begin < at_us and end > until_us for begin, end in world.observer.troubles)
    if world.gateway.time.is_honest() and not had_trouble and at_us > max(until_us, since_us) + LATE_US:
        late_s = (at_us - until_us) / 1e6
        world.truth.violate("I20", f"leaf {leaf['index']}: {leaf['body']['action']} {late_s:.1f} s too late")


def _shown(world: "World", aside: dict[str, tuple[str, int]], lying: set[str]) -> None:
    """What the gateway shows as put aside is what the log says, and no moment of return is past."""
    core = world.gateway.core
    if core is None or world.observer.is_interim:
        return
    for source, (action, until_us) in aside.items():
        if until_us < world.now_us - SETTLING_US and world.gateway.time.is_honest():
            late_s = (world.now_us - until_us) / 1e6
            world.truth.violate("I20", f"{source} is {action} and should be back for {late_s:.1f} s")
    for alarm in core.book.engine.alarms.values():
        action, until = aside[source_of(alarm.id)] if alarm.id in lying else ("", None)
        wanted = ASIDE.get(action, ""), until
        if not alarm.is_prewarning and (alarm.aside, alarm.aside_until_us) != wanted:
            shown = alarm.aside, alarm.aside_until_us
            world.truth.violate("I20", f"{alarm.id} is shown as {shown}, the log says {wanted}")


def _sounds(world: "World", engine: Engine, lying: set[str], silent: dict[str, int]) -> None:
    """What is urgent sounds while nobody has it, and nobody put it aside or silenced it. What can lie under a cause is left out."""
    mute = [
        name for name, is_on in engine.outputs().items() if world.area.outputs[name].kind == "sounder" and not is_on
    ]  # fmt: skip
    for alarm in engine.alarms.values():
        stands = alarm.cleared_us is None and not alarm.is_prewarning and alarm.state == "unacknowledged"
        is_free = alarm.rule not in CARRIED and alarm.id not in lying
        is_silent = silent.get(alarm.id, 0) >= world.now_us - SETTLING_US
        if stands and is_free and not is_silent and alarm.severity in ("S1", "S2"):
            world.truth.counts["must sound"] += 1
            if mute:
                world.truth.violate("I20", f"{alarm.id} stands, nobody has it, and {mute} is silent")
                return
