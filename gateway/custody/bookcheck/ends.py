"""Dead ends: phases that lead nowhere, steps that come too late, duties that nothing can end.

With it what the way refuses while a rule demands it: both come from trying to do what is asked.
"""

from collections.abc import Iterator

from custody.area import Area
from custody.bookcheck.finding import Finding, found, refusals
from custody.bookcheck.reach import asks
from custody.bookcheck.scenes import matter, scene, setting, ways
from custody.bookcheck.script import Script, starts_us
from custody.bookcheck.story import Story, finished
from custody.bookcheck.telling import HOUR_US, STAY, Impossible, Way
from custody.bookcheck.way import way_between, ways_on
from custody.catalogue import FACT_TYPES, OPENING
from custody.name import Name
from custody.rules import Rule, Rulebook

GONE = "detention_centre"  # a reason of leaving after which duties go on


def duties_without_end(area: Area, book: Rulebook, rule: Rule) -> Iterator[Finding]:
    """Each step that would satisfy a rule is tried where the rule stands; one has to do."""
    steps = tuple(rule.params["acts"]) if rule.kind == "interval" else asks(rule)
    if not steps:
        return
    first: tuple[Story, Impossible | None, str] | None = None
    for step in steps:
        for way in ways(rule):
            story, trouble = _satisfied(area, book, rule, way, step)
            if trouble is None and _is_over(story, rule):
                yield from _after_leaving(area, book, rule)
                return
            first = first or (story, trouble, step)
    assert first is not None, "there is a step"
    story, trouble, _ = first
    why = trouble.why if trouble is not None else _refused_by(story)
    is_way = trouble is not None and trouble.code == "refused"
    yield found("way_refuses" if is_way else "without_end", area, story, why=why, step=" | ".join(steps))


def _satisfied(
    area: Area, book: Rulebook, rule: Rule, way: Way, step: str
) -> tuple[Story, Impossible | None]:
    """The scene of a rule in which what it asks for is done."""
    s = Script(area, book, starts_us(area, book, rule), opens_with=way.opens_with, but=rule.key)
    trouble: Impossible | None = None
    subject = f"{rule.unit}:{STAY}"
    try:
        if rule.kind == "required_before":
            ref = setting(s, rule, way)
            _do(s, rule, step, ref)
            subject = matter(s, rule, way, ref)
        else:
            subject = scene(s, rule, way)
            _do(s, rule, step, subject.partition(":")[2])
    except Impossible as error:
        trouble = error
        s.attempt(error.step, subject.partition(":")[2], rule.unit)
    return finished(s, rule, subject, trouble), trouble


def _do(s: Script, rule: Rule, step: str, ref: str) -> None:
    """The step, within what lasts: not by leading the person out of it."""
    base = step.partition("@")[0].partition(":")[0]
    row = s.book.steps.get(base)
    phase = s.held[ref].phase if rule.unit == "stay" and ref in s.held else ""
    if rule.during is not None and row is not None and phase and phase not in row.phases:
        ends = {end.partition(":")[0] for end in rule.during.end}
        path = way_between(s.book, phase, row.phases, is_entered=s.held[ref].is_entered)
        if path is None or ends & set(path):
            zh = f"只能在 {' | '.join(row.phases)} 阶段填，此时是 {phase}"
            raise Impossible(
                "refused", step, Name(zh, f"only in phase {' | '.join(row.phases)}, while it is {phase}")
            )
    if rule.params.get("of") == "room":
        s.do(step, str(s.held[ref].room), "room")
    else:
        s.do(step, ref, rule.unit)


def _is_over(story: Story, rule: Rule) -> bool:
    """The rule does not stand any more, or was never broken."""
    if rule.kind == "required_before":
        return not story.raised
    if rule.kind == "interval":  # it begins anew
        return not story.played.refusals()
    row = story.played.row(rule, story.subject)
    return row is None or row.closed_us is not None


