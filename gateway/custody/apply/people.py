"""How facts of officers change the world: officers, and the person's way through the area."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from custody.apply.bands import put_on, taken_off, why_not_bound
from custody.apply.base import Handler, Refused, entered, known_stay, open_stay, optional, text
from custody.apply.equipment import move
from custody.area import Area
from custody.facts import Fact
from custody.world import Ended, Officer, Stay, World

ENDED_KEPT_MAX: Final = 8  # ended measures of one person remembered: the last ones


# --- officers ------------------------------------------------------------------------------


def _officer_registered(world: World, area: Area, fact: Fact) -> Refused | None:
    ref = text(fact, "officer")
    badge = optional(fact, "badge") or ref
    bearer = world.tags.get(badge)
    if bearer is not None and bearer != f"officer:{ref}":
        return Refused("SYS", f"officer:{ref}", "badge_in_use", "a badge nobody bears", bearer)
    old = world.officers.get(ref)
    if old is not None and old.badge != badge:
        world.tags.drop(old.badge)
        old = None
    roles = fact.body["roles"]
    world.officers.put(
        ref,
        Officer(
            ref=ref,
            service=text(fact, "service"),
            roles=tuple(roles) if isinstance(roles, list) else (),
            sex=optional(fact, "sex"),
            badge=badge,
            fact=fact.index,
            room=old.room if old else None,
            room_us=old.room_us if old else None,
            room_fact=old.room_fact if old else -1,
        ),
    )
    world.tags.put(badge, f"officer:{ref}")
    _settle_stray(world, area, fact, badge)
    return None


def _settle_stray(world: World, area: Area, fact: Fact, tag: str) -> None:
    """A tag that was already seen somewhere gets its bearer: the bearer is there."""
    stray = world.strays.get(tag)
    if stray is not None:
        world.strays.drop(tag)
        move(world, area, fact, tag, stray.room)


def _officer_known(world: World, area: Area, fact: Fact) -> Refused | None:
    ref = text(fact, "officer")
    if ref in world.officers:
        return None
    return Refused("SYS", f"officer:{ref}", "unknown_officer", "a registered officer", ref)


def _officer_withdrawn(world: World, area: Area, fact: Fact) -> Refused | None:
    officer = world.officers.get(text(fact, "officer"))
    if officer is None:
        return _officer_known(world, area, fact)
    world.officers.drop(officer.ref)
    world.tags.drop(officer.badge)
    return None


# --- the stay ------------------------------------------------------------------------------


def _person_arrived(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = open_stay(world, fact, "M1")
    if isinstance(stay, Refused):
        return stay
    if stay.arrived_us is not None:
        return Refused("M1", f"stay:{stay.ref}", "already_arrived", "one arrival a stay", stay.ref)
    world.stays.put(stay.ref, replace(stay, arrived_us=fact.occurred_us, arrived_fact=fact.index))
    return None


def _area_entered(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = open_stay(world, fact, "M1")
    if isinstance(stay, Refused):
        return stay
    world.stays.put(stay.ref, entered(stay, fact.occurred_us, fact.index))
    return None


def _in_the_future(fact: Fact) -> Refused | None:
    """A time written on paper that lies after the entry itself is a slip of the pen."""
    for key in ("arrived_at_us", "entered_at_us", "ended_at_us"):
        value = fact.body.get(key)
        if isinstance(value, int) and value > fact.occurred_us:
            return Refused(
                "M5", f"stay:{fact.stay}", "in_the_future", f"{key} not after the entry", f"{value}"
            )
    return None


def _stay_registered(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = open_stay(world, fact, "M5")
    if isinstance(stay, Refused):
        return stay
    if stay.registered_us is not None:
        return Refused("M5", f"stay:{stay.ref}", "already_registered", "one register row a stay", stay.ref)
    refused = _in_the_future(fact)
    if refused is not None:
        return refused
    on_paper, minor, flags = fact.body.get("entered_at_us"), fact.body.get("minor"), fact.body.get("flags")
    if isinstance(on_paper, int):
        stay = entered(stay, on_paper, fact.index)
        if stay.entered_us is not None and on_paper < stay.entered_us:
            stay = replace(stay, entered_us=on_paper, entered_fact=fact.index)
    stay = _with_certificate(stay, fact.body.get("arrived_at_us"), fact)
    world.stays.put(
        stay.ref,
        replace(
            stay,
            registered_us=fact.occurred_us,
            registered_fact=fact.index,
            measure=text(fact, "measure"),
            measure_us=stay.arrival_us,
            measured_us=fact.occurred_us,
            measure_fact=fact.index,
            case=text(fact, "case"),
            person=optional(fact, "person"),
            sex=optional(fact, "sex"),
            minor=minor if isinstance(minor, bool) else None,
            flags=stay.flags | frozenset(flags if isinstance(flags, list) else ()),
        ),
    )
    return None


def _with_certificate(stay: Stay, written_us: object, fact: Fact) -> Stay:
    """The arrival time by the certificate. A second value can bring it forward and never back."""
    if not isinstance(written_us, int):
        return stay
    known_us = stay.certificate_us
    if known_us is None or written_us < known_us:
        stay = replace(stay, certificate_us=written_us, certificate_fact=fact.index)
    if stay.written_us is None:
        stay = replace(stay, written_us=fact.occurred_us, written_fact=fact.index)
    if stay.measure is not None and stay.measure_fact == stay.registered_fact:
        stay = replace(stay, measure_us=stay.arrival_us)
    past = tuple(
        (measure, (stay.arrival_us if fact_index == stay.registered_fact else start_us, fact_index))
        for measure, (start_us, fact_index) in stay.past_measures
    )
    return replace(stay, past_measures=past)


def _certificate(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = known_stay(world, fact, "T4")
    if isinstance(stay, Refused):
        return stay
    if fact.type == "certificate.corrected" and stay.registered_us is None:
        return Refused("T4", f"stay:{stay.ref}", "not_registered", "a registered stay", "no register row")
    refused = _in_the_future(fact)
    if refused is not None:
        return refused
    world.stays.put(stay.ref, _with_certificate(stay, fact.body.get("arrived_at_us"), fact))
    return None


def _jurisdiction_transferred(world: World, area: Area, fact: Fact) -> Refused | None:
    """Only the document starts a clock again."""
    if optional(fact, "document") is None:
        return Refused("T7", f"stay:{fact.stay}", "no_document", "the transfer document", "none")
    return None


def _certificate_ended(world: World, area: Area, fact: Fact) -> Refused | None:
    return _in_the_future(fact)


def _measure_changed(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = known_stay(world, fact, "M5")
    if isinstance(stay, Refused):
        return stay
    if stay.registered_us is None:
        return Refused("M5", f"stay:{stay.ref}", "not_registered", "a registered stay", "no register row")
    measure = text(fact, "measure")
    if measure == stay.measure:
        return Refused("M5", f"stay:{stay.ref}", "same_measure", f"another measure than {measure}", measure)
    # A measure that was in force before goes on from its first start: nobody gets a second clock.
    past = dict(stay.past_measures)
    if stay.measure is not None and stay.measure_us is not None:
        past.setdefault(stay.measure, (stay.measure_us, stay.measure_fact))
    start_us, start_fact = past.get(measure, (fact.occurred_us, fact.index))
    _note_end(world, stay, fact, measure)
    world.stays.put(
        stay.ref,
        replace(
            stay,
            measure=measure,
            measure_us=start_us,
            measured_us=fact.occurred_us,
            measure_fact=start_fact,
            past_measures=tuple(past.items()),
        ),
    )
    return None


def _note_end(world: World, stay: Stay, fact: Fact, next_measure: str = "") -> None:
    """The measure in force ends here for this person: a later summons may follow too soon."""
    if stay.person is None or stay.measure is None:
        return
    ended = world.people.get(stay.person) or ()
    row = Ended(stay.measure, next_measure, stay.ref, fact.occurred_us, fact.index)
    world.people.put(stay.person, (*ended[-ENDED_KEPT_MAX + 1 :], row))


def _person_flagged(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = known_stay(world, fact, "M5")
    if isinstance(stay, Refused):
        return stay
    flag = text(fact, "flag")
    flags = stay.flags | {flag} if fact.body["value"] is True else stay.flags - {flag}
    world.stays.put(stay.ref, replace(stay, flags=frozenset(flags)))
    return None


def _band_bound(world: World, area: Area, fact: Fact) -> Refused | None:
    band = text(fact, "band")
    stay = open_stay(world, fact, "WB")
    if isinstance(stay, Refused):
        return stay
    refused = why_not_bound(world, stay, band)
    if refused is not None:
        return refused
    if stay.band is not None and stay.band != band:
        taken_off(world, stay, fact)
    world.stays.put(
        stay.ref,
        replace(
            entered(stay, fact.occurred_us, fact.index),
            band=band,
            band_fact=fact.index,
            band_cut_fact=None,
            band_battery_pct=None,
            band_weak_fact=None,
            silent_us=fact.occurred_us,  # until a reader has seen it, nobody knows where it is
            silent_fact=fact.index,
            seen_by=(),
            left=None,
        ),
    )
    put_on(world, stay, band, fact)
    _settle_stray(world, area, fact, band)
    return None


def _search_signed(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = known_stay(world, fact, "M2a")
    if isinstance(stay, Refused):
        return stay
    officers = fact.body["officers"]
    signers = officers if isinstance(officers, list) else []
    unknown = [ref for ref in signers if ref not in world.officers]
    if not signers or unknown:
        found = ", ".join(unknown) or "nobody"
        return Refused("M2a", f"stay:{stay.ref}", "unknown_officer", "registered officers who sign", found)
    known = [world.officers.get(ref) for ref in signers]
    if not any(officer is not None and officer.service == "sworn" for officer in known):
        return Refused(
            "M2a", f"stay:{stay.ref}", "no_police", "at least one sworn officer", ", ".join(signers)
        )
    if stay.searched_us is None:
        world.stays.put(stay.ref, replace(stay, searched_us=fact.occurred_us, search_fact=fact.index))
    return None


def _room_assigned(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = known_stay(world, fact, "M5")
    if isinstance(stay, Refused):
        return stay
    world.stays.put(stay.ref, replace(stay, assigned=text(fact, "room")))
    return None


def _exit_departed(world: World, area: Area, fact: Fact) -> Refused | None:
    """Away under escort: no room of the area, and no reader is expected to see the band."""
    stay = known_stay(world, fact, "E1")
    if isinstance(stay, Refused):
        return stay
    away = replace(stay, room=None, room_us=None, silent_us=None, seen_by=(), left=None, assigned=None)
    world.stays.put(stay.ref, away)
    return None


def _exit_returned(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = known_stay(world, fact, "E7")
    if isinstance(stay, Refused):
        return stay
    if stay.room is None and stay.band is not None:
        world.stays.put(stay.ref, replace(stay, silent_us=fact.occurred_us, silent_fact=fact.index))
    return None


def _stay_released(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = known_stay(world, fact, "M5")
    if isinstance(stay, Refused):
        return stay
    if stay.band is not None:
        taken_off(world, stay, fact)
    _note_end(world, stay, fact)
    world.stays.put(
        stay.ref,
        replace(
            stay,
            released_us=fact.occurred_us,
            released_fact=fact.index,
            release_reason=text(fact, "reason"),
        ),
    )
    return None


def _person_erased(world: World, area: Area, fact: Fact) -> Refused | None:
    """Not while the person is held, nor under hold. A stay forgotten long ago has no word here: the server reads its log."""
    stay, subject = world.stays.get(text(fact, "stay")), f"stay:{fact.stay}"
    if stay is not None and stay.is_open:
        return Refused("SYS", subject, "still_held", "a stay that has ended", stay.ref)
    done = world.steps_of(subject)
    complaint, lifted = done.get("complaint.received"), done.get("hold.lifted")
    if complaint is not None and (lifted is None or lifted.times[-1] < complaint.times[-1]):
        return Refused("SYS", subject, "under_hold", "hold.lifted first", "complaint.received")
    return None


PEOPLE: Final[Mapping[str, Handler]] = {
    "officer.registered": _officer_registered,
    "officer.withdrawn": _officer_withdrawn,
    "officer.qualified": _officer_known,
    "training.recorded": _officer_known,
    "officer.recused": _officer_known,
    "person.arrived": _person_arrived,
    "area.entered": _area_entered,
    "stay.registered": _stay_registered,
    "certificate.written": _certificate,
    "certificate.corrected": _certificate,
    "certificate.ended": _certificate_ended,
    "measure.changed": _measure_changed,
    "person.flagged": _person_flagged,
    "wristband.bound": _band_bound,
    "search.signed": _search_signed,
    "jurisdiction.transferred": _jurisdiction_transferred,
    "room.assigned": _room_assigned,
    "exit.departed": _exit_departed,
    "exit.returned": _exit_returned,
    "stay.released": _stay_released,
    "person.erased": _person_erased,
}
