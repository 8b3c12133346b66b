"""The address book."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.blueprints.access import NotFoundError, requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.entry import onward
from portal.blueprints.account.forms import AddressForm
from portal.blueprints.account.own import own_id
from portal.blueprints.account.signing import show
from portal.blueprints.identity import current_channel
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.accounts import AddressView, list_addresses, load_address
from portal.rules.addresses import AddressUnfitError
from portal.services.accounts.save_address import ADDRESSES_MAX, remove_address, save_address


@bp.get("/account/addresses")
@requires_sign_in
def addresses() -> ResponseReturnValue:
    with reading() as opened:
        found = list_addresses(opened, user_id=own_id())
    return render_template("account/addresses.html", addresses=found, is_full=len(found) >= ADDRESSES_MAX)


@bp.route("/account/addresses/new", methods=["GET", "POST"])
@requires_sign_in
def new_address() -> ResponseReturnValue:
    form = AddressForm()
    if request.method == "GET":
        form.country.data = current_channel().country
    return _edit(form, None)


@bp.route("/account/addresses/<uuid:address_id>", methods=["GET", "POST"])
@requires_sign_in
def address(address_id: uuid.UUID) -> ResponseReturnValue:
    with reading() as opened:
        found = load_address(opened, user_id=own_id(), address_id=address_id)
    if found is None:
        raise NotFoundError
    form = AddressForm() if request.method == "POST" else AddressForm(obj=found.body, is_default=found.is_default)
    return _edit(form, found)


@bp.post("/account/addresses/<uuid:address_id>/removal")
@requires_sign_in
def remove(address_id: uuid.UUID) -> ResponseReturnValue:
    user_id = own_id()
    atomically(lambda opened: remove_address(opened, user_id=user_id, address_id=address_id))
    flash(gettext("The address is removed."), "toast")
    return leave_for(url_for(".addresses"))


def _edit(form: AddressForm, found: AddressView | None) -> ResponseReturnValue:
    """Show the form, or save what it says."""
    values: dict[str, Any] = {"address": found, "next": request.values.get("next", "")}
    if request.method == "GET":
        return show("account/address.html", form, **values)
    user_id, now = own_id(), clock.now()
    if form.validate():
        try:
            atomically(
                lambda opened: save_address(
                    opened,
                    user_id=user_id,
                    fields=form.fields(),
                    now=now,
                    address_id=found.id if found else None,
                    make_default=form.is_default.data,
                )
            )
        except AddressUnfitError as fault:
            form.refuse_fields(fault)
        except PortalError as fault:
            if fault.status == 404:
                raise
            form.refuse(fault)
        else:
            flash(gettext("The address is saved."), "toast")
            return leave_for(onward(request.form.get("next"), url_for(".addresses")))
    return show("account/address.html", form, **values)
