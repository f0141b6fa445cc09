"""Whose each leaf is (I3, I14): in the order of its board, with its holes told; of an officer who stated it; under its own id and number."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from casewire import Contact, Feedback, Tag
from tests.simulation.told import words

if TYPE_CHECKING:
    from tests.simulation.world import World


def judge_whose(world: "World", leaves: list[dict[str, Any]]) -> None:
    """All checks of this module."""
    _order(world, leaves)
    _officers(world, leaves)
    _given(world, leaves)
    _identity(world, leaves)


# --- I3: in the node's order, holes told -----------------------------------------------------------------


def _order(world: "World", leaves: list[dict[str, Any]]) -> None:
    truth = world.truth
    newest: dict[str, tuple[int, int]] = {}
    gaps: list[tuple[str, int, int, int]] = []
    by_node: list[tuple[str, int, int, int]] = []  # what the node itself could not keep
    for leaf in leaves:
        if leaf["class"] != "fact":
            continue
        body, source = leaf["body"], leaf["source"]
        if leaf["type"] == "node.gap/1":
            gap = body["node"], body["node_boot"], body["first_seq"], body["last_seq"]
            gaps.append(gap)
            if source["name"]:
                by_node.append(gap)
        if not source["name"] or leaf["type"] == "tag.gone/1":
            continue  # a tag that did not come back after a snapshot is told of the snapshot, later
        at = source["boot"], source["seq"]
        if (
            at < newest.get(source["name"], (0, 0))
            and leaf["type"] != "node.gap/1"
            and not _may_be_late(world, leaf, source["name"], at, gaps)
        ):
            truth.violate(
                "I3", f"leaf {leaf['index']} of {source['name']} {at} after {newest[source['name']]}"
            )
        newest[source["name"]] = max(newest.get(source["name"], (0, 0)), at)
    if not world.observer.lied:
        _holes(world, newest, gaps, by_node)


LATE_US = 60_000_000
"""After a start the gateway does not know which message of a node is the next; so long after the first one that it
takes another may be overtaken."""


def _may_be_late(
    world: "World",
    leaf: dict[str, Any],
    node: str,
    at: tuple[int, int],
    gaps: list[tuple[str, int, int, int]],
) -> bool:
    """A message that came after it was given up: told lost before, or overtaken right after the first one of a start."""
    kept = world.truth.leaves[leaf["index"]]
    first_us = world.observer.first_of_life.get((node, kept.life), kept.at_us)
    is_told = any(n == node and boot == at[0] and first <= at[1] <= last for n, boot, first, last in gaps)
    return is_told or kept.at_us - first_us < LATE_US


def _holes(
    world: "World",
    newest: dict[str, tuple[int, int]],
    gaps: list[tuple[str, int, int, int]],
    by_node: list[tuple[str, int, int, int]],
) -> None:
    """A message below the newest that was neither acked nor told lost is a hole that nobody knows of."""
    truth = world.truth
    for (node, boot, seq), emitted in truth.emitted.items():
        top = newest.get(node, (0, 0))
        if boot != top[0] or seq >= top[1] or (node, boot, seq) in truth.acked or emitted.message is None:
            continue
        is_waiting = any(entry.seq == seq for entry in world.boards[node].node.link.queue._entries)
        is_at_work = world.boards[node].is_on and world.boards[node].boot == boot
        # What the gateway gave up comes all the same while the board lives.
        told = by_node if is_at_work else gaps
        is_told = any(n == node and b == boot and first <= seq <= last for n, b, first, last in told)
        is_in_log = (node, boot, seq) in world.observer.sources
        if (
            not is_told
            and not is_in_log
            and not is_waiting
            and isinstance(emitted.message, Contact | Feedback | Tag)
        ):
            truth.violate(
                "I3", f"message {(node, boot, seq)} {words(emitted.message)} is a hole that nobody tells"
            )


# --- officers' facts ---------------------------------------------------------------------------------------


def _officers(world: "World", leaves: list[dict[str, Any]]) -> None:
    """I1 for forms: each once, recorded or refused; I2: none that no officer signed; I14: as it was signed."""
    truth = world.truth
    fates: Counter[str] = Counter()
    for leaf in leaves:
        if leaf["class"] == "fact" and leaf["occurred"]["by"] in ("server", "paper"):
            fates[leaf["id"]] += 1
            said = truth.said.get(leaf["id"])
            if said is None:
                truth.violate(
                    "I2", f"leaf {leaf['index']} of an officer's fact {leaf['id']} that nobody stated"
                )
            elif {**said["body"]} != leaf["body"] or said["occurred"] != leaf["occurred"]:
                truth.violate("I14", f"leaf {leaf['index']} is not what the officer stated")
        elif leaf["type"] == "fact.refused/1" and leaf["body"].get("fact_id") in truth.said:
            fates.setdefault(leaf["body"]["fact_id"], -1000)
    for fact_id in truth.said:
        if fates[fact_id] == 0 and not world.observer.lied:
            truth.violate("I1", f"officer's fact {fact_id} {truth.said[fact_id]['type']} is not in the log")
        if fates[fact_id] > 1:
            truth.violate("I1", f"officer's fact {fact_id} is {fates[fact_id]} times in the log")


PASSED_US = 15_000_000
"""A form that a gateway has not answered for so long is passed by the others (ADR 0044)."""


def _given(world: "World", leaves: list[dict[str, Any]]) -> None:
    """I3 for forms: they are in the log in the order in which they were given, but for one that nobody answered for long."""
    if world.observer.lied or world.truth.faults["forge"]:
        return
    given = [
        (world.truth.given_us[leaf["id"]], leaf)
        for leaf in leaves
        if leaf["class"] == "fact" and leaf["id"] in world.truth.given_us
        and leaf["type"] != "door.release_ordered/1"
    ]  # fmt: skip
    order = {fact_id: number for number, fact_id in enumerate(world.truth.given_us)}
    newest = -1, 0
    for at_us, leaf in given:
        number = order[leaf["id"]]
        if number < newest[0] and newest[1] - at_us < PASSED_US:
            world.truth.violate(
                "I3",
                f"leaf {leaf['index']}: form {leaf['id']} {leaf['type']} is overtaken by one given after it",
            )
        newest = max(newest, (number, world.truth.leaves[leaf["index"]].at_us))


def _identity(world: "World", leaves: list[dict[str, Any]]) -> None:
    """Every id once; leaves of a stay numbered without a hole."""
    ids = Counter(leaf["id"] for leaf in leaves)
    for leaf_id, count in ids.items():
        if count > 1:
            world.truth.violate("I9", f"the id {leaf_id} is {count} times in the log")
    stays: Counter[str] = Counter()
    for leaf in leaves:
        if leaf["stay"] is not None:
            stays[leaf["stay"]] += 1
            if leaf["stay_n"] != stays[leaf["stay"]]:
                world.truth.violate(
                    "I14", f"leaf {leaf['index']}: number {leaf['stay_n']} of stay {leaf['stay']}"
                )
