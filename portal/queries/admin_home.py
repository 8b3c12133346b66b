"""The administrator's first look: today's figures and what waits for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.desk_counts import MALL_COLUMNS, MallWaits
from portal.queries.mails import LATELY


@dataclass(frozen=True)
class Today:
    """Figures from `start` to now. Sums are pairs of currency and minor units. `unknown` and `waits` are of any day.

    Of mails: those that nobody took lately, and those that were tried in vain and are tried again.
    """

    start: datetime
    placed: int
    paid: int
    failed: int
    captured: Sequence[tuple[str, int]]
    unknown: int
    waits: MallWaits
    mails_given_up: int
    mails_failing: int

    @property
    def held(self) -> int:
        return self.waits.held


# What is counted are orders placed in the period, so that the three figures are of the same orders, and each opens
# the list with the same filter.
_TODAY = text(
    f"""
    WITH t AS (SELECT status, paid_at FROM orders WHERE placed_at >= :start)
    SELECT (SELECT count(*) FROM t) AS placed,
           (SELECT count(*) FROM t WHERE status = 'paid') AS paid,
           (SELECT count(*) FROM t WHERE status = 'failed') AS failed,
           (SELECT jsonb_agg(jsonb_build_array(currency, total) ORDER BY currency)
              FROM (SELECT currency, sum(captured_minor)::bigint AS total FROM payment
                     WHERE created_at >= :start AND captured_minor > 0 GROUP BY currency) s) AS captured,
           (SELECT count(DISTINCT payment_id) FROM payment_attempt WHERE state = 'unknown') AS unknown,
           (SELECT count(*) FROM mail WHERE sent_at IS NULL AND given_up_at > :lately) AS mails_given_up,
           (SELECT count(*) FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL AND last_error IS NOT NULL)
               AS mails_failing,
           {MALL_COLUMNS}
    """  # noqa: S608  # Text of ours.
)


def load_today(session: Session, *, start: datetime, now: datetime) -> Today:
    """All of it in one statement."""
    row = session.execute(_TODAY, {"start": start, "lately": now - LATELY}).one()
    return Today(
        start=start,
        placed=row.placed,
        paid=row.paid,
        failed=row.failed,
        captured=[(currency, int(total)) for currency, total in row.captured or ()],
        unknown=row.unknown,
        waits=MallWaits(row.held, row.tickets),
        mails_given_up=row.mails_given_up,
        mails_failing=row.mails_failing,
    )
