"""The control calls, in JSON, for tests and for the start page."""

from typing import Any

from sandbox import pages
from sandbox.adyen import disputes as adyen_disputes
from sandbox.adyen import payments
from sandbox.http import Json, Request, Response, Router, as_json
from sandbox.paylink import sessions, settlements
from sandbox.portone import payments as portone
from sandbox.portone import receipts
from sandbox.stripe import charging, disputes, setups
from sandbox.stripe.errors import ApiError
from sandbox.world import World

_ROWS_MAX = 1000


def charges(world: World) -> list[Json]:
    """Every payment that was asked for at any vendor, the newest first."""
    found = [_stripe(world, intent) for intent in world.store.newest("payment_intents")]
    found += [_paylink(session) for session in world.store.newest("paylink_sessions")]
    found += [_adyen(payment) for payment in world.store.newest("adyen_payments")]
    return found + [_portone(payment) for payment in world.store.newest(portone.TABLE)]


def _stripe(world: World, intent: Json) -> Json:
    made = world.store.get("charges", intent["latest_charge"]) or {}
    captured = intent["amount_received"]
    return {
        "vendor": "stripe",
        "id": intent["id"],
        "status": intent["status"],
        "order": intent["metadata"].get("order_number"),
        "op_key": intent["metadata"].get("op_key"),
        "metadata": intent["metadata"],
        "amount": intent["amount"],
        "held": intent["amount_capturable"],
        "captured": captured,
        "refunded": made.get("amount_refunded", 0) if captured else 0,
        "currency": intent["currency"].upper(),
        "reason": (intent["last_payment_error"] or {}).get("code"),
    }


def _paylink(session: Json) -> Json:
    return {
        "vendor": "paylink",
        "id": session["id"],
        "status": session["status"],
        "order": session["order"],
        "op_key": session["reference"],
        "metadata": session["metadata"],
        "amount": session["amount"],
        "held": session["amount"] if session["status"] == "authorised" else 0,
        "captured": session["captured"],
        "refunded": session["refunded"],
        "currency": session["currency"],
        "reason": session["reason"],
    }


def _adyen(payment: Json) -> Json:
    return {
        "vendor": "adyen",
        "id": payment["id"],
        "status": payment["status"],
        "order": payment["order"],
        "op_key": payment["reference"].removesuffix(".hold"),
        "metadata": payment["metadata"],
        "amount": payment["amount"]["value"],
        "held": payment["held"],
        "captured": payment["captured"],
        "refunded": payment["refunded"],
        "currency": payment["amount"]["currency"],
        "reason": payment["refusal"],
    }


def _portone(payment: Json) -> Json:
    return {
        "vendor": "portone",
        "id": payment["id"],
        "status": payment["status"],
        "order": payment["order"],
        "op_key": payment["id"],
        "metadata": payment["metadata"],
        "amount": payment["total"],
        "held": 0,
        "captured": payment["paid"],
        "refunded": payment["cancelled"],
        "currency": payment["currency"],
        "reason": (payment["failure"] or {}).get("pgCode"),
    }


def refunds(world: World) -> list[Json]:
    """Every refund at any vendor, the newest first, as its vendor keeps it."""
    adyen = (
        {**each, "amount": each["amount"]["value"], "currency": each["amount"]["currency"], "session": each["payment"]}
        for each in world.store.newest("adyen_modifications")
        if each["kind"] == "refund"
    )
    cancelled = (
        {**each, "amount": each["totalAmount"], "currency": payment["currency"], "session": payment["id"]}
        for payment in world.store.newest(portone.TABLE)
        for each in reversed(payment["cancellations"])
    )
    return [*world.store.newest("refunds"), *world.store.newest("paylink_refunds"), *adyen, *cancelled]


def state(world: World, request: Request) -> Response:
    """What is held. `?order=` leaves only that order; `money=1` leaves what holds or took money."""
    given = pages.query(request)
    found = charges(world)
    if "order" in given:
        found = [each for each in found if each["order"] == given["order"]]
    if given.get("money"):
        found = [each for each in found if each["held"] or each["captured"]]
    ids = {each["id"] for each in found}
    content = {
        "charges": found[:_ROWS_MAX],
        "refunds": [
            {name: value for name, value in each.items() if name[:1] != "_"}
            for each in refunds(world)
            if "order" not in given or each.get("payment_intent", each.get("session")) in ids
        ][:_ROWS_MAX],
        "receipts": list(world.store.newest(receipts.TABLE))[:_ROWS_MAX],
        "events": [_event(each) for each in world.store.newest("events")][:_ROWS_MAX],
        "deliveries": [_delivery(each) for each in world.store.newest("deliveries")][:_ROWS_MAX],
        "keys": list(world.store.tables.get("keys", {}))[-_ROWS_MAX:],
        "keys_at_work": list(world.keys_at_work),
        "faults": [rule.as_json() for rule in world.faults.rules],
    }
    return as_json(200, content)


def _event(event: Json) -> Json:
    return {"id": event["id"], "type": event["type"], "object": event["data"]["object"].get("id")}


def _delivery(delivery: Json) -> Json:
    return {name: value for name, value in delivery.items() if name not in ("secret", "body")}


def add_fault(world: World, request: Request) -> Response:
    """Add a rule; see sandbox/faults.py for what it may say."""
    try:
        return as_json(201, world.faults.add(request.read_json()).as_json())
    except (TypeError, ValueError) as failure:
        return as_json(422, {"error": str(failure)})


