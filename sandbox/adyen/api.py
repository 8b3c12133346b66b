"""Adyen's Checkout API for the shop: the key, the idempotency key, the calls."""

import time
from hmac import compare_digest
from typing import Any

from sandbox import pages
from sandbox.adyen import disputes, modifications, payments
from sandbox.adyen.errors import ApiError
from sandbox.faults import Facts
from sandbox.http import Json, Request, Response, Route, Router, as_json
from sandbox.world import World

BASE = "/adyen/v72"
DISPUTES = "/adyen/disputes/v30"
_KEY_MAX = 64
_IN_PROGRESS = "request already processed or in progress"


def handle(world: World, route: Route, request: Request, places: dict[str, str]) -> Response:
    """Answer one call; a key that was used answers as it did the first time, whatever is asked with it."""
    given = request.headers.get("x-api-key", "")
    if not compare_digest(given.encode(), world.config.adyen_api_key.encode()):
        return _no(ApiError(401, "000", "HTTP Status Response - Unauthorized", "security"))
    key = request.headers.get("idempotency-key")
    try:
        if key is None or request.method != "POST":
            return _run(world, route, request, places)
        return _once(world, route, request, places, key)
    except ApiError as refusal:
        return _no(refusal)


def _no(refusal: ApiError) -> Response:
    return as_json(refusal.status, refusal.body, refusal.headers)


def _once(world: World, route: Route, request: Request, places: dict[str, str], key: str) -> Response:
    """docs.adyen.com/development-resources/api-idempotency: a replay does not look at the body."""
    if len(key) > _KEY_MAX:
        raise ApiError(422, "702", "The idempotency key is too long.")
    headers = {"idempotency-key": key}
    kept = world.store.get("adyen_keys", key)
    if kept is not None:
        return Response(200, kept["body"].encode(), {"content-type": "application/json", **headers})
    if world.keys_at_work.get(key, request) is not request:
        raise ApiError(422, "704", _IN_PROGRESS, transient=True)
    response = _run(world, route, request, places)
    world.store.save("adyen_keys", {"body": response.body.decode(), "created": int(time.time())}, key)
    response.headers |= headers
    return response


def _run(world: World, route: Route, request: Request, places: dict[str, str]) -> Response:
    form = request.read_json() if request.method == "POST" else pages.query(request)
    if form.get("merchantAccount", world.config.adyen_merchant_account) != world.config.adyen_merchant_account:
        raise ApiError(403, "901", "Invalid Merchant Account", "security")
    found = route.handler(world, form, **places)
    return Response(204, b"") if found is None else as_json(201 if route.name in _RECEIVED else 200, found)


_RECEIVED = ("capture", "void", "refund")


def facts(world: World, route: Route, request: Request, places: dict[str, str]) -> Facts:
    """What faults may look at."""
    form = request.read_json()
    about: Json = world.store.get("adyen_payments", places.get("psp")) or {}
    asked: Any = form.get("amount") or about.get("amount") or {}
    return Facts(
        route.name,
        "adyen",
        card=about.get("card") or payments.card_number(world, form),
        amount=asked.get("value"),
        order=form.get("merchantOrderReference") or about.get("order"),
        metadata=form.get("metadata") or about.get("metadata") or {},
    )


def payment_methods(world: World, form: Json) -> Json:
    """POST /paymentMethods"""
    del world
    currency = (form.get("amount") or {}).get("currency")
    known = [("scheme", "Cards"), ("paypal", "PayPal"), ("klarna", "Pay later with Klarna.")]
    if currency == "EUR":
        known += [("ideal", "iDEAL"), ("bankTransfer_IBAN", "Bank transfer")]
    found: list[Json] = [{"type": kind, "name": name} for kind, name in known]
    found[0]["brands"] = ["visa", "mc", "amex"]
    return {"paymentMethods": found}


def stored(world: World, form: Json) -> Json:
    """GET /storedPaymentMethods"""
    shopper = form.get("shopperReference")
    rows = [each for each in world.store.newest("adyen_stored") if each["shopperReference"] == shopper]
    return {
        "merchantAccount": form.get("merchantAccount"),
        "shopperReference": shopper,
        "storedPaymentMethods": [
            {
                "id": each["id"],
                "type": "scheme",
                "brand": each["brand"],
                "lastFour": each["card"][-4:],
                "expiryMonth": each["expiry"].split("/")[0],
                "expiryYear": each["expiry"].split("/")[1],
                "holderName": each["holder"],
            }
            for each in rows
        ],
    }


def forget(world: World, form: Json, id: str) -> None:
    """DELETE /storedPaymentMethods/{id}"""
    found = world.store.get("adyen_stored", id)
    if found is None or found["shopperReference"] != form.get("shopperReference"):
        raise ApiError(422, "800", "Contract not found")
    world.store.remove("adyen_stored", id)


def add_routes(router: Router) -> None:
    """Every call; the name tells faults what kind it is."""
    calls: list[tuple[str, str, Any, str]] = [
        ("POST", "/payments", payments.create, "charge"),
        ("POST", "/payments/details", payments.details, "details"),
        ("POST", "/payments/{psp}/captures", modifications.capture, "capture"),
        ("POST", "/payments/{psp}/cancels", modifications.cancel, "void"),
        ("POST", "/payments/{psp}/refunds", modifications.refund, "refund"),
        ("POST", "/payments/{psp}/reversals", modifications.reverse, "refund"),
        ("POST", "/cancels", modifications.cancel_by_reference, "void"),
        ("POST", "/paymentMethods", payment_methods, "other"),
        ("GET", "/storedPaymentMethods", stored, "fetch"),
        ("DELETE", "/storedPaymentMethods/{id}", forget, "other"),
    ]
    for method, path, handler, name in calls:
        router.add(method, BASE + path, handler, vendor="adyen", name=name)
    answers: list[tuple[str, Any, str]] = [
        ("/retrieveApplicableDefenseReasons", disputes.reasons, "fetch"),
        ("/supplyDefenseDocument", disputes.supply, "other"),
        ("/defendDispute", disputes.defend, "dispute"),
        ("/acceptDispute", disputes.accept, "dispute"),
    ]
    for path, handler, name in answers:
        router.add("POST", DISPUTES + path, handler, vendor="adyen", name=name)
