"""Which papers there are: columns, signatures and copies as data, those of a law apart from those of the site."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from custody.name import Name
from custody.property_words import ITEM_KINDS, PROCEDURES_OF_SEIZURE, SIGNED_ACTS

COLUMNS: Final = (
    "number", "title", "serial", "pieces", "features", "source", "seal", "marks", "state", "holder", "remark",
)  # fmt: skip
WHO: Final = ("person", "holder", "owner", "witness", "officer", "keeper", "receiver", "giver", "taker")
COPIES_MAX: Final = 10


class PaperError(ValueError):
    """A file of papers cannot be used; says where, what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One kind of paper. `signatures`: (who, name); `copies`: for whom each is, empty where nothing says; `procedure`: of
    which seizures, empty for all."""

    id: str
    title: Name
    basis: str
    source: Name
    kinds: tuple[str, ...]
    procedure: str
    act: str
    columns: tuple[str, ...]
    signatures: tuple[tuple[str, Name], ...]
    copies: tuple[Name, ...]


@lru_cache(maxsize=4)
def papers(local: Path | None = None) -> Mapping[str, Paper]:
    """The bundled papers by id, with those of the site. Raises `PaperError`: what a law prescribes is not replaced."""
    bundled = resources.files("caseserver.web.property").joinpath("papers.toml").read_text(encoding="utf-8")
    found = {paper.id: paper for paper in read_papers(bundled, "papers.toml")}
    if local is None:
        return found
    try:
        text = local.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PaperError(f"{local}: expected a file of papers, found {error}") from None
    for paper in read_papers(text, local.name):
        if paper.basis != "local":
            raise PaperError(f"{local.name}: {paper.id}: expected basis local, found {paper.basis}")
        if paper.id in found and found[paper.id].basis == "law":
            raise PaperError(
                f"{local.name}: {paper.id}: expected a paper that no law prescribes, found {paper.id}"
            )
        found[paper.id] = paper
    return found


def read_papers(text: str, where: str) -> list[Paper]:
    """Papers out of TOML. Raises `PaperError`."""
    try:
        tables = tomllib.loads(text).get("paper", [])
    except tomllib.TOMLDecodeError as error:
        raise PaperError(f"{where}: expected TOML 1.0, found {error}") from None
    return [_read(table, where) for table in tables]


def _read(table: Mapping[str, Any], where: str) -> Paper:
    ref = str(table.get("id", ""))
    place = f"{where}: paper {ref or '?'}"
    try:
        paper = Paper(
            ref, _name(table["title"]), str(table.get("basis", "local")), _name(table["source"]), tuple(table["kinds"]),
            str(table.get("procedure", "")), str(table["act"]), tuple(table["columns"]),
            tuple((str(one["who"]), _name(one)) for one in table["signatures"]), tuple(map(_name, table["copies"])),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise PaperError(
            f"{place}: expected id, title, source, kinds, act, columns, signatures, copies, found no {error}"
        ) from None
    checks = (
        (bool(ref), "an id", ref),
        (paper.basis in ("law", "local"), "basis law or local", paper.basis),
        (set(paper.kinds) <= set(ITEM_KINDS), f"kinds out of {', '.join(ITEM_KINDS)}", ", ".join(paper.kinds)),
        (paper.procedure in ("", *PROCEDURES_OF_SEIZURE), "a procedure of seizure", paper.procedure),
        (paper.act in SIGNED_ACTS, f"act out of {', '.join(SIGNED_ACTS)}", paper.act),
        (set(paper.columns) <= set(COLUMNS), f"columns out of {', '.join(COLUMNS)}", ", ".join(paper.columns)),
        ({who for who, _ in paper.signatures} <= set(WHO), f"who out of {', '.join(WHO)}", paper.signatures),
        (0 < len(paper.copies) <= COPIES_MAX, f"1 to {COPIES_MAX} copies", len(paper.copies)),
    )  # fmt: skip
    for is_right, expected, found in checks:
        if not is_right:
            raise PaperError(f"{place}: expected {expected}, found {found}")
    return paper


def _name(table: Mapping[str, Any]) -> Name:
    return Name(str(table["zh"]), str(table["en"]))
