"""Both verifiers on every flipped byte, on forgeries, on 10^4 good bundles; a stay of 10^6 leaves in seconds and MiB."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.verify import forge, maker, million
from tests.verify.chromium import flipped, judged, opened
from tests.verify.judge import PROGRAM, Outcome, Trust, judge, plan_of
from tests.verify.maker import Plan

GOOD = 10_000
FORGED = 40
LARGE_FLIPS = 1_500
MILLION = 1_000_000
FLIPS_A_CALL = 500
WORKERS = os.cpu_count() or 1
CLEAN = multiprocessing.get_context("spawn")  # a fork would take the browser's connection along

SMALL = Plan(seed=20, leaves=20, changes=2, witnesses=2, report_bytes=2400)
LARGE = Plan(seed=21, leaves=400, changes=3, witnesses=3, report_bytes=60_000)

Say = Callable[[str], None]


def run(say: Say) -> dict[str, Any]:
    with opened() as (page, complaints):
        every = _flips(page, SMALL, None, say)
        some = _flips(page, LARGE, LARGE_FLIPS, say)
        forgeries = _forgeries(page, FORGED, say)
        good = _good(page, GOOD, say)
        complained = len(complaints)
    one = _million(MILLION, say)
    found_all = all(
        part["accepted_by_program"] == part["accepted_by_page"] == 0 for part in (every, some, forgeries)
    )
    return {
        "holds": found_all
        and every["told_differently"] == some["told_differently"] == forgeries["told_differently"] == 0
        and good["false_alarms_of_program"] == good["false_alarms_of_page"] == good["told_differently"] == 0
        and complained == 0
        and one["exit"] == 0,
        "command": "python -m tests.prove verifiers",
        "every_byte_flipped": every,
        "bytes_of_a_large_one_flipped": some,
        "forgeries": forgeries,
        "good": good,
        "complaints_of_the_browser": complained,
        "one_stay_of_a_million": one,
    }


def _flips(page: Page, plan: Plan, count: int | None, say: Say) -> dict[str, Any]:
    draft = maker.made(plan)
    data, trust = draft.together(), Trust.all_of(draft)
    places = forge.flips(data, len(data) if count is None else count, seed=plan.seed)
    parts = [places[first : first + FLIPS_A_CALL] for first in range(0, len(places), FLIPS_A_CALL)]
    with ProcessPoolExecutor(WORKERS, CLEAN) as pool:
        told = [pool.submit(_flipped_by_program, data, trust, part) for part in parts]
        by_page = [wrong for part in parts for wrong in flipped(page, data, trust, part)]
        by_program = [wrong for part in told for wrong in part.result()]
    say(f"verifiers: {len(places)} bytes flipped of {len(data)}")
    return {
        "bytes": len(data),
        "flipped": len(places),
        "kinds": dict(sorted(Counter(wrong[1] for wrong in by_program if wrong).items())),
        **_compared(by_program, by_page),
    }


def _flipped_by_program(
    data: bytes, trust: Trust, places: list[tuple[int, int]]
) -> list[tuple[Any, ...] | None]:
    changed, found = bytearray(data), []
    for place, mask in places:
        changed[place] ^= mask
        found.append(judge(bytes(changed), trust).wrong)
        changed[place] ^= mask
    return found


def _compared(by_program: list[Any], by_page: list[Any]) -> dict[str, int]:
    """None stands for accepted."""
    return {
        "accepted_by_program": by_program.count(None),
        "accepted_by_page": by_page.count(None),
        "told_differently": sum(a != b for a, b in zip(by_program, by_page, strict=True)),
    }


def _forgeries(page: Page, count: int, say: Say) -> dict[str, Any]:
    by_program: list[Any] = []
    by_page: list[Any] = []
    for seed in range(count):
        draft = maker.made(plan_of(seed, leaves_max=14))
        trust = Trust.all_of(draft).but_maker()
        cases = [(each.data, trust, "en") for each in forge.all_edits(draft)]
        by_page += [outcome.wrong for outcome in judged(page, cases)]
        by_program += [judge(*case).wrong for case in cases]
    say(f"verifiers: {len(by_program)} forgeries")
    kinds = Counter(wrong[1] for wrong in by_program if wrong)
    return {"bundles": count, "forged": len(by_program), "kinds": dict(sorted(kinds.items())),
            **_compared(by_program, by_page)}  # fmt: skip


def _good_by_program(first: int, last: int) -> list[tuple[bytes, Trust, str, Outcome]]:
    found = []
    for seed in range(first, last):
        draft = maker.made(plan_of(seed, leaves_max=10))
        case = draft.together(), Trust.all_of(draft), ("zh", "en")[seed % 2]
        found.append((*case, judge(*case)))
    return found


def _good(page: Page, count: int, say: Say) -> dict[str, Any]:
    wrong_by_program = wrong_by_page = differing = size = 0
    for rows in _in_parts(count):
        by_page = judged(page, [row[:3] for row in rows])
        size += sum(len(row[0]) for row in rows)
        wrong_by_program += sum(row[3].code != 0 for row in rows)
        wrong_by_page += sum(outcome.code != 0 for outcome in by_page)
        differing += sum(row[3] != outcome for row, outcome in zip(rows, by_page, strict=True))
    say(f"verifiers: {count} good bundles")
    return {
        "bundles": count,
        "mean_bytes": size // count,
        "false_alarms_of_program": wrong_by_program,
        "false_alarms_of_page": wrong_by_page,
        "told_differently": differing,
    }


def _in_parts(count: int) -> Iterator[list[tuple[bytes, Trust, str, Outcome]]]:
    step = 250
    with ProcessPoolExecutor(WORKERS, CLEAN) as pool:
        told = [pool.submit(_good_by_program, n, min(n + step, count)) for n in range(0, count, step)]
        while told:
            yield told.pop(0).result()


def _million(leaves: int, say: Say) -> dict[str, Any]:
    """The program in a process of its own: its seconds and the most memory it ever held."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "million.bundle"
        key = million.write(bundle, leaves)
        say(f"verifiers: a stay of {leaves} leaves written, {bundle.stat().st_size >> 20} MiB")
        command = [
            sys.executable,
            "-I",
            "-S",
            str(PROGRAM),
            str(bundle),
            "--log-key",
            maker.b64(key),
            "--json",
        ]
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        peak_mib = _watched(process)
        out, _ = process.communicate()
        took_s = time.monotonic() - started
        size = bundle.stat().st_size
    return {
        "leaves": leaves,
        "bytes": size,
        "exit": process.returncode,
        "report": json.loads(out)["report"][3],
        "seconds": round(took_s, 1),
        "leaves_a_second": round(leaves / took_s),
        "peak_mib": peak_mib,
    }


def _watched(process: subprocess.Popen[str]) -> float:
    """The most memory the process held until it ended, in MiB. (What `wait` tells begins with the memory of the parent.)"""
    peak_kib = 0
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        peak_kib = int(found.group(1)) if found else peak_kib
        time.sleep(0.05)
    return round(peak_kib / 1024, 1)
