"""Changes before an order is packed, as buyers and administrators make them: the form, and what was refused."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.account.forms import AddressForm
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.blueprints.return_words import options_text
from portal.blueprints.seller.fulfil_words import name_of
from portal.blueprints.versions import shown_version
from portal.db import atomically
from portal.formatting import instant_zone
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.amending import Amendable
from portal.rules.addresses import AddressUnfitError
from portal.services.orders.amend_order import OrderChangedError, change_address, change_option


def address_form(address: Mapping[str, str] | None) -> AddressForm:
    """The form, filled with what the order has, or with what was typed."""
    return AddressForm() if request.method == "POST" else AddressForm(data=dict(address or {}))


def save_address(order: Amendable, form: AddressForm, *, reason: str = "") -> tuple[bool, PortalError | None]:
    """Change the address as the form says; whether it is another now, and what stands against it."""
    actor, now, version, fields = current_actor(), clock.now(), shown_version(), form.fields()
    ip = request.remote_addr
    try:
        changed = atomically(
            lambda s: change_address(
                s, order_id=order.id, fields=fields, actor=actor, now=now, reason=reason, version=version, ip=ip
            )
        )
    except AddressUnfitError as fault:
        form.refuse_fields(fault)
        return False, fault
    except PortalError as error:
        return False, error
    return changed, None


def save_option(order: Amendable, line_id: uuid.UUID, *, reason: str = "") -> tuple[bool, PortalError | None]:
    """Take the option that was chosen; whether it is another now, and what stands against it."""
    chosen = request.form.get("variant", "")
    variant_id = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0
    actor, now, version = current_actor(), clock.now(), shown_version()
    try:
        changed = atomically(
            lambda s: change_option(
                s,
                order_id=order.id,
                line_id=line_id,
                variant_id=variant_id,
                actor=actor,
                now=now,
                reason=reason,
                version=version,
            )
        )
    except PortalError as error:
        return False, error
    return changed, None


def page_values(order: Amendable, form: AddressForm, problem: str | None) -> dict[str, Any]:
    return {"order": order, "form": form, "problem": problem, "options_text": options_text}


def problem_of(session: Session, error: PortalError | None) -> str | None:
    """What was refused in words; where somebody else was faster, who and when (S18)."""
    if error is None or isinstance(error, AddressUnfitError):
        return None
    if isinstance(error, OrderChangedError) and error.at is not None:
        return str(
            _(
                "%(who)s changed this order on %(at)s. Nothing was changed by you.",
                who=name_of(session, error.by),
                at=instant_zone(error.at),
            )
        )
    return say(error)
