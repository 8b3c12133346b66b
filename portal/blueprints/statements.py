"""A store's statement as the desks of sellers and administrators show it: figures, lines, file and paper (BAL-13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response
from flask_babel import gettext as _

from portal import formatting
from portal.blueprints.context import translated
from portal.blueprints.csv_files import csv_stream
from portal.blueprints.desk_words import word
from portal.blueprints.documents import Pdf, logo_of
from portal.blueprints.identity import current_channel, current_locale
from portal.db import reading
from portal.kit.money import as_decimal
from portal.kit.paging import Page
from portal.queries.payouts import StatementRow, statement_lines
from portal.queries.seller_balance import BalanceLine, Figures
from portal.rules.payouts import Figure

EXPORT_ROWS = 2_000
# On paper every line stands up to so many; more are in the file.
PAPER_LINES_MAX = 2_000
FIGURES = tuple(one.value for one in Figure)


def rows_of(figures: Figures | StatementRow) -> list[dict[str, Any]]:
    """The figures one below the other, with their signs: they add up to what moved. `figure` opens their lines."""
    return [
        {"label": _("Sales"), "amount_minor": figures.sales_minor, "figure": "sale"},
        {"label": _("Your coupons"), "amount_minor": -figures.own_coupons_minor, "figure": "sale"},
        {"label": _("Refunds"), "amount_minor": -figures.refunds_minor, "figure": None},
        {"label": _("Commission"), "amount_minor": -figures.commission_minor, "figure": None},
        {"label": _("Disputes, payouts and others"), "amount_minor": figures.other_minor, "figure": None},
    ]


def lines_of(statement: StatementRow) -> Iterator[BalanceLine]:
    """All lines, in pieces."""
    cursor: str | None = None
    while True:
        with reading() as session:
            page: Page[BalanceLine] = statement_lines(
                session, statement_id=statement.id, figure=None, cursor=cursor, rows_max=EXPORT_ROWS
            )
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def statement_file(statement: StatementRow) -> Response:
    """Every line of a statement as a file; the columns add up to its figures."""
    head = (
        _("Date"),
        _("What"),
        _("Order"),
        _("Entry"),
        _("Currency"),
        _("Sales"),
        _("Your coupons"),
        _("The mall's coupons"),
        _("Refunds"),
        _("Commission"),
        _("Other"),
        _("Net"),
    )

    def written(line: BalanceLine) -> Sequence[object]:
        amounts = (
            line.sales_minor,
            -line.own_coupons_minor,
            line.mall_coupons_minor,
            -line.refunds_minor,
            -line.commission_minor,
            line.other_minor,
            line.net_minor,
        )
        return (
            line.at.isoformat(timespec="seconds"),
            word("figure", line.figure),
            line.number or "",
            line.entry_id,
            statement.currency,
            *(as_decimal(amount, statement.currency) for amount in amounts),
        )

    return csv_stream(f"{statement.label}.csv", head, (written(line) for line in lines_of(statement)))


def statement_pdf(statement: StatementRow, store: str) -> Pdf:
    """The statement on paper: the same figures, and its lines."""
    # Fonts and typesetting are loaded with the first document: other pages can do without them.
    from portal.documents.sheet import Column, Part, Sheet, render_sheet

    channel, unit = current_channel(), statement.currency
    brand = translated(dict(channel.brand.get("name") or channel.name))

    def money(minor: int) -> str:
        return formatting.money(minor, unit)

    figures = [[_("Opening balance"), money(statement.opening_minor)]]
    figures += [[row["label"], money(row["amount_minor"])] for row in rows_of(statement)]
    figures.append([_("Closing balance"), money(statement.closing_minor)])
    note = ""
    if statement.mall_coupons_minor:
        note = _("of it paid by the mall for its coupons: %(amount)s", amount=money(statement.mall_coupons_minor))
    parts = [
        Part(
            _("Figures"),
            [Column(_("What"), 0.7), Column(_("Amount"), 0.3, is_amount=True)],
            figures,
            strong=frozenset({0, len(figures) - 1}),
        )
    ]
    if statement.lines <= PAPER_LINES_MAX:
        parts.append(
            Part(
                _("Lines"),
                [
                    Column(_("Date"), 0.17),
                    Column(_("What"), 0.1),
                    Column(_("Order"), 0.17),
                    Column(_("Sales"), 0.13, is_amount=True),
                    Column(_("Coupons"), 0.1, is_amount=True),
                    Column(_("Refunds"), 0.1, is_amount=True),
                    Column(_("Commission"), 0.1, is_amount=True),
                    Column(_("Net"), 0.13, is_amount=True),
                ],
                [
                    [
                        formatting.instant(line.at),
                        word("figure", line.figure),
                        line.number or "",
                        money(line.sales_minor) if line.sales_minor else "",
                        money(-line.own_coupons_minor) if line.own_coupons_minor else "",
                        money(-line.refunds_minor) if line.refunds_minor else "",
                        money(-line.commission_minor) if line.commission_minor else "",
                        money(line.net_minor),
                    ]
                    for line in lines_of(statement)
                ],
            )
        )
    period = _("%(start)s until before %(end)s", start=formatting.instant_zone(statement.period_start),
               end=formatting.instant_zone(statement.period_end))  # fmt: skip
    sheet = Sheet(
        title=_("Statement %(label)s", label=statement.label),
        label=statement.label,
        issuer=brand,
        brand_name=brand,
        brand_colour=channel.brand.get("colour"),
        logo=logo_of(channel),
        locale=current_locale(),
        facts=[
            (_("Store"), store),
            (_("Period"), period),
            (_("Currency"), unit),
            (_("Closed"), formatting.instant_zone(statement.closed_at)),
        ],
        parts=parts,
        note=note,
    )
    return Pdf(render_sheet(sheet), f"{statement.label}.pdf")
