"""Closed lists of the field: measures, services, roles, reasons. docs/glossary.md has the Chinese."""

from typing import Final

MEASURES: Final = (
    "criminal_summons",  # 传唤 (criminal), CPL 119
    "coercive_summons",  # 拘传, CPL 119
    "public_order_questioning",  # 询问查证, PSAPL 97
    "continued_questioning",  # 继续盘问, Police Law 9
    "criminal_detention",  # 刑事拘留, CPL 85
    "arrest",  # 逮捕, CPL 93
    "administrative_detention",  # 行政拘留
    "voluntary",  # witness, victim, mediation: free to leave, no clock of detention
)
SERVICES: Final = ("sworn", "auxiliary")
SEXES: Final = ("F", "M")
ROLES: Final = (
    "duty_officer",
    "case_officer",
    "area_administrator",
    "guard",
    "keeper",
    "legal_reviewer",
    "supervisor",
    "station_leader",
    "system_administrator",
    "inspector",
    "case_department_head",  # 办案部门负责人
    "station_head",  # 公安派出所负责人
    "county_duty_head",  # 县级公安机关值班负责人
    "county_head",  # 县级以上公安机关负责人
)
RELEASE_REASONS: Final = (
    "released",
    "bail",
    "residential_surveillance",
    "detention_centre",
    "lock_up",
    "transferred",
    "hospital",
    "fine_or_warning",
    "other",
)
