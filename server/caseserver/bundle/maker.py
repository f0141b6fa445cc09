"""Making a bundle: chosen, stated, set, signed, and read back before it leaves the house."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caselog import bundle, bundlecheck
from caselog.bundle import Contents, Manifest, Report, Text
from caselog.keys import Signer
from caselog.leaf import LeafRecord
from caseserver.bundle import statements as statement_makers
from caseserver.bundle.disclosed import Disclose, nothing
from caseserver.bundle.picture import picture, unproved
from caseserver.bundle.report import NAME, report_pdf
from caseserver.bundle.selection import NothingToBundle, Selection, select
from caseserver.bundle.texts import FOLDER, TextShelf
from caseserver.store.database import Database
from caseserver.store.leaves import LeafReader
from custody.area import Area
from custody.explain.wording import Wording
from custody.rules import Rulebook


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle: its bytes, what was chosen, and the leaves that name other stays."""

    data: bytes
    selection: Selection
    others: tuple[int, ...]


class BundleMaker:
    """Makes bundles out of one server's store."""

    def __init__(self, data: Path, database: Database, maker: Signer) -> None:
        """`data`: the server's directory; `maker`: its own key, under its name."""
        self.texts = TextShelf(data / FOLDER)
        self._reader = LeafReader(database)
        self._maker = maker

    def make(
        self, area: Area, rulebook: Rulebook, stay: str, made_us: int, disclose: Disclose = nothing,
        log: str = "",
    ) -> Made:  # fmt: skip
        """The bundle of one stay. `made_us`: now; `disclose`: values of commitments to lay open; `log`: the name of
        one that has ended, where it is not the gateway's present one.

        Raises `NothingToBundle`, `ReportError`, `FormatError` where the store holds what is no log.
        """
        log = log or area.gateway
        selection = select(self._reader, log, stay)
        texts = self._texts(selection)
        leaves = [json.loads(data) for data in self._reader.run(log, 0, selection.head.size)]
        made = statement_makers.statements(leaves, area, rulebook, stay)
        others = naming_others(selection.own, {leaf["stay"] for leaf in leaves if leaf["stay"]} - {stay})
        unshown = unproved(selection, Wording(area), self._maker.name, others)
        shown = picture(selection, made, area, rulebook, unshown, made_us)
        contents = Contents(
            selection.head, [record.data for record in selection.records], selection.proof, selection.note, texts,
            list(disclose(selection.own)), made, Report(NAME, report_pdf(shown)),
        )  # fmt: skip
        said = {"en": [name.en for name in unshown], "zh": [name.zh for name in unshown]}
        lines = list(bundle.lines(contents, Manifest(made_us, said), self._maker))
        bundlecheck.read(lines)
        return Made(b"".join(lines), selection, tuple(others))

    def _texts(self, selection: Selection) -> list[Text]:
        """The texts that the configurations of the stay name, each once."""
        found: dict[str, Text] = {}
        for record in selection.configurations:
            for key, kind in (("config_hash", "area"), ("rulebook_hash", "rulebook")):
                name = str(record.body.get(key))
                text = self.texts.get(name)
                if text is None:
                    raise NothingToBundle(
                        f"expected the text with SHA-256 {name} ({key} of leaf {record.index}), found none: "
                        "give its file with --text"
                    )
                found[name] = Text(f"{kind}-{name[:8]}.toml", text)
        return list(found.values())


def naming_others(own: Iterable[LeafRecord], others: set[str]) -> list[int]:
    """Indices of leaves whose body names one of the stays `others`."""
    return [record.index for record in own if others & set(_texts_in(record.body))]


def _texts_in(value: Any) -> Iterable[str]:
    """Every text of a body, and the part after the colon of subjects such as `stay:s-1`."""
    if isinstance(value, str):
        yield value
        yield value.partition(":")[2]
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_in(inner)
