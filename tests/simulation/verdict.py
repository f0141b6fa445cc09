"""What is judged when all is over and healed: the whole log against the whole truth."""

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from casegateway.book import output_of
from casegateway.core import EXIT_STORAGE_FAILED, GatewayCore
from caselog import canonical
from casewire import ACTIVE, UNKNOWN, Boot, Contact, Feedback, Gap, Snapshot, Tag, Troubles
from custody.apply.property import LEDGER
from custody.codec import fact_of
from custody.effects import AlarmRaised
from custody.engine import Engine
from custody.facts import Fact
from tests.custody.against_oracle import by_oracle, in_order, unlike
from tests.simulation.aftermath import judge_more
from tests.simulation.cabinets import judge_cabinets
from tests.verify.auditor import auditor

if TYPE_CHECKING:
    from tests.simulation.world import World

SECOND_US = 1_000_000
ALARM_SLACK_US = 2_500_000
"""I6: from a limit to the durable alarm while the gateway is at work."""
SETTLING_US = 5_000_000
AHEAD_US = (0, 86_400_000_000, 40 * 86_400_000_000)
ORACLE_FACTS_MAX = 260
"""The oracle asks every rule after every fact: longer logs take it minutes."""
BEHIND_LEAVES_MAX = 64


def judge(world: "World") -> None:
    """All checks of the end; each violation is named by its invariant."""
    leaves = [canonical.loads(kept.data) for kept in world.truth.leaves]
    facts = [fact for fact in map(fact_of, leaves) if fact is not None]
    _converged(world)
    _messages(world, leaves)
    _order(world, leaves)
    _officers(world, leaves)
    _identity(world, leaves)
    engine = _replayed(world, leaves, facts)
    _same_state(world, engine)
    _missed(world, engine, _standing(leaves, facts))
    _late(world, leaves)
    _places(world)
    _bounds(world)
    judge_more(world, leaves, engine)
    if world.area.compartments:
        judge_cabinets(world, leaves)
    _property(world, leaves)


# --- I19: every item has its holder -------------------------------------------------------------------


def _property(world: "World", leaves: list[dict[str, Any]]) -> None:
    """What the auditor for strangers says of the log, by docs/property.md alone."""
    try:
        auditor.audit(leaves)
    except auditor.Wrong as error:
        world.truth.violate("I19", str(error))


# --- I10: both sides agree ----------------------------------------------------------------------------


def _converged(world: "World") -> None:
    truth, core, server = world.truth, world.gateway.core, world.server
    if core is None:
        truth.violate(
            "I10", f"the gateway is not at work after healing: {_counts(world, 'exit', 'start failed')}"
        )
        return
    if world.observer.is_interim:
        if not world.observer.lied:  # what a lying disk lost and nobody else holds, a person has to look at
            truth.violate("I10", "the gateway still goes on with an interim log")
        return
    state = server.state
    if world.observer.lied:
        return  # what a lying disk lost is told by the server: see _lied
    if state.ingest.size < len(truth.leaves) - BEHIND_LEAVES_MAX:
        truth.violate("I10", f"the server holds {state.ingest.size} of {len(truth.leaves)} leaves")
    if core.outbox.waiting > BEHIND_LEAVES_MAX:
        truth.violate("I10", f"{core.outbox.waiting} leaves wait for the server")
    if world.settings.get("server") != "plain":
        _both_judged(world, core)
    if state.ingest.counters["refused_fork"] and not _counts(world, "clone spoke"):
        truth.violate("I10", "the server cried fork at an honest gateway")
    for node in world.area.nodes:
        if core.memory.nodes.get(node) != "ok":
            truth.violate("I10", f"node {node} counts as {core.memory.nodes.get(node)} though it speaks")
    # The server gives its time with what it signs: where nothing new came, its last word is one of a wrong clock.
    has_said = world.observer.server_grew_us > server.wall.set_us + SECOND_US
    if world.gateway.health()["clock"] != "trusted" and world.gateway.time.is_honest() and has_said:
        truth.violate("I10", "the clock is still doubted though every source is right again")
    elif _doubts_clock(world) and world.gateway.time.is_honest():
        truth.violate("I10", "the log still doubts the clock though every source is right again")
    if core.memory.is_server_lost:
        truth.violate("I10", "the server counts as lost though it answers")
    if core.storage.reasons and not world.settings.get("second_disk"):
        truth.violate("I10", f"the storage counts as lost: {core.storage.reasons}")


