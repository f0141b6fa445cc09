"""Which role may do what at the server. The engine checks the law's own conditions again (who may approve).

An approval is stated by the head who gives it: the roles come from the rulebook in force, not from here. A decision of
another organ (`service` external: a procuratorate, a court), which has no account, is entered by an officer in its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from custody.catalogue import FACT_TYPES
from custody.rules import Rulebook

_HEADS: Final = frozenset(
    {"case_department_head", "station_head", "county_duty_head", "county_head", "station_leader"}
)
_REVIEWERS: Final = frozenset({"legal_reviewer", "supervisor"})
_DESK: Final = frozenset({"duty_officer", "case_officer", "area_administrator"})
_FLOOR: Final = _DESK | {"guard", "keeper", "station_leader"}
_CARE: Final = _DESK | {"guard"}
_CASE: Final = _DESK | {"legal_reviewer", "station_leader"}
_CHECKERS: Final = frozenset(
    {"duty_officer", "area_administrator", "legal_reviewer", "supervisor", "station_leader"}
)
_STORE: Final = frozenset({"keeper"})
_CHAIN: Final = _CASE | {"keeper"}
_SYSTEM: Final = frozenset({"system_administrator"})
ERASERS: Final = _REVIEWERS | _SYSTEM
"""Who may sign that a person's particulars are destroyed: two officers, one of them a supervisor."""
KNOWERS: Final = _CASE | {"supervisor", "inspector"}
"""Who may be shown a person's particulars, each time written down."""
ITEM_KNOWERS: Final = KNOWERS | _STORE
"""Who may be shown what an item is, its photos and signatures, each time written down."""
EXPORTERS: Final = _REVIEWERS | {"inspector", "procuratorate", "station_leader"}
"""Who may take a stay out of the house as a bundle, with a reason, each time written down."""
ENTERERS: Final = _CASE
"""Who enters what another organ decided."""
OWN_LOG_READERS: Final = frozenset({"supervisor", "legal_reviewer", "inspector", "system_administrator"})
"""Who may read what the server wrote down of its own users."""
ADMINISTRATORS: Final = _SYSTEM
"""Who asks for a change of accounts, roles and rulebooks, and who signs it: two different ones."""
ACCOUNT_READERS: Final = _SYSTEM | {"supervisor", "legal_reviewer", "station_leader"}
"""Who sees the accounts, and which changes wait."""
OFFICER_READERS: Final = ACCOUNT_READERS | {"area_administrator"}
"""Who sees officers with their qualifications."""
WALKERS: Final = frozenset({"area_administrator", "system_administrator"})
"""Who tries the points of an area, one after the other, and says what came of it."""
DRAWERS: Final = frozenset({"area_administrator"})
"""Who draws the plan that pages show."""
COMPARERS: Final = frozenset({"legal_reviewer", "supervisor", "inspector", "station_leader"})
"""Who may ask what another rulebook would make of the log."""


PAGES_ONLY: Final = frozenset({"person.identified", "person.erased", "item.described", "point.walked"})
"""Facts behind which something else has to be done first: sealing a value, a second signature, looking up what was seen."""


def _table(*rows: tuple[frozenset[str], str]) -> dict[str, frozenset[str]]:
    return {name: roles for roles, names in rows for name in names.split()}


