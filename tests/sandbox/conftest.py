"""A sandbox and the vendor's own SDK, without any of the portal's code in between."""

from collections.abc import Iterator

import pytest
import stripe

from tests.contract.receiver import Receiver, receiving
from tests.sandbox_server import STRIPE_SECRET_KEY, Sandbox, start_sandbox


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="session")
def sandbox(receiver: Receiver) -> Iterator[Sandbox]:
    with start_sandbox(portal_url=receiver.url) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> stripe.StripeClient:
    return sdk(sandbox)


def sdk(sandbox: Sandbox) -> stripe.StripeClient:
    """The SDK as anybody would use it."""
    return stripe.StripeClient(STRIPE_SECRET_KEY, base_addresses={"api": sandbox.url}, max_network_retries=0)
