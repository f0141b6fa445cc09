"""Which facts about an item are steps that rules count: what ends nothing that had begun, or begins it twice, stands and is none.

Asked before the fact changes the world. docs/property.md says why of each.
"""

from custody.apply.base import text
from custody.facts import Fact
from custody.items import Item
from custody.property_words import SIGNED_FOR_BY, WITNESSES
from custody.world import Mark, World


def is_step(world: World, fact: Fact) -> bool:
    """Whether rules are to count it. What is told of an item that the ledger does not know counts: others judge it."""
    item = world.items.get(str(fact.body.get("item")))
    return item is None or _counts(world, fact, item)


def _counts(world: World, fact: Fact, item: Item) -> bool:
    match fact.type:
        case "item.brought_in":
            return item.remote
        case "item.tested":
            return _is_being_tested(world, item)
        case "item.found_unrelated":
            return not item.is_unrelated
        case "loan.reported":  # CP10 11: that it is overdue is reported when it is
            return item.loan is not None and item.loan.due_us <= fact.occurred_us
        case "item.signed":
            return text(fact, "signed_by") in SIGNED_FOR_BY[text(fact, "of")]
        case "item.refused_signature":
            return text(fact, "signed_by") in WITNESSES
    return True


def _is_being_tested(world: World, item: Item) -> bool:
    """APR 190: a day from the end of a test that was approved; no other test gives time."""
    marks = world.steps_of(f"item:{item.ref}")
    approved, ended = marks.get("item.test_approved"), marks.get("item.tested")
    return approved is not None and (ended is None or _last(approved) > _last(ended))


def _last(mark: Mark) -> tuple[int, int]:
    return mark.last_us, mark.last_fact
