"""A sandbox and connectors that speak to it."""

from collections.abc import Iterator

import pytest

from tests.contract.drivers import AdyenDriver, PortOneDriver, StripeDriver
from tests.contract.receiver import Receiver, receiving
from tests.sandbox_server import Sandbox, start_sandbox


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="session")
def sandbox(receiver: Receiver) -> Iterator[Sandbox]:
    with start_sandbox(portal_url=receiver.url) as running:
        yield running


@pytest.fixture
def stripe(sandbox: Sandbox) -> Iterator[StripeDriver]:
    yield StripeDriver(sandbox)
    sandbox.clear_faults()
    sandbox.settings(search_lag_ms=0)


@pytest.fixture
def portone(sandbox: Sandbox, receiver: Receiver) -> Iterator[PortOneDriver]:
    yield PortOneDriver(sandbox, receiver)
    sandbox.clear_faults()


@pytest.fixture
def adyen(sandbox: Sandbox, receiver: Receiver) -> AdyenDriver:
    return AdyenDriver(sandbox, receiver)
