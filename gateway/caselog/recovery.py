"""Reading a stored log back: checking every byte, cutting a torn tail, refusing any other damage.

Torn is only what an interrupted write explains: broken bytes at the very end of the last segment, with no
whole line after them. They are kept in a `.cut` file before they are cut, since they may be evidence too.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field

from caselog import leaf, segment
from caselog.disk import Disk
from caselog.errors import ChainError, FormatError, LogDamaged, SyncFailed
from caselog.segment import Damage
from caselog.store import Places
from caselog.tree import Tree


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening found. `size` leaves are sound; `cut_bytes` were cut, for `cut_reason` (None: nothing was).

    `cut_name` is the file that keeps the cut bytes.
    """

    size: int
    cut_bytes: int = 0
    cut_reason: str | None = None
    cut_name: str | None = None


@dataclass(slots=True)
class State:
    """What a `Log` holds in memory; grows leaf by leaf while the segments are read."""

    places: Places = field(default_factory=Places)
    tree: Tree = field(default_factory=Tree)
    stays: dict[str, int] = field(default_factory=dict)
    prev: bytes = leaf.ZERO_HASH

    def take(self, offset: int, data: bytes) -> None:
        """Add the next leaf, whose line is at `offset`. Raises `FormatError` when it is no leaf or does not follow."""
        record = leaf.check_chain(self.prev, self.tree.size, data)
        if record.stay is not None:
            expected = self.stays.get(record.stay, 0) + 1
            if record.stay_n != expected:
                raise ChainError(f"stay_n {expected} of stay {record.stay}", f"stay_n {record.stay_n}")
            self.stays[record.stay] = expected
        self.tree.append(record.hash)
        self.places.offsets.append(offset)
        self.prev = record.hash


def recover(disk: Disk, held_size: int) -> tuple[State, Recovery]:
    """Read all segments in order, one in memory at a time; see `Log.open`."""
    state = State()
    names = [name for name in disk.list_names() if name.endswith(".seg")]
    failure = _flush(disk, names[-1]) if names else None
    cut: tuple[Damage, bytes] | None = None
    for name in names:
        if name != segment.name_of(state.tree.size):
            raise LogDamaged(name, 0, f"the segment {segment.name_of(state.tree.size)}", f"a segment {name}")
        state.places.firsts.append(state.tree.size)
        data = _read(disk, name)
        damage = _read_segment(state, name, data, last=name == names[-1])
        state.places.tail_bytes = len(data) if damage is None else damage.offset
        cut = None if damage is None else (damage, data[damage.offset :])
    if state.tree.size < held_size:
        found = f"{state.tree.size} leaves" + (f" and {len(cut[1])} broken bytes" if cut else "")
        raise LogDamaged(
            names[-1] if names else segment.name_of(0), state.places.tail_bytes, f"{held_size} leaves", found
        )
    if not names:
        return state, Recovery(0)
    if failure is not None:
        raise SyncFailed(f"fsync of {names[-1]} at open: {failure}") from failure
    report = Recovery(state.tree.size) if cut is None else _cut(disk, names[-1], state, *cut)
    return state, report


def _flush(disk: Disk, name: str) -> OSError | None:
    """Let the last segment be read as the medium has it; why that is not possible.

    A process that died between write and fsync leaves whole lines that only the page cache holds: they are synced. One
    whose fsync failed leaves lines there that count as clean and are nowhere else: no fsync brings them, they are dropped.
    """
    try:
        disk.sync(name)
        disk.forget(name)
    except OSError as error:
        return error
    return None


def _read(disk: Disk, name: str) -> bytes:
    """All of a segment. What the medium does not give back is damage, not a failure of this program to read."""
    try:
        return disk.read(name)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        raise LogDamaged(name, 0, "bytes that can be read", str(error)[:200]) from error


def _read_segment(state: State, name: str, data: bytes, last: bool) -> Damage | None:
    """Take all leaves of a segment; the `Damage` where it is torn. `LogDamaged` for everything else."""
    for item in segment.scan(data):
        if isinstance(item, Damage):
            if last and item.torn:
                return item
            raise LogDamaged(name, item.offset, item.expected, item.found)
        offset, found = item
        try:
            state.take(offset, found)
        except FormatError as error:
            raise LogDamaged(name, offset, error.expected, error.found) from error
    return None


def _cut(disk: Disk, name: str, state: State, damage: Damage, torn: bytes) -> Recovery:
    """Copy the torn bytes aside, durably, then cut them."""
    kept = _free_name(disk, f"{name.removesuffix('.seg')}-{damage.offset:08d}")
    disk.create(kept)
    disk.append(kept, torn)
    disk.sync(kept)
    disk.truncate(name, damage.offset)
    reason = f"{name} at byte {damage.offset}: expected {damage.expected}, found {damage.found}"
    return Recovery(state.tree.size, len(torn), reason, kept)


def _free_name(disk: Disk, stem: str) -> str:
    """A name not taken yet: a power cut during an earlier cut may have left a copy, whole or not."""
    taken = set(disk.list_names())
    number = 0
    while f"{stem}-{number}.cut" in taken:
        number += 1
    return f"{stem}-{number}.cut"
