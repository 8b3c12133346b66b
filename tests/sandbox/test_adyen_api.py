"""The stand-in for Adyen, measured with Adyen's own SDK (docs.adyen.com/api-explorer/Checkout/72)."""

import json
import uuid
from pathlib import Path
from typing import Any

import Adyen
import pytest
from Adyen.exceptions import AdyenAPIAuthenticationError, AdyenAPIResponseError, AdyenAPIUnprocessableEntity
from Adyen.util import is_valid_hmac_notification

from tests.contract.receiver import Receiver
from tests.sandbox_server import (
    ADYEN_API_KEY,
    ADYEN_HMAC_KEY,
    ADYEN_MERCHANT_ACCOUNT,
    Sandbox,
    adyen_card,
    free_port,
    start_sandbox,
)

USD = {"currency": "USD", "value": 10_000}
QUESTION = "4212345678910006"


class Shop:
    """The SDK as anybody would use it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.adyen: Any = Adyen.Adyen(xapikey=ADYEN_API_KEY, platform="test")
        for api in ("payments_api", "modifications_api", "recurring_api"):
            getattr(self.adyen.checkout, api).baseUrl = f"{sandbox.url}/adyen/v72"

    def pay(self, *, key: str | None = None, **changes: Any) -> dict[str, Any]:
        body = {
            "merchantAccount": ADYEN_MERCHANT_ACCOUNT,
            "reference": uuid.uuid4().hex,
            "amount": USD,
            "returnUrl": "http://127.0.0.1/back",
            "paymentMethod": adyen_card(),
            **changes,
        }
        found: dict[str, Any] = self.adyen.checkout.payments_api.payments(body, idempotency_key=key).message
        return found

    def modify(self, call: str, psp: str, **body: Any) -> dict[str, Any]:
        content = {"merchantAccount": ADYEN_MERCHANT_ACCOUNT, "reference": uuid.uuid4().hex, **body}
        found: dict[str, Any] = getattr(self.adyen.checkout.modifications_api, call)(content, psp).message
        return found

    def details(self, result: str) -> dict[str, Any]:
        body = {"details": {"redirectResult": result}}
        found: dict[str, Any] = self.adyen.checkout.payments_api.payments_details(body).message
        return found


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return Shop(sandbox)


def item(notice: tuple[dict[str, str], bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(notice[1])["notificationItems"][0]["NotificationRequestItem"]
    return found


def answer(sandbox: Sandbox, url: str, do: str = "approve") -> str:
    """What the buyer brings back from a page of Adyen's."""
    return str(sandbox.pay(url, do).headers["location"].rpartition("redirectResult=")[2])


def test_a_card_is_authorised_and_the_notification_is_signed(shop: Shop, receiver: Receiver) -> None:
    paid = shop.pay(reference="ref-signed", merchantOrderReference="A-1")
    assert (paid["resultCode"], paid["amount"]) == ("Authorised", USD)
    assert paid["additionalData"]["cardSummary"] == "1111"
    headers, body = receiver.wait("ref-signed")[0]
    told = item((headers, body))
    assert (told["eventCode"], told["success"], told["pspReference"]) == ("AUTHORISATION", "true", paid["pspReference"])
    assert is_valid_hmac_notification(json.loads(body), ADYEN_HMAC_KEY)
    assert headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("holder", "result", "code"),
    [
        ("DECLINED", "Refused", "2"),
        ("CARD_EXPIRED", "Refused", "6"),
        ("NOT_ENOUGH_BALANCE", "Refused", "12"),
        ("FRAUD", "Refused", "20"),
        ("CVC_DECLINED", "Refused", "24"),
        ("ERROR", "Error", "4"),
    ],
)
def test_the_name_on_the_card_asks_for_a_result(shop: Shop, holder: str, result: str, code: str) -> None:
    paid = shop.pay(paymentMethod=adyen_card(holder=holder))
    assert (paid["resultCode"], paid["refusalReasonCode"]) == (result, code)


