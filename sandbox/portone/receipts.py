"""Cash receipts, each under an id of the shop's own."""

import re

from sandbox.http import Json
from sandbox.portone.payments import RefusalError, stamp
from sandbox.store import new_id
from sandbox.world import World

TABLE = "portone_receipts"
_NUMBERS = {"PHONE": re.compile(r"01\d{8,9}"), "BUSINESS": re.compile(r"\d{10}"), "CARD": re.compile(r"\d{13,19}")}
# With this number the tax office is closed, as often as it is asked.
CLOSED = "01000000000"


def issue(world: World, form: Json) -> Json:
    """File a receipt once per id. Raises RefusalError."""
    payment_id, amount = str(form.get("paymentId", "")), (form.get("amount") or {}).get("total")
    known = world.store.get(TABLE, payment_id)
    if known is not None and known["status"] == "ISSUED":
        raise RefusalError(409, "CASH_RECEIPT_ALREADY_ISSUED")
    customer = form.get("customer") or {}
    number, kind = str(customer.get("identityNumber", "")), customer.get("identityNumberType", "PHONE")
    if not payment_id or not isinstance(amount, int) or amount < 1 or form.get("currency") != "KRW":
        raise RefusalError(400, "INVALID_REQUEST", "amount or currency")
    if number == CLOSED:
        raise RefusalError(502, "PG_PROVIDER", pgCode="NTS_NOT_AVAILABLE", pgMessage="국세청 점검 중입니다.")
    if not _NUMBERS.get(kind, _NUMBERS["PHONE"]).fullmatch(number):
        raise RefusalError(502, "PG_PROVIDER", pgCode="INVALID_IDENTITY_NUMBER", pgMessage="식별번호 오류")
    receipt: Json = {
        "id": payment_id,
        "status": "ISSUED",
        "amount": amount,
        "currency": "KRW",
        "orderName": str(form.get("orderName", "")),
        "type": form.get("type"),
        "identity": number[-4:],
        "issueNumber": f"{len(world.store.tables.get(TABLE, {})) + 1:09d}",
        "pgReceiptId": new_id("rcp", 16),
        "issuedAt": stamp(),
        "metadata": {},
    }
    world.store.save(TABLE, receipt)
    return {
        "cashReceipt": {
            "issueNumber": receipt["issueNumber"],
            "url": _url(world, receipt),
            "pgReceiptId": receipt["pgReceiptId"],
        }
    }


def retrieve(world: World, payment_id: str) -> Json:
    """One receipt. Raises RefusalError."""
    receipt = world.store.get(TABLE, payment_id)
    if receipt is None:
        raise RefusalError(404, "CASH_RECEIPT_NOT_FOUND")
    found = {
        "status": receipt["status"],
        "merchantId": "merchant-portal-sandbox",
        "storeId": world.config.portone_store_id,
        "paymentId": receipt["id"],
        "channel": {"type": "TEST", "pgProvider": "TOSSPAYMENTS", "pgMerchantId": "portal"},
        "isManual": True,
        "url": _url(world, receipt),
    }
    names = ("amount", "currency", "orderName", "issueNumber", "issuedAt", "type", "pgReceiptId", "cancelledAt")
    return found | {name: receipt[name] for name in names if name in receipt}


def cancel(world: World, payment_id: str) -> Json:
    """Take one back. Raises RefusalError."""
    receipt = world.store.get(TABLE, payment_id)
    if receipt is None:
        raise RefusalError(404, "CASH_RECEIPT_NOT_FOUND")
    if receipt["status"] != "ISSUED":
        raise RefusalError(409, "CASH_RECEIPT_NOT_ISSUED")
    receipt.update(status="CANCELLED", cancelledAt=stamp())
    world.store.save(TABLE, receipt)
    return {"cancelledAmount": receipt["amount"], "cancelledAt": receipt["cancelledAt"]}


def _url(world: World, receipt: Json) -> str:
    return f"{world.config.origin}/portone/receipts/{receipt['pgReceiptId']}"
