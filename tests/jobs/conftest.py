"""A sandbox of the vendors for this worker, and gateway accounts that lead to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest

from portal.config import Settings
from portal.db import transaction
from portal.gateways.registry import settings_from
from portal.jobs.parcels import set_tracker
from portal.jobs.webhooks import allow_targets
from portal.models import GatewayAccount
from portal.queries.gateways import forget_gateways
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall
from tests.factories.order import LONG_AGO
from tests.sandbox_server import TRACKHUB_API_KEY, TRACKHUB_WEBHOOK_SECRET, Sandbox, start_sandbox


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Sandbox]:
    # Nobody listens for notices here: tests bring them in by themselves.
    with start_sandbox(portal_url="http://127.0.0.1:9") as running:
        yield running


@pytest.fixture
def receivers(sandbox_server: Sandbox, settings: Settings) -> Iterator[Sandbox]:
    """The sandbox, whose receivers of webhooks may be called."""
    allow_targets(replace(settings, webhook_targets=(f"127.0.0.1:{urlsplit(sandbox_server.url).port}",)))
    yield sandbox_server
    sandbox_server.clear_faults()
    allow_targets(settings)


@pytest.fixture
def trackhub(hub: Sandbox, settings: Settings) -> Iterator[Sandbox]:
    """The tracker that a module has started as `hub`, asked by this process."""
    url = f"http://127.0.0.1:{hub.port}"
    secrets = (TRACKHUB_WEBHOOK_SECRET,)
    set_tracker(
        replace(settings, trackhub_url=url, trackhub_api_key=TRACKHUB_API_KEY, trackhub_webhook_secrets=secrets)
    )
    yield hub
    set_tracker(settings)


# One method each, so that a test chooses its gateway by the method.
METHODS = {
    "stripe": ["credit_card"],
    "paylink": ["bank_transfer"],
    "adyen": ["international_card", "pay_later"],
    "portone": ["debit_card", "virtual_account", "mobile_carrier", "wallet"],
}


@dataclass
class World:
    """A mall whose gateways are reached over HTTP, and a buyer."""

    sandbox: Sandbox
    mall: Mall
    bea: Person


@pytest.fixture
def world(books: None, sandbox_server: Sandbox) -> Iterator[World]:
    with transaction() as session:
        for priority, name in enumerate(METHODS):
            session.add(
                GatewayAccount(
                    gateway=name,
                    name=name,
                    credentials=json.dumps(settings_from(sandbox_server.environ, name)),
                    methods=METHODS[name],
                    currencies=["KRW", "USD"],
                    priority=priority,
                )
            )
    forget_gateways()
    mall = make_mall()
    yield World(sandbox_server, mall, make_person("bea", now=LONG_AGO))
    sandbox_server.clear_faults()
