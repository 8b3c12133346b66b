"""Corrections of balances as the desk shows them: the list, one with its lines, and what is there now (BAL-07)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from portal.kit.paging import Page, fingerprint
from portal.models import Adjustment, AdjustmentLine, Campaign, LedgerAccount, User
from portal.queries.keyset import PAGE_ROWS, AnySelect, Sorting, count_up_to, fetch_page

SORTING = Sorting((Adjustment.made_at, Adjustment.id), (datetime, uuid.UUID))
LINES = Sorting((AdjustmentLine.n,), (int,), falling=False)
CAMPAIGNS_MAX = 200


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A correction. Amounts are minor units of its currency: all that goes up, and all that comes down."""

    id: uuid.UUID
    kind: str
    currency: str
    reason: str
    source: str
    state: str
    lines: int
    refused: int
    up_minor: int
    down_minor: int
    needs_second: bool
    expires_at: datetime | None
    made_by: uuid.UUID
    made_by_name: str
    made_at: datetime
    decided_by: uuid.UUID | None
    decided_by_name: str | None
    decided_at: datetime | None
    answer: str | None
    undone_by_name: str | None
    undo_reason: str | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line; `given` is what was typed, `name` whom it means."""

    n: int
    given: str
    user_id: uuid.UUID | None
    name: str | None
    amount_minor: int | None
    state: str
    code: str | None
    before_minor: int | None
    after_minor: int | None
    entry_id: int | None
    undo_entry_id: int | None


def list_adjustments(session: Session, *, state: str | None, cursor: str | None) -> Page[AdjustmentRow]:
    """One page, the latest first. Raises CursorInvalidError."""
    statement, counted = _columns(), select(Adjustment.id)
    if state:
        statement, counted = statement.where(Adjustment.state == state), counted.where(Adjustment.state == state)
    return fetch_page(
        session,
        statement,
        SORTING,
        make=lambda row: AdjustmentRow(*row),
        key=lambda row: (row.made_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("adjustments", state),
        total=count_up_to(session, counted),
    )


def load_adjustment(session: Session, *, adjustment_id: uuid.UUID) -> AdjustmentRow | None:
    row = session.execute(_columns().where(Adjustment.id == adjustment_id)).one_or_none()
    return AdjustmentRow(*row) if row is not None else None


def list_lines(
    session: Session, *, adjustment_id: uuid.UUID, state: str | None, cursor: str | None, rows_max: int = PAGE_ROWS
) -> Page[LineRow]:
    """One page of lines in their order. Raises CursorInvalidError."""
    statement: AnySelect = (
        select(
            AdjustmentLine.n,
            AdjustmentLine.given,
            AdjustmentLine.user_id,
            User.name,
            AdjustmentLine.amount_minor,
            AdjustmentLine.state,
            AdjustmentLine.code,
            AdjustmentLine.before_minor,
            AdjustmentLine.after_minor,
            AdjustmentLine.entry_id,
            AdjustmentLine.undo_entry_id,
        )
        .outerjoin(User, User.id == AdjustmentLine.user_id)
        .where(AdjustmentLine.adjustment_id == adjustment_id)
    )
    if state:
        statement = statement.where(AdjustmentLine.state == state)
    return fetch_page(
        session,
        statement,
        LINES,
        make=lambda row: LineRow(*row),
        key=lambda row: (row.n,),
        cursor_text=cursor,
        mark=fingerprint("adjustment_lines", adjustment_id, state),
        rows_max=rows_max,
    )


def count_lines(session: Session, *, adjustment_id: uuid.UUID) -> Mapping[str, int]:
    """How many lines are in which state: how far it is."""
    rows = session.execute(
        select(AdjustmentLine.state, func.count())
        .where(AdjustmentLine.adjustment_id == adjustment_id)
        .group_by(AdjustmentLine.state)
    )
    return {row[0]: row[1] for row in rows}


def balances_now(
    session: Session, *, user_ids: Sequence[uuid.UUID], kind: str, currency: str
) -> Mapping[uuid.UUID, tuple[int, int]]:
    """What these people have and what of it is free, in minor units. The caller records that somebody looks at it."""
    owners = {f"user:{one}": one for one in user_ids}
    rows = session.execute(
        select(
            LedgerAccount.owner,
            LedgerAccount.balance_minor,
            (LedgerAccount.balance_minor - LedgerAccount.held_minor).label("free"),
        ).where(LedgerAccount.kind == kind, LedgerAccount.currency == currency, LedgerAccount.owner.in_(owners))
    )
    found = {owners[row.owner]: (row.balance_minor, row.free) for row in rows}
    return {one: found.get(one, (0, 0)) for one in user_ids}


def campaign_choices(session: Session) -> list[tuple[int, Mapping[str, str]]]:
    """Coupon campaigns whose users can be chosen, the latest first."""
    rows = session.execute(select(Campaign.id, Campaign.name).order_by(Campaign.id.desc()).limit(CAMPAIGNS_MAX))
    return [(row.id, row.name) for row in rows]


def _columns() -> Any:
    maker, second, undoer = aliased(User), aliased(User), aliased(User)
    return (
        select(
            Adjustment.id,
            Adjustment.kind,
            Adjustment.currency,
            Adjustment.reason,
            Adjustment.source,
            Adjustment.state,
            Adjustment.lines,
            Adjustment.refused,
            Adjustment.up_minor,
            Adjustment.down_minor,
            Adjustment.needs_second,
            Adjustment.expires_at,
            Adjustment.made_by,
            maker.name.label("made_by_name"),
            Adjustment.made_at,
            Adjustment.decided_by,
            second.name.label("decided_by_name"),
            Adjustment.decided_at,
            Adjustment.answer,
            undoer.name.label("undone_by_name"),
            Adjustment.undo_reason,
            Adjustment.ended_at,
        )
        .join(maker, maker.id == Adjustment.made_by)
        .outerjoin(second, second.id == Adjustment.decided_by)
        .outerjoin(undoer, undoer.id == Adjustment.undone_by)
    )
