"""A buyer reviews what was delivered to him, once for each line; a question needs no purchase (CAT-03)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.documents.attachments import Attachment
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Product, Remark, RemarkPicture
from portal.rules.permissions import Actor, Permission, may
from portal.rules.remarks import RemarkKind, read_stars, read_text
from portal.services.audit import AuditAction, Fact, record
from portal.services.idempotency import KEY_LENGTH_MAX, IdempotencyKeyMissingError
from portal.services.outbox import Event, emit
from portal.services.remarks.rating import add_to_rating


class NotYoursToReviewError(PortalError):
    """There is no such line, or somebody else bought it: one answer for both."""

    code = "not_yours_to_review"
    status = 404
    sentence = N_("Only who bought it and got it can review it.")


class NotArrivedError(PortalError):
    code = "not_arrived"
    status = 409
    sentence = N_("It has not arrived yet. Review it once you have it.")


class ReviewedAlreadyError(PortalError):
    code = "reviewed_already"
    status = 409
    sentence = N_("You have reviewed this already.")


@dataclass(frozen=True, slots=True)
class Review:
    """What is typed: the key of the form, stars, a text that may be empty, pictures that were made safe before."""

    key: str
    stars: str
    text: str
    pictures: Sequence[Attachment] = ()


_LINE = text(
    """
    SELECT l.product_id, p.store_id, p.delivered_at FROM order_line l JOIN order_part p ON p.id = l.part_id
      JOIN orders o ON o.id = l.order_id WHERE l.id = :line_id AND o.buyer_id = :buyer_id
    """
)


def write_review(session: Session, *, line_id: uuid.UUID, review: Review, actor: Actor, now: datetime) -> int:
    """Keep a review and return the product's id; the same form sent twice is one review.

    Raises NotYoursToReviewError, NotArrivedError, ReviewedAlreadyError, StarsMissingError, RemarkTooLongError,
    IdempotencyKeyMissingError.
    """
    line = session.execute(_LINE, {"line_id": line_id, "buyer_id": actor.user_id}).one_or_none()
    if line is None or not may(actor, Permission.REMARK_WRITE, owner_id=actor.user_id):
        raise NotYoursToReviewError
    if line.delivered_at is None:
        raise NotArrivedError
    stars, words = read_stars(review.stars), read_text(review.text, may_be_empty=True)
    product_id: int = line.product_id
    remark_id = _keep(
        session,
        kind=RemarkKind.REVIEW,
        product_id=product_id,
        store_id=line.store_id,
        line_id=line_id,
        stars=stars,
        words=words,
        key=review.key,
        actor=actor,
        now=now,
    )
    if remark_id is None:
        key = session.scalar(select(Remark.key).where(Remark.line_id == line_id))
        if key != review.key:
            raise ReviewedAlreadyError
        return product_id
    pictures = [
        {"id": new_id(), "remark_id": remark_id, "position": place, "kind": one.kind.value, "content": one.content}
        for place, one in enumerate(review.pictures)
    ]
    if pictures:
        session.add_all([RemarkPicture(**one) for one in pictures])
        session.flush()
    add_to_rating(session, product_id=product_id, stars=stars)
    return product_id


def ask_question(session: Session, *, product_id: int, words: str, key: str, actor: Actor, now: datetime) -> None:
    """Keep a question about a product; the same form sent twice is one.

    Raises NotYoursToReviewError for a product that is not there, RemarkEmptyError, RemarkTooLongError,
    IdempotencyKeyMissingError.
    """
    store_id = session.scalar(select(Product.store_id).where(Product.id == product_id, Product.state == "active"))
    if store_id is None or not may(actor, Permission.REMARK_WRITE, owner_id=actor.user_id):
        raise NotYoursToReviewError
    _keep(
        session,
        kind=RemarkKind.QUESTION,
        product_id=product_id,
        store_id=store_id,
        line_id=None,
        stars=None,
        words=read_text(words),
        key=key,
        actor=actor,
        now=now,
    )


_INSERT = text(
    """
    INSERT INTO remark (id, kind, product_id, store_id, author_id, line_id, stars, text, key, at)
    VALUES (:id, :kind, :product_id, :store_id, :author_id, :line_id, :stars, :text, :key, :at)
    ON CONFLICT DO NOTHING RETURNING id
    """
)


def _keep(
    session: Session,
    *,
    kind: RemarkKind,
    product_id: int,
    store_id: int,
    line_id: uuid.UUID | None,
    stars: int | None,
    words: str,
    key: str,
    actor: Actor,
    now: datetime,
) -> uuid.UUID | None:
    """Write it and tell its store; None where it is there already."""
    if not key or len(key) > KEY_LENGTH_MAX or "\0" in key:
        raise IdempotencyKeyMissingError
    values = {
        "id": new_id(),
        "kind": kind.value,
        "product_id": product_id,
        "store_id": store_id,
        "author_id": actor.user_id,
        "line_id": line_id,
        "stars": stars,
        "text": words,
        "key": key,
        "at": now,
    }
    made: uuid.UUID | None = session.scalar(_INSERT, values)
    if made is None:
        return None
    after = {"product": product_id, "stars": stars}
    action = AuditAction.REVIEW_WRITTEN if kind is RemarkKind.REVIEW else AuditAction.QUESTION_ASKED
    record(session, Fact(action, f"remark:{made}", after=after), actor=actor, now=now)
    event = Event("remark.written", f"remark:{made}", {"remark": str(made), "store": str(store_id)})
    emit(session, event, now=now)
    return made
