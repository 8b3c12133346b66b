"""The API as its clients meet it: a small mall, bea with a key, max with another one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from apiflask import APIFlask
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from portal.blueprints.api.limits import counter
from portal.blueprints.api.openapi import refusals_of
from portal.blueprints.api.operations import OPERATIONS
from portal.db import transaction
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.models import Product
from portal.queries.channels import ChannelView
from portal.rules.permissions import Permission
from portal.services.accounts.make_api_client import make_api_client
from portal.services.catalogue.refresh_listings import refresh_listings
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_gateway

ADDRESS = {
    "name": "김베아",
    "phone": "010-1234-5678",
    "postcode": "04524",
    "line1": "서울특별시 중구 세종대로 110",
    "line2": "3층",
}
CONSENTS = {"terms": "2026-11", "seller_data": "2026-11", "payment_agency": "2026-11"}


def make_key(person: Person, channel: ChannelView, *permissions: Permission, **more: Any) -> str:
    """A committed key of this person."""
    with transaction() as session:
        return make_api_client(
            session,
            actor=person.actor,
            user_id=person.id,
            channel_id=channel.id,
            name="tests",
            permissions=permissions or None,
            now=clock.now(),
            **more,
        ).key


def list_goods() -> None:
    """Let lists know all products."""
    with transaction() as session:
        refresh_listings(session, product_ids=list(session.scalars(select(Product.id))))


def check_described(app: Flask, answer: TestResponse, method: str, path: str) -> None:
    """Whatever a test asks: the status and the code of the answer are those of the document."""
    try:
        endpoint, _ = app.url_map.bind("").match(f"/api/v1{path.partition('?')[0]}", method=method)
    except HTTPException:
        return  # No operation has this address.
    op = next(one for one in OPERATIONS if endpoint == f"api.{one.name}")
    if answer.mimetype == "application/problem+json":
        status, code = answer.status_code, (answer.json or {})["code"]
        refusals = list(refusals_of(op))
        is_reason = code.isupper() and any(isinstance(one, RejectedError) for one in refusals)
        assert is_reason or (status, code) in {(one.status, one.code) for one in refusals}, (op.name, status, code)
    else:
        assert answer.status_code in {op.status, 304} | ({200} if op.status == 201 else set()), (op.name, answer.status)


@dataclass
class Api:
    """A program with a key."""

    client: FlaskClient
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Send a request; `body` goes as JSON, and underscores in header names become hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Bearer {self.key}", **self.headers, **named}
        answer = self.client.open(f"/api/v1{path}", method=method, json=body, headers=sent)
        check_described(self.client.application, answer, method, path)
        return answer

    def read(self, path: str) -> Any:
        """What a GET answers with."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any = None) -> TestResponse:
        return self.call("PUT", path, body)

    def delete(self, path: str) -> TestResponse:
        return self.call("DELETE", path)


@dataclass(frozen=True)
class World:
    """A mall with two products of two stores, a gateway, and people with keys."""

    mall: Mall
    bowl: int
    lamp: int
    bea: Person
    max: Person
    api: Api
    stranger: Api

    def as_bea(self, *permissions: Permission, channel: ChannelView | None = None, **more: Any) -> Api:
        """Another key of bea's, with these permissions only."""
        return Api(self.api.client, make_key(self.bea, channel or self.mall.kr, *permissions, **more))


@pytest.fixture
def world(app: APIFlask, books: None) -> World:
    counter.forget()
    mall = make_mall()
    bowl, lamp = make_variant(mall), make_variant(mall, store=1, krw=30_000, usd=2_500, name="Lamp")
    list_goods()
    make_gateway()
    bea, maximilian = make_person("bea", locale="en"), make_person("max")
    client = app.test_client(use_cookies=False)
    return World(
        mall,
        bowl,
        lamp,
        bea,
        maximilian,
        Api(client, make_key(bea, mall.kr)),
        Api(client, make_key(maximilian, mall.kr)),
    )


def data(answer: TestResponse) -> Any:
    """The JSON of an answer."""
    return answer.json


def order_body(quote: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a client sends after a quote."""
    return {
        "fingerprint": quote["fingerprint"],
        "method": "credit_card",
        "address": ADDRESS,
        "contact": {"email": "bea@example.com"},
        "consents": CONSENTS,
        "return_url": "https://partner.example/back",
        **more,
    }


def place(api: Api, *, key: str = "order-1", choices: dict[str, Any] | None = None) -> TestResponse:
    """Quote the cart and place the order."""
    chosen = {"method": "credit_card", **(choices or {})}
    quoted = api.post("/quote", chosen)
    assert quoted.status_code == 200, quoted.text
    return api.post("/orders", order_body(quoted.json or {}, **chosen), Idempotency_Key=key)
