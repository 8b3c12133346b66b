"""Send back, exchange, or claim a parcel: the buyer's cases and their labels (ORD-005, B27)."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Response, current_app, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.blueprints.access import NotFoundError, requires
from portal.blueprints.account.orders.return_form import read_wanted, return_form, return_form_words
from portal.blueprints.account.orders.views import bp, own_order
from portal.blueprints.account.pay_choice import offer_pay, read_means, return_url
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor, current_locale
from portal.blueprints.return_labels import HAS_LABEL, label_of, picture_of
from portal.blueprints.return_words import events_of
from portal.blueprints.seller.fulfil_words import ship_form
from portal.blueprints.uploads import read_files, takes_files
from portal.config import Settings
from portal.db import atomically, reading
from portal.htmx import done, leave_for, page_or_partial
from portal.jobs.queue import enqueue_charge
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.file_kinds import PICTURES
from portal.kit.ids import new_token
from portal.queries.benefits import load_balances
from portal.queries.channels import channel_directory
from portal.queries.return_lists import ReturnQueue, list_returns
from portal.queries.returns import ReturnView, find_return
from portal.rules.permissions import Permission
from portal.rules.refund_policy import Party
from portal.services.checkout.pay_exchange import DEPOSIT, ExchangePaymentWish, pay_exchange
from portal.services.returns.decide_return import withdraw_return
from portal.services.returns.receive_return import note_sent
from portal.services.returns.refund_units import restocking_of
from portal.services.returns.request_return import ReturnRequest, request_return
from portal.services.returns.turn_exchange import take_money_instead


@bp.get("/orders/<number>/returns/new")
@requires(Permission.REFUND_HANDLE)
def new_return(number: str) -> ResponseReturnValue:
    """What can be sent back, why, who pays for it, and what comes back for it; a change of the form asks anew."""
    order = own_order(number)
    partial = {"return-plan": "orders/_return_plan.html"}
    return page_or_partial("orders/return_new.html", partial, **return_form(order, read_wanted(request.args)))


@bp.post("/orders/<number>/returns")
@requires(Permission.REFUND_HANDLE)
@takes_files
def create_return(number: str) -> ResponseReturnValue:
    """Ask for it; what stands against it is said on the form, with everything that was typed."""
    order, wanted = own_order(number), read_wanted(request.form)
    asked = ReturnRequest(
        key=request.form.get("key", ""),
        kind=wanted.kind,
        units=wanted.units,
        reason=wanted.reason,
        note=wanted.note,
        wish=wanted.wish,
        variants=wanted.variants,
        shipment_id=wanted.shipment_id,
    )
    actor, now = current_actor(), clock.now()
    try:
        # Made safe before anything is locked.
        pictures = read_files("pictures", taken=PICTURES)
        made = atomically(
            lambda s: request_return(
                s, actor=actor, party=Party.BUYER, order_id=order.id, request=asked, pictures=pictures, now=now
            )
        )
    except PortalError as error:
        return render_template("orders/return_new.html", **return_form(order, wanted, error=error)), error.status
    if not made.is_repeat:
        flash(gettext("Your request was sent. You hear as soon as the store has answered."), "success")
    return done(location=url_for(".show_return", code=made.number))


@bp.get("/returns")
@requires(Permission.REFUND_HANDLE)
def returns() -> ResponseReturnValue:
    """All of one's cases, the newest first."""
    with reading() as session:
        found = list_returns(
            session,
            queue=ReturnQueue.ALL,
            now=clock.now(),
            buyer_id=current_actor().user_id,
            cursor=request.args.get("cursor"),
        )
    return page_or_partial(
        "orders/returns.html", {"returns": "orders/_returns_list.html"}, found=found, **return_form_words()
    )


@bp.get("/returns/<code>")
@requires(Permission.REFUND_HANDLE)
def show_return(code: str) -> ResponseReturnValue:
    """One case: where it stands and what is next."""
    return _page(_own(code))


@bp.get("/returns/<code>/label.pdf")
@requires(Permission.REFUND_HANDLE)
def return_label(code: str) -> Response:
    """The label to print."""
    return label_of(_own(code))


@bp.get("/returns/<code>/pictures/<uuid:picture_id>")
@requires(Permission.REFUND_HANDLE)
def return_picture(code: str, picture_id: uuid.UUID) -> Response:
    """A picture that was sent along."""
    return picture_of(_own(code).id, picture_id)


