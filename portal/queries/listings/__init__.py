"""The lists that can be had as files, by name (ANA-03)."""

from __future__ import annotations

from collections.abc import Mapping

from portal.queries.listings.books import BALANCES, JOURNAL
from portal.queries.listings.channels import CHANNEL_BALANCES, CHANNEL_CUSTOMERS, CHANNEL_GOODS
from portal.queries.listings.compliance import BORDER_RECORDS, CHANNEL_EVENTS
from portal.queries.listings.coupons import COUPONS, FLAGS, USES
from portal.queries.listings.finance import EXPIRY, STATEMENTS, TAX
from portal.queries.listings.listing import Listing
from portal.queries.listings.sales import ORDERS, PAYMENTS, REFUNDS
from portal.queries.listings.trail import TRAIL

LISTINGS: Mapping[str, Listing] = {
    one.name: one
    for one in (
        *(ORDERS, PAYMENTS, REFUNDS, COUPONS, USES, FLAGS, BALANCES, JOURNAL, TAX, EXPIRY, STATEMENTS),
        *(BORDER_RECORDS, CHANNEL_EVENTS, CHANNEL_CUSTOMERS, CHANNEL_BALANCES, CHANNEL_GOODS, TRAIL),
    )
}
