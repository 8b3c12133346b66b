"""What figures are: facts that can be added up, measures over them, periods and changes (ANA-01).

A fact is counted by the day, the channel, the store and the currency, and can be added up over any of them. A measure
is a sum of facts, or the ratio of two sums: ratios are never added up, so that a month is not the mean of its days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

# Points are no currency of a channel: facts about them stand under this one.
POINTS = "PTS"


class Fact(StrEnum):
    """What is counted. Of orders and payments: by the day on which they began, whatever became of them since."""

    ORDERS_PLACED = "orders_placed"
    ORDERS_PAID = "orders_paid"
    SALES = "sales"
    DISCOUNT = "discount"
    ORDERS_DISCOUNTED = "orders_discounted"
    PAID_SECONDS = "paid_seconds"
    PAID_QUICKLY = "paid_quickly"
    PAYMENTS = "payments"
    CAPTURED = "captured"
    ATTEMPTS = "attempts"
    ATTEMPTS_APPROVED = "attempts_approved"
    ATTEMPTS_DECLINED = "attempts_declined"
    ATTEMPTS_FAILED = "attempts_failed"
    ATTEMPTS_ENDED = "attempts_ended"
    REFUNDS = "refunds"
    REFUNDED = "refunded"
    REFUNDS_COUNTED = "refunds_counted"
    REFUNDS_IN_TIME = "refunds_in_time"
    REFUNDS_DONE = "refunds_done"
    REFUND_SECONDS = "refund_seconds"
    STORE_ORDERS = "store_orders"
    STORE_SALES = "store_sales"
    STORE_DISCOUNT = "store_discount"
    STORE_REFUNDED = "store_refunded"
    PARTS_SENT = "parts_sent"
    PARTS_SENT_IN_TIME = "parts_sent_in_time"
    SECTION_SALES = "section_sales"
    TAX = "tax"
    TAX_BASE = "tax_base"
    TAX_BACK = "tax_back"
    TAX_BASE_BACK = "tax_base_back"
    COUPON_USES = "coupon_uses"
    COUPON_COST = "coupon_cost"
    COUPONS_GIVEN = "coupons_given"
    COUPONS_REDEEMED = "coupons_redeemed"
    OFFERS_SHOWN = "offers_shown"
    OFFERS_TAKEN = "offers_taken"
    TOLD = "told"
    ANSWERED = "answered"
    FOLLOWED_WITH = "followed_with"
    FOLLOWED_WITHOUT = "followed_without"
    NET_WITH = "net_with"
    NET_WITHOUT = "net_without"
    INCENTIVE_COST = "incentive_cost"
    # Kept nowhere: it is what a comparison of the five before comes to (`gain_of`).
    INCENTIVE_GAIN = "incentive_gain"
    BALANCE_CHANGE = "balance_change"
    MILEAGE_GRANTED = "mileage_granted"
    MILEAGE_SPENT = "mileage_spent"
    MILEAGE_EXPIRED = "mileage_expired"
    DECISIONS = "decisions"
    DECISIONS_HELD = "decisions_held"
    CASES_DECIDED = "cases_decided"
    CASES_GENUINE = "cases_genuine"
    REVIEW_SECONDS = "review_seconds"
    CASES_TOLD = "cases_told"
    ALERT_SECONDS = "alert_seconds"
    FRAUDS = "frauds"
    LOSSES_AVOIDED = "losses_avoided"
    DISPUTES = "disputes"
    DISPUTED = "disputed"


class Unit(StrEnum):
    COUNT = "count"
    MONEY = "money"
    POINTS = "points"
    SHARE = "share"
    SECONDS = "seconds"


class Good(StrEnum):
    """Which way is better. What is neither is shown without colour (A18)."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


class Board(StrEnum):
    """A page of figures; its title is the question that it answers (A25)."""

    SALES = "sales"
    PAYMENTS = "payments"
    INCENTIVES = "incentives"
    BALANCES = "balances"
    RISK = "risk"
    CHANNELS = "channels"


# With fewer people in a group of an experiment, a comparison says nothing.
GROUP_MIN: Final = 20
# The page of a store's figures, which is none of the mall's boards.
STORE: Final = "store"


@dataclass(frozen=True, slots=True)
class Sight:
    """What of the figures somebody looks at: a board, in one currency, of a channel or of all; or those of a store."""

    board: str
    currency: str
    channel_id: int | None = None
    store_id: int | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its definition. `over` makes it a ratio; `key` takes rows of one kind only.

    `to_date` sums from the first day on: what stands at the end of a period, not what happened in it. `sum_unit` is
    that of the sums behind a share, where they are not counts.
    """

    name: str
    title: str
    formula: str
    left_out: str
    source: str
    unit: Unit
    fact: Fact
    over: Fact | None = None
    key: str | None = None
    good: Good = Good.NEITHER
    to_date: bool = False
    sum_unit: Unit = Unit.COUNT

    @property
    def is_compared(self) -> bool:
        """Whether it compares groups of people, experiment by experiment, instead of adding up what happened."""
        return self.fact is Fact.INCENTIVE_GAIN

    @property
    def currency(self) -> str | None:
        """The one currency that it is counted in, where the reader has no choice."""
        return POINTS if self.unit is Unit.POINTS else None


class Compare(StrEnum):
    """What a period stands beside. `weekday` moves it by whole weeks, so that Mondays meet Mondays (A22)."""

    PREVIOUS = "previous"
    WEEKDAY = "weekday"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def beside(self, how: Compare) -> Period:
        """The period that it is compared with: as long, and before it."""
        if how is Compare.YEAR:
            back = 364  # Whole weeks, for the same reason.
        elif how is Compare.WEEKDAY:
            back = -(-self.days // 7) * 7
        else:
            back = self.days
        return Period(self.first - timedelta(days=back), self.last - timedelta(days=back))


@dataclass(frozen=True, slots=True)
class Groups:
    """An experiment's people whose time is over: how many were drawn for the offer and how many for none, what either
    paid less what was spent on them, and what was spent, in minor units.
    """

    people: int = 0
    control: int = 0
    net: int = 0
    net_control: int = 0
    cost: int = 0

    def __add__(self, other: Groups) -> Groups:
        return Groups(
            self.people + other.people,
            self.control + other.control,
            self.net + other.net,
            self.net_control + other.net_control,
            self.cost + other.cost,
        )


def gain_of(experiments: Iterable[Groups]) -> tuple[int, int]:
    """What offers added to net revenue, and what they cost: of each experiment what those with the offer brought less
    what as many without it would have. Experiments with fewer than GROUP_MIN people in a group are left out.
    """
    gain = cost = 0
    for one in experiments:
        if min(one.people, one.control) >= GROUP_MIN:
            gain += one.net - (2 * one.net_control * one.people + one.control) // (2 * one.control)
            cost += one.cost
    return gain, cost


def value_of(measure: Measure, total: int, over: int) -> int | None:
    """The figure: basis points of a share, tenths of a second, minor units, points or a count; None without a base.

    Means and shares round half up. `over` is not looked at where the measure is no ratio.
    """
    if measure.over is None:
        return total
    if over == 0:
        return None
    scale = {Unit.SHARE: 10_000, Unit.SECONDS: 10}.get(measure.unit, 1)
    return (2 * total * scale + over) // (2 * over)


def change_of(now: int | None, before: int | None) -> int | None:
    """By how many basis points of what was before it has changed; None where that says nothing."""
    if now is None or before is None or before <= 0:
        return None
    return ((now - before) * 20_000 + before) // (2 * before)
