from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.models import Stock, StockMove
from portal.rules.permissions import SYSTEM, Actor, Role
from portal.rules.stock import ON_HAND_MAX
from portal.services.catalogue.errors import CatalogueForbiddenError, StockInvalidError, StockReservedError
from portal.services.catalogue.save_products import save_product
from portal.services.catalogue.set_stock import set_stock, set_stocks
from tests.services.catalogue.mall import NOW, Mall, build, cup


@pytest.fixture
def mall(session: Session) -> Mall:
    return build(session)


@pytest.fixture
def sage(session: Session, mall: Mall) -> int:
    return save_product(session, actor=SYSTEM, draft=cup(mall, on_hand=10), now=NOW).variant_ids["CUP-1-SAGE"]


def test_a_count_is_recorded_as_a_move(session: Session, sage: int) -> None:
    set_stock(session, actor=SYSTEM, variant_id=sage, on_hand=25, now=NOW, reason="delivery")
    set_stock(session, actor=SYSTEM, variant_id=sage, on_hand=4, now=NOW)
    moves = session.query(StockMove).filter_by(variant_id=sage).order_by(StockMove.id).all()
    assert [(m.delta, m.reason) for m in moves] == [(15, "delivery"), (-21, "count")]
    stock = session.get_one(Stock, (sage, "main"))
    assert stock.initial + sum(m.delta for m in moves) == stock.on_hand == 4


def test_the_same_count_again_is_no_move(session: Session, sage: int) -> None:
    set_stocks(session, actor=SYSTEM, on_hand={sage: 10}, now=NOW)
    assert session.query(StockMove).count() == 0


@pytest.mark.parametrize("count", [-1, ON_HAND_MAX + 1])
def test_impossible_counts_are_refused(session: Session, sage: int, count: int) -> None:
    with pytest.raises(StockInvalidError):
        set_stock(session, actor=SYSTEM, variant_id=sage, on_hand=count, now=NOW)


def test_what_orders_have_reserved_stays_on_hand(session: Session, sage: int) -> None:
    session.execute(text("UPDATE stock SET reserved = 3 WHERE variant_id = :id"), {"id": sage})
    set_stock(session, actor=SYSTEM, variant_id=sage, on_hand=3, now=NOW)
    with pytest.raises(StockReservedError):
        set_stock(session, actor=SYSTEM, variant_id=sage, on_hand=2, now=NOW)


@pytest.mark.req("IDN-02")
def test_another_store_cannot_count_this_one(session: Session, mall: Mall, sage: int) -> None:
    sue = Actor(roles=frozenset({Role.SELLER}), store_ids=frozenset({mall.sues}))
    with pytest.raises(CatalogueForbiddenError):
        set_stock(session, actor=sue, variant_id=sage, on_hand=0, now=NOW)
