"""What the cart costs with everything that was chosen."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import Amount, Code, In, Minor, Out, PlatformAmount, Reason, StoreRef
from portal.blueprints.api.v1.cart.schemas import CartLine
from portal.gateways.base import Flow, Method
from portal.rules.quote import RowKind
from portal.services.checkout.choices import CODES_MAX

COUPONS_MAX = 50


class Choices(In):
    """What the person wants to use. Nothing is kept: send the same again with the order."""

    codes: Annotated[list[Code], Field(max_length=CODES_MAX)] = Field(
        default=[], description="Coupon codes as typed.", examples=[["AUTUMN10"]]
    )
    coupons: Annotated[list[Code], Field(max_length=COUPONS_MAX)] | None = Field(
        default=None,
        description="`key`s of the coupons to use. Null takes the set that saves most; an empty list takes none.",
    )
    deposit_minor: Minor = Field(default=0, description="How much deposit to use, in minor units.")
    mileage_points: Minor = Field(default=0, description="How many points to use.")
    keep_gift: bool = Field(default=False, description="Leave the gift balance alone, which else covers what is left.")
    method: Method | None = Field(
        default=None, description="How the rest is paid. Needed for an order with something left to pay."
    )


class QuoteRequest(Choices):
    """The same, and where it would go."""

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description="Two letters; left out, the channel's own.", examples=["KR"]
    )


class AmountRow(Out):
    """One row of the amounts, signed as it is shown. Rows that are not `included` add up to the last one."""

    kind: RowKind
    name: str = Field(description="The coupon's name; empty for other rows.")
    coupon: str = Field(description="The coupon's `key`; empty for other rows.")
    amount: Amount
    included: bool = Field(description="It is contained in rows above, and only told (tax within the prices).")


class QuotedLine(Out):
    """A line with its share of discounts and tax."""

    variant_id: int
    quantity: int
    unit_price: Amount
    subtotal: Amount
    discount: Amount
    tax: Amount
    to_pay: Amount


class QuotedShipping(Out):
    """What one store's parcel costs."""

    store: StoreRef
    fee: Amount
    discount: Amount
    to_pay: Amount


class CouponOffer(Out):
    """A coupon of the person's: applied with its saving, or left out with the reason."""

    key: str
    name: str
    code: str | None = Field(description="The code by which it came in; null for one from the wallet.")
    is_applied: bool
    saving: Amount = Field(description="What it takes off, or would by itself.")
    reason: Reason | None


class RefusedCode(Out):
    """A code that nobody knows."""

    code: str
    reason: Reason


class DepositOffer(Out):
    """How much deposit can be used, and is."""

    usable: Amount = Field(description="The balance without what other orders hold.")
    highest: Amount = Field(description="The most that this order can use.")
    used: Amount
    reason: Reason | None = Field(description="Why the chosen amount cannot be used.")


class MileageOffer(Out):
    """How many points can be used, and are."""

    usable_points: int
    highest_points: int
    used_points: int
    used: Amount
    earned_points: int = Field(description="What the order earns, spendable once nothing of it can be sent back.")
    reason: Reason | None


class CardFields(Out):
    """The provider's own fields for a card. What they make of it, the `source_token`, is made with this key."""

    vendor: str = Field(examples=["stripe"])
    publishable_key: str = Field(description="The provider's public key. It opens nothing but the making of tokens.")
    script_url: str = Field(description="The provider's script; its own address is where tokens are made.")


class MethodOffer(Out):
    """A way of paying, usable or with the reason why not."""

    method: str
    name: str
    is_usable: bool
    flow: Flow | None = Field(
        description="`redirect`: the buyer pays on the provider's page. `element`: the provider's fields in your page "
        "make the `source_token`. `notice`: an account number is told."
    )
    element: CardFields | None = Field(default=None, description="With `element`: which fields, and their key.")
    reason: Reason | None


class ConsentText(Out):
    """A text that must be agreed to, with its present version."""

    kind: str
    version: str
    label: str
    is_required: bool


class ExpectedDuty(Out):
    """What customs are expected to ask of the receiver for what a store sends from abroad: no part of the order."""

    store: str
    amount: Amount
    detail: str = Field(description="A sentence to show.")


class Quote(Out):
    """What an order would cost now. `fingerprint` marks every amount of it: the order is placed only at these."""

    fingerprint: str = Field(examples=["9b1f0c6c2e6f4d1b8a7c5e3f2d1a0b9c"])
    can_be_placed: bool = Field(
        description="False while a line is unavailable, a chosen balance is refused, or the shop is `closed`."
    )
    currency: str
    amounts: list[AmountRow] = Field(description="In the order in which they are shown.")
    total: Amount = Field(description="What the order costs, before deposit and mileage.")
    total_in_platform: PlatformAmount | None = Field(
        default=None, description="The total in the platform's currency, where the channel sells in another one."
    )
    to_pay_now_in_platform: PlatformAmount | None = None
    closed: Reason | None = Field(
        default=None, description="Why nothing is sold in this currency just now: its exchange rate is too old."
    )
    to_pay_now: Amount = Field(description="What is left for the payment method; with zero none is needed.")
    lines: list[QuotedLine]
    shipping: list[QuotedShipping]
    duties: list[ExpectedDuty] = Field(
        default=[], description="For delivery to the `country`, where the channel's rules say a rate."
    )
    borders: list[Reason] = Field(
        default=[],
        description="Why it may not go to the `country`, each with what to change; `personal_code_missing` asks for "
        "the `personal_customs_code` of the order.",
    )
    unavailable: list[CartLine] = Field(description="Lines of the cart that cannot be bought; take them out.")
    coupons: list[CouponOffer]
    is_best_set: bool = Field(description="No other set of these coupons saves more.")
    refused_codes: list[RefusedCode]
    deposit: DepositOffer
    mileage: MileageOffer
    methods: list[MethodOffer]
    consents: list[ConsentText]
