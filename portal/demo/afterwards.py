"""What became of the demo's orders: some were sent, some arrived, and buyers had something to say."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.rules.permissions import Actor, Role
from portal.services.fulfilment.move_part import move_part
from portal.services.fulfilment.say_arrived import say_arrived
from portal.services.fulfilment.ship_part import Parcel, ship_part
from portal.services.remarks.write_review import Review, write_review
from portal.services.tickets.keep_message import Words
from portal.services.tickets.open_ticket import Matter, open_ticket

# Of each desk's parts, the oldest first: so many arrived, so many are on their way, so many are confirmed.
ARRIVED, SENT, CONFIRMED = 4, 3, 2
REVIEWS = (
    (5, {"en": "Exactly as in the picture, and well packed.", "ko": "사진 그대로이고 포장도 꼼꼼했어요."}),
    (4, {"en": "Good. It came a day later than I had hoped.", "ko": "좋아요. 기대보다 하루 늦게 왔어요."}),
    (5, {"en": "My second one. I give them as presents.", "ko": "두 번째 구매예요. 선물용으로 좋아요."}),
)
QUESTION = {
    "en": "Could you put both orders into one parcel? I live on the fourth floor.",
    "ko": "두 주문을 한 상자에 담아 주실 수 있나요? 4층에 살아요.",
}
_PARTS = text(
    """
    SELECT p.id, p.store_id, p.order_id, o.buyer_id, o.channel_id, o.locale, o.placed_at, m.user_id AS seller_id
      FROM order_part p JOIN orders o ON o.id = p.order_id JOIN store_member m ON m.store_id = p.store_id
     WHERE p.status = 'released' ORDER BY p.store_id, o.placed_at
    """
)
_SHIPMENT = text(
    "SELECT DISTINCT s.shipment_id FROM shipment_line s JOIN order_line l ON l.id = s.line_id WHERE l.part_id = :id"
)
_LINE = text("SELECT id FROM order_line WHERE part_id = :id ORDER BY position LIMIT 1")


def go_on(*, now: datetime) -> None:
    """Let the stores with a sign-in work off their oldest orders, and let buyers review and ask."""
    with transaction() as session:
        parts = session.execute(_PARTS).all()
    arrived: list[Row[Any]] = []
    for store_id in sorted({part.store_id for part in parts}):
        own = [part for part in parts if part.store_id == store_id]
        for number, part in enumerate(own[: ARRIVED + SENT + CONFIRMED]):
            with transaction() as session:
                _work(session, part, number, now)
        arrived += own[:ARRIVED]
    with transaction() as session:
        _say(session, arrived, now)


def _work(session: Session, part: Row[Any], number: int, now: datetime) -> None:
    seller = Actor(part.seller_id, frozenset({Role.SELLER}), store_ids=frozenset({part.store_id}))
    at = min(part.placed_at + timedelta(hours=3), now)
    move_part(session, part_id=part.id, step="accepted", actor=seller, now=at)
    if number >= ARRIVED + SENT:
        return
    parcel = Parcel("own", f"OD{part.store_id:02}{number:04}")
    ship_part(session, part_id=part.id, parcel=parcel, source="page", actor=seller, now=at + timedelta(minutes=40))
    if number < ARRIVED:
        shipment_id: uuid.UUID = session.execute(_SHIPMENT, {"id": part.id}).scalar_one()
        say_arrived(session, shipment_id=shipment_id, actor=seller, now=min(at + timedelta(hours=20), now))


def _say(session: Session, arrived: Sequence[Row[Any]], now: datetime) -> None:
    for part, (stars, words) in zip(arrived, REVIEWS, strict=False):
        line_id = session.execute(_LINE, {"id": part.id}).scalar_one()
        review = Review(key=f"demo:{part.id}", stars=str(stars), text=words[part.locale])
        write_review(session, line_id=line_id, review=review, actor=_buyer(part), now=now)
    if arrived:
        part = arrived[-1]
        matter = Matter("question", f"order:{part.order_id}", Words(f"demo:ticket:{part.id}", QUESTION[part.locale]))
        open_ticket(session, matter=matter, actor=_buyer(part), channel_id=part.channel_id, locale=part.locale, now=now)


def _buyer(part: Row[Any]) -> Actor:
    return Actor(part.buyer_id, frozenset({Role.BUYER}), channel_id=part.channel_id)
