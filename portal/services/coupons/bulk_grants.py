"""Give a coupon to a list of people, or take it back: asked for at once, worked through row by row (CPN-10)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import CouponBulk, CouponBulkRow, CouponGrant, User
from portal.queries.people_lists import Segment, people_of
from portal.rules.coupons.life import reason_of
from portal.rules.coupons.people_list import ROWS_MAX, Listed, PeopleListEmptyError, PeopleListTooLongError
from portal.rules.permissions import Actor, Role, StoreRole
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.coupons.end_coupons import move_grants
from portal.services.coupons.give_coupon import give_coupon
from portal.services.coupons.guard import CampaignOverError, own_campaign
from portal.services.outbox import Event, emit

ROWS_AT_ONCE = 500
# What became of a row, beside `done`.
UNKNOWN, DOUBLE, HAS_IT, HAS_NOT, OVER = "unknown", "double", "has_it", "has_not", "over"

# A seller reaches the people who have bought from him. Of anybody else he learns not even whether there is an account.
_OWN_BUYERS = text(
    """
    SELECT DISTINCT o.buyer_id FROM orders o JOIN order_part p ON p.order_id = o.id
     WHERE o.buyer_id = ANY(:user_ids) AND p.store_id = :store_id AND o.paid_at IS NOT NULL
    """
)


def begin_bulk(
    session: Session,
    *,
    campaign_id: int,
    kind: str,
    people: Sequence[Listed] | Segment,
    reason: str,
    actor: Actor,
    now: datetime,
) -> uuid.UUID:
    """Write the list down to be worked through; `kind` is `grant` or `revoke`. Returns the work's id.

    Raises CampaignUnknownError, CampaignOverError, CouponReasonMissingError, PeopleListUnfitError.
    """
    kept = reason_of(reason)
    campaign = own_campaign(session, campaign_id=campaign_id, actor=actor, to_give=kind == "grant")
    if isinstance(people, Segment):
        found = people_of(session, segment=people, store_id=campaign.store_id, limit=ROWS_MAX + 1, now=now)
        people = [Listed(position, str(one)) for position, one in enumerate(found, start=1)]
    if not people:
        raise PeopleListEmptyError
    if len(people) > ROWS_MAX:
        raise PeopleListTooLongError(rows=ROWS_MAX)
    bulk_id, doubles = new_id(), sum(one.is_double for one in people)
    session.add(
        CouponBulk(
            id=bulk_id,
            campaign_id=campaign_id,
            kind=kind,
            total=len(people),
            failed=doubles,
            reason=kept,
            actor=_packed(actor),
            made_at=now,
            made_by=label(actor),
        )
    )
    session.flush()
    rows = [
        {
            "bulk_id": bulk_id,
            "position": one.position,
            "who": one.who,
            "outcome": DOUBLE if one.is_double else None,
        }
        for one in people
    ]
    insert_rows(session, CouponBulkRow, rows)
    after = {"campaign": campaign_id, "kind": kind, "rows": len(people)}
    record(
        session, Fact(AuditAction.COUPON_BULK_ASKED, f"bulk:{bulk_id}", after=after, reason=kept), actor=actor, now=now
    )
    emit(session, Event("coupon_bulk.asked", f"coupon_bulk:{bulk_id}", priority="high"), now=now)
    return bulk_id


def bulks_due(session: Session) -> list[uuid.UUID]:
    """Work that is not done yet."""
    rows = session.scalars(select(CouponBulk.id).where(CouponBulk.state != "done").order_by(CouponBulk.made_at))
    return list(rows)


def work_bulk(session: Session, *, bulk_id: uuid.UUID, now: datetime) -> bool:
    """Work on the next rows of a list; False when none is left. Rows are done once, whoever asks how often."""
    bulk = session.execute(
        select(CouponBulk).where(CouponBulk.id == bulk_id, CouponBulk.state != "done").with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if bulk is None:
        return False
    rows = session.execute(
        select(CouponBulkRow.position, CouponBulkRow.who)
        .where(CouponBulkRow.bulk_id == bulk_id, CouponBulkRow.outcome.is_(None))
        .order_by(CouponBulkRow.position)
        .limit(ROWS_AT_ONCE)
    ).all()
    if rows:
        outcomes = _work(session, bulk, {row.position: row.who for row in rows}, now)
        _note(session, bulk, outcomes)
    is_done = len(rows) < ROWS_AT_ONCE
    bulk.state = "done" if is_done else "running"
    bulk.ended_at = now if is_done else None
    session.flush()
    emit(session, Event("coupon_bulk.moved", f"coupon_bulk:{bulk_id}", priority="high"), now=now)
    return not is_done


def _work(session: Session, bulk: CouponBulk, named: Mapping[int, str], now: datetime) -> dict[int, str]:
    actor = _unpacked(bulk.actor)
    try:
        campaign = own_campaign(session, campaign_id=bulk.campaign_id, actor=actor, to_give=bulk.kind == "grant")
    except CampaignOverError:
        return dict.fromkeys(named, OVER)
    people = _people(session, named, campaign.store_id)
    if bulk.kind == "grant":
        reached = _grant(session, bulk, list(people.values()), actor, now)
        missed = HAS_IT
    else:
        reached = _revoke(session, bulk, list(people.values()), actor, now)
        missed = HAS_NOT
    outcomes = {}
    for position in named:
        user_id = people.get(position)
        if user_id is None:
            outcomes[position] = UNKNOWN
        else:
            # Who is named twice, by address and by id, is reached once.
            outcomes[position] = "done" if user_id in reached else missed
            reached.discard(user_id)
    return outcomes


def _grant(
    session: Session, bulk: CouponBulk, user_ids: Sequence[uuid.UUID], actor: Actor, now: datetime
) -> set[uuid.UUID]:
    given = give_coupon(
        session,
        campaign_id=bulk.campaign_id,
        user_ids=user_ids,
        source="given",
        actor=actor,
        now=now,
        reason=bulk.reason,
    )
    if given:
        payload = {"campaign": bulk.campaign_id, "grants": [str(one.grant_id) for one in given]}
        emit(session, Event("coupon.given", f"campaign:{bulk.campaign_id}", payload), now=now)
    return {one.user_id for one in given}


def _revoke(
    session: Session, bulk: CouponBulk, user_ids: Sequence[uuid.UUID], actor: Actor, now: datetime
) -> set[uuid.UUID]:
    held = session.execute(
        select(CouponGrant.id, CouponGrant.user_id).where(
            CouponGrant.campaign_id == bulk.campaign_id,
            CouponGrant.user_id.in_(user_ids),
            CouponGrant.state.in_(("held", "suspended")),
        )
    ).all()
    move_grants(session, grant_ids=[row.id for row in held], new="revoked", reason=bulk.reason, actor=actor, now=now)
    return {row.user_id for row in held}


def _people(session: Session, named: Mapping[int, str], store_id: int | None) -> dict[int, uuid.UUID]:
    """Who the rows name, as far as they may be reached."""
    ids, indexes = {}, {}
    for position, who in named.items():
        try:
            ids[position] = uuid.UUID(who)
        except ValueError:
            indexes[position] = email_index(who)
    by_index = {
        bytes(row.email_index): row.id
        for row in session.execute(
            select(User.id, User.email_index).where(User.email_index.in_(indexes.values()), User.state != "closed")
        )
    }
    known = set(session.scalars(select(User.id).where(User.id.in_(ids.values()), User.state != "closed")))
    found = {position: one for position, one in ids.items() if one in known}
    found |= {position: by_index[index] for position, index in indexes.items() if index in by_index}
    if store_id is None:
        return found
    values = {"user_ids": list(set(found.values())), "store_id": store_id}
    buyers = set(session.scalars(_OWN_BUYERS, values))
    return {position: one for position, one in found.items() if one in buyers}


def _note(session: Session, bulk: CouponBulk, outcomes: Mapping[int, str]) -> None:
    for outcome in sorted(set(outcomes.values())):
        positions = [position for position, became in outcomes.items() if became == outcome]
        session.execute(
            update(CouponBulkRow)
            .where(CouponBulkRow.bulk_id == bulk.id, CouponBulkRow.position.in_(positions))
            .values(outcome=outcome)
        )
    done = sum(outcome == "done" for outcome in outcomes.values())
    bulk.done += done
    bulk.failed += len(outcomes) - done


def _packed(actor: Actor) -> dict[str, Any]:
    return {
        "user": str(actor.user_id) if actor.user_id else None,
        "roles": sorted(actor.roles),
        "stores": sorted(actor.store_ids),
        "store_roles": sorted(actor.store_roles),
        "session": str(actor.session_id) if actor.session_id else None,
        "channel": actor.channel_id,
    }


def _unpacked(kept: Mapping[str, Any]) -> Actor:
    """Whoever asked for it: what is recorded was done in his name."""
    return Actor(
        user_id=uuid.UUID(kept["user"]) if kept["user"] else None,
        roles=frozenset(Role(role) for role in kept["roles"]),
        store_ids=frozenset(kept["stores"]),
        store_roles=frozenset((one, StoreRole(role)) for one, role in kept.get("store_roles", ())),
        session_id=uuid.UUID(kept["session"]) if kept["session"] else None,
        channel_id=kept["channel"],
    )
