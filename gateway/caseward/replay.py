"""`caseward replay FILE --rulebook NAME [--until T] --json`: what the rules say to a history.

FILE is a scenario (docs/scenarios.md), an exported log, a log segment, or a log folder.
Exit 0 when it was played, 2 when a line cannot be used: file, line, expected, found.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from caseward.check import read_area, read_rulebook
from custody.area import Area
from custody.config import ConfigError
from custody.effects import AlarmCleared, AlarmEffect, AlarmRaised, Effect, PreWarning, Refusal
from custody.engine import Engine
from custody.player import Player, replay_log
from custody.rules import Rulebook
from custody.scenario import ScenarioError, parse_scenario
from custody.times import TimeFormatError, format_instant, parse_instant_us

_SEGMENT_LINE = re.compile(r"^[0-9a-f]{8} (?=\{)")


def main(argv: list[str]) -> int:
    """Entry point of the command."""
    options = _parser().parse_args(argv)
    try:
        until_us = parse_instant_us(options.until) if options.until else None
        texts = _read(options.file)
        effects, area = _effects(options, texts, until_us)
        rows = [row for effect in effects if (row := describe(effect, area)) is not None]
    except TimeFormatError as error:
        sys.stderr.write(f"--until: {error}\n")
        return 2
    except ScenarioError as error:
        sys.stderr.write(f"{options.file}: {error}\n")
        return 2
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        sys.stderr.write(f"{options.file}: line {line}: expected UTF-8, found {error.reason}\n")
        return 2
    except (ConfigError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        sys.stdout.writelines((_json(row) if options.json else _plain(row)) + "\n" for row in rows)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="caseward replay", description=__doc__)
    parser.add_argument("file", help="scenario, log file or log folder; - reads a scenario")
    parser.add_argument("--rulebook", help="name of a bundled rulebook, or a .toml file")
    parser.add_argument("--area", help="area.toml, or the name of a bundled area")
    parser.add_argument("--until", help="play on to this instant, ISO 8601 with offset")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


def _read(name: str) -> list[str]:
    if name == "-":
        return sys.stdin.read().splitlines()
    path = Path(name)
    if path.is_dir():
        segments = sorted(path.glob("*.seg"))
        if not segments:
            raise OSError(f"{name}: expected log segments (*.seg), found none")
        return [line for s in segments for line in s.read_text(encoding="utf-8").splitlines()]
    return path.read_text(encoding="utf-8").split("\n")


def _effects(
    options: argparse.Namespace, texts: list[str], until_us: int | None
) -> tuple[Iterator[Effect], Area]:
    first = next((text for text in texts if text.strip()), "")
    if _SEGMENT_LINE.match(first) or '"prev":' in first:
        area, rulebook = _setting(options, {})
        return replay_log(Engine(area, rulebook), _leaves(texts), until_us), area
    scenario = parse_scenario(texts)
    area, rulebook = _setting(options, scenario.header)
    is_healthy = scenario.header.get("initial", "healthy") == "healthy"
    return Player(area, rulebook, is_healthy=is_healthy).play(scenario, until_us), area


def _setting(options: argparse.Namespace, header: Any) -> tuple[Area, Rulebook]:
    area = read_area(options.area or header.get("area", "standard"))
    return area, read_rulebook(options.rulebook or header.get("rulebook", area.rulebook))


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


def describe(effect: Effect, area: Area) -> dict[str, Any] | None:
    """The printed form of an effect; None for what replay does not print."""
    zone = area.zone
    row: dict[str, Any] = {"time": format_instant(effect.time_us, zone)}
    if isinstance(effect, Refusal):
        row |= {
            "event": "refusal", "rule": effect.rule, "subject": effect.subject,
            "stay": effect.stay, "reason": effect.reason, "expected": effect.expected,
            "found": effect.found, "fact": effect.fact_type, "basis": effect.basis,
        }  # fmt: skip
        return row | _article(effect.article)
    if not isinstance(effect, AlarmEffect):
        return None
    row |= {
        "rule": effect.rule, "variant": effect.variant, "subject": effect.subject,
        "stay": effect.stay, "room": effect.room, "severity": effect.severity,
        "stage": effect.stage, "basis": effect.basis, "number_basis": effect.number_basis,
        "alarm": effect.alarm, "text": {lang: dict(text) for lang, text in effect.text.items()},
    }  # fmt: skip
    row |= _article(effect.article)
    if isinstance(effect, AlarmRaised):
        row |= {"event": "alarm", "late_ms": effect.late_us // 1_000, "certain": effect.is_certain}
    elif isinstance(effect, PreWarning):
        row |= {"event": "pre-warning", "late_ms": effect.late_us // 1_000,
                "due": format_instant(effect.due_us, zone)}  # fmt: skip
    elif isinstance(effect, AlarmCleared):
        row |= {"event": "clearing", "of": effect.of, "reason": effect.reason}
    return row


def _article(article: Any) -> dict[str, str]:
    if not article:
        return {"article": "", "article_zh": "", "article_en": ""}
    return {
        "article": f"{article['instrument']} {article['article']}",
        "article_zh": article["zh"],
        "article_en": article["en"],
    }


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True)


def _plain(row: dict[str, Any]) -> str:
    head = f"{row['time']}  {row['event']:<11} {row['rule']:<4} {row['subject']:<24}"
    seal = "法 law  " if row["basis"] == "law" else "本 local"
    if row["event"] == "refusal":
        return f"{head} {seal} {row['fact']}: expected {row['expected']}, found {row['found']}"
    late = f"  late {row['late_ms'] / 1000:.0f} s" if row.get("late_ms") else ""
    rest = row["text"]["en"]["what"] if row["event"] != "clearing" else row["reason"]
    return f"{head} {row['severity']} {seal} {row['article_en']}: {rest}{late}"
