"""The statement of somebody's balance on paper, for its page and for programs (BAL-10)."""

from __future__ import annotations

import uuid

from flask_babel import gettext as _

from portal import formatting
from portal.blueprints.context import translated
from portal.blueprints.desk import Days, zone_of_reader
from portal.blueprints.desk_words import word
from portal.blueprints.documents import Pdf, logo_of
from portal.blueprints.identity import current_channel, current_locale
from portal.db import reading
from portal.kit import clock
from portal.queries.accounts import load_profile
from portal.queries.histories import OwnAccount, Statement


def balance_pdf(account: OwnAccount, days: Days, stated: Statement, *, user_id: uuid.UUID) -> Pdf:
    """Some days of a balance: opening, every posting, closing, in the reader's language and days."""
    # Fonts and typesetting are loaded with the first document: other pages can do without them.
    from portal.documents.sheet import Column, Part, Sheet, render_sheet

    channel = current_channel()
    unit = account.currency
    now = clock.now()
    name = word("account", account.kind)
    brand = translated(dict(channel.brand.get("name") or channel.name))
    until = days.last or now.astimezone(zone_of_reader()).date()
    first = days.first or (stated.rows[0].at.astimezone(zone_of_reader()).date() if stated.rows else until)
    period = f"{formatting.day(first)} – {formatting.day(until)}"
    rows = [[formatting.day(first), _("Opening balance"), "", "", formatting.money(stated.opening_minor, unit)]]
    rows += [
        [
            formatting.instant(row.at),
            word("entry", row.kind),
            row.number or "",
            formatting.money(row.amount_minor, unit),
            formatting.money(row.balance_after_minor, unit),
        ]
        for row in stated.rows
    ]
    rows.append([formatting.day(until), _("Closing balance"), "", "", formatting.money(stated.closing_minor, unit)])
    with reading() as session:
        profile = load_profile(session, user_id=user_id)
    sheet = Sheet(
        title=_("Statement: %(name)s", name=name),
        label=period,
        issuer=brand,
        brand_name=brand,
        brand_colour=channel.brand.get("colour"),
        logo=logo_of(channel),
        locale=current_locale(),
        facts=[
            (_("Account holder"), profile.name if profile else ""),
            (_("Account"), f"{name} · {unit}"),
            (_("Period"), period),
            (_("Money in"), formatting.money(stated.in_minor, unit)),
            (_("Money out"), formatting.money(stated.out_minor, unit)),
            (_("Made"), formatting.instant_zone(now)),
        ],
        parts=[
            Part(
                _("Movements"),
                [
                    Column(_("Date"), 0.2),
                    Column(_("What"), 0.3),
                    Column(_("Order"), 0.18),
                    Column(_("Amount"), 0.16, is_amount=True),
                    Column(_("Balance afterwards"), 0.16, is_amount=True),
                ],
                rows,
                strong=frozenset({0, len(rows) - 1}),
            )
        ],
        note=_("Days are those of the zone %(zone)s.", zone=channel.time_zone),
    )
    return Pdf(render_sheet(sheet), f"{account.kind}-{unit.lower()}-{first}-{until}.pdf")
