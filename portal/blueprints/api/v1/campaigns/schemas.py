"""Campaigns: their terms, in words, and what they would have cost."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import Amount, In, Instant, Moment, Number, Out, Paging, Text, Texts

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Minors = Annotated[dict[Currency, int], Field(max_length=20, description="Minor units by currency.")]
Percent = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,6})?$")]
StoreKey = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")]
Kind = Literal["percentage", "fixed", "free_shipping"]
State = Literal["draft", "scheduled", "running", "paused", "ended", "revoked"]


class ConditionTerms(In):
    """One condition by its name; `params` as `GET /campaign-conditions` describes them."""

    name: Text
    params: dict[str, Any] = Field(default_factory=dict, max_length=20)


class Limits(In):
    """How often it may be used; null is without limit."""

    total: int | None = None
    per_user: int | None = None
    per_code: int | None = None
    per_day: int | None = None
    budgets: Minors = Field(default_factory=dict)


class CampaignTerms(In):
    """A campaign as somebody wants it. Every bound is checked; faults come back by field."""

    names: Annotated[dict[str, Text], Field(max_length=10, description="By language; `en` is needed.")]
    kind: Kind
    target: Literal["order", "line", "shipping"] = "order"
    percent: Percent | None = Field(default=None, description="For a percentage: above 0, at most 100.")
    amounts: Minors = Field(default_factory=dict, description="For a fixed amount.")
    max_discounts: Minors = Field(default_factory=dict)
    conditions: Annotated[list[ConditionTerms], Field(max_length=20)] = Field(default_factory=list)
    store_id: int | None = Field(default=None, description="Whose it is; null is the platform.")
    funding: Literal["platform", "seller", "shared"] = "platform"
    seller_shares: Annotated[dict[StoreKey, Percent], Field(max_length=500)] = Field(
        default_factory=dict, description="For shared funding: per cent by the id of a store."
    )
    distribution: Literal["code", "claim", "automatic", "grant"] = "code"
    lane: Text = ""
    stackable: bool = False
    priority: int = 100
    valid_from: Moment
    valid_until: Moment = Field(description="Exclusive.")
    grace_hours: int = 0
    on_refund: Literal["keep", "ask_back"] = Field(
        default="keep", description="What a refund does with the discount of what is kept below the minimum."
    )
    limits: Limits = Field(default_factory=Limits)


class CampaignQuery(Paging):
    """Which campaigns; the newest come first."""

    state: State | None = None
    kind: Kind | None = None


class DryRunQuery(In):
    """Over how many days before now."""

    days: Annotated[Number, Field(ge=1, le=365)] = 30


class Campaign(Out):
    """A campaign with its terms, and how often it is claimed and not given back."""

    id: int
    version: int
    state: str
    words: str = Field(description="The whole of it as a sentence, in the language asked for.")
    uses: int
    issued_at: Instant
    terms: dict[str, Any] = Field(description="As they were sent, with everything that was left out.")


class CampaignPage(Out):
    """One page of campaigns."""

    items: list[Campaign]
    next_cursor: str | None
    previous_cursor: str | None


class Preview(Out):
    """Terms in words. Nothing is saved."""

    words: Texts


class ConditionKind(Out):
    """A condition that campaigns can have; `schema` describes its params as JSON Schema."""

    name: str
    title: str
    params_schema: dict[str, Any]


class ConditionKinds(Out):
    """Every condition there is."""

    items: list[ConditionKind]


class StoreCost(Out):
    """What would have been taken off one store's goods and shipping."""

    store_id: int
    orders: int
    cost: Amount
    borne_by_store: Amount


class DayCost(Out):
    """What would have been given on one day."""

    day: date
    orders: int
    cost: Amount


class CurrencyCost(Out):
    """The outcome in one currency."""

    currency: str
    orders: int
    sales: Amount
    cost: Amount
    stores: list[StoreCost]
    days: list[DayCost]


class DryRun(Out):
    """A campaign over past orders. With `one_in` above 1 it is a sample: multiply for an estimate."""

    orders: int = Field(description="Paid orders of the period.")
    one_in: int
    looked_at: int
    qualified: int
    people: int
    currencies: list[CurrencyCost]
    limited: dict[str, int] = Field(description="Orders that qualified and found a limit reached, by limit.")
    failed_checks: dict[str, int] = Field(description="What the others failed first, the most frequent ones.")
    overlap: dict[str, int] = Field(description="Qualifying orders by the id of another campaign that they used.")
