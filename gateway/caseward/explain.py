"""`caseward explain FILE ALARM`: the smallest set of facts behind an alarm, in plain Chinese and English.

`caseward explain FILE --why-not RULE/VARIANT --subject stay:s-1 --at INSTANT` says why a rule was silent.

FILE is a scenario, an exported log, a log segment, or a log folder, as for `caseward replay`. ALARM is an
alarm's id, the beginning of one, or rule/variant/subject (or less of it) where that names one alarm.
Exit 0 when it was explained, 2 when something was called or fed wrongly: expected, found. Without ALARM
the alarms of the file are listed.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable
from typing import Any

from caseward.history import History, read_history
from custody.area import Area
from custody.config import ConfigError
from custody.effects import AlarmEffect, AlarmRaised, Effect, PreWarning
from custody.explain import ExplainError, Explanation, SilenceExplanation, explain, why_silent
from custody.name import Name
from custody.scenario import ScenarioError
from custody.times import TimeFormatError, format_instant, parse_instant_us

LISTED_MAX = 40
"""Candidates shown when a name fits several alarms."""


def main(argv: list[str]) -> int:
    """Entry point of the command."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.alarm is not None and options.why_not is not None:
        parser.error("expected ALARM or --why-not, found both")
    if options.why_not is not None and (options.subject is None or options.at is None):
        parser.error("expected --subject and --at with --why-not")
    try:
        at_us = parse_instant_us(options.at) if options.at else None
        until_us = parse_instant_us(options.until) if options.until else None
        history = read_history(options.file, options.area, options.rulebook, until_us)
        effects = list(history.effects)
        lines = _answer(options, history, effects, at_us)
    except TimeFormatError as error:
        return _refused(f"--at, --until: {error}")
    except ScenarioError as error:
        return _refused(f"{options.file}: {error}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return _refused(f"{options.file}: line {line}: expected UTF-8, found {error.reason}")
    except (ConfigError, ExplainError, OSError) as error:
        return _refused(str(error))
    try:
        sys.stdout.writelines(line + "\n" for line in lines)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _refused(what: str) -> int:
    sys.stderr.write(f"{what}\n")
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="caseward explain", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", help="scenario, log file or log folder; - reads a scenario")
    parser.add_argument("alarm", nargs="?", help="an alarm's id, its beginning, or rule/variant/subject")
    parser.add_argument("--stage", help="step of its ladder, as printed; left out, the highest it reached")
    parser.add_argument("--why-not", metavar="RULE/VARIANT", help="ask why this rule was silent")
    parser.add_argument("--subject", help="with --why-not: stay:s-1, room:waiting-1 …")
    parser.add_argument("--at", help="with --why-not: an instant, ISO 8601 with offset")
    parser.add_argument("--until", help="play on to this instant, ISO 8601 with offset")
    parser.add_argument("--rulebook", help="name of a bundled rulebook, or a .toml file")
    parser.add_argument("--area", help="area.toml, or the name of a bundled area")
    parser.add_argument("--lang", choices=["zh", "en", "both"], default="both", help="language of the text")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    return parser


def _answer(
    options: argparse.Namespace, history: History, effects: list[Effect], at_us: int | None
) -> list[str]:
    area, book, facts = history.area, history.rulebook, history.facts
    if options.why_not is not None and at_us is not None:
        silence = why_silent(area, book, facts, options.why_not, options.subject, at_us)
        return [_json(silence.as_dict())] if options.json else _silence_lines(silence, options.lang)
    raised = [effect for effect in effects if isinstance(effect, AlarmRaised | PreWarning)]
    if options.alarm is None:
        return _listed(raised, area)
    alarm = _one_alarm(options.alarm, options.stage, raised, area)
    found = explain(area, book, facts, alarm, options.stage)
    return [_json(found.as_dict())] if options.json else _alarm_lines(found, options.lang)


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True)


# --- which alarm -----------------------------------------------------------------------------------


def _one_alarm(name: str, stage: str | None, raised: list[AlarmRaised | PreWarning], area: Area) -> str:
    """The one alarm of this name. Raises ExplainError with the candidates."""
    fitting = [effect for effect in raised if _fits(name, effect)]
    exact = [effect for effect in fitting if effect.alarm == name]
    known = list(dict.fromkeys(effect.alarm for effect in exact or fitting))
    if len(known) != 1:
        rows = "\n".join(_listed(fitting or raised, area))
        found = f"{len(known)} that fit {name!r}" if known else f"none that fits {name!r}"
        raise ExplainError("the name of one alarm", f"{found}; the alarms there are:\n{rows}")
    stages = list(dict.fromkeys(effect.stage for effect in fitting))
    if stage is not None and stage not in stages:
        raise ExplainError(f"a stage of {known[0]}: {', '.join(stages)}", stage)
    return known[0]


def _fits(name: str, effect: AlarmEffect) -> bool:
    """The id or its beginning, the id without the area, or rule, variant and subject from the left."""
    bare = effect.alarm.partition("/")[2]
    return effect.alarm.startswith(name) or bare == name or f"{bare}/".startswith(f"{name}/")


def _listed(raised: Iterable[AlarmRaised | PreWarning], area: Area) -> list[str]:
    """One line an alarm: when it was raised first, its severity, its id, the stages it reached."""
    stages: dict[str, list[AlarmRaised | PreWarning]] = {}
    for effect in raised:
        stages.setdefault(effect.alarm, []).append(effect)
    rows = []
    for alarm, reached in list(stages.items())[:LISTED_MAX]:
        time = format_instant(reached[0].time_us, area.zone)
        names = ", ".join(dict.fromkeys(effect.stage for effect in reached))
        rows.append(f"{time}  {reached[-1].severity}  {alarm}  {names}")
    more = len(stages) - len(rows)
    return [*rows, f"… {more} more"] if more else rows


# --- text ------------------------------------------------------------------------------------------


def _alarm_lines(found: Explanation, lang: str) -> list[str]:
    lines = [f"{found.alarm}  {found.stage}  {found.severity}  {found.time}"]
    for language in _languages(lang):
        lines += ["", *(_in(language, sentence) for sentence in found.sentences), ""]
        for fact in found.facts:
            mark = "*" if fact.is_named else "~" if fact.is_sight else " "
            lines.append(f"  {mark} #{fact.index:<6} {fact.time}  {_in(language, fact.text)}")
    return lines


def _silence_lines(silence: SilenceExplanation, lang: str) -> list[str]:
    lines: list[str] = []
    for language in _languages(lang):
        lines += ([""] if lines else []) + [_in(language, sentence) for sentence in silence.sentences]
    return lines


def _languages(lang: str) -> tuple[str, ...]:
    return ("zh", "en") if lang == "both" else (lang,)


def _in(lang: str, name: Name) -> str:
    return name.zh if lang == "zh" else name.en
