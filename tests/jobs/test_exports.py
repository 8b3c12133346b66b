"""Lists as files: made by a worker, taken up when it dies, kept for a week, handed out by permission (ANA-03, A27)."""

from __future__ import annotations

import csv
import hashlib
import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text

from portal.db import atomically, reading, transaction
from portal.jobs import exports
from portal.jobs.exports import make_list, tend_exports
from portal.kit import clock
from portal.kit.tables import Format
from portal.models import ListExport
from portal.queries.admin_orders import OrderFilter
from portal.queries.listings import LISTINGS
from portal.queries.listings.books import BalanceFilter, JournalFilter
from portal.queries.listings.coupons import UseFilter
from portal.rules.exports import LIVES, OPEN_MAX, STALE_AFTER, STALE_WRITING_AFTER, TRIES_MAX
from portal.rules.permissions import Role
from portal.services.export_audit import public_key
from portal.services.exports import work_export
from portal.services.exports.ask_export import (
    ExportUnknownError,
    TooManyListExportsError,
    ask_export,
    bytes_of,
    take_export,
)
from portal.services.exports.work_export import claim_export, read_batch, signed_words
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.factories.webhook import handle_waiting

pytestmark = [pytest.mark.req("ANA-03"), pytest.mark.usefixtures("books")]


def ask(person: Person, listing: str, chosen: Any, kind: Format = Format.CSV) -> uuid.UUID:
    return atomically(
        lambda s: ask_export(
            s, listing=listing, chosen=chosen, kind=kind, locale="en", actor=person.actor, now=clock.now()
        )
    )


def content_of(export_id: uuid.UUID) -> bytes:
    with reading() as session:
        return b"".join(bytes_of(session, export_id))


def lines(export_id: uuid.UUID) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content_of(export_id).decode("utf-8-sig"))))


def export_of(export_id: uuid.UUID) -> ListExport:
    with reading() as session:
        return session.get_one(ListExport, export_id)


def change(statement: str, **values: Any) -> None:
    with transaction() as session:
        session.execute(text(statement), values)


@pytest.fixture
def mall() -> Mall:
    return make_mall()


@pytest.fixture
def ada() -> Person:
    return make_person("ada", roles=("admin",))


def orders(mall: Mall, count: int) -> list[str]:
    bea, variant = make_person("bea"), make_variant(mall)
    return [make_order(bea, mall, {variant: 1}).number for _ in range(count)]


def test_orders_are_all_there_once_and_in_order(mall: Mall, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_export, "BATCH", 2)
    numbers = orders(mall, 5)
    export_id = ask(ada, "orders", OrderFilter())
    make_list(str(export_id))
    found = lines(export_id)
    assert [one["Order"] for one in found] == numbers[::-1]
    assert {one["State"] for one in found} == {"paid"}
    export = export_of(export_id)
    assert (export.state, export.done, export.total, export.pieces) == ("ready", 5, 5, 3)
    assert export.size == len(content_of(export_id))
    assert rows("SELECT count(*) FROM list_export_piece WHERE part = 'rows'") == [(0,)]


def test_the_filter_narrows_the_file(mall: Mall, ada: Person) -> None:
    numbers = orders(mall, 3)
    export_id = ask(ada, "orders", OrderFilter(search=numbers[1]))
    make_list(str(export_id))
    assert [one["Order"] for one in lines(export_id)] == [numbers[1]]


def test_a_file_is_called_by_the_code_of_its_channel(mall: Mall, ada: Person) -> None:
    name = export_of(ask(ada, "orders", OrderFilter(status="paid", channel_id=mall.kr.id))).name
    assert name == f"orders-paid-kr-{clock.now().date().isoformat()}.csv"


@pytest.mark.parametrize("listing", sorted(LISTINGS))
@pytest.mark.parametrize("kind", list(Format))
def test_each_list_is_written_in_each_format(mall: Mall, ada: Person, listing: str, kind: Format) -> None:
    orders(mall, 1)
    chosen = LISTINGS[listing].filter()
    if hasattr(chosen, "now"):
        chosen = type(chosen)(now=clock.now())
    export_id = ask(ada, listing, chosen, kind)
    make_list(str(export_id))
    export = export_of(export_id)
    assert export.state == "ready"
    assert export.name.endswith(f".{kind.value}")
    assert content_of(export_id)


def test_the_journal_sums_to_zero_and_balances_are_what_people_have(mall: Mall, ada: Person) -> None:
    orders(mall, 2)
    journal = ask(ada, "ledger", JournalFilter())
    make_list(str(journal))
    amounts = [int(one["Amount"]) for one in lines(journal) if one["Currency"] == "KRW"]
    assert amounts
    assert sum(amounts) == 0
    balances = ask(ada, "balances", BalanceFilter())
    make_list(str(balances))
    [(had,)] = rows("SELECT sum(balance_minor) FROM ledger_account WHERE owner LIKE 'user:%' AND currency = 'PTS'")
    assert sum(int(one["Balance"]) for one in lines(balances) if one["Currency"] == "PTS") == (had or 0)


def test_a_worker_that_died_is_taken_up_where_it_stopped(
    mall: Mall, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_export, "BATCH", 2)
    numbers = orders(mall, 5)
    export_id = ask(ada, "orders", OrderFilter())
    dead = atomically(lambda s: claim_export(s, export_id=export_id, now=clock.now()))
    assert dead is not None
    assert atomically(lambda s: read_batch(s, dead, now=clock.now())) is True
    make_list(str(export_id))
    assert export_of(export_id).done == 2, "somebody is still at it"
    change("UPDATE list_export SET worked_at = :at", at=clock.now() - STALE_AFTER - timedelta(seconds=1))
    make_list(str(export_id))
    assert [one["Order"] for one in lines(export_id)] == numbers[::-1]
    assert atomically(lambda s: read_batch(s, dead, now=clock.now())) is None


