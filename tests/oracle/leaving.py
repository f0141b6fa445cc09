"""E: leaving the area and escort. AREA 4, 5; CQ 10, 20; AIR 8; CPR 153; the escort ratio by road is local.

E1 and E3 are checks of the way (refusals.py)."""

from tests.oracle.calendar import MINUTE, is_night
from tests.oracle.duty import S1, S2, S3, Answer, Instant, Rule, Tables, at_once, counted, returned
from tests.oracle.limits import SPECIAL
from tests.oracle.state import Stay, World


def _unrecorded_escort(_world: World, stay: Stay) -> Answer:
    """E5: on the way outside and the escort's camera is not known to record."""
    if not stay.open or stay.phase != "out":
        return None
    if stay.open_since(["escort.recording_started"], ["escort.recording_stopped"]) is not None:
        return None
    since = stay.last("exit.departed", "escort.recording_stopped")
    return counted(since.time, at_once(S2)) if since is not None else None


def tables(_book: str) -> Tables:
    """The rules of this family in the book."""
    rules = [
        Rule("E5", "recording", "stay", _unrecorded_escort),
        returned(
            "E7",
            "return",
            "stay",
            "exit.departed",
            "return_by_at_us",
            ["exit.returned"],
            ((0, S2), (15 * MINUTE, S1)),
        ),
    ]
    instants = [
        Instant("E2", "reason", "stay.released:other", "stay", S2, lambda _w, _s, _b: True),
        Instant(
            "E4",
            "road",
            "escort.formed:road",
            "stay",
            S2,
            lambda _w, _s, body: body["sworn"] < 2 * body["detained"],
        ),
        Instant(
            "E4",
            "air",
            "escort.formed:air",
            "stay",
            S2,
            lambda _w, _s, body: body["sworn"] < 3 * body["detained"],
        ),
        Instant("E4", "flight", "escort.formed:air", "stay", S2, lambda _w, _s, body: body["detained"] > 3),
        Instant(
            "E4",
            "female",
            "escort.formed:air",
            "stay",
            S2,
            lambda _w, s, body: s.sex == "F" and body["female"] < 1,
        ),
        Instant(
            "E6",
            "health",
            "stay.released:detention_centre",
            "stay",
            S3,
            lambda _w, s, _b: not s.has("delivery.health_checked"),
        ),
        Instant(
            "E8",
            "night",
            "stay.released",
            "stay",
            S2,
            lambda w, s, _b: (
                s.measure == "continued_questioning"
                and s.flagged(*SPECIAL)
                and is_night(w.time, w.zone)
                and not s.has("release.handed_over")
            ),
        ),
    ]
    return Tables(rules, instants)
