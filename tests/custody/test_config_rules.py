"""Rulebooks, rule by rule: each value that a kind, a ladder, a tier cannot have is named."""

import pytest

from custody.reader import KIND_PARAMS, load_rulebook
from tests.custody.books import LEVEL, TIER, WITHIN, assert_named, book_text, problems_of, rule_text

GOOD = rule_text("required_within", WITHIN)


# --- one rule ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "key", "expected", "found"),
    [
        ('id = "A1"', 'id = "A 1"', ".id", "an id", "A 1"),
        ('variant = "one"', "variant = 1", ".variant", "an id", "1"),
        ('kind = "required_within"', 'kind = "sundial"', ".kind", "one of clock", "sundial"),
        ('zh = "规则"', "zh = 1", ".title.zh", "text", "1"),
        ('instrument = "X"', 'instrument = ""', ".article.instrument", "text", "''"),
        ('basis = "law"', 'basis = "habit"', ".basis", "one of law, local", "habit"),
        ('confidence = "verified"', 'confidence = "sure"', ".confidence", "one of verified", "sure"),
        ('family = "clock"', 'family = "none"', ".family", "one of clock, person, equipment", "none"),
        ('family = "clock"', 'family = "clock"\nunit = "town"', ".unit", "one of stay, case", "town"),
        ('family = "clock"', 'family = "clock"\nmeasures = ["jail"]', ".measures", "a list out of criminal_summons", "jail"),
        ('family = "clock"', 'family = "clock"\nmeasures = "arrest"', ".measures", "a list", "arrest"),
        ('family = "clock"', 'family = "clock"\nrooms = ["kitchen"]', ".rooms", "a list out of reception", "kitchen"),
        ('family = "clock"', 'family = "clock"\noutlives = "yes"', ".outlives", "true or false", "yes"),
        ('family = "clock"', 'family = "clock"\nrefuse = 1', ".refuse", "true or false", "1"),
        ('family = "clock"', 'family = "clock"\nsequential = 1', ".sequential", "true or false", "1"),
        ('family = "clock"', 'family = "clock"\nsince = "entered"', ".since", "one of id", "since"),
        ('family = "clock"', 'family = "clock"\nafter = ["fed"]', ".after", "a fact type of docs/scenarios.md", "fed"),
        ('family = "clock"', 'family = "clock"\nunless = 5', ".unless", "a step such as", "5"),
        ('family = "clock"', 'family = "clock"\nwhen = { sex = "X" }', ".when.sex", "one of F, M", "X"),
        ('family = "clock"', 'family = "clock"\nwhen = { minor = "no" }', ".when.minor", "true or false", "no"),
        ('family = "clock"', 'family = "clock"\nwhen = { flags_any = ["tall"] }', ".when.flags_any", "a list out of", "tall"),
        ('family = "clock"', 'family = "clock"\nwhen = { flags_all = "drunk" }', ".when.flags_all", "a list", "drunk"),
        ('family = "clock"', 'family = "clock"\nwhen = { flags_none = [1] }', ".when.flags_none", "a list out of", "1"),
        ('family = "clock"', 'family = "clock"\nwhen = { age = 16 }', ".when.age", "one of sex", "age"),
        ('family = "clock"', 'family = "clock"\nwhen = 1', ".when", "a table", "1"),
        ('family = "clock"', 'family = "clock"\nduring = ["entered"]', ".during", "{ start = [steps], end = [steps] }", "entered"),
        ('family = "clock"', 'family = "clock"\nduring = { start = ["entered"] }', ".during", "{ start", "entered"),
        ('family = "clock"', 'family = "clock"\nduring = { start = "gone", end = "entered" }', ".during.start", "a fact type", "gone"),
        ('family = "clock"', 'family = "clock"\nnot_during = { start = "entered", end = 1 }', ".not_during.end", "a step", "1"),
        ('after = "10min"', 'after = "soon"', ".level[0].after", "a duration", "soon"),
        ('after = "10min"', "after = 10", ".level[0].after", "a duration", "10"),
        ('severity = "S2"', 'severity = "S9"', ".level[0].severity", "one of S1", "S9"),
        ('number = "local"', 'number = "mine"', ".level[0].number", "one of law, local", "mine"),
        ('number = "local"', 'number = "local", prewarning = 1', ".level[0].prewarning", "true or false", "1"),
        ('number = "local"', 'number = "local", until = "x"', ".level[0].until", "one of after", "until"),
        ('number = "local"', 'number = "local", prewarning = true', ".level", "at least one level that is no pre-warning", ""),
        ('what = "已到"\n', "", ".text.zh.what", "text", "None"),
        ('do = "Act"', "do = 1", ".text.en.do", "text", "1"),
        ('do = "Act"', 'do = "Act"\nhow = "x"', ".text.en.how", "one of soon, what, do", "how"),
    ],
)  # fmt: skip
def test_each_kind_of_mistake_in_a_rule_is_named(old, new, key, expected, found):
    assert old in GOOD
    problems = problems_of(load_rulebook, book_text(GOOD.replace(old, new, 1)))
    assert_named(problems, key, expected, found)
    assert all(p.file == "x.toml" for p in problems)
    assert any("A1/one" in p.key or "A 1/one" in p.key or "A1/1" in p.key for p in problems)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("rights.tolled", "a fact type of docs/scenarios.md"),
        ("entered:gate", "entered without ':' or '@'"),
        ("released@return_by", "released without ':' or '@'"),
        ("measure:jail", "measure: one of criminal_summons"),
        ("measure", "measure: one of"),
        ("in:kitchen", "in: one of reception"),
        ("left:", "left: one of reception"),
        ("rights.told:arrest", "rights.told with one of no kinds"),
        ("family.notified:wedding", "family.notified with one of summons"),
        ("exit.departed@noon", "exit.departed@ with a field that holds an instant"),
        ("exit.departed@stay", "exit.departed@ with a field that holds an instant"),
    ],
)
def test_a_step_that_cannot_be_done_is_named(step, expected):
    rule = rule_text("required_within", f'since = "entered", until = ["{step}"]')
    assert_named(problems_of(load_rulebook, book_text(rule)), ".with.until", expected, step)


