"""Rules of mileage and tiers in the administrators' pages: tried, written, read back (BAL-04, BAL-08)."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import transaction
from portal.queries.channels import channel_directory, forget_channels
from portal.queries.loyalty import forget_loyalty
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.loyalty import TIERS, write_version
from tests.factories.order import make_coupon, make_order
from tests.factories.refund import rows

NEW = "/admin/mileage/new"


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    made = make_mall()
    with transaction() as session:
        session.execute(text("""UPDATE channel SET policy = '{"mileage": {"earn_rate": "0.01"}}'"""))
    forget_channels()
    channels = channel_directory()
    return Mall(channels["kr"], channels["us"], made.store_ids, made.section_id)


@pytest.fixture
def mia(mall: Mall) -> Person:
    return make_person("mia", roles=("marketing",))


@pytest.fixture
def client(app: APIFlask, mia: Person) -> FlaskClient:
    return browser(app, mia)


def rule(n: int = 1, **more: Any) -> dict[str, Any]:
    """One rule as the page sends it."""
    return {f"rule{n}-{name}": value for name, value in ({"kind": "percent"} | more).items()}


def send(client: FlaskClient, do: str, *rules: dict[str, Any], path: str = NEW, **more: Any) -> Any:
    data: dict[str, Any] = {"newest": 0, "count": len(rules), "do": do, "life_days": "365"} | more
    data["csrf_token"] = fields(client.get(path).text)["csrf_token"]
    for one in rules:
        data |= one
    return client.post(path, data=data)


@pytest.mark.req("BAL-04")
def test_a_draft_is_tried_on_past_orders_and_nothing_is_written(client: FlaskClient, mall: Mall) -> None:
    bea = make_person("bea")
    make_order(bea, mall, {make_variant(mall, krw=11_000): 1})
    double = rule(1, name="Double week", kind="multiplier", amount="2")
    triple = rule(2, name="Triple", kind="multiplier", amount="3", stores=[str(mall.store_ids[0])])
    page = send(client, "preview", double, triple)
    assert page.status_code == 200
    for said in ("Double week: 2 times the points, for everything", "only the higher multiplier counts"):
        assert said in page.text
    row = page.text[page.text.index("<tr data-channel>") :].partition("</tr>")[0]
    assert [figure in row for figure in (">100<", ">300<", "₩100", "₩300")] == [True] * 4
    assert rows("SELECT count(*) FROM loyalty_version") == [(0,)]
    assert rows("SELECT mileage_promised FROM orders") == [(100,)]


@pytest.mark.req("BAL-04")
def test_a_version_is_written_and_read_back(client: FlaskClient, mall: Mall) -> None:
    make_variant(mall)
    slug = rows("SELECT slug FROM product")[0][0]
    one = rule(name="Bowls", amount="2.5", products=slug, channels=["1"], starts_at="2026-12-01T00:00")
    answer = send(client, "save", one, order_cap="5,000", sign_up_points="1000", note="Bowls")
    assert answer.status_code == 303, answer.text
    forget_loyalty()
    shown = client.get(answer.location).text
    for said in ("Bowls: 2.5% of what is paid, for", "on Portal Korea", "At most 5,000", "Signing up gives 1,000"):
        assert said in shown
    assert "On the orders of the last 30 days" in client.get(answer.location + "?replay=1").text
    again = client.get(f"{NEW}?from=1").text
    assert f'value="{slug}"' in again
    assert 'value="2.5"' in again
    assert send(client, "save", one).status_code == 409
    assert "planned" in client.get("/admin/mileage").text
    assert client.get("/admin/mileage/9").status_code == 404


@pytest.mark.req("BAL-04")
@pytest.mark.parametrize(
    ("wrong", "more", "field"),
    [
        ({"name": ""}, {}, "rule1-name"),
        ({"amount": "many"}, {}, "rule1-amount"),
        ({"amount": "101"}, {}, "rule1-amount"),
        ({"products": "no-such-thing"}, {}, "rule1-products"),
        ({"stores": ["999"]}, {}, "rule1-stores"),
        ({"starts_at": "tomorrow"}, {}, "rule1-period"),
        ({"starts_at": "2026-12-02T00:00", "ends_at": "2026-12-01T00:00"}, {}, "rule1-period"),
        ({}, {"order_cap": "0"}, "order_cap"),
        ({}, {"review_points": "-1"}, "review_points"),
        ({}, {"life_days": "x\x00"}, "life_days"),
        ({}, {"starts_at": "2020-01-01T00:00"}, "starts_at"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    client: FlaskClient, wrong: dict[str, Any], more: dict[str, Any], field: str
) -> None:
    page = send(client, "save", rule(**({"name": "One", "amount": "1"} | wrong)), **more)
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text
    assert f'id="{field}-error"' in page.text
    assert rows("SELECT count(*) FROM loyalty_version") == [(0,)]


@pytest.mark.req("BAL-08")
def test_tiers_are_written_as_a_table(client: FlaskClient, mall: Mall) -> None:
    path = "/admin/tiers/new"
    table = {
        "tier1-code": "bronze", "tier1-en": "Bronze", "tier1-ko": "브론즈", "tier1-from_minor": "0",
        "tier2-code": "gold", "tier2-en": "Gold", "tier2-ko": "골드", "tier2-from_minor": "300,000",
        "tier2-multiplier": "1.5", "period_days": "365",
    }  # fmt: skip
    wrong = send(client, "", path=path, **(table | {"tier2-from_minor": "0", "tier1-ko": "", "period_days": "0"}))
    assert wrong.status_code == 422
    for field in ("tier2-from_minor", "tier1-en", "period_days"):
        assert f'id="{field}-error"' in wrong.text
    answer = send(client, "", path=path, **table)
    assert answer.status_code == 303, answer.text
    forget_loyalty()
    assert "₩300,000" in client.get(answer.location).text
    assert send(client, "", path=path, **table).status_code == 409
    assert rows("SELECT body -> 'tiers' -> 1 ->> 'multiplier' FROM loyalty_version") == [("1.5",)]


@pytest.mark.req("BAL-08")
def test_a_tier_gives_coupons_and_whoever_reaches_it_sees_what_it_gives(
    app: APIFlask, client: FlaskClient, mall: Mall
) -> None:
    given = make_coupon("GIVEN", distribution="grant", name={"en": "Hello gold", "ko": "골드 환영"})
    typed = make_coupon("TYPED")
    conditions = [{"name": "tier", "params": {"any_of": ["gold"]}}]
    make_coupon("FREE", distribution="automatic", name={"en": "Free way", "ko": "무료"}, conditions=conditions)
    path = "/admin/tiers/new"
    table = {
        "tier1-code": "bronze", "tier1-en": "Bronze", "tier1-ko": "브론즈", "tier1-from_minor": "0",
        "tier2-code": "gold", "tier2-en": "Gold", "tier2-ko": "골드", "tier2-from_minor": "300,000",
        "period_days": "365",
    }  # fmt: skip
    page = client.get(path).text
    assert f'id="tier2-welcome-{given}"' in page
    assert f'id="tier2-welcome-{typed}"' not in page
    wrong = send(client, "", path=path, **table, **{"tier2-welcome": [given, typed]})
    assert wrong.status_code == 422
    assert 'id="tier2-welcome-error"' in wrong.text
    answer = send(client, "", path=path, **table, **{"tier2-welcome": given})
    assert answer.status_code == 303, answer.text
    assert "Hello gold" in client.get(answer.location).text
    write_version(make_person("ada", roles=("admin",)), "tiers", rows("SELECT body FROM loyalty_version")[0][0])
    shown = browser(app, make_person("bea")).get("/account/mileage?lang=en").text
    assert "Gold gives you:" in shown
    assert shown.index("Free way") < shown.index("Hello gold")


@pytest.mark.req("BAL-04", "BAL-08")
def test_others_do_not_come_in(app: APIFlask, mall: Mall, mia: Person) -> None:
    write_version(mia, "tiers", TIERS)
    ops = browser(app, make_person("ops", roles=("operations",)))
    for path in ("/admin/mileage", NEW, "/admin/tiers", "/admin/tiers/1", "/admin/tiers/new"):
        assert ops.get(path).status_code == 403
