"""Finding a charge whose answer was lost, by our own key, with an answer that may be relied on.

Three facts of Stripe shape this (docs.stripe.com/search#data-freshness, docs.stripe.com/api/idempotent_requests):
search is indexed but lags by up to a minute and more; lists do not lag but cannot be asked for metadata; and a key
that was used once refuses every request with other parameters, for at least 24 hours.

So: search first, which finds all but the newest in one call. If it finds nothing, spend the key on a *fence*: an
intent without a payment method that can never take money. If Stripe accepts it, no request with this key executed and
none that is still under way ever will: NotFound is then final, and another gateway may be tried. If Stripe refuses it,
a request did execute, and the list, which does not lag, has its intent.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import stripe

from portal.gateways.base import FetchOutcome, NotFound
from portal.gateways.errors import GatewayRefusedError, OutcomeUnknownError
from portal.gateways.stripe import translate
from portal.gateways.stripe.config import NAME
from portal.gateways.stripe.sdk import KeySpentError, call

if TYPE_CHECKING:
    from stripe.params import PaymentIntentCreateParams, PaymentIntentListParams

_EXPAND = ["data.latest_charge"]
_PAGE = 100
_PAGES_MAX = 20  # 2,000 payments: more than a minute of the busiest hour. Older ones are found by search.
_SKEW = timedelta(minutes=5)  # Stripe's clock and ours need not agree.


def find_charge(client: stripe.StripeClient, op_key: str, created_after: datetime | None) -> FetchOutcome:
    """What became of the request with `op_key`; NotFound is final. Raises the gateway errors."""
    found = _search(client, op_key)
    if found is None and not _fence(client, op_key):
        found = _scan(client, op_key, created_after)
    return translate.payment(found) if found is not None else NotFound()


def _search(client: stripe.StripeClient, op_key: str) -> translate.Object | None:
    quoted = op_key.replace("\\", "\\\\").replace("'", "\\'")
    page = call(
        lambda: client.v1.payment_intents.search(
            {"query": f"metadata['op_key']:'{quoted}'", "limit": 1, "expand": _EXPAND}
        )
    )
    found: list[translate.Object] = page["data"]
    return found[0] if found else None


def _fence(client: stripe.StripeClient, op_key: str) -> bool:
    """Spend the key on an intent that can take no money. False: the key had been spent already."""
    params: PaymentIntentCreateParams = {
        "amount": 100,
        "currency": "usd",
        "allowed_payment_method_types": ["card"],
        "description": "Closed: no payment was made under this key",
        "metadata": {"fence_for": op_key},
    }
    try:
        fence = call(lambda: client.v1.payment_intents.create(params, {"idempotency_key": op_key}))
    except KeySpentError:
        return False
    # Tidiness only: without a payment method the intent is harmless, so a failure here is no matter.
    with suppress(GatewayRefusedError):
        call(
            lambda: client.v1.payment_intents.cancel(
                str(fence["id"]), {"cancellation_reason": "abandoned"}, {"idempotency_key": f"{op_key}-fence"}
            )
        )
    return True


def _scan(client: stripe.StripeClient, op_key: str, created_after: datetime | None) -> translate.Object | None:
    params: PaymentIntentListParams = {"limit": _PAGE, "expand": _EXPAND}
    if created_after is not None:
        params["created"] = {"gte": int((created_after - _SKEW).timestamp())}
    for _ in range(_PAGES_MAX):
        page = call(lambda: client.v1.payment_intents.list(params))
        for each in page["data"]:
            if each["metadata"].get("op_key") == op_key:
                found: translate.Object = each
                return found
        if not page["has_more"]:
            # The first request ended in a refusal that made no intent.
            return None
        params["starting_after"] = page["data"][-1]["id"]
    raise OutcomeUnknownError(NAME, "not_visible_yet", "the key was used, the payment was not found")
