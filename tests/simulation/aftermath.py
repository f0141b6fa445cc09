"""More of what is judged at the end: when things happened, what officers did about alarms, what the server told."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from casewire import UNKNOWN, Contact, Tag
from custody.engine import Engine
from tests.simulation.desk import ENDS, cause, judge_aside
from tests.simulation.plain_server import PlainServer

if TYPE_CHECKING:
    from tests.simulation.world import World

SECOND_US = 1_000_000
EVENT_SLACK_US = 3_000
TAG_SLACK_US = 1_800_000
LOST_SLACK_US = 300_000
TROUBLES = frozenset(
    {"server.lost", "node.lost", "node.gap", "clock.stepped", "clock.doubted", "clock.differed", "port.lost",
     "storage.lost", "gateway.stalled", "node.booted"}
)  # fmt: skip
START_US = 150 * SECOND_US

# What may follow what, written from docs/scenarios.md (ISA-18.2: handling of an alarm), not from the product's table.
HANDLING = {
    "unacknowledged": {"taken", "acknowledged"}, "taken": {"taken", "acknowledged", "rectified"},
    "acknowledged": {"taken", "rectified"}, "rectified": {"rectified", "verified"}, "verified": set(),
}  # fmt: skip


def judge_more(world: "World", leaves: list[dict[str, Any]], engine: Engine) -> None:
    """All checks of this module."""
    world.watch.end()
    _happened(world, leaves)
    _lost(world, leaves)
    _gone(world, leaves)
    _quiet(world, leaves)
    _ended_unseen(world, leaves)
    _chatter(world)
    judge_handling(world, leaves)
    judge_aside(world, leaves, engine)
    _standing(world, leaves, engine)
    _node_outputs(world)
    _server_accounts(world, leaves)
    _forks(world)


# --- I5: what cannot be seen ends nothing ----------------------------------------------------------------

_UNSEEN = (
    "door.unknown/1",
    "recorder.lost/1",
    "input.lost/1",
    "reader.lost/1",
    "node.lost/1",
    "clock.doubted/1",
)
"""Reports that say only that something is not known any more."""


def _ended_unseen(world: "World", leaves: list[dict[str, Any]]) -> None:
    """No alarm that speaks of something is over because it cannot be seen any more: unknown is not normal."""
    for leaf in leaves:
        body = leaf["body"]
        if leaf["type"] == "alarm.cleared/1" and f"{body['reason']}/1" in _UNSEEN:
            world.truth.violate(
                "I5", f"leaf {leaf['index']}: {body['alarm']} is over because of {body['reason']}"
            )


# --- I7 for what nodes tell ------------------------------------------------------------------------------


def _happened(world: "World", leaves: list[dict[str, Any]]) -> None:
    """The interval of a report holds the moment at which the thing itself changed."""
    if not world.gateway.time.is_honest() or world.observer.lied:
        return
    slack_us = EVENT_SLACK_US + world.truth.late_us
    for leaf in leaves:
        source = leaf["source"]
        if leaf["class"] != "fact" or not source["name"]:
            continue
        emitted = world.truth.emitted.get((source["name"], source["boot"], source["seq"]))
        if emitted is None or not isinstance(emitted.message, Contact | Tag):
            continue
        if world.truth.faults["replay"] and _was_played(world, leaf):
            continue  # taken from somebody who held it back: docs/wire.md, not covered
        earliest_us, latest_us = leaf["occurred"]["earliest_us"], leaf["occurred"]["latest_us"]
        if isinstance(emitted.message, Contact) and emitted.message.state != UNKNOWN:
            true_us = _changed(world, source["name"], emitted)
            least_us, most_us = true_us - slack_us, true_us + slack_us
        elif (
            isinstance(emitted.message, Tag) and not emitted.message.present and leaf["type"] == "tag.gone/1"
        ):
            true_us = world.truth.tags_gone.get(
                (source["name"], emitted.message.point, emitted.message.uid.hex().upper()), {}
            )
            moments = [at for at in true_us if at <= emitted.at_us] if true_us else []
            if not moments:
                continue
            true_us = moments[-1]
            least_us, most_us = true_us - TAG_SLACK_US - slack_us, true_us + slack_us
        else:
            continue
        if earliest_us > most_us:
            world.truth.violate(
                "I7", f"leaf {leaf['index']} {leaf['type']}: told as {earliest_us - true_us} us too late"
            )
        if latest_us is not None and latest_us < least_us:
            world.truth.violate(
                "I7", f"leaf {leaf['index']} {leaf['type']}: told as {true_us - latest_us} us too early"
            )


def _was_played(world: "World", leaf: dict[str, Any]) -> bool:
    """Whether a report was taken when its board was not there any more, or before the gateway knew the board's clock."""
    at_us, source = world.truth.leaves[leaf["index"]].at_us, leaf["source"]
    if any(0 <= at_us - span[0] < 3 * SECOND_US for span in world.truth.up):
        return True
    spans = world.truth.node_up.get(source["name"], [])
    mine = spans[source["boot"] - 1] if source["boot"] <= len(spans) else [0, 1]
    return bool(mine[1]) and at_us > mine[1]


