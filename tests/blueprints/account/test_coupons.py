"""Coupons in a buyer's hands: the page of offers, the wallet, its box for codes, and objections (CPN-02, CPN-16)."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from apiflask import APIFlask

from portal.db import atomically
from portal.kit import clock
from portal.queries.coupon_abuse import Finding, load_settings
from portal.rules.coupons.abuse import AbuseRule
from portal.services.accounts.throttle import COUPON_CODE
from portal.services.coupons import find_abuse
from tests.blueprints.desks import browser
from tests.blueprints.pages import send
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.coupon import give, make_campaign, type_code
from tests.factories.refund import rows

OFFERS, WALLET = "/coupons", "/account/coupons"


@pytest.mark.req("CPN-02")
def test_what_can_be_claimed_is_shown_and_claimed(app: APIFlask) -> None:
    make_mall()
    open_, full = make_campaign(cap=2), make_campaign(name={"en": "For the quick", "ko": "선착순"}, cap=1)
    later = clock.now() + timedelta(days=2)
    make_campaign(name={"en": "Soon", "ko": "곧"}, valid_from=later)
    make_campaign("automatic", name={"en": "Of itself", "ko": "자동"})
    make_campaign("grant", name={"en": "A secret", "ko": "비밀"})
    visitor = browser(app)
    assert f"{OFFERS}/{open_}/grants" in visitor.get(OFFERS).text
    assert "/sign-in" in send(visitor, f"{OFFERS}/{open_}/grants").headers["Location"]
    bea, max_ = browser(app, make_person("bea")), browser(app, make_person("max"))
    assert send(bea, f"{OFFERS}/{full}/grants", page=OFFERS).status_code == 303
    shown = max_.get(OFFERS).text
    assert "This coupon has been used up." in shown
    assert "Applies by itself at checkout." in shown
    assert "This coupon is valid from" in shown
    assert "A secret" not in shown
    refused = send(max_, f"{OFFERS}/{full}/grants", page=OFFERS)
    assert refused.status_code == 422
    assert "This coupon has been used up." in refused.text
    assert "For the quick" in bea.get(WALLET).text
    assert send(bea, f"{OFFERS}/4711/grants", page=OFFERS).status_code == 404


@pytest.mark.req("CPN-02", "FRD-05")
def test_codes_that_open_nothing_are_answered_alike_and_then_not_at_all(app: APIFlask) -> None:
    make_mall()
    make_campaign("code", code="REAL2345")
    make_campaign("code", code="PAST2345", valid_until=clock.now() - timedelta(days=1))
    bea = make_person("bea")
    client, box = browser(app, bea), f"{WALLET}/codes"
    unknown = send(client, box, {"code": "NOBODY23"}, page=WALLET)
    past = send(client, box, {"code": "past-2345"}, page=WALLET)
    assert unknown.status_code == past.status_code == 422
    assert "We do not know this code." in unknown.text
    assert "We do not know this code." in past.text
    assert send(client, box, {"code": " "}, page=WALLET).status_code == 422
    for number in range(COUPON_CODE.per_account.times - 2):
        assert send(client, box, {"code": f"GUESS{number}"}, page=WALLET).status_code == 422
    blocked = send(client, box, {"code": "REAL2345"}, page=WALLET)
    assert (blocked.status_code, blocked.headers["X-Error-Code"]) == (429, "too_often")
    assert int(blocked.headers["Retry-After"]) > 0
    assert rows("SELECT count(*) FROM coupon_grant") == [(0,)]
    assert rows("SELECT count(DISTINCT code_index) FROM coupon_act WHERE kind = 'miss'") == [
        (COUPON_CODE.per_account.times,)
    ]


@pytest.mark.req("CPN-16")
def test_the_wallet_shows_what_one_holds_and_what_is_over(app: APIFlask) -> None:
    make_mall()
    bea, now = make_person("bea"), clock.now()
    spend = [{"name": "minimum_spend", "params": {"minimum": {"KRW": 20_000}}}]
    give(make_campaign("grant", name={"en": "To be used"}, conditions=spend, max_discounts={"KRW": 5_000}), bea)
    give(make_campaign("grant", name={"en": "Long ago"}, valid_until=now - timedelta(days=1)), bea)
    give(make_campaign("grant", name={"en": "Almost over"}, valid_until=now - timedelta(hours=1), grace_hours=24), bea)
    give(make_campaign("grant", name={"en": "Withdrawn one"}, state="revoked"), bea)
    client = browser(app, bea)
    held, over, used = (client.get(WALLET + query).text for query in ("", "?view=over", "?view=used"))
    assert "To be used" in held
    assert "10% off" in held
    assert "at most ₩5,000" in held
    assert "from ₩20,000 on" in held
    assert "Almost over" in held
    assert "Still taken" in held
    for name in ("Long ago", "Withdrawn one"):
        assert name in over
        assert name not in held
    assert "No coupon used yet" in used
    assert "No coupons yet" in browser(app, make_person("max")).get(WALLET).text


@pytest.mark.req("CPN-14")
def test_a_suspension_is_objected_to_once_and_by_its_holder_only(app: APIFlask) -> None:
    make_mall()
    bea, max_ = make_person("bea"), make_person("max")
    campaign_id = make_campaign("code", code="SHARED23")
    type_code("SHARED23", bea)
    suspend("SHARED23", campaign_id)
    client = browser(app, bea)
    shown = client.get(WALLET).text
    assert "Suspended while we look at it." in shown
    flag = rows("SELECT id FROM coupon_flag")[0][0]
    page = f"{WALLET}/appeals/{flag}"
    assert page in shown
    assert browser(app, max_).get(page).status_code == 404
    assert send(client, page, {"text": " "}, page=page).status_code == 422
    assert send(client, page, {"text": "I share a <flat>"}, page=page).status_code == 303
    assert "You have written to us about it." in unescape(client.get(WALLET).text)
    assert send(client, page, {"text": "again"}, page="/account/coupons").status_code == 409
    desk = browser(app, make_person("ada", roles=("buyer", "admin")))
    decided = f"/admin/coupon-flags/{flag}"
    assert "I share a &lt;flat&gt;" in desk.get(decided).text
    assert send(desk, f"{decided}/undoing", {"reason": ""}, page=decided).status_code == 422
    assert send(desk, f"{decided}/undoing", {"reason": "One flat"}, page=decided).status_code == 303
    assert send(desk, f"{decided}/confirmation", {"reason": "x"}, page="/admin/coupon-flags").status_code == 409
    assert "Ready to use" in client.get(WALLET).text


def suspend(code: str, campaign_id: int) -> None:
    """As the rule of leaked codes does it."""
    found = Finding(AbuseRule.LEAKED, campaign_id, code, None, None, 5)
    now = clock.now()
    atomically(lambda s: find_abuse.raise_flag(s, found, load_settings(s)[AbuseRule.LEAKED], now))
