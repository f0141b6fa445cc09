"""Which fact may move which kind of item, from which state and holder, to which: pure data, printed in docs/property.md.

What is no row here is refused and changes nothing. Facts that tell of an item and move nothing have a table of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SAME: Final = "="
"""In place of a state or holder: it stays as it was."""


@dataclass(frozen=True, slots=True)
class Party:
    """A holder as a fact names it: `officer` in the field `giver`. No field: the fact names none, or the kind stands alone.

    `*` as field: any of this kind; whom, the item's record knows.
    """

    kind: str
    field: str = ""

    def __str__(self) -> str:
        """As the table prints it: `officer {giver}`."""
        return (
            f"{self.kind} {{{self.field}}}"
            if self.field not in ("", "*")
            else f"{self.kind}{' *' if self.field else ''}"
        )


@dataclass(frozen=True, slots=True)
class Move:
    """One row. `state` empty: the item is not known before. `debited` is who must hold it, `credited` who holds it then."""

    fact: str
    kinds: tuple[str, ...]
    state: str
    debited: Party
    to_state: str
    credited: Party
    to_kind: str = SAME


_CASE_THINGS: Final = ("exhibit", "specimen")
_ALL: Final = ("exhibit", "effects", "specimen", "dossier")
_NOT_DOSSIERS: Final = ("exhibit", "effects", "specimen")
_FROM: Final = Party("person", "stay")  # `outside` where the fact names no stay
_TAKER: Final = Party("officer", "taken_by")
_KEEPER: Final = Party("keeper", "keeper")
_KEEPING_GIVER: Final = Party("keeper", "giver")
_GIVER: Final = Party("officer", "giver")
_BORROWER: Final = Party("officer", "borrower")
_CARRIER: Final = Party("in_transit", "carrier")
_COMPARTMENT: Final = Party("compartment", "compartment")
_ANY_KEEPER: Final = Party("keeper", "*")
_ANY_OFFICER: Final = Party("officer", "*")
_DESTINATION: Final = Party("destination", "destination")

MOVES: Final[tuple[Move, ...]] = (
    # coming in
    Move("item.found", ("effects",), "", _FROM, "taken", _TAKER),
    Move("item.seized", ("exhibit",), "", _FROM, "taken", _TAKER),
    Move("item.registered", ("exhibit",), "", _FROM, "taken", _TAKER),
    Move("item.collected", ("specimen",), "", _FROM, "taken", _TAKER),
    Move("dossier.entered", ("dossier",), "", Party("outside"), "kept", _KEEPER),
    # effects that belong to a case, and evidence that was only registered
    Move("item.seized", ("effects", "exhibit"), "taken", _ANY_OFFICER, "taken", _TAKER, "exhibit"),
    Move("item.seized", ("effects", "exhibit"), "kept", _ANY_KEEPER, "taken", _TAKER, "exhibit"),
    # the store
    Move("item.handed_over", _NOT_DOSSIERS, "taken", _GIVER, "kept", _KEEPER),
    Move("item.handed_over", _ALL, "kept", _KEEPING_GIVER, "kept", _KEEPER),
    Move("item.stored", _ALL, "kept", _KEEPER, "stored", _COMPARTMENT),
    Move("item.taken_out", _ALL, "stored", _COMPARTMENT, "kept", _KEEPER),
    Move("item.corrected", _ALL, "stored", Party("compartment", "*"), "stored", _COMPARTMENT),
    # loans
    Move("item.lent", _CASE_THINGS, "kept", _KEEPER, "lent", _BORROWER),
    Move("item.given_back", _CASE_THINGS, "lent", _BORROWER, "kept", _KEEPER),
    Move("dossier.taken", ("dossier",), "kept", _ANY_KEEPER, "lent", Party("officer", "officer")),
    Move("dossier.taken", ("dossier",), "stored", Party("compartment", "*"), "lent", Party("officer", "officer")),
    Move("dossier.returned", ("dossier",), "lent", _ANY_OFFICER, "kept", _ANY_KEEPER),
    # other places
    Move("item.sent", _CASE_THINGS, "taken", _ANY_OFFICER, "sent", _CARRIER),
    Move("item.sent", _NOT_DOSSIERS, "kept", _ANY_KEEPER, "sent", _CARRIER),
    Move("item.sent", _CASE_THINGS, "lent", _ANY_OFFICER, "sent", _CARRIER),
    Move("item.sent", _CASE_THINGS, "away", Party("destination", "*"), "sent", _CARRIER),
    Move("item.received", _CASE_THINGS, "sent", _CARRIER, "away", _DESTINATION),
    Move("item.received", ("effects",), "sent", _CARRIER, "ended", _DESTINATION),
    Move("item.received", _NOT_DOSSIERS, "sent", _CARRIER, "kept", _KEEPER),
    # the end
    Move("item.restored", _CASE_THINGS, "taken", _GIVER, "ended", Party("owner")),
    Move("item.restored", _CASE_THINGS, "kept", _KEEPING_GIVER, "ended", Party("owner")),
    Move("item.transferred", _CASE_THINGS, "kept", _KEEPER, "ended", _DESTINATION),
    Move("item.destroyed", _CASE_THINGS, "kept", _KEEPER, "ended", Party("outside")),
    Move("item.auctioned", _CASE_THINGS, "kept", _KEEPER, "ended", Party("outside")),
    Move("item.forfeited", _CASE_THINGS, "kept", _KEEPER, "ended", Party("treasury")),
    Move("item.returned", ("effects",), "taken", _GIVER, "ended", Party("receiver", "receiver")),
    Move("item.returned", ("effects",), "kept", _KEEPING_GIVER, "ended", Party("receiver", "receiver")),
)  # fmt: skip

_HERE: Final = ("taken", "kept", "stored", "lent", "sent", "away")
_ANY: Final = (*_HERE, "ended")

TOLD: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "item.described": (_ALL, _ANY),
    "item.photographed": (_ALL, _HERE),
    "item.tagged": (_ALL, ("taken", "kept", "stored")),
    "item.signed": (_ALL, _ANY),
    "item.refused_signature": (_ALL, _ANY),
    "item.brought_in": (_CASE_THINGS, ("taken",)),
    "item.test_approved": (_CASE_THINGS, ("taken",)),
    "item.tested": (_CASE_THINGS, ("taken", "sent", "away")),
    "item.found_unrelated": (_CASE_THINGS, _HERE),
    "item.announced": (_NOT_DOSSIERS, _HERE),
    "seizure.extended": (("exhibit",), _HERE),
    "item.inspected": (_ALL, ("taken", "kept", "stored", "lent")),
    "item.borrow_approved": (_CASE_THINGS, ("kept", "stored")),
    "loan.extended": (_CASE_THINGS, ("lent",)),
    "loan.reported": (_CASE_THINGS, ("lent", "sent", "away")),
    "disposal.decided": (_CASE_THINGS, _HERE),
    "item.counted": (_ALL, ("stored",)),
    "item.split": (_NOT_DOSSIERS, ("taken", "kept")),
    "item.corrected": (_ALL, _HERE),
}
"""Facts that move nothing: kinds of item, states in which they may be told. A correction that names a compartment is a move."""

MOVERS: Final = frozenset(move.fact for move in MOVES)
ENTERERS: Final = frozenset(move.fact for move in MOVES if not move.state)


ORDERED: Final = MOVERS | {"item.split"}
"""Facts of one item that are entered in the order in which they happened: one that comes late goes before no other of them."""


def moves_of(fact: str, kind: str, state: str) -> tuple[Move, ...]:
    """The rows under which a fact may move an item of this kind in this state."""
    return tuple(move for move in MOVES if move.fact == fact and move.state == state and kind in move.kinds)
