"""Corrections of balances (BAL-07): sent whole and confirmed at once; large ones wait for a second person."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta

from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError, PermissionMissingError
from portal.blueprints.api.keys import api_actor, own_key
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.adjustments import examples
from portal.blueprints.api.v1.adjustments.schemas import LINES_MAX, Adjustment, AdjustmentRequest, LineOut
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.adjustments import AdjustmentRow, LineRow, list_lines, load_adjustment
from portal.rules.adjustments import BOUNDS, Wanted, fault_of
from portal.rules.mileage import LIFE
from portal.rules.permissions import Permission, Scope, scopes_of
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.adjustments import decide_adjustment as deciding
from portal.services.adjustments import prepare_adjustment as preparing
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError

TAG = "Corrections"
_PATH = {"adjustment_id": PathValue("Its id.", {"type": "string", "format": "uuid"}, examples.ID)}


@operation(
    "POST",
    "/adjustments",
    tag=TAG,
    summary="Correct balances",
    description=(
        "For administrators. It is carried out line by line, soon afterwards; a large one is `waiting` until "
        "a second person approves it. Lines that cannot be carried out are left out, with their code; when none can, "
        "the answer is 422 and nothing is kept. Large amounts are confirmed by the person first: 403 `step_up_needed`."
    ),
    permission=Permission.BALANCE_ADJUST,
    body=AdjustmentRequest,
    body_example=examples.REQUEST,
    answer=Adjustment,
    status=201,
    answer_text="The correction is on its way, or waits for a second person.",
    example=examples.ADJUSTMENT,
    refusals=(
        preparing.AdjustmentForbiddenError,
        preparing.AdjustmentReasonError(least=5, most=500),
        preparing.AdjustmentKindError,
        preparing.AdjustmentExpiryError,
        deciding.NothingToAdjustError,
        StepUpNeededError,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
    ),
    is_idempotent=True,
)
def correct_balances(body: AdjustmentRequest, key: str) -> Reply:
    actor, now = api_actor(), clock.now()
    _check_everybody()
    if body.currency not in BOUNDS:
        raise preparing.AdjustmentKindError
    lines = [Wanted(one.person, one.amount_minor, fault_of(one.amount_minor, body.currency)) for one in body.lines]
    draft = preparing.Draft(
        key=own_key(key),
        kind=body.kind,
        currency=body.currency,
        reason=body.reason,
        source="list",
        lines=lines,
        expires_at=_until(body, now),
    )

    def work(session: Session) -> uuid.UUID:
        made = preparing.prepare_adjustment(session, draft=draft, actor=actor, now=now)
        row = load_adjustment(session, adjustment_id=made)
        if row is not None and row.state == "draft":
            deciding.confirm_adjustment(session, adjustment_id=made, actor=actor, now=now)
        return made

    return Reply(_shown(atomically(work)), status=201)


@operation(
    "GET",
    "/adjustments/<string:adjustment_id>",
    tag=TAG,
    summary="Show a correction",
    description="How far it is, with its first 500 lines.",
    permission=Permission.BALANCE_ADJUST,
    answer=Adjustment,
    example=examples.ADJUSTMENT,
    path_values=_PATH,
    refusals=(NotFoundError,),
)
def show_adjustment(adjustment_id: str) -> Adjustment:
    _check_everybody()
    return _shown(_id(adjustment_id))


@operation(
    "POST",
    "/adjustments/<string:adjustment_id>/approval",
    tag=TAG,
    summary="Approve a correction",
    description="As the second person. Of two at once one approves, and the other is told who did.",
    permission=Permission.BALANCE_ADJUST,
    answer=Adjustment,
    example=examples.ADJUSTMENT,
    path_values=_PATH,
    refusals=(
        NotFoundError,
        deciding.OwnAdjustmentError,
        deciding.AdjustmentDecidedError(name="Ada"),
        deciding.AdjustmentNotOpenError,
        StepUpNeededError,
    ),
)
def approve_adjustment(adjustment_id: str) -> Adjustment:
    _check_everybody()
    wanted, actor, now = _id(adjustment_id), api_actor(), clock.now()
    atomically(lambda s: deciding.approve_adjustment(s, adjustment_id=wanted, actor=actor, now=now))
    return _shown(wanted)


def _check_everybody() -> None:
    if Scope.ALL not in scopes_of(api_actor(), Permission.BALANCE_ADJUST):
        raise PermissionMissingError(permission=Permission.BALANCE_ADJUST.value)


def _until(body: AdjustmentRequest, now: datetime) -> datetime:
    try:
        day = body.last_day
        return datetime.combine(day, time(), tzinfo=UTC) + timedelta(days=1) if day else now + LIFE
    except (ValueError, OverflowError):
        raise preparing.AdjustmentExpiryError from None


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFoundError from None


def _shown(adjustment_id: uuid.UUID) -> Adjustment:
    with reading() as session:
        row = load_adjustment(session, adjustment_id=adjustment_id)
        if row is None:
            raise NotFoundError
        lines = list_lines(session, adjustment_id=adjustment_id, state=None, cursor=None, rows_max=LINES_MAX).rows
    return Adjustment(
        id=row.id,
        kind=row.kind,
        currency=row.currency,
        reason=row.reason,
        state=row.state,
        needs_second=row.needs_second,
        up=Amount.of(row.up_minor, row.currency),
        down=Amount.of(row.down_minor, row.currency),
        created_at=row.made_at,
        lines=[_line(line, row) for line in lines],
    )


def _line(line: LineRow, row: AdjustmentRow) -> LineOut:
    return LineOut(
        n=line.n,
        person=line.user_id,
        amount=Amount.maybe(line.amount_minor, row.currency),
        state=line.state,
        code=line.code,
        entry=line.entry_id,
    )
