"""What boards told (I1, I2): every acked message is in the log once, says what the board said, and no more."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from casewire import ACTIVE, UNKNOWN, Boot, Contact, Feedback, Gap, Snapshot, Tag, Troubles

if TYPE_CHECKING:
    from tests.simulation.world import World


def judge_told(world: "World", leaves: list[dict[str, Any]]) -> None:
    """All checks of this module."""
    truth = world.truth
    told: dict[tuple[str, int, int], list[dict[str, Any]]] = {}
    for leaf in leaves:
        source = leaf["source"]
        if leaf["class"] == "fact" and source["name"]:
            told.setdefault((source["name"], source["boot"], source["seq"]), []).append(leaf)
    for message, its_leaves in told.items():
        emitted = truth.emitted.get(message)
        if emitted is None:
            truth.violate("I2", f"leaf {its_leaves[0]['index']} of a message {message} that no node made")
            continue
        for leaf in its_leaves:
            if emitted.message is not None and not _fits(world, message[0], emitted.message, leaf):
                truth.violate(
                    "I2", f"leaf {leaf['index']} {leaf['type']} {leaf['body']} from {words(emitted.message)}"
                )
        ids = Counter(leaf["id"] for leaf in its_leaves)
        if max(ids.values()) > 1:
            truth.violate("I1", f"message {message} is in the log twice")
        is_state = emitted.message is not None and isinstance(emitted.message, Snapshot)  # it may come again
        if message in truth.acked and not world.observer.lied and not is_state:
            # a tag that did not come back after a snapshot is told of the snapshot, seconds later
            at_us = min(
                (truth.leaves[leaf["index"]].at_us for leaf in its_leaves if leaf["type"] != "tag.gone/1"),
                default=0,
            )
            # one that said nothing new left no leaf, and counts as new when it is played back to the next start
            is_played = truth.faults["replay"] and any(
                truth.acked[message] < up[0] <= at_us for up in truth.up
            )
            if at_us > truth.acked[message] and message not in world.observer.in_interim and not is_played:
                truth.violate(
                    "I1",
                    f"message {message} was acked {at_us - truth.acked[message]} us before it was durable",
                )
    if not world.observer.lied:
        _silent_messages(world, told)
        _starts(world, told)
    if not world.observer.rotted and not world.observer.lied:
        _again(world, leaves)  # an interim log may lack the leaf that said it


def _silent_messages(world: "World", told: dict[tuple[str, int, int], list[dict[str, Any]]]) -> None:
    """An acked report that left no leaf said nothing new: the log had the point in that state already."""
    truth = world.truth
    known: dict[
        tuple[str, str], str
    ] = {}  # (kind of thing, its name) -> newest state in the log, by order of messages
    for message in sorted(set(truth.emitted) | set(told)):
        emitted = truth.emitted.get(message)
        for leaf in told.get(message, ()):
            thing = _thing(leaf)
            if thing is not None:
                known[thing[0]] = thing[1]
        if message not in truth.acked or message in told or emitted is None:
            continue
        expected = _expected(world, message[0], emitted.message)
        if expected is not None and known.get(expected[0]) != expected[1]:
            truth.violate("I1", f"message {message} {words(emitted.message)} was acked, and the log says"
                                f" {known.get(expected[0])}")  # fmt: skip


def _starts(world: "World", told: dict[tuple[str, int, int], list[dict[str, Any]]]) -> None:
    """Every start of a board that was acked has its leaf: a start is always news."""
    for node, boot, seq in world.truth.acked:
        if seq == 1 and (node, boot, 1) not in told:
            world.truth.violate("I1", f"start {boot} of {node} was acked and is not in the log")


def _again(world: "World", leaves: list[dict[str, Any]]) -> None:
    """A snapshot tells only what the log does not say already."""
    known: dict[tuple[str, str], str] = {}
    for leaf in leaves:
        thing = _thing(leaf) if leaf["class"] == "fact" else None
        if thing is None:
            continue
        source = leaf["source"]
        emitted = world.truth.emitted.get((source["name"], source["boot"], source["seq"]))
        is_snapshot = emitted is not None and isinstance(emitted.message, Snapshot)
        if is_snapshot and known.get(thing[0]) == thing[1]:
            world.truth.violate(
                "I1", f"leaf {leaf['index']}: a snapshot tells {thing[1]} of {thing[0][1]} again"
            )
        known[thing[0]] = thing[1]


_DOOR = {1: "door.opened", 0: "door.closed", 2: "door.unknown"}
_RECORDER = {1: "recorder.started", 0: "recorder.stopped", 2: "recorder.lost"}
_CABINET_DOOR = {1: "compartment.opened", 0: "compartment.closed", 2: "compartment.unknown"}
_HOOK = {1: "compartment.unlocked", 0: "compartment.locked", 2: "compartment.bolt_unknown"}
_INPUT = {1: "input.activated", 0: "input.cleared", 2: "input.lost"}


def _thing(leaf: dict[str, Any]) -> tuple[tuple[str, str], str] | None:
    name, body = leaf["type"].rpartition("/")[0], leaf["body"]
    if name in _DOOR.values():
        return ("door", body["door"]), name
    if name in _RECORDER.values():
        return ("recorder", body["recorder"]), name
    if name in _INPUT.values():
        return ("input", body["input"]), name
    if name in _CABINET_DOOR.values():
        return ("compartment", body["compartment"]), name
    if name in _HOOK.values():
        return ("hook", body["compartment"]), name
    return None


def _expected(world: "World", node: str, message: Any) -> tuple[tuple[str, str], str] | None:
    """What a contact's report would stand for in the log."""
    if not isinstance(message, Contact):
        return None
    point = next(p for p in world.area.points if p.node == node and p.point == message.point)
    if point.kind == "door_contact":
        return ("door", point.of), _DOOR.get(message.state, "door.unknown")
    if point.kind == "recorder_contact":
        return ("recorder", point.of), _RECORDER.get(message.state, "recorder.lost")
    if point.kind == "input":
        return ("input", point.of), _INPUT.get(message.state, "input.lost")
    if point.kind == "compartment_door":
        return ("compartment", point.of), _CABINET_DOOR[message.state]
    return None


