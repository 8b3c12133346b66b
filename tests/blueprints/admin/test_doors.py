"""What the desks say to whom they are not for: sign in, no, or nothing at all in the menu (IDN-02, A28)."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.blueprints.desks import browser
from tests.factories.account import make_person
from tests.factories.cart import make_mall


@pytest.mark.req("IDN-02")
def test_a_visitor_is_asked_to_sign_in_and_comes_back(app: APIFlask) -> None:
    make_mall()

    for path in ("/admin/orders?status=paid", "/seller/orders?view=all"):
        answer = browser(app).get(path)
        assert answer.status_code == 303
        assert "/sign-in" in answer.headers["Location"]


@pytest.mark.req("IDN-02")
def test_the_sellers_desk_is_for_members_of_stores(app: APIFlask) -> None:
    mall = make_mall()
    sam = make_person("sam", store_ids=mall.store_ids[:1])
    statuses = {
        person.name: [browser(app, person).get(path).status_code for path in ("/seller/", "/seller/orders")]
        for person in (sam, make_person("max"), make_person("ada", roles=("admin",)))
    }

    assert statuses == {"Sam": [200, 200], "Max": [403, 403], "Ada": [403, 403]}


def test_the_menu_leaves_out_what_one_may_not_open(app: APIFlask) -> None:
    make_mall()
    mia = browser(app, make_person("mia", roles=("marketing",))).get("/admin/").text

    assert 'href="/admin/users"' in mia
    assert 'href="/admin/orders"' not in mia
    assert 'href="/admin/ledger"' not in mia
