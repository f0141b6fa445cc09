"""One year of a busy area through the engine: seconds, memory, facts per second, the same digest everywhere.

The year is made up (tests/prove/busy): arrivals, interviews, guards and patrols, equipment that fails, late forms, paper of
the months afterwards, some of it wrong. The digest is sha-256 over the canonical JSON of every effect in order:
equal in two processes with different hash seeds, and for the first facts on other versions of Python.

Flat means: of what runs or stands (duties, stays, tags) there is in the last quarter of the year at most a quarter
more than in the second. An alarm about a form that nobody ever enters stands to the end, as it should. What is
remembered on purpose grows and has a named limit: cases, dossiers, recordings, incidents and persons, since rules ask
for what was recorded half a year ago. Memory may grow with those rows, by no more than `KIB_A_ROW_MAX` for each;
`mib_at_the_limit` is what that comes to in the end.
"""

import statistics
from collections.abc import Callable
from typing import Any

from custody.world import SUBJECTS_MAX
from tests.prove import plot
from tests.prove.busy import second
from tests.tools.tree import ROOT

FACTS_PER_S_MIN = 5_000
GROWTH_MAX = 1.25
KIB_A_ROW_MAX = 8.0
STANDING = ("stays", "officers", "tags", "strays", "sources", "obligations")
SAMPLE = 200_000
SECONDS_MAX = 3_600.0
IMAGE = ROOT / "docs" / "img" / "year.svg"


def run(say: Callable[[str], None]) -> dict[str, Any]:
    say("year: the whole of it, hash seed 1")
    first = second.here(None, SECONDS_MAX, hash_seed=1)
    say(f"year: {first['facts']} facts, {first['facts_per_s']} a second; again, hash seed 2")
    again = second.here(None, SECONDS_MAX, hash_seed=2)
    digest_of_sample = next(s["digest"] for s in first["samples"] if s["facts"] == SAMPLE)
    others = [_other(say, python) for python in second.others()]
    say(f"year: the first {SAMPLE} facts under WebAssembly")
    others.append(
        _brief(second.in_webassembly(SAMPLE, SECONDS_MAX), f"npm {second.PACKAGE} {second.VERSION}")
    )
    samples = first.pop("samples")
    _draw(samples)
    memory = _growth([sample["resident_mib"] for sample in samples])
    rows = _growth([float(sample["kept"]["steps"]) for sample in samples])
    kib_a_row = (
        (memory["last_quarter"] - memory["second_quarter"])
        * 1024
        / (rows["last_quarter"] - rows["second_quarter"])
    )
    standing = {name: _growth([float(sample["kept"][name]) for sample in samples]) for name in STANDING}
    is_same = again["digest"] == first["digest"] and again["facts_digest"] == first["facts_digest"]
    is_same_elsewhere = all(other["digest"] == digest_of_sample for other in others)
    return {
        **first,
        "rules_that_alarmed": len(first["alarms"]),
        "second_run": {
            key: again[key] for key in ("digest", "facts_digest", "engine_seconds", "facts_per_s")
        },
        "same_digest_twice": is_same,
        "sample": {"facts": SAMPLE, "digest": digest_of_sample},
        "other_pythons": others,
        "same_digest_elsewhere": is_same_elsewhere,
        "resident_mib": memory,
        "standing": standing,
        "alarms_standing": _growth([float(sample["kept"]["alarms"]) for sample in samples]),
        "remembered": rows,
        "kib_a_remembered_row": round(kib_a_row, 1),
        "mib_at_the_limit": round(memory["largest"] + kib_a_row * (SUBJECTS_MAX - rows["largest"]) / 1024),
        "plot": str(IMAGE.relative_to(ROOT)),
        "holds": is_same
        and is_same_elsewhere
        and first["facts_per_cpu_s"] >= FACTS_PER_S_MIN
        and kib_a_row <= KIB_A_ROW_MAX
        and all(g["last_quarter"] <= g["second_quarter"] * GROWTH_MAX + 20 for g in standing.values()),
    }


def _other(say: Callable[[str], None], python: str) -> dict[str, Any]:
    say(f"year: the first {SAMPLE} facts under another Python of this machine")
    return _brief(second.here(SAMPLE, SECONDS_MAX, python=python), "this machine")


def _brief(figures: dict[str, Any], origin: str) -> dict[str, Any]:
    kept = ("python", "system", "facts", "seconds", "facts_per_s", "digest", "facts_digest")
    return {key: figures[key] for key in kept} | {"from": origin}


def _growth(values: list[float]) -> dict[str, float]:
    quarter = max(1, len(values) // 4)
    return {
        "second_quarter": round(statistics.median(values[quarter : 2 * quarter]), 1),
        "last_quarter": round(statistics.median(values[-quarter:]), 1),
        "largest": round(max(values), 1),
    }


def _draw(samples: list[dict[str, Any]]) -> None:
    def line(name: str) -> list[tuple[float, float]]:
        return [(sample["day"], float(sample[name])) for sample in samples]

    kept = {
        name: [(sample["day"], float(sample["kept"][name])) for sample in samples]
        for name in ("obligations", "steps", "people", "alarms", "stays")
    }
    IMAGE.write_text(
        plot.lines(
            "A made-up year of a busy area through the engine",
            "days",
            {
                "facts per second of engine time": {
                    "by the clock": line("facts_per_s"),
                    "of processor": line("facts_per_cpu_s"),
                },
                "resident memory, MiB": {"generator and engine": line("resident_mib")},
                "rows kept": kept,
            },
        ),
        encoding="utf-8",
    )
