"""Which rows belong to a life: the tables, in an order in which each row finds what it names."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Final

# Rows of a person, as the conditions below name them.
_NAMES: Final = {
    "orders": "SELECT id FROM orders WHERE buyer_id = '{user}'",
    "accounts": """SELECT id FROM ledger_account WHERE owner = 'user:{user}' OR owner IN (
                   SELECT 'order:' || id FROM orders WHERE buyer_id = '{user}')""",
    "shipments": "SELECT s.id FROM shipment s JOIN orders o ON o.id = s.order_id WHERE o.buyer_id = '{user}'",
    "refunds": "SELECT f.id FROM refund f JOIN orders o ON o.id = f.order_id WHERE o.buyer_id = '{user}'",
    "lines": "SELECT l.id FROM order_line l JOIN orders o ON o.id = l.order_id WHERE o.buyer_id = '{user}'",
    "payments": "SELECT id FROM payment WHERE user_id = '{user}'",
    "entries": """SELECT p.entry_id FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                   WHERE a.owner = 'user:{user}' OR a.owner IN (
                         SELECT 'order:' || id FROM orders WHERE buyer_id = '{user}')""",
}
_OF_ORDER: Final = "order_id IN ({orders})"
# What a life writes and its copies have, too, in an order in which each row finds what it names. Carts, keys against
# double sending and events that everybody has heard are over by then.
TABLES: Final[Mapping[str, str]] = {
    "user_account": "id = '{user}'",
    "member_tier": "user_id = '{user}'",
    "tier_move": "user_id = '{user}'",
    "orders": "buyer_id = '{user}'",
    "order_part": _OF_ORDER,
    "order_line": _OF_ORDER,
    "ledger_account": "id IN ({accounts})",
    "ledger_hold": _OF_ORDER,
    "tender": _OF_ORDER,
    "tender_share": _OF_ORDER,
    "coupon_use": _OF_ORDER,
    "discount_share": _OF_ORDER,
    "reservation": _OF_ORDER,
    "consent": _OF_ORDER,
    "stock_move": "order_line_id IN ({lines})",
    "payment": "user_id = '{user}'",
    "payment_attempt": "payment_id IN ({payments})",
    "ledger_entry": "id IN ({entries})",
    "ledger_posting": "entry_id IN ({entries})",
    "mileage_lot": "account_id IN ({accounts})",
    "shipment": _OF_ORDER,
    "shipment_line": "shipment_id IN ({shipments})",
    "shipment_event": "shipment_id IN ({shipments})",
    "order_hold": _OF_ORDER,
    "refund": _OF_ORDER,
    "refund_line": "refund_id IN ({refunds})",
    "refund_leg": "refund_id IN ({refunds})",
    "risk_decision": _OF_ORDER,
    "transition": _OF_ORDER,
    "document": "user_id = '{user}'",
    "audit_row": "xid = pg_current_xact_id()::text::bigint",
}
# Those that tell of papers, whose numbers are taken last: whoever takes one keeps others waiting until he is done.
PAPER_TABLES: Final = ("document", "audit_row")


def condition(table: str, user_id: uuid.UUID) -> str:
    """Which rows of the table are this person's."""
    return TABLES[table].format(user=user_id, **{name: each.format(user=user_id) for name, each in _NAMES.items()})
