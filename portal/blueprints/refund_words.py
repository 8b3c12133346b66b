"""Refunds in words, the same on every desk: reasons, what goes where, how far it is, and what comes next (S20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from portal import formatting
from portal.blueprints.checkout.method_names import method_name
from portal.blueprints.context import translated
from portal.kit.text import N_
from portal.queries.refunds import LegView, RefundView
from portal.rules.planned_refund import PlannedLeg, RefundPlan
from portal.rules.refund_policy import REASONS, Party

REASON_WORDS: Mapping[str, str] = {
    "changed_mind": N_("I changed my mind"),
    "ordered_by_mistake": N_("Ordered by mistake"),
    "too_late": N_("It takes too long"),
    "damaged": N_("It arrived damaged"),
    "wrong_item": N_("A wrong item came"),
    "not_as_described": N_("It is not as described"),
    "lost": N_("The carrier lost it"),
    "out_of_stock": N_("Out of stock"),
    "cannot_deliver": N_("Cannot be delivered"),
    "risk_refused": N_("Refused in the review"),
    "goodwill": N_("Goodwill"),
}
CLOSED_WORDS: Mapping[str, str] = {
    "window_passed": N_("Its time for refunds is over at the payment provider."),
    "no_connection": N_("This payment came from outside and cannot be sent back the same way."),
    "no_sender": N_("A transfer does not say which account it came from."),
    "no_partial": N_("This way of paying gives back whole amounts only."),
    "gateway_refused": N_("The payment provider refused it."),
}
WHY_WORDS: Mapping[str, str] = {
    "amount": N_("The amount is above what is given back without a second look."),
    "permission": N_("Whoever asked may not decide it alone."),
    "after_packed": N_("It is packed already."),
    "after_shipped": N_("It is on its way already."),
    "after_delivered": N_("It has arrived already."),
    "after_returning": N_("It is on its way back."),
    "after_closed": N_("The store was paid for it already."),
}
# What a gateway's word means for whoever follows it up, and what to do next.
NEXT_STEPS: Mapping[str, str] = {
    "charge_disputed": N_("The bank takes the payment back itself. Wait for the dispute; do not pay twice."),
    "charge_already_refunded": N_("The provider says that all is given back. Compare its console with this page."),
    "expired_or_canceled_card": N_("The card is closed. Offer deposit or a bank transfer."),
    "lost_or_stolen_card": N_("The card is closed. Offer deposit or a bank transfer."),
}
NEXT_STEP = N_("Try it once more; if it fails again, give it back as deposit or by bank transfer.")


def reasons_for(party: Party) -> list[tuple[str, str]]:
    """The reasons that somebody may give."""
    return [(code, gettext(REASON_WORDS[code])) for code, (parties, _) in REASONS.items() if party in parties]


def reason_word(code: str) -> str:
    """A reason by its name; one of an imported history is shown as it is."""
    return gettext(REASON_WORDS[code]) if code in REASON_WORDS else code.replace("_", " ")


def tender_word(kind: str, method: str | None = None) -> str:
    names = {
        "deposit": gettext("Deposit"),
        "mileage": gettext("Mileage"),
        "gift": gettext("Gift balance"),
        "refund_credit": gettext("Refund credit"),
    }
    return names.get(kind) or method_name(method) or gettext("Payment")


def goes_to(leg: PlannedLeg | LegView, method: str | None, card: Mapping[str, Any] | None = None) -> str:
    """Where the money of a leg goes, by name."""
    if leg.destination == "deposit":
        return str(gettext("Deposit"))
    if leg.destination == "bank":
        return str(gettext("Bank account"))
    if leg.destination == "release":
        return str(
            gettext(
                "%(method)s: the held amount is let go of, nothing was charged", method=tender_word(leg.type, method)
            )
        )
    name = tender_word(leg.type, method)
    if leg.type == "gateway" and card and card.get("last4"):
        return f"{name} ···· {card['last4']}"
    return name


def when(leg: PlannedLeg) -> str:
    """When the buyer has it."""
    if leg.destination == "bank":
        return str(gettext("Within a working day, by hand"))
    if leg.type == "gateway" and leg.destination == "original":
        return str(gettext("Sent at once; your bank shows it within a few days"))
    return str(gettext("At once"))


def plan_rows(plan: RefundPlan, method: str | None, card: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What comes back per tender."""
    return [
        {
            "name": goes_to(leg, method, card),
            "amount_minor": leg.amount_minor,
            "points": leg.points,
            "when": when(leg),
            "closed": gettext(CLOSED_WORDS[leg.closed]) if leg.closed else "",
        }
        for leg in plan.legs
    ]


