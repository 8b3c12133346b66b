"""The label of a return as PDF: whom it goes to, its number as a bar code, and what is in the parcel (ORD-005)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, HRFlowable, Spacer, Table

from portal.documents.paper import TIGHT, WIDTH, print_pages
from portal.documents.slips import SlipLine, goods_table
from portal.documents.typeset import INK, LINE, paragraph
from portal.documents.words import Words

_BAR_WIDTH = 0.5 * mm


@dataclass(frozen=True, slots=True)
class ReturnLabel:
    """What stands on it; `way_back` is buyer or store, `send_by` a day as the reader writes it."""

    number: str
    order: str
    store: str
    send_to: Sequence[str]
    sender: Sequence[str]
    lines: Sequence[SlipLine]
    way_back: str
    send_by: str
    locale: str


def render_return_label(label: ReturnLabel) -> bytes:
    """One page. A scanner reads the number without its hyphen, as a person may type it. Same label, same bytes."""
    words = Words(label.locale)
    receiver = [paragraph(label.store, "total"), *(paragraph(line) for line in label.send_to)]
    addresses = Table(
        [
            [paragraph(words.send_to, "heading"), paragraph(words.from_whom, "heading")],
            [receiver, [paragraph(line) for line in label.sender]],
        ],
        colWidths=(WIDTH * 0.58, WIDTH * 0.42),
        style=[("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOX", (0, 1), (0, 1), 1, INK), *TIGHT[2:]],
    )
    story: list[Flowable] = [
        paragraph(words.return_label, "title"),
        addresses,
        Spacer(1, 6 * mm),
        Code128(bar_value(label.number), barWidth=_BAR_WIDTH, barHeight=22 * mm, humanReadable=False),
        paragraph(label.number, "total"),
        paragraph(words.way_back.get(label.way_back, ""), "small"),
        Spacer(1, 5 * mm),
        HRFlowable(width="100%", dash=(3, 3), color=LINE),
        paragraph(words.put_inside, "small"),
        Spacer(1, 5 * mm),
        paragraph(f"{words.order} {label.order}", "heading"),
        paragraph(f"{words.send_by}: {label.send_by}"),
        Spacer(1, 3 * mm),
        goods_table(label.lines, words),
        Spacer(1, 4 * mm),
        Code128(bar_value(label.number), barWidth=_BAR_WIDTH, barHeight=12 * mm, humanReadable=False),
    ]
    return print_pages(
        story,
        title=words.return_label,
        label=label.number,
        author=label.store,
        brand_name=label.store,
        brand_colour=None,
        words=words,
    )


def bar_value(number: str) -> str:
    """What the bars say: letters and digits alone, which every scanner types."""
    return "".join(sign for sign in number if sign.isalnum())
