"""The page that replays past attempts against a version: what would move, with links, and nothing written (PAY-04)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import transaction
from portal.kit import clock
from tests.blueprints.desks import browser, counted
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, make_gateway, make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("PAY-04")

DAYS = "from=2020-01-01&to=2999-12-31"
PAGE = "/admin/gateways/rules/1/replay"


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    make_gateway("paylink")
    return make_mall()


@pytest.fixture
def twin(mall: Mall) -> int:
    return make_gateway("twin")


@pytest.fixture
def fay(mall: Mall) -> Person:
    return make_person("fay", roles=("finance",))


@pytest.fixture
def client(app: APIFlask, fay: Person) -> FlaskClient:
    return browser(app, fay)


@pytest.fixture
def paid(mall: Mall, twin: int) -> list[MadeOrder]:
    """Three payments by paylink: two of 12,000 won and one of 50,000."""
    bea = make_person("bea")
    return [make_order(bea, mall, {make_variant(mall, krw=krw): 1}) for krw in (12_000, 12_000, 50_000)]


def draft(fay: Person, rules: str) -> None:
    """A version as it is stored."""
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO routing_version (version, rules, note, author_id, created_at)"
                " VALUES (1, CAST(:rules AS jsonb), '', :author, :now)"
            ),
            {"rules": rules, "author": fay.id, "now": clock.now()},
        )


def test_what_would_go_elsewhere_is_shown_with_sums_and_links(
    client: FlaskClient, fay: Person, twin: int, paid: list[MadeOrder]
) -> None:
    draft(fay, f'[{{"targets": [{twin}], "currency": "KRW", "maximum_minor": 20000}}]')
    before = rows("SELECT (SELECT count(*) FROM audit_row), (SELECT max(xmin::text::bigint) FROM payment_attempt)")
    page = client.get(f"{PAGE}?{DAYS}").text
    shown = page.partition('id="result"')[2]
    values = [part.partition("<")[0].strip() for part in shown.split('class="tile-value">')[1:]]
    assert values == ["3", "1", "2", "0"]
    total = sum(one.gateway_minor for one in paid[:2])
    assert f"₩{total:,}" in shown
    assert shown.count("<tr data-sample>") == 2
    for order in paid[:2]:
        assert f'href="/admin/payments/{order.payment_id}"' in shown
    assert str(paid[2].payment_id) not in shown
    assert before == rows(
        "SELECT (SELECT count(*) FROM audit_row), (SELECT max(xmin::text::bigint) FROM payment_attempt)"
    )


def test_the_page_asks_for_days_first_and_bounds_them(
    client: FlaskClient, fay: Person, twin: int, paid: list[MadeOrder]
) -> None:
    draft(fay, f'[{{"targets": [{twin}]}}]')
    today = clock.now().date()
    assert 'id="result"' not in client.get(PAGE).text
    old = client.get(f"{PAGE}?from=2020-01-01&to={today - timedelta(days=2)}").text
    assert "No attempt in these days" in old
    for days, field in (("from=x&to=2026-01-01", "from"), ("from=2026-01-02&to=2026-01-01", "to"), ("from=&to=", "to")):
        answer = client.get(f"{PAGE}?{days}")
        assert (answer.status_code, f'id="{field}-error"' in answer.text) == (422, True)
    assert client.get(f"{PAGE}?from=0001-01-01&to=9999-12-31").status_code == 422
    assert client.get(f"/admin/gateways/rules/9/replay?{DAYS}").status_code == 404


def test_a_day_is_that_of_the_readers_calendar(app: APIFlask, client: FlaskClient, fay: Person, mall: Mall) -> None:
    make_gateway("twin")
    draft(fay, "[]")
    # In Seoul the first is the last second of the 20th, the second the first one of the 21st.
    before = datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC)
    for person, at in (("bea", before), ("max", before + timedelta(seconds=1))):
        with clock.frozen(at):
            make_order(make_person(person), mall, {make_variant(mall): 1})
    for day in ("2026-11-20", "2026-11-21"):
        shown = client.get(f"{PAGE}?from={day}&to={day}").text.partition('id="result"')[2]
        assert shown.partition('class="tile-value">')[2].partition("<")[0].strip() == "1"


def test_decisions_of_earlier_days_are_replayed_as_far_as_they_go(
    client: FlaskClient, fay: Person, twin: int, paid: list[MadeOrder]
) -> None:
    draft(fay, f'[{{"targets": [{twin}]}}]')
    with transaction() as session:
        # One knew names alone, one an account that is gone, one nothing.
        for order, change in zip(
            paid,
            (
                "routing = (SELECT jsonb_agg(one - 'id' - 'priority') FROM jsonb_array_elements(routing) one)",
                'routing = \'[{"account": "gone", "kept": true, "reason": null}]\'',
                "decision = NULL",
            ),
            strict=True,
        ):
            session.execute(
                text(f"UPDATE payment_attempt SET {change} WHERE id = :id"),  # noqa: S608 - sentences of this test
                {"id": order.attempt_id},
            )
    page = client.get(f"{PAGE}?{DAYS}").text
    assert "Attempts that kept too little of their decision to be replayed: 2." in page
    assert page.count("<tr data-sample>") == 1


def test_what_would_stay_says_so(client: FlaskClient, fay: Person, paid: list[MadeOrder]) -> None:
    draft(fay, "[]")
    assert "Nothing would change" in client.get(f"{PAGE}?{DAYS}").text


def test_it_takes_few_statements_however_many_attempts(
    client: FlaskClient, fay: Person, twin: int, paid: list[MadeOrder]
) -> None:
    draft(fay, f'[{{"targets": [{twin}]}}]')
    with counted() as sent:
        client.get(f"{PAGE}?{DAYS}")
    assert len(sent) <= 9


@pytest.mark.req("IDN-02")
def test_who_may_look_replays_and_sees_links_only_to_what_may_be_opened(
    app: APIFlask, fay: Person, twin: int, paid: list[MadeOrder]
) -> None:
    draft(fay, f'[{{"targets": [{twin}]}}]')
    assert browser(app, make_person("oz", roles=("operations",))).get(f"{PAGE}?{DAYS}").status_code == 200
    assert browser(app, make_person("mia", roles=("marketing",))).get(f"{PAGE}?{DAYS}").status_code == 403
