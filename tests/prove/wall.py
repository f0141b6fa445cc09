"""The wall of the duty officer under load: alarm to screen and sound, a flood, and a full house.

1. Quiet: buttons are pressed one at a time; from the bytes of the node's message on the cable to the frame that shows the
   alarm, and to the beginning of its tone (the moment given to the oscillator; no loudspeaker was there).
2. Flood: doors are forced 1,000 times a minute for ten minutes by the same nodes, and the buttons go on being pressed.
3. Full house: forty persons and 200 open alarms, on the wall, a tablet, a phone (tests/prove/wall_crowd.py).

One machine does everything: station, broker, browser and the measuring.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.docs import generate
from tests.docs.wall_page import REPORT, written
from tests.prove import wall_crowd
from tests.prove.wall_flood import CLICK_EACH_S, FLOOD_RULE, SAMPLE_S, TOP_RULE, Station, Told, told
from tests.prove.wall_page import summary
from tests.web.screenshots import browser

QUIET: Final = 200
EVERY_S: Final = (0.7, 0.9)
FLOOD_MINUTES: Final = 10.0
PER_MINUTE: Final = 1_000
FLOOD_EVERY_S: Final = (2.5, 3.5)
TONE_MS_MAX: Final = 1_500
"""A sound that is being heard already is not begun again before its burst is over."""
SCREEN_MS_MAX: Final = 1_000
CLICK_MS_MAX: Final = 3_000
STALE_MS: Final = 5_000
"""A page whose picture is older says so over the whole screen: it must not come to that."""
HEAP_GROWTH_MIB_MAX: Final = 2.0


def run(say: Callable[[str], None], minutes: float = FLOOD_MINUTES) -> dict[str, Any]:
    """`minutes`: of the flood; the quiet part before it is as many alarms as belong to it."""
    quiet = max(10, round(QUIET * min(1.0, minutes / FLOOD_MINUTES)))
    with browser() as chrome:
        with tempfile.TemporaryDirectory(prefix="caseward-wall-") as folder:
            crowd = wall_crowd.measure(Path(folder), chrome, say)
        with tempfile.TemporaryDirectory(prefix="caseward-wall-") as folder:
            station = Station(Path(folder), chrome)
            try:
                measured = _measure(station, quiet, minutes, say)
            finally:
                station.close()
    holds = all(measured["kept"].values()) and all(crowd["kept"].values())
    figures = {"minutes": minutes, **measured, "full_house": crowd}
    say(written({"commit": "", "figures": figures}))
    return {"holds": holds, **figures}


def record(report: dict[str, Any]) -> None:
    """The report with its tables in docs/accessibility.md."""
    REPORT.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    generate.main()


def _measure(station: Station, quiet: int, minutes: float, say: Callable[[str], None]) -> dict[str, Any]:
    rng = random.Random(1)
    say(f"wall: {quiet} alarms one at a time")
    for number in range(quiet):
        station.press(number, rng.uniform(*EVERY_S))
        station.calm(number + 1)
    station.settle()
    flood_ns, begun_s = time.monotonic_ns(), time.monotonic()
    clock = station.wall.clock()
    say(f"wall: {PER_MINUTE} alarms a minute for {minutes:g} minutes")
    count = round(PER_MINUTE * minutes)
    flood = station.flood(PER_MINUTE, count)
    number = quiet
    sampled_s = clicked_s = begun_s
    while flood.is_alive():
        station.press(number, rng.uniform(*FLOOD_EVERY_S))
        number += 1
        now_s = time.monotonic()
        if now_s - sampled_s >= SAMPLE_S:
            station.sample(begun_s)
            sampled_s = now_s
        if now_s - clicked_s >= CLICK_EACH_S:
            station.click()
            clicked_s = now_s
        if number % 20 == 0:
            say(f"wall: {now_s - begun_s:.0f} s of the flood")
    station.settle()
    return _report(station, clock, flood_ns, count)


def _report(station: Station, clock: Any, flood_ns: int, driven: int) -> dict[str, Any]:
    watched, raised, stored = station.wall.watched(), station.raised(), station.stored()
    top = [one for one in raised if one.rule == TOP_RULE]
    forced = [one for one in raised if one.rule == FLOOD_RULE]
    quiet, quiet_missing = told([o for o in top if (o.contact_ns or 0) < flood_ns], watched, clock)
    loud, loud_missing = told([o for o in top if (o.contact_ns or 0) >= flood_ns], watched, clock)
    opened, took_s = station.opened(flood_ns), station.flooded_s
    pictures = [p for p in watched["pictures"] if clock.ns(p["from"]) >= flood_ns]
    tasks = [t["ms"] for t in watched["tasks"] if clock.ns(t["from"]) >= flood_ns]
    gaps = [(b["from"] - a["from"]) for a, b in pairwise(pictures)]
    memory = _memory(station.samples)
    lost = {one.alarm for one in raised} - stored
    screen = [one.painted_ms for one in loud]
    clicks = [ms for click in station.clicks for ms in click.values()]
    kept = {
        "every_forced_door_is_an_alarm_in_the_store": opened == len(forced) and not lost,
        "every_top_alarm_was_shown_and_on_the_screen": not quiet_missing and not loud_missing and all(o.is_on_screen for o in (*quiet, *loud)),
        "top_alarm_on_the_screen_within_ms": {} if not screen else max(screen) <= SCREEN_MS_MAX,
        "top_alarm_heard_within_ms": all(o.tone_ms is not None and o.tone_ms <= SCREEN_MS_MAX + TONE_MS_MAX for o in loud),
        "never_stale": max(gaps, default=0.0) < STALE_MS,
        "clicks_answered": not station.unanswered and all(ms <= CLICK_MS_MAX for ms in clicks),
        "page_memory_flat": memory["page_heap_growth_mib"] <= HEAP_GROWTH_MIB_MAX,
    }  # fmt: skip
    return {
        "kept": kept,
        "measured": "from the bytes of the node's contact on its cable; node under " + station.chain.station.plan.runner.label
        + ", pty, gateway, mosquitto, server, page in Chromium; screen: the task after the frame that shows the card; "
        "sound: the time given to the page's oscillator",
        "clock_error_ms": round(clock.error_ms, 2),
        "quiet": _told(quiet, quiet_missing),
        "flood": {
            "took_s": round(took_s, 1), "doors_driven": driven, "doors_told_by_nodes": opened, "alarms_raised": len(forced),
            "alarms_per_minute": round(len(forced) * 60 / took_s), "alarms_lost": len(lost), "top": _told(loud, loud_missing),
            "pictures": len(pictures), "picture_gap_ms": summary(gaps),
            "picture_bytes": summary([p["bytes"] for p in pictures if p["regions"]]),
            "long_tasks_ms": summary(tasks), "page_busy_share": _busy(station.samples),
            "click_open_ms": summary([click["open_ms"] for click in station.clicks]),
            "click_unanswered": station.unanswered,
            "click_take_ms": summary([click["taken_ms"] for click in station.clicks]),
            "memory": memory,
            "server_cpu_share": _share(station.samples, "server_cpu_s"), "gateway_cpu_share": _share(station.samples, "gateway_cpu_s"),
        },
    }  # fmt: skip


def _told(found: Sequence[Told], missing: Sequence[str]) -> dict[str, Any]:
    return {
        "alarms": len(found) + len(missing), "never_shown": len(missing),
        "not_on_screen": sum(not one.is_on_screen for one in found),
        "to_screen_ms": summary([one.painted_ms for one in found]),
        "to_sound_ms": summary([one.tone_ms for one in found if one.tone_ms is not None]),
        "without_sound": sum(one.tone_ms is None for one in found),
    }  # fmt: skip


def _memory(samples: Sequence[dict[str, float]]) -> dict[str, Any]:
    """MiB at the start, the middle and the end; of the page the last quarter against the second."""
    quarter = max(1, len(samples) // 4)
    second, last = samples[quarter : 2 * quarter] or samples, samples[-quarter:]
    growth = (
        median([s["page_heap_mib"] for s in last]) - median([s["page_heap_mib"] for s in second])
        if samples
        else 0.0
    )
    shown = [samples[0], samples[len(samples) // 2], samples[-1]] if samples else []
    keys = ("s", "page_heap_mib", "server_mib", "gateway_mib")
    return {
        "at": [{key: one[key] for key in keys} for one in shown],
        "page_heap_growth_mib": round(growth, 2),
    }


def _share(samples: Sequence[dict[str, float]], key: str) -> float:
    """Of one core, over the flood."""
    if len(samples) < 2:
        return 0.0
    first, last = samples[0], samples[-1]
    return round((last[key] - first[key]) / (last["s"] - first["s"]), 3)


def _busy(samples: Sequence[dict[str, float]]) -> float:
    return _share(samples, "page_main_thread_s")
