"""When a store's period ends, and why a payout waits (BAL-13)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

# A posting is committed a moment after the time that it bears.
LAG = timedelta(minutes=10)


class Period(StrEnum):
    """Weeks begin on Monday, months on their first day, both at midnight of the mall's zone."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Figure(StrEnum):
    """What a line of a statement is about."""

    SALE = "sale"
    REFUND = "refund"
    DISPUTE = "dispute"
    RESTOCKING = "restocking"
    PAYOUT = "payout"
    OTHER = "other"


def figure_of(entry_kind: str) -> Figure:
    """The figure that an entry on a store's account belongs to."""
    return {
        "part_released": Figure.SALE,
        "part_taken_back": Figure.REFUND,
        "restocking_kept": Figure.RESTOCKING,
        "dispute_charged": Figure.DISPUTE,
        "payout_paid": Figure.PAYOUT,
    }.get(entry_kind, Figure.OTHER)


def period_start(day: date, period: Period) -> date:
    """The first day of the period in which a day lies."""
    return day - timedelta(days=day.weekday()) if period is Period.WEEKLY else day.replace(day=1)


def period_after(start: date, period: Period) -> date:
    """The first day of the next period."""
    if period is Period.WEEKLY:
        return start + timedelta(days=7)
    return (start.replace(day=1) + timedelta(days=32)).replace(day=1)


def last_end(now: datetime, period: Period, zone: str) -> datetime:
    """The latest end of a period (exclusive) that lies LAG in the past or more."""
    day = (now - LAG).astimezone(ZoneInfo(zone)).date()
    return _midnight(period_start(day, period), zone)


def begin_of(at: datetime, period: Period, zone: str) -> datetime:
    """When the period begins in which `at` lies."""
    return _midnight(period_start(at.astimezone(ZoneInfo(zone)).date(), period), zone)


def next_end(after: datetime, period: Period, zone: str) -> datetime:
    """The end of the period in which `after` lies."""
    day = after.astimezone(ZoneInfo(zone)).date()
    return _midnight(period_after(period_start(day, period), period), zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def holds_of(
    *,
    amount_minor: int,
    balance_minor: int,
    has_order_hold: bool,
    store_state: str,
    owner_frozen: bool = False,
    has_bank: bool = True,
    bank_rests: bool = False,
) -> Collection[str]:
    """Why a payout must wait: one word each; empty means that it may go out.

    `balance_minor` is what the store is owed now: what came back since the statement lowers it.
    """
    found = []
    if balance_minor < amount_minor:
        found.append("balance")
    if has_order_hold:
        found.append("order_hold")
    if store_state != "open":
        found.append("store")
    if owner_frozen:
        found.append("owner_frozen")
    if not has_bank:
        found.append("no_bank")
    if bank_rests:
        found.append("new_bank")
    return found
