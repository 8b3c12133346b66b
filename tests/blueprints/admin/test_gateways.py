"""Gateway accounts as an administrator configures them: write-only keys, bounds, and in force for the next payment."""

from __future__ import annotations

import json
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.db import reading, transaction
from portal.kit import clock
from portal.models import AuditRow, GatewayAccount
from portal.queries.gateways import gateway_directory
from portal.services.payments.note_incident import IncidentKind, NextStep, note_incident
from tests.blueprints.confirming import by_mail, let_through, path_of, through
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall
from tests.factories.order import make_gateway
from tests.factories.refund import rows

pytestmark = pytest.mark.req("PAY-05")

SECRET = "plk_test_a-long-secret-of-ours"
KEYS = {"setting_secret_key": SECRET, "setting_webhook_secrets": "whsec_c2VjcmV0LXNlY3JldA=="}
TERMS: dict[str, Any] = {
    "name": "Paylink Korea",
    "channel": "",
    "countries": "kr",
    "methods": ["bank_transfer", "wallet"],
    "currencies": "KRW, USD",
    "lowest_KRW": "1,000",
    "highest_KRW": "500000",
    "lowest_USD": "1.50",
    "highest_USD": "",
    "priority": "5",
    "is_on": "y",
    **KEYS,
    "setting_api_base": "http://127.0.0.1:9",
}


def send(client: FlaskClient, path: str, data: dict[str, Any]) -> Any:
    """Post it, and confirm it where that is asked for."""
    token = {"csrf_token": fields(client.get("/admin/gateways/new?gateway=paylink").text)["csrf_token"]}
    answer = client.post(path, data=token | data)
    return let_through(client, answer) if "/step-up/" in (answer.location or "") else answer


def make(client: FlaskClient, **changes: Any) -> int:
    answer = send(client, "/admin/gateways/new?gateway=paylink", TERMS | changes)
    assert answer.status_code == 303, answer.text
    return int(answer.location.rpartition("/")[2])


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    return make_mall()


@pytest.fixture
def fay(mall: Mall) -> Person:
    return make_person("fay", roles=("finance",))


@pytest.fixture
def client(app: APIFlask, fay: Person) -> FlaskClient:
    return browser(app, fay)


def test_an_account_is_made_and_takes_payments_at_once(client: FlaskClient) -> None:
    account_id = make(client)
    account = gateway_directory()[account_id].account
    ranges = {(one.method, one.currency): (one.minimum_minor, one.maximum_minor) for one in account.ranges}
    assert ranges["bank_transfer", "KRW"] == (1_000, 500_000)
    assert ranges["wallet", "USD"][0] == 150
    assert (account.priority, account.is_on, account.countries) == (5, True, frozenset({"KR"}))
    page = client.get("/admin/gateways").text
    assert "Paylink Korea" in page


def test_an_account_says_when_cards_are_charged(client: FlaskClient) -> None:
    account_id = make(client, capture_on="shipment_or_end")
    assert gateway_directory()[account_id].account.capture_on == "shipment_or_end"
    page = client.get(f"/admin/gateways/{account_id}").text
    assert '<option value="shipment_or_end" selected>' in page


def test_keys_are_written_and_never_read(client: FlaskClient) -> None:
    account_id = make(client)
    page = client.get(f"/admin/gateways/{account_id}").text
    assert SECRET not in page
    assert f"ends in {SECRET[-4:]}" in page
    with reading() as session:
        said = " ".join(session.scalars(select(AuditRow.payload)).all())
    assert "Paylink Korea" in said
    assert SECRET not in said
    assert "c2VjcmV0" not in said
    kept = rows("SELECT encode(credentials, 'escape') FROM gateway_account WHERE id = :id", id=account_id)[0][0]
    assert SECRET not in kept
    # A fault elsewhere in the form does not send it back either.
    wrong = send(client, f"/admin/gateways/{account_id}", TERMS | {"priority": "many", "version": "1"})
    assert wrong.status_code == 422
    assert SECRET not in wrong.text


def test_an_empty_secret_keeps_what_is_set(client: FlaskClient) -> None:
    account_id = make(client)
    kept = dict.fromkeys(KEYS, "")
    answer = send(client, f"/admin/gateways/{account_id}", TERMS | kept | {"version": "1", "name": "Renamed"})
    assert answer.status_code == 303
    with reading() as session:
        row = session.get_one(GatewayAccount, account_id)
        assert row.name == "Renamed"
        assert json.loads(row.credentials or "")["secret_key"] == SECRET


