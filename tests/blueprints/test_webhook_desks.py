"""Webhooks on the desks of the mall and of stores: made, shown once, sent again, and nobody else's (API-02)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.config import Settings
from portal.jobs.webhooks import allow_targets
from portal.services.outbox import Event
from tests.blueprints.desks import browser, fields
from tests.blueprints.pages import HTMX
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.refund import rows
from tests.factories.webhook import Hook, handle_waiting, happen, make_hook
from tests.sandbox_server import Sandbox, start_sandbox

pytestmark = [pytest.mark.req("API-02"), pytest.mark.usefixtures("books")]


@pytest.fixture(scope="module")
def sandbox(settings: Settings, _process: None) -> Iterator[Sandbox]:
    with start_sandbox(portal_url="http://127.0.0.1:9") as running:
        allow_targets(replace(settings, webhook_targets=(f"127.0.0.1:{urlsplit(running.url).port}",)))
        yield running
        allow_targets(settings)


def send(client: FlaskClient, path: str, page: str = "/admin/webhooks/new", /, **data: object) -> TestResponse:
    token = fields(client.get(page).text)["csrf_token"]
    return client.post(path, data={"csrf_token": token, **data})


def test_a_webhook_is_made_told_and_followed_on_the_desk_of_the_mall(app: APIFlask, sandbox: Sandbox) -> None:
    make_mall()
    ada = browser(app, make_person("ada", roles=("admin",)))
    url = f"{sandbox.url}/receiver/desk"
    wrong = send(ada, "/admin/webhooks", name="", url="http://127.0.0.1:1/", kinds=[])
    assert wrong.status_code == 422
    assert "Choose at least one of the events." in wrong.text
    inside = send(ada, "/admin/webhooks", name="BI", url="https://127.0.0.1/x", kinds=["order.paid"])
    assert inside.status_code == 422
    assert "Webhooks go to public addresses by https." in inside.text
    assert rows("SELECT count(*) FROM webhook_endpoint") == [(0,)]

    made = send(ada, "/admin/webhooks", name="BI", url=url, kinds=["campaign.moved"], only_on="kr")
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    [secret] = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", made.text))
    [(endpoint_id, kept)] = rows("SELECT id, secret FROM webhook_endpoint")
    assert secret.encode() not in bytes(kept)
    sandbox.receiver("desk", secrets=[secret])
    page = f"/admin/webhooks/{endpoint_id}"
    assert secret not in ada.get(page).text

    assert send(ada, f"{page}/test").status_code == 303
    handle_waiting()
    hook = Hook(endpoint_id, secret, sandbox, "desk")
    hook.send()
    assert [one["verdict"] for one in hook.got] == ["verified"]
    shown = ada.get(page).text
    assert "Test message" in shown
    assert "Delivered" in shown
    assert 'id="messages"' in ada.get(page, headers={**HTMX, "HX-Target": "messages"}).text
    [(message_id,)] = hook.deliveries("message_id")
    detail = ada.get(f"{page}/messages/{message_id}").text
    assert "webhook.test" in detail
    assert "taken" in detail
    assert send(ada, f"{page}/messages/{message_id}/redelivery").status_code == 303
    hook.send()
    assert len(hook.got) == 2

    rotated = send(ada, f"{page}/secret", overlap="24")
    assert rotated.status_code == 200
    [new_secret] = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", rotated.text))
    assert new_secret != secret
    assert send(ada, f"{page}/secret", overlap="5").status_code == 422


def test_who_saves_second_is_refused_and_what_is_off_sends_nothing(app: APIFlask, sandbox: Sandbox) -> None:
    make_mall()
    ada = browser(app, make_person("ada", roles=("admin",)))
    hook = make_hook(sandbox, kinds=["campaign.moved"])
    page = f"/admin/webhooks/{hook.id}"
    change: dict[str, object] = {"name": "Renamed", "url": f"{sandbox.url}/receiver/x", "kinds": ["order.paid"]}
    assert send(ada, page, version="1", **change).status_code == 303
    late = send(ada, page, version="1", **(change | {"name": "Other"}))
    assert late.status_code == 409
    assert rows("SELECT name, version FROM webhook_endpoint") == [("Renamed", 2)]

    assert send(ada, f"{page}/state", state="off").status_code == 303
    assert send(ada, f"{page}/test").status_code == 409
    assert send(ada, f"{page}/replay", hours="1").status_code == 409
    assert send(ada, f"{page}/state", state="gone").status_code == 404
    assert send(ada, f"{page}/state", state="removed").status_code == 303
    assert ada.get(page).status_code == 404
    assert send(ada, f"{page}/state", state="on").status_code == 404


def test_a_store_sees_and_changes_its_own_only(app: APIFlask, sandbox: Sandbox) -> None:
    mall = make_mall()
    first, second = mall.store_ids[:2]
    sam, sue = (
        browser(app, make_person(name, store_ids=(store,))) for name, store in (("sam", first), ("sue", second))
    )
    form = "/seller/webhooks/new"
    url = f"{sandbox.url}/receiver/store"
    refused = send(sam, "/seller/webhooks", form, name="ERP", url=url, kinds=["account.frozen"])
    assert refused.status_code == 422
    assert (
        send(sam, "/seller/webhooks", form, name="ERP", url=url, kinds=["stock.low"], only_on="kr").status_code == 200
    )
    [(endpoint_id, store_id, channel_id)] = rows("SELECT id, store_id, channel_id FROM webhook_endpoint")
    assert (store_id, channel_id) == (first, None)
    happen(Event("stock.low", f"store:{first}", {"store": first, "count": 1, "goods": []}))
    [(message_id,)] = rows("SELECT message_id FROM webhook_delivery")

    page = f"/seller/webhooks/{endpoint_id}"
    assert "ERP" in sam.get("/seller/webhooks").text
    assert sam.get(f"{page}/messages/{message_id}").status_code == 200
    assert "ERP" not in sue.get("/seller/webhooks").text
    assert sue.get(page).status_code == 404
    assert sue.get(f"{page}/messages/{message_id}").status_code == 404
    for path in ("", "/state", "/secret", "/test", "/replay", f"/messages/{message_id}/redelivery"):
        answer = send(
            sue, page + path, form, state="off", overlap="0", version="1", name="x", url=url, kinds=["stock.low"]
        )
        assert answer.status_code == 404
    assert rows("SELECT state, version FROM webhook_endpoint") == [("on", 1)]
