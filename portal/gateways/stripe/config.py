"""What the Stripe connector must be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from portal.gateways.base import Gateway
from portal.gateways.connector import Connector, GatewayConfigError, Setting, read, read_list, read_origin

NAME = "stripe"
API_BASE = "https://api.stripe.com"
FILES_BASE = "https://files.stripe.com"
SETTINGS = (
    Setting("secret_key", secret=True),
    Setting("publishable_key"),
    Setting("webhook_secrets", secret=True),
    Setting("api_base", required=False, default=API_BASE),
    Setting("js_url", required=False, default="https://js.stripe.com/endive/stripe.js"),
)


@dataclass(frozen=True, slots=True)
class StripeConfig:
    """Keys and addresses. Several webhook secrets are accepted at once, so that they can be changed (STR-02)."""

    secret_key: str = field(repr=False)
    publishable_key: str
    webhook_secrets: tuple[str, ...] = field(repr=False)
    api_base: str
    js_url: str

    @property
    def files_base(self) -> str:
        """Where files go: Stripe has an address of its own for them."""
        return FILES_BASE if self.api_base == API_BASE else self.api_base

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises GatewayConfigError."""
        values = read(NAME, SETTINGS, given)
        if not values["secret_key"].startswith(("sk_", "rk_")):
            raise GatewayConfigError(NAME, "secret_key", "must begin with sk_ or rk_")
        if not values["publishable_key"].startswith("pk_"):
            raise GatewayConfigError(NAME, "publishable_key", "must begin with pk_")
        return cls(
            secret_key=values["secret_key"],
            publishable_key=values["publishable_key"],
            webhook_secrets=read_list(values["webhook_secrets"]),
            api_base=read_origin(NAME, "api_base", values["api_base"]),
            js_url=read_origin(NAME, "js_url", values["js_url"]),
        )


def _build(given: Mapping[str, str]) -> Gateway:
    config = StripeConfig.from_mapping(given)
    # The SDK takes half a second to import; only a process that uses Stripe pays for it.
    from portal.gateways.stripe.gateway import StripeGateway

    return StripeGateway(config)


STRIPE = Connector(name=NAME, title="Stripe", settings=SETTINGS, build=_build, tells_of_disputes=True)
