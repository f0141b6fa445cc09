"""What can be done at a cabinet: each task with its steps, who does it, who signs, what the compartment is opened for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from casekiosk.drafts import GIVER, OFFICER, OWNER, PERSON, TAKER
from custody.world import Officer

EFFECTS: Final = ("effects",)
STORES: Final = ("property", "dangerous", "dossier")
KEEPERS: Final = ("keeper",)
EXHIBITS: Final = ("property", "dangerous")
PUT_IN: Final = ("store", "give_back")
"""Purposes for which a compartment is chosen; for all others it is the one in which the things lie."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task. `steps` in order; `pads`: who signs, in order; `act`: what is signed; `purpose`: of the compartment.

    `needs`: who has to be there beside the keeper: "person" (a stay, by its wristband), "officer" (who took the thing,
    borrows or carries it), "both", or "".
    """

    name: str
    cabinets: tuple[str, ...]
    roles: tuple[str, ...]
    steps: tuple[str, ...]
    purpose: str
    needs: str = ""
    pads: tuple[str, ...] = ()
    act: str = ""


_ALL: Final = (
    Task(
        "put_in", EFFECTS, KEEPERS, ("who", "list", "sign", "open", "done"), "store", "both",
        (PERSON, GIVER, TAKER), "listing",
    ),
    Task(
        "hand_back", EFFECTS, KEEPERS, ("who", "choose", "open", "sign", "done"), "return", "person",
        (PERSON, OFFICER), "returning",
    ),
    Task(
        "hand_over", STORES, KEEPERS, ("who", "choose", "list", "sign", "open", "done"), "store", "officer",
        (GIVER, TAKER), "receipt",
    ),
    Task(
        "lend", STORES, KEEPERS, ("who", "choose", "open", "sign", "done"), "lend", "officer", (GIVER, TAKER), "receipt"
    ),
    Task(
        "give_back", STORES, KEEPERS, ("who", "choose", "sign", "open", "done"), "give_back", "officer",
        (GIVER, TAKER), "receipt",
    ),
    Task("take_out", (*EFFECTS, *STORES), KEEPERS, ("choose", "open", "done"), "take_out"),
    Task("store", (*EFFECTS, *STORES), KEEPERS, ("choose", "open", "done"), "store"),
    Task(
        "send", (*EFFECTS, *EXHIBITS), KEEPERS, ("who", "choose", "where", "open", "done"), "take_out", "officer"
    ),
    Task(
        "receive", EXHIBITS, KEEPERS, ("who", "choose", "sign", "open", "done"), "store", "officer",
        (GIVER, TAKER), "receipt",
    ),
    Task(
        "restore", EXHIBITS, KEEPERS, ("choose", "open", "sign", "done"), "take_out", "",
        (OWNER, OFFICER), "returning",
    ),
    Task("inspect", (*EFFECTS, *STORES), KEEPERS, ("choose", "open", "look", "done"), "inspect"),
    Task("count", (*EFFECTS, *STORES), KEEPERS, ("open", "count", "done"), "count"),
)  # fmt: skip
TASKS: Final[Mapping[str, Task]] = {task.name: task for task in _ALL}


def tasks_of(kind: str, officer: Officer) -> tuple[str, ...]:
    """What this officer may do at a cabinet of this kind."""
    return tuple(t.name for t in _ALL if kind in t.cabinets and set(officer.roles) & set(t.roles))
