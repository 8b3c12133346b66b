"""Erasure by pseudonymisation (IDN-06): the person is gone, the books and the audit chain are as they were.

Entries, orders and audit rows name people by id alone. What leads from the id to a person is written over or deleted,
as queries/personal_data.py says of each table, in one transaction.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, case, delete, literal, null, select, text, update
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.models import (
    ApiClient,
    CouponGrant,
    Document,
    Erasure,
    MileageGift,
    SavedMethod,
    User,
    UserState,
    WebhookEndpoint,
    WebSession,
)
from portal.queries.erasure_blocks import ErasureView, Left, load_erasure_blocks
from portal.queries.personal_data import ERASED, PERSONAL, Erase, PersonalTable, values_of
from portal.rules.balance_posting import balance_given_up
from portal.rules.mileage_posting import mileage_expired
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.posting import AccountKind, EntryKind, of_user
from portal.rules.privacy import FAILED, NOWHERE, PASSING, PURPOSES, TRY_AGAIN_AFTER, WAIT_FOR_GATEWAYS
from portal.services.accounts.sessions import revoke
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.consents import choices_of, choose
from portal.services.coupons.end_coupons import move_grants
from portal.services.ledger.post import Entry, post_all
from portal.services.methods.change_methods import remove_method
from portal.services.outbox import Event, emit

# JSON that others read by its fields keeps them; where a parcel went is told by its country alone.
KEPT_FIELDS = frozenset({"country"})

_EMPTY_LOTS = text(
    "UPDATE mileage_lot SET remaining = 0 WHERE remaining > 0"
    " AND account_id IN (SELECT id FROM ledger_account WHERE owner = :owner)"
)


def erasures_due(session: Session, *, now: datetime, limit: int = 20) -> list[uuid.UUID]:
    """Wishes whose days of grace are over."""
    due = select(Erasure.id).where(Erasure.state == "waiting", Erasure.due_at <= now)
    return list(session.scalars(due.order_by(Erasure.due_at).limit(limit)))


def carry_out_erasure(session: Session, *, erasure_id: uuid.UUID, now: datetime) -> bool:
    """Erase the person, or put it off while something stands in the way. A second run finds nothing to do."""
    row = session.scalars(
        select(Erasure)
        .where(Erasure.id == erasure_id, Erasure.state == "waiting", Erasure.due_at <= now)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return False
    session.execute(select(User.id).where(User.id == row.user_id).with_for_update())
    stands = load_erasure_blocks(session, user_id=row.user_id)
    blocks = stands.blocks(gives_up=row.gives_up)
    if blocks:
        _put_off(session, row, [block.value for block in blocks], is_passing=not set(blocks) - PASSING, now=now)
        return False
    _erase(session, row.user_id, stands, now)
    row.state, row.ended_at, row.ended_by, row.blocked_by = "done", now, label(SYSTEM), []
    session.flush()
    return True


def put_off_failed(session: Session, *, erasure_id: uuid.UUID, error: str, now: datetime) -> None:
    """Note that a try broke off, and try again tomorrow: those behind it do not wait. Administrators are told once."""
    row = session.scalars(
        select(Erasure).where(Erasure.id == erasure_id, Erasure.state == "waiting").with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return
    row.due_at = now + TRY_AGAIN_AFTER
    if FAILED in row.blocked_by:
        return
    row.blocked_by = [FAILED]
    session.flush()
    after = {"blocked_by": [FAILED], "error": error}
    record(session, Fact(AuditAction.ERASURE_POSTPONED, f"user:{row.user_id}", after=after), actor=SYSTEM, now=now)
    emit(session, Event("erasure.failed", f"user:{row.user_id}", {"erasure": str(row.id)}), now=now)


def _put_off(session: Session, row: Erasure, blocks: list[str], *, is_passing: bool, now: datetime) -> None:
    """Wait. Gateways are told to forget the cards, which is all that is missing where nothing else is."""
    owner = Actor(user_id=row.user_id)
    for method_id in session.scalars(
        select(SavedMethod.id).where(SavedMethod.user_id == row.user_id, SavedMethod.removed_at.is_(None))
    ).all():
        remove_method(session, method_id=method_id, actor=owner, now=now)
    row.due_at = now + (WAIT_FOR_GATEWAYS if is_passing else TRY_AGAIN_AFTER)
    if row.blocked_by == blocks:
        return
    row.blocked_by = blocks
    session.flush()
    fact = Fact(AuditAction.ERASURE_POSTPONED, f"user:{row.user_id}", after={"blocked_by": blocks})
    record(session, fact, actor=SYSTEM, now=now)
    if not is_passing:
        payload = {"erasure": str(row.id), "due_at": row.due_at.isoformat()}
        emit(session, Event("erasure.postponed", f"user:{row.user_id}", payload, profile_id=row.user_id), now=now)


def _erase(session: Session, user_id: uuid.UUID, stands: ErasureView, now: datetime) -> None:
    owner = Actor(user_id=user_id)
    _give_up(session, user_id, stands.left, now)
    grants = session.scalars(
        select(CouponGrant.id).where(CouponGrant.user_id == user_id, CouponGrant.state.in_(("held", "suspended")))
    ).all()
    move_grants(session, grant_ids=grants, new="revoked", reason="account_erased", actor=SYSTEM, now=now)
    given = [
        asked for asked, one in choices_of(session, user_id=user_id).items() if one.is_given and asked[0] in PURPOSES
    ]
    choose(session, user_id=user_id, given={}, asked=given, source="erasure", actor=owner, now=now)
    sessions = revoke(session, WebSession.user_id == user_id, now=now)
    session.execute(
        update(ApiClient).where(ApiClient.user_id == user_id, ApiClient.revoked_at.is_(None)).values(revoked_at=now)
    )
    session.execute(update(WebhookEndpoint).where(WebhookEndpoint.user_id == user_id).values(state="removed"))
    _forget_documents(session, user_id)
    rows = {table.name: _forget(session, table, user_id) for table in PERSONAL if table.delete or table.erase}
    _forget_profile(session, user_id)
    after = {"sessions": sessions, "coupons": len(grants), "rows": {name: n for name, n in rows.items() if n}}
    record(session, Fact(AuditAction.ERASURE_DONE, f"user:{user_id}", after=after), actor=SYSTEM, now=now)


def _give_up(session: Session, user_id: uuid.UUID, left: list[Left], now: datetime) -> None:
    entries = []
    for one in left:
        account = of_user(AccountKind(one.kind), user_id, one.currency)
        is_mileage = account.kind is AccountKind.MILEAGE
        lines = (
            mileage_expired(user_id=user_id, points=one.amount_minor)
            if is_mileage
            else balance_given_up(account=account, amount_minor=one.amount_minor)
        )
        kind = EntryKind.MILEAGE_EXPIRED if is_mileage else EntryKind.BALANCE_GIVEN_UP
        entries.append(Entry(kind, f"erased:{one.account_id}", lines, now))
    if entries:
        written = post_all(session, entries)
        session.execute(_EMPTY_LOTS, {"owner": f"user:{user_id}"})
        facts = [
            Fact(AuditAction.LEDGER_POSTED, f"entry:{written[entry.idem_key]}", after={"given_up_by": str(user_id)})
            for entry in entries
        ]
        record(session, *facts, actor=SYSTEM, now=now)


def _forget(session: Session, table: PersonalTable, user_id: uuid.UUID) -> int:
    """Delete or write over a person's rows of a table; returns how many."""
    target, values = table.table, values_of(user_id)
    if table.delete:
        return len(session.execute(delete(target).where(table.condition).returning(*target.primary_key), values).all())
    plain = {name: _written_over(target.c[name], how) for name, how in table.erase.items() if how is not Erase.BLANK}
    if plain:
        session.execute(update(target).where(table.condition).values(plain), values)
    keys = list(target.primary_key.columns)
    blanks = [name for name, how in table.erase.items() if how is Erase.BLANK]
    found = session.execute(select(*keys, *(target.c[name] for name in blanks)).where(table.condition), values)
    rows = found.mappings().all()
    for row in rows:
        new = {name: blank(value) for name in blanks if (value := row[name]) is not None}
        if new:
            session.execute(update(target).where(*(key == row[key.name] for key in keys)).values(new))
    return len(rows)


