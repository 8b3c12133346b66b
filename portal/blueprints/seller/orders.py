"""The order inbox and one part of an order (S02-S09, S12, S14)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.context import translated
from portal.blueprints.desk import (
    PERIODS,
    channel_arg,
    choice_arg,
    period_start,
    plain_arg,
    requires_in,
    sort_arg,
    text_arg,
)
from portal.blueprints.identity import current_actor
from portal.blueprints.payment_history import method_word
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.blueprints.seller.desk import Desk, around, open_desk
from portal.blueprints.seller.fulfil_words import problem_text, ship_form
from portal.blueprints.seller.label_words import LABEL_PROBLEMS
from portal.blueprints.seller.story import story_events
from portal.db import reading
from portal.htmx import is_htmx, page_or_partial, peeked_at, target
from portal.jobs.parcels import tracker
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.queries.channels import channel_directory
from portal.queries.labels import labels_of_part
from portal.queries.payment_history import StorePayment, load_store_payment
from portal.queries.shipments import last_carrier, shipments_of_part
from portal.queries.store_order import StoreOrder, load_store_order
from portal.queries.store_orders import SORTINGS, StoreOrderFilter, StoreView, list_store_orders, neighbours
from portal.queries.store_requests import open_requests
from portal.queries.store_story import store_story
from portal.queries.tickets import tickets_of_order
from portal.rules.deadlines import next_step
from portal.rules.holds import HIGH_RISK, HoldKind, may_end
from portal.rules.permissions import Permission, Scope
from portal.rules.states import Machine, states
from portal.statuses import status_of

# What belongs to the list in an address; it goes with every link to an order, so that Back and next stay in the list.
LIST_ARGS = ("view", "state", "channel", "period", "q", "sort", "store")
STATES = [state for state in states(Machine.PART) if state != "held"]


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/orders", "orders", index)
    bp.add_url_rule("/orders/<uuid:part_id>", "order", show)
    bp.add_url_rule("/orders/<uuid:part_id>/packing-slip", "packing_slip", packing_slip)


def list_filter(desk: Desk, now: datetime, *, view: StoreView | None = None) -> StoreOrderFilter:
    """The list that the address asks for. A search looks through all views unless one is chosen."""
    return _filter(desk.store.id, now, view)


def _filter(store_id: int, now: datetime, view: StoreView | None = None) -> StoreOrderFilter:
    words = text_arg("q")
    view = view or StoreView(choice_arg("view", set(StoreView)) or (StoreView.ALL if words else StoreView.ACTION))
    return StoreOrderFilter(
        store_id=store_id,
        view=view,
        now=now,
        state=choice_arg("state", STATES),
        channel_id=channel_arg(),
        placed_from=period_start(plain_arg("period"), now),
        search=words,
        sort=sort_arg(SORTINGS),
    )


INBOX = offer(
    Inbox(
        "seller.orders",
        Permission.STORE_ORDER_VIEW,
        Scope.STORE,
        ("view", "state", "channel", "period", "q", "sort"),
        lambda session, store_id: list_store_orders(session, chosen=_filter(store_id or 0, clock.now()), cursor=None),
    )
)


def _list_args() -> dict[str, Any]:
    return {name: request.args[name] for name in LIST_ARGS if request.args.get(name)}


@requires_in(Permission.STORE_ORDER_VIEW, Scope.STORE)
def index() -> ResponseReturnValue:
    """The inbox: opens on what needs action, the oldest first; a row can be looked at in place (S08)."""
    now = clock.now()
    if (peeked := peeked_at()) is not None:
        return _peek(peeked, now)
    with reading() as session:
        desk = open_desk(session, now)
        if desk is None:
            return render_template("seller/no_store.html", **around(None, "seller.orders"))
        chosen = list_filter(desk, now)
        views = views_for(session, INBOX, store_id=desk.store.id)
        page = list_store_orders(session, chosen=chosen, cursor=request.args.get("cursor"))
        opened, payment = _preview(session, request.args.get("open", ""), now)
    if (there := opens_with(views)) is not None:
        return there
    return page_or_partial(
        "seller/orders/index.html",
        {"orders": "seller/orders/_list.html"},
        views=views,
        found=page,
        peeked=opened,
        payment=payment,
        method_word=method_word,
        chosen=chosen,
        chips=_chips(chosen),
        tabs=_tabs(desk, chosen),
        clear_href=url_for("seller.orders", view=chosen.view.value, store=desk.store_arg),
        list_args=_list_args(),
        states=[("", _("Any"))] + [(state, gettext(status_of(state, "part").word)) for state in STATES],
        channels=_channels(),
        periods=[("", _("Any time"))] + [(key, gettext(words)) for key, (_days, words) in PERIODS.items()],
        query=chosen.search,
        **around(desk, "seller.orders"),
    )


def _preview(session: Session, named: str, now: datetime) -> tuple[StoreOrder | None, StorePayment | None]:
    """The part that the address opens in place; nothing where it names none of the reader's."""
    try:
        part_id = uuid.UUID(named)
    except ValueError:
        return None, None
    order = load_store_order(session, part_id=part_id, store_ids=sorted(current_actor().store_ids), now=now)
    return order, load_store_payment(session, part_id=part_id) if order else None


