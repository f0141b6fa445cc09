"""Writes the beats of a day: people and badges that go from room to room, doors, forms.

The writer knows the plan of each area, so that a person who changes rooms passes the doors
between them, and a locked door is released before it opens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from caseward.demo import beats
from caseward.demo.beats import HOUR_US, MINUTE_US, SECOND_US, Beat
from caseward.demo.people import BY_NUMBER, is_band
from custody.area import Area, Door

HEAD: Final = "000004"  # of the case-handling department: approves what has to be approved
FAMILY_TOLD_US: Final = 40 * MINUTE_US
CLEANING_US: Final = 15 * MINUTE_US
MEALS_US: Final = 9 * HOUR_US // 2


@dataclass(slots=True)
class Stay:
    """A person of the story, as the director knows them."""

    ref: str
    case: str
    area: str
    band: str
    measure: str
    sex: str
    arrived_us: int
    minor: bool = False


WALK_US: Final = 50 * SECOND_US
"""From room to room along the corridor. Longer than a reader of a demo that runs sixty times as fast takes to miss a tag."""


@dataclass(slots=True)
class Script:
    """A day being written. Times of all methods: microseconds from 00:00 of the day."""

    areas: Mapping[str, Area]
    beats: list[Beat] = field(default_factory=list)
    rooms: dict[str, str] = field(default_factory=dict)  # tag -> room, at the end of the day before

    def add(self, at_us: int, area: str, verb: str, what: str = "", to: str = "", **more: Any) -> None:
        """Write one beat."""
        self.beats.append(Beat(at_us, len(self.beats), area, verb, what, to, **more))

    def say(self, at_us: int, area: str, note: str) -> None:
        """Tell the reader what is going on."""
        self.add(at_us, area, beats.SAY, note=note)

    def form(self, at_us: int, area: str, by: str, fact: str, /, **body: Any) -> None:
        """An officer fills in a form."""
        self.add(at_us, area, beats.FORM, fact, body=body, officer=by)

    def recorder(self, at_us: int, area: str, room: str, to: str) -> None:
        """The recorder of a room goes on or off."""
        for recorder in self.areas[area].recorders.values():
            if room in recorder.rooms:
                self.add(at_us, area, beats.RECORDER, recorder.id, to)

    def badge(self, at_us: int, area: str, officer: str, room: str) -> None:
        """An officer is in this room from now on; "" = nowhere that has a reader."""
        self.go(at_us, area, BY_NUMBER[officer].badge, room)

    def badges(self, at_us: int, area: str, officers: str, room: str) -> None:
        """Several officers (numbers, blanks between) are in this room from now on."""
        for officer in officers.split():
            self.badge(at_us, area, officer, room)

    def go(self, at_us: int, area: str, tag: str, room: str) -> None:
        """A tag changes rooms; `finish` adds the doors on its way."""
        self.add(at_us, area, beats.TAG, tag, room)

    def finish(self) -> list[Beat]:
        """All beats in order of time, each change of rooms with the doors that are passed."""
        written = sorted(self.beats)
        played: list[Beat] = []
        for written_beat in written:
            for beat in self._steps(written_beat) if written_beat.verb == beats.TAG else [written_beat]:
                if beat.verb == beats.TAG:
                    played += self._doors(beat, self.rooms.get(beat.what, ""))
                    self.rooms[beat.what] = beat.to
                played.append(beat)
        return [replace(beat, order=order) for order, beat in enumerate(sorted(played))]

    def _steps(self, beat: Beat) -> list[Beat]:
        """Who wears a band is led along the corridor; nobody is in two far rooms within a step."""
        area, old = self.areas[beat.area], self.rooms.get(beat.what, "")
        if not is_band(beat.what) or not (old and beat.to) or area.are_near(old, beat.to):
            return [beat]
        return [replace(beat, at_us=beat.at_us - WALK_US, to="corridor"), beat]

    def _doors(self, beat: Beat, old: str) -> list[Beat]:
        if beat.to == old:
            return []
        passes = []
        for door, is_leaving in self._way(beat.area, old, beat.to):
            how = "" if not door.controlled else "button" if is_leaving else "badge"
            passes.append(replace(beat, verb=beats.PASS, what=door.id, to=how))
        return passes

    def _way(self, area: str, old: str, new: str) -> list[tuple[Door, bool]]:
        """Doors between two rooms, each with whether it is left (from inside) or entered."""
        way = []
        for room, is_leaving in ((old, True), (new, False)):
            doors = self.areas[area].doors.values()
            way += [
                (d, is_leaving)
                for d in doors
                if d.kind == "room" and room in d.between and room != "corridor"
            ]
        return way

    # --- what a case officer and an area administrator do, step by step -------------------

    def arrive(self, stay: Stay, administrator: str, *, register_after_min: int = 4) -> None:
        """Through the gate, wristband on, into the register. Ends in reception."""
        at_us, area = stay.arrived_us, stay.area
        self.say(at_us, area, f"{stay.ref}: brought in ({stay.measure.replace('_', ' ')})")
        self.form(at_us, area, administrator, "person.arrived", stay=stay.ref)
        self.add(at_us + MINUTE_US // 2, area, beats.PASS, "gate", "badge")
        # The band lies before the reader of the desk while it is written down: never silent from the start.
        self.go(at_us + 3 * MINUTE_US // 4, area, stay.band, "reception")
        self.form(at_us + MINUTE_US, area, administrator, "wristband.bound", stay=stay.ref, band=stay.band)
        self.form(
            at_us + 90 * SECOND_US,
            area,
            administrator,
            "certificate.written",
            stay=stay.ref,
            arrived_at_us=at_us,
        )
        self.form(at_us + 2 * MINUTE_US, area, administrator, "rights.told", stay=stay.ref)
        self.form(
            at_us + 150 * SECOND_US, area, administrator, "health.checked", stay=stay.ref, result="well"
        )
        self.form(
            at_us + register_after_min * MINUTE_US,
            area,
            administrator,
            "stay.registered",
            stay=stay.ref,
            measure=stay.measure,
            case=stay.case,
            sex=stay.sex,
            minor=stay.minor,
        )
        told_us = at_us + FAMILY_TOLD_US
        self.form(told_us, area, administrator, "family.notified", stay=stay.ref, of="summons")

    def search(self, at_us: int, stay: Stay, officers: str, after: str) -> None:
        """The personal safety check by two officers, signed after five minutes; then on to a room."""
        numbers = officers.split()
        self.badges(at_us, stay.area, officers, "search")
        self.go(at_us + MINUTE_US, stay.area, stay.band, "search")
        self.form(
            at_us + 5 * MINUTE_US, stay.area, numbers[0], "search.signed", stay=stay.ref, officers=numbers
        )
        self.form(at_us + 6 * MINUTE_US, stay.area, numbers[0], "effects.listed", stay=stay.ref)
        if stay.measure == "public_order_questioning":
            approver = HEAD
            self.form(
                at_us + 6 * MINUTE_US,
                stay.area,
                approver,
                "sample.approved",
                stay=stay.ref,
                approver=approver,
            )
        self.form(
            at_us + 390 * SECOND_US,
            stay.area,
            numbers[0],
            "sample.collected",
            stay=stay.ref,
            kind="fingerprints",
        )
        self.go(at_us + 7 * MINUTE_US, stay.area, stay.band, after)
        self.badges(at_us + 8 * MINUTE_US, stay.area, officers, "")

    def leave(self, at_us: int, stay: Stay, administrator: str, reason: str, door: str) -> None:
        """Fed while there, signed out, band back in the drawer, out through a door of the area."""
        for meal_us in range(stay.arrived_us + MEALS_US, at_us, MEALS_US):
            self.form(meal_us, stay.area, administrator, "meal.offered", stay=stay.ref)
        if reason == "detention_centre":
            self.form(
                at_us - 30 * MINUTE_US, stay.area, administrator, "delivery.health_checked", stay=stay.ref
            )
        self.form(at_us - 2 * MINUTE_US, stay.area, administrator, "effects.returned", stay=stay.ref)
        self.form(
            at_us - MINUTE_US, stay.area, administrator, "certificate.ended",
            stay=stay.ref, ended_at_us=at_us - MINUTE_US,
        )  # fmt: skip
        self.form(at_us, stay.area, administrator, "stay.released", stay=stay.ref, reason=reason)
        back_us = at_us + MINUTE_US
        self.form(back_us, stay.area, administrator, "wristband.returned", band=stay.band, state="whole")
        self.go(at_us + 2 * MINUTE_US, stay.area, stay.band, "")
        self.form(back_us + CLEANING_US, stay.area, administrator, "wristband.cleaned", band=stay.band)
        self.add(at_us + 3 * MINUTE_US, stay.area, beats.PASS, door, "badge")
        self.say(at_us, stay.area, f"{stay.ref}: leaves ({reason.replace('_', ' ')})")

    def interview(
        self, from_us: int, until_us: int, stay: Stay, room: str, officers: str, after: str
    ) -> None:
        """Officers and recorder first, then the person; the person leaves first."""
        self.recorder(from_us - 2 * MINUTE_US, stay.area, room, "on")
        self.badges(from_us - MINUTE_US, stay.area, officers, room)
        self.go(from_us, stay.area, stay.band, room)
        numbers = officers.split()
        kind = "questioning" if stay.measure == "public_order_questioning" else "interrogation"
        self.form(
            from_us + MINUTE_US, stay.area, numbers[0], "interview.started",
            stay=stay.ref, kind=kind, room=room, officers=numbers,
        )  # fmt: skip
        self.form(until_us - 2 * MINUTE_US, stay.area, numbers[0], "interview_record.signed", stay=stay.ref)
        self.form(until_us - MINUTE_US, stay.area, numbers[0], "interview.ended", stay=stay.ref)
        self.go(until_us, stay.area, stay.band, after)
        self.badges(until_us + MINUTE_US, stay.area, officers, "")
        self.recorder(until_us + 2 * MINUTE_US, stay.area, room, "off")
