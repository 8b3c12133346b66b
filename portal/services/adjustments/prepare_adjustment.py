"""Write down who is to get or lose how much, and why; nothing moves yet (BAL-07)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Adjustment, AdjustmentLine, CouponUse, User
from portal.rules.adjustments import (
    BOUNDS,
    KINDS,
    REASON_LENGTH_MAX,
    REASON_LENGTH_MIN,
    Wanted,
    check_count,
    fault_of,
    needs_second,
)
from portal.rules.permissions import Actor, Permission, may
from portal.rules.posting import POINTS
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.idempotency import IdempotencyKeyReusedError

AT_ONCE = 1_000
GIVEN_LENGTH_MAX = 200


class AdjustmentForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You need the permission “balance:adjust” for this. An administrator can give it to you.")


class AdjustmentReasonError(PortalError):
    code = "adjustment_reason"
    sentence = N_("Say why, in %(least)s to %(most)s characters: it stands in the record.")


class AdjustmentKindError(PortalError):
    code = "adjustment_kind"
    sentence = N_("Balances of this kind and currency cannot be corrected.")


class AdjustmentExpiryError(PortalError):
    code = "adjustment_expiry"
    sentence = N_("Points that are given need a last day in the future.")


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be corrected. `key` is the form's own: the same form makes one correction.

    Either `lines`, or `campaign_id` with `amount_minor` for everybody who has used that coupon.
    """

    key: str
    kind: str
    currency: str
    reason: str
    source: str
    lines: Sequence[Wanted] = ()
    campaign_id: int | None = None
    amount_minor: int = 0
    expires_at: datetime | None = None


def prepare_adjustment(session: Session, *, draft: Draft, actor: Actor, now: datetime) -> uuid.UUID:
    """Keep a correction as a draft and return its id. Lines that cannot be carried out are kept with their reason.

    Raises AdjustmentForbiddenError, AdjustmentReasonError, AdjustmentKindError, AdjustmentExpiryError,
    AdjustmentLinesError, and IdempotencyKeyReusedError for a key that stood under something else.
    """
    check_may_adjust(actor, draft.kind)
    reason = " ".join(draft.reason.replace("\0", "").split())
    known = session.scalar(select(Adjustment).where(Adjustment.key == f"{actor.user_id}:{draft.key}"))
    if known is not None:
        return _same(session, known, draft, reason)
    if not REASON_LENGTH_MIN <= len(reason) <= REASON_LENGTH_MAX:
        raise AdjustmentReasonError(least=REASON_LENGTH_MIN, most=REASON_LENGTH_MAX)
    if KINDS.get(draft.kind) is not (draft.currency == POINTS) or draft.currency not in BOUNDS:
        raise AdjustmentKindError
    lines = _lines(session, draft, actor)
    check_count(lines)
    ready = [line for line in lines if line["state"] == "ready"]
    amounts = [int(str(line["amount_minor"])) for line in ready]
    gives_points = draft.currency == POINTS and any(amount > 0 for amount in amounts)
    if gives_points and (draft.expires_at is None or draft.expires_at <= now):
        raise AdjustmentExpiryError
    adjustment_id = new_id()
    row = Adjustment(
        id=adjustment_id,
        key=f"{actor.user_id}:{draft.key}",
        kind=draft.kind,
        currency=draft.currency,
        reason=reason,
        source=draft.source,
        campaign_id=draft.campaign_id,
        expires_at=draft.expires_at,
        state="draft",
        lines=len(lines),
        refused=len(lines) - len(ready),
        up_minor=sum(amount for amount in amounts if amount > 0),
        down_minor=-sum(amount for amount in amounts if amount < 0),
        needs_second=needs_second(amounts, draft.currency),
        made_by=actor.user_id,
        made_at=now,
    )
    session.add(row)
    session.flush()
    for start in range(0, len(lines), AT_ONCE):
        batch = [{"adjustment_id": adjustment_id, **line} for line in lines[start : start + AT_ONCE]]
        insert_rows(session, AdjustmentLine, batch)
    record_moves(session, Move(Machine.ADJUSTMENT, adjustment_id, None, "draft"), actor=actor, now=now)
    after = {
        "kind": row.kind,
        "currency": row.currency,
        "lines": row.lines,
        "up_minor": row.up_minor,
        "down_minor": row.down_minor,
    }
    fact = Fact(AuditAction.ADJUSTMENT_PREPARED, f"adjustment:{adjustment_id}", after=after, reason=reason)
    record(session, fact, actor=actor, now=now)
    return adjustment_id


