"""Past attempts with what their decisions went by, for a replay by other rules (PAY-04)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.gateways.base import Flow, Method
from portal.kit.money import Money
from portal.models import GatewayAccount, Payment, PaymentAttempt
from portal.queries.gateways import ConfiguredGateway, gateway_directory
from portal.rules.health import Health
from portal.rules.replay import PastAttempt, PastCandidate

ATTEMPTS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Past:
    """The attempts of a range of time, the newest first.

    `unknown` is how many kept too little of their decision; `is_cut` says that the range held more than these.
    """

    attempts: tuple[PastAttempt, ...]
    unknown: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class _Account:
    id: int
    priority: int


def load_past(session: Session, *, since: datetime, until: datetime) -> Past:
    """The newest ATTEMPTS_MAX attempts of payments that were begun from `since` to before `until`."""
    rows = session.execute(
        select(
            PaymentAttempt.n,
            PaymentAttempt.gateway_account_id,
            PaymentAttempt.routing,
            PaymentAttempt.decision,
            PaymentAttempt.created_at,
            PaymentAttempt.payment_id,
            Payment.channel_id,
            Payment.method,
            Payment.currency,
            Payment.amount_minor,
            Payment.user_id,
        )
        .join(PaymentAttempt, PaymentAttempt.payment_id == Payment.id)
        .where(Payment.created_at >= since, Payment.created_at < until)
        .order_by(Payment.created_at.desc(), Payment.id.desc(), PaymentAttempt.n.desc())
        .limit(ATTEMPTS_MAX + 1)
    ).all()
    accounts = session.execute(select(GatewayAccount.id, GatewayAccount.name, GatewayAccount.priority))
    known = {row.name: _Account(row.id, row.priority) for row in accounts}
    directory = gateway_directory(session)
    read = [_past(row, known, directory) for row in rows[:ATTEMPTS_MAX]]
    found = tuple(one for one in read if one is not None)
    return Past(found, len(read) - len(found), len(rows) > ATTEMPTS_MAX)


def _past(row: Any, known: Mapping[str, _Account], directory: Mapping[int, ConfiguredGateway]) -> PastAttempt | None:
    """The attempt with its facts; None where it kept no decision, or its accounts cannot be told any more."""
    if row.decision is None:
        return None
    candidates = [_candidate(one, known) for one in row.routing]
    kept = [one.account_id for one in candidates if one is not None and one.is_kept]
    if None in candidates or row.gateway_account_id not in kept:
        return None
    return PastAttempt(
        payment_id=row.payment_id,
        at=row.created_at,
        account_id=row.gateway_account_id,
        channel_id=row.channel_id,
        method=row.method,
        amount=Money(row.amount_minor, row.currency),
        country=row.decision.get("country"),
        locale=row.decision.get("locale"),
        buyer=str(row.user_id),
        candidates=tuple(one for one in candidates if one is not None),
        explores=bool(row.decision.get("explores")),
        unable=_unable(row, kept, directory),
    )


def _candidate(told: Mapping[str, Any], known: Mapping[str, _Account]) -> PastCandidate | None:
    """Decisions of earlier days kept neither id nor priority: the account of that name is taken as it is now."""
    now = known.get(told["account"])
    account_id = told.get("id", now.id if now else None)
    if account_id is None:
        return None
    return PastCandidate(
        account_id=account_id,
        priority=told.get("priority", now.priority if now else 0),
        is_kept=told["kept"],
        health=Health(told.get("health", Health.CLOSED)),
        score=told.get("score"),
    )


def _unable(row: Any, kept: list[int], directory: Mapping[int, ConfiguredGateway]) -> frozenset[int]:
    """Accounts that could not be asked without a card's token: those passed over for it, and after the first try all
    that take the card by fields in the page.
    """
    if row.decision.get("has_token"):
        return frozenset()
    passed = kept[: kept.index(row.gateway_account_id)]
    if row.n == 1:
        return frozenset(passed)
    found = {account_id: one.gateway.capabilities.of(Method(row.method)) for account_id, one in directory.items()}
    fields = {account_id for account_id, one in found.items() if one is not None and one.flow is Flow.ELEMENT}
    return frozenset(passed) | frozenset(fields - {row.gateway_account_id})
