"""The page that all documents share: A4, the brand above, the page's number below."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import Any

from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, SimpleDocTemplate

from portal.documents.typeset import INK, INK_2, REGULAR, colour, setable
from portal.documents.words import Words

MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN
_HEAD_HEIGHT = 9 * mm
_LOGO_HEIGHT, _LOGO_WIDTH_MAX = 8 * mm, 40 * mm
# Four times what a screen shows of so many points.
_LOGO_PIXELS = (450, 90)
_FRAME_PADDING = 6  # Points that a frame of ReportLab keeps on each side.

# Cells that stand as close as lines of text.
TIGHT = (
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
)


def print_pages(
    story: Sequence[Flowable],
    *,
    title: str,
    label: str,
    author: str,
    brand_name: str,
    brand_colour: str | None,
    words: Words,
    logo: bytes | None = None,
) -> bytes:
    """Set a story on as many pages as it takes; `logo` is a picture. The same story gives the same bytes."""
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=MARGIN - _FRAME_PADDING,
        rightMargin=MARGIN - _FRAME_PADDING,
        topMargin=MARGIN + _HEAD_HEIGHT,
        bottomMargin=MARGIN,
        title=title,
        author=author,
        lang=words.locale,
        invariant=1,
    )
    frame = partial(_frame, brand_name, brand_colour, label, words, _drawable(logo) if logo else None)
    document.build(list(story), onFirstPage=frame, onLaterPages=frame)
    return file.getvalue()


def _drawable(logo: bytes) -> ImageReader:
    """A logo on white, no larger than it is printed."""
    with Image.open(BytesIO(logo)) as picture:
        shown = picture.convert("RGBA")
    shown.thumbnail(_LOGO_PIXELS)
    paper = Image.new("RGB", shown.size, "white")
    paper.paste(shown, mask=shown)
    return ImageReader(paper)


def _frame(
    brand_name: str,
    brand_colour: str | None,
    label: str,
    words: Words,
    logo: ImageReader | None,
    canvas: Canvas,
    document: Any,
) -> None:
    canvas.saveState()
    top = A4[1] - MARGIN
    canvas.setFillColor(colour(brand_colour))
    canvas.rect(0, A4[1] - 4 * mm, A4[0], 4 * mm, stroke=0, fill=1)
    canvas.setFillColor(INK)
    canvas.setFont(f"{REGULAR}-Bold", 12)
    canvas.drawString(MARGIN + _draw_logo(canvas, logo, top), top, setable(brand_name))
    canvas.setFillColor(INK_2)
    canvas.setFont(REGULAR, 8)
    canvas.drawRightString(A4[0] - MARGIN, top, setable(label))
    canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, words.page(document.page))
    canvas.restoreState()


def _draw_logo(canvas: Canvas, logo: ImageReader | None, top: float) -> float:
    """Draw it at the left of the brand's name; how much room it takes."""
    if logo is None:
        return 0
    width, height = logo.getSize()
    scale = min(_LOGO_HEIGHT / height, _LOGO_WIDTH_MAX / width)
    # In the middle of the name's capitals.
    canvas.drawImage(logo, MARGIN, top + 1.5 * mm - height * scale / 2, width * scale, height * scale)
    return float(width * scale + 3 * mm)