def _changed(world: "World", node: str, emitted: Any) -> int:
    """True time of the last change of the point before its report was made."""
    changes = world.truth.levels.get((node, emitted.message.point), [])
    before = [at for at, _ in changes if at <= emitted.at_us]
    return before[-1] if before else emitted.at_us


def _is_new_to(world: "World", leaves: list[dict[str, Any]], node: str, gone_us: int, lost_us: int) -> bool:
    """Whether the log had a life of the node first after this end: it is back, or somebody plays what is new to us (docs/wire.md).

    Seed 266 at be5c128: back within a second, and lost seven seconds later by the line: that loss is no fault of the date.
    """
    before, since = set(), set()
    for leaf in leaves:
        if leaf["source"]["name"] == node:
            at_us = world.truth.leaves[leaf["index"]].at_us
            (before if at_us <= gone_us else since if at_us <= lost_us else set()).add(leaf["source"]["boot"])
    return not before or bool(since - before)


def _lost(world: "World", leaves: list[dict[str, Any]]) -> None:
    """A loss is dated back to when the node was last heard, not to when its silence was noticed."""
    if not world.gateway.time.is_honest():
        return
    for leaf in leaves:
        if leaf["type"] != "node.lost/1":
            continue
        at_us, node = world.truth.leaves[leaf["index"]].at_us, leaf["body"]["node"]
        back_us = max(
            (
                world.truth.leaves[other["index"]].at_us
                for other in leaves[: leaf["index"]]
                if other["type"] == "node.restored/1" and other["body"]["node"] == node
            ),
            default=0,
        )
        since_us = max(back_us, at_us - 8 * SECOND_US)
        gone = [us for us in world.truth.gone.get(node, []) if since_us < us <= at_us]
        if not gone or _is_new_to(world, leaves, node, gone[-1], at_us):
            continue
        if leaf["occurred"]["earliest_us"] > gone[-1] + LOST_SLACK_US:
            late_s = (leaf["occurred"]["earliest_us"] - gone[-1]) / 1e6
            world.truth.violate(
                "I7", f"leaf {leaf['index']}: the loss of a node is dated {late_s:.1f} s too late"
            )


LINE_FAULTS = frozenset({"line", "port_gone", "node_power", "node_reset", "gateway_freeze"})


def _gone(world: "World", leaves: list[dict[str, Any]]) -> None:
    """I2: a tag that lies on its reader all the time is not told as gone, where nothing kept it from being read."""
    if LINE_FAULTS & set(world.truth.faults) and not world.settings.get("judge_tags"):
        return
    for leaf in leaves:
        if leaf["type"] != "tag.gone/1":
            continue
        tag, node = leaf["body"]["tag"], leaf["source"]["name"]
        point = next(p for p in world.area.points if p.kind == "reader" and p.of == leaf["body"]["reader"])
        lies_there = tag in world.boards[point.node].tags[point.point]
        if lies_there and not world.truth.tags_gone.get((node, point.point, tag)):
            world.truth.violate("I2", f"leaf {leaf['index']}: {tag} is told as gone and never moved")


# --- I5 --------------------------------------------------------------------------------------------------------