def test_a_file_that_was_half_written_is_written_anew(mall: Mall, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    orders(mall, 3)
    export_id = ask(ada, "orders", OrderFilter())
    monkeypatch.setattr(exports, "PIECE_BYTES", 100)

    class DiedError(Exception):
        pass

    def die(session: Any, claim: Any, n: int, content: bytes, *, now: Any) -> bool:
        if n == 2:
            raise DiedError
        return keep(session, claim, n, content, now=now)

    keep = work_export.keep_file_piece
    with monkeypatch.context() as patch:
        patch.setattr(exports, "keep_file_piece", die)
        with pytest.raises(DiedError):
            make_list(str(export_id))
    assert rows("SELECT count(*) FROM list_export_piece WHERE part = 'file'") == [(2,)]
    change("UPDATE list_export SET worked_at = :at", at=clock.now() - STALE_WRITING_AFTER - timedelta(seconds=1))
    make_list(str(export_id))
    assert len(lines(export_id)) == 3


def test_what_kills_every_worker_is_given_up_and_told(mall: Mall, ada: Person) -> None:
    export_id = ask(ada, "orders", OrderFilter())
    for _ in range(TRIES_MAX + 1):
        change("UPDATE list_export SET worked_at = :at", at=clock.now() - STALE_AFTER - timedelta(seconds=1))
        claim = atomically(lambda s: claim_export(s, export_id=export_id, now=clock.now()))
    assert claim is None
    assert export_of(export_id).state == "failed"
    handle_waiting()
    assert rows("SELECT kind FROM notice WHERE user_id = :u", u=ada.id) == [("list_failed",)]


def test_it_announces_itself_and_is_recorded(mall: Mall, ada: Person) -> None:
    export_id = ask(ada, "orders", OrderFilter())
    make_list(str(export_id))
    handle_waiting()
    assert rows("SELECT kind, path FROM notice WHERE user_id = :u", u=ada.id) == [
        ("list_ready", f"/admin/exports/{export_id}")
    ]
    atomically(lambda s: take_export(s, export_id=export_id, actor=ada.actor, now=clock.now()))
    acts = rows("SELECT action FROM audit_row WHERE ref = :ref ORDER BY id", ref=f"list-export:{export_id}")
    assert acts == [("list-export:wanted",), ("list-export:made",), ("list-export:taken",)]


def test_the_signature_proves_the_file(mall: Mall, ada: Person) -> None:
    export_id = ask(ada, "orders", OrderFilter())
    make_list(str(export_id))
    export = export_of(export_id)
    assert export.sha256 == hashlib.sha256(content_of(export_id)).hexdigest()
    assert export.signature is not None
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key()))
    key.verify(bytes.fromhex(export.signature), signed_words(export))


def test_after_a_week_the_file_is_gone(mall: Mall, ada: Person) -> None:
    export_id = ask(ada, "orders", OrderFilter())
    make_list(str(export_id))
    later = clock.now() + LIVES
    with pytest.raises(ExportUnknownError):
        atomically(lambda s: take_export(s, export_id=export_id, actor=ada.actor, now=later))
    change("UPDATE list_export SET expires_at = :at", at=clock.now() - timedelta(seconds=1))
    tend_exports()
    assert export_of(export_id).state == "gone"
    assert rows("SELECT count(*) FROM list_export_piece") == [(0,)]


@pytest.mark.parametrize(
    ("role", "listing", "lets"),
    [
        (Role.MARKETING, "redemptions", True),
        (Role.MARKETING, "orders", False),
        (Role.FINANCE, "ledger", True),
        (Role.RISK, "coupon-abuse", False),
        (Role.SELLER, "orders", False),
        (Role.BUYER, "payments", False),
    ],
)
def test_only_who_may_see_all_of_a_list_and_may_export_has_it(mall: Mall, role: Role, listing: str, lets: bool) -> None:
    person = make_person("eve", roles=(role,), store_ids=mall.store_ids if role is Role.SELLER else ())
    chosen = LISTINGS[listing].filter()
    if lets:
        assert ask(person, listing, chosen)
        return
    with pytest.raises(ExportUnknownError):
        ask(person, listing, chosen)
    assert rows("SELECT count(*) FROM list_export") == [(0,)]


def test_a_filter_of_another_list_is_refused(mall: Mall, ada: Person) -> None:
    with pytest.raises(ExportUnknownError):
        ask(ada, "orders", UseFilter())


def test_a_double_press_makes_one_and_a_person_does_not_fill_the_queue(mall: Mall, ada: Person) -> None:
    first = ask(ada, "orders", OrderFilter())
    assert ask(ada, "orders", OrderFilter()) == first
    for n in range(OPEN_MAX - 1):
        ask(ada, "orders", OrderFilter(search=str(n)))
    with pytest.raises(TooManyListExportsError):
        ask(ada, "orders", OrderFilter(search="one more"))


def test_what_was_searched_for_and_the_rows_are_encrypted(mall: Mall, ada: Person) -> None:
    number = orders(mall, 1)[0]
    export_id = ask(ada, "orders", OrderFilter(search=number))
    make_list(str(export_id))
    [(chosen,)] = rows("SELECT chosen FROM list_export")
    [(piece,)] = rows("SELECT content FROM list_export_piece")
    assert number.encode() not in bytes(chosen)
    assert number.encode() not in bytes(piece)