@bp.post("/returns/<code>/withdrawal")
@requires(Permission.REFUND_HANDLE)
def withdraw_request(code: str) -> ResponseReturnValue:
    """Keep the goods after all."""
    case, actor, now = _own(code), current_actor(), clock.now()
    try:
        atomically(lambda s: withdraw_return(s, return_id=case.id, actor=actor, now=now))
    except PortalError as error:
        return _page(_own(code), error)
    return done(location=url_for(".show_return", code=case.number))


@bp.post("/returns/<code>/shipment")
@requires(Permission.REFUND_HANDLE)
def send_return(code: str) -> ResponseReturnValue:
    """Say with whom it was sent."""
    case, actor, now = _own(code), current_actor(), clock.now()
    carrier, number = request.form.get("carrier", ""), request.form.get("number", "")
    try:
        atomically(lambda s: note_sent(s, return_id=case.id, carrier=carrier, number=number, actor=actor, now=now))
    except PortalError as error:
        return _page(_own(code), error)
    flash(gettext("Thank you. The store knows that it is on its way."), "success")
    return done(location=url_for(".show_return", code=case.number))


@bp.post("/returns/<code>/payments")
@requires(Permission.PAYMENT_INITIATE)
def pay_more(code: str) -> ResponseReturnValue:
    """Pay what the exchange costs more."""
    case, actor, now = _own(code), current_actor(), clock.now()
    settings: Settings = current_app.config["PORTAL"]
    wish = ExchangePaymentWish(
        key=request.form.get("idempotency_key", ""),
        means=read_means(),
        locale=current_locale(),
        return_url=return_url(),
    )
    try:
        begun = atomically(
            lambda s: pay_exchange(
                s,
                actor=actor,
                return_id=case.id,
                channel=channel_directory().by_id(case.channel_id),
                wish=wish,
                key_lifetime=timedelta(hours=settings.idempotency_hours),
                now=now,
            )
        )
    except PortalError as error:
        return _page(_own(code), error)
    if begun is None:
        flash(gettext("It is paid from your deposit. The store sends you what you get instead."), "success")
        return leave_for(url_for(".show_return", code=case.number))
    if begun.attempt_id is not None:
        enqueue_charge(begun.attempt_id)
    return leave_for(url_for("account.paying", payment_id=begun.payment_id))


@bp.post("/returns/<code>/money")
@requires(Permission.REFUND_HANDLE)
def money_instead(code: str) -> ResponseReturnValue:
    """Have the money back instead of paying more."""
    case, actor, now = _own(code), current_actor(), clock.now()
    try:
        atomically(lambda s: take_money_instead(s, return_id=case.id, actor=actor, now=now))
    except PortalError as error:
        return _page(_own(code), error)
    return done(location=url_for(".show_return", code=case.number))


def _own(code: str) -> ReturnView:
    user_id = current_actor().user_id
    assert user_id is not None  # The permission is a signed-in person's.
    with reading() as session:
        case = find_return(session, number=code, buyer_id=user_id)
    if case is None:
        raise NotFoundError
    return case


def _page(case: ReturnView, error: PortalError | None = None) -> ResponseReturnValue:
    pay, deposit = None, 0
    with reading() as session:
        restocking = restocking_of(session, case=case, now=clock.now())
    if case.must_pay:
        with reading() as session:
            deposit = load_balances(session, user_id=case.buyer_id, currency=case.currency).deposit_usable_minor
        wants_to_pay = request.args.get("pay") or (
            error is not None and request.form.get("method") not in {None, DEPOSIT}
        )
        pay = offer_pay(case.more_minor, channel_directory().by_id(case.channel_id)) if wants_to_pay else None
    typed = {name: request.form.get(name, "")[:100] for name in ("carrier", "number")} if error else None
    page = render_template(
        "orders/return_show.html",
        case=case,
        events=events_of(case),
        has_label=case.status in HAS_LABEL,
        ship_form=ship_form(None, typed),
        problem=say(error) if error else None,
        pay=pay,
        deposit_minor=deposit,
        restocking_minor=restocking,
        deposit_key=new_token(),
        **return_form_words(),
    )
    return page, error.status if error else 200