# A good `with` of each kind, then for each key something it cannot be.
KINDS = [
    ("clock", 'from = "arrival", until = ["released"]', [
        ('from = "dawn"', ".with.from", "one of measure, arrival"),
        ('since = "dawn"', ".with.since", "a fact type"),
        ('since = "entered", from = "measure"', ".with", "since or from"),
        ('from = "measure", until = [1]', ".with.until", "a step"),
        ('from = "measure", calendar = "yes"', ".with.calendar", "true or false"),
        ('from = "measure", suspended = "rest"', ".with.suspended", "a list of { start, end }"),
        ('from = "measure", suspended = [{ start = ["entered"] }]', ".with.suspended[0]", "{ start = [steps], end"),
        ('from = "measure", restarted_by = ["x"]', ".with.restarted_by", "a fact type"),
        ('from = "measure", longer_by = ["x"]', ".with.longer_by", "a fact type"),
        ('from = "measure", gap = "1h"', ".with.gap", "one of from"),
    ]),
    ("required_within", WITHIN, [
        ('since = "entered"', ".with.until", "steps"),
        ('until = ["entered"]', ".with.since", "steps"),
        ('since = "entered", until = ["x"]', ".with.until", "a fact type"),
        (WITHIN + ", first = 1", ".with.first", "true or false"),
        (WITHIN + ", ever = []", ".with.ever", "true or false"),
        (WITHIN + ', not_before = "x"', ".with.not_before", "a fact type"),
    ]),
    ("required_before", 'step = ["rights.told"], act = ["interview.started"]', [
        ('act = ["interview.started"]', ".with.step", "steps"),
        ('step = ["rights.told"], act = ["x"]', ".with.act", "a fact type"),
        ('step = ["rights.told"], first = "x"', ".with.first", "true or false"),
        ('step = ["rights.told"], since = "x"', ".with.since", "a fact type"),
        ('step = ["rights.told"], between = ["21:00"]', ".with.between", "two local times"),
        ('step = ["rights.told"], between = ["21:00", "25:00"]', ".with.between", "two local times"),
        ('step = ["rights.told"], between = "night"', ".with.between", "two local times"),
        ('step = ["rights.told"], between = [21, 7]', ".with.between", "two local times"),
    ]),
    ("forbidden_act", 'act = "outside_area"', [
        ("repeat = true", ".with.act", "act"),
        ('act = "loiter"', ".with.act", "a fact type"),
        ('act = "outside_area", fields = ["device"]', ".with.fields", "a table of lists"),
        ('act = "outside_area", fields = { device = "rope" }', ".with.fields", "a table of lists"),
        ('act = "outside_area", repeat = 2', ".with.repeat", "true or false"),
        ('act = "outside_area", same = "keeper"', ".with.same", "a list of names"),
        ('act = ["item.found"], without = "photo"', ".with.without", "a list of names"),
        ('act = "outside_area", within = "6mo"', ".with.within", "{ step = '…', span = '180d' }"),
        ('act = "outside_area", within = { step = "x", span = "6mo" }', ".with.within.step", "a fact type"),
        ('act = "outside_area", within = { step = "entered", span = "long" }', ".with.within.span", "a duration"),
        ('act = "outside_area", within = { step = "entered", span = "0d" }', ".with.within.span", "more than nothing"),
        ('act = "outside_area", until = ["x"]', ".with.until", "a fact type"),
        ('act = "refused", reasons = ["two words"]', ".with.reasons", "a list of names"),
        ('act = "refused", facts = 1', ".with.facts", "a list of names"),
        ('act = "door_forced", window = 10', ".with.window", "a duration"),
        ('act = "door_forced", doors = ["window"]', ".with.doors", "a list out of area_gate, exit, room"),
    ]),
    ("threshold", 'step = "training.recorded", field = "hours", below = 24', [
        ("below = 24", ".with", "step and field with below or above, or a quantity"),
        ('step = "x", field = "hours", below = 1', ".with.step", "a fact type"),
        ('step = "training.recorded", field = "hours"', ".with", "step and field with below or above"),
        ('step = "training.recorded", field = "hours", below = 1, above = 2', ".with", "step and field with below or above"),
        ('step = "training.recorded", field = "two words", below = 1', ".with.field", "a name"),
        ('step = "training.recorded", field = "hours", below = "much"', ".with.below", "a duration"),
        ('step = "training.recorded", field = "hours", above = true', ".with.above", "a whole number"),
        ('step = "training.recorded", field = "hours", above = 1.5', ".with.above", "a whole number"),
        ('step = "training.recorded", field = "hours", below = 1, per = 2', ".with.per", "a name"),
        ('step = "training.recorded", field = "hours", below = 1, act = 1', ".with.act", "true or false"),
        ('quantity = "moon"', ".with.quantity", "one of certificate_after_entry, particulars_missing"),
        ('quantity = "particulars_missing", step = "entered", field = "x", below = 1', ".with", "or a quantity"),
    ]),
    ("interval", 'acts = ["meal.offered"], from = "entered"', [
        ('from = "entered"', ".with.acts", "steps"),
        ('acts = ["meal.offered"]', ".with.from", "entered|room|during"),
        ('acts = ["meal.offered"], from = "noon"', ".with.from", "one of entered, room, during, step"),
        ('acts = ["meal.offered"], from = "step"', ".with.since", "the steps since which it is needed"),
        ('acts = ["meal.offered"], from = "step", since = ["x"]', ".with.since", "a fact type"),
        ('acts = ["meal.offered"], from = "entered", each = "week"', ".with.each", "one of month, quarter, year"),
        ('acts = ["meal.offered"], from = "entered", of = "case"', ".with.of", "one of stay, room"),
        ('acts = ["meal.offered"], from = "room", fitted = "sofa"', ".with.fitted", "one of patrol_point, guard_motion"),
    ]),
    ("presence", 'when = "nobody"', [
        ("", ".with.when", "no_police|nobody"),
        ('when = "asleep"', ".with.when", "one of no_police, nobody"),
    ]),
    ("head_count", "fewer_than = 2", [
        ('service = "any"', ".with.fewer_than", "integer"),
        ('fewer_than = "two"', ".with.fewer_than", "a whole number"),
        ("fewer_than = true", ".with.fewer_than", "a whole number"),
        ("fewer_than = 2, recorded_minimum = 0.5", ".with.recorded_minimum", "a whole number"),
        ('fewer_than = 2, service = "army"', ".with.service", "one of sworn, any"),
        ('fewer_than = 2, sex = "X"', ".with.sex", "one of F, M"),
        ('fewer_than = 2, form = "x"', ".with.form", "a fact type"),
    ]),
    ("coverage", "only_if_fewer_than = 2", [
        ('only_if_fewer_than = "two"', ".with.only_if_fewer_than", "a whole number"),
        ("recorder = 1", ".with.recorder", "one of only_if_fewer_than"),
    ]),
    ("separation", 'apart = "sex"', [
        ("", ".with.apart", "sex|case|age|anyone"),
        ('apart = "height"', ".with.apart", "one of sex, case, age, anyone"),
    ]),
    ("supervision", 'source = "node"', [
        ("", ".with.source", "door|door_held"),
        ('source = "moon"', ".with.source", "one of door, door_held"),
        ('source = "door_held", doors = "room"', ".with.doors", "a list"),
        ('source = "band_battery", percent_below = "15"', ".with.percent_below", "a whole number"),
        ('source = "input", kinds = ["fire"]', ".with.kinds", "a list out of smoke, water"),
        ('source = "point", troubles = "silent"', ".with.troubles", "a list"),
        ('source = "compartment_open"', ".with.access", "access"),
        ('source = "compartment_open", access = ["by_force"]', ".with.access", "a list out of unordered, wrong_door"),
        ('source = "compartment_failed", why = ["rust"]', ".with.why", "a list out of late, clock"),
    ]),
    ("hands", 'act = ["count.started"], who = "counter", never = ["case_officer"]', [
        ('who = "counter", never = ["case_officer"]', ".with.act", "steps"),
        ('act = ["count.started"], never = ["case_officer"]', ".with.who", "name"),
        ('act = ["count.started"], who = "counter"', ".with", "roles, never or apart_from"),
        ('act = ["count.started"], who = "counter", roles = ["mayor"]', ".with.roles", "a list out of duty_officer"),
        ('act = ["count.started"], who = "counter", never = ["mayor"]', ".with.never", "a list out of duty_officer"),
        ('act = ["count.started"], who = "counter", apart_from = ["x"]', ".with.apart_from", "a fact type"),
    ]),
    ("keeping", 'since = ["released"], kinds = ["effects"]', [
        ("", ".with", "one of since, only_in"),
        ('since = ["x"]', ".with.since", "a fact type"),
        ('since = ["released"], without = ["x"]', ".with.without", "a fact type"),
        ('since = ["released"], kinds = ["pets"]', ".with.kinds", "a list out of exhibit, effects"),
        ('since = ["released"], states_none = ["lost"]', ".with.states_none", "a list out of taken, kept"),
        ('only_in = ["safe"]', ".with.only_in", "a list out of property, effects"),
        ('only_in = ["dangerous"]', ".unit", "item"),
    ]),
    ("chain", 'gap = "12h"', [
        ("", ".with.gap", "duration"),
        ('gap = "half a day"', ".with.gap", "a duration"),
    ]),
]  # fmt: skip


