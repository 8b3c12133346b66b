"""What a campaign would have cost on past orders, and what came of it (CPN-12, CPN-13)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from portal.db import reading
from portal.queries import campaign_replay
from tests.blueprints.campaign_desks import Desks, desks, save
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import make_coupon, make_order

__all__ = ["desks"]


@pytest.mark.req("CPN-12")
def test_a_dry_run_tells_what_past_orders_would_have_cost_and_writes_nothing(books: None, desks: Desks) -> None:
    mall = desks.mall
    bea = make_person("bea")
    make_order(bea, mall, {make_variant(mall, krw=10_000): 2, make_variant(mall, store=1, krw=10_000): 1})
    make_order(bea, mall, {make_variant(mall, krw=3_000): 1})
    made = save(desks.as_mia, **{"c-minimum_spend-minimum-KRW": "20,000"})
    with reading() as session:
        before = session.execute(text("SELECT count(*) FROM audit_row")).scalar_one()
    page = desks.as_mia.get(f"/admin/campaigns/{made}/dry-run?days=7").text
    assert "All 2 paid orders of the last 7 days." in page
    assert "₩3,000 an order" in page
    assert "1: Spend" in page
    own = save(desks.as_sam, "/seller/campaigns/new")
    assert "₩2,000 an order" in desks.as_sam.get(f"/seller/campaigns/{own}/dry-run").text
    with reading() as session:
        assert session.execute(text("SELECT count(*) FROM coupon_use")).scalar_one() == 0
        assert session.execute(text("SELECT count(*) FROM audit_row")).scalar_one() == before + 1
    assert desks.as_sam.get(f"/seller/campaigns/{made}/dry-run").status_code == 404


@pytest.mark.req("CPN-12")
def test_a_large_period_is_sampled_and_says_so(books: None, desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign_replay, "ORDERS_MAX", 2)
    bea = make_person("bea")
    for _ in range(3):
        make_order(bea, desks.mall, {make_variant(desks.mall): 1})
    made = save(desks.as_mia)
    page = desks.as_mia.get(f"/admin/campaigns/{made}/dry-run").text
    assert "A sample: one in 2 of the 3 paid orders of the last 30 days." in page


@pytest.mark.req("CPN-13")
def test_figures_are_those_of_its_uses(books: None, desks: Desks) -> None:
    mall = desks.mall
    made = make_coupon("SHARE", funding="shared", seller_shares={str(mall.store_ids[0]): "40"})
    goods = {make_variant(mall, krw=10_000): 1}
    for name, outcome in (("bea", "captured"), ("cem", "captured"), ("dan", "declined"), ("eve", None)):
        make_order(make_person(name), mall, goods, codes=["SHARE"], outcome=outcome)  # type: ignore[arg-type]  # As it takes them.
    page = desks.as_mia.get(f"/admin/campaigns/{made}/figures").text
    for part in ("₩2,000", "₩1,200", "₩800", "1 being paid now", "is not known."):
        assert part in page, part
    empty = save(desks.as_mia)
    assert "Nobody has used it yet" in desks.as_mia.get(f"/admin/campaigns/{empty}/figures").text
