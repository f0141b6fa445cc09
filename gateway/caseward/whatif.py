"""`caseward whatif FILE --from NAME --to NAME`: the same facts under two rulebooks.

Which stays and minutes turn unlawful or lawful, rule by rule and stay by stay. FILE is a scenario
(docs/scenarios.md), an exported log, a log segment, or a log folder. Each rulebook holds for the whole of it, whatever
the day; overlays of the area are left out. Exit 0 when it was compared, 2 when something cannot be used: file,
line, expected, found.
"""

import argparse
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from caseward.check import read_rulebook
from caseward.history import read_source
from custody.area import Area
from custody.config import ConfigError
from custody.name import Name
from custody.rules import Article
from custody.scenario import ScenarioError
from custody.times import SECOND_US, TimeFormatError, format_instant, parse_instant_us
from custody.whatif import Change, RefusalChange, RuleChange, Side, Totals, WhatIf, what_if

_CHANGED: Final[tuple[Change, ...]] = ("turns_unlawful", "turns_lawful", "otherwise")
_WORDS: Final[dict[str, Name]] = {
    "turns_unlawful": Name("转为违法", "turns unlawful"),
    "turns_lawful": Name("转为合法", "turns lawful"),
    "otherwise": Name("仍违法，有变化", "unlawful, not alike"),
    "same": Name("违法，无变化", "unlawful alike"),
    "lawful": Name("都合法", "lawful under both"),
    "stays": Name("人次", "Stays"),
    "others": Name("其他（案件、房间等）", "Others (cases, rooms …)"),
    "time": Name("违法时长（每人同一时刻只计一次）", "Time unlawful (each moment of a stay counted once)"),
    "by_rule": Name("按规则（法律规定）", "By rule (of law)"),
    "local": Name("按规则（本地设定，不算违法）", "By rule (local, no breach of the law)"),
    "by_stay": Name("按人次", "By stay"),
    "refusals": Name("审批和登记", "Approvals and forms"),
    "nothing": Name("没有变化", "Nothing changes"),
    "rule": Name("规则", "rule"),
    "times": Name("次", "×"),
    "only_before": Name("只有 {book} 不予受理", "refused under {book} only"),
    "none": Name("无此规定", "no such rule"),
    "expected": Name("应为", "expected"),
    "found": Name("实为", "found"),
    "area": Name("办案区", "Area"),
}
_UNITS: Final = {"zh": ("小时", "分", "秒"), "en": ("h", "min", "s")}


def main(argv: list[str]) -> int:
    """Entry point of the command."""
    options = _parser().parse_args(argv)
    try:
        until_us = parse_instant_us(options.until) if options.until else None
        before, after = read_rulebook(options.before), read_rulebook(options.after)
        history, area = read_source(options.file, options.area)
        result = what_if(area, before, after, history, until_us)
        if options.svg:
            _write_svg(options.svg, result, area, options.lang)
    except TimeFormatError as error:
        return _wrong(f"--until: {error}")
    except ScenarioError as error:
        return _wrong(f"{options.file}: {error}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return _wrong(f"{options.file}: line {line}: expected UTF-8, found {error.reason}")
    except ImportError as error:
        return _wrong(f"--svg: expected the server's part (pip install 'caseward[server]'), found {error}")
    except (ConfigError, OSError) as error:
        return _wrong(str(error))
    lines = (
        [json.dumps(as_json(result, area), ensure_ascii=False)]
        if options.json
        else _Table(area, options.lang).of(result)
    )
    try:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="caseward whatif", description=__doc__)
    parser.add_argument("file", help="scenario, log file or log folder; - reads a scenario")
    parser.add_argument(
        "--from", dest="before", required=True, help="name of a bundled rulebook, or a .toml file"
    )
    parser.add_argument("--to", dest="after", required=True, help="the rulebook to compare it with")
    parser.add_argument("--area", help="area.toml, or the name of a bundled area")
    parser.add_argument("--until", help="play on to this instant, ISO 8601 with offset")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--svg", metavar="FILE", help="write the plot to this file too")
    parser.add_argument("--lang", choices=["zh", "en"], default="en", help="language of table and plot")
    return parser


