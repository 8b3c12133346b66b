"""Goods are exchanged for something cheaper: the difference goes back, to the unit, and the books agree (ORD-005)."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.rules.permissions import SYSTEM
from portal.rules.refund_policy import Party
from portal.rules.returns import ReturnKind
from portal.services.documents.freeze import freeze_credit_note
from portal.services.orders.release_part import release_part
from portal.services.returns.settle_return import send_replacement
from tests.factories.account import ADDRESS_US, Person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, make_coupon, make_order
from tests.factories.parcel import send
from tests.factories.refund import answer_legs, ask_refund, lines_of, rows
from tests.factories.returns import Case
from tests.services.refunds.test_decisions import move_part
from tests.services.refunds.test_hard_cases import balance

pytestmark = pytest.mark.req("ORD-005", "REF-02")


@pytest.fixture
def case(books: None) -> Case:
    return Case()


def option_of(mall: Mall, variant: int, *, krw: int | None = None, usd: int | None = None) -> int:
    found = make_variant(mall, krw=krw, usd=usd)
    with transaction() as session:
        session.execute(
            text("UPDATE variant SET product_id = (SELECT product_id FROM variant WHERE id = :was) WHERE id = :id"),
            {"was": variant, "id": found},
        )
    return found


def exchange(case: Case, wanted: int, count: int, line: uuid.UUID | None = None) -> uuid.UUID:
    """Ask for it, agree, receive and take all of it."""
    line = line or case.line
    asked = case.ask({line: count}, kind=ReturnKind.EXCHANGE, variants={line: wanted})
    case.approve(asked)
    case.receive(asked)
    case.inspect(asked)
    carrier, number = case.send_out()
    atomically(
        lambda s: send_replacement(
            s, return_id=asked, carrier=carrier, number=number, actor=case.sam.actor, now=clock.now()
        )
    )
    return asked


def refund_of(return_id: uuid.UUID) -> uuid.UUID:
    found: uuid.UUID = rows("SELECT refund_id FROM goods_return WHERE id = :id", id=return_id)[0][0]
    return found


def give_back(order: MadeOrder, units: dict[uuid.UUID, int], by: Person) -> int:
    asked = ask_refund(order, units, actor=by.actor, party=Party.ADMIN, reason="goodwill")
    assert answer_legs(asked.refund_id) == "succeeded"
    return int(rows("SELECT total_minor FROM refund WHERE id = :id", id=asked.refund_id)[0][0])


def test_the_difference_of_the_taken_units_goes_back_the_way_it_was_paid(case: Case) -> None:
    asked = exchange(case, option_of(case.mall, case.variant, krw=9_000), 2)
    refund_id = refund_of(asked)
    assert answer_legs(refund_id) == "succeeded"
    assert rows("SELECT total_minor, status, reason FROM refund") == [(6_000, "succeeded", "changed_mind")]
    legs = "SELECT t.type, g.amount_minor, g.destination FROM refund_leg g JOIN tender t ON t.id = g.tender_id"
    assert rows(legs) == [("gateway", 6_000, "original")]
    assert rows("SELECT refunded_quantity, refunded_minor FROM order_line WHERE id = :id", id=case.line) == [(0, 6_000)]
    # The unit that was kept brings all its money back, and what was exchanged what it cost at last.
    assert give_back(case.order, {case.line: 1}, case.ada) == 12_000
    assert give_back(case.order, {case.line: 2}, case.ada) == 18_000


def test_a_unit_that_is_not_taken_brings_nothing_and_prices_are_those_of_the_request(case: Case) -> None:
    wanted = option_of(case.mall, case.variant, krw=9_000)
    asked = case.ask({case.line: 2}, kind=ReturnKind.EXCHANGE, variants={case.line: wanted})
    with transaction() as session:
        session.execute(text("UPDATE price SET amount_minor = 1_000 WHERE variant_id = :id"), {"id": wanted})
    case.approve(asked)
    case.receive(asked)
    case.inspect(asked, accepted=1)
    assert rows("SELECT total_minor FROM refund") == [(3_000,)]


def test_a_difference_above_the_limit_is_refused_with_what_to_do(case: Case) -> None:
    with transaction() as session:
        session.execute(text("INSERT INTO refund_rule (approve_above) VALUES ('{\"KRW\": 5000}')"))
    wanted = option_of(case.mall, case.variant, krw=9_000)
    with pytest.raises(PortalError) as large:
        case.ask({case.line: 2}, kind=ReturnKind.EXCHANGE, variants={case.line: wanted})
    assert large.value.code == "EXCHANGE_DIFFERENCE_TOO_LARGE"
    case.ask({case.line: 1}, kind=ReturnKind.EXCHANGE, variants={case.line: wanted})
    assert rows("SELECT was_minor::int, is_minor::int FROM return_unit") == [(12_000, 9_000)]


@pytest.mark.req("REF-05", "ORD-13")
@pytest.mark.parametrize("released_first", [False, True])
@pytest.mark.parametrize("funding", ["platform", "seller"])
def test_tax_and_coupon_shrink_with_the_price_and_every_cent_finds_its_place(
    books: None, released_first: bool, funding: str
) -> None:
    mall = make_mall()
    case = Case(mall)
    make_coupon(percent=15, funding=funding, store_id=mall.store_ids[0] if funding == "seller" else None)
    variant = make_variant(mall, usd=1_001)
    cheaper = option_of(mall, variant, usd=667)
    order = make_order(case.bea, mall, {variant: 3}, channel=mall.us, codes=["AUTUMN10"], address=ADDRESS_US)
    case.order, case.part_id, case.line = order, order.part_ids[0], lines_of(order)[0]
    case.arrive(send(case.part_id, case.sam).shipment_id)
    asked = exchange(case, cheaper, 2)
    refund_id = refund_of(asked)
    assert answer_legs(refund_id) == "succeeded"
    [(payable, tax, tax_less)] = rows(
        "SELECT payable_minor::int, tax_minor::int, tax_less_minor::int FROM order_line WHERE id = :id", id=case.line
    )
    total = int(rows("SELECT total_minor FROM refund WHERE id = :id", id=refund_id)[0][0])
    # Two of three, and of these a third of the price.
    assert total == round(payable * 2 / 3 * 334 / 1_001)
    assert tax_less == round(tax * 2 / 3 * 334 / 1_001) > 0
    now = clock.now()
    note = atomically(lambda s: freeze_credit_note(s, order_id=order.id, refund_id=refund_id, label="C1", now=now))
    assert (note["total_minor"], note["tax_added_minor"]) == (total, tax_less)

    def release() -> None:
        move_part(order, "delivered")
        atomically(lambda s: release_part(s, part_id=case.part_id, actor=SYSTEM, now=clock.now()))

    if released_first:
        release()
        assert balance("order_escrow", f"order:{order.id}") == 0
    give_back(order, {case.line: 1}, case.ada)
    give_back(order, {case.line: 2}, case.ada)
    if not released_first:
        release()
    assert balance("order_escrow", f"order:{order.id}") == 0
    notes = []
    for (made,) in rows("SELECT id FROM refund WHERE order_id = :id", id=order.id):
        with transaction() as session:
            notes.append(freeze_credit_note(session, order_id=order.id, refund_id=made, label="C", now=now))
    assert sum(one["taxes"][0]["amount_minor"] for one in notes) == tax
    assert rows(
        "SELECT sum(amount_minor - refunded_minor)::int FROM tender_share WHERE line_id = :id", id=case.line
    ) == [(0,)]
