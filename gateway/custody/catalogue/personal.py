"""Who a person is: facts that hold commitments, never values. Values, salts and keys are the server's own.

No rule reads them, and they are no step of the way: a person's data may be erased years after the area has
forgotten the stay. docs/evidence.md section 8 is the contract.
"""

from typing import Final

from custody.catalogue.parts import OFFICERS, STAY, FactType, fact, form
from custody.fields import HASH, INT, REF, Field
from custody.name import Name
from custody.vocabulary import ERASURE_GROUNDS

PERSON: Final = Field(REF, "random reference of the person, the same in each of the person's stays")
PARTICULARS: Final = (
    "name", "other_name", "identity_number", "birth_date", "address", "phone", "employer", "relative", "case_number",
)  # fmt: skip
"""What may be entered of a person; the fact holds a commitment to each."""

PERSONAL: Final[tuple[FactType, ...]] = (
    form(
        "person.identified",
        "Who the person is was entered, or corrected, at the server; the log holds commitments only.",
        Name("身份信息已登记（不在日志里）", "Particulars entered, kept outside the log"),
        stay=STAY,
        person=PERSON,
        **{name: Field(HASH, f"commitment to {name}", required=False) for name in PARTICULARS},
    ),
    fact(
        "person.erased",
        "officer",
        "Two officers had the particulars of this stay destroyed; what the log holds of them opens no more.",
        Name("身份信息已销毁：{ground}", "Particulars erased: {ground}"),
        stay=STAY,
        person=PERSON,
        key=Field(HASH, "mark of the key that is destroyed (docs/evidence.md section 8)"),
        officers=OFFICERS,
        ground=Field(REF, "why", choices=ERASURE_GROUNDS),
        fields=Field(INT, "how many values became unreadable", span=(1, 10_000)),
    ),
)
