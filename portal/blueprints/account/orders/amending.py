"""Change one's order before a store has packed it: where it goes, which option it is (ORD-06)."""

from __future__ import annotations

import uuid

from flask import flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.blueprints.access import NotFoundError, requires
from portal.blueprints.account.forms import AddressForm
from portal.blueprints.account.orders.views import bp
from portal.blueprints.amending import address_form, page_values, problem_of, save_address, save_option
from portal.blueprints.identity import current_actor
from portal.db import reading
from portal.htmx import done
from portal.kit.errors import PortalError
from portal.queries.amending import Amendable, load_amendable
from portal.rules.permissions import Permission


@bp.get("/orders/<number>/change")
@requires(Permission.ORDER_EDIT)
def change(number: str) -> ResponseReturnValue:
    """What can be changed, and how."""
    order = _own(number)
    return _page(order, address_form(order.address))


@bp.post("/orders/<number>/address")
@requires(Permission.ORDER_EDIT)
def change_order_address(number: str) -> ResponseReturnValue:
    """Send it elsewhere."""
    order, form = _own(number), address_form(None)
    changed, error = save_address(order, form)
    if error is not None:
        return _page(order, form, error)
    told = gettext("Your order goes to the new address. The stores are told.")
    flash(told if changed else gettext("Nothing was changed: it was so already."), "success")
    return done(location=url_for(".show", number=order.number))


@bp.post("/orders/<number>/lines/<uuid:line_id>/option")
@requires(Permission.ORDER_EDIT)
def change_order_option(number: str, line_id: uuid.UUID) -> ResponseReturnValue:
    """Take another option."""
    order = _own(number)
    changed, error = save_option(order, line_id)
    if error is not None:
        return _page(order, AddressForm(formdata=None, data=dict(order.address)), error)
    told = gettext("The option is changed. The store is told.")
    flash(told if changed else gettext("Nothing was changed: it was so already."), "success")
    return done(location=url_for(".show", number=order.number))


def _own(number: str) -> Amendable:
    with reading() as session:
        order = load_amendable(session, number=number, for_mall=False)
    if order is None or order.buyer_id != current_actor().user_id:
        raise NotFoundError
    return order


def _page(order: Amendable, form: AddressForm, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        problem = problem_of(session, error)
    page = render_template("orders/change.html", **page_values(order, form, problem))
    return page, error.status if error else 200
