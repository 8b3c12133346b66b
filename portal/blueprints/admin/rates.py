"""Exchange rates as they were told, and which of them are too old to be sold with (CAT-04)."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.blueprints.admin.desk import around, requires_all
from portal.db import reading
from portal.kit import clock
from portal.queries.exchange import list_channel_rates, list_rates, platform_currency
from portal.rules.permissions import Permission


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/rates", "rates", index)


@requires_all(Permission.GATEWAY_VIEW)
def index() -> ResponseReturnValue:
    """The newest rate of every currency, and of each channel's against the platform's."""
    now = clock.now()
    with reading() as session:
        rates = list_rates(session, now=now)
        channels = list_channel_rates(session, now=now)
        currency = platform_currency(session)
        frame = around(session, "admin.rates")
    return render_template(
        "admin/rates/index.html", rates=rates, channels=channels, platform_currency=currency, **frame
    )
