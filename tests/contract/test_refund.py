"""What every gateway does with refunds (hard case 23: a lost answer is asked about, not sent anew)."""

from dataclasses import replace

import pytest

from portal.gateways.base import (
    Approved,
    NotFound,
    OutcomeUnknownError,
    Refunded,
    RefundFailed,
    RefundRequest,
)
from tests.contract.drivers import Driver


def paid(driver: Driver, amount_minor: int = 10_000) -> tuple[str, str]:
    """An order number and the reference of its charge."""
    request = driver.request(amount_minor=amount_minor)
    outcome = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(outcome, Approved)
    return request.order_number, outcome.gateway_ref


def refund_of(gateway_ref: str, amount_minor: int, number: int = 1) -> RefundRequest:
    return RefundRequest(f"refund-{gateway_ref}-{number}", gateway_ref, amount_minor, "USD", "changed my mind")


def refunded(driver: Driver, order: str) -> int:
    (charge,) = driver.sandbox.charges(order=order)
    return int(charge["refunded"])


@pytest.mark.req("STR-04")
def test_parts_are_refunded_up_to_the_whole_and_no_further(driver: Driver) -> None:
    order, ref = paid(driver)
    first = driver.refund(refund_of(ref, 3_000, 1))
    assert isinstance(first, Refunded)
    assert (first.amount_minor, first.currency) == (3_000, "USD")
    too_much = driver.refund(refund_of(ref, 7_001, 2))
    assert isinstance(too_much, RefundFailed)
    assert too_much.over_cap
    assert isinstance(driver.refund(refund_of(ref, 7_000, 3)), Refunded)
    nothing_left = driver.refund(refund_of(ref, 1, 4))
    assert isinstance(nothing_left, RefundFailed)
    assert nothing_left.over_cap
    assert refunded(driver, order) == 10_000
    state = driver.look_up("", ref)
    assert isinstance(state, Approved)
    assert state.refunded_minor == 10_000


def test_the_same_refund_twice_moves_money_once(driver: Driver) -> None:
    order, ref = paid(driver)
    request = refund_of(ref, 4_000)
    assert driver.gateway.refund(request) == driver.gateway.refund(request)
    assert refunded(driver, order) == 4_000


@pytest.mark.parametrize("trouble", ["timeout_after", "reset_after", "error_after"])
def test_a_refund_whose_answer_was_lost_is_found_by_its_key(driver: Driver, trouble: str) -> None:
    order, ref = paid(driver)
    request = refund_of(ref, 4_000)
    driver.sandbox.fault(kind=trouble, on="refund", order=order)
    with pytest.raises(OutcomeUnknownError):
        driver.gateway.refund(request)
    found = driver.look_up_refund(request)
    assert isinstance(found, Refunded)
    assert driver.look_up_refund(request, found.refund_ref) == found
    assert refunded(driver, order) == 4_000


@pytest.mark.parametrize("trouble", ["reset_before", "error_before"])
def test_a_refund_that_never_happened_is_not_found_and_may_be_sent_again(driver: Driver, trouble: str) -> None:
    order, ref = paid(driver)
    request = refund_of(ref, 4_000)
    driver.sandbox.fault(kind=trouble, on="refund", order=order)
    with pytest.raises(OutcomeUnknownError):
        driver.gateway.refund(request)
    assert driver.look_up_refund(request) == NotFound()
    assert isinstance(driver.refund(request), Refunded)
    assert refunded(driver, order) == 4_000


def test_a_refund_above_the_captured_part_of_a_hold_is_refused(driver: Driver) -> None:
    if not driver.holds:
        pytest.skip("This vendor takes the money at once.")
    request = driver.request(capture=False)
    held = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(held, Approved)
    driver.gateway.capture(
        op_key=f"{request.op_key}-c", gateway_ref=held.gateway_ref, amount_minor=5_000, currency="USD"
    )
    over = driver.refund(refund_of(held.gateway_ref, 5_001))
    assert isinstance(over, RefundFailed)
    assert over.over_cap
    assert isinstance(
        driver.refund(replace(refund_of(held.gateway_ref, 5_000), op_key="r" + held.gateway_ref)), Refunded
    )
