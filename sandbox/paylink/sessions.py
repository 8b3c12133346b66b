"""A session: one payment, from the moment it is asked for until the money is back."""

import datetime as dt

from sandbox.faults import Facts
from sandbox.http import Json
from sandbox.notices import Target
from sandbox.paylink import settlements
from sandbox.store import new_id
from sandbox.world import World

LIFE = dt.timedelta(minutes=30)
CARD = {"brand": "visa", "last4": "4242", "fingerprint": "paylink4242"}
_CARD_METHODS = ("credit_card", "debit_card", "international_card")
DECIMALS = {"KRW": 0, "JPY": 0, "KWD": 3}
CURRENCIES = ("KRW", "USD", "EUR", "GBP", "JPY", "KWD")


class RefusalError(Exception):
    """Ends a call with an error body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        super().__init__(message)


def now() -> dt.datetime:
    """The machine's time, which is the vendor's."""
    return dt.datetime.now(tz=dt.UTC)


def create(world: World, form: Json) -> Json:
    """A session for a reference; the same again is the same session. Raises RefusalError."""
    reference = form.get("reference")
    if not isinstance(reference, str) or not reference:
        raise RefusalError(422, "reference_missing", "A reference is needed.")
    asked = {name: form.get(name) for name in ("amount", "currency", "order", "method", "capture")}
    known = by_reference(world, reference)
    if known is not None:
        if known["_asked"] != asked:
            raise RefusalError(409, "reference_conflict", "This reference was used with other content.")
        return fresh(world, known)
    _check(form)
    session_id = new_id("pls")
    session = {
        "id": session_id,
        "object": "session",
        "reference": reference,
        "status": "open",
        "reason": None,
        "amount": form["amount"],
        "captured": 0,
        "refunded": 0,
        "currency": form["currency"],
        "method": form.get("method", "credit_card"),
        "capture": form.get("capture", True) is True,
        "description": str(form.get("description", "")),
        "order": str(form.get("order", "")),
        "return_url": str(form["return_url"]),
        "locale": str(form.get("locale", "en")),
        "metadata": form.get("metadata") or {},
        "card": None,
        "url": f"{world.config.origin}/paylink/pay/{session_id}",
        "created_at": now().isoformat(),
        "expires_at": (now() + LIFE).isoformat(),
        "_asked": asked,
    }
    world.store.save("paylink_references", {"session": session_id}, reference)
    return world.store.save("paylink_sessions", session)


def _check(form: Json) -> None:
    amount = form.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
        raise RefusalError(422, "amount_invalid", "The amount must be a whole number of minor units above zero.")
    if form.get("currency") not in CURRENCIES:
        raise RefusalError(422, "currency_not_supported", "This currency is not supported.")
    if not str(form.get("return_url", "")).startswith(("http://", "https://")):
        raise RefusalError(422, "return_url_invalid", "A return_url is needed.")


def by_reference(world: World, reference: str) -> Json | None:
    """The session of a reference."""
    found = world.store.get("paylink_references", reference)
    return world.store.get("paylink_sessions", found["session"]) if found else None


def fresh(world: World, session: Json) -> Json:
    """The session as it stands; one whose time ran out is declined now."""
    if session["status"] == "open" and dt.datetime.fromisoformat(session["expires_at"]) <= now():
        decline(world, session, "session_expired")
    return session


def approve(world: World, session: Json, *, wait_ms: int = 0, silent: bool = False) -> None:
    """The buyer paid. `wait_ms` holds the notice back, `silent` forgets it."""
    if session["status"] != "open":
        return
    session["card"] = CARD if session["method"] in _CARD_METHODS else None
    if session["capture"]:
        session.update(status="paid", captured=session["amount"])
        settlements.book(world, "charge", session, session["amount"])
    else:
        session["status"] = "authorised"
    world.store.save("paylink_sessions", session)
    kind = f"session.{session['status']}"
    if not silent:
        tell_later(world, kind, session, wait_ms)


def tell_later(world: World, kind: str, session: Json, wait_ms: int) -> None:
    """Send a notice about the session, after a while."""
    if wait_ms:
        world.later(wait_ms, lambda: tell(world, kind, session))
    else:
        tell(world, kind, session)


def decline(world: World, session: Json, reason: str) -> None:
    """The payment failed for good."""
    if session["status"] != "open":
        return
    session.update(status="declined", reason=reason)
    world.store.save("paylink_sessions", session)
    tell(world, "session.declined", session)


def capture(world: World, session: Json, amount: int) -> None:
    """Take what was held. Raises RefusalError."""
    if session["status"] == "paid" and session["captured"] == amount:
        return
    if session["status"] != "authorised":
        raise RefusalError(409, "wrong_state", f"The session is {session['status']}.")
    if not 0 < amount <= session["amount"]:
        raise RefusalError(422, "over_cap", "More than was authorised.")
    session.update(status="paid", captured=amount)
    settlements.book(world, "charge", session, amount)
    world.store.save("paylink_sessions", session)
    tell(world, "session.paid", session)


def void(world: World, session: Json) -> None:
    """Release a hold or close an open session; nothing happens to money that was taken."""
    if session["status"] in ("open", "authorised"):
        session["status"] = "voided"
        world.store.save("paylink_sessions", session)
        tell(world, "session.voided", session)


def refund(world: World, session: Json, form: Json) -> Json:
    """Give money back, once per reference. Raises RefusalError."""
    reference, amount = str(form.get("reference", "")), form.get("amount")
    known = refund_by_reference(world, reference)
    if known is not None:
        if (known["amount"], known["session"]) != (amount, session["id"]):
            raise RefusalError(409, "reference_conflict", "This reference was used with other content.")
        return known
    if not reference or not isinstance(amount, int) or amount < 1:
        raise RefusalError(422, "amount_invalid", "A reference and a whole amount above zero are needed.")
    if session["status"] != "paid" or amount > session["captured"] - session["refunded"]:
        raise RefusalError(422, "over_cap", "More than is left to refund.")
    made = {
        "id": new_id("plr"),
        "object": "refund",
        "session": session["id"],
        "session_reference": session["reference"],
        "reference": reference,
        "status": "succeeded",
        "reason": None,
        "amount": amount,
        "currency": session["currency"],
        "created_at": now().isoformat(),
    }
    session["refunded"] += amount
    settlements.book(world, "refund", session, -amount, refund=made["id"])
    world.store.save("paylink_sessions", session)
    world.store.save("paylink_references", {"refund": made["id"]}, f"refund:{reference}")
    world.store.save("paylink_refunds", made)
    tell(world, "refund.succeeded", made)
    return made


def refund_by_reference(world: World, reference: str) -> Json | None:
    """The refund of a reference."""
    found = world.store.get("paylink_references", f"refund:{reference}")
    return world.store.get("paylink_refunds", found["refund"]) if found else None


def shown(thing: Json) -> Json:
    """The object as it is answered."""
    return {name: value for name, value in thing.items() if name[:1] != "_"}


def tell(world: World, kind: str, thing: Json) -> None:
    """Send a signed notice."""
    url = world.config.hook_url(world.config.paylink_webhook_path)
    event = {"id": new_id("msg"), "type": kind, "timestamp": now().isoformat(), "data": shown(thing)}
    world.store.save("paylink_events", {**event, "created": int(now().timestamp())})
    about = thing if thing["object"] == "session" else world.store.tables["paylink_sessions"][thing["session"]]
    facts = Facts(
        "notice", "paylink", amount=thing["amount"], order=about["order"], metadata=about["metadata"], event=kind
    )
    targets = [Target(url, world.config.paylink_webhook_secret)] if url else []
    world.notices.send("paylink", event, targets, facts)
