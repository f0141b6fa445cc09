"""The readable report as PDF, set by Typst from plain data. The same data and fonts give the same bytes."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

NAME = "report.pdf"
FONT = "Noto Sans CJK SC"


class ReportError(RuntimeError):
    """The report cannot be set; says what was expected and what to install."""


def report_pdf(picture: dict[str, Any]) -> bytes:
    """PDF of `picture.picture`. Raises `ReportError`."""
    source = resources.files("caseserver.bundle").joinpath("report.typ").read_bytes()
    return set_pdf(source, picture)


def set_pdf(source: bytes, data: dict[str, Any]) -> bytes:
    """PDF of a Typst text that reads its words out of `sys.inputs.data`. Raises `ReportError`."""
    try:
        import typst
    except ImportError:
        raise ReportError("expected the package typst (pip install 'caseward[server]'), found none") from None
    if FONT not in typst.Fonts().families():
        raise ReportError(f"expected the font {FONT} (Debian: fonts-noto-cjk), found none")
    words = json.dumps(data, ensure_ascii=False, sort_keys=True)
    try:
        return bytes(typst.compile(source, format="pdf", sys_inputs={"data": words}, timestamp=0))
    except typst.TypstError as error:
        raise ReportError(f"expected a report that can be set, found: {error}") from error
