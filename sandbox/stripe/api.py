"""Stripe's calls, one function each. What they answer is what the vendor's reference shows."""

from typing import Any

from sandbox.http import Json, Request, Response, Router, as_json
from sandbox.store import new_id
from sandbox.stripe import charging, currencies, disputes, files, methods, objects, refunds, setups
from sandbox.stripe.errors import ApiError, required
from sandbox.stripe.reading import need, page, search, show
from sandbox.world import World

_INTENT_FIELDS = ("description", "receipt_email", "setup_future_usage", "shipping", "transfer_group")


def create_intent(world: World, request: Request) -> Json:
    form = request.form
    amount = currencies.read(form)
    if "currency" not in form:
        raise required("currency")
    currency = str(form["currency"]).lower()
    currencies.check(amount, currency)
    if "customer" in form:
        need(world, "customers", form["customer"], "customer", 400)
    intent = objects.payment_intent(amount, currency, form)
    if form.get("confirm") == "true":
        _check_methods(form)
        charging.confirm(world, intent, form)
    else:
        for name in ("confirmation_token", "return_url", "use_stripe_sdk"):
            if name in form:
                raise ApiError(f"{name} can only be used with confirm=true.", param=name, kept=False)
        if "payment_method" in form:
            method = methods.find(world, form["payment_method"])
            intent.update(payment_method=method["id"], status="requires_confirmation")
        world.store.save("payment_intents", intent)
    return show(world, intent, form.get("expand"))


def _check_methods(form: Json) -> None:
    allowed = form.get("allowed_payment_method_types")
    if allowed is not None and "card" not in allowed:
        raise ApiError("No valid payment method types for this Payment Intent.", code="payment_method_unactivated")
    automatic = form.get("automatic_payment_methods") or {}
    redirects = automatic.get("enabled") == "true" and automatic.get("allow_redirects") != "never"
    if redirects and "return_url" not in form and "confirmation_token" not in form:
        raise ApiError("A return_url must be given, or redirects be forbidden.", param="return_url", kept=False)


def retrieve_intent(world: World, request: Request, id: str) -> Json:
    return show(world, need(world, "payment_intents", id, "intent"), request.form.get("expand"))


def update_intent(world: World, request: Request, id: str) -> Json:
    intent, form = need(world, "payment_intents", id, "intent"), request.form
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise charging.wrong_state(intent, "update")
    for name in _INTENT_FIELDS:
        intent[name] = form.get(name, intent[name])
    if "amount" in form:
        amount = currencies.read(form)
        currencies.check(amount, intent["currency"])
        intent["amount"] = amount
    intent["metadata"] = {**intent["metadata"], **(form.get("metadata") or {})}
    world.store.save("payment_intents", intent)
    return show(world, intent, form.get("expand"))


def confirm_intent(world: World, request: Request, id: str) -> Json:
    intent = need(world, "payment_intents", id, "intent")
    charging.confirm(world, intent, request.form)
    return show(world, intent, request.form.get("expand"))


def capture_intent(world: World, request: Request, id: str) -> Json:
    intent, form = need(world, "payment_intents", id, "intent"), request.form
    amount = currencies.read(form, "amount_to_capture") if "amount_to_capture" in form else intent["amount_capturable"]
    charging.capture(world, intent, amount)
    return show(world, intent, form.get("expand"))


def cancel_intent(world: World, request: Request, id: str) -> Json:
    intent = need(world, "payment_intents", id, "intent")
    charging.cancel(world, intent, request.form.get("cancellation_reason"))
    return show(world, intent, request.form.get("expand"))


def list_intents(world: World, request: Request) -> Json:
    return page(world, "payment_intents", request.form, ("customer",), "/v1/payment_intents")


def search_intents(world: World, request: Request) -> Json:
    return search(world, "payment_intents", request.form, "/v1/payment_intents/search")


def create_setup(world: World, request: Request) -> Json:
    form = request.form
    if "customer" in form:
        need(world, "customers", form["customer"], "customer", 400)
    setup = objects.setup_intent(form)
    world.store.save("setup_intents", setup)
    if form.get("confirm") == "true":
        setups.confirm(world, setup, form)
    return show(world, setup, form.get("expand"))


def retrieve_setup(world: World, request: Request, id: str) -> Json:
    return show(world, need(world, "setup_intents", id, "intent"), request.form.get("expand"))


def confirm_setup(world: World, request: Request, id: str) -> Json:
    setup = need(world, "setup_intents", id, "intent")
    setups.confirm(world, setup, request.form)
    return show(world, setup, request.form.get("expand"))


