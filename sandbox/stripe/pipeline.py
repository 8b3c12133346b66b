"""What every call to Stripe goes through: key, parameters, idempotency, errors."""

import base64
import hashlib
import time
from typing import Any

from sandbox.faults import Facts
from sandbox.http import BadFormError, Json, Request, Response, Route, as_json
from sandbox.store import new_id
from sandbox.stripe.errors import ApiError, missing, unknown
from sandbox.stripe.objects import API_VERSION
from sandbox.stripe.params import known
from sandbox.world import World

_KEY_MAX = 255


def handle(
    world: World, route: Route, request: Request, places: dict[str, str], forced: Response | None = None
) -> Response:
    """Answer one call. `forced` replaces the answer after the work was done, and is what the key remembers."""
    headers = {
        "request-id": new_id("req", 14),
        "stripe-version": API_VERSION,
        "access-control-allow-origin": "*",
        "cache-control": "no-cache, no-store",
    }
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    if key:
        headers["idempotency-key"] = key
    try:
        secret = _authenticate(world, request, route)
        request.form = _read(request, route)
        if not secret:
            _client_secret(world, request, places)
        response = _once(world, route, request, places, key, forced)
    except ApiError as error:
        response = as_json(error.status, error.body)
    response.headers = {**response.headers, **headers}
    return response


def _authenticate(world: World, request: Request, route: Route) -> bool:
    """True for the secret key, False for the publishable one where that is enough. Raises ApiError."""
    given = request.headers.get("authorization", "")
    kind, _, value = given.partition(" ")
    if kind == "Basic":
        value = base64.b64decode(value).decode("utf-8", "replace").partition(":")[0]
    if not value:
        value = _key_in_form(request)  # A page sends its key among the fields, so that no preflight is needed.
    if value == world.config.stripe_secret_key:
        return True
    if value == world.config.stripe_publishable_key:
        if route.name.endswith(":public"):
            return False
        raise ApiError(
            "This API call cannot be made with a publishable API key. Please use a secret API key.",
            status=401,
            code="secret_key_required",
            kept=False,
        )
    if not value:
        raise ApiError("You did not provide an API key.", status=401, kept=False)
    masked = f"{value[:8]}{'*' * 8}{value[-4:]}" if len(value) > 16 else "********"
    raise ApiError(f"Invalid API Key provided: {masked}", status=401, code="api_key_invalid", kept=False)


def _key_in_form(request: Request) -> str:
    try:
        return str(request.read_form().get("key", ""))
    except BadFormError:
        return ""


def _read(request: Request, route: Route) -> Json:
    try:
        form = request.read_form()
    except BadFormError as failure:
        raise ApiError(f"Invalid form: {failure}", kept=False) from failure
    allowed = known(route.name.removesuffix(":public"))
    for name in form:
        if name == "payment_method_types" and name not in allowed:
            raise ApiError(
                "The `payment_method_types` parameter is no longer supported in this API version.",
                code="payment_method_types_no_longer_supported",
                param=name,
                kept=False,
            )
        if name not in allowed and name not in ("key", "client_secret"):
            raise unknown(name)
    return form


def _client_secret(world: World, request: Request, places: dict[str, str]) -> None:
    """A page may only touch the intent whose secret it was given."""
    ref = places.get("id", "")
    table = {"pi": "payment_intents", "seti": "setup_intents"}.get(ref.split("_", 1)[0])
    if table is None:
        return
    found = world.store.get(table, ref)
    if found is None or found["client_secret"] != request.form.get("client_secret"):
        raise missing(table.rstrip("s"), ref, "intent")


def _once(
    world: World, route: Route, request: Request, places: dict[str, str], key: str | None, forced: Response | None
) -> Response:
    """docs.stripe.com/api/idempotent_requests"""
    if not key:
        return forced_or(forced, _run(world, route, request, places)[0])
    if len(key) > _KEY_MAX:
        raise ApiError("Idempotency keys are at most 255 characters long.", kept=False)
    # A boundary is another each time, and none of the parameters.
    body = request.body.replace(request.boundary, b"") if request.boundary else request.body
    content = hashlib.sha256(f"{request.path}\n".encode() + body).hexdigest()
    kept = world.store.get("keys", key)
    if kept is not None:
        if kept["content"] != content:
            raise ApiError(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
                kept=False,
            )
        replayed = {"idempotent-replayed": "true", "original-request": kept["request"]}
        headers = {"content-type": "application/json", **replayed}
        return Response(kept["status"], kept["body"].encode(), headers)
    if world.keys_at_work.get(key, request) is not request:
        raise ApiError(
            "There is currently another in-progress request using this Idempotent Key.",
            status=409,
            kind="idempotency_error",
            code="idempotency_key_in_use",
            kept=False,
        )
    response, keep = _run(world, route, request, places)
    response = forced_or(forced, response)
    if keep:
        made = {
            "content": content,
            "status": response.status,
            "body": response.body.decode(),
            "created": int(time.time()),
            "request": new_id("req", 14),
        }
        world.store.save("keys", made, key)
    return response


def forced_or(forced: Response | None, response: Response) -> Response:
    """The forced answer, if there is one."""
    return forced if forced is not None else response


def _run(world: World, route: Route, request: Request, places: dict[str, str]) -> tuple[Response, bool]:
    try:
        return as_json(200, route.handler(world, request, **places)), True
    except ApiError as error:
        return as_json(error.status, error.body), error.kept


def facts(world: World, route: Route, request: Request, places: dict[str, str]) -> Facts:
    """What faults may look at, read without doing anything."""
    name = route.name.removesuffix(":public")
    try:
        form = request.read_form()
    except BadFormError:
        form = {}
    on = _KINDS.get(name, "other")
    if name == "payment_intents.create" and form.get("confirm") != "true":
        on = "other"
    metadata = form.get("metadata") if isinstance(form.get("metadata"), dict) else {}
    about: Any = world.store.get("payment_intents", places.get("id") or form.get("payment_intent")) or {}
    metadata = {**(about.get("metadata") or {}), **(metadata or {})}
    amount = str(form.get("amount", ""))
    return Facts(
        on,
        "stripe",
        card=_card(world, form, about),
        amount=int(amount) if amount.isdigit() else about.get("amount"),
        order=metadata.get("order_number"),
        metadata=metadata,
    )


_KINDS = {
    "payment_intents.create": "charge",
    "payment_intents.confirm": "charge",
    "payment_intents.capture": "capture",
    "payment_intents.cancel": "void",
    "payment_intents.retrieve": "fetch",
    "payment_intents.list": "fetch",
    "payment_intents.search": "fetch",
    "refunds.create": "refund",
    "refunds.list": "fetch",
    "refunds.retrieve": "fetch",
    "setup_intents.create": "save",
    "disputes.retrieve": "fetch",
    "disputes.update": "dispute",
    "disputes.close": "dispute",
}


def _card(world: World, form: Json, about: Json) -> str | None:
    token = world.store.get("confirmation_tokens", form.get("confirmation_token"))
    method = world.store.get("payment_methods", token["_method"] if token else form.get("payment_method"))
    number = method["_card"] if method else about.get("_card")
    return str(number) if number else None
