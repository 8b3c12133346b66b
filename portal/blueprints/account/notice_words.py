"""Notices in words: a sentence per kind, filled with what the notice knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from flask_babel import gettext

from portal import formatting
from portal.blueprints.context import translated
from portal.kit.text import N_
from portal.rules.notices import NoticeKind

if TYPE_CHECKING:
    from portal.queries.notices import NoticeView

# kind -> (icon, sentence)
WORDS: dict[str, tuple[str, str]] = {
    NoticeKind.ORDER_PAID: ("circle-check", N_("Order %(number)s is paid.")),
    NoticeKind.ORDER_FAILED: (
        "alert-circle",
        N_("Order %(number)s could not be paid. Nothing was charged; your cart is as it was."),
    ),
    NoticeKind.ORDER_EXPIRED: (
        "clock",
        N_("Order %(number)s was not paid in time. Nothing was charged; your cart is as it was."),
    ),
    NoticeKind.ORDER_UNDER_REVIEW: ("shield-lock", N_("Order %(number)s waits for review.")),
    NoticeKind.PAYMENT_KEPT: (
        "coins",
        N_("What came in for order %(number)s could not be used for it. It is on your deposit."),
    ),
    NoticeKind.TOP_UP_CREDITED: ("coins", N_("%(amount)s is on your deposit.")),
    NoticeKind.TOP_UP_FAILED: (
        "alert-circle",
        N_("The top-up of %(amount)s did not go through. Nothing was charged."),
    ),
    NoticeKind.TOP_UP_EXPIRED: ("clock", N_("The top-up of %(amount)s was not paid in time. Nothing was charged.")),
    NoticeKind.TOP_UP_KEPT: (
        "coins",
        N_("%(amount)s came in, another amount than you asked for. It is on your deposit."),
    ),
    NoticeKind.GIFT_CARD_SOLD: ("gift", N_("Your gift card of %(amount)s was sent.")),
    NoticeKind.GIFT_CARD_REDEEMED: ("gift", N_("Your gift card of %(amount)s was redeemed.")),
    NoticeKind.GIFT_CARD_GIVEN_BACK: ("coins", N_("What is left of your gift card of %(amount)s is on your deposit.")),
    NoticeKind.GIFT_CARD_VOID: ("ban", N_("Your gift card of %(amount)s is void. Write to our support.")),
    NoticeKind.GIFT_CARD_ENDED: ("clock", N_("Your gift card of %(amount)s was not redeemed in time.")),
    NoticeKind.GIFT_CARD_FAILED: (
        "alert-circle",
        N_("The payment of your gift card of %(amount)s did not go through. Nothing was charged."),
    ),
    NoticeKind.GIFT_CARD_EXPIRED: (
        "clock",
        N_("Your gift card of %(amount)s was not paid in time. Nothing was charged."),
    ),
    NoticeKind.INVOICE_ISSUED: ("file-text", N_("Invoice %(number)s over %(amount)s is there. Pay it by its date.")),
    NoticeKind.INVOICE_LOWERED: ("coins", N_("Invoice %(number)s: %(amount)s is left to be paid.")),
    NoticeKind.INVOICE_CLOSED: ("circle-check", N_("Nothing is left to be paid of invoice %(number)s.")),
    NoticeKind.INVOICE_SOON: ("clock", N_("Invoice %(number)s is due soon: %(amount)s.")),
    NoticeKind.INVOICE_TODAY: ("alarm", N_("Invoice %(number)s is due today: %(amount)s.")),
    NoticeKind.INVOICE_LATE: ("alarm", N_("Invoice %(number)s is late: please pay %(amount)s now.")),
    NoticeKind.INVOICE_OVERDUE: ("alarm", N_("Invoice %(number)s is overdue: %(amount)s.")),
    NoticeKind.INVOICE_FAILED: (
        "alert-circle",
        N_("The payment of %(amount)s for your invoice did not go through. Nothing was charged."),
    ),
    NoticeKind.INVOICE_EXPIRED: (
        "clock",
        N_("The payment of %(amount)s for your invoice was not made in time. Nothing was charged."),
    ),
    NoticeKind.WITHDRAWAL_WANTED: ("shield-check", N_("A withdrawal waits for somebody to look at it.")),
    NoticeKind.WITHDRAWAL_APPROVED: ("building-bank", N_("Your withdrawal is on its way to you.")),
    NoticeKind.WITHDRAWAL_RETURNED: (
        "arrow-back-up",
        N_("A part of your withdrawal could not be sent the way it came, and is on your deposit again."),
    ),
    NoticeKind.WITHDRAWAL_REFUSED: (
        "circle-x",
        N_("Your withdrawal was refused. The amount is on your deposit again."),
    ),
    NoticeKind.WITHDRAWAL_PAID: ("circle-check", N_("Your withdrawal was sent.")),
    NoticeKind.CASE_OPENED: ("shield-lock", N_("A case of risk waits: %(amount)s at stake.")),
    NoticeKind.ACCOUNT_FROZEN: (
        "lock",
        N_("Your account is on hold while we look at it. Nothing of yours is lost. Contact us to go on."),
    ),
    NoticeKind.ROLES_CHANGED: ("shield-check", N_("The mall has changed what you may do at its desk.")),
    NoticeKind.STORE_ROLE_CHANGED: ("building-store", N_("Your role in the store %(store)s was changed.")),
    NoticeKind.STORE_LEFT: ("building-store", N_("You do not work for the store %(store)s any more.")),
    NoticeKind.SIGN_IN_OPEN: ("circle-check", N_("You can sign in again.")),
    NoticeKind.ACCOUNT_CLEARED: ("circle-check", N_("Your account is open again, and everything is as it was.")),
    NoticeKind.EXPORT_READY: ("download", N_("Your data is put together. Download it until %(day)s.")),
    NoticeKind.FIGURE_CROSSED: ("alarm", N_("A figure has left its bound. Look at the alerts.")),
    NoticeKind.REDEMPTION_LARGE: ("alarm", N_("A large redemption was made. Look at the alerts.")),
    NoticeKind.LIST_READY: ("download", N_("%(name)s is ready. Download it until %(day)s.")),
    NoticeKind.LIST_FAILED: ("alert-circle", N_("%(name)s could not be made. Ask for it again.")),
    NoticeKind.ERASURE_WANTED: ("trash", N_("Your account will be deleted on %(day)s. Until then you can keep it.")),
    NoticeKind.ERASURE_CANCELLED: ("circle-check", N_("Your account stays as it is: nothing will be deleted.")),
    NoticeKind.ERASURE_POSTPONED: (
        "clock",
        N_("Your account could not be deleted yet: something has to come to its end first. We try again."),
    ),
    NoticeKind.ERASURE_FAILED: (
        "alert-triangle",
        N_("An account could not be deleted: it failed, and is tried again every day. The log says why."),
    ),
    NoticeKind.ADJUSTMENT_WANTED: ("shield-check", N_("A correction of balances waits for a second person.")),
    NoticeKind.BALANCE_ADJUSTED: (
        "pencil-check",
        N_("One of your balances was corrected. Its history says by how much."),
    ),
    NoticeKind.MILEAGE_MATURED: ("coins", N_("%(points)s points of order %(number)s can be used now.")),
    NoticeKind.MILEAGE_ENDING: ("clock", N_("%(points)s of your points end within a week, the first on %(day)s.")),
    NoticeKind.GIFT_RECEIVED: ("gift", N_("%(name)s sends you %(points)s points. Accept them on your mileage page.")),
    NoticeKind.GIFT_ACCEPTED: ("circle-check", N_("Your gift of %(points)s points was accepted.")),
    NoticeKind.GIFT_CAME_BACK: (
        "arrow-back-up",
        N_("Your gift of %(points)s points was not accepted and is yours again."),
    ),
    NoticeKind.TIER_UP: ("star", N_("You are %(tier)s now. Your purchases earn by it from now on.")),
    NoticeKind.TIER_DOWN: ("star", N_("Your period is over, and you are %(tier)s now.")),
    NoticeKind.REFUND_WANTED: (
        "message-circle",
        N_("Somebody asks for a refund of order %(number)s: your answer is needed."),
    ),
    NoticeKind.REFUND_APPROVED: ("receipt-refund", N_("Your refund for order %(number)s is on its way.")),
    NoticeKind.REFUND_SUCCEEDED: ("circle-check", N_("Your refund for order %(number)s is complete.")),
    NoticeKind.REFUND_REFUSED: ("circle-x", N_("Your refund request for order %(number)s was refused.")),
    NoticeKind.REFUND_FAILED: (
        "alert-triangle",
        N_("A part of your refund for order %(number)s is delayed. We send it another way."),
    ),
    NoticeKind.REFUND_OF_PART: (
        "receipt-refund",
        N_("Something of order %(number)s is given back. Look before you send it."),
    ),
    NoticeKind.REFUND_FAILED_ADMIN: ("alert-circle", N_("A refund of order %(number)s failed at the gateway.")),
    NoticeKind.HOLD_ENDING: (
        "clock",
        N_("Order %(number)s takes longer than your bank holds the amount. We look after it; you need do nothing."),
    ),
    NoticeKind.HOLD_LOST: (
        "alert-triangle",
        N_("Your bank no longer holds the amount for order %(number)s. Nothing was charged; we will be in touch."),
    ),
    NoticeKind.HOLD_ENDING_ADMIN: ("clock", N_("The held payment of order %(number)s lapses within a day.")),
    NoticeKind.HOLD_LOST_ADMIN: ("alert-circle", N_("The held payment of order %(number)s has lapsed.")),
    NoticeKind.REFUND_LATE: ("alarm", N_("A refund of order %(number)s is late.")),
    NoticeKind.ORDER_AMENDED: ("pencil", N_("Order %(number)s was changed. Look at it before you go on.")),
    NoticeKind.RETURN_WANTED: ("message-circle", N_("%(code)s: somebody wants to send goods of %(number)s back.")),
    NoticeKind.CLAIM_WANTED: ("alert-triangle", N_("%(code)s: a parcel of %(number)s is said to be lost or damaged.")),
    NoticeKind.RETURN_COMES: ("truck", N_("%(code)s: goods of %(number)s are on their way back to you.")),
    NoticeKind.EXCHANGE_FAILED: (
        "circle-x",
        N_("The payment of %(amount)s for an exchange failed. Nothing was charged."),
    ),
    NoticeKind.EXCHANGE_EXPIRED: ("clock", N_("The payment of %(amount)s for an exchange did not come in time.")),
    NoticeKind.RETURN_PAID: ("coins", N_("%(code)s: the difference is paid. Send what goes out in exchange.")),
    NoticeKind.RETURN_APPROVED: ("check", N_("%(code)s: the store agrees. Print the label and send it back.")),
    NoticeKind.RETURN_REFUSED: ("circle-x", N_("%(code)s: the store refuses your request and says why.")),
    NoticeKind.RETURN_RECEIVED: ("package", N_("%(code)s: your goods have arrived at the store.")),
    NoticeKind.RETURN_INSPECTED: ("check", N_("%(code)s: the store has decided.")),
    NoticeKind.RETURN_SETTLED: ("circle-check", N_("%(code)s is done.")),
    NoticeKind.RETURN_LAPSED: ("clock", N_("%(code)s has ended: nothing was sent in time.")),
    NoticeKind.DISPUTE_OPENED: ("gavel", N_("The payment of order %(number)s is disputed: an answer is needed.")),
    NoticeKind.DISPUTE_DUE: ("alarm", N_("Last day to answer the dispute about order %(number)s.")),
    NoticeKind.DISPUTE_CLOSED: ("gavel", N_("The dispute about order %(number)s is decided.")),
    NoticeKind.DISPUTE_ANSWER_REFUSED: (
        "alert-circle",
        N_("The answer to the dispute about order %(number)s was not taken. Look at it."),
    ),
    NoticeKind.COUPON_GIVEN: ("ticket", N_("A coupon for you: %(name)s.")),
    NoticeKind.POINTS_GIVEN: ("gift", N_("A gift for you: %(points)s points.")),
    NoticeKind.DEPOSIT_GIVEN: ("gift", N_("A gift for you: %(amount)s on your deposit.")),
    NoticeKind.COUPON_EXPIRES: ("clock", N_("Your coupon ends soon: %(name)s.")),
    NoticeKind.COUPON_SUSPENDED: (
        "shield-lock",
        N_("Your coupon was suspended while we look at it: %(name)s. You can write to us about it."),
    ),
    NoticeKind.COUPON_RESTORED: ("ticket", N_("You can use your coupon again: %(name)s.")),
    NoticeKind.COUPON_REVOKED: ("ban", N_("Your coupon was withdrawn: %(name)s.")),
    NoticeKind.COUPON_FLAGGED: ("flag", N_("A coupon looks abused: somebody has to look.")),
    NoticeKind.COUPON_APPEALED: ("message-circle", N_("Somebody objects to the suspension of a coupon.")),
    NoticeKind.GATEWAY_DOWN: ("alert-circle", N_("The gateway %(account)s does not answer and is spared for now.")),
    NoticeKind.GATEWAY_BACK: ("circle-check", N_("The gateway %(account)s works again.")),
    NoticeKind.BOOKS_DIFFER: ("alert-triangle", N_("The reconciliation found differences: %(opened)s.")),
    NoticeKind.CAMPAIGN_BEGUN: ("ticket", N_("It has begun: %(name)s.")),
    NoticeKind.CAMPAIGN_OVER: ("clock", N_("It is over: %(name)s.")),
    NoticeKind.CAMPAIGN_STUCK: ("alert-triangle", N_("A campaign began and does nothing on some channels: %(name)s.")),
    NoticeKind.CHANGES_LATE: ("alarm", N_("Changes come late to other channels (%(code)s): %(seconds)s seconds.")),
    NoticeKind.CHANGES_IN_TIME: ("circle-check", N_("Changes come to other channels in time again (%(code)s).")),
    NoticeKind.WEBHOOK_STOPPED: (
        "alert-circle",
        N_("The webhook “%(name)s” was switched off: its receiver does not take messages any more."),
    ),
    NoticeKind.CHANNEL_OPEN: ("circle-check", N_("The channel %(code)s takes orders.")),
    NoticeKind.CHANNEL_BLOCKED: (
        "alert-triangle",
        N_("The channel %(code)s has lost features: a rule of the house is not confirmed there."),
    ),
    NoticeKind.CHANNEL_STOPPED: ("player-pause", N_("The channel %(code)s is in maintenance: it takes no new orders.")),
    NoticeKind.CHANNEL_ENDS: ("alert-triangle", N_("The channel %(code)s will end: it takes no new orders.")),
    NoticeKind.CHANNEL_ENDED: ("archive", N_("The channel %(code)s is being wound up.")),
    NoticeKind.RATES_REFUSED: (
        "alert-triangle",
        N_("Exchange rates delivered by %(source)s were refused (%(problem)s). The rates of before stay in force."),
    ),
    NoticeKind.RATES_MISSING: (
        "alert-triangle",
        N_("%(source)s gives no exchange rates (%(problem)s). The rates of before stay in force."),
    ),
    NoticeKind.RATE_STALE: (
        "alert-circle",
        N_("Purchases in %(currency)s are closed: the exchange rate is missing or too old."),
    ),
    NoticeKind.RATE_JUMPED: (
        "alert-triangle",
        N_(
            "The euro rate of %(currency)s jumped from %(before)s to %(now)s and was refused until somebody accepts it."
        ),
    ),
    NoticeKind.SHIPMENT_SENT: ("truck-delivery", N_("A parcel of order %(number)s is on its way.")),
    NoticeKind.SHIPMENT_OUT: ("truck-delivery", N_("A parcel of order %(number)s arrives today.")),
    NoticeKind.SHIPMENT_DELIVERED: ("package", N_("A parcel of order %(number)s has arrived.")),
    NoticeKind.SHIPMENT_DELAYED: ("alarm", N_("A parcel of order %(number)s is late. Its store knows.")),
    NoticeKind.SHIPMENT_DAMAGED: ("alert-triangle", N_("A parcel of order %(number)s was damaged. Its store knows.")),
    NoticeKind.SHIPMENT_LOST: ("alert-circle", N_("A parcel of order %(number)s was lost. Its store knows.")),
    NoticeKind.PARCEL_LOST: (
        "alert-circle",
        N_("A parcel of order %(number)s is lost: its buyer waits."),
    ),
    NoticeKind.PARCEL_TROUBLE: ("alert-triangle", N_("A parcel of order %(number)s is in trouble: look at it.")),
    NoticeKind.DEADLINE_NEAR: ("clock", N_("Deadlines are near: %(count)s of your orders wait.")),
    NoticeKind.DEADLINE_MISSED: ("alarm", N_("Deadlines were missed: %(count)s orders wait.")),
    NoticeKind.BANK_CHANGED: (
        "building-bank",
        N_("Another bank account was given for the payouts of your store."),
    ),
    NoticeKind.STOCK_LOW: ("packages", N_("Stock runs low: %(count)s of your goods are at their mark.")),
    NoticeKind.PART_HELD: ("player-pause", N_("Order %(number)s is on hold. Do not send it yet.")),
    NoticeKind.PART_GOES_ON: ("inbox", N_("Order %(number)s is no longer on hold: go on with it.")),
    NoticeKind.REVIEW_INVITED: ("star", N_("Order %(number)s has arrived. How do you like it?")),
    NoticeKind.REVIEW_WRITTEN: ("star", N_("New review: %(name)s.")),
    NoticeKind.QUESTION_ASKED: ("help-circle", N_("New question about a product: %(name)s.")),
    NoticeKind.REMARK_ANSWERED: ("message-circle", N_("The store answered you: %(name)s.")),
    NoticeKind.WISH_IN_STOCK: ("heart", N_("There again from your wishlist: %(name)s.")),
    NoticeKind.WISH_CHEAPER: ("heart", N_("From your wishlist, cheaper now at %(amount)s: %(name)s.")),
    NoticeKind.TICKET_OPENED: ("message-circle", N_("A buyer wrote: ticket %(number)s waits for your answer.")),
    NoticeKind.TICKET_WRITTEN: ("message-circle", N_("The buyer wrote again in ticket %(number)s.")),
    NoticeKind.TICKET_ANSWERED: ("message-circle", N_("Your ticket %(number)s was answered.")),
    NoticeKind.TICKET_SOLVED: (
        "circle-check",
        N_("Your ticket %(number)s is taken for solved. Write in it if it is not."),
    ),
    NoticeKind.TICKET_PASSED: ("message-circle", N_("Ticket %(number)s is yours to answer now.")),
    NoticeKind.TICKET_GIVEN: ("user", N_("Ticket %(number)s was given to you.")),
    NoticeKind.TICKETS_NEAR: ("clock", N_("Answers are due soon: %(count)s tickets wait.")),
    NoticeKind.TICKETS_LATE: ("alarm", N_("Answers are late: %(count)s tickets wait.")),
    NoticeKind.PART_RELEASED: ("inbox", N_("New order %(number)s: to be confirmed and packed.")),
}
# Several steps of the same orders are told at once: which one each line is about.
OF_STEPS: Mapping[tuple[str, str], str] = {
    (NoticeKind.DEADLINE_NEAR, "accept"): N_("To be confirmed soon: %(count)s of your orders wait."),
    (NoticeKind.DEADLINE_NEAR, "ship"): N_("To be sent soon: %(count)s of your orders wait."),
    (NoticeKind.DEADLINE_MISSED, "accept"): N_("Not confirmed in time: %(count)s orders wait."),
    (NoticeKind.DEADLINE_MISSED, "ship"): N_("Not sent in time: %(count)s orders wait."),
    (NoticeKind.DEADLINE_MISSED, "deliver"): N_("Not delivered in time: %(count)s orders wait."),
}
UNKNOWN = ("bell", N_("There is news for you."))
BUYERS_READ = N_("Buyers read: “%(buyers_read)s”")


def words_of(notice: NoticeView) -> tuple[str, str]:
    """The icon and the sentence of a notice, in the reader's language. One with missing facts says so in general."""
    picture, sentence = WORDS.get(notice.kind, UNKNOWN)
    sentence = OF_STEPS.get((notice.kind, str(notice.params.get("step"))), sentence)
    try:
        known = _readable(notice.params)
        words = gettext(sentence) % known
        if "buyers_read" in known:  # What a channel says to its buyers, in its own words.
            words = f"{words} {gettext(BUYERS_READ) % known}"
    except (KeyError, TypeError, ValueError):
        return UNKNOWN[0], gettext(UNKNOWN[1])
    return picture, words


def _readable(params: Mapping[str, Any]) -> dict[str, Any]:
    """Amounts, points and days as the reader writes them, names in his language."""
    told = {name: translated(value) if isinstance(value, dict) else value for name, value in params.items()}
    if "amount_minor" in told:
        told["amount"] = formatting.money(int(told["amount_minor"]), str(told["currency"]))
    if "points" in told:
        told["points"] = formatting.number(int(told["points"]))
    if "day" in told:
        told["day"] = formatting.day(date.fromisoformat(told["day"]))
    return told