def cancel_setup(world: World, request: Request, id: str) -> Json:
    setup = need(world, "setup_intents", id, "intent")
    if setup["status"] in ("succeeded", "canceled"):
        raise ApiError("This SetupIntent cannot be canceled.", code="setup_intent_unexpected_state")
    setup["status"] = "canceled"
    world.store.save("setup_intents", setup)
    return show(world, setup, request.form.get("expand"))


def create_token(world: World, request: Request) -> Json:
    return show(world, methods.make_token(world, request.form))


def create_method(world: World, request: Request) -> Json:
    return show(world, methods.make(world, request.form))


def attach_method(world: World, request: Request, id: str) -> Json:
    method = methods.find(world, id)
    customer = need(world, "customers", request.form.get("customer"), "customer", 400)
    methods.attach(world, method, customer["id"])
    return show(world, method)


def detach_method(world: World, request: Request, id: str) -> Json:
    del request
    method = need(world, "payment_methods", id, "payment_method")
    methods.detach(world, method)
    return show(world, method)


def list_methods(world: World, request: Request, id: str | None = None) -> Json:
    form = {**request.form, **({"customer": id} if id else {})}
    return page(world, "payment_methods", form, ("customer", "type"), "/v1/payment_methods")


def create_customer(world: World, request: Request) -> Json:
    return show(world, methods.make_customer(world, request.form))


def update_customer(world: World, request: Request, id: str) -> Json:
    customer = need(world, "customers", id, "customer")
    for name in ("description", "email", "name", "phone", "address"):
        customer[name] = request.form.get(name, customer[name])
    customer["metadata"] = {**customer["metadata"], **(request.form.get("metadata") or {})}
    return show(world, world.store.save("customers", customer))


def delete_customer(world: World, request: Request, id: str) -> Json:
    del request
    need(world, "customers", id, "customer")
    world.store.remove("customers", id)
    return {"id": id, "object": "customer", "deleted": True}


def create_refund(world: World, request: Request) -> Json:
    return show(world, refunds.create(world, request.form), request.form.get("expand"))


def update_refund(world: World, request: Request, id: str) -> Json:
    refund = need(world, "refunds", id, "refund")
    refund["metadata"] = {**refund["metadata"], **(request.form.get("metadata") or {})}
    return show(world, world.store.save("refunds", refund))


def balance(world: World, request: Request) -> Json:
    del request
    totals: dict[str, int] = {}
    for each in world.store.tables.get("balance_transactions", {}).values():
        totals[each["currency"]] = totals.get(each["currency"], 0) + each["net"]
    pending = [
        {"amount": amount, "currency": name, "source_types": {"card": amount}} for name, amount in totals.items()
    ]
    return {"object": "balance", "available": [], "livemode": False, "pending": pending}


def create_endpoint(world: World, request: Request) -> Json:
    form = request.form
    for name in ("url", "enabled_events"):
        if name not in form:
            raise required(name)
    secret = new_id("whsec", 32)
    endpoint = {
        "id": new_id("we"),
        "object": "webhook_endpoint",
        "api_version": form.get("api_version"),
        "created": objects.now(),
        "description": form.get("description"),
        "enabled_events": form["enabled_events"],
        "livemode": False,
        "metadata": form.get("metadata") or {},
        "status": "enabled",
        "url": form["url"],
        "_secret": secret,
    }
    world.store.save("webhook_endpoints", endpoint)
    return {**show(world, endpoint), "secret": secret}


def delete_endpoint(world: World, request: Request, id: str) -> Json:
    del request
    need(world, "webhook_endpoints", id, "webhook_endpoint")
    world.store.remove("webhook_endpoints", id)
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


def update_dispute(world: World, request: Request, id: str) -> Json:
    dispute = need(world, "disputes", id, "dispute")
    disputes.update(world, dispute, request.form)
    return show(world, dispute)


def close_dispute(world: World, request: Request, id: str) -> Json:
    del request
    dispute = need(world, "disputes", id, "dispute")
    disputes.accept(world, dispute)
    return show(world, dispute)


def _reader(table: str) -> Any:
    def retrieve(world: World, request: Request, id: str) -> Json:
        return show(world, need(world, table, id), request.form.get("expand"))

    return retrieve


def _lister(table: str, filters: tuple[str, ...]) -> Any:
    def lister(world: World, request: Request) -> Json:
        return page(world, table, request.form, filters, f"/v1/{table}")

    return lister


def unknown_path(request: Request) -> Response:
    """What Stripe says of an address that it does not have; other addresses get it too."""
    error = ApiError(
        f"Unrecognized request URL ({request.method}: {request.path}).", status=404, kind="invalid_request_error"
    )
    return as_json(404, error.body)


