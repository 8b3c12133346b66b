"""Cancel and give back on the buyer's page: two clicks, amounts before the last, nothing of anybody else's (B27)."""

from __future__ import annotations

import re
from html import unescape

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.blueprints.confirming import by_mail, path_of, through
from tests.blueprints.desks import browser
from tests.blueprints.pages import send
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import MadeOrder, give_deposit, make_coupon, make_order
from tests.factories.parcel import send as send_parcel
from tests.factories.refund import answer_legs, lines_of, rows

pytestmark = pytest.mark.req("REF-01")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


def make_case(app: APIFlask) -> tuple[FlaskClient, MadeOrder]:
    mall, bea = make_mall(), make_person("bea")
    give_deposit(bea, 5_000)
    goods = {make_variant(mall, krw=12_000): 2, make_variant(mall, store=1, krw=5_500): 1}
    return browser(app, bea), make_order(bea, mall, goods, deposit_minor=5_000)


@pytest.mark.ux("B25", "B27")
def test_of_an_order_that_is_partly_sent_the_rest_is_cancelled_and_pages_say_how_far_it_is(app: APIFlask) -> None:
    mall, bea = make_mall(), make_person("bea")
    order = make_order(bea, mall, {make_variant(mall, krw=12_000): 3, make_variant(mall, krw=5_500): 1})
    client, path = browser(app, bea), f"/orders/{order.number}"
    assert "Being prepared" in client.get("/orders").text
    assert "Return or exchange" not in client.get(path).text
    first, second = lines_of(order)
    send_parcel(order.part_ids[0], make_person("sam", store_ids=(mall.store_ids[0],)), {first: 2})

    for page in (client.get("/orders?state=under_way").text, client.get(path).text):
        assert "Partly sent" in page
    shown = unescape(client.get(f"{path}/refund").text)
    assert f"Cancel what was not sent of order {order.number}" in shown
    assert 'data-total="17500"' in shown
    assert "2 of them are on their way" in shown
    assert "It arrived damaged" not in shown
    answer = send(
        client,
        f"{path}/refunds",
        {"shown": hidden(shown, "shown"), "key": hidden(shown, "key"), "reason": "changed_mind"}
        | {f"units-{first}": "1", f"units-{second}": "1"},
        page=f"{path}/refund",
    )
    assert answer.status_code == 303
    assert rows("SELECT total_minor FROM refund") == [(17_500,)]


@pytest.mark.ux("B27")
@pytest.mark.req("REF-04")
def test_two_clicks_cancel_an_order_and_the_page_follows_the_money(app: APIFlask) -> None:
    client, order = make_case(app)
    page = f"/orders/{order.number}/refund"
    assert page in client.get(f"/orders/{order.number}").text
    shown = unescape(client.get(page).text)
    assert "₩5,000" in shown
    assert f"₩{order.gateway_minor:,}" in shown
    answer = send(
        client,
        f"/orders/{order.number}/refunds",
        {"shown": hidden(shown, "shown"), "key": hidden(shown, "key"), "reason": "changed_mind"},
        page=page,
    )
    assert answer.status_code == 303
    live = unescape(client.get(f"/orders/{order.number}").text)
    assert "Your order is cancelled, and your money is on its way" in live
    assert "Will be sent in a moment" in live
    assert "every 2s" in live
    answer_legs(rows("SELECT id FROM refund")[0][0])
    after = unescape(client.get(f"/orders/{order.number}").text)
    assert 'data-refund="succeeded"' in after
    assert "every 2s" not in after


def test_units_of_one_line_are_asked_for_and_the_preview_follows(app: APIFlask) -> None:
    client, order = make_case(app)
    first, second = lines_of(order)
    wish = {f"units-{first}": "1", f"units-{second}": "0", "reason": "changed_mind"}
    part = client.get(
        f"/orders/{order.number}/refund",
        query_string=wish,
        headers={"HX-Request": "true", "HX-Target": "refund-plan"},
    ).text
    assert part.lstrip().startswith(('<aside id="refund-plan"', "\n"))
    assert 'data-total="12000"' in part
    assert "shipping fee" in part


