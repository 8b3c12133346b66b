"""Ways of paying for the one who asks: as routing offers them, and as far as he himself may use them (CAT-05)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from portal.db import reading
from portal.queries.channels import ChannelView
from portal.queries.credit import load_credit
from portal.queries.gateways import gateway_directory
from portal.queries.routing_rules import live_rules
from portal.rules.invoices import METHOD, refusal_of
from portal.services.checkout.routing import MethodOffer, offer_methods


def own_offers(
    channel: ChannelView,
    *,
    amount_minor: int,
    country: str | None,
    locale: str,
    user_id: uuid.UUID | None,
    may_have_credit: bool = True,
) -> Sequence[MethodOffer]:
    """Every way of paying of the channel; an invoice only for whoever has the credit. Asks no gateway.

    Where it is known that he has no credit, `may_have_credit` saves asking for it.
    """
    offers = offer_methods(
        gateway_directory(),
        live_rules(),
        channel=channel,
        amount_minor=amount_minor,
        country=country,
        locale=locale,
        user_id=user_id,
    )
    if not any(offer.method == METHOD and offer.rejection is None for offer in offers):
        return offers
    credit = None
    if user_id is not None and may_have_credit:
        with reading() as session:
            credit = load_credit(session, user_id=user_id, currency=channel.currency)
    refusal = refusal_of(credit, amount_minor, channel.currency)
    return [replace(one, rejection=refusal) if one.method == METHOD and refusal else one for one in offers]
