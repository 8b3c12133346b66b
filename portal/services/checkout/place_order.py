"""Place an order: one transaction that prices, reserves, scores and writes, or leaves nothing behind."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError, RejectedError
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import Order
from portal.queries.carts import CartView, load_cart
from portal.queries.channels import ChannelView
from portal.queries.gateways import gateway_directory
from portal.rules.cash_receipts import ReceiptWish
from portal.rules.channels import State
from portal.rules.fraud import Outcome
from portal.rules.fx import FxRate
from portal.rules.invoices import METHOD as INVOICE
from portal.rules.permissions import Actor, Permission, may
from portal.rules.step_up import StepUpAction
from portal.services.accounts.may_spend import check_may_spend
from portal.services.accounts.step_up import Binding
from portal.services.cart.take_cart import lock_cart, take_cart
from portal.services.cash_receipts.want_cash_receipt import want_cash_receipt
from portal.services.checkout.check_coupon_rush import check_coupon_rush
from portal.services.checkout.choices import Choices
from portal.services.checkout.cross_border import border_refusals
from portal.services.checkout.means import Means
from portal.services.checkout.quote import CheckoutQuote, quote_cart
from portal.services.checkout.route_payment import route_payment
from portal.services.checkout.routing import PaymentRoute, files_cash_receipts
from portal.services.checkout.write_order import write_order
from portal.services.coupons.claim_uses import Claim, lock_limits
from portal.services.fraud.prove_risk import prove_risk
from portal.services.fraud.score_payment import PaymentBlockedError, score_payment
from portal.services.idempotency import claim_key, fingerprint
from portal.services.invoices.claim_credit import claim_credit
from portal.services.reservations.complete_order import complete_order
from portal.services.stock.reserve_stock import reserve_stock


class NotAllowedError(PortalError):
    """The actor may not buy."""

    code = "permission_missing"
    status = 403
    sentence = N_("You cannot place this order with this account.")


class ChannelClosedError(PortalError):
    """The channel takes no new orders just now (CHN-02); payments under way go on."""

    code = "channel_closed"
    status = 503
    sentence = N_("This shop takes no orders just now. Your cart stays as it is; nothing was charged.")


class CartEmptyError(PortalError):
    """There is nothing to buy, perhaps because the order was placed in another tab."""

    code = "cart_empty"
    status = 409
    sentence = N_("Your cart is empty. If you have just ordered, the order is in your list of orders.")


class ChangedSinceShownError(PortalError):
    """Prices, stock or coupons are not what the buyer saw when he pressed the button (CPN-08, B23)."""

    code = "changed_since_shown"
    status = 409
    sentence = N_("Something has changed since this page was shown. Look at the new amounts; nothing was charged.")

    def __init__(self, quote: CheckoutQuote) -> None:
        super().__init__()
        self.quote = quote


@dataclass(frozen=True, slots=True)
class Submission:
    """What the buyer sends. `shown` is the fingerprint of the amounts that he saw; none of it decides a price."""

    key: str
    choices: Choices
    shown: str
    contact: Mapping[str, str]
    address: Mapping[str, str]
    consents: Mapping[str, str]
    locale: str
    return_url: str
    source_token: str | None = None
    source_account_id: int | None = None  # Whose card fields made the token.
    saved_method_id: uuid.UUID | None = None  # One of the buyer's own cards, instead of a token.
    ip: str | None = None
    cash_receipt: ReceiptWish | None = None
    personal_code: str | None = None  # By which customs know the buyer.


@dataclass(frozen=True, slots=True)
class Placed:
    """The order of a submission. `is_repeat` says that it was placed by an earlier one with the same key."""

    order_id: uuid.UUID
    number: str
    attempt_id: uuid.UUID | None = None
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Blocked:
    """A rule refuses the payment; its decision is written, and nothing else."""

    error: PaymentBlockedError


def place_order(
    session: Session,
    *,
    actor: Actor,
    channel: ChannelView,
    submission: Submission,
    hold_for: timedelta,
    key_lifetime: timedelta,
    now: datetime,
) -> Placed | Blocked:
    """Turn the actor's cart into an order, with everything it needs reserved and its payment ready to be asked for.

    Locks are taken in one order everywhere: key, cart, credit, coupons, balances, stock. Raises NotAllowedError,
    IdempotencyKeyReusedError, CartEmptyError, ChangedSinceShownError, RejectedError (coupon or tender),
    BorderRefusedError, StepUpNeededError (many coupons in a short time), BalanceTooLowError, OutOfStockError,
    RateMissingError, RateStaleError, and what the pricing raises; then nothing has changed.
    """
    if actor.user_id is None or not may(actor, Permission.PAYMENT_INITIATE, owner_id=actor.user_id):
        raise NotAllowedError
    if channel.state != State.LIVE:
        raise ChannelClosedError
    check_may_spend(session, user_id=actor.user_id)
    order_id = new_id()
    known = claim_key(
        session,
        scope=f"order:{actor.user_id}",
        key=submission.key,
        mark=_mark(submission, channel),
        now=now,
        lifetime=key_lifetime,
        subject_id=order_id,
    )
    if known is not None:
        return _first_answer(session, known.subject_id)
    lock_cart(session, user_id=actor.user_id)
    cart = load_cart(session, user_id=actor.user_id, session_id=None, channel=channel)
    if not cart.lines:
        raise CartEmptyError
    quoted = quote_cart(
        session,
        cart=cart,
        user_id=actor.user_id,
        channel=channel,
        choices=submission.choices,
        locale=submission.locale,
        now=now,
        claims=True,
    )
    rate = _shown_rate(quoted, submission)
    _check_borders(cart, quoted, submission, channel, now)
    route = _route(session, quoted, submission, channel, order_id=order_id, user_id=actor.user_id, now=now)
    if route is not None and route.method == INVOICE:
        claim_credit(
            session,
            user_id=actor.user_id,
            currency=channel.currency,
            amount_minor=quoted.quote.to_pay_now_minor,
        )
    risk = score_payment(
        session,
        order_id=order_id,
        actor=actor,
        currency=channel.currency,
        amount_minor=quoted.quote.total_minor,
        coupons=sum(one.is_applied for one in quoted.coupons),
        saving_minor=sum(one.saving_minor for one in quoted.coupons if one.is_applied),
        ip=submission.ip,
        address=submission.address,
        stores={line.store_id for line in quoted.lines},
        campaigns={one.coupon.terms.campaign_id for one in quoted.coupons if one.is_applied},
        now=now,
    )
    if risk.outcome is Outcome.BLOCK:
        return Blocked(PaymentBlockedError())
    if risk.outcome is Outcome.STEP_UP:
        amount = Money(quoted.quote.total_minor, channel.currency)
        binding = Binding(f"order:{submission.shown}", amount)
        prove_risk(session, risk=risk, actor=actor, action=StepUpAction.PLACE_ORDER, binding=binding, now=now)
    claims = [Claim(o.coupon, o.saving_minor) for o in quoted.coupons if o.is_applied]
    check_coupon_rush(session, actor=actor, channel=channel, claims=claims, shown=submission.shown, now=now)
    lock_limits(session, claims=claims, user_id=actor.user_id, currency=channel.currency)
    take_cart(session, cart_id=cart.id, variant_ids=[line.variant_id for line in quoted.lines], now=now)
    placed = write_order(
        session,
        order_id=order_id,
        actor=actor,
        channel=channel,
        cart=cart,
        quoted=quoted,
        claims=claims,
        submission=submission,
        route=route,
        rate=rate,
        risk=risk,
        expires_at=now + hold_for,
        now=now,
    )
    reserve_stock(
        session,
        order_id=order_id,
        channel_id=channel.id,
        quantities={line.variant_id: line.quantity for line in quoted.lines},
        expires_at=now + hold_for,
    )
    if placed.attempt_id is not None and (wish := _cash_receipt(session, submission, route, channel)):
        want_cash_receipt(session, attempt_id=placed.attempt_id, wish=wish, now=now)
    if route is None:
        complete_order(session, order_id=order_id, actor=actor, now=now)
    return Placed(order_id, placed.number, placed.attempt_id)


def _cash_receipt(
    session: Session, submission: Submission, route: PaymentRoute | None, channel: ChannelView
) -> ReceiptWish | None:
    """The wish, where the payment is one that can be filed; elsewhere it means nothing."""
    if route is None or submission.cash_receipt is None:
        return None
    directory = gateway_directory(session)
    files = files_cash_receipts(directory, channel, route.method, route.account_id)
    return submission.cash_receipt if files else None


def _mark(submission: Submission, channel: ChannelView) -> str:
    """What makes two submissions the same: all that was asked for. A card token is new with every click."""
    return fingerprint(
        [
            channel.code,
            submission.choices.to_json(),
            submission.shown,
            dict(submission.address),
            dict(submission.contact),
            *([str(submission.saved_method_id)] if submission.saved_method_id else []),
            *([submission.personal_code] if submission.personal_code else []),
        ]
    )


def _first_answer(session: Session, order_id: uuid.UUID | None) -> Placed | Blocked:
    row = session.execute(select(Order.id, Order.number).where(Order.id == order_id)).one_or_none()
    return Blocked(PaymentBlockedError()) if row is None else Placed(row.id, row.number, is_repeat=True)


def _shown_rate(quoted: CheckoutQuote, submission: Submission) -> FxRate | None:
    """Refuse what has changed; else the rate that the buyer saw, where there is one."""
    if quoted.closed is not None:
        raise quoted.closed
    for rejection in quoted.tender_rejections.values():
        raise RejectedError(rejection)
    fingerprint = quoted.quote.fingerprint
    rate = quoted.exchange.rate_of(submission.shown, fingerprint) if quoted.exchange else None
    is_shown = submission.shown == fingerprint if quoted.exchange is None else rate is not None
    if not quoted.lines or quoted.unavailable or not is_shown:
        raise ChangedSinceShownError(quoted)
    return rate


def _check_borders(
    cart: CartView, quoted: CheckoutQuote, submission: Submission, channel: ChannelView, now: datetime
) -> None:
    """Raise the first reason for which something may not go where it is wanted."""
    refused = border_refusals(
        cart,
        quoted,
        channel=channel,
        country=submission.address.get("country", ""),
        personal_code=submission.personal_code,
        locale=submission.locale,
        now=now,
    )
    if refused:
        raise refused[0]


def _route(
    session: Session,
    quoted: CheckoutQuote,
    submission: Submission,
    channel: ChannelView,
    *,
    order_id: uuid.UUID,
    user_id: uuid.UUID,
    now: datetime,
) -> PaymentRoute | None:
    """Which gateway is asked, decided before anything is reserved; None when there is nothing left to pay."""
    if not quoted.quote.to_pay_now_minor:
        return None
    means = Means(
        submission.choices.method,
        submission.source_token,
        submission.source_account_id,
        submission.saved_method_id,
    )
    return route_payment(
        session,
        channel=channel,
        means=means,
        amount_minor=quoted.quote.to_pay_now_minor,
        country=submission.address.get("country"),
        locale=submission.locale,
        user_id=user_id,
        subject_id=order_id,
        now=now,
    )
