"""Refunds, never above what was captured (docs.stripe.com/refunds)."""

from sandbox.http import Json
from sandbox.store import new_id
from sandbox.stripe import cards, currencies, objects
from sandbox.stripe.disputes import blocks_refunds
from sandbox.stripe.errors import ApiError, missing, required
from sandbox.stripe.events import emit
from sandbox.world import World


def create(world: World, form: Json) -> Json:
    """Give money back. Raises ApiError."""
    made = _charge_of(world, form)
    left = made["amount_captured"] - made["amount_refunded"]
    if not made["captured"]:
        raise ApiError("This charge has not been captured; cancel it instead.", code="charge_not_captured")
    if left <= 0:
        raise ApiError(f"Charge {made['id']} has already been refunded.", code="charge_already_refunded")
    if blocks_refunds(world, made):
        raise ApiError(f"Charge {made['id']} has been charged back.", code="charge_disputed")
    amount = currencies.read(form) if "amount" in form else left
    if not 0 < amount <= left:
        raise ApiError(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")
    currencies.check_steps(amount, made["currency"])
    behaviour = cards.BY_NUMBER[made["_card"]].refund
    refund = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": made["id"],
        "created": objects.now(),
        "currency": made["currency"],
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": form.get("metadata") or {},
        "payment_intent": made["payment_intent"],
        "reason": form.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if behaviour == "pending" else "succeeded",
        "transfer_reversal": None,
    }
    booked = objects.balance_transaction({**refund, "description": None}, -amount, "refund")
    refund["balance_transaction"] = booked["id"]
    world.store.save("balance_transactions", booked)
    world.store.save("refunds", refund)
    _count(world, made, amount)
    emit(world, "refund.created", refund)
    emit(world, "charge.refunded", made)
    if behaviour != "succeeded":
        refund["_then"] = behaviour
        world.store.save("refunds", refund)
        world.later(world.config.settle_delay_ms, lambda: settle(world, refund))
    return refund


def _charge_of(world: World, form: Json) -> Json:
    if "payment_intent" in form:
        intent = world.store.get("payment_intents", form["payment_intent"])
        if intent is None:
            raise missing("payment_intent", form["payment_intent"], "payment_intent")
        made = world.store.get("charges", intent["latest_charge"])
    elif "charge" in form:
        made = world.store.get("charges", form["charge"])
    else:
        raise required("charge")
    if made is None or made["status"] != "succeeded":
        raise ApiError("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    return made


def _count(world: World, made: Json, amount: int) -> None:
    made["amount_refunded"] += amount
    made["refunded"] = made["amount_refunded"] == made["amount_captured"]
    world.store.save("charges", made)


def settle(world: World, refund: Json) -> None:
    """The bank's late answer: a pending refund arrives, a failing one comes back."""
    fate = refund.pop("_then", None)
    if fate is None:
        return
    if fate == "failed":
        refund.update(status="failed", failure_reason="expired_or_canceled_card")
        _count(world, world.store.tables["charges"][refund["charge"]], -refund["amount"])
    else:
        refund["status"] = "succeeded"
    world.store.save("refunds", refund)
    emit(world, "refund.updated", refund)
    if fate == "failed":
        emit(world, "refund.failed", refund)
