"""A stay over midnight of 1 January 2026, under both settings; worked by hand from the two laws.

Before: 8 h, or 24 h where detention may follow (art. 83 of 2012); no duty to record. After: 8, 12
(many persons, identity unknown) or 24 h (art. 97), every questioning recorded.
"""

import json
from dataclasses import replace

import pytest

from custody.area import load_area
from custody.bundled import area_text, rulebook_of_area, rulebook_text
from custody.config import ConfigError
from custody.effects import AlarmCleared, AlarmRaised, Effect, Refusal
from custody.engine import Engine
from custody.player import Player
from custody.reader import join_rulebooks, load_rulebook
from custody.scenario import parse_scenario
from custody.times import parse_instant_us
from tests.custody.support import fact

HEADS = [
    ("2025-12-31T19:00", "officer.registered", {"officer": "o1", "service": "sworn", "roles": ["case_officer"]}),
    ("2025-12-31T19:00", "officer.registered", {"officer": "o2", "service": "sworn", "roles": ["guard"]}),
    ("2025-12-31T19:00", "officer.registered",
     {"officer": "head", "service": "sworn", "roles": ["case_department_head"]}),
]  # fmt: skip
STAY = [
    ("2025-12-31T20:00", "person.arrived", {"stay": "s"}),
    ("2025-12-31T20:01", "area.entered", {"stay": "s"}),
    ("2025-12-31T20:02", "search.signed", {"stay": "s", "officers": ["o1", "o2"]}),
    ("2025-12-31T20:03", "stay.registered",
     {"stay": "s", "measure": "public_order_questioning", "case": "c", "arrived_at": "2025-12-31T20:00:00+08:00"}),
]  # fmt: skip


def area(straddle: str):
    text = area_text("standard").replace('rulebook = "cn-2026"', 'rulebook = ["cn-2012", "cn-2026"]')
    return load_area(text.replace("[area]\n", f'[area]\nstraddle = "{straddle}"\n', 1), "standard.toml")


def play(straddle: str, lines, until: str) -> list[Effect]:
    known = area(straddle)
    book, _ = rulebook_of_area(known)
    rows = [json.dumps({"at": f"{at}:00+08:00", "fact": name, **body}) for at, name, body in lines]
    return list(Player(known, book).play(parse_scenario(rows), parse_instant_us(f"{until}:00+08:00")))


def raised(effects, rule: str) -> list[int]:
    return [e.time_us for e in effects if isinstance(e, AlarmRaised) and f"{e.rule}/{e.variant}" == rule]


def at(text: str) -> int:
    return parse_instant_us(f"{text}+08:00")


APPROVAL = (
    "2026-01-01T02:00", "extension.approved",
    {"stay": "s", "rule": "T5", "limit": "12h", "approver": "head", "ground": "many_persons_involved"},
)  # fmt: skip


def test_by_the_law_at_its_start_the_stay_keeps_eight_hours_and_no_twelve():
    effects = play("at_start", [*HEADS, *STAY, APPROVAL], "2026-01-01T09:00")
    assert [e.reason for e in effects if isinstance(e, Refusal)] == ["no_such_tier"]
    assert raised(effects, "T5/questioning") == [at("2026-01-01T04:00:00")]


def test_by_the_law_of_the_moment_twelve_hours_can_be_given_after_midnight():
    effects = play("at_moment", [*HEADS, *STAY, APPROVAL], "2026-01-01T09:00")
    assert not [e for e in effects if isinstance(e, Refusal)]
    assert raised(effects, "T5/questioning") == [at("2026-01-01T08:00:00")]


def test_before_midnight_twelve_hours_cannot_be_given_under_either_setting():
    early = ("2025-12-31T23:00", *APPROVAL[1:])
    for straddle in ("at_start", "at_moment"):
        effects = play(straddle, [*HEADS, *STAY, early], "2026-01-01T09:00")
        assert [e.reason for e in effects if isinstance(e, Refusal)] == ["no_such_tier"], straddle
        assert raised(effects, "T5/questioning") == [at("2026-01-01T04:00:00")], straddle


QUESTIONED = [
    ("2025-12-31T20:04", "wristband.bound", {"stay": "s", "band": "b"}),
    ("2025-12-31T23:00", "recorder.stopped", {"recorder": "rec-interview-1"}),
    ("2025-12-31T23:30", "tag.read", {"tag": "b", "room": "interview-1"}),
]


def test_a_questioning_that_is_not_recorded_becomes_unlawful_at_midnight_of_the_moment():
    lines = [
        *HEADS,
        *STAY,
        *QUESTIONED,
        ("2026-01-01T00:20", "recorder.started", {"recorder": "rec-interview-1"}),
    ]
    assert raised(play("at_start", lines, "2026-01-01T01:00"), "R3/questioning") == []
    effects = play("at_moment", lines, "2026-01-01T01:00")
    assert raised(effects, "R3/questioning") == [at("2026-01-01T00:00:05")]
    cleared = [e.time_us for e in effects if isinstance(e, AlarmCleared) and e.rule == "R3"]
    assert cleared == [at("2026-01-01T00:20:00")]


