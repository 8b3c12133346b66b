"""The store's returns: its inbox of what comes back, and what it claims of carriers itself (ORD-005)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import requires_in
from portal.blueprints.desk_returns import ReturnsDesk
from portal.blueprints.desk_returns import hang as hang_returns
from portal.blueprints.identity import current_actor
from portal.blueprints.refund_words import reason_word
from portal.blueprints.seller.desk import around, open_desk
from portal.blueprints.seller.fulfilment import read_parcel
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_token
from portal.queries.shipments import load_shipment
from portal.queries.store_order import load_store_order
from portal.rules.permissions import Permission, Scope
from portal.rules.refund_policy import Party
from portal.rules.returns import CLAIM_REASONS, ReturnKind
from portal.services.returns.request_return import ReturnRequest, request_return


def _frame(session: Session, store_id: int | None) -> tuple[dict[str, Any], int | None] | None:
    desk = open_desk(session, clock.now(), store_id=store_id)
    return (around(desk, "seller.returns"), desk.store.id) if desk else None


def hang(bp: Blueprint) -> None:
    hang_returns(bp, ReturnsDesk("seller", Scope.STORE, _frame))
    bp.add_url_rule("/parcels/<uuid:shipment_id>/claim", "claim", claim, methods=["GET", "POST"])


@requires_in(Permission.REFUND_HANDLE, Scope.STORE)
def claim(shipment_id: uuid.UUID) -> ResponseReturnValue:
    """Say that a parcel was lost or damaged, before its buyer does."""
    stores, now = sorted(current_actor().store_ids), clock.now()
    with reading() as session:
        parcel = load_shipment(session, shipment_id=shipment_id, store_ids=stores)
        order = load_store_order(session, part_id=parcel.part_id, store_ids=stores, now=now) if parcel else None
        if parcel is None or order is None:
            raise NotFoundError
        desk = open_desk(session, now, store_id=parcel.store_id)
    typed = {name: value.replace("\0", "") for name, value in request.form.items()}
    error = None
    if request.method == "POST":
        asked = ReturnRequest(
            key=typed.get("key", ""),
            kind=ReturnKind.CLAIM,
            units=read_parcel(typed).units or {},
            reason=typed.get("reason", ""),
            note=typed.get("note", ""),
            shipment_id=shipment_id,
        )
        actor = current_actor()
        try:
            made = atomically(
                lambda s: request_return(
                    s, actor=actor, party=Party.SELLER, order_id=parcel.order_id, request=asked, now=now
                )
            )
        except PortalError as refused:
            error = refused
        else:
            return done(location=url_for("seller.return", return_id=made.return_id))
    page = render_template(
        "seller/orders/claim.html",
        parcel=parcel,
        order=order,
        typed=typed,
        reasons=[(code, reason_word(code)) for code in CLAIM_REASONS],
        problem=say(error) if error else None,
        key=typed.get("key") or new_token(),
        **around(desk, "seller.returns"),
    )
    return page, error.status if error else 200
