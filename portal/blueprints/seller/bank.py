"""Where the store's money goes: shown by its last digits, changed with a second proof (BAL-13, IDN-04)."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.checkout.words import say
from portal.blueprints.desk import requires_in
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.desk import around, desk_of
from portal.blueprints.seller.fulfil_words import name_of
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.store_profile import load_bank
from portal.rules.csv_table import whole_number
from portal.rules.permissions import Permission, Scope
from portal.rules.stores import BANK_REST
from portal.services.accounts.bank_details import FIELDS, BankDetailsError, ends_of, read_bank
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.payouts.change_bank import change_bank


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/bank", "bank", show)
    bp.add_url_rule("/bank", "bank_save", save, methods=["POST"])


@requires_in(Permission.STORE_BANK_EDIT, Scope.STORE)
def show() -> ResponseReturnValue:
    """The account as it is, and the form for another."""
    return _page()


@requires_in(Permission.STORE_BANK_EDIT, Scope.STORE)
def save() -> ResponseReturnValue:
    """Give another account."""
    with reading() as session:
        desk = desk_of(session)
    actor, now = current_actor(), clock.now()
    given = {name: request.form.get(f"bank_{name}", "").replace("\0", "") for name in FIELDS}
    version = whole_number(request.form.get("version", ""), 2**31 - 1) or 0
    try:
        changed = atomically(
            lambda s: change_bank(s, store_id=desk.store.id, bank=given, version=version, actor=actor, now=now)
        )
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        return _page(error)
    flash(_("The bank account is saved.") if changed else _("This is the bank account already."), "success")
    return done(location=url_for("seller.bank", store=desk.store_arg))


def _page(error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        desk = desk_of(session)
        row = load_bank(session, store_id=desk.store.id)
        changed_by = name_of(session, row.changed_by) if row else None
    details = read_bank(row.details) if row else {}
    faults = {"bank_number" if isinstance(error, BankDetailsError) else "bank_bank": say(error)} if error else {}
    waits = row.payouts_wait_until if row and row.payouts_wait_until and row.payouts_wait_until > clock.now() else None
    page = render_template(
        "seller/bank.html",
        row=row,
        bank=details.get("bank"),
        ends=ends_of(details) if details else None,
        changed_by=changed_by,
        waits=waits,
        rest_days=BANK_REST.days,
        given=request.form,
        faults=faults,
        **around(desk, "seller.bank"),
    )
    return page, error.status if error else 200
