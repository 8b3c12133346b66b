"""A payment: registered, open in the window or waiting for a deposit, paid, cancelled in parts."""

import datetime as dt
import random

import orjson

from sandbox.faults import Facts
from sandbox.http import Json
from sandbox.notices import Target
from sandbox.store import new_id
from sandbox.world import World

TABLE = "portone_payments"
# What holds money; the rest can still be paid, or be tried again.
TAKEN = frozenset({"PAID", "PARTIAL_CANCELLED", "CANCELLED"})
CURRENCIES = frozenset({"KRW", "USD", "EUR", "GBP", "JPY", "KWD"})
CARD = {
    "publisher": "SHINHAN_CARD",
    "issuer": "SHINHAN_CARD",
    "brand": "LOCAL",
    "type": "CREDIT",
    "ownerType": "PERSONAL",
    "bin": "45184245",
    "name": "신한카드",
    "number": "45184245****4242",
}
PHONE_BILL_MAX = 1_000_000
_HOLDER = "포트원_샌드박스"


class RefusalError(Exception):
    """Ends a call with one of PortOne's errors."""

    def __init__(self, status: int, kind: str, message: str = "", **more: str) -> None:
        self.status = status
        self.body: Json = {"type": kind, "message": message, **more}
        super().__init__(kind)


def now() -> dt.datetime:
    """The machine's time, which is the vendor's."""
    return dt.datetime.now(tz=dt.UTC)


def stamp(moment: dt.datetime | None = None) -> str:
    """A moment as PortOne writes it."""
    return (moment or now()).isoformat().replace("+00:00", "Z")


def find(world: World, payment_id: str) -> Json | None:
    """The payment of an id, registered ones too."""
    return world.store.get(TABLE, payment_id)


def seen(world: World, payment_id: str) -> Json:
    """A payment that its buyer has begun. Raises RefusalError."""
    found = find(world, payment_id)
    if found is None or found["status"] == "REGISTERED":
        raise RefusalError(404, "PAYMENT_NOT_FOUND")
    return found


def register(world: World, payment_id: str, form: Json) -> None:
    """Fix the amount and currency that the window will take. Raises RefusalError."""
    total, currency = form.get("totalAmount"), form.get("currency")
    if not isinstance(total, int) or isinstance(total, bool) or total < 1 or currency not in CURRENCIES:
        raise RefusalError(400, "INVALID_REQUEST", "totalAmount or currency")
    payment = find(world, payment_id) or blank(world, payment_id)
    if payment["status"] in TAKEN or payment["status"] == "VIRTUAL_ACCOUNT_ISSUED":
        raise RefusalError(409, "ALREADY_PAID")
    payment["registered"] = [total, currency]
    if payment["status"] == "REGISTERED":
        payment.update(total=total, currency=currency)
    world.store.save(TABLE, payment)


def blank(world: World, payment_id: str) -> Json:
    """A payment of which nothing is known but its id."""
    return {
        "id": payment_id,
        "status": "REGISTERED",
        "transactionId": new_id("tx", 20),
        "storeId": world.config.portone_store_id,
        "channelKey": world.config.portone_channel_key,
        "registered": None,
        "orderName": "",
        "order": "",
        "customData": None,
        "total": 0,
        "paid": 0,
        "cancelled": 0,
        "currency": "KRW",
        "method": None,
        "failure": None,
        "customer": {},
        "cancellations": [],
        "requestedAt": stamp(),
        "changedAt": stamp(),
        "paidAt": None,
        "metadata": {},
    }


def begin(payment: Json, *, name: str, custom_data: str | None, total: int, currency: str, method: Json) -> None:
    """What the buyer, or the shop in his stead, asks for."""
    payment.update(orderName=name, customData=custom_data, total=total, currency=currency, method=method)
    try:
        known = orjson.loads(custom_data or "{}")
    except orjson.JSONDecodeError:
        known = {}
    if isinstance(known, dict):
        payment["order"] = str(known.get("order", ""))
        payment["metadata"] = {str(key): str(value) for key, value in known.items()}


def move(world: World, payment: Json, status: str) -> None:
    """Write a new state."""
    payment.update(status=status, changedAt=stamp())
    world.store.save(TABLE, payment)


