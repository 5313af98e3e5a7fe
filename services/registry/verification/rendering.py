"""What the certificate's template needs beside the sheet: its QR code."""

from typing import Any

import segno
from markupsafe import Markup

from services.registry.verification.domain.sheet import Sheet


def paper(sheet: Sheet) -> dict[str, Any]:
    """What the certificate's template needs."""
    return {"sheet": sheet, "qr": qr(sheet.page)}


def qr(text: str) -> Markup:
    """A QR code as SVG within the page, with its quiet zone; a quarter of it may be lost (level Q)."""
    made = segno.make(text, error="q", micro=False)
    return Markup(made.svg_inline(border=2, omitsize=True, svgclass="qr", lineclass=None))  # noqa: S704 - a drawing
