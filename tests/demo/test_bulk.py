"""Many orders at once: all of it holds together as if everything had been bought one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import pytest
from sqlalchemy import select, text

from portal.cli._load import build_forgotten
from portal.config import Settings
from portal.crypto import person_marks
from portal.db import database, reading, transaction
from portal.demo import bulk, lives
from portal.demo.bulk import make_orders
from portal.demo.fill import fill
from portal.demo.indexes import Progress, figures_left_alone, lay_aside
from portal.demo.life_tables import TABLES
from portal.jobs.figures import prove_figures, renew_all, renew_figures
from portal.jobs.incentives import renew_scores
from portal.kit import clock
from portal.models import Order
from portal.queries.channels import forget_channels
from portal.queries.gateways import forget_gateways
from portal.queries.invariants import find_violations
from portal.queries.loyalty import forget_loyalty
from portal.queries.sections import forget_sections
from tests.conftest import seal_whole_trail
from tests.factories.order import make_gateway

ORDERS = 2_000  # Every life is there some times.
_KEYS = text(
    """
    SELECT c.conrelid::regclass AS source, c.confrelid::regclass AS target, a.attname AS name, b.attname AS named
      FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
      JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
     WHERE c.contype = 'f' AND cardinality(c.conkey) = 1 AND c.connamespace = 'public'::regnamespace
    """
)


@pytest.fixture
def mall(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The demo mall with one gateway, whose ways the lives pay by."""
    monkeypatch.setattr(lives, "METHODS", dict.fromkeys(("kr", "us"), "bank_transfer"))
    monkeypatch.setattr(bulk, "PATTERNS_MAX", 1)
    with transaction() as session:
        fill(session, settings=settings, now=clock.now())
    make_gateway()
    yield
    for forget in (forget_channels, forget_gateways, forget_loyalty, forget_sections):
        forget()


def scalar(query: str) -> object:
    with reading() as session:
        return session.scalar(text(query))


@pytest.mark.req("ORD-14")
def test_copies_of_lives_hold_together_as_if_they_had_been_lived(
    mall: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BATCH_ORDERS", 700)
    made: dict[str, list[int]] = {}
    before = indexes()

    @contextmanager
    def bars(what: str, total: int) -> Iterator[Progress]:
        made[what] = []
        yield made[what].append
        assert sum(made[what]) == total

    make_orders(settings, orders=ORDERS, now=clock.now(), bars=bars)
    assert list(made) == ["orders", "indexes"]
    assert indexes() == before
    assert scalar("SELECT count(*) FROM orders") == ORDERS
    assert len(made["orders"]) >= 3
    seal_whole_trail()
    with database.snapshot() as session:
        assert not {found.invariant.name: found.rows for found in find_violations(session) if found.rows}
        lost = [
            key
            for key in session.execute(_KEYS).all()
            if session.scalar(
                text(
                    f"SELECT EXISTS (SELECT FROM {key.source} s WHERE s.{key.name} IS NOT NULL AND NOT EXISTS "  # noqa: S608  # Names of the schema.
                    f"(SELECT FROM {key.target} t WHERE t.{key.named} = s.{key.name}))"
                )
            )
        ]
    assert not lost
    # Nothing is due that would have been done long ago, and only what is new is open.
    assert scalar("SELECT count(*) FROM audit_row") == scalar("SELECT count(*) FROM audit_link")
    assert scalar("SELECT count(*) FROM order_part WHERE mileage_matured_at IS NULL AND mileage_due_at < now()") == 0
    open_since = "status IN ('released', 'accepted', 'held') AND placed_at < now() - interval '2 days'"
    assert scalar(f"SELECT count(*) FROM order_part WHERE {open_since}") == 0  # noqa: S608  # Text of this test.
    assert int(str(scalar("SELECT count(DISTINCT date_trunc('week', placed_at)) FROM orders"))) >= 42
    assert scalar("SELECT count(*) FROM user_account") == scalar("SELECT count(DISTINCT email_index) FROM user_account")
    # They are found by their buyers from the first moment, each by his own address.
    assert scalar("SELECT count(*) FROM orders WHERE marks IS NULL") == 0
    with reading() as session:
        orders = session.execute(select(Order.contact, Order.buyer_id, Order.marks)).all()
    for order in orders[:: ORDERS // 10]:
        [mark] = person_marks(emails=[orjson.loads(order.contact or "")["email"]])
        assert {one.buyer_id for one in orders if mark in one.marks} == {order.buyer_id}
    # The clock leaves the figures alone meanwhile; then they are those of the rows.
    with figures_left_alone(settings):
        renew_figures()
        prove_figures()
        renew_scores()
    assert scalar("SELECT count(*) FROM figure_day") == 0
    assert scalar("SELECT count(*) FROM customer_score") == 0
    renew_all()
    assert scalar("SELECT count(*) > 0 FROM figure_day")
    assert renew_all() == 0
    _break_off(settings, monkeypatch)


def _break_off(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second load comes beside the first; what is broken off stands whole."""
    monkeypatch.setattr(bulk, "BATCH_ORDERS", 20)

    @contextmanager
    def stop(_what: str, _total: int) -> Iterator[Progress]:
        def raise_(_orders: int) -> None:
            raise KeyboardInterrupt

        yield raise_

    with pytest.raises(KeyboardInterrupt):
        make_orders(settings, orders=200, now=clock.now(), bars=stop)
    seal_whole_trail()
    assert ORDERS < int(str(scalar("SELECT count(*) FROM orders"))) < ORDERS + 200
    with database.snapshot() as session:
        assert not {found.invariant.name: found.rows for found in find_violations(session) if found.rows}


@pytest.mark.req("ORD-14")
def test_indexes_that_a_killed_load_took_away_come_back(db: None, settings: Settings) -> None:
    before = indexes()
    lay_aside(settings, TABLES)
    left = indexes()
    assert left.keys() < before.keys()
    assert {"pk_orders", "uq_orders_number", "ix_order_line_order_id"} <= left.keys()
    with figures_left_alone(settings):
        build_forgotten(settings)  # Whoever loads builds them himself.
    assert indexes() == left
    # Another one begins before they are back: what the first took away is not forgotten.
    lay_aside(settings, TABLES)
    build_forgotten(settings)
    assert indexes() == before


def indexes() -> dict[str, str]:
    """What each index is made of, by its name."""
    with reading() as session:
        found = session.execute(
            text("SELECT indexname, indexdef FROM pg_indexes WHERE tablename <> 'index_laid_aside'")
        )
        return {row.indexname: row.indexdef for row in found}
