"""The books at a glance: the trial balance, holds, and who has looked at whose balance (BAL-01, IDN-05)."""

from __future__ import annotations

import uuid

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.account.browsers import describe
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.desk import choice_arg, date_arg, midnight_after, text_arg
from portal.db import database, reading
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.queries.books_overview import list_balance_looks, list_holds, trial_balance
from portal.queries.users import masked
from portal.rules.permissions import Permission
from portal.rules.states import Machine, states
from portal.statuses import status_of


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/ledger/trial-balance", "trial_balance", totals)
    bp.add_url_rule("/ledger/holds", "ledger_holds", holds)
    bp.add_url_rule("/audit/balance-views", "balance_views", views)


@requires_all(Permission.LEDGER_VIEW)
def totals() -> ResponseReturnValue:
    """Every kind of account in each currency, now or at the end of a day; each currency comes to zero."""
    on = date_arg("on")
    with database.snapshot() as session:
        found = trial_balance(session, before=midnight_after(on) if on else None)
    with reading() as session:
        frame = around(session, "admin.ledger")
    sums: dict[str, int] = {}
    for row in found:
        sums[row.currency] = sums.get(row.currency, 0) + row.total_minor
    return page_or_partial(
        "admin/ledger/trial_balance.html",
        {"totals": "admin/ledger/_totals.html"},
        found=found,
        sums=sums,
        on=on,
        now=clock.now(),
        **frame,
    )


@requires_all(Permission.LEDGER_VIEW)
def holds() -> ResponseReturnValue:
    """Amounts that orders have set aside; those of one account add up to what it holds (A14)."""
    account_id = request.args.get("account", type=int)
    known = states(Machine.HOLD)
    status = choice_arg("status", {*known, "all"}) or "active"
    with reading() as session:
        found = list_holds(
            session,
            status=None if status == "all" else status,
            cursor=request.args.get("cursor"),
            account_id=account_id,
        )
        frame = around(session, "admin.ledger")
    names = [(one, gettext(status_of(one, "hold").word)) for one in known] + [("all", _("All"))]
    tabs = [
        {"label": name, "href": url_for("admin.ledger_holds", status=one, account=account_id), "current": one == status}
        for one, name in names
    ]
    return page_or_partial(
        "admin/ledger/holds.html", {"holds": "admin/ledger/_holds.html"}, found=found, tabs=tabs, **frame
    )


@requires_all(Permission.AUDIT_VIEW)
def views() -> ResponseReturnValue:
    """Who has seen whose balance, when, from where."""
    whose, who = _id_arg("whose"), _id_arg("who")
    with reading() as session:
        found = list_balance_looks(session, whose=whose, who=who, cursor=request.args.get("cursor"))
        frame = around(session, "admin.audit")
    return page_or_partial(
        "admin/audit/balance_views.html",
        {"looks": "admin/audit/_balance_views.html"},
        found=found,
        whose=whose,
        who=who,
        masked=masked,
        describe=describe,
        **frame,
    )


def _id_arg(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text_arg(name))
    except ValueError:
        return None
