"""Q: officers. APL 42 and the seed documents (qualification, 24 class hours); PSAPL 95 (recusal);
PSAPL 114 (first-time reviewers); JUV 101, CPR 319 (officers trained for minors)."""

from tests.oracle.duty import S2, S3, Answer, Begin, Instant, Rule, Tables, at_once, held, returned
from tests.oracle.musts import INTERVIEW_ROOMS
from tests.oracle.state import Stay, Unit, World


def _hours(_world: World, officer: Unit) -> Answer:
    """Q2: the year recorded last had fewer than 24 class hours."""
    last = officer.last("training.recorded")
    return Begin(None, at_once(S3)) if last is not None and last.body["hours"] < 24 else None


def _recused_here(world: World, stay: Stay, room: str) -> bool:
    """Q4: an officer recused from this person's case is in the room."""
    recused = {step.body["officer"] for step in stay.all("officer.recused")}
    return any(officer.ref in recused for officer in world.officers_in(room))


def tables(_book: str) -> Tables:
    """The rules of this family in the book."""
    rules = [
        returned(
            "Q1",
            "expired",
            "officer",
            "officer.qualified:basic",
            "until_at_us",
            ["officer.withdrawn"],
            at_once(S2),
        ),
        Rule("Q2", "hours", "officer", _hours),
        held("Q4", "recused", None, at_once(S2), _recused_here),
        held(
            "Q6",
            "trained",
            INTERVIEW_ROOMS,
            at_once(S3),
            only=lambda _w, s: bool(s.minor) and not s.has("juvenile_officer.assigned"),
        ),
    ]
    instants = [
        Instant("Q5", "exam", "penalty.reviewed", "stay", S3, lambda _w, _s, body: not body["certified"])
    ]
    return Tables(rules, instants)
