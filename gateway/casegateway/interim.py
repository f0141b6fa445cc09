"""A log to go on with while the real one is damaged and the leaves that are missing have not come back yet.

It is made of the sound leaves, each at its index; what is missing stands as an empty `interim.missing/1`, which no
rule reads. So the rules know what the sound leaves tell, and new facts are durable before a node is acked. It is
never sent to the server. When the real log is whole again, the facts taken meanwhile are appended to it.

What stands after the hole that a write cut off by power left is not taken over: it never counted, its nodes were never acked,
and they tell it again, in their order.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from casegateway.limits import INTERIM_COMMIT_LEAVES, INTERIM_MISSING_MAX
from casegateway.state import write_whole
from caselog import segment
from caselog.disk import Disk, FileDisk
from caselog.errors import FormatError, LogDamaged
from caselog.filedisk import sync_directory
from caselog.leaf import parse
from caselog.log import Log
from caselog.survey import Survey, read_what_is_there

MISSING = "interim.missing/1"
_OF_LOG = ("v", "index", "prev", "stay_n")


def open_interim(folder: Path, disk: Disk, found: Survey) -> tuple[Log, FileDisk]:
    """The interim log in `folder` and its disk, made now or by an earlier start. Raises `LogDamaged`, `DiskFull`, `LogStopped`."""
    marker = folder / "seeded"
    if folder.exists() and not marker.exists():
        shutil.rmtree(folder)  # a start that ended before it was whole: nothing was taken into it
    own = FileDisk(folder / "log")
    log, _ = Log.open(own)
    if not marker.exists():
        _seed(log, disk, found)
        write_whole(marker, f"{log.size}\n")
    return log, own


def merge(log: Log, folder: Path) -> int:
    """Append to the whole log the facts that were taken meanwhile; return how many. The folder is kept, renamed.

    A fact that is there already (a power cut came in between) is not appended twice. Raises `LogStopped`, `DiskFull`.
    """
    marker = folder / "seeded"
    count = 0
    if marker.exists():
        seeded = int(marker.read_text().strip())
        disk = FileDisk(folder / "log")
        taken, _ = Log.open(disk)
        known = {entry["id"] for entry in _entries(log, min(seeded, log.size))}
        newest = _entries(log, max(0, log.size - INTERIM_COMMIT_LEAVES))
        floor_us = max((entry["recorded"]["earliest_us"] for entry in newest), default=0)
        for entry in _entries(taken, seeded):
            if entry["class"] == "fact" and entry["id"] not in known:
                log.append(entry | {"recorded": _not_before(entry["recorded"], floor_us)})
                count += 1
                if not count % INTERIM_COMMIT_LEAVES:
                    log.commit()
        log.commit()
        disk.close()
    number = 0
    while (kept := folder.with_name(f"{folder.name}.merged-{number}")).exists():
        number += 1
    folder.rename(kept)
    sync_directory(folder.parent)
    return count


def _not_before(recorded: dict[str, Any], floor_us: int) -> dict[str, Any]:
    """It was after all that the whole log holds, even where the end of that was not known then."""
    latest_us = recorded["latest_us"]
    return recorded | {
        "earliest_us": max(floor_us, recorded["earliest_us"]),
        "latest_us": None if latest_us is None else max(floor_us, latest_us),
    }


def _seed(log: Log, disk: Disk, found: Survey) -> None:
    size = found.torn_from or max(found.size, found.held_size)
    missing = size - sum(index < size for index in found.hashes)
    if missing > INTERIM_MISSING_MAX:
        name = found.parts[0].name
        raise LogDamaged(name, 0, f"at most {INTERIM_MISSING_MAX} leaves missing", f"{missing}")
    last: dict[str, Any] = {"recorded": {"boot": 0, "boottime_us": 0, "earliest_us": 0, "latest_us": None}}
    for index, data in _sound(disk, found):
        if index >= size:
            break
        entry = {key: value for key, value in json.loads(data).items() if key not in _OF_LOG}
        _fill(log, index, last)
        log.append(entry)
        last = entry
        if not index % INTERIM_COMMIT_LEAVES:
            log.commit()
    _fill(log, size, last)
    log.commit()


def _fill(log: Log, until: int, last: dict[str, Any]) -> None:
    """Empty leaves for what is missing, so that every sound leaf keeps its index: alarms are named by it."""
    recorded = last["recorded"]
    while log.size < until:
        log.append(
            {
                "class": "output",
                "type": MISSING,
                "id": f"{MISSING}.{log.size}",
                "recorded": recorded,
                "occurred": {"earliest_us": recorded["earliest_us"], "latest_us": None, "by": "gateway"},
                "source": {"name": "", "boot": 0, "seq": 0},
                "stay": None,
                "body": {},
            }
        )
        if not log.size % INTERIM_COMMIT_LEAVES:
            log.commit()


def _sound(disk: Disk, found: Survey) -> Iterator[tuple[int, bytes]]:
    """Index and bytes of every sound leaf, in order."""
    for part in found.parts:
        if not part.is_there:
            continue
        for item in segment.salvage(read_what_is_there(disk, part.name)):
            if isinstance(item, segment.Damage):
                continue
            try:
                record = parse(item[1])
            except FormatError:
                continue
            if found.hashes.get(record.index) == record.hash:
                yield record.index, record.data


def _entries(log: Log, first: int) -> Iterator[dict[str, Any]]:
    """The leaves from `first` on, as `Log.append` takes them."""
    size = log.size
    while first < size:
        leaves = log.leaves(first, INTERIM_COMMIT_LEAVES, 4 * 1024 * 1024)
        for data in leaves:
            yield {key: value for key, value in json.loads(data).items() if key not in _OF_LOG}
        first += len(leaves)
