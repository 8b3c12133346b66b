"""What is handed in against a dispute as one PDF, in English, for gateways that take files (STR-05).

The same facts give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, SimpleDocTemplate, Spacer

from portal.documents.typeset import paragraph

_MARGIN = 20 * mm


def render_letter(title: str, sections: Sequence[tuple[str, str]]) -> bytes:
    """Set headings with their texts on A4 pages; a section without text is left out."""
    story: list[Flowable] = [paragraph(title, "title"), Spacer(1, 4 * mm)]
    for heading, text in sections:
        if text:
            story += [paragraph(heading, "heading"), *(paragraph(line) for line in text.splitlines() if line.strip())]
    file = BytesIO()
    SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=title,
        lang="en",
        invariant=1,
    ).build(story)
    return file.getvalue()
