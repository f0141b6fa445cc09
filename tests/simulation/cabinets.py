"""A cabinet in a simulated area: locks on relays with hooks that hands shut, and what I18 asks of them.

I18: no compartment's lock is driven without an order that is durable and still valid; an order has a request of the same
start that was not refused, with the badge of who asked read at the cabinet before it; a request comes to one end, and is not
complete before its hook has moved.
"""

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from casegateway.limits import BADGE_VALID_MS, LOCKER_WAIT_MS
from custody.cabinets import DOOR, LOCK
from node.relay_lock import RelayLock, RelayLockConfig
from tests.simulation.plan import Act

if TYPE_CHECKING:
    from tests.simulation.node import Board
    from tests.simulation.world import World

FEEDBACK = 60
"""A lock's hook contact has the number of the lock's point and this."""
PULSE_MS = 300
MOVE_US = 60_000
BUSY_US = 800_000
SECOND_US = 1_000_000
FORCED_US = 10 * SECOND_US
"""So long what is told may be overtaken by a hand with a crowbar."""
CABINET = "P"
READER = "rd-P"
SILENCE = "silence-1"
COMPARTMENTS = ("P-1", "P-2")
THINGS = tuple(f"i{number}" for number in range(8))
"""Of the cabinet that keepers go to."""
KEEPER, SECOND = "k1", "k2"
BADGES = {KEEPER: "0B000000F1", SECOND: "0B000000F2"}
VERBS = ("keepers", "kept", "gold", "ask", "badge", "pull", "push", "force", "jam", "free")
ENDS = ("expired", "failed", "completed")


def cabinet_text(
    node: str,
    room: str,
    recorder: str,
    name: str = CABINET,
    kind: str = "property",
    letter: str = "P",
    number: int = 0,
) -> str:
    """What an area file says of a cabinet of two compartments. `number`: 0 for the first on its board, then 1 …"""
    reader = f"rd-{name}"
    text = (
        f'\n[[cabinet]]\nid = "{name}"\nkind = "{kind}"\nroom = "{room}"\nreader = "{reader}"\n'
        f'recorder = "{recorder}"\n\n[[reader]]\nid = "{reader}"\nroom = "{room}"\n'
    )
    points = [("reader", reader, 80 + number)]
    for at in (0, 1):
        place, lock = f"{letter}-{at + 1}", 60 + 2 * number + at
        text += f'\n[[compartment]]\nid = "{place}"\ncabinet = "{name}"\n'
        points += [(LOCK, place, lock), (DOOR, place, lock + 10)]
    return text + "".join(_point(node, *point) for point in points)


def store_text(node: str, room: str, recorder: str, guard: str) -> str:
    """A cabinet of each kind, and a button in the guard room that silences."""
    kinds = (CABINET, "property", "P"), ("E", "effects", "E"), ("D", "dangerous", "D"), ("F", "dossier", "F")
    text = "".join(cabinet_text(node, room, recorder, *kind, number) for number, kind in enumerate(kinds))
    text += f'\n[[input]]\nid = "{SILENCE}"\nkind = "silence"\nroom = "{guard}"\n'
    return text + _point(node, "input", SILENCE, 90)


def _point(node: str, kind: str, of: str, number: int) -> str:
    return f'\n[[point]]\nnode = "{node}"\npoint = {number}\nkind = "{kind}"\nof = "{of}"\n'