def _peek(named: str, now: datetime) -> ResponseReturnValue:
    """The row under a part's own, opened or closed as the address says."""
    with reading() as session:
        order, payment = _preview(session, named, now)
    if order is None:
        raise NotFoundError
    is_open = request.args.get("open") == named
    return render_template(
        "seller/orders/_peek.html",
        part_id=order.part_id,
        number=order.number,
        order=order if is_open else None,
        payment=payment,
        method_word=method_word,
        list_args=_list_args(),
        wide=_filter(order.store_id, now).view in {StoreView.ACTION, StoreView.TO_SEND},
        oob=True,
    )


@requires_in(Permission.STORE_ORDER_VIEW, Scope.STORE)
def show(part_id: uuid.UUID) -> ResponseReturnValue:
    """One part: the store's own lines, amounts and moves, and nothing of the other sellers."""
    if is_htmx() and target() == "story":
        with reading() as session:
            order = _load(session, part_id, clock.now())
            told = _story(session, order)
        return render_template("desk/_story.html", **told)
    return order_page(part_id)


def _story(session: Session, order: StoreOrder) -> dict[str, Any]:
    """What happened to it, and whether the page that asks still shows it as it is."""
    story = store_story(
        session, part_id=order.part_id, order_id=order.order_id, store_id=order.store_id, buyer_id=order.buyer_id
    )
    seen, args = request.args.get("seen", type=int) or order.version, _list_args()
    return {
        "events": story_events(order.placed_at, story, order.currency),
        "own_url": url_for("seller.order", part_id=order.part_id, seen=seen, **args),
        "reload_url": url_for("seller.order", part_id=order.part_id, **args),
        "is_behind": seen != order.version,
    }


