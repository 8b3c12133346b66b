"""Keep units of a variant for one channel, and let a channel leave some on the shelf (CHN-03)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, Product, Stock, Variant
from portal.rules.channel_goods import Outcome
from portal.rules.permissions import Actor, Permission
from portal.rules.stock import ON_HAND_MAX
from portal.services.audit import AuditAction, Fact, record
from portal.services.catalogue.errors import ChannelUnknownError, StockInvalidError
from portal.services.catalogue.guard import require_stores
from portal.services.catalogue.note_catalogue import Note, note_catalogue
from portal.services.stock.reserve_stock import PLACE


class SetAsideTooMuchError(PortalError):
    code = "set_aside_too_much"
    status = 409
    sentence = N_("Only %(free)s units can be set aside: the others are reserved, kept back or other channels' own.")


class StockMissingError(PortalError):
    code = "stock_missing"
    status = 409
    sentence = N_("Count the stock of these goods first.")


def set_aside_stock(
    session: Session, *, variant_id: int, channel_id: int, kept: int, floor: int, actor: Actor, now: datetime
) -> None:
    """Let only this channel sell `kept` units, and let it leave `floor` on the shelf; zero of both shares all.

    Orders of the channel take of its own units first. Raises CatalogueForbiddenError, ChannelUnknownError,
    StockInvalidError, StockMissingError, SetAsideTooMuchError.
    """
    row = session.execute(
        select(Stock, Product.id, Product.store_id)
        .join(Variant, Variant.id == Stock.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(Stock.variant_id == variant_id, Stock.place == PLACE)
        .with_for_update(of=Stock)
    ).one_or_none()
    if row is None:
        raise StockMissingError
    stock, product_id, store_id = row
    require_stores(actor, Permission.STOCK_EDIT, [store_id])
    if session.scalar(select(Channel.id).where(Channel.id == channel_id)) is None:
        raise ChannelUnknownError
    if not (0 <= kept <= ON_HAND_MAX and 0 <= floor <= ON_HAND_MAX):
        raise StockInvalidError
    key = str(channel_id)
    others = {other: held for other, held in (stock.set_aside or {}).items() if other != key}
    before = {"kept": 0, "floor": 0, "said": 0, **(stock.set_aside or {}).get(key, {})}
    free = max(stock.on_hand - stock.reserved - stock.safety - sum(held["kept"] for held in others.values()), 0)
    if kept > free and kept > before["kept"]:
        raise SetAsideTooMuchError(free=free)
    wanted = {"kept": kept, "floor": floor, "said": kept}
    if wanted == before:
        return
    mine = {key: wanted} if kept or floor else {}
    stock.set_aside = {**others, **mine} or None
    stock.version += 1
    session.flush()
    detail = {"variant": variant_id, **wanted}
    fact = Fact(AuditAction.STOCK_SET_ASIDE, f"variant:{variant_id}", {"channel": channel_id, **before}, detail)
    record(session, fact, actor=actor, now=now)
    note_catalogue(session, [Note(channel_id, product_id, "stock", Outcome.APPLIED, detail)], actor=actor, now=now)
