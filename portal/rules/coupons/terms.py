"""What a coupon promises, as it was when issued: kept with each use, so that later edits change nothing (CPN-11)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from portal.rules.pricing import Kind, Target

Amounts = Mapping[str, int]


class OnRefund(StrEnum):
    """What a refund does with a discount whose minimum is no longer met by what is kept (REF-05)."""

    KEEP = "keep"
    ASK_BACK = "ask_back"


@dataclass(frozen=True, slots=True)
class ConditionTerms:
    """A condition by its registered name, with what it was set to."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """The terms of one coupon in one buyer's hands. Amounts are per currency, in minor units.

    `key` names the buyer's grant or code. `valid_until` is exclusive. Lower `priority` is applied first.
    A coupon stands alone unless `stackable`; of stackable ones in the same `lane` only one is used, and an empty
    lane competes with none. `store_id` is the seller who issues and funds it; None is the platform. Uses are taken for
    `grace_hours` after `valid_until` (CPN-11).
    """

    key: str
    campaign_id: int
    name: str
    kind: Kind
    target: Target
    valid_from: datetime
    issued_at: datetime
    valid_until: datetime | None = None
    percent: Decimal | None = None
    amounts: Amounts = field(default_factory=dict)
    max_discount: Amounts = field(default_factory=dict)
    store_id: int | None = None
    stackable: bool = False
    lane: str = ""
    priority: int = 100
    conditions: tuple[ConditionTerms, ...] = ()
    grace_hours: int = 0
    on_refund: OnRefund = OnRefund.KEEP

    @property
    def ends_at(self) -> datetime | None:
        """From when on no use is taken."""
        return None if self.valid_until is None else self.valid_until + timedelta(hours=self.grace_hours)

    def __post_init__(self) -> None:
        if self.kind is Kind.PERCENTAGE and (self.percent is None or not 0 < self.percent <= 100):
            raise ValueError("a percentage is above 0 and at most 100")
        if self.kind is Kind.FREE_SHIPPING and self.target is not Target.SHIPPING:
            raise ValueError("free shipping works on shipping")
        if self.kind is Kind.FIXED and not (self.amounts and min(self.amounts.values()) > 0):
            raise ValueError("a fixed discount has an amount above zero in some currency")


@dataclass(frozen=True, slots=True)
class Limits:
    """How often a campaign may be used; None is without limit. `budgets` in minor units per currency (CPN-04).

    A day is the calendar day of the channel. What a claim took comes back when its use is released.
    """

    total: int | None = None
    per_user: int | None = None
    per_code: int | None = None
    per_day: int | None = None
    budgets: Amounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the counters of a coupon just now; None is unlimited or not known (CPN-04).

    It decides what the page offers. The reservation decides what is used.
    """

    is_revoked: bool = False
    is_paused: bool = False
    is_ended: bool = False
    uses_left: int | None = None
    user_uses_left: int | None = None
    day_uses_left: int | None = None
    code_uses_left: int | None = None
    budget_left_minor: int | None = None


UNLIMITED: Final = Standing()


def to_snapshot(terms: CouponTerms) -> dict[str, Any]:
    """Return the terms as plain JSON values."""
    return {
        "key": terms.key,
        "campaign_id": terms.campaign_id,
        "name": terms.name,
        "kind": str(terms.kind),
        "target": str(terms.target),
        "valid_from": terms.valid_from.isoformat(),
        "valid_until": terms.valid_until and terms.valid_until.isoformat(),
        "issued_at": terms.issued_at.isoformat(),
        "percent": None if terms.percent is None else str(terms.percent),
        "amounts": dict(terms.amounts),
        "max_discount": dict(terms.max_discount),
        "store_id": terms.store_id,
        "stackable": terms.stackable,
        "lane": terms.lane,
        "priority": terms.priority,
        "conditions": [{"name": one.name, "params": dict(one.params)} for one in terms.conditions],
        "grace_hours": terms.grace_hours,
        "on_refund": str(terms.on_refund),
    }


def from_snapshot(kept: Mapping[str, Any]) -> CouponTerms:
    """Read the terms back, of whatever age: what is kept beside them is left alone."""
    read = {name: value for name, value in kept.items() if name in _FIELDS}
    for name in ("valid_from", "valid_until", "issued_at"):
        read[name] = datetime.fromisoformat(read[name]) if read[name] else None
    read["kind"] = Kind(read["kind"])
    read["target"] = Target(read["target"])
    read["percent"] = None if read["percent"] is None else Decimal(read["percent"])
    read["conditions"] = tuple(ConditionTerms(one["name"], one["params"]) for one in read["conditions"])
    bounds = {"minimum": kept.get("min_subtotal"), "maximum": kept.get("max_spend")}  # Before these were a condition.
    if any(bounds.values()):
        old = ConditionTerms("minimum_spend", {name: bound for name, bound in bounds.items() if bound})
        read["conditions"] = (*read["conditions"], old)
    read["on_refund"] = OnRefund(read.get("on_refund", OnRefund.KEEP))
    return CouponTerms(**read)


_FIELDS = frozenset(one.name for one in fields(CouponTerms))
