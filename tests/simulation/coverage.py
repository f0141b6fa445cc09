"""What runs of the simulator have reached, and what they have not: facts, rules, faults, pairs of faults, branches.

No violation says only as much as the list of what was never tried. `seen` reads one world when its run is over; the sums are
kept in docs/proof/simulation-coverage.json, and what is missing in them is a part of docs/simulation.md.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

from caselog import canonical
from custody.catalogue import FACT_TYPES
from tests.custody.against_oracle import book
from tests.simulation.actors import Actors
from tests.simulation.faults import Faults
from tests.simulation.plan import Fault, Plan

if TYPE_CHECKING:
    from tests.simulation.world import World

Sums = dict[str, Counter[str]]
KINDS = ("facts", "rules", "refused", "faults", "pairs", "acts", "branches")
MOMENT_US = 2_000_000
"""A fault without a length (a kill, a replay) counts as in force for so long."""
BOOK = "cn-2026"
_REASON_CHARS = 40

BRANCHES: Mapping[str, tuple[str, ...]] = {
    "an interim log mended and taken over": ("count mended",),
    "a mend that failed": ("count mend failed",),
    "a log that could not be opened": ("count start failed",),
    "the gateway ended by its own word": ("count exit",),
    "power cut inside a disk operation": ("count fault aimed power cut",),
    "the disk full": ("counter log_disk_full",),
    "the reserve given up": ("counter log_reserve_released",),
    "the second disk taken": ("counter log_second_disk", "storage.lost second disk"),
    "storage told as lost and found": ("storage.restored",),
    "a hole told by a node": ("node.gap",),
    "a board's watchdog": ("node.booted watchdog",),
    "a node lost and found": ("node.restored",),
    "a port lost and found": ("port.restored",),
    "the server lost and found": ("server.restored",),
    "the clock doubted": ("clock.doubted",),
    "the clock trusted again": ("clock.trusted",),
    "a source of time that lies named": ("clock.differed",),
    "the wall clock stepped": ("clock.stepped",),
    "the loop stood still": ("gateway.stalled",),
    "a limit that time alone reached": ("deadline.reached",),
    "a limit that came near": ("alarm.prewarned",),
    "an alarm that is only possible": ("alarm.raised possible",),
    "an alarm told late": ("alarm.raised late",),
    "an alarm withdrawn by late evidence": ("alarm.cleared late_evidence",),
    "a form refused by its shape": ("fact.refused malformed",),
    "a form refused by a rule": ("fact.refused rule",),
    "an order to an output": ("output.commanded",),
    "leaves of a stay counted at its end": ("log.stay_counted",),
    "an ack that was forged or spoilt": ("counter outbox_bad_acks",),
    "an ack of another tree": ("counter outbox_forked_acks",),
    "a range of leaves asked for": ("counter server_gaps",),
    "a batch that came twice": ("counter server_duplicate_batches",),
    "a batch refused": ("counter server_refused_",),
    "an order of an officer that came twice": ("counter fact_doubles",),
    "a form whose signature is another's": ("counter fact_refused",),
    "a log read through by night": ("log.scrubbed",),
    "damage told in the log": ("log.damaged",),
    "a failed sync told in the log": ("log.sync_failed",),
    "little room told in the log": ("log.space",),
    "the oracle asked about the whole log": ("count oracle asked",),
    "a mute node looked for": ("count I5 looked",),
    "an alarm taken and acknowledged": ("alarm.taken", "alarm.acknowledged"),
    "a log ended and begun anew": ("log.ended", "log.continued"),
}
"""Turns of the product that matter, each with what begins one of its traces."""

WHY: Mapping[str, str] = {
    "wristband.cut": "no board of the standard area has a point that tells it; the rules' own tests and the oracle have it",
    "wristband.battery": "as wristband.cut",
    "recorder.measured": "comes from a recorder's own adapter; the boards have dry contacts",
    "guard.moved": "no motion sensor on the boards of the standard area",
    "gateway.lost": "a fact of the server's evaluator, which never stands in the gateway's log",
    "gateway.heard": "as gateway.lost",
    "disk_read_only": "in the small worlds, where each operation of the disk is refused in turn",
    "a log ended and begun anew": "tests/server/test_epochs.py",
}
"""Why something is never made, where there is a reason; the rest was only not drawn, or needs what is not simulated."""


def nothing() -> Sums:
    """Sums of no run."""
    return {kind: Counter() for kind in KINDS}


def add(into: Sums, more: Mapping[str, Mapping[str, int]]) -> None:
    """Sums of two sets of runs."""
    for kind in KINDS:
        into[kind].update(more.get(kind, {}))


def seen(world: "World") -> Sums:
    """What one run reached."""
    sums = nothing()
    traces: Counter[str] = Counter()
    for kept in world.truth.leaves:
        leaf = canonical.loads(kept.data)
        name, body = leaf["type"].rpartition("/")[0], leaf["body"]
        if leaf["class"] == "fact":
            sums["facts"][name] += 1
        elif name == "alarm.raised":
            sums["rules"][f"{body['rule']}/{body['variant']}"] += 1
        elif name == "fact.refused":
            sums["refused"][body["rule"]] += 1
        traces.update(_traces(name, body))
    traces.update({f"count {key}": n for key, n in world.truth.counts.items()})
    traces.update({f"count fault {key}": n for key, n in world.truth.faults.items()})
    traces.update({f"counter {key}": n for key, n in _counters(world)})
    for branch, beginnings in BRANCHES.items():
        sums["branches"][branch] = sum(n for key, n in traces.items() if _is_trace(key, beginnings))
    sums["branches"] = +sums["branches"]
    sums["faults"].update(world.truth.faults)
    acts = ((key, n) for key, n in world.truth.counts.items() if key.startswith("act "))
    sums["acts"].update({key.removeprefix("act "): n for key, n in acts})
    sums["pairs"].update(pairs(world.plan))
    return sums


def _is_trace(key: str, beginnings: tuple[str, ...]) -> bool:
    return any(key == begin or (" " in begin and key.startswith(begin)) for begin in beginnings)


def _traces(name: str, body: Mapping[str, Any]) -> Iterator[str]:
    """`name`, and `name` with how it was."""
    yield name
    if isinstance(body.get("reason"), str):
        yield f"{name} {re.sub('[0-9]+', '#', body['reason'])[:_REASON_CHARS]}"
    if name == "fact.refused":
        yield f"{name} {'malformed' if body['reason'].startswith('malformed') else 'rule'}"
    if name == "alarm.raised":
        if not body["certain"]:
            yield f"{name} possible"
        if body["late_us"] > 0:
            yield f"{name} late"


def _counters(world: "World") -> Iterator[tuple[str, int]]:
    """Of the last process of each side alone: what it counted, by whatever name."""
    core = world.gateway.core
    if core is not None:
        yield from core.health(world.gateway.moment())["counters"].items()
    yield from ((f"server_{key}", n) for key, n in world.server.state.ingest.counters.items())


def pairs(plan: Plan) -> Counter[str]:
    """Kinds of faults that are in force at the same moment of a plan, each pair with its names in order."""
    found: Counter[str] = Counter()
    for one, other in combinations(plan.faults, 2):
        if one.kind != other.kind and one.at_us < _end_us(other) and other.at_us < _end_us(one):
            found[" + ".join(sorted((one.kind, other.kind)))] += 1
    return found


def _end_us(fault: Fault) -> int:
    return fault.at_us + max(fault.for_us, MOMENT_US)


# --- what was never reached ----------------------------------------------------------------------


def everything() -> dict[str, list[str]]:
    """All that could be reached, by the product's and the simulator's own tables."""
    faults = _methods(Faults, ("strike", "heal"))
    rules = book(BOOK).rules
    return {
        "facts": sorted(FACT_TYPES),
        "rules": sorted({rule.key for rule in rules}),
        "refused": sorted({rule.id for rule in rules if rule.refuses}),
        "faults": faults,
        "pairs": [f"{one} + {other}" for one, other in combinations(faults, 2)],
        "acts": _methods(Actors, ("begin",)),
        "branches": list(BRANCHES),
    }  # fmt: skip


def _methods(source: type, left_out: tuple[str, ...]) -> list[str]:
    return sorted(name for name in vars(source) if not name.startswith("_") and name not in left_out)


def never(sums: Mapping[str, Mapping[str, int]]) -> dict[str, list[str]]:
    """What is in `everything` and not in the sums. Pairs of a fault that is never made at all are left out."""
    missing = {
        kind: [name for name in names if not sums[kind].get(name)] for kind, names in everything().items()
    }
    unmade = set(missing["faults"])
    missing["pairs"] = [pair for pair in missing["pairs"] if not unmade & set(pair.split(" + "))]
    return missing
