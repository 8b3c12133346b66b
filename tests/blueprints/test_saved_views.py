"""Views of lists: each an address under a name, one's own or shared, on both desks."""

from __future__ import annotations

import html
import re

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from portal.blueprints.saved_views import INBOXES
from portal.rules.saved_views import VIEWS_MAX, query_of
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import LONG_AGO, make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("ORD-10")
LISTS = [
    "/admin/orders?status=paid",
    "/admin/payments?status=captured",
    "/admin/users?role=buyer",
    "/admin/tickets?view=all",
    "/admin/returns?queue=all",
    "/admin/cases?view=closed",
    "/admin/campaigns?state=draft",
    "/seller/orders?view=all",
    "/seller/tickets?view=all",
    "/seller/returns?queue=all",
    "/seller/campaigns?state=draft",
    "/admin/figures?board=incentives&period=90d",
    "/seller/figures?period=90d",
]


def _keep(client: FlaskClient, address: str, name: str, **more: str) -> str:
    """Save the list of an address; returns where one goes."""
    page = client.get(address).text
    form = re.search(r'<form method="post" action="([^"]*/views(?:[?][^"]*)?)".*?</form>', page, re.S)
    assert form is not None, address
    sent = {key: html.unescape(value) for key, value in fields(form.group(0)).items()} | {"name": name} | more
    answer = client.post(html.unescape(form.group(1)), data=sent)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def _change(client: FlaskClient, address: str, which: str, **more: str) -> int:
    """Send a form of the view that is open."""
    sent = fields(client.get(address).text)
    view_id = rows("SELECT id FROM saved_view WHERE name = :name", name=which)[0][0]
    desk, endpoint = address.split("/")[1], address.split("/")[2].partition("?")[0]
    facts = {"csrf_token": sent["csrf_token"], "list": f"{desk}.{endpoint}", "query": address.partition("?")[2]}
    return client.post(f"/{desk}/views/{view_id}", data=facts | more).status_code


def _tabs(page: str) -> list[str]:
    nav = re.search(r'<nav class="tabs" aria-label="Saved views">.*?</nav>', page, re.S)
    if nav is None:
        return []
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in re.findall(r"<li>.*?</li>", nav.group(0), re.S)]


@pytest.mark.parametrize("address", LISTS)
def test_every_list_keeps_its_address_under_a_name(app: APIFlask, address: str) -> None:
    mall = make_mall()
    order = make_order(make_person("bea", now=LONG_AGO), mall, {make_variant(mall): 1})
    assert order.number
    client = browser(app, make_person("ada", roles=("admin",), store_ids=mall.store_ids[:1]))

    assert _keep(client, address, "Mine").endswith(address)

    page = client.get(address).text
    assert [tab.split()[0] for tab in _tabs(page)] == ["As", "Mine"]
    shown = page.count("<tr data-row>")
    assert _tabs(page)[1].split()[1:] in ([str(shown)], [])
    assert {inbox.split(".")[0] for inbox in INBOXES} == {"admin", "seller"}


def test_a_list_opens_with_the_chosen_view_and_plain_on_request(app: APIFlask) -> None:
    make_mall()
    ada = browser(app, make_person("ada", roles=("admin",)))
    address = "/admin/orders?status=paid"
    _keep(ada, address, "Paid")
    assert _change(ada, address, "Paid", act="default") == 303

    assert ada.get("/admin/orders").headers["Location"].endswith(address)
    assert ada.get("/admin/orders?plain=1").status_code == 200
    assert ada.get("/admin/orders", headers={"HX-Request": "true", "HX-Target": "orders"}).status_code == 200
    assert _change(ada, address, "Paid", act="plain") == 303
    assert ada.get("/admin/orders").status_code == 200
    _change(ada, address, "Paid", act="default")
    assert _change(ada, address, "Paid", act="remove") == 303
    assert ada.get("/admin/orders").status_code == 200


def test_a_shared_view_is_seen_by_colleagues_and_changed_by_its_owner_only(app: APIFlask) -> None:
    mall = make_mall()
    sam, sue = (browser(app, make_person(name, store_ids=mall.store_ids[:1])) for name in ("sam", "sue"))
    other = browser(app, make_person("max", store_ids=mall.store_ids[1:]))
    address = "/seller/orders?view=all"
    _keep(sam, address, "Everything", shared="1")
    _keep(sam, address, "Quiet")

    assert [tab.split()[0] for tab in _tabs(sue.get(address).text)] == ["As", "Everything"]
    assert _tabs(other.get(address).text) == []
    assert _change(sue, address, "Everything", name="Hers") == 404
    assert _change(sue, address, "Everything", act="remove") == 404
    assert _change(sue, address, "Everything", act="default") == 303
    assert _change(sue, address, "Quiet", act="default") == 404
    assert _change(sam, address, "Everything", name="All of it", shared="1") == 303
    assert "All of it" in sue.get(address).text


def test_names_are_unfit_taken_or_replace_what_was_there(app: APIFlask) -> None:
    make_mall()
    ada = browser(app, make_person("ada", roles=("admin",)))
    _keep(ada, "/admin/orders?status=paid", " Mine \0")
    _keep(ada, "/admin/orders?status=failed", "MINE")
    assert rows("SELECT name, query FROM saved_view") == [("MINE", "status=failed")]
    _keep(ada, "/admin/orders?status=paid", "  ")
    _keep(ada, "/admin/orders?status=paid&hide=3&nonsense=1", "Other")
    assert rows("SELECT query FROM saved_view WHERE name = 'Other'") == [("hide=3&status=paid",)]
    _change(ada, "/admin/orders?hide=3&status=paid", "Other", name="mine")
    assert "another view of this name" in ada.get("/admin/orders?plain=1").text
    for number in range(VIEWS_MAX):
        _keep(ada, "/admin/orders?status=paid", f"View {number}")
    assert rows("SELECT count(*) FROM saved_view") == [(VIEWS_MAX,)]


def test_a_list_that_one_may_not_open_has_no_views(app: APIFlask) -> None:
    make_mall()
    mia = browser(app, make_person("mia", roles=("marketing",)))
    sent = {"csrf_token": fields(mia.get("/admin/users?role=buyer").text)["csrf_token"], "name": "x"}

    assert mia.post("/admin/views", data=sent | {"list": "admin.orders"}).status_code == 404
    assert mia.post("/admin/views", data=sent | {"list": "seller.orders"}).status_code == 404


def test_columns_are_left_out_by_the_address(app: APIFlask) -> None:
    mall = make_mall()
    make_order(make_person("bea", now=LONG_AGO), mall, {make_variant(mall): 1})
    page = browser(app, make_person("ada", roles=("admin",))).get("/admin/orders?hide=3&hide=99&hide=x").text

    assert 'class="table table-cards hide-3"' in page


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "cursor"]), st.text(max_size=5))))
def test_an_address_is_written_in_one_way(pairs: list[tuple[str, str]]) -> None:
    query = query_of(pairs, ("a", "b"))

    assert query == query_of(reversed(pairs), ("b", "a"))
    assert "cursor" not in query
