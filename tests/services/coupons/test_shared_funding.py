"""A discount that the platform and sellers share: everybody bears what was agreed, to the unit (CPN-15)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.db import reading
from portal.kit import clock
from portal.queries.store_order import load_store_order
from portal.rules.coupons.funding import Funder, Funding, read_funding
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_coupon, make_order
from tests.factories.refund import rows
from tests.services.orders.test_release_part import deliver, posted, release


@pytest.mark.req("CPN-15")
@given(amount=st.integers(0, 10**12), percent=st.decimals(0, 100, places=2))
def test_both_parts_are_whole_and_nobody_pays_more_than_the_discount(amount: int, percent: Decimal) -> None:
    shared = Funding(Funder.SHARED, {7: percent})
    assert 0 <= shared.platform_minor(amount, 7) <= amount
    assert shared.platform_minor(amount, 8) == amount
    assert Funding(Funder.SELLER).platform_minor(amount, 7) == 0
    assert Funding().platform_minor(amount, 7) == amount
    assert read_funding("shared", {"7": str(percent)}) == shared


@pytest.mark.req("CPN-15", "BAL-01")
def test_a_discount_over_two_sellers_is_paid_for_as_agreed(books: None) -> None:
    mall = make_mall()
    first, second = mall.store_ids
    make_coupon("BOTH", percent=10, funding="shared", seller_shares={str(first): "40", str(second): "25.5"})
    goods = {make_variant(mall, krw=10_000): 2, make_variant(mall, store=1, krw=10_000): 1}
    order = make_order(make_person("bea"), mall, goods, codes=["BOTH"])
    # 2,000 is taken off the first store's goods, of which it bears 800; 1,000 off the second's, which bears 255.
    assert rows("SELECT amount_minor, platform_minor FROM discount_share ORDER BY id") == [(2_000, 1_200), (1_000, 745)]
    assert posted("coupon_cost") == -1_945
    seen = []
    for part_id, store_id in zip(order.part_ids, mall.store_ids, strict=True):
        with reading() as session:
            part = load_store_order(session, part_id=part_id, store_ids=[store_id], now=clock.now())
        assert part is not None
        seen.append((part.own_discount_minor, part.mall_discount_minor))
    assert seen == [(800, 1_200), (255, 745)]
    deliver(order)
    assert all(release(part_id) for part_id in order.part_ids)
    assert posted("order_escrow") == 0
    # Goods without the seller's part, shipping, and a commission of a tenth of the goods.
    assert rows(
        "SELECT sum(p.amount_minor)::bigint FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        " WHERE a.kind = 'seller_payable' GROUP BY a.owner ORDER BY a.owner"
    ) == [(19_200 + 3_000 - 1_920,), (9_745 + 3_000 - 975,)]
