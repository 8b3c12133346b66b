"""What became of a campaign: issued, claimed, used, what it cost and what was bought with it (CPN-13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.money import as_decimal
from portal.queries.coupon_funding import PLATFORM_GIVES


@dataclass(frozen=True, slots=True)
class CurrencyFigures:
    """Redeemed uses in one currency: what was taken off, who bore it, and what the orders came to."""

    currency: str
    uses: int
    cost_minor: int
    platform_minor: int
    sales_minor: int

    @property
    def average_minor(self) -> int:
        return self.cost_minor // self.uses if self.uses else 0

    @property
    def stores_minor(self) -> int:
        return self.cost_minor - self.platform_minor


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Redeemed uses of a day, by the channel's calendar."""

    day: date
    currency: str
    uses: int
    cost_minor: int

    @property
    def major(self) -> Decimal:
        """The cost in whole units of the currency, as charts draw it."""
        return as_decimal(self.cost_minor, self.currency)


@dataclass(frozen=True, slots=True)
class CampaignFigures:
    """Counts of a campaign. `issued` are codes and coupons in wallets; `people` have used it at least once.

    `held_back` are uses of orders that were held for their risk: what is known of abuse.
    """

    issued: int
    wallets: int
    holders_who_used: int
    reserved: int
    redeemed: int
    released: int
    people: int
    held_back: int
    currencies: Sequence[CurrencyFigures]
    days: Sequence[DayFigures]

    @property
    def redemption_basis_points(self) -> int | None:
        """Used of what was issued; None where nothing is issued, because it applies by itself or by one code."""
        return self.redeemed * 10_000 // self.issued if self.issued else None

    @property
    def conversion_basis_points(self) -> int | None:
        """Of the people who had it in their wallet, how many used it."""
        return self.holders_who_used * 10_000 // self.wallets if self.wallets else None

    @property
    def abuse_basis_points(self) -> int | None:
        uses = self.redeemed + self.reserved
        return self.held_back * 10_000 // uses if uses else None


_COUNTS = text(
    """
    SELECT (SELECT count(*) FROM coupon_code WHERE campaign_id = :id) AS codes,
           (SELECT count(*) FROM coupon_grant WHERE campaign_id = :id) AS wallets,
           (SELECT count(*) FROM coupon_grant g WHERE g.campaign_id = :id AND EXISTS
               (SELECT FROM coupon_use u WHERE u.campaign_id = :id AND u.user_id = g.user_id
                   AND u.status = 'redeemed')) AS holders_who_used,
           count(*) FILTER (WHERE u.status = 'reserved') AS reserved,
           count(*) FILTER (WHERE u.status = 'redeemed') AS redeemed,
           count(*) FILTER (WHERE u.status = 'released') AS released,
           count(DISTINCT u.user_id) FILTER (WHERE u.status = 'redeemed') AS people,
           count(*) FILTER (WHERE u.status <> 'released' AND o.fraud_hold) AS held_back
      FROM coupon_use u JOIN orders o ON o.id = u.order_id WHERE u.campaign_id = :id
    """
)
_CURRENCIES = text(
    f"""
    SELECT x.currency, count(*) AS uses, sum(x.amount_minor)::bigint AS cost_minor,
           sum(x.platform_minor)::bigint AS platform_minor, sum(o.payable_minor)::bigint AS sales_minor
      FROM (SELECT u.id, u.order_id, u.currency, u.amount_minor, coalesce(sum({PLATFORM_GIVES}), 0) AS platform_minor
              FROM coupon_use u JOIN campaign c ON c.id = u.campaign_id
              LEFT JOIN discount_share s ON s.coupon_use_id = u.id
             WHERE u.campaign_id = :id AND u.status = 'redeemed' GROUP BY u.id) AS x
      JOIN orders o ON o.id = x.order_id GROUP BY x.currency ORDER BY x.currency
    """  # noqa: S608 - our own fragment
)
_DAYS = text(
    """
    SELECT coalesce(u.day, u.claimed_at::date) AS day, u.currency, count(*) AS uses,
           sum(u.amount_minor)::bigint AS cost_minor
      FROM coupon_use u WHERE u.campaign_id = :id AND u.status = 'redeemed'
     GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT 120
    """
)


def load_figures(session: Session, *, campaign_id: int) -> CampaignFigures:
    """The figures of a campaign, all from its rows."""
    values = {"id": campaign_id}
    row = session.execute(_COUNTS, values).one()
    return CampaignFigures(
        # A single code is shared by everybody: it says nothing of how many there are.
        issued=row.wallets + (row.codes if row.codes > 1 else 0),
        wallets=row.wallets,
        holders_who_used=row.holders_who_used,
        reserved=row.reserved,
        redeemed=row.redeemed,
        released=row.released,
        people=row.people,
        held_back=row.held_back,
        currencies=[CurrencyFigures(*one) for one in session.execute(_CURRENCIES, values)],
        days=[DayFigures(*one) for one in session.execute(_DAYS, values)],
    )
