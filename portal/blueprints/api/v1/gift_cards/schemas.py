"""Gift cards as programs buy, list and redeem them (BAL-09). Codes stand in mails to recipients, and nowhere else."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import PRINTABLE, Amount, In, Instant, Minor, Out
from portal.blueprints.api.v1.orders.schemas import NextAction, Url

State = Literal["unpaid", "active", "redeemed", "void", "expired", "given_back"]


class GiftCardRequest(In):
    """A card for somebody, in the currency of the key's channel."""

    amount_minor: Minor = Field(description="Whole minor units (won, cents).", examples=[30_000])
    recipient: Annotated[str, StringConstraints(min_length=3, max_length=254)] = Field(
        description="Whoever gets the mail with the code.", examples=["friend@example.com"]
    )
    sender: Annotated[str, StringConstraints(max_length=100)] = Field(default="", examples=["Bea"])
    message: Annotated[str, StringConstraints(max_length=500)] = ""
    method: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PRINTABLE)] = Field(
        examples=["bank_transfer"]
    )
    source_token: Annotated[str, StringConstraints(min_length=1, max_length=8_000, pattern=PRINTABLE)] | None = Field(
        default=None, description="What the provider's own fields made of the card (flow `element`)."
    )
    saved_method_id: uuid.UUID | None = Field(
        default=None, description="One of the cards on file, instead of a `source_token`; `method` is that of a card."
    )
    return_url: Url | None = Field(
        default=None, description="Where the provider sends the buyer afterwards. Left out: the payment's page."
    )
    locale: Literal["en", "ko"] | None = Field(default=None, description="The language of the recipient's mail.")


class GiftCardPurchase(Out):
    """A payment for a gift card. The card is sent when `status` becomes `captured`; then it is among the cards."""

    payment_id: uuid.UUID
    status: str = Field(examples=["pending"])
    amount: Amount
    next_action: NextAction


class GiftCard(Out):
    """A card that the key's person has bought or redeemed."""

    id: uuid.UUID
    state: State
    amount: Amount
    is_own: bool = Field(description="Whether the person has bought it.")
    recipient: str | None = Field(description="Told to its buyer only.")
    payment_id: uuid.UUID | None = Field(description="Told to its buyer only.")
    created_at: Instant
    expires_at: Instant | None
    redeemed_at: Instant | None


class GiftCards(Out):
    """The latest fifty."""

    items: list[GiftCard]


class Redemption(In):
    """The code of a card, as it stands in the mail."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PRINTABLE)] = Field(
        examples=["7KQ2-M4VD-9XTN-3HPA"]
    )


class Redeemed(Out):
    """What came onto the gift balance."""

    amount: Amount


class Returned(Out):
    """What a card was still worth, and how much of it goes back the way it was paid; the rest is on the deposit."""

    amount: Amount
    sent_back: Amount
