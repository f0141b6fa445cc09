"""The ghosts of all areas: a stay that no person has goes through gateway, log, rule, alarm and notification each night."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from caseserver.alarms import Alarm
from caseserver.area_state import AreaState
from caseserver.audit import Audit
from caseserver.ghosts import PREFIX
from caseserver.notify import ghost
from caseserver.notify.deliveries import Delivery
from caseserver.notify_settings import GhostPlan
from caseserver.store.calls import CallReader

RUN: Final = 0
"""Number of the run of its deliveries: those of real alarms count from 1."""
LATE_MIN: Final = 60
"""A night whose hour was missed by more than this, the server being down, has no ghost."""
AGAIN_S: Final = 60.0
"""A release that has not shown in the area's log is stated again after this."""

State = Callable[[str, str, Mapping[str, Any], int], None]
"""(area, fact type, body, when it happened): states a fact in the program's own name."""


@dataclass
class _Area:
    """What is known of one area's ghost. `night`: of the newest one; `asked_s`: when it was told to go."""

    state: AreaState
    night: str = ""
    ref: str = ""
    begun_us: int | None = None
    is_judged: bool = False
    accepted: set[str] = field(default_factory=set)
    asked_s: float = -AGAIN_S


class GhostWatch:
    """`turn` is called by the notifier, and gives whom to tell of which alarm."""

    def __init__(
        self, plan: GhostPlan, states: Iterable[AreaState], audit: Audit, calls: CallReader, tell: State
    ) -> None:
        """Reads from the own log which nights are done."""
        self._plan, self._audit, self._calls, self._state_fact = plan, audit, calls, tell
        self._areas = [self._restored(state) for state in states]
        self._failed: dict[str, str] = {
            area.state.area.id: found["missing"]
            for area in self._areas
            if (found := audit.newest_detail("ghost.failed", area.state.area.id)) is not None
            and found.get("night") == area.night
        }

    def turn(self, now_us: int, now_s: float) -> list[tuple[Alarm, Sequence[str]]]:
        """One look at each area; (alarm, receivers) that are to be told."""
        return [told for area in self._areas if (told := self._look(area, now_us, now_s)) is not None]

    def accepted(self, delivery: Delivery) -> None:
        """A receiver has taken a ghost's message."""
        for area in self._areas:
            if area.state.area.id == delivery.area:
                area.accepted.add(delivery.receiver)

    def trouble(self) -> dict[str, str | int] | None:
        """The area whose newest ghost did not come through, and what was missing."""
        if not self._failed:
            return None
        area, missing = next(iter(self._failed.items()))
        return {"area": area, "missing": missing}

    def _look(self, area: _Area, now_us: int, now_s: float) -> tuple[Alarm, Sequence[str]] | None:
        alarm = next((a for a in area.state.open_alarms() if a.stay == area.ref), None)
        waiting = [name for name in self._plan.receivers if name not in area.accepted]
        sight = ghost.Sight(
            now_us, self._is_time(area, now_us), area.begun_us, area.is_judged, is_held(area.state, area.ref),
            alarm is not None, waiting,
        )  # fmt: skip
        act, detail = ghost.next_act(sight, self._plan.within_s * 1_000_000)
        if act == ghost.TELL and alarm is not None:
            return alarm, waiting
        self._carry_out(area, act, detail, now_us, now_s)
        return None

    def _carry_out(self, area: _Area, act: str, detail: str, now_us: int, now_s: float) -> None:
        id_ = area.state.area.id
        if act == ghost.BEGIN:
            area.night, area.begun_us, area.is_judged = self._night(area, now_us), now_us, False
            area.ref = f"{PREFIX}{id_}-{area.night}"
            area.accepted.clear()
            area.asked_s = -AGAIN_S
            self._audit.write(
                None, "ghost.begun", id_, {"night": area.night, "stay": area.ref, "at_us": now_us}
            )
            self._state_fact(id_, "person.arrived", {"stay": area.ref}, now_us)
        elif act in (ghost.PASS, ghost.FAIL):
            area.is_judged = True
            took_s = (now_us - (area.begun_us or now_us)) // 1_000_000
            told: dict[str, Any] = {"night": area.night, "seconds": took_s}
            self._failed.pop(id_, None)
            if act == ghost.FAIL:
                self._failed[id_] = detail
                told["missing"] = detail
            self._audit.write(None, "ghost.passed" if act == ghost.PASS else "ghost.failed", id_, told)
        elif act == ghost.RELEASE and now_s - area.asked_s >= AGAIN_S:
            area.asked_s = now_s
            # before the limit: a warning that is over leaves nothing to be handled
            body = {"stay": area.ref, "reason": "released"}
            self._state_fact(id_, "stay.released", body, now_us)

    def _is_time(self, area: _Area, now_us: int) -> bool:
        hour, _, minute = self._plan.at.partition(":")
        local = self._local(area, now_us)
        late_min = (local.hour * 60 + local.minute) - (int(hour) * 60 + int(minute))
        return 0 <= late_min < LATE_MIN and self._night(area, now_us) != area.night

    def _night(self, area: _Area, now_us: int) -> str:
        return self._local(area, now_us).date().isoformat()

    def _local(self, area: _Area, now_us: int) -> datetime:
        return datetime.fromtimestamp(now_us / 1e6, UTC).astimezone(ZoneInfo(area.state.area.timezone))

    def _restored(self, state: AreaState) -> _Area:
        begun = self._audit.newest_detail("ghost.begun", state.area.id)
        if begun is None:
            return _Area(state)
        ends = [self._audit.newest_detail(end, state.area.id) for end in ("ghost.passed", "ghost.failed")]
        is_judged = any(end is not None and end.get("night") == begun["night"] for end in ends)
        found = _Area(state, begun["night"], begun["stay"], begun["at_us"], is_judged)
        for alarm in state.open_alarms():
            if alarm.stay == found.ref:
                _, rows = self._calls.of_alarm(alarm.area, alarm.id)
                found.accepted |= {row["receiver"] for row in rows if row["state"] == "accepted"}
        return found


def is_held(state: AreaState, ref: str) -> bool:
    """Whether this stay is open by the area's log."""
    stay = state.evaluator.world.stays.get(ref)
    return stay is not None and stay.is_open