class Locks:
    """The locks of one board: `jammed` hooks do not move; `forced_us`: when one was last opened with no order."""

    def __init__(self, board: "Board") -> None:
        self._board = board
        self.points = {p.of: p.point for p in board.points if p.kind == LOCK}
        self._names = {point: name for name, point in self.points.items()}
        self._doors = {p.of: p.point for p in board.points if p.kind == DOOR}
        self.jammed: set[str] = set()
        self.forced_us: dict[str, int] = {}
        for point in self.points.values():
            board.levels[point + FEEDBACK] = 0

    def devices(self, pin: Any) -> list[RelayLock]:
        """What the node's program drives. `pin(point, is_output)` makes a terminal."""
        made = []
        for point in self.points.values():
            table = {
                "kind": "relay_lock", "point": point, "pin": point, "feedback_point": point + FEEDBACK,
                "feedback_pin": point + FEEDBACK, "pulse_ms": PULSE_MS,
            }  # fmt: skip
            made.append(
                RelayLock(
                    RelayLockConfig("", table),
                    pin(point, is_output=True),
                    pin(point + FEEDBACK, is_output=False),
                    0,
                )
            )
        return made

    def driven(self, point: int, level: int) -> None:
        """A relay moved: I18, and the hook follows."""
        name = self._names[point]
        self._board.poke(BUSY_US)
        if level == 1:
            self._board.world.watch.pulsed(self._board.place.id, name)
            if name not in self.jammed:
                self._board.world.kernel.after(MOVE_US, self.hook, name, True)

    def hook(self, name: str, is_withdrawn: bool) -> None:
        """The hook moves, by its coil or by a crowbar."""
        self._board.set_level(self.points[name] + FEEDBACK, int(is_withdrawn))

    def force(self, name: str) -> None:
        """Somebody forces the hook."""
        self.forced_us[name] = self._board.world.now_us
        self.hook(name, True)

    def pull(self, name: str) -> None:
        """A hand pulls the door: it opens where the hook has let go."""
        if self._board.levels[self.points[name] + FEEDBACK]:
            self._board.set_level(self._doors[name], 1)

    def push(self, name: str) -> None:
        """A hand shuts it, and the hook snaps in."""
        self._board.set_level(self._doors[name], 0)
        self.hook(name, False)

    def stands(self, name: str) -> tuple[int, int]:
        """(door open, hook withdrawn), truly."""
        return self._board.levels[self._doors[name]], self._board.levels[self.points[name] + FEEDBACK]


# --- what people do ----------------------------------------------------------------------------------


def crew(at_us: int) -> list[Act]:
    """Two keepers."""
    return [
        Act(
            at_us + n * 50_000,
            "say",
            {
                "type": "officer.registered",
                "body": {"officer": officer, "service": "sworn", "roles": ["keeper"], "badge": badge},
            },
        )
        for n, (officer, badge) in enumerate(BADGES.items())
    ]


def kept(at_us: int, item: str, *, valuable: bool = False) -> list[Act]:
    """A thing is seized by officer o1 and handed to the keeper."""
    seized = {
        "item": item, "case": "c1", "procedure": "criminal", "seized_from": "place", "officers": ["o1"], "taken_by": "o1",
        "pieces": 1, "valuable": valuable, "copies": 3,
    }  # fmt: skip
    handed = {
        "item": item, "giver": "o1", "keeper": KEEPER, "giver_signature": "a" * 64, "taker_signature": "b" * 64,
    }  # fmt: skip
    return [
        Act(at_us, "say", {"type": "item.seized", "body": seized}),
        Act(at_us + 100_000, "say", {"type": "item.handed_over", "body": handed}),
    ]


def asked(at_us: int, name: str, purpose: str, *items: str) -> Act:
    """The keeper asks for a compartment."""
    body = {"compartment": name, "purpose": purpose, "officer": KEEPER} | (
        {"items": list(items)} if items else {}
    )
    return Act(at_us, "say", {"type": "compartment.requested", "body": body})


def tapped(at_us: int, officer: str) -> list[Act]:
    """A badge is held to the cabinet's reader for a second."""
    tag = {"reader": READER, "tag": BADGES[officer]}
    return [
        Act(at_us, "tag", tag | {"is_there": True}),
        Act(at_us + SECOND_US, "tag", tag | {"is_there": False}),
    ]


def handed(at_us: int, name: str, hand: str) -> Act:
    """`pull`, `push`, `force`, `jam` or `free`."""
    return Act(at_us, "compartment", {"name": name, "hand": hand})


