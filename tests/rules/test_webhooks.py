"""How long a receiver is tried, what is told, and what cannot be a webhook (API-02)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.webhooks import (
    EVENT_TYPES,
    FAILING_FOR,
    FAILURES_MAX,
    PAUSES_S,
    REST_MAX_S,
    Message,
    Reach,
    WebhookTerms,
    WebhookUnfitError,
    body_of,
    check_terms,
    gives_up,
    next_try,
    rest_s,
)

pytestmark = pytest.mark.req("API-02")
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@given(st.lists(st.integers(-1000, 1000), min_size=len(PAUSES_S), max_size=len(PAUSES_S)))
def test_a_message_is_tried_for_about_a_day_with_ever_longer_pauses(spreads: list[int]) -> None:
    at, pauses = NOW, []
    for tries, spread in enumerate(spreads, 1):
        again = next_try(tries, now=at, spread=spread)
        assert again is not None
        pauses.append(again - at)
        at = again
    assert pauses == sorted(pauses)
    assert timedelta(hours=21) < at - NOW < timedelta(hours=27)
    assert next_try(len(PAUSES_S) + 1, now=at, spread=0) is None


def test_a_receiver_may_ask_for_more_time_but_not_for_all_of_it() -> None:
    asked = next_try(1, now=NOW, spread=0, retry_after_s=100)
    far = next_try(1, now=NOW, spread=0, retry_after_s=10**9)
    assert (asked, far) == (NOW + timedelta(seconds=100), NOW + timedelta(hours=1))


@given(st.integers(1, 10**6))
def test_an_endpoint_rests_longer_with_each_failure_but_not_for_ever(failures: int) -> None:
    assert 0 < rest_s(failures) <= rest_s(failures + 1) <= REST_MAX_S


def test_it_is_given_up_after_many_failures_over_a_long_time_only() -> None:
    assert gives_up(FAILURES_MAX, failing_since=NOW - FAILING_FOR, now=NOW)
    assert not gives_up(FAILURES_MAX - 1, failing_since=NOW - timedelta(days=1), now=NOW)
    assert not gives_up(FAILURES_MAX * 9, failing_since=NOW - FAILING_FOR + timedelta(seconds=1), now=NOW)


def test_a_body_is_thin_and_the_same_each_time() -> None:
    message = Message("order.paid", 7, "order:abc", {"number": "KR-1"}, NOW)
    assert body_of(message) == body_of(message)
    assert orjson.loads(body_of(message)) == {
        "type": "order.paid",
        "timestamp": "2026-11-28T12:00:00Z",
        "api_version": "v1",
        "sequence": 7,
        "data": {"object": "order", "id": "abc", "number": "KR-1"},
    }


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.com/",
        "example.com/x",
        "https://",
        "https://me:secret@example.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://exa mple.com/",
        "https://example.com\\@10.0.0.1/",
        "https://[::1/",
        "https://example.com/" + "x" * 500,
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_none_is_refused_with_its_field(url: str) -> None:
    with pytest.raises(WebhookUnfitError) as refused:
        check_terms(WebhookTerms("BI", url, ("order.paid",)), Reach.MALL)
    assert set(refused.value.faults) == {"url"}


def test_every_field_is_named_and_a_store_cannot_listen_to_what_is_not_its_business() -> None:
    check_terms(WebhookTerms("BI", "https://example.com:8443/x?y=1", tuple(EVENT_TYPES)[:1]), Reach.MALL)
    with pytest.raises(WebhookUnfitError) as refused:
        check_terms(WebhookTerms("", "x", ("account.frozen",)), Reach.STORE)
    assert set(refused.value.faults) == {"name", "url", "kinds"}
    with pytest.raises(WebhookUnfitError):
        check_terms(WebhookTerms("BI", "https://example.com/", ()), Reach.MALL)
