"""One person's way through the area, from the gate to the door, as it is walked and written down."""

from dataclasses import dataclass, field

from custody.facts import BodyValue
from custody.times import SECOND_US
from tests.prove.busy.diary import DAY_US, HOUR_US, MINUTE_US, Diary
from tests.prove.busy.dice import Dice
from tests.prove.busy.person import Person
from tests.prove.busy.place import INTERVIEW_ROOMS, Place
from tests.prove.busy.staff import Pair, Staff

FORGOTTEN = 0.015
"""Share of the forms of `FORGETTABLE` that nobody enters."""

FORGETTABLE = frozenset({
    "health.checked", "effects.listed", "meal.offered", "rights.told", "family.notified", "certificate.written",
    "certificate.ended", "sample.approved", "sample.collected", "interview_record.signed", "bodycam.uploaded",
    "guardian.attended", "juvenile_officer.assigned", "interpreter.attended", "guard.named", "supervision.informed",
    "delivery.health_checked", "restraint.checked", "extension.approved", "coercion.approved", "release.handed_over",
})  # fmt: skip
STEPS_OUT, STAYS_OUT = 0.25, 0.06
"""An officer steps out of an interview for a moment; stays out too long."""

LIMIT_US = {
    "public_order_questioning": 8 * HOUR_US,
    "criminal_summons": 12 * HOUR_US,
    "coercive_summons": 12 * HOUR_US,
    "continued_questioning": 12 * HOUR_US,
    "criminal_detention": 14 * HOUR_US,
    "arrest": 10 * HOUR_US,
    "administrative_detention": 8 * HOUR_US,
    "voluntary": 4 * HOUR_US,
}
LONGER = {
    "public_order_questioning": ("T5", "24h", "L01", "complex_and_detention_possible"),
    "criminal_summons": ("T1", "24h", "L01", "grave_or_complex_custody_needed"),
    "coercive_summons": ("T2", "24h", "L04", "grave_or_complex_custody_needed"),
    "continued_questioning": ("T8", "24h", "L03", "hard_to_verify"),
}


