"""The life cycle of an alarm as tables: its states, what moves it, what may stand beside them.

After ISA-18.2 / IEC 62682 (the states of OPC UA part 9), with what a duty desk needs besides. Three things are
told apart: whether the condition stands, how far the handling has come, and whether the alarm is set aside.
`state_of` gives the one word that is shown. docs/alarms.md shows these tables and is compared with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# --- how far the handling has come -----------------------------------------------------------------

UNACKNOWLEDGED: Final = "unacknowledged"
TAKEN: Final = "taken"
ACKNOWLEDGED: Final = "acknowledged"
RECTIFIED: Final = "rectified"
CLOSED: Final = "closed"

# handling -> action -> next handling. What is not here is refused and changes nothing.
MOVES: Final[Mapping[str, Mapping[str, str]]] = {
    UNACKNOWLEDGED: {"taken": TAKEN, "acknowledged": ACKNOWLEDGED},
    TAKEN: {"taken": TAKEN, "acknowledged": ACKNOWLEDGED, "rectified": RECTIFIED},
    ACKNOWLEDGED: {"taken": TAKEN, "rectified": RECTIFIED},
    RECTIFIED: {"rectified": RECTIFIED, "verified": CLOSED},
    CLOSED: {},
}

# --- set aside -------------------------------------------------------------------------------------

SHELVED: Final = "shelved"
OUT_OF_SERVICE: Final = "out_of_service"

# set aside as -> action -> set aside as; "" is not at all. The source is set aside: rule and subject, not one alarm of it.
ASIDE_MOVES: Final[Mapping[str, Mapping[str, str]]] = {
    "": {"shelved": SHELVED, "removed_from_service": OUT_OF_SERVICE},
    SHELVED: {"unshelved": "", "shelf_ended": "", "removed_from_service": OUT_OF_SERVICE},
    OUT_OF_SERVICE: {"returned_to_service": "", "service_ended": ""},
}
ENDS_BY_ITSELF: Final[Mapping[str, str]] = {SHELVED: "shelf_ended", OUT_OF_SERVICE: "service_ended"}

# --- whether the condition stands --------------------------------------------------------------------

NORMAL: Final = "normal"
ACTIVE: Final = "active"
RETURNED: Final = "returned"

# condition -> what the facts say -> next condition. "never_was": late evidence shows that the duty never ran.
CONDITION_MOVES: Final[Mapping[str, Mapping[str, str]]] = {
    NORMAL: {"raised": ACTIVE},
    ACTIVE: {"raised": ACTIVE, "cleared": RETURNED, "never_was": NORMAL},
    RETURNED: {"raised": ACTIVE, "cleared": RETURNED, "never_was": NORMAL},
}

# --- the word that is shown --------------------------------------------------------------------------

RETURNED_UNACKNOWLEDGED: Final = "returned_unacknowledged"
LATCHED: Final = "latched"
FIXED: Final = "fixed_awaiting_check"
SUPPRESSED: Final = "suppressed_by_design"


@dataclass(frozen=True, slots=True)
class State:
    """A row: the word, when it is shown, its name in ISA-18.2 ("": ours), whether the sounder may sound."""

    name: str
    when: str
    isa: str
    may_sound: bool
    doc: str


# From the top: the first row that fits is the state.
STATES: Final = (
    State(NORMAL, "no alarm", "normal", False, "nothing is wrong, nothing is to be handled"),
    State(CLOSED, "verified, and the condition has returned", "normal", False, "in the record, off the list"),
    State(FIXED, "rectified", "", False, "cause and action are stated; a second person has to look (即查即改)"),
    State(
        OUT_OF_SERVICE, "its source is out of service", "out of service", False,
        "equipment under repair: raised and recorded, not sounded, until a set hour",
    ),
    State(
        SHELVED, "its source is shelved", "shelved", False,
        "put aside by a person with a reason for some minutes; ends by itself and says so",
    ),
    State(
        SUPPRESSED, "active, its root cause stands above it", "suppressed by design", False,
        "what a dead node, line or gateway makes unseen: under the one alarm of its cause, which sounds for it",
    ),
    State(
        UNACKNOWLEDGED, "active, nobody has it as grave as it is", "unacknowledged", True,
        "it stands and sounds",
    ),
    State(TAKEN, "active, taken", "", False, "a named person is on the way"),
    State(ACKNOWLEDGED, "active, acknowledged", "acknowledged", False, "a named person has seen it; it stands"),
    State(
        RETURNED_UNACKNOWLEDGED, "returned, nobody has it", "returned, unacknowledged", False,
        "it is over and nobody has looked: it stays on the list",
    ),
    State(
        LATCHED, "returned, taken or acknowledged", "latched", False,
        "it is over and stays until cause and action are stated and checked",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """What may stand beside any state."""

    name: str
    doc: str


MARKS: Final = (
    Mark("late", "raised after it was due, with by how much: the gateway was away or its clock in doubt"),
    Mark("blind", "says that something cannot be seen: its own hatched look, its own duty"),
    Mark("possible", "the limit may have passed: the clock is in doubt, the earliest moment counts"),
    Mark("cleared_by_late_evidence", "a fact that came late shows that the limit was not reached; the alarm stays in the record"),
    Mark("escalated", "escalated-n: step n of those who are called was reached because nobody had answered"),
    Mark("chattering", "one of several alarms of its source within the window of area.toml"),
    Mark("root", "a root cause, with what lies under it"),
)  # fmt: skip


def is_unseen(handling: str, severity: str, seen_severity: str) -> bool:
    """Nobody has it as grave as it is. `seen_severity`: how grave it was when somebody last did something about it, or ""."""
    return handling == UNACKNOWLEDGED or (handling != CLOSED and severity < seen_severity)


def state_of(handling: str, *, is_active: bool, aside: str = "", is_suppressed: bool = False) -> str:
    """The word for an alarm. `handling`: a key of MOVES; `aside`: a key of ASIDE_MOVES. Normal is to have no alarm."""
    if handling == CLOSED and not is_active:
        return CLOSED
    if handling in (RECTIFIED, CLOSED):
        return FIXED
    if aside:
        return aside
    if is_suppressed and is_active:
        return SUPPRESSED
    if is_active:
        return handling
    return RETURNED_UNACKNOWLEDGED if handling == UNACKNOWLEDGED else LATCHED
