"""What the sandbox is told when it starts."""

import argparse
from dataclasses import dataclass
from pathlib import Path

# Everyone may know these: they open nothing but a sandbox on one's own machine.
STRIPE_SECRET_KEY = "sk_test_sandbox_portal"  # noqa: S105  # A stand-in's key opens nothing.
STRIPE_PUBLISHABLE_KEY = "pk_test_sandbox_portal"
STRIPE_WEBHOOK_SECRET = "whsec_c2FuZGJveC1zdHJpcGUtd2ViaG9vay1zZWNyZXQ="  # noqa: S105  # A stand-in's key opens nothing.
PAYLINK_SECRET_KEY = "plk_test_sandbox_portal"  # noqa: S105  # A stand-in's key opens nothing.
PAYLINK_WEBHOOK_SECRET = "whsec_c2FuZGJveC1wYXlsaW5rLXdlYmhvb2stc2VjcmV0"  # noqa: S105  # A stand-in's key opens nothing.

ADYEN_API_KEY = "AQE_sandbox_portal"
ADYEN_CLIENT_KEY = "test_sandbox_portal"
ADYEN_MERCHANT_ACCOUNT = "PortalSandbox"
ADYEN_WEBHOOK_USER = "adyen"
ADYEN_WEBHOOK_PASSWORD = "sandbox-portal"  # noqa: S105  # A stand-in's key opens nothing.
ADYEN_HMAC_KEY = b"sandbox-adyen-hmac-key-of-portal".hex()

PORTONE_API_SECRET = "sandbox-portone-api-secret"  # noqa: S105  # A stand-in's key opens nothing.
PORTONE_WEBHOOK_SECRET = "whsec_c2FuZGJveC1wb3J0b25lLXdlYmhvb2stc2VjcmV0"  # noqa: S105  # A stand-in's key opens nothing.
PORTONE_STORE_ID = "store-portal-sandbox"
PORTONE_CHANNEL_KEY = "channel-key-portal-sandbox"

TRACKHUB_API_KEY = "thk_test_sandbox_portal"
TRACKHUB_WEBHOOK_SECRET = "whsec_c2FuZGJveC10cmFja2h1Yi13ZWJob29rLXNlY3JldA=="  # noqa: S105  # A stand-in's key opens nothing.


@dataclass(frozen=True, slots=True)
class Config:
    """Addresses, keys and delays. `data` None keeps everything in memory only."""

    port: int
    host: str = "127.0.0.1"
    portal_url: str | None = None
    data: Path | None = None
    stripe_secret_key: str = STRIPE_SECRET_KEY
    stripe_publishable_key: str = STRIPE_PUBLISHABLE_KEY
    stripe_webhook_secret: str = STRIPE_WEBHOOK_SECRET
    stripe_webhook_path: str = "/webhooks/stripe"
    paylink_secret_key: str = PAYLINK_SECRET_KEY
    paylink_webhook_secret: str = PAYLINK_WEBHOOK_SECRET
    paylink_webhook_path: str = "/webhooks/paylink"
    adyen_api_key: str = ADYEN_API_KEY
    adyen_client_key: str = ADYEN_CLIENT_KEY
    adyen_merchant_account: str = ADYEN_MERCHANT_ACCOUNT
    adyen_webhook_user: str = ADYEN_WEBHOOK_USER
    adyen_webhook_password: str = ADYEN_WEBHOOK_PASSWORD
    adyen_hmac_key: str = ADYEN_HMAC_KEY
    adyen_webhook_path: str = "/webhooks/adyen"
    portone_api_secret: str = PORTONE_API_SECRET
    portone_webhook_secret: str = PORTONE_WEBHOOK_SECRET
    portone_store_id: str = PORTONE_STORE_ID
    portone_channel_key: str = PORTONE_CHANNEL_KEY
    portone_webhook_path: str = "/webhooks/portone"
    trackhub_api_key: str = TRACKHUB_API_KEY
    trackhub_webhook_secret: str = TRACKHUB_WEBHOOK_SECRET
    trackhub_webhook_path: str = "/webhooks/parcels"
    webhook_delay_ms: int = 100
    settle_delay_ms: int = 2000
    parcel_step_ms: int = 30_000

    @property
    def origin(self) -> str:
        return f"http://{self.host}:{self.port}"

    def hook_url(self, path: str) -> str | None:
        """Where a vendor's notices go, if there is a portal to send them to."""
        return self.portal_url.rstrip("/") + path if self.portal_url else None


def from_arguments(argv: list[str] | None = None) -> Config:
    """Read the command line; every option has a default but the port."""
    defaults = Config(port=0)  # A class with slots has its defaults on the instance only.
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Stand-ins for payment vendors.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default=defaults.host)
    parser.add_argument("--portal-url", help="where notices are sent; without it none are sent")
    parser.add_argument("--data", type=Path, help="a directory in which charges survive a restart")
    for name in ("stripe-secret-key", "stripe-publishable-key", "stripe-webhook-secret", "stripe-webhook-path"):
        parser.add_argument(f"--{name}", default=getattr(defaults, name.replace("-", "_")))
    for name in ("paylink-secret-key", "paylink-webhook-secret", "paylink-webhook-path"):
        parser.add_argument(f"--{name}", default=getattr(defaults, name.replace("-", "_")))
    for name in ("api-key", "client-key", "merchant-account", "hmac-key", "webhook-user", "webhook-password"):
        parser.add_argument(f"--adyen-{name}", default=getattr(defaults, f"adyen_{name.replace('-', '_')}"))
    for name in ("api-secret", "webhook-secret", "store-id", "channel-key"):
        parser.add_argument(f"--portone-{name}", default=getattr(defaults, f"portone_{name.replace('-', '_')}"))
    for name in ("trackhub-api-key", "trackhub-webhook-secret", "trackhub-webhook-path"):
        parser.add_argument(f"--{name}", default=getattr(defaults, name.replace("-", "_")))
    for name in ("adyen-webhook-path", "portone-webhook-path"):
        parser.add_argument(f"--{name}", default=getattr(defaults, name.replace("-", "_")))
    parser.add_argument(
        "--webhook-delay-ms",
        type=int,
        default=defaults.webhook_delay_ms,
        help="how long after the answer a notice leaves",
    )
    parser.add_argument(
        "--settle-delay-ms", type=int, default=defaults.settle_delay_ms, help="how long a pending refund stays pending"
    )
    parser.add_argument(
        "--parcel-step-ms", type=int, default=defaults.parcel_step_ms, help="how long a parcel takes from step to step"
    )
    return Config(**vars(parser.parse_args(argv)))
