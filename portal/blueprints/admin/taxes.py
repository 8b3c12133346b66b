"""Rates of tax by channel and category: what holds, what comes, who set it, and a new one (ORD-13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.admin.dated_rules import NOWHERE, YES_OR_NO, begins_at, number, typed
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.desk import zone_of_reader
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.channels import channel_directory, forget_channels
from portal.queries.sections import section_directory
from portal.queries.taxes import TaxRateRow, list_tax_rates, tax_sums
from portal.rules.permissions import Permission
from portal.rules.tiers import read_decimal
from portal.services.channels.write_tax_rate import TaxStartError, set_tax_rate, withdraw_tax_rate

SUMMED = timedelta(days=30)


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/taxes", "taxes", index)
    bp.add_url_rule("/taxes", "tax_rate_new", create, methods=["POST"])
    bp.add_url_rule("/taxes/<int:tax_rate_id>/withdrawal", "tax_rate_withdrawal", withdraw, methods=["POST"])


@requires_all(Permission.CHANNEL_VIEW)
def index() -> ResponseReturnValue:
    """What every channel's goods bear, and the history."""
    return _page()


@requires_all(Permission.CHANNEL_CONFIGURE)
def create() -> ResponseReturnValue:
    """Set a rate from a moment on."""
    actor, now = current_actor(), clock.now()
    try:
        starts_at = begins_at(TaxStartError)
        atomically(
            lambda session: set_tax_rate(
                session,
                channel_id=number("channel") or NOWHERE,
                section_id=number("section"),
                percent=read_decimal(typed("percent").removesuffix("%")),
                inclusive=YES_OR_NO.get(typed("inclusive")),
                valid_from=starts_at,
                note=typed("note"),
                actor=actor,
                now=now,
            )
        )
    except PortalError as error:
        return _page(error)
    forget_channels()
    flash(_("The rate is set. Orders placed before it keep theirs."), "success")
    return done(location=url_for("admin.taxes"))


@requires_all(Permission.CHANNEL_CONFIGURE)
def withdraw(tax_rate_id: int) -> ResponseReturnValue:
    """Call a rate off that has not begun."""
    actor, now = current_actor(), clock.now()
    try:
        atomically(lambda session: withdraw_tax_rate(session, tax_rate_id=tax_rate_id, actor=actor, now=now))
    except PortalError as error:
        return _page(error)
    forget_channels()
    flash(_("The rate is called off and will not begin."), "success")
    return done(location=url_for("admin.taxes"))


def _page(error: PortalError | None = None) -> ResponseReturnValue:
    now = clock.now()
    today = now.astimezone(zone_of_reader()).date()
    with reading() as session:
        rows = list_tax_rates(session)
        sums = tax_sums(session, first=today - SUMMED, last=today)
        frame = around(session, "admin.taxes")
    field = getattr(error, "field", None)
    page = render_template(
        "admin/taxes.html",
        in_force=_in_force(rows, now),
        rows=rows,
        sums=sums,
        days=SUMMED.days,
        now=now,
        places={one.id: translated(dict(one.name)) for one in section_directory()},
        given=request.form,
        faults={field: say(error)} if error and field else {},
        problem=say(error) if error and not field else None,
        can_save=may_all(Permission.CHANNEL_CONFIGURE),
        has_errors=error is not None,
        **frame,
    )
    return page, error.status if error else 200


def _in_force(rows: Sequence[TaxRateRow], now: datetime) -> list[dict[str, Any]]:
    """Each channel's own rate and those of its sections, with what comes next."""
    shown = []
    for channel in channel_directory().channels.values():
        taxes = channel.taxes(now)
        held: list[tuple[int | None, Decimal]] = [(None, taxes.rate), *sorted(taxes.by_section.items())]
        for section, rate in held:
            coming = [
                row
                for row in rows
                if row.channel_id == channel.id and row.section_id == section and row.is_planned(now)
            ]
            shown.append(
                {
                    "channel_id": channel.id,
                    "section_id": section,
                    "rate": rate,
                    "inclusive": taxes.inclusive,
                    "next": coming[-1] if coming else None,
                }
            )
    return shown
