"""A closed part pays its seller, the platform and the tax office, and leaves nothing in the escrow."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import insert_rows, reading, transaction
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import Refund
from portal.rules.permissions import SYSTEM
from portal.rules.states import Machine, MoveRefusedError
from portal.services.history import Move, record_moves
from portal.services.orders.release_part import RefundUnderWayError, release_part
from tests.factories.account import ADDRESS_KR, ADDRESS_US, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, give_deposit, make_coupon, make_order


def bought(mall: Mall, country: str) -> MadeOrder:
    """An order of two sellers with a coupon of the platform's, partly paid by deposit."""
    bea = make_person("bea")
    channel = mall.us if country == "us" else mall.kr
    give_deposit(bea, 300, channel.currency)
    make_coupon("TEN", percent=10)
    return make_order(
        bea,
        mall,
        {make_variant(mall, krw=9_900, usd=999): 2, make_variant(mall, store=1, krw=3_333, usd=333): 3},
        channel=channel,
        codes=["TEN"],
        deposit_minor=300,
        address=ADDRESS_US if country == "us" else ADDRESS_KR,
    )


def deliver(order: MadeOrder) -> None:
    with transaction() as session:
        for part_id in order.part_ids:
            moves = [
                Move(Machine.PART, part_id, "released", "shipped", order.id),
                Move(Machine.PART, part_id, "shipped", "delivered", order.id),
            ]
            record_moves(session, *moves, actor=SYSTEM, now=clock.now())
        session.execute(text("UPDATE order_part SET status = 'delivered'"))


def release(part_id: uuid.UUID) -> int | None:
    with transaction() as session:
        return release_part(session, part_id=part_id, actor=SYSTEM, now=clock.now())


def table(query: str) -> list[tuple[Any, ...]]:
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query))]


def posted(kind: str) -> int:
    by_kind = dict(
        table(
            "SELECT a.kind, sum(p.amount_minor)::bigint FROM ledger_posting p"
            " JOIN ledger_account a ON a.id = p.account_id GROUP BY a.kind"
        )
    )
    return int(by_kind.get(kind, 0))


@pytest.mark.req("BAL-01", "CPN-10")
@pytest.mark.parametrize("country", ["kr", "us"])
def test_the_escrow_is_empty_when_all_parts_are_closed(books: None, country: str) -> None:
    order = bought(make_mall(), country)
    deliver(order)
    in_escrow = posted("order_escrow")
    assert all(release(part_id) for part_id in order.part_ids)
    assert posted("order_escrow") == 0
    assert table("SELECT DISTINCT status FROM order_part") == [("closed",)]
    assert posted("tax_payable") == table("SELECT tax_added_minor FROM orders")[0][0]
    # The coupon is the platform's: the seller is paid as if there had been none, and bears the commission of it all.
    goods = table("SELECT sum(subtotal_minor) FROM order_line")[0][0]
    assert abs(posted("commission") - goods // 10) <= 1
    assert posted("seller_payable") == in_escrow - posted("commission") - posted("tax_payable")


def test_a_part_is_closed_once_and_only_when_it_was_delivered(books: None) -> None:
    order = bought(make_mall(), "kr")
    with pytest.raises(MoveRefusedError):
        release(order.part_ids[0])
    deliver(order)
    release(order.part_ids[0])
    with pytest.raises(MoveRefusedError):
        release(order.part_ids[0])
    assert table("SELECT count(*) FROM ledger_entry WHERE kind = 'part_released'") == [(1,)]
    assert table("SELECT count(*) FROM audit_row WHERE action = 'part:closed'") == [(1,)]


def test_a_refund_under_way_keeps_the_money_where_it_is(books: None) -> None:
    order = bought(make_mall(), "kr")
    deliver(order)
    refund = {
        "id": new_id(),
        "order_id": order.id,
        "kind": "full",
        "idem_key": "r1",
        "reason": "changed my mind",
        "currency": "KRW",
        "total_minor": 100,
        "status": "requested",
        "requested_by": "user",
        "requested_at": clock.now(),
    }
    with transaction() as session:
        insert_rows(session, Refund, [refund])
    with pytest.raises(RefundUnderWayError):
        release(order.part_ids[0])
    assert posted("seller_payable") == 0
