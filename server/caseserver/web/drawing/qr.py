"""A QR code as SVG: black on white in every theme, so that every camera reads it."""

from __future__ import annotations

from io import BytesIO

import segno
from markupsafe import Markup

from caseserver.web.reader import Reader


def qr(text: str, label: str, reader: Reader) -> Markup:
    """``label``: what it is, for who cannot see it; what it holds has to stand beside it as text."""
    drawn = segno.make(text, error="m", micro=False)
    # no title inside: it would repeat the secret to a screen reader; `label` names the picture instead
    # its size is the page's: one with a size of its own is cut on a phone, and its quiet zone with it
    inside = drawn.svg_inline(
        border=4, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True
    )
    picture = Markup(inside)  # noqa: S704 - segno's own drawing: digits and its own attributes
    return Markup('<figure class="qr" role="img" aria-label="{}">{}</figure>').format(label, picture)


def code_svg(text: str) -> str:
    """A code as an SVG file, error correction Q: a quarter of a label may be torn or dirty."""
    out = BytesIO()
    segno.make(text, error="q", micro=False).save(out, kind="svg", xmldecl=False, border=2)
    return out.getvalue().decode()
