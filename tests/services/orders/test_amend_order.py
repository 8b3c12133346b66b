"""Changes before an order is packed: address and option, by its buyer or by the mall with a reason (ORD-06)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import atomically, reading, transaction
from portal.kit import clock
from portal.models import Order
from portal.queries.store_order import address_of
from portal.services.fulfilment.move_part import move_part
from portal.services.orders.amend_order import (
    AmendReasonError,
    CountryFixedError,
    OptionUnfitError,
    OrderChangedError,
    OrderUnknownError,
    TooLateToAmendError,
    change_address,
    change_option,
)
from portal.services.stock.reserve_stock import OutOfStockError
from tests.factories.account import ADDRESS_KR, Person, make_person
from tests.factories.cart import make_variant
from tests.factories.parcel import send
from tests.factories.refund import ask_refund, rows
from tests.factories.returns import Case

pytestmark = pytest.mark.req("ORD-06")

ELSEWHERE = {**ADDRESS_KR, "line1": "부산 해운대구 센텀로 1", "postcode": "48058"}


@pytest.fixture
def case(books: None) -> Case:
    return Case(sent=False)


def to(case: Case, fields: Mapping[str, Any] = ELSEWHERE, by: Person | None = None, **more: Any) -> bool:
    return atomically(
        lambda s: change_address(
            s, order_id=case.order.id, fields=fields, actor=(by or case.bea).actor, now=clock.now(), **more
        )
    )


def option(case: Case, variant_id: int, by: Person | None = None, **more: Any) -> bool:
    return atomically(
        lambda s: change_option(
            s,
            order_id=case.order.id,
            line_id=case.line,
            variant_id=variant_id,
            actor=(by or case.bea).actor,
            now=clock.now(),
            **more,
        )
    )


def other_option(case: Case, *, krw: int = 12_000, on_hand: int = 10) -> int:
    found = make_variant(case.mall, krw=krw, on_hand=on_hand)
    with transaction() as session:
        session.execute(
            text("UPDATE variant SET product_id = (SELECT product_id FROM variant WHERE id = :was) WHERE id = :id"),
            {"was": case.variant, "id": found},
        )
    return found


def move(case: Case, step: Any) -> None:
    atomically(lambda s: move_part(s, part_id=case.part_id, step=step, actor=case.sam.actor, now=clock.now()))


def line1(order_id: uuid.UUID) -> str:
    with reading() as session:
        return str(address_of(session.get_one(Order, order_id).address)["line1"])


def test_the_address_changes_until_a_store_has_packed_it(case: Case) -> None:
    version = rows("SELECT version FROM orders")[0][0]
    assert to(case, version=version)
    assert line1(case.order.id) == ELSEWHERE["line1"]
    assert not to(case, version=version)  # A double click.
    with pytest.raises(OrderChangedError) as changed:
        to(case, ADDRESS_KR, version=version)
    assert changed.value.by == f"user:{case.bea.id}"
    move(case, "accepted")
    assert to(case, ADDRESS_KR)
    move(case, "packed")
    with pytest.raises(TooLateToAmendError):
        to(case)
    with pytest.raises(AmendReasonError):
        to(case, by=case.ada)
    assert to(case, by=case.ada, reason="The buyer called.")
    send(case.part_id, case.sam)
    with pytest.raises(TooLateToAmendError):
        to(case, ADDRESS_KR, by=case.ada, reason="Again")
    payloads = str(rows("SELECT payload FROM audit_row WHERE action = 'order:amended'"))
    assert "The buyer called." in payloads
    assert ELSEWHERE["line1"] not in payloads  # No personal data in the record.


def test_nobody_elses_order_no_other_country_and_nothing_that_is_looked_at(case: Case) -> None:
    with pytest.raises(OrderUnknownError):
        to(case, by=make_person("eve"))
    with pytest.raises(OrderUnknownError):
        to(case, by=case.sam)
    us = {**ADDRESS_KR, "country": "US", "postcode": "10001", "city": "New York", "region": "NY"}
    us["phone"] = "212-555-0123"
    with pytest.raises(CountryFixedError):
        to(case, us)
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO order_hold (id, order_id, part_id, kind, reason, placed_by, placed_at)"
                " VALUES (gen_random_uuid(), :order, :part, 'fraud', 'high_risk', 'system', now())"
            ),
            {"order": case.order.id, "part": case.part_id},
        )
    with pytest.raises(TooLateToAmendError):
        to(case)
    with transaction() as session:
        session.execute(text("UPDATE order_hold SET released_at = now(), released_by = 'system'"))


@pytest.mark.req("ORD-14")
def test_another_option_of_the_same_price_swaps_the_stock_of_what_is_left(case: Case) -> None:
    wanted = other_option(case)
    ask_refund(case.order, {case.line: 1})
    old, new = case.on_hand(), case.on_hand(wanted)
    assert option(case, wanted)
    assert not option(case, wanted)
    assert (case.on_hand(), case.on_hand(wanted)) == (old + 2, new - 2)
    sku = rows("SELECT sku FROM variant WHERE id = :id", id=wanted)
    assert rows("SELECT sku FROM order_line WHERE id = :id", id=case.line) == sku
    # What is cancelled after that goes back to the shelf of the new one.
    ask_refund(case.order, {case.line: 2})
    assert case.on_hand(wanted) == new


def test_no_other_product_no_other_price_and_no_more_than_there_is(case: Case) -> None:
    with pytest.raises(OptionUnfitError):
        option(case, case.other)
    with pytest.raises(OptionUnfitError):
        option(case, other_option(case, krw=13_000))
    scarce = other_option(case, on_hand=2)
    before = case.on_hand()
    with pytest.raises(OutOfStockError):
        option(case, scarce)
    assert (case.on_hand(), case.on_hand(scarce)) == (before, 2)
    move(case, "accepted")
    move(case, "packed")
    with pytest.raises(TooLateToAmendError):
        option(case, other_option(case))
