"""Trackhub's calls for the shop."""

from hmac import compare_digest

from sandbox.faults import Facts
from sandbox.http import Json, Request, Response, Route, Router, as_json
from sandbox.trackhub import labels, parcels
from sandbox.world import World

_CREATED = 201


def handle(world: World, route: Route, request: Request, places: dict[str, str]) -> Response:
    """Answer one call."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not compare_digest(given, world.config.trackhub_api_key):
        return as_json(401, {"error": {"code": "credentials"}})
    answer: Response = route.handler(world, request, **places)
    return answer


def facts(world: World, route: Route, request: Request, places: dict[str, str]) -> Facts:
    """What faults may look at."""
    del world
    form: Json = request.read_json() if request.body else {}
    order = places.get("number") or form.get("number") or places.get("key") or form.get("key")
    return Facts(route.name, "trackhub", amount=None, order=order, metadata={})


def follow(world: World, request: Request) -> Response:
    form = request.read_json()
    carrier, number = form.get("carrier"), form.get("number")
    if not isinstance(carrier, str) or not isinstance(number, str) or not carrier or not number:
        return as_json(422, {"error": {"code": "parcel_unfit"}})
    return as_json(_CREATED, parcels.shown(world, parcels.follow(world, carrier, number)))


def ask(world: World, request: Request, carrier: str, number: str) -> Response:
    del request
    found = world.store.get(parcels.TABLE, f"{carrier}:{number}")
    if found is None:
        return as_json(404, {"error": {"code": "not_found"}})
    return as_json(200, parcels.shown(world, found))


def buy_label(world: World, request: Request) -> Response:
    form = request.read_json()
    key = form.pop("key", None)
    if not isinstance(key, str) or not key:
        return as_json(422, {"error": {"code": "key_missing"}})
    found = labels.buy(world, key, form)
    if isinstance(found, str):
        return as_json(422, {"error": {"code": found}})
    return as_json(_CREATED, labels.shown(found))


def ask_label(world: World, request: Request, key: str) -> Response:
    del request
    found = world.store.get(labels.TABLE, key)
    return as_json(404, {"error": {"code": "not_found"}}) if found is None else as_json(200, labels.shown(found))


def void_label(world: World, request: Request, key: str) -> Response:
    del request
    found = world.store.get(labels.TABLE, key)
    if found is None:
        return as_json(404, {"error": {"code": "not_found"}})
    if not labels.void(world, found):
        return as_json(409, {"error": {"code": "handed_over"}})
    return as_json(200, labels.shown(found | {"status": "void"}))


def add_routes(router: Router) -> None:
    router.add("POST", "/trackhub/v1/trackers", follow, vendor="trackhub", name="follow")
    router.add("GET", "/trackhub/v1/trackers/{carrier}/{number}", ask, vendor="trackhub", name="fetch")
    router.add("POST", "/trackhub/v1/labels", buy_label, vendor="trackhub", name="label")
    router.add("GET", "/trackhub/v1/labels/{key}", ask_label, vendor="trackhub", name="fetch_label")
    router.add("POST", "/trackhub/v1/labels/{key}/void", void_label, vendor="trackhub", name="void_label")