def of_kind(kind: str, params: str, more: str = "") -> str:
    """A rule of the kind with the ladder that kind has."""
    counts_measures = kind == "chain" or (kind == "clock" and "since" not in params)
    if counts_measures and "measures" not in more:
        more += 'measures = ["arrest"]\n'
    top = "" if kind == "clock" else LEVEL
    return rule_text(kind, params, top=f"{top}\n{more}", body=TIER if kind == "clock" else "")


OF_A_PERSON = [
    ("presence", 'when = "nobody"'), ("separation", 'apart = "sex"'), ("chain", 'gap = "12h"'),
    ("head_count", "fewer_than = 2"), ("required_before", 'step = "searched"'),
    ("interval", 'acts = ["meal.offered"], from = "room"'), ("threshold", 'quantity = "particulars_missing"'),
    ("forbidden_act", 'act = "band_cut"'), ("forbidden_act", 'act = "outside_area"'),
    ("forbidden_act", 'act = "recused_present"'), ("forbidden_act", 'act = "band_pressed"'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "params"), OF_A_PERSON)
def test_what_asks_where_a_person_is_held_is_about_an_open_stay(kind, params):
    assert load_rulebook(book_text(of_kind(kind, params)))
    named = problems_of(load_rulebook, book_text(of_kind(kind, params, 'unit = "case"\n')))
    assert_named(named, ".unit", "a stay: the rule asks where")
    named = problems_of(load_rulebook, book_text(of_kind(kind, params, "outlives = true\n")))
    assert_named(named, ".outlives", "nobody is held when the stay is over")


