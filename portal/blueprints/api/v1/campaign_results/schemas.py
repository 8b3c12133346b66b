"""What became of a campaign, and every use of it, as programs read it (CPN-13)."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Literal

from pydantic import Field

from portal.blueprints.api.schemas import Amount, Instant, Out, PageOf, Paging


class CurrencyResult(Out):
    """Redeemed uses in one currency."""

    uses: int
    cost: Amount = Field(description="What was taken off.")
    borne_by_platform: Amount
    borne_by_stores: Amount
    sales: Amount = Field(description="What the orders came to.")


class DayResult(Out):
    """Redeemed uses of a day, by the channel's calendar."""

    day: date
    uses: int
    cost: Amount


class CampaignFigures(Out):
    """Counts and amounts from the rows of a campaign, as they are now."""

    issued: int = Field(description="Codes and coupons in wallets; one code that many people type does not count.")
    in_wallets: int
    people: int = Field(description="Who has used it at least once.")
    reserved: int = Field(description="Uses of orders that are not paid yet.")
    redeemed: int
    released: int = Field(description="Uses that were given back.")
    held_back: int = Field(description="Uses of orders that were held for their risk.")
    redemption_basis_points: int | None = Field(description="Used of what was issued; null where nothing is issued.")
    conversion_basis_points: int | None = Field(description="Of who had it in his wallet, how many used it.")
    abuse_basis_points: int | None = Field(description="Uses held for their risk, of all that were not given back.")
    currencies: list[CurrencyResult]
    days: list[DayResult] = Field(description="The latest first, at most 120.")


class CampaignUse(Out):
    """One use, and what it took off."""

    id: uuid.UUID
    person: uuid.UUID
    order: str = Field(description="The order's public number.")
    code: str | None
    discount: Amount
    state: str
    at: Instant


class UsePage(PageOf[CampaignUse]):
    """A page of uses."""


class UseQuery(Paging):
    """Which uses; the newest come first."""

    state: Literal["reserved", "redeemed", "released"] | None = None