def test_the_same_key_replays_the_first_answer_whatever_is_asked(shop: Shop, sandbox: Sandbox) -> None:
    key = uuid.uuid4().hex
    first = shop.pay(key=key, merchantOrderReference=f"A-{key}")
    assert shop.pay(key=key, merchantOrderReference=f"A-{key}", amount={"currency": "EUR", "value": 5}) == first
    assert len(sandbox.charges(order=f"A-{key}")) == 1


def test_a_fault_finds_its_card(shop: Shop, sandbox: Sandbox) -> None:
    sandbox.fault(kind="rate_limit", on="charge", vendor="adyen", card="0002")
    assert shop.pay()["resultCode"] == "Authorised"
    with pytest.raises(AdyenAPIResponseError):
        shop.pay(paymentMethod=adyen_card("370000000000002"))
    assert shop.pay(paymentMethod=adyen_card("370000000000002"))["resultCode"] == "Authorised"


def test_a_killed_sandbox_remembers_payments_keys_and_notices(tmp_path: Path) -> None:
    port, key = free_port(), uuid.uuid4().hex
    with start_sandbox(data=tmp_path, port=port) as before:
        first = Shop(before).pay(key=key, merchantOrderReference="A-kept")
        before.kill()
    with start_sandbox(data=tmp_path, port=port) as after:
        assert Shop(after).pay(key=key, merchantOrderReference="A-kept") == first
        assert len(after.charges(order="A-kept")) == 1


def test_the_start_page_shows_what_is_held_here(shop: Shop, sandbox: Sandbox) -> None:
    psp = shop.pay()["pspReference"]
    page = sandbox.http.request("GET", sandbox.url).data.decode()
    assert psp in page
    assert "NOT_ENOUGH_BALANCE" in page


def test_a_wrong_key_and_a_wrong_request_are_refused(shop: Shop) -> None:
    with pytest.raises(AdyenAPIUnprocessableEntity) as refusal:
        shop.pay(amount={"currency": "XXX", "value": 1})
    assert refusal.value.error_code == "138"
    shop.adyen.client.xapikey = "AQE_of_nobody"
    with pytest.raises(AdyenAPIAuthenticationError):
        shop.pay()


@pytest.mark.parametrize(("do", "result"), [("approve", "Authorised"), ("fail", "Refused"), ("cancel", "Cancelled")])
def test_a_card_that_asks_is_authorised_by_the_details_only(shop: Shop, sandbox: Sandbox, do: str, result: str) -> None:
    order = f"A-{uuid.uuid4().hex}"
    asked = shop.pay(paymentMethod=adyen_card(QUESTION), merchantOrderReference=order)
    assert asked["resultCode"] == "RedirectShopper"
    brought = answer(sandbox, asked["action"]["url"], do)
    assert sandbox.charges(order=order) == []
    assert shop.details(brought)["resultCode"] == result
    assert len(sandbox.charges(order=order)) == (result == "Authorised")


def test_native_authentication_is_a_challenge(shop: Shop) -> None:
    native = {"threeDSRequestData": {"nativeThreeDS": "preferred"}}
    asked = shop.pay(paymentMethod=adyen_card(QUESTION), authenticationData=native)
    assert (asked["resultCode"], asked["action"]["type"]) == ("ChallengeShopper", "threeDS2")


@pytest.mark.parametrize("kind", ["ideal", "paypal", "klarna"])
def test_a_page_of_another_method_ends_the_payment_itself(
    shop: Shop, sandbox: Sandbox, receiver: Receiver, kind: str
) -> None:
    reference = uuid.uuid4().hex
    amount = {"currency": "EUR", "value": 700}
    asked = shop.pay(reference=reference, amount=amount, paymentMethod={"type": kind})
    answer(sandbox, asked["action"]["url"])
    assert item(receiver.wait(reference)[0])["success"] == "true"


