"""Labels of parcels as PDF: who gets it, the carrier's number as a bar code, and what is inside (ORD-003)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Spacer, Table

from portal.documents.paper import TIGHT, WIDTH, print_pages
from portal.documents.slips import SlipLine, goods_table
from portal.documents.typeset import INK, paragraph
from portal.documents.words import Words

_BAR_WIDTH = 0.5 * mm


@dataclass(frozen=True, slots=True)
class ParcelLabel:
    """What stands on one; `number` is the carrier's."""

    order: str
    carrier: str
    number: str
    send_to: Sequence[str]
    lines: Sequence[SlipLine]


def render_labels(labels: Sequence[ParcelLabel], *, store: str, locale: str) -> bytes:
    """A page for each. A scanner reads exactly the carrier's number. Same labels, same bytes."""
    words = Words(locale)
    story: list[Flowable] = []
    for label in labels:
        if story:
            story.append(PageBreak())
        addresses = Table(
            [
                [paragraph(words.send_to, "heading"), paragraph(words.from_whom, "heading")],
                [[paragraph(line, "total") for line in label.send_to], [paragraph(store)]],
            ],
            colWidths=(WIDTH * 0.66, WIDTH * 0.34),
            style=[("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOX", (0, 1), (0, 1), 1, INK), *TIGHT[2:]],
        )
        story += [
            paragraph(label.carrier, "title"),
            addresses,
            Spacer(1, 6 * mm),
            Code128(label.number, barWidth=_BAR_WIDTH, barHeight=26 * mm, humanReadable=False),
            paragraph(label.number, "total"),
            Spacer(1, 5 * mm),
            paragraph(f"{words.order} {label.order}", "heading"),
            goods_table(label.lines, words),
        ]
    return print_pages(
        story,
        title=words.parcel_label,
        label=labels[0].number if len(labels) == 1 else str(len(labels)),
        author=store,
        brand_name=store,
        brand_colour=None,
        words=words,
    )
