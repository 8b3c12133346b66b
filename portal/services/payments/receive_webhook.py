"""Notices of gateways: stored as they come, acknowledged at once, worked on later (STR-02)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, TextClause, bindparam, exists, func, select, text, update
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText
from portal.gateways.base import DISPUTES, Approved, DisputeNotice, EventKind, Method, Refunded, WebhookEvent
from portal.models import MethodSetup, Payment, PaymentAttempt, ProviderEvent, RefundLeg, SavedMethod
from portal.queries.keyset import AnyRow
from portal.services.methods.settle_setup import method_index
from portal.services.payments.find_due import ASKABLE, ENDED, AttemptToAsk, attempt_to_ask

LEASE = timedelta(seconds=30)
ATTEMPTS_MAX = 10
REFUSED_MAX = 200
UNSETTLED = ("pending", "unknown")
VIRTUAL_ACCOUNT = Method.VIRTUAL_ACCOUNT.value
# What a notice about none of our keys is filed under: the vendor's own reference, marked by what it is.
DISPUTE_MARK = "dispute:"
DETACHED_MARK = "detached:"
SETUP_MARK = "setup:"
# Of a dispute that a gateway mentions and says nothing else about: a person records what the bank writes.
LETTER_MARK = "letter:"


_CHARGED = "FROM payment_attempt a WHERE a.gateway = :gateway AND a.gateway_ref = :gateway_ref"
# When what a notice tells is booked already. Each is a statement of its own, planned once: a plan for all of them would
# be made anew for every notice, as what does not concern it costs nothing then.
_BOOKED = {
    "charge": f"""
        EXISTS (SELECT {_CHARGED} AND a.state = 'captured'
                   -- Into an account money may come again.
                   AND NOT EXISTS (SELECT FROM payment p WHERE p.id = a.payment_id AND p.method = 'virtual_account'))
    """,  # noqa: S608  # Our own words.
    # It tells of a refund besides: one whose end nobody has told is looked at.
    "untold": f"""
        NOT EXISTS (SELECT {_CHARGED} AND EXISTS (SELECT FROM refund_leg l WHERE l.attempt_id = a.id
                                                     AND l.status IN ('pending', 'unknown')))
    """,  # noqa: S608  # Our own words.
    "refund": "EXISTS (SELECT FROM refund_leg WHERE op_key = :op_key AND status = 'succeeded')",
}


def _storing(condition: str) -> TextClause:
    return text(
        f"""
        WITH fresh AS (
            SELECT CASE WHEN NOT CAST(:is_ours AS boolean) THEN 'ignored' WHEN {condition} THEN 'handled'
                        ELSE 'received' END AS status
        )
        INSERT INTO provider_event (gateway, gateway_account_id, event_id, kind, gateway_ref, signature_ok, status,
                                    body, note, received_at, due_at, handled_at)
        SELECT :gateway, CAST(:gateway_account_id AS bigint), :event_id, :kind, :gateway_ref, true, status,
               CAST(:body AS bytea), :note, CAST(:now AS timestamptz), CAST(:now AS timestamptz),
               CASE WHEN status <> 'received' THEN CAST(:now AS timestamptz) END
          FROM fresh
        ON CONFLICT (gateway, event_id) WHERE signature_ok DO NOTHING
        RETURNING id, status
        """  # noqa: S608  # Our own words.
    ).bindparams(bindparam("body", type_=EncryptedText("provider_event.body")))


_STORE_CHARGE = _storing(_BOOKED["charge"])
_STORE_CHARGE_AND_REFUND = _storing(f"{_BOOKED['charge']} AND {_BOOKED['untold']}")
_STORE_REFUND = _storing(_BOOKED["refund"])
_STORE_OTHER = _storing("false")


def _statement_for(event: WebhookEvent) -> TextClause:
    if event.kind is EventKind.PAYMENT:
        refunded = isinstance(event.outcome, Approved) and event.outcome.refunded_minor
        return _STORE_CHARGE_AND_REFUND if refunded else _STORE_CHARGE
    # A refund that is booked as done is looked at again only when the notice says otherwise.
    done = event.kind is EventKind.REFUND and isinstance(event.outcome, Refunded)
    return _STORE_REFUND if done else _STORE_OTHER


@dataclass(frozen=True, slots=True)
class DisputeToAsk:
    """A dispute as its gateway names it."""

    gateway: str
    gateway_account_id: int
    dispute_ref: str


@dataclass(frozen=True, slots=True)
class DetachedMethod:
    """A kept card that its gateway has forgotten."""

    gateway_account_id: int
    method_ref: str


@dataclass(frozen=True, slots=True)
class EventHint:
    """What a notice points at; None when that is over already or is not ours. `leg_id` is that of a refund."""

    attempt: AttemptToAsk | None
    leg_id: uuid.UUID | None = None
    dispute: DisputeToAsk | None = None
    setup_id: uuid.UUID | None = None
    detached: DetachedMethod | None = None


def store_event(
    session: Session,
    *,
    gateway: str,
    gateway_account_id: int,
    event: WebhookEvent,
    body: str,
    now: datetime,
) -> int | None:
    """Keep a verified notice; returns its row when there is work in it.

    None when it has been here before, does not speak of a payment, refund or dispute of ours (STR-03), or tells what
    is booked already: a notice mostly follows the answer that the worker has got itself.
    """
    is_dispute = isinstance(event.outcome, DisputeNotice)
    is_ours = (
        event.kind is EventKind.PAYMENT
        or is_dispute
        or _is_of_methods(session, event, gateway_account_id)
        or (event.kind is EventKind.REFUND and _leg_of(session, event.op_key, event.object_ref) is not None)
    )
    row = session.execute(
        _statement_for(event),
        {
            "gateway": gateway,
            "gateway_account_id": gateway_account_id,
            "event_id": event.event_id,
            "kind": event.name,
            "gateway_ref": event.gateway_ref,
            "op_key": event.op_key,
            "body": body,
            "note": _note_of(event),
            "is_ours": is_ours,
            "now": now,
        },
    ).one_or_none()
    return row.id if row is not None and row.status == "received" else None


def _is_of_methods(session: Session, event: WebhookEvent, gateway_account_id: int) -> bool:
    """Whether a notice is about a card that a buyer of ours keeps, or is about to."""
    if event.kind is EventKind.METHOD_SAVED:
        return session.execute(select(exists().where(_setup_of(event.op_key, event.object_ref)))).scalar_one()
    if event.kind is EventKind.METHOD_REMOVED and event.object_ref is not None:
        known = exists().where(
            SavedMethod.gateway_account_id == gateway_account_id,
            SavedMethod.ref_index == method_index(event.object_ref),
        )
        return session.execute(select(known)).scalar_one()
    return False


def _setup_of(op_key: str | None, gateway_ref: str | None) -> ColumnElement[bool]:
    return (MethodSetup.op_key == op_key) | (MethodSetup.gateway_ref == gateway_ref)


def _note_of(event: WebhookEvent) -> str | None:
    if event.kind is EventKind.METHOD_REMOVED:
        return f"{DETACHED_MARK}{event.object_ref}"
    if event.kind is EventKind.METHOD_SAVED:
        return f"{SETUP_MARK}{event.op_key or event.object_ref}"
    if isinstance(event.outcome, DisputeNotice):
        return DISPUTE_MARK + event.outcome.dispute_ref
    if event.kind in DISPUTES:
        return f"{LETTER_MARK}{event.gateway_ref}"
    return event.op_key or (event.object_ref if event.kind is EventKind.REFUND else None)


def store_refused(session: Session, *, gateway: str, reason: str, now: datetime) -> None:
    """Note a notice that proved nothing. Its content is not kept: anybody can send anything.

    At most REFUSED_MAX of them an hour: who forges more does not fill the disk, and the log has them all.
    """
    recent = (
        select(ProviderEvent.id)
        .where(~ProviderEvent.signature_ok, ProviderEvent.received_at > now - timedelta(hours=1))
        .limit(REFUSED_MAX)
        .subquery()
    )
    if session.execute(select(func.count()).select_from(recent)).scalar_one() >= REFUSED_MAX:
        return
    session.add(
        ProviderEvent(
            gateway=gateway,
            event_id="unverified",
            kind="unverified",
            signature_ok=False,
            status="refused",
            note=reason,
            received_at=now,
            due_at=now,
            handled_at=now,
        )
    )
    session.flush()


def event_to_apply(session: Session, *, event_id: int, now: datetime) -> EventHint | None:
    """Take a stored notice and find the attempt it speaks of; None when it is done or another has it."""
    row = session.execute(
        select(
            ProviderEvent.gateway,
            ProviderEvent.gateway_ref,
            ProviderEvent.note,
            ProviderEvent.gateway_account_id,
        )
        .where(ProviderEvent.id == event_id, ProviderEvent.status == "received")
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    session.execute(
        update(ProviderEvent)
        .where(ProviderEvent.id == event_id)
        .values(due_at=now + LEASE, attempts=ProviderEvent.attempts + 1)
    )
    marked = _marked(session, row)
    if marked is not None:
        return marked
    leg_id = _leg_of(session, row.note, row.note)
    if leg_id is not None:
        return EventHint(None, leg_id)
    known = session.execute(
        select(PaymentAttempt.id, PaymentAttempt.gateway_ref, PaymentAttempt.state, Payment.method)
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(PaymentAttempt.gateway == row.gateway)
        .where((PaymentAttempt.gateway_ref == row.gateway_ref) | (PaymentAttempt.op_key == row.note))
        .limit(1)
    ).one_or_none()
    is_account = known is not None and known.method == VIRTUAL_ACCOUNT
    if known is not None and known.state == "captured" and not is_account:
        return EventHint(None, _unsettled_leg(session, known.id))
    if known is None or known.state not in (*ASKABLE, *ENDED, *(("captured",) if is_account else ())):
        return EventHint(None)
    asked = attempt_to_ask(session, attempt_id=known.id, now=now, ended_too=True)
    if asked is not None and asked.gateway_ref is None:
        # The notice overtook the answer of the call: now the look-up is one cheap call. The reference is kept only
        # when the gateway confirms that it is that of our charge.
        asked = replace(asked, gateway_ref=row.gateway_ref)
    return EventHint(asked)


def _marked(session: Session, row: AnyRow) -> EventHint | None:
    """What a notice is about that is filed under the vendor's own reference."""
    note: str = row.note or ""
    account_id: int | None = row.gateway_account_id
    if account_id is None:
        return None
    if note.startswith(DISPUTE_MARK):
        ref = note.removeprefix(DISPUTE_MARK)
        return EventHint(None, dispute=DisputeToAsk(row.gateway, account_id, ref))
    if note.startswith(DETACHED_MARK):
        return EventHint(None, detached=DetachedMethod(account_id, note.removeprefix(DETACHED_MARK)))
    if note.startswith(SETUP_MARK):
        ref = note.removeprefix(SETUP_MARK)
        found = session.execute(select(MethodSetup.id).where(_setup_of(ref, ref)).limit(1)).scalar_one_or_none()
        return EventHint(None, setup_id=found)
    return None