def _face(alarm: Any) -> tuple[Any, ...]:
    """What a page shows of an alarm."""
    return (
        alarm.severity,
        tuple(alarm.stages),
        alarm.state,
        alarm.cleared_us,
        bool(alarm.text),
        alarm.since_us,
    )


def _doubts_clock(world: "World") -> bool:
    """By the log alone."""
    said = [kept.data for kept in world.truth.leaves if b'"type":"clock.' in kept.data]
    words = [canonical.loads(data)["type"].rpartition("/")[0] for data in said]
    words = [word for word in words if word in ("clock.doubted", "clock.stepped", "clock.trusted")]
    return words[-1:] not in ([], ["clock.trusted"])


def _both_judged(world: "World", core: GatewayCore) -> None:
    """The second evaluator agrees, and every officer's form has its fate."""
    truth, state = world.truth, world.server.state
    if state.counters["differences"]:
        truth.violate("I10", f"second evaluator: {list(state.snapshot().differences)[:2]}")
    waiting = state.snapshot().waiting_facts
    if waiting:
        truth.violate("I10", f"{waiting} officers' facts still wait")
    if state.ingest.size == core.book.log.durable_size:
        ours = {a.id for a in core.book.engine.alarms.values()}
        theirs = {a.id for a in state.book.open() if a.origin != "server"}
        if ours != theirs:
            truth.violate("I10", f"alarms open at one side only: {sorted(ours ^ theirs)[:4]}")
        for alarm in state.book.open():
            record = core.book.engine.alarms.get(alarm.id)
            if record is not None and _face(alarm) != _face(record):
                truth.violate(
                    "I10", f"{alarm.id} is {_face(alarm)} at the server, {_face(record)} at the gateway"
                )
        shown = {(duty.rule, duty.variant, duty.subject) for duty in state.evaluator.duties()}
        running = {(duty.rule, duty.variant, duty.subject) for duty in core.book.engine.duties()}
        if shown != running:
            truth.violate("I10", f"duties shown at one side only: {sorted(shown ^ running)[:4]}")


def _counts(world: "World", *beginnings: str) -> dict[str, int]:
    return {key: n for key, n in world.truth.counts.items() if key.startswith(beginnings)}


# --- I1, I2: every acked message once, nothing else ----------------------------------------------------


