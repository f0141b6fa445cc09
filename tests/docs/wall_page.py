"""The part of docs/accessibility.md that says how fast the wall is, from docs/proof/wall.json."""

import json
from pathlib import Path
from typing import Any

REPORT = Path(__file__).resolve().parents[2] / "docs" / "proof" / "wall.json"
NONE = "No run is recorded yet: `python -m tests.prove wall`.\n"


def wall() -> str:
    """Tables of the last recorded run."""
    return written(json.loads(REPORT.read_text(encoding="utf-8"))) if REPORT.exists() else NONE


def written(report: dict[str, Any]) -> str:
    """The same of a report as `tests.prove` writes it."""
    figures = report["figures"]
    flood, house = figures["flood"], figures["full_house"]
    rows = [f"From [wall.json](proof/wall.json), commit `{report['commit'][:10]}`.\n"]
    rows += [
        "| ms from the contact on the node's line | alarms | p50 | p99 | longest |",
        "|---|---|---|---|---|",
    ]
    for title, told in (("quiet", figures["quiet"]), ("in the flood", flood["top"])):
        for what, key in (("to the frame on the screen", "to_screen_ms"), ("to the tone", "to_sound_ms")):
            rows.append(f"| {what}, {title} | {_row(told[key], 'count', 'p50', 'p99', 'max')} |")
    rows.append(
        f"\nThe flood: {flood['alarms_raised']} alarms in {flood['took_s']} s, {flood['alarms_per_minute']} a minute, {flood['alarms_lost']} lost; "
        f"{flood['top']['never_shown']} of the gravest not shown; longest time between two pictures {flood['picture_gap_ms']['max']:g} ms; "
        f"an alarm opened in {flood['click_open_ms'].get('max', '–')} ms and taken in {flood['click_take_ms'].get('max', '–')} ms at most; "
        f"{flood['long_tasks_ms']['count']} tasks of more than 50 ms on the page, the longest {flood['long_tasks_ms'].get('max', 0):g} ms.\n"
    )
    missed = [name.replace("_", " ") for name, is_kept in figures["kept"].items() if not is_kept]
    rows.append(f"Not kept: {', '.join(missed)}.\n" if missed else "All limits of the proof were kept.\n")
    rows.append(f"{house['persons']} persons, {house['open_alarms']} open alarms:\n")
    rows += ["| page | HTML, bytes | first paint, ms | live, ms | one change: bytes | main thread, ms | server, ms |", "|---|---|---|---|---|---|---|"]  # fmt: skip
    for size in ("wall", "tablet", "phone", "list_of_alarms"):
        found = house[size]
        shown = _row(found, "html_bytes", "first_contentful_paint_ms", "live_ms")
        change = _row(found["update"], "bytes", "main_thread_ms", "server_cpu_ms")
        rows.append(f"| {size.replace('_', ' ')} | {shown} | {change} |")
    return "\n".join(rows) + "\n"


def _row(found: dict[str, Any], *keys: str) -> str:
    return " | ".join(f"{found.get(key, 0):g}" for key in keys)
