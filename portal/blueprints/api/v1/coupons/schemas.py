"""Coupons in hands: held, offered, claimed, and given to people."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from portal.blueprints.api.schemas import BIGINT_MAX, SAID, Code, In, Instant, Out, Paging, Texts
from portal.rules.coupons.abuse import APPEAL_LENGTH_MAX
from portal.rules.coupons.life import CouponState

# A request is small; more people go by several of them, or by a file on a desk.
PEOPLE_MAX = 1_000


class CouponQuery(Paging):
    """Which of the person's coupons are wanted."""

    view: Literal["held", "over"] = Field(default="held", description="What may still be used, or what is over.")


class CouponTerms(Out):
    """What a coupon promises. Amounts in minor units by currency."""

    campaign_id: int
    name: Texts
    kind: str = Field(description="`percentage`, `fixed` or `free_shipping`.")
    target: str = Field(description="`order`, `line` or `shipping`.")
    percent: Decimal | None
    amounts: dict[str, int]
    max_discounts: dict[str, int]
    store: str | None = Field(description="The slug of the store in which it is good; null is everywhere.")
    valid_from: Instant
    valid_until: Instant
    grace_hours: int = Field(description="For so long after `valid_until` it is still taken.")


class Coupon(Out):
    """A coupon in the person's wallet."""

    id: uuid.UUID
    terms: CouponTerms
    state: CouponState
    code: str | None
    uses_left: int | None = Field(description="Null is without a limit.")
    granted_at: Instant
    suspicion_id: uuid.UUID | None = Field(description="What suspended it; its holder may object to that once.")
    appealed_at: Instant | None = Field(description="When its holder objected.")


class CouponPage(Out):
    """A page of coupons."""

    items: list[Coupon]
    next_cursor: str | None
    previous_cursor: str | None


class Offer(Out):
    """A coupon that everybody may have."""

    terms: CouponTerms
    applies_by_itself: bool = Field(description="At checkout, without being claimed.")
    is_held: bool
    left: int | None = Field(description="How many can still be claimed; null is without a limit.")


class Offers(Out):
    """What can be claimed just now."""

    items: list[Offer]


class ClaimWish(In):
    """Either the code of a coupon, or the number of a campaign that is offered."""

    code: Code | None = None
    campaign_id: Annotated[int, Field(ge=1, le=BIGINT_MAX)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.code is None) == (self.campaign_id is None):
            raise ValueError("either code or campaign_id")
        return self


class ClaimedCoupon(Out):
    """What is in the wallet now."""

    campaign_id: int
    is_new: bool = Field(description="False: it had been there before, and nothing was changed.")


# An address or an id, and nothing that a table of people would be split at.
PERSON = r"^[^\x00-\x20\x7f,;\"]+$"


class Suspicion(Out):
    """What suspended one's coupon, and what became of it."""

    id: uuid.UUID
    campaign_id: int
    campaign: Texts
    code: str | None
    state: str = Field(description="`open`, `confirmed` (the coupon is gone) or `undone` (it works again).")
    raised_at: Instant
    appeal: str | None
    appealed_at: Instant | None


class Appeal(In):
    """What speaks against the suspension of one's coupon."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=APPEAL_LENGTH_MAX, pattern=r"^[^\x00]*\S[^\x00]*$")]


class GrantWish(In):
    """To whom a campaign's coupon is given."""

    people: list[Annotated[str, StringConstraints(max_length=254, pattern=PERSON)]] = Field(
        min_length=1, max_length=PEOPLE_MAX, description="E-mail addresses or ids of people."
    )
    reason: Annotated[str, StringConstraints(max_length=200, pattern=SAID)] = Field(description="Kept in the record.")


class GrantWork(Out):
    """A list of people as it is worked through."""

    id: uuid.UUID
    state: str = Field(description="`waiting`, `running` or `done`.")
    total: int
    done: int
    failed: int
