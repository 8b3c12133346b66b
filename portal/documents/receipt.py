"""A receipt or credit note as PDF: the same content gives the same bytes (PAY-15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, Table

from portal.documents.content import Content, Part, Tender
from portal.documents.paper import TIGHT, WIDTH, print_pages
from portal.documents.typeset import INK, LINE, paragraph
from portal.documents.words import Words
from portal.kit import display

_AMOUNTS = (WIDTH * 0.46, WIDTH * 0.08, WIDTH * 0.22, WIDTH * 0.24)


def render_receipt(content: Content, *, logo: bytes | None = None) -> bytes:
    """Set the document on A4 pages, as many as it takes; `logo` is the picture that `brand_logo` names."""
    words = Words(content["locale"])
    money = partial(display.format_money, currency=content["currency"], locale=content["locale"])
    return print_pages(
        _story(content, words, money),
        title=f"{words.title(content['kind'])} {content['label']}",
        label=content["label"],
        author=content["issuer"],
        brand_name=content["brand_name"],
        brand_colour=content["brand_colour"],
        logo=logo,
        words=words,
    )


def _story(content: Content, words: Words, money: Callable[[int], str]) -> list[Flowable]:
    story: list[Flowable] = [
        paragraph(words.title(content["kind"]), "title"),
        _facts(content, words),
        Spacer(1, 4 * mm),
    ]
    for part in content["parts"]:
        story += [paragraph(part["store"], "heading"), _lines(part, words, money)]
    if content.get("exchange"):
        story.append(paragraph(words.difference, "small"))
    story += [Spacer(1, 5 * mm), _totals(content, words, money)]
    if content["tenders"]:
        heading = words.goes_back_to if content["kind"] == "credit_note" else words.paid_with
        story += [paragraph(heading, "heading"), _tenders(content["tenders"], words, money)]
    if (platform := content["platform"]) is not None:
        amount = display.format_money(platform["amount_minor"], platform["currency"], content["locale"])
        at = _instant(platform["at"], content)
        rate = display.format_exchange(
            content["currency"], platform["currency"], Decimal(platform["rate"]), content["locale"]
        )
        story += [
            Spacer(1, 3 * mm),
            paragraph(words.converted(amount, rate, platform["source"], at), "small"),
        ]
    return story


def _facts(content: Content, words: Words) -> Table:
    rows = [
        (words.number, content["label"]),
        (words.issued_by, content["issuer"]),
        (words.issued_at, _instant(content["issued_at"], content)),
        (words.order, content["order"]),
        (words.paid_at, _instant(content["paid_at"], content)),
        (words.buyer, content["buyer"]),
    ]
    if exchange := content.get("exchange"):
        rows.insert(5, (words.exchange, exchange))
    if content["corrects"]:
        rows.insert(1, (words.corrects, content["corrects"]))
    cells = [[paragraph(name, "small"), paragraph(value)] for name, value in rows]
    return Table(cells, colWidths=(WIDTH * 0.26, WIDTH * 0.74), style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *TIGHT])


def _lines(part: Part, words: Words, money: Callable[[int], str]) -> Table:
    head = [(words.item, "small"), (words.quantity, "small-right"), (words.price, "small-right")]
    rows = [[paragraph(text, name) for text, name in (*head, (words.amount, "small-right"))]]
    for line in part["lines"]:
        name = line["name"] + (f", {line['options']}" if line["options"] else "")
        rows.append(
            [
                paragraph(name),
                paragraph(str(line["quantity"] or "–"), "right"),
                paragraph(money(line["unit_minor"]) if line["unit_minor"] is not None else "", "right"),
                paragraph(money(line["subtotal_minor"]), "right"),
            ]
        )
        if line["discount_minor"]:
            reduced = paragraph(money(-line["discount_minor"]), "small-right")
            rows.append([paragraph(words.discount, "small"), paragraph(""), paragraph(""), reduced])
    shipping = paragraph(money(part["shipping_minor"]), "right")
    rows.append([paragraph(words.shipping, "small"), paragraph(""), paragraph(""), shipping])
    return Table(
        rows,
        colWidths=_AMOUNTS,
        repeatRows=1,
        style=[("LINEBELOW", (0, 0), (-1, 0), 0.75, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP"), *TIGHT],
    )


def _totals(content: Content, words: Words, money: Callable[[int], str]) -> Table:
    rows: list[tuple[str, str, str]] = [(words.items, money(content["subtotal_minor"]), "text")]
    named = sum(one["amount_minor"] for one in content["discounts"])
    rows += [
        (f"{one['name']} ({words.funding(one['funding'])})", money(-one["amount_minor"]), "text")
        for one in content["discounts"]
    ]
    if rest := content["discount_minor"] - named:
        rows.append((words.discount, money(-rest), "text"))
    rows.append((words.shipping, money(content["shipping_minor"]), "text"))
    added = [tax for tax in content["taxes"] if not tax["inclusive"]]
    rows += [(words.tax(_percent(tax["rate"])), money(tax["amount_minor"]), "text") for tax in added]
    if fee := content.get("restocking_minor"):
        rows.append((words.restocking, money(-fee), "text"))
    rows.append((words.total, money(content["total_minor"]), "total"))
    rows += [
        (words.tax_included(_percent(tax["rate"])), money(tax["amount_minor"]), "small")
        for tax in content["taxes"]
        if tax["inclusive"]
    ]
    cells = [
        [paragraph(name, form), paragraph(amount, "right" if form == "text" else f"{form}-right")]
        for name, amount, form in rows
    ]
    total = next(number for number, row in enumerate(rows) if row[2] == "total")
    return Table(
        cells,
        colWidths=(WIDTH * 0.66, WIDTH * 0.34),
        style=[
            ("LINEABOVE", (0, 0), (-1, 0), 1, INK),
            ("LINEABOVE", (0, total), (-1, total), 0.75, LINE),
            *TIGHT,
        ],
    )


def _tenders(tenders: list[Tender], words: Words, money: Callable[[int], str]) -> Table:
    rows = []
    for one in tenders:
        name = words.tender(one["type"], one["method"])
        details = [f"···· {one['last4']}"] if one["last4"] else []
        details += [words.points(one["points"])] if one["points"] else []
        details += [one["ref"]] if one["ref"] else []
        rows.append(
            [
                paragraph(name),
                paragraph(" · ".join(details), "small"),
                paragraph(money(one["amount_minor"]), "right"),
            ]
        )
    return Table(rows, colWidths=(WIDTH * 0.3, WIDTH * 0.46, WIDTH * 0.24), style=list(TIGHT))


def _instant(at: str, content: Content) -> str:
    """An instant in the channel's zone, which is named."""
    zone = ZoneInfo(content["zone"])
    return display.format_instant(datetime.fromisoformat(at), content["locale"], zone, with_zone=True)


def _percent(rate: str) -> str:
    return f"{(Decimal(rate) * 100).normalize():f}%"