def test_a_band_is_watched_while_the_stay_is_open_and_a_door_is_not_of_a_stay():
    for source, expected in (
        ("band_silent", "nobody is held"), ("band_battery", "nobody is held"), ("node", "only a stay ends"),
    ):  # fmt: skip
        params = (
            f'source = "{source}", percent_below = 15' if source == "band_battery" else f'source = "{source}"'
        )
        assert load_rulebook(book_text(of_kind("supervision", params)))
        text = book_text(of_kind("supervision", params, "outlives = true\n"))
        assert_named(problems_of(load_rulebook, text), ".outlives", expected)


@pytest.mark.parametrize(
    ("kind", "params"), [("required_within", WITHIN), ("forbidden_act", 'act = ["stay.released"]')]
)
def test_what_names_measures_is_about_an_open_stay(kind, params):
    measures = 'measures = ["arrest"]\n'
    assert load_rulebook(book_text(of_kind(kind, params, measures)))
    named = problems_of(load_rulebook, book_text(of_kind(kind, params, measures + 'unit = "case"\n')))
    assert_named(named, ".unit", "a stay: the rule asks where")
    named = problems_of(load_rulebook, book_text(of_kind(kind, params, measures + "outlives = true\n")))
    assert_named(named, ".outlives", "nobody is held")


