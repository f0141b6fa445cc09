"""What a fact of each type must look like (the catalogue of docs/scenarios.md, by field name only).

One line a type: `type(step field): field=kind<choices>[span]`, `?` where it may be left out.
A fact that does not look like this is malformed and changes nothing.
"""

import re
from typing import Any, NamedTuple

CHOICES_TEXT = """
INSPECTIONS: accepted not_accepted
BAND_CONDITIONS: whole cut damaged
BAND_ENDS: lost damaged battery other
DOOR_ORDERS: entry exit medical emergency test other
DOOR_FAILURES: late clock silent unmoved
LOCKER_PURPOSES: store take_out lend give_back return count inspect
LOCKER_WAITS: nobody no_second restart
LOCKER_FAILURES: late clock silent ajar unmoved
LOCKER_BREAKS: restart silent
OVERRIDES: power broken medical search other
WALKS: passed failed absent
SIGHTS: open shut withdrawn thrown released pressed recording stopped active clear on off read gone nothing
TROUBLES: line_short line_open line_fault tamper battery_low mains_lost silent jammed contradiction key_refused default_key noisy
SERVICES: sworn auxiliary external
ROLES: duty_officer case_officer area_administrator guard keeper legal_reviewer supervisor station_leader system_administrator inspector case_department_head station_head county_duty_head county_head procuratorate superintendent court
SEXES: F M
QUALIFICATIONS: basic legal_exam juvenile
RECEPTION_GROUNDS: mediation hearing simplified_procedure
MEASURES: criminal_summons coercive_summons public_order_questioning continued_questioning criminal_detention arrest administrative_detention voluntary
FLAGS: under_16 aged_70 pregnant_or_nursing drunk injured ill deaf_mute blind foreign_language mentally_impaired acute_infectious at_risk dependants protected_witness major_crime may_retract denies_guilt disputed public_attention caught_at_home_or_work surrendered fine_only not_checked_on_spot cleared_on_spot case_already_filed other_jurisdiction grave_illness detention_from_ten_days hearing_case
HEALTH: well injured ill
SAMPLES: portrait fingerprints blood urine dna voice iris other
NOTICES: summons continued_questioning criminal_detention arrest administrative_detention
NOTICE_EXCUSES: cannot_notify state_security_or_terror
GUARDIANS: legal_representative suitable_adult
INTERVIEWS: interrogation questioning
ACTS: seizure identification mediation place_inspection remote_questioning on_the_spot_penalty assisted electronic_signature
PARADES: persons photos objects
DEVICES: strap rope handcuffs leg_irons
RESTRAINT_GROUNDS: drunk violence escape self_harm other
SUPERVISED: approval health
EXIT_GROUNDS: recover_goods identify_scene identify_body hospital other
ESCORTS: road air
RECEIVERS: family guardian escorted_home
RELEASE_REASONS: released bail residential_surveillance detention_centre lock_up transferred hospital fine_or_warning other
COERCIONS: liberty property
OUTCOMES: release bail residential_surveillance warning fine
DECISIONS: approved refused
PROCEDURES: ordinary simplified
ERASURE_GROUNDS: kept_long_enough purpose_served unlawful wrong_person ordered
EXPORTS: biometric video record
REPORTS: public_order administrative criminal
REVIEWS: administrative administrative_complex criminal clue from_administrative
RECORDINGS: interview body_camera area
DAMAGES: cut damaged lost hash_mismatch
INCIDENTS: illness injury serious_injury self_harm escape overrun death
REPORTED_TO: supervision station_work_unit county_head procuratorate family
KEEPING_GROUNDS: state_security_or_terror cannot_notify refuses receiver_absent other
PROCEDURES_OF_SEIZURE: criminal public_order administrative
SEIZED_FROM: person place other
NO_PHOTO: camera_failed unsafe sealed private other
SIGNED_ACTS: listing seizure receipt returning
SIGNERS: person holder owner family witness officer receiver
ITEM_CONDITIONS: whole damaged short swapped
LOAN_PURPOSES: identification appraisal evidence interview court other
HEADS_TOLD: case_department_head property_department_head
DESTINATIONS: laboratory procuratorate court detention_centre outside keeper
DISPOSALS: restore transfer forfeit auction destroy
COLLECTORS: person family
SHELF_REASONS: chattering repair works test
"""

