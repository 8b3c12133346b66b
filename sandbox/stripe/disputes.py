"""Disputes: opened by the test cards, answered with evidence, decided by what it says (docs.stripe.com/disputes)."""

from sandbox.http import Json
from sandbox.store import new_id
from sandbox.stripe import objects
from sandbox.stripe.errors import ApiError
from sandbox.stripe.events import emit
from sandbox.stripe.files import PURPOSE
from sandbox.world import World

_WEEK_S = 7 * 24 * 3600
_FEES = {"eur": 2_000, "gbp": 2_000, "krw": 20_000, "jpy": 2_200}
_FEE = 1_500
_ANSWERABLE = ("needs_response", "warning_needs_response", "under_review", "warning_under_review")
# The text decides, as the vendor documents it under testing.
_FATES = {"winning_evidence": "won", "losing_evidence": "lost"}
_FILES = frozenset(
    ("receipt", "uncategorized_file", "customer_communication", "customer_signature", "shipping_documentation")
)
_CLOSED = ("won", "lost", "warning_closed")


def open_dispute(world: World, made: Json, reason: str, *, amount: int | None = None, inquiry: bool = False) -> Json:
    """The cardholder objects to a charge. An inquiry asks only: no money moves."""
    left = made["amount_captured"] - made["amount_refunded"]
    dispute = {
        "id": new_id("dp"),
        "object": "dispute",
        "amount": min(amount or left, left) or made["amount_captured"],
        "balance_transactions": [],
        "charge": made["id"],
        "created": objects.now(),
        "currency": made["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": objects.now() + _WEEK_S,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": made["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
    made["disputed"] = True
    if not inquiry:
        _move(world, dispute, -dispute["amount"])
    world.store.save("charges", made)
    world.store.save("disputes", dispute)
    emit(world, "charge.dispute.created", dispute)
    if not inquiry:
        emit(world, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def blocks_refunds(world: World, made: Json) -> bool:
    """Whether the bank has the money of a charge: then nothing of it can be refunded besides."""
    found = world.store.tables.get("disputes", {}).values()
    return any(
        one["charge"] == made["id"] and not one["is_charge_refundable"] and one["status"] not in ("won",)
        for one in found
    )


def update(world: World, dispute: Json, form: Json) -> None:
    """Write evidence down, and hand it in unless `submit` is false. Raises ApiError."""
    if dispute["status"] not in _ANSWERABLE:
        raise ApiError("This dispute is already closed.", code="dispute_already_closed")
    evidence = form.get("evidence") or {}
    for name in _FILES & evidence.keys():
        found = world.store.get("files", evidence[name])
        if found is None or found["purpose"] != PURPOSE:
            raise ApiError(f"No such file upload: {evidence[name]}", code="resource_missing", param=f"evidence[{name}]")
    dispute["evidence"] = {**dispute["evidence"], **evidence}
    dispute["metadata"] = {**dispute["metadata"], **(form.get("metadata") or {})}
    details = dispute["evidence_details"]
    details["has_evidence"] = bool(dispute["evidence"])
    if evidence and form.get("submit") != "false":
        details["submission_count"] += 1
        dispute["status"] = "warning_under_review" if dispute["status"].startswith("warning") else "under_review"
        fate = _FATES.get(str(dispute["evidence"].get("uncategorized_text", "")).strip())
        if fate is not None:
            dispute["_then"] = fate
            world.later(world.config.settle_delay_ms, lambda: decide_as_told(world, dispute))
    world.store.save("disputes", dispute)
    emit(world, "charge.dispute.updated", dispute)


def decide_as_told(world: World, dispute: Json) -> None:
    """The bank's late answer to evidence that says how it is to end."""
    fate = dispute.pop("_then", None)
    if fate is not None:
        close(world, dispute, won=fate == "won")


def accept(world: World, dispute: Json) -> None:
    """The shop gives in. Raises ApiError."""
    if dispute["status"] not in _ANSWERABLE:
        raise ApiError("This dispute is already closed.", code="dispute_already_closed")
    close(world, dispute, won=False)


def close(world: World, dispute: Json, *, won: bool) -> None:
    """The bank decided."""
    if dispute["status"] in _CLOSED:
        return
    inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_closed" if inquiry else "won" if won else "lost"
    if won and not inquiry:
        _move(world, dispute, dispute["amount"])
    world.store.save("disputes", dispute)
    if won and not inquiry:
        emit(world, "charge.dispute.funds_reinstated", dispute)
    emit(world, "charge.dispute.closed", dispute)


def _move(world: World, dispute: Json, amount: int) -> None:
    """What it does to the merchant's balance; the fee comes with the first and stays."""
    kind = "dispute" if amount < 0 else "dispute_reversal"
    booked = objects.balance_transaction(
        {"id": dispute["id"], "currency": dispute["currency"], "description": f"Chargeback for {dispute['charge']}"},
        amount,
        kind,
    )
    fee = _FEES.get(dispute["currency"], _FEE) if amount < 0 else 0
    booked.update(type="adjustment", fee=fee, net=amount - fee)
    world.store.save("balance_transactions", booked)
    dispute["balance_transactions"].append(booked)