def test_a_clock_without_a_beginning_counts_from_its_measures():
    named = problems_of(load_rulebook, book_text(of_kind("clock", 'from = "measure"', "measures = []\n")))
    assert_named(named, ".measures", "the measures that it counts")


@pytest.mark.parametrize(
    ("kind", "params", "key", "expected"),
    [
        ("supervision", 'source = "band_battery"', ".with.percent_below", "integer"),
        ("supervision", 'source = "input"', ".with.kinds", "inputs"),
        ("supervision", 'source = "point"', ".with.troubles", "troubles"),
        ("forbidden_act", 'act = "door_forced"', ".with.window", "duration"),
        ("forbidden_act", 'act = "refused", facts = ["exit.departed"]', ".with.reasons", "names"),
        ("forbidden_act", 'act = "refused", reasons = ["forbidden"]', ".with.facts", "names"),
        ("interval", 'acts = ["meal.offered"], from = "during"', ".during", "what lasts"),
    ],
)
def test_what_a_kind_reads_without_asking_must_be_there(kind, params, key, expected):
    assert_named(problems_of(load_rulebook, book_text(of_kind(kind, params))), key, expected)


def test_a_chain_names_the_measures_that_may_not_follow_each_other():
    text = book_text(of_kind("chain", 'gap = "12h"', "measures = []\n"))
    assert_named(problems_of(load_rulebook, text), ".measures", "the measures that it counts")


@pytest.mark.parametrize(("kind", "params"), [(kind, params) for kind, params, _ in KINDS])
def test_a_rule_of_each_kind_is_read(kind, params):
    book = load_rulebook(book_text(of_kind(kind, params)))
    assert [rule.kind for rule in book.rules] == [kind]


@pytest.mark.parametrize(
    ("kind", "params", "key", "expected"), [(kind, *bad) for kind, _, wrong in KINDS for bad in wrong]
)
def test_each_value_that_a_kind_cannot_take_is_named(kind, params, key, expected):
    assert_named(problems_of(load_rulebook, book_text(of_kind(kind, params))), f"A1/one{key}", expected)


# --- ladders and tiers ---------------------------------------------------------------------------


def levels(*rows: str) -> str:
    return f"level = [{', '.join('{ ' + row + ' }' for row in rows)}]"


S3, PRE = 'severity = "S3", number = "local"', 'severity = "S3", number = "local", prewarning = true'


@pytest.mark.parametrize(
    ("ladder", "expected"),
    [
        (levels(f'after = "2min", {S3}', f'after = "1min", {S3}'), "in rising order"),
        (levels(f'after = "1min", {S3}', f'after = "60s", {S3}'), "in rising order"),
        (levels(*[f'after = "{n}min", {S3}' for n in range(1, 14)]), "at most 12 levels"),
        (levels(f'after = "1min", {S3}', f'after = "2min", {PRE}'), "pre-warnings before the first limit"),
        ("level = 1", "an array of tables"),
        ("", "at least one level that is no pre-warning"),
    ],
)
def test_a_ladder_that_is_none_is_named(ladder, expected):
    assert_named(
        problems_of(load_rulebook, book_text(rule_text("required_within", WITHIN, top=ladder))),
        "level",
        expected,
    )


