"""Approvals that nobody can give."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from custody.area import Area
from custody.bookcheck.finding import Finding, found, refusals
from custody.bookcheck.reach import asks
from custody.bookcheck.script import Script, starts_us
from custody.bookcheck.store import ASKED_BY_LEDGER
from custody.bookcheck.story import Story, approve, finished, story_for, told
from custody.bookcheck.telling import STAY, Impossible, Way
from custody.catalogue import SUBJECTS
from custody.name import Name
from custody.rules import Between, Rule, Rulebook
from custody.vocabulary import GROUNDS, ROLES


@dataclass(frozen=True, slots=True)
class Member:
    """One officer of a roster: number, service, roles."""

    officer: str
    service: str
    roles: tuple[str, ...]


def tiers(area: Area, book: Rulebook, rule: Rule) -> Iterator[Finding]:
    """Each longer limit of a clock, given by who may, on its ground, before it ends."""
    for number, tier in enumerate(rule.tiers):
        if not tier.approvers:
            continue
        text = tier.limit.text
        story = story_for(area, book, rule, number)
        if tier.grounds and not set(tier.grounds) & set(GROUNDS):
            yield found("ground_unknown", area, story, what=text)
        elif not _is_given(story, text):
            yield found("tier_never", area, story, what=text, why=_why(story))


def _is_given(story: Story, limit: str) -> bool:
    is_refused = any(refusal.fact_type in _given_by(story.rule) for refusal in story.played.refusals())
    return not is_refused and any(stage == f"limit@{limit}" for _, stage, _ in story.raised)


def _given_by(rule: Rule) -> tuple[str, ...]:
    """The forms by which a longer limit is given."""
    return ("extension.approved", *rule.params.get("longer_by", ()))


def _why(story: Story) -> Name:
    if story.trouble is not None:
        return story.trouble.why
    refusal = next((r for r in story.played.refusals() if r.fact_type in _given_by(story.rule)), None)
    if refusal is None:
        return Name("批准了也不生效", "given, it changes nothing")
    return Name(
        f"{refusal.reason}，应为 {refusal.expected}", f"{refusal.reason}, expected {refusal.expected}"
    )


def idle(area: Area, book: Rulebook) -> Iterator[Finding]:
    """Approvals that no rule and no step of the way asks for."""
    wanted = {step.partition("@")[0].partition(":")[0] for step in _steps_of(book)}
    for fact in book.approvals:
        if fact not in wanted and fact not in ASKED_BY_LEDGER:
            story = _approved(area, book, fact, book.approvals[fact].approvers)
            shown = Name(f"{fact} 填了，什么也没有变", f"{fact} is told and changes nothing")
            yield found("approval_idle", area, story, keys=(fact,), shown=shown, step=fact)


def _steps_of(book: Rulebook) -> Iterator[str]:
    for step in book.steps.values():
        yield from step.needs
    for rule in book.rules:
        yield from (*rule.after, *rule.unless, *asks(rule))
        for between in (rule.during, rule.not_during, *rule.params.get("suspended", ())):
            if isinstance(between, Between):
                yield from (*between.start, *between.end)
        for key in ("since", "acts", "act", "form", "not_before", "restarted_by", "longer_by", "step"):
            value = rule.params.get(key, ())
            yield from value if isinstance(value, tuple) else ()


def roster(area: Area, book: Rulebook, officers: Sequence[Member]) -> Iterator[Finding]:
    """Approvals for which the roster has nobody: auxiliaries approve nothing."""
    held = {role for member in officers if member.service != "auxiliary" for role in member.roles}
    for approval in book.approvals.values():
        if not held & set(approval.approvers):
            story = _approved(area, book, approval.fact, ())
            yield found("approver_nobody", area, story, keys=(approval.rule, approval.fact), shown=refusals(story),
                        what=approval.fact, why=_roles(approval.approvers))  # fmt: skip
    for rule in book.rules:
        yield from _of_clock(area, book, rule, held)


def _of_clock(area: Area, book: Rulebook, rule: Rule, held: set[str]) -> Iterator[Finding]:
    """Its longer limits that nobody can give; in a ladder also those that come after one of them."""
    missing: Name | None = None
    for number, tier in enumerate(rule.tiers):
        if not tier.approvers:
            continue
        why = missing
        if not held & set(tier.approvers):
            why = _roles(tier.approvers)
            if rule.is_sequential:
                missing = missing or Name(
                    f"先要 {tier.limit.text}：{why.zh}", f"{tier.limit.text} first: {why.en}"
                )
        if why is not None:
            story = _unapproved(area, book, rule, number)
            yield found("approver_nobody", area, story, what=tier.limit.text, why=why)


def _roles(codes: Iterable[str]) -> Name:
    names = [ROLES[code] for code in codes]
    return Name("、".join(name.zh for name in names), " or ".join(name.en for name in names))


def _approved(area: Area, book: Rulebook, fact: str, roles: tuple[str, ...]) -> Story:
    """The approval told by somebody of the roles; of none: by somebody who may not."""
    unit = SUBJECTS[fact][0]
    s = Script(area, book, starts_us(area, book))
    ref = STAY if unit == "stay" else f"{unit[0]}-1"
    try:
        s.do(fact, ref, unit, approver=s.officer(roles[:1] or ("guard",)))
    except Impossible:
        s.attempt(fact, ref, unit)
    rule = next((rule for rule in book.rules if rule.unit == unit), book.rules[0])
    return finished(s, rule, f"{unit}:{ref}")


def _unapproved(area: Area, book: Rulebook, rule: Rule, number: int) -> Story:
    """The longer limit asked for by somebody who may not."""

    def ask(s: Script) -> None:
        for place, tier in enumerate(rule.tiers[: number + 1]):
            if tier.approvers and (place == number or rule.is_sequential):
                approve(s, rule, tier, approver=s.officer(["guard"]) if place == number else None)

    return told(area, book, rule, Way(), ask)
