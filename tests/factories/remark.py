"""Things that have arrived, and what is said of them, for tests."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from portal.db import transaction
from portal.kit import clock
from portal.kit.ids import new_token
from portal.models import OrderLine, OrderPart, Remark, Shipment
from portal.services.fulfilment.say_arrived import say_arrived
from portal.services.remarks.write_review import Review, ask_question, write_review
from tests.factories.account import Person, make_person
from tests.factories.order import MadeOrder
from tests.factories.parcel import send


def deliver(order: MadeOrder, seller: Person, *, part: int = 0, at: datetime | None = None) -> list[uuid.UUID]:
    """Send a part and let it arrive; the lines that were in it."""
    now, ada = at or clock.now(), make_person(f"clerk-{new_token()[:8].lower()}", roles=("admin",))
    part_id = order.part_ids[part]
    send(part_id, seller, now=now)
    with transaction() as session:
        shipment_id = session.scalars(select(Shipment.id).where(Shipment.part_id == part_id)).one()
        say_arrived(session, shipment_id=shipment_id, actor=ada.actor, now=now)
    with transaction() as session:
        assert session.get_one(OrderPart, part_id).delivered_at is not None
        return list(session.scalars(select(OrderLine.id).where(OrderLine.part_id == part_id)))


def make_review(
    buyer: Person, line_id: uuid.UUID, stars: int = 5, text: str = "Very nice.", *, key: str | None = None
) -> Remark:
    """A committed review."""
    with transaction() as session:
        review = Review(key or new_token(), str(stars), text)
        write_review(session, line_id=line_id, review=review, actor=buyer.actor, now=clock.now())
    with transaction() as session:
        return session.scalars(select(Remark).where(Remark.line_id == line_id)).one()


def make_question(asker: Person, product_id: int, text: str = "How large is it?") -> Remark:
    """A committed question."""
    key = new_token()
    with transaction() as session:
        ask_question(session, product_id=product_id, words=text, key=key, actor=asker.actor, now=clock.now())
    with transaction() as session:
        return session.scalars(select(Remark).where(Remark.key == key)).one()