def side_effects(plan: RefundPlan) -> list[str]:
    """What else happens: coupons, earned mileage, shipping. Empty where nothing does."""
    words = {
        "back": N_("Your coupon “%(name)s” comes back to you."),
        "part_kept": N_("Your coupon “%(name)s” does not come back: a part of what it was used for is kept."),
        "expired": N_("Your coupon “%(name)s” does not come back: its time is over."),
    }
    told = [
        gettext(words[coupon.why], name=translated(dict(coupon.names)) or gettext("Coupon")) for coupon in plan.coupons
    ]
    if plan.asked_minor:
        told.append(_asked_back(plan))
    told += restocking_words(plan)
    if plan.points_taken:
        points = formatting.money(plan.points_taken, "PTS")
        told.append(gettext("The %(points)s that this order earns you are taken away.", points=points))
    if plan.points_owed:
        points = formatting.money(plan.points_owed, "PTS")
        told.append(gettext("You have spent %(points)s of them; later mileage makes up for it.", points=points))
    if plan.kept_fees:
        fee = formatting.money(plan.kept_fees, plan.currency)
        told.append(gettext("The shipping fee of %(amount)s stays paid.", amount=fee))
    return told


def restocking_words(plan: RefundPlan) -> list[str]:
    """What the store keeps of the goods; empty where it keeps nothing."""
    if not plan.restocking_minor:
        return []
    fee = formatting.money(plan.restocking_minor, plan.currency)
    return [gettext("The store keeps a restocking fee of %(amount)s. It is taken off what comes back.", amount=fee)]


def _asked_back(plan: RefundPlan) -> str:
    amount = formatting.money(abs(plan.asked_minor), plan.currency)
    if plan.asked_minor < 0:
        return str(gettext("%(amount)s that was kept for a discount comes back too.", amount=amount))
    return str(
        gettext(
            "What you keep no longer meets the conditions of a coupon: its discount on that, %(amount)s, is taken off"
            " what comes back.",
            amount=amount,
        )
    )


def list_words(names: list[str]) -> str:
    """Names as a sentence lists them."""
    unique = list(dict.fromkeys(names))
    if len(unique) < 2:
        return "".join(unique)
    return str(gettext("%(first)s and %(last)s", first=", ".join(unique[:-1]), last=unique[-1]))


def leg_sentence(leg: LegView) -> str:
    """How far a leg is, for its buyer."""
    if leg.is_replaced:
        return str(gettext("This way was closed; it is sent another way."))
    sentences = {
        "approved": N_("Will be sent in a moment"),
        "sent": N_("Being sent"),
        "pending": N_("The payment provider has it and confirms it later"),
        "unknown": N_("The payment provider has not answered yet; we are asking, and nothing is sent twice"),
        "succeeded": N_("Given back"),
        "failed": N_("The payment provider could not take it back; we send it another way"),
    }
    if leg.destination == "bank" and leg.status == "approved":
        return str(gettext("Waits to be paid to your bank account"))
    return str(gettext(sentences.get(leg.status, leg.status)))


def next_step(leg: LegView) -> str:
    """What an administrator does about a leg that failed (S20)."""
    return str(gettext(NEXT_STEPS.get(leg.gateway_code or "", NEXT_STEP)))


def head_of(refund: RefundView) -> str:
    """One sentence that says where a refund stands."""
    amount = formatting.money(refund.total_minor, refund.currency)
    sentences = {
        "requested": N_("You asked for %(amount)s back"),
        "approved": N_("%(amount)s goes back to you"),
        "sent": N_("%(amount)s is on its way to you"),
        "unknown": N_("%(amount)s is on its way; one answer is missing"),
        "failed": N_("A part of %(amount)s is delayed"),
        "succeeded": N_("%(amount)s was given back"),
        "refused": N_("Your request for %(amount)s was refused"),
        "cancelled": N_("You withdrew your request for %(amount)s"),
    }
    return str(gettext(sentences.get(refund.status, "%(amount)s"), amount=amount))