def _same(session: Session, known: Adjustment, draft: Draft, reason: str) -> uuid.UUID:
    """The correction that this key has made before, if it was the same."""
    now = (draft.kind, draft.currency, reason, draft.source, draft.campaign_id)
    before = (known.kind, known.currency, known.reason, known.source, known.campaign_id)
    lines = [(line.given[:GIVEN_LENGTH_MAX], line.amount_minor) for line in draft.lines]
    if draft.campaign_id is None:
        kept = select(AdjustmentLine.given, AdjustmentLine.amount_minor).where(AdjustmentLine.adjustment_id == known.id)
        if lines != [(row.given, row.amount_minor) for row in session.execute(kept.order_by(AdjustmentLine.n))]:
            raise IdempotencyKeyReusedError
    if now != before:
        raise IdempotencyKeyReusedError
    return known.id


def check_may_adjust(actor: Actor, kind: str) -> None:
    """Mileage takes its own permission besides. Raises AdjustmentForbiddenError."""
    wanted = {Permission.BALANCE_ADJUST} | ({Permission.MILEAGE_ADJUST} if KINDS.get(kind) else set())
    if actor.user_id is None or not all(may(actor, one) for one in wanted):
        raise AdjustmentForbiddenError


def _lines(session: Session, draft: Draft, actor: Actor) -> list[dict[str, object]]:
    """Rows of the lines: each person once, by the first line that names him."""
    if draft.campaign_id is not None:
        used = select(CouponUse.user_id).where(
            CouponUse.campaign_id == draft.campaign_id, CouponUse.status == "redeemed"
        )
        code = fault_of(draft.amount_minor, draft.currency)
        wanted = [Wanted(str(one), draft.amount_minor, code) for one in session.scalars(used.distinct())]
    else:
        wanted = list(draft.lines)
    people = _people(session, [line.given for line in wanted])
    seen: set[uuid.UUID] = set()
    rows: list[dict[str, object]] = []
    for number, line in enumerate(wanted, start=1):
        user_id = people.get(_mark(line.given))
        code = line.code
        if code is None and user_id is None:
            code = "PERSON_UNKNOWN"
        elif code is None and user_id == actor.user_id:
            code = "PERSON_IS_MAKER"
        elif code is None and user_id in seen:
            code = "PERSON_TWICE"
        if code is None and user_id is not None:
            seen.add(user_id)
        rows.append(
            {
                "n": number,
                "given": line.given[:GIVEN_LENGTH_MAX],
                "user_id": user_id,
                "amount_minor": line.amount_minor,
                "state": "ready" if code is None else "refused",
                "code": code,
            }
        )
    return rows


def _mark(given: str) -> bytes | uuid.UUID:
    """What a person is found by: his id, or the blind index of his e-mail address."""
    try:
        return uuid.UUID(given)
    except ValueError:
        return email_index(given)


def _people(session: Session, given: Sequence[str]) -> Mapping[bytes | uuid.UUID, uuid.UUID]:
    marks = {_mark(one) for one in given}
    found: dict[bytes | uuid.UUID, uuid.UUID] = {}
    ids = [mark for mark in marks if isinstance(mark, uuid.UUID)]
    indexes = [mark for mark in marks if isinstance(mark, bytes)]
    if ids:
        found.update((known, known) for known in session.scalars(select(User.id).where(User.id.in_(ids))))
    if indexes:
        rows = session.execute(select(User.id, User.email_index).where(User.email_index.in_(indexes)))
        found.update((bytes(row.email_index), row.id) for row in rows)
    return found
