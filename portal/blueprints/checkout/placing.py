"""From a submitted form to an order, or to the page with what stands in its way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import structlog
from flask import current_app, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.checkout.account import read_email
from portal.blueprints.checkout.amounts import differences
from portal.blueprints.checkout.answers import refuse, show_again, show_empty, show_page
from portal.blueprints.checkout.forms import NEW_ADDRESS, Typed, as_id
from portal.blueprints.checkout.page import gather, refusal_of, show_quote_faults
from portal.blueprints.identity import current_actor, current_channel, current_locale
from portal.blueprints.velocity import count_act
from portal.config import Settings
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.jobs.queue import enqueue_charge
from portal.kit import clock
from portal.kit.errors import PortalError, RejectedError
from portal.kit.ids import new_token
from portal.kit.text import N_
from portal.queries.accounts import load_address
from portal.rules.addresses import AddressUnfitError, read_address
from portal.rules.borders import PersonalCodeMissingError, PersonalCodeUnfitError
from portal.rules.cash_receipts import METHODS, CashReceiptNumberError, ReceiptWish, read_wish
from portal.rules.consents import read_consents
from portal.services.accounts.save_address import save_address
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.accounts.throttle import COUPON_REDEEM
from portal.services.checkout.place_order import (
    Blocked,
    CartEmptyError,
    ChangedSinceShownError,
    Placed,
    Submission,
    place_order,
)
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError

log = structlog.get_logger()

# Fields that are encrypted one by one for their gateway take some thousands; the name of a token takes fifty.
SOURCE_LENGTH_MAX = 8_000
ID_DIGITS_MAX = 19
PERSONAL_CODE_MAX = 40
# The service fills in the order; in an address braces would be written as %7B.
ORDER_PLACE = "00000000-order-id"
ADDRESS_MISSING = N_("Choose where the parcel goes.")


def submit(typed: Typed, values: Any, *, mode: str) -> ResponseReturnValue:
    """Place the order of a signed-in buyer. Everything that is wrong with the form is said at once."""
    key = values.get("idempotency_key")
    contact_email = read_email(typed, "email")
    address, versions = read_delivery(typed)
    cash_receipt = _cash_receipt(typed)
    if address is None or contact_email is None or typed.form.errors:
        return show_again(typed, key=key, mode=mode, paying=True)
    submission = Submission(
        key=key or "",
        choices=typed.choices,
        shown=values.get("shown", ""),
        contact={"email": contact_email, "name": address["name"], "phone": address["phone"]},
        address=address,
        consents=versions,
        locale=current_locale(),
        return_url=_return_url(),
        source_token=(values.get("source_token") or "")[:SOURCE_LENGTH_MAX] or None,
        source_account_id=as_number(values.get("source_account")),
        saved_method_id=as_id(values.get(f"saved_method_{typed.choices.method}")),
        ip=request.remote_addr,
        cash_receipt=cash_receipt,
        personal_code=(typed.form.personal_code.data or "").strip()[:PERSONAL_CODE_MAX] or None,
    )
    try:
        if typed.applied_before or typed.choices.codes:
            count_act(COUPON_REDEEM, mark=submission.key)
        placed = _place(submission)
    except StepUpNeededError:
        raise  # It leads to the page that asks, and comes back with what was typed.
    except PortalError as error:
        return _answer(error, typed, values, mode=mode)
    if isinstance(placed, Blocked):
        # The key stands for the refusal; another try is another submission.
        return refuse(typed, placed.error, key=new_token(), mode=mode)
    if placed.attempt_id is not None:
        enqueue_charge(placed.attempt_id)
    if not placed.is_repeat:
        _remember_address(typed, address)
    return leave_for(url_for("orders.show", number=placed.number))


def as_number(text: str | None) -> int | None:
    """The id of a gateway's account as the card fields name it; None for anything else."""
    return int(text) if text and len(text) < ID_DIGITS_MAX and text.isascii() and text.isdigit() else None


def _place(submission: Submission) -> Placed | Blocked:
    settings: Settings = current_app.config["PORTAL"]
    actor, channel, now = current_actor(), current_channel(), clock.now()
    return atomically(
        lambda session: place_order(
            session,
            actor=actor,
            channel=channel,
            submission=submission,
            hold_for=timedelta(minutes=settings.order_hold_minutes),
            key_lifetime=timedelta(hours=settings.idempotency_hours),
            now=now,
        )
    )


