"""Setting a new password by a link in a mail."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from portal.db import reading, transaction
from portal.kit import clock
from portal.kit.errors import Rejection
from portal.models import OutboxEvent, User, WebSession
from portal.services.accounts.links import LinkSpentError, Purpose, make_link
from portal.services.accounts.passwords import PasswordUnfitError
from portal.services.accounts.reset_password import request_password_reset, reset_link, reset_password
from portal.services.accounts.sign_in import sign_in
from tests.factories.account import PASSWORD, Person, make_person, make_session

pytestmark = pytest.mark.req("IDN-03")
NEW = "a quite different one"


def ask(email: str) -> list[uuid.UUID | None]:
    """Whom the mails that are asked for go to."""
    with transaction() as session:
        request_password_reset(session, email=email, locale="ko", now=clock.now())
    with reading() as session:
        return list(session.scalars(select(OutboxEvent.profile_id).order_by(OutboxEvent.id)).all())


def link(person: Person) -> str:
    with reading() as session:
        token = reset_link(session, user_id=person.id, now=clock.now())
    assert token is not None
    return token


def use(token: str, password: str = NEW, *, later: timedelta = timedelta(0)) -> uuid.UUID:
    with transaction() as session:
        return reset_password(session, token=token, password=password, now=clock.now() + later)


def test_only_a_profile_gets_a_mail_and_the_caller_learns_nothing(db: None) -> None:
    bea = make_person("bea")
    make_person("cleo", state="closed")
    assert ask("nobody@example.com") == []
    assert ask("cleo@example.com") == []
    assert ask("no e-mail") == []
    assert ask("BEA@example.com") == [bea.id]


def test_the_new_password_is_the_only_one(db: None) -> None:
    bea = make_person("bea")
    assert use(link(bea)) == bea.id
    with transaction() as session:
        assert isinstance(sign_in(session, email=bea.email, password=PASSWORD, now=clock.now()), Rejection)
        assert sign_in(session, email=bea.email, password=NEW, now=clock.now()) == bea.id


def test_all_sessions_end_and_the_e_mail_is_verified(db: None) -> None:
    bea, stranger = make_person("bea"), make_person("max")
    make_session(bea)
    make_session(bea)
    make_session(stranger)
    use(link(bea))
    with reading() as session:
        alive = session.scalars(select(WebSession.user_id).where(WebSession.revoked_at.is_(None))).all()
        assert session.get_one(User, bea.id).email_verified_at is not None
    assert alive == [stranger.id]


def test_a_link_works_once(db: None) -> None:
    bea = make_person("bea")
    token, second = link(bea), link(bea)
    use(token)
    for spent in (token, second):
        with pytest.raises(LinkSpentError):
            use(spent, "and another one again")


def test_two_uses_at_the_same_moment_are_one(db: None) -> None:
    bea = make_person("bea")
    token, start = link(bea), Barrier(4)

    def try_it(number: int) -> bool:
        start.wait()
        try:
            use(token, f"password number {number}")
        except LinkSpentError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(try_it, range(4))) == [False, False, False, True]


def test_a_link_works_for_an_hour(db: None) -> None:
    bea = make_person("bea")
    token = link(bea)
    with pytest.raises(LinkSpentError):
        use(token, later=timedelta(hours=1, seconds=1))
    assert use(token, later=timedelta(minutes=59)) == bea.id


def test_a_link_for_something_or_somebody_else_opens_nothing(db: None) -> None:
    bea, stranger = make_person("bea"), make_person("max")
    foreign = make_link(Purpose.VERIFY, user_id=bea.id, fact="none", now=clock.now())
    raw = link(stranger)
    for token in (foreign, raw[:-2] + ("A" if raw[-2] != "A" else "B") + raw[-1], link(bea)[:22] + raw[22:]):
        with pytest.raises(LinkSpentError):
            use(token)


def test_a_password_that_is_too_short_leaves_the_link_as_it_was(db: None) -> None:
    bea = make_person("bea")
    token = link(bea)
    with pytest.raises(PasswordUnfitError):
        use(token, "short")
    assert use(token) == bea.id
