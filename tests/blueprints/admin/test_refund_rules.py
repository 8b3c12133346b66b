"""The page of refund rules: a rule is set, holds for later orders, and is refused at its field (REF-01)."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.kit import clock
from tests.blueprints.admin.test_taxes import plain
from tests.blueprints.desks import browser, fields
from tests.factories import parcel
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall
from tests.factories.order import make_order
from tests.factories.refund import lines_of, rows
from tests.factories.returns import Case

pytestmark = pytest.mark.req("REF-01", "ORD-005")

PAGE = "/admin/refund-rules"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def client(app: APIFlask, mall: Mall) -> FlaskClient:
    return browser(app, make_person("rita", roles=("admin",)))


def send(client: FlaskClient, path: str = PAGE, **more: Any) -> Any:
    token = fields(client.get(PAGE).text)["csrf_token"]
    return client.post(path, data={"csrf_token": token} | more)


def order_again(case: Case) -> Case:
    """Bea buys the same once more, and has it."""
    case.order = make_order(case.bea, case.mall, {case.variant: 3, case.other: 1})
    case.part_id = case.order.part_ids[0]
    case.line, case.line2 = lines_of(case.order)
    case.arrive(parcel.send(case.part_id, case.sam).shipment_id)
    return case


def reasons_offered(app: APIFlask, case: Case) -> str:
    return browser(app, case.bea).get(f"/orders/{case.order.number}/returns/new").text


def test_a_rule_holds_for_what_is_ordered_after_it_and_earlier_orders_keep_theirs(
    app: APIFlask, client: FlaskClient, mall: Mall
) -> None:
    before = Case(mall)
    answered = send(
        client,
        section=str(before.mall.section_id),
        window_days="7",
        way_back="store",
        own_reasons="1",
        reasons=["damaged", "wrong_item"],
        pictures=["damaged"],
        note="Glass",
    )
    assert (answered.status_code, answered.location) == (303, PAGE)
    page = plain(client.get(PAGE).text)
    assert "7 days from delivery the store pays for the way back reasons: It arrived damaged, A wrong item came" in page
    assert "with pictures: It arrived damaged" in page
    assert "rita" in page.lower()
    old = reasons_offered(app, before)
    assert 'value="changed_mind"' in old
    later = order_again(before)
    new = reasons_offered(app, later)
    assert ('value="changed_mind"' in new, "For this reason the store needs a picture." in new) == (False, True)
    assert "The store pays for the way back." in new
    buyer, path = browser(app, later.bea), f"/orders/{later.order.number}/returns"
    token = fields(buyer.get(f"{path}/new").text)["csrf_token"]
    data = {"csrf_token": token, "kind": "return", f"units-{later.line}": "1", "reason": "damaged", "key": "a"}
    refused = buyer.post(path, data=data)
    assert (refused.status_code, "Send a picture that shows what is wrong" in refused.text) == (422, True)
    assert buyer.post(path, data=data | {"pictures": (io.BytesIO(PNG), "a.png")}).status_code == 303
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'refund-rule:set'") == [(1,)]


def test_what_comes_later_can_be_called_off_and_what_has_begun_cannot(client: FlaskClient) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert send(client, window_days="14", valid_from=tomorrow).status_code == 303
    taken = send(client, window_days="15", valid_from=tomorrow)
    assert (taken.status_code, 'id="valid_from-error"' in taken.text) == (409, True)
    [(planned,)] = rows("SELECT id FROM refund_rule")
    assert send(client, f"{PAGE}/{planned}/withdrawal").status_code == 303
    assert send(client, f"{PAGE}/{planned}/withdrawal").status_code == 409
    assert send(client, window_days="14").status_code == 303
    [(begun,)] = rows("SELECT id FROM refund_rule WHERE withdrawn_at IS NULL")
    assert send(client, f"{PAGE}/{begun}/withdrawal").status_code == 409


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("window_days", {"window_days": "366"}),
        ("window_days", {"window_days": "-1"}),
        ("window_days", {"window_days": "a week"}),
        ("channel", {"channel": "99"}),
        ("channel", {"section": "99"}),
        ("reasons", {"own_reasons": "1"}),
        ("reasons", {"own_reasons": "1", "reasons": "goodwill"}),
        ("reasons", {"own_reasons": "1", "reasons": "damaged", "pictures": "wrong_item"}),
        ("approve_above", {"approve_above": "1000"}),
        ("restocking", {"restocking": "100.01"}),
        ("restocking", {"restocking": "1.001"}),
        *(
            ("restocking", {"restocking": typed})
            for typed in ("a tenth", "-1", "-0.01", "NaN", "Infinity", "1e1", "1e3", "1_0", "%", "9" * 400)
        ),
        ("valid_from", {"valid_from": "2020-01-01T00:00"}),
        ("valid_from", {"valid_from": "tomorrow"}),
    ],
)
def test_what_is_typed_wrong_is_said_at_its_field_and_nothing_is_set(
    client: FlaskClient, field: str, given: dict[str, str]
) -> None:
    refused = send(client, note="kept", **given)
    assert (refused.status_code, f'id="{field}-error"' in refused.text) == (422, True)
    assert 'value="kept"' in refused.text
    assert rows("SELECT count(*) FROM refund_rule") == [(0,)]


def test_a_restocking_fee_is_a_percentage_of_two_decimals(client: FlaskClient) -> None:
    assert send(client, restocking="12.5 %").status_code == 303
    assert rows("SELECT restocking_basis_points FROM refund_rule") == [(1_250,)]
    assert "the store keeps 12.5% when it comes back by choice" in plain(client.get(PAGE).text)


def test_a_limit_is_of_the_channel_and_in_its_currency(client: FlaskClient, mall: Mall) -> None:
    for typed in ("12.5", "much"):
        assert send(client, channel=str(mall.kr.id), approve_above=typed).status_code == 422
    assert send(client, channel=str(mall.kr.id), approve_above="12,500").status_code == 303
    assert rows("SELECT approve_above FROM refund_rule") == [({"KRW": 12_500},)]
    assert "an administrator agrees above ₩12,500" in plain(client.get(PAGE).text)
