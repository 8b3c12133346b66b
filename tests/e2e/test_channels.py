"""Two channels of one running portal: what is done on one shows on the other, and a channel stops everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from examples.portal_api import Portal, RefusedError
from portal.bench.own import Running
from portal.config import Settings
from portal.db import reading, transaction
from portal.kit.ids import new_code
from portal.queries.channels import KEPT_FOR_S, channel_directory
from portal.rules.permissions import Permission
from portal.stack import processes
from tests.e2e.test_examples import key_for
from tests.factories.account import PASSWORD, make_person
from tests.factories.cart import put_into_cart

PATIENCE_S = 60
BUYING = (Permission.CATALOGUE_VIEW, Permission.CART_EDIT, Permission.PAYMENT_INITIATE, Permission.ORDER_VIEW)
ADDRESS = {"name": "김베아", "phone": "010-1234-5678", "postcode": "04524", "line1": "서울특별시 중구 세종대로 110"}
# Goods that both channels sell, with units to spare.
_BOTH = text(
    """
    SELECT k.variant_id FROM price_now k JOIN price_now u ON u.variant_id = k.variant_id
      JOIN channel kr ON kr.id = k.channel_id AND kr.code = 'kr'
      JOIN channel us ON us.id = u.channel_id AND us.code = 'us'
      JOIN stock s ON s.variant_id = k.variant_id AND s.on_hand - s.reserved > 20
      JOIN variant v ON v.id = k.variant_id AND v.state = 'active'
      JOIN product p ON p.id = v.product_id AND p.state = 'active' LIMIT 1
    """
)
_STATE = text("UPDATE channel SET state = :state, notices = :notices, version = version + 1 WHERE code = 'kr'")


@pytest.fixture
def opened(chromium: Browser, portal: Running, shop: Settings) -> Iterator[Callable[[str, str], Page]]:
    """Sign somebody in, in a browser of its own, on a channel."""
    contexts = []

    def enter(email: str, channel: str) -> Page:
        context = chromium.new_context(locale="en-US")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.goto(f"{portal.base}/{channel}/sign-in")
        page.fill("main input[name=email]", email)
        page.fill("main input[name=password]", PASSWORD)
        page.press("main input[name=password]", "Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        page.goto(f"{portal.base}/{channel}/cart")
        return page

    yield enter
    for context in contexts:
        context.close()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.req("CAT-02", "CHN-06")
def test_what_one_browser_changes_shows_in_another_one_on_another_channel(
    opened: Callable[[str, str], Page], portal: Running
) -> None:
    person = make_person(f"bea-{new_code(6).lower()}", locale="en")
    with reading() as session:
        variant_id, kr = session.scalars(_BOTH).one(), channel_directory(session)["kr"]
    put_into_cart(person.actor, kr, variant_id)
    korea, america = opened(person.email, "kr"), opened(person.email, "us")
    expect(america.locator("#cart-count")).to_have_text("1")
    america.evaluate("window.isTheSame = true")
    quantity = korea.locator("#cart input[name=quantity]")
    quantity.fill("3")
    quantity.press("Enter")
    expect(korea.locator("#cart-count")).to_have_text("3")
    expect(america.locator("#cart-count")).to_have_text("3", timeout=PATIENCE_S * 1000)
    assert america.evaluate("window.isTheSame") is True  # It was not loaded anew.


@pytest.mark.slow
@pytest.mark.req("CHN-02")
def test_maintenance_stops_purchases_in_processes_that_nobody_tells_of_it(portal: Running, shop: Settings) -> None:
    api = Portal(portal.base, key_for("stop", "kr", *BUYING))
    with reading() as session:
        variant_id = session.scalars(_BOTH).one()

    def order() -> None:
        api.send("PUT", f"/cart/lines/{variant_id}", {"quantity": 1})
        quote = api.send("POST", "/quote", {"method": "wallet"})
        body = {"fingerprint": quote["fingerprint"], "method": "wallet", "address": ADDRESS}
        body |= {"contact": {"email": "bea@example.com"}, "return_url": "https://partner.example/back"}
        body |= {"consents": {one["kind"]: one["version"] for one in quote["consents"]}}
        api.send("POST", "/orders", body, key=new_code(12))

    order()
    put("maintenance")
    try:
        # Each process reads the state anew before what it knows is two seconds old.
        assert KEPT_FOR_S < 2
        assert processes.wait_until(lambda: is_refused(order), timeout_s=PATIENCE_S)
        assert not is_refused(lambda: api.get("/orders"))
    finally:
        put("live")
    assert processes.wait_until(lambda: not is_refused(order), timeout_s=PATIENCE_S)


def put(state: str) -> None:
    with transaction() as session:
        session.execute(_STATE, {"state": state, "notices": '{"en": "Back at noon.", "ko": "정오에 다시 엽니다."}'})


def is_refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except RefusedError as refusal:
        return refusal.code == "channel_closed"
    return False
