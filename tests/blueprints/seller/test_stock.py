"""Stock on the seller's desk: changed in place, from a file, told when it runs low; never over somebody's head."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import transaction
from portal.kit import clock
from portal.services.stock.watch_stock import watch_stock
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.factories.top_up import work_off_events


@pytest.fixture
def mall(app: APIFlask, books: None) -> Mall:
    return make_mall()


@pytest.fixture
def sam(mall: Mall) -> Person:
    return make_person("sam", store_ids=(mall.store_ids[0],))


def typed(page: str, variant: int, **changes: object) -> dict[str, str]:
    """The form as the page holds it, with some fields typed over."""
    values = fields(page)
    for name in ("on_hand", "safety", "alert_at"):
        values[f"{name}-{variant}"] = str(changes.get(name, values[f"was-{name}-{variant}"]))
    return values | {"reason": str(changes.get("reason", "count")), "note": str(changes.get("note", ""))}


@pytest.mark.req("ORD-10", "ORD-14")
def test_a_count_is_kept_with_who_why_and_from_what(app: APIFlask, mall: Mall, sam: Person) -> None:
    bowl, cup = make_variant(mall, on_hand=10), make_variant(mall, on_hand=5)
    as_sam = browser(app, sam)
    form = typed(as_sam.get("/seller/stock").text, bowl, on_hand=25, alert_at=3, reason="delivery", note="=Mon")
    assert as_sam.post("/seller/stock", data=form).status_code == 303
    assert as_sam.post("/seller/stock", data=form).status_code == 303  # A double click.
    assert rows("SELECT variant_id, delta, reason, made_by, note FROM stock_move") == [
        (bowl, 15, "delivery", f"user:{sam.id}", "=Mon")
    ]
    assert rows("SELECT variant_id, on_hand, alert_at FROM stock ORDER BY 1") == [(bowl, 25, 3), (cup, 5, None)]
    assert rows("SELECT ref FROM audit_row WHERE action = 'stock:counted'") == [(f"variant:{bowl}",)]
    page = as_sam.get(f"/seller/stock/{bowl}").text
    assert all(words in page for words in ("Delivery came in", "Sam", ">10<", ">+15<", ">25<", "=Mon"))


def test_of_two_people_the_second_is_told_and_a_sale_is_not_forgotten(app: APIFlask, mall: Mall, sam: Person) -> None:
    bowl = make_variant(mall, on_hand=10)
    mina = make_person("mina", store_ids=(mall.store_ids[0],))
    as_sam, as_mina = browser(app, sam), browser(app, mina)
    first, late = (typed(one.get("/seller/stock").text, bowl, on_hand=n) for one, n in ((as_sam, 12), (as_mina, 20)))
    assert as_sam.post("/seller/stock", data=first).status_code == 303
    answer = as_mina.post("/seller/stock", data=late)
    assert answer.status_code == 409
    assert "12 are on hand now (Counted, Sam" in html.unescape(answer.text)
    assert re.search(r'name="on_hand-\d+" value="20"', answer.text)  # What was typed is still there.

    stale = typed(as_mina.get("/seller/stock").text, bowl, on_hand=12, safety=1)
    make_order(make_person("bea"), mall, {bowl: 2})
    answer = as_mina.post("/seller/stock", data=stale)
    assert answer.status_code == 409
    assert "10 are on hand now (Sold" in html.unescape(answer.text)
    assert rows("SELECT on_hand, safety FROM stock") == [(10, 0)]


def test_unfit_numbers_and_missing_reasons_change_nothing(app: APIFlask, mall: Mall, sam: Person) -> None:
    bowl = make_variant(mall, on_hand=10)
    with transaction() as session:
        session.execute(text("UPDATE stock SET reserved = 0"))
    as_sam = browser(app, sam)
    page = as_sam.get("/seller/stock").text
    for changes in ({"on_hand": "-1"}, {"on_hand": ""}, {"safety": "x"}, {"on_hand": 11, "reason": ""}):
        assert as_sam.post("/seller/stock", data=typed(page, bowl, **changes)).status_code == 422, changes
    assert rows("SELECT on_hand, safety FROM stock") == [(10, 0)]


def test_goods_are_found_by_a_part_of_their_sku_or_name(app: APIFlask, mall: Mall, sam: Person) -> None:
    make_variant(mall, name="Rice bowl")
    make_variant(mall, name="Tea_cup")
    as_sam, sku = browser(app, sam), rows("SELECT sku FROM variant ORDER BY id")[0][0]

    def found(words: str) -> list[str]:
        page = as_sam.get("/seller/stock", query_string={"q": words}).text
        return [name for name in ("Rice bowl", "Tea_cup") if f"<span>{name}" in page]

    assert found(sku.lower()[2:]) == ["Rice bowl"]
    assert [found("tea_"), found("a_"), found("nothing")] == [["Tea_cup"], ["Tea_cup"], []]


@pytest.mark.req("IDN-02")
def test_a_stranger_changes_nothing(app: APIFlask, mall: Mall, sam: Person) -> None:
    theirs = make_variant(mall, store=1, on_hand=10)
    as_sue = browser(app, make_person("sue", store_ids=(mall.store_ids[1],)))
    form = typed(as_sue.get("/seller/stock").text, theirs, on_hand=1)
    as_sam = browser(app, sam)
    token = {"csrf_token": fields(as_sam.get("/seller/stock").text)["csrf_token"]}
    assert as_sam.post("/seller/stock", data=form | token).status_code == 403
    assert as_sam.get(f"/seller/stock/{theirs}").status_code == 404
    assert browser(app, make_person("bea")).get("/seller/stock").status_code == 403
    assert rows("SELECT on_hand FROM stock") == [(10,)]


def upload(client: FlaskClient, content: str) -> Any:
    token = fields(client.get("/seller/stock/import").text)
    sent = token | {"file": (io.BytesIO(content.encode("utf-8-sig")), "stock.csv")}
    return client.post("/seller/stock/import", data=sent, content_type="multipart/form-data")


def apply(client: FlaskClient, page: str) -> Any:
    kept = re.search(r'<textarea name="text" hidden>(.*?)</textarea>', page, re.DOTALL)
    assert kept
    sent = fields(page) | {"text": html.unescape(kept.group(1)), "reason": "count"}
    return client.post("/seller/stock/counts", data=sent)


@pytest.mark.req("ORD-10")
def test_our_own_file_comes_back_and_read_twice_changes_nothing(app: APIFlask, mall: Mall, sam: Person) -> None:
    bowl, _cup = make_variant(mall, on_hand=10), make_variant(mall, on_hand=5)
    as_sam = browser(app, sam)
    content = as_sam.get("/seller/stock.csv").get_data(as_text=True).removeprefix("\ufeff")
    sku = rows("SELECT sku FROM variant WHERE id = :id", id=bowl)[0][0]
    changed = content.replace(f"{sku},10,0,,10", f"{sku},30,1,4,10")
    assert changed != content
    page = upload(as_sam, changed).text
    assert "1 product changes" in page
    assert "1 row changes nothing" in page
    assert apply(as_sam, page).status_code == 303
    assert rows("SELECT on_hand, safety, alert_at FROM stock ORDER BY variant_id") == [(30, 1, 4), (5, 0, None)]
    assert "Nothing is to be changed" in upload(as_sam, changed).text
    assert apply(as_sam, page).status_code == 303
    assert rows("SELECT count(*) FROM stock_move") == [(1,)]


@pytest.mark.req("ORD-10")
def test_a_file_with_a_bad_row_is_never_half_applied(app: APIFlask, mall: Mall, sam: Person) -> None:
    make_variant(mall, on_hand=10)
    make_variant(mall, store=1, on_hand=10)
    (ours,), (theirs,) = rows("SELECT sku FROM variant ORDER BY id")
    as_sam = browser(app, sam)
    page = upload(as_sam, f"sku,on_hand\n{ours},3\n{theirs},4\nNONE,five\n").text
    assert "2 rows cannot be used" in page
    assert "Your store has no such goods." in page
    assert "Change the stock" not in page
    sent = fields(page) | {"text": f"sku,on_hand\n{ours},3\n{theirs},4\n", "reason": "count"}
    assert as_sam.post("/seller/stock/counts", data=sent).status_code == 422
    assert upload(as_sam, "colour\nred\n").status_code == 422
    assert rows("SELECT DISTINCT on_hand FROM stock") == [(10,)]


@pytest.mark.req("ORD-10")
def test_a_store_is_told_once_for_each_time_that_stock_falls(app: APIFlask, mall: Mall, sam: Person) -> None:
    bowl = make_variant(mall, on_hand=6)
    with transaction() as session:
        session.execute(text("UPDATE stock SET alert_at = 5"))

    def look() -> int:
        with transaction() as session:
            found = watch_stock(session, now=clock.now())
        work_off_events()
        return found

    assert look() == 0
    make_order(make_person("bea"), mall, {bowl: 2})
    assert [look(), look()] == [1, 0]
    as_sam = browser(app, sam)
    assert "Running low" in as_sam.get("/seller/stock?view=low").text
    assert rows("SELECT template, body IS NOT NULL FROM mail WHERE template = 'stock_low'") == [("stock_low", True)]
    assert rows("SELECT kind FROM notice WHERE user_id = :id AND kind = 'stock_low'", id=sam.id) == [("stock_low",)]
    form = typed(as_sam.get("/seller/stock").text, bowl, on_hand=50)
    assert as_sam.post("/seller/stock", data=form).status_code == 303
    assert look() == 0
    form = typed(as_sam.get("/seller/stock").text, bowl, on_hand=1)
    assert as_sam.post("/seller/stock", data=form).status_code == 303
    assert [look(), look()] == [1, 0]
    assert rows("SELECT count(*) FROM mail WHERE template = 'stock_low'") == [(2,)]
