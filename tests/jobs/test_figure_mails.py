"""Figures of a board that come by mail: once a morning, by what one may at that moment, until one click ends it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from portal.db import atomically, reading
from portal.jobs.exports import make_reports
from portal.jobs.figures import renew_figures
from portal.kit import clock
from portal.models import Mail
from portal.queries.figures import Scope, load_figures
from portal.rules.figures import STORE, Period, Sight
from portal.rules.measures import MEASURES
from portal.rules.reports import MAIL, Every, Report, next_due
from portal.services.exports.ask_export import ExportUnknownError
from portal.services.exports.keep_plans import Wish, set_plan
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.jobs.test_exports import change

pytestmark = [pytest.mark.req("ANA-01", "ANA-02"), pytest.mark.usefixtures("books")]
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture
def mall() -> Mall:
    return make_mall()


@pytest.fixture
def ada() -> Person:
    return make_person("ada", roles=("admin",))


def want(person: Person, sight: Sight, every: Every = Every.DAY) -> None:
    wish = Wish(Report.FIGURES, MAIL, every, "en", "Asia/Seoul", sight)
    atomically(lambda s: set_plan(s, wish=wish, actor=person.actor, now=clock.now()))


def next_morning(every: Every = Every.DAY) -> datetime:
    """One on which the present day is over."""
    today = clock.now().astimezone(SEOUL).date()
    return next_due(every, datetime.combine(today + timedelta(days=1), time(), tzinfo=SEOUL), SEOUL)


def mails() -> list[Mail]:
    with reading() as session:
        return list(session.scalars(select(Mail).where(Mail.template == "figures").order_by(Mail.created_at)))


def test_the_mail_of_a_morning_is_written_once_with_what_was_before(mall: Mall, ada: Person) -> None:
    """In the reader's language, not before the figures are as fresh as the morning, with ways to board and rows."""
    change("UPDATE user_account SET locale = 'ko' WHERE id = :id", id=ada.id)
    goods = make_variant(mall)
    bea = make_person("bea")
    make_order(bea, mall, {goods: 1})
    want(ada, Sight("sales", "KRW"))
    make_reports()
    with clock.frozen(next_morning()):
        make_reports()
        assert mails() == []
        renew_figures()
        for _twice in range(2):
            make_reports()
        [mail] = mails()
        yesterday = clock.now().astimezone(SEOUL).date() - timedelta(days=1)
    days = Period(yesterday, yesterday)
    with reading() as session:
        [sales] = load_figures(session, measures=[MEASURES["sales"]], scope=Scope("KRW"), period=days, beside=None)
    assert sales.now
    assert f"판매: {sales.now:,}원" in mail.body
    assert f"{sales.now:,}원" in (mail.html or "")
    assert "무엇이 팔리고 있나요?" in mail.subject
    assert mail.user_id == ada.id
    board = next(line for line in mail.body.splitlines() if "/admin/figures?" in line)
    asked = parse_qs(urlsplit(board.rpartition(" ")[2]).query)
    assert asked == {"board": ["sales"], "currency": ["KRW"], "from": [str(yesterday)], "until": [str(yesterday)]}
    assert "/admin/figures/rows?of=sales&from=" in mail.body
    assert rows("SELECT next_at > now() FROM report_plan") == [(True,)]


def test_a_link_of_the_mail_opens_what_it_says(app: APIFlask, mall: Mall, ada: Person) -> None:
    make_order(make_person("bea"), mall, {make_variant(mall): 1})
    want(ada, Sight("payments", "KRW", mall.kr.id), Every.WEEK)
    with clock.frozen(next_morning(Every.WEEK)):
        renew_figures()
        make_reports()
    [mail] = mails()
    as_ada = browser(app, ada)
    links = [word for word in mail.body.split() if "/admin/figures" in word]
    assert len(links) == 9  # Eight figures, and the board.
    for link in links:
        found = urlsplit(link)
        assert "channel=kr" in found.query
        assert as_ada.get(f"{found.path}?{found.query}").status_code == 200


