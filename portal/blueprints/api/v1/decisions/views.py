"""Refunds that wait: stores and administrators decide, who asked takes back (REF-01, REF-09)."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, operation
from portal.blueprints.api.own_store import own_store
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.decisions import examples
from portal.blueprints.api.v1.decisions.schemas import (
    QueuedRefund,
    RefundApproval,
    RefundQueuePage,
    RefundQueueQuery,
    RefundRefusal,
)
from portal.blueprints.api.v1.refunds import examples as refund_examples
from portal.blueprints.api.v1.refunds.schemas import Refund
from portal.blueprints.api.v1.refunds.views import as_refund
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.kit.paging import CursorInvalidError
from portal.queries.refund_lists import RefundQueue, list_refunds
from portal.queries.refunds import RefundView, load_refund
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.services.refunds import decide_refund as deciding
from portal.services.refunds.plan_refund import (
    DISPUTED,
    CaptureUnderWayError,
    NothingToRefundError,
    RefundOrderUnknownError,
)

TAG = "Refunds"
PATH = {"refund_id": PathValue("The refund's id.", {"type": "string", "format": "uuid"}, examples.ID)}
DECIDED = (deciding.RefundUnknownError, deciding.RefundDecidedError)


@operation(
    "GET",
    "/refunds",
    tag=TAG,
    summary="List refunds in the queues of a desk",
    description="Of the key's store; an administrator's key sees everybody's.",
    permission=Permission.REFUND_HANDLE,
    query=RefundQueueQuery,
    answer=RefundQueuePage,
    example=examples.PAGE,
    refusals=(NotFoundError, CursorInvalidError),
)
def list_refund_queue(query: RefundQueueQuery) -> RefundQueuePage:
    actor = api_actor()
    with reading() as session:
        store_id = _store(session, actor, query.store)
        page = list_refunds(
            session,
            queue=RefundQueue(query.queue),
            now=clock.now(),
            store_id=store_id,
            cursor=query.cursor,
            rows_max=query.limit,
        )
    return RefundQueuePage.of(
        page,
        [
            QueuedRefund(
                id=row.id,
                order_number=row.number,
                status=row.status,
                reason=row.reason,
                origin=row.origin,
                total=Amount.of(row.total_minor, row.currency),
                requested_at=row.requested_at,
                due_at=row.due_at,
            )
            for row in page.rows
        ],
    )


@operation(
    "POST",
    "/refunds/<uuid:refund_id>/approval",
    tag=TAG,
    summary="Agree to a refund",
    description=(
        "For the store or the mall, as the key's person may. With the last consent the money goes back; until then the "
        "refund stays `requested`."
    ),
    permission=Permission.REFUND_HANDLE,
    body=RefundApproval,
    body_example={"reason": "Seen in the picture."},
    answer=Refund,
    example=refund_examples.REFUND,
    path_values=PATH,
    refusals=(
        *DECIDED,
        deciding.RefundOutdatedError,
        NothingToRefundError,
        RefundOrderUnknownError,
        CaptureUnderWayError,
        RejectedError(DISPUTED),
    ),
)
def approve_own_refund(refund_id: uuid.UUID, body: RefundApproval) -> Refund:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: deciding.approve_refund(s, refund_id=refund_id, actor=actor, reason=body.reason, now=now))
    return _shown(refund_id)


@operation(
    "POST",
    "/refunds/<uuid:refund_id>/refusal",
    tag=TAG,
    summary="Refuse a refund",
    description="Nothing was moved, so nothing goes back.",
    permission=Permission.REFUND_HANDLE,
    body=RefundRefusal,
    body_example={"reason": "It was worn."},
    answer=Refund,
    example=refund_examples.REFUND | {"status": "refused", "refusal": "It was worn."},
    path_values=PATH,
    refusals=(*DECIDED, deciding.RefusalReasonError),
)
def refuse_own_refund(refund_id: uuid.UUID, body: RefundRefusal) -> Refund:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: deciding.refuse_refund(s, refund_id=refund_id, actor=actor, reason=body.reason, now=now))
    return _shown(refund_id)


@operation(
    "POST",
    "/refunds/<uuid:refund_id>/withdrawal",
    tag=TAG,
    summary="Take a request for a refund back",
    description="By who asked, as long as nobody has decided.",
    permission=Permission.REFUND_HANDLE,
    answer=Refund,
    example=refund_examples.REFUND | {"status": "cancelled"},
    path_values=PATH,
    refusals=DECIDED,
)
def withdraw_own_refund(refund_id: uuid.UUID) -> Refund:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: deciding.withdraw_refund(s, refund_id=refund_id, actor=actor, now=now))
    return _shown(refund_id)


def _store(session: Session, actor: Actor, slug: str) -> int | None:
    """Whose queue it is; None is everybody's."""
    if not slug and Scope.ALL in scopes_of(actor, Permission.REFUND_HANDLE):
        return None
    return own_store(session, slug, NotFoundError)


def _shown(refund_id: uuid.UUID) -> Refund:
    with reading() as session:
        found: RefundView | None = load_refund(session, refund_id=refund_id)
    if found is None:
        raise deciding.RefundUnknownError
    return as_refund(found)