FACT_ROLES: Final[Mapping[str, frozenset[str]]] = _table(
    (_DESK, "person.arrived area.entered reception.allowed stay.registered measure.changed wristband.bound stay.released"),
    (_CARE | {"station_leader"}, "door.release_ordered"),
    (frozenset({"keeper"}), "compartment.requested"),
    (_FLOOR, "compartment.overridden"),
    (_CARE | {"keeper"}, "wristband.returned wristband.cleaned wristband.withdrawn"),
    (_DESK, "person.identified"),
    (ERASERS, "person.erased"),
    (_DESK, "person.flagged certificate.written certificate.corrected certificate.ended"),
    (_CARE, "search.signed health.checked sample.collected room.assigned entry.requested"),
    (_CARE | {"keeper"}, "effects.listed effects.returned meal.offered rest.recorded bedding.given"),
    (_DESK | {"station_leader"}, "guard.named juvenile_officer.assigned supervision.informed"),
    (_DESK, "dependants.arranged family.notified family.notice_excused rights.told guardian.attended guardian.excused"),
    (_DESK, "interpreter.attended interview.started interview.ended interview_record.signed"),
    (_DESK, "act.started act.ended identification.held"),
    (_CARE, "restraint.started restraint.checked restraint.reviewed restraint.ended person.sobered"),
    (_CASE | {"superintendent"}, "custody.reviewed"),
    (_CARE, "escort.checked escort.formed escort.recording_started escort.recording_stopped exit.departed exit.returned"),
    (_CARE, "bodycam.stopped bodycam.uploaded delivery.health_checked release.handed_over patrol.tapped"),
    (frozenset({"area_administrator", "station_leader", "supervisor"}), "room.inspected"),
    (WALKERS, "point.walked"),
    (_HEADS | {"superintendent"}, "extension.approved"),
    (_HEADS, "sample.approved exit.approved coercion.approved"),
    (_REVIEWERS, "hold.lifted"),
    (_REVIEWERS | {"station_leader"}, "data_export.approved"),
    (_REVIEWERS | {"case_department_head"}, "recording.export_approved dossier.borrow_approved"),
    (_CASE, "coercion.applied jurisdiction.transferred expedited.chosen outcome.decided"),
    (_CASE, "legal_aid.requested legal_aid.forwarded legal_aid.family_told"),
    (_CASE, "detention_centre.received detention_centre.interrogated lock_up.received person.freed"),
    (_CASE, "arrest.requested arrest.decided arrest.executed release.reported custody_extension.requested investigation.ended"),
    (_CASE, "measure_change.requested measure_change.answered hearing.informed hearing.requested hearing.waived"),
    (frozenset({"legal_reviewer"}), "penalty.reviewed"),
    (_CASE, "penalty.decided decision.delivered administrative_review.accepted administrative_review.decided"),
    (_CASE | {"supervisor"}, "complaint.received"),
    (_REVIEWERS | {"station_leader"}, "complaint.traced"),
    (_CASE | {"supervisor"}, "data.exported"),
    (_CASE, "case.reported case.registered case.receipted case_review.started case_review.ended case.filed case.not_filed"),
    (_CASE, "accuser.notified jurisdiction.found_wrong case.passed_on appraisal.started appraisal.ended hearing.opened"),
    (_CASE, "hearing.closed case.decided filing_review.applied filing_review.decided filing_rereview.applied"),
    (_CASE, "filing_rereview.decided case.sent"),
    (_CASE | {"keeper"}, "dossier.closed dossier.taken dossier.returned"),
    (_CARE | {"keeper"}, "item.found item.returned"),
    (_CASE, "item.seized item.registered item.collected item.brought_in item.tested item.found_unrelated item.announced"),
    (_CHAIN | _CARE, "item.described item.photographed item.signed item.refused_signature item.handed_over"),
    (_CHAIN, "item.split item.corrected item.sent item.received item.inspected"),
    (_STORE, "dossier.entered item.tagged item.stored item.taken_out item.lent item.given_back loan.reported"),
    (_STORE, "item.restored item.transferred item.destroyed item.auctioned item.forfeited"),
    (_HEADS, "item.test_approved item.borrow_approved loan.extended seizure.extended disposal.decided"),
    (_CHECKERS | {"keeper"}, "count.started item.counted count.ended clearup.held"),
    (_CASE | {"keeper"}, "recording.made recording.marked_evidence recording.copied recording.exported recording.damaged"),
    (_SYSTEM | {"keeper"}, "recording.deleted"),
    (_FLOOR | {"supervisor"}, "incident.occurred incident.treated incident.reported incident.closed supervision.on_site"),
    (_CASE, "death.appraised death.family_told"),
    (_FLOOR, "alarm.taken alarm.acknowledged alarm.rectified"),
    (_CHECKERS, "alarm.verified"),
    (_FLOOR, "alarm.silenced"),
    (_DESK | {"station_leader"}, "alarm.shelved alarm.unshelved"),
    (_SYSTEM | {"area_administrator", "station_leader"}, "alarm.removed_from_service alarm.returned_to_service"),
    (_SYSTEM, "officer.registered officer.withdrawn"),
    (_SYSTEM | {"station_leader", "legal_reviewer"}, "officer.qualified training.recorded"),
    (_CASE, "officer.recused"),
)  # fmt: skip
"""Fact type -> roles one of which an officer needs to state it. Other officer facts are refused."""


def _actor_field(name: str) -> str | None:
    fields = FACT_TYPES[name].fields
    if "approver" in fields:
        return "approver"
    is_own = name.startswith("alarm.") or ("officer" in fields and not fields["officer"].required)
    return "officer" if is_own else None


ACTOR_FIELDS: Final[Mapping[str, str]] = {
    name: found for name in FACT_ROLES if (found := _actor_field(name)) is not None
}
"""Fact type -> the field that names who did it: always the officer who is signed in, never another."""


def may_state(roles: frozenset[str], fact_type: str) -> bool:
    """Whether an officer with these roles may state a fact of this type."""
    return bool(roles & FACT_ROLES.get(fact_type, frozenset()))


def may_erase_together(first: frozenset[str], second: frozenset[str]) -> bool:
    """Whether two officers with these roles may have particulars destroyed: a supervisor, and one of the other two."""
    others = ERASERS - {"supervisor"}
    return ("supervisor" in first and bool(second & others)) or (
        "supervisor" in second and bool(first & others)
    )


def approvers(rulebook: Rulebook, fact_type: str) -> frozenset[str] | None:
    """The roles that the rulebook lets approve this; None where it names nobody, or the fact is no approval."""
    if fact_type == "extension.approved":
        named: Iterable[str] = (
            role for rule in rulebook.rules for tier in rule.tiers for role in tier.approvers
        )
    elif fact_type in rulebook.approvals:
        named = rulebook.approvals[fact_type].approvers
    else:
        return None
    return frozenset(named) or None


def roles_for(rulebook: Rulebook, fact_type: str) -> frozenset[str]:
    """The roles one of which states this fact in an area with this rulebook."""
    return approvers(rulebook, fact_type) or FACT_ROLES.get(fact_type, frozenset())
