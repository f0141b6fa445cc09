"""Things that are kept: exhibits, personal effects, specimens, and dossiers in a cabinet. docs/property.md says what moves.

A fact is about one item; what the item is (name, number, features) is sealed at the server, and the log holds commitments.
"""

from typing import Final

from custody.catalogue.property_entering import ENTERING, TELLING
from custody.catalogue.property_moving import DISPOSING, MOVING, STOCKTAKING

PROPERTY: Final = (*ENTERING, *TELLING, *MOVING, *DISPOSING, *STOCKTAKING)
# Facts of an item that are a step of its stay and of its case, beside being one of the item.
STEPS_OF_STAY: Final = frozenset(("item.found", "item.signed", "item.refused_signature", "item.returned"))
STEPS_OF_CASE: Final = frozenset(("item.seized", "item.registered", "item.collected", "disposal.decided"))
