"""What a document says, frozen when it is issued. Amounts are minor units of `currency`; texts are in `locale`."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Line(TypedDict):
    """Units of one thing; `discount_minor` is taken off. A credit note has no `unit_minor`: it gives back shares."""

    name: str
    options: str
    quantity: int
    unit_minor: int | None
    subtotal_minor: int
    discount_minor: int


class Part(TypedDict):
    """What one store sold, and its shipping fee as paid."""

    store: str
    lines: list[Line]
    shipping_minor: int


class Discount(TypedDict):
    """One coupon, and who bears it: `seller`, `platform` or `shared`."""

    name: str
    funding: str
    amount_minor: int


class Tax(TypedDict):
    """The tax of one rate, within prices or on top of them."""

    rate: str
    inclusive: bool
    amount_minor: int


class Tender(TypedDict):
    """What a share of the total was paid with, or goes back to. `ref` is the gateway's own number of it."""

    type: str
    method: str | None
    last4: str | None
    points: int | None
    amount_minor: int
    ref: str | None


class PlatformAmount(TypedDict):
    """The total in the platform's currency, with the rate it was converted at."""

    currency: str
    amount_minor: int
    rate: str
    source: str
    at: str


class Head(TypedDict):
    """Who says it to whom, about which order, and when. `corrects` names the receipt that a credit note is of.

    `brand_logo` is the address of a picture that is never changed; documents from before there were logos have none.
    """

    layout: int
    kind: str
    label: str
    corrects: str | None
    issuer: str
    brand_name: str
    brand_colour: str | None
    brand_logo: NotRequired[str | None]
    issued_at: str
    paid_at: str
    zone: str
    locale: str
    order: str
    buyer: str
    currency: str


class Content(Head):
    """A receipt, or the credit note of a refund."""

    # The number of the exchange whose difference it is about, instead of the goods of an order.
    exchange: NotRequired[str | None]
    parts: list[Part]
    discounts: list[Discount]
    taxes: list[Tax]
    subtotal_minor: int
    discount_minor: int
    shipping_minor: int
    tax_added_minor: int
    # What the store keeps of goods that came back, taken off the total; older documents do not say it.
    restocking_minor: NotRequired[int]
    total_minor: int
    tenders: list[Tender]
    platform: PlatformAmount | None