SHAPES_TEXT = """
# equipment
gateway.booted: reason?=text
config.loaded: config_hash=text rulebook=text rulebook_hash=text
deadline.reached:
clock.stepped: by_ms=int
clock.doubted: reason=text
clock.trusted: source=text
clock.differed: source=text by_ms=int
gateway.stalled: by_ms=int
gateway.lost: gateway=ref
gateway.heard: gateway=ref
storage.lost: reason?=text
storage.restored:
server.lost:
server.restored:
port.lost: port=ref reason?=text
port.restored: port=ref
node.booted: node=ref reason?=text
node.lost: node=ref
node.restored: node=ref
node.gap: node=ref node_boot=int first_seq=int last_seq=int
output.commanded: output=ref active=bool command_id=int valid_ms=int cause=text
output.confirmed: output=ref active=bool
output.unknown: output=ref
door.opened: door=ref
door.closed: door=ref
door.released: door=ref badge?=ref
door.exit_requested: door=ref
door.release_ordered: door=ref reason=ref<DOOR_ORDERS> officer=ref
door.release_failed: door=ref order=text why=ref<DOOR_FAILURES>
door.unknown: door=ref
compartment.requested: compartment=ref purpose=ref<LOCKER_PURPOSES> items?=refs stay?=ref officer=ref
compartment.ordered: compartment=ref request=text purpose=ref<LOCKER_PURPOSES> officer=ref second?=ref stay?=ref band?=ref command_id=int valid_ms=int
compartment.expired: compartment=ref request=text why=ref<LOCKER_WAITS>
compartment.failed: compartment=ref request=text why=ref<LOCKER_FAILURES>
compartment.interrupted: compartment=ref request=text why=ref<LOCKER_BREAKS>
compartment.completed: compartment=ref request=text opened=bool
compartment.overridden: compartment=ref reason=ref<OVERRIDES> officer=ref
compartment.opened: compartment=ref
compartment.closed: compartment=ref
compartment.unknown: compartment=ref
compartment.unlocked: compartment=ref
compartment.locked: compartment=ref
compartment.bolt_unknown: compartment=ref
bolt.withdrawn: door=ref
bolt.thrown: door=ref
bolt.unknown: door=ref
input.activated: input=ref
input.cleared: input=ref
input.lost: input=ref
point.troubled: node=ref point=int[0..255] of=ref trouble=ref<TROUBLES>
point.cleared: node=ref point=int[0..255] of=ref trouble=ref<TROUBLES>
point.walked: node=ref point=int[0..255] of=ref result=ref<WALKS> seen=ref<SIGHTS> seen_at_us?=instant note?=text officer?=ref
reader.lost: reader=ref
reader.restored: reader=ref
tag.read: tag=ref room=ref reader?=ref
tag.gone: tag=ref room=ref reader?=ref
wristband.cut: band=ref
wristband.battery: band=ref percent=int[0..100]
wristband.weakened: band=ref
wristband.pressed: band=ref
wristband.returned: band=ref state=ref<BAND_CONDITIONS> officer?=ref
wristband.cleaned: band=ref officer?=ref
wristband.withdrawn: band=ref reason=ref<BAND_ENDS> officer?=ref
recorder.started: recorder=ref
recorder.stopped: recorder=ref
recorder.lost: recorder=ref
recorder.measured: recorder=ref disk_free_percent?=int[0..100] days_left?=int[0..100000] drift_ms?=int
guard.moved: room=ref
patrol.tapped: room=ref officer?=ref
room.inspected(result): room=ref result=ref<INSPECTIONS> area_dm2?=int height_cm?=int floor?=int officer?=ref
# officers
officer.registered: officer=ref service=ref<SERVICES> roles=refs<ROLES> sex?=ref<SEXES> badge?=ref
officer.withdrawn: officer=ref
officer.qualified(kind): officer=ref kind=ref<QUALIFICATIONS> until_at_us=instant
training.recorded: officer=ref year=int[2000..2200] hours=int[0..10000]
officer.recused(officer): stay=ref officer=ref
# way
person.arrived: stay=ref
area.entered: stay=ref
reception.allowed(ground): stay=ref ground=ref<RECEPTION_GROUNDS> officer?=ref
stay.registered: stay=ref measure=ref<MEASURES> case=ref person?=ref arrived_at_us?=instant entered_at_us?=instant sex?=ref<SEXES> minor?=bool flags?=refs<FLAGS> officer?=ref
person.flagged(flag): stay=ref flag=ref<FLAGS> value=bool officer?=ref
certificate.written: stay=ref arrived_at_us=instant refused?=bool officer?=ref
certificate.corrected: stay=ref arrived_at_us=instant reason=text officer?=ref
certificate.ended: stay=ref ended_at_us=instant refused?=bool officer?=ref
measure.changed: stay=ref measure=ref<MEASURES> officer?=ref
wristband.bound: stay=ref band=ref officer?=ref
search.signed: stay=ref officers=refs
health.checked(result): stay=ref result=ref<HEALTH> officer?=ref
effects.listed: stay=ref officer?=ref
effects.returned: stay=ref officer?=ref
sample.approved: stay=ref approver=ref officer?=ref
sample.collected(kind): stay=ref kind=ref<SAMPLES> officer?=ref
room.assigned: stay=ref room=ref officer?=ref
entry.requested: stay=ref room=ref officer?=ref
guard.named: stay=ref officers=refs officer?=ref
meal.offered: stay=ref officer?=ref
rest.recorded: stay=ref minutes=int[1..1440] officer?=ref
bedding.given: stay=ref officer?=ref
dependants.arranged: stay=ref officer?=ref
family.notified(of): stay=ref of=ref<NOTICES> officer?=ref
family.notice_excused(of): stay=ref of=ref<NOTICES> ground=ref<NOTICE_EXCUSES> officer?=ref
rights.told: stay=ref officer?=ref
guardian.attended(relation): stay=ref relation=ref<GUARDIANS> officer?=ref
guardian.excused: stay=ref reason=text officer?=ref
interpreter.attended: stay=ref officer?=ref
juvenile_officer.assigned: stay=ref officer?=ref
interview.started(kind): stay=ref kind=ref<INTERVIEWS> room=ref officers=refs officer?=ref
interview.ended: stay=ref officer?=ref
interview_record.signed: stay=ref officer?=ref
act.started(act): stay=ref act=ref<ACTS> room=ref officers=refs officer?=ref
act.ended: stay=ref officer?=ref
identification.held(kind): stay=ref kind=ref<PARADES> count=int[0..10000] officer?=ref
restraint.started(ground): stay=ref device=ref<DEVICES> ground=ref<RESTRAINT_GROUNDS> officer?=ref
restraint.checked: stay=ref officer?=ref
restraint.reviewed: stay=ref officer?=ref
restraint.ended: stay=ref officer?=ref
person.sobered: stay=ref officer?=ref
extension.approved(rule): stay?=ref case?=ref rule=ref limit=duration approver=ref ground?=ref officer?=ref
custody.reviewed: stay=ref officer?=ref
supervision.informed(of): stay=ref of=ref<SUPERVISED> officer?=ref
exit.approved: stay=ref approver=ref ground=ref<EXIT_GROUNDS> officer?=ref
escort.checked: stay=ref officer?=ref
escort.formed(mode): stay=ref mode=ref<ESCORTS> sworn=int[0..1000] detained=int[1..1000] female=int[0..1000] officer?=ref
escort.recording_started: stay=ref officer?=ref
escort.recording_stopped: stay=ref officer?=ref
exit.departed: stay=ref return_by_at_us=instant officer?=ref
exit.returned: stay=ref officer?=ref
bodycam.stopped: stay=ref officer?=ref
bodycam.uploaded: stay=ref officer?=ref
delivery.health_checked: stay=ref officer?=ref
release.handed_over(receiver): stay=ref receiver=ref<RECEIVERS> officer?=ref
stay.released(reason): stay=ref reason=ref<RELEASE_REASONS> officer?=ref
# course
coercion.applied(kind): stay=ref kind=ref<COERCIONS> officer?=ref
coercion.approved: stay=ref approver=ref officer?=ref
jurisdiction.transferred: stay=ref document?=ref officer?=ref
expedited.chosen: stay=ref officer?=ref
outcome.decided(outcome): stay=ref outcome=ref<OUTCOMES> officer?=ref
legal_aid.requested: stay=ref officer?=ref
legal_aid.forwarded: stay=ref officer?=ref
legal_aid.family_told: stay=ref officer?=ref
detention_centre.received: stay=ref officer?=ref
detention_centre.interrogated: stay=ref officer?=ref
lock_up.received: stay=ref officer?=ref
person.freed: stay=ref officer?=ref
arrest.requested: stay=ref officer?=ref
arrest.decided(decision): stay=ref decision=ref<DECISIONS> officer?=ref
arrest.executed: stay=ref officers=refs officer?=ref
release.reported: stay=ref officer?=ref
custody_extension.requested: stay=ref officer?=ref
investigation.ended: stay=ref officer?=ref
measure_change.requested: stay=ref officer?=ref
measure_change.answered: stay=ref officer?=ref
hearing.informed: stay=ref officer?=ref
hearing.requested: stay=ref officer?=ref
hearing.waived: stay=ref officer?=ref
penalty.reviewed: stay=ref certified=bool officer?=ref
penalty.decided: stay=ref officer?=ref
decision.delivered: stay=ref officer?=ref
administrative_review.accepted(procedure): stay=ref procedure=ref<PROCEDURES> officer?=ref
administrative_review.decided: stay=ref officer?=ref
complaint.received: stay=ref officer?=ref
complaint.traced: stay=ref officer?=ref
hold.lifted: stay=ref approver=ref officer?=ref
data_export.approved: stay=ref approver=ref purpose=text officer?=ref
data.exported(kind): stay=ref kind=ref<EXPORTS> officer?=ref
# personal
person.identified: stay=ref person=ref name?=hash other_name?=hash identity_number?=hash birth_date?=hash address?=hash phone?=hash employer?=hash relative?=hash case_number?=hash officer?=ref
person.erased(ground): stay=ref person=ref key=hash officers=refs ground=ref<ERASURE_GROUNDS> fields=int[1..10000]
# cases
case.reported(kind): case=ref kind=ref<REPORTS> officer?=ref
case.registered: case=ref officer?=ref
case.receipted: case=ref officer?=ref
case_review.started(kind): case=ref kind=ref<REVIEWS> officer?=ref
case_review.ended: case=ref officer?=ref
case.filed(kind): case=ref kind=ref<REPORTS> officer?=ref
case.not_filed: case=ref officer?=ref
accuser.notified: case=ref officer?=ref
jurisdiction.found_wrong: case=ref officer?=ref
case.passed_on: case=ref officer?=ref
appraisal.started: case=ref officer?=ref
appraisal.ended: case=ref officer?=ref
hearing.opened: case=ref officer?=ref
hearing.closed: case=ref officer?=ref
case.decided: case=ref officer?=ref
filing_review.applied: case=ref officer?=ref
filing_review.decided: case=ref officer?=ref
filing_rereview.applied: case=ref officer?=ref
filing_rereview.decided: case=ref officer?=ref
case.sent: case=ref exhibit_lists=int[0..100] officer?=ref
dossier.closed: dossier=ref missing=int[0..10000] officer?=ref
dossier.borrow_approved: dossier=ref approver=ref officer?=ref
dossier.taken: dossier=ref return_by_at_us=instant officer?=ref
dossier.returned: dossier=ref officer?=ref
# recordings
recording.made(kind): recording=ref stay?=ref kind=ref<RECORDINGS> handler?=ref officer?=ref
recording.marked_evidence: recording=ref officer?=ref
recording.copied: recording=ref keeper=ref handler=ref officer?=ref
recording.export_approved: recording=ref approver=ref officer?=ref
recording.exported: recording=ref by_case_team=bool officer?=ref
recording.deleted: recording=ref stay?=ref officer?=ref
recording.damaged(how): recording=ref how=ref<DAMAGES> officer?=ref
# incidents
incident.occurred(kind): incident=ref stay?=ref kind=ref<INCIDENTS> officer?=ref
incident.treated: incident=ref officer?=ref
incident.reported(receiver): incident=ref receiver=ref<REPORTED_TO> officer?=ref
supervision.on_site: incident=ref officer?=ref
death.appraised: incident=ref officer?=ref
death.family_told: incident=ref officer?=ref
incident.closed: incident=ref officer?=ref
# property
item.found: item=ref stay=ref taken_by=ref pieces=int[1..1000000] valuable?=bool dangerous?=bool cash?=bool seal?=ref sheet?=ref kept_because?=ref<KEEPING_GROUNDS> officer?=ref
item.seized(procedure): item=ref stay?=ref case=ref procedure=ref<PROCEDURES_OF_SEIZURE> seized_from=ref<SEIZED_FROM> officers=refs taken_by=ref pieces=int[1..1000000] valuable?=bool dangerous?=bool cash?=bool seal?=ref sheet?=ref copies=int[0..20] remote?=bool room?=ref officer?=ref
item.registered: item=ref stay?=ref case=ref officers=refs taken_by=ref pieces=int[1..1000000] valuable?=bool dangerous?=bool cash?=bool seal?=ref sheet?=ref officer?=ref
item.collected: item=ref stay?=ref case=ref officers=refs taken_by=ref pieces=int[1..1000000] valuable?=bool dangerous?=bool cash?=bool seal?=ref sheet?=ref officer?=ref
dossier.entered: dossier=ref keeper=ref officer?=ref
item.split: item=ref stay?=ref part=ref pieces=int[1..1000000] officers=refs seal?=ref officer?=ref
item.described: item=ref stay?=ref title?=hash features?=hash serial?=hash remark?=hash officer?=ref
item.photographed: item=ref stay?=ref photo?=hash no_photo?=ref<NO_PHOTO> officer?=ref
item.tagged: item=ref stay?=ref tag=ref officer?=ref
item.signed(of): item=ref stay?=ref of=ref<SIGNED_ACTS> signed_by=ref<SIGNERS> signature=hash sheet?=ref officer?=ref
item.refused_signature(of): item=ref stay?=ref of=ref<SIGNED_ACTS> signed_by=ref<SIGNERS> signature=hash sheet?=ref officer?=ref
item.brought_in: item=ref stay?=ref officer?=ref
item.test_approved: item=ref stay?=ref approver=ref officer?=ref
item.tested: item=ref stay?=ref officer?=ref
item.found_unrelated: item=ref stay?=ref officer?=ref
item.announced: item=ref stay?=ref officer?=ref
seizure.extended: item=ref stay?=ref approver=ref officer?=ref
item.inspected(state): item=ref stay?=ref state=ref<ITEM_CONDITIONS> inspector=ref officer?=ref
item.corrected: item=ref stay?=ref reason=text officers=refs pieces?=int[1..1000000] valuable?=bool dangerous?=bool cash?=bool seal?=ref compartment?=ref officer?=ref
item.handed_over: item=ref stay?=ref giver=ref keeper=ref giver_signature=hash taker_signature=hash sheet?=ref officer?=ref
item.stored: item=ref stay?=ref keeper=ref compartment=ref officer?=ref
item.taken_out: item=ref stay?=ref keeper=ref compartment=ref officer?=ref
item.borrow_approved: item=ref stay?=ref approver=ref borrower=ref purpose=ref<LOAN_PURPOSES> return_by_at_us=instant officer?=ref
item.lent: item=ref stay?=ref keeper=ref borrower=ref return_by_at_us=instant giver_signature=hash taker_signature=hash officer?=ref
loan.extended: item=ref stay?=ref approver=ref return_by_at_us=instant officer?=ref
loan.reported(receiver): item=ref stay?=ref receiver=ref<HEADS_TOLD> officer?=ref
item.given_back(state): item=ref stay?=ref keeper=ref borrower=ref state=ref<ITEM_CONDITIONS> giver_signature=hash taker_signature=hash officer?=ref
item.sent(destination): item=ref stay?=ref destination=ref<DESTINATIONS> carrier=ref sheet?=ref officer?=ref
item.received(destination): item=ref stay?=ref destination=ref<DESTINATIONS> carrier=ref keeper?=ref state?=ref<ITEM_CONDITIONS> officer?=ref
disposal.decided(disposal): item=ref stay?=ref case=ref disposal=ref<DISPOSALS> approver=ref officer?=ref
item.restored: item=ref stay?=ref giver=ref sheet?=ref officer?=ref
item.transferred(destination): item=ref stay?=ref keeper=ref destination=ref<DESTINATIONS> sheet?=ref officer?=ref
item.destroyed: item=ref stay?=ref keeper=ref officers=refs officer?=ref
item.auctioned: item=ref stay?=ref keeper=ref sheet?=ref officer?=ref
item.forfeited: item=ref stay?=ref keeper=ref sheet?=ref officer?=ref
item.returned(receiver): item=ref stay?=ref giver=ref receiver=ref<COLLECTORS> officer?=ref
count.started: stocktaking=ref cabinet=ref counter=ref officer?=ref
item.counted: item=ref stay?=ref stocktaking=ref found=bool pieces?=int[0..1000000] compartment?=ref officer?=ref
count.ended: stocktaking=ref missing=int[0..1000000] officer?=ref
clearup.held: room=ref year=int[2000..2200] quarter=int[1..4] officers=refs officer?=ref
# handling
alarm.taken: alarm=text officer=ref
alarm.acknowledged: alarm=text officer=ref
alarm.rectified: alarm=text officer=ref cause=text action=text
alarm.verified: alarm=text officer=ref
alarm.shelved: alarm=text officer=ref reason=ref<SHELF_REASONS> minutes=int[1..30]
alarm.unshelved: alarm=text officer=ref
alarm.removed_from_service: alarm=text officer=ref reason=ref<SHELF_REASONS> hours=int[1..168]
alarm.returned_to_service: alarm=text officer=ref
alarm.silenced: officer=ref
"""

