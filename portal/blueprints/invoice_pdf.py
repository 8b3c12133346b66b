"""An invoice as PDF: whom it is to, what is to be paid, and until when (PAY-17)."""

from __future__ import annotations

from flask_babel import gettext as _

from portal import formatting
from portal.blueprints.context import translated
from portal.blueprints.documents import Pdf, logo_of
from portal.blueprints.identity import current_locale
from portal.queries.channels import channel_directory
from portal.queries.invoices import InvoiceRow


def invoice_pdf(row: InvoiceRow) -> Pdf:
    """The invoice as it stands now, in the language of whoever reads it."""
    # Fonts and typesetting are loaded with the first document: other pages can do without them.
    from portal.documents.sheet import Column, Part, Sheet, render_sheet

    channel = channel_directory().by_id(row.channel_id)
    brand = translated(dict(channel.brand.get("name") or channel.name))
    issuer = channel.policy.get("issuer")

    def money(minor: int) -> str:
        return formatting.money(minor, row.currency)

    amounts = [[_("Total"), money(row.total_minor)], [_("Paid"), money(-row.paid_minor)]]
    if row.lowered_minor:
        amounts.append([_("Lowered by refunds"), money(-row.lowered_minor)])
    if row.lost_minor:
        amounts.append([_("Written off"), money(-row.lost_minor)])
    amounts.append([_("Left to pay"), money(row.left_minor)])
    sheet = Sheet(
        title=_("Invoice %(number)s", number=row.number),
        label=row.number,
        issuer=translated(dict(issuer)) if issuer else brand,
        brand_name=brand,
        brand_colour=channel.brand.get("colour"),
        logo=logo_of(channel),
        locale=current_locale(),
        facts=[
            (_("Issued by"), translated(dict(issuer)) if issuer else brand),
            (_("Buyer"), row.name),
            (_("Order"), row.order_number),
            (_("Issued"), formatting.instant_zone(row.issued_at)),
            (_("Pay until"), formatting.day(row.due_at)),
        ],
        parts=[
            Part(
                _("Amounts"),
                [Column(_("What"), 0.7), Column(_("Amount"), 0.3, is_amount=True)],
                amounts,
                strong=frozenset({len(amounts) - 1}),
            )
        ],
    )
    return Pdf(render_sheet(sheet), f"{row.number}.pdf")
