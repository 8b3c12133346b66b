"""A product on each channel, and the goods of a channel, through the pages of both desks (CHN-03)."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.db import transaction
from portal.kit import clock
from portal.services.catalogue.refresh_listings import refresh_listings
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.refund import rows

pytestmark = pytest.mark.req("CHN-03")


@pytest.fixture
def mall(app: APIFlask, books: None) -> Mall:
    return make_mall()


@pytest.fixture
def bowl(mall: Mall) -> int:
    return make_variant(mall, on_hand=10)


@pytest.fixture
def product(bowl: int) -> int:
    found = int(rows(f"SELECT product_id FROM variant WHERE id = {bowl}")[0][0])  # noqa: S608  # Ours.
    with transaction() as session:
        refresh_listings(session, product_ids=[found])
    return found


@pytest.fixture
def sam(app: APIFlask, mall: Mall) -> FlaskClient:
    return browser(app, make_person("sam", store_ids=(mall.store_ids[0],)))


def send(client: FlaskClient, page: str, path: str, **values: object) -> tuple[int, str]:
    token = fields(client.get(page).text)["csrf_token"]
    answered = client.post(path, data={"csrf_token": token, **values}, content_type="multipart/form-data")
    return answered.status_code, answered.text


def _soon_after(start: str) -> str:
    begins = datetime.fromisoformat(start) if start else clock.now()
    return (begins + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")


def test_a_store_sets_price_texts_units_and_sale_of_one_channel(
    mall: Mall, sam: FlaskClient, bowl: int, product: int
) -> None:
    page = f"/seller/products/{product}/channels"
    here = f"{page}/{mall.us.id}"
    until = (clock.now() + timedelta(days=2)).astimezone(ZoneInfo(mall.us.time_zone)).strftime("%Y-%m-%dT%H:%M")
    assert send(sam, page, f"{page}/prices", channel="us", variant="", price="8.50", until=until)[0] == 303
    status, told = send(sam, page, f"{page}/prices", channel="us", variant="", price="7", until=until)
    assert (status, "another price holds" in told, 'value="7"' in told) == (409, True, True)
    own = {"name-en": "Soup bowl", "version": ""}
    status, told = send(sam, page, f"{here}/texts", **own)
    assert (status, 'id="why-us-error"' in told, 'value="Soup bowl"' in told) == (422, True, True)
    assert send(sam, page, f"{here}/texts", **own, why="They eat soup of it")[0] == 303
    decided = "SELECT product_id, term, before, after, why FROM override_decision"
    assert rows(decided) == [(product, "product-name-en", None, "Soup bowl", "They eat soup of it")]
    assert (
        send(sam, page, f"{here}/units", **{f"kept-{mall.us.id}-{bowl}": "4", f"floor-{mall.us.id}-{bowl}": "1"})[0]
        == 303
    )
    shown = sam.get(page).text
    assert "$8.50" in shown
    assert "Soup bowl" in shown
    assert (shown.count("data-decision"), "They eat soup of it" in shown) == (1, True)
    assert 'value="4"' in shown
    assert send(sam, page, f"{here}/sale", sold="0")[0] == 303
    assert "Not sold here" in sam.get(page).text
    assert rows("SELECT channel_id FROM listing") == [(mall.kr.id,)]


@pytest.mark.parametrize(
    ("channel", "start", "told"),
    [
        ("kr", "2031-03-01T09:00", "Saved; the price holds from 1 Mar 2031, 09:00 KST."),
        ("us", "2031-03-01T09:00", "Saved; the price holds from 1 Mar 2031, 09:00 EST."),
        ("us", "", "Saved; it holds at once."),
    ],
)
def test_a_saved_price_says_when_it_begins_by_the_channels_clock(
    sam: FlaskClient, product: int, channel: str, start: str, told: str
) -> None:
    page = f"/seller/products/{product}/channels"
    sent = {"channel": channel, "variant": "", "price": "9", "from": start, "until": _soon_after(start)}
    assert send(sam, page, f"{page}/prices", **sent)[0] == 303
    assert told in sam.get(page).text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"price": "free", "until": "2030-01-01T00:00"}, "price"),
        ({"price": "5", "until": ""}, "until"),
        ({"price": "5", "until": "2030-01-01T00:00", "from": "soon"}, "from"),
    ],
)
def test_a_price_that_cannot_be_read_is_told_at_its_field(
    sam: FlaskClient, product: int, form: dict[str, str], field: str
) -> None:
    page = f"/seller/products/{product}/channels"
    status, told = send(sam, page, f"{page}/prices", channel="us", variant="", **form)
    assert (status, f'id="{field}-error"' in told) == (422, True)
    assert rows("SELECT count(*) FROM price_window")[0][0] == 0


def test_more_units_than_are_free_and_what_is_no_number_change_nothing(
    mall: Mall, sam: FlaskClient, bowl: int, product: int
) -> None:
    page = f"/seller/products/{product}/channels"
    path = f"{page}/{mall.us.id}/units"
    kept, floor = f"kept-{mall.us.id}-{bowl}", f"floor-{mall.us.id}-{bowl}"
    assert send(sam, page, path, **{kept: "11", floor: "0"})[0] == 409
    assert send(sam, page, path, **{kept: "many", floor: "0"})[0] == 422
    assert rows("SELECT set_aside FROM stock") == [(None,)]


def test_a_strangers_product_is_not_there(app: APIFlask, mall: Mall, product: int) -> None:
    sue = browser(app, make_person("sue", store_ids=(mall.store_ids[1],)))
    assert sue.get(f"/seller/products/{product}/channels").status_code == 404


def test_a_desk_switches_many_products_of_a_channel_at_once(
    app: APIFlask, mall: Mall, sam: FlaskClient, product: int
) -> None:
    other = make_variant(mall, store=1)
    ada = browser(app, make_person("ada", roles=("admin",)))
    page = f"/admin/channels/{mall.kr.id}/goods"
    assert send(ada, page, f"{page}/assignment", all_matching="1", do="stop")[0] == 303
    assert rows("SELECT count(*) FROM price WHERE is_off") == [(2,)]
    mine = f"/seller/channels/{mall.kr.id}/goods"
    theirs = int(rows(f"SELECT product_id FROM variant WHERE id = {other}")[0][0])  # noqa: S608  # Ours.
    assert send(sam, mine, f"{mine}/assignment", ids=str(theirs), do="sell")[0] == 403
    assert send(sam, mine, f"{mine}/assignment", all_matching="1", do="sell")[0] == 303
    assert rows("SELECT variant_id FROM price WHERE is_off") == [(other,)]
    listed = sam.get(mine).text
    assert ("Rice bowl" in listed, "Sale begun" in listed) == (True, True)
    assert "not_sold" in ada.get(f"{page}/notes.csv").text


def test_a_file_is_looked_at_and_then_taken_over_as_a_whole(mall: Mall, sam: FlaskClient, bowl: int) -> None:
    sku = rows(f"SELECT sku FROM variant WHERE id = {bowl}")[0][0]  # noqa: S608  # Ours.
    page = "/seller/channels/goods/import"
    head = "sku,channel,sold,currency,price,from,until\n"
    bad = f"{head}{sku},kr,no,,,,\n{sku},kr,,EUR,5,2030-01-01 00:00,2030-01-02 00:00\nNONE,kr,yes,,,,\n"
    status, told = send(sam, page, page, file=(io.BytesIO(bad.encode()), "a.csv"))
    assert (status, "sells in KRW" in told, "no such goods" in told) == (200, True, True)
    good = f"{head}{sku},kr,no,,,,\n{sku},us,,USD,5,2030-01-01 00:00,2030-01-02 00:00\n"
    status, told = send(sam, page, page, file=(io.BytesIO(good.encode()), "a.csv"))
    kept = re.search(r'<textarea name="text" hidden>(.*?)</textarea>', told, re.DOTALL)
    assert kept is not None
    assert send(sam, page, "/seller/channels/goods/rows", text=good)[0] == 303
    assert rows("SELECT is_off, channel_id FROM price ORDER BY channel_id") == [(True, mall.kr.id), (False, mall.us.id)]
    status, told = send(sam, page, "/seller/channels/goods/rows", text=good)
    assert (status, "another price holds" in told) == (409, True)
    assert "SKU-1" in sam.get("/seller/channels/goods/template.csv").text


def test_arguments_of_others_in_the_address_of_a_list_do_nothing(mall: Mall, sam: FlaskClient, product: int) -> None:
    page = f"/seller/channels/{mall.kr.id}/goods"
    strange = f"?q=bowl&channel_id={mall.us.id}&name=x&area=y"
    assert sam.get(page + strange).status_code == 200
    assert send(sam, page, f"{page}/assignment{strange}", ids=str(product), do="stop")[0] == 303