def _wrong(words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return 2


def _write_svg(file: str, result: WhatIf, area: Area, language: Any) -> None:
    """The plot is the server's, so that the page shows the same; it is loaded only when asked for."""
    from caseserver.web.drawing.whatif import whatif_file
    from caseserver.web.reader import Reader

    drawn = whatif_file(result, Reader(now_us=result.until_us, zone=area.timezone, language=language))
    Path(file).write_text(drawn, encoding="utf-8")


# --- as a table ----------------------------------------------------------------------------------


class _Table:
    """The comparison as text of one language."""

    def __init__(self, area: Area, language: str) -> None:
        self._zone = area.zone
        self._language = language

    def of(self, result: WhatIf) -> Iterator[str]:
        """Line by line."""
        yield f"{result.before} {self._in(result.before_title)} → {result.after} {self._in(result.after_title)}"
        first, last = (format_instant(at_us, self._zone) for at_us in (result.from_us, result.until_us))
        yield f"{self._word('area')} {result.area}  {first} – {last}"
        yield ""
        yield from self._totals("stays", result.stays)
        if result.others.count:
            yield from self._totals("others", result.others)
        for heading, rules in (("by_rule", result.rules), ("local", result.local)):
            yield from self._rules(heading, rules)
        yield from self._verdicts(result)
        if result.refusals:
            yield from ["", self._word("refusals"), *self._refusals(result)]

    def _in(self, name: Name) -> str:
        return name.zh if self._language == "zh" else name.en

    def _word(self, word: str) -> str:
        return self._in(_WORDS[word])

    def _totals(self, whose: str, totals: Totals) -> Iterator[str]:
        counts = [
            (totals.turn_unlawful, "turns_unlawful"), (totals.turn_lawful, "turns_lawful"), (totals.otherwise, "otherwise"),
            (totals.same, "same"), (totals.lawful, "lawful"),
        ]  # fmt: skip
        words = ", ".join(
            f"{self._word(word)} {count}" for count, word in counts if count or word != "lawful"
        )
        yield f"{self._word(whose)}: {totals.count} ({words})"
        yield f"  {self._word('time')}: {self._time(totals.before_us)} → {self._time(totals.after_us)}"

    def _rules(self, heading: str, rules: Sequence[RuleChange]) -> Iterator[str]:
        changed = [rule for rule in rules if rule.is_changed]
        if not changed and heading == "local":
            return
        yield from ["", self._word(heading)]
        if not changed:
            yield f"  {self._word('nothing')}"
            return
        rows = [[self._word("rule"), *(self._word(change) for change in _CHANGED), "→"]]
        for rule in changed:
            time = f"{self._side(s.before for s in rule.subjects)} → {self._side(s.after for s in rule.subjects)}"
            rows.append([rule.label, *(str(len(rule.of(change))) for change in _CHANGED), time])
        aligned = _aligned(rows)
        yield next(aligned).removesuffix("→").rstrip()
        for rule, line in zip(changed, aligned, strict=True):
            seal = self._in(Name("法", "law") if rule.basis == "law" else Name("本", "local"))
            yield f"{line}  {seal}  {self._in(rule.title)}"
            yield f"      {self._articles(rule.before)} → {self._articles(rule.after)}"

    def _articles(self, articles: Iterable[Article]) -> str:
        return "; ".join(self._in(Name(article.zh, article.en)) for article in articles) or self._word("none")

    def _side(self, sides: Iterable[Side]) -> str:
        """`1 h 00 min (3×)`; a dash when nothing stood."""
        known = list(sides)
        count = sum(side.alarms for side in known)
        time = self._time(sum(side.us for side in known))
        return f"{time} ({count}{self._word('times')})" if count else "–"

    def _verdicts(self, result: WhatIf) -> Iterator[str]:
        changed = [verdict for verdict in result.verdicts if verdict.change != "same"]
        if not changed:
            return
        yield from ["", self._word("by_stay")]
        yield from _aligned([
            [
                verdict.subject,
                self._word(verdict.change),
                f"{self._side([verdict.before])} → {self._side([verdict.after])}",
                ", ".join(f"{label}: {self._word(change)}" for label, change in verdict.rules if change != "same"),
            ]
            for verdict in changed
        ])  # fmt: skip

    def _refusals(self, result: WhatIf) -> Iterator[str]:
        for change in result.refusals:
            row, book = change.refusal, result.after if change.refused_after else result.before
            where = self._word("only_before").format(book=book)
            yield (
                f"  {format_instant(row.time_us, self._zone)}  {row.subject}  {row.fact_type} ({row.rule}): {where}; "
                f"{self._word('expected')} {row.expected}, {self._word('found')} {row.found}"
            )

    def _time(self, us: int) -> str:
        hour, minute, second = _UNITS[self._language]
        seconds = us // SECOND_US
        parts = [f"{seconds // 3600} {hour}", f"{seconds // 60 % 60:02} {minute}"] if seconds >= 3600 else []
        parts = parts or [f"{seconds // 60} {minute}"]
        return " ".join([*parts, f"{seconds % 60:02} {second}"] if seconds % 60 else parts)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns two spaces apart; a Chinese character is two wide."""
    widths = [max(_cells(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = (cell + " " * (width - _cells(cell)) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _cells(words: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words)


# --- as JSON -------------------------------------------------------------------------------------


def as_json(result: WhatIf, area: Area) -> dict[str, Any]:
    """The whole comparison; instants as ISO 8601, lengths in milliseconds, spans as [from, to]."""

    def instant(at_us: int) -> str:
        return format_instant(at_us, area.zone)

    def side(known: Side) -> dict[str, Any]:
        spans = [[instant(from_us), instant(to_us)] for from_us, to_us in known.spans]
        return {"ms": known.us // 1_000, "alarms": known.alarms, "rules": list(known.keys), "spans": spans}

    def rule(known: RuleChange) -> dict[str, Any]:
        return {
            "rule": known.label, "basis": known.basis, "title": _both(known.title),
            "articles": {"from": _articles(known.before), "to": _articles(known.after)},
            "from_ms": known.before_us // 1_000, "to_ms": known.after_us // 1_000,
            "subjects": [
                {"subject": s.subject, "change": s.change, "from": side(s.before), "to": side(s.after)} for s in known.subjects
            ],
        }  # fmt: skip

    def totals(known: Totals) -> dict[str, int]:
        counts = {
            name: getattr(known, name)
            for name in ("count", "lawful", "turn_unlawful", "turn_lawful", "otherwise", "same")
        }
        return counts | {"from_ms": known.before_us // 1_000, "to_ms": known.after_us // 1_000}

    def refusal(known: RefusalChange) -> dict[str, Any]:
        row = known.refusal
        return {
            "time": instant(row.time_us), "subject": row.subject, "fact": row.fact_type, "id": row.fact_id,
            "rule": row.rule, "reason": row.reason, "expected": row.expected, "found": row.found, "basis": row.basis,
            "refused_under": "to" if known.refused_after else "from",
        }  # fmt: skip

    return {
        "area": result.area, "from": result.before, "to": result.after,
        "first": instant(result.from_us), "until": instant(result.until_us),
        "stays": totals(result.stays), "others": totals(result.others),
        "rules": [rule(known) for known in result.rules],
        "local": [rule(known) for known in result.local],
        "verdicts": [
            {"subject": v.subject, "change": v.change, "from": side(v.before), "to": side(v.after), "rules": dict(v.rules)}
            for v in result.verdicts
        ],
        "refusals": [refusal(known) for known in result.refusals],
    }  # fmt: skip


def _both(name: Name) -> dict[str, str]:
    return {"zh": name.zh, "en": name.en}


def _articles(articles: Iterable[Article]) -> list[dict[str, str]]:
    return [article.as_dict() for article in articles]
