"""Who may come in: keys, their permissions, their channel, their window (API-01, IDN-02)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest
from apiflask import APIFlask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from portal.blueprints.api.limits import counter
from portal.blueprints.api.operations import OPERATIONS, Operation
from portal.blueprints.api.v1 import load_resources
from portal.broker import broker
from portal.db import reading, transaction
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import ApiClient, AuditRow, User
from portal.rules.permissions import Actor, Permission, Role
from portal.rules.risk_lists import ListKind, ListMode, read_value
from portal.services.accounts.make_api_client import (
    KeyForbiddenError,
    KeyTooPowerfulError,
    KeyUserUnknownError,
    hash_key,
    make_api_client,
)
from portal.services.accounts.revoke_api_client import KeyUnknownError, revoke_api_client
from portal.services.fraud.change_lists import add_entry, remove_entry
from tests.blueprints.api.conftest import Api, World, data, make_key, place
from tests.factories.account import freeze, make_person, make_session

load_resources()
PATHS = {
    "slug": "goods",
    "campaign_id": "1",
    "variant_id": "1",
    "number": "KR-AAAAAAAAAA",
    "payment_id": str(uuid.uuid4()),
}
# What stands in a path of which nothing is named: nothing that is there.
BY_KIND = {"string": "nothing", "int": "1", "uuid": str(uuid.uuid4())}


def address_of(op: Operation, **values: str) -> str:
    named = {**PATHS, **values}
    return re.sub(r"<(\w+):(\w+)>", lambda found: named.get(found[2]) or BY_KIND[found[1]], op.path)


def ask(api: Api, op: Operation, **values: str) -> TestResponse:
    headers = {"Idempotency_Key": "k"} if op.is_idempotent else {}
    return api.call(op.method, address_of(op, **values), op.body_example, **headers)


@pytest.mark.req("API-01")
def test_without_a_key_nothing_is_served(world: World) -> None:
    wrong: tuple[dict[str, str], ...] = ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"})
    for op, headers in product(OPERATIONS, wrong):
        answer = world.api.client.open(f"/api/v1{address_of(op)}", method=op.method, headers=headers)
        assert (answer.status_code, data(answer)["code"]) == (401, "key_missing")
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.req("API-01", "IDN-02")
def test_a_key_without_the_permission_is_refused(world: World) -> None:
    assert [op.path for op in OPERATIONS if op.permission is None] == ["/key", "/key/rotation"]
    held = world.api.read("/key")["permissions"]
    without = {
        permission: world.as_bea(*[Permission(one) for one in held if one != permission])
        for permission in {op.permission for op in OPERATIONS if op.permission is not None}
    }
    for op in OPERATIONS:
        if op.permission is not None:
            answer = ask(without[op.permission], op)
            assert (answer.status_code, data(answer)["code"]) == (403, "permission_missing"), op.path
            assert data(answer)["params"] == {"permission": op.permission.value}


@pytest.mark.req("API-01", "IDN-02")
def test_a_strangers_key_reaches_nothing_of_another(world: World) -> None:
    """Bea has a cart and an order; whatever max asks, he neither sees nor changes any of it."""
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    number = data(place(world.api))["number"]
    world.api.put(f"/cart/lines/{world.lamp}", {"quantity": 3})
    cart, order = world.api.read("/cart"), world.api.read(f"/orders/{number}")
    # Cart and order are looked at after each that may write; what the reads before had changed would be seen by then.
    for op in sorted(OPERATIONS, key=lambda one: one.method != "GET"):
        answer = ask(world.stranger, op, number=number, variant_id=str(world.lamp))
        if "<string:number>" in op.path:
            # What is the mall's alone is refused before anything is looked for.
            refusals = {(404, "not_found"), (403, "permission_missing")}
            assert (answer.status_code, data(answer)["code"]) in refusals, op.name
        assert number not in answer.text, op.name
        if op.method != "GET":
            assert world.api.read("/cart") == cart, op.name
            assert world.api.read(f"/orders/{number}") == order, op.name


def test_a_wrong_key_and_the_cookie_of_a_person_open_nothing(world: World) -> None:
    wrong = Api(world.api.client, "ptk_test_wrong")
    assert data(wrong.get("/cart"))["code"] == "key_wrong"
    token, _ = make_session(world.bea)
    browser = world.api.client.application.test_client()
    with browser.session_transaction() as cookie:
        cookie["token"] = token
    answer = browser.get("/api/v1/cart")
    assert (answer.status_code, data(answer)["code"]) == (401, "key_missing")
    assert "Set-Cookie" not in answer.headers


def test_a_revoked_and_an_expired_key_are_told_apart(world: World) -> None:
    with transaction() as session:
        client_id = session.scalars(select(ApiClient.id).where(ApiClient.user_id == world.bea.id)).one()
        assert revoke_api_client(session, actor=world.bea.actor, client_id=client_id, now=clock.now())
        assert not revoke_api_client(session, actor=world.bea.actor, client_id=client_id, now=clock.now())
    refused = world.api.get("/key")
    assert (refused.status_code, data(refused)["code"]) == (401, "key_revoked")
    soon = world.as_bea(expires_at=clock.now() + timedelta(days=1))
    assert soon.get("/key").status_code == 200
    with clock.frozen(clock.now() + timedelta(days=1)):
        late = soon.get("/key")
    assert (late.status_code, data(late)["code"]) == (401, "key_expired")


def test_a_closed_account_closes_its_keys_and_a_lost_role_takes_its_permissions(world: World) -> None:
    with transaction() as session:
        session.execute(update(User).where(User.id == world.bea.id).values(roles=[]))
    assert data(world.api.get("/cart"))["code"] == "permission_missing"
    assert world.api.read("/key")["permissions"] == []
    with transaction() as session:
        session.execute(update(User).where(User.id == world.bea.id).values(state="closed"))
    assert data(world.api.get("/cart"))["code"] == "key_wrong"


def test_a_frozen_account_may_look_and_not_buy(world: World) -> None:
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    freeze(world.bea.id)
    assert world.api.get("/cart").status_code == 200
    answer = place(world.api)
    assert (answer.status_code, data(answer)["code"]) == (403, "account_frozen")


def test_a_key_works_on_its_channel_only(world: World) -> None:
    american = world.as_bea(channel=world.mall.us)
    assert american.read("/catalogue/products")["items"][0]["price_from"]["currency"] == "USD"
    client = world.api.client
    headers = {"Authorization": f"Bearer {american.key}"}
    assert client.get("/us/api/v1/key", headers=headers).status_code == 200
    answer = client.get("/kr/api/v1/key", headers=headers)
    assert (answer.status_code, data(answer)["code"]) == (403, "channel_forbidden")


def test_codes_and_points_need_their_own_permissions(world: World) -> None:
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    plain = world.as_bea(Permission.PAYMENT_INITIATE)
    assert plain.post("/quote", {}).status_code == 200
    for choice, permission in (({"codes": ["A1"]}, "coupon:apply"), ({"mileage_points": 1}, "mileage:use")):
        answer = plain.post("/quote", choice)
        assert (answer.status_code, data(answer)["params"]) == (403, {"permission": permission})


def test_only_the_hash_is_kept_and_the_making_is_recorded(world: World) -> None:
    with reading() as session:
        row = session.execute(select(ApiClient).where(ApiClient.user_id == world.bea.id)).scalar_one()
        actions = session.scalars(select(AuditRow.action).where(AuditRow.ref == f"api-client:{row.id}")).all()
    assert row.key_hash == hash_key(world.api.key)
    assert world.api.key.endswith(row.key_hint)
    assert len(row.key_hint) == 4
    assert list(actions) == ["api-client:made"]


def test_its_last_use_is_noted_rarely(world: World) -> None:
    def used() -> object:
        with reading() as session:
            return session.scalars(select(ApiClient.last_used_at).where(ApiClient.user_id == world.bea.id)).one()

    began = clock.now()
    for after, noted in ((0, 0), (60, 0), (301, 301)):
        with clock.frozen(began + timedelta(seconds=after)):
            world.api.get("/key")
        assert used() == began + timedelta(seconds=noted)


def test_nobody_gives_a_key_more_than_its_person_has(world: World) -> None:
    with pytest.raises(KeyTooPowerfulError):
        make_key(world.bea, world.mall.kr, Permission.USER_RESTRICT)


def test_keys_are_made_and_revoked_by_their_person_or_an_administrator_and_never_by_a_key(world: World) -> None:
    ada = make_person("ada", roles=("admin",))
    by_key = Actor(user_id=world.bea.id, roles=frozenset({Role.BUYER}), limited_to=frozenset(Permission))

    def make(actor: Actor, user_id: uuid.UUID = world.bea.id) -> None:
        with transaction() as session:
            make_api_client(
                session,
                actor=actor,
                user_id=user_id,
                channel_id=world.mall.kr.id,
                name="a",
                now=clock.now(),
            )

    make(ada.actor)
    for actor in (world.max.actor, by_key):
        with pytest.raises(KeyForbiddenError):
            make(actor)
    with pytest.raises(KeyUserUnknownError):
        make(ada.actor, new_id())
    with reading() as session:
        client_id = session.scalars(select(ApiClient.id).where(ApiClient.user_id == world.bea.id)).first()
    assert client_id is not None
    with transaction() as session, pytest.raises(KeyUnknownError):
        revoke_api_client(session, actor=world.max.actor, client_id=client_id, now=clock.now())


@pytest.mark.req("API-01", "FRD-04")
def test_from_a_blocked_place_neither_key_nor_token_opens_anything(world: World) -> None:
    here, form = "203.0.113.7", {"grant_type": "client_credentials", "client_secret": world.api.key}
    form["client_id"] = world.api.read("/key")["client_id"]
    client = world.api.client

    def token_from(ip: str) -> TestResponse:
        return client.post("/api/v1/token", data=form, environ_base={"REMOTE_ADDR": ip})

    def answers(key: str) -> list[tuple[int, str | None]]:
        headers = {"Authorization": f"Bearer {key}"}
        asked = [client.get("/api/v1/key", headers=headers, environ_base={"REMOTE_ADDR": ip}) for ip in (here, "::1")]
        return [(one.status_code, (one.json or {}).get("code")) for one in asked]

    token = data(token_from(here))["access_token"]
    rita = make_person("rita", roles=("risk",)).actor
    value, now = read_value(ListKind.NETWORK, "203.0.113.0/24"), clock.now()
    with transaction() as session:
        entry = add_entry(
            session, value=value, mode=ListMode.BLOCK, reason="bots", expires_at=None, actor=rita, ip=None, now=now
        )
    for key in (world.api.key, token):
        assert answers(key) == [(403, "place_blocked"), (200, None)]
    assert (token_from(here).status_code, data(token_from(here))["error"]) == (400, "unauthorized_client")
    assert token_from("::1").status_code == 200
    with transaction() as session:
        remove_entry(session, entry_id=entry, actor=rita, now=now)
    assert answers(world.api.key) == [(200, None), (200, None)]


@pytest.fixture
def three_a_minute(app: APIFlask) -> Iterator[None]:
    app.config["API_REQUESTS_PER_MINUTE"] = 3
    yield
    del app.config["API_REQUESTS_PER_MINUTE"]


@pytest.mark.req("API-01")
def test_a_key_has_a_window_and_is_told_where_it_stands(world: World, three_a_minute: None) -> None:
    left = [world.api.get("/key").headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = world.api.get("/key")
    assert (refused.status_code, data(refused)["code"]) == (429, "rate_exceeded")
    assert refused.headers["RateLimit-Limit"] == "3"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert world.stranger.get("/key").status_code == 200


def test_without_redis_requests_pass(world: World) -> None:
    kept = broker._client
    broker.connect("redis://127.0.0.1:1/0")
    try:
        answer = world.api.get("/key")
    finally:
        broker._client = kept
        counter.forget()
    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer.headers
