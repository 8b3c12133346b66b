"""What an order earns by the rules in force at this moment, for the page and for placing alike (BAL-04)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from portal.queries.benefits import Balances
from portal.queries.carts import CartLineView
from portal.queries.channels import ChannelView
from portal.queries.loyalty import loyalty_directory
from portal.queries.sections import lineage
from portal.queries.tiers import Membership
from portal.rules.earning import Earned, Earner, EarnLine, EarnTerms, earn
from portal.rules.pricing import tax_of
from portal.rules.quote import FrozenItem
from portal.rules.split import TenderKind
from portal.rules.tiers import Ladder, Tier


@dataclass(frozen=True, slots=True)
class Earning:
    """The points of an order by line, with the rules and the tier that decided."""

    earned: Earned
    terms: EarnTerms
    ladder: Ladder
    tier: Tier | None

    @property
    def total(self) -> int:
        return self.earned.total

    def as_json(self) -> dict[str, Any] | None:
        """What the order keeps of it; None where nothing but the channel's own rate could decide."""
        if not self.terms.version and not self.ladder.version:
            return None
        tier = self.tier.code if self.tier else None
        return {
            "mileage": self.terms.version,
            "tiers": self.ladder.version,
            "tier": tier,
            "cap": self.earned.cap,
        }


def month_start(channel: ChannelView, now: datetime) -> datetime:
    """When the month began on a channel: caps by the month count from there."""
    local = now.astimezone(ZoneInfo(channel.time_zone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def capped_since(session: Session, channel: ChannelView, now: datetime) -> datetime | None:
    """From when on what was earned counts for a cap; None without one, and then nobody need ask."""
    capped = loyalty_directory(session).terms(now).month_cap is not None
    return month_start(channel, now) if capped else None


def earning_of(
    session: Session,
    *,
    channel: ChannelView,
    lines: Sequence[CartLineView],
    items: Sequence[FrozenItem],
    balances: Balances,
    now: datetime,
) -> Earning:
    """What these lines earn their buyer, as they are paid. Shipping earns nothing."""
    directory = loyalty_directory(session)
    terms, ladder = directory.terms(now), directory.ladder(now)
    tier = ladder.find(balances.tier)
    earned = earn(
        terms,
        [
            EarnLine(
                product_id=line.product_id,
                store_id=line.store_id,
                section_ids=lineage(line.section_id, session),
                paid_minor=item.tender(TenderKind.GATEWAY) + item.tender(TenderKind.DEPOSIT),
                tax_minor=item.price.tax_minor,
                to_pay_minor=item.price.to_pay_minor,
            )
            for line, item in zip(lines, items, strict=True)
        ],
        earner(channel, tier, balances.segments, balances.earned_since, now),
    )
    return Earning(earned, terms, ladder, tier)


def earner(
    channel: ChannelView, tier: Tier | None, segments: frozenset[str], earned_this_month: int, now: datetime
) -> Earner:
    """A buyer on a channel, as the rules look at him."""
    bounds = channel.policy.get("mileage", {})
    return Earner(
        now=now,
        channel_id=channel.id,
        base_rate=Fraction(str(bounds.get("earn_rate", "0"))),
        point_value=Fraction(str(bounds.get("point_value", "1"))),
        tier=tier.code if tier else None,
        tier_multiplier=tier.multiplier if tier else Decimal(1),
        segments=segments,
        earned_this_month=earned_this_month,
    )


def points_of_product(
    session: Session,
    *,
    channel: ChannelView,
    product_id: int,
    store_id: int,
    section_id: int,
    amount_minor: int,
    buyer: Membership | None,
    now: datetime,
) -> int:
    """What one unit earns whoever buys it with money; nothing is known of his month yet. Visitors are None."""
    directory = loyalty_directory(session)
    ladder = directory.ladder(now)
    terms = replace(directory.terms(now), month_cap=None)
    taxes, above = channel.taxes(now), lineage(section_id, session)
    line = EarnLine(
        product_id=product_id,
        store_id=store_id,
        section_ids=above,
        paid_minor=amount_minor,
        tax_minor=tax_of(amount_minor, taxes.rate_of(above), inclusive=True) if taxes.inclusive else 0,
        to_pay_minor=amount_minor,
    )
    # Visitors are nobody's tier, not the lowest: it may earn more than none.
    tier = ladder.find(buyer.tier) if buyer is not None else None
    segments = buyer.segments if buyer is not None else frozenset()
    return earn(terms, [line], earner(channel, tier, segments, 0, now)).total