@dataclass(slots=True)
class Visit:
    """A stay while it is planned. `at_us` is where the story stands, `room` where the person is."""

    diary: Diary
    dice: Dice
    place: Place
    staff: Staff
    who: Person
    at_us: int
    room: str = "reception"
    arrived_us: int = 0
    entered_us: int = 0
    released_us: int = 0
    interviews: int = 0
    pair: Pair = field(init=False)

    def say(self, name: str, at_us: int | None = None, /, **body: BodyValue) -> None:
        """A form of this stay; some are forgotten."""
        if name in FORGETTABLE and self.dice.chance(FORGOTTEN):
            return
        self.diary.form(self.at_us if at_us is None else at_us, name, stay=self.who.stay, **body)

    def later(self, low_s: int, high_s: int) -> None:
        """Time goes by."""
        self.at_us += self.dice.between(low_s, high_s) * SECOND_US

    def go(self, room: str) -> None:
        """The officers take the person into another room."""
        self.at_us = self.place.walk(self.at_us, self.who.band, self.pair.badges, self.room, room)
        self.room = room

    def fetch(self, length_us: int) -> None:
        """Two officers come for the person."""
        woman = self.who.sex == "F" and (self.who.minor or self.room in ("reception", "search"))
        self.pair = self.staff.pair(self.at_us, self.at_us + length_us, woman=woman)
        self.place.pass_door(self.at_us, "corridor", self.room, self.pair.first)
        self.staff.come(self.at_us + 2 * SECOND_US, self.pair.badges, self.room)
        self.at_us += 15 * SECOND_US

    def hand_back(self) -> None:
        """The officers go, the person stays with the guards."""
        self.place.pass_door(self.at_us + 20 * SECOND_US, self.room, "corridor", self.pair.first)
        self.staff.leave(self.at_us + 22 * SECOND_US, self.pair.badges, self.room)

    # --- in --------------------------------------------------------------------------------

    def arrive(self) -> None:
        """Brought to the station, through the gate, banded."""
        who, dice = self.who, self.dice
        self.arrived_us = self.at_us
        self.pair = self.staff.pair(
            self.at_us - 5 * MINUTE_US, self.at_us + 50 * MINUTE_US, woman=who.sex == "F"
        )
        if who.measure in ("public_order_questioning", "continued_questioning") and dice.chance(0.15):
            kind = "liberty" if dice.chance(0.6) else "property"
            self.say("person.arrived")
            self.say("coercion.applied", self.at_us + SECOND_US, kind=kind)
            self.say("coercion.approved", self.at_us + dice.between(10, 40) * MINUTE_US, approver="L01")
        else:
            self.say("person.arrived")
        self.later(30, 150)
        if dice.chance(0.02):
            self.later(200, 900)
        self.place.pass_door(self.at_us, "outside", "reception", self.pair.first)
        self.staff.come(self.at_us + 3 * SECOND_US, self.pair.badges, "reception")
        self.entered_us = self.at_us + 5 * SECOND_US
        self.say("area.entered", self.entered_us)
        if dice.chance(0.7):
            self.say("bodycam.stopped", self.at_us + (120 if dice.chance(0.95) else -90) * SECOND_US)
        if who.measure == "voluntary":
            self.say("reception.allowed", ground=dice.pick(("mediation", "hearing", "simplified_procedure")))
        self.later(60, 120)
        self.say("wristband.bound", band=who.band)
        self.place.read(self.at_us + SECOND_US, who.band, "reception")
        if dice.chance(0.3):
            percent = dice.between(20, 100) if dice.chance(0.95) else dice.between(3, 14)
            self.diary.sensor(
                self.at_us + 5 * SECOND_US, "wristband.battery", "n1", band=who.band, percent=percent
            )
        elif dice.chance(0.02):
            self.diary.sensor(self.at_us + 5 * SECOND_US, "wristband.weakened", "n1", band=who.band)

    def admit(self) -> None:
        """Searched, looked at, registered."""
        who, dice = self.who, self.dice
        self.later(20, 90)
        self.go("search")
        self.later(90, 240)
        self.say("search.signed", officers=list(self.pair.badges))
        self.later(20, 60)
        health = "injured" if "injured" in who.flags else "ill" if "ill" in who.flags else "well"
        self.say("health.checked", result=health)
        if health != "well" or (who.is_special and who.measure == "continued_questioning"):
            self.say("supervision.informed", self.at_us + dice.between(2, 12) * MINUTE_US, of="health")
        self.later(20, 80)
        written_us = self.arrived_us + dice.between(0, 90) * SECOND_US
        self.say("certificate.written", arrived_at_us=written_us, refused=dice.chance(0.04))
        self.register(written_us)
        self.say("effects.listed", self.at_us + dice.between(30, 200) * SECOND_US)
        if dice.chance(0.01):
            self.say(
                "certificate.corrected", self.at_us + 5 * MINUTE_US,
                arrived_at_us=self.arrived_us - dice.between(1, 20) * MINUTE_US, reason="the gate shows an earlier time",
            )  # fmt: skip

    def register(self, written_us: int) -> None:
        """The row of the register, and what is stated besides."""
        who, dice = self.who, self.dice
        body: dict[str, BodyValue] = {"measure": who.measure, "case": who.case, "person": who.ref}
        if dice.chance(0.9):
            body["arrived_at_us"] = written_us
        if not dice.chance(0.01):
            body |= {"sex": who.sex, "minor": who.minor}
        if who.flags and dice.chance(0.7):
            body["flags"] = list(who.flags)
        self.later(20, 80)
        self.say("stay.registered", **body)
        if "flags" not in body:
            for flag in who.flags:
                self.say(
                    "person.flagged", self.at_us + dice.between(5, 300) * SECOND_US, flag=flag, value=True
                )
        if "dependants" in who.flags:
            self.say("dependants.arranged", self.at_us + dice.between(20, 150) * MINUTE_US)
        if who.measure == "continued_questioning":
            self.say(
                "extension.approved",
                self.at_us + dice.between(4, 25) * MINUTE_US,
                rule="T8",
                limit="12h",
                approver="L02",
            )
            self.say("supervision.informed", self.at_us + dice.between(26, 33) * MINUTE_US, of="approval")
        of = (
            who.measure
            if who.measure in ("criminal_detention", "arrest", "continued_questioning")
            else "summons"
        )
        if dice.chance(0.03):
            self.say("family.notice_excused", self.at_us + 30 * MINUTE_US, of=of, ground="cannot_notify")
        else:
            self.say("family.notified", self.at_us + dice.between(10, 100) * MINUTE_US, of=of)
        if dice.chance(0.01):
            document = {"document": f"doc-{who.stay}"} if dice.chance(0.8) else {}
            self.say("jurisdiction.transferred", self.at_us + 50 * MINUTE_US, **document)

    def book_in(self) -> None:
        """Biometric data."""
        dice = self.dice
        if dice.chance(0.05):
            return
        self.go("booking")
        self.say("sample.approved", approver="L01" if not dice.chance(0.01) else "L08")
        for kind in (
            "portrait",
            "fingerprints",
            *dice.some(("blood", "urine", "dna", "voice", "iris", "other"), 0.12),
        ):
            self.later(40, 150)
            self.say("sample.collected", kind=kind)
            if dice.chance(0.004):
                self.say("sample.collected", self.at_us + 30 * SECOND_US, kind=kind)

    # --- waiting ---------------------------------------------------------------------------

    def wait(self, until_us: int) -> None:
        """In a waiting room until then; the officers go meanwhile."""
        if until_us - self.at_us < 12 * MINUTE_US:
            self.at_us = max(self.at_us, until_us)
            return
        who, dice = self.who, self.dice
        room = self.place.waiting_room(
            self.at_us, until_us + 5 * MINUTE_US, who.sex, who.case, minor=who.minor
        )
        self.say("entry.requested" if dice.chance(0.5) else "room.assigned", room=room)
        self.later(8, 30)
        self.go(room)
        self.hand_back()
        self.place.linger(who.band, room, self.at_us, until_us, 70)
        if dice.chance(0.004):
            self.diary.sensor(self.at_us + 4 * MINUTE_US, "wristband.cut", "n3", band=who.band)
        if dice.chance(0.01):
            self.diary.sensor(self.at_us + 3 * MINUTE_US, "wristband.pressed", "n3", band=who.band)
        self.at_us = until_us
        self.fetch(90 * MINUTE_US)

    def sober_up(self) -> None:
        """Restrained until sober, somebody beside."""
        dice, watch = self.dice, self.dice.pick(self.staff.guards)
        self.say("guard.named", officers=[watch])
        self.place.read(self.at_us, watch, "sobering")
        self.go("sobering")
        self.hand_back()
        device = "handcuffs" if dice.chance(0.03) else dice.pick(("strap", "rope"))
        self.say("restraint.started", device=device, ground="drunk")
        sober_us = self.at_us + dice.between(90, 330) * MINUTE_US
        at_us = self.at_us + 11 * MINUTE_US
        while at_us < sober_us:
            self.say("restraint.checked", at_us)
            at_us += dice.between(9, 14) * MINUTE_US
        self.say("restraint.reviewed", self.at_us + 85 * MINUTE_US)
        self.place.linger(watch, "sobering", self.at_us, sober_us, 120)
        self.at_us = sober_us
        self.say("person.sobered")
        self.say("person.flagged", self.at_us + SECOND_US, flag="drunk", value=False)
        self.say("restraint.ended", self.at_us + dice.between(1, 12) * MINUTE_US)
        self.later(780, 900)
        self.fetch(60 * MINUTE_US)
        self.place.gone(self.at_us + 2 * MINUTE_US, watch, "sobering")

    # --- interview -------------------------------------------------------------------------

    def interview(self) -> None:
        """In a room with a recorder, two officers, what the person needs."""
        who, dice = self.who, self.dice
        rooms = INTERVIEW_ROOMS[:2] if who.is_criminal and not dice.chance(0.02) else INTERVIEW_ROOMS
        length_us = dice.between(25, 110) * MINUTE_US
        room, start_us = self.place.book(rooms, self.at_us + 2 * MINUTE_US, length_us)
        self.wait(start_us)
        self.pair.free_us = max(self.pair.free_us, self.at_us + length_us + 30 * MINUTE_US)
        self.needs()
        is_recorded = not dice.chance(0.01)
        if is_recorded:
            self.place.recorder(self.at_us, "recorder.started", f"rec-{room}")
        self.later(10, 25)
        self.go(room)
        kind = "interrogation" if who.is_criminal else "questioning"
        self.say("interview.started", kind=kind, room=room, officers=list(self.pair.badges))
        begin_us, self.interviews = self.at_us, self.interviews + 1
        if dice.chance(STEPS_OUT):
            self._step_out(room, begin_us + length_us // 3)
        if is_recorded and dice.chance(0.02):
            self.place.recorder(begin_us + length_us // 2, "recorder.stopped", f"rec-{room}")
            self.place.recorder(
                begin_us + length_us // 2 + dice.between(3, 40) * SECOND_US, "recorder.started", f"rec-{room}"
            )
        self.place.linger(who.band, room, self.at_us, self.at_us + length_us, 70)
        if dice.chance(0.25):
            self.act(begin_us + length_us // 4, room)
        self.at_us = begin_us + length_us
        self.say("interview.ended")
        self.later(40, 200)
        self.say("interview_record.signed")
        if dice.chance(0.4):
            recording = f"r{who.stay[1:]}-{self.interviews}"
            self.recording(recording, "interview")
        stop_us = self.at_us + 35 * SECOND_US
        self.go("corridor")
        if is_recorded:
            self.place.recorder(stop_us, "recorder.stopped", f"rec-{room}")

    def needs(self) -> None:
        """What has to be there before a first interview."""
        who, dice = self.who, self.dice
        if self.interviews == 0:
            self.say("rights.told")
        if who.minor:
            if dice.chance(0.1):
                self.say("guardian.excused", reason="abroad")
            else:
                self.say("guardian.attended", relation=dice.pick(("legal_representative", "suitable_adult")))
            self.say("juvenile_officer.assigned")
        if {"deaf_mute", "foreign_language"} & set(who.flags):
            self.say("interpreter.attended")
        if dice.chance(0.003):
            self.say("officer.recused", officer=self.pair.second)

    def _step_out(self, room: str, at_us: int) -> None:
        """One of the two goes out and comes back."""
        away_s = self.dice.between(70, 900) if self.dice.chance(STAYS_OUT) else self.dice.between(15, 55)
        badge, place = self.pair.second, self.place
        place.pass_door(at_us, room, "corridor", badge)
        place.read(at_us + 2 * SECOND_US, badge, "corridor")
        place.gone(at_us + 2_400_000, badge, room)
        back_us = at_us + away_s * SECOND_US
        place.pass_door(back_us, "corridor", room, badge)
        place.read(back_us + 2 * SECOND_US, badge, room)
        place.gone(back_us + 2_400_000, badge, "corridor")

    def act(self, at_us: int, room: str) -> None:
        """Something besides that the law wants recorded, or a line-up."""
        dice = self.dice
        kind = dice.pick((
            "seizure", "identification", "mediation", "remote_questioning", "on_the_spot_penalty", "assisted",
            "electronic_signature", "place_inspection",
        ))  # fmt: skip
        self.say("act.started", at_us, act=kind, room=room, officers=list(self.pair.badges))
        if kind == "identification":
            of = dice.pick(("persons", "photos", "objects"))
            self.say("identification.held", at_us + 3 * MINUTE_US, kind=of, count=dice.between(4, 14))
        self.say("act.ended", at_us + dice.between(4, 12) * MINUTE_US)
        self.say("bodycam.uploaded", at_us + dice.between(60, 1_500) * MINUTE_US)

    def recording(self, ref: str, kind: str) -> None:
        """A recording is made, copied and, some of them, looked at, kept or lost."""
        diary, dice, handler = self.diary, self.dice, self.pair.first
        made_us = self.at_us + 5 * MINUTE_US
        diary.form(made_us, "recording.made", recording=ref, stay=self.who.stay, kind=kind, handler=handler)
        if kind == "interview" and not dice.chance(0.02):
            keeper = "L08" if not dice.chance(0.01) else handler
            diary.form(
                made_us + dice.between(1, 20) * HOUR_US,
                "recording.copied",
                recording=ref,
                keeper=keeper,
                handler=handler,
            )
        if dice.chance(0.05):
            diary.form(made_us + 2 * DAY_US, "recording.marked_evidence", recording=ref)
        if dice.chance(0.06):
            if not dice.chance(0.1):
                diary.form(made_us + 3 * DAY_US, "recording.export_approved", recording=ref, approver="L05")
            diary.form(
                made_us + 3 * DAY_US + HOUR_US,
                "recording.exported",
                recording=ref,
                by_case_team=dice.chance(0.5),
            )
        if dice.chance(0.01):
            diary.form(made_us + 5 * DAY_US, "recording.deleted", recording=ref, stay=self.who.stay)
        if dice.chance(0.005):
            how = dice.pick(("cut", "damaged", "lost", "hash_mismatch"))
            diary.form(made_us + 6 * DAY_US, "recording.damaged", recording=ref, how=how)

    # --- away for a time, care -------------------------------------------------------------

    def go_out(self) -> None:
        """Out under escort and back: to recover goods, to a hospital."""
        dice, diary = self.dice, self.diary
        ground = dice.pick(("recover_goods", "identify_scene", "identify_body", "hospital", "other"))
        if not dice.chance(0.02):
            self.say("exit.approved", approver="L01", ground=ground)
        self.later(120, 600)
        if not dice.chance(0.02):
            self.say("escort.checked")
        mode = "air" if dice.chance(0.05) else "road"
        self.say("escort.formed", mode=mode, sworn=dice.between(2, 4), detained=1, female=dice.between(0, 1))
        self.say("escort.recording_started")
        self.later(30, 60)
        self.go("handover")
        self.place.pass_door(self.at_us, "handover", "outside", self.pair.first)
        away_us = dice.between(60, 200) * MINUTE_US
        self.say("exit.departed", self.at_us + 2 * SECOND_US, return_by_at_us=self.at_us + away_us)
        for number, tag in enumerate((self.who.band, *self.pair.badges)):
            self.place.gone(self.at_us + (3 + number) * SECOND_US, tag, "handover")
        if dice.chance(0.2):
            self.say("escort.recording_stopped", self.at_us + away_us // 2)
            self.say("escort.recording_started", self.at_us + away_us // 2 + dice.between(1, 200) * SECOND_US)
        self.pair.free_us = max(self.pair.free_us, self.at_us + away_us + 60 * MINUTE_US)
        self.at_us += away_us + (
            dice.between(2, 40) * MINUTE_US if dice.chance(0.06) else -dice.between(5, 20) * MINUTE_US
        )
        self.place.pass_door(self.at_us, "outside", "reception", self.pair.first)
        self.say("exit.returned")
        self.say("escort.recording_stopped", self.at_us + MINUTE_US)
        self.staff.come(
            self.at_us + 2 * SECOND_US, (self.pair.first, self.who.band, self.pair.second), "reception"
        )
        self.room = "reception"
        self.later(60, 200)
        diary.form(self.at_us, "custody.reviewed", stay=self.who.stay)

    def restrain(self) -> None:
        """Handcuffs for a while."""
        ground = self.dice.pick(("violence", "escape", "self_harm", "other"))
        self.say(
            "restraint.started", device=self.dice.pick(("handcuffs", "leg_irons", "strap")), ground=ground
        )
        self.say("restraint.checked", self.at_us + 9 * MINUTE_US)
        self.say("restraint.ended", self.at_us + 25 * MINUTE_US)

    def care(self) -> None:
        """Meals, rest, bedding from entry to the end, known by now."""
        at_us = self.entered_us + self.dice.between(180, 300) * MINUTE_US
        while at_us < self.released_us:
            self.say("meal.offered", at_us)
            at_us += self.dice.between(240, 330) * MINUTE_US
        night_us = self.entered_us + 12 * HOUR_US
        while night_us < self.released_us:
            self.say("rest.recorded", night_us - HOUR_US, minutes=self.dice.between(120, 420))
            if self.who.measure == "continued_questioning":
                self.say("bedding.given", night_us - 2 * HOUR_US)
            night_us += 11 * HOUR_US

    # --- out -------------------------------------------------------------------------------

    def leave(self, reason: str) -> None:
        """Effects back, through the handover and out; the stay ends."""
        dice = self.dice
        self.go("property")
        self.later(60, 200)
        self.say("effects.returned")
        self.say("certificate.ended", ended_at_us=self.at_us, refused=dice.chance(0.03))
        self.later(20, 60)
        self.go("handover")
        if self.who.is_special:
            receiver = dice.pick(("family", "guardian", "escorted_home"))
            self.say("release.handed_over", self.at_us - SECOND_US, receiver=receiver)
        self.place.pass_door(self.at_us, "handover", "outside", self.pair.first, inside=True)
        self.released_us = self.at_us + 2 * SECOND_US
        self.diary.gateway(
            self.released_us + SECOND_US,
            "stay.released",
            self.released_us,
            "server",
            stay=self.who.stay,
            reason=reason,
        )
        for number, tag in enumerate((self.who.band, *self.pair.badges)):
            self.place.gone(self.at_us + (3 + number) * SECOND_US, tag, "handover")
        self.diary.sensor(self.at_us + 30 * SECOND_US, "wristband.cut", "n4", band=self.who.band)
        is_late = int(self.who.band[1:]) % 30 == 0
        back_us = self.released_us + (50 if is_late else 2) * MINUTE_US
        self.diary.form(back_us, "wristband.returned", band=self.who.band, state="cut")
        self.diary.form(back_us + 20 * MINUTE_US, "wristband.cleaned", band=self.who.band)
