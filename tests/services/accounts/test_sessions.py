"""Sessions: begun, renewed, revoked."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from portal.db import reading, transaction
from portal.kit import clock
from portal.models import WebSession
from portal.queries.identities import Identity, find_identity
from portal.rules.permissions import Actor
from portal.services.accounts.sessions import (
    LIFETIME,
    SessionMissingError,
    hash_token,
    revoke_session,
    sign_out,
    sign_out_everywhere,
    start_session,
    touch_session,
)
from tests.factories.account import Person, make_person, make_session

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def who(token: str, *, at: datetime = NOW) -> Identity | None:
    with reading() as session:
        return find_identity(session, token_hash=hash_token(token), now=at)


def acting(person: Person, session_id: uuid.UUID) -> Actor:
    return Actor(user_id=person.id, roles=person.actor.roles, session_id=session_id)


def alive() -> set[uuid.UUID]:
    with reading() as session:
        return set(session.scalars(select(WebSession.id).where(WebSession.revoked_at.is_(None))).all())


@pytest.mark.req("IDN-01")
def test_a_token_says_who_one_is_and_is_not_stored(db: None) -> None:
    bea = make_person("bea")
    token, session_id = make_session(bea, now=NOW)
    identity = who(token)
    assert identity is not None
    assert (identity.user_id, identity.session_id, identity.email) == (bea.id, session_id, bea.email)
    with reading() as session:
        row = session.execute(text("SELECT w::text FROM web_session w")).scalar_one()
    assert token not in row
    assert "203.0.113.7" not in row


def test_a_session_ends_after_30_days(db: None) -> None:
    token, _ = make_session(make_person("bea"), now=NOW)
    assert who(token, at=NOW + LIFETIME - timedelta(seconds=1)) is not None
    assert who(token, at=NOW + LIFETIME) is None


def test_signing_in_gives_a_new_token_and_kills_the_old_one(db: None) -> None:
    bea = make_person("bea")
    planted, planted_id = make_session(now=NOW)
    with transaction() as session:
        token, row = start_session(
            session,
            user_id=bea.id,
            ip="203.0.113.7",
            user_agent="Firefox",
            device_id=uuid.uuid4(),
            now=NOW,
            in_place_of=planted_id,
        )
    assert token != planted
    assert who(planted) is None
    identity = who(token)
    assert identity is not None
    assert identity.session_id == row.id


def test_after_signing_out_the_token_is_worth_nothing(db: None) -> None:
    bea = make_person("bea")
    (token, session_id), (other, _) = make_session(bea, now=NOW), make_session(bea, now=NOW)
    with transaction() as session:
        sign_out(session, actor=acting(bea, session_id), now=NOW)
    assert who(token) is None
    assert who(other) is not None


def test_the_session_of_another_cannot_be_ended(db: None) -> None:
    bea, stranger = make_person("bea"), make_person("max")
    _, session_id = make_session(bea, now=NOW)
    for foreign in (session_id, uuid.uuid4()):
        with pytest.raises(SessionMissingError), transaction() as session:
            revoke_session(session, actor=stranger.actor, session_id=foreign, now=NOW)
    assert alive() == {session_id}
    with transaction() as session:
        revoke_session(session, actor=bea.actor, session_id=session_id, now=NOW)
    assert alive() == set()


@pytest.mark.req("IDN-03")
def test_signing_out_everywhere_spares_others_and_on_request_this_browser(db: None) -> None:
    bea, stranger = make_person("bea"), make_person("max")
    here, there, theirs = make_session(bea)[1], make_session(bea)[1], make_session(stranger)[1]
    with transaction() as session:
        assert sign_out_everywhere(session, actor=acting(bea, here), but_here=True, now=clock.now()) == 1
    assert alive() == {here, theirs}
    assert there not in alive()
    with transaction() as session:
        assert sign_out_everywhere(session, actor=acting(bea, here), now=clock.now()) == 1
    assert alive() == {theirs}


def test_last_seen_is_written_at_most_every_5_minutes(db: None) -> None:
    token, session_id = make_session(make_person("bea"), now=NOW)
    touched = []
    for minutes in (1, 4, 5, 6, 9, 10):
        with transaction() as session:
            touched.append(touch_session(session, session_id=session_id, now=NOW + timedelta(minutes=minutes)))
    assert touched == [False, False, True, False, False, True]
    identity = who(token)
    assert identity is not None
    assert identity.last_seen_at == NOW + timedelta(minutes=10)
    assert who(token, at=NOW + LIFETIME) is not None


def test_a_session_that_has_ended_is_not_touched(db: None) -> None:
    bea = make_person("bea")
    token, session_id = make_session(bea, now=NOW)
    with transaction() as session:
        sign_out(session, actor=acting(bea, session_id), now=NOW)
        assert not touch_session(session, session_id=session_id, now=NOW + timedelta(days=1))
    assert who(token) is None
