"""Which open case an alarm belongs to, two that turn out to be one, and who is taken out of one (FRD-06)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import RiskCase, RiskCasePerson
from portal.rules.permissions import SYSTEM, Actor
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

GATHER_LOCK = 7_236_417


class NobodyLeftError(PortalError):
    """Everybody was left out of a verdict."""

    code = "nobody_left"
    status = 422
    sentence = N_("The verdict has to concern somebody: leave at least one account in the case.")


_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_OPEN = text(
    """
    SELECT id FROM risk_case
     WHERE state = 'open' AND id IN (
           SELECT case_id FROM risk_case_person WHERE case_state = 'open' AND user_id = ANY(:people)
            UNION SELECT case_id FROM risk_case_device WHERE case_state = 'open' AND device_id = ANY(:devices))
     ORDER BY opened_at, id FOR UPDATE
    """
)
_MOVE = tuple(
    text(statement)
    for statement in (
        "UPDATE risk_case_decision SET case_id = :into WHERE case_id = :case_id",
        """
        INSERT INTO risk_case_person (case_id, user_id, case_state)
        SELECT k.id, p.user_id, k.state FROM risk_case_person p JOIN risk_case k ON k.id = :into
         WHERE p.case_id = :case_id ON CONFLICT (case_id, user_id) DO NOTHING
        """,
        """
        INSERT INTO risk_case_device (case_id, device_id, case_state)
        SELECT k.id, d.device_id, k.state FROM risk_case_device d JOIN risk_case k ON k.id = :into
         WHERE d.case_id = :case_id ON CONFLICT (case_id, device_id) DO NOTHING
        """,
    )
)
_REACHES = text(
    """
    SELECT array(SELECT user_id FROM risk_case_person WHERE case_id = :case_id) AS people,
           array(SELECT device_id FROM risk_case_device WHERE case_id = :case_id) AS devices
    """
)
_TAKE_OUT = (
    text(
        """
        UPDATE risk_case_decision l SET case_id = :into FROM risk_decision d
         WHERE l.case_id = :case_id AND d.id = l.decision_id AND d.user_id = ANY(:people)
        """
    ),
    text("UPDATE risk_case_person SET case_id = :into WHERE case_id = :case_id AND user_id = ANY(:people)"),
)
_FIRST_LEFT = text(
    """
    SELECT d.user_id FROM risk_case_decision l JOIN risk_decision d ON d.id = l.decision_id
     WHERE l.case_id = :case_id ORDER BY d.decided_at, d.id LIMIT 1
    """
)


def one_at_a_time(session: Session) -> None:
    """Wait until nobody else joins cases or takes them apart. Comes before any lock of a case."""
    session.execute(_LOCK, {"key": GATHER_LOCK})


def people_of(session: Session, *, case_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Whom a case concerns, in the order in which their accounts are locked."""
    people = select(RiskCasePerson.user_id).where(RiskCasePerson.case_id == case_id)
    return session.scalars(people.order_by(RiskCasePerson.user_id)).all()


def open_case_of(
    session: Session, *, people: Collection[uuid.UUID], devices: Collection[uuid.UUID], now: datetime
) -> uuid.UUID | None:
    """The open case of any of them, locked. Where they were in several, these are one from now on: the oldest.

    The caller comes one_at_a_time.
    """
    found = session.scalars(_OPEN, {"people": list(people), "devices": list(devices)}).all()
    for younger in found[1:]:
        _merge(session, younger, into=found[0], now=now)
    return found[0] if found else None


def take_in_what_came(session: Session, *, case: RiskCase, now: datetime) -> None:
    """Before a case is opened again: what came meanwhile from its people and devices, or was left out, is in it again.

    The caller comes one_at_a_time.
    """
    reach = session.execute(_REACHES, {"case_id": case.id}).one()
    came = set(session.scalars(_OPEN, {"people": reach.people, "devices": reach.devices}))
    apart = select(RiskCase.id).where(RiskCase.apart_from == case.id, RiskCase.state == "open").with_for_update()
    for younger in sorted(came | set(session.scalars(apart))):
        _merge(session, younger, into=case.id, now=now)


def set_apart(
    session: Session, *, case: RiskCase, people: Collection[uuid.UUID], actor: Actor, now: datetime
) -> RiskCase:
    """Give these people of a case one of their own, with what they did; the devices stay with the others.

    The caller holds the case's lock, comes one_at_a_time and weighs both. Raises NobodyLeftError.
    """
    if set(people_of(session, case_id=case.id)) <= set(people):
        raise NobodyLeftError
    apart = RiskCase(
        id=new_id(),
        user_id=min(people),
        state="open",
        score=0,
        currency=case.currency,
        stake_minor=0,
        expected_loss_minor=0,
        opened_at=case.opened_at,
        due_at=case.due_at,
        alarm_at=case.alarm_at,
        apart_from=case.id,
    )
    session.add(apart)
    session.flush()
    values = {"case_id": case.id, "into": apart.id, "people": list(people)}
    for statement in _TAKE_OUT:
        session.execute(statement, values)
    for one in (case, apart):
        one.user_id = session.scalar(_FIRST_LEFT, {"case_id": one.id}) or one.user_id
    session.flush()
    after = {"users": sorted(map(str, people)), "apart_from": str(case.id)}
    record(session, Fact(AuditAction.CASE_OPENED, f"case:{apart.id}", after=after), actor=actor, now=now)
    emit(session, Event("case.changed", f"case:{apart.id}"), now=now)
    return apart


def _merge(session: Session, case_id: uuid.UUID, *, into: uuid.UUID, now: datetime) -> None:
    values = {"state": "merged", "merged_into": into, "version": RiskCase.version + 1}
    session.execute(update(RiskCase).where(RiskCase.id == case_id).values(values))
    for statement in _MOVE:
        session.execute(statement, {"case_id": case_id, "into": into})
    fact = Fact(AuditAction.CASE_MERGED, f"case:{case_id}", {"state": "open"}, {"into": str(into)})
    record(session, fact, actor=SYSTEM, now=now)
    emit(session, Event("case.changed", f"case:{case_id}"), now=now)
