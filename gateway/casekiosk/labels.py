"""Labels for bags and compartments: a code that says which, as a drawing that prints sharply at any size."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import segno

ITEM: Final = "caseward:item:"
COMPARTMENT: Final = "caseward:compartment:"


def item_code(ref: str) -> str:
    """What the label of an item says to a scanner: its random reference and nothing else."""
    return ITEM + ref


def compartment_code(area: str, compartment: str) -> str:
    """What the label of a compartment says."""
    return f"{COMPARTMENT}{area}/{compartment}"


def drawing(code: str) -> str:
    """A QR code as inline SVG, error correction Q: a quarter of it may be torn or dirty."""
    out = BytesIO()
    segno.make(code, error="q", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=False, border=2, omitsize=True
    )
    return out.getvalue().decode().strip()
