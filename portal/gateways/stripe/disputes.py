"""Disputes at Stripe (docs.stripe.com/disputes), in our words and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

import stripe

from portal.gateways.disputes import DisputeNotice, DisputeState, Evidence, Papers
from portal.gateways.stripe.amounts import from_stripe
from portal.gateways.stripe.sdk import KeySpentError, RequestRefusedError, call
from portal.gateways.stripe.translate import Object, id_of, instant

if TYPE_CHECKING:
    from stripe.params import DisputeListParams, DisputeUpdateParams, DisputeUpdateParamsEvidence, FileCreateParams

_STATES: Mapping[str, DisputeState] = {
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.UNDER_REVIEW,
    "warning_closed": DisputeState.CLOSED,
    "prevented": DisputeState.CLOSED,
    "needs_response": DisputeState.NEEDS_RESPONSE,
    "appeal_needs_response": DisputeState.NEEDS_RESPONSE,
    "under_review": DisputeState.UNDER_REVIEW,
    "appeal_under_review": DisputeState.UNDER_REVIEW,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}
_CLOSED = frozenset({DisputeState.WON, DisputeState.LOST, DisputeState.CLOSED})
_PAGE = 100
_TEXT_MAX = 20_000  # Of a field; all of them together may have 150,000 characters.


def notice(dispute: Object, told_at: datetime) -> DisputeNotice:
    """A Dispute as it was at `told_at`. An unknown status counts as one that waits for the bank."""
    currency = str(dispute["currency"]).upper()
    amount = from_stripe(dispute["amount"], currency)
    moves: list[Object] = dispute.get("balance_transactions") or []
    details: Object = dispute.get("evidence_details") or {}
    # In whose currency it was settled does not matter: either the whole amount is away, or it is back.
    away = sum(int(one["amount"]) for one in moves) < 0
    fee_currency = str(moves[0]["currency"]).upper() if moves else None
    return DisputeNotice(
        dispute_ref=str(dispute["id"]),
        gateway_ref=id_of(dispute.get("payment_intent")),
        state=_STATES.get(str(dispute["status"]), DisputeState.UNDER_REVIEW),
        amount_minor=amount,
        currency=currency,
        held_minor=amount if away else 0,
        reason=str(dispute.get("reason") or "general"),
        opened_at=instant(int(dispute["created"])),
        told_at=told_at,
        answer_due_at=instant(int(details["due_by"])) if details.get("due_by") else None,
        evidence_sent=bool(details.get("submission_count")),
        fee_minor=from_stripe(sum(int(one["fee"]) for one in moves), fee_currency) if fee_currency else 0,
        fee_currency=fee_currency,
    )


def fetch(client: stripe.StripeClient, dispute_ref: str, now: datetime) -> DisputeNotice:
    """The dispute as it is."""
    return notice(call(lambda: client.v1.disputes.retrieve(dispute_ref)), now)


def opened_since(client: stripe.StripeClient, since: datetime, now: datetime) -> Iterator[DisputeNotice]:
    """Every page of the list, the newest first."""
    params: DisputeListParams = {"created": {"gte": int(since.timestamp())}, "limit": _PAGE}
    while True:
        page = call(lambda: client.v1.disputes.list(params))
        rows = page["data"]
        for row in rows:
            yield notice(row, now)
        if not page["has_more"] or not rows:
            return
        params["starting_after"] = rows[-1]["id"]


def send_evidence(
    client: stripe.StripeClient, op_key: str, dispute_ref: str, evidence: Evidence, papers: Papers, now: datetime
) -> DisputeNotice:
    """Hand it in, the receipt as a file. What the bank has decided meanwhile is told instead of refused."""
    given = _evidence(evidence)
    try:
        if papers.receipt is not None:
            given["receipt"] = _upload(client, f"{op_key}-receipt", papers.receipt)
        params: DisputeUpdateParams = {"evidence": given, "metadata": dict(evidence.metadata), "submit": True}
        return notice(call(lambda: client.v1.disputes.update(dispute_ref, params, {"idempotency_key": op_key})), now)
    except KeySpentError:
        # The answer under this key was given with the file of another upload: it is there.
        found = fetch(client, dispute_ref, now)
        if found.evidence_sent:
            return found
        raise
    except RequestRefusedError as refusal:
        return _if_closed(client, dispute_ref, now, refusal)


def _upload(client: stripe.StripeClient, op_key: str, content: bytes) -> str:
    """A PDF as evidence; returns Stripe's name of it."""
    file = BytesIO(content)
    file.name = "receipt.pdf"
    # The SDK reads the file when it sends it.
    params: FileCreateParams = {"purpose": "dispute_evidence", "file": file}
    return str(call(lambda: client.v1.files.create(params, {"idempotency_key": op_key}))["id"])


def accept(client: stripe.StripeClient, op_key: str, dispute_ref: str, now: datetime) -> DisputeNotice:
    """Give in."""
    try:
        return notice(call(lambda: client.v1.disputes.close(dispute_ref, {}, {"idempotency_key": op_key})), now)
    except RequestRefusedError as refusal:
        return _if_closed(client, dispute_ref, now, refusal)


def _if_closed(
    client: stripe.StripeClient, dispute_ref: str, now: datetime, refusal: RequestRefusedError
) -> DisputeNotice:
    """The dispute, if it is over. Raises the refusal otherwise."""
    found = fetch(client, dispute_ref, now)
    if found.state in _CLOSED:
        return found
    raise refusal


def _evidence(evidence: Evidence) -> DisputeUpdateParamsEvidence:
    given = {
        "uncategorized_text": evidence.statement,
        "product_description": evidence.goods,
        "customer_name": evidence.buyer_name,
        "customer_email_address": evidence.buyer_email,
        "customer_purchase_ip": evidence.buyer_ip,
        "shipping_address": evidence.shipping_address,
        "shipping_date": evidence.shipped_on.isoformat() if evidence.shipped_on else None,
        "refund_refusal_explanation": evidence.refund_explanation,
        "access_activity_log": evidence.activity,
    }
    found: DisputeUpdateParamsEvidence = {}
    found.update({name: value[:_TEXT_MAX] for name, value in given.items() if value})  # type: ignore[typeddict-item]  # Its own names, all of them texts.
    return found
