"""A pick list and packing slips as PDF: what to fetch from the shelf, and what goes into which parcel (ORD-10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Spacer, Table

from portal.documents.paper import TIGHT, WIDTH, print_pages
from portal.documents.typeset import LINE, paragraph
from portal.documents.words import Words


@dataclass(frozen=True, slots=True)
class SlipLine:
    """Pieces that go into the parcel; name and options in the reader's language."""

    sku: str
    name: str
    options: str
    pieces: int


@dataclass(frozen=True, slots=True)
class Slip:
    """An order's slip: without amounts, because the parcel may be a present."""

    order: str
    address: Sequence[str]
    lines: Sequence[SlipLine]


def render_slips(
    slips: Sequence[Slip], *, store: str, locale: str, with_list: bool, left_out: Sequence[tuple[str, str]] = ()
) -> bytes:
    """A page for each order; before them, if wanted, what is to be fetched for all of them. Same slips, same bytes.

    `left_out` are orders that have no slip, each with the reason; they stand below the list.
    """
    words = Words(locale)
    story: list[Flowable] = []
    if with_list:
        story += [paragraph(words.pick_list, "title"), Spacer(1, 4 * mm), goods_table(_sums(slips), words)]
        if left_out:
            story += [Spacer(1, 5 * mm), paragraph(words.left_out, "heading")]
            story += [paragraph(f"{number}: {why}") for number, why in left_out]
    for slip in slips:
        if story:
            story.append(PageBreak())
        story += [
            paragraph(words.packing_slip, "title"),
            paragraph(slip.order, "total"),
            paragraph(words.deliver_to, "heading"),
            *(paragraph(line) for line in slip.address),
            Spacer(1, 5 * mm),
            goods_table(slip.lines, words),
        ]
    return print_pages(
        story,
        title=words.packing_slip,
        label=slips[0].order if len(slips) == 1 else str(len(slips)),
        author=store,
        brand_name=store,
        brand_colour=None,
        words=words,
    )


def _sums(slips: Sequence[Slip]) -> list[SlipLine]:
    """The pieces of all slips by SKU, in the order of the SKUs, as shelves are."""
    found: dict[str, SlipLine] = {}
    for slip in slips:
        for line in slip.lines:
            known = found.get(line.sku)
            pieces = line.pieces + (known.pieces if known else 0)
            found[line.sku] = SlipLine(line.sku, line.name, line.options, pieces)
    return [found[sku] for sku in sorted(found)]


def goods_table(lines: Sequence[SlipLine], words: Words) -> Table:
    """Pieces by SKU, under a head that is repeated."""
    head = [paragraph(words.sku, "small"), paragraph(words.item, "small"), paragraph(words.quantity, "small-right")]
    rows = [head]
    for line in lines:
        name = line.name + (f", {line.options}" if line.options else "")
        rows.append([paragraph(line.sku), paragraph(name), paragraph(str(line.pieces), "strong-right")])
    return Table(
        rows,
        colWidths=(WIDTH * 0.32, WIDTH * 0.54, WIDTH * 0.14),
        repeatRows=1,
        style=[
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            *TIGHT,
        ],
    )


def address_lines(address: Mapping[str, str]) -> list[str]:
    """An address as it stands on a parcel, line by line."""
    place = " ".join(
        part
        for part in (address.get("postcode"), address.get("city"), address.get("region"), address.get("country"))
        if part
    )
    street = ", ".join(part for part in (address.get("line1"), address.get("line2")) if part)
    return [line for line in (address.get("name", ""), street, place, address.get("phone", "")) if line]
