"""Forgetting a person: nothing says who he was, and the books and the audit chain are as they were."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import orjson
import psycopg
import pytest
from sqlalchemy import LargeBinary, select, text
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.crypto import EncryptedText
from portal.db import Base, atomically, database, reading, transaction
from portal.jobs import privacy
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import Address, Erasure, Mail, Notice, User, UserState
from portal.queries.documents import load_document
from portal.rules.permissions import SYSTEM
from portal.rules.privacy import GRACE, Block, Purpose
from portal.rules.states import Machine
from portal.services.accounts.sign_in import sign_in
from portal.services.accounts.sign_up import sign_up
from portal.services.consents import allowed, choose
from portal.services.history import Move, record_moves
from portal.services.orders.release_part import release_part
from portal.services.privacy.erase_person import carry_out_erasure, erasures_due
from portal.services.privacy.request_erasure import (
    ErasureBlockedError,
    ErasureForbiddenError,
    ErasureReasonMissingError,
    GiveUpMissingError,
    NoErasureError,
    cancel_erasure,
    request_erasure,
)
from portal.services.seal_audit import seal_audit, verify_chain
from portal.stack.processes import wait_until
from tests.factories.account import ADDRESS_KR, PASSWORD, Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, give_deposit, give_mileage, make_order
from tests.factories.refund import rows
from tests.factories.remark import make_question
from tests.factories.step_up import confirmed, with_session
from tests.jobs.killed_worker import worker
from tests.services.documents.test_documents import issue, want

pytestmark = [pytest.mark.req("IDN-06"), pytest.mark.usefixtures("books")]

NAME = "Beatrix Unverwechselbar"
EMAIL = "beatrix.unverwechselbar@example.com"
PHONE = "010-9876-5432"
STREET = "Rosenweg 77"


def ask(person: Person, *, by: Person | None = None, gives_up: bool = True, reason: str = "") -> datetime:
    who = (by or person).actor
    return confirmed(
        who,
        lambda s: request_erasure(s, user_id=person.id, gives_up=gives_up, reason=reason, actor=who, now=clock.now()),
    )


def carry_out(after: timedelta = GRACE) -> list[bool]:
    """What the clock does when the days of grace are over."""
    now = clock.now() + after + timedelta(minutes=1)
    with reading() as session:
        due = erasures_due(session, now=now)
    return [atomically(lambda s, one=one: carry_out_erasure(s, erasure_id=one, now=now)) for one in due]  # type: ignore[misc]  # mypy does not infer a lambda's default.


def close_parts(order: MadeOrder) -> None:
    """Everything has arrived, and the time for returns is over."""
    with transaction() as session:
        for part_id in order.part_ids:
            for old, new in (("released", "shipped"), ("shipped", "delivered")):
                move = Move(Machine.PART, part_id, old, new, order.id)
                record_moves(session, move, actor=SYSTEM, now=clock.now())
        session.execute(text("UPDATE order_part SET status = 'delivered' WHERE order_id = :id"), {"id": order.id})
        for part_id in order.part_ids:
            release_part(session, part_id=part_id, actor=SYSTEM, now=clock.now())


def places_of(*words: str) -> list[str]:
    """Every column of every table that holds one of the words, encrypted or not."""
    found: list[str] = []
    sought = [f"%{word}%" for word in words]
    with reading() as session:
        for table in Base.metadata.sorted_tables:
            readable = [column for column in table.columns if not isinstance(column.type, EncryptedText | LargeBinary)]
            holds = ", ".join(f'bool_or(CAST("{column.name}" AS text) LIKE ANY (:sought))' for column in readable)
            looked = session.execute(text(f'SELECT {holds} FROM "{table.name}"'), {"sought": sought}).one()  # noqa: S608  # Names of our own tables.
            found += [str(column) for column, is_there in zip(readable, looked, strict=True) if is_there]
            for column in table.columns:
                if isinstance(column.type, EncryptedText):
                    values = session.scalars(select(column).where(column.is_not(None))).all()
                    if any(word in value for word in words for value in values):
                        found.append(str(column))
    return found


@pytest.fixture
def mall() -> Mall:
    return make_mall()


@pytest.fixture
def bea() -> Person:
    person = with_session(make_person("bea"))
    with transaction() as session:
        user = session.get_one(User, person.id)
        user.name, user.email = NAME, EMAIL
    return person


@pytest.fixture
def ada() -> Person:
    return with_session(make_person("ada", roles=("buyer", "admin")))


def fill(bea: Person, mall: Mall) -> tuple[MadeOrder, uuid.UUID]:
    """A person who has left traces everywhere."""
    contact = {"name": NAME, "email": EMAIL, "phone": PHONE}
    address = {**ADDRESS_KR, "name": NAME, "phone": PHONE, "line1": STREET}
    give_mileage(bea, 500)
    order = make_order(bea, mall, {make_variant(mall): 1})
    with transaction() as session:
        values = {"contact": orjson.dumps(contact).decode(), "address": orjson.dumps(address).decode()}
        table = Base.metadata.tables["orders"]
        session.execute(table.update().where(table.c.id == order.id).values(**values))
    receipt = want(order)
    issue(receipt)
    close_parts(order)
    now = clock.now()
    with transaction() as session:
        session.add(
            Address(id=new_id(), user_id=bea.id, body=orjson.dumps(address).decode(), country="KR", created_at=now)
        )
        session.add(
            Mail(
                id=new_id(),
                dedup_key="m",
                user_id=bea.id,
                template="receipt",
                recipient=EMAIL,
                subject="Receipt",
                body=f"Hello {NAME}",
                created_at=now,
                due_at=now,
                sent_at=now,
                last_error=f"550 {EMAIL} unknown",
            )
        )
        session.add(
            Notice(
                id=new_id(),
                user_id=bea.id,
                kind="gift_received",
                params={"name": NAME},
                path="/",
                dedup_key="n",
                created_at=now,
            )
        )
    make_question(bea, rows("SELECT min(product_id) FROM variant")[0][0], text=f"Call me: {PHONE}. {NAME}")
    return order, receipt


def test_nothing_says_who_she_was_and_the_books_are_as_they_were(mall: Mall, bea: Person) -> None:
    order, receipt = fill(bea, mall)
    assert places_of(NAME, EMAIL, PHONE, STREET)
    before = rows("SELECT sum(amount_minor), count(*) FROM ledger_posting WHERE currency = 'KRW'")
    ask(bea)

    assert carry_out() == [True]

    assert places_of(NAME, EMAIL, PHONE, STREET) == []
    assert rows("SELECT sum(amount_minor), count(*) FROM ledger_posting WHERE currency = 'KRW'") == before
    assert rows("SELECT balance_minor FROM ledger_account WHERE kind = 'mileage'") == [(0,)]
    assert rows("SELECT buyer_id, status FROM orders WHERE id = :id", id=order.id)[0][0] == bea.id
    with reading() as session:
        document = load_document(session, document_id=receipt)
        assert document is not None
        assert document.content["buyer"] == "—"
    while atomically(seal_audit):
        pass
    with database.snapshot() as session:
        assert verify_chain(session) == []
    # A second run finds nothing.
    assert carry_out() == []


def test_she_is_out_at_once_and_may_come_again_as_somebody_new(bea: Person) -> None:
    ask(bea)
    carry_out()

    assert rows("SELECT count(*) FROM web_session WHERE user_id = :id AND revoked_at IS NULL", id=bea.id) == [(0,)]
    assert rows("SELECT state FROM user_account WHERE id = :id", id=bea.id) == [(UserState.CLOSED,)]
    with transaction() as session:
        refused = sign_in(session, email="bea@example.com", password=PASSWORD, now=clock.now())
        assert not isinstance(refused, uuid.UUID)
        again = sign_up(session, email="bea@example.com", password=PASSWORD, name="Bea", locale=None, now=clock.now())
    assert again != bea.id


def test_it_waits_for_its_day_and_can_be_taken_back(bea: Person, ada: Person) -> None:
    due = ask(bea)
    assert ask(bea) == due
    assert carry_out(timedelta(0)) == []

    atomically(lambda s: cancel_erasure(s, user_id=bea.id, actor=bea.actor, now=clock.now()))
    assert carry_out() == []
    with pytest.raises(NoErasureError), transaction() as session:
        cancel_erasure(session, user_id=bea.id, actor=ada.actor, now=clock.now())


def test_open_orders_and_money_stand_in_the_way(mall: Mall, bea: Person) -> None:
    order = make_order(bea, mall, {make_variant(mall): 1})
    give_deposit(bea, 50_000)
    with pytest.raises(ErasureBlockedError) as refused:
        ask(bea)
    assert refused.value.blocks == [Block.ORDERS, Block.DEPOSIT]
    close_parts(order)
    assert rows("SELECT count(*) FROM erasure") == [(0,)]


def test_what_cannot_be_paid_out_is_given_up_by_her_own_word(bea: Person) -> None:
    give_deposit(bea, 500)
    give_mileage(bea, 700)
    with pytest.raises(GiveUpMissingError):
        ask(bea, gives_up=False)
    ask(bea)
    carry_out()
    assert rows("SELECT sum(balance_minor)::bigint FROM ledger_account WHERE owner = :o", o=f"user:{bea.id}") == [(0,)]
    assert rows(
        "SELECT kind, amount_minor FROM ledger_posting JOIN ledger_account a ON a.id = account_id"
        " WHERE kind IN ('given_up', 'mileage_breakage') ORDER BY kind"
    ) == [("given_up", 500), ("mileage_breakage", 700)]


def test_what_came_meanwhile_puts_it_off(mall: Mall, bea: Person) -> None:
    ask(bea)
    order = make_order(bea, mall, {make_variant(mall): 1})

    assert carry_out() == [False]
    assert rows("SELECT state, blocked_by FROM erasure") == [("waiting", ["orders"])]
    assert rows("SELECT count(*) FROM outbox_event WHERE kind = 'erasure.postponed'") == [(1,)]
    close_parts(order)
    assert carry_out(GRACE + timedelta(days=1, minutes=5)) == [True]


def test_one_that_breaks_off_keeps_no_other_waiting_and_is_told_of(
    bea: Person, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    cem = with_session(make_person("cem"))
    for person in (bea, cem):
        ask(person)
    real = carry_out_erasure

    def carry_out_or_break(session: Session, *, erasure_id: uuid.UUID, now: datetime) -> bool:
        done = real(session, erasure_id=erasure_id, now=now)
        if session.get_one(Erasure, erasure_id).user_id == bea.id:
            raise RuntimeError("a defect")
        return done

    monkeypatch.setattr(privacy, "carry_out_erasure", carry_out_or_break)
    with clock.frozen(clock.now() + GRACE + timedelta(minutes=1)):
        privacy.erase_people()
        privacy.erase_people()
    assert rows("SELECT user_id, state, blocked_by FROM erasure ORDER BY state") == [
        (cem.id, "done", []),
        (bea.id, "waiting", ["failed"]),
    ]
    assert rows("SELECT count(*) FROM user_account WHERE id = :id AND state = 'active'", id=bea.id) == [(1,)]
    handle_events([one for (one,) in rows("SELECT id FROM outbox_event WHERE kind = 'erasure.failed'")])
    assert rows("SELECT user_id FROM notice WHERE kind = 'erasure_failed'") == [(ada.id,)]
    monkeypatch.undo()
    with clock.frozen(clock.now() + GRACE + timedelta(days=2)):
        privacy.erase_people()
    assert rows("SELECT DISTINCT state, blocked_by FROM erasure") == [("done", [])]


def test_killed_in_the_middle_nothing_is_half_erased_and_the_next_one_finishes(bea: Person, settings: Settings) -> None:
    ask(bea)
    with transaction() as session:
        session.execute(text("UPDATE erasure SET due_at = now() - interval '1 minute'"))
    environment = {"PORTAL_ENV": "test", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    held = psycopg.connect(settings.database_owner_url.replace("+psycopg", ""))
    with held, worker(environment, None, "erase_people"):
        held.execute("LOCK TABLE web_session IN SHARE MODE")
        assert wait_until(lambda: bool(rows("SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0]), timeout_s=60)
    assert rows("SELECT state FROM erasure") == [("waiting",)]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'erasure:done'") == [(0,)]

    def is_done() -> bool:
        privacy.erase_people()
        return rows("SELECT state FROM erasure") == [("done",)]

    # The database notices when it writes to whoever was killed, and lets his locks go.
    assert wait_until(is_done, timeout_s=60)
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'erasure:done'") == [(1,)]


def test_who_may(bea: Person, ada: Person) -> None:
    sue = with_session(make_person("sue", roles=("buyer", "operations")))
    with pytest.raises(ErasureForbiddenError):
        ask(bea, by=sue, reason="She wrote to us.")
    with pytest.raises(ErasureReasonMissingError):
        ask(bea, by=ada)
    # Whoever works here hands that over first.
    with pytest.raises(ErasureBlockedError) as refused:
        ask(ada)
    assert refused.value.blocks == [Block.WORKS_HERE]
    ask(bea, by=ada, reason="She wrote to us.")
    assert rows("SELECT requested_by, reason FROM erasure") == [(f"user:{ada.id}", "She wrote to us.")]


def test_what_she_allowed_is_over(bea: Person) -> None:
    asked = (Purpose.ANALYTICS, None)
    atomically(
        lambda s: choose(
            s, user_id=bea.id, given={asked: "2026-11"}, asked=[asked], source="page", actor=bea.actor, now=clock.now()
        )
    )
    ask(bea)
    carry_out()
    with reading() as session:
        assert not allowed(session, user_id=bea.id, purpose=Purpose.ANALYTICS)