def _quiet(world: "World", leaves: list[dict[str, Any]]) -> None:
    """Where nothing goes wrong nothing is told to be wrong, once everything has started."""
    if world.plan.faults:
        return
    healed_us = world.plan.start_us + world.plan.for_us
    for leaf in leaves:
        name = leaf["type"].rpartition("/")[0]
        if world.truth.leaves[leaf["index"]].at_us >= healed_us:
            break  # a time service that was never there is heard now
        if name in TROUBLES and world.truth.leaves[leaf["index"]].at_us > world.plan.start_us + START_US:
            world.truth.violate("I5", f"leaf {leaf['index']} {name} {leaf['body']} though nothing is wrong")


def _chatter(world: "World") -> None:
    """A contact that is never still is told as unknown."""
    for node, point, since_us, until_us in world.watch.chatter:
        spans = world.truth.node_up.get(node, [])
        if not any(
            span[0] + 3 * SECOND_US < since_us and (not span[1] or span[1] > until_us) for span in spans
        ):
            continue
        world.truth.counts["chatter looked"] += 1
        said = [
            (e.at_us, e.message.state) for message, e in world.truth.emitted.items()
            if message[0] == node and isinstance(e.message, Contact) and e.message.point == point
        ]  # fmt: skip
        before = max((word for word in said if word[0] < since_us), default=(0, None))
        told = before[1] == UNKNOWN or any(
            state == UNKNOWN and since_us <= at <= until_us + SECOND_US // 2 for at, state in said
        )
        if not told:
            world.truth.violate(
                "I5", f"point {point} of {node} chattered for {(until_us - since_us) / 1e6:.1f} s unsaid"
            )


# --- I9 --------------------------------------------------------------------------------------------------------


def judge_handling(world: "World", leaves: list[dict[str, Any]]) -> None:
    """What officers did about alarms followed the order of handling, and who rectified did not verify."""
    refused = {leaf["body"]["fact_id"] for leaf in leaves if leaf["type"] == "fact.refused/1"}
    by_index = {leaf["index"]: leaf for leaf in leaves}
    states: dict[str, tuple[str, str]] = {}  # alarm -> (state, who rectified)
    for leaf in sorted(leaves, key=cause):
        name = leaf["type"].rpartition("/")[0]
        if (
            name == "alarm.raised"
            and leaf["body"]["alarm"] in states
            and states[leaf["body"]["alarm"]][0] == "verified"
        ):
            del states[leaf["body"]["alarm"]]
        _comes_back(leaf, name, states)
        done = _done(leaf, name, refused)
        if done is None:
            continue
        if leaf["class"] == "output":
            fact = by_index[cause(leaf)[0]]
            if _done(fact, fact["type"].rpartition("/")[0], refused) == done:
                continue  # its fact said so already; any other was handled along with what it lies under
        action, alarm, officer = done
        state, who = states.get(alarm, ("unacknowledged", ""))
        world.truth.counts["alarm handled"] += 1
        if action not in HANDLING[state]:
            world.truth.violate("I9", f"leaf {leaf['index']}: {alarm} {action} after {state}")
        if action == "verified" and officer == who:
            world.truth.violate("I9", f"leaf {leaf['index']}: {officer} verified what he rectified")
        states[alarm] = action, officer if action == "rectified" else who


def _comes_back(leaf: dict[str, Any], name: str, states: dict[str, tuple[str, str]]) -> None:
    """Its source is not put aside any more: whoever had only seen it has to see it again."""
    body = leaf["body"]
    is_end = name == "alarm.changed" and body["action"] in ENDS and body.get("state") == "unacknowledged"
    if is_end and states.get(body["alarm"], ("", ""))[0] == "acknowledged":
        states[body["alarm"]] = "unacknowledged", ""


def _done(leaf: dict[str, Any], name: str, refused: set[str]) -> tuple[str, str, str] | None:
    """(action, alarm, officer) of what was done about an alarm: by an officer's fact, or told as done along with another."""
    body = leaf["body"]
    action = str(body.get("action", "")) if name == "alarm.changed" else name.removeprefix("alarm.")
    is_told = leaf["class"] == "fact" and leaf["id"] not in refused
    if not (is_told or name == "alarm.changed") or action not in {
        act for row in HANDLING.values() for act in row
    }:
        return None
    return action, body["alarm"], body["officer"]


