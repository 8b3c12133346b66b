"""What people allow beyond what they asked for: asked here by whoever wants to send or to analyse (IDN-06, IDN-08).

allowed(session, user_id=…, purpose=Purpose.OFFERS_MAIL, channel_id=…)      # before one mail
people_who_allow(session, user_ids=…, purpose=…, channel_id=…)              # before many
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import ConsentChoice
from portal.rules.permissions import Actor
from portal.rules.privacy import PURPOSES, Purpose
from portal.services.audit import AuditAction, Fact, record

# A purpose, and the channel where it is asked by itself.
Asked = tuple[Purpose, int | None]


class ConsentUnknownError(PortalError):
    """There is no such purpose or channel."""

    code = "consent_unknown"
    sentence = N_("Choose one of the given values.")


class ConsentStaleError(PortalError):
    """The text that was shown is not the present one."""

    code = "consent_stale"
    status = 409
    sentence = N_("This text has changed. Read it again before you accept it.")


def allowed(session: Session, *, user_id: uuid.UUID, purpose: Purpose, channel_id: int | None = None) -> bool:
    """Whether this person lets his data be used for this, now. What is asked by channel needs the channel."""
    return user_id in people_who_allow(session, user_ids=[user_id], purpose=purpose, channel_id=channel_id)


def people_who_allow(
    session: Session, *, user_ids: Iterable[uuid.UUID], purpose: Purpose, channel_id: int | None = None
) -> set[uuid.UUID]:
    """Those of `user_ids` who allow it. Whoever was never asked, or is gone, does not."""
    where = channel_id if PURPOSES[purpose].by_channel else None
    if PURPOSES[purpose].by_channel and where is None:
        raise ConsentUnknownError
    latest = (
        select(ConsentChoice.user_id, ConsentChoice.is_given)
        .ext(distinct_on(ConsentChoice.user_id))
        .where(ConsentChoice.user_id.in_(list(user_ids)), ConsentChoice.purpose == purpose.value)
        .where(ConsentChoice.channel_id.is_not_distinct_from(where))
        .order_by(ConsentChoice.user_id, ConsentChoice.id.desc())
    )
    return {row.user_id for row in session.execute(latest) if row.is_given}


def choices_of(session: Session, *, user_id: uuid.UUID) -> dict[Asked, ConsentChoice]:
    """What this person has said last of each purpose and channel."""
    rows = session.scalars(
        select(ConsentChoice)
        .ext(distinct_on(ConsentChoice.purpose, ConsentChoice.channel_id))
        .where(ConsentChoice.user_id == user_id)
        .order_by(ConsentChoice.purpose, ConsentChoice.channel_id, ConsentChoice.id.desc())
    )
    return {(Purpose(row.purpose), row.channel_id): row for row in rows if row.purpose in set(Purpose)}


def choose(
    session: Session,
    *,
    user_id: uuid.UUID,
    given: Mapping[Asked, str],
    asked: Iterable[Asked],
    source: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Keep what was chosen of all that was `asked`: `given` are the ticked ones with the version that was shown.

    What is said already is not said again; returns how many changed. Raises ConsentUnknownError, ConsentStaleError.
    """
    known, rows = choices_of(session, user_id=user_id), []
    for purpose, channel_id in asked:
        text, last = PURPOSES[purpose], known.get((purpose, channel_id))
        if text.by_channel != (channel_id is not None):
            raise ConsentUnknownError
        was = last.version if last is not None and last.is_given else None
        shown = given.get((purpose, channel_id))
        if shown is not None and shown not in (text.version, was):
            raise ConsentStaleError
        is_given = shown is not None
        if shown == was:
            continue
        rows.append(
            {
                "user_id": user_id,
                "purpose": purpose.value,
                "channel_id": channel_id,
                "is_given": is_given,
                "version": text.version,
                "source": source,
                "at": now,
            }
        )
    if not rows:
        return 0
    insert_rows(session, ConsentChoice, rows)
    after = {f"{row['purpose']}:{row['channel_id'] or 'all'}": row["is_given"] for row in rows}
    fact = Fact(AuditAction.CONSENT_CHOSEN, f"user:{user_id}", after=after | {"source": source})
    record(session, fact, actor=actor, now=now)
    return len(rows)