def remove_fault(world: World, request: Request, id: str | None = None) -> Response:
    """Drop one rule, or all."""
    del request
    world.faults.remove(id)
    return as_json(200, {})


def settings(world: World, request: Request) -> Response:
    """Change how the vendors behave as a whole: search_lag_ms."""
    given = request.read_json()
    world.faults.search_lag_ms = int(given.get("search_lag_ms", world.faults.search_lag_ms))
    return as_json(200, {"search_lag_ms": world.faults.search_lag_ms})


def reset(world: World, request: Request) -> Response:
    """Forget everything, rules too."""
    del request
    world.store.clear()
    world.faults.remove()
    world.faults.search_lag_ms = 0
    return as_json(200, {})


def resend(world: World, request: Request, id: str) -> Response:
    """Send a delivery once more."""
    del request
    return as_json(200 if world.notices.send_again(id) else 404, {})


def authenticate(world: World, request: Request, id: str) -> Response:
    """Answer the bank's question for a buyer without a browser: {"passed": true}."""
    passed = request.read_json().get("passed") is True
    setup = world.store.get("setup_intents", id)
    intent = setup or world.store.get("payment_intents", id)
    if intent is None:
        return as_json(404, {})
    try:
        (charging if setup is None else setups).authenticated(world, intent, passed=passed)
    except ApiError as refusal:
        return as_json(200, {"status": intent["status"], "error": refusal.body["error"]["code"]})
    return as_json(200, {"status": intent["status"]})


def process(world: World, request: Request, id: str) -> Response:
    """The bank takes its time over a payment that it was asked about."""
    del request
    intent = world.store.get("payment_intents", id)
    if intent is None:
        return as_json(404, {})
    charging.process(world, intent)
    return as_json(200, {"status": intent["status"]})


def dispute(world: World, request: Request, id: str) -> Response:
    """The cardholder objects to a charge, or with {"won": true|false} the bank decides."""
    given = request.read_json()
    payment, case = world.store.get("adyen_payments", id), world.store.get(adyen_disputes.TABLE, id)
    if case is not None:
        adyen_disputes.decide(world, case, won=given.get("won") is True)
        return as_json(200, {"status": case["status"]})
    if payment is not None:
        reason, asks = str(given.get("reason", "Fraud")), given.get("inquiry") is True
        opened = adyen_disputes.open_dispute(world, payment, reason, amount=given.get("amount"), inquiry=asks)
        return as_json(200, {"id": opened["id"]})
    found = world.store.get("disputes", id)
    if found is not None:
        disputes.close(world, found, won=given.get("won") is True)
        return as_json(200, {"status": found["status"]})
    intent = world.store.get("payment_intents", id) or {}
    made = world.store.get("charges", intent.get("latest_charge"))
    if made is None or not made["captured"]:
        return as_json(404, {})
    opened = disputes.open_dispute(
        world,
        made,
        str(given.get("reason", "fraudulent")),
        amount=given.get("amount"),
        inquiry=given.get("inquiry") is True,
    )
    return as_json(200, {"id": opened["id"]})


def deposit(world: World, request: Request, id: str) -> Response:
    """Money arrives at a virtual account of PortOne's: {"amount": 900, "silent": false, "late": false}."""
    payment = portone.find(world, id)
    if payment is None:
        return as_json(404, {})
    given = request.read_json()
    became = portone.deposit(
        world,
        payment,
        int(given.get("amount") or payment["total"]),
        silent=given.get("silent") is True,
        late=given.get("late") is True,
    )
    return as_json(200, {"became": became})


def expire(world: World, request: Request, id: str) -> Response:
    """Let the time of an open Paylink session, or of a virtual account of PortOne's, run out."""
    del request
    payment = portone.find(world, id)
    if payment is not None:
        portone.expire_account(world, payment)
        return as_json(200, {"status": payment["status"]})
    session = world.store.get("paylink_sessions", id)
    if session is None:
        return as_json(404, {})
    sessions.decline(world, session, "session_expired")
    return as_json(200, {"status": session["status"]})


def arrive(world: World, request: Request, id: str) -> Response:
    """The money of an Adyen payment that waits has come: {"paid": true, "amount": 900}, the amount only if another."""
    payment = world.store.get("adyen_payments", id)
    if payment is None:
        return as_json(404, {})
    given = request.read_json()
    amount = given.get("amount")
    payments.settle_received(world, payment, paid=given.get("paid") is not False, value=amount)
    return as_json(200, {"status": payment["status"]})


def pay_out(world: World, request: Request) -> Response:
    """Let the vendors send what they hold to the shop's bank."""
    del request
    paid = [*charging.pay_out(world), *settlements.pay_out(world)]
    return as_json(200, {"payouts": paid})


def add_routes(router: Router) -> None:
    """Everything under /sandbox/."""
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/state", state),
        ("POST", "/faults", add_fault),
        ("DELETE", "/faults", remove_fault),
        ("DELETE", "/faults/{id}", remove_fault),
        ("POST", "/settings", settings),
        ("POST", "/reset", reset),
        ("POST", "/deliveries/{id}/resend", resend),
        ("POST", "/authenticate/{id}", authenticate),
        ("POST", "/processing/{id}", process),
        ("POST", "/dispute/{id}", dispute),
        ("POST", "/expire/{id}", expire),
        ("POST", "/arrival/{id}", arrive),
        ("POST", "/payouts", pay_out),
        ("POST", "/deposits/{id}", deposit),
    ]
    for method, path, handler in calls:
        router.add(method, f"/sandbox{path}", handler, vendor="control")