def _standing(world: "World", leaves: list[dict[str, Any]], engine: Engine) -> None:
    """An alarm that was raised stays until it is verified, and is not told as over while its cause stands."""
    core = world.gateway.core
    if core is None or world.observer.is_interim:
        return
    last: dict[str, tuple[str, str]] = {}
    verified: Counter[str] = Counter()
    withdrawn: set[str] = set()  # at some time: what is raised again later is another matter
    refused = {leaf["body"]["fact_id"] for leaf in leaves if leaf["type"] == "fact.refused/1"}
    for leaf in leaves:
        name = leaf["type"].rpartition("/")[0]
        if name in ("alarm.raised", "alarm.cleared"):
            last[leaf["body"]["alarm"]] = name, leaf["body"].get("reason", "")
            if last[leaf["body"]["alarm"]][1] == "late_evidence":
                withdrawn.add(leaf["body"]["alarm"])
        elif (done := _done(leaf, name, refused)) is not None and done[0] == "verified":
            verified[done[1]] += 1
    shown = core.book.engine.alarms
    for alarm, (name, _) in last.items():
        if (
            name == "alarm.raised"
            and not verified[alarm]
            and (alarm not in shown or shown[alarm].cleared_us is not None)
        ):
            world.truth.violate("I9", f"{alarm} stands by the log and is not shown as standing")
    running = {
        row.id
        for row in engine.obligations()
        if row.closed_us is None and any(not s.is_prewarning for s in row.fired)
    }
    for alarm in sorted(
        running - withdrawn
    ):  # a higher stage may have been taken back while a lower one stands
        if last.get(alarm, ("", ""))[0] != "alarm.raised" and not verified[alarm]:
            world.truth.violate("I9", f"{alarm} has reached its limit and its last word is {last.get(alarm)}")
    handled = {
        leaf["body"]["alarm"]
        for leaf in leaves
        if leaf["type"] == "alarm.acknowledged/1" and leaf["id"] not in refused
    }
    for alarm in sorted(handled - withdrawn):
        if alarm not in shown and not verified[alarm]:
            world.truth.violate("I9", f"{alarm} was acknowledged, not verified, and is gone")


# --- I6: what the boards show -----------------------------------------------------------------------------------


def _node_outputs(world: "World") -> None:
    """After healing every lamp of a board shows what the rules want."""
    core = world.gateway.core
    if core is None or world.observer.is_interim:
        return
    wanted = core.book.engine.outputs()
    for board in world.boards.values():
        for point in board.points:
            if point.kind != "output" or point.of not in wanted or not board.is_on:
                continue
            if bool(board.pins[point.point].level) != wanted[point.of]:
                world.truth.violate(
                    "I6",
                    f"{point.of} shows {board.pins[point.point].level}, the rules want {wanted[point.of]}",
                )


# --- I6b, I9: the server's own accounts ------------------------------------------------------------------------------


def _server_accounts(world: "World", leaves: list[dict[str, Any]]) -> None:
    """What the server raised while the gateway was silent is not taken back and then told again by the log."""
    server = world.server
    if isinstance(server, PlainServer) or not server.is_on or world.observer.is_interim:
        return
    raised = {leaf["body"]["alarm"] for leaf in leaves if leaf["type"] == "alarm.raised/1"}
    withdrawn = {
        leaf["body"]["alarm"] for leaf in leaves
        if leaf["type"] == "alarm.cleared/1" and leaf["body"].get("reason") == "late_evidence"
    }  # fmt: skip
    area = server.station.area(world.area.id)
    for alarm in sorted(raised - withdrawn)[:300]:
        history = area.history(alarm)
        if any(line["what"] == "cleared" and "late_evidence" in str(line) for line in history):
            world.truth.violate("I9", f"the server took {alarm} back as late evidence, the log bears it out")
        if not history:
            world.truth.violate("I9", f"the server knows nothing of {alarm}")


def _forks(world: "World") -> None:
    """I4: a clone of the gateway that tells another history is proved by a file."""
    server = world.server
    if isinstance(server, PlainServer) or not world.truth.counts["clone spoke"]:
        return
    if not server.state.forks.files():
        world.truth.violate("I4", "a clone signed another history, and there is no proof of it")
