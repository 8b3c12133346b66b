"""The auditor's views: their columns are promised, and their role reads nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from portal.config import Settings
from portal.db import database
from tests.conftest import seal_whole_trail
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import give_deposit, give_mileage, make_coupon, make_order

PROMISED = {
    "account": "account_id text, kind text, owner text, currency text, balance bigint, held bigint, min_balance bigint",
    "entry": "entry_id bigint, kind text, idem_key text, order_id text, reverses bigint, created_at timestamptz",
    "posting": "posting_id bigint, entry_id bigint, account_id text, currency text, amount bigint, "
    "balance_after bigint",
    "hold": "hold_id text, account_id text, amount bigint, status text, expires_at timestamptz",
    "orders": "order_id text, checkout_id text, buyer text, channel text, currency text, status text, subtotal bigint, "
    "discount bigint, shipping bigint, tax_added bigint, payable bigint, created_at timestamptz, fraud_hold bool",
    "line": "line_id text, order_id text, seller text, sku text, qty int4, unit_price bigint, subtotal bigint, "
    "discount bigint, refunded_qty int4, refunded bigint",
    "tender": "tender_id text, order_id text, type text, currency text, authorised bigint, captured bigint, "
    "refunded bigint, released bigint, status text, gateway text, gateway_ref text, idem_key text, "
    "updated_at timestamptz",
    "refund": "refund_id text, order_id text, total bigint, status text, idem_key text, kind text",
    "refund_part": "refund_id text, tender_id text, amount bigint, gateway_ref text, status text",
    "coupon": "coupon_id text, cap int4, per_user_cap int4, stackable bool, valid_from timestamptz, "
    "valid_to timestamptz, max_discount bigint, min_subtotal bigint, used int4",
    "coupon_use": "use_id text, coupon_id text, buyer text, order_id text, amount bigint, status text, at timestamptz",
    "lot": "lot_id text, account_id text, granted bigint, remaining bigint, expires_at timestamptz, source_order text",
    "stock": "sku text, place text, on_hand int4, reserved int4, initial int4",
    "stock_move": "move_id bigint, sku text, place text, delta int4, reason text, line_id text",
    "reservation": "res_id text, sku text, place text, qty int4, status text, expires_at timestamptz",
    "webhook": "gateway text, event_id text, sig_ok bool, status text, effects int4, received_at timestamptz",
    "outbox": "id bigint, topic text, dedup_key text, created_at timestamptz, delivered_at timestamptz, "
    "attempts int4, priority text",
    "audit_log": "seq bigint, at timestamptz, actor text, action text, ref text, payload text, prev_hash text, "
    "hash text",
    "shipment": "order_id text, at timestamptz",
}


@pytest.mark.req("BAL-01")
@pytest.mark.parametrize("view", sorted(PROMISED))
def test_each_view_has_its_promised_columns(db: None, settings: Settings, view: str) -> None:
    engine = create_engine(settings.database_owner_url)
    with engine.connect() as connection:
        columns = connection.execute(
            text(
                "SELECT column_name, udt_name FROM information_schema.columns "
                "WHERE table_schema = 'chk' AND table_name = :view ORDER BY ordinal_position"
            ),
            {"view": view},
        ).all()
    engine.dispose()
    found = ", ".join(f"{name} {kind.replace('int8', 'bigint')}" for name, kind in columns)
    assert found == PROMISED[view]


def test_the_auditor_reads_the_views_and_nothing_else(db: None, settings: Settings) -> None:
    engine = create_engine(settings.database_owner_url)
    with engine.connect() as connection:
        connection.execute(text("SET ROLE portal_auditor"))
        for view in PROMISED:
            connection.execute(text(f"SELECT count(*) FROM chk.{view}"))  # noqa: S608  # Names of this file.
        with pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text("SELECT * FROM orders"))
    engine.dispose()


def test_the_application_does_not_read_the_auditors_views(db: None) -> None:
    with database.engine.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text("SELECT * FROM chk.account"))


@pytest.mark.req("BAL-01", "AUD-01", "PAY-03")
def test_a_purchase_reads_right_through_the_views(books: None, settings: Settings) -> None:
    mall, bea = make_mall(), make_person("bea")
    give_deposit(bea, 3_000)
    give_mileage(bea, 1_000)
    make_coupon("TEN", percent=10)
    order = make_order(bea, mall, {make_variant(mall): 2}, codes=["TEN"], deposit_minor=3_000, mileage_points=1_000)
    seal_whole_trail()
    engine = create_engine(settings.database_owner_url)
    with engine.connect() as connection:
        connection.execute(text("SET ROLE portal_auditor"))

        def one(query: str) -> object:
            return connection.execute(text(query)).scalar_one()

        assert one("SELECT payable FROM chk.orders") == one("SELECT sum(captured) FROM chk.tender")
        assert one("SELECT subtotal - discount + shipping + tax_added FROM chk.orders") == one(
            "SELECT payable FROM chk.orders"
        )
        assert (
            one(
                "SELECT count(*) FROM (SELECT entry_id, currency FROM chk.posting GROUP BY 1, 2 "
                "HAVING sum(amount) <> 0) AS unbalanced"
            )
            == 0
        )
        assert one("SELECT balance FROM chk.account WHERE kind = 'mileage'") == 0
        assert one("SELECT used FROM chk.coupon WHERE right(coupon_id, 3) = 'KRW'") == 1
        assert one("SELECT status FROM chk.coupon_use") == "active"
        assert one("SELECT gateway_ref FROM chk.tender WHERE type = 'gateway'") == order.gateway_ref
        assert one(
            "SELECT bool_and(hash = encode(sha256(convert_to(prev_hash || '|' || payload, 'UTF8')), 'hex')) "
            "FROM chk.audit_log"
        )
        assert one("SELECT max(seq) = count(*) FROM chk.audit_log")
    engine.dispose()
