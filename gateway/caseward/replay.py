"""`caseward replay FILE --rulebook NAME [--until T] --json`: what the rules say to a history.

FILE is a scenario (docs/scenarios.md), an exported log, a log segment, or a log folder.
Exit 0 when it was played, 2 when a line cannot be used: file, line, expected, found.
"""

import argparse
import json
import os
import sys
from typing import Any

from caseward.history import read_history
from custody.area import Area
from custody.config import ConfigError
from custody.effects import AlarmCleared, AlarmEffect, AlarmRaised, Effect, PreWarning, Refusal
from custody.scenario import ScenarioError
from custody.times import TimeFormatError, format_instant, parse_instant_us


def main(argv: list[str]) -> int:
    """Entry point of the command."""
    options = _parser().parse_args(argv)
    try:
        until_us = parse_instant_us(options.until) if options.until else None
        history = read_history(options.file, options.area, options.rulebook, until_us)
        rows = [row for effect in history.effects if (row := describe(effect, history.area)) is not None]
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
