"""What the story of each rule told at its release: tests/vectors/custody/stories-v1.jsonl.

A line is {"book", "rule", "lines", "told"}: scenario lines, and what replaying them told, field by field. `since`: when the rule came,
a number; 0 where it is left out. An older story is compared without what a younger rule adds to it.
`python -m tests.custody.vectors` adds the rules that have no line yet; a line that is there is never changed.
"""

import json
from functools import cache
from typing import Any

from custody.area import Area, load_area
from custody.bookcheck import story_for
from custody.bundled import rulebook_names, rulebook_text
from custody.effects import AlarmCleared, AlarmEffect, Effect, ObligationChanged, Refusal
from custody.player import Player
from custody.reader import load_rulebook
from custody.rules import Rulebook
from custody.scenario import parse_scenario
from tests.custody.against_oracle import CABINETS, INPUTS, area_v1_text
from tests.tools.tree import ROOT

FILE = ROOT / "tests" / "vectors" / "custody" / "stories-v1.jsonl"

NEWEST = 1  # of the rules that are added now; one more after each release


@cache
def fitted(*, has_inputs: bool = False, has_cabinets: bool = False) -> Area:
    """That area with the equipment that some rules rest on."""
    text = area_v1_text()
    for room in ("waiting-1", "waiting-2", "waiting-f"):
        text = text.replace(
            f'id = "{room}"\n', f'id = "{room}"\nfitted = ["patrol_point", "guard_motion"]\n', 1
        )
    text += INPUTS if has_inputs else CABINETS if has_cabinets else ""
    return load_area(text, "standard.toml")


def area_for(name: str, key: str) -> Area:
    """With inputs or cabinets for the rules that look at them alone: the first word of each would move every number of a fact."""
    rule = book(name).versions[key][0]
    is_store = (
        rule.unit in ("item", "stocktaking", "cabinet", "compartment") or rule.params.get("from") == "step"
    )
    return fitted(has_inputs=rule.unit == "input", has_cabinets=is_store)


@cache
def book(name: str) -> Rulebook:
    """A bundled rulebook."""
    return load_rulebook(rulebook_text(name), f"{name}.toml", rulebook_text)


def told(row: dict[str, Any]) -> list[list[Any]]:
    """What replaying a line of the file tells now, by the rules that there were when it was added."""
    effects = Player(area_for(row["book"], row["rule"]), book(row["book"])).play(parse_scenario(row["lines"]))
    younger = {key for key, since in _ages().items() if since > row.get("since", 0)}
    return [
        fields(effect)
        for effect in effects
        if f"{effect.rule}/{getattr(effect, 'variant', '')}" not in younger
    ]


@cache
def _ages() -> dict[str, int]:
    return {row["rule"]: row.get("since", 0) for row in rows()}


def fields(effect: Effect) -> list[Any]:
    """An effect without its wording: what a log would hold of it that a rule decides."""
    if isinstance(effect, Refusal):
        return ["refused", effect.rule, effect.subject, effect.reason, effect.fact, effect.time_us]
    if isinstance(effect, ObligationChanged):
        return [effect.state, effect.obligation, effect.due_us, effect.reason, effect.time_us, effect.stay]
    assert isinstance(effect, AlarmEffect), f"expected an alarm, found {effect}"
    end = effect.reason if isinstance(effect, AlarmCleared) else ""
    params = [[key, value] for key, value in effect.params.items()]
    return [
        effect.TYPE, effect.alarm, effect.stage, effect.severity, effect.basis, effect.number_basis, effect.stay,
        effect.room, list(effect.facts), params, end, effect.time_us,
    ]  # fmt: skip


def rows() -> list[dict[str, Any]]:
    """The lines of the file."""
    if not FILE.exists():
        return []
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def wanted() -> list[tuple[str, str]]:
    """(book, rule): every rule once, and again where another book words it otherwise."""
    found: list[tuple[str, str]] = []
    seen: list[Any] = []
    for name in sorted(rulebook_names(), reverse=True):
        for rule in book(name).rules:
            if rule not in seen:
                seen.append(rule)
                found.append((name, rule.key))
    return found


def main() -> None:
    """Add what is missing."""
    known = {(row["book"], row["rule"]) for row in rows()}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("a", encoding="utf-8") as file:
        for name, key in wanted():
            if (name, key) in known:
                continue
            story = story_for(area_for(name, key), book(name), book(name).versions[key][0])
            row: dict[str, Any] = {"book": name, "rule": key, "since": NEWEST, "lines": list(story.lines)}
            row["told"] = told(row)
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
