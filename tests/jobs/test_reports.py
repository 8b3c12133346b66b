"""Reports that come regularly: made once a morning in the name of who wants them, mailed, kept (ANA-04)."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from portal.config import Settings
from portal.db import atomically
from portal.jobs.exports import make_list, make_reports
from portal.jobs.webhooks import allow_targets
from portal.kit import clock
from portal.models import ListExport
from portal.rules.reports import Every, Report, next_due
from portal.services.exports.ask_export import ExportUnknownError
from portal.services.exports.keep_plans import LISTING_OF, Wish, end_plan, set_plan
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.factories.webhook import handle_waiting, make_hook
from tests.jobs.test_exports import change, lines
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.req("ANA-04"), pytest.mark.usefixtures("books")]


@pytest.fixture
def mall() -> Mall:
    return make_mall()


@pytest.fixture
def ada() -> Person:
    return make_person("ada", roles=("admin",))


def want(person: Person, report: str, every: str = "day") -> uuid.UUID | None:
    wish = Wish(report, "csv", every, "en", "Asia/Seoul")
    return atomically(lambda s: set_plan(s, wish=wish, actor=person.actor, now=clock.now()))


def let_morning_come() -> None:
    """As if everything was wanted a day before, and this morning were the next."""
    change("UPDATE report_plan SET next_at = :at", at=clock.now() - timedelta(seconds=1))
    make_reports()


def made() -> list[uuid.UUID]:
    return [one for (one,) in rows("SELECT id FROM list_export ORDER BY asked_at, id")]


@pytest.mark.parametrize("report", list(LISTING_OF))
def test_each_report_is_made_once_a_morning_and_told_by_mail(mall: Mall, ada: Person, report: Report) -> None:
    make_order(make_person("bea"), mall, {make_variant(mall): 1})
    want(ada, report)
    make_reports()
    assert made() == []
    let_morning_come()
    make_reports()
    [export_id] = made()
    make_list(str(export_id))
    handle_waiting()
    [(state, listing, days)] = rows("SELECT state, listing, extract(day FROM expires_at - made_at) FROM list_export")
    assert (state, listing, int(days)) == ("ready", LISTING_OF[report], 400)
    [(name,)] = rows("SELECT name FROM list_export")
    assert re.fullmatch(rf"{report.value}-\d{{4}}-\d\d-\d\d\.(csv|xlsx|pdf)", name)
    assert rows("SELECT count(*) FROM mail WHERE template = 'report' AND user_id = :u", u=ada.id) == [(1,)]
    assert rows("SELECT next_at > now() FROM report_plan") == [(True,)]


def test_programs_hear_of_it_signed_and_thinly(
    mall: Mall, ada: Person, sandbox_server: Sandbox, settings: Settings
) -> None:
    allow_targets(replace(settings, webhook_targets=(f"127.0.0.1:{urlsplit(sandbox_server.url).port}",)))
    make_order(make_person("bea"), mall, {make_variant(mall): 1})
    hook = make_hook(sandbox_server, kinds=["report.ready"])
    want(ada, "journal")
    let_morning_come()
    [export_id] = made()
    make_list(str(export_id))
    handle_waiting()
    hook.send()
    allow_targets(settings)
    [told] = [one["data"] for one in hook.bodies]
    [(done, sha256)] = rows("SELECT done, sha256 FROM list_export")
    assert told == {"object": "export", "id": str(export_id), "report": "journal", "rows": done, "sha256": sha256}


def test_the_journal_is_of_the_days_before(mall: Mall, ada: Person) -> None:
    make_order(make_person("bea"), mall, {make_variant(mall): 1})
    want(ada, "journal")
    let_morning_come()
    change("UPDATE report_plan SET next_at = :at", at=clock.now() - timedelta(seconds=1))
    [today] = made()
    make_list(str(today))
    assert lines(today) == []


@pytest.mark.parametrize(("report", "wanted"), [(Report.JOURNAL, 3), (Report.LIABILITY, 1)])
def test_days_that_were_missed_are_made_up_for(mall: Mall, ada: Person, report: Report, wanted: int) -> None:
    want(ada, report)
    first = next_due(Every.DAY, clock.now() - timedelta(days=3), ZoneInfo("Asia/Seoul"))
    change("UPDATE report_plan SET next_at = :at", at=first)
    for _look in range(wanted + 2):
        make_reports()
    filters = atomically(lambda s: list(s.scalars(select(ListExport.chosen))))
    assert len(filters) == len(set(filters)) == wanted
    assert rows("SELECT next_at > now() FROM report_plan") == [(True,)]


def test_who_has_lost_the_permission_gets_nothing_more(mall: Mall, ada: Person) -> None:
    want(ada, "journal")
    change("UPDATE user_account SET roles = '{buyer}' WHERE id = :id", id=ada.id)
    let_morning_come()
    assert made() == []
    assert rows("SELECT ended_at IS NOT NULL FROM report_plan") == [(True,)]


def test_only_who_wants_it_ends_it(mall: Mall, ada: Person) -> None:
    plan_id = want(ada, "journal")
    assert plan_id is not None
    fin = make_person("fin", roles=("finance",))
    with pytest.raises(ExportUnknownError):
        atomically(lambda s: end_plan(s, plan_id=plan_id, actor=fin.actor, now=clock.now()))
    atomically(lambda s: end_plan(s, plan_id=plan_id, actor=ada.actor, now=clock.now()))
    let_morning_come()
    assert made() == []


def test_a_report_is_wanted_on_the_page_as_far_as_one_may(app: APIFlask, mall: Mall) -> None:
    as_mia = browser(app, make_person("mia", roles=("marketing",)))
    page = as_mia.get("/admin/exports").text
    assert 'value="tax"' in page
    assert 'value="journal"' not in page
    sent = {"csrf_token": fields(page)["csrf_token"], "every": "month", "format": "xlsx"}
    assert as_mia.post("/admin/exports/plans", data=sent | {"report": "journal"}).status_code == 404
    assert as_mia.post("/admin/exports/plans", data=sent | {"report": "tax", "every": "hour"}).status_code == 303
    assert rows("SELECT count(*) FROM report_plan") == [(0,)]
    assert as_mia.post("/admin/exports/plans", data=sent | {"report": "tax"}).status_code == 303
    assert "On the first of a month" in as_mia.get("/admin/exports").text.partition('<form class="panel')[0]
    [(plan_id,)] = rows("SELECT id FROM report_plan")
    as_mia.post(f"/admin/exports/plans/{plan_id}/end", data=sent)
    assert "None comes regularly yet." in as_mia.get("/admin/exports").text