def apply_event(session: Session, *, event_id: int, now: datetime, applied: bool | None = None) -> None:
    """Close a notice whose attempt has been asked about; one that names nothing of ours is tried for a while.

    `applied` says it of a notice about something else than an attempt.
    """
    row = session.execute(
        select(ProviderEvent.gateway, ProviderEvent.gateway_ref, ProviderEvent.note, ProviderEvent.attempts)
        .where(ProviderEvent.id == event_id, ProviderEvent.status == "received")
        .with_for_update()
    ).one_or_none()
    if row is None:
        return
    if applied is None:
        applied = (
            session.execute(
                select(PaymentAttempt.state)
                .where(PaymentAttempt.gateway == row.gateway)
                .where((PaymentAttempt.gateway_ref == row.gateway_ref) | (PaymentAttempt.op_key == row.note))
                .limit(1)
            ).scalar_one_or_none()
            is not None
        )
    values: dict[str, object] = {"status": "handled", "handled_at": now, "effects": 1}
    if not applied:
        dead = row.attempts >= ATTEMPTS_MAX
        values = {"status": "dead", "handled_at": now} if dead else {"due_at": now + LEASE * row.attempts}
    session.execute(update(ProviderEvent).where(ProviderEvent.id == event_id).values(**values))


def _leg_of(session: Session, op_key: str | None, refund_ref: str | None) -> uuid.UUID | None:
    """The leg of a refund, by our key or by the gateway's reference."""
    if op_key is None and refund_ref is None:
        return None
    which = (RefundLeg.op_key == op_key) | (RefundLeg.gateway_ref == refund_ref)
    return session.execute(select(RefundLeg.id).where(which).limit(1)).scalar_one_or_none()


def _unsettled_leg(session: Session, attempt_id: uuid.UUID) -> uuid.UUID | None:
    """A refund of a charge whose end nobody has told."""
    return session.execute(
        select(RefundLeg.id)
        .where(RefundLeg.attempt_id == attempt_id, RefundLeg.status.in_(UNSETTLED))
        .order_by(RefundLeg.updated_at)
        .limit(1)
    ).scalar_one_or_none()


def due_events(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    """Notices that wait to be worked on."""
    return list(
        session.scalars(
            select(ProviderEvent.id)
            .where(ProviderEvent.status == "received", ProviderEvent.due_at <= now)
            .order_by(ProviderEvent.due_at)
            .limit(limit)
        )
    )
