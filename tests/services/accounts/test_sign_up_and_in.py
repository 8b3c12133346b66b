"""Opening a profile and coming back to it."""

from __future__ import annotations

import unicodedata
import uuid
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from portal.db import reading, transaction
from portal.kit import clock
from portal.kit.errors import PortalError, Rejection
from portal.models import AuditRow, OutboxEvent, User
from portal.services.accounts.links import LinkSpentError
from portal.services.accounts.may_spend import AccountFrozenError, check_may_spend
from portal.services.accounts.passwords import needs_rehash
from portal.services.accounts.sign_in import sign_in
from portal.services.accounts.sign_up import EmailTakenError, sign_up
from portal.services.accounts.verify_email import request_verification, verification_link, verify_email
from tests.factories.account import PASSWORD, make_person

pytestmark = pytest.mark.req("IDN-03")


def open_profile(*, email: str = "bea@example.com", password: str = PASSWORD, name: str = "Bea") -> uuid.UUID:
    with transaction() as session:
        return sign_up(session, email=email, password=password, name=name, locale="en", now=clock.now())


def come_in(email: str = "bea@example.com", password: str = PASSWORD) -> uuid.UUID | Rejection:
    with transaction() as session:
        return sign_in(session, email=email, password=password, now=clock.now())


def test_a_newcomer_can_sign_in_with_what_he_chose(db: None) -> None:
    user_id = open_profile(email="  Bea@Example.com ", name="  Bea   Kim ")
    assert come_in("bea@EXAMPLE.com") == user_id
    with reading() as session:
        user = session.get_one(User, user_id)
    assert (user.email, user.name, user.roles, user.state) == ("Bea@example.com", "Bea Kim", ["buyer"], "active")
    assert user.email_verified_at is None
    assert user.password_hash is not None
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_signing_up_asks_for_the_verification_mail_without_personal_data(db: None) -> None:
    user_id = open_profile()
    with reading() as session:
        event = session.execute(select(OutboxEvent)).scalar_one()
        audit = session.scalars(select(AuditRow.payload)).all()
    assert (event.kind, event.profile_id, event.payload) == ("account.signed_up", user_id, {"locale": "en"})
    assert not any("example.com" in payload or "Bea" in payload for payload in audit)


def test_an_e_mail_is_taken_once_whatever_its_case(db: None) -> None:
    open_profile()
    with pytest.raises(EmailTakenError):
        open_profile(email="BEA@example.com", password="another good one")
    assert isinstance(come_in(password="another good one"), Rejection)


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("email", {"email": "bea"}),
        ("email", {"email": "bea@localhost"}),
        ("password", {"password": "seven77"}),
        ("password", {"password": "x" * 257}),
        ("name", {"name": "  "}),
        ("name", {"name": "x" * 101}),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field(db: None, field: str, facts: dict[str, str]) -> None:
    with pytest.raises(PortalError) as caught:
        open_profile(**facts)
    assert getattr(caught.value, "field", None) == field
    with reading() as session:
        assert session.execute(select(User.id)).all() == []


def test_passwords_of_8_and_of_256_characters_are_taken(db: None) -> None:
    for number, password in enumerate(("eight888", "x" * 256)):
        user_id = open_profile(email=f"bea{number}@example.com", password=password)
        assert come_in(f"bea{number}@example.com", password) == user_id


def test_composed_and_decomposed_hangul_are_the_same_password(db: None) -> None:
    typed = "비밀번호는 길게"
    user_id = open_profile(password=unicodedata.normalize("NFC", typed))
    assert come_in(password=unicodedata.normalize("NFD", typed)) == user_id


def test_wrong_password_unknown_e_mail_and_closed_account_get_one_answer(db: None) -> None:
    make_person("bea")
    make_person("cleo", state="closed")
    make_person("dora", password=None)
    answers = [
        come_in("bea@example.com", "wrong password"),
        come_in("nobody@example.com", PASSWORD),
        come_in("cleo@example.com", PASSWORD),
        come_in("dora@example.com", PASSWORD),
        come_in("not an e-mail", PASSWORD),
        come_in("bea@example.com", ""),
        come_in("bea@example.com", "x" * 100_000),
    ]
    assert all(isinstance(answer, Rejection) for answer in answers)
    assert len({str(answer) for answer in answers}) == 1


def test_every_refusal_costs_one_comparison(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time tells nothing because the work is the same: counted, not measured."""
    make_person("bea")
    compared: list[str] = []
    verify = PasswordHasher.verify

    def counting(hasher: PasswordHasher, hashed: str, password: str) -> bool:
        compared.append(hashed.rsplit("$", 2)[0])
        return verify(hasher, hashed, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    for email in ("bea@example.com", "nobody@example.com", "no e-mail at all"):
        come_in(email, "wrong password")
    assert len(compared) == 3
    assert len(set(compared)) == 1, "all with the same parameters"


def test_a_hash_of_older_parameters_is_renewed_at_sign_in(db: None) -> None:
    bea = make_person("bea")
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with transaction() as session:
        session.execute(update(User).where(User.id == bea.id).values(password_hash=weak))
    assert come_in() == bea.id
    with reading() as session:
        renewed = session.execute(select(User.password_hash)).scalar_one()
    assert renewed != weak
    assert renewed is not None
    assert not needs_rehash(renewed)
    assert come_in() == bea.id


def test_a_frozen_account_may_come_in_and_may_not_spend(db: None) -> None:
    frozen, active = make_person("bea", state="frozen"), make_person("max")
    assert come_in() == frozen.id
    with reading() as session:
        check_may_spend(session, user_id=active.id)
        with pytest.raises(AccountFrozenError):
            check_may_spend(session, user_id=frozen.id)


def test_the_verification_link_works_once(db: None) -> None:
    user_id = open_profile()
    token = link(user_id)
    assert token is not None
    with transaction() as session:
        assert verify_email(session, token=token, now=clock.now()) == user_id
    with reading() as session:
        assert session.get_one(User, user_id).email_verified_at is not None
    with pytest.raises(LinkSpentError), transaction() as session:
        verify_email(session, token=token, now=clock.now())
    assert link(user_id) is None
    with transaction() as session:
        assert not request_verification(session, user_id=user_id, locale="en", now=clock.now())


def test_the_verification_link_ends_after_7_days(db: None) -> None:
    user_id = open_profile()
    token, made_at = link(user_id), clock.now()
    assert token is not None
    with pytest.raises(LinkSpentError), transaction() as session:
        verify_email(session, token=token, now=made_at + timedelta(days=7, seconds=1))
    with transaction() as session:
        assert verify_email(session, token=token, now=made_at + timedelta(days=7, seconds=-2)) == user_id


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 75, "=" * 76, "A" * 10_000])
def test_what_is_no_link_is_refused_like_a_spent_one(db: None, token: str) -> None:
    with pytest.raises(LinkSpentError), transaction() as session:
        verify_email(session, token=token, now=clock.now())


def link(user_id: uuid.UUID) -> str | None:
    with reading() as session:
        return verification_link(session, user_id=user_id, now=clock.now())
