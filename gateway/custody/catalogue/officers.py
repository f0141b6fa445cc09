"""Officers: who they are, what they are qualified for, from what they are recused."""

from typing import Final

from custody.catalogue.parts import (
    OFFICER,
    STAY,
    FactType,
    fact,
)
from custody.fields import INSTANT, INT, REF, REFS, Field
from custody.name import Name
from custody.vocabulary import (
    QUALIFICATIONS,
    ROLES,
    SERVICES,
    SEXES,
)

OFFICERS_FACTS: Final[tuple[FactType, ...]] = (
    fact(
        "officer.registered",
        "officer",
        "An officer with service, roles and badge; a later one replaces an earlier one.",
        Name("登记民警 {officer}", "Officer {officer} registered"),
        officer=OFFICER,
        service=Field(REF, "sworn = people's police, auxiliary, external = another organ", choices=SERVICES),
        roles=Field(REFS, "roles held", choices=ROLES),
        sex=Field(REF, "F or M: rules on searches ask for it", required=False, choices=SEXES),
        badge=Field(REF, "tag id of the badge; the officer's number when left out", required=False),
    ),
    fact(
        "officer.withdrawn",
        "officer",
        "The officer's badge and roles end.",
        Name("收回 {officer} 的胸牌", "Badge of {officer} withdrawn"),
        officer=OFFICER,
    ),
    fact(
        "officer.qualified",
        "officer",
        "A qualification of an officer and when it runs out.",
        Name("{officer} 资格：{kind}", "{officer} qualified: {kind}"),
        "kind",
        officer=OFFICER,
        kind=Field(REF, "which qualification", choices=QUALIFICATIONS),
        until_at_us=Field(INSTANT, "valid until (inclusive)"),
    ),
    fact(
        "training.recorded",
        "officer",
        "Class hours of enforcement training of an officer in a whole year.",
        Name("{officer} {year} 年训练 {hours} 课时", "{officer}: {hours} class hours in {year}"),
        officer=OFFICER,
        year=Field(INT, "the year that has ended", span=(2000, 2200)),
        hours=Field(INT, "class hours", span=(0, 10_000)),
    ),
    fact(
        "officer.recused",
        "officer",
        "An officer withdraws, or is withdrawn, from the case of this person (回避).",
        Name("{officer} 回避", "{officer} is recused"),
        "officer",
        stay=STAY,
        officer=OFFICER,
    ),
)
