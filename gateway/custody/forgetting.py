"""What the world forgets of things that are kept, when no late fact can change it any more."""

from collections.abc import Collection

from custody.items import COUNTS_MAX, remember
from custody.world import World


def forget_items(world: World, before_us: int, running: Collection[str]) -> None:
    """Drop what was disposed of and no late fact can change any more, and stock-takings beyond a number."""
    for item in world.items.values():
        if not item.is_here and item.since_us < before_us and f"item:{item.ref}" not in running:
            world.items.purge(item.ref)
            world.steps.purge(f"item:{item.ref}")
            world.approvals.purge(f"item:{item.ref}")
            world.moved_us.pop(item.ref, None)
            remember(world.gone_items, item.ref)
    extra = len(world.counts) - COUNTS_MAX
    if extra > 0:
        old = [count for count in world.counts.values() if count.began_us < before_us]
        for count in sorted(old, key=lambda c: (c.ended_us is None, c.began_us, c.fact))[:extra]:
            world.counts.purge(count.ref)