def keepers_day(rng: random.Random, span_us: int) -> list[Act]:
    """Keepers and others at the cabinet: most visits are as they should be, some are not."""
    acts = crew(50 * SECOND_US)
    at_us = 60 * SECOND_US
    while at_us < span_us:
        at_us += rng.randrange(5, rng.choice((20, 90, 900))) * SECOND_US
        name, other = rng.sample(COMPARTMENTS, 2)
        acts.append(handed(at_us, name, rng.choices(("jam", "free", "free"), k=1)[0]))
        if rng.random() < 0.9:
            purpose = rng.choice(
                ("count", "inspect", "count", "inspect", "store", "take_out", "lend", "give_back")
            )
            items = () if purpose in ("count", "inspect") else rng.sample(THINGS, rng.choice((1, 1, 2)))
            acts.append(asked(at_us, name, purpose, *items))
        for officer in rng.choice(
            ((KEEPER, SECOND), (KEEPER, SECOND), (SECOND, KEEPER), (KEEPER,), (SECOND,), ())
        ):
            at_us += rng.choice((300_000, SECOND_US, 4 * SECOND_US, 29 * SECOND_US))
            acts += tapped(at_us, officer)
        at_us += rng.choice((600_000, 3 * SECOND_US))
        if rng.random() < 0.1:
            acts.append(handed(at_us, other, "force"))
        acts.append(handed(at_us, name, "pull"))
        at_us += rng.choice((SECOND_US, 20 * SECOND_US, 200 * SECOND_US))
        acts += [handed(at_us, each, "push") for each in (name, other)]
    return [act for act in acts if act.at_us < span_us]


def acts_of(at_us: int, verb: str, words: list[str]) -> list[Act]:
    """A verb of a scene (`VERBS`) as acts."""
    match verb:
        case "keepers":
            return crew(at_us)
        case "kept" | "gold":
            return kept(at_us, words[0], valuable=verb == "gold")
        case "ask":
            return [asked(at_us, *words)]
        case "badge":
            return tapped(at_us, words[0])
    return [handed(at_us, words[0], verb)]


# --- what has to hold --------------------------------------------------------------------------------


def judge_cabinets(world: "World", leaves: list[dict[str, Any]]) -> None:
    """I18 by the log, when all is over."""
    facts = [leaf for leaf in leaves if leaf["class"] == "fact"]
    by_id = {leaf["id"]: leaf for leaf in facts}
    refused = {leaf["body"].get("fact_id") for leaf in leaves if leaf["type"] == "fact.refused/1"}
    orders, before = Counter[str](), -1
    for leaf in facts:
        if leaf["type"] == "compartment.ordered/1":
            orders[leaf["body"]["request"]] += 1
            reader = world.area.cabinet_of(leaf["body"]["compartment"]).reader
            since = [fact for fact in facts[before + 1 :] if fact["body"].get("reader") == reader]
            why = _unlawful(leaf, by_id.get(leaf["body"]["request"]), refused, since)
            before = facts.index(leaf)
            if why:
                world.truth.violate(
                    "I18", f"leaf {leaf['index']} orders {leaf['body']['compartment']}: {why}"
                )
    for request, count in orders.items():
        if count > 1:
            world.truth.violate("I18", f"request {request} was ordered {count} times")
    for name, index in _completed_unmoved(facts):
        world.truth.violate("I18", f"leaf {index} tells {name} to be complete, and its hook has not moved")
    if not world.observer.lied and world.gateway.core is not None and not world.observer.is_interim:
        _ended(world, facts, refused)


