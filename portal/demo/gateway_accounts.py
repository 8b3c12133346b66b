"""The payment gateways of the demo mall. Their keys and addresses are those of the settings, at every start anew."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from portal.config import Settings
from portal.gateways.registry import connectors
from portal.models import GatewayAccount

CARDS = ["credit_card", "debit_card", "international_card"]
ELSEWHERE = [*CARDS, "bank_transfer", "wallet", "mobile_carrier"]
KOREAN = ["credit_card", "debit_card", "bank_transfer", "virtual_account", "mobile_carrier", "wallet"]
# In the order of their priority; with a channel, only there.
METHODS: tuple[tuple[str, list[str], str | None], ...] = (
    ("stripe", CARDS, None),
    ("adyen", [*CARDS, "wallet", "pay_later"], "us"),
    ("portone", KOREAN, "kr"),
    ("paylink", ELSEWHERE, None),
    ("invoice", ["invoice"], None),
)


def make_gateway_accounts(session: Session, settings: Settings, *, channel_ids: Mapping[str, int]) -> list[str]:
    """Make an account for every gateway that the settings hold keys of, or that needs none. Returns their names."""
    house = settings.gateway_settings
    accounts = [
        GatewayAccount(
            gateway=gateway,
            name=connectors()[gateway].title,
            channel_id=channel_ids[channel] if channel else None,
            methods=methods,
            currencies=["KRW", "USD"],
            priority=10 * place,
        )
        for place, (gateway, methods, channel) in enumerate(METHODS, start=1)
        if gateway in house or not connectors()[gateway].settings
    ]
    session.add_all(accounts)
    session.flush()
    return [account.name for account in accounts]
