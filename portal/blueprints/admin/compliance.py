"""What is kept for authorities of shipments across borders, beside the books, and as files (CHN-09)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.admin.desk import around, channel_options, requires_all
from portal.blueprints.context import translated
from portal.blueprints.desk import Days, channel_arg, days_arg
from portal.blueprints.payment_history import day_chips
from portal.db import reading
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.kit.text import N_
from portal.queries.channels import channel_directory
from portal.queries.compliance import compare_books, list_border_records
from portal.queries.listings.compliance import ComplianceFilter
from portal.rules.permissions import Permission

MENU = "admin.border_records"
# Every order of the days is looked at.
COMPARED = timedelta(days=31)
CHECKS: Mapping[str, str] = {
    "placed": N_("Orders placed, and told as events"),
    "paid": N_("Orders paid, and told as events"),
    "ledger": N_("Orders paid, and their entries in the ledger"),
    "borders": N_("Shipments across borders, and what was declared"),
}
CUSTOMS: Mapping[str, str] = {
    "duty_free": N_("Free of duty"),
    "dutiable": N_("Above the free limit"),
    "no_rule": N_("No limit was set"),
}


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/border-records", "border_records", index)


def compliance_filter() -> ComplianceFilter:
    """The records that the address asks for."""
    days = days_arg()
    return ComplianceFilter(channel_id=channel_arg(), since=days.start, until=days.end)


@requires_all(Permission.CHANNEL_VIEW)
def index() -> ResponseReturnValue:
    """Counts and sums of records and books with what differs, then the records."""
    now, chosen, days = clock.now(), compliance_filter(), days_arg()
    until = chosen.until or now
    since = max(chosen.since or until - COMPARED, until - COMPARED)
    with reading() as session:
        compared = compare_books(session, channel_id=chosen.channel_id, since=since, until=until)
        found = list_border_records(session, chosen=chosen, cursor=request.args.get("cursor"))
        frame = around(session, MENU)
    return page_or_partial(
        "admin/compliance/index.html",
        {"border-records": "admin/compliance/_list.html"},
        compared=compared,
        since=since,
        until=until,
        found=found,
        days=days,
        chips=_chips(chosen, days),
        clear_href=url_for(MENU),
        channels=channel_options(),
        channel=_code(chosen.channel_id),
        check_word=lambda key: gettext(CHECKS[key]),
        customs_word=lambda key: gettext(CUSTOMS[key]),
        **frame,
    )


def _code(channel_id: int | None) -> str:
    return "" if channel_id is None else channel_directory().by_id(channel_id).code


def _chips(chosen: ComplianceFilter, days: Days) -> list[tuple[str, str]]:
    def without(name: str) -> str:
        given = {key: request.args[key] for key in ("channel", "from", "until") if key in request.args and key != name}
        return url_for(MENU, **given)  # type: ignore[arg-type]  # Flask's own parameters begin with an underscore.

    found = []
    if chosen.channel_id is not None:
        name = translated(dict(channel_directory().by_id(chosen.channel_id).name))
        found.append((_("Channel: %(name)s", name=name), without("channel")))
    return found + day_chips(days, without)
