"""Lists as Excel sheets: what the pages show of the ledger, never what an item is called or looks like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from caseserver.web import wording
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import holder_words
from caseserver.web.property.things import marks_of
from caseserver.web.reader import Reader
from custody.catalogue.forms import FIELD_NAMES
from custody.items import Item
from custody.property_words import DISPOSALS, ITEM_KINDS, ITEM_STATES

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDE: Final = 22
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_MOMENT: Final = "yyyy-mm-dd hh:mm"


class SheetError(RuntimeError):
    """The sheet cannot be written; says what was expected and what to install."""


def item_sheet(items: Iterable[Item], state: AreaPicture, reader: Reader) -> bytes:
    """An .xlsx with one line an item. Raises `SheetError`."""
    heads = (
        reader.t("property.item"), reader.t("property.kind"), reader.t("property.state"), reader.t("property.holder"),
        reader.name(FIELD_NAMES["pieces"]), reader.t("property.marks"), reader.t("property.case"), reader.t("property.stay"),
        reader.name(FIELD_NAMES["seal"]), reader.name(FIELD_NAMES["tag"]), reader.t("property.entered"),
        reader.t("property.since"), reader.t("property.return_by"), reader.name(FIELD_NAMES["disposal"]),
    )  # fmt: skip
    rows = [
        (
            item.ref, reader.code(ITEM_KINDS, item.kind), reader.code(ITEM_STATES, item.state),
            holder_words(item.holder, state.area, reader), item.pieces, reader.t("page.list").join(marks_of(item, reader)),
            item.case or "", item.stay or "", item.seal, item.tag, _local(item.entered_us, reader), _local(item.since_us, reader),
            _local(item.loan.due_us, reader) if item.loan is not None else None,
            reader.code(DISPOSALS, item.disposal) if item.disposal else "",
        )
        for item in items
    ]  # fmt: skip
    return _book(reader.t("property.title"), heads, rows)


def _local(at_us: int, reader: Reader) -> datetime:
    """A moment as the clock on the wall has it; Excel knows no time zones."""
    return wording.local(at_us, reader.zone).replace(tzinfo=None)


def _book(title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    try:
        from openpyxl import Workbook
    except ImportError:
        raise SheetError(
            "expected the package openpyxl (pip install 'caseward[server]'), found none"
        ) from None
    book = Workbook()
    sheet = book.active
    sheet.title = title[:31]
    sheet.append(list(heads))
    for row in rows:
        sheet.append([_plain(value) for value in row])
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            if isinstance(cell.value, datetime):
                cell.number_format = _MOMENT
    for column in sheet.columns:
        sheet.column_dimensions[column[0].column_letter].width = _WIDE
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _plain(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is given as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
