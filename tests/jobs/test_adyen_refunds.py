"""A refund at a gateway that tells instead of being asked: received first, told later, once."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.db import transaction
from portal.jobs.refunds import look_up_leg, send_leg
from portal.kit import clock
from portal.kit.ids import new_token
from portal.rules.refund_policy import Party
from portal.services.checkout.place_order import Placed
from portal.services.refunds.plan_refund import Selection, plan_refund
from portal.services.refunds.request_refund import RefundRequest, request_refund
from tests.factories.refund import rows
from tests.jobs.test_adyen import Shop, receiver, sandbox, shop

# The fixtures of the payments' tests.
__all__ = ["receiver", "sandbox", "shop"]

pytestmark = pytest.mark.req("STR-04", "REF-02")


def ask(shop: Shop, placed: Placed) -> UUID:
    """Everything back; the leg that the gateway is to take."""
    with transaction() as session:
        planned = plan_refund(
            session,
            actor=shop.bea.actor,
            party=Party.BUYER,
            order_id=placed.order_id,
            selection=Selection(),
            reason="changed_mind",
            now=clock.now(),
        )
        request = RefundRequest(new_token(), Selection(), "changed_mind", planned.plan.mark)
        request_refund(
            session,
            actor=shop.bea.actor,
            party=Party.BUYER,
            order_id=placed.order_id,
            request=request,
            now=clock.now(),
        )
    leg_id = rows("SELECT id FROM refund_leg")[0][0]
    assert isinstance(leg_id, UUID)
    return leg_id


def state() -> tuple[str, str]:
    return str(rows("SELECT status FROM refund_leg")[0][0]), str(rows("SELECT status FROM orders")[0][0])


def test_a_refund_is_received_and_its_notice_says_that_it_is_done(shop: Shop) -> None:
    placed = shop.buy()
    shop.charge(placed)
    shop.bring_notices()
    leg_id = ask(shop, placed)
    send_leg(str(leg_id))
    assert state() == ("pending", "paid")
    look_up_leg(str(leg_id))  # Nothing has told of it yet, and nothing is sent again.
    assert state() == ("pending", "paid")
    shop.bring_notices()
    look_up_leg(str(leg_id))
    assert state() == ("succeeded", "refunded")
    shop.bring_notices(again=True)
    assert state() == ("succeeded", "refunded")
    (charge,) = shop.driver.sandbox.charges(order=placed.number, money=False)
    assert charge["refunded"] == 15_000
