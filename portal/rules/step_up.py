"""When somebody proves himself a second time, and for what (IDN-04)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from portal.kit.money import Money


class StepUpAction(StrEnum):
    """What may need it, as `noun:verb`."""

    # Where a rule of risk asks for it only.
    PLACE_ORDER = "order:place"
    TOP_UP = "deposit:top-up"
    BUY_GIFT_CARD = "gift-card:buy"
    WITHDRAW = "deposit:withdraw"
    WITHDRAW_BACK = "deposit:withdraw-back"
    RELEASE_WITHDRAWAL = "withdrawal:release"
    REQUEST_REFUND = "refund:request"
    USE_COUPONS = "coupon:use-many"
    WRITE_OFF = "invoice:write-off"
    ADJUST_MILEAGE = "mileage:adjust"
    SEND_MILEAGE = "mileage:send"
    ADJUST_BALANCES = "balance:adjust"
    RELEASE_PAYOUT = "payout:release"
    CHANGE_PAYOUT_ACCOUNT = "payout-account:change"
    SAVE_CREDENTIALS = "gateway:save-credentials"
    CHANGE_FACTOR = "factor:change"
    MAKE_KEY = "api-key:make"
    EXCHANGE_KEY = "api-key:exchange"
    CHANGE_ROLES = "role:change"
    RESET_FACTORS = "factor:reset"
    DECIDE_CASE = "case:decide"
    CHANGE_RISK_LIST = "risk-list:change"
    TAKE_EXPORT = "data-export:take"
    ERASE_ACCOUNT = "account:erase"


# No policy can make these cheaper: whoever holds a stolen session must not get further with them.
ALWAYS: Final = frozenset(
    {
        StepUpAction.SAVE_CREDENTIALS,
        StepUpAction.CHANGE_FACTOR,
        StepUpAction.MAKE_KEY,
        StepUpAction.EXCHANGE_KEY,
        StepUpAction.CHANGE_ROLES,
        StepUpAction.RESET_FACTORS,
        StepUpAction.CHANGE_RISK_LIST,
        StepUpAction.TAKE_EXPORT,
        StepUpAction.ERASE_ACCOUNT,
        StepUpAction.CHANGE_PAYOUT_ACCOUNT,
    }
)

_LARGE: Final = {"KRW": 500_000, "JPY": 50_000, "USD": 40_000, "EUR": 35_000, "GBP": 30_000, "KWD": 115_000}
# A reviewer's daily business is smaller.
_VERY_LARGE: Final = {currency: 10 * minor for currency, minor in _LARGE.items()}
# In minor units by currency; what is above needs it. Refunds have theirs among the other rules of refunds, by section.
ABOVE: Final[Mapping[StepUpAction, Mapping[str, int]]] = {
    StepUpAction.TOP_UP: _LARGE,
    StepUpAction.BUY_GIFT_CARD: _LARGE,
    StepUpAction.WITHDRAW: _LARGE,
    StepUpAction.WITHDRAW_BACK: _LARGE,
    StepUpAction.RELEASE_WITHDRAWAL: _LARGE,
    StepUpAction.WRITE_OFF: _LARGE,
    StepUpAction.ADJUST_MILEAGE: {"PTS": 50_000},
    StepUpAction.SEND_MILEAGE: {"PTS": 10_000},
    StepUpAction.ADJUST_BALANCES: {**_LARGE, "PTS": 50_000},
    StepUpAction.RELEASE_PAYOUT: _LARGE,
    StepUpAction.DECIDE_CASE: _VERY_LARGE,
}


# Coupons of one person within so many minutes; what is above needs it, in whatever orders they are used.
COUPON_USES: Final[Mapping[str, int]] = {"uses": 6, "minutes": 60}


@dataclass(frozen=True, slots=True)
class CouponRush:
    """How many coupons one person uses within which time without proving himself again."""

    uses: int
    within: timedelta

    @classmethod
    def of(cls, policy: Mapping[str, Any]) -> CouponRush:
        """By the channel's policy, or the default."""
        found = {**COUPON_USES, **policy.get("step_up", {}).get(StepUpAction.USE_COUPONS.value, {})}
        return cls(found["uses"], timedelta(minutes=found["minutes"]))

    def needs_step_up(self, *, used: int, more: int) -> bool:
        """Whether `more` coupons after those that were `used` within the time are too many. No coupon never is."""
        return more > 0 and used + more > self.uses


def needs_step_up(action: StepUpAction, amount: Money | None, policy: Mapping[str, Any]) -> bool:
    """Say whether this is above the threshold of the channel's policy (`step_up`: action: currency), or the default.

    An amount in a currency without a threshold, and an act without an amount, always need it.
    """
    if action in ALWAYS or amount is None:
        return True
    own = policy.get("step_up", {}).get(action.value, {})
    above: int = {**ABOVE.get(action, {}), **own}.get(amount.currency, 0)
    return amount.minor > above
