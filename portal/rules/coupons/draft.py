"""What somebody wants a campaign to be, and everything that is wrong with it, field by field (CPN-01 to CPN-05)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from portal.kit.currency import is_currency
from portal.kit.money import MAX_MINOR
from portal.kit.text import N_
from portal.rules.coupons.conditions import ConditionInvalidError, ConditionUnknownError, parse
from portal.rules.coupons.funding import Funder, Funding
from portal.rules.coupons.terms import Amounts, ConditionTerms, CouponTerms, Limits, OnRefund
from portal.rules.pricing import Kind, Target

NAME_MAX: Final = 80
LANE_MAX: Final = 40
PRIORITY_MAX: Final = 999
GRACE_MAX_HOURS: Final = 8_760
LASTS_MAX: Final = timedelta(days=5 * 366)
USES_MAX: Final = 1_000_000_000
CONDITIONS_MAX: Final = 20
PERCENT_DECIMALS: Final = 2


class Distribution(StrEnum):
    """How people come by a coupon (CPN-02)."""

    CODE = "code"
    CLAIM = "claim"
    AUTOMATIC = "automatic"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """A campaign before it has a number. Amounts are per currency, in minor units; `valid_until` is exclusive."""

    names: Mapping[str, str]
    kind: Kind
    target: Target
    valid_from: datetime
    valid_until: datetime
    percent: Decimal | None = None
    amounts: Amounts = field(default_factory=dict)
    max_discount: Amounts = field(default_factory=dict)
    conditions: tuple[ConditionTerms, ...] = ()
    store_id: int | None = None
    funding: Funding = field(default_factory=Funding)
    distribution: Distribution = Distribution.CODE
    lane: str = ""
    stackable: bool = False
    priority: int = 100
    grace_hours: int = 0
    limits: Limits = field(default_factory=Limits)
    on_refund: OnRefund = OnRefund.KEEP

    def terms(self, *, locale: str, issued_at: datetime, campaign_id: int = 0) -> CouponTerms:
        """The terms of a coupon of this campaign. Raises ValueError where faults() says why."""
        return CouponTerms(
            key=str(campaign_id),
            campaign_id=campaign_id,
            name=self.names.get(locale) or self.names.get("en", ""),
            kind=self.kind,
            target=self.target,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            issued_at=issued_at,
            percent=self.percent,
            amounts=self.amounts,
            max_discount=self.max_discount,
            store_id=self.store_id,
            stackable=self.stackable,
            lane=self.lane,
            priority=self.priority,
            conditions=self.conditions,
            grace_hours=self.grace_hours,
            on_refund=self.on_refund,
        )

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values: what a version keeps, and what audit rows compare."""
        return {
            "names": dict(self.names),
            "kind": str(self.kind),
            "target": str(self.target),
            "percent": None if self.percent is None else str(self.percent),
            "amounts": dict(self.amounts),
            "max_discounts": dict(self.max_discount),
            "conditions": [{"name": one.name, "params": dict(one.params)} for one in self.conditions],
            "store_id": self.store_id,
            "funding": str(self.funding.by),
            "seller_shares": {str(store): str(share) for store, share in self.funding.seller_shares.items()},
            "distribution": str(self.distribution),
            "lane": self.lane,
            "stackable": self.stackable,
            "priority": self.priority,
            "valid_from": self.valid_from.astimezone(UTC).isoformat(),
            "valid_until": self.valid_until.astimezone(UTC).isoformat(),
            "grace_hours": self.grace_hours,
            "limits": {
                "total": self.limits.total,
                "per_user": self.limits.per_user,
                "per_code": self.limits.per_code,
                "per_day": self.limits.per_day,
                "budgets": dict(self.limits.budgets),
            },
            "on_refund": str(self.on_refund),
        }


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a field cannot be so: a stable code, and a sentence with its params."""

    code: str
    sentence: str
    params: Mapping[str, object] = field(default_factory=dict)


Faults = dict[str, Fault]


def faults(draft: CampaignDraft, *, now: datetime) -> Faults:
    """Return every fault by its field; empty means that it can be saved.

    Names are those of the draft; conditions are `conditions.NAME.FIELD`. Whether things exist is not asked here.
    """
    found: Faults = {}
    _names(draft, found)
    _benefit(draft, found)
    _schedule(draft, found, now)
    _limits(draft.limits, found)
    _stacking(draft, found)
    _funding(draft, found)
    _conditions(draft, found)
    return found


def _names(draft: CampaignDraft, found: Faults) -> None:
    if not draft.names.get("en", "").strip():
        found["name_en"] = Fault("CAMPAIGN_NAME_MISSING", N_("Enter a name."))
    for locale, name in draft.names.items():
        if len(name) > NAME_MAX:
            sentence = N_("A name has at most %(maximum)s characters.")
            found[f"name_{locale}"] = Fault("CAMPAIGN_NAME_TOO_LONG", sentence, {"maximum": NAME_MAX})


def _benefit(draft: CampaignDraft, found: Faults) -> None:
    if draft.kind is Kind.PERCENTAGE:
        if (fault := percent_fault(draft.percent)) is not None:
            found["percent"] = fault
    elif draft.kind is Kind.FIXED and not draft.amounts:
        found["amounts"] = Fault("CAMPAIGN_AMOUNT_MISSING", N_("Enter an amount in at least one currency."))
    if draft.kind is Kind.FREE_SHIPPING and draft.target is not Target.SHIPPING:
        found["target"] = Fault("CAMPAIGN_TARGET", N_("Free shipping works on shipping."))
    for name, amounts in (("amounts", draft.amounts), ("max_discounts", draft.max_discount)):
        if (fault := amounts_fault(amounts)) is not None:
            found[name] = fault


def percent_fault(percent: Decimal | None) -> Fault | None:
    """Return why a percentage cannot be so: above 0, at most 100, with at most two decimals."""
    if percent is None or not percent.is_finite() or not 0 < percent <= 100:
        return Fault("CAMPAIGN_PERCENT_RANGE", N_("A percentage is above 0 and at most 100."))
    exponent = percent.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -PERCENT_DECIMALS:
        return Fault("CAMPAIGN_PERCENT_DECIMALS", N_("A percentage has at most two decimals."))
    return None


def amounts_fault(amounts: Amounts) -> Fault | None:
    """Return why amounts by currency cannot be so."""
    if not all(is_currency(currency) for currency in amounts):
        return Fault("CAMPAIGN_CURRENCY", N_("Amounts need a currency."))
    if any(type(minor) is not int or not 0 < minor <= MAX_MINOR for minor in amounts.values()):
        return Fault("CAMPAIGN_AMOUNT", N_("An amount is above zero."))
    return None


def _schedule(draft: CampaignDraft, found: Faults, now: datetime) -> None:
    if draft.valid_until <= draft.valid_from:
        found["valid_until"] = Fault("CAMPAIGN_ENDS_BEFORE_IT_BEGINS", N_("The end comes after the beginning."))
    elif draft.valid_until - draft.valid_from > LASTS_MAX:
        found["valid_until"] = Fault("CAMPAIGN_TOO_LONG", N_("A campaign lasts at most five years."))
    elif draft.valid_until <= now:
        found["valid_until"] = Fault("CAMPAIGN_ENDS_IN_THE_PAST", N_("The end is over already."))
    if not 0 <= draft.grace_hours <= GRACE_MAX_HOURS:
        found["grace_hours"] = _range("CAMPAIGN_GRACE", 0, GRACE_MAX_HOURS)


def _limits(limits: Limits, found: Faults) -> None:
    for name in ("total", "per_user", "per_code", "per_day"):
        value = getattr(limits, name)
        if value is not None and not 1 <= value <= USES_MAX:
            found[name] = _range("CAMPAIGN_LIMIT", 1, USES_MAX)
    if limits.total is not None and "total" not in found:
        for name in ("per_user", "per_code", "per_day"):
            if (getattr(limits, name) or 0) > limits.total:
                found.setdefault(
                    name, Fault("CAMPAIGN_LIMIT_ABOVE_TOTAL", N_("This is more than the campaign may be used in all."))
                )
    if (fault := amounts_fault(limits.budgets)) is not None:
        found["budgets"] = fault


def _stacking(draft: CampaignDraft, found: Faults) -> None:
    if len(draft.lane) > LANE_MAX:
        found["lane"] = Fault(
            "CAMPAIGN_LANE_TOO_LONG", N_("A name has at most %(maximum)s characters."), {"maximum": LANE_MAX}
        )
    elif draft.lane == "default":
        found["lane"] = Fault("CAMPAIGN_LANE_TAKEN", N_("Choose another name for this lane."))
    if not 1 <= draft.priority <= PRIORITY_MAX:
        found["priority"] = _range("CAMPAIGN_PRIORITY", 1, PRIORITY_MAX)


def _funding(draft: CampaignDraft, found: Faults) -> None:
    shares = draft.funding.seller_shares
    if draft.funding.by is Funder.SELLER and draft.store_id is None:
        found["funding"] = Fault("CAMPAIGN_FUNDING", N_("A campaign that a seller pays for belongs to his store."))
    elif draft.funding.by is Funder.SHARED and draft.store_id is not None:
        found["funding"] = Fault("CAMPAIGN_FUNDING", N_("A shared campaign belongs to no single store."))
    elif draft.funding.by is Funder.SHARED and not shares:
        found["seller_shares"] = Fault("CAMPAIGN_SHARES_MISSING", N_("Say which stores bear which part."))
    elif draft.funding.by is not Funder.SHARED and shares:
        found["seller_shares"] = Fault("CAMPAIGN_SHARES", N_("Only a shared campaign has parts for stores."))
    for percent in shares.values():
        if (fault := percent_fault(percent)) is not None:
            found["seller_shares"] = fault


def _conditions(draft: CampaignDraft, found: Faults) -> None:
    seen: set[str] = set()
    for one in draft.conditions:
        if one.name in seen:
            found[f"conditions.{one.name}"] = Fault("CAMPAIGN_CONDITION_TWICE", N_("A condition stands once."))
        seen.add(one.name)
        try:
            parse(one)
        except (ConditionInvalidError, ConditionUnknownError) as error:
            place = f"conditions.{one.name}"
            if isinstance(error, ConditionInvalidError) and error.field:
                place = f"{place}.{error.field}"
            found[place] = Fault(error.code, error.sentence, error.params)
    if len(draft.conditions) > CONDITIONS_MAX:
        found["conditions"] = Fault(
            "CAMPAIGN_CONDITIONS", N_("Choose at most %(maximum)s."), {"maximum": CONDITIONS_MAX}
        )


def _range(code: str, minimum: int, maximum: int) -> Fault:
    return Fault(code, N_("Enter a number from %(minimum)s to %(maximum)s."), {"minimum": minimum, "maximum": maximum})
