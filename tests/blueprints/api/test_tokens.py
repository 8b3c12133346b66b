"""Keys that are exchanged, tokens for them, channels that are over, and operations that end (API-01)."""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from portal.blueprints.api.openapi import _operation, _schemas
from portal.blueprints.api.operations import OPERATIONS, Ending, served, show_ending
from portal.blueprints.api.tokens import LIFETIME, PREFIX
from portal.db import reading, transaction
from portal.kit import clock
from portal.models import ApiClient, AuditRow, Channel
from portal.queries.channels import forget_channels
from portal.rules.permissions import Actor, Permission
from portal.services.accounts.make_api_client import hash_key
from portal.services.accounts.revoke_api_client import KeyUnknownError, revoke_api_client
from portal.services.accounts.rotate_api_client import rotate_api_client
from tests.blueprints.api.conftest import Api, World, data

pytestmark = pytest.mark.req("API-01")


def ask_token(api: Api, *, basic: tuple[str, str] | None = None, **form: str) -> TestResponse:
    headers = {}
    if basic is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
    return api.client.post("/api/v1/token", data=form, headers=headers)


def with_token(api: Api, scope: str = "") -> Api:
    client_id = api.read("/key")["client_id"]
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": api.key}
    if scope:
        form["scope"] = scope
    answer = api.client.post("/api/v1/token", data=form)
    assert answer.status_code == 200, answer.text
    return Api(api.client, data(answer)["access_token"])


def test_a_client_gets_a_token_for_its_key_and_does_with_it_what_was_asked_for(world: World) -> None:
    client_id = world.api.read("/key")["client_id"]
    answer = ask_token(
        world.api, basic=(client_id, world.api.key), grant_type="client_credentials", scope="cart:edit channel:kr"
    )
    told = data(answer)
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 900, "cart:edit")
    assert told["access_token"].startswith(PREFIX)
    assert answer.headers["Cache-Control"] == "no-store"
    api = Api(world.api.client, told["access_token"])
    assert api.get("/cart").status_code == 200
    refused = api.get("/orders")
    assert (refused.status_code, data(refused)["params"]) == (403, {"permission": "order:list"})
    assert api.read("/key")["permissions"] == ["cart:edit"]
    assert with_token(world.api).read("/key")["permissions"] == world.api.read("/key")["permissions"]


def test_a_token_ends_by_itself_with_its_key_and_with_its_client(world: World) -> None:
    token = with_token(world.api)
    with clock.frozen(clock.now() + LIFETIME):
        late = token.get("/key")
    assert (late.status_code, data(late)["code"]) == (401, "token_expired")
    forged = Api(world.api.client, token.key[:-2] + ("xx" if token.key[-2:] != "xx" else "yy"))
    assert data(forged.get("/key"))["code"] == "token_expired"
    newer = Api(world.api.client, data(world.api.post("/key/rotation", {"overlap_hours": 1}))["key"])
    assert token.get("/key").status_code == 200
    assert with_token(newer).get("/key").status_code == 200
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert data(world.api.get("/key"))["code"] == "key_wrong"
        young = with_token(newer)
        with transaction() as session:
            client_id = session.scalars(select(ApiClient.id).where(ApiClient.user_id == world.bea.id)).one()
            revoke_api_client(session, actor=world.bea.actor, client_id=client_id, now=clock.now())
        assert data(young.get("/key"))["code"] == "token_expired"


WRONG: tuple[tuple[dict[str, str], int, str], ...] = (
    ({}, 400, "invalid_request"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ({"grant_type": "client_credentials"}, 401, "invalid_client"),
    ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "KEY"}, 401, "invalid_client"),
    ({"grant_type": "client_credentials", "client_id": "MAX", "client_secret": "KEY"}, 401, "invalid_client"),
    ({"grant_type": "client_credentials", "client_id": "ID", "client_secret": "ptk_test_no"}, 401, "invalid_client"),
    (
        {"grant_type": "client_credentials", "client_id": "ID", "client_secret": "KEY", "scope": "a"},
        400,
        "invalid_scope",
    ),
    (
        {"grant_type": "client_credentials", "client_id": "ID", "client_secret": "KEY", "scope": "user:restrict"},
        400,
        "invalid_scope",
    ),
    (
        {"grant_type": "client_credentials", "client_id": "ID", "client_secret": "KEY", "scope": "channel:us"},
        400,
        "invalid_scope",
    ),
)


