"""What follows a stay: detention and arrest, penalties, reviews, complaints; cases, dossiers, incidents."""

from dataclasses import dataclass
from hashlib import sha256

from custody.facts import BodyValue
from tests.prove.busy.diary import DAY_US, HOUR_US, MINUTE_US, Diary
from tests.prove.busy.dice import Dice
from tests.prove.busy.visit import Visit

LATE = 0.02
"""Share of duties that are done too late."""


INCIDENTS = (
    "illness", "injury", "illness", "self_harm", "illness", "injury", "overrun", "illness", "serious_injury",
    "injury", "illness", "death", "injury", "escape",
)  # fmt: skip
"""One after the other, over and over: the rare ones come in every season."""


@dataclass(slots=True)
class Course:
    """The paper of the months afterwards."""

    diary: Diary
    dice: Dice
    incidents: int = 0

    def say(self, at_us: int, name: str, /, **body: BodyValue) -> None:
        """A form at a moment."""
        self.diary.form(at_us, name, **body)

    def days(self, low: int, high: int) -> int:
        """A time of some days, by the hour."""
        return self.dice.between(low * 24, high * 24) * HOUR_US

    def within(self, from_us: int, limit_us: int) -> int:
        """A moment within a limit; now and then after it."""
        if self.dice.chance(LATE):
            return from_us + limit_us + self.dice.between(1, 200) * (limit_us // 100)
        return from_us + self.dice.between(5, 95) * (limit_us // 100)

    # --- a stay ----------------------------------------------------------------------------

    def after_detention(self, visit: Visit, decided_us: int) -> None:
        """The detention centre, then arrest or not."""
        stay, dice = visit.who.stay, self.dice
        out_us = visit.released_us
        self.say(
            min(self.within(out_us, 12 * HOUR_US), decided_us + 23 * HOUR_US),
            "detention_centre.received",
            stay=stay,
        )
        if dice.chance(0.4):
            self.say(decided_us + dice.between(14, 22) * HOUR_US, "detention_centre.interrogated", stay=stay)
        if dice.chance(0.98):
            self.say(
                self.within(decided_us, 20 * HOUR_US), "family.notified", stay=stay, of="criminal_detention"
            )
        if dice.chance(0.15):
            at_us = out_us + DAY_US
            self.say(at_us, "measure_change.requested", stay=stay)
            self.say(self.within(at_us, 3 * DAY_US), "measure_change.answered", stay=stay)
        longer = dice.weigh([(60, ""), (30, "7d"), (10, "30d")])
        limit_us = {"": 2, "7d": 6, "30d": 28}[longer] * DAY_US
        if longer:
            ground = "special_circumstances" if longer == "7d" else "roaming_repeated_or_gang"
            self.say(
                decided_us + 2 * DAY_US, "extension.approved", stay=stay, rule="T15", limit=longer, approver="L04",
                ground=ground,
            )  # fmt: skip
        if dice.chance(0.15):
            self.say(decided_us + limit_us, "person.freed", stay=stay)
            return
        requested_us = self.within(decided_us, limit_us)
        if longer:
            requested_us = max(requested_us, decided_us + 2 * DAY_US + HOUR_US)
        self.say(requested_us, "arrest.requested", stay=stay)
        answered_us = self.within(requested_us, 7 * DAY_US)
        if dice.chance(0.25):
            self.say(answered_us, "arrest.decided", stay=stay, decision="refused")
            self.say(answered_us + dice.between(5, 28) * MINUTE_US, "person.freed", stay=stay)
            self.say(self.within(answered_us, 3 * DAY_US), "release.reported", stay=stay)
            return
        self.say(answered_us, "arrest.decided", stay=stay, decision="approved")
        officers = ["P01", "P02"] if dice.chance(0.98) else ["P01"]
        self.say(answered_us + 3 * HOUR_US, "arrest.executed", stay=stay, officers=officers)
        self.say(answered_us + self.days(20, 55), "investigation.ended", stay=stay)

    def after_arrest(self, visit: Visit) -> None:
        """Investigative custody: months."""
        stay, out_us = visit.who.stay, visit.released_us
        self.say(out_us + 4 * HOUR_US, "detention_centre.received", stay=stay)
        self.say(out_us + 8 * HOUR_US, "family.notified", stay=stay, of="arrest")
        end_us = out_us + self.days(20, 55)
        if self.dice.chance(0.6):
            self.say(out_us + self.days(30, 45), "custody_extension.requested", stay=stay)
            self.say(
                out_us + self.days(50, 55), "extension.approved", stay=stay, rule="T18", limit="3mo", approver="X01",
                ground="complex_case",
            )  # fmt: skip
            end_us = out_us + self.days(60, 85)
        self.say(end_us, "investigation.ended", stay=stay)

    def penalty(self, visit: Visit, at_us: int) -> None:
        """A penalty with what comes before it and after it."""
        stay, dice = visit.who.stay, self.dice
        if dice.chance(0.2):
            self.say(at_us - 50 * MINUTE_US, "hearing.informed", stay=stay)
            if dice.chance(0.9):
                answer = "hearing.requested" if dice.chance(0.2) else "hearing.waived"
                self.say(at_us - 40 * MINUTE_US, answer, stay=stay)
        self.say(at_us - 20 * MINUTE_US, "penalty.reviewed", stay=stay, certified=dice.chance(0.97))
        self.say(at_us, "penalty.decided", stay=stay)
        self.say(self.within(at_us, 2 * DAY_US), "decision.delivered", stay=stay)
        if dice.chance(0.06):
            accepted_us = at_us + self.days(3, 40)
            procedure = "simplified" if dice.chance(0.5) else "ordinary"
            self.say(accepted_us, "administrative_review.accepted", stay=stay, procedure=procedure)
            limit = 30 if procedure == "simplified" else 60
            self.say(self.within(accepted_us, limit * DAY_US), "administrative_review.decided", stay=stay)

    def now_and_then(self, visit: Visit) -> None:
        """Legal aid, complaints, exports, incidents."""
        stay, dice, out_us = visit.who.stay, self.dice, visit.released_us
        inside_us = visit.entered_us + (out_us - visit.entered_us) // 2
        mark = sha256(stay.encode()).hexdigest()
        person = f"p{stay[1:]}"
        self.say(inside_us, "person.identified", stay=stay, person=person, name=mark, identity_number=mark)
        if dice.chance(0.03):
            self.say(inside_us, "legal_aid.requested", stay=stay)
            self.say(self.within(inside_us, DAY_US), "legal_aid.forwarded", stay=stay)
            self.say(self.within(inside_us, 3 * DAY_US), "legal_aid.family_told", stay=stay)
        if dice.chance(0.01):
            at_us = out_us + self.days(1, 30)
            self.say(at_us, "complaint.received", stay=stay)
            self.say(self.within(at_us, 7 * DAY_US), "complaint.traced", stay=stay)
            self.say(at_us + 9 * DAY_US, "hold.lifted", stay=stay, approver="L05")
            self.say(
                at_us + 11 * DAY_US, "person.erased", stay=stay, person=person, key=mark, officers=["L05", "L06"],
                ground="kept_long_enough", fields=2,
            )  # fmt: skip
        if dice.chance(0.03):
            at_us = out_us + self.days(1, 20)
            if dice.chance(0.9):
                self.say(at_us, "data_export.approved", stay=stay, approver="L05", purpose="court")
            self.say(
                at_us + HOUR_US, "data.exported", stay=stay, kind=dice.pick(("biometric", "video", "record"))
            )
        if dice.chance(0.02):
            self.incident(f"i{stay[1:]}", stay, inside_us)

    def incident(self, ref: str, stay: str, at_us: int) -> None:
        """Illness, injury and worse, with everybody who has to be told."""
        dice = self.dice
        kind = INCIDENTS[self.incidents % len(INCIDENTS)]
        self.incidents += 1
        self.say(at_us, "incident.occurred", incident=ref, stay=stay, kind=kind)
        self.say(at_us + dice.between(0, 5) * MINUTE_US, "incident.treated", incident=ref)
        for receiver in ("family", "county_head", "supervision", "station_work_unit", "procuratorate"):
            if dice.chance(0.95):
                told_us = at_us + dice.between(2, 32) * MINUTE_US
                self.say(told_us, "incident.reported", incident=ref, receiver=receiver)
        self.say(at_us + dice.between(40, 150) * MINUTE_US, "supervision.on_site", incident=ref)
        if kind == "death":
            self.say(at_us + 18 * HOUR_US, "death.appraised", incident=ref)
            self.say(at_us + 2 * DAY_US, "death.family_told", incident=ref)
        self.say(at_us + dice.between(3, 48) * HOUR_US, "incident.closed", incident=ref)

    # --- a case ----------------------------------------------------------------------------

    def case(self, case: str, at_us: int, kind: str) -> None:
        """From the report to the dossier."""
        dice = self.dice
        self.say(at_us, "case.reported", case=case, kind=kind)
        registered_us = self.within(at_us, 3 * HOUR_US)
        self.say(registered_us, "case.registered", case=case)
        self.say(self.within(registered_us, DAY_US), "case.receipted", case=case)
        review = {
            "public_order": "administrative",
            "administrative": "administrative_complex",
            "criminal": "criminal",
        }[kind]
        if dice.chance(0.04):
            review = dice.pick(("clue", "from_administrative"))
        self.say(registered_us, "case_review.started", case=case, kind=review)
        decided_us = self.within(registered_us, (20 if review == "administrative" else 60) * HOUR_US)
        if review == "clue" and dice.chance(0.4):
            self.say(
                registered_us + 5 * DAY_US, "extension.approved", case=case, rule="D3", limit="30d", approver="L04",
                ground="major_clue",
            )  # fmt: skip
            decided_us = registered_us + self.days(8, 25)
        self.say(decided_us, "case_review.ended", case=case)
        end = dice.weigh([(80, self._filed), (12, self._not_filed), (8, self._passed_on)])
        end(case, decided_us, kind)

    def _filed(self, case: str, at_us: int, kind: str) -> None:
        dice = self.dice
        self.say(at_us, "case.filed", case=case, kind=kind)
        end_us = self.within(at_us, 28 * DAY_US)
        if dice.chance(0.2):
            self.say(at_us + 2 * DAY_US, "appraisal.started", case=case)
            self.say(at_us + self.days(4, 20), "appraisal.ended", case=case)
        if dice.chance(0.05):
            self.say(at_us + 3 * DAY_US, "hearing.opened", case=case)
            self.say(at_us + 4 * DAY_US, "hearing.closed", case=case)
        if kind == "public_order" and dice.chance(0.15):
            self.say(
                at_us + 25 * DAY_US, "extension.approved", case=case, rule="T21", limit="60d", approver="L04",
                ground="complex_case",
            )  # fmt: skip
            end_us = at_us + self.days(31, 58)
        self.say(end_us, "case.decided", case=case)
        if kind == "criminal":
            self.say(end_us + DAY_US, "case.sent", case=case, exhibit_lists=2 if dice.chance(0.98) else 1)
        self._dossier(f"d{case[1:]}", end_us + self.days(1, 10))

    def _dossier(self, ref: str, at_us: int) -> None:
        dice = self.dice
        self.say(at_us, "dossier.closed", dossier=ref, missing=0 if dice.chance(0.97) else dice.between(1, 4))
        if dice.chance(0.08):
            if dice.chance(0.9):
                self.say(at_us + DAY_US, "dossier.borrow_approved", dossier=ref, approver="L05")
            taken_us = at_us + DAY_US + HOUR_US
            self.say(taken_us, "dossier.taken", dossier=ref, return_by_at_us=taken_us + 10 * DAY_US)
            self.say(self.within(taken_us, 10 * DAY_US), "dossier.returned", dossier=ref)

    def _not_filed(self, case: str, at_us: int, kind: str) -> None:
        self.say(at_us, "case.not_filed", case=case)
        told_us = self.within(at_us, 3 * DAY_US)
        self.say(told_us, "accuser.notified", case=case)
        if self.dice.chance(0.3):
            applied_us = told_us + self.days(1, 6)
            self.say(applied_us, "filing_review.applied", case=case)
            decided_us = self.within(applied_us, 30 * DAY_US)
            self.say(decided_us, "filing_review.decided", case=case)
            if self.dice.chance(0.4):
                again_us = decided_us + self.days(1, 6)
                self.say(again_us, "filing_rereview.applied", case=case)
                self.say(self.within(again_us, 30 * DAY_US), "filing_rereview.decided", case=case)

    def _passed_on(self, case: str, at_us: int, kind: str) -> None:
        self.say(at_us, "jurisdiction.found_wrong", case=case)
        self.say(self.within(at_us, DAY_US), "case.passed_on", case=case)
