"""The clock's job: rates come in, mistakes are refused and told, and what was told can be looked up (CAT-04)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from portal.cli.check import warn_of_rates
from portal.config import Settings
from portal.db import reading, transaction
from portal.jobs.outbox import handle_events
from portal.jobs.rates import fetch_rates, set_provider
from portal.kit import clock
from portal.kit.rates import BUNDLED
from portal.models import Notice, OutboxEvent, ReferenceRate
from portal.queries.exchange import list_channel_rates, rate_at, shown_rates, use_platform
from portal.rules.fx import LOCKED_FOR, RateMissingError
from tests.blueprints.desks import browser
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.rates import give_rates
from tests.gateways.test_rates import document, serving

pytestmark = [pytest.mark.req("CAT-04"), pytest.mark.usefixtures("db")]


@pytest.fixture(autouse=True)
def _provider(settings: Settings) -> Iterator[None]:
    yield
    set_provider(settings)


def fetch(settings: Settings, body: bytes, status: int = 200) -> None:
    with serving(body, status) as url:
        set_provider(replace(settings, fx_feed_url=url))
        fetch_rates()
    with reading() as session:
        waiting = [event.id for event in session.query(OutboxEvent).filter(OutboxEvent.kind.like("rates.%"))]
    handle_events(waiting)


def day(ago: int = 0) -> str:
    return (clock.now() - timedelta(days=ago + 1)).date().isoformat()


Row = TypeVar("Row", Notice, ReferenceRate)


def rows(model: type[Row]) -> list[Row]:
    with reading() as session:
        return list(session.scalars(select(model)))


def told() -> dict[str, Decimal]:
    return {row.quote: row.rate for row in rows(ReferenceRate)}


def test_without_a_feed_the_bundled_table_is_taken_once(settings: Settings) -> None:
    set_provider(settings)
    first, second = fetch_rates(), fetch_rates()
    assert first is not None
    assert second is not None
    assert (len(first.currencies), len(second.currencies)) == (30, 0)
    assert {row.source for row in rows(ReferenceRate)} == {BUNDLED}
    with reading() as session:
        rate = rate_at(session, source="USD", target="KRW", at=clock.now())
        assert (rate.rate, rate.provider) == (Decimal("1377.73003270"), BUNDLED)
        with pytest.raises(RateMissingError):
            rate_at(session, source="USD", target="KRW", at=datetime(2024, 6, 28, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"<html>", 200, "rates_refused"),
        (document(day(), USD="0", KRW="1474.86"), 200, "rates_refused"),
        (document(day(), USD="-1.07", KRW="1474.86"), 200, "rates_refused"),
        (b"", 500, "rates_missing"),
    ],
)
def test_what_cannot_be_used_changes_nothing_and_administrators_hear_once_a_day(
    settings: Settings, body: bytes, status: int, kind: str
) -> None:
    ada = make_person("ada", roles=("admin",))
    make_person("bea")
    fetch(settings, body, status)
    fetch(settings, body, status)
    assert told() == {}
    assert [(notice.user_id, notice.kind) for notice in rows(Notice)] == [(ada.id, kind)]


def test_a_jump_is_refused_for_its_currency_alone_until_somebody_accepts_it(settings: Settings) -> None:
    make_person("ada", roles=("admin",))
    fetch(settings, document(day(1), USD="1.0", KRW="1400", JPY="160"))
    fetch(settings, document(day(0), USD="1.2", KRW="1681", JPY="127.9"))
    with reading() as session:
        assert rate_at(session, source="EUR", target="USD", at=clock.now()).rate == Decimal("1.2")
        assert rate_at(session, source="EUR", target="KRW", at=clock.now()).rate == 1400
    jumped = sorted(rows(Notice), key=lambda notice: str(notice.params["currency"]))
    assert [(n.kind, n.params["currency"]) for n in jumped] == [("rate_jumped", "JPY"), ("rate_jumped", "KRW")]
    with serving(document(day(0), USD="1.2", KRW="1681", JPY="127.9")) as url:
        set_provider(replace(settings, fx_feed_url=url))
        taken = fetch_rates(accept_jumps=True)
    assert taken is not None
    assert taken.currencies == {"KRW", "JPY"}


def test_a_pair_has_the_rate_of_the_moment_and_pages_keep_the_one_they_showed() -> None:
    now = clock.now()
    give_rates(as_of=now - timedelta(days=2))
    give_rates(as_of=now - timedelta(days=1), fetched_at=now - timedelta(minutes=10), KRW="1540")
    with transaction() as session:
        then = rate_at(session, source="USD", target="KRW", at=now - timedelta(days=1, seconds=1))
        shown = shown_rates(session, source="USD", target="KRW", now=now)
        later = shown_rates(session, source="USD", target="KRW", now=now - timedelta(minutes=10) + LOCKED_FOR)
    assert then.rate == 1300
    assert shown.now.rate == 1400
    assert [rate.rate for rate in shown.locked] == [1300]
    assert later.now == shown.now
    assert not later.locked


def test_administrators_hear_once_a_day_that_a_currency_is_closed(settings: Settings) -> None:
    make_mall(rate_age=timedelta(days=4))
    ada = make_person("ada", roles=("admin",))
    for _ in range(2):
        fetch(settings, document(day(9)))
    assert [(n.user_id, n.kind, n.params) for n in rows(Notice)] == [(ada.id, "rate_stale", {"currency": "USD"})]
    fetch(settings, document(day()))
    with reading() as session:
        assert all(one.is_open for one in list_channel_rates(session, now=clock.now()))


def test_production_without_a_feed_closes_other_currencies_and_says_what_to_do(
    app: APIFlask, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    mall = make_mall(rate_age=None)
    set_provider(replace(settings, fx_feed_url=""))
    use_platform(currency=settings.platform_currency, ageless=())
    try:
        fetch_rates()
        with reading() as session:
            (found,) = list_channel_rates(session, now=clock.now())
            warn_of_rates(session)
        assert (found.channel_id, found.is_open, found.needs_feed) == (mall.us.id, False, True)
        assert "purchases in USD are closed" in capsys.readouterr().out
        ada = browser(app, make_person("ada", roles=("admin",)))
        assert "takes no orders" in ada.get("/admin/?lang=en").text
        assert "FX_FEED_URL" in ada.get("/admin/rates").text
    finally:
        use_platform(currency=settings.platform_currency, ageless={BUNDLED})


def test_elsewhere_the_bundled_table_serves_at_any_age(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    make_mall(rate_age=None)
    set_provider(replace(settings, fx_feed_url=""))
    fetch_rates()
    with reading() as session:
        (found,) = list_channel_rates(session, now=clock.now())
        warn_of_rates(session)
    assert (found.is_open, found.needs_feed, found.closes_at) == (True, False, None)
    assert capsys.readouterr().out == ""
