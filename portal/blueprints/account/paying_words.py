"""A payment that is no order's, in its owner's words: where it stands, what happened, where it leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext

from portal import formatting
from portal.blueprints.account.orders.stages import SLOW_AFTER, Stage
from portal.blueprints.account.orders.story import Event
from portal.db import reading
from portal.gateways.base import DeclineReason
from portal.gateways.declines import ADVICE
from portal.kit.money import as_decimal
from portal.kit.text import N_
from portal.queries.exchange_options import code_of_payment
from portal.queries.invoices import number_of_payment
from portal.queries.orders import MoveView
from portal.queries.paying import PayingView
from portal.rules.purposes import PaymentPurpose
from portal.services.payments.settle_attempt import AMOUNT_DIFFERS


@dataclass(frozen=True, slots=True)
class PurposeWords:
    """What is paid for: its name, what is so once it is paid, where it lives, and where to try again."""

    name: str
    done: str
    home: str
    home_text: str
    again: str


def _top_up(payment: PayingView) -> PurposeWords:
    return PurposeWords(
        gettext("Deposit top-up"),
        gettext("It is on your deposit, and you can pay with it at once."),
        url_for("account.deposit"),
        gettext("See the deposit"),
        url_for("account.top_up", amount=as_decimal(payment.amount_minor, payment.currency)),
    )


def _invoice(payment: PayingView) -> PurposeWords:
    with reading() as session:
        number = number_of_payment(session, payment_id=payment.id)
    amount = as_decimal(payment.amount_minor, payment.currency)
    return PurposeWords(
        gettext("Payment of an invoice"),
        gettext("It is taken off invoice %(number)s.", number=number),
        url_for("account.invoice", number=number),
        gettext("See the invoice"),
        url_for("account.invoice", number=number, pay=amount),
    )


def _gift_card(payment: PayingView) -> PurposeWords:
    return PurposeWords(
        gettext("Gift card"),
        gettext("It is on its way to whom it is for, with its code."),
        url_for("account.gift_cards"),
        gettext("See your gift cards"),
        url_for("account.new_gift_card", amount=as_decimal(payment.amount_minor, payment.currency)),
    )


def _exchange(payment: PayingView) -> PurposeWords:
    with reading() as session:
        code = code_of_payment(session, payment_id=payment.id)
    return PurposeWords(
        gettext("Difference of an exchange"),
        gettext("The store sends you what you get instead."),
        url_for("orders.show_return", code=code),
        gettext("See the exchange"),
        url_for("orders.show_return", code=code, pay="1"),
    )


_WORDS: Mapping[str, Callable[[PayingView], PurposeWords]] = {
    PaymentPurpose.TOP_UP: _top_up,
    PaymentPurpose.INVOICE: _invoice,
    PaymentPurpose.GIFT_CARD: _gift_card,
    PaymentPurpose.EXCHANGE: _exchange,
}


def purpose_words(payment: PayingView) -> PurposeWords:
    """The words of the payment's purpose."""
    return _WORDS[payment.purpose](payment)


def stage_of(payment: PayingView, now: datetime) -> Stage:
    """Where it stands, said honestly: what is known, what happens next, what can be done."""
    if payment.is_open:
        return _open(payment, now)
    amount = formatting.money(payment.amount_minor, payment.currency)
    match payment.status:
        case "failed":
            return _failed(payment, now)
        case "cancelled":
            title = gettext("You gave this payment up")
            return Stage("ended", title, (gettext("Nothing is charged for it."),), "grey", "circle-x")
        case "expired":
            title = gettext("The time to pay ran out")
            return Stage("ended", title, (gettext("Nothing is charged for it."),), "grey", "clock")
        case "refunded" | "partially_refunded":
            title = gettext("Paid, and given back in part or whole")
            return Stage("done", title, (), "blue", "receipt-refund")
        case "disputed" | "dispute_lost" | "dispute_won":
            title = gettext("Your bank has questioned this payment")
            return Stage("done", title, (), "purple", "gavel")
        case _:
            title = gettext("%(amount)s is paid", amount=amount)
            return Stage("done", title, (purpose_words(payment).done,), "green", "circle-check")


