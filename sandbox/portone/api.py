"""PortOne's calls for the shop."""

from hmac import compare_digest
from typing import Any

from sandbox import pages
from sandbox.faults import Facts
from sandbox.http import Json, Request, Response, Route, Router, as_json
from sandbox.portone import payments, receipts
from sandbox.portone.payments import RefusalError
from sandbox.world import World


def handle(world: World, route: Route, request: Request, places: dict[str, str]) -> Response:
    """Answer one call."""
    given = request.headers.get("authorization", "").removeprefix("PortOne ")
    if not compare_digest(given.encode(), world.config.portone_api_secret.encode()):
        return as_json(401, {"type": "UNAUTHORIZED", "message": "The secret is wrong."})
    form = request.read_json() if request.method == "POST" else {}
    store_id = form.get("storeId") or pages.query(request).get("storeId") or world.config.portone_store_id
    if store_id != world.config.portone_store_id:
        return as_json(403, {"type": "FORBIDDEN"})
    if form.get("channelKey", world.config.portone_channel_key) != world.config.portone_channel_key:
        return as_json(404, {"type": "CHANNEL_NOT_FOUND"})
    try:
        return as_json(200, route.handler(world, form, **places))
    except RefusalError as refusal:
        return as_json(refusal.status, refusal.body)


def facts(world: World, route: Route, request: Request, places: dict[str, str]) -> Facts:
    """What faults may look at. Before its window is open, a payment's order is what stands in its id before a point."""
    form = request.read_json()
    payment_id = places.get("id") or str(form.get("paymentId", ""))
    about: Json = payments.find(world, payment_id) or {}
    amount = form.get("totalAmount", form.get("amount", about.get("total")))
    amount = amount.get("total") if isinstance(amount, dict) else amount
    order = about.get("order") or payment_id.partition(".")[0]
    return Facts(route.name, "portone", amount=amount, order=order, metadata=about.get("metadata") or {})


def register(world: World, form: Json, id: str) -> Json:
    payments.register(world, id, form)
    return {}


def open_account(world: World, form: Json, id: str) -> Json:
    payment = payments.open_account(world, id, form)
    return {"payment": {"pgTxId": payment["transactionId"], "paidAt": payments.stamp()}}


def retrieve(world: World, form: Json, id: str) -> Json:
    del form
    return payments.shown(payments.seen(world, id))


def cancel(world: World, form: Json, id: str) -> Json:
    return {"cancellation": payments.cancel(world, payments.seen(world, id), form)}


def close_account(world: World, form: Json, id: str) -> Json:
    del form
    payments.close_account(world, payments.seen(world, id))
    return {"closedAt": payments.stamp()}


def issue_receipt(world: World, form: Json) -> Json:
    return receipts.issue(world, form)


def retrieve_receipt(world: World, form: Json, id: str) -> Json:
    del form
    return receipts.retrieve(world, id)


def cancel_receipt(world: World, form: Json, id: str) -> Json:
    del form
    return receipts.cancel(world, id)


def add_routes(router: Router) -> None:
    """Every call; the name tells faults what kind it is."""
    calls: list[tuple[str, str, Any, str]] = [
        ("POST", "/payments/{id}/pre-register", register, "charge"),
        ("POST", "/payments/{id}/instant", open_account, "charge"),
        ("POST", "/payments/{id}/cancel", cancel, "refund"),
        ("POST", "/payments/{id}/virtual-account/close", close_account, "void"),
        ("GET", "/payments/{id}/cash-receipt", retrieve_receipt, "fetch"),
        ("POST", "/payments/{id}/cash-receipt/cancel", cancel_receipt, "receipt"),
        ("POST", "/cash-receipts", issue_receipt, "receipt"),
        ("GET", "/payments/{id}", retrieve, "fetch"),
    ]
    for method, path, handler, name in calls:
        router.add(method, f"/portone{path}", handler, vendor="portone", name=name)
