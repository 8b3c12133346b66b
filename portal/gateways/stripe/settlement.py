"""Stripe's balance transactions as movements (docs.stripe.com/reports/balance-transaction-types)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict

import stripe

from portal.gateways.settlement import Movement, MovementKind
from portal.gateways.stripe.amounts import from_stripe
from portal.gateways.stripe.sdk import call
from portal.gateways.stripe.translate import Object, id_of

if TYPE_CHECKING:
    from stripe.params import BalanceTransactionListParams

_PAGE = 100


class _Charged(TypedDict, total=False):
    charged_currency: str
    charged_minor: int


# By the reporting category: Stripe advises it over the type, of which there are many more.
_KINDS: Mapping[str, MovementKind] = {
    "charge": MovementKind.CHARGE,
    "refund": MovementKind.REFUND,
    "refund_failure": MovementKind.REFUND,
    "partial_capture_reversal": MovementKind.REFUND,
    "dispute": MovementKind.DISPUTE,
    "dispute_reversal": MovementKind.DISPUTE,
    "fee": MovementKind.FEE,
    "network_cost": MovementKind.FEE,
    "payout": MovementKind.PAYOUT,
    "payout_reversal": MovementKind.PAYOUT,
}


def movements(client: stripe.StripeClient, since: datetime, until: datetime) -> Iterator[Movement]:
    """Every page of the list, the newest first."""
    params: BalanceTransactionListParams = {
        "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
        "limit": _PAGE,
        "expand": ["data.source"],
    }
    while True:
        page = call(lambda: client.v1.balance_transactions.list(params))
        rows = page["data"]
        for row in rows:
            yield read_movement(row)
        if not page["has_more"] or not rows:
            return
        params["starting_after"] = rows[-1]["id"]


def read_movement(row: Object) -> Movement:
    """One balance transaction, whose source is expanded."""
    kind = _KINDS.get(str(row["reporting_category"]), MovementKind.OTHER)
    currency = str(row["currency"]).upper()
    source = row["source"] if isinstance(row["source"], Mapping) else {}
    is_refund = source.get("object") == "refund"
    return Movement(
        ref=str(row["id"]),
        kind=kind,
        currency=currency,
        gross_minor=from_stripe(int(row["amount"]), currency),
        fee_minor=from_stripe(int(row["fee"]), currency),
        at=datetime.fromtimestamp(int(row["created"]), tz=UTC),
        charge_ref=id_of(source.get("payment_intent")),
        refund_ref=str(source["id"]) if is_refund else None,
        **_charged(row, source, currency),
    )


def _charged(row: Object, source: Object, currency: str) -> _Charged:
    """What the buyer saw, where the balance is kept in another currency: the source's own amount."""
    seen = str(source.get("currency", "")).upper()
    if not seen or seen == currency or "amount" not in source:
        return {}
    # Of a charge that was taken in part, what was taken.
    amount = abs(from_stripe(int(source.get("amount_captured") or source["amount"]), seen))
    return {"charged_currency": seen, "charged_minor": amount if int(row["amount"]) >= 0 else -amount}
