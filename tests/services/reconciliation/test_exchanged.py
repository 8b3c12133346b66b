"""A gateway that settles in another currency than it charged: compared by the charge, the rest is booked (REF-07)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.db import database, transaction
from portal.gateways.settlement import Movement, MovementKind
from portal.kit import clock
from portal.queries.settlement_differences import Difference, settlement_differences
from portal.rules.permissions import SYSTEM
from portal.services.reconciliation.receive_report import receive_report, report_bounds
from tests.factories.account import ADDRESS_US, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import MadeOrder, make_gateway, make_order
from tests.factories.rates import give_rates
from tests.factories.refund import answer_legs, ask_refund, rows

pytestmark = [pytest.mark.req("REF-07", "BAL-11"), pytest.mark.usefixtures("books")]


def buy() -> MadeOrder:
    """27.00 dollars, which are 35,100 won at the payment's rate."""
    mall = make_mall()
    return make_order(make_person("bea"), mall, {make_variant(mall): 2}, channel=mall.us, address=ADDRESS_US)


def settled(ref: str, won: int, cents: int, *, fee: int = 0, charged: str = "USD", **refs: str | None) -> Movement:
    kind = MovementKind.CHARGE if won > 0 else MovementKind.REFUND
    return Movement(ref, kind, "KRW", won, fee, clock.now(), charged_currency=charged, charged_minor=cents, **refs)


def receive(*movements: Movement) -> None:
    account_id = make_gateway()
    with transaction() as session:
        receive_report(
            session,
            gateway_account_id=account_id,
            source="tests",
            period=report_bounds(movements),
            movements=movements,
            actor=SYSTEM,
            now=clock.now(),
        )


def differences() -> list[Difference]:
    with database.snapshot() as session:
        return list(settlement_differences(session))


def balances(kind: str) -> dict[str, int]:
    return {
        row[0]: row[1]
        for row in rows(
            "SELECT a.currency, sum(p.amount_minor)::bigint FROM ledger_posting p JOIN ledger_account a"
            " ON a.id = p.account_id WHERE a.kind = :kind GROUP BY a.currency HAVING sum(p.amount_minor) <> 0",
            kind=kind,
        )
    }


def test_a_charge_settled_in_won_agrees_and_its_difference_is_booked() -> None:
    order = buy()
    receive(settled("m1", 35_500, 2_700, fee=500, charge_ref=order.gateway_ref))
    assert differences() == []
    assert balances("gateway_clearing") == {"KRW": -35_000}
    assert balances("fx_difference") == {"KRW": 400}
    assert balances("gateway_fee") == {"KRW": -500}


def test_another_amount_than_was_charged_is_still_a_difference() -> None:
    order = buy()
    receive(settled("m1", 35_500, 2_699, charge_ref=order.gateway_ref))
    (found,) = differences()
    assert (found.kind, found.currency, found.expected_minor, found.found_minor) == (
        "charge_amount",
        "USD",
        2_700,
        2_699,
    )


def test_another_currency_without_a_word_of_what_was_charged_is_a_difference() -> None:
    order = buy()
    receive(Movement("m1", MovementKind.CHARGE, "KRW", 2_700, 0, clock.now(), charge_ref=order.gateway_ref))
    assert [(one.kind, one.currency) for one in differences()] == [("charge_amount", "KRW")]


def test_a_refund_costs_in_sum_what_it_costs_beyond_the_payment() -> None:
    order = buy()
    give_rates(as_of=clock.now() - timedelta(minutes=1), KRW="1540")  # A dollar is 1,400 won now.
    answer_legs(ask_refund(order).refund_id)
    assert balances("fx_difference") == {"KRW": 35_100 - 37_800}
    refund_ref = rows("SELECT gateway_ref FROM refund_leg")[0][0]
    receive(
        settled("m1", 35_100, 2_700, charge_ref=order.gateway_ref),
        settled("m2", -38_000, -2_700, charge_ref=order.gateway_ref, refund_ref=refund_ref),
    )
    assert differences() == []
    assert balances("fx_difference") == {"KRW": 35_100 - 38_000}
    assert balances("gateway_clearing") == {"KRW": 38_000 - 35_100}


def test_a_third_currency_is_valued_at_the_rate_of_its_moment() -> None:
    order = buy()
    euro = Movement(
        "m1", MovementKind.CHARGE, "EUR", 2_500, 0, clock.now(), order.gateway_ref, None, "USD", order.gateway_minor
    )
    receive(euro)
    assert balances("fx_difference") == {"EUR": 2_500 - 2_455}  # 27.00 dollars at 1.1 are 24.55 euros.
    assert balances("gateway_clearing") == {"EUR": -2_500}
