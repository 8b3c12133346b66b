"""Write offers to choose from, and how they are chosen: strategy and model in versions to put back (INC-05)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.db import after_commit
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Campaign, Channel, Offer, OfferModel, OfferModelPlace, OfferStrategy, SegmentVersion
from portal.queries.offers import forget_offers
from portal.rules.offers import NOTE_LENGTH_MAX, TITLE_LENGTH_MAX, OfferDraft, Strategy, faults_of, strategy_faults
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record

# From which states one comes to which, by what is done.
MOVES: Mapping[str, tuple[frozenset[str], str]] = {
    "start": (frozenset({"draft", "paused"}), "running"),
    "pause": (frozenset({"running"}), "paused"),
    "end": (frozenset({"draft", "running", "paused"}), "ended"),
}


class OfferForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not decide what is offered.")


class OfferUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class OfferMovedError(PortalError):
    """Its state does not allow this, or somebody was quicker."""

    code = "offer_moved"
    status = 409
    sentence = N_("This has changed meanwhile. Look at it anew; nothing was done.")


class OfferUnfitError(PortalError):
    """What cannot be so, by the field's name."""

    code = "offer_unfit"
    sentence = N_("Nothing was saved: some fields need another look.")

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__()


def make_offer_draft(session: Session, *, actor: Actor, draft: OfferDraft, now: datetime) -> int:
    """Write an offer that is not made yet, and return its number. Raises OfferForbiddenError, OfferUnfitError."""
    _check(actor)
    faults = faults_of(draft)
    campaign = session.get(Campaign, draft.campaign_id)
    if campaign is None or campaign.distribution != "grant" or campaign.store_id is not None:
        faults["campaign_id"] = N_("Choose a coupon of the mall that is given to people.")
    if draft.channel_id is not None and session.get(Channel, draft.channel_id) is None:
        faults["channel_id"] = N_("Choose one of these.")
    if draft.segment and not session.scalar(select(func.count()).where(SegmentVersion.key == draft.segment)):
        faults["segment"] = N_("There is no such segment.")
    if faults:
        raise OfferUnfitError(faults)
    assert actor.user_id is not None
    row = Offer(
        title=draft.title.strip()[:TITLE_LENGTH_MAX],
        campaign_id=draft.campaign_id,
        channel_id=draft.channel_id,
        segment=draft.segment or None,
        position=draft.position,
        people_max=draft.people_max,
        author_id=actor.user_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    after = {"title": row.title, "campaign": row.campaign_id, "people_max": row.people_max}
    record(session, Fact(AuditAction.OFFER_WRITTEN, f"offer:{row.id}", after=after), actor=actor, now=now)
    return row.id


def move_offer(session: Session, *, offer_id: int, do: str, version: int, actor: Actor, now: datetime) -> None:
    """Start, pause or end it. Raises OfferForbiddenError, OfferUnknownError, OfferMovedError."""
    _check(actor)
    row = session.get(Offer, offer_id, with_for_update=True)
    if row is None:
        raise OfferUnknownError
    if do not in MOVES or row.version != version or row.state not in MOVES[do][0]:
        raise OfferMovedError
    before, row.state, row.reason = row.state, MOVES[do][1], None
    row.version += 1
    fact = Fact(AuditAction.OFFER_MOVED, f"offer:{row.id}", {"state": before}, {"state": row.state})
    record(session, fact, actor=actor, now=now)
    after_commit(session, forget_offers)


def save_strategy(session: Session, *, actor: Actor, draft: Strategy, note: str, newest: int, now: datetime) -> int:
    """Write the next version, which holds at once; return its number. `newest` is the newest that the writer has seen.

    Raises OfferForbiddenError, OfferUnfitError, OfferMovedError.
    """
    _check(actor)
    faults = strategy_faults(draft)
    if faults:
        raise OfferUnfitError(faults)
    standing = session.scalar(select(func.max(OfferStrategy.version))) or 0
    if standing != newest:
        raise OfferMovedError
    assert actor.user_id is not None
    body = draft.to_json()
    session.add(
        OfferStrategy(
            version=newest + 1, body=body, note=note.strip()[:NOTE_LENGTH_MAX], author_id=actor.user_id, created_at=now
        )
    )
    try:
        session.flush()
    except IntegrityError:
        raise OfferMovedError from None
    fact = Fact(AuditAction.OFFER_STRATEGY_WRITTEN, f"offer_strategy:{newest + 1}", after=body, reason=note or None)
    record(session, fact, actor=actor, now=now)
    after_commit(session, forget_offers)
    return newest + 1


def revert_strategy(session: Session, *, version: int, newest: int, actor: Actor, now: datetime) -> int:
    """Write an older version again as the newest one. Raises as save_strategy(), and OfferUnknownError."""
    row = session.get(OfferStrategy, version)
    if row is None:
        raise OfferUnknownError
    draft = Strategy.from_json(row.body)
    return save_strategy(session, actor=actor, draft=draft, note=f"= {version}", newest=newest, now=now)


def place_model(session: Session, *, model_version: int | None, is_pinned: bool, actor: Actor, now: datetime) -> None:
    """Let a version of the model choose, or the rules (None); unpinned, the next good version takes its place.

    Raises OfferForbiddenError, OfferUnknownError.
    """
    _check(actor)
    if model_version is not None and session.get(OfferModel, model_version) is None:
        raise OfferUnknownError
    before = session.scalar(select(OfferModelPlace.model_version).order_by(OfferModelPlace.id.desc()).limit(1))
    session.add(
        OfferModelPlace(
            model_version=model_version, is_pinned=is_pinned, reason="person", placed_by=actor.user_id, placed_at=now
        )
    )
    fact = Fact(
        AuditAction.OFFER_MODEL_PLACED,
        "offer_model",
        {"version": before},
        {"version": model_version, "pinned": is_pinned},
    )
    record(session, fact, actor=actor, now=now)
    after_commit(session, forget_offers)


def _check(actor: Actor) -> None:
    if actor.user_id is None or not actor.is_admin or not may(actor, Permission.COUPON_ISSUE):
        raise OfferForbiddenError
