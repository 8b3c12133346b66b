"""A campaign over the orders of the days before now: the same for the page and the API (CPN-12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.queries.campaign_replay import Period, find_period, past_orders
from portal.queries.campaigns import CampaignRow
from portal.rules.coupons.dry_run import DryRun, replay


@dataclass(frozen=True, slots=True)
class PeriodRun:
    """The outcome, and which orders it is of."""

    period: Period
    run: DryRun

    @property
    def is_sample(self) -> bool:
        return self.period.every > 1


def run_dry(session: Session, row: CampaignRow, *, days: int, now: datetime) -> PeriodRun:
    """Replay a campaign over the paid orders of the last `days`; a store's own over those that have its goods."""
    store_id = row.draft.store_id
    period = find_period(session, starts_at=now - timedelta(days=days), ends_at=now, store_id=store_id)
    terms = row.draft.terms(locale="en", issued_at=row.issued_at, campaign_id=row.id)
    orders = past_orders(session, period, campaign_id=row.id, store_id=store_id)
    return PeriodRun(period, replay(terms, row.draft.limits, row.draft.funding, orders))
