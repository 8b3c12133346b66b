"""Paylink's calls for the shop."""

from hmac import compare_digest
from typing import Any

from sandbox.faults import Facts
from sandbox.http import Json, Request, Response, Route, Router, as_json
from sandbox.paylink import sessions, settlements
from sandbox.paylink.sessions import RefusalError, shown
from sandbox.world import World


def handle(world: World, route: Route, request: Request, places: dict[str, str]) -> Response:
    """Answer one call."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not compare_digest(given, world.config.paylink_secret_key):
        return _no(RefusalError(401, "credentials", "The key is wrong."))
    try:
        form = request.read_json() if request.body else request.read_form()
        return as_json(200, shown(route.handler(world, form, **places)))
    except RefusalError as refusal:
        return _no(refusal)


def _no(refusal: RefusalError) -> Response:
    return as_json(refusal.status, {"error": {"code": refusal.code, "message": str(refusal)}})


def facts(world: World, route: Route, request: Request, places: dict[str, str]) -> Facts:
    """What faults may look at."""
    form = request.read_json()
    about: Json = world.store.get("paylink_sessions", places.get("id")) or {}
    amount = form.get("amount", about.get("amount"))
    order = form.get("order", about.get("order"))
    return Facts(route.name, "paylink", amount=amount, order=order, metadata=form.get("metadata") or {})


def _need(world: World, key: str) -> Json:
    found = world.store.get("paylink_sessions", key)
    if found is None:
        raise RefusalError(404, "not_found", "There is no such session.")
    return sessions.fresh(world, found)


def create(world: World, form: Json) -> Json:
    return sessions.create(world, form)


def retrieve(world: World, form: Json, id: str) -> Json:
    del form
    return _need(world, id)


def find(world: World, form: Json, reference: str) -> Json:
    del form
    found = sessions.by_reference(world, reference)
    if found is None:
        raise RefusalError(404, "not_found", "There is no session of this reference.")
    return sessions.fresh(world, found)


def capture(world: World, form: Json, id: str) -> Json:
    session = _need(world, id)
    sessions.capture(world, session, int(form.get("amount") or session["amount"]))
    return session


def void(world: World, form: Json, id: str) -> Json:
    del form
    session = _need(world, id)
    sessions.void(world, session)
    return session


def refund(world: World, form: Json, id: str) -> Json:
    return sessions.refund(world, _need(world, id), form)


def retrieve_refund(world: World, form: Json, id: str) -> Json:
    del form
    found = world.store.get("paylink_refunds", id)
    if found is None:
        raise RefusalError(404, "not_found", "There is no such refund.")
    return found


def find_refund(world: World, form: Json, reference: str) -> Json:
    del form
    found = sessions.refund_by_reference(world, reference)
    if found is None:
        raise RefusalError(404, "not_found", "There is no refund of this reference.")
    return found


def settlement_report(world: World, form: Json) -> Json:
    """A page of what the vendor holds for the shop."""
    try:
        return settlements.report(world, form["from"], form["to"], form.get("after", ""))
    except (KeyError, ValueError):
        raise RefusalError(422, "period_invalid", "A period is needed: from and to, as instants.") from None


def account(world: World, form: Json) -> Json:
    del world, form
    return {"object": "account", "name": "Sandbox shop"}


def add_routes(router: Router) -> None:
    """Every call; the name tells faults what kind it is."""
    calls: list[tuple[str, str, Any, str]] = [
        ("POST", "/sessions", create, "charge"),
        ("GET", "/sessions/by-reference/{reference}", find, "fetch"),
        ("GET", "/sessions/{id}", retrieve, "fetch"),
        ("POST", "/sessions/{id}/capture", capture, "capture"),
        ("POST", "/sessions/{id}/void", void, "void"),
        ("POST", "/sessions/{id}/refunds", refund, "refund"),
        ("GET", "/refunds/by-reference/{reference}", find_refund, "fetch"),
        ("GET", "/refunds/{id}", retrieve_refund, "fetch"),
        ("GET", "/settlements", settlement_report, "report"),
        ("GET", "/account", account, "other"),
    ]
    for method, path, handler, name in calls:
        router.add(method, f"/paylink/v1{path}", handler, vendor="paylink", name=name)
