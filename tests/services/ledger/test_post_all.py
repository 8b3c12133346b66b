"""Many entries at once come to the same as one after the other."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from portal.db import transaction
from portal.kit import clock
from portal.models import LedgerAccount, Posting
from portal.rules.posting import AccountKind, EntryKind, gift_granted, of_user, payment_difference
from portal.services.ledger.holds import BalanceTooLowError
from portal.services.ledger.post import Entry, post_all
from tests.factories.account import make_person


def gift(user_id: uuid.UUID, key: str, amount: int) -> Entry:
    return Entry(
        EntryKind.GIFT_GRANTED, key, gift_granted(user_id=user_id, currency="KRW", amount_minor=amount), clock.now(),
        order_id=uuid.UUID(int=1),
    )  # fmt: skip


def spent(user_id: uuid.UUID, key: str, amount: int) -> Entry:
    lines = payment_difference(source=of_user(AccountKind.GIFT, user_id, "KRW"), amount_minor=amount)
    return Entry(EntryKind.PAYMENT_DIFFERENCE, key, lines, clock.now(), order_id=uuid.UUID(int=1))


@pytest.mark.req("BAL-01")
def test_balances_follow_line_by_line(books: None) -> None:
    bea = make_person("bea")
    with transaction() as session:
        ids = post_all(session, [gift(bea.id, "a", 500), spent(bea.id, "b", 200), gift(bea.id, "c", 50)])
        assert list(ids) == ["a", "b", "c"]
        assert session.execute(select(LedgerAccount.balance_minor).where(LedgerAccount.cached)).scalar_one() == 350
        after = select(Posting.balance_after_minor).where(Posting.balance_after_minor.is_not(None)).order_by(Posting.id)
        assert session.scalars(after).all() == [500, 300, 350]


@pytest.mark.req("PAY-10")
def test_a_known_key_is_left_alone_and_one_that_stands_twice_is_posted_once(books: None) -> None:
    bea = make_person("bea")
    with transaction() as session:
        post_all(session, [gift(bea.id, "a", 500)])
    with transaction() as session:
        ids = post_all(session, [gift(bea.id, "a", 500), gift(bea.id, "b", 1), gift(bea.id, "b", 1)])
        assert set(ids) == {"b"}
        assert session.execute(select(LedgerAccount.balance_minor).where(LedgerAccount.cached)).scalar_one() == 501


@pytest.mark.req("BAL-03")
@pytest.mark.parametrize(("amount", "fits"), [(500, True), (501, False)])
def test_nobody_spends_more_than_he_has(books: None, amount: int, fits: bool) -> None:
    bea = make_person("bea")

    def post() -> None:
        with transaction() as session:
            post_all(session, [gift(bea.id, "a", 500), spent(bea.id, "b", amount)])

    if fits:
        post()
    else:
        with pytest.raises(BalanceTooLowError):
            post()


def test_more_accounts_than_are_asked_for_one_by_one(books: None) -> None:
    people = [uuid.UUID(int=n) for n in range(1, 31)]
    with transaction() as session:
        post_all(session, [gift(one, f"first:{one}", 5) for one in people])
    with transaction() as session:
        post_all(session, [gift(one, f"second:{one}", 7) for one in people])
        balances = session.scalars(select(LedgerAccount.balance_minor).where(LedgerAccount.cached)).all()
    assert balances == [12] * 30
