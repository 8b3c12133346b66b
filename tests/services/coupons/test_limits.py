"""Every limit of a campaign is counted when an order is placed, and given back with it (CPN-04, CPN-09)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from portal.db import reading, transaction
from portal.kit.errors import PortalError
from portal.models import Campaign
from portal.services.coupons.claim_uses import lock_limits
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import answer, make_coupon, make_gateway, make_order
from tests.factories.purchase import ready_to_buy


def counters() -> dict[tuple[str, str], int]:
    with reading() as session:
        rows = session.execute(text("SELECT scope, entity, used FROM campaign_counter WHERE used > 0"))
        return {(row.scope, row.entity): row.used for row in rows}


@pytest.mark.req("CPN-04", "CPN-09")
def test_an_order_that_is_given_up_gives_every_limit_back(books: None) -> None:
    mall = make_mall()
    make_coupon("ALL", per_day_cap=1, per_code_cap=1, budgets={"KRW": 1_500}, cap=1, per_user_cap=1)
    order = make_order(make_person("bea"), mall, {make_variant(mall, krw=10_000): 1}, codes=["ALL"], outcome=None)
    used = counters()
    assert used.pop(("budget", "KRW")) == 1_000
    assert used.pop(("code", "ALL")) == 1
    assert list(used.values()) == [1]
    answer(order, "declined")
    assert counters() == {}
    make_order(make_person("cem"), mall, {make_variant(mall, krw=10_000): 1}, codes=["ALL"])
    assert counters()["budget", "KRW"] == 1_000


@pytest.mark.req("CPN-04")
@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ({"per_day_cap": 1}, "COUPON_DAY_USED_UP"),
        ({"per_code_cap": 1}, "COUPON_CODE_USED_UP"),
        ({"budgets": {"KRW": 1_999}}, "COUPON_BUDGET_SPENT"),
        ({"cap": 1}, "COUPON_USED_UP"),
    ],
)
def test_who_was_quoted_before_the_last_use_went_is_refused(books: None, limit: dict[str, Any], code: str) -> None:
    mall = make_mall()
    make_gateway()
    make_coupon("LAST", **limit)
    goods = {make_variant(mall, krw=10_000): 1}
    late = ready_to_buy(make_person("cem"), mall.kr, goods, codes=["LAST"])
    make_order(make_person("bea"), mall, goods, codes=["LAST"])
    with pytest.raises(PortalError) as refused:
        late()
    # The page is made anew with what it costs now; the claim itself refuses whoever comes in the same moment.
    assert refused.value.code in {"changed_since_shown", code}


@pytest.mark.req("CPN-04")
def test_what_is_left_of_a_budget_is_granted_and_no_more(books: None) -> None:
    mall = make_mall()
    make_coupon("POT", budgets={"KRW": 1_500})
    for name in ("bea", "cem"):
        make_order(make_person(name), mall, {make_variant(mall, krw=10_000): 1}, codes=["POT"])
    with reading() as session:
        discounts = session.scalars(text("SELECT discount_minor FROM orders ORDER BY placed_at")).all()
    assert discounts == [1_000, 500]
    assert counters() == {("budget", "KRW"): 1_500}


@pytest.mark.req("CPN-04")
def test_a_day_is_the_channels_own(books: None, monkeypatch: pytest.MonkeyPatch) -> None:
    evening = datetime(2036, 11, 27, 14, 59, tzinfo=UTC)  # A minute to midnight in Seoul.
    mall = make_mall()
    monkeypatch.setattr("portal.kit.clock.now", lambda: evening - timedelta(days=1))
    make_coupon("DAY", per_day_cap=1)
    for now in (evening, evening + timedelta(minutes=1)):
        monkeypatch.setattr("portal.kit.clock.now", lambda now=now: now)
        make_order(
            make_person(f"b{now.minute}", now=evening - timedelta(days=400)),
            mall,
            {make_variant(mall): 1},
            codes=["DAY"],
        )
    assert counters() == {("day", "2036-11-27"): 1, ("day", "2036-11-28"): 1}


@pytest.mark.req("CPN-10")
@pytest.mark.parametrize(
    ("state", "code"), [("paused", "COUPON_PAUSED"), ("revoked", "COUPON_REVOKED"), ("ended", "COUPON_USED_UP")]
)
def test_a_campaign_that_stops_between_quote_and_claim_gives_no_use(
    books: None, monkeypatch: pytest.MonkeyPatch, state: str, code: str
) -> None:
    mall = make_mall()
    make_gateway()
    make_coupon("NOW", cap=9)
    press = ready_to_buy(make_person("bea"), mall.kr, {make_variant(mall): 1}, codes=["NOW"])

    def stop_first(session: Session, **more: Any) -> None:
        session.execute(update(Campaign).values(state=state))
        lock_limits(session, **more)

    monkeypatch.setattr("portal.services.checkout.place_order.lock_limits", stop_first)
    with pytest.raises(PortalError) as refused:
        press()
    assert refused.value.code == code


@pytest.mark.req("CPN-09", "CPN-10")
@pytest.mark.parametrize("state", ["paused", "revoked", "ended"])
def test_a_use_that_is_reserved_outlives_its_campaign(books: None, state: str) -> None:
    """Who has been sent to pay was promised this price: what happens to the campaign meanwhile is for the next."""
    mall = make_mall()
    make_coupon("KEPT", cap=3, budgets={"KRW": 5_000})
    order = make_order(make_person("bea"), mall, {make_variant(mall, krw=10_000): 1}, codes=["KEPT"], outcome=None)
    with transaction() as session:
        session.execute(update(Campaign).values(state=state, version=2))
    answer(order, "captured")
    with reading() as session:
        row = session.execute(text("SELECT u.status, o.status, o.payable_minor FROM coupon_use u, orders o")).one()
    assert tuple(row) == ("redeemed", "paid", row[2])
    assert counters() == {("budget", "KRW"): 1_000}
