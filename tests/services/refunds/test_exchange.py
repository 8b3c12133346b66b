"""Refunds in another currency than the platform's: the payment's rate, and what that costs today (REF-07)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.gateways.base import RefundFailed
from portal.kit import clock
from tests.factories.account import ADDRESS_US, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import MadeOrder, give_deposit, make_order
from tests.factories.rates import give_rates
from tests.factories.refund import answer_legs, ask_refund, lines_of, rows, settle

pytestmark = [pytest.mark.req("REF-07"), pytest.mark.usefixtures("books")]

_LEGS = "SELECT g.amount_minor, g.platform_minor, g.fx_loss_minor FROM refund_leg g ORDER BY g.id"
_BALANCE = (
    "SELECT a.currency, coalesce(sum(p.amount_minor), 0)::bigint FROM ledger_posting p JOIN ledger_account a"
    " ON a.id = p.account_id WHERE a.kind = 'fx_difference' GROUP BY a.currency"
)


def buy(*, deposit_minor: int = 0) -> MadeOrder:
    """Three bowls for 3.33 dollars, 5.00 for sending, 8% tax; a dollar is 1,300 won."""
    mall, bea = make_mall(), make_person("bea")
    if deposit_minor:
        give_deposit(bea, deposit_minor, currency="USD")
    goods = {make_variant(mall, usd=333): 3}
    return make_order(bea, mall, goods, channel=mall.us, address=ADDRESS_US, deposit_minor=deposit_minor)


def dollar_is(won: int) -> None:
    give_rates(as_of=clock.now() - timedelta(minutes=1), KRW=str(won * 11 // 10))


@pytest.mark.parametrize(("won", "gain"), [(1_400, -2_105), (1_200, 2_107), (1_300, None)])
def test_every_partial_refund_books_its_difference_and_all_add_up_to_the_payment(won: int, gain: int | None) -> None:
    order = buy()
    assert order.gateway_minor == 1_619
    dollar_is(won)
    line = lines_of(order)[0]
    answer_legs(ask_refund(order, {line: 1}).refund_id)
    answer_legs(ask_refund(order, {line: 1}).refund_id)
    answer_legs(ask_refund(order).refund_id)
    legs = rows(_LEGS)
    assert sum(leg[0] for leg in legs) == 1_619
    assert sum(leg[1] for leg in legs) == rows("SELECT platform_minor FROM payment")[0][0] == 21_047
    booked = rows(_BALANCE)
    assert -sum(leg[2] for leg in legs) == (booked[0][1] if booked else 0)
    if gain is None:
        assert booked == []
    else:
        assert booked[0][0] == "KRW"
        assert abs(booked[0][1] - (21_047 - 1_619 * won // 100)) <= 2  # Each leg is rounded once.


def test_the_difference_of_a_whole_refund_is_exact() -> None:
    order = buy()
    dollar_is(1_400)
    answer_legs(ask_refund(order).refund_id)
    assert rows(_LEGS) == [(1_619, 21_047, 22_666 - 21_047)]
    assert rows(_BALANCE) == [("KRW", -1_619)]
    kinds = rows("SELECT kind FROM ledger_entry WHERE order_id = :id ORDER BY id", id=order.id)
    assert ("fx_difference",) in kinds


def test_what_goes_back_to_the_deposit_stays_in_its_currency() -> None:
    order = buy(deposit_minor=1_000)
    dollar_is(1_400)
    answer_legs(ask_refund(order).refund_id)
    gateway = [leg for leg in rows(_LEGS) if leg[1] is not None]
    assert [(leg[0], leg[1]) for leg in gateway] == [(619, 8_047)]
    assert rows(_BALANCE) == [("KRW", 8_047 - 8_666)]


def test_a_refund_that_comes_back_takes_its_difference_along() -> None:
    order = buy()
    dollar_is(1_400)
    refund_id = ask_refund(order).refund_id
    answer_legs(refund_id)
    leg_id = rows("SELECT id FROM refund_leg")[0][0]
    settle(leg_id, RefundFailed("re_1", "account_closed"))
    assert rows(_BALANCE) == [("KRW", 0)]
    assert rows(_LEGS) == [(1_619, None, None)]


def test_without_a_rate_of_today_nothing_is_booked() -> None:
    order = buy()
    assert rows("SELECT fx_rate FROM payment")[0][0] == 1_300
    answer_legs(ask_refund(order).refund_id)
    assert rows(_LEGS) == [(1_619, 21_047, 0)]
    assert rows(_BALANCE) == []
