"""`caseward rulebook check NAME|FILE...`: what is wrong with a rulebook, each with a story that replays.

Exit 0 when nothing was found, 1 when something was, 2 when a file cannot be read. What is a matter of the
area alone (a room kind or an equipment it does not have) is told and does not count.
"""

import argparse
import json
import sys
from pathlib import Path

from caseward.check import read_area, read_rulebook
from custody.area import Area
from custody.bookcheck import Finding, Member, check_rulebook
from custody.config import ConfigError
from custody.rules import Rulebook
from custody.scenario import ScenarioError, parse_scenario


def main(argv: list[str]) -> int:
    """Entry point of the command."""
    options = _parser().parse_args(argv)
    try:
        area = read_area(options.area)
        officers = _read_roster(options.roster) if options.roster else None
    except (ConfigError, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except ScenarioError as error:
        sys.stderr.write(f"{options.roster}: {error}\n")
        return 2
    worst = 0
    for name in options.file:
        try:
            book = read_rulebook(name)
            findings = check_rulebook(area, book, officers)
            if options.stories:
                _write_stories(Path(options.stories), name, options.area, findings)
        except (ConfigError, OSError, UnicodeDecodeError) as error:
            sys.stderr.write(f"{error}\n")
            worst = 2
            continue
        sys.stdout.write(_as_json(name, findings) if options.json else _as_text(name, book, area, findings))
        if any(not finding.is_warning for finding in findings):
            worst = max(worst, 1)
    return worst


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="caseward rulebook", description=__doc__)
    parser.add_argument("action", choices=["check"])
    parser.add_argument("file", nargs="+", help="rulebook file, or the name of a bundled one")
    parser.add_argument("--area", default="standard", help="area.toml, or the name of a bundled area")
    parser.add_argument("--roster", help="scenario lines officer.registered: who could approve")
    parser.add_argument(
        "--stories", metavar="DIR", help="write the story of each finding, for caseward replay"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a finding")
    return parser


def _read_roster(name: str) -> list[Member]:
    """Officers by the lines `officer.registered` of a scenario; a later line replaces an earlier one."""
    members: dict[str, Member] = {}
    for line in parse_scenario(Path(name).read_text(encoding="utf-8").split("\n")).lines:
        if line.fact == "officer.registered":
            officer = str(line.body["officer"])
            members[officer] = Member(officer, str(line.body["service"]), tuple(line.body["roles"]))
        elif line.fact == "officer.withdrawn":
            members.pop(str(line.body["officer"]), None)
    return list(members.values())


def _write_stories(folder: Path, book: str, area: str, findings: list[Finding]) -> None:
    """One scenario a finding: <number>-<code>-<what it is about>.jsonl"""
    folder.mkdir(parents=True, exist_ok=True)
    for number, finding in enumerate(findings, 1):
        about = finding.rules[0].replace("/", "-")
        header = {
            "scenario": f"{finding.code} {about}",
            "area": area,
            "rulebook": book,
            "note": finding.says.en,
        }
        lines = [json.dumps(header, ensure_ascii=False), *finding.story]
        path = folder / f"{Path(book).stem}-{number:02}-{finding.code}-{about}.jsonl"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _as_json(name: str, findings: list[Finding]) -> str:
    rows = [{"rulebook": name, **finding.as_dict()} for finding in findings]
    return "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)


def _as_text(name: str, book: Rulebook, area: Area, findings: list[Finding]) -> str:
    wrong = sum(not finding.is_warning for finding in findings)
    law = sum(rule.basis == "law" for rule in book.rules)
    head = (
        f"{name}: {'good' if not wrong else f'{wrong} wrong'}. Rulebook {book.id}, {len(book.rules)} rules: "
        f"{law} by law, {len(book.rules) - law} local. Area {area.id}\n"
    )
    return head + "".join(map(_shown, findings))


def _shown(finding: Finding) -> str:
    seal = "warning" if finding.is_warning else "wrong"
    rows = [
        f"{seal} {finding.code} {' '.join(finding.rules)}",
        f"  {finding.says.zh}",
        f"  {finding.says.en}",
        f"  replay: {finding.shows.zh}",
        f"  replay: {finding.shows.en}",
        *(f"    {line}" for line in finding.story),
    ]
    return "\n".join(rows) + "\n"