@pytest.mark.req("REF-05")
def test_the_plan_says_what_is_asked_back_of_a_discount_before_the_last_click(app: APIFlask) -> None:
    mall, bea = make_mall(), make_person("bea")
    make_coupon(percent=10, minimum={"KRW": 30_000}, on_refund="ask_back")
    order = make_order(bea, mall, {make_variant(mall, krw=20_000): 2}, codes=["AUTUMN10"])
    client, page = browser(app, bea), f"/orders/{order.number}/refund"
    shown = unescape(client.get(page, query_string={f"units-{lines_of(order)[0]}": "1"}).text)
    # 18,000 less the 2,000 that the other one was cheaper.
    assert 'data-total="16000"' in shown
    assert "its discount on that, ₩2,000, is taken off" in shown
    assert "₩2,000" not in unescape(client.get(page).text).partition('id="refund-plan"')[2]


def test_what_changed_since_it_was_shown_is_shown_again(app: APIFlask) -> None:
    client, order = make_case(app)
    page = f"/orders/{order.number}/refund"
    data = {"shown": "something else", "key": "k", "reason": "changed_mind"}
    answer = send(client, f"/orders/{order.number}/refunds", data, page=page)
    assert answer.status_code == 409
    assert "has changed since you saw it" in answer.text
    assert rows("SELECT count(*) FROM refund") == [(0,)]


@pytest.mark.req("IDN-02")
def test_a_stranger_finds_nothing(app: APIFlask) -> None:
    _, order = make_case(app)
    stranger = browser(app, make_person("max"))
    assert stranger.get(f"/orders/{order.number}/refund").status_code == 404
    answer = send(stranger, f"/orders/{order.number}/refunds", {"shown": "x", "key": "k"}, page="/orders")
    assert answer.status_code == 404
    assert rows("SELECT count(*) FROM refund") == [(0,)]


@pytest.mark.req("IDN-04")
def test_a_large_refund_is_confirmed_first_and_goes_on_with_what_was_shown(app: APIFlask) -> None:
    mall, bea = make_mall(), make_person("bea")
    order = make_order(bea, mall, {make_variant(mall, krw=250_000): 3})
    (line,) = lines_of(order)
    client, page = browser(app, bea), f"/orders/{order.number}/refund"

    shown = client.get(page, query_string={f"units-{line}": "3", "reason": "changed_mind"}).text
    assert "You are asked to confirm it a second time" in shown
    data = {
        "shown": hidden(shown, "shown"),
        "key": hidden(shown, "key"),
        "reason": "changed_mind",
        f"units-{line}": "3",
    }
    path = path_of(send(client, f"/orders/{order.number}/refunds", data, page=page))
    assert f"of order {order.number}" in unescape(client.get(path).text)
    assert rows("SELECT count(*) FROM refund") == [(0,)]
    done = through(client, by_mail(client, path))
    assert (done.status_code, done.location) == (303, f"/orders/{order.number}")
    assert rows("SELECT kind FROM refund") == [("full",)]


@pytest.mark.req("IDN-04")
def test_up_to_the_threshold_nothing_is_asked(app: APIFlask) -> None:
    mall, bea = make_mall(), make_person("bea")
    order = make_order(bea, mall, {make_variant(mall, krw=250_000): 3})
    (line,) = lines_of(order)
    client, page = browser(app, bea), f"/orders/{order.number}/refund"
    shown = client.get(page, query_string={f"units-{line}": "2", "reason": "changed_mind"}).text
    assert "₩500,000" in shown
    data = {
        "shown": hidden(shown, "shown"),
        "key": hidden(shown, "key"),
        "reason": "changed_mind",
        f"units-{line}": "2",
    }
    assert send(client, f"/orders/{order.number}/refunds", data, page=page).location == f"/orders/{order.number}"