def test_what_is_wrong_is_told_as_oauth_says_it(world: World) -> None:
    known = {"ID": world.api.read("/key")["client_id"], "MAX": world.stranger.read("/key")["client_id"]}
    known["KEY"] = world.api.key
    for form, status, error in WRONG:
        answer = ask_token(world.api, **{name: known.get(value, value) for name, value in form.items()})
        assert (answer.status_code, data(answer)["error"]) == (status, error), form
        assert data(answer)["error_description"]
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    for header in ("Basic", "Basic %%%", "Bearer x"):
        answer = world.api.client.post(
            "/api/v1/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
        )
        assert (answer.status_code, data(answer)["error"]) == (401, "invalid_client")


def test_a_key_is_exchanged_and_a_lost_answer_does_no_harm(world: World) -> None:
    lost = data(world.api.post("/key/rotation", {"overlap_hours": 24}))["key"]
    again = data(world.api.post("/key/rotation", {"overlap_hours": 24}))
    newer = Api(world.api.client, again["key"])
    assert world.api.get("/key").status_code == 200
    shown = newer.read("/key")
    assert (shown["hint"], shown["previous_key_until"]) == (again["key"][-4:], again["previous_key_until"])
    assert data(Api(world.api.client, lost).get("/key"))["code"] == "key_wrong"
    with clock.frozen(clock.now() + timedelta(hours=24)):
        assert data(world.api.get("/key"))["code"] == "key_wrong"
        assert newer.get("/key").status_code == 200
    refused = with_token(newer).post("/key/rotation", {"overlap_hours": 1})
    assert (refused.status_code, data(refused)["code"]) == (403, "key_needed")
    with reading() as session:
        actions = session.scalars(
            select(AuditRow.action).where(AuditRow.ref == f"api-client:{shown['client_id']}")
        ).all()
    assert list(actions) == ["api-client:made", "api-client:rotated", "api-client:rotated"]


def test_a_key_that_was_replaced_without_an_overlap_does_not_come_back_by_a_request_under_way(world: World) -> None:
    client_id = uuid.UUID(world.api.read("/key")["client_id"])
    with transaction() as session:
        rotate_api_client(session, actor=world.bea.actor, client_id=client_id, overlap=timedelta(0), now=clock.now())
    with pytest.raises(KeyUnknownError), transaction() as session:
        rotate_api_client(
            session,
            actor=Actor(user_id=world.bea.id, client_id=client_id),
            client_id=client_id,
            overlap=timedelta(hours=1),
            asked_with=hash_key(world.api.key),
            now=clock.now(),
        )
    assert data(world.api.get("/key"))["code"] == "key_wrong"


@pytest.mark.req("CHN-02")
def test_a_key_of_a_closed_channel_opens_nothing_any_more(world: World) -> None:
    token = with_token(world.api)
    client_id = world.api.read("/key")["client_id"]
    with transaction() as session:
        session.execute(update(Channel).where(Channel.code == "kr").values(state="closed"))
    forget_channels()
    for api in (world.api, token):
        for refused in (api.get("/cart"), api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})):
            assert (refused.status_code, data(refused)["code"]) == (403, "channel_over")
    answer = ask_token(world.api, grant_type="client_credentials", client_id=client_id, client_secret=world.api.key)
    assert data(answer)["error"] == "invalid_client"
    assert world.as_bea(Permission.CART_EDIT, channel=world.mall.us).get("/cart").status_code == 200


def test_an_operation_that_ends_says_so_with_every_answer(world: World) -> None:
    ending = Ending(date(2026, 11, 1), date(2027, 6, 1), "list_own_orders")
    op = replace(next(one for one in OPERATIONS if one.name == "show_key"), ending=ending)
    app: Flask = world.api.client.application
    for headers, status in (({"Authorization": f"Bearer {world.api.key}"}, 200), ({}, 401)):
        with app.test_request_context("/api/v1/key", headers=headers):
            try:
                answer: Any = app.make_response(served(op)())
            except Exception as error:  # noqa: BLE001  # Whatever the app answers with is looked at.
                answer = app.make_response(app.handle_user_exception(error))
            shown = show_ending(answer)
        assert shown.status_code == status or status == 401
        assert shown.headers["Deprecation"] == f"@{int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())}"
        assert parsedate_to_datetime(shown.headers["Sunset"]) == datetime(2027, 6, 1, tzinfo=UTC)
        assert '/api/v1/docs#list_own_orders>; rel="successor-version"' in shown.headers["Link"]
    described = _operation(op, _schemas()[0])
    assert described["deprecated"]
    assert {"Deprecation", "Sunset", "Link"} <= described["responses"]["200"]["headers"].keys()
    with pytest.raises(AssertionError):
        Ending(date(2026, 11, 1), date(2027, 1, 1), "list_own_orders")
