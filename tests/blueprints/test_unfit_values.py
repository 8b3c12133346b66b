"""Values that no database can hold are the sender's fault, not ours."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.blueprints.pages import send
from tests.factories.cart import make_mall


@pytest.mark.parametrize("path", ["/products/%00", "/stores/a%00b", "/sections/%00"])
def test_a_zero_byte_in_an_address_is_refused(client: FlaskClient, path: str) -> None:
    make_mall()
    assert client.get(path).status_code in {400, 404}


def test_a_zero_byte_in_a_form_is_refused(client: FlaskClient) -> None:
    make_mall()
    form = {"email": "bea\0@example.com", "password": "x\0y"}
    assert send(client, "/sign-in", form, page="/sign-in").status_code in {400, 422}


@pytest.mark.parametrize("path", ["/api/v1/campaigns/{}", "/admin/gateways/{}"])
def test_a_number_beyond_the_database_is_nobodys(client: FlaskClient, path: str) -> None:
    make_mall()
    assert client.get(path.format(2**63)).status_code == 404
