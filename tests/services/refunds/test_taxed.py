"""Orders in dollars with tax on top: what goes back, what the tax office and the seller keep (REF-07)."""

from __future__ import annotations

import pytest

from portal.db import atomically
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.rules.refund_policy import Party
from portal.services.orders.release_part import release_part
from tests.factories.account import ADDRESS_US, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import give_deposit, make_coupon, make_order
from tests.factories.refund import answer_legs, ask_refund, lines_of, rows
from tests.services.refunds.test_decisions import move_part
from tests.services.refunds.test_hard_cases import balance

pytestmark = pytest.mark.req("REF-07", "REF-05")


@pytest.mark.parametrize("released_first", [False, True])
@pytest.mark.parametrize("funding", ["platform", "seller"])
def test_every_cent_finds_its_place(books: None, released_first: bool, funding: str) -> None:
    mall = make_mall()
    bea, ada = make_person("bea"), make_person("ada", roles=("buyer", "admin"))
    make_coupon(percent=15, funding=funding, store_id=mall.store_ids[0] if funding == "seller" else None)
    give_deposit(bea, 777, currency="USD")
    goods = {make_variant(mall, usd=333): 3, make_variant(mall, usd=1_001): 2}
    order = make_order(bea, mall, goods, channel=mall.us, codes=["AUTUMN10"], deposit_minor=777, address=ADDRESS_US)
    move_part(order, "shipped", "delivered")

    def give_back(units: dict[int, int]) -> None:
        lines = lines_of(order)
        wanted = {lines[n]: count for n, count in units.items()}
        asked = ask_refund(order, wanted, actor=ada.actor, party=Party.ADMIN, reason="goodwill")
        assert answer_legs(asked.refund_id) == "succeeded"

    def release() -> None:
        atomically(lambda s: release_part(s, part_id=order.part_ids[0], actor=SYSTEM, now=clock.now()))

    if released_first:
        release()
    give_back({0: 1})
    give_back({0: 1, 1: 1})
    if not released_first:
        release()
    assert balance("order_escrow") == 0
    give_back({0: 1, 1: 1})
    assert balance("order_escrow") == 0
    fee = rows("SELECT sum(amount_minor - refunded_minor)::int FROM tender_share WHERE part_id IS NOT NULL")[0][0]
    # Only the shipping fee stays: with the seller and, its tax, with the office.
    assert balance("seller_payable") + balance("tax_payable") == fee
    assert (balance("commission"), balance("coupon_cost")) == (0, 0)
    assert rows("SELECT sum(amount_minor - refunded_minor)::int FROM tender_share WHERE line_id IS NOT NULL") == [(0,)]
