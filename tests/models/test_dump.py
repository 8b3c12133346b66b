"""What somebody reads who has a dump of the database and no key (BAL-12)."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest
from sqlalchemy import create_engine, select, text

from portal.config import Settings
from portal.db import Base, atomically, transaction
from portal.jobs.documents import issue_documents
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import GatewayAccount, PaymentAttempt, SavedMethod
from portal.rules.adjustments import Wanted
from portal.services.accounts.save_address import save_address
from portal.services.adjustments.prepare_adjustment import Draft, prepare_adjustment
from portal.services.documents.want_document import want_receipt
from portal.services.methods.settle_setup import method_index
from portal.services.withdrawals.request_withdrawal import request_withdrawal
from tests.factories.account import make_person, make_session
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import give_deposit, make_order
from tests.factories.refund import rows
from tests.factories.step_up import with_session

ADDRESS = {
    "name": "진사로네",
    "phone": "010-9731-8462",
    "postcode": "04524",
    "line1": "서울특별시 종로구 무지개다리길 77",
    "line2": "달팽이집 909호",
    "country": "KR",
}
BANK = {"bank": "Glasberg Savings", "number": "8812-7734-9021-55", "holder": "Ottokar Zinnwald"}


@pytest.mark.req("BAL-12")
def test_a_dump_shows_nobody_and_no_secret(books: None, settings: Settings) -> None:
    mall = make_mall()
    person = make_person("zebrafinch")
    ada = with_session(make_person("administratrix", roles=("buyer", "admin")))
    make_session(person)
    give_deposit(person, 50_000)
    with transaction() as session:
        save_address(session, user_id=person.id, fields=ADDRESS, now=clock.now(), make_default=True)
    order = make_order(person, mall, {make_variant(mall): 1}, address=ADDRESS)
    with transaction() as session:
        account_id = session.scalars(select(GatewayAccount.id)).first()
        assert account_id is not None
        kept_card = {"customer_ref": "cus_Quillfeather", "method_ref": "pm_1Nightjar"}
        session.add(
            SavedMethod(
                id=new_id(),
                user_id=person.id,
                gateway_account_id=account_id,
                brand="visa",
                last4="4242",
                expiry="12/30",
                ref_index=method_index(kept_card["method_ref"]),
                created_at=clock.now(),
                **kept_card,
            )
        )
        session.execute(
            PaymentAttempt.__table__.update().values(source="tok_visa_5iXq")  # type: ignore[attr-defined]  # A table's own.
        )
        want_receipt(session, order_id=order.id, now=clock.now())
    issue_documents()
    atomically(
        lambda s: request_withdrawal(
            s, actor=person.actor, currency="KRW", amount_minor=5_000, bank=BANK, key="w", now=clock.now()
        )
    )
    draft = Draft(
        "k", "gift", "KRW", "Welcome gift", "list", [Wanted(person.email, 5), Wanted("nobody@example.net", 5)]
    )
    atomically(lambda s: prepare_adjustment(s, draft=draft, actor=ada.actor, now=clock.now()))
    handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL")])
    with transaction() as session:
        kept = session.scalars(select(GatewayAccount.credentials)).first()
    secret = orjson.loads(kept or "{}")["secret_key"]
    secrets = [
        "zebrafinch",
        "nobody@example.net",
        *(ADDRESS[name] for name in ("name", "phone", "line1", "line2")),
        *BANK.values(),
        secret,
        "tok_visa_5iXq",
        *kept_card.values(),
        "203.0.113.7",
    ]
    found = {
        (table, one)
        for table, row in _dump(settings)
        for one in secrets
        if one.casefold() in row.casefold() or one.encode().hex() in row
    }
    assert found == set()


def _dump(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every row of every table as text; bytes stand in it as hexadecimal digits."""
    engine = create_engine(settings.database_owner_url)
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(text(f"SELECT t::text FROM {table.name} t")):  # noqa: S608  # Names of our own.
                yield table.name, row[0]
    engine.dispose()
