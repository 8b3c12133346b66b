"""How documents look: fonts, colours, and paragraphs of text that may hold anything."""

from __future__ import annotations

import unicodedata
from functools import cache, partial
from pathlib import Path
from typing import Any

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.rl_accel import escapePDF, fp_str
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont, TTFontFace
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

REGULAR, BOLD = "NotoSansKR", "NotoSansKR-Bold"
INK, INK_2, LINE = HexColor("#1c2430"), HexColor("#5b6573"), HexColor("#d5dae0")
DEFAULT_COLOUR = "#2b5bd7"
# Stands where the font has no sign: seen by the reader, unlike a gap.
MISSING = "\N{WHITE SQUARE}"

# What is this much narrower than its room is one line, however its width is added up.
_NARROW = 0.01

_FOLDER = Path(__file__).parent / "fonts"


@cache
def _glyphs() -> frozenset[int]:
    """The signs that both weights have. Registers the fonts; reading them takes a moment, once per process."""
    found = []
    for name, file in ((REGULAR, "NotoSansKR-Regular.ttf"), (BOLD, "NotoSansKR-Bold.ttf")):
        # Only the signs that are used go into a document, not the whole of ASCII.
        font = TTFont(name, _FOLDER / file, asciiReadable=False)
        font.face.get_table = partial(_table, font.face)
        pdfmetrics.registerFont(font)
        found.append(frozenset(font.face.charToGlyph))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    return found[0] & found[1]


class _Outlines:
    """The glyphs of a font, of which only those that are asked for are copied: all of them are megabytes."""

    def __init__(self, face: TTFontFace, start: int) -> None:
        self._face, self._start = face, start

    def __getitem__(self, part: slice) -> bytes:
        outline: bytes = self._face.get_chunk(self._start + part.start, part.stop - part.start)
        return outline


def _table(face: TTFontFace, tag: str) -> bytes | _Outlines:
    """A table of a font file, as ReportLab asks for it with each document."""
    start, length = face.get_table_pos(tag)
    return _Outlines(face, start) if tag == "glyf" else face.get_chunk(start, length)


def setable(text: str) -> str:
    """The text with signs that the fonts have: composed, without what cannot be seen, and MISSING for the rest."""
    known = _glyphs()
    if text.isascii() and text.isprintable():
        return text  # Every font has these.
    composed = unicodedata.normalize("NFC", text)
    kept = (sign for sign in composed if sign.isspace() or not unicodedata.category(sign).startswith("C"))
    return "".join(" " if sign.isspace() else sign if ord(sign) in known else MISSING for sign in kept)


@cache
def style(name: str) -> ParagraphStyle:
    """The styles by name: text, small, right, total, heading, title."""
    _glyphs()
    base: dict[str, Any] = {"fontName": REGULAR, "fontSize": 9, "leading": 13, "textColor": INK, "wordWrap": "CJK"}
    styles: dict[str, dict[str, Any]] = {
        "text": {},
        "small": {"fontSize": 8, "leading": 11, "textColor": INK_2},
        "right": {"alignment": TA_RIGHT},
        "small-right": {"fontSize": 8, "leading": 11, "textColor": INK_2, "alignment": TA_RIGHT},
        "strong": {"fontName": BOLD},
        "strong-right": {"fontName": BOLD, "alignment": TA_RIGHT},
        "total": {"fontName": BOLD, "fontSize": 12, "leading": 16},
        "total-right": {"fontName": BOLD, "fontSize": 12, "leading": 16, "alignment": TA_RIGHT},
        "heading": {"fontName": BOLD, "fontSize": 10, "leading": 14, "spaceBefore": 10, "spaceAfter": 2},
        "title": {"fontName": BOLD, "fontSize": 20, "leading": 26},
    }
    return ParagraphStyle(name, **(base | styles[name]))


class Line(Paragraph):  # type: ignore[misc]  # ReportLab publishes no types.
    """A paragraph that mostly is one line, which is seen and drawn at once instead of sign by sign.

    It is broken into lines once for a width: a table asks for its size, and again when it is drawn.
    """

    _broken_for: float | None = None

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        # A paragraph that is asked to go over two pages in vain forgets its lines.
        if width != self._broken_for or not hasattr(self, "blPara"):
            super().wrap(width, height)
            self._broken_for = width
        return self.width, self.height

    def breakLinesCJK(self, widths: list[float]) -> Any:  # noqa: N802  # ReportLab's name.
        text = getattr(self.frags[0], "text", "") if self.frags else ""
        rest = widths[0] - pdfmetrics.stringWidth(text, self.style.fontName, self.style.fontSize)
        if not text or rest < _NARROW:
            return super().breakLinesCJK(widths)
        return self.frags[0].clone(kind=0, lines=[(rest, [text])])

    def drawOn(self, canvas: Canvas, x: float, y: float, _sW: float = 0) -> None:  # noqa: N802, N803  # ReportLab's.
        if len(self.blPara.lines) != 1 or self.blPara.kind:
            super().drawOn(canvas, x, y, _sW)
            return
        rest, (text,) = self.blPara.lines[0]
        style, font, document = self.style, pdfmetrics.getFont(self.style.fontName), canvas._doc  # noqa: SLF001  # As ReportLab's own texts do.
        size = fp_str(style.fontSize)
        shown = " ".join(
            f"{font.getSubsetInternalName(subset, document)} {size} Tf ({escapePDF(signs)}) Tj"
            for subset, signs in font.splitString(text, document)
        )
        at = fp_str(x + (rest if style.alignment == TA_RIGHT else 0), y + self.height - style.fontSize)
        canvas.addLiteral(f"q {fp_str(*style.textColor.rgb())} rg BT 1 0 0 1 {at} Tm {shown} ET Q")


@cache
def _fragment(name: str) -> Any:
    """What ReportLab's parser makes of a text in a style, for texts without markup to be put in."""
    return Paragraph("x", style(name)).frags[0]


def paragraph(text: str, name: str = "text") -> Paragraph:
    """A paragraph of any text: nothing in it is markup."""
    words = " ".join(setable(text).split())
    return Line("", style(name), frags=[_fragment(name).clone(text=words)] if words else [])


def colour(code: str | None) -> Color:
    """A brand's colour; the house's for one that makes no sense."""
    try:
        return HexColor(code or DEFAULT_COLOUR)
    except ValueError:
        return HexColor(DEFAULT_COLOUR)
