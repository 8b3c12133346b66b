"""One's balances with their whole history (BAL-10)."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.db import transaction
from portal.kit import clock
from portal.rules.posting import EntryKind, gift_granted
from portal.services.ledger.post import Entry, post_all
from tests.blueprints.desks import browser
from tests.documents.reading import pages_of
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import give_deposit, give_mileage, make_order

pytestmark = pytest.mark.req("BAL-10")

DEPOSIT = "/account/balances/deposit/KRW"
# In Seoul the second of these is a day later than the first.
BEFORE_MIDNIGHT = datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC)
MIDNIGHT = BEFORE_MIDNIGHT + timedelta(seconds=1)


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status_code
    return answer.text


def balances(html: str) -> list[str]:
    """The column of balances, from above."""
    return re.findall(r'data-label="Balance afterwards" class="num"><span class="money">([^<]+)<', html)


@pytest.fixture
def mall(db: None) -> Mall:
    return make_mall()


@pytest.fixture
def bea(db: None, mall: Mall) -> Person:
    """Her deposit: 50,000 just before midnight in Seoul, an order of 12,900 at midnight, and 700 an hour later."""
    person = make_person("bea")
    with clock.frozen(BEFORE_MIDNIGHT):
        give_deposit(person, 50_000)
    with clock.frozen(MIDNIGHT):
        make_order(person, mall, {make_variant(mall, krw=9_900): 1}, deposit_minor=12_900)
    with clock.frozen(MIDNIGHT + timedelta(hours=1)):
        give_deposit(person, 700)
    return person


def test_every_posting_has_the_balance_after_it_whatever_is_left_out(app: APIFlask, bea: Person) -> None:
    as_bea = browser(app, bea)
    assert balances(page(as_bea, DEPOSIT)) == ["₩37,800", "₩37,100", "₩50,000"]
    assert balances(page(as_bea, f"{DEPOSIT}?what=top_up")) == ["₩37,800", "₩50,000"]
    assert balances(page(as_bea, f"{DEPOSIT}?q=order paid")) == ["₩37,100"]
    assert balances(page(as_bea, f"{DEPOSIT}?q=KR-")) == ["₩37,100"]
    assert balances(page(as_bea, f"{DEPOSIT}?from=2026-11-21")) == ["₩37,800", "₩37,100"]
    assert balances(page(as_bea, f"{DEPOSIT}?until=2026-11-20")) == ["₩50,000"]
    assert "Nothing matches" in page(as_bea, f"{DEPOSIT}?q=100%25")


def test_a_day_ends_at_midnight_of_the_channel(app: APIFlask, bea: Person) -> None:
    as_bea = browser(app, bea)
    for day, amount in (("2026-11-19", "₩0"), ("2026-11-20", "₩50,000"), ("2026-11-21", "₩37,800")):
        assert f"it was {amount}." in page(as_bea, f"{DEPOSIT}?on={day}")
    # The same instants belong to the day before in New York.
    with transaction() as session:
        at = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)  # Midnight of the day on which summer time ends there.
        for number, moment in enumerate(
            (at - timedelta(seconds=1), at, at + timedelta(hours=24, minutes=59, seconds=59))
        ):
            lines = gift_granted(user_id=bea.id, currency="USD", amount_minor=100)
            post_all(session, [Entry(EntryKind.GIFT_GRANTED, f"us:{number}", lines, moment, order_id=bea.id)])
    for day, amount in (("2026-10-31", "$1.00"), ("2026-11-01", "$3.00")):
        assert f"it was {amount}." in page(as_bea, f"/us/account/balances/gift/USD?on={day}")


def test_the_file_and_the_paper_say_the_same_as_the_page(app: APIFlask, bea: Person) -> None:
    as_bea = browser(app, bea)
    file = as_bea.get(f"{DEPOSIT}/history.csv?from=2026-11-21").data.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(file)))
    assert [(row[2], row[4], row[5], row[6]) for row in lines[1:]] == [
        ("Deposit topped up", "KRW", "700", "37800"),
        ("Order paid", "KRW", "-12900", "37100"),
    ]
    text = " ".join(pages_of(as_bea.get(f"{DEPOSIT}/statement.pdf?from=2026-11-21&lang=ko").data))
    for said in ("기초 잔액", "50,000원", "-12,900원", "기말 잔액", "37,800원", "Bea"):
        assert said in text, said


def test_nobody_elses_and_what_is_no_account(app: APIFlask, bea: Person) -> None:
    as_max = browser(app, make_person("max"))
    assert "Nothing has moved yet" in page(as_max, DEPOSIT)
    assert as_max.get("/account/balances/gift/KRW").status_code == 404
    assert as_max.get("/account/balances/seller_payable/KRW").status_code == 404
    assert browser(app).get(DEPOSIT).status_code == 303
    as_bea = browser(app, bea)
    # Arguments that are also names of ours are no reason to fall over.
    assert as_bea.get(f"{DEPOSIT}?kind=x&currency=y&_external=1&q=\x00&on=0000-00-00").status_code == 200
    assert as_bea.get(f"{DEPOSIT}?cursor=nonsense").status_code == 400


def test_pages_follow_one_another_without_a_gap(app: APIFlask, books: None) -> None:
    bea = make_person("bea")
    make_mall()
    now = clock.now()
    give_mileage(bea, 100)
    with transaction() as session:
        entries = [
            Entry(
                EntryKind.GIFT_GRANTED,
                f"n:{number}",
                gift_granted(user_id=bea.id, currency="KRW", amount_minor=1),
                now - timedelta(minutes=number // 2),
                order_id=bea.id,
            )
            for number in range(120)
        ]
        post_all(session, entries)
    as_bea, address, seen = browser(app, bea), "/account/balances/gift/KRW", []
    for _ in range(3):
        html = page(as_bea, address)
        seen += [int(one.removeprefix("₩")) for one in balances(html)]
        found = re.search(r'rel="next" href="([^"]+)"', html)
        address = found[1] if found else ""
    assert seen == list(range(120, 0, -1))
    assert "P" in page(as_bea, "/account/balances")
