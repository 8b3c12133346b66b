"""What somebody chose is what he hears: off, later, or once a day (NOT-01)."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from portal.db import reading, transaction
from portal.jobs.outbox import handle_events
from portal.jobs.talk import write_digests
from portal.kit import clock
from portal.models import Mail, Notice, OutboxEvent
from portal.queries.notice_wishes import notice_wishes_of
from portal.rules.notice_topics import ByMail, Choice, NoticeWishes, Topic
from portal.rules.tickets import Side
from portal.services.notifications.keep_wishes import keep_notice_wishes
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall
from tests.factories.ticket import answer, make_ticket

pytestmark = pytest.mark.req("NOT-01")


def choose(person: Person, mall: Mall, wishes: NoticeWishes) -> None:
    with transaction() as session:
        keep_notice_wishes(session, user_id=person.id, wishes=wishes, channel_id=mall.kr.id, now=clock.now())


def told(person: Person) -> tuple[int, list[Mail]]:
    """Lines behind somebody's bell, and his mails."""
    with reading() as session:
        ids = list(session.scalars(select(OutboxEvent.id).where(OutboxEvent.handled_at.is_(None))))
    handle_events(ids)
    with reading() as session:
        lines = session.scalars(select(Notice.id).where(Notice.user_id == person.id)).all()
        mails = session.scalars(select(Mail).where(Mail.user_id == person.id).order_by(Mail.created_at)).all()
    return len(lines), list(mails)


def be_answered(bea: Person, ada: Person) -> None:
    answer(make_ticket(bea).id, ada, Side.MALL)


def test_what_is_switched_off_is_not_told_and_nobody_elses_choice_counts(books: None) -> None:
    mall = make_mall()
    bea, kim, ada = make_person("bea"), make_person("kim"), make_person("ada", roles=("admin",))
    choose(bea, mall, NoticeWishes({Topic.TICKETS: Choice(bell=False, mail=ByMail.NEVER)}))
    be_answered(bea, ada)
    be_answered(kim, ada)
    assert told(bea) == (0, [])
    lines, mails = told(kim)
    assert (lines, len(mails)) == (1, 1)


def test_in_quiet_hours_a_mail_waits(books: None) -> None:
    mall = make_mall()
    bea, ada = make_person("bea"), make_person("ada", roles=("admin",))
    hour = clock.now().astimezone(ZoneInfo("Asia/Seoul")).hour
    choose(bea, mall, NoticeWishes(quiet=(hour, (hour + 3) % 24), zone="Asia/Seoul"))
    be_answered(bea, ada)
    lines, mails = told(bea)
    assert lines == 1
    assert mails[0].due_at.astimezone(ZoneInfo("Asia/Seoul")).hour == (hour + 3) % 24


def test_a_digest_counts_what_came_and_comes_once_a_day_if_anything_did(books: None) -> None:
    mall = make_mall()
    bea, ada = make_person("bea", locale="ko"), make_person("ada", roles=("admin",))
    choose(bea, mall, NoticeWishes({Topic.TICKETS: Choice(bell=False, mail=ByMail.DIGEST)}, zone="Asia/Seoul"))
    be_answered(bea, ada)
    be_answered(bea, ada)
    lines, mails = told(bea)
    assert (lines, mails) == (2, [])
    for days, count in ((1, 1), (1, 1), (2, 1), (3, 1)):
        with clock.frozen(clock.now() + timedelta(days=days)):
            write_digests()
        _lines, mails = told(bea)
        assert len(mails) == count
    assert mails[0].template == "digest"
    assert "문의: 2" in mails[0].body


def test_the_page_keeps_what_was_chosen(app: APIFlask, db: None) -> None:
    make_mall()
    bea = make_person("bea")
    client, page = browser(app, bea), "/account/notices/choices"
    shown = client.get(page)
    assert "Work on the desk" not in shown.text
    typed = {
        "bell-tickets": "y",
        "mail-tickets": "digest",
        "mail-goods": "nonsense",
        "quiet_from": "22",
        "quiet_until": "7",
    }
    answered = client.post(page, data=fields(shown.text) | typed)
    assert answered.status_code == 303
    with reading() as session:
        wishes = notice_wishes_of(session, bea.id)
    assert wishes.quiet == (22, 7)
    assert wishes.of(Topic.TICKETS) == Choice(bell=True, mail=ByMail.DIGEST)
    assert wishes.of(Topic.GOODS) == Choice(bell=False, mail=ByMail.NOW)
    again = client.get(page).text
    assert '<option value="digest" selected>' in again
    assert '<option value="22" selected>' in again
    client.post(page, data=fields(again) | {"quiet_from": "99", "quiet_until": "7"})
    with reading() as session:
        assert notice_wishes_of(session, bea.id).quiet is None