def _answer(error: PortalError, typed: Typed, values: Any, *, mode: str) -> ResponseReturnValue:
    """Nothing has been placed: say why, and leave everything as it was typed."""
    key = values.get("idempotency_key")
    match error:
        case ChangedSinceShownError():
            return _show_changes(error, typed, values, mode=mode)
        case CartEmptyError():
            return show_empty(status=error.status, code=error.code)
        case IdempotencyKeyReusedError() | IdempotencyKeyMissingError():
            return refuse(typed, error, key=new_token(), mode=mode)
        case PersonalCodeMissingError() | PersonalCodeUnfitError():
            typed.refuse(error.field, error, error.code)
            return show_again(typed, key=key, mode=mode)
        case RejectedError() if refusal_of(error):
            typed.refuse(refusal_of(error), error, error.code)
            return show_again(typed, key=key, mode=mode)
        case _:
            return refuse(typed, error, key=key, mode=mode)


def _show_changes(error: ChangedSinceShownError, typed: Typed, values: Any, *, mode: str) -> ResponseReturnValue:
    """Old and new amounts side by side; nothing was charged, and the next press buys at the new ones (B23)."""
    page = gather(typed, now=clock.now())
    if page.cart.is_empty:
        return show_empty(status=error.status, code=error.code)
    page.key = values.get("idempotency_key") or page.key
    page.account_mode = mode
    page.differences = differences(values.get("shown_rows", ""), page.quoted.quote)
    show_quote_faults(page)
    return show_page(page, status=error.status, code=error.code)


def read_delivery(typed: Typed) -> tuple[dict[str, str] | None, Mapping[str, str]]:
    """Where the parcels go and what was agreed to. Everything that is wrong with them then stands at the fields."""
    address = _address(typed)
    accepted = read_consents(typed.consents)
    for kind, sentence in accepted.faults.items():
        typed.refuse(f"consent_{kind}", sentence, f"consent_{kind}_missing")
    return address, accepted.versions


def served_here() -> tuple[str, ...]:
    """The countries to which this shop delivers just now, its own first."""
    return current_channel().borders(clock.now()).served


def _address(typed: Typed) -> dict[str, str] | None:
    """The address in its kept form: one of the buyer's own book, or a new one."""
    actor, chosen = current_actor(), typed.choices.address_id
    known = as_id(chosen)
    if chosen not in (None, NEW_ADDRESS) and known is not None and actor.user_id is not None:
        with reading() as session:
            found = load_address(session, user_id=actor.user_id, address_id=known)
        if found is not None and found.body.country in served_here():
            return found.body.as_dict()
        typed.refuse("name", ADDRESS_MISSING, "address_missing")
        return None
    try:
        return read_address(typed.form.address(served_here())).as_dict()
    except AddressUnfitError as fault:
        typed.fault_code = typed.fault_code or fault.code
        typed.form.show_address_faults(fault)
        return None


def _cash_receipt(typed: Typed) -> ReceiptWish | None:
    """What is to be filed, if the payment is one in money; a number that does not fit stands at its field."""
    if typed.choices.method not in METHODS:
        return None
    try:
        return read_wish(typed.form.cash_receipt.data, typed.form.cash_receipt_number.data)
    except CashReceiptNumberError as fault:
        typed.refuse("cash_receipt_number", fault, fault.code)
        return None


def _remember_address(typed: Typed, address: dict[str, str]) -> None:
    """Keep a new address for the next time, if that was ticked. The order stands whatever becomes of it."""
    actor, now = current_actor(), clock.now()
    user_id = actor.user_id
    if typed.choices.address_id not in (None, NEW_ADDRESS) or user_id is None or "save_address" not in request.form:
        return
    try:
        atomically(lambda s: save_address(s, user_id=user_id, fields=address, now=now))
    except PortalError as error:
        log.info("address_not_kept", reason=error.code)


def _return_url() -> str:
    """Where a gateway sends the buyer back to, with a place for the order's id."""
    settings: Settings = current_app.config["PORTAL"]
    path = url_for("orders.return_from_gateway", number=ORDER_PLACE)
    base = settings.external_url or request.host_url.rstrip("/")
    return (base + path).replace("{", quote("{")).replace(ORDER_PLACE, "{order_id}")
