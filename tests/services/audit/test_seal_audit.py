"""The audit chain: without gaps, in one order, and telling when it was touched."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import create_engine, text

from portal.config import Settings
from portal.db import database, transaction
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.seal_audit import seal_audit, verify_chain
from portal.stack import processes
from tests.conftest import SEALED_WITHIN_S


def write(ref: str) -> None:
    with transaction() as session:
        record(session, Fact(AuditAction.ORDER_PLACED, ref), actor=SYSTEM, now=clock.now())


def seal() -> int:
    with transaction() as session:
        return seal_audit(session)


def seal_all(count: int) -> None:
    """Seal until `count` rows are: a transaction of another database of this server may hold the sealer back."""
    sealed = 0

    def is_done() -> bool:
        nonlocal sealed
        sealed += seal()
        return sealed >= count

    assert processes.wait_until(is_done, timeout_s=SEALED_WITHIN_S)
    assert sealed == count


def faults() -> list[str]:
    with database.snapshot() as session:
        return [link.fault for link in verify_chain(session)]


@pytest.mark.req("AUD-01")
def test_rows_are_sealed_once_in_order(db: None) -> None:
    for n in range(5):
        write(f"order:{n}")
    seal_all(5)
    assert seal() == 0
    assert faults() == []


@pytest.mark.req("AUD-01")
def test_a_row_that_commits_late_is_not_passed_over(db: None) -> None:
    opened, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction() as session:
            record(session, Fact(AuditAction.ORDER_PLACED, "order:slow"), actor=SYSTEM, now=clock.now())
            session.flush()
            opened.set()
            go_on.wait(20)

    thread = threading.Thread(target=slow)
    thread.start()
    opened.wait(20)
    write("order:quick")  # Begins later and commits first.
    assert seal() == 0
    go_on.set()
    thread.join()
    seal_all(2)
    assert faults() == []


@pytest.mark.req("AUD-01")
def test_two_sealers_at_once_make_one_chain(db: None) -> None:
    for n in range(50):
        write(f"order:{n}")
    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal()
    assert faults() == []


@pytest.mark.req("AUD-01")
@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("UPDATE audit_row SET payload = replace(payload, 'order:1', 'order:9') WHERE ref = 'order:1'", "altered"),
        ("DELETE FROM audit_link WHERE seq = 2", "missing"),
    ],
)
def test_what_was_changed_by_force_is_found(db: None, settings: Settings, damage: str, fault: str) -> None:
    for n in range(4):
        write(f"order:{n}")
    seal_all(4)
    owner = create_engine(settings.database_owner_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(damage))
    owner.dispose()
    assert any(fault in found for found in faults())
