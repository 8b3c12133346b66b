"""The stand-in against the vendor's own SDK: what it accepts, answers, refuses and remembers."""

import importlib
import re
import uuid
from typing import Any

import pytest
import stripe

from sandbox.stripe.cards import CARDS, code_of
from sandbox.stripe.params import KNOWN
from tests.contract.receiver import Receiver
from tests.sandbox_server import STRIPE_PUBLISHABLE_KEY, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, Sandbox

PAY: Any = {"amount": 2_000, "currency": "usd", "confirm": True, "allowed_payment_method_types": ["card"]}


def paying(changes: dict[str, Any]) -> Any:
    """A payment of one\'s own. The typed parameters know no mapping that was put together."""
    return {**PAY, **changes}


def post(sandbox: Sandbox, path: str, fields: dict[str, str], **headers: str) -> Any:
    return sandbox.http.request(
        "POST",
        sandbox.url + path,
        fields=fields,
        headers={"authorization": f"Bearer {STRIPE_SECRET_KEY}", **headers},
        encode_multipart=False,
    )


def test_the_known_parameters_are_those_of_the_typed_sdk() -> None:
    for call, names in KNOWN.items():
        noun, verb = call.removeprefix("test_").split(".")
        words = "".join(part.title() for part in noun.split("_")).removesuffix("s") + verb.title()
        package = "stripe.params.test_helpers" if call.startswith("test_") else "stripe.params"
        typed = getattr(importlib.import_module(package), f"{words}Params")
        own = set(typed.__annotations__) - set(stripe.RequestOptions.__annotations__)
        assert own == set(names), call


@pytest.mark.parametrize(
    "card", [card for card in CARDS if card.secure == "never" and card.alias], ids=lambda c: c.alias
)
def test_each_test_card_does_what_is_documented(client: stripe.StripeClient, card: Any) -> None:
    params: Any = paying({"payment_method": card.alias, "expand": ["latest_charge"]})
    if card.decline is None:
        intent = client.v1.payment_intents.create(params)
        assert intent.status == "succeeded"
        charge: Any = intent.latest_charge
        details = charge.payment_method_details.card
        assert (details.brand, details.last4, details.funding) == (card.brand, card.last4, card.funding)
        return
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create(params)
    error: Any = refusal.value.error
    assert (refusal.value.http_status, error.code, error.decline_code) == (402, code_of(card.decline), card.decline)
    assert error.payment_intent.status == "requires_payment_method"
    assert error.payment_intent.last_payment_error.code == error.code


def test_a_hold_is_captured(client: stripe.StripeClient) -> None:
    params: Any = paying({"payment_method": "pm_card_visa", "capture_method": "manual"})
    held = client.v1.payment_intents.create(params)
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 2_000, 0)
    taken = client.v1.payment_intents.capture(held.id, {"amount_to_capture": 1_500})
    assert (taken.status, taken.amount_capturable, taken.amount_received) == ("succeeded", 0, 1_500)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.cancel(held.id)
    assert refusal.value.code == "payment_intent_unexpected_state"


def test_a_refund_never_exceeds_what_was_captured(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(paying({"payment_method": "pm_card_visa"}))
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 1_500})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 501})
    client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refusal.value.code == "charge_already_refunded"
    assert sum(each.amount for each in client.v1.refunds.list({"payment_intent": intent.id}).data) == 2_000


def test_a_key_repeats_the_first_answer_word_for_word(sandbox: Sandbox) -> None:
    fields = {"amount": "500", "currency": "usd", "metadata[a]": "1"}
    key = uuid.uuid4().hex
    first = post(sandbox, "/v1/payment_intents", fields, **{"idempotency-key": key})
    again = post(sandbox, "/v1/payment_intents", fields, **{"idempotency-key": key})
    assert (again.status, again.data) == (first.status, first.data)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    other = post(sandbox, "/v1/payment_intents", {**fields, "amount": "501"}, **{"idempotency-key": key})
    assert (other.status, other.json()["error"]["type"]) == (400, "idempotency_error")


