"""Desks where campaigns are made, and how their form is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.db import reading
from portal.models import Campaign
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall

NEW = "/admin/campaigns/new"


@dataclass
class Desks:
    """mia's desk of marketing, and sam's of the first store."""

    mall: Mall
    mia: Person
    as_mia: FlaskClient
    as_sam: FlaskClient


@pytest.fixture
def desks(app: APIFlask) -> Desks:
    mall = make_mall()
    mia = make_person("mia", roles=("marketing",))
    sam = make_person("sam", roles=("buyer",), store_ids=(mall.store_ids[0],))
    return Desks(mall, mia, browser(app, mia), browser(app, sam))


def typed(**changes: Any) -> dict[str, Any]:
    """A campaign as the page sends it: 10 % off, at most 8,000 won."""
    form: dict[str, Any] = {
        "name_en": "Shoes week",
        "name_ko": "신발 주간",
        "kind": "percentage",
        "target": "order",
        "percent": "10",
        "max_discounts-KRW": "8,000",
        "valid_from": "2036-12-01T00:00",
        "valid_until": "2037-01-01T00:00",
        "per_user": "1",
        "distribution": "code",
        "funding": "platform",
        "on_refund": "keep",
        "priority": "100",
    }
    return form | changes


def send(client: FlaskClient, path: str = NEW, do: str = "save", **form: Any) -> Any:
    found = fields(client.get(path).text)
    kept = {name: found[name] for name in ("csrf_token", "version") if name in found}
    return client.post(path, data=kept | form | {"do": do})


def save(client: FlaskClient, path: str = NEW, **changes: Any) -> int:
    answer = send(client, path, **typed(**changes))
    assert answer.status_code == 303, re.findall(r"error-summary.*?</div>", answer.text, re.S)
    return int(answer.location.partition("?")[0].rpartition("/")[2])


def campaign(campaign_id: int) -> Campaign:
    with reading() as session:
        return session.scalars(select(Campaign).where(Campaign.id == campaign_id)).one()


def launch(client: FlaskClient, path: str) -> Any:
    form = fields(client.get(path).text)
    return client.post(f"{path}/launch", data={"csrf_token": form["csrf_token"], "version": form["version"]})
