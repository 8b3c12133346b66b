"""One sandbox and one receiver of notices for the whole suite; every test pays for orders of its own."""

from collections.abc import Iterator

import pytest

from tests.contract.drivers import DRIVERS, Driver
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


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest, sandbox: Sandbox, receiver: Receiver) -> Iterator[Driver]:
    yield DRIVERS[request.param](sandbox, receiver)
    sandbox.clear_faults()
    sandbox.settings(search_lag_ms=0)
