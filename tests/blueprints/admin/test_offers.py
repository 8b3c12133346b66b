"""Offers to choose from, on the desk and before the eyes of buyers (INC-04, INC-05, INC-06)."""

from __future__ import annotations

import re

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.db import transaction
from portal.kit import clock
from portal.models import OfferModel
from portal.queries.offers import forget_offers
from tests.blueprints.desks import browser, counted, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.consent import allow_offers
from tests.factories.coupon import make_campaign
from tests.factories.refund import rows

NEW = "/admin/offers/new"
JUDGED = {"matched": 60, "ips": [1.0, 0.5, 1.5], "dr": None}
CARD = {
    "judged": 100,
    "unit_minor": 1_000,
    "currency": "KRW",
    "as_it_was": [1.0, 0.5, 1.5],
    "others": [{"name": "none", "title": ""} | JUDGED, {"name": "1", "title": "Ten"} | JUDGED],
}


@pytest.mark.req("INC-04", "INC-05")
def test_an_offer_is_written_started_shown_explained_taken_and_judged(app: APIFlask) -> None:
    mall, ada = make_mall(), make_person("ada", roles=("admin",))
    bea = make_person("bea")
    desk, shop = browser(app, ada), browser(app, bea)
    allow_offers(bea.id, mall.kr.id)
    assert "No offers yet" in desk.get("/admin/offers").text
    token = {"csrf_token": fields(desk.get(NEW).text)["csrf_token"]}
    campaign = str(make_campaign("grant"))
    typed = token | {"title": "Ten", "campaign_id": campaign, "people_max": "50", "position": "1"}
    wrong = desk.post(NEW, data=typed | {"people_max": "0", "title": " ", "position": "-1"})
    assert wrong.status_code == 422
    assert "Say to how many people it is offered at most." in wrong.text
    assert desk.post(NEW, data=typed).status_code == 303
    forget_offers()
    # Nobody sees a draft, and its look costs nothing.
    shop.get("/kr/")
    assert 'id="offer"' not in shop.get("/kr/").text
    with counted() as sent:
        shop.get("/kr/")
    assert not [one for one in sent if "offer_choice" in one]
    started = desk.post("/admin/offers/1/state", data=token | {"do": "start", "version": "1"})
    assert started.status_code == 303
    assert desk.post("/admin/offers/1/state", data=token | {"do": "start", "version": "1"}).status_code == 409
    # The draw may come to nothing, and he may be in the control group: then somebody else is asked.
    page = shop.get("/kr/").text
    while 'id="offer"' not in page:
        asked = rows("SELECT count(*) FROM offer_choice")[0][0]
        bea = make_person(f"bea{asked}")
        allow_offers(bea.id, mall.kr.id)
        shop = browser(app, bea)
        page = shop.get("/kr/").text
    assert "Why do I see this?" in page
    assert "You allow offers that are chosen for you." in page
    with counted() as sent:
        assert 'id="offer"' in shop.get("/kr/cart").text
    assert len([one for one in sent if "offer_choice" in one]) == 1
    found = re.search(r'action="(/kr/offers/\d+)/coupon"', page)
    assert found
    own = {"csrf_token": fields(page)["csrf_token"], "next": "/cart"}
    assert browser(app, ada).post(f"{found[1]}/coupon", data=own).status_code in {302, 303, 400}
    taken = shop.post(f"{found[1]}/coupon", data=own)
    assert (taken.status_code, taken.location) == (303, "/kr/cart")
    assert 'id="offer"' not in shop.get("/kr/cart").text
    assert rows("SELECT count(*) FROM coupon_grant") == [(1,)]
    gone = shop.post("/kr/offers/999/dismissal", data=own, follow_redirects=True)
    assert "This offer is not there any more." in gone.text
    with transaction() as session:
        session.add(OfferModel(model={}, card=CARD, choices=100, fitted_at=clock.now()))
    said = desk.get("/admin/offers").text
    assert "Nothing for anybody" in said
    assert "too few choices were so" in said
    assert "Ten for everybody" in said


@pytest.mark.req("INC-05")
def test_strategies_and_models_are_changed_and_put_back_on_their_pages(app: APIFlask) -> None:
    make_mall()
    ada = make_person("ada", roles=("admin",))
    desk = browser(app, ada)
    page = desk.get("/admin/offers/strategy")
    assert "the usual holds" in page.text
    typed = {"mode": "rules", "every_days": "20", "window_days": "10", "fraud_percent": "5", "roii": "-0.5"}
    typed |= fields(page.text)
    wrong = desk.post("/admin/offers/strategy", data=typed | {"fraud_percent": "x", "every_days": "5"})
    assert wrong.status_code == 422
    assert "A choice stands at least as long as purchases are followed." in wrong.text
    assert "Say a percentage from 0 to 100." in wrong.text
    assert desk.post("/admin/offers/strategy", data=typed).status_code == 303
    assert desk.post("/admin/offers/strategy", data=typed).status_code == 409
    token = {"csrf_token": typed["csrf_token"]}
    desk.post("/admin/offers/strategy", data=typed | {"newest": "1", "mode": "learned"})
    assert desk.post("/admin/offers/strategy/1", data=token | {"newest": "2"}).status_code == 303
    assert rows("SELECT version, body ->> 'mode' FROM offer_strategy ORDER BY 1") == [
        (1, "rules"),
        (2, "learned"),
        (3, "rules"),
    ]
    assert "Untrained" in desk.get("/admin/offers/models").text
    with transaction() as session:
        session.add_all(OfferModel(model={}, card=CARD, choices=n, fitted_at=clock.now()) for n in (1, 2))
    assert desk.post("/admin/offers/models", data=token | {"model": "9", "do": "pin"}).status_code == 404
    desk.post("/admin/offers/models", data=token | {"model": "1", "do": "pin"})
    assert "yes, until somebody lets it go" in desk.get("/admin/offers/models").text
    desk.post("/admin/offers/models", data=token | {"model": "2", "do": "follow"})
    desk.post("/admin/offers/models", data=token | {"model": "", "do": "pin"})
    assert rows("SELECT model_version, is_pinned FROM offer_model_place ORDER BY id") == [
        (1, True),
        (2, False),
        (None, True),
    ]
    with transaction() as session:
        placed = session.execute(text("SELECT count(*) FROM audit_row WHERE action = 'offer_model:placed'")).scalar()
    assert placed == 3