def add_routes(router: Router) -> None:
    """Every call. A name that ends in :public may be made with the publishable key."""
    v1 = "/v1"
    calls: list[tuple[str, str, Any, str]] = [
        ("POST", "/payment_intents", create_intent, "payment_intents.create"),
        ("GET", "/payment_intents", list_intents, "payment_intents.list"),
        ("GET", "/payment_intents/search", search_intents, "payment_intents.search"),
        ("GET", "/payment_intents/{id}", retrieve_intent, "payment_intents.retrieve:public"),
        ("POST", "/payment_intents/{id}", update_intent, "payment_intents.update"),
        ("POST", "/payment_intents/{id}/confirm", confirm_intent, "payment_intents.confirm:public"),
        ("POST", "/payment_intents/{id}/capture", capture_intent, "payment_intents.capture"),
        ("POST", "/payment_intents/{id}/cancel", cancel_intent, "payment_intents.cancel"),
        ("POST", "/setup_intents", create_setup, "setup_intents.create"),
        ("GET", "/setup_intents", _lister("setup_intents", ("customer", "payment_method")), "setup_intents.list"),
        ("GET", "/setup_intents/{id}", retrieve_setup, "setup_intents.retrieve:public"),
        ("POST", "/setup_intents/{id}/confirm", confirm_setup, "setup_intents.confirm:public"),
        ("POST", "/setup_intents/{id}/cancel", cancel_setup, "setup_intents.cancel"),
        ("POST", "/confirmation_tokens", create_token, "confirmation_tokens.create:public"),
        ("GET", "/confirmation_tokens/{id}", _reader("confirmation_tokens"), "confirmation_tokens.retrieve"),
        ("POST", "/test_helpers/confirmation_tokens", create_token, "test_confirmation_tokens.create"),
        ("POST", "/payment_methods", create_method, "payment_methods.create:public"),
        ("GET", "/payment_methods", list_methods, "payment_methods.list"),
        ("GET", "/payment_methods/{id}", _reader("payment_methods"), "payment_methods.retrieve"),
        ("POST", "/payment_methods/{id}/attach", attach_method, "payment_methods.attach"),
        ("POST", "/payment_methods/{id}/detach", detach_method, "payment_methods.detach"),
        ("POST", "/customers", create_customer, "customers.create"),
        ("GET", "/customers", _lister("customers", ("email",)), "customers.list"),
        ("GET", "/customers/{id}", _reader("customers"), "customers.retrieve"),
        ("POST", "/customers/{id}", update_customer, "customers.update"),
        ("DELETE", "/customers/{id}", delete_customer, "customers.delete"),
        ("GET", "/customers/{id}/payment_methods", list_methods, "payment_methods.list"),
        ("POST", "/refunds", create_refund, "refunds.create"),
        ("GET", "/refunds", _lister("refunds", ("charge", "payment_intent")), "refunds.list"),
        ("GET", "/refunds/{id}", _reader("refunds"), "refunds.retrieve"),
        ("POST", "/refunds/{id}", update_refund, "refunds.update"),
        ("GET", "/charges", _lister("charges", ("customer", "payment_intent")), "charges.list"),
        ("GET", "/charges/{id}", _reader("charges"), "charges.retrieve"),
        ("GET", "/events", _lister("events", ("type",)), "events.list"),
        ("GET", "/events/{id}", _reader("events"), "events.retrieve"),
        ("POST", "/files", files.create, "files.create"),
        ("GET", "/files", _lister("files", ("purpose",)), "files.list"),
        ("GET", "/files/{id}", _reader("files"), "files.retrieve"),
        ("GET", "/disputes", _lister("disputes", ("charge", "payment_intent")), "disputes.list"),
        ("GET", "/disputes/{id}", _reader("disputes"), "disputes.retrieve"),
        ("POST", "/disputes/{id}", update_dispute, "disputes.update"),
        ("POST", "/disputes/{id}/close", close_dispute, "disputes.close"),
        ("GET", "/balance", balance, "balance.retrieve"),
        ("GET", "/balance_transactions", _lister("balance_transactions", ("source",)), "balance_transactions.list"),
        ("GET", "/balance_transactions/{id}", _reader("balance_transactions"), "balance_transactions.retrieve"),
        ("POST", "/webhook_endpoints", create_endpoint, "webhook_endpoints.create"),
        ("GET", "/webhook_endpoints", _lister("webhook_endpoints", ()), "webhook_endpoints.list"),
        ("GET", "/webhook_endpoints/{id}", _reader("webhook_endpoints"), "webhook_endpoints.retrieve"),
        ("DELETE", "/webhook_endpoints/{id}", delete_endpoint, "webhook_endpoints.delete"),
    ]
    for method, path, handler, name in calls:
        router.add(method, v1 + path, handler, vendor="stripe", name=name)
