"""Confirming an intent: which card, 3-D Secure or not, approved or declined."""

from sandbox.http import Json
from sandbox.store import new_id
from sandbox.stripe import cards, objects
from sandbox.stripe.disputes import open_dispute
from sandbox.stripe.errors import ApiError
from sandbox.stripe.events import emit
from sandbox.stripe.methods import attach, resolve
from sandbox.world import World

CONFIRMABLE = ("requires_payment_method", "requires_confirmation")


def confirm(world: World, intent: Json, form: Json) -> None:
    """Try to charge. Raises ApiError with Stripe's body for a decline."""
    if intent["status"] not in CONFIRMABLE:
        raise wrong_state(intent, "confirm")
    method = resolve(world, form, intent.get("payment_method"))
    if method is None:
        raise ApiError(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
            extra={"payment_intent": objects.clean(intent)},
        )
    if method["customer"] is not None and method["customer"] != intent["customer"]:
        raise ApiError("The payment method belongs to another customer.", param="payment_method")
    intent["payment_method"] = method["id"]
    intent["_card"] = method["_card"]
    for name in ("setup_future_usage", "receipt_email", "capture_method"):
        intent[name] = form.get(name, intent[name])
    card = cards.BY_NUMBER[method["_card"]]
    if _must_ask(card, method):
        if form.get("off_session") == "true" or form.get("error_on_requires_action") == "true":
            _decline(world, intent, method, "authentication_required")
        _ask(world, intent, form)
        return
    charge(world, intent, method)


def _must_ask(card: cards.Card, method: Json) -> bool:
    return card.secure == "always" or (card.secure == "unless_saved" and not method.get("_authenticated"))


def _ask(world: World, intent: Json, form: Json) -> None:
    page = f"{world.config.origin}/3ds/{intent['id']}"
    if form.get("use_stripe_sdk") == "true" or not form.get("return_url"):
        intent["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page, "source": new_id("src")},
        }
    else:
        intent["_return_url"] = form["return_url"]
        url = f"{page}?client_secret={intent['client_secret']}&redirect=1"
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": form["return_url"], "url": url},
        }
    intent["status"] = "requires_action"
    world.store.save("payment_intents", intent)
    emit(world, "payment_intent.requires_action", intent)


def authenticated(world: World, intent: Json, *, passed: bool) -> None:
    """The buyer finished the bank's question. Raises ApiError as `confirm`."""
    if intent["status"] != "requires_action":
        return
    intent["next_action"] = None
    method = world.store.get("payment_methods", intent["payment_method"])
    if method is None:
        raise wrong_state(intent, "confirm")
    if passed:
        method["_authenticated"] = True
        world.store.save("payment_methods", method)
        charge(world, intent, method)
        return
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    message = (
        "We are unable to authenticate your payment method. Please choose a different payment method and try again."
    )
    code = "payment_intent_authentication_failure"
    intent["last_payment_error"] = {
        "code": code,
        "message": message,
        "type": "invalid_request_error",
        "payment_method": objects.clean(method),
    }
    world.store.save("payment_intents", intent)
    emit(world, "payment_intent.payment_failed", intent)


def process(world: World, intent: Json) -> None:
    """The bank has not made up its mind."""
    if intent["status"] != "requires_action":
        raise wrong_state(intent, "process")
    intent.update(status="processing", next_action=None)
    world.store.save("payment_intents", intent)
    emit(world, "payment_intent.processing", intent)