def test_a_key_repeats_a_decline(client: stripe.StripeClient) -> None:
    params: Any = paying({"payment_method": "pm_card_chargeDeclined"})
    key = uuid.uuid4().hex
    intents = set()
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refusal:
            client.v1.payment_intents.create(params, {"idempotency_key": key})
        error: Any = refusal.value.error
        intents.add(error.payment_intent.id)
    assert len(intents) == 1


def test_a_key_is_free_after_a_request_that_never_began(sandbox: Sandbox) -> None:
    key = uuid.uuid4().hex
    wrong = post(sandbox, "/v1/payment_intents", {"amount": "500", "nonsense": "1"}, **{"idempotency-key": key})
    assert wrong.json()["error"]["code"] == "parameter_unknown"
    right = post(sandbox, "/v1/payment_intents", {"amount": "500", "currency": "usd"}, **{"idempotency-key": key})
    assert right.status == 200


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"currency": "usd"}, "parameter_missing"),
        ({"amount": "500"}, "parameter_missing"),
        ({"amount": "4.50", "currency": "usd"}, "parameter_invalid_integer"),
        ({"amount": "-1", "currency": "usd"}, "parameter_invalid_integer"),
        ({"amount": "49", "currency": "usd"}, "amount_too_small"),
        ({"amount": "100000000", "currency": "usd"}, "amount_too_large"),
        ({"amount": "1001", "currency": "kwd"}, "parameter_invalid_integer"),
        (
            {"amount": "500", "currency": "usd", "payment_method_types[]": "card"},
            "payment_method_types_no_longer_supported",
        ),
        ({"amount": "500", "currency": "usd", "source": "tok_visa"}, "parameter_unknown"),
        ({"amount": "500", "currency": "usd", "customer": "cus_none"}, "resource_missing"),
    ],
)
def test_a_wrong_parameter_has_its_code(sandbox: Sandbox, fields: dict[str, str], code: str) -> None:
    answer = post(sandbox, "/v1/payment_intents", fields)
    assert (answer.status, answer.json()["error"]["code"]) == (400, code)