def _messages(world: "World", leaves: list[dict[str, Any]]) -> None:
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
                    "I2", f"leaf {leaf['index']} {leaf['type']} {leaf['body']} from {_words(emitted.message)}"
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
            truth.violate("I1", f"message {message} {_words(emitted.message)} was acked, and the log says"
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


def _words(message: Any) -> str:
    fields = getattr(message, "__slots__", None) or vars(message)
    return f"{type(message).__name__}({', '.join(f'{name}={getattr(message, name)}' for name in fields)})"


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
                "I3", f"message {(node, boot, seq)} {_words(emitted.message)} is a hole that nobody tells"
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


# --- I4, I9: the log's outputs are those of its facts ----------------------------------------------------------


def _replayed(world: "World", leaves: list[dict[str, Any]], facts: list[Fact]) -> Engine:
    engine = Engine(world.area, world.rulebook)
    derived: dict[str, str] = {}
    for fact in facts:
        for effect in engine.step(fact):
            entry = output_of(effect, fact)
            derived[entry["id"]] = entry["type"]
            if isinstance(effect, AlarmRaised) and effect.is_certain:
                _check_certain(world, effect, fact)
    recorded = {fact.id for fact in facts}
    logged = {
        leaf["id"]: leaf["type"] for leaf in leaves
        if leaf["class"] == "output" and not (
            leaf["type"] == "fact.refused/1" and leaf["body"].get("fact_id") not in recorded
        )
    }  # fmt: skip
    missing, extra = sorted(set(derived) - set(logged)), sorted(set(logged) - set(derived))
    if missing and world.gateway.core is not None:
        world.truth.violate(
            "I9", f"{len(missing)} outputs that follow from the facts are not in the log: {missing[:3]}"
        )
    if extra:
        world.truth.violate(
            "I9", f"{len(extra)} outputs in the log do not follow from its facts: {extra[:3]}"
        )
    return engine


def _check_certain(world: "World", effect: AlarmRaised, fact: Fact) -> None:
    """I7: what is told as certain was so by the true time."""
    if fact.index < len(world.truth.leaves) and world.gateway.time.is_honest():
        at_us = world.truth.leaves[fact.index].at_us
        if at_us < effect.time_us - SECOND_US // 100:
            early_us = effect.time_us - at_us
            world.truth.violate("I7", f"{effect.alarm} told as certain {early_us} us before its limit")


def _same_state(world: "World", engine: Engine) -> None:
    """I4: what the gateway has in memory is what its log gives."""
    core = world.gateway.core
    if core is None or world.observer.is_interim:
        return
    mine = core.book.engine
    if mine.outputs() != engine.outputs():
        world.truth.violate("I4", "outputs in memory are others than those of the log")
    if _rows(mine) != _rows(engine):
        world.truth.violate("I4", "duties in memory are others than those of the log")
    if {a.id: (a.stages, a.cleared_us) for a in mine.alarms.values()} != {
        a.id: (a.stages, a.cleared_us) for a in engine.alarms.values()
    }:
        world.truth.violate("I9", "alarms in memory are others than those of the log")
    wanted = {
        name: on for name, on in mine.outputs().items() if world.area.outputs[name].gpio_line is not None
    }
    shown = {name: world.gateway.lines.get(name, False) for name in wanted}
    if wanted != shown:
        world.truth.violate("I6", f"the gateway's lines show {shown}, the rules want {wanted}")


def _rows(engine: Engine) -> list[Any]:
    return sorted((r.id, r.closed_us, r.due_us, tuple(s.name for s in r.fired)) for r in engine.obligations())


# --- I6: no limit missed, none late ----------------------------------------------------------------------------


def _standing(leaves: list[dict[str, Any]], facts: list[Fact]) -> list[Fact]:
    """The facts but for movements that were refused as they were entered: no order of occurrence revives one (ADR 0036)."""
    refused = {leaf["body"]["fact_id"] for leaf in leaves if leaf["type"] == "fact.refused/1"}
    return [fact for fact in facts if not (fact.type in LEDGER and fact.id in refused)]


def _missed(world: "World", engine: Engine, facts: list[Fact]) -> None:
    """Every stage that the facts, put in their order, reach is one that the gateway told."""
    if world.gateway.core is None or world.observer.is_interim:
        return
    own = [
        _in_its_time(fact)
        for fact in facts
        if fact.type != "deadline.reached" and not fact.type.startswith("alarm.")
    ]
    if not own:
        return
    until_us = max(world.now_us, *(fact.recorded_us for fact in own))  # a clock may have lied forwards
    _, ordered = in_order(own, world.rulebook.id, until_us, world.area)
    told = {(row.id, stage.name) for row in engine.obligations() for stage in row.fired}
    wanted = {
        (row.id, stage.name)
        for row in ordered.obligations() for stage in row.fired if stage.due_us < world.now_us - SETTLING_US
    }  # fmt: skip
    reached = {(row.id, stage.name) for row in ordered.obligations() for stage in row.fired}
    invented = sorted(
        (row.id, stage.name)
        for row in engine.obligations() for stage in row.fired
        if stage.due_us < world.now_us - SETTLING_US and (row.id, stage.name) not in reached
    )  # fmt: skip
    if invented:
        world.truth.violate("I6", f"{len(invented)} limits told that the facts do not reach: {invented[:3]}")
    missing = sorted(wanted - told)
    if missing:
        world.truth.violate("I6", f"{len(missing)} limits reached and not told: {missing[:3]}")
    is_plain = world.settings.get("area", "standard") == "standard"  # the oracle's area is that one
    if is_plain and len(own) <= ORACLE_FACTS_MAX and world.settings.get("wants_oracle", True):
        world.truth.counts["oracle asked"] += 1
        beyond_us = (
            until_us + AHEAD_US[len(own) % len(AHEAD_US)]
        )  # limits of days and months, by the law alone
        verdict, _ = in_order(own, world.rulebook.id, beyond_us, world.area)
        lines = unlike(verdict, by_oracle(own, world.rulebook.id, beyond_us))
        if lines:
            world.truth.violate("I6", f"the oracle says otherwise: {lines[:3]}")


def _in_its_time(fact: Fact) -> Fact:
    """The fact as both readings of the law take it: not from the future when it need not be, by the clock's interval."""
    latest_us = fact.recorded_latest_us
    if latest_us is not None and fact.occurred_us > latest_us:
        return replace(fact, recorded_latest_us=fact.recorded_us)
    at_us = max(fact.recorded_us, fact.occurred_us)
    return replace(fact, recorded_us=at_us, recorded_latest_us=at_us)


def _late(world: "World", leaves: list[dict[str, Any]]) -> None:
    """A limit that only time reached is told at once, or as soon as the gateway is at work again."""
    truth = world.truth
    cause_at: dict[int, int] = {}
    is_deadline = {leaf["index"] for leaf in leaves if leaf["type"] == "deadline.reached/1"}
    for leaf in leaves:
        if leaf["type"] != "alarm.raised/1":
            continue
        cause = leaf["body"].get("fact", leaf["index"])
        if cause not in is_deadline:
            continue
        due_us = leaf["occurred"]["earliest_us"]
        at_us = cause_at.setdefault(cause, truth.leaves[cause].at_us)
        since_us = max((span[0] for span in truth.up if span[0] <= at_us), default=at_us)
        allowed_us = max(due_us, since_us) + ALARM_SLACK_US
        if at_us > allowed_us and not _had_trouble(world, due_us, at_us):
            truth.violate(
                "I6", f"{leaf['body'].get('alarm')} told {(at_us - due_us) / 1e6:.1f} s after its limit"
            )


def _had_trouble(world: "World", from_us: int, to_us: int) -> bool:
    """The gateway was frozen or could not write: then its sounders cried instead (checked where it happened)."""
    return any(begin < to_us and end > from_us for begin, end in world.observer.troubles)


# --- I11: where somebody is ---------------------------------------------------------------------------------------


def _places(world: "World") -> None:
    """After healing a band that lies on one reader is shown there; one that lies on none is not shown as seen."""
    core = world.gateway.core
    if core is None or world.observer.is_interim:
        return
    if world.observer.lied and world.truth.faults["replay"]:
        return  # what was lost can be played back as new
    for reader in world.area.readers.values():
        point = next(p for p in world.area.points if p.kind == "reader" and p.of == reader.id)
        truly = set(world.boards[point.node].tags[point.point])
        logged = core.memory.tags.get(reader.id, set())
        if truly != logged:
            world.truth.violate(
                "I11", f"reader {reader.id} holds {sorted(truly)}, the log says {sorted(logged)}"
            )
    for door in world.area.doors.values():
        found = next((p for p in world.area.points if p.kind == "door_contact" and p.of == door.id), None)
        if found is not None:
            level = world.boards[found.node].levels[found.point]
            if core.memory.doors.get(door.id) != level:
                world.truth.violate(
                    "I11", f"door {door.id} stands at {level}, the log says {core.memory.doors.get(door.id)}"
                )


# --- I16: bounds ----------------------------------------------------------------------------------------------------


BROKEN_DISKS = frozenset({"disk_error", "disk_read_only", "disk_rot", "disk_lies", "gateway_cut_at_disk"})


def _bounds(world: "World") -> None:
    gave_up = world.truth.counts[f"gave up {EXIT_STORAGE_FAILED}"]
    is_sound = not BROKEN_DISKS & set(world.truth.faults) and getattr(world, "struck_us", None) is None
    if gave_up and is_sound:
        world.truth.violate("I16", f"the gateway gave up {gave_up} times over a disk that was only full")
    core = world.gateway.core
    if core is None:
        return
    for name, size, most in (
        ("outbox in flight", core.outbox.in_flight, 8), ("held frames", sum(k.held for k in core.links.values()), 256),
        ("acks", len(core._acks), 1_024),
    ):  # fmt: skip
        if size > most:
            world.truth.violate("I16", f"{name}: {size}, at most {most}")
    own = sum(1 for kept in world.truth.leaves if b'"by":"gateway"' in kept.data)
    hours = (world.now_us - world.plan.start_us) / 3_600e6
    if own > 3_000 + 6_000 * hours:
        world.truth.violate("I16", f"{own} leaves of the gateway's own in {hours:.1f} h")
