"""Payment methods, confirmation tokens and customers."""

import datetime as dt

from sandbox.http import Json
from sandbox.store import new_id
from sandbox.stripe import cards, objects
from sandbox.stripe.errors import ApiError, missing, required
from sandbox.stripe.events import emit
from sandbox.stripe.params import CARD_FIELDS
from sandbox.world import World

_TOKEN_LIFE_S = 12 * 3600  # docs.stripe.com/api/confirmation_tokens
_CVC_LENGTHS = (3, 4)


def make(world: World, form: Json) -> Json:
    """A payment method from card fields. Raises ApiError as Stripe's fields would."""
    given = form.get("card")
    if form.get("type") != "card" or not isinstance(given, dict):
        raise required("card")
    for name in given:
        if name not in CARD_FIELDS:
            raise ApiError(f"Received unknown parameter: card[{name}]", code="parameter_unknown", kept=False)
    if "token" in given:
        card = cards.BY_ALIAS.get(str(given["token"]).replace("tok_", "pm_card_"))
        if card is None:
            raise missing("token", given["token"], "card[token]", 400)
        details = objects.card_details(card, 12, _next_year())
    else:
        card, details = _typed(given)
    method = objects.payment_method(card, details, form.get("billing_details"))
    method["metadata"] = form.get("metadata") or {}
    return world.store.save("payment_methods", method)


def _next_year() -> int:
    return dt.datetime.now(tz=dt.UTC).year + 1


def _typed(given: Json) -> tuple[cards.Card, Json]:
    number = "".join(sign for sign in str(given.get("number", "")) if sign.isdigit())
    card = cards.BY_NUMBER.get(number)
    if card is None and not (12 <= len(number) <= 19 and cards.luhn_ok(number)):
        raise _card_error("incorrect_number", "number")
    if card is None:
        raise _card_error("test_mode_live_card", "number")
    try:
        month, year = int(given.get("exp_month", "")), int(given.get("exp_year", ""))
    except ValueError:
        raise required("card[exp_month]") from None
    year += 2000 if year < 100 else 0
    today = dt.datetime.now(tz=dt.UTC)
    if not 1 <= month <= 12:
        raise _plain_error("Your card's expiration month is invalid.", "invalid_expiry_month", "exp_month")
    if (year, month) < (today.year, today.month) or year > today.year + 50:
        raise _plain_error("Your card's expiration year is invalid.", "invalid_expiry_year", "exp_year")
    cvc = str(given.get("cvc", "000"))
    if not cvc.isdigit() or len(cvc) not in _CVC_LENGTHS:
        raise _plain_error("Your card's security code is invalid.", "invalid_cvc", "cvc")
    return card, objects.card_details(card, month, year)


def _card_error(decline: str, param: str) -> ApiError:
    extra = {"decline_code": decline} if decline != "incorrect_number" else None
    code = cards.code_of(decline)
    return ApiError(cards.MESSAGES[decline], status=402, kind="card_error", code=code, param=param, extra=extra)


def _plain_error(message: str, code: str, param: str) -> ApiError:
    return ApiError(message, status=402, kind="card_error", code=code, param=param)


def find(world: World, ref: object) -> Json:
    """A payment method by id or by its test name (pm_card_visa), which makes a new one. Raises ApiError."""
    card = cards.BY_ALIAS.get(str(ref))
    if card is not None:
        made = objects.payment_method(card, objects.card_details(card, 12, _next_year()), None)
        return world.store.save("payment_methods", made)
    found = world.store.get("payment_methods", ref)
    if found is None:
        raise missing("PaymentMethod", ref, "payment_method", 400)
    return found


def make_token(world: World, form: Json) -> Json:
    """A confirmation token: what the element makes of its fields, good for one confirmation."""
    if "payment_method" in form:
        method = find(world, form["payment_method"])
    elif isinstance(form.get("payment_method_data"), dict):
        method = make(world, form["payment_method_data"])
    else:
        raise required("payment_method_data")
    token = {
        "id": new_id("ctoken"),
        "object": "confirmation_token",
        "created": objects.now(),
        "expires_at": objects.now() + _TOKEN_LIFE_S,
        "livemode": False,
        "mandate_data": None,
        "payment_intent": None,
        "payment_method_options": {"card": {"cvc_token": None}},
        "payment_method_preview": {
            "billing_details": method["billing_details"],
            "card": method["card"],
            "customer": None,
            "type": "card",
        },
        "return_url": form.get("return_url"),
        "setup_future_usage": form.get("setup_future_usage"),
        "setup_intent": None,
        "shipping": form.get("shipping"),
        "use_stripe_sdk": form.get("use_stripe_sdk") == "true",
        "_method": method["id"],
        "_used": False,
    }
    return world.store.save("confirmation_tokens", token)


def resolve(world: World, form: Json, default: object) -> Json | None:
    """The payment method that a confirmation is about. A confirmation token is used up. Raises ApiError."""
    if "confirmation_token" in form:
        return _spend(world, form["confirmation_token"], form)
    if "payment_method" in form:
        return find(world, form["payment_method"])
    if isinstance(form.get("payment_method_data"), dict):
        return make(world, form["payment_method_data"])
    return find(world, default) if default else None


def _spend(world: World, ref: object, form: Json) -> Json:
    token = world.store.get("confirmation_tokens", ref)
    if token is None:
        raise missing("confirmation_token", ref, "confirmation_token", 400)
    if token["_used"] or token["expires_at"] <= objects.now():
        word = "already used" if token["_used"] else "expired"
        raise ApiError(f"The ConfirmationToken was {word}.", code="confirmation_token_used", param="confirmation_token")
    token["_used"] = True
    world.store.save("confirmation_tokens", token)
    if token["setup_future_usage"]:
        form.setdefault("setup_future_usage", token["setup_future_usage"])
    if token["return_url"]:
        form.setdefault("return_url", token["return_url"])
    return world.store.tables["payment_methods"][token["_method"]]


def attach(world: World, method: Json, customer: str) -> None:
    """Save a method with a customer. Raises ApiError for a card that refuses even this."""
    card = cards.BY_NUMBER[method["_card"]]
    if card.decline and card.declines_at_attach and card.secure == "never":
        raise _card_error(card.decline, "payment_method")
    method["customer"] = customer
    world.store.save("payment_methods", method)
    emit(world, "payment_method.attached", method)


def detach(world: World, method: Json) -> None:
    """Forget a saved method. Raises ApiError if it is nobody's."""
    if method["customer"] is None:
        raise ApiError("The payment method you provided is not attached to a customer so detachment is impossible.")
    method["customer"] = None
    world.store.save("payment_methods", method)
    emit(world, "payment_method.detached", method)


def make_customer(world: World, form: Json) -> Json:
    """A customer."""
    customer = {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": form.get("address"),
        "balance": 0,
        "created": objects.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": form.get("description"),
        "email": form.get("email"),
        "invoice_settings": {"default_payment_method": None},
        "livemode": False,
        "metadata": form.get("metadata") or {},
        "name": form.get("name"),
        "phone": form.get("phone"),
        "preferred_locales": form.get("preferred_locales") or [],
        "shipping": form.get("shipping"),
        "tax_exempt": "none",
    }
    return world.store.save("customers", customer)