def _completed_unmoved(facts: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """(compartment, leaf) of each end of an order, in its own run, between which and the order no hook let go."""
    found = []
    open_: dict[str, tuple[str, int, bool]] = {}  # compartment -> request, boot of its order, hook let go
    for leaf in facts:
        name, body = leaf["body"].get("compartment"), leaf["body"]
        match leaf["type"]:
            case "compartment.ordered/1":
                open_[name] = body["request"], leaf["recorded"]["boot"], False
            case "compartment.unlocked/1" if name in open_:
                open_[name] = *open_[name][:2], True
            case "compartment.interrupted/1":
                open_.pop(name, None)
            case "compartment.completed/1" if name in open_:
                if open_.pop(name) == (body["request"], leaf["recorded"]["boot"], False):
                    found.append((name, leaf["index"]))
    return found


def _unlawful(
    order: dict[str, Any], request: dict[str, Any] | None, refused: set[str], since: list[dict[str, Any]]
) -> str:
    """`since`: what the cabinet's reader told after the order before this one."""
    if request is None or request["type"] != "compartment.requested/1":
        return "no request is before it"
    if request["id"] in refused:
        return "its request was refused"
    if request["body"]["compartment"] != order["body"]["compartment"]:
        return f"the request is for {request['body']['compartment']}"
    if request["recorded"]["boot"] != order["recorded"]["boot"] or request["index"] >= order["index"]:
        return "the request is of another start"
    badge, boot = BADGES.get(request["body"]["officer"]), order["recorded"]["boot"]
    since_us = order["recorded"]["boottime_us"] - BADGE_VALID_MS * 1_000 - SECOND_US
    is_read = any(
        leaf["type"] == "tag.read/1" and leaf["body"]["tag"] == badge
        and leaf["recorded"]["boot"] == boot and leaf["recorded"]["boottime_us"] >= since_us
        for leaf in since if leaf["index"] < order["index"]
    )  # fmt: skip
    return "" if is_read else "no badge was read at the cabinet before it, and since the order before"


def check_completed(world: "World", name: str) -> None:
    """I18: what is told to be complete is shut, now."""
    board = next(board for board in world.boards.values() if name in board.locks.points)
    was_forced = world.now_us - board.locks.forced_us.get(name, -FORCED_US) < FORCED_US
    if any(board.locks.stands(name)) and not was_forced:
        world.truth.violate("I18", f"{name} is told to be complete and stands at {board.locks.stands(name)}")


def _may_wait(world: "World", request: dict[str, Any], newest: dict[str, Any]) -> bool:
    """A request waits for so long, and for the start alone in which it came."""
    waited_us = world.now_us - world.truth.leaves[request["index"]].at_us
    is_of_now = request["recorded"]["boot"] == newest["recorded"]["boot"]
    return is_of_now and waited_us < LOCKER_WAIT_MS * 1_000 + 5 * SECOND_US


def _ended(world: "World", facts: list[dict[str, Any]], refused: set[str]) -> None:
    """Each request has one end, but for one whose door still stands open, or which was just made."""
    ends = Counter(
        leaf["body"]["request"] for leaf in facts if leaf["type"] in {f"compartment.{end}/1" for end in ENDS}
    )
    states = {
        name: board.locks.stands(name) for board in world.boards.values() for name in board.locks.points
    }
    core = world.gateway.core
    assert core is not None
    for leaf in facts:
        if leaf["type"] != "compartment.requested/1" or leaf["id"] in refused:
            continue
        name = leaf["body"]["compartment"]
        state = core.book.engine.world.compartments.get(name)
        is_running = (
            state is not None
            and state.request == leaf["id"]
            and (any(states[name]) or (state.stage == "waiting" and _may_wait(world, leaf, facts[-1])))
        )
        if ends[leaf["id"]] != (0 if is_running else 1):
            world.truth.violate("I18", f"request {leaf['id']} for {name} has {ends[leaf['id']]} ends")
    for name, (door, hook) in states.items():
        shown = core.memory.compartments.get(name), core.memory.hooks.get(name)
        if shown != (door, hook):
            world.truth.violate("I18", f"{name} stands at {(door, hook)}, the log says {shown}")
