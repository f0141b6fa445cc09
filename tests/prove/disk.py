"""The log on a real disk: durable appends beside raw fdatasync in the same run, bytes a fact costs, a million leaves.

`python -m tests.prove disk`; the folder is made where TMPDIR says, and its file system stands in the figures.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from caselog.disk import FileDisk
from caselog.log import Log
from caselog.scrub import Scrubber
from caselog.segment import PREFIX_BYTES
from tests.log.entries import entry, stay_of
from tests.prove.machine import percentile
from tests.tools.tree import ROOT

ROUNDS = 40
PER_ROUND = 50
"""Commits of each kind in a round; kinds take turns, so that a slow moment of the disk meets all of them."""
GROUP = 64
RECORDS = int(os.environ.get("CASEWARD_PROOF_RECORDS", "1000000"))
SLICE_BYTES = 65_536
SHARE_MIN = 0.5
"""Commits of one leaf each second must be at least this share of bare fdatasyncs."""
OVERHEAD_BYTES_MAX = 10
"""CRC, space and newline: what a line is longer than its leaf."""
ROUNDING_BYTES = 0.1
OPEN_MIB_PER_MILLION_MAX = 400

Say = Callable[[str], None]


def run(say: Say) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="caseward-disk-") as name:
        folder = Path(name)
        rates = _rates(folder)
        say(
            f"disk: {rates['single_commits_per_s']} commits of one leaf a second, {rates['raw_fdatasync_per_s']} bare fdatasyncs"
        )
        written = _bytes_per_fact(folder / "written")
        say(
            f"disk: {written['bytes_per_fact_on_disk']} bytes on the disk for a fact of {written['leaf_bytes']}"
        )
        many = _many(folder / "many", say)
    holds = (
        rates["single_share_of_raw"] >= SHARE_MIN
        and written["file_bytes_per_fact"] <= written["leaf_bytes"] + OVERHEAD_BYTES_MAX + ROUNDING_BYTES
        and many["leaves_found"] == many["leaves"]
        and many["roots_equal"]
        and many["open_peak_mib"] <= OPEN_MIB_PER_MILLION_MAX * max(1.0, many["leaves"] / 1e6)
    )
    return {"holds": holds, "file_system": _file_system(tempfile.gettempdir()), **rates, **written, **many}


def _rates(folder: Path) -> dict[str, Any]:
    """Each kind of commit, timed one by one, the kinds in turn."""
    single, _ = Log.open(FileDisk(folder / "single"))
    group, _ = Log.open(FileDisk(folder / "group"))
    leaf_bytes = len(single.append(entry(0, stay_of(0))).data)
    single.commit()
    raw_data = bytes(leaf_bytes + PREFIX_BYTES + 1)
    took: dict[str, list[float]] = {"raw": [], "single": [], "group": []}
    with _raw(folder / "raw") as raw:
        for _ in range(ROUNDS):
            for _ in range(PER_ROUND):
                took["raw"].append(_timed(lambda: _append_raw(raw, raw_data)))
            for _ in range(PER_ROUND):
                took["single"].append(_timed(lambda: _commit(single, 1)))
            for _ in range(PER_ROUND):
                took["group"].append(_timed(lambda: _commit(group, GROUP)))
    per_s = {kind: len(times) / sum(times) for kind, times in took.items()}
    return {
        "raw_fdatasync_per_s": round(per_s["raw"], 1),
        "single_commits_per_s": round(per_s["single"], 1),
        "single_share_of_raw": round(per_s["single"] / per_s["raw"], 3),
        f"group_of_{GROUP}_commits_per_s": round(per_s["group"], 1),
        "group_leaves_per_s": round(per_s["group"] * GROUP, 1),
        "ms": {
            kind: {"p50": round(percentile(t, 50) * 1e3, 3), "p99": round(percentile(t, 99) * 1e3, 3)}
            for kind, t in took.items()
        },
    }


def _commit(log: Log, count: int) -> None:
    for number in range(log.size, log.size + count):
        log.append(entry(number, stay_of(number)))
    log.commit()


def _append_raw(descriptor: int, data: bytes) -> None:
    os.write(descriptor, data)
    os.fdatasync(descriptor)


def _timed(act: Callable[[], None]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


@contextmanager
def _raw(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _bytes_per_fact(folder: Path) -> dict[str, Any]:
    """What single commits cost: growth of the files, and what the kernel sent to the block device."""
    log, _ = Log.open(FileDisk(folder))
    _commit(log, 1)
    before_io, before_file = _write_bytes(), _size(folder)
    count = ROUNDS * PER_ROUND
    for _ in range(count):
        _commit(log, 1)
    leaves = sum(len(log.leaf(index)) for index in range(1, count + 1))
    return {
        "leaf_bytes": round(leaves / count, 1),
        "file_bytes_per_fact": round((_size(folder) - before_file) / count, 1),
        "bytes_per_fact_on_disk": round((_write_bytes() - before_io) / count, 1),
    }


def _write_bytes() -> int:
    """Bytes this process has caused to be written to a block device (pages, without the file system's journal)."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _many(folder: Path, say: Say) -> dict[str, Any]:
    """Write RECORDS leaves, then open and scrub them in a process of its own, whose memory is measured."""
    log, _ = Log.open(FileDisk(folder))
    start = time.perf_counter()
    while log.size < RECORDS:
        _commit(log, min(1_024, RECORDS - log.size))
    wrote_s = time.perf_counter() - start
    say(f"disk: {RECORDS} leaves written in {wrote_s:.0f} s")
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.prove.disk", str(folder)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    is_equal = found.pop("root") == log.root().hex()
    say(f"disk: opened in {found['open_s']} s with {found['open_peak_mib']} MiB")
    return {
        "leaves": RECORDS,
        "segments_mib": round(_size(folder) / 2**20, 1),
        "wrote_s": round(wrote_s, 1),
        "roots_equal": is_equal,
        **found,
    }


def _file_system(path: str) -> str:
    """Type of the file system that holds `path`."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    real = os.path.realpath(path)
    holding = [m for m in mounts if real == m[0] or real.startswith(m[0].rstrip("/") + "/")]
    return max(holding, key=lambda mount: len(mount[0]))[1]


def _open(folder: Path) -> dict[str, Any]:
    """Open and scrub the log in `folder`; times, peak memory of this process, root."""
    start = time.perf_counter()
    log, _ = Log.open(FileDisk(folder))
    opened = time.perf_counter()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    scrubber = Scrubber(log)
    slices = []
    while not scrubber.is_done:
        slices.append(_timed(lambda: scrubber.step(SLICE_BYTES)))
    return {
        "leaves_found": scrubber.leaves if not scrubber.damages else -1,
        "open_s": round(opened - start, 1),
        "open_peak_mib": round(peak_mib, 1),
        "scrub_s": round(sum(slices), 1),
        "scrub_slice_ms": {"p50": round(percentile(slices, 50) * 1e3, 2), "max": round(max(slices) * 1e3, 2)},
        "root": log.root().hex(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_open(Path(sys.argv[1]))))
