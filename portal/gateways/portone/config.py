"""What the PortOne connector must be told."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from portal.gateways.base import Gateway, Method
from portal.gateways.connector import Connector, GatewayConfigError, Setting, read, read_list, read_origin

NAME = "portone"
SETTINGS = (
    Setting("api_secret", secret=True),
    Setting("webhook_secrets", secret=True),
    Setting("store_id"),
    Setting("channel_key"),
    # Other channels by method, where one contract does not take all: mobile_carrier=channel-key-…,wallet=channel-key-…
    Setting("method_channels", required=False),
    Setting("window_url"),
    Setting("api_base", required=False, default="https://api.portone.io"),
    Setting("account_bank", required=False, default="SHINHAN"),
    Setting("account_hours", required=False, default="72"),
)
HOURS_MAX = 24 * 30


@dataclass(frozen=True, slots=True)
class PortOneConfig:
    """Keys, channels and addresses. `window_url` is the page that opens PortOne's payment window (ADR 20).

    A virtual account is opened at `account_bank` and takes money for `account_hours`.
    """

    api_secret: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    store_id: str
    channel_key: str
    method_channels: Mapping[str, str]
    window_url: str
    api_base: str
    account_bank: str
    account_hours: int

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises GatewayConfigError."""
        values = read(NAME, SETTINGS, given)
        secrets = read_list(values["webhook_secrets"])
        for secret in secrets:
            try:
                base64.b64decode(secret.removeprefix("whsec_"), validate=True)
            except binascii.Error as failure:
                raise GatewayConfigError(NAME, "webhook_secrets", "must be whsec_ and base64") from failure
        return cls(
            api_secret=values["api_secret"],
            webhook_secrets=secrets,
            store_id=values["store_id"],
            channel_key=values["channel_key"],
            method_channels=_channels(values["method_channels"]),
            window_url=read_origin(NAME, "window_url", values["window_url"]),
            api_base=read_origin(NAME, "api_base", values["api_base"]),
            account_bank=values["account_bank"],
            account_hours=_hours(values["account_hours"]),
        )

    def channel_of(self, method: str) -> str:
        """The channel that takes a method."""
        return self.method_channels.get(method, self.channel_key)


def _channels(value: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in read_list(value)]
    channels = {method.strip(): key.strip() for method, _, key in pairs}
    if not all(method in set(Method) and key for method, key in channels.items()):
        raise GatewayConfigError(NAME, "method_channels", "must be method=channel key, separated by commas")
    return channels


def _hours(value: str) -> int:
    hours = int(value) if value.isascii() and value.isdigit() else 0
    if not 1 <= hours <= HOURS_MAX:
        raise GatewayConfigError(NAME, "account_hours", f"must be a number of hours from 1 to {HOURS_MAX}")
    return hours


def _build(given: Mapping[str, str]) -> Gateway:
    from portal.gateways.portone.gateway import PortOneGateway

    return PortOneGateway(PortOneConfig.from_mapping(given))


PORTONE = Connector(name=NAME, title="PortOne", settings=SETTINGS, build=_build)
