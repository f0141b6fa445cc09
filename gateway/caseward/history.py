"""Histories as the commands read them: a scenario, exported leaves, a log segment, or a log folder.

What is read is played as the gateway would live through it; the facts are kept in log order.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from caseward.check import read_area, read_rulebook
from custody.area import Area
from custody.bundled import rulebook_of_area
from custody.effects import Effect
from custody.engine import Engine
from custody.facts import Fact
from custody.player import Player, replay_log
from custody.rules import Rulebook
from custody.scenario import Scenario, ScenarioError, parse_scenario

_SEGMENT_LINE: Final = re.compile(r"^[0-9a-f]{8} (?=\{)")


@dataclass(slots=True)
class History:
    """A history with the area and the rulebook it is played under.

    `facts`: those taken so far, in log order, deadlines among them; complete when `effects` is used up.
    """

    area: Area
    rulebook: Rulebook
    effects: Iterator[Effect]
    facts: list[Fact] = field(default_factory=list)


class _KeepingEngine(Engine):
    """An engine that keeps the facts it was given."""

    def __init__(self, area: Area, rulebook: Rulebook, kept: list[Fact]) -> None:
        """`kept`: where the facts go."""
        super().__init__(area, rulebook)
        self._kept = kept

    def step(self, fact: Fact) -> list[Effect]:
        """Keep the fact and take it."""
        self._kept.append(fact)
        return super().step(fact)


def read_history(
    file: str, area: str | None = None, rulebook: str | None = None, until_us: int | None = None
) -> History:
    """A history ready to be played up to `until_us` (inclusive; the last line when None).

    `area`, `rulebook`: names or files; left out, those of the scenario's header, then those of the area with
    its overlays. `-` reads a scenario from standard input. Raises OSError, UnicodeDecodeError, ConfigError,
    ScenarioError; ScenarioError also while `effects` is used up.
    """
    texts = _texts(file)
    first = next((text for text in texts if text.strip()), "")
    if _SEGMENT_LINE.match(first) or '"prev":' in first:
        return _log(texts, *_setting(area, rulebook, {}), until_us)
    scenario = parse_scenario(texts)
    return scenario_history(scenario, *_setting(area, rulebook, scenario.header), until_us)


class Leaves:
    """The leaves of a log, read anew each time they are gone through; ScenarioError then, where one is broken."""

    def __init__(self, texts: list[str]) -> None:
        """`texts`: lines of segments, or of an export."""
        self._texts = texts

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """From the first leaf."""
        return _leaves(self._texts)


def read_source(file: str, area: str | None = None) -> tuple[Scenario | Leaves, Area]:
    """What `read_history` reads, not yet under any rulebook, for who plays it under several. Raises as it does."""
    texts = _texts(file)
    first = next((text for text in texts if text.strip()), "")
    if _SEGMENT_LINE.match(first) or '"prev":' in first:
        return Leaves(texts), read_area(area or "standard")
    scenario = parse_scenario(texts)
    return scenario, read_area(area or scenario.header.get("area", "standard"))


def _texts(name: str) -> list[str]:
    if name == "-":
        return sys.stdin.read().splitlines()
    path = Path(name)
    if path.is_dir():
        segments = sorted(path.glob("*.seg"))
        if not segments:
            raise OSError(f"{name}: expected log segments (*.seg), found none")
        return [line for s in segments for line in s.read_text(encoding="utf-8").splitlines()]
    return path.read_text(encoding="utf-8").split("\n")


def _setting(
    area_name: str | None, book_name: str | None, header: Mapping[str, Any]
) -> tuple[Area, Rulebook]:
    area = read_area(area_name or header.get("area", "standard"))
    name = book_name or header.get("rulebook")
    return area, read_rulebook(name) if name else rulebook_of_area(area)[0]


def _log(texts: list[str], area: Area, rulebook: Rulebook, until_us: int | None) -> History:
    facts: list[Fact] = []
    engine = _KeepingEngine(area, rulebook, facts)
    return History(area, rulebook, replay_log(engine, _leaves(texts), until_us), facts)


def scenario_history(scenario: Scenario, area: Area, rulebook: Rulebook, until_us: int | None) -> History:
    """A scenario ready to be played."""
    facts: list[Fact] = []
    player = Player(area, rulebook, is_healthy=scenario.header.get("initial", "healthy") == "healthy")
    player.engine = _KeepingEngine(area, rulebook, facts)
    return History(area, rulebook, player.play(scenario, until_us), facts)


def _leaves(texts: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(texts, 1):
        line = _SEGMENT_LINE.sub("", text)
        if not line.strip():
            continue
        try:
            leaf = json.loads(line)
        except ValueError as error:
            raise ScenarioError(number, "a leaf, one JSON object a line", str(error)) from None
        if not isinstance(leaf, dict):
            raise ScenarioError(number, "a leaf, one JSON object a line", leaf)
        yield leaf
