"""What is quicker here than ReportLab's own way comes to the same."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFontFace
from reportlab.platypus import Paragraph

from portal.documents.paper import print_pages
from portal.documents.typeset import BOLD, REGULAR, paragraph
from portal.documents.words import Words
from tests.documents.reading import pages_of

pytestmark = pytest.mark.req("PAY-15")

SIGNS = st.text("머그컵 mugCUP 白é₩(19,800)·.-", max_size=40)


def broken(one: Any, width: float) -> tuple[tuple[float, float], list[str]]:
    """How large a paragraph is in a width, and its lines."""
    size = one.wrap(width, 1000)
    return size, [" ".join(words) for _, words in one.blPara.lines]


@given(SIGNS, st.floats(10, 400), st.sampled_from(["text", "right", "total", "small-right"]))
def test_a_line_is_broken_as_a_paragraph_is(text: str, width: float, name: str) -> None:
    line = paragraph(text, name)
    assert broken(line, width) == broken(Paragraph("", line.style, frags=list(line.frags)), width)


def test_a_text_that_just_fills_its_room_is_broken_as_a_paragraph_is() -> None:
    line = paragraph("머그컵 mug 9,900")
    exact = pdfmetrics.stringWidth("머그컵 mug 9,900", line.style.fontName, line.style.fontSize)
    for width in (exact - 1, exact - 1e-6, exact, exact + 1e-6, exact + 1):
        assert broken(paragraph("머그컵 mug 9,900"), width) == broken(
            Paragraph("", line.style, frags=list(line.frags)), width
        )


@pytest.mark.parametrize("text", ["한 줄", "여러 줄 " * 60])
def test_what_does_not_fit_goes_to_the_next_page(text: str) -> None:
    story = [paragraph(f"{number}. {text}", "total" if number % 3 else "text") for number in range(150)]
    pages = pages_of(
        print_pages(
            story,
            title="긴 편지",
            label="KR-1",
            author="포털",
            brand_name="포털",
            brand_colour=None,
            words=Words("ko"),
        )
    )
    assert len(pages) > 2
    assert [number for page in pages for number in map(int, re.findall(r"(\d+)\. ", page))] == list(range(150))


@pytest.mark.parametrize("name", [REGULAR, BOLD])
def test_a_font_is_cut_down_as_reportlab_cuts_it(name: str) -> None:
    paragraph("머그컵")
    face = pdfmetrics.getFont(name).face
    signs = [0, *map(ord, " 머그컵é₩½가힣")]
    assert face.makeSubset(signs) == TTFontFace(face.filename).makeSubset(signs)
