"""The world as the facts of a whole log tell it, in order of occurrence, for whoever reads the log afterwards.

As the engine sees it once everything is known: late facts stand where they belong, and a node's loss that what it kept has
bridged is no loss of sight (ADR 0012). Facts that the log refuses change nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from custody.apply import apply_fact
from custody.apply.property import LEDGER
from custody.area import Area
from custody.codec import fact_of
from custody.facts import Fact, check_body
from custody.rules import Rulebook
from custody.sight import Sight
from custody.tables import Change
from custody.world import World

Leaf = Mapping[str, Any]
Step = tuple[Fact, World, list[Change]]


def walk(leaves: Iterable[Leaf], area: Area, rulebook: Rulebook) -> Iterator[Step]:
    """Each fact with the world after it and what it changed. The world is the same object at every step."""
    facts, refused, sight = _facts(leaves)
    world = World()
    # What the log let in of items stands, whatever was told later of the time before (ADR 0036).
    world.firm.update(fact.index for fact in facts if fact.type in LEDGER and fact.index not in refused)
    for fact in facts:
        world.changes.clear()
        world.journal.forget(world.journal.mark())
        if fact.index in refused or apply_fact(world, area, rulebook, fact) is not None:
            continue
        if fact.index in sight.seen:
            node = str(fact.body["node"])
            state = world.nodes.get(node)
            if state is not None:
                world.nodes.put(node, replace(state, is_blind=False))
        yield fact, world, list(world.changes)


def _facts(leaves: Iterable[Leaf]) -> tuple[list[Fact], frozenset[int], Sight]:
    """Facts by occurrence, indices of those refused, and which losses of a node were seen after all."""
    facts: list[Fact] = []
    refused: set[int] = set()
    sight = Sight()
    for leaf in leaves:
        if leaf["type"] == "fact.refused/1":
            refused.add(leaf["body"]["fact"])
        fact = fact_of(leaf)
        if fact is None or fact.type.startswith(("alarm.", "deadline.")) or check_body(fact.type, fact.body):
            continue
        facts.append(fact)
        sight.note(fact)
    facts.sort(key=lambda fact: (fact.occurred_us, fact.index))
    return facts, frozenset(refused), sight