def test_a_prewarning_has_its_wording_in_both_languages():
    ladder = levels(f'after = "1min", {PRE}', f'after = "2min", {S3}')
    text = rule_text("required_within", WITHIN, top=ladder).replace('soon = "Near"\n', "")
    assert_named(
        problems_of(load_rulebook, book_text(text)), ".text.en.soon", "the wording of the pre-warning"
    )


@pytest.mark.parametrize(
    ("params", "tiers", "key", "expected"),
    [
        ('from = "measure"', "", ".tier", "tiers for a clock, and only for a clock"),
        ('from = "measure"', TIER.replace("8h", "half a day"), ".tier[0].limit", "a duration"),
        ('from = "measure"', TIER.replace("8h", "0h"), ".tier[0].limit", "more than nothing"),
        ('from = "measure"', TIER.replace("1h", "8h"), ".tier[0].prewarnings", "shorter than the limit"),
        ('from = "measure"', TIER.replace('["1h"]', '"1h"'), ".tier[0].prewarnings", "a list"),
        ('from = "measure"', TIER.replace('"law"', '"habit"'), ".tier[0].basis", "one of law, local"),
        ('from = "measure"', TIER + 'severity = "S5"\n', ".tier[0].severity", "one of S1"),
        ('from = "measure"', TIER + 'due = "S5"\n', ".tier[0].due", "one of S1"),
        ('from = "measure"', TIER + 'grounds = ["rain"]\n', ".tier[0].grounds", "a list out of"),
        (
            'from = "measure"',
            TIER + 'approvers = ["mayor"]\n',
            ".tier[0].approvers",
            "a list out of duty_officer",
        ),
        ('from = "measure"', TIER + 'approver_basis = "x"\n', ".tier[0].approver_basis", "one of law, local"),
        ('from = "measure"', TIER + 'length = "x"\n', ".tier[0].length", "one of limit"),
        (
            'from = "measure"',
            TIER + TIER.replace("8h", "24h"),
            ".tier[1].approvers",
            "who gives this longer limit",
        ),
        (
            'from = "measure"',
            TIER + TIER.replace("8h", "4h") + 'approvers = ["county_head"]\n',
            ".tier",
            "tiers with rising limits",
        ),
        ('since = "entered", calendar = true', TIER, ".tier[0].limit", "days or months for a calendar clock"),
        (
            'from = "measure"',
            TIER.replace("8h", "2mo").replace('["1h"]', "[]"),
            ".tier[0].limit",
            "hours for another",
        ),
        (
            'from = "measure"',
            TIER.replace("8h", "5wd").replace('["1h"]', "[]"),
            ".tier[0].limit",
            "hours for another",
        ),
        (
            'since = "entered", calendar = true',
            TIER.replace("8h", "3d"),
            ".tier[0].prewarnings",
            "in its unit",
        ),
        (
            'since = "entered", calendar = true',
            TIER.replace("8h", "3d").replace("1h", "3d"),
            ".tier[0].prewarnings",
            "shorter than the limit",
        ),
    ],
)
def test_each_kind_of_mistake_in_a_tier_is_named(params, tiers, key, expected):
    text = book_text(rule_text("clock", params, top="", body=tiers))
    assert_named(problems_of(load_rulebook, text), key, expected)


@pytest.mark.parametrize("limit", ["3d", "2mo", "5wd"])
def test_a_calendar_clock_takes_days_working_days_and_months(limit):
    tier = TIER.replace("8h", limit).replace("1h", "1d") + 'due = "S2"\n'
    book = load_rulebook(
        book_text(rule_text("clock", 'since = "entered", calendar = true', top="", body=tier))
    )
    assert [t.limit.text for t in book.rules[0].tiers] == [limit]


def test_tiers_stand_with_a_clock_alone():
    text = book_text(rule_text("required_within", WITHIN, body=TIER))
    assert_named(problems_of(load_rulebook, text), ".tier", "tiers for a clock, and only for a clock")


def test_every_value_of_every_kind_has_a_mistake_above():
    named = {
        (kind, place.removeprefix(".with.").partition(".")[0])
        for kind, _, wrong in KINDS
        for _, place, _ in wrong
    }
    named = {(kind, key.partition("[")[0]) for kind, key in named}
    missing = [(kind, key) for kind, keys in KIND_PARAMS.items() for key in keys if (kind, key) not in named]
    assert missing == []
