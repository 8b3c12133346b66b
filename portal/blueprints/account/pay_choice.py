"""How something that is no order is paid: the ways that are offered, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import current_app, request, url_for

from portal.blueprints.account.own import own_id
from portal.blueprints.checkout.forms import as_id
from portal.blueprints.checkout.methods import MethodList, list_methods
from portal.blueprints.checkout.placing import SOURCE_LENGTH_MAX, as_number
from portal.config import Settings
from portal.db import reading
from portal.kit import clock
from portal.kit.ids import new_token
from portal.queries.channels import ChannelView
from portal.queries.saved_methods import list_saved_methods
from portal.rules.fx import Exchanged
from portal.services.checkout.exchange import quote_rate
from portal.services.checkout.means import Means

# The service fills in the id; in an address braces would be written as %7B.
PAYMENT_PLACE = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Pay:
    """What the choice of a way of paying shows: the amount in minor units of the channel's currency."""

    channel: ChannelView
    amount_minor: int
    methods: MethodList
    in_platform: Exchanged | None
    key: str


def offer_pay(amount_minor: int, channel: ChannelView) -> Pay:
    """The ways of paying this amount on a channel, with what was chosen in the form that is answered."""
    with reading() as opened:
        saved = list_saved_methods(opened, user_id=own_id())
        rate = quote_rate(opened, channel=channel, now=clock.now())
    chosen = request.form.get("method")
    found = list_methods(
        channel, amount_minor=amount_minor, country=channel.country, chosen=chosen, saved=tuple(saved), only_money=True
    )
    in_platform = rate.in_platform(amount_minor, channel.currency) if rate else None
    return Pay(channel, amount_minor, found, in_platform, request.form.get("idempotency_key") or new_token())


def read_means() -> Means:
    """The way of paying as it was sent."""
    values = request.form
    method = values.get("method")
    return Means(
        method,
        (values.get("source_token") or "")[:SOURCE_LENGTH_MAX] or None,
        as_number(values.get("source_account")),
        as_id(values.get(f"saved_method_{method}")),
    )


def return_url() -> str:
    """Where a gateway sends the buyer back to, with a place for the payment's id."""
    settings: Settings = current_app.config["PORTAL"]
    path = url_for("account.paying_return", payment_id=PAYMENT_PLACE)
    base = settings.external_url or request.host_url.rstrip("/")
    return (base + path).replace("{", quote("{")).replace(PAYMENT_PLACE, "{payment_id}")
