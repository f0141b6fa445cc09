"""A list that is being made at one cabinet, from the first item to the last signature and the shut door.

Nothing in it is evidence before it is a fact in the log. It is kept on the disk at each touch, sealed with a key of this machine,
so that a gateway that dies loses none of it; with its last fact it is deleted.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

VERSION: Final = 1
PERSON, OFFICER, WITNESS, GIVER, TAKER, OWNER = "person", "officer", "witness", "giver", "taker", "owner"


class DraftError(ValueError):
    """A kept draft cannot be read; says what was expected and what came."""


@dataclass(slots=True)
class Signature:
    """Who signed: a part (PERSON, WITNESS, GIVER …), the commitment to the image, when (microseconds UTC)."""

    part: str
    digest: str
    at_us: int


@dataclass(slots=True)
class Item:
    """One line. `ref`: the item's random reference; `title` a code of ours or words typed; `photo` a commitment in hex."""

    ref: str
    title: str = ""
    features: str = ""
    serial: str = ""
    pieces: int = 1
    valuable: bool = False
    dangerous: bool = False
    cash: bool = False
    seal: str = ""
    photo: str = ""
    no_photo: str = ""
    stay: str = ""  # the item's own, where it has one
    case: str = ""
    away: str = ""  # the place that holds it outside the house
    compartment: str = ""
    condition: str = ""
    due_us: int = 0  # of an approved loan
    is_missing: bool = False
    by_ledger: str = ""  # who holds it by the ledger, where a count found it elsewhere
    is_chosen: bool = True
    described: dict[str, str] = field(default_factory=dict)  # field -> commitment

    @property
    def is_seen(self) -> bool:
        """It has its photo, or its reason why not."""
        return bool(self.photo or self.no_photo)


@dataclass(slots=True)
class Draft:
    """What one task has come to. `step` counts from 0 in the task's own steps; `stated`: moments whose facts are in the log."""

    id: str
    task: str
    cabinet: str
    officer: str
    begun_us: int
    stay: str = ""
    case: str = ""
    other: str = ""  # the second officer: borrower, carrier, or who hands over
    destination: str = ""  # where things are sent
    kept_because: str = ""  # why nobody collects the effects: one ground for the list
    step: int = 0
    items: list[Item] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    is_refused: bool = False
    photos: int = 0
    compartment: str = ""
    requests: int = 0
    is_by_key: bool = False  # the mechanical key was announced for the compartment in hand
    is_opened: bool = False
    is_shut: bool = False
    stated: list[str] = field(default_factory=list)
    attempt: int = 0  # of stating a moment's facts anew after a refusal
    accepted: list[str] = field(default_factory=list)  # keys of facts of a moment that is not all in the log
    counted: list[str] = field(default_factory=list)  # compartments looked through
    leaf: int = -1
    ended_us: int = 0

    @property
    def chosen(self) -> list[Item]:
        """The items that the task is about."""
        return [item for item in self.items if item.is_chosen]

    @property
    def owner(self) -> tuple[str, str]:
        """Stay and case whose keys seal the list's photos and signatures: what is listed together has one owner."""
        first = next(iter(self.chosen), None)
        if self.stay or first is None:
            return self.stay, self.case
        return first.stay, first.case

    @property
    def request(self) -> str:
        """Id of the request that runs, or ran last; empty before the first."""
        return f"{self.id}-open-{self.requests}" if self.requests else ""

    def signature(self, part: str) -> Signature | None:
        """The signature of one part, where it was given."""
        return next((s for s in self.signatures if s.part == part), None)

    def as_bytes(self) -> bytes:
        """To be kept."""
        return json.dumps({"v": VERSION, **asdict(self)}, ensure_ascii=False).encode()


def draft_of(data: bytes) -> Draft:
    """Read what `as_bytes` gave. Raises `DraftError`."""
    try:
        value: dict[str, Any] = json.loads(data)
        if value.pop("v") != VERSION:
            raise DraftError(f"expected a draft of version {VERSION}, found another")
        items = [Item(**item) for item in value.pop("items")]
        signatures = [Signature(**signature) for signature in value.pop("signatures")]
        return Draft(items=items, signatures=signatures, **value)
    except (KeyError, TypeError, ValueError) as error:
        raise DraftError(f"expected a draft that this program wrote, found: {error}") from None
