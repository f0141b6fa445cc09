"""The generated tables of docs/property.md: which fact moves which item, and which tells of it."""

from custody.movements import MOVES, SAME, TOLD


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
