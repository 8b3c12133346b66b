"""The box at the head of the desks: what one may see, found by whatever one holds in hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import (
    CashReceipt,
    CashReceiptWish,
    GiftCard,
    Invoice,
    Payout,
    RiskCase,
    SellerPayout,
    SellerStatement,
    Withdrawal,
)
from portal.queries import keyset
from portal.queries.finding.everything import MALL, find_everything, only_exact
from portal.queries.finding.words import Words
from portal.services.mark_people import mark_people
from tests.blueprints.desks import browser
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.dispute import make_dispute
from tests.factories.order import LONG_AGO, MadeOrder, make_coupon, make_order
from tests.factories.parcel import send
from tests.factories.refund import ask_refund, rows
from tests.factories.ticket import make_ticket

ADMIN = ("admin",)


def _mark() -> None:
    with transaction() as session:
        while mark_people(session):
            pass


def _location(app: APIFlask, person: Person, words: str, desk: str = "admin") -> str:
    answer = browser(app, person).get(f"/{desk}/search", query_string={"q": words})
    return answer.headers.get("Location", answer.text)


def _views() -> list[tuple[object, ...]]:
    return rows("SELECT ref, payload::json #>> '{after,what}' FROM audit_row WHERE action = 'user:viewed'")


@pytest.mark.req("PAY-13", "IDN-05")
@pytest.mark.parametrize("few", [1_000, 0])
def test_an_order_is_found_by_its_buyers_phone_and_name_and_that_is_recorded(
    app: APIFlask, shop: Shopful, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(keyset, "FEW", few)  # A name may be rare or common.
    _mark()
    ada = make_person("ada", roles=ADMIN)
    for words in ("+82 10-1234-5678", "김 베아"):
        assert shop.order.number in _location(app, ada, words)
    assert set(_views()) == {(f"user:{shop.bea.id}", "search")}

    seen = len(_views())
    assert _location(app, ada, shop.order.number).endswith(f"/admin/orders/{shop.order.number}")
    assert len(_views()) == seen


@pytest.mark.req("PAY-13")
def test_a_new_address_is_found_and_the_old_one_is_not(app: APIFlask, shop: Shopful) -> None:
    _mark()
    with transaction() as session:
        session.execute(text("UPDATE orders SET marks = NULL, contact = NULL, address = NULL"))
    _mark()

    assert "Nothing was found" in _location(app, make_person("ada", roles=ADMIN), "010-1234-5678")


@pytest.mark.req("PAY-13")
def test_the_one_thing_that_was_meant_opens(app: APIFlask, shop: Shopful) -> None:
    ada = make_person("ada", roles=ADMIN)
    campaign = make_coupon("AUTUMN10")
    ticket = make_ticket(shop.bea)
    refund = ask_refund(make_order(shop.bea, shop.mall, {make_variant(shop.mall): 1})).refund_id
    tracking = rows("SELECT tracking_number FROM shipment")[0][0]
    sku = rows("SELECT sku FROM variant LIMIT 1")[0][0]
    dispute = make_dispute(make_order(shop.bea, shop.mall, {make_variant(shop.mall): 1}))
    expected = {
        shop.order.number[3:].lower(): f"/admin/orders/{shop.order.number}",
        str(shop.order.id): f"/admin/orders/{shop.order.number}",
        f" {tracking[:4]}-{tracking[4:]}": f"/admin/orders/{shop.order.number}",
        str(shop.order.gateway_ref): f"/admin/payments/{shop.order.payment_id}",
        shop.bea.email.upper(): f"/admin/users/{shop.bea.id}",
        shop.bea.id.hex[-8:]: f"/admin/users/{shop.bea.id}",
        "autumn-10": f"/admin/campaigns/{campaign}",
        ticket.number.lower(): f"/admin/tickets/{ticket.id}",
        str(refund): f"/admin/refunds/{refund}",
        str(dispute): f"/admin/disputes/{dispute}",
        sku.lower(): "/products/",
    }

    found = {words: _location(app, ada, words) for words in expected}

    assert {words: where[: len(expected[words])] for words, where in found.items()} == expected


@pytest.mark.req("PAY-13")
def test_papers_and_payouts_are_found_by_what_stands_on_them(session: Session, app: APIFlask) -> None:
    mall, bea = make_mall(), make_person("bea", now=LONG_AGO)
    order = make_order(bea, mall, {make_variant(mall): 1})
    assert order.payment_id
    now, amount = clock.now(), {"currency": "KRW", "amount_minor": 1_000}
    later = now + timedelta(days=9)
    statement = SellerStatement(
        id=new_id(), store_id=mall.store_ids[0], currency="KRW", number=1, label="KR-1-S-0001", period_start=now,
        period_end=later, lines=0, closed_at=now, opening_minor=0, sales_minor=0, own_coupons_minor=0,
        mall_coupons_minor=0, refunds_minor=0, commission_minor=0, other_minor=0, closing_minor=0,
    )  # fmt: skip
    withdrawal = Withdrawal(
        id=new_id(), user_id=bea.id, idem_key="k", status="approved", requested_at=now, returned_minor=0, **amount
    )
    session.add_all([statement, withdrawal, CashReceiptWish(
        payment_id=order.payment_id, kind="personal", number="01012345678", created_at=now
    )])  # fmt: skip
    session.flush()
    things = {
        "gift_card": GiftCard(
            id=new_id(), buyer_id=bea.id, payment_id=order.payment_id, channel_id=1, state="active", code="ABCD",
            code_index=b"x", code_end="WXYZ", recipient="b", sender="s", message="m", locale="en", created_at=now,
            **amount,
        ),
        "payout": SellerPayout(
            id=new_id(), statement_id=statement.id, store_id=mall.store_ids[0], state="waiting", made_at=now,
            reference="BANK-77", **amount,
        ),
        "withdrawal": Payout(
            id=new_id(), user_id=bea.id, withdrawal_id=withdrawal.id, bank="{}", state="waiting", requested_at=now,
            reference="BANK-88", **amount,
        ),
        "cash_receipt": CashReceipt(
            id=new_id(), payment_id=order.payment_id, n=1, key="c", status="issued", issue_number="G100200300",
            sent_at=now, **amount,
        ),
        "invoice": Invoice(
            id=new_id(), number="KR-I-000001", user_id=bea.id, channel_id=1, order_id=order.id, currency="KRW",
            total_minor=1_000, state="open", issued_at=now, due_at=later,
        ),
        "case": RiskCase(
            id=(case_id := new_id()), user_id=bea.id, state="open", score=80, currency="KRW", stake_minor=1,
            expected_loss_minor=1, opened_at=now, due_at=later, alarm_at=now,
        ),
    }  # fmt: skip
    session.add_all(things.values())
    session.flush()
    asked = {
        "wxyz": "gift_card",
        "kr-1-s-0001": "payout",
        "BANK-77": "payout",
        "BANK-88": "withdrawal",
        "G100200300": "cash_receipt",
        "kr-i-000001": "invoice",
        str(case_id): "case",
    }

    found = {
        words: only_exact(find_everything(session, words=Words(words), finders=MALL, may=lambda _: True))
        for words in asked
    }

    session.rollback()
    assert {words: hit and hit.kind for words, hit in found.items()} == asked


@pytest.mark.req("IDN-02", "IDN-05")
def test_permission_decides_which_kinds_are_shown(app: APIFlask, shop: Shopful) -> None:
    _mark()
    mia = make_person("mia", roles=("marketing",))

    assert "Nothing was found" in _location(app, mia, shop.order.number)
    assert "Nothing was found" in _location(app, mia, shop.bea.email)
    assert "010" not in _location(app, mia, "010-1234-5678").split("</head>")[1].split("<main")[1].split("“")[0]
    assert _views() == []
    assert _location(app, mia, "maru") == f"/admin/stores/{shop.mall.store_ids[1]}"
    assert "/admin/stores/" in _location(app, mia, "ano")


@pytest.mark.req("IDN-02", "ORD-10")
@pytest.mark.parametrize("few", [1_000, 0])
def test_a_seller_finds_his_own_things_and_nobody_elses(
    app: APIFlask, shop: Shopful, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(keyset, "FEW", few)
    _mark()
    other = make_order(shop.bea, shop.mall, {make_variant(shop.mall, store=1): 1})
    _mark()
    sam = make_person("sam", store_ids=shop.mall.store_ids[:1])

    assert _location(app, sam, shop.order.number, "seller").endswith(f"/seller/orders/{shop.order.part_ids[0]}")
    assert "Nothing was found" in _location(app, sam, other.number, "seller")
    page = _location(app, sam, "01012345678", "seller")
    assert (shop.order.number in page, other.number in page) == (True, False)
    assert "Nothing was found" in _location(app, sam, str(shop.order.gateway_ref), "seller")
    sku, product = rows(
        "SELECT v.sku, v.product_id FROM variant v JOIN order_line l ON l.variant_id = v.id WHERE l.order_id = :id",
        id=shop.order.id,
    )[0]
    assert _location(app, sam, sku, "seller").endswith(f"/seller/products/{product}")  # Not what buyers see.
    inbox = browser(app, sam).get("/seller/orders?q=김베아").text
    assert (shop.order.number in inbox, other.number in inbox) == (True, False)


def test_the_box_suggests_without_leaving_the_page(app: APIFlask, shop: Shopful) -> None:
    heads = {"HX-Request": "true", "HX-Target": "suggestions"}
    answer = browser(app, make_person("ada", roles=ADMIN)).get(f"/admin/search?q={shop.order.number}", headers=heads)

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div class="suggestions" id="suggestions"')
    assert f'href="/admin/orders/{shop.order.number}"' in answer.text


class Shopful:
    """A mall with an order that was sent."""

    def __init__(self) -> None:
        self.mall: Mall = make_mall()
        self.bea: Person = make_person("bea", now=LONG_AGO)
        self.order: MadeOrder = make_order(self.bea, self.mall, {make_variant(self.mall): 1})
        send(self.order.part_ids[0], make_person("sue", store_ids=self.mall.store_ids[:1]))


@pytest.fixture
def shop(app: APIFlask) -> Shopful:
    return Shopful()
