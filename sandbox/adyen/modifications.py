"""Captures, cancels, refunds and reversals: received at once, told later whether they came to be."""

from collections.abc import Callable

from sandbox.adyen import cards
from sandbox.adyen.errors import ApiError
from sandbox.adyen.notifications import tell
from sandbox.adyen.payments import new_psp
from sandbox.http import Json
from sandbox.world import World

INSUFFICIENT = "Insufficient balance on payment"
CAPTURED = "Transaction has already been captured"


def _need(world: World, psp: str) -> Json:
    payment = world.store.get("adyen_payments", psp)
    if payment is None:
        raise ApiError(422, "167", "Original pspReference required for this operation")
    return payment


def _received(world: World, payment: Json, kind: str, form: Json) -> Json:
    modification = {
        "id": new_psp(),
        "kind": kind,
        "payment": payment["id"],
        "reference": str(form.get("reference") or payment["reference"]),
        "amount": form.get("amount") or payment["amount"],
        "status": "received",
    }
    return world.store.save("adyen_modifications", modification)


def _answer(payment: Json, made: Json, form: Json, **more: object) -> Json:
    return {
        "merchantAccount": payment["merchantAccount"],
        "paymentPspReference": payment["id"],
        "pspReference": made["id"],
        "reference": made["reference"],
        "status": "received",
        **({"amount": form["amount"]} if "amount" in form else {}),
        **more,
    }


def _amount(payment: Json, form: Json) -> int:
    amount = form.get("amount")
    value = amount.get("value") if isinstance(amount, dict) else None
    if not isinstance(amount, dict) or not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ApiError(422, "137", "Invalid amount specified")
    if amount.get("currency") != payment["amount"]["currency"]:
        raise ApiError(422, "138", "The currency is not that of the payment.")
    return value


def _close(world: World, payment: Json, made: Json, code: str, *, success: bool, reason: str = "") -> None:
    made["status"] = "done" if success else "failed"
    made["reason"] = reason
    world.store.save("adyen_modifications", made)
    world.store.save("adyen_payments", payment)
    wait_ms = world.config.settle_delay_ms
    tell(world, code, payment, success=success, modification=made, reason=reason, wait_ms=wait_ms)


def capture(world: World, form: Json, psp: str) -> Json:
    """POST /payments/{psp}/captures"""
    payment = _need(world, psp)
    value = _amount(payment, form)
    made = _received(world, payment, "capture", form)
    if value > payment["held"]:
        _close(world, payment, made, "CAPTURE", success=False, reason=INSUFFICIENT)
    else:
        payment.update(captured=payment["captured"] + value, held=0)
        _close(world, payment, made, "CAPTURE", success=True)
        _fail_later(world, payment, made, "capture failed")
    return _answer(payment, made, form)


def cancel(world: World, form: Json, psp: str) -> Json:
    """POST /payments/{psp}/cancels"""
    payment = _need(world, psp)
    made = _received(world, payment, "cancel", form)
    _release(world, payment, made, "CANCELLATION")
    return _answer(payment, made, form)


def _release(world: World, payment: Json, made: Json, code: str) -> None:
    if payment["status"] != "authorised" or payment["captured"]:
        reason = CAPTURED if payment["captured"] else "Transaction not authorised"
        _close(world, payment, made, code, success=False, reason=reason)
        return
    payment.update(held=0, status="voided")
    _close(world, payment, made, code, success=True)


def cancel_by_reference(world: World, form: Json) -> Json:
    """POST /cancels: of the payment with one's own reference, if it is authorised."""
    reference = form.get("paymentReference")
    if not reference:
        raise ApiError(422, "130", "Required field 'paymentReference' is not provided.")
    found = (each for each in world.store.newest("adyen_payments") if each["reference"] == reference)
    payment = next((each for each in found if each["status"] == "authorised"), None)
    answer = {
        "merchantAccount": form.get("merchantAccount"),
        "paymentReference": reference,
        "pspReference": new_psp(),
        "reference": form.get("reference") or reference,
        "status": "received",
    }
    if payment is not None:
        made = _received(world, payment, "cancel", form)
        answer["pspReference"] = made["id"]
        _release(world, payment, made, "TECHNICAL_CANCEL")
    return answer


def refund(world: World, form: Json, psp: str) -> Json:
    """POST /payments/{psp}/refunds"""
    payment = _need(world, psp)
    value = _amount(payment, form)
    made = _received(world, payment, "refund", form)
    _give_back(world, payment, made, value, "REFUND")
    return _answer(payment, made, form, merchantRefundReason=form.get("merchantRefundReason"))


def _give_back(world: World, payment: Json, made: Json, value: int, code: str) -> None:
    if value > payment["captured"] - payment["refunded"]:
        _close(world, payment, made, code, success=False, reason=INSUFFICIENT)
        return
    payment["refunded"] += value
    _close(world, payment, made, code, success=True)
    _fail_later(world, payment, made, "refund failed")


def _fail_later(world: World, payment: Json, made: Json, holder: str) -> None:
    """A name on the card asks for a modification that fails after it was processed."""
    if payment["holder"].lower() != holder:
        return
    value = made["amount"]["value"]
    undo: Callable[[], None] = (
        (lambda: payment.update(refunded=payment["refunded"] - value))
        if made["kind"] == "refund"
        else (lambda: payment.update(captured=payment["captured"] - value, held=value))
    )
    undo()
    made["status"] = "failed"
    world.store.save("adyen_modifications", made)
    world.store.save("adyen_payments", payment)
    wait_ms = 2 * world.config.settle_delay_ms
    tell(world, cards.FAILING[holder], payment, modification=made, reason="Failed at the bank", wait_ms=wait_ms)


def reverse(world: World, form: Json, psp: str) -> Json:
    """POST /payments/{psp}/reversals: a cancel of what is held, a refund of what was taken."""
    payment = _need(world, psp)
    left = payment["captured"] - payment["refunded"]
    made = _received(world, payment, "refund" if left else "cancel", form)
    if left:
        made["amount"] = {**payment["amount"], "value": left}
        _give_back(world, payment, made, left, "CANCEL_OR_REFUND")
    else:
        _release(world, payment, made, "CANCEL_OR_REFUND")
    return _answer(payment, made, form)
