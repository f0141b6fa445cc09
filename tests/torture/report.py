"""The report as text and as markdown: a row a case, a column a target."""

import re
from collections.abc import Mapping
from typing import Any

from tests.torture.cases import CASES

COUNTS = ("missed", "late", "early", "false", "doubled", "dropped", "left_standing")


def cell(entry: Mapping[str, Any] | None) -> str:
    """One case of one target in a few words: `ok 0.3 s` or what was wrong."""
    if entry is None:
        return "–"
    if "untried" in entry:
        return "not tried"
    if "error" in entry:
        return "could not be played"
    wrong = [f"{entry[name]} {name.replace('_', ' ')}" for name in COUNTS if entry[name]]
    if entry["early"]:
        wrong.append(f"by {entry['early_s']} s")
    if entry["uncertain"]:
        wrong.append(f"({entry['uncertain']} called uncertain)")
    if entry["late"]:
        wrong.append(f"by {entry['late_s']} s")
    return ", ".join(wrong) if wrong else (f"ok, {entry['late_s']} s" if entry["asked"] else "ok")


def totals(cases: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Sums over the cases that were played."""
    played = [entry for entry in cases.values() if "asked" in entry]
    found = {name: sum(entry[name] for entry in played) for name in ("asked", *COUNTS, "repeated")}
    return found | {"clean": sum(not entry["wrong"] for entry in played), "played": len(played)}


def as_text(report: Mapping[str, Any]) -> str:
    lines = []
    for name, target in report["targets"].items():
        lines.append(f"\n{name} ({target.get('version', 'version unknown')})")
        cases = target["cases"]
        lines += [f"  {case.name:20} {cell(cases[case.name])}" for case in CASES if case.name in cases]
        sums = totals(target["cases"])
        lines.append("  " + ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in sums.items()))
    return "\n".join(lines)


def as_markdown(report: Mapping[str, Any]) -> str:
    """The table of results."""
    names = list(report["targets"])
    rows = [["case", *names], ["---"] * (len(names) + 1)]
    rows += [
        [f"`{case.name}`", *(cell(report["targets"][name]["cases"].get(case.name)) for name in names)]
        for case in CASES
    ]
    sums = {name: totals(report["targets"][name]["cases"]) for name in names}
    rows.append(["**cases without a fault**", *(f"{sums[n]['clean']} of {sums[n]['played']}" for n in names)])
    for key in ("asked", *COUNTS):
        label = "alarms asked for" if key == "asked" else key.replace("_", " ")
        rows.append([label, *(str(sums[n][key]) for n in names)])
    rows.append(["longest start, s", *(str(_longest_start(report["targets"][n]["cases"])) for n in names)])
    rows.append(["version", *(str(report["targets"][n].get("version", "–")) for n in names)])
    rows.append(
        ["date", *(max(e["made"][:10] for e in report["targets"][n]["cases"].values()) for n in names)]
    )
    return _table(rows)


def _longest_start(cases: Mapping[str, Mapping[str, Any]]) -> float:
    return max((boot for entry in cases.values() for boot in entry.get("boots_s", [])), default=0.0)


def cases_table() -> str:
    """The table of cases."""
    return _table([["case", "right", "why"], ["---"] * 3, *([f"`{c.name}`", c.right, c.why] for c in CASES)])


def _table(rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def with_tables(page: str, report: Mapping[str, Any]) -> str:
    """The page with both tables between their marks made anew."""
    for name, table in (("cases", cases_table()), ("results", as_markdown(report))):
        mark = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        page = mark.sub(lambda found, table=table: found[1] + table + found[2], page)
    return page
