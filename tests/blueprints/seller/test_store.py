"""What a store says of itself, when it takes no orders, and where its money goes."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.db import atomically, transaction
from portal.kit import clock
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.cart.errors import StorePausedError
from portal.services.payouts.change_bank import BankChangedError, BankForbiddenError, change_bank
from tests.blueprints.desks import browser
from tests.blueprints.forms import form_with
from tests.blueprints.seller.test_products import photo
from tests.factories.account import Person, make_person
from tests.factories.bank import BANK, give_bank
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.refund import rows
from tests.factories.step_up import confirmed, with_session
from tests.factories.top_up import work_off_events

PROFILE = "/seller/profile"
REASON = {"pause-en": "We are at the kiln.", "pause-ko": "가마에 있습니다."}


@pytest.fixture
def mall(app: APIFlask, books: None) -> Mall:
    return make_mall()


@pytest.fixture
def sam(mall: Mall) -> Person:
    return with_session(make_person("sam", store_ids=(mall.store_ids[0],)))


@pytest.fixture
def as_sam(app: APIFlask, sam: Person) -> FlaskClient:
    return browser(app, sam)


def profile(client: FlaskClient, **changes: Any) -> dict[str, Any]:
    return form_with(client.get(PROFILE).text, "contact_email") | {"name-ko": "한옥"} | changes


def post(client: FlaskClient, form: dict[str, Any]) -> TestResponse:
    return client.post(PROFILE, data=form, content_type="multipart/form-data")


@pytest.mark.req("CAT-01", "BAL-12")
def test_a_store_says_who_it_is_and_how_it_is_reached(app: APIFlask, mall: Mall, as_sam: FlaskClient) -> None:
    make_variant(mall)
    words = {"description-en": "Bowls.", "contact_email": "hi@hanok.kr", "contact_phone": "02-123-4567"}
    form = profile(as_sam, **words, **{"name-en": "Hanok House", "return_address": "1 Kiln Road\nIcheon"})
    assert post(as_sam, form | {"picture_file": photo()}).status_code == 303
    page = browser(app).get("/kr/stores/hanok").text
    assert all(one in page for one in ("Hanok House", "Bowls.", "hi@hanok.kr", "02-123-4567", "/kr/photos/"))
    assert rows("SELECT count(*) FROM listing WHERE search_text LIKE '%hanok house%'") == [(2,)]
    [(kept, phone)] = rows("SELECT contact_email, contact_phone FROM store WHERE slug = 'hanok'")
    assert b"hanok" not in bytes(kept)
    assert b"4567" not in bytes(phone)
    assert rows("SELECT ref FROM audit_row WHERE action = 'store:saved'") == [(f"store:{mall.store_ids[0]}",)]


@pytest.mark.req("CAT-01")
def test_of_two_colleagues_the_second_is_told(app: APIFlask, mall: Mall, as_sam: FlaskClient) -> None:
    mina = browser(app, make_person("mina", store_ids=(mall.store_ids[0],)))
    late = profile(as_sam, **{"name-en": "Mine"})
    assert post(mina, profile(mina, **{"name-en": "Hers"})).status_code == 303
    refused = post(as_sam, late)
    assert refused.status_code == 409
    page = html.unescape(refused.text)
    assert "Mina changed this store on" in page
    assert all(one in page for one in (">Hers<", ">Mine<"))
    assert post(as_sam, form_with(refused.text, "contact_email")).status_code == 303
    assert rows("SELECT name ->> 'en', version FROM store WHERE slug = 'hanok'") == [("Mine", 3)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name-en": ""}, "in both languages"),
        ({"description-en": "x" * 1001}, "at most 1,000 characters"),
        ({"contact_email": "nobody"}, "Enter an e-mail address"),
        ({"contact_phone": "call me"}, "Enter a phone number"),
        ({"pause": "1"}, "Tell buyers in both languages"),
        ({"pause": "1", "pause_until": "2020-01-01", **REASON}, "not in the past"),
        ({"picture": "photo.0199f1a2-0000-7000-8000-000000000000"}, "does not belong to your store"),
    ],
)
def test_what_cannot_stand_in_a_profile_is_refused(as_sam: FlaskClient, changes: dict[str, str], sentence: str) -> None:
    answer = post(as_sam, profile(as_sam, **changes))
    assert answer.status_code == 422
    assert sentence in html.unescape(answer.text)
    assert rows("SELECT DISTINCT version FROM store") == [(1,)]


@pytest.mark.req("CAT-02")
def test_a_store_that_pauses_sells_nothing_and_says_why(app: APIFlask, mall: Mall, as_sam: FlaskClient) -> None:
    bowl, cup = make_variant(mall), make_variant(mall, store=1)
    bea = make_person("bea")
    as_bea = browser(app, bea)
    with transaction() as session:
        for one in (bowl, cup):
            add_to_cart(session, actor=bea.actor, channel_id=mall.kr.id, variant_id=one, quantity=1, now=clock.now())
    until = (clock.now() + timedelta(days=9)).date().isoformat()
    assert post(as_sam, profile(as_sam, pause="1", pause_until=until, **REASON)).status_code == 303
    form = profile(as_sam)
    assert (form["pause"], form["pause_until"]) == ("1", until)
    cart = html.unescape(as_bea.get("/kr/cart").text)
    assert "Hanok takes no orders until" in cart
    assert "We are at the kiln." in cart
    assert "₩12,000" in cart  # The other store's goods can still be bought.
    with pytest.raises(StorePausedError), transaction() as session:
        add_to_cart(session, actor=bea.actor, channel_id=mall.kr.id, variant_id=bowl, quantity=1, now=clock.now())
    assert "We are at the kiln." in html.unescape(browser(app).get("/kr/stores/hanok").text)
    del form["pause"]
    assert post(as_sam, form).status_code == 303
    assert "takes no orders" not in as_bea.get("/kr/cart").text


@pytest.mark.req("BAL-13", "IDN-04", "BAL-12")
def test_another_bank_account_is_proved_told_and_rests(
    app: APIFlask, mall: Mall, sam: Person, as_sam: FlaskClient
) -> None:
    store, now = mall.store_ids[0], clock.now()
    with pytest.raises(StepUpNeededError):
        atomically(lambda s: change_bank(s, store_id=store, bank=BANK, version=0, actor=sam.actor, now=now))
    assert confirmed(
        sam.actor, lambda s: change_bank(s, store_id=store, bank=BANK, version=0, actor=sam.actor, now=now)
    )
    assert rows("SELECT payouts_wait_until FROM store_bank") == [(None,)]
    same = dict(BANK)
    assert not atomically(lambda s: change_bank(s, store_id=store, bank=same, version=0, actor=sam.actor, now=now))
    other = BANK | {"number": "999-888-777666"}
    with pytest.raises(BankChangedError):
        atomically(lambda s: change_bank(s, store_id=store, bank=other, version=0, actor=sam.actor, now=now))
    assert confirmed(
        sam.actor, lambda s: change_bank(s, store_id=store, bank=other, version=1, actor=sam.actor, now=now)
    )
    assert rows("SELECT payouts_wait_until FROM store_bank") == [(now + timedelta(days=3),)]
    [(kept,)] = rows("SELECT details FROM store_bank")
    assert b"777666" not in bytes(kept)
    assert rows("SELECT count(*) FROM audit_row WHERE payload LIKE '%777666%'") == [(0,)]
    work_off_events()
    assert rows("SELECT count(*) FROM mail WHERE template = 'bank_changed'") == [(2,)]
    page = html.unescape(as_sam.get("/seller/bank").text)
    assert "•••• 7666" in page
    assert "999-888" not in page
    assert "Payouts wait until" in page
    form = form_with(page, "bank_number")
    wrong = as_sam.post("/seller/bank", data=form | {"bank_bank": "KB", "bank_number": "x", "bank_holder": "Sam"})
    assert wrong.status_code == 422
    asked = as_sam.post("/seller/bank", data=form | {f"bank_{name}": value for name, value in BANK.items()})
    assert "/step-up/" in asked.headers["Location"]


def test_nobody_gives_the_account_of_another_store(mall: Mall) -> None:
    give_bank(mall.store_ids[0])
    sue = with_session(make_person("sue", store_ids=(mall.store_ids[1],)))
    now = clock.now()
    with pytest.raises(BankForbiddenError):
        atomically(lambda s: change_bank(s, store_id=mall.store_ids[0], bank=BANK, version=1, actor=sue.actor, now=now))
