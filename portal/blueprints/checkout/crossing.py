"""What the checkout says of borders between the stores and the buyer (CHN-09)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_locale
from portal.queries.carts import CartView
from portal.queries.channels import ChannelView
from portal.rules.borders import BorderKind, PersonalCodeMissingError
from portal.services.checkout.cross_border import border_refusals
from portal.services.checkout.quote import CheckoutQuote


@dataclass(frozen=True, slots=True)
class Crossing:
    """`asks_code`: customs may want the buyer's own code. `faults`: what may not go there, and what to change."""

    asks_code: bool
    faults: tuple[str, ...]


def cross(channel: ChannelView, cart: CartView, quoted: CheckoutQuote, *, country: str, now: datetime) -> Crossing:
    """As things are chosen now. Of a code that is only not typed yet nothing is said."""
    borders = channel.borders(now)
    senders = {cart.store(line.store_id).country for line in quoted.lines}
    asks = any(
        borders.limit(BorderKind.CODE_ABOVE, there) is not None and senders - {there} for there in borders.served
    )
    refused = border_refusals(
        cart, quoted, channel=channel, country=country, personal_code=None, locale=current_locale(), now=now
    )
    return Crossing(asks, tuple(say(one) for one in refused if not isinstance(one, PersonalCodeMissingError)))
