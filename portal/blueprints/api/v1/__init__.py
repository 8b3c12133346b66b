"""Version 1 of the API, a folder per resource."""

from importlib import import_module

RESOURCES = (
    "catalogue",
    "remarks",
    "mall_remarks",
    "cart",
    "wishes",
    "quote",
    "orders",
    "order_changes",
    "refunds",
    "returns",
    "claims",
    "payments",
    "methods",
    "account",
    "addresses",
    "coupons",
    "offers",
    "balances",
    "adjustments",
    "top_ups",
    "gift_cards",
    "withdrawals",
    "invoices",
    "campaigns",
    "distribution",
    "campaign_life",
    "decisions",
    "own_returns",
    "pictures",
    "fulfilment",
    "packing",
    "products",
    "channel_goods",
    "statements",
    "mall_money",
    "mall_payouts",
    "mall_cards",
    "mileage",
    "papers",
    "tickets",
    "ticket_hands",
    "webhooks",
    "channels",
    "channel_terms",
    "channel_borders",
    "propagation",
    "mall_sales",
    "mall_holds",
    "mall_returns",
    "mall_rules",
    "exports",
    "audit",
)


def load_resources() -> None:
    """Import every resource, which declares its operations, in the order in which they are described."""
    for resource in RESOURCES:
        import_module(f"portal.blueprints.api.v1.{resource}.views")
