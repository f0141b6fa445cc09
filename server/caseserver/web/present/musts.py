"""The four musts of a stay to the second, from the ledger's coverage: what was kept, what was not, what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from caseserver.web.present.words import Words
from caseserver.web.views import MustName
from caseserver.web.views_ledger import FourMusts, MustBar, MustPart

NAMES: Final[Mapping[str, MustName]] = {
    "straight_in": "in", "searched_first": "search", "guarded": "guard", "recorded": "record",
}  # fmt: skip
LOOKS: Final = {
    "before": "out", "away": "out", "inside": "kept", "searched": "kept", "guarded": "kept", "recorded": "kept",
    "unsearched": "out", "unguarded": "short", "unrecorded": "short", "unknown": "blind",
}  # fmt: skip
"""State -> how it is drawn."""


def four_musts(statement: Mapping[str, Any] | None, words: Words) -> FourMusts | None:
    """``statement``: the coverage of the stay; None when the log knows nothing of it, or no time has gone by."""
    if statement is None or statement["to_us"] <= statement["from_us"]:
        return None
    bars = tuple(_bar(must, words) for must in statement["musts"])
    return FourMusts(statement["from_us"], statement["to_us"], bars)


def _bar(must: Mapping[str, Any], words: Words) -> MustBar:
    parts = tuple(
        MustPart(LOOKS[s["state"]], s["from_us"], s["to_us"], _text(s, words)) for s in must["spells"]
    )
    sums = tuple(
        (words.reader.of("must_time", state), LOOKS[state], us) for state, us in must["sums_us"].items() if us
    )
    return MustBar(NAMES[must["must"]], parts, sums)


def _text(spell: Mapping[str, Any], words: Words) -> str:
    """What a finger on the bar is told: state, room, reason, times."""
    reader = words.reader
    said = [reader.of("must_time", spell["state"])]
    if spell["room"] is not None:
        said.append(words.room(spell["room"]))
    if spell["why"]:
        said.append(reader.of("blind_why", spell["why"]))
    said.append(f"{reader.stamp(spell['from_us'])}–{reader.stamp(spell['to_us'])}")
    return " · ".join(said)