def test_keys_open_only_what_they_should(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    url = f"{sandbox.url}/v1/payment_intents"
    nobody = sandbox.http.request("POST", url)
    wrong = sandbox.http.request("POST", url, headers={"authorization": "Bearer sk_test_a_wrong_key_of_somebody"})
    public = sandbox.http.request("POST", url, headers={"authorization": f"Bearer {STRIPE_PUBLISHABLE_KEY}"})
    assert [each.status for each in (nobody, wrong, public)] == [401, 401, 401]
    assert b"a_wrong_key_of" not in wrong.data
    intent = client.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    mine = {"key": STRIPE_PUBLISHABLE_KEY, "client_secret": intent.client_secret or ""}
    assert sandbox.http.request("GET", f"{url}/{intent.id}", fields=mine).status == 200
    assert sandbox.http.request("GET", f"{url}/{intent.id}", fields={**mine, "client_secret": "x"}).status == 404


def test_lists_go_page_by_page_from_the_newest(client: stripe.StripeClient) -> None:
    made = [client.v1.payment_intents.create({"amount": 500 + n, "currency": "usd"}).id for n in range(5)]
    first = client.v1.payment_intents.list({"limit": 3})
    assert [each.id for each in first.data] == made[:1:-1]
    assert first.has_more
    rest = client.v1.payment_intents.list({"limit": 2, "starting_after": first.data[-1].id})
    assert [each.id for each in rest.data] == made[1::-1]


def test_search_finds_by_metadata_and_status(client: stripe.StripeClient) -> None:
    mark = uuid.uuid4().hex
    params: Any = paying({"payment_method": "pm_card_visa", "metadata": {"mark": mark}})
    paid = client.v1.payment_intents.create(params)
    client.v1.payment_intents.create({"amount": 500, "currency": "usd", "metadata": {"mark": mark}})
    found = client.v1.payment_intents.search({"query": f"metadata['mark']:'{mark}' AND status:'succeeded'"})
    assert [each.id for each in found.data] == [paid.id]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.search({"query": "nonsense"})


def test_expanding_reaches_through_objects(client: stripe.StripeClient) -> None:
    params: Any = paying({"payment_method": "pm_card_visa", "expand": ["latest_charge.balance_transaction"]})
    intent: Any = client.v1.payment_intents.create(params)
    assert intent.latest_charge.balance_transaction.net == 2_000 - (58 + 30)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.retrieve(intent.id, {"expand": ["nothing"]})


def test_a_confirmation_token_works_once(client: stripe.StripeClient) -> None:
    params: Any = {"payment_method": "pm_card_visa"}
    token = client.v1.test_helpers.confirmation_tokens.create(params)
    assert token.id.startswith("ctoken_")
    assert client.v1.payment_intents.create(paying({"confirmation_token": token.id})).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.create(paying({"confirmation_token": token.id}))
    assert refusal.value.param == "confirmation_token"


@pytest.mark.parametrize(
    ("number", "code"),
    [("4242424242424242", None), ("4242424242424241", None), ("4111111111111112", "incorrect_number")],
)
def test_the_element_notices_a_number_that_cannot_be(sandbox: Sandbox, number: str, code: str | None) -> None:
    fields = {
        "key": STRIPE_PUBLISHABLE_KEY,
        "payment_method_data[type]": "card",
        "payment_method_data[card][number]": number,
        "payment_method_data[card][exp_month]": "12",
        "payment_method_data[card][exp_year]": "40",
        "payment_method_data[card][cvc]": "123",
    }
    url = f"{sandbox.url}/v1/confirmation_tokens"
    answer = sandbox.http.request("POST", url, fields=fields, encode_multipart=False).json()
    assert answer.get("error", {}).get("code") == code
    assert number not in str(answer)


def test_an_off_session_charge_that_needs_the_buyer_is_declined(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create(
            paying({"payment_method": "pm_card_authenticationRequired", "off_session": True})
        )
    assert refusal.value.code == "authentication_required"


def test_a_question_can_be_asked_by_redirect(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    params: Any = paying({"payment_method": "pm_card_threeDSecure2Required", "return_url": "http://127.0.0.1/back?a=1"})
    intent: Any = client.v1.payment_intents.create(params)
    url = intent.next_action.redirect_to_url.url
    page = sandbox.http.request("GET", url)
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.data.decode()))
    form = {**hidden, "result": "complete"}
    back = sandbox.http.request("POST", url.split("?")[0], fields=form, encode_multipart=False, redirect=False)
    assert back.headers["location"].startswith("http://127.0.0.1/back?a=1&payment_intent=")
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_notices_verify_with_the_vendors_own_code(client: stripe.StripeClient, receiver: Receiver) -> None:
    intent = client.v1.payment_intents.create(paying({"payment_method": "pm_card_visa"}))
    headers, body = receiver.wait(intent.id, "payment_intent.succeeded")[0]
    event = client.construct_event(body, headers["stripe-signature"], STRIPE_WEBHOOK_SECRET)
    assert event.type == "payment_intent.succeeded"
    assert event.data.object["id"] == intent.id
    assert client.v1.events.retrieve(event.id).id == event.id


def test_another_endpoint_gets_what_it_asked_for_with_its_own_secret(
    client: stripe.StripeClient, receiver: Receiver
) -> None:
    endpoint = client.v1.webhook_endpoints.create({"url": f"{receiver.url}/other", "enabled_events": ["charge.failed"]})
    try:
        with pytest.raises(stripe.CardError) as refusal:
            client.v1.payment_intents.create(paying({"payment_method": "pm_card_chargeDeclined"}))
        error: Any = refusal.value.error
        headers, body = receiver.wait('"charge.failed"', error.payment_intent.id)[0]
        assert endpoint.secret
        assert client.construct_event(body, headers["stripe-signature"], endpoint.secret).type == "charge.failed"
    finally:
        client.v1.webhook_endpoints.delete(endpoint.id)
