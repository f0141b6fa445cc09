"""Opening the gateway's log in whatever state its disk is: whole, on two disks, or damaged and to be mended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from casegateway import interim
from casegateway.state import SECOND_LOG, StateError, write_whole
from casegateway.storage import DAMAGE, SECOND
from caselog import records
from caselog.clock import Instant
from caselog.disk import Disk, FileDisk
from caselog.errors import DiskFull, LogDamaged, WriteFailed
from caselog.log import Log, Recovery
from caselog.pairdisk import PairDisk
from caselog.repair import Filling, Mended, rebuild
from caselog.segment import SEGMENT_BYTES_MAX
from caselog.survey import Survey, survey

INTERIM = "interim"


@dataclass(slots=True)
class Evidence:
    """The log to write to, and its disk. While `filling` waits for leaves of the real log, it is the interim one.

    `real` is the disk of the real log; `disks` hold the locks; `reasons`: what is wrong with the storage.
    """

    log: Log
    recovery: Recovery
    disk: Disk
    real: Disk
    disks: list[FileDisk]
    filling: Filling | None = None
    reasons: dict[str, str] = field(default_factory=dict)

    def close(self) -> None:
        """Let go of the locks, so that the log can be opened again."""
        for disk in self.disks:
            disk.close()


def open_evidence(
    data: Path, second: Path | None, held_size: int, cry: Callable[[], None], durable_size: int = 0
) -> Evidence:  # fmt: skip
    """Open the log in `data`, whose segments may go on in `second`. `cry` is called when there is no whole log.

    `held_size`: leaves that the server holds; `durable_size`: leaves known to have been durable, 0 if that is not known.

    Raises `LogDamaged` where no copy could help, `StateError`, `LogStopped`, `OSError`.
    """
    _remember_second(data / "state" / SECOND_LOG, second)
    first = FileDisk(data / "log")
    disks = [first]
    disk: Disk = first
    if second is not None:
        disks.append(FileDisk(second))
        disk = PairDisk(first, disks[1])
    try:
        found = open_on(data / INTERIM, disk, disks, held_size, cry, durable_size=durable_size)
    except DiskFull as error:
        raise WriteFailed(f"no room to go on: {error}") from error
    if isinstance(disk, PairDisk) and disk.has_failed_over:
        found.reasons[SECOND] = f"the log goes on in {second}"
    return found


def mend(found: Evidence, held_size: int, now: Instant) -> None:
    """All that was missing has come, or will not come: make the real log whole and say in it what was done.

    Raises `LogDamaged` when it is not whole even so, `LogStopped`, `OSError`.
    """
    assert found.filling is not None
    mended = rebuild(found.real, found.filling, now=now)
    log, _ = Log.open(found.real, held_size=held_size)
    say_mended(log, mended, now, "server")


def say_mended(log: Log, mended: Sequence[Mended], now: Instant, copy: str) -> None:
    """A durable `log.damaged/1` for each segment. `copy`: whose leaves they are, server or witness."""
    for one in mended:
        body = records.damaged(one.damage, one.kept, one.first, one.count, copy)
        log.append(records.entry(records.DAMAGED, log.size, body, now))
    log.commit()


def open_on(
    folder: Path, disk: Disk, disks: list[FileDisk], held_size: int, cry: Callable[[], None],
    segment_bytes_max: int = SEGMENT_BYTES_MAX, durable_size: int = 0,
) -> Evidence:  # fmt: skip
    """The same on a disk that is open; `disks` hold its locks, `folder` is for an interim log. Raises as above."""
    try:
        log, recovery = Log.open(disk, held_size=held_size, segment_bytes_max=segment_bytes_max)
    except LogDamaged as error:
        cry()
        return _go_on(folder, disk, disks, survey(disk, held_size, durable_size), error)
    if folder.exists() and log.size:
        interim.merge(log, folder)
    return Evidence(log, recovery, disk, disk, disks)


def _go_on(folder: Path, disk: Disk, disks: list[FileDisk], found: Survey, error: LogDamaged) -> Evidence:
    """An interim log of what is sound, and a list of what is missing."""
    if not found.damages:
        raise error  # nothing that an accident does: no copy helps
    log, own = interim.open_interim(folder, disk, found)
    reasons = {DAMAGE: str(error)}
    return Evidence(log, Recovery(log.size), own, disk, [*disks, own], Filling(found), reasons)


def _remember_second(marker: Path, second: Path | None) -> None:
    """A log that went on in a second folder is never opened without it: it would be written twice. Raises `StateError`."""
    if second is not None:
        text = f"{second.absolute()}\n"
        if not marker.exists() or marker.read_text() != text:
            write_whole(marker, text)
    elif marker.exists():
        folder = Path(marker.read_text().strip())
        if not folder.is_dir() or any(folder.glob("*.seg")):
            raise StateError(marker, f"--second-log {folder}, where the log may go on", "no --second-log")
        marker.unlink()
