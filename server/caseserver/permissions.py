"""Which role may do what at the server. The engine checks the law's own conditions again (who may approve)."""

from __future__ import annotations

from typing import Final

_HEADS: Final = frozenset(
    {"case_department_head", "station_head", "county_duty_head", "county_head", "station_leader"}
)
_DESK: Final = frozenset({"duty_officer", "case_officer", "area_administrator"})
_FLOOR: Final = _DESK | {"guard", "keeper", "station_leader"}
_CHECKERS: Final = frozenset(
    {"duty_officer", "area_administrator", "legal_reviewer", "supervisor", "station_leader"}
)

FACT_ROLES: Final[dict[str, frozenset[str]]] = {
    "person.arrived": _DESK,
    "area.entered": _DESK,
    "stay.registered": _DESK,
    "measure.changed": _DESK,
    "wristband.bound": _DESK,
    "search.signed": _DESK | {"guard"},
    "extension.approved": _HEADS,
    "stay.released": _DESK,
    "alarm.taken": _FLOOR,
    "alarm.acknowledged": _FLOOR,
    "alarm.rectified": _FLOOR,
    "alarm.verified": _CHECKERS,
    "officer.registered": frozenset({"system_administrator"}),
    "officer.withdrawn": frozenset({"system_administrator"}),
}
"""Fact type -> roles one of which an officer needs to state it. Other officer facts are refused."""

ACTOR_FIELDS: Final[dict[str, str]] = {
    "stay.registered": "officer",
    "measure.changed": "officer",
    "wristband.bound": "officer",
    "stay.released": "officer",
    "extension.approved": "approver",
    "alarm.taken": "officer",
    "alarm.acknowledged": "officer",
    "alarm.rectified": "officer",
    "alarm.verified": "officer",
}
"""Fact type -> the field that names who did it: always the officer who is signed in, never another."""


def may_state(roles: frozenset[str], fact_type: str) -> bool:
    """Whether an officer with these roles may state a fact of this type."""
    return bool(roles & FACT_ROLES.get(fact_type, frozenset()))