def test_a_stay_that_begins_after_midnight_is_under_the_new_law_whatever_the_setting():
    later = [(when.replace("2025-12-31T20", "2026-01-01T01"), name,
              {k: (v.replace("2025-12-31T20", "2026-01-01T01") if isinstance(v, str) else v) for k, v in body.items()})
             for when, name, body in STAY]  # fmt: skip
    approval = ("2026-01-01T08:00", *APPROVAL[1:])
    for straddle in ("at_start", "at_moment"):
        effects = play(straddle, [*HEADS, *later, approval], "2026-01-01T14:00")
        assert raised(effects, "T5/questioning") == [at("2026-01-01T13:00:00")], straddle


def test_two_officers_were_wanted_before_and_one_recorded_suffices_after():
    """One officer from 23:30, recorded: unlawful at 23:31 under the old law; lawful from midnight."""
    lines = [
        *HEADS,
        *STAY,
        QUESTIONED[0],
        QUESTIONED[2],
        ("2025-12-31T23:30", "tag.read", {"tag": "o1", "room": "interview-1"}),
    ]
    for straddle, over in (("at_start", None), ("at_moment", at("2026-01-01T00:00:00"))):
        effects = play(straddle, lines, "2026-01-01T02:00")
        assert raised(effects, "I2/single")[0] == at("2025-12-31T23:31:00"), straddle
        cleared = [
            e.time_us
            for e in effects
            if isinstance(e, AlarmCleared) and f"{e.rule}/{e.variant}" == "I2/single"
        ]
        assert cleared == ([over] if over else []), straddle


def test_a_late_fact_from_before_midnight_is_judged_by_the_law_of_its_time():
    known = area("at_moment")
    book, _ = rulebook_of_area(known)
    in_time, late = Engine(known, book), Engine(known, book)
    rows = [
        json.dumps({"at": f"{when}:00+08:00", "fact": name, **body})
        for when, name, body in [*HEADS, *STAY, *QUESTIONED]
    ]
    facts = [
        fact(line.fact, n, line.at_us, **line.body) for n, line in enumerate(parse_scenario(rows).lines, 1)
    ]
    end = fact("deadline.reached", 99, at("2026-01-01T05:00:00"))
    for one in (*facts, end):
        in_time.step(one)
    for one in reversed(facts):
        late.step(replace(one, recorded_us=end.recorded_us, recorded_latest_us=end.recorded_us))
    late.step(end)

    def amounts(engine: Engine) -> list[tuple[object, ...]]:
        return sorted(
            (r.id, r.closed_us, tuple((s.name, s.due_us) for s in r.fired)) for r in engine.obligations()
        )

    assert amounts(in_time) == amounts(late)


def test_the_gateway_wakes_at_the_change_of_the_law():
    known = area("at_moment")
    engine = Engine(known, rulebook_of_area(known)[0])
    engine.step(
        fact("config.loaded", 1, at("2025-12-31T20:00:00"), config_hash="x", rulebook="y", rulebook_hash="z")
    )
    seen = []
    for n in range(2, 40):
        due_us = engine.next_deadline_us()
        if due_us is None or due_us > at("2026-01-01T00:00:00"):
            break
        seen.append(due_us)
        engine.step(fact("deadline.reached", n, due_us))
    assert at("2026-01-01T00:00:00") in seen


def test_a_rule_that_changes_what_it_is_judged_for_between_the_books_is_refused():
    zone = area("at_start").zone
    old, new = (load_rulebook(rulebook_text(n), n, rulebook_text) for n in ("cn-2012", "cn-2026"))
    rule = next(rule for rule in new.rules if rule.unit == "stay" and rule.key in {r.key for r in old.rules})
    other = replace(new, rules=tuple(replace(r, unit="case") if r is rule else r for r in new.rules))
    with pytest.raises(ConfigError, match=f"expected {rule.key} judged for a stay in cn-2026 as in cn-2012"):
        join_rulebooks([other, old], zone)


def test_books_that_leave_a_hole_or_overlap_are_refused():
    old, new = (load_rulebook(rulebook_text(n), n, rulebook_text) for n in ("cn-2012", "cn-2026"))
    zone = area("at_start").zone
    assert list(join_rulebooks([new, old], zone).titles) == ["cn-2012", "cn-2026"]
    for wrong in (
        replace(old, in_force_until=None),
        replace(old, in_force_until=old.in_force_until.replace(day=30)),
    ):
        with pytest.raises(ConfigError, match="expected cn-2026 to begin the day after cn-2012 ends"):
            join_rulebooks([wrong, new], zone)
