"""Schema chk: the books as auditors read them, whatever the shape of our own tables."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

VIEWS = {
    "account": """
        SELECT a.id::text AS account_id, a.kind, a.owner, a.currency,
               CASE WHEN a.cached THEN a.balance_minor
                    ELSE coalesce((SELECT sum(p.amount_minor) FROM ledger_posting p WHERE p.account_id = a.id), 0)::bigint
               END AS balance,
               a.held_minor AS held,
               CASE WHEN a.cached THEN a.min_balance_minor END AS min_balance
          FROM ledger_account a""",
    "entry": """
        SELECT id AS entry_id, kind, idem_key, order_id::text AS order_id, reverses, created_at FROM ledger_entry""",
    "posting": """
        SELECT id AS posting_id, entry_id, account_id::text AS account_id, currency, amount_minor AS amount,
               balance_after_minor AS balance_after
          FROM ledger_posting""",
    "hold": """
        SELECT id::text AS hold_id, account_id::text AS account_id, amount_minor AS amount, status, expires_at
          FROM ledger_hold""",
    "orders": """
        SELECT o.id::text AS order_id, o.checkout_id::text AS checkout_id, o.buyer_id::text AS buyer, c.code AS channel,
               o.currency, o.status, o.subtotal_minor AS subtotal, o.discount_minor AS discount,
               o.shipping_minor AS shipping, o.tax_added_minor AS tax_added, o.payable_minor AS payable,
               o.placed_at AS created_at, o.fraud_hold
          FROM orders o JOIN channel c ON c.id = o.channel_id""",
    "line": """
        SELECT l.id::text AS line_id, l.order_id::text AS order_id, p.store_id::text AS seller, l.sku,
               l.quantity AS qty, l.unit_price_minor AS unit_price, l.subtotal_minor AS subtotal,
               l.discount_minor AS discount, l.refunded_quantity AS refunded_qty, l.refunded_minor AS refunded
          FROM order_line l JOIN order_part p ON p.id = l.part_id""",
    "tender": """
        SELECT t.id::text AS tender_id, t.order_id::text AS order_id, t.type, t.currency,
               CASE WHEN t.type <> 'gateway' THEN t.amount_minor
                    ELSE greatest(coalesce(p.authorised_minor, 0), t.captured_minor) END AS authorised,
               t.captured_minor AS captured, t.refunded_minor AS refunded, t.released_minor AS released, t.status,
               a.gateway, a.gateway_ref, a.op_key AS idem_key, t.updated_at
          FROM tender t
          LEFT JOIN payment p ON p.tender_id = t.id
          LEFT JOIN LATERAL (SELECT gateway, gateway_ref, op_key FROM payment_attempt x
                              WHERE x.payment_id = p.id ORDER BY x.n DESC LIMIT 1) a ON true""",
    "refund": """
        SELECT id::text AS refund_id, order_id::text AS order_id, total_minor AS total, status, idem_key, kind FROM refund""",
    "refund_part": """
        SELECT refund_id::text AS refund_id, tender_id::text AS tender_id, amount_minor AS amount, gateway_ref, status
          FROM refund_leg""",
    "coupon": """
        SELECT c.id || ':' || k.currency AS coupon_id, c.cap, c.per_user_cap, c.stackable, c.valid_from,
               c.valid_until AS valid_to, (c.max_discounts ->> k.currency)::bigint AS max_discount,
               (c.min_subtotals ->> k.currency)::bigint AS min_subtotal,
               (SELECT count(*) FROM coupon_use u WHERE u.campaign_id = c.id AND u.currency = k.currency
                   AND u.status <> 'released')::int AS used
          FROM campaign c CROSS JOIN (SELECT DISTINCT currency FROM channel) k""",
    "coupon_use": """
        SELECT id::text AS use_id, campaign_id || ':' || currency AS coupon_id, user_id::text AS buyer,
               order_id::text AS order_id, amount_minor AS amount,
               CASE WHEN status = 'released' THEN 'released' ELSE 'active' END AS status, claimed_at AS at
          FROM coupon_use""",
    "lot": """
        SELECT id::text AS lot_id, account_id::text AS account_id, granted, remaining, expires_at,
               source_order_id::text AS source_order
          FROM mileage_lot""",
    "stock": """
        SELECT v.sku, s.place, s.on_hand, s.reserved, s.initial FROM stock s JOIN variant v ON v.id = s.variant_id""",
    "stock_move": """
        SELECT m.id AS move_id, v.sku, m.place, m.delta, m.reason, m.order_line_id::text AS line_id
          FROM stock_move m JOIN variant v ON v.id = m.variant_id""",
    "reservation": """
        SELECT r.id::text AS res_id, v.sku, r.place, r.quantity AS qty, r.status, r.expires_at
          FROM reservation r JOIN variant v ON v.id = r.variant_id""",
    "webhook": """
        SELECT gateway, event_id, signature_ok AS sig_ok, status, effects, received_at FROM provider_event""",
    "outbox": """
        SELECT id, kind AS topic, dedup_key, created_at, handled_at AS delivered_at, attempts, priority
          FROM outbox_event""",
    "audit_log": """
        SELECT l.seq, a.at, a.actor, a.action, a.ref, a.payload, l.prev_hash, l.hash
          FROM audit_link l JOIN audit_row a ON a.id = l.audit_id""",
    "shipment": """
        SELECT order_id::text AS order_id, shipped_at AS at FROM order_part WHERE shipped_at IS NOT NULL""",
}

ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_auditor') THEN
        CREATE ROLE portal_auditor NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(ROLE)
    op.execute("GRANT portal_auditor TO CURRENT_USER")
    op.execute("CREATE SCHEMA chk")
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW chk.{name} AS {query}")
    op.execute("GRANT USAGE ON SCHEMA chk TO portal_auditor")
    op.execute("GRANT SELECT ON ALL TABLES IN SCHEMA chk TO portal_auditor")


def downgrade() -> None:
    op.execute("DROP SCHEMA chk CASCADE")
