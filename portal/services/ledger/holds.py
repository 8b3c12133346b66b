"""Holds: amounts of a balance set aside for an order before anything is spent, free to give back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import LedgerHold


class BalanceTooLowError(PortalError):
    """The balance does not cover it, perhaps because another checkout holds a part, or it is frozen."""

    code = "balance_too_low"
    status = 409
    sentence = N_("Your balance no longer covers this: a part of it is used or held by another order.")


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """An amount to set aside on one account."""

    account_id: int
    amount_minor: int


# Rows are locked in the order of their ids, so that two orders of one person never wait for each other crosswise.
_HOLD = text(
    """
    WITH w AS (
        SELECT id, sum(amount)::bigint AS amount
          FROM unnest(CAST(:ids AS bigint[]), CAST(:amounts AS bigint[])) AS w (id, amount) GROUP BY id
    ), locked AS (
        SELECT id FROM ledger_account WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR UPDATE
    )
    UPDATE ledger_account a SET held_minor = a.held_minor + w.amount
      FROM w JOIN locked USING (id)
     WHERE a.id = w.id AND a.balance_minor - a.held_minor - w.amount >= a.min_balance_minor AND a.frozen_at IS NULL
    RETURNING a.id
    """
)

_END = text(
    """
    WITH ended AS (
        UPDATE ledger_hold SET status = :status WHERE order_id = :order_id AND status = 'active'
        RETURNING account_id, amount_minor
    ), w AS (
        SELECT account_id AS id, sum(amount_minor)::bigint AS amount FROM ended GROUP BY account_id
    ), locked AS (
        SELECT a.id FROM ledger_account a JOIN w USING (id) ORDER BY a.id FOR UPDATE OF a
    )
    UPDATE ledger_account a SET held_minor = a.held_minor - w.amount
      FROM w JOIN locked USING (id) WHERE a.id = w.id
    """
)


def place_holds(
    session: Session, requests: Sequence[HoldRequest], *, order_id: uuid.UUID, now: datetime, expires_at: datetime
) -> list[uuid.UUID]:
    """Set amounts aside, all or none, and return the holds in the order of the requests. Raises BalanceTooLowError."""
    if not requests:
        return []
    accounts = [request.account_id for request in requests]
    values = {"ids": accounts, "amounts": [request.amount_minor for request in requests]}
    if len(session.execute(_HOLD, values).all()) < len(set(accounts)):
        raise BalanceTooLowError
    ids = [new_id() for _ in requests]
    insert_rows(
        session,
        LedgerHold,
        [
            {
                "id": hold_id,
                "account_id": request.account_id,
                "order_id": order_id,
                "amount_minor": request.amount_minor,
                "created_at": now,
                "expires_at": expires_at,
            }
            for hold_id, request in zip(ids, requests, strict=True)
        ],
    )
    return ids


def end_holds(session: Session, *, order_id: uuid.UUID, status: str) -> None:
    """End the active holds of an order as `used`, `released` or `expired`.

    Whoever uses them posts in the same transaction. A second call finds nothing.
    """
    session.execute(_END, {"order_id": order_id, "status": status})