def test_the_second_editor_is_told(client: FlaskClient) -> None:
    account_id = make(client)
    path = f"/admin/gateways/{account_id}"
    assert send(client, path, TERMS | {"version": "1", "priority": "7"}).status_code == 303
    late = send(client, path, TERMS | {"version": "1", "priority": "9"})
    assert (late.status_code, "Somebody has changed this account" in late.text) == (409, True)
    assert rows("SELECT priority FROM gateway_account WHERE id = :id", id=account_id) == [(7,)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"channel": "999"}, "channel"),
        ({"channel": "kr"}, "channel"),
        ({"capture_on": "never"}, "capture_on"),
        ({"countries": "KOR"}, "countries"),
        ({"methods": []}, "methods"),
        ({"methods": ["barter"]}, "methods"),
        ({"methods": ["pay_later"]}, "methods"),
        ({"currencies": ""}, "currencies"),
        ({"currencies": "WON"}, "currencies"),
        ({"currencies": "CHF"}, "currencies"),
        ({"lowest_KRW": "500001"}, "limit_KRW"),
        ({"lowest_KRW": "0"}, "limit_KRW"),
        ({"lowest_KRW": "-5"}, "limit_KRW"),
        ({"lowest_KRW": "1.5"}, "limit_KRW"),
        ({"lowest_USD": "1.505"}, "limit_USD"),
        ({"highest_KRW": "9" * 40}, "limit_KRW"),
        ({"priority": "10001"}, "priority"),
        ({"priority": "-1"}, "priority"),
        ({"priority": "1e3"}, "priority"),
        ({"setting_secret_key": ""}, "setting_secret_key"),
        ({"setting_api_base": "ftp://x"}, "setting_api_base"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_saves_nothing(
    client: FlaskClient, changes: dict[str, Any], field: str
) -> None:
    answer = send(client, "/admin/gateways/new?gateway=paylink", TERMS | changes)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert rows("SELECT count(*) FROM gateway_account") == [(0,)]


def test_both_bounds_of_the_place_are_taken(client: FlaskClient) -> None:
    make(client, priority="0", name="First")
    make(client, priority="10000", name="Last")
    taken = send(client, "/admin/gateways/new?gateway=paylink", TERMS | {"name": "First"})
    assert (taken.status_code, "Another account has this name" in taken.text) == (422, True)


def test_the_test_says_whether_the_gateway_answers(client: FlaskClient) -> None:
    account_id = make(client)
    token = {"csrf_token": fields(client.get("/admin/gateways").text)["csrf_token"]}
    answer = client.post(f"/admin/gateways/{account_id}/test", data=token)
    assert answer.status_code == 303
    assert "The gateway did not take it: no_connection" in client.get(answer.location).text
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'gateway:tested'") == [(1,)]


@pytest.mark.req("IDN-02")
def test_who_may_only_look_changes_nothing(app: APIFlask, client: FlaskClient) -> None:
    account_id = make(client)
    as_oz = browser(app, make_person("oz", roles=("operations",)))
    page = as_oz.get(f"/admin/gateways/{account_id}")
    assert (page.status_code, "Save the account" in page.text) == (200, False)
    token = {"csrf_token": fields(page.text)["csrf_token"]}
    refused = as_oz.post(f"/admin/gateways/{account_id}", data=token | TERMS | {"version": "1", "priority": "9"})
    assert refused.status_code in {403, 404}
    assert rows("SELECT priority FROM gateway_account") == [(5,)]


@pytest.mark.req("PAY-06")
def test_incidents_are_listed_with_what_was_done(client: FlaskClient) -> None:
    account_id = make_gateway()
    with transaction() as session:
        note_incident(
            session,
            account_id=account_id,
            kind=IncidentKind.UNAVAILABLE,
            code="no_connection",
            duration_ms=1004,
            next_step=NextStep.FAILED_OVER,
            now=clock.now(),
        )
    page = client.get(f"/admin/incidents?account={account_id}").text
    for words in ("Not reached", "Went to another account", "1,004 ms", "1 incident"):
        assert words in page
    assert client.get("/admin/incidents?account=999").status_code == 200


@pytest.mark.req("IDN-04")
def test_keys_are_confirmed_and_kept_out_of_the_browser_meanwhile(client: FlaskClient) -> None:
    token = {"csrf_token": fields(client.get("/admin/gateways/new?gateway=paylink").text)["csrf_token"]}
    act = client.post("/admin/gateways/new?gateway=paylink", data=token | TERMS)
    path = path_of(act)
    page = client.get(path).text
    assert "Save the gateway account “Paylink Korea”" in page
    assert SECRET not in page
    assert rows("SELECT count(*) FROM gateway_account") == [(0,)]
    assert through(client, by_mail(client, path)).status_code == 303
    assert rows("SELECT name FROM gateway_account") == [("Paylink Korea",)]
    assert rows("SELECT form FROM step_up") == [(None,)]


@pytest.mark.req("IDN-04")
def test_without_new_keys_nothing_is_asked(client: FlaskClient) -> None:
    path = f"/admin/gateways/{make(client)}"
    token = {"csrf_token": fields(client.get(path).text)["csrf_token"]}
    same = TERMS | {"version": "1", "priority": "7", "setting_secret_key": "", "setting_webhook_secrets": ""}
    assert client.post(path, data=token | same).location == path
    changed = TERMS | {"version": "2", "setting_secret_key": "plk_test_another-secret-of-ours"}
    assert path_of(client.post(path, data=token | changed))
