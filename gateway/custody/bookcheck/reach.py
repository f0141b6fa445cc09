"""Rules that speak to nobody, and levels that are never reached."""

from collections.abc import Iterator

from custody.area import Area
from custody.bookcheck.finding import Finding, found
from custody.bookcheck.people import person_of
from custody.bookcheck.story import Story
from custody.name import Name
from custody.rules import Rule, Rulebook
from custody.view import Silence

_DONE = ("done_before", "done_in_time")


def unreachable(area: Area, book: Rulebook, story: Story) -> Iterator[Finding]:
    """What keeps a rule from speaking, by the story told for it."""
    rule = story.rule
    clash = person_of(rule.when)
    if isinstance(clash, str):
        yield found("contradiction", area, story, what=clash)
    elif story.trouble is not None:
        yield found(
            story.trouble.code,
            area,
            story,
            why=story.trouble.why,
            step=story.trouble.step,
            what=story.trouble.step,
        )
    elif not story.raised:
        yield _why_silent(area, book, story)
    else:
        yield from _stages(area, story)


def _why_silent(area: Area, book: Rulebook, story: Story) -> Finding:
    refusal = next(iter(story.played.refusals()), None)
    if refusal is not None:
        who = _refuser(book, story, refusal.fact)
        why = Name(f"{who}：{refusal.reason}", f"{who}: {refusal.reason}")
        return found("refused", area, story, why=why, step=refusal.fact_type)
    is_done = isinstance(story.why, Silence) and story.why.code in _DONE
    return found("done_already" if is_done or _asks_what_precedes(story) else "unreachable", area, story)


def _refuser(book: Rulebook, story: Story, fact: int) -> str:
    """The key of the rule that refused a fact, or the id of the one whose article was shown."""
    for row in story.played.engine.obligations():
        if row.anchor == fact and row.rule.refuses:
            return row.rule.key
    return next(r.rule for r in story.played.refusals() if r.fact == fact)


def _asks_what_precedes(story: Story) -> bool:
    """The story had to tell the very step that the rule asks for, to lead to the act."""
    steps = story.rule.params.get("step", ()) if story.rule.kind == "required_before" else ()
    stay = story.subject.partition(":")[2]
    engine = story.played.engine
    unit = engine.world.steps_of(f"stay:{stay}")
    known = engine.world.stays.get(stay)
    is_searched = known is not None and known.searched_us is not None
    return any(step in unit or (step == "searched" and is_searched) for step in steps)


def _stages(area: Area, story: Story) -> Iterator[Finding]:
    """Levels of the ladder that the story did not reach although it went on long enough."""
    reached = {stage for _, stage, _ in (*story.raised, *story.warned)}
    for level in story.rule.levels:
        if level.name not in reached:
            yield found("stage_never", area, story, what=level.name)


def asks(rule: Rule) -> tuple[str, ...]:
    """The steps that end the rule, or that it wants done first: one of them suffices."""
    if rule.kind == "required_before":
        return tuple(rule.params["step"])
    return tuple(rule.params.get("until", ())) if rule.kind in ("required_within", "clock") else ()