def charge(world: World, intent: Json, method: Json) -> None:
    """Take or hold the money. Raises ApiError for a decline."""
    card = cards.BY_NUMBER[method["_card"]]
    if card.decline is not None:
        _decline(world, intent, method, card.decline)
    captured = intent["capture_method"] != "manual"
    made = objects.charge(intent, method, error=None, captured=captured)
    intent["latest_charge"] = made["id"]
    intent["last_payment_error"] = None
    if captured:
        intent.update(status="succeeded", amount_received=intent["amount"])
        _book(world, made)
    else:
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
    world.store.save("charges", made)
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        attach(world, method, intent["customer"])
    world.store.save("payment_intents", intent)
    emit(world, "charge.succeeded", made)
    kind = "payment_intent.succeeded" if captured else "payment_intent.amount_capturable_updated"
    emit(world, kind, intent)
    if card.dispute and captured:
        reason, inquiry = card.dispute, card.inquiry

        def object_to_it() -> None:
            open_dispute(world, made, reason, inquiry=inquiry)

        world.later(world.config.settle_delay_ms, object_to_it)


def _book(world: World, made: Json) -> None:
    booked = objects.balance_transaction(made, made["amount_captured"], "charge")
    made["balance_transaction"] = booked["id"]
    world.store.save("balance_transactions", booked)


def _decline(world: World, intent: Json, method: Json, decline: str) -> None:
    code = cards.code_of(decline)
    error: Json = {"code": code, "message": cards.MESSAGES[decline], "type": "card_error", "decline_code": decline}
    if decline == "incorrect_cvc":
        error["param"] = "cvc"
    made = objects.charge(intent, method, error=error, captured=False)
    world.store.save("charges", made)
    error.update(charge=made["id"], payment_method=objects.clean(method))
    intent.update(
        status="requires_payment_method",
        latest_charge=made["id"],
        last_payment_error=error,
        payment_method=None,
        next_action=None,
    )
    world.store.save("payment_intents", intent)
    emit(world, "charge.failed", made)
    emit(world, "payment_intent.payment_failed", intent)
    extra = {name: error[name] for name in ("decline_code", "charge", "payment_method")}
    extra["payment_intent"] = objects.clean(intent)
    raise ApiError(error["message"], status=402, kind="card_error", code=code, param=error.get("param"), extra=extra)


def capture(world: World, intent: Json, amount: int) -> None:
    """Take what was held; the rest is released. Raises ApiError."""
    if intent["status"] != "requires_capture":
        raise wrong_state(intent, "capture")
    if not 0 < amount <= intent["amount_capturable"]:
        raise ApiError(
            "The amount to capture must be greater than 0 and not more than the authorized amount.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    made = world.store.tables["charges"][intent["latest_charge"]]
    made.update(captured=True, amount_captured=amount)
    _book(world, made)
    world.store.save("charges", made)
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    world.store.save("payment_intents", intent)
    emit(world, "charge.captured", made)
    emit(world, "payment_intent.succeeded", intent)


def cancel(world: World, intent: Json, reason: str | None) -> None:
    """Close an intent; a hold is released. Raises ApiError if money was taken."""
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise wrong_state(intent, "cancel")
    if intent["status"] == "requires_capture":
        made = world.store.tables["charges"][intent["latest_charge"]]
        made.update(refunded=True, amount_refunded=made["amount"])
        world.store.save("charges", made)
    intent.update(
        status="canceled",
        canceled_at=objects.now(),
        cancellation_reason=reason,
        amount_capturable=0,
        next_action=None,
    )
    world.store.save("payment_intents", intent)
    emit(world, "payment_intent.canceled", intent)


def wrong_state(intent: Json, verb: str) -> ApiError:
    """The intent is not in a state for this."""
    return ApiError(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        extra={"payment_intent": objects.clean(intent)},
    )


def pay_out(world: World) -> list[Json]:
    """Send the whole balance to the merchant's bank, a payout for each currency."""
    held: dict[str, int] = {}
    for each in world.store.tables.get("balance_transactions", {}).values():
        held[each["currency"]] = held.get(each["currency"], 0) + each["net"]
    made = []
    for currency, amount in held.items():
        if amount > 0:
            payout = objects.payout(amount, currency)
            booked = objects.balance_transaction(payout, -amount, "payout")
            payout["balance_transaction"] = booked["id"]
            world.store.save("balance_transactions", booked)
            made.append(world.store.save("payouts", payout))
    return made
