"""Orders as programs place, read and end them."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import (
    PRINTABLE,
    Amount,
    Code,
    In,
    Instant,
    OptionChoice,
    Out,
    PageOf,
    Paging,
    PlatformAmount,
    StoreRef,
    Text,
    Texts,
)
from portal.blueprints.api.v1.quote.schemas import AmountRow, Choices

Url = Annotated[str, StringConstraints(max_length=1000, pattern=r"^https?://[!-~]+$")]
Filled = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)]
OrderStatus = Literal[
    "pending", "paid", "shipped", "delivered", "partially_refunded", "refunded", "cancelled", "failed", "expired"
]


class Contact(In):
    """Who is told about the order. Name and phone are those of the address if they are left out."""

    email: Filled = Field(examples=["bea@example.com"])
    name: Text | None = None
    phone: Text | None = None


class Address(In):
    """Where the parcels go. In the US city and region are needed, too; in Korea `line1` holds all but the detail."""

    name: Filled
    phone: Filled
    postcode: Text = ""
    line1: Filled
    line2: Text = ""
    city: Text = ""
    region: Text = ""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description="ISO 3166, one that the channel delivers to; its own if it is left out."
    )


class CashReceiptWish(In):
    """What is filed with the Korean tax office for a transfer or a virtual account."""

    kind: Literal["personal", "business"]
    number: Filled = Field(description="A mobile phone's number, or a business registration number.")


class OrderRequest(Choices):
    """The cart as it is, at the amounts of a quote, with the same choices as that quote."""

    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] = Field(
        description="That of the quote which the buyer has seen."
    )
    address: Address
    contact: Contact
    consents: Annotated[dict[Code, Code], Field(max_length=10)] = Field(
        description="The texts that the buyer agreed to: {kind: version}, as the quote lists them.",
        examples=[{"terms": "2026-11", "seller_data": "2026-11", "payment_agency": "2026-11"}],
    )
    source_token: Annotated[str, StringConstraints(min_length=1, max_length=8_000, pattern=PRINTABLE)] | None = Field(
        default=None, description="What the provider's own fields made of the card (flow `element`)."
    )
    saved_method_id: uuid.UUID | None = Field(
        default=None, description="One of the cards on file, instead of a `source_token`; `method` is that of a card."
    )
    return_url: Url | None = Field(
        default=None, description="Where the provider sends the buyer afterwards. Left out: the order's page."
    )
    cash_receipt: CashReceiptWish | None = Field(
        default=None, description="Korea only, for payments in money; with any other way of paying it means nothing."
    )
    personal_customs_code: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PRINTABLE)] | None = (
        Field(
            default=None,
            description="By which customs know the buyer (in Korea P and 12 digits), for dear goods from abroad.",
        )
    )
    locale: Literal["en", "ko"] | None = Field(
        default=None, description="The language of mails about the order. Left out: that of the buyer's profile."
    )


class AccountToPay(Out):
    """An account number to pay into."""

    bank: str
    number: str
    holder: str
    expires_at: Instant


class NextAction(Out):
    """What is to be done so that the order gets paid.

    `none`: nothing. `wait`: ask for the order again. `redirect`: send the buyer to `url`. `client_secret`: finish in
    the provider's script with `client_secret` and `publishable_key`. `transfer`: the buyer pays into `account`.
    """

    type: Literal["none", "wait", "redirect", "client_secret", "transfer"]
    poll_after_ms: int | None = Field(default=None, description="With `wait`: when to ask again.")
    url: str | None = None
    client_secret: str | None = None
    publishable_key: str | None = None
    account: AccountToPay | None = None


class PlacedOrder(Out):
    """An order just after it was placed. It holds no personal data; GET it by its number for the rest."""

    number: str
    status: OrderStatus
    total: Amount
    total_in_platform: PlatformAmount | None = Field(
        default=None, description="The total in the platform's currency, where the channel sells in another one."
    )
    to_pay_now: Amount
    placed_at: Instant
    expires_at: Instant = Field(description="If it is not paid by then, it ends and everything is free again.")
    next_action: NextAction


class OrderQuery(Paging):
    """Which orders; the newest come first."""

    status: Literal["open", "under_way", "done", "ended"] | None = Field(
        default=None,
        description="`open` waits for its payment, `under_way` is paid or shipped, `done` delivered, `ended` the rest.",
    )
    number: Text | None = Field(default=None, description="A part of the number.")


class OrderItem(Out):
    """An order in a list."""

    number: str
    status: OrderStatus
    total: Amount
    placed_at: Instant
    first_item: Texts = Field(description="The name of its first line.")
    lines: int


class OrderPage(PageOf[OrderItem]):
    """A page of orders."""


class OrderLine(Out):
    """Units as they were bought."""

    id: uuid.UUID
    variant_id: int
    sku: str
    name: Texts
    options: list[OptionChoice]
    picture: str | None
    quantity: int
    refunded_quantity: int
    unit_price: Amount
    subtotal: Amount
    discount: Amount
    tax: Amount
    to_pay: Amount


class OrderPart(Out):
    """What one store sends."""

    id: uuid.UUID
    status: str
    store: StoreRef
    shipping_fee: Amount
    shipping_discount: Amount
    to_pay: Amount
    deliver_from: Instant | None
    deliver_until: Instant | None
    lines: list[OrderLine]


class Tender(Out):
    """What covers the order."""

    type: str = Field(examples=["gateway"])
    status: str
    amount: Amount
    points: int | None = Field(description="For mileage.")
    refunded: Amount


class Card(Out):
    """The card as far as it may be shown."""

    brand: str | None
    last4: str | None


class PaymentState(Out):
    """The payment of what deposit and mileage do not cover."""

    status: str = Field(examples=["captured"])
    method: str
    attempt: str | None = Field(description="The state of the latest try at the provider.")
    reason: str | None = Field(description="Why the latest try failed.")
    card: Card | None


class Move(Out):
    """Something that happened: `subject` (order, part, payment, attempt, …) became `state`."""

    at: Instant
    subject: str
    subject_id: str
    state: str
    reason: str | None


class OrderAddress(Out):
    """Where the parcels go."""

    name: str
    phone: str
    postcode: str
    line1: str
    line2: str
    city: str
    region: str
    country: str


class OrderContact(Out):
    """Who is told about the order."""

    email: str
    name: str
    phone: str


class DocumentRef(Out):
    """A numbered document, and the page where its owner opens it as PDF."""

    kind: Literal["receipt", "credit_note"]
    label: str
    address: str


class Order(PlacedOrder):
    """An order with everything that its buyer may know."""

    id: uuid.UUID
    channel: str
    currency: str
    paid_at: Instant | None
    is_under_review: bool = Field(description="A person looks at it before the money is taken.")
    amounts: list[AmountRow] = Field(description="In the order in which they are shown.")
    mileage_promised: int = Field(description="Points that it earns.")
    payment: PaymentState | None = Field(description="Null when nothing was left to pay.")
    tenders: list[Tender]
    parts: list[OrderPart]
    contact: OrderContact
    address: OrderAddress
    documents: list[DocumentRef] = Field(description="Receipt and credit notes, as they were issued.")
    history: list[Move]
