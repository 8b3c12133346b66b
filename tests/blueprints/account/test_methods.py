"""The pages of one's kept cards (PAY-14)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from portal.crypto import blind_index
from portal.db import transaction
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import SavedMethod
from portal.services.accounts.throttle import throttle
from tests.blueprints.checkout.checkouts import make_gateways
from tests.blueprints.pages import send, sign_in
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall
from tests.factories.refund import rows

pytestmark = pytest.mark.req("PAY-14")


def keep_card(person: Person, *, last4: str = "4242", is_default: bool = True) -> str:
    """A kept card of a person; returns its id."""
    method_id = new_id()
    account = rows("SELECT id FROM gateway_account WHERE gateway = 'stripe'")[0][0]
    with transaction() as session:
        session.add(
            SavedMethod(
                id=method_id,
                user_id=person.id,
                gateway_account_id=account,
                customer_ref="cus_1",
                method_ref=f"pm_{method_id.hex}",
                ref_index=blind_index(f"method:pm_{method_id.hex}"),
                brand="visa",
                last4=last4,
                expiry="12/2040",
                is_default=is_default,
                created_at=clock.now(),
            )
        )
    return str(method_id)


def test_cards_are_listed_chosen_and_removed(client: FlaskClient, bea: Person) -> None:
    make_gateways()
    first, second = keep_card(bea), keep_card(bea, last4="4444", is_default=False)
    page = client.get("/account/methods?lang=en").text
    assert "Visa ···· 4242" in page
    assert "Visa ···· 4444" in page
    assert "cus_1" not in page
    assert send(client, f"/account/methods/{second}/preference", {}, page="/account/methods").status_code == 303
    assert [str(row[0]) for row in rows("SELECT id FROM saved_method WHERE is_default")] == [second]
    assert send(client, f"/account/methods/{second}/removal", {}, page="/account/methods").status_code == 303
    assert [str(row[0]) for row in rows("SELECT id FROM saved_method WHERE is_default")] == [first]
    assert "4444" not in client.get("/account/methods").text


def test_a_token_of_the_gateways_fields_is_needed(client: FlaskClient, bea: Person) -> None:
    make_gateways()
    answer = send(client, "/account/methods", {"source_token": "", "source_account": "1"}, page="/account/methods")
    assert answer.status_code == 422
    refused = send(client, "/account/methods", {"source_token": "x", "source_account": "99"}, page="/account/methods")
    assert refused.status_code == 422
    assert rows("SELECT count(*) FROM method_setup") == [(0,)]


def test_a_card_on_its_way_is_followed_by_its_owner_alone(client: FlaskClient, bea: Person) -> None:
    make_gateways()
    account = rows("SELECT id FROM gateway_account WHERE gateway = 'stripe'")[0][0]
    fields = {"source_token": "ctoken_1", "source_account": str(account)}
    assert send(client, "/account/methods", fields, page="/account/methods").status_code == 303
    ((setup_id, user_id, url),) = rows("SELECT id, user_id, return_url FROM method_setup")
    assert user_id == bea.id
    assert url.endswith(f"/account/methods?setup={setup_id}")
    assert client.get(f"/account/methods/setups/{setup_id}?since=created").status_code == 204
    assert "is being kept" in client.get(f"/account/methods?setup={setup_id}&lang=en").text
    for other in ("nonsense", new_id()):
        assert client.get(f"/account/methods?setup={other}").status_code == 404


def test_another_ones_card_is_as_if_it_were_not_there(client: FlaskClient, bea: Person) -> None:
    make_gateways()
    theirs = keep_card(make_person("max"))
    for verb in ("preference", "removal"):
        assert send(client, f"/account/methods/{theirs}/{verb}", {}, page="/account/methods").status_code == 404
    assert rows("SELECT removed_at FROM saved_method") == [(None,)]


@pytest.fixture
def bea(client: FlaskClient) -> Person:
    """Signed in."""
    throttle.forget()
    make_mall()
    person = make_person("bea")
    sign_in(client)
    return person