def _fits(world: "World", node: str, message: Any, leaf: dict[str, Any]) -> bool:
    """Whether a leaf says what the message said, and no more."""
    name, body = leaf["type"].rpartition("/")[0], leaf["body"]
    if isinstance(message, Boot):
        return name == "node.booted"
    if isinstance(message, Gap):
        return name == "node.gap" and (body["first_seq"], body["last_seq"]) == (
            message.first_seq,
            message.last_seq,
        )
    if isinstance(message, Tag):
        wanted = "tag.read" if message.present else "tag.gone"
        return name == wanted and body["tag"] == message.uid.hex().upper()
    if isinstance(message, Snapshot):
        return name == "tag.gone" or any(
            _says(world, node, number, state, name, body) for number, state in message.points
        )
    if isinstance(message, Troubles):
        told = [number for number, _ in message.points]
        return name.startswith("point.") and body["node"] == node and body["point"] in told
    if isinstance(message, Contact | Feedback):
        return _says(world, node, message.point, message.state, name, body)
    return False


def _says(world: "World", node: str, number: int, state: int, name: str, body: dict[str, Any]) -> bool:
    point = next((p for p in world.area.points if p.node == node and p.point == number), None)
    if point is None:
        return False
    if point.kind == "door_contact":
        return name == _DOOR.get(state) and body["door"] == point.of
    if point.kind == "recorder_contact":
        return name == _RECORDER.get(state) and body["recorder"] == point.of
    if point.kind == "input":
        return name == _INPUT.get(state) and body["input"] == point.of
    if point.kind in ("compartment_door", "compartment_lock"):
        told = _CABINET_DOOR if point.kind == "compartment_door" else _HOOK
        return name == told[state] and body["compartment"] == point.of
    if point.kind == "lock_feedback":
        return name == "door.released" and body["door"] == point.of and state == ACTIVE
    if point.kind == "exit_request":
        return name == "door.exit_requested" and body["door"] == point.of and state == ACTIVE
    if point.kind == "output" and state == UNKNOWN:
        return name == "output.unknown" and body["output"] == point.of
    if point.kind == "output":
        return (
            name == "output.confirmed" and body["output"] == point.of and body["active"] == (state == ACTIVE)
        )
    return False


def words(message: Any) -> str:
    """A message as a violation names it."""
    fields = getattr(message, "__slots__", None) or vars(message)
    return f"{type(message).__name__}({', '.join(f'{name}={getattr(message, name)}' for name in fields)})"
