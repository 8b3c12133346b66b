"""Kept parts of pages: changes show at once, each reader gets his own, and nothing of a person gets into them."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import update

from portal.blueprints import kept
from portal.db import transaction
from portal.kit import clock
from portal.models import Channel, Section
from portal.queries.channels import forget_channels
from portal.queries.sections import forget_sections
from portal.rules.permissions import SYSTEM
from portal.services.accounts.save_address import save_address
from portal.services.catalogue.save_products import save_products
from tests.blueprints.checkout.checkouts import CONSENTS, NEW_ADDRESS, Desk, make_desk
from tests.factories.account import ADDRESS_KR
from tests.services.catalogue.mall import NOW, build, cup


def test_brand_section_and_price_show_at_once(app: APIFlask) -> None:
    client = app.test_client()
    with transaction() as session:
        mall = build(session)
        drafts = [cup(mall, number, price=10_000) for number in (1, 2)]
        save_products(session, actor=SYSTEM, drafts=drafts, now=NOW)
    before = client.get("/kr/products/cup-1?lang=en").text
    assert before.count("₩10,000") >= 2, "its own price and that of the other cup, on a card"
    with transaction() as session:
        save_products(session, actor=SYSTEM, drafts=[cup(mall, 2, price=12_340)], now=NOW)
        session.execute(update(Section).values(name={"en": "Vessels", "ko": "그릇"}))
        session.execute(update(Channel).values(brand={"name": "Other mall", "colour": "#0a7f3f"}))
    forget_sections()
    forget_channels()
    after = client.get("/kr/products/cup-1?lang=en").text
    assert "₩12,340" in after
    assert "Vessels" in after
    assert "Vessels" not in before
    assert "brand-0a7f3f" in after
    assert "brand-0a7f3f" not in before
    assert "그릇" in client.get("/kr/products/cup-1?lang=ko").text
    assert 'href="/us/sections/' not in after
    forget_sections()
    forget_channels()


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that is asked of the store of kept parts from here on, with its arguments."""
    seen: list[str] = []
    inner = kept._rendered

    def note(*key: Any) -> Any:
        text = inner(*key)
        seen.append(f"{key!r} {text}")
        return text

    monkeypatch.setattr(kept, "_rendered", note)
    return seen


def test_nothing_of_a_person_gets_into_what_is_kept(app: APIFlask, rendered: list[str]) -> None:
    desk: Desk = make_desk(app)
    bea = desk.bea
    assert bea is not None
    with transaction() as session:
        save_address(session, user_id=bea.id, fields=ADDRESS_KR, now=clock.now())
    page = desk.open()
    token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    chosen: dict[str, Any] = {"code": "SECRET-CODE", "deposit": "7,777", "address_id": "new", **NEW_ADDRESS}
    desk.update(**chosen)
    paying: dict[str, Any] = {"method": "credit_card", "name": "Someone Typed", **CONSENTS}
    desk.update(**paying)
    for address in ("/kr/cart", "/kr/search?q=wanted-by-bea", "/kr/account", "/kr/account/orders"):
        desk.client.get(address)
    assert len(rendered) > 20
    everything = "\n".join(rendered)
    personal = [bea.email, ADDRESS_KR["name"], ADDRESS_KR["phone"], ADDRESS_KR["line1"], token]
    typed = ["SECRET-CODE", "7,777", "Someone Typed", "wanted-by-bea"]
    assert [one for one in personal + typed if one in everything] == []
