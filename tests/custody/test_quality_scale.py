"""docs/quality_scale.yaml says of each rule what has been proved of it. Here is the proof, table by table.

Every table of every bundled rulebook is broken by a history made from the table itself (stories.py).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from custody.apply.property import LEDGER
from custody.bundled import rulebook_names
from custody.effects import Refusal
from custody.explain import explain
from custody.rules import Rule
from tests.custody.quality_scale import CRITERIA, FILE, read
from tests.custody.stories import DAY_US, HOUR_US, MINUTE_US, Said, Story, area, house
from tests.custody.story_kinds import stories_for
from tests.custody.story_play import Run, alone, book, tables_of

pytestmark = pytest.mark.slow

SCALE = read(FILE.read_text(encoding="utf-8"))
# The rules of the table that the product was asked for, and its own.
IDS = [
    "M1", "M2a", "M2b", "M3", "M4", "M5",
    *(f"{family}{number}" for family, count in
      (("T", 27), ("R", 14), ("I", 12), ("G", 17), ("E", 8), ("D", 10), ("P", 23), ("Q", 6), ("X", 8)) for number in range(1, count + 1)),
    "WB", "DR", "IN", "PT", "LK", "SYS",
]  # fmt: skip
CHINA = ("cn-2026", "cn-2012")


def tables() -> list[tuple[str, Rule]]:
    """Every rule table once: a table that two books share stands for both."""
    found: list[tuple[str, Rule]] = []
    for name in (*CHINA, *(n for n in rulebook_names() if n not in CHINA)):
        found += [(name, rule) for rule in book(name).rules if rule not in [known for _, known in found]]
    return found


TABLES = tables()
FAMILIES = sorted({rule.id.rstrip("0123456789ab") for _, rule in TABLES})


def every_table(check: Callable[[str, Rule], None]) -> Callable[[str], None]:
    """The check of each table, as a test of each family of rules: a test for each of five thousand costs more than what it plays."""

    @pytest.mark.parametrize("family", FAMILIES)
    def of_family(family: str) -> None:
        for name, rule in TABLES:
            if rule.id.rstrip("0123456789ab") == family:
                with told(f"{name}:{rule.key}"):
                    check(name, rule)

    of_family.__doc__ = check.__doc__
    return of_family


@contextmanager
def told(what: str) -> Iterator[None]:
    """What fails says of what."""
    try:
        yield
    except Exception as error:
        error.add_note(what)
        raise


@cache
def _stories(name: str, key: str) -> list[Story]:
    return stories_for(next(rule for rule in book(name).rules if rule.key == key))


def stories(name: str, rule: Rule) -> list[Story]:
    found = _stories(name, rule.key)
    assert found, f"no story for {rule.key}"
    return found


def run(name: str, story: Story) -> Run:
    """A fresh engine under this one rule."""
    return Run(story.rule, alone(story.rule, book(name)))


def played(name: str, story: Story, more: list[Said] = [], until_us: int | None = None) -> Run:  # noqa: B006
    """The whole story, then more, and the clock to a moment (a minute past the last limit)."""
    last_us = story.expected[-1][0] + MINUTE_US if until_us is None else until_us
    return (
        run(name, story)
        .feed([*story.facts, *more])
        .until(max(last_us, *(said.at_us for said in [*story.facts, *more])))
    )


# --- the scale itself ----------------------------------------------------------------------------


def ids_of(*names: str) -> set[str]:
    return {rule.id for name in names for rule in book(name).rules}


def test_every_rule_id_stands_on_the_scale_once_and_none_besides():
    assert list(SCALE) == IDS


def test_what_is_live_has_a_table_and_what_has_a_table_is_live():
    live = {entry.id for entry in SCALE.values() if entry.status == "live"}
    assert live == ids_of(*CHINA)


def test_a_carried_rule_names_tables_that_exist_and_an_exempt_one_says_why():
    keys = {rule.key for name in CHINA for rule in book(name).rules}
    for entry in SCALE.values():
        assert entry.status in ("live", "carried", "exempt"), entry.id
        if entry.status == "live":
            assert tuple(entry.criteria) == CRITERIA, entry.id
            continue
        assert entry.reason, entry.id
        assert not entry.criteria, entry.id
        assert set(entry.carried_by) <= keys, entry.id
        assert bool(entry.carried_by) == (entry.status == "carried"), entry.id


@pytest.mark.parametrize(
    "line", ["  T1:", "    fires: yes", "    fires: { exempt: }", "x: 1", "    fires: done", "  T1:  # again"]
)
def test_a_line_that_the_scale_does_not_know_is_refused(line):
    with pytest.raises(ValueError, match="line 3"):
        read(f"  T1:  # one\n    fires: done\n{line}\n")


APPLIES = {
    "clears": lambda story: not story.is_instant,
    "at_the_limit": lambda story: is_timed(story) or (story.innocent is not None and is_counted(story.rule)),
    "while_unknown": lambda story: story.is_placed,
}


@pytest.mark.parametrize("criterion", list(APPLIES))
def test_what_is_done_can_be_tested_and_what_is_exempt_cannot(criterion):
    """An exemption is no way round: where a story shows the criterion, it has to be done."""
    wrong = []
    for entry in SCALE.values():
        mine = [(name, rule) for name, rule in TABLES if rule.id == entry.id]
        can = any(APPLIES[criterion](story) for name, rule in mine for story in stories(name, rule))
        if entry.status == "live" and can != (entry.criteria[criterion] == "done"):
            wrong.append((entry.id, entry.criteria[criterion], can))
    assert wrong == []


# --- fires ---------------------------------------------------------------------------------------


@every_table
def test_what_breaks_a_rule_raises_it_at_its_moments_with_its_severities(name, rule):
    for story in stories(name, rule):
        assert played(name, story).rows(story.subject) == story.expected


@every_table
def test_under_the_whole_rulebook_the_same_is_told(name, rule):
    story = stories(name, rule)[0]
    facts = [*house(story.facts[0].at_us), *story.facts]
    found = Run(rule, book(name)).feed(facts).until(story.expected[-1][0] + MINUTE_US)
    if not rule.refuses or story.is_instant:
        assert found.rows(story.subject) == story.expected


@every_table
def test_a_form_that_would_break_a_refusing_rule_changes_nothing_and_is_told(name, rule):
    for story in stories(name, rule):
        if story.refused is None:
            assert not rule.refuses or rule.kind == "separation"
            continue
        attempt = story.refused[-1]
        before, found = run(name, story).feed(story.refused[:-1]), run(name, story).feed(story.refused)
        refusals = [
            effect for effect in found.effects if isinstance(effect, Refusal) and effect.rule == rule.id
        ]
        assert [refusal.fact_type for refusal in refusals] == [attempt.type]
        assert found.rows(story.subject) == [(attempt.at_us, rule.levels[0].severity)]
        assert tables_of(found.engine) == tables_of(before.engine)


# --- clears --------------------------------------------------------------------------------------


@every_table
def test_what_ends_it_ends_it_at_that_moment_and_nothing_ends_it_before(name, rule):
    for story in stories(name, rule):
        if story.is_instant:
            continue
        assert story.endings, f"nothing ends {rule.key}"
        over_us = story.expected[-1][0] + 2 * MINUTE_US
        for what, ending in story.endings.items():
            found = played(name, story)
            assert found.cleared(story.subject) == [], what
            found.feed(ending(over_us))
            assert [clear.time_us for clear in found.cleared(story.subject)] == [over_us], what
            if "@" not in "".join(rule.params.get("since", ())):
                found.until(over_us + DAY_US)
            assert len([row for row in found.rows(story.subject) if row[0] <= over_us]) == len(
                story.expected
            ), what


@every_table
def test_an_act_is_told_and_over_in_that_moment_and_stays_to_be_handled(name, rule):
    for story in stories(name, rule):
        if not story.is_instant:
            continue
        found = played(name, story)
        (raised,), (cleared,) = found.raised(story.subject), found.cleared(story.subject)
        assert raised.time_us == cleared.time_us == story.begin_us
        assert raised.alarm in found.engine.alarms


# --- at the limit --------------------------------------------------------------------------------


def is_timed(story: Story) -> bool:
    """There is a time to do it in."""
    is_written = "@" in "".join(map(str, story.rule.params.get("since", ())))
    return not story.is_instant and (story.expected[-1][0] > story.begin_us or is_written)


def is_counted(rule: Rule) -> bool:
    """There is a number to be on the right side of."""
    return rule.kind in ("threshold", "head_count", "chain") or bool(
        {"within", "window", "between"} & set(rule.params)
    )


@every_table
def test_done_at_a_limit_is_in_time_and_a_microsecond_later_is_not(name, rule):
    for story in stories(name, rule):
        if not is_timed(story):
            continue
        for number, (limit_us, _) in enumerate(story.expected):
            if limit_us == story.facts[-1].at_us and limit_us == story.begin_us:
                continue
            for what, ending in story.endings.items():
                in_time = played(name, story, ending(limit_us), limit_us + 1)
                assert in_time.rows(story.subject) == story.expected[:number], (what, number)
                late = played(name, story, ending(limit_us + 1), limit_us + 1)
                assert late.rows(story.subject) == story.expected[: number + 1], (what, number)


@every_table
def test_just_on_the_right_side_of_a_number_nothing_is_told(name, rule):
    for story in stories(name, rule):
        if story.innocent is not None:
            found = run(name, story).feed(story.innocent).until(story.expected[-1][0] + MINUTE_US)
            assert found.raised(story.subject) == []


@every_table
def test_what_is_done_before_the_act_is_done_before_it(name, rule):
    for story in stories(name, rule):
        if story.lawful_before is not None:
            found = run(name, story).feed(story.lawful_before).until(story.begin_us + MINUTE_US)
            assert found.raised(story.subject) == []


# --- while it cannot be seen ---------------------------------------------------------------------


def all_nodes(what: str, at_us: int) -> list[Said]:
    gap = {"node_boot": 1, "first_seq": 1, "last_seq": 9} if what == "node.gap" else {}
    return [Said(at_us, what, {"node": node, **gap}) for node in area().nodes]


@every_table
def test_what_stood_stands_while_nothing_can_be_seen_and_when_it_is_seen_again(name, rule):
    for story in stories(name, rule):
        if not story.is_placed:
            continue
        blind_us = story.expected[-1][0] + 2 * MINUTE_US
        found = played(name, story).feed(all_nodes("node.lost", blind_us)).until(blind_us + HOUR_US)
        assert found.cleared(story.subject) == []
        seen_us = blind_us + HOUR_US
        found.feed([*all_nodes("node.gap", seen_us), *all_nodes("node.restored", seen_us)]).until(
            seen_us + MINUTE_US
        )
        assert found.cleared(story.subject) == []


def is_held(rule: Rule) -> bool:
    """It rests on seeing that somebody or something is not there."""
    is_source = rule.kind == "supervision" and rule.params["source"] in ("recorder", "door")
    return (
        rule.kind in ("presence", "coverage")
        or (rule.kind == "head_count" and "form" not in rule.params)
        or is_source
    )


@every_table
def test_nothing_new_begins_while_it_cannot_be_seen(name, rule):
    for story in stories(name, rule):
        if not is_held(rule):
            continue
        last_us = story.expected[-1][0] + MINUTE_US
        blind = [*story.facts[:-1], *all_nodes("node.lost", story.begin_us - 1), story.facts[-1]]
        found = run(name, story).feed(blind).until(last_us)
        assert found.raised(story.subject) == []
        seen = [*all_nodes("node.gap", last_us), *all_nodes("node.restored", last_us)]
        found.feed(seen).until(last_us + DAY_US)
        assert all(raised.time_us >= last_us for raised in found.raised(story.subject))


@every_table
def test_what_a_node_kept_and_told_is_judged_as_if_it_had_been_heard(name, rule):
    for story in stories(name, rule):
        if not is_held(rule) or rule.kind == "supervision":
            continue
        last_us = story.expected[-1][0] + MINUTE_US
        blind = [*story.facts[:-1], *all_nodes("node.lost", story.begin_us - 1), story.facts[-1]]
        found = (
            run(name, story)
            .feed(blind)
            .until(last_us)
            .feed(all_nodes("node.restored", last_us))
            .until(last_us)
        )
        assert found.rows(story.subject) == story.expected


# --- after a restart -----------------------------------------------------------------------------


@every_table
def test_after_a_restart_at_any_place_the_same_is_told_and_nothing_twice(name, rule):
    for story in stories(name, rule)[:2]:
        first_us, last_us = story.expected[0][0], story.expected[-1][0]
        ends = next(iter(story.endings.values()))(last_us + 2 * MINUTE_US) if story.endings else []
        facts, end_us = [*story.facts, *ends], last_us + 3 * MINUTE_US
        whole = run(name, story).feed(facts).until(end_us)
        for cut_us in sorted(
            {*(said.at_us for said in facts[-3:]), (story.begin_us + first_us) // 2, first_us, last_us + 1}
        ):
            before = [said for said in facts if said.at_us <= cut_us]
            after = facts[len(before):]  # fmt: skip
            unbroken = run(name, story).feed(before).until(cut_us)
            count = len(unbroken.effects)
            unbroken.feed(after).until(end_us)
            again = run(name, story).replay(before).wake(cut_us)
            told = len(again.effects)
            again.feed(after).until(end_us)
            assert outputs(again, told) == outputs(unbroken, count), cut_us
            assert again.rows() == whole.rows(), cut_us
            assert again.outcome() == whole.outcome(), cut_us


def outputs(found: Run, since: int) -> list[dict[str, object]]:
    return [effect.to_output() for effect in found.effects[since:]]


@every_table
def test_what_fell_due_during_an_outage_is_told_first_once_with_its_own_moment(name, rule):
    for story in stories(name, rule)[:2]:
        last_us = story.expected[-1][0]
        found = run(name, story).feed(story.facts)
        found.wake(max(last_us, story.facts[-1].at_us) + HOUR_US)
        assert found.rows(story.subject) == story.expected


# --- late evidence -------------------------------------------------------------------------------


@every_table
def test_what_is_entered_late_and_happened_in_time_withdraws_it(name, rule):
    for story in stories(name, rule):
        if not is_timed(story) or story.expected[0][0] == story.begin_us == story.facts[-1].at_us:
            continue
        limit_us, last_us = story.expected[0][0], story.expected[-1][0]
        for what, ending in story.endings.items():
            in_time = played(name, story, ending(limit_us), last_us + HOUR_US)
            late = (
                played(name, story)
                .feed(ending(limit_us), recorded_us=last_us + HOUR_US)
                .until(last_us + HOUR_US)
            )
            assert late.outcome() == in_time.outcome(), what
            assert [clear.reason for clear in late.cleared(story.subject)][-1:] == ["late_evidence"], what


@every_table
def test_a_step_entered_late_that_was_done_before_the_act_withdraws_the_act(name, rule):
    for story in stories(name, rule):
        if story.lawful_before is None or (rule.unit != "stay" and rule.params.get("act") == "refused"):
            continue  # what the ledger refused stays refused: the form is entered again
        late = [earlier(said) for said in story.lawful_before if said not in story.facts]
        found = played(name, story).feed(late, recorded_us=story.begin_us + HOUR_US)
        assert [row for row in found.outcome() if row[0] == story.subject] == []


def earlier(said: Said) -> Said:
    """The same a microsecond earlier, on paper too."""
    return Said(said.at_us - 1, said.type, {k: v - 1 if v == said.at_us else v for k, v in said.body.items()})  # type: ignore[operator]


@every_table
def test_facts_in_any_order_of_arrival_come_to_the_same(name, rule):
    for story in stories(name, rule)[:2]:
        if any(said.type in (*LEDGER, "compartment.overridden") for said in story.facts):
            continue  # decided as it is entered (ADR 0036, 0037): nobody makes a movement or an opening lawful afterwards
        end_us = story.expected[-1][0] + 2 * MINUTE_US
        in_order = run(name, story).feed(story.facts).until(end_us)
        numbered = list(enumerate(story.facts, 1))
        for shuffled in (numbered[::-1], numbered[1::2] + numbered[::2]):
            late = run(name, story)
            for number, said in shuffled:
                late.index = number - 1
                late.feed([said], recorded_us=end_us)
            late.wake(end_us)
            assert late.outcome() == in_order.outcome()
            assert late.raised(story.subject)


# --- explained -----------------------------------------------------------------------------------


@every_table
def test_the_alarm_is_explained_by_facts_of_which_each_is_needed(name, rule):
    story = stories(name, rule)[0]
    found = played(name, story)
    raised = found.raised(story.subject)[-1]
    why = explain(area(), alone(rule, book(name)), found.facts, raised.alarm, raised.stage)
    assert (why.rule, why.subject, why.stage, why.due_us) == (
        rule.key,
        story.subject,
        raised.stage,
        raised.time_us,
    )
    assert why.is_minimal
    assert why.facts
    assert all(
        sentence.zh and sentence.en for sentence in (*why.sentences, *(fact.text for fact in why.facts))
    )
    needed = [fact.index for fact in why.facts]
    assert is_raised_by(name, story, found, needed, raised.alarm)
    for index in needed:
        assert not is_raised_by(name, story, found, [i for i in needed if i != index], raised.alarm)


def is_raised_by(name: str, story: Story, whole: Run, indices: list[int], alarm: str) -> bool:
    """Whether these facts of a run alone raise the same alarm at the same last moment."""
    found = run(name, story)
    for fact in whole.facts:
        if fact.type != "deadline.reached" and fact.index in indices:
            found.index = fact.index - 1
            found.replay([Said(fact.occurred_us, fact.type, dict(fact.body))])  # type: ignore[arg-type]
    found.until(story.expected[-1][0])
    return (alarm, *story.expected[-1]) in [
        (raised.alarm, raised.time_us, raised.severity) for raised in found.raised()
    ]


# --- documented ----------------------------------------------------------------------------------


@every_table
def test_the_rule_has_its_section_in_the_rules_page(name, rule):
    assert f"### {rule.id} · {rule.variant} · {rule.title.zh} · {rule.title.en}\n" in rules_page()


@cache
def rules_page() -> str:
    return (FILE.parent / "rules.md").read_text(encoding="utf-8")
