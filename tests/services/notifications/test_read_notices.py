"""The bell: what is new, and what has been read."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from portal.db import reading, transaction
from portal.kit.ids import new_id
from portal.models import Notice
from portal.queries.notices import count_unread, list_notices
from portal.services.notifications.read_notices import read_notices
from tests.factories.account import Person, make_person

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.req("NOT-01")


def tell(person: Person, number: int, *, minutes: int = 0) -> uuid.UUID:
    notice_id = new_id()
    with transaction() as session:
        session.add(
            Notice(
                id=notice_id,
                user_id=person.id,
                kind="order_paid",
                params={"number": f"KR-{number}"},
                path=f"/account/orders/KR-{number}",
                dedup_key=f"order_paid:{number}",
                created_at=NOW + timedelta(minutes=minutes),
            )
        )
    return notice_id


def unread(person: Person) -> int:
    with reading() as session:
        return count_unread(session, user_id=person.id)


def test_one_or_all_are_read_and_those_of_others_stay(db: None) -> None:
    bea, stranger = make_person("bea"), make_person("max")
    notices = [tell(bea, number) for number in range(3)]
    theirs = tell(stranger, 9)
    with transaction() as session:
        assert read_notices(session, user_id=bea.id, notice_ids=[notices[0], theirs], now=NOW) == 1
        assert read_notices(session, user_id=bea.id, notice_ids=[], now=NOW) == 0
    assert (unread(bea), unread(stranger)) == (2, 1)
    with transaction() as session:
        assert read_notices(session, user_id=bea.id, now=NOW) == 2
        assert read_notices(session, user_id=bea.id, now=NOW) == 0
    assert (unread(bea), unread(stranger)) == (0, 1)


def test_pages_follow_one_another_in_both_directions(db: None) -> None:
    bea = make_person("bea")
    # Some of the same moment: the id decides then.
    told = [tell(bea, number, minutes=number // 2) for number in range(7)]
    newest_first = told[::-1]
    with reading() as session:
        first = list_notices(session, user_id=bea.id, limit=3)
        second = list_notices(session, user_id=bea.id, limit=3, cursor=first.next_cursor)
        third = list_notices(session, user_id=bea.id, limit=3, cursor=second.next_cursor)
        back = list_notices(session, user_id=bea.id, limit=3, cursor=third.previous_cursor)
    assert [row.id for page in (first, second, third) for row in page.rows] == newest_first
    assert third.next_cursor is None
    assert first.previous_cursor is None
    assert [row.id for row in back.rows] == [row.id for row in second.rows]
