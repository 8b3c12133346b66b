"""Rows that are copied are the rows that would have been inserted."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.db import insert_rows, reading, transaction
from portal.kit.ids import new_id
from portal.models import Consent, Mail, Product, Section, Store, User, Variant
from portal.rows import COPIED_FROM
from tests.blueprints.desks import counted
from tests.factories.account import make_person

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
ODD = 'tab\t, "quotes", \\N, back\\slash, line\nbreak, 한국'


@pytest.mark.parametrize("count", [1, COPIED_FROM - 1, COPIED_FROM])
def test_every_kind_of_column_comes_back_as_it_was(session: Session, count: int) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "email": f"bea{n}@example.com",
            "email_index": bytes([n]) + b"\\\x00\xff",
            "name": ODD,
            "locale": None if n % 2 else "ko",
            "roles": ["buyer", "a,b", 'c"d'],
            "created_at": NOW,
        }
        for n in range(count)
    ]
    insert_rows(session, User, rows)
    found = session.scalars(select(User)).all()
    assert len(found) == count
    by_id = {user.id: user for user in found}
    for row in rows:
        user = by_id[row["id"]]
        assert {name: getattr(user, name) for name in row} == row
        assert user.state == "active"


@pytest.mark.parametrize("count", [1, COPIED_FROM])
def test_json_comes_back_as_it_was(session: Session, count: int) -> None:
    section = Section(slug="a", name={"en": "A"})
    store = Store(slug="a", name={"en": "A"})
    session.add_all([section, store])
    session.flush()
    product = Product(store_id=store.id, section_id=section.id, slug="p", name={"en": ODD})
    session.add(product)
    session.flush()
    options = [{"name": {"en": ODD}, "n": 1, "none": None}]
    rows = [{"product_id": product.id, "sku": f"S{n}", "options": options, "position": n} for n in range(count)]
    insert_rows(session, Variant, rows)
    assert session.scalars(select(Variant.options)).all() == [options] * count


def consent(user_id: uuid.UUID) -> dict[str, Any]:
    return {"id": new_id(), "user_id": user_id, "order_id": None, "kind": "terms", "version": "1", "accepted_at": NOW}


def mail(key: str) -> dict[str, Any]:
    texts = dict.fromkeys(("template", "recipient", "subject", "body"), ODD)
    return {"id": new_id(), "dedup_key": key, **texts, "created_at": NOW, "due_at": NOW}


def test_rows_of_many_calls_go_with_one_statement_and_are_there_for_the_next_one(db: None) -> None:
    bea = make_person("bea").id
    with counted() as sent, transaction() as session:
        insert_rows(session, Mail, [mail("a")])
        insert_rows(session, Consent, [consent(bea), consent(bea)])
        insert_rows(session, Mail, [mail("b")])
        assert not sent
        assert session.scalars(select(Mail.dedup_key).order_by(Mail.dedup_key)).all() == ["a", "b"]
        assert len(sent) == 2
        insert_rows(session, Consent, [consent(bea)])
    with reading() as session:
        assert len(session.scalars(select(Consent.id)).all()) == 3
        assert session.scalars(select(Mail.subject)).all() == [ODD, ODD]


def test_a_known_row_is_left_out_where_that_is_asked_for(session: Session) -> None:
    insert_rows(session, Mail, [mail("a")])
    insert_rows(session, Mail, [mail("a"), mail("b")], once=("dedup_key",))
    assert session.scalars(select(Mail.dedup_key).order_by(Mail.dedup_key)).all() == ["a", "b"]
    insert_rows(session, Mail, [mail("a")])
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_what_is_given_up_is_not_written(session: Session) -> None:
    insert_rows(session, Mail, [mail("kept")])
    savepoint = session.begin_nested()
    insert_rows(session, Mail, [mail("given up")])
    savepoint.rollback()
    with session.begin_nested():
        insert_rows(session, Mail, [mail("inner")])
    assert session.scalars(select(Mail.dedup_key).order_by(Mail.dedup_key)).all() == ["inner", "kept"]


def test_an_instant_without_a_zone_is_refused(session: Session) -> None:
    insert_rows(session, Mail, [mail("a") | {"due_at": NOW.replace(tzinfo=None)}])
    with pytest.raises(ValueError, match="time zone"):
        session.flush()
    session.rollback()
