"""A payment: from /payments, perhaps over a page and /payments/details, to its result."""

import hashlib
import os
import re
from urllib.parse import urlencode

from sandbox.adyen import cards
from sandbox.adyen.errors import ApiError
from sandbox.adyen.notifications import additional, tell
from sandbox.http import Json
from sandbox.world import World

ZERO_DECIMALS = frozenset({"CVE", "DJF", "GNF", "IDR", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF"})
THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
# Those of two decimals that a test may meet.
_TWO_DECIMALS = """AED AUD BGN BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS INR ISK MXN MYR NOK NZD PHP PLN RON SEK SGD
THB TRY TWD USD ZAR"""
CURRENCIES = ZERO_DECIMALS | THREE_DECIMALS | frozenset(_TWO_DECIMALS.split())
REDIRECTS = ("ideal", "paypal", "klarna", "klarna_account", "klarna_paynow")
_ONLY_IN = {"ideal": ("EUR",), "bankTransfer_IBAN": ("EUR",)}
_PSP_LETTERS = "ABCDEFGHJKLMNPQRSTVWXZ23456789"
_TEST_PREFIX = "test_"  # Adyen takes plain test data in place of encrypted fields, with this before it.


def new_psp() -> str:
    """A PSP reference: sixteen letters and digits."""
    return "".join(_PSP_LETTERS[byte % len(_PSP_LETTERS)] for byte in os.urandom(16))


def create(world: World, form: Json) -> Json:
    """POST /payments. Raises ApiError."""
    amount = _check(form)
    method = form["paymentMethod"]
    kind = str(method.get("type", ""))
    payment: Json = {
        "id": new_psp(),
        "reference": str(form["reference"]),
        "merchantAccount": form["merchantAccount"],
        "amount": amount,
        "type": kind,
        "status": "open",
        "manual": _is_manual(form),
        "held": 0,
        "captured": 0,
        "refunded": 0,
        "order": str(form.get("merchantOrderReference") or ""),
        "metadata": form.get("metadata") or {},
        "return_url": str(form["returnUrl"]),
        "locale": str(form.get("shopperLocale", "en")),
        "shopper": form.get("shopperReference"),
        "store": form.get("storePaymentMethod") is True,
        "stored": None,
        "card": "",
        "brand": "",
        "expiry": "",
        "funding": "",
        "country": "",
        "alias": "",
        "holder": "",
        "auth_code": f"{int.from_bytes(os.urandom(3)) % 1_000_000:06}",
        "asked": "",
        "result": {},
        "refusal": None,
    }
    if kind == "scheme":
        return _card(world, payment, form)
    if kind in REDIRECTS:
        world.store.save("adyen_payments", payment)
        return _redirect(world, payment)
    if kind == "bankTransfer_IBAN":
        payment["status"] = "received"
        world.store.save("adyen_payments", payment)
        return _account(payment)
    raise ApiError(422, "14_004", f"Missing payment method details: {kind}")


def _check(form: Json) -> Json:
    for name, code in (("merchantAccount", "130"), ("reference", "130"), ("returnUrl", "14_002")):
        if not form.get(name):
            raise ApiError(422, code, f"Required field '{name}' is not provided.")
    if not isinstance(form.get("paymentMethod"), dict):
        raise ApiError(422, "14_004", "Missing payment method details")
    amount = form.get("amount")
    value = amount.get("value") if isinstance(amount, dict) else None
    currency = amount.get("currency") if isinstance(amount, dict) else None
    if currency not in CURRENCIES:
        raise ApiError(422, "138", "Currency is not supported.")
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ApiError(422, "137", "Invalid amount specified")
    kind = form["paymentMethod"].get("type")
    if kind in _ONLY_IN and currency not in _ONLY_IN[kind]:
        raise ApiError(422, "138", "Currency is not supported by this payment method.")
    return {"currency": currency, "value": value}


def _is_manual(form: Json) -> bool:
    return str((form.get("additionalData") or {}).get("manualCapture", "")).lower() == "true"


def _card(world: World, payment: Json, form: Json) -> Json:
    given = form["paymentMethod"]
    stored_id = given.get("storedPaymentMethodId")
    if stored_id:
        stored = world.store.get("adyen_stored", stored_id)
        if stored is None or stored["shopperReference"] != payment["shopper"]:
            raise ApiError(422, "800", "Contract not found")
        payment.update({name: stored[name] for name in ("card", "expiry", "holder")}, stored=stored_id)
    else:
        number, month, year, _ = (
            _plain(world, given.get(f"encrypted{name}"))
            for name in ("CardNumber", "ExpiryMonth", "ExpiryYear", "SecurityCode")
        )
        payment.update(card=number, expiry=f"{int(month)}/{year}", holder=str(given.get("holderName", "")))
    card = cards.BY_NUMBER.get(payment["card"])
    if card is None:
        raise ApiError(422, "101", "Invalid card number")
    alias = hashlib.sha256(card.number.encode()).hexdigest()[:16].upper()
    payment.update(brand=card.brand, funding=card.funding, country=card.country, alias=alias)
    asked = str((form.get("additionalData") or {}).get("RequestedTestAcquirerResponseCode", ""))
    result = cards.result_for(payment["holder"], asked)
    payment["result"] = {"result": result.result, "code": result.code, "reason": result.reason}
    world.store.save("adyen_payments", payment)
    if card.asks and form.get("shopperInteraction") != "ContAuth":
        native = ((form.get("authenticationData") or {}).get("threeDSRequestData") or {}).get("nativeThreeDS")
        return _challenge(world, payment) if native == "preferred" else _redirect(world, payment)
    return finish(world, payment)


def _plain(world: World, blob: object) -> str:
    """What an encrypted field holds. Raises ApiError."""
    text = str(blob or "")
    if text.startswith(_TEST_PREFIX) and re.fullmatch(r"[0-9]{2,19}", text[len(_TEST_PREFIX) :]):
        return text[len(_TEST_PREFIX) :]
    found = world.store.get("adyen_fields", text)
    if found is None:
        raise ApiError(422, "174", "Unable to decrypt data")
    return str(found["value"])


def card_number(world: World, form: Json) -> str | None:
    """The number of the card in a request, if there is one that can be read."""
    given = form.get("paymentMethod")
    if not isinstance(given, dict):
        return None
    stored = world.store.get("adyen_stored", given.get("storedPaymentMethodId"))
    if stored is not None:
        return str(stored["card"])
    try:
        return _plain(world, given.get("encryptedCardNumber"))
    except ApiError:
        return None


def _redirect(world: World, payment: Json) -> Json:
    payment["asked"] = payment["asked"] or os.urandom(12).hex()
    world.store.save("adyen_payments", payment)
    world.store.save("adyen_asked", {"payment": payment["id"]}, payment["asked"])
    url = f"{world.config.origin}/adyen/redirect/{payment['asked']}"
    action = {"type": "redirect", "method": "GET", "paymentMethodType": payment["type"], "url": url}
    return {"resultCode": "RedirectShopper", "action": action}


def _challenge(world: World, payment: Json) -> Json:
    answer = _redirect(world, payment)
    action = {
        "type": "threeDS2",
        "subtype": "challenge",
        "paymentMethodType": "scheme",
        "token": payment["asked"],
        "authorisationToken": payment["asked"],
        "paymentData": payment["asked"],
        "url": f"{answer['action']['url']}?framed=1",
    }
    return {"resultCode": "ChallengeShopper", "action": action}


def _account(payment: Json) -> Json:
    action = {
        "type": "bankTransfer",
        "paymentMethodType": "bankTransfer_IBAN",
        "beneficiary": "Adyen sandbox shop",
        "iban": "NL91ABNA0417164300",
        "bic": "ABNANL2A",
        "reference": payment["id"],
        "totalAmount": payment["amount"],
    }
    return {
        "pspReference": payment["id"],
        "resultCode": "Received",
        "merchantReference": payment["reference"],
        "action": action,
    }


def asked(world: World, token: str) -> Json | None:
    """The payment whose buyer is being asked."""
    found = world.store.get("adyen_asked", token)
    return world.store.get("adyen_payments", found["payment"]) if found else None


def answer(world: World, payment: Json, choice: str) -> str:
    """The buyer chose on the page; returns the result that goes back to the shop.

    A card is authorised by the shop's /payments/details only; the other methods end here and are told by notice too.
    """
    key = os.urandom(16).hex()
    world.store.save("adyen_results", {"payment": payment["id"], "choice": choice}, key)
    if payment["type"] != "scheme" and payment["status"] == "open":
        _apply(world, payment, choice)
    return key


def details(world: World, form: Json) -> Json:
    """POST /payments/details. Raises ApiError."""
    given = form.get("details") or {}
    found = world.store.get("adyen_results", given.get("redirectResult") or given.get("threeDSResult"))
    payment = world.store.get("adyen_payments", found["payment"]) if found else None
    if found is None or payment is None:
        raise ApiError(422, "14_006", "The payload of the details is not valid.")
    if payment["status"] == "open":
        _apply(world, payment, found["choice"])
    return shown(payment)


def _apply(world: World, payment: Json, choice: str) -> None:
    outcomes = {
        "cancel": ("Cancelled", "", "Shopper Cancelled"),
        "decline": ("Refused", "2", "Refused"),
        "fail": ("Refused", "11", "3D Not Authenticated"),
        "pending": ("Pending", "", ""),
    }
    if choice in outcomes:
        result, code, reason = outcomes[choice]
        payment["result"] = {"result": result, "code": code, "reason": reason}
    elif not payment["result"]:
        payment["result"] = {"result": "Authorised", "code": "", "reason": ""}
    finish(world, payment)


def finish(world: World, payment: Json, *, silent: bool = False) -> Json:
    """Come to the result, and tell of it."""
    result = payment["result"]["result"]
    value = payment["amount"]["value"]
    if result == "Authorised":
        payment["status"] = "authorised"
        payment.update(held=value) if payment["manual"] else payment.update(captured=value)
        if payment["store"] and payment["shopper"]:
            _keep(world, payment)
    elif result in ("Pending", "Received"):
        payment["status"] = "received"
    else:
        payment["status"] = "cancelled" if result == "Cancelled" else "refused"
        payment["refusal"] = payment["result"]["code"] or result
    world.store.save("adyen_payments", payment)
    if payment["status"] != "received" and not silent:
        success = payment["status"] == "authorised"
        tell(world, "AUTHORISATION", payment, success=success, reason=payment["result"]["reason"])
    return shown(payment)


def settle_received(world: World, payment: Json, *, paid: bool, value: int | None = None) -> None:
    """What was waited for has come, or has not. `value` is another amount than was asked for."""
    if payment["status"] != "received":
        return
    if paid and value is not None:
        payment["amount"] = {**payment["amount"], "value": value}
    payment["result"] = {"result": "Authorised" if paid else "Refused", "code": "" if paid else "2", "reason": ""}
    finish(world, payment)


def _keep(world: World, payment: Json) -> None:
    if payment["stored"]:
        return
    payment["stored"] = new_psp()
    kept = {name: payment[name] for name in ("card", "expiry", "holder", "brand")}
    world.store.save("adyen_stored", {"id": payment["stored"], "shopperReference": payment["shopper"], **kept})


def shown(payment: Json) -> Json:
    """The payment as /payments and /payments/details answer it."""
    result = payment["result"].get("result", "Received")
    body = {"pspReference": payment["id"], "resultCode": result, "merchantReference": payment["reference"]}
    if result in ("Authorised", "Received"):
        body["amount"] = payment["amount"]
    if payment["result"].get("code"):
        body |= {"refusalReason": payment["result"]["reason"], "refusalReasonCode": payment["result"]["code"]}
    body["paymentMethod"] = {"type": payment["type"], "brand": payment["brand"] or payment["type"]}
    return body | {"additionalData": additional(payment)}


def back_url(payment: Json, result: str) -> str:
    """The shop's address with the result in it."""
    glue = "&" if "?" in payment["return_url"] else "?"
    return str(payment["return_url"]) + glue + urlencode({"redirectResult": result})