# Decisions and what follows them: also about a stay that has ended.
COURSE_TEXT = SHAPES_TEXT.partition("# course")[2].partition("# personal")[0]


class Shape(NamedTuple):
    """One field: its name, kind, whether it must be there, its choices and span."""

    name: str
    kind: str
    must: bool
    choices: frozenset[str]
    low: int | None
    high: int | None


_CHOICES = {
    line.split(":")[0]: frozenset(line.split(":")[1].split()) for line in CHOICES_TEXT.strip().splitlines()
}
_FIELD = re.compile(r"(\w+)(\??)=(\w+)(?:<(\w+)>)?(?:\[(\d+)\.\.(\d+)\])?")
_LINE = re.compile(r"([\w.]+)(?:\((\w+)\))?:(.*)")


def _shape(word: str) -> Shape:
    match = _FIELD.fullmatch(word)
    assert match, word
    name, maybe, kind, choices, low, high = match.groups()
    some = _CHOICES[choices] if choices else frozenset()
    return Shape(name, kind, not maybe, some, int(low) if low else None, int(high) if high else None)


def _lines(text: str) -> list[tuple[str, str | None, list[Shape]]]:
    found = []
    for line in text.strip().splitlines():
        match = _LINE.fullmatch(line)
        if match:
            found.append((match[1], match[2], [_shape(word) for word in match[3].split()]))
    return found


