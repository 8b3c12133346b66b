"""Standard webhooks: one item a post, signed item by item (docs.adyen.com/development-resources/webhooks)."""

import datetime as dt

from sandbox.faults import Facts
from sandbox.http import Json
from sandbox.notices import Target
from sandbox.world import World

VENDOR = "adyen"


def tell(
    world: World,
    code: str,
    payment: Json,
    *,
    success: bool = True,
    modification: Json | None = None,
    amount: Json | None = None,
    reason: str = "",
    more: Json | None = None,
    wait_ms: int = 0,
) -> None:
    """Send a notification about a payment, or about a modification of it. `wait_ms` is how long the bank takes."""
    about = modification or payment
    item = {
        "additionalData": _additional(payment),
        "amount": amount or about["amount"],
        "eventCode": code,
        "eventDate": dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
        "merchantAccountCode": payment["merchantAccount"],
        "merchantReference": about["reference"],
        "paymentMethod": payment["brand"] or payment["type"],
        "pspReference": about["id"],
        "reason": reason or (_summary(payment) if code == "AUTHORISATION" and success else ""),
        "success": "true" if success else "false",
    }
    if modification is not None:
        item["originalReference"] = payment["id"]
        item["additionalData"] = {"paymentMethodVariant": payment["brand"] or payment["type"], **(more or {})}
    if code == "CANCEL_OR_REFUND" and modification is not None:
        item["additionalData"]["modification.action"] = modification["kind"]
    if code == "AUTHORISATION" and success:
        item["operations"] = ["CANCEL", "CAPTURE", "REFUND"]
    event: Json = {"id": f"{about['id']}.{code}", "type": code, "data": item}
    world.store.save("adyen_events", event, event["id"])
    facts = Facts(
        "notice",
        VENDOR,
        card=payment["card"],
        amount=item["amount"]["value"],
        order=payment["order"],
        metadata=payment["metadata"],
        event=code,
    )
    url = world.config.hook_url(world.config.adyen_webhook_path)
    config = world.config
    secret = f"{config.adyen_webhook_user}:{config.adyen_webhook_password}:{config.adyen_hmac_key}"
    targets = [Target(url, secret)] if url else []
    world.notices.send(VENDOR, event, targets, facts, wait_ms=wait_ms)


def _summary(payment: Json) -> str:
    return f"{payment['auth_code']}:{payment['card'][-4:]}:03/2030" if payment["card"] else ""


def _additional(payment: Json) -> Json:
    known = {f"metadata.{name}": value for name, value in payment["metadata"].items()}
    return known | additional(payment)


def additional(payment: Json) -> Json:
    """What is said of the card, in answers and in notifications alike."""
    if not payment["card"]:
        return {}
    found = {
        "cardSummary": payment["card"][-4:],
        "cardBin": payment["card"][:6],
        "expiryDate": payment["expiry"],
        "fundingSource": payment["funding"],
        "cardIssuingCountry": payment["country"],
        "paymentMethod": payment["brand"],
        "alias": payment["alias"],
        "authCode": payment["auth_code"],
    }
    if payment["stored"]:
        found |= {
            "tokenization.storedPaymentMethodId": payment["stored"],
            "tokenization.shopperReference": payment["shopper"],
            "recurring.recurringDetailReference": payment["stored"],
            "recurring.shopperReference": payment["shopper"],
        }
    return found