def _refused_by(story: Story) -> Name:
    refusal = next(iter(story.played.refusals()), None)
    text = f"{refusal.rule} {refusal.reason}" if refusal is not None else "it goes on all the same"
    return Name(text if refusal is not None else "做了也没有结束", text)


def _after_leaving(area: Area, book: Rulebook, rule: Rule) -> Iterator[Finding]:
    """A duty that goes on after the person has left has to be met then as well."""
    if not rule.outlives or rule.unit != "stay" or rule.kind not in ("required_within", "clock"):
        return
    first: tuple[Story, Impossible] | None = None
    for step in asks(rule):
        s = Script(area, book, starts_us(area, book, rule), but=rule.key)
        subject = f"stay:{STAY}"
        try:
            subject = scene(s, rule, Way())
            s.do("stay.released", reason=GONE)
            if step in ("released", "stay.released", f"stay.released:{GONE}"):
                return
            s.do(step)
            return
        except Impossible as error:
            s.attempt(error.step)
            first = first or (finished(s, rule, subject, error), error)
    if first is not None:
        yield found("way_refuses", area, first[0], why=first[1].why, step=" | ".join(asks(rule)))


# --- the way table ---------------------------------------------------------------------------------


def way_ends(area: Area, book: Rulebook) -> Iterator[Finding]:
    """Phases that no step leads out of, and steps whose need cannot be made good any more."""
    reached = _reached(book)
    for phase, path in reached.items():
        if phase == "ended":
            continue
        if way_between(book, phase, ("ended",), is_entered=True) is None:
            yield _without_way_out(area, book, phase, path)
    for fact, step in book.steps.items():
        if fact in OPENING:
            continue
        for need in step.needs:
            yield from _stuck(area, book, fact, need, reached)


def _reached(book: Rulebook) -> dict[str, tuple[str, ...]]:
    """Phases that can be reached, with the steps that lead there."""
    known: dict[str, tuple[str, ...]] = {"arrived": ()}
    queue = ["arrived"]
    while queue:
        phase = queue.pop(0)
        for fact, to in ways_on(book, phase):
            if to not in known:
                known[to] = (*known[phase], fact)
                queue.append(to)
    return known


def _in_phase(area: Area, book: Rulebook, phase: str, path: tuple[str, ...]) -> Script:
    s = Script(area, book, starts_us(area, book))
    s.open()
    for fact in path:
        try:
            s.do(fact)
        except Impossible:
            s.attempt(fact)
    return s


def _without_way_out(area: Area, book: Rulebook, phase: str, path: tuple[str, ...]) -> Finding:
    s = _in_phase(area, book, phase, path)
    s.attempt("stay.released")
    story = finished(s, book.rules[0], f"stay:{STAY}")
    return found("phase_without_end", area, story, keys=("stay.released",), shown=refusals(story), what=phase)


def _stuck(
    area: Area, book: Rulebook, fact: str, need: str, reached: dict[str, tuple[str, ...]]
) -> Iterator[Finding]:
    """A phase in which the step is due, its need not done, and no way leads to where it can be done."""
    row = book.steps.get(need.partition(":")[0])
    if row is None or need.partition(":")[0] in OPENING or need.partition(":")[0] not in FACT_TYPES:
        return
    for phase in book.steps[fact].phases:
        if phase not in reached or _passes(book, reached[phase], need):
            continue
        if way_between(book, phase, row.phases, is_entered=True) is None:
            s = _in_phase(area, book, phase, reached[phase])
            s.attempt(need)
            s.wait(HOUR_US)
            s.attempt(fact)
            story = finished(s, book.rules[0], f"stay:{STAY}")
            yield found("step_stuck", area, story, keys=(fact, need), shown=refusals(story),
                        why=Name(phase, phase), step=fact, what=need)  # fmt: skip
            return


def _passes(book: Rulebook, path: tuple[str, ...], need: str) -> bool:
    """Nobody gets there without having done the need."""
    return any(
        fact == need or need in (book.steps[fact].needs if fact in book.steps else ()) for fact in path
    )