def _open(payment: PayingView, now: datetime) -> Stage:
    attempt = payment.attempt
    kind = attempt.action.get("kind")
    if attempt.state == "requires_action" and kind == "redirect":
        return Stage(
            "continue",
            gettext("One step left: pay on the provider's page"),
            (gettext("The page of the payment provider opens by itself. You come back here afterwards."),),
            "yellow",
            "external-link",
        )
    if attempt.state == "requires_action" and kind == "client":
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
            (gettext("Pay exactly this amount, once. This page tells as soon as it arrives."),),
            "yellow",
            "building-bank",
        )
    if attempt.state == "unknown":
        return Stage(
            "unknown",
            gettext("The bank has not answered yet"),
            (
                gettext("We do not know yet whether the payment went through, and are asking the bank until we do."),
                gettext("You will not be charged twice. Do not pay again; closing this page is safe."),
            ),
            "purple",
            "help-circle",
        )
    if now - attempt.created_at >= SLOW_AFTER:
        return Stage(
            "slow",
            gettext("Still confirming with your bank"),
            (
                gettext("It takes longer than usual. We go on asking the bank, and tell you when it has answered."),
                gettext("If it says no, nothing is charged. Closing this page is safe."),
            ),
            "blue",
            "loader-2",
        )
    return Stage(
        "confirming",
        gettext("Confirming with your bank"),
        (
            gettext("This usually takes a few seconds. The page changes by itself."),
            gettext("Closing it is safe: you hear of it behind your bell."),
        ),
        "blue",
        "loader-2",
    )


def _failed(payment: PayingView, now: datetime) -> Stage:
    attempt = payment.attempt
    if attempt.reason == AMOUNT_DIFFERS:
        sentence = gettext("What came in goes back to you, or to your deposit where we cannot know where it came from.")
        if payment.kept_minor is not None:
            kept = formatting.money(payment.kept_minor, payment.currency)
            sentence = gettext("%(amount)s came in and is on your deposit.", amount=kept)
        return Stage("failed", gettext("Another amount came in"), (sentence,), "red", "alert-circle")
    if attempt.try_again_at is not None and now < attempt.try_again_at:
        return Stage(
            "failed",
            gettext("The payment did not go through"),
            (
                gettext("Nobody could be reached who takes this payment. Nothing was charged."),
                gettext(
                    "Try the same again after %(at)s, or pay another way now.",
                    at=formatting.instant_zone(attempt.try_again_at),
                ),
            ),
            "red",
            "alert-circle",
            wait_until=attempt.try_again_at,
        )
    reason = attempt.reason
    advice = ADVICE.get(DeclineReason(reason)) if reason in set(DeclineReason) else None
    sentence = gettext(advice.sentence) if advice else gettext("The payment was not made.")
    return Stage(
        "failed",
        gettext("The payment did not go through"),
        (sentence, gettext("Nothing was charged.")),
        "red",
        "alert-circle",
        retry_helps=advice.retry_helps if advice else True,
    )


# (subject, new state): tone, icon, sentence.
_TOLD: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("payment", "pending"): ("blue", "receipt", N_("Payment begun")),
    ("payment", "requires_action"): ("yellow", "shield-lock", N_("Your confirmation was asked for")),
    ("attempt", "unknown"): ("purple", "help-circle", N_("The bank did not answer in time; we are asking it")),
    ("payment", "captured"): ("green", "circle-check", N_("Payment confirmed")),
    ("payment", "failed"): ("red", "alert-circle", N_("The payment did not go through")),
    ("payment", "cancelled"): ("grey", "circle-x", N_("Given up")),
    ("payment", "expired"): ("grey", "clock", N_("The time to pay ran out")),
    ("payment", "partially_refunded"): ("blue", "receipt-refund", N_("A part was given back")),
    ("payment", "refunded"): ("grey", "receipt-refund", N_("The whole amount was given back")),
    ("payment", "disputed"): ("purple", "gavel", N_("The bank has questioned the payment")),
}


def story_of(moves: Sequence[MoveView]) -> list[Event]:
    """The events of the timeline, the newest first."""
    told: list[Event] = []
    for move in moves:
        look = _TOLD.get((move.subject, move.state))
        if look is not None:
            title = gettext(look[2])
            told.append({"tone": look[0], "icon": look[1], "title": title, "at": move.at, "text": ""})
    return told[::-1]