def order_page(
    part_id: uuid.UUID, error: PortalError | None = None, typed: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    """The page of a part; after a refused act it says why, with what was typed (S18)."""
    now = clock.now()
    with reading() as session:
        order = _load(session, part_id, now)
        desk = open_desk(session, now, store_id=order.store_id)
        assert desk is not None
        before, following = neighbours(session, chosen=list_filter(desk, now), order=order)
        payment = load_store_payment(session, part_id=part_id)
        shipments = shipments_of_part(session, part_id=part_id)
        labels = labels_of_part(session, part_id=part_id)
        tickets = tickets_of_order(session, order_id=order.order_id, store_id=order.store_id)
        carrier = last_carrier(session, store_id=order.store_id)
        asked = open_requests(session, order_id=order.order_id, part_id=part_id, store_id=order.store_id)
        problem = problem_text(session, error) if error else None
        told = _story(session, order)
    args = _list_args()
    page = render_template(
        "seller/orders/show.html",
        order=order,
        before=before and url_for("seller.order", part_id=before, **args),
        following=following and url_for("seller.order", part_id=following, **args),
        back_href=url_for("seller.orders", **args),
        rows=_amounts(order),
        payout=_payout(order),
        payment=payment,
        method_word=method_word,
        problem=problem,
        asked=asked,
        shipments=shipments,
        labels=labels,
        sells_labels=tracker() is not None,
        label_problems=LABEL_PROBLEMS,
        label_key=new_id(),
        tickets=tickets,
        may_say_arrived=lambda parcel: not parcel.is_tracked,
        arrived_href=lambda parcel: url_for("seller.order_arrival", part_id=part_id, shipment_id=parcel.id),
        claim_href=lambda parcel: url_for("seller.claim", shipment_id=parcel.id),
        ship_form=ship_form(carrier, typed),
        step=next_step(order.status),
        list_args=args,
        may_end=lambda hold: may_end(
            current_actor(), HoldKind(hold.kind), hold.reason or HIGH_RISK, store_id=order.store_id
        ),
        **told,
        **around(desk, "seller.orders"),
    )
    return page, error.status if error else 200


@requires_in(Permission.STORE_ORDER_VIEW, Scope.STORE)
def packing_slip(part_id: uuid.UUID) -> ResponseReturnValue:
    """The slip that goes into the parcel: what and to whom, without amounts."""
    now = clock.now()
    with reading() as session:
        order = _load(session, part_id, now)
        desk = open_desk(session, now, store_id=order.store_id)
    if order.is_on_hold:
        raise NotFoundError  # What may not be shipped has no slip.
    return render_template("seller/orders/packing_slip.html", order=order, **around(desk, "seller.orders"))


def _load(session: Session, part_id: uuid.UUID, now: datetime) -> StoreOrder:
    order = load_store_order(session, part_id=part_id, store_ids=sorted(current_actor().store_ids), now=now)
    if order is None:
        raise NotFoundError
    return order


def _channels() -> list[tuple[str, str]]:
    views = channel_directory().channels.values()
    return [("", _("Any"))] + [(view.code, translated(dict(view.name))) for view in views]


def _tabs(desk: Desk, chosen: StoreOrderFilter) -> list[dict[str, Any]]:
    names = {
        StoreView.ACTION: _("Needs action"),
        StoreView.TO_SEND: _("To send"),
        StoreView.OVERDUE: _("Overdue"),
        StoreView.ON_HOLD: _("On hold"),
        StoreView.SHIPPED: _("On the way"),
        StoreView.RETURNING: _("Coming back"),
        StoreView.CANCELLED: _("Cancelled"),
        StoreView.ALL: _("All"),
    }
    return [
        {
            "label": name,
            "href": url_for("seller.orders", view=view.value, store=desk.store_arg),
            "current": view is chosen.view,
            "count": desk.counts.of(view),
        }
        for view, name in names.items()
    ]


def _chips(chosen: StoreOrderFilter) -> list[tuple[str, str]]:
    """Every active filter in words, with the address without it (S05)."""
    args = _list_args()

    def without(name: str) -> str:
        return url_for("seller.orders", **{**args, name: None})

    chips = []
    if chosen.state:
        word = gettext(status_of(chosen.state, "part").word)
        chips.append((_("State: %(state)s", state=word), without("state")))
    if chosen.channel_id is not None:
        name = translated(dict(channel_directory().by_id(chosen.channel_id).name))
        chips.append((_("Channel: %(name)s", name=name), without("channel")))
    if chosen.placed_from is not None:
        chips.append((gettext(PERIODS[args["period"]][1]), without("period")))
    if chosen.search:
        chips.append((_("Search: %(words)s", words=chosen.search), without("q")))
    return chips


def _amounts(order: StoreOrder) -> list[dict[str, Any]]:
    """What the buyer paid for this part, in the order of every receipt (B16)."""
    rows: list[dict[str, Any]] = [{"label": _("Items"), "amount_minor": order.subtotal_minor}]
    if order.own_discount_minor:
        rows.append({"label": _("Your coupons"), "amount_minor": -order.own_discount_minor})
    if order.mall_discount_minor:
        rows.append({"label": _("The mall's coupons"), "amount_minor": -order.mall_discount_minor})
    rows.append({"label": _("Shipping"), "amount_minor": order.shipping_minor})
    if order.tax_added_minor:
        rows.append({"label": _("Tax"), "amount_minor": order.tax_added_minor})
    return rows


def _payout(order: StoreOrder) -> list[dict[str, Any]]:
    """From what the buyer paid to what the store gets."""
    rows: list[dict[str, Any]] = [{"label": _("Paid by the buyer"), "amount_minor": order.payable_minor}]
    if order.tax_added_minor:
        rows.append({"label": _("Tax, paid on by the mall"), "amount_minor": -order.tax_added_minor})
    if order.mall_discount_minor:
        rows.append({"label": _("Mall's coupons, paid to you"), "amount_minor": order.mall_discount_minor})
    if order.refunded_minor or order.restocking_minor:
        given_back = order.payable_minor - order.tax_added_minor + order.mall_discount_minor - order.earned_minor
        given_back += order.asked_back_minor
        rows.append({"label": _("Given back"), "amount_minor": -given_back})
    if order.asked_back_minor:
        asked = order.asked_back_minor > 0
        label = _("Discount asked back from the buyer") if asked else _("Kept back for a discount on other goods")
        rows.append({"label": label, "amount_minor": order.asked_back_minor})
    rows.append(
        {
            "label": _("Commission"),
            "basis_points": order.commission_basis_points,
            "amount_minor": -order.commission_minor,
        }
    )
    if order.restocking_minor:
        rows.append({"label": _("Restocking fee, kept of what came back"), "amount_minor": order.restocking_minor})
    return rows
