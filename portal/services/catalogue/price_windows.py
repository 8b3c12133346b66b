"""Prices that hold for a time on a channel: made, ended, and followed by lists and carts (CHN-03)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Price, PriceWindow, Product, Variant
from portal.rules.channel_goods import Outcome, window_fault
from portal.rules.permissions import SYSTEM, Actor, Permission
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.catalogue.guard import require_stores
from portal.services.catalogue.note_catalogue import Note, note_catalogue
from portal.services.catalogue.refresh_listings import refresh_listings
from portal.services.outbox import Event, emit

AT_ONCE = 500
# Whoever has not touched his cart for longer reads the new price when he opens it.
_CARTS = text(
    """
    SELECT DISTINCT c.id, c.user_id, c.version FROM cart_line l JOIN cart c ON c.id = l.cart_id
     WHERE l.variant_id = ANY(:variants) AND c.user_id IS NOT NULL AND c.updated_at > :now - interval '1 day' LIMIT 5000
    """
)
# By the database's clock, which `price_now` goes by: by another one, a price would be noted as turned before it is,
# and lists would keep the one before it.
_DUE = text(
    """
    WITH due AS (
        SELECT id FROM price_window
         WHERE ended_at IS NULL AND valid_from <= now() AND (began_at IS NULL OR valid_until <= now())
         ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
    UPDATE price_window w SET began_at = coalesce(w.began_at, :now),
           ended_at = CASE WHEN w.valid_until <= now() THEN CAST(:now AS timestamptz) END
      FROM due, variant v WHERE w.id = due.id AND v.id = w.variant_id
    RETURNING w.id, w.variant_id, v.product_id, w.channel_id, w.amount_minor, w.valid_from, w.valid_until,
              w.ended_at IS NOT NULL AS is_over
    """
)


class WindowUnfitError(PortalError):
    """A price or a time that cannot be; the sentence says why."""

    code = "price_window_unfit"

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class WindowOverlapsError(PortalError):
    code = "price_window_overlaps"
    status = 409
    sentence = N_("At this time another price holds already for the same goods on this channel. End that one first.")


class NotPricedHereError(PortalError):
    code = "price_missing"
    status = 409
    sentence = N_("Give the goods their usual price on this channel first.")


class WindowUnknownError(PortalError):
    """There is none, it is another store's, or it is over."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


def save_window(
    session: Session,
    *,
    variant_id: int,
    channel_id: int,
    amount_minor: int,
    valid_from: datetime,
    valid_until: datetime,
    actor: Actor,
    now: datetime,
) -> int:
    """Let a price hold from an instant until another, in the channel's currency; returns its id.

    Raises CatalogueForbiddenError, NotPricedHereError, WindowUnfitError, WindowOverlapsError.
    """
    row = session.execute(
        select(Product.id, Product.store_id, Price.currency, Price.amount_minor)
        .join(Variant, Variant.product_id == Product.id)
        .outerjoin(Price, (Price.variant_id == Variant.id) & (Price.channel_id == channel_id))
        .where(Variant.id == variant_id)
    ).one_or_none()
    if row is None:
        raise NotPricedHereError
    require_stores(actor, Permission.PRODUCT_EDIT, [row.store_id])
    if row.currency is None:
        raise NotPricedHereError
    fault = window_fault(amount_minor=amount_minor, valid_from=valid_from, valid_until=valid_until, now=now)
    if fault is not None:
        raise WindowUnfitError(fault)
    window = PriceWindow(
        variant_id=variant_id,
        channel_id=channel_id,
        currency=row.currency,
        amount_minor=amount_minor,
        valid_from=valid_from,
        valid_until=valid_until,
        made_by=label(actor),
        made_at=now,
    )
    session.add(window)
    try:
        session.flush()
    except IntegrityError as error:  # The database alone knows of two at once.
        raise WindowOverlapsError from error
    after = {
        "variant": variant_id,
        "channel": channel_id,
        "amount_minor": amount_minor,
        "from": valid_from.isoformat(),
        "until": valid_until.isoformat(),
    }
    fact = Fact(AuditAction.PRICE_WINDOW_SET, f"product:{row.id}", {"amount_minor": row.amount_minor}, after)
    record(session, fact, actor=actor, now=now)
    note_catalogue(session, [Note(channel_id, row.id, "price", Outcome.WAITS, after)], actor=actor, now=now)
    turn_prices(session, now=now)
    return window.id


def end_window(session: Session, *, window_id: int, product_id: int, actor: Actor, now: datetime) -> None:
    """End a price that holds, or take back one that has not begun.

    Raises WindowUnknownError, CatalogueForbiddenError.
    """
    row = session.execute(
        select(PriceWindow, Product.store_id)
        .join(Variant, Variant.id == PriceWindow.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(PriceWindow.id == window_id, Product.id == product_id, PriceWindow.valid_until > now)
        .with_for_update(of=PriceWindow)
    ).one_or_none()
    if row is None:
        raise WindowUnknownError
    window, store_id = row
    require_stores(actor, Permission.PRODUCT_EDIT, [store_id])
    before = {"until": window.valid_until.isoformat(), "amount_minor": window.amount_minor}
    if window.valid_from >= now:
        session.delete(window)
    else:
        window.valid_until = now
    session.flush()
    fact = Fact(AuditAction.PRICE_WINDOW_ENDED, f"product:{product_id}", before, {"until": now.isoformat()})
    record(session, fact, actor=actor, now=now)
    turn_prices(session, now=now)


def turn_prices(session: Session, *, now: datetime) -> int:
    """Let lists follow the prices that have begun or ended, and open carts hear of it; returns how many turned.

    Pages of goods, carts and orders read the price of their instant themselves: nothing waits for this.
    """
    turned = session.execute(_DUE, {"now": now, "most": AT_ONCE}).all()
    if not turned:
        return 0
    refresh_listings(session, product_ids=[row.product_id for row in turned])
    notes = [
        Note(
            row.channel_id,
            row.product_id,
            "price_over" if row.is_over else "price",
            Outcome.APPLIED,
            {"variant": row.variant_id, "amount_minor": row.amount_minor, "window": row.id},
        )
        for row in turned
    ]
    note_catalogue(session, notes, actor=SYSTEM, now=now)
    carts = session.execute(_CARTS, {"variants": [row.variant_id for row in turned], "now": now}).all()
    events = [
        Event("cart.changed", f"cart:{one.id}", {"version": one.version}, profile_id=one.user_id, priority="high")
        for one in carts
    ]
    if events:
        emit(session, *events, now=now)
    return len(turned)
