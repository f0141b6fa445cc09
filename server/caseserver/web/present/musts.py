"""The four musts of a stay to the second, from the ledger's coverage: what was kept, what was not, what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from caseserver.web.present.words import Words
from caseserver.web.views import MustName, MustShare
from caseserver.web.views_ledger import FourMusts, MustBar, MustPart
from custody.times import SECOND_US

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


def shares_of(musts: FourMusts | None, shares: tuple[MustShare, ...]) -> tuple[MustShare, ...]:
    """The same shares with the seconds of the bars, so that a page says one number of one thing."""
    bars = {bar.must: bar for bar in musts.bars} if musts is not None else {}
    return tuple(
        _share(bars[share.must], share) if share.must in bars and share.whole_s is not None else share
        for share in shares
    )


def _share(bar: MustBar, share: MustShare) -> MustShare:
    sums_us = {look: sum(us for _, of, us in bar.sums if of == look) for look in ("kept", "short", "blind")}
    return replace(
        share,
        whole_s=sum(sums_us.values()) // SECOND_US,
        short_s=sums_us["short"] // SECOND_US,
        blind_s=sums_us["blind"] // SECOND_US,
    )


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
