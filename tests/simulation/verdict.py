"""What is judged when all is over and healed: the whole log against the whole truth."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from casegateway.book import output_of
from casegateway.core import EXIT_STORAGE_FAILED, GatewayCore
from caselog import canonical
from custody.apply.property import LEDGER
from custody.codec import fact_of
from custody.effects import AlarmRaised
from custody.engine import Engine
from custody.facts import Fact
from tests.custody.against_oracle import by_oracle, in_order, unlike
from tests.simulation.aftermath import judge_more
from tests.simulation.cabinets import judge_cabinets
from tests.simulation.told import judge_told
from tests.simulation.whose import judge_whose
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
    judge_told(world, leaves)
    judge_whose(world, leaves)
    engine = _replayed(world, leaves, facts)
    _same_state(world, engine)
    _missed(world, engine, facts, _attempts(leaves, facts))
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
    is_doubted = world.gateway.health()["clock"] != "trusted"
    if is_doubted and world.gateway.time.is_honest() and has_said:
        truth.violate("I10", "the clock is still doubted though every source is right again")
    elif not is_doubted and _doubts_clock(world) and world.gateway.time.is_honest():
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


def _attempts(leaves: list[dict[str, Any]], facts: list[Fact]) -> dict[str, int]:
    """Movements that were refused as they were entered: no order of occurrence revives one (ADR 0036). Id -> index."""
    refused = {leaf["body"]["fact_id"] for leaf in leaves if leaf["type"] == "fact.refused/1"}
    return {fact.id: fact.index for fact in facts if fact.type in LEDGER and fact.id in refused}


def _missed(world: "World", engine: Engine, facts: list[Fact], attempts: dict[str, int]) -> None:
    """Every stage that the facts, put in their order, reach is one that the gateway told, and no other but of an attempt."""
    if world.gateway.core is None or world.observer.is_interim:
        return
    own = [
        _in_its_time(fact)
        for fact in facts
        if fact.type != "deadline.reached" and not fact.type.startswith("alarm.") and fact.id not in attempts
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
    tried = {str(index) for index in attempts.values()}
    invented = sorted(
        (row.id, stage.name)
        for row in engine.obligations() for stage in row.fired
        if stage.due_us < world.now_us - SETTLING_US and (row.id, stage.name) not in reached
        and row.id.rpartition("/")[2] not in tried
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
