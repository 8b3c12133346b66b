"""Labels on the seller's desk: bought, printed with their bar code, given back, many at once (ORD-003)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.config import Settings
from portal.db import atomically, transaction
from portal.gateways.carriers.base import BoughtLabel
from portal.jobs.parcels import set_tracker
from portal.kit import clock
from portal.kit.ids import new_id
from portal.rules.holds import HoldKind
from portal.services.fulfilment.settle_label import claim_label, settle_bought
from portal.services.orders.place_hold import place_hold
from tests.blueprints.desks import browser, fields
from tests.documents.reading import pages_of
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("ORD-003")


@pytest.fixture
def mall(app: APIFlask, books: None, settings: Settings) -> Iterator[Mall]:
    # Nobody listens there: what a carrier would answer is settled by hand.
    set_tracker(replace(settings, trackhub_url="http://127.0.0.1:9", trackhub_api_key="key"))
    yield make_mall()
    set_tracker(settings)


@pytest.fixture
def sam(mall: Mall) -> Person:
    return make_person("sam", store_ids=(mall.store_ids[0],))


@pytest.fixture
def client(app: APIFlask, sam: Person) -> FlaskClient:
    return browser(app, sam)


@pytest.fixture
def order(mall: Mall) -> MadeOrder:
    return make_order(make_person("bea"), mall, {make_variant(mall): 2})


def answered(number: str = "681234567890") -> uuid.UUID:
    """The carrier has sold the one label that is wanted."""
    ((label_id,),) = rows("SELECT id FROM shipping_label WHERE status = 'wanted'")
    atomically(lambda s: claim_label(s, label_id=label_id, now=clock.now()))
    bought = BoughtLabel("lbl_1", "cj", number, is_void=False)
    atomically(lambda s: settle_bought(s, label_id=label_id, bought=bought, now=clock.now()))
    found: uuid.UUID = label_id
    return found


def buy(client: FlaskClient, order: MadeOrder, **more: Any) -> Any:
    page = f"/seller/orders/{order.part_ids[0]}"
    sent = {**fields(client.get(page).text), "key": str(new_id()), "carrier": "cj"} | more
    return client.post(f"{page}/labels", data=sent)


def test_a_label_is_bought_found_printed_and_its_parcel_handed_over(
    client: FlaskClient, order: MadeOrder, app: APIFlask
) -> None:
    page = f"/seller/orders/{order.part_ids[0]}"
    assert buy(client, order).status_code == 303
    waiting = client.get(f"{page}/labels").text
    assert ("Being bought" in waiting, 'hx-trigger="every 2s"' in waiting) == (True, True)
    label_id = answered()
    ready = client.get(page).text
    assert ("681234567890" in ready, "every 2s" in ready) == (True, False)
    assert order.number in client.get("/seller/orders?q=6812-3456-7890").text
    assert page in client.get("/seller/search?q=6812-3456-7890").headers["Location"]
    as_ada = browser(app, make_person("ada", roles=("admin",)))
    assert order.number in as_ada.get("/admin/search?q=681234567890").headers["Location"]
    pdf = client.get(f"/seller/labels/{label_id}.pdf")
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    (text,) = pages_of(pdf.data)
    assert "681234567890" in text
    assert order.number in text
    form = ready[ready.index("data-label") :]
    handed = {name: value for name, value in fields(form).items() if name in {"csrf_token", "version"}}
    units = dict(re.findall(r'name="(units-[^"]+)" value="(\d+)"', form[: form.index("</article>")]))
    assert list(units.values()) == ["2"]
    sent = client.post(f"{page}/shipments", data=handed | {"carrier": "cj", "number": "681234567890"} | units)
    assert sent.status_code == 303
    assert rows("SELECT status FROM shipping_label") == [("used",)]


def test_what_is_held_is_neither_labelled_nor_printed(
    client: FlaskClient, order: MadeOrder, app: APIFlask, mall: Mall
) -> None:
    buy(client, order)
    label_id = answered()
    max_ = browser(app, make_person("max", store_ids=(mall.store_ids[1],)))
    assert max_.get(f"/seller/labels/{label_id}.pdf").status_code == 404
    assert max_.get(f"/seller/orders/{order.part_ids[0]}/labels").status_code == 404
    with transaction() as session:
        place_hold(
            session,
            part_id=order.part_ids[0],
            kind=HoldKind.ADMIN,
            reason="legal",
            note="",
            actor=make_person("ada", roles=("admin",)).actor,
            now=clock.now(),
        )
    assert client.get(f"/seller/labels/{label_id}.pdf").status_code == 404
    assert buy(client, order).status_code == 409
    page = f"/seller/orders/{order.part_ids[0]}"
    given_back = client.post(f"{page}/labels/{label_id}/void", data=fields(client.get(page).text))
    assert given_back.status_code == 303
    assert rows("SELECT status FROM shipping_label") == [("voiding",)]


def test_many_labels_are_bought_in_a_run_with_its_progress(client: FlaskClient, mall: Mall) -> None:
    variant, bea = make_variant(mall), make_person("bea")
    orders = [make_order(bea, mall, {variant: 1}) for _ in range(3)]
    token = {"csrf_token": fields(client.get("/seller/orders").text)["csrf_token"]}
    ids = [str(one.part_ids[0]) for one in orders[:2]]
    asked = client.post("/seller/orders/labels", data=token | {"ids": ids})
    assert (asked.status_code, "One label each for all that is left of 2 orders." in asked.text) == (200, True)
    refused = client.post("/seller/orders/labels", data=token | {"chosen": " ".join(ids), "carrier": "own"})
    assert (refused.status_code, "sells no labels" in refused.text) == (422, True)
    begun = client.post("/seller/orders/labels", data=token | {"chosen": " ".join(ids), "carrier": "cj"})
    assert begun.status_code == 303
    assert "0 of 2" in client.get(begun.location).text
    found = [row[0] for row in rows("SELECT id FROM shipping_label ORDER BY made_at, id")]
    for n, label_id in enumerate(found):
        atomically(lambda s, label_id=label_id: claim_label(s, label_id=label_id, now=clock.now()))  # type: ignore[misc]  # mypy does not infer a lambda's default.
        bought = BoughtLabel(f"lbl_{n}", "cj", f"68123456789{n}", is_void=False)
        atomically(lambda s, one=label_id, b=bought: settle_bought(s, label_id=one, bought=b, now=clock.now()))  # type: ignore[misc]  # mypy does not infer a lambda's default.
    done = client.get(begun.location).text
    assert "2 orders done" in done
    pdf = client.get(f"{begun.location.split('?')[0]}/labels.pdf")
    assert len(pages_of(pdf.data)) == 2


def test_a_ticked_order_that_left_the_list_is_named_in_the_run_of_labels(client: FlaskClient, mall: Mall) -> None:
    variant, bea = make_variant(mall), make_person("bea")
    gone, stays = (make_order(bea, mall, {variant: 1}) for _ in range(2))
    token = {"csrf_token": fields(client.get("/seller/orders").text)["csrf_token"]}
    with transaction() as session:
        place_hold(
            session,
            part_id=gone.part_ids[0],
            kind=HoldKind.ADMIN,
            reason="legal",
            note="",
            actor=make_person("ada", roles=("admin",)).actor,
            now=clock.now(),
        )
    ids = [str(one.part_ids[0]) for one in (gone, stays)]
    begun = client.post("/seller/orders/labels", data=token | {"chosen": " ".join(ids), "carrier": "cj"})
    page = client.get(begun.location).text
    assert "What stayed as it was" in page
    assert gone.number in page
    assert "on hold" in page
    assert stays.number not in page
    assert rows("SELECT count(*) FROM shipping_label") == [(1,)]
