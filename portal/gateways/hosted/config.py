"""What the Paylink connector must be told."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from portal.gateways.base import Gateway
from portal.gateways.connector import Connector, GatewayConfigError, Setting, read, read_list, read_origin

NAME = "paylink"
SETTINGS = (
    Setting("secret_key", secret=True),
    Setting("webhook_secrets", secret=True),
    Setting("api_base"),
)


@dataclass(frozen=True, slots=True)
class PaylinkConfig:
    """Key, address, and the secrets of the notices (several during a change)."""

    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    api_base: str

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
        return cls(values["secret_key"], secrets, read_origin(NAME, "api_base", values["api_base"]))


def _build(given: Mapping[str, str]) -> Gateway:
    from portal.gateways.hosted.gateway import PaylinkGateway

    return PaylinkGateway(PaylinkConfig.from_mapping(given))


PAYLINK = Connector(name=NAME, title="Paylink", settings=SETTINGS, build=_build)
