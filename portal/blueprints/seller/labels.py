"""Labels of carriers: bought for a parcel or for many orders at once, printed, and given back (ORD-003)."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import requires_in
from portal.blueprints.documents import pdf_answer
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.bulk import begin, chosen_parts
from portal.blueprints.seller.desk import around, desk_of
from portal.blueprints.seller.fulfil_words import ship_form
from portal.blueprints.seller.fulfilment import TYPED_MAX, act, read_parcel
from portal.blueprints.seller.label_words import LABEL_PROBLEMS
from portal.blueprints.seller.orders import order_page
from portal.blueprints.slips import labels_pdf
from portal.blueprints.versions import shown_version
from portal.db import atomically, reading
from portal.htmx import done
from portal.jobs.queue import enqueue_labels
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.queries.labels import labels_of_part, labels_of_run, load_label
from portal.queries.shipments import last_carrier
from portal.queries.store_order import load_store_order
from portal.queries.store_orders import StoreView
from portal.rules.permissions import Permission, Scope
from portal.services.fulfilment.bulk_run import RunItem
from portal.services.fulfilment.want_label import carrier_with_labels, void_label, want_label


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/orders/<uuid:part_id>/labels", "order_labels", show)
    bp.add_url_rule("/orders/<uuid:part_id>/labels", "order_label_new", buy, methods=["POST"])
    bp.add_url_rule("/labels/<uuid:label_id>.pdf", "label", print_one)
    bp.add_url_rule("/orders/<uuid:part_id>/labels/<uuid:label_id>/void", "label_void", void, methods=["POST"])
    bp.add_url_rule("/orders/labels", "orders_labels", many, methods=["POST"])
    bp.add_url_rule("/runs/<uuid:run_id>/labels.pdf", "run_labels", print_run)


@requires_in(Permission.STORE_ORDER_VIEW, Scope.STORE)
def show(part_id: uuid.UUID) -> ResponseReturnValue:
    """The labels of an order as they are now; the page asks while a carrier has still to answer."""
    with reading() as session:
        stores = sorted(current_actor().store_ids)
        order = load_store_order(session, part_id=part_id, store_ids=stores, now=clock.now())
        if order is None:
            raise NotFoundError
        labels = labels_of_part(session, part_id=part_id)
    return render_template("seller/orders/_label_list.html", order=order, labels=labels, label_problems=LABEL_PROBLEMS)


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def buy(part_id: uuid.UUID) -> ResponseReturnValue:
    """Have a label bought for the pieces that were chosen; the form's key makes a second press a repeat."""
    typed = {name: value.replace("\0", "")[:TYPED_MAX] for name, value in request.form.items()}
    version, parcel = shown_version(), read_parcel(typed)
    try:
        label_id = uuid.UUID(typed.get("key", ""))
    except ValueError:
        label_id = new_id()
    try:
        atomically(
            lambda session: want_label(
                session,
                label_id=label_id,
                part_id=part_id,
                carrier=parcel.carrier,
                units=parcel.units,
                actor=current_actor(),
                now=clock.now(),
                version=version,
            )
        )
    except PortalError as error:
        return order_page(part_id, error)
    enqueue_labels()
    flash(_("The label is being bought. Its number comes from the carrier."), "success")
    return done(location=url_for("seller.order", part_id=part_id) + "#labels")


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def void(part_id: uuid.UUID, label_id: uuid.UUID) -> ResponseReturnValue:
    """Give a label back."""
    answer = act(
        part_id,
        lambda session: void_label(session, label_id=label_id, actor=current_actor(), now=clock.now()),
        said=_("The label is being voided at its carrier."),
    )
    enqueue_labels()
    return answer


@requires_in(Permission.STORE_ORDER_VIEW, Scope.STORE)
def print_one(label_id: uuid.UUID) -> Response:
    """One label as PDF; none of what is held, given back or for an old address."""
    with reading() as session:
        label = load_label(session, label_id=label_id, store_ids=sorted(current_actor().store_ids))
    if label is None or not label.can_print:
        raise NotFoundError
    return pdf_answer(*labels_pdf([label], f"label-{label.tracking_number}.pdf"))


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def many() -> ResponseReturnValue:
    """Which carrier, then labels for all that is left of the chosen orders."""
    with reading() as session:
        desk = desk_of(session)
        carrier = last_carrier(session, store_id=desk.store.id)
    # What was ticked and has left the list since is tried too: its row says why there is no label.
    items = chosen_parts(desk, view=None if request.form.get("all_matching") else StoreView.ALL)
    if not items:
        return done(location=url_for("seller.orders", store=desk.store_arg))
    typed, error = request.form.get("carrier"), None
    if typed is not None:
        try:
            found = carrier_with_labels(typed)
        except PortalError as refused:
            error = refused
        else:
            answer = begin(desk, "label", [RunItem(one.part_id, one.number, carrier=found.code) for one in items])
            enqueue_labels()
            return answer
    page = render_template(
        "seller/orders/labels_new.html",
        chosen=" ".join(str(one.part_id) for one in items),
        count=len(items),
        ship_form=ship_form(carrier, None),
        problem=say(error) if error else None,
        **around(desk, "seller.orders"),
    )
    return page, error.status if error else 200


@requires_in(Permission.STORE_ORDER_VIEW, Scope.STORE)
def print_run(run_id: uuid.UUID) -> Response:
    """The labels of a run that can be printed, as one PDF."""
    with reading() as session:
        labels = labels_of_run(session, run_id=run_id, store_ids=sorted(current_actor().store_ids))
    printed = [one for one in labels if one.can_print]
    if not printed:
        raise NotFoundError
    return pdf_answer(*labels_pdf(printed, "labels.pdf"))
