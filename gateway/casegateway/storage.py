"""The log's own health: room on the disk, the nightly scrub, what is mended, and what the log says of all that.

The core asks `step` at each turn; each turn does one small slice, so that no alarm waits. What is wrong becomes the
one source `storage`: lost while any reason stands, restored when none does.
"""

from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from casegateway.book import Book
from casegateway.events import Moment, Publish
from casegateway.limits import (
    BATCH_LEAVES_MAX,
    PATCH_LEAVES_AT_ONCE,
    REASON_CHARS_MAX,
    SCRUB_SLICE_BYTES,
    SCRUB_SLICE_MS,
    SPACE_CHECK_MS,
)
from casegateway.mending import Answer, Mender
from casegateway.reserve import NAME, SECOND_NAME, Reserve
from caselog import records
from caselog.disk import Disk
from caselog.errors import FormatError, LogDamaged
from caselog.repair import Filling
from caselog.scrub import Patch, Scrubber
from custody.facts import BodyValue

OK, LOW, FULL = "ok", "low", "full"
DAMAGE, SECOND, SPACE = "damage", "second disk", "space"


class Storage:
    """Watches the disk of one book. `reasons`: what is wrong now, by kind."""

    def __init__(
        self, book: Book, disk: Disk, mender: Mender, zone: ZoneInfo, *,
        low_bytes: int, reserve_bytes: int, scrub_hour: int | None, second_path: str = "",
        filling: Filling | None = None, reasons: Mapping[str, str] = {},
    ) -> None:  # fmt: skip
        """`low_bytes`: free room below which nothing but evidence is written; `scrub_hour`: local, None: never;
        `filling`: the leaves that the real log lacks while this is the interim one; `reasons`: known already."""
        self.space = OK
        self.reasons: dict[str, str] = dict(reasons)
        self.left_out: dict[
            str, int
        ] = {}  # told by the shell: what it did not write since it was told to spare
        self._book = book
        self._disk = disk
        self._mender = mender
        self._zone = zone
        self._low_bytes = low_bytes
        self._reserve = Reserve(disk, reserve_bytes, SECOND_NAME if SECOND in reasons else NAME)
        book.reserve = self._reserve
        self._scrub_hour = scrub_hour
        self._second_path = second_path
        self._filling = filling
        self._scrubber: Scrubber | None = None
        self._scrub_begun_us = 0
        self._scrub_day = ""
        self._patches: deque[Patch] = deque()
        self._slice_us = 0
        self._space_us: int | None = None
        self._told_left_out: dict[str, int] = {}
        self._told_failure = False

    @property
    def is_sparing(self) -> bool:
        """Only evidence is to be written."""
        return self.space != OK

    @property
    def is_interim(self) -> bool:
        """The book's log is the one that is gone on with while the real one is damaged."""
        return self._filling is not None

    @property
    def is_mended(self) -> bool:
        """This is an interim log, and all that the real one lacks is here, or will not come."""
        return self._filling is not None and self._filling.is_whole

    @property
    def counters(self) -> Counter[str]:
        """Of the questions to the server."""
        return self._mender.counters

    def begin(self, now: Moment) -> None:
        """At the start: keep room back, and look how much is left."""
        self._reserve.make()
        self._check_space(now)

    def step(self, now: Moment) -> None:
        """One slice of everything. Raises `LogStopped`, `OSError`."""
        self._tell_failure(now)
        if (
            self._space_us is None
            or now.real_us >= self._space_us + SPACE_CHECK_MS * 1_000
            or self._is_full()
        ):
            self._check_space(now)
        if now.real_us < self._slice_us + SCRUB_SLICE_MS * 1_000:
            return
        self._slice_us = now.real_us
        self._reserve.step()
        if self._patches:
            self._patch(now)
        elif self._scrubber is not None:
            self._scrub(now, self._scrubber)
        elif self._is_scrub_due(now):
            self._scrubber, self._scrub_begun_us = Scrubber(self._book.log), now.real_us

    def scrub_now(self, now: Moment) -> None:
        """Begin a scrub whatever the hour, unless one runs."""
        if self._scrubber is None:
            self._scrubber, self._scrub_begun_us = Scrubber(self._book.log), now.real_us

    def change(self, *, is_lost: bool) -> tuple[str, dict[str, BodyValue]] | None:
        """Name and body of the fact that is missing while the log says `is_lost` of its own disk."""
        if bool(self.reasons) == is_lost:
            return None
        if is_lost:
            return "storage.restored", {}
        text = "; ".join(f"{kind}: {reason}" for kind, reason in sorted(self.reasons.items()))
        return "storage.lost", {"reason": text[:REASON_CHARS_MAX]}

    def due(self, now: Moment) -> list[Publish]:
        """What to ask the server for."""
        wanted = self._patches[0].wanted(BATCH_LEAVES_MAX) if self._patches else None
        if self._filling is not None:
            wanted = self._filling.wanted()
        return self._mender.due(wanted, now.real_us)

    def wake_us(self) -> int | None:
        """When the next slice is due, None while nothing is under way."""
        if self._scrubber is None and not self._patches and not self._reserve.is_growing:
            return None
        return self._slice_us + SCRUB_SLICE_MS * 1_000

    def take(self, payload: bytes) -> None:
        """The server's answer to what `due` asked."""
        answer = self._mender.read(payload)
        if answer is None:
            return
        if self._filling is not None:
            self._fill(self._filling, answer)
        elif self._patches and not self._patches[0].take(answer.first, answer.leaves):
            self._mender.counters["other_leaves"] += 1

    def health(self) -> dict[str, Any]:
        """For the heartbeat."""
        return {
            "state": self.space,
            "reasons": sorted(self.reasons),
            "scrubbing": self._scrubber is not None,
            "mending": len(self._patches),
        }

    # --- room -------------------------------------------------------------------------------

    def _is_full(self) -> bool:
        return self._book.is_full or (self.space != FULL and self._reserve.is_given_up)

    def _check_space(self, now: Moment) -> None:
        """Judge the room again; up only when there is room for the reserve as well, so that it does not flutter."""
        self._space_us = now.real_us
        free = self._disk.free_bytes()
        if self._reserve.is_given_up and free >= self._low_bytes + self._reserve.bytes_wanted:
            self._reserve.make()
        low_bytes = self._low_bytes if self.space == OK else self._low_bytes * 9 // 8
        state = FULL if self._book.is_full or self._reserve.is_given_up else LOW if free < low_bytes else OK
        if state != self.space:
            self.space = state
            self._say_space(free, now)
        if state == OK:
            self.reasons.pop(SPACE, None)
        else:
            self.reasons[SPACE] = f"{state}, {free} bytes free"

    def _say_space(self, free_bytes: int, now: Moment) -> None:
        since = {
            name: count - self._told_left_out.get(name, 0)
            for name, count in sorted(self.left_out.items())
            if count > self._told_left_out.get(name, 0)
        }
        self._told_left_out = dict(self.left_out)
        body = {"state": self.space, "free_bytes": free_bytes, "left_out": since}
        self._book.say(records.SPACE, body, now.instant)

    # --- a disk that failed -----------------------------------------------------------------

    def _tell_failure(self, now: Moment) -> None:
        """The book went on on the second disk: said once, as soon as there is a log to say it in."""
        if self._book.failure is None or self._told_failure:
            return
        self._told_failure = True
        self.reasons[SECOND] = self._book.failure
        self._book.reserve = self._reserve = Reserve(self._disk, self._reserve.bytes_wanted, SECOND_NAME)
        self._reserve.make()
        text = self._book.failure[: records.TEXT_CHARS_MAX]
        self._book.say(records.SYNC_FAILED, {"detail": text, "second_path": self._second_path}, now.instant)

    # --- an interim log ---------------------------------------------------------------------

    def _fill(self, filling: Filling, answer: Answer) -> None:
        try:
            filling.take(answer.first, answer.leaves, answer.anchor)
            if answer.held is not None:
                filling.end(answer.held)
        except FormatError:
            self._mender.counters["other_leaves"] += 1

    # --- scrub and mending ------------------------------------------------------------------

    def _is_scrub_due(self, now: Moment) -> bool:
        local = datetime.fromtimestamp(now.instant.earliest_us / 1e6, UTC).astimezone(self._zone)
        day = local.date().isoformat()
        if local.hour != self._scrub_hour or day == self._scrub_day:
            return False
        self._scrub_day = day
        return True

    def _scrub(self, now: Moment, scrubber: Scrubber) -> None:
        scrubber.step(SCRUB_SLICE_BYTES)
        if not scrubber.is_done:
            return
        self._scrubber = None
        seconds = (now.real_us - self._scrub_begun_us) // 1_000_000
        body = {"leaves": scrubber.leaves, "bytes": scrubber.bytes, "seconds": seconds}
        self._book.say(records.SCRUBBED, body, now.instant)
        if not scrubber.damages:
            self.reasons.pop(DAMAGE, None)
            return
        self.reasons[DAMAGE] = str(scrubber.damages[0])[: records.TEXT_CHARS_MAX]
        self._patches.extend(Patch(self._book.log, damage) for damage in scrubber.damages)

    def _patch(self, now: Moment) -> None:
        patch = self._patches[0]
        if not patch.is_read:
            patch.step(PATCH_LEAVES_AT_ONCE)
        if not patch.is_whole:
            return
        try:
            kept = patch.write()
        except LogDamaged as error:  # it rots while it is mended: read it anew
            self._patches[0] = Patch(self._book.log, error)
            return
        self._patches.popleft()
        body = records.damaged(
            patch.damage, kept, min(patch.came, default=patch.first), len(patch.came), "server"
        )
        self._book.say(records.DAMAGED, body, now.instant)
        if not self._patches:
            self.scrub_now(now)  # only a whole sound reading takes the alarm back