def pay(world: World, payment: Json, *, wait_ms: int = 0, silent: bool = False) -> None:
    """The buyer paid. `wait_ms` holds the notice back, `silent` forgets it."""
    if payment["status"] not in ("READY", "REGISTERED", "FAILED"):
        return
    if payment["method"]["type"] == "PaymentMethodMobile" and payment["total"] > PHONE_BILL_MAX:
        fail(world, payment, "EXCEED_MAX_PAYMENT_AMOUNT", "하루 결제 가능 금액을 초과했습니다.")
        return
    payment.update(paid=payment["total"], paidAt=stamp(), failure=None)
    move(world, payment, "PAID")
    if silent:
        return
    if wait_ms:
        world.later(wait_ms, lambda: tell(world, "Paid", payment))
    else:
        tell(world, "Paid", payment)


def fail(world: World, payment: Json, code: str, message: str) -> None:
    """The company behind the channel said no. The same payment may be tried again."""
    if payment["status"] not in ("READY", "REGISTERED"):
        return
    payment["failure"] = {"reason": message, "pgCode": code, "pgMessage": message}
    payment["failedAt"] = stamp()
    move(world, payment, "FAILED")
    tell(world, "Failed", payment)


def open_account(world: World, payment_id: str, form: Json) -> Json:
    """Issue a virtual account. Raises RefusalError."""
    asked = (form.get("method") or {}).get("virtualAccount")
    total = (form.get("amount") or {}).get("total")
    if not isinstance(asked, dict) or not isinstance(total, int) or form.get("currency") != "KRW":
        raise RefusalError(400, "INVALID_REQUEST", "method, amount or currency")
    payment = find(world, payment_id) or blank(world, payment_id)
    if payment["status"] != "REGISTERED":
        raise RefusalError(409, "ALREADY_PAID")
    expiry = asked.get("expiry") or {}
    due = expiry.get("dueDate")
    until = dt.datetime.fromisoformat(due) if due else now() + dt.timedelta(hours=expiry.get("validHours") or 24)
    method = {
        "type": "PaymentMethodVirtualAccount",
        "bank": asked.get("bank"),
        "accountNumber": f"562{random.SystemRandom().randrange(10**11):011d}",
        "accountType": (asked.get("option") or {}).get("type", "NORMAL"),
        "remitteeName": asked.get("remitteeName") or _HOLDER,
        "expiredAt": stamp(until),
        "issuedAt": stamp(),
    }
    begin(
        payment,
        name=str(form.get("orderName", "")),
        custom_data=form.get("customData"),
        total=total,
        currency="KRW",
        method=method,
    )
    payment["customer"] = {"email": (form.get("customer") or {}).get("email") or ""}
    move(world, payment, "VIRTUAL_ACCOUNT_ISSUED")
    tell(world, "VirtualAccountIssued", payment)
    return payment


def deposit(world: World, payment: Json, amount: int, *, silent: bool = False, late: bool = False) -> str:
    """Money arrives at the account; what became of it. `late` is money that the bank took in time and reports late."""
    if payment["status"] == "PAID" and "accountNumber" in (payment["method"] or {}):
        # Somebody pays once more into the same account.
        payment["paid"] += amount
        move(world, payment, "PAID")
        if not silent:
            tell(world, "Paid", payment)
        return "paid"
    if payment["status"] != "VIRTUAL_ACCOUNT_ISSUED" and not (late and payment.get("closedAt")):
        return "closed"
    if not late and dt.datetime.fromisoformat(payment["method"]["expiredAt"]) <= now():
        return "expired"
    payment.update(paid=amount, paidAt=stamp())
    payment["method"]["remitterName"] = "홍길동"
    move(world, payment, "PAID")
    if not silent:
        tell(world, "Paid", payment)
    return "paid"


def close_account(world: World, payment: Json) -> None:
    """Take an account out of use. Raises RefusalError."""
    if payment["status"] != "VIRTUAL_ACCOUNT_ISSUED":
        raise RefusalError(409, "PAYMENT_NOT_WAITING_FOR_DEPOSIT")
    payment["closedAt"] = payment["cancelledAt"] = stamp()
    move(world, payment, "CANCELLED")


def expire_account(world: World, payment: Json) -> None:
    """Let the time of an account run out."""
    if payment["method"] and "expiredAt" in payment["method"]:
        payment["method"]["expiredAt"] = stamp(now() - dt.timedelta(seconds=1))
        world.store.save(TABLE, payment)


