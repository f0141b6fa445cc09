"""Fields that many facts about an item have."""

from typing import Final

from custody.catalogue.parts import FactType, form
from custody.fields import BOOL, HASH, INSTANT, INT, REF, Field
from custody.name import Name
from custody.property_words import ITEM_CONDITIONS

ITEM: Final = Field(REF, "random reference of the item: one thing, or one sealed bag")
ITS_STAY: Final = Field(
    REF, "the item's stay, whenever it has one: the leaf stands in that stay's bundle", required=False
)
KEEPER: Final = Field(REF, "the keeper")
DESCRIBED: Final = ("title", "features", "serial", "remark")
"""What may be entered of an item; the fact holds a commitment to each."""
TAKEN_BY: Final = Field(REF, "the officer who holds it from now on")
SIGNATURE: Final = "commitment to the sealed image of the signature (docs/kiosk.md)"
SHEET: Final = Field(REF, "reference of the list, receipt or minute that it stands on", required=False)
PIECES: Final = Field(INT, "how many pieces it is", span=(1, 1_000_000))
VALUABLE: Final = Field(BOOL, "cultural relic, precious metal, jewellery, work of art", required=False)
DANGEROUS: Final = Field(BOOL, "explosive, inflammable, poisonous, radioactive, a weapon", required=False)
CASH: Final = Field(BOOL, "money", required=False)
SEAL: Final = Field(REF, "number of the seal on its bag", required=False)
WHAT: Final = {
    "pieces": PIECES, "valuable": VALUABLE, "dangerous": DANGEROUS, "cash": CASH, "seal": SEAL, "sheet": SHEET,
}  # fmt: skip
BOTH_SIGN: Final = {
    "giver_signature": Field(HASH, f"of who gives: {SIGNATURE}"),
    "taker_signature": Field(HASH, f"of who takes: {SIGNATURE}"),
}
STOCKTAKING_REF: Final = Field(REF, "reference of the stock-taking")
DUE: Final = Field(INSTANT, "when it is due back")
COMPARTMENT: Final = Field(REF, "compartment id of area.toml")
CONDITION: Final = Field(REF, "how it was found", choices=ITEM_CONDITIONS)


def item_form(name: str, doc: str, zh: str, en: str, by: str | None = None, /, **fields: Field) -> FactType:
    """An officer's form about one item, worded `zh` and `en`; `by`: the field that tells its steps apart."""
    return form(name, doc, Name(zh, en), by, item=ITEM, stay=ITS_STAY, **fields)
