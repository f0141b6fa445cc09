"""The person's way as a graph: which steps lead from a phase to another."""

from collections import deque
from collections.abc import Iterator

from custody.rules import Rulebook


def way_between(
    book: Rulebook, start: str, phases: tuple[str, ...], *, is_entered: bool
) -> tuple[str, ...] | None:
    """The shortest run of steps from a phase to one of others; None: there is none."""
    queue: deque[tuple[str, tuple[str, ...]]] = deque([(start, ())])
    seen = {start}
    while queue:
        phase, path = queue.popleft()
        if phase in phases:
            return path
        for fact, to in ways_on(book, phase, is_entered=is_entered):
            if to not in seen:
                seen.add(to)
                queue.append((to, (*path, fact)))
    return None


def ways_on(book: Rulebook, phase: str, *, is_entered: bool = False) -> Iterator[tuple[str, str]]:
    """The steps that lead from a phase to another one."""
    if phase == "arrived" and not is_entered:
        yield "area.entered", "inside"
    for step in book.steps.values():
        if step.to and phase in step.phases:
            yield step.fact, step.to
    if "stay.released" not in book.steps and phase != "ended":
        yield "stay.released", "ended"
