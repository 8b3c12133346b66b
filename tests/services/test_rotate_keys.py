"""Stored values move to the current key while the portal works."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from sqlalchemy import LargeBinary, cast, select, text, update

from portal import crypto
from portal.cli.rotate_keys import rotate_keys
from portal.config import Settings
from portal.crypto import UnreadableValueError, email_index, load_keys
from portal.db import Base, database, reading, transaction
from portal.models import User
from portal.process import start
from portal.services import rotate_keys as service
from portal.services.rotate_keys import encrypted_tables, old_keys_in_use, renew_batch
from tests.factories.account import make_person

pytestmark = pytest.mark.req("BAL-12")

OLD, MID, NEW = ({name: bytes([n]) * 32} for n, name in enumerate(("old", "mid", "new"), 1))


def rotate() -> int:
    done = 0
    for encrypted in encrypted_tables():
        after = None
        while True:
            with transaction() as session:
                renewed, after = renew_batch(session, encrypted=encrypted, after=after)
            done += renewed
            if after is None:
                break
    return done


def in_use() -> dict[str, int]:
    with reading() as session:
        return old_keys_in_use(session)


def test_values_of_older_keys_are_encrypted_anew(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    for number in range(5):
        make_person(f"old{number}")
    load_keys(MID | OLD)
    make_person("mid")
    load_keys(NEW | MID | OLD)
    before = in_use()
    assert before["mid"] == 2
    assert before["old"] == 10
    assert rotate() == 12
    assert in_use() == {}
    assert rotate() == 0
    # What is still needed of the oldest key is the base of look-ups: its ciphertext is gone.
    load_keys(NEW | {"base": OLD["old"]})
    with reading() as session:
        found = session.scalars(select(User).where(User.email_index == email_index("old3@example.com"))).one()
        assert found.email == "old3@example.com"


def test_what_somebody_changes_meanwhile_is_his(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    bea = make_person("bea")
    load_keys(NEW | OLD)
    renew = crypto.renew

    def changed_first(blob: bytes, context: str) -> bytes:
        if context == "user_account.email":  # The column before it.
            with transaction() as other:
                other.execute(update(User).where(User.id == bea.id).values(name="Bea Changed"))
        return renew(blob, context)

    monkeypatch.setattr(service, "renew", changed_first)
    rotate()
    with reading() as session:
        assert session.scalars(select(User.name)).one() == "Bea Changed"
    assert in_use() == {}


def test_a_value_without_its_key_stops_its_batch_and_changes_nothing(keys: None) -> None:
    make_person("bea")
    load_keys(NEW)
    with reading() as session:
        before = session.scalars(select(cast(User.name, LargeBinary))).all()
    with pytest.raises(UnreadableValueError):
        rotate()
    with reading() as session:
        assert session.scalars(select(cast(User.name, LargeBinary))).all() == before


def test_every_encrypted_column_is_found_and_can_be_written_by_the_application(keys: None) -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, crypto.EncryptedText)
    }
    assert {f"{one.name}.{column.name}" for one in encrypted_tables() for column in one.columns} == named
    with reading() as session:
        for encrypted in encrypted_tables():
            for column in encrypted.columns:
                question = text("SELECT has_column_privilege('portal_app', :name, :column, 'UPDATE')")
                assert session.scalar(question, {"name": encrypted.name, "column": column.name}), encrypted.name
            assert list(encrypted.table.primary_key.columns)


def test_the_command_says_what_may_go(keys: None, settings: Settings) -> None:
    load_keys(MID | OLD)
    make_person("bea")
    ring = ",".join(f"{name}:{_base64(key)}" for name, key in (NEW | MID | OLD).items())
    environment = {
        "PORTAL_ENV": "test",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "PORTAL_ENCRYPTION_KEYS": ring,
    }
    result = CliRunner().invoke(rotate_keys, env=environment)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "2 values are encrypted with new now.",
        "mid decrypts nothing any more and may be taken out of the list.",
        "old stays: look-ups by e-mail are built on it.",
    ]


@pytest.fixture
def keys(db: None, settings: Settings) -> Iterator[None]:
    load_keys(OLD)
    yield
    start(settings, name="tests", connections=1)
    database.connect(settings.database_url, pool_size=24, wait_s=120, name="tests")


def _base64(key: bytes) -> str:
    return b64encode(key).decode()
