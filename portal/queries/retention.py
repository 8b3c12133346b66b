"""What is kept for too long, by kind, and what the desk shows of it (IDN-06). The kinds are in rules/retention.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import RetentionRule, RetentionRun
from portal.rules.retention import KEEPING, Keeping, RetentionKind

RUNS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Rows:
    """Old rows of one table, by a condition with :before. They are deleted, or `cleared` columns are emptied.

    What was done is not found again: a second run finds nothing.
    """

    table: str
    where: str
    cleared: tuple[str, ...] = ()


_OLD_ORDERS = (
    "SELECT o.id FROM orders o WHERE coalesce(o.closed_at, o.paid_at, o.placed_at) < :before AND o.status <> 'pending'"
    " AND (o.status IN ('cancelled', 'failed', 'expired') OR NOT EXISTS (SELECT FROM order_part p"
    " WHERE p.order_id = o.id AND (p.status NOT IN ('closed', 'cancelled') OR p.closed_at >= :before)))"
)
_OLD_TICKETS = "SELECT id FROM ticket WHERE state = 'closed' AND moved_at < :before"

OLD: Mapping[RetentionKind, tuple[Rows, ...]] = {
    RetentionKind.SESSIONS: (
        Rows(
            "web_session",
            "coalesce(revoked_at, expires_at) < :before"
            " AND NOT EXISTS (SELECT FROM cart c WHERE c.session_id = web_session.id)"
            " AND NOT EXISTS (SELECT FROM step_up s WHERE s.session_id = web_session.id)",
        ),
    ),
    RetentionKind.MAILS: (Rows("mail", "coalesce(sent_at, given_up_at) < :before"),),
    RetentionKind.NOTICES: (Rows("notice", "read_at < :before"),),
    RetentionKind.CARTS: (Rows("cart", "updated_at < :before"),),
    RetentionKind.GATEWAY_NOTICES: (Rows("provider_event", "handled_at < :before AND body IS NOT NULL", ("body",)),),
    RetentionKind.PAYMENT_TOKENS: (
        Rows(
            "payment_attempt",
            "answered_at < :before AND state IN ('captured', 'declined', 'cancelled')"
            " AND num_nonnulls(source, action, returned) > 0",
            ("source", "action", "returned"),
        ),
    ),
    RetentionKind.ORDER_CONTACTS: (
        Rows("orders", f"id IN ({_OLD_ORDERS}) AND num_nonnulls(contact, address) > 0", ("contact", "address")),
    ),
    RetentionKind.BANK_DETAILS: (
        Rows("refund", "completed_at < :before AND bank IS NOT NULL", ("bank",)),
        Rows("withdrawal", "closed_at < :before AND bank IS NOT NULL", ("bank",)),
        Rows("surplus", "decided_at < :before AND state IN ('kept', 'returned') AND bank IS NOT NULL", ("bank",)),
    ),
    RetentionKind.TICKETS: (
        Rows("ticket_file", f"message_id IN (SELECT id FROM ticket_message WHERE ticket_id IN ({_OLD_TICKETS}))"),
        Rows("ticket_message", f"ticket_id IN ({_OLD_TICKETS})"),
    ),
    RetentionKind.EXPORTS: (Rows("data_export", "made_at < :before"),),
}


@dataclass(frozen=True, slots=True)
class RetentionView:
    """One kind with the days that are in force; `rule` says who set them, None where nobody has."""

    kind: RetentionKind
    keeping: Keeping
    days: int
    rule: RetentionRule | None


def retention_rules(session: Session) -> list[RetentionView]:
    """Every kind, in the order of rules/retention.py."""
    own = {row.kind: row for row in session.scalars(select(RetentionRule))}
    return [
        RetentionView(kind, keeping, own[kind].days if kind in own else keeping.days, own.get(kind))
        for kind, keeping in KEEPING.items()
    ]


def retention_runs(session: Session) -> list[RetentionRun]:
    """The latest runs, trials among them."""
    statement = select(RetentionRun).order_by(RetentionRun.at.desc(), RetentionRun.id.desc())
    return list(session.scalars(statement.limit(RUNS_SHOWN)))


def last_real_run(session: Session) -> datetime | None:
    """When rows were last taken away."""
    statement = select(RetentionRun.at).where(RetentionRun.is_dry.is_(False)).order_by(RetentionRun.at.desc())
    return session.scalar(statement.limit(1))