def cancel(world: World, payment: Json, form: Json) -> Json:
    """Give money back, in part or whole. Raises RefusalError."""
    if payment["status"] == "CANCELLED":
        raise RefusalError(409, "PAYMENT_ALREADY_CANCELLED")
    if payment["status"] not in ("PAID", "PARTIAL_CANCELLED"):
        raise RefusalError(409, "PAYMENT_NOT_PAID")
    left = payment["paid"] - payment["cancelled"]
    amount, expected = form.get("amount", left), form.get("currentCancellableAmount")
    if expected is not None and expected != left:
        raise RefusalError(409, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1 or not form.get("reason"):
        raise RefusalError(400, "INVALID_REQUEST", "amount or reason")
    if amount > left:
        raise RefusalError(409, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT")
    kind = payment["method"]["type"]
    if kind == "PaymentMethodMobile" and amount < left:
        raise RefusalError(502, "PG_PROVIDER", pgCode="NOT_CANCELABLE_AMOUNT", pgMessage="부분 취소가 불가능합니다.")
    account = form.get("refundAccount")
    if kind == "PaymentMethodVirtualAccount" and not (account and account.get("number")):
        raise RefusalError(
            502, "PG_PROVIDER", pgCode="INVALID_REFUND_ACCOUNT_INFO", pgMessage="환불 계좌가 필요합니다."
        )
    made = {
        "status": "SUCCEEDED",
        "id": new_id("cnl", 20),
        "totalAmount": amount,
        "taxFreeAmount": 0,
        "vatAmount": 0,
        "reason": str(form["reason"]),
        "requestedAt": stamp(),
        "cancelledAt": stamp(),
    }
    payment["cancellations"].append(made)
    payment["cancelled"] += amount
    payment["cancelledAt"] = made["cancelledAt"]
    if account:
        payment["refundAccount"] = {"bank": account["bank"], "number": account["number"][-4:]}
    whole = payment["cancelled"] == payment["paid"]
    move(world, payment, "CANCELLED" if whole else "PARTIAL_CANCELLED")
    tell(world, "Cancelled" if whole else "PartialCancelled", payment, made)
    return made


def shown(payment: Json) -> Json:
    """The payment as PortOne answers it."""
    found: Json = {
        "status": payment["status"],
        "id": payment["id"],
        "transactionId": payment["transactionId"],
        "merchantId": "merchant-portal-sandbox",
        "storeId": payment["storeId"],
        "channel": {
            "type": "TEST",
            "key": payment["channelKey"],
            "name": "sandbox",
            "pgProvider": "TOSSPAYMENTS",
            "pgMerchantId": "portal",
        },
        "version": "V2",
        "requestedAt": payment["requestedAt"],
        "updatedAt": payment["changedAt"],
        "statusChangedAt": payment["changedAt"],
        "orderName": payment["orderName"],
        "amount": {
            "total": payment["total"],
            "taxFree": 0,
            "discount": 0,
            "paid": payment["paid"],
            "cancelled": payment["cancelled"],
            "cancelledTaxFree": 0,
        },
        "currency": payment["currency"],
        "customer": {name: value for name, value in payment["customer"].items() if value},
        "origin": {"platformType": "PC", "ipAddress": "127.0.0.1"},
    }
    optional = {
        "method": payment["method"],
        "customData": payment["customData"],
        "paidAt": payment["paidAt"],
        "failedAt": payment.get("failedAt") if payment["status"] == "FAILED" else None,
        "failure": payment["failure"] if payment["status"] == "FAILED" else None,
        "cancelledAt": payment.get("cancelledAt"),
    }
    found |= {name: value for name, value in optional.items() if value is not None}
    if payment["status"] in TAKEN:
        found |= {"cancellations": payment["cancellations"], "disputes": [], "pgTxId": payment["transactionId"]}
    return found


def tell(world: World, kind: str, payment: Json, cancellation: Json | None = None) -> None:
    """Send a signed notice; it names things and says no amounts."""
    url = world.config.hook_url(world.config.portone_webhook_path)
    data = {
        "storeId": payment["storeId"],
        "paymentId": payment["id"],
        "transactionId": payment["transactionId"],
    }
    if cancellation is not None:
        data["cancellationId"] = cancellation["id"]
    event = {"id": new_id("msg"), "type": f"Transaction.{kind}", "timestamp": stamp(), "data": data}
    facts = Facts(
        "notice",
        "portone",
        amount=cancellation["totalAmount"] if cancellation else payment["total"],
        order=payment["order"],
        metadata=payment["metadata"],
        event=str(event["type"]),
    )
    targets = [Target(url, world.config.portone_webhook_secret)] if url else []
    world.notices.send("portone", event, targets, facts)
