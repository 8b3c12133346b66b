"""What the Adyen connector must be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from portal.gateways.base import Gateway
from portal.gateways.connector import Connector, GatewayConfigError, Setting, read, read_list, read_origin

NAME = "adyen"
API_VERSION = "v72"  # The one that SDK 16 is made for.
DISPUTES_VERSION = "v30"
SETTINGS = (
    Setting("api_key", secret=True),
    Setting("merchant_account"),
    Setting("client_key"),
    Setting("hmac_keys", secret=True),
    Setting("webhook_user"),
    Setting("webhook_password", secret=True),
    # Adyen Web of the version that was chosen, from checkoutshopper-live or -test.adyen.com.
    Setting("js_url"),
    Setting("css_url", required=False),
    Setting("live_prefix", required=False),
    Setting("api_base", required=False),
    Setting("disputes_base", required=False),
    # A way of paying by redirect in euros that the account has, for look-ups (see `lookup`).
    Setting("fence_method", required=False, default="ideal"),
)


@dataclass(frozen=True, slots=True)
class AdyenConfig:
    """Keys and addresses. Several HMAC keys are accepted at once, so that they can be changed (STR-02)."""

    api_key: str = field(repr=False)
    merchant_account: str
    client_key: str
    hmac_keys: tuple[str, ...] = field(repr=False)
    webhook_user: str
    webhook_password: str = field(repr=False)
    js_url: str
    css_url: str | None
    live_prefix: str | None
    api_base: str
    disputes_base: str
    fence_method: str

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises GatewayConfigError."""
        values = read(NAME, SETTINGS, given)
        if not values["client_key"].startswith(("test_", "live_")):
            raise GatewayConfigError(NAME, "client_key", "must begin with test_ or live_")
        keys = read_list(values["hmac_keys"])
        for key in keys:
            try:
                bytes.fromhex(key)
            except ValueError as failure:
                raise GatewayConfigError(NAME, "hmac_keys", "must be hexadecimal") from failure
        prefix = values["live_prefix"] or None
        # docs.adyen.com/development-resources/live-endpoints
        own = (
            f"https://{prefix}-checkout-live.adyenpayments.com/checkout"
            if prefix
            else "https://checkout-test.adyen.com"
        )
        stage = "live" if prefix else "test"
        disputes = f"https://ca-{stage}.adyen.com/ca/services/DisputeService"
        return cls(
            api_key=values["api_key"],
            merchant_account=values["merchant_account"],
            client_key=values["client_key"],
            hmac_keys=keys,
            webhook_user=values["webhook_user"],
            webhook_password=values["webhook_password"],
            js_url=read_origin(NAME, "js_url", values["js_url"]),
            css_url=read_origin(NAME, "css_url", values["css_url"]) if values["css_url"] else None,
            live_prefix=prefix,
            api_base=read_origin(NAME, "api_base", values["api_base"] or own),
            disputes_base=read_origin(NAME, "disputes_base", values["disputes_base"] or disputes),
            fence_method=values["fence_method"],
        )


def _build(given: Mapping[str, str]) -> Gateway:
    config = AdyenConfig.from_mapping(given)
    from portal.gateways.adyen.gateway import AdyenGateway

    return AdyenGateway(config)


ADYEN = Connector(name=NAME, title="Adyen", settings=SETTINGS, build=_build, tells_of_disputes=True)
