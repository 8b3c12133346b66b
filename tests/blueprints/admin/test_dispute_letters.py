"""Disputes that a bank writes letters about, at the desk."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.db import transaction
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.dispute import make_dispute
from tests.factories.order import MadeOrder, make_gateway, make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("STR-05"), pytest.mark.usefixtures("books")]

STANDING = "SELECT gateway_ref, status, amount_minor, held_minor, borne_minor FROM dispute"


def paid() -> MadeOrder:
    make_gateway("paylink")
    mall = make_mall()
    return make_order(make_person("bea"), mall, {make_variant(mall, krw=20_000): 1})


def test_a_letter_is_booked_like_any_dispute_and_the_next_one_ends_it(app: APIFlask) -> None:
    order = paid()
    captured = rows("SELECT captured_minor FROM payment")[0][0]
    fay = browser(app, make_person("fay", roles=("finance",)))
    assert "/admin/disputes/new" in fay.get("/admin/disputes").text
    sent = fields(fay.get("/admin/disputes/new").text) | {
        "number": order.number,
        "reference": "CB-77/2026",
        "reason": "product_not_received",
        "says": "needs_response",
        "until": "2030-01-31",
    }
    assert fay.post("/admin/disputes/new", data=sent).status_code == 303
    assert rows(STANDING) == [("CB-77/2026", "needs_response", captured, captured, 0)]
    assert fay.post("/admin/disputes/new", data=sent).status_code == 409
    dispute_id = rows("SELECT id FROM dispute")[0][0]
    path = f"/admin/disputes/{dispute_id}"
    page = fay.get(f"{path}?lang=en").text
    assert "Send evidence" not in page
    letter = fay.get(f"{path}/letter.pdf")
    assert (letter.mimetype, letter.data[:5]) == ("application/pdf", b"%PDF-")
    assert fay.post(f"{path}/evidence", data=fields(page) | {"statement": "Signed for."}).status_code == 409
    assert fay.post(f"{path}/letters", data=fields(page) | {"says": "lost", "amount": "5,000"}).status_code == 303
    assert rows(STANDING) == [("CB-77/2026", "lost", 5_000, 5_000, 5_000)]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"number": "nothing"}, 422),
        ({"reference": " "}, 422),
        ({"reference": "x" * 101}, 422),
        ({"amount": "0"}, 422),
        ({"amount": "99,000,000"}, 422),
        ({"amount": "1.5"}, 422),
        ({"says": "maybe"}, 422),
        ({"until": "soon"}, 422),
        ({"until": "9999-12-31"}, 422),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(app: APIFlask, change: dict[str, str], status: int) -> None:
    order = paid()
    fay = browser(app, make_person("fay", roles=("finance",)))
    sent = fields(fay.get("/admin/disputes/new").text)
    given = {"number": order.number, "reference": "CB-1", "says": "lost", "amount": "", "until": ""} | change
    answer = fay.post("/admin/disputes/new", data=sent | given)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert rows("SELECT count(*) FROM dispute") == [(0,)]


def test_a_gateway_that_tells_is_left_to_tell(app: APIFlask) -> None:
    order = paid()
    use_gateway("stripe")
    fay = browser(app, make_person("fay", roles=("finance",)))
    sent = fields(fay.get("/admin/disputes/new").text) | {"number": order.number, "reference": "CB-1", "says": "lost"}
    assert fay.post("/admin/disputes/new", data=sent).status_code == 409
    use_gateway("paylink")
    dispute_id = make_dispute(order)
    path = f"/admin/disputes/{dispute_id}"
    assert fay.post(f"{path}/letters", data=fields(fay.get(path).text) | {"says": "won"}).status_code == 303
    assert rows("SELECT status FROM dispute") == [("needs_response",)]


def use_gateway(name: str) -> None:
    with transaction() as session:
        session.execute(text("UPDATE payment_attempt SET gateway = :name"), {"name": name})
