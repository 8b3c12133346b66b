"""The status of channels: lags, failures, incidents, and the buttons that mend (CHN-06, CHN-08)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from portal.broker import broker
from portal.db import atomically, transaction
from portal.jobs.propagation import watch_propagation
from portal.jobs.relay import relay_once
from portal.kit import clock
from portal.queries.channels import forget_channels
from portal.services.channels.watch_lag import watch_lag
from portal.services.outbox import Event, emit
from tests.blueprints.desks import browser, fields
from tests.blueprints.pages import HTMX
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.refund import rows
from tests.reading_html import by_id, links, text_of, tree

pytestmark = [pytest.mark.req("CHN-06", "CHN-08"), pytest.mark.usefixtures("books")]


def change(mall: Mall, count: int = 1, *, ago: float = 0) -> None:
    """Changes of a cart on the Korean channel, some seconds ago."""
    at = clock.now() - timedelta(seconds=ago)
    with transaction() as session:
        emit(session, *(Event("cart.seen", f"cart:{n}", channel_id=mall.kr.id) for n in range(count)), now=at)


def post(client: FlaskClient, path: str, **data: str) -> TestResponse:
    token = fields(client.get("/admin/propagation?channel=kr").text)["csrf_token"]
    return client.post(path, data={"csrf_token": token, **data})


def watch(seconds: float = 0) -> bool:
    now = clock.now() + timedelta(seconds=seconds)
    return atomically(lambda s: watch_lag(s, redis_answers=True, now=now))


def test_500_changes_are_told_in_time_and_the_page_says_so(app: APIFlask) -> None:
    mall = make_mall()
    change(mall, 500)
    while relay_once():
        pass
    ada = browser(app, make_person("ada", roles=("admin",)))
    page = ada.get("/admin/propagation?channel=kr").text

    assert rows("SELECT count(*) FROM outbox_event WHERE told_at IS NULL OR told_at - created_at > interval '2 s'") == [
        (0,)
    ]
    assert "500" in page
    assert "cart.seen" in page
    assert 'data-state="fine"' in page
    assert 'id="propagation"' in ada.get("/admin/propagation", headers={**HTMX, "HX-Target": "propagation"}).text


def test_late_changes_open_an_incident_that_people_buyers_and_the_page_see_until_it_is_over(app: APIFlask) -> None:
    mall, ada, bea = make_mall(), make_person("ada", roles=("admin",)), make_person("bea")
    change(mall, ago=5)
    assert watch()
    assert not watch()
    assert rows("SELECT channel_id, cause, late FROM lag_incident") == [(mall.kr.id, "relay", 1)]
    assert rows("SELECT kind, user_id FROM notice") == [("changes_late", ada.id)]
    forget_channels()
    assert "may show here later" in browser(app, bea).get("/").text
    assert "may show here later" not in browser(app, bea).get("/us/").text
    assert "Changes come late" in browser(app, ada).get("/admin/propagation").text

    relay_once()
    assert watch(70)
    forget_channels()
    assert "may show here later" not in browser(app, bea).get("/").text
    assert [kind for (kind,) in rows("SELECT kind FROM notice ORDER BY created_at")] == [
        "changes_late",
        "changes_in_time",
    ]
    assert rows("SELECT count(*) FROM lag_incident WHERE closed_at IS NULL") == [(0,)]


def test_the_watch_of_the_clock_tells_open_desks(app: APIFlask) -> None:
    change(make_mall(), ago=5)
    watch_propagation()
    assert broker.client.xlen("live") == 1
    watch_propagation()
    assert broker.client.xlen("live") == 1


@pytest.mark.ux("A26")
def test_a_failed_event_stands_with_its_cause_and_is_handled_again(app: APIFlask) -> None:
    mall = make_mall()
    change(mall, 2)
    with transaction() as session:
        session.execute(
            text(
                "UPDATE outbox_event SET last_error = 'KeyError: store', attempts = 3,"
                " due_at = now() + interval '1 hour'"
            )
        )
    ada = browser(app, make_person("ada", roles=("admin",)))
    page = ada.get("/admin/propagation?channel=kr").text
    assert "KeyError: store" in page
    shown = tree(page)
    failed = next(row for row in shown.iter("tr") if "KeyError: store" in text_of(row))
    since = next(one for one in failed.iter("td") if one.get("data-label") == "Since")
    assert next(since.iter("time")).get("datetime")
    assert {"Handle all again", "Reconcile the channel"} <= {text_of(one) for one in shown.iter("button")}
    of_channel = next(row for row in shown.iter("tr") if "channel=kr" in " ".join(links(row).values()))
    assert {"State", "Median", "p99"} <= {one.get("data-label") for one in of_channel.iter("td")}
    assert "every 5s" in by_id(shown, "propagation-refresh").get("hx-trigger", "")
    assert "KeyError: store" not in ada.get("/admin/propagation?channel=us").text

    assert post(ada, "/admin/propagation/retry?channel=us").status_code == 303
    assert relay_once() == 0
    assert post(ada, "/admin/propagation/retry?channel=kr", event="1").status_code == 303
    assert relay_once() == 1
    assert post(ada, "/admin/propagation/retry").status_code == 303
    assert relay_once() == 1
    assert ("outbox:retried",) in rows("SELECT action FROM audit_row")


def test_reconciling_derives_the_lists_of_a_channel_anew(app: APIFlask) -> None:
    mall = make_mall()
    make_variant(mall)
    ada = browser(app, make_person("ada", roles=("admin",)))
    assert post(ada, "/admin/propagation/reconciliation?channel=kr").status_code == 303
    assert "Reconciled: 0 lists differed" not in ada.get("/admin/propagation").text
    with transaction() as session:
        session.execute(text("UPDATE listing SET price_from_minor = 1 WHERE channel_id = :kr"), {"kr": mall.kr.id})
    assert post(ada, "/admin/propagation/reconciliation?channel=kr").status_code == 303
    assert "1 lists differed" in ada.get("/admin/propagation").text
    assert rows("SELECT count(*) FROM listing WHERE price_from_minor = 1") == [(0,)]
    assert post(ada, "/admin/propagation/reconciliation").status_code == 303


def test_an_auditor_looks_and_mends_nothing(app: APIFlask) -> None:
    make_mall()
    auditor = browser(app, make_person("aud", roles=("auditor",)))
    page = auditor.get("/admin/propagation?channel=kr")
    assert page.status_code == 200
    assert "Reconcile the channel" not in page.text