def test_of_missed_mornings_only_the_last_one_is_written(mall: Mall, ada: Person) -> None:
    want(ada, Sight("sales", "KRW"))
    change("UPDATE report_plan SET next_at = next_at - interval '5 days'")
    renew_figures()
    for _look in range(3):
        make_reports()
    assert len(mails()) == 1
    assert rows("SELECT next_at > now() FROM report_plan") == [(True,)]


def test_a_store_s_figures_go_to_its_members_as_long_as_they_are(mall: Mall) -> None:
    own, other = mall.store_ids[:2]
    sam = make_person("sam", roles=("seller",), store_ids=(own,))
    with pytest.raises(ExportUnknownError):
        want(sam, Sight(STORE, "KRW", store_id=other))
    with pytest.raises(ExportUnknownError):
        want(sam, Sight("sales", "KRW"))
    make_order(make_person("bea"), mall, {make_variant(mall): 1, make_variant(mall, store=1): 1})
    want(sam, Sight(STORE, "KRW", store_id=own))
    with clock.frozen(next_morning()):
        renew_figures()
        make_reports()
        [mail] = mails()
        [(paid,)] = rows(f"SELECT payable_minor::bigint FROM order_part WHERE store_id = {own}")  # noqa: S608  # Ours.
        assert f"Sales: ₩{paid:,}" in mail.body
        assert "/admin/" not in mail.body
        assert mail.body.count("/seller/figures/rows?of=") == 6
        change("DELETE FROM store_member WHERE user_id = :id", id=sam.id)
        with clock.frozen(next_morning()):
            renew_figures()
            make_reports()
    assert len(mails()) == 1
    assert rows("SELECT ended_at IS NOT NULL FROM report_plan") == [(True,)]
    assert rows("SELECT payload::json->'after'->>'why' FROM audit_row WHERE action = 'report-plan:ended'") == [
        ("permission",)
    ]


def test_one_click_ends_them_without_signing_in(app: APIFlask, mall: Mall, ada: Person) -> None:
    want(ada, Sight("sales", "KRW"))
    with clock.frozen(next_morning()):
        renew_figures()
        make_reports()
    [mail] = mails()
    assert mail.unsubscribe
    assert mail.unsubscribe in mail.body
    path, client = urlsplit(mail.unsubscribe).path, app.test_client()
    assert "Do you want these figures by e-mail no longer?" in client.get(f"{path}?lang=en").text
    assert rows("SELECT ended_at IS NULL FROM report_plan") == [(True,)]
    for wrong in (path[:-2], path[:-30] + "A" * 30, "/figures/mails/x"):
        assert client.post(wrong).status_code == 404
    for _twice in range(2):
        ended = app.test_client().post(f"{path}?lang=en", data={"List-Unsubscribe": "One-Click"})
        assert "These figures come by e-mail no longer." in ended.text
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'report-plan:ended'") == [(1,)]
    assert rows("SELECT ended_at IS NOT NULL FROM report_plan") == [(True,)]


def test_it_is_asked_for_and_ended_where_one_looks(app: APIFlask, mall: Mall, ada: Person) -> None:
    sam = make_person("sam", roles=("seller",), store_ids=mall.store_ids[:1])
    for person, page in ((ada, "/admin/figures?board=risk&channel=kr&lang=en"), (sam, "/seller/figures?lang=en")):
        client = browser(app, person)
        sent = {"csrf_token": fields(client.get(page).text)["csrf_token"], "every": "week"}
        path, _, query = page.partition("?")
        for _twice in range(2):
            assert client.post(f"{path}/mail?{query}", data=sent).status_code == 303
        assert "These figures come by mail: Every Monday." in client.get(page).text
        [(plan_id,)] = rows("SELECT id FROM report_plan WHERE ended_at IS NULL")
        assert client.post(f"{path}/mail/{plan_id}/end?{query}", data=sent).status_code == 303
        assert "These figures come by mail" not in client.get(page).text.partition('id="by-mail"')[2]
    plans = rows("SELECT board, channel_id, store_id FROM report_plan ORDER BY made_at")
    assert plans == [("risk", mall.kr.id, None), ("store", None, mall.store_ids[0])]