def _written_over(column: Column[Any], how: Erase) -> ColumnElement[Any]:
    """What stands there afterwards. What was never said is not said to have been erased."""
    if how is Erase.NULL:
        return null()
    return case((column.is_(None), null()), else_=literal(ERASED if how is Erase.DASH else "", column.type))


def blank(kept: str) -> str:
    """JSON with the same fields, none of which says anything but the country."""

    def without(value: Any, name: str = "") -> Any:
        if isinstance(value, Mapping):
            return {key: without(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [without(inner) for inner in value]
        return value if name in KEPT_FIELDS or not isinstance(value, str) or not value else ERASED

    return orjson.dumps(without(orjson.loads(kept))).decode()


def _forget_documents(session: Session, user_id: uuid.UUID) -> None:
    """Take the buyer's name out of issued documents; numbers and amounts stay, and a mark of what they say now."""
    issued = select(Document.id, Document.content).where(Document.user_id == user_id, Document.issued_at.is_not(None))
    for row in session.execute(issued).all():
        content = orjson.dumps({**orjson.loads(row.content), "buyer": ERASED})
        session.execute(
            update(Document)
            .where(Document.id == row.id)
            .values(content=content.decode(), erased_sha256=hashlib.sha256(content).hexdigest())
        )


def _forget_profile(session: Session, user_id: uuid.UUID) -> None:
    nowhere = f"{user_id}@{NOWHERE}"
    old = session.execute(select(User.email_index).where(User.id == user_id)).scalar_one()
    # Gifts of points are found by the address that they were sent to.
    session.execute(
        update(MileageGift)
        .where(MileageGift.recipient_index == old)
        .values(recipient=ERASED, message="", recipient_index=email_index(nowhere))
    )
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(
            email=nowhere,
            email_index=email_index(nowhere),
            name=ERASED,
            password_hash=None,
            locale=None,
            theme=None,
            email_verified_at=None,
            roles=["buyer"],
            state=UserState.CLOSED,
        )
    )
