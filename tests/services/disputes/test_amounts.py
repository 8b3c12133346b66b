"""Amounts of a dispute that change under way, more than the payment has, and losses that are undone (STR-05)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from portal.db import reading, transaction
from portal.gateways.base import DisputeState
from portal.kit import clock
from portal.queries.exceptions import ExceptionKind, list_exceptions
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.dispute import make_dispute
from tests.factories.order import MadeOrder, make_gateway, make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("STR-05")

LOST, OPEN = DisputeState.LOST, DisputeState.NEEDS_RESPONSE


@pytest.fixture
def mall(books: None) -> Mall:
    make_gateway("paylink")
    return make_mall()


@pytest.fixture
def order(mall: Mall) -> MadeOrder:
    goods = {make_variant(mall, krw=10_000): 1, make_variant(mall, store=1, krw=20_000): 1}
    return make_order(make_person("bea"), mall, goods)


def standing() -> tuple[int, ...]:
    found = rows("SELECT amount_minor, told_held_minor, held_minor, borne_minor FROM dispute")[0]
    return tuple(int(one) for one in found)


def borne() -> dict[str, int]:
    """What each store has in the books for the dispute."""
    found = rows(
        "SELECT a.owner, sum(p.amount_minor)::int FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        " AND a.kind = 'seller_payable' JOIN ledger_entry e ON e.id = p.entry_id AND e.kind = 'dispute_charged'"
        " GROUP BY 1 HAVING sum(p.amount_minor) <> 0"
    )
    return {str(owner): int(minor) for owner, minor in found}


def unbooked() -> list[int | None]:
    with reading() as session:
        found = list_exceptions(session, now=clock.now(), kind=ExceptionKind.DISPUTE_UNBOOKED)
        return [row.amount_minor for row in found]


@pytest.mark.parametrize("state", [OPEN, LOST])
@pytest.mark.parametrize("amounts", [(9_000, 12_000, 5_000), (12_000, 1, 30_000)])
def test_the_books_follow_an_amount_that_goes_up_and_down(
    order: MadeOrder, state: DisputeState, amounts: tuple[int, ...]
) -> None:
    for amount in amounts:
        make_dispute(order, state=state, reason="product_not_received", amount_minor=amount)
        assert standing() == (amount, amount, amount, amount if state is LOST else 0)
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'dispute:amended'") == [(2,)]
    assert unbooked() == []


def test_a_loss_that_the_bank_takes_back_gives_each_store_what_was_taken_of_it(order: MadeOrder) -> None:
    make_dispute(order, state=LOST, reason="product_not_received")
    taken = borne()
    assert len(taken) == 2
    with transaction() as session:  # What a store brought is another since then: some of it went back to the buyer.
        session.execute(text("UPDATE tender_share SET refunded_minor = 1 WHERE amount_minor > 1"))
    make_dispute(order, state=DisputeState.WON)
    assert (borne(), rows("SELECT borne_by FROM dispute")) == ({}, [({},)])
    with transaction() as session:
        session.execute(text("UPDATE tender_share SET refunded_minor = 0"))


def test_what_the_payment_does_not_have_is_not_booked_and_somebody_looks(order: MadeOrder) -> None:
    captured = rows("SELECT captured_minor FROM payment")[0][0]
    make_dispute(order, amount_minor=captured + 5_000)
    assert standing() == (captured + 5_000, captured + 5_000, captured, 0)
    assert unbooked() == [5_000]
    make_dispute(order, state=LOST, amount_minor=captured + 5_000)
    assert standing()[2:] == (captured, captured)
    make_dispute(order, state=DisputeState.WON, amount_minor=captured + 5_000)
    assert standing()[1:] == (0, 0, 0)
    assert unbooked() == []
