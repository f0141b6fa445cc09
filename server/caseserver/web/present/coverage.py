"""Coverage of the sources of all areas, from the hourly roll-ups of the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caseserver.samples import Series
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views_ledger import CoverageCell, CoveragePlot, CoverageRow

HOURS = 24
HOUR_US = 3_600_000_000


def coverage_plot(
    states: Sequence[AreaPicture], series: Mapping[str, Sequence[Series]], reader: Reader
) -> CoveragePlot:
    """``series``: area id -> coverage of its sources, in cells of an hour."""
    rows = []
    for state in states:
        words = Words(state.area, state.world, reader)
        for item in series.get(state.area.id, ()):
            cells = tuple(CoverageCell(cell.from_us, cell.seen_s, cell.unseen_s) for cell in item.cells)
            if not any(cell.seen_s or cell.unseen_s for cell in cells):
                continue
            rows.append(CoverageRow(source_name(item.source, words, reader), cells))
    first = min((cell.from_us for row in rows for cell in row.cells), default=reader.now_us)
    return CoveragePlot(first, reader.now_us, tuple(rows))


def source_name(source: str, words: Words, reader: Reader) -> str:
    """``node:n3`` or ``n3`` as 节点 n3; ``gateway`` with the gateway's own name."""
    kind, _, ref = source.rpartition(":")
    if source == "gateway":
        return reader.of("health", "gateway", name=words.area.gateway)
    if ref in words.area.recorders:
        return words.recorder(ref)
    if kind == "node" or ref in words.area.nodes:
        return reader.of("by", "node", name=ref)
    if kind == "port":
        return reader.t("coverage.port", name=ref)
    if source == "server":
        return reader.t("coverage.server", name=words.area.gateway)
    return source
