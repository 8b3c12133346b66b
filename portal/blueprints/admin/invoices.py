"""Invoices and credit lines for administrators: what is owed and late, one of them, and who may buy so (PAY-17)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.money import parse_minor
from portal.queries.channels import channel_currencies
from portal.queries.invoices import all_owed, list_credit_lines, list_invoices, load_invoice, load_invoice_moves
from portal.rules.invoices import DAYS_USUAL
from portal.rules.permissions import Permission
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.invoices.change_credit_line import agree_to_credit, close_credit, grant_credit
from portal.services.invoices.write_off import write_off

T = TypeVar("T")
VIEWS = ("unpaid", "overdue", "paid", "written_off")


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/invoices", "invoices", index)
    bp.add_url_rule("/invoices/<uuid:invoice_id>", "invoice", show)
    bp.add_url_rule("/invoices/<uuid:invoice_id>/write-off", "invoice_write_off", give_up, methods=["POST"])
    bp.add_url_rule("/credit-lines", "credit_lines", lines)
    bp.add_url_rule("/credit-lines", "credit_grant", grant, methods=["POST"])
    bp.add_url_rule("/credit-lines/<uuid:line_id>/consent", "credit_consent", agree, methods=["POST"])
    bp.add_url_rule("/credit-lines/<uuid:line_id>/closure", "credit_closure", close, methods=["POST"])


@requires_all(Permission.INVOICE_VIEW)
def index() -> ResponseReturnValue:
    """What is to be paid first; and the rest by its state."""
    view = choice_arg("view", VIEWS)
    with reading() as session:
        found = list_invoices(session, cursor=request.args.get("cursor"), state=view)
        owed = all_owed(session)
        frame = around(session, "admin.invoices")
    words = {"unpaid": _("To be paid"), "overdue": _("Overdue"), "paid": _("Paid"), "written_off": _("Written off")}
    tabs = [{"label": _("All"), "href": url_for("admin.invoices"), "current": view is None}]
    tabs += [
        {"label": text, "href": url_for("admin.invoices", view=name), "current": view == name}
        for name, text in words.items()
    ]
    partials = {"invoices": "admin/invoices/_list.html"}
    return page_or_partial("admin/invoices/index.html", partials, found=found, owed=owed, tabs=tabs, **frame)


@requires_all(Permission.INVOICE_VIEW)
def show(invoice_id: uuid.UUID) -> ResponseReturnValue:
    """One: what is left, what was paid, and giving it up."""
    return _show(invoice_id)


@requires_all(Permission.CREDIT_GRANT)
def give_up(invoice_id: uuid.UUID) -> ResponseReturnValue:
    """Write it off."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "")
    try:
        atomically(lambda s: write_off(s, invoice_id=invoice_id, reason=reason, actor=actor, now=now))
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        return _show(invoice_id, error)
    flash(_("Written off."), "success")
    return done(location=url_for("admin.invoice", invoice_id=invoice_id))


@requires_all(Permission.INVOICE_VIEW)
def lines() -> ResponseReturnValue:
    """Who may buy on invoice, and how much."""
    return _lines()


@requires_all(Permission.CREDIT_GRANT)
def grant() -> ResponseReturnValue:
    """Open or change a line."""
    given = request.form
    actor, now, currency = current_actor(), clock.now(), given.get("currency", "")
    days = given.get("days", "")

    def work(session: Session) -> bool:
        line = grant_credit(
            session,
            email=given.get("email", ""),
            currency=currency,
            limit_minor=parse_minor(given.get("limit", ""), currency),
            days=int(days) if days.isascii() and days.isdigit() and len(days) < 4 else 0,
            reason=given.get("reason", ""),
            actor=actor,
            now=now,
        )
        return line.wanted_minor is not None

    return _change(work, lambda waits: _("Somebody else has to agree first.") if waits else _("The limit is in force."))


@requires_all(Permission.CREDIT_GRANT)
def agree(line_id: uuid.UUID) -> ResponseReturnValue:
    """Put a waiting limit in force."""
    actor, now = current_actor(), clock.now()
    return _change(
        lambda s: agree_to_credit(s, line_id=line_id, actor=actor, now=now), lambda _none: _("The limit is in force.")
    )


@requires_all(Permission.CREDIT_GRANT)
def close(line_id: uuid.UUID) -> ResponseReturnValue:
    """Let nothing more be bought on it."""
    actor, now = current_actor(), clock.now()
    return _change(lambda s: close_credit(s, line_id=line_id, actor=actor, now=now), lambda _none: _("Closed."))


def _change(work: Callable[[Session], T], told: Callable[[T], str]) -> ResponseReturnValue:
    try:
        result = atomically(work)
    except PortalError as error:
        return _lines(error)
    flash(told(result), "success")
    return done(location=url_for("admin.credit_lines"))


def _lines(error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        found = list_credit_lines(session, cursor=request.args.get("cursor"))
        frame = around(session, "admin.invoices")
    currencies = sorted(channel_currencies())
    page = make_response(
        render_template(
            "admin/invoices/lines.html",
            found=found,
            given=request.form,
            currencies=currencies,
            days=DAYS_USUAL,
            problem=say(error) if error else None,
            may_grant=may_all(Permission.CREDIT_GRANT),
            own_id=current_actor().user_id,
            **frame,
        ),
        error.status if error else 200,
    )
    if error is not None:
        page.headers["X-Error-Code"] = error.code
    return page


def _show(invoice_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        row = load_invoice(session, invoice_id=invoice_id)
        if row is None:
            raise NotFoundError
        moves = load_invoice_moves(session, invoice_id=invoice_id)
        frame = around(session, "admin.invoices")
    page = render_template(
        "admin/invoices/show.html",
        row=row,
        moves=moves,
        problem=say(error) if error else None,
        may_give_up=may_all(Permission.CREDIT_GRANT) and row.user_id != current_actor().user_id,
        **frame,
    )
    return page, error.status if error else 200
