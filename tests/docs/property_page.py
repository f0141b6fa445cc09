"""The generated tables of docs/property.md: which fact moves which item, and which tells of it; and of docs/property-cheats.md."""

from custody.movements import MOVES, SAME, TOLD
from tests.custody.cheats import CHEATS, Cheat


def moves() -> str:
    """Every row of the table of movements."""
    rows = ["| fact | kinds | from | debited | to | credited |", "|---|---|---|---|---|---|"]
    for move in MOVES:
        kinds = ", ".join(move.kinds) + ("" if move.to_kind == SAME else f" → {move.to_kind}")
        rows.append(
            f"| `{move.fact}` | {kinds} | {move.state or '–'} | {move.debited} | {move.to_state} | {move.credited} |"
        )
    return "\n".join(rows) + "\n"


def told() -> str:
    """Every fact that moves nothing, with the kinds and states in which it may be told."""
    rows = ["| fact | kinds | states |", "|---|---|---|"]
    rows += [
        f"| `{fact}` | {', '.join(kinds)} | {', '.join(states)} |" for fact, (kinds, states) in TOLD.items()
    ]
    return "\n".join(rows) + "\n"


_CAUGHT = {
    "refusal": "refused as `{}`", "alarm": "alarm `{}`", "count": "the count: {}", "auditor": "the auditor: {}", "order": "{}",
    "decision": "{}", "nothing": "**nothing**",
}  # fmt: skip


def cheats() -> str:
    """Every way to cheat that was tried, what catches it, and what is left."""
    rows = ["| | what is tried | caught by | what is left |", "|---|---|---|---|"]
    rows += [f"| {cheat.id} | {cheat.what} | {_caught(cheat)} | {cheat.left or '–'} |" for cheat in CHEATS]
    return "\n".join(rows) + "\n"


def _caught(cheat: Cheat) -> str:
    said = _CAUGHT[cheat.by].format(cheat.caught)
    return f"{said} (`{cheat.test}`)" if cheat.test else said
