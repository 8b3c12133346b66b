"""What the checkout says of borders between the stores and the buyer (CHN-09)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_locale
from portal.formatting import money
from portal.queries.carts import CartView
from portal.queries.channels import ChannelView
from portal.rules.borders import BorderKind, PersonalCodeMissingError
from portal.services.checkout.cross_border import border_refusals, expected_duties
from portal.services.checkout.quote import CheckoutQuote


@dataclass(frozen=True, slots=True)
class Crossing:
    """`asks_code`: customs may want the buyer's own code. `faults`: what may not go there, and what to change.

    `duties`: what the receiver is expected to pay to customs, a sentence for each store. It is no part of the order.
    """

    asks_code: bool
    faults: tuple[str, ...]
    duties: tuple[str, ...] = ()


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
    return Crossing(
        asks,
        tuple(say(one) for one in refused if not isinstance(one, PersonalCodeMissingError)),
        tuple(
            say_duty(*one)
            for one in expected_duties(channel, cart, quoted, country=country, now=now, locale=current_locale())
        ),
    )


def say_duty(store: str, duty_minor: int, currency: str) -> str:
    """What the receiver is expected to pay for what a store sends."""
    sentence: str = gettext(
        "Import duty of about %(amount)s is collected by the carrier at the delivery of what %(store)s sends. It is not"
        " part of this payment.",
        amount=money(duty_minor, currency),
        store=store,
    )
    return sentence
