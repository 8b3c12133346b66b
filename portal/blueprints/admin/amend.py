"""Change an order in its buyer's stead before it has left, with the reason for the record (ORD-11)."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.account.forms import AddressForm
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.admin.reveal import is_revealed
from portal.blueprints.amending import address_form, page_values, problem_of, save_address, save_option
from portal.db import reading
from portal.htmx import done
from portal.kit.errors import PortalError
from portal.queries.amending import Amendable, load_amendable
from portal.rules.permissions import Permission


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/orders/<number>/change", "order_change", show)
    bp.add_url_rule("/orders/<number>/address", "order_address", address, methods=["POST"])
    bp.add_url_rule("/orders/<number>/lines/<uuid:line_id>/option", "order_option", option, methods=["POST"])


@requires_all(Permission.ORDER_EDIT)
def show(number: str) -> ResponseReturnValue:
    """The forms. The address stands in them only when it was revealed on the order's page."""
    order = _order(number)
    return _page(order, address_form(_shown(order)))


@requires_all(Permission.ORDER_EDIT)
def address(number: str) -> ResponseReturnValue:
    """Send it elsewhere."""
    order, form = _order(number), address_form(None)
    changed, error = save_address(order, form, reason=request.form.get("reason", ""))
    return _page(order, form, error) if error is not None else _done(order, changed=changed)


@requires_all(Permission.ORDER_EDIT)
def option(number: str, line_id: uuid.UUID) -> ResponseReturnValue:
    """Take another option."""
    order = _order(number)
    changed, error = save_option(order, line_id, reason=request.form.get("reason", ""))
    form = AddressForm(formdata=None, data=_shown(order))
    return _page(order, form, error) if error is not None else _done(order, changed=changed)


def _done(order: Amendable, *, changed: bool) -> ResponseReturnValue:
    told = _("Changed. The buyer and the stores are told.")
    flash(told if changed else _("Nothing was changed: it was so already."), "success")
    return done(location=url_for("admin.order", number=order.number))


def _shown(order: Amendable) -> dict[str, str]:
    if is_revealed(f"order-buyer:{order.id}"):
        return dict(order.address)
    return {"country": order.address.get("country", "")}


def _order(number: str) -> Amendable:
    with reading() as session:
        order = load_amendable(session, number=number, for_mall=True)
    if order is None:
        raise NotFoundError
    return order


def _page(order: Amendable, form: AddressForm, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        problem = problem_of(session, error)
        frame = around(session, "admin.orders")
    page = render_template(
        "admin/orders/change.html", reason=request.form.get("reason", ""), **page_values(order, form, problem), **frame
    )
    return page, error.status if error else 200
