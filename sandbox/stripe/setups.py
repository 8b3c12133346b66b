"""Saving a card without charging it (docs.stripe.com/payments/setup-intents)."""

from sandbox.http import Json
from sandbox.stripe import cards, objects
from sandbox.stripe.errors import ApiError
from sandbox.stripe.events import emit
from sandbox.stripe.methods import attach, resolve
from sandbox.world import World


def confirm(world: World, setup: Json, form: Json) -> None:
    """Try to save. Raises ApiError for a card that refuses."""
    if setup["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise ApiError("This SetupIntent cannot be confirmed.", code="setup_intent_unexpected_state")
    method = resolve(world, form, setup.get("payment_method"))
    if method is None:
        raise ApiError("A payment method is missing.", code="setup_intent_unexpected_state")
    setup["payment_method"] = method["id"]
    if cards.BY_NUMBER[method["_card"]].secure != "never" and not method.get("_authenticated"):
        setup["status"] = "requires_action"
        page = f"{world.config.origin}/3ds/{setup['id']}"
        setup["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page},
        }
        world.store.save("setup_intents", setup)
        emit(world, "setup_intent.requires_action", setup)
        return
    _save(world, setup, method)


def authenticated(world: World, setup: Json, *, passed: bool) -> None:
    """The buyer finished the bank's question."""
    if setup["status"] != "requires_action":
        return
    setup["next_action"] = None
    method = world.store.tables["payment_methods"][setup["payment_method"]]
    if passed:
        method["_authenticated"] = True
        _save(world, setup, method)
        return
    code = "setup_intent_authentication_failure"
    message = "We are unable to authenticate your payment method."
    _fail(world, setup, {"code": code, "message": message, "type": "invalid_request_error"})


def _save(world: World, setup: Json, method: Json) -> None:
    try:
        if setup["customer"]:
            attach(world, method, setup["customer"])
    except ApiError as refusal:
        error = refusal.body["error"]
        _fail(world, setup, {**error, "payment_method": objects.clean(method)})
        error["setup_intent"] = objects.clean(setup)
        raise
    setup["status"] = "succeeded"
    setup["last_setup_error"] = None
    world.store.save("payment_methods", method)
    world.store.save("setup_intents", setup)
    emit(world, "setup_intent.succeeded", setup)


def _fail(world: World, setup: Json, error: Json) -> None:
    setup.update(status="requires_payment_method", payment_method=None, last_setup_error=error)
    world.store.save("setup_intents", setup)
    emit(world, "setup_intent.setup_failed", setup)