def test_a_bank_transfer_is_told_when_it_comes(shop: Shop, sandbox: Sandbox, receiver: Receiver) -> None:
    reference = uuid.uuid4().hex
    amount = {"currency": "EUR", "value": 700}
    waiting = shop.pay(reference=reference, amount=amount, paymentMethod={"type": "bankTransfer_IBAN"})
    assert (waiting["resultCode"], waiting["action"]["iban"][:2]) == ("Received", "NL")
    sandbox.post(f"/sandbox/arrival/{waiting['pspReference']}", {"paid": True})
    assert item(receiver.wait(reference)[0])["eventCode"] == "AUTHORISATION"


def test_modifications_are_received_and_told_later(shop: Shop, receiver: Receiver) -> None:
    psp = shop.pay(additionalData={"manualCapture": "true"})["pspReference"]
    taken = shop.modify("capture_authorised_payment", psp, amount={"currency": "USD", "value": 6_000})
    assert taken["status"] == "received"
    assert item(receiver.wait('"CAPTURE"', taken["pspReference"])[0])["success"] == "true"
    back = shop.modify("refund_captured_payment", psp, amount={"currency": "USD", "value": 6_000})
    assert item(receiver.wait('"REFUND"', back["pspReference"])[0])["success"] == "true"
    more = shop.modify("refund_captured_payment", psp, amount={"currency": "USD", "value": 1})
    told = item(receiver.wait('"REFUND"', more["pspReference"])[0])
    assert (told["success"], told["reason"]) == ("false", "Insufficient balance on payment")


def test_a_cancel_after_the_capture_fails_and_a_reversal_does_not(shop: Shop, receiver: Receiver) -> None:
    psp = shop.pay()["pspReference"]
    late = shop.modify("cancel_authorised_payment_by_psp_reference", psp)
    assert item(receiver.wait("CANCELLATION", late["pspReference"])[0])["success"] == "false"
    back = shop.modify("refund_or_cancel_payment", psp)
    told = item(receiver.wait("CANCEL_OR_REFUND", back["pspReference"])[0])
    assert (told["success"], told["additionalData"]["modification.action"]) == ("true", "refund")


def test_a_refund_may_fail_after_all(shop: Shop, receiver: Receiver, sandbox: Sandbox) -> None:
    order = f"A-{uuid.uuid4().hex}"
    psp = shop.pay(paymentMethod=adyen_card(holder="refund failed"), merchantOrderReference=order)["pspReference"]
    back = shop.modify("refund_captured_payment", psp, amount=USD)
    receiver.wait("REFUND_FAILED", back["pspReference"])
    assert sandbox.charges(order=order)[0]["refunded"] == 0


def test_a_dispute_is_told(shop: Shop, sandbox: Sandbox, receiver: Receiver) -> None:
    psp = shop.pay()["pspReference"]
    opened = sandbox.post(f"/sandbox/dispute/{psp}", {})
    sandbox.post(f"/sandbox/dispute/{opened['id']}", {"won": True})
    receiver.wait('"CHARGEBACK"', psp)
    receiver.wait('"CHARGEBACK_REVERSED"', psp)


def test_a_stored_card_pays_again_until_it_is_removed(shop: Shop) -> None:
    keep: dict[str, Any] = {"shopperReference": "buyer-1", "storePaymentMethod": True}
    token = shop.pay(**keep)["additionalData"]["tokenization.storedPaymentMethodId"]
    again = {"type": "scheme", "storedPaymentMethodId": token}
    by_token: dict[str, Any] = {"shopperReference": "buyer-1", "shopperInteraction": "ContAuth"}
    assert shop.pay(paymentMethod=again, **by_token)["resultCode"] == "Authorised"
    query = {"merchantAccount": ADYEN_MERCHANT_ACCOUNT, "shopperReference": "buyer-1"}
    recurring = shop.adyen.checkout.recurring_api
    listed = recurring.get_tokens_for_stored_payment_details(query_parameters=query).message
    assert [each["lastFour"] for each in listed["storedPaymentMethods"]] == ["1111"]
    recurring.delete_token_for_stored_payment_details(token, query_parameters=query)
    with pytest.raises(AdyenAPIUnprocessableEntity):
        shop.pay(paymentMethod=again, **by_token)