SHAPES = {name: fields for name, _, fields in _lines(SHAPES_TEXT)}
STEP_FIELD = {name: field for name, field, _ in _lines(SHAPES_TEXT) if field}
PERSONAL = ("person.identified", "person.erased")  # no step of the way
COURSE = frozenset(name for name, _, _ in _lines(COURSE_TEXT))
OPTIONAL_STAY = frozenset(
    name for name, fields in SHAPES.items() for field in fields if field.name == "stay" and not field.must
)

REF = re.compile(r"[A-Za-z0-9._-]{1,64}")
HASH = re.compile(r"[0-9a-f]{64}")
DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)min)?(?:(\d+)s)?(?:(\d+)ms)?")
MONTHS = re.compile(r"(\d+)mo")
LARGEST = 2**53 - 1


def duration(text: Any) -> tuple[str, int] | None:
    """("us", microseconds) of `12h` or `7d`; ("mo", months) of `3mo`; None when it is neither."""
    if not isinstance(text, str) or not text:
        return None
    months = MONTHS.fullmatch(text)
    if months:
        return ("mo", int(months[1]))
    match = DURATION.fullmatch(text)
    if not match:
        return None
    days, hours, minutes, seconds, millis = (int(part or 0) for part in match.groups())
    return ("us", ((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + millis) * 1000)


def _is_ref(value: Any, field: Shape) -> bool:
    return (
        isinstance(value, str)
        and bool(REF.fullmatch(value))
        and (not field.choices or value in field.choices)
    )


def _right(value: Any, field: Shape) -> bool:
    if field.kind == "ref":
        return _is_ref(value, field)
    if field.kind == "refs":
        return isinstance(value, list | tuple) and all(_is_ref(one, field) for one in value)
    if field.kind == "hash":
        return isinstance(value, str) and bool(HASH.fullmatch(value))
    if field.kind == "text":
        return isinstance(value, str) and 1 <= len(value) <= 200
    if field.kind == "bool":
        return isinstance(value, bool)
    if field.kind == "duration":
        return duration(value) is not None
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        return False
    if field.kind == "instant":
        return value >= 0
    return (field.low is None or value >= field.low) and (field.high is None or value <= field.high)


def fault(fact_type: Any, body: Any) -> str | None:
    """Why the fact is malformed, or None."""
    if not isinstance(fact_type, str) or fact_type not in SHAPES:
        return "malformed: unknown type"
    if not isinstance(body, dict):
        return "malformed: no body"
    known = {field.name for field in SHAPES[fact_type]}
    if set(body) - known:
        return f"malformed: {sorted(set(body) - known)[0]}"
    for field in SHAPES[fact_type]:
        if body.get(field.name) is None:
            if field.must:
                return f"malformed: {field.name} missing"
        elif not _right(body[field.name], field):
            return f"malformed: {field.name}"
    return None
