"""Small rulebooks for tests: a whole one out of shipped parts, and one rule with what a test wants to say of it."""

from custody.bundled import rulebook_text
from custody.config import ConfigError
from custody.reader import load_rulebook
from custody.rules import Rulebook

HEAD = """
[rulebook]
id = "{id}"
title = {{ zh = "试验", en = "Trial" }}
in_force_from = {since}
"""
# Enough of the shipped law to damage: clocks, places, sources, and none of it included.
WHOLE_TEXT = HEAD.format(id="trial", since="2026-01-01") + "\n".join(
    rulebook_text(f"cn/{part}") for part in ("four_musts", "time_limits", "equipment", "way")
)
_RULE = """
[[rule]]
id = "{id}"
variant = "{variant}"
kind = "{kind}"
title = {{ zh = "规则", en = "A rule" }}
article = {{ instrument = "X", article = "1", zh = "第1条", en = "art. 1" }}
basis = "law"
confidence = "verified"
family = "clock"
{top}
{body}
[rule.text.zh]
soon = "将满"
what = "已到"
do = "处理"
[rule.text.en]
soon = "Near"
what = "Reached"
do = "Act"
"""
WITHIN = 'since = "entered", until = ["rights.told"]'
LEVEL = 'level = [{ after = "10min", severity = "S2", number = "local" }]'
TIER = '[[rule.tier]]\nlimit = "8h"\nbasis = "law"\nprewarnings = ["1h"]\n'


def rule_text(
    kind: str, params: str, *, top: str = LEVEL, body: str = "", rule_id: str = "A1", variant: str = "one"
) -> str:
    """TOML of one rule; `params` is the inside of `with`, `top` stands before the tables, `body` after."""
    within = f"with = {{ {params} }}\n" if params else ""
    return _RULE.format(id=rule_id, variant=variant, kind=kind, top=f"{within}{top}", body=body)


def book_text(*rules: str, name: str = "trial", since: str = "2026-01-01", more: str = "") -> str:
    """TOML of a rulebook with these rules."""
    return HEAD.format(id=name, since=since) + more + "".join(rules)


def book(*rules: str, name: str = "trial", since: str = "2026-01-01", more: str = "") -> Rulebook:
    """A rulebook with these rules."""
    return load_rulebook(book_text(*rules, name=name, since=since, more=more), f"{name}.toml")


def problems_of(load, text: str):
    """What is wrong with a text; nothing but ConfigError may come out."""
    try:
        load(text, "x.toml")
    except ConfigError as error:
        return error.problems
    return []


def assert_named(problems, key: str, expected: str = "", found: str = "") -> None:
    """One of the problems has this place, this expectation, this finding."""
    hits = [p for p in problems if key in p.key and expected in p.expected and found in p.found]
    assert hits, f"expected {key}: {expected}, found {[str(p) for p in problems]}"
