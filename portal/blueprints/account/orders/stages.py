"""Where an order stands, said honestly: what is known, what happens next, what the buyer can do (B21, B22, B25)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext

from portal import formatting
from portal.blueprints.checkout.method_names import method_name
from portal.blueprints.context import translated
from portal.blueprints.payment_history import card_word
from portal.gateways.base import DeclineReason
from portal.gateways.declines import ADVICE
from portal.kit.currency import POINTS
from portal.queries.orders import OrderView
from portal.rules.progress import Progress
from portal.services.payments.settle_attempt import AMOUNT_DIFFERS

# After this the page says what happens next instead of asking for patience (B21).
SLOW_AFTER = timedelta(seconds=20)
PAID = frozenset({"paid", "shipped", "delivered", "partially_refunded", "refunded"})


@dataclass(frozen=True, slots=True)
class Stage:
    """What the head of the page says. `name` is one word for templates and tests."""

    name: str
    title: str
    sentences: tuple[str, ...]
    tone: str
    icon: str
    retry_helps: bool = False
    is_refunding: bool = False
    # Nobody could be reached: the same way of paying is refused until then.
    wait_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """The page goes on asking by itself."""
        return self.is_refunding or self.name in {
            "confirming",
            "slow",
            "unknown",
            "continue",
            "confirm",
            "account",
            "review",
        }


def is_slow(order: OrderView, now: datetime) -> bool:
    tried_at = order.attempt.created_at if order.attempt else order.placed_at
    return order.is_pending and now - tried_at >= SLOW_AFTER


def page_mark(order: OrderView, now: datetime) -> str:
    """What an open page compares: everything that its words depend on."""
    return f"{order.mark}{'s' if is_slow(order, now) else ''}"


def stage_of(order: OrderView, now: datetime, progress: Progress) -> Stage:
    """The head of the page; `progress` says how far the goods are."""
    if order.is_pending:
        return _pending(order, now)
    if order.status in PAID:
        return _paid(order, progress)
    if order.status == "failed":
        return _failed(order, now)
    return _ended(order)


def _pending(order: OrderView, now: datetime) -> Stage:
    attempt = order.attempt
    kind = attempt.action.get("kind") if attempt else None
    if order.fraud_hold and order.payment_status == "authorised":
        return Stage(
            "review",
            gettext("We are looking at your order"),
            (
                gettext("The amount is held on your card and is not taken yet."),
                gettext("Somebody looks at the order, usually within a day. You get a mail either way."),
            ),
            "purple",
            "shield-check",
        )
    if attempt and attempt.state == "requires_action" and kind == "redirect":
        return Stage(
            "continue",
            gettext("One step left: pay on the provider's page"),
            (gettext("The page of the payment provider opens by itself. You come back here afterwards."),),
            "yellow",
            "external-link",
        )
    if attempt and attempt.state == "requires_action" and kind == "client":
        return Stage(
            "confirm",
            gettext("Your bank asks you to confirm"),
            (gettext("Follow your bank's steps in the window that opens. Nothing is charged until you do."),),
            "yellow",
            "shield-lock",
        )
    if kind == "account":
        return Stage(
            "account",
            gettext("Waiting for deposit"),
            (gettext("Pay exactly this amount, once. The order goes to the stores as soon as it arrives."),),
            "yellow",
            "building-bank",
        )
    if attempt and attempt.state == "unknown":
        return Stage(
            "unknown",
            gettext("The bank has not answered yet"),
            (
                gettext("We do not know yet whether the payment went through, and are asking the bank until we do."),
                gettext("You will not be charged twice. Do not order again; closing this page is safe."),
            ),
            "purple",
            "help-circle",
        )
    return _confirming(slow=is_slow(order, now))


def _confirming(*, slow: bool) -> Stage:
    if slow:
        return Stage(
            "slow",
            gettext("Still confirming with your bank"),
            (
                gettext("It takes longer than usual. We go on asking the bank, and write to you when it has answered."),
                gettext(
                    "If it says no, nothing is charged and your cart is back as it was. Closing this page is safe."
                ),
            ),
            "blue",
            "loader-2",
        )
    return Stage(
        "confirming",
        gettext("Confirming with your bank"),
        (
            gettext("This usually takes a few seconds. The page changes by itself."),
            gettext("Closing it is safe: the order goes on, and you get a mail."),
        ),
        "blue",
        "loader-2",
    )


def _paid(order: OrderView, progress: Progress) -> Stage:
    if order.fraud_hold and order.status == "paid":
        return Stage(
            "paid",
            gettext("Paid. We are looking at your order"),
            (gettext("Somebody looks at the order before the stores send it, usually within a day."),),
            "purple",
            "shield-check",
        )
    if order.is_gone:
        title = gettext("Everything of this order was given back")
        if order.status != "refunded":
            title = gettext("Your order is cancelled, and your money is on its way")
        return Stage("paid", title, (), "green" if order.status == "refunded" else "blue", "receipt-refund")
    is_partly = progress is Progress.PARTLY and order.status == "paid"
    titles = {
        "paid": gettext("Thank you, your order is confirmed"),
        "shipped": gettext("Your order is on its way"),
        "delivered": gettext("Your order has arrived"),
        "partially_refunded": gettext("A part of your order was given back"),
        "refunded": gettext("Your order was given back"),
    }
    # What had arrived is on its way again when something is sent once more.
    is_sent_again = progress is Progress.ON_THE_WAY and order.status == "delivered"
    title = titles["shipped" if is_sent_again else order.status]
    if is_partly:
        title = gettext("A part of your order is on its way")
    email = order.contact.get("email")
    sentences = [_NEXT[progress]()] if progress in _NEXT else []
    if order.payment_status == "authorised":
        sentences.append(gettext("The amount is held, and charged only when the first parcel leaves."))
    elif email and order.status == "paid":
        sentences.append(gettext("The receipt goes to %(email)s.", email=email))
    return Stage("paid", title, tuple(sentences), "green", "circle-check")


# What comes next, whatever of the order was given back.
_NEXT: Mapping[Progress, Callable[[], str]] = {
    Progress.WAITS: lambda: gettext(
        "Something has to be cleared up before it is sent. You get a mail when it is on its way."
    ),
    Progress.PREPARED: lambda: gettext("The stores prepare it now. You get a mail when a parcel is on its way."),
    Progress.PARTLY: lambda: gettext("Each parcel says below where it is. The rest is being prepared."),
    Progress.ON_THE_WAY: lambda: gettext("Each parcel says below where it is. You hear when it arrives."),
    Progress.ARRIVED: lambda: gettext("You can review it, or give it back while the time for returns lasts."),
    Progress.CLOSED: lambda: gettext("The time for returns is over. You can still review it."),
    Progress.COMES_BACK: lambda: gettext("What you send back is said below, with what happens next."),
}


def _failed(order: OrderView, now: datetime) -> Stage:
    try_again_at = order.attempt.try_again_at if order.attempt else None
    if try_again_at is not None and now < try_again_at:
        return Stage(
            "failed",
            gettext("The payment did not go through"),
            (
                gettext("Nobody could be reached who takes this payment. Nothing was charged."),
                gettext(
                    "Your cart is as it was. Try the same again after %(at)s, or pay another way now.",
                    at=formatting.instant_zone(try_again_at),
                ),
            ),
            "red",
            "alert-circle",
            wait_until=try_again_at,
        )
    reason = order.attempt.reason if order.attempt else None
    if reason == AMOUNT_DIFFERS:
        return Stage(
            "failed",
            gettext("Another amount came in"),
            (
                gettext(
                    "It is not what this order costs, so that the order could not be kept. Your cart is as it was."
                ),
                gettext("What came in goes back to you, or to your deposit where we cannot know where it came from."),
            ),
            "red",
            "alert-circle",
        )
    advice = ADVICE.get(DeclineReason(reason)) if reason in set(DeclineReason) else None
    sentence = gettext(advice.sentence) if advice else gettext("The payment was not made.")
    return Stage(
        "failed",
        gettext("The payment did not go through"),
        (
            sentence,
            gettext("Nothing was charged. Your cart, coupons and balances are as they were."),
        ),
        "red",
        "alert-circle",
        retry_helps=advice.retry_helps if advice else True,
    )


def _ended(order: OrderView) -> Stage:
    if order.status == "expired":
        title, icon = gettext("The time to pay ran out"), "clock"
        first = gettext("The order was kept for you until %(at)s.", at=formatting.instant(order.expires_at))
    else:
        title, icon = gettext("This order was cancelled"), "circle-x"
        first = gettext("Nothing is charged for it.")
    sentences = (first, gettext("Your cart, coupons and balances are as they were.")) if not order.paid_at else (first,)
    return Stage("ended", title, sentences, "grey", icon)


def comes_back(order: OrderView) -> list[tuple[str, str]]:
    """What is kept for the order and is free again when it is given up: its name, how much (B27)."""
    names = _balances()
    kept = [
        (
            names[tender.type],
            formatting.money(tender.points, POINTS)
            if tender.points
            else formatting.money(tender.amount_minor, order.currency),
        )
        for tender in order.tenders
        if tender.type in names
    ]
    return kept + [(gettext("Coupon"), translated(dict(one.names))) for one in order.coupons]


def paid_with(order: OrderView) -> list[tuple[str, int, str]]:
    """What was paid by what: name, amount in minor units, a note."""
    names = _balances()
    rows = []
    for tender in order.tenders:
        note = formatting.money(tender.points, POINTS) if tender.points else ""
        if tender.type == "gateway":
            note = card_word(order.attempt.card if order.attempt else None)
        rows.append((names.get(tender.type) or method_name(order.method), tender.amount_minor, note))
    return rows


def _balances() -> dict[str, str]:
    return {
        "deposit": gettext("Deposit"),
        "mileage": gettext("Mileage"),
        "gift": gettext("Gift balance"),
        "refund_credit": gettext("Refund credit"),
    }
