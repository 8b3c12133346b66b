"""When everything is compared, and for which period a gateway's report is asked (BAL-11)."""

from datetime import UTC, datetime, time, timedelta

# 03:00 in Seoul, when few people buy.
NIGHTLY_AT = time(18, tzinfo=UTC)
# A gateway may book a movement a moment later than it answers.
REPORT_LAG = timedelta(minutes=5)
# How far back the first report of an account reaches.
FIRST_REPORT = timedelta(days=31)


def is_due(*, last_started_at: datetime | None, now: datetime) -> bool:
    """Whether this night's run is still to be made. `NIGHTLY_AT` itself is in time."""
    tonight = datetime.combine(now.astimezone(UTC).date(), NIGHTLY_AT)
    if now < tonight:
        tonight -= timedelta(days=1)
    return last_started_at is None or last_started_at < tonight


def report_period(*, last_to_at: datetime | None, now: datetime) -> tuple[datetime, datetime] | None:
    """From where on and before when to ask; None while there is nothing new to be told. Periods leave no gap."""
    since, until = last_to_at or now - FIRST_REPORT, now - REPORT_LAG
    return (since, until) if since < until else None
