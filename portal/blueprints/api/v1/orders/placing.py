"""POST /orders: one submission is one order, however often it is sent (PAY-10)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import orjson
from flask import current_app, request
from sqlalchemy.orm import Session

from portal.blueprints.api import problems
from portal.blueprints.api.keys import api_actor, current_client, own_key
from portal.blueprints.api.problems import RequestInvalidError, as_problem, fault
from portal.blueprints.api.schemas import FieldProblem
from portal.blueprints.api.v1.orders.render import placed as as_placed
from portal.blueprints.api.v1.orders.schemas import OrderRequest
from portal.blueprints.api.v1.quote.render import as_quote
from portal.blueprints.api.v1.quote.views import price, read_choices
from portal.blueprints.identity import current_channel
from portal.blueprints.velocity import act_of
from portal.config import Settings
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.text import N_
from portal.queries.orders import load_order
from portal.rules.addresses import read_address
from portal.rules.cash_receipts import CashReceiptNumberError, ReceiptWish, read_wish
from portal.rules.consents import read_consents
from portal.services.accounts.emails import EmailUnfitError, normalise_email
from portal.services.accounts.throttle import COUPON_REDEEM
from portal.services.checkout.place_order import (
    Blocked,
    ChangedSinceShownError,
    Placed,
    Submission,
    place_order,
)
from portal.services.idempotency import claim_key, fingerprint, keep_answer
from portal.site import address

ELSEWHERE = N_("This shop does not deliver to that country.")


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a submission, the same for every repetition. `attempt_id` is what a worker is to send."""

    status: int
    raw: bytes
    location: str | None
    attempt_id: uuid.UUID | None
    is_repeat: bool


def place(body: OrderRequest, key: str) -> Answered:
    """Place the order, or give the answer of the first time. Raises what read_submission and place_order raise."""
    settings: Settings = current_app.config["PORTAL"]
    submission = read_submission(body, key)
    client, channel, now = current_client().client, current_channel(), clock.now()
    user_id = api_actor().user_id
    if user_id is not None and (submission.choices.codes or submission.choices.coupons):
        act_of(user_id, COUPON_REDEEM, mark=own_key(key))
    scope = f"api:{client.id}:orders"
    mark = fingerprint([channel.code, body.model_dump(mode="json")])
    lifetime = timedelta(hours=settings.idempotency_hours)

    def work(session: Session) -> Answered:
        known = claim_key(session, scope=scope, key=key, mark=mark, now=now, lifetime=lifetime)
        if known is not None:
            return _again(known.status or 0, known.answer or {})
        result = place_order(
            session,
            actor=api_actor(),
            channel=channel,
            submission=submission,
            hold_for=timedelta(minutes=settings.order_hold_minutes),
            key_lifetime=lifetime,
            now=now,
        )
        answered = _first(session, result)
        kept = {"raw": answered.raw.decode(), "location": answered.location}
        subject_id = result.order_id if isinstance(result, Placed) else None
        keep_answer(session, scope=scope, key=key, subject_id=subject_id, status=answered.status, answer=kept)
        return answered

    try:
        return atomically(work)
    except ChangedSinceShownError as error:
        problem = as_problem(error) | {"quote": _quote_of_now(submission)}
        return Answered(error.status, orjson.dumps(problem), None, None, is_repeat=False)


def _again(status: int, kept: dict[str, Any]) -> Answered:
    return Answered(status, kept["raw"].encode(), kept["location"], None, is_repeat=True)


def _first(session: Session, result: Placed | Blocked) -> Answered:
    if isinstance(result, Blocked):
        problem = as_problem(result.error)
        return Answered(problem["status"], orjson.dumps(problem), None, None, is_repeat=False)
    actor = api_actor()
    assert actor.user_id is not None
    order = load_order(session, buyer_id=actor.user_id, number=result.number)
    assert order is not None, "it was placed in this transaction"
    raw = as_placed(order).model_dump_json().encode()
    location = f"{request.script_root}/api/v1/orders/{result.number}"
    return Answered(201, raw, location, result.attempt_id, is_repeat=result.is_repeat)


def _quote_of_now(submission: Submission) -> dict[str, Any]:
    """What the order would cost now, so that the client can show it and go on."""
    with reading() as session:
        cart, quoted = price(session, submission.choices, locale=submission.locale)
        country = submission.address["country"]
        return as_quote(quoted, cart, current_channel(), country=country).model_dump(mode="json")


def read_submission(body: OrderRequest, key: str) -> Submission:
    """Everything but the prices, checked together. Raises RequestInvalidError, AddressUnfitError, KeyLimitedError."""
    channel, errors = current_channel(), []
    choices = read_choices(body)
    given = body.address.model_dump() | {"country": body.address.country or channel.country}
    if given["country"] not in channel.borders(clock.now()).served:
        errors.append(fault("address.country", "country_not_served", ELSEWHERE))
    accepted = read_consents(body.consents)
    errors += [fault(f"consents.{kind}", f"consent_{kind}_missing", text) for kind, text in accepted.faults.items()]
    email = _email(body.contact.email, errors)
    wish = _cash_receipt(body, errors)
    if errors:
        raise RequestInvalidError(errors)
    parcel = read_address(given).as_dict()
    return Submission(
        key=own_key(key),
        choices=choices,
        shown=body.fingerprint,
        contact={
            "email": email,
            "name": body.contact.name or parcel["name"],
            "phone": body.contact.phone or parcel["phone"],
        },
        address=parcel,
        consents=accepted.versions,
        locale=body.locale or current_client().locale or channel.default_locale,
        return_url=_return_url(body),
        source_token=body.source_token,
        saved_method_id=body.saved_method_id,
        ip=request.remote_addr,
        cash_receipt=wish,
        personal_code=body.personal_customs_code,
    )


def _cash_receipt(body: OrderRequest, errors: list[FieldProblem]) -> ReceiptWish | None:
    if body.cash_receipt is None:
        return None
    try:
        return read_wish(body.cash_receipt.kind, body.cash_receipt.number)
    except CashReceiptNumberError as error:
        errors.append(FieldProblem(field="cash_receipt.number", code=error.code, detail=problems.sentence_of(error)))
        return None


def _email(typed: str, errors: list[FieldProblem]) -> str:
    try:
        return normalise_email(typed)
    except EmailUnfitError as error:
        errors.append(FieldProblem(field="contact.email", code=error.code, detail=problems.sentence_of(error)))
        return ""


def _return_url(body: OrderRequest) -> str:
    """Where the provider sends the buyer. The service fills in the order's id, so a client's braces are escaped."""
    if body.return_url is not None:
        return body.return_url.replace("{", quote("{")).replace("}", quote("}"))
    return address("/orders/{order_id}/return", channel=current_channel().code)
