"""`python -m tests.torture --target NAME… [--case NAME…] [--json FILE] [--page FILE]`: plays cases, counts, reports.

Exit code 0 when every case of every target was played, whatever the score; 1 when one could not be; 2 called wrongly.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.torture import provenance, targets
from tests.torture.broker import Broker
from tests.torture.cases import BY_NAME, CASES, Case
from tests.torture.report import as_text, with_tables
from tests.torture.score import Score, score
from tests.torture.stage import stage
from tests.torture.targets.process import WallClock, faketime_library

NOTES_MAX, NOTES_SHOWN = 12, 5


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--target", action="append", choices=sorted(targets.NAMES), help="default: caseward")
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES], help="default: all")
    parser.add_argument("--list", action="store_true", help="print the cases and end")
    parser.add_argument(
        "--json", type=Path, help="write the report here after each case; what else it has stays"
    )
    parser.add_argument("--page", type=Path, help="write the tables into this page, of the report in --json")
    parser.add_argument("--only-page", action="store_true", help="play nothing")
    parser.add_argument("--keep", type=Path, help="a folder that keeps what the targets wrote")
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was started is ended
    if options.list:
        for case in CASES:
            say(f"{case.name:20} {case.right} ({case.why})")
        return 0
    chosen = [BY_NAME[name] for name in options.case] if options.case else CASES
    report: dict[str, Any] = {"targets": {}}
    if options.json is not None and options.json.exists():
        report = json.loads(options.json.read_text(encoding="utf-8"))
    failed = 0
    for name in [] if options.only_page else options.target or ["caseward"]:
        target = report["targets"].setdefault(name, {"cases": {}})
        for entry in play_all(name, chosen, target, options.keep):
            failed += "error" in entry
            if options.json is not None:
                options.json.write_text(
                    json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
                )
    say(as_text(report))
    if options.page is not None:
        options.page.write_text(
            with_tables(options.page.read_text(encoding="utf-8"), report), encoding="utf-8"
        )
    return 1 if failed else 0


def play_all(
    name: str, chosen: list[Case], target: dict[str, Any], keep: Path | None
) -> Iterator[dict[str, Any]]:
    """Play the cases; each is put into the report of its target, and yielded."""
    for case in chosen:
        begin_s = time.monotonic()
        made = {"made": provenance.now(), "commit": provenance.commit()}
        folder = Path(tempfile.mkdtemp(prefix=f"torture-{case.name}-"))
        try:
            result, version, boots = play(name, case, folder)
            entry = result.as_dict() | {"boots_s": [round(boot, 1) for boot in boots]}
            target["version"] = version
        except targets.Untried as error:
            entry = {"untried": str(error)}
        except (RuntimeError, OSError) as error:
            entry = {"error": str(error)}
        finally:
            if keep is not None:
                shutil.copytree(folder, keep / name / case.name, dirs_exist_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
        target["machine"] = provenance.describe()
        notes = entry.get("notes", [])
        if len(notes) > NOTES_MAX:
            entry["notes"] = [*notes[:NOTES_MAX], f"… and {len(notes) - NOTES_MAX} more"]
        made["load"] = [round(value, 1) for value in os.getloadavg()]
        target["cases"][case.name] = entry | made
        what = entry.get("error") or entry.get("untried") or f"{entry['wrong']} wrong of {entry['asked']}"
        say(f"{name} {case.name}: {what} ({time.monotonic() - begin_s:.0f} s)")
        for note in entry.get("notes", [])[:NOTES_SHOWN]:
            say(f"    {note}")
        yield entry


def play(name: str, case: Case, folder: Path) -> tuple[Score, str, list[float]]:
    """One case on one target, everything made anew. Raises targets.Untried, RuntimeError."""
    if case.needs_clock and faketime_library() is None:
        raise targets.Untried("expected libfaketime, found none: apt-get install faketime")
    wall = WallClock(folder) if case.needs_clock else None
    broker = Broker(folder / "broker", is_persistent=case.is_persistent)
    broker.start()
    try:
        target = targets.make(name, folder, broker.port, wall)
        try:
            target.prepare(case.persons)
            with stage(broker, target, wall) as scene:
                if case.has_start:
                    scene.start_target()
                    scene.announce()
                case.run(scene)
                scene.settle()
                end_s = scene.now_s
                return score(scene.truth, scene.heard(), end_s), target.version(), scene.boots
        finally:
            target.close()
    finally:
        broker.stop(is_killed=True)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
