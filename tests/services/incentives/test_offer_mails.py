"""Offers by mail: only with consent, once a week, outside quiet hours, and ended by one click (INC-03, INC-06)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.db import transaction
from portal.jobs.mails import send_mails, set_mailer
from portal.kit import clock
from portal.models import Mail
from portal.stack import ports
from portal.stack.mailcatcher import MailCatcher
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall
from tests.factories.consent import BY_MAIL, allow_offers
from tests.factories.coupon import make_campaign
from tests.factories.refund import rows
from tests.services.incentives.test_automations import NOON, come, run, started

pytestmark = pytest.mark.req("INC-06")


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def ada(mall: Mall) -> Person:
    return make_person("ada", roles=("admin",))


@pytest.fixture
def catcher(tmp_path: Path, settings: Settings) -> Iterator[MailCatcher]:
    smtp_port = ports.free_port()
    catcher = MailCatcher(tmp_path, smtp_port=smtp_port, http_port=ports.free_port())
    catcher.start()
    set_mailer(replace(settings, smtp_url=f"smtp://127.0.0.1:{smtp_port}"))
    yield catcher
    catcher.stop()
    set_mailer(settings)


def fetched(catcher: MailCatcher, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", catcher.http_port, timeout=10)
    connection.request("GET", path)
    body = connection.getresponse().read().decode()
    connection.close()
    return body


def agree(mall: Mall, *names: str, locale: str | None = None) -> list[Person]:
    people = [make_person(name, locale=locale) for name in names]
    for one in people:
        allow_offers(one.id, mall.kr.id, purposes=BY_MAIL)
    come(mall)
    return people


def by_mail(mall: Mall, ada: Person, told_by: str = "mail", **more: Any) -> int:
    return started(mall, ada, told_by=told_by, people_max=100, **more)


def mailed() -> set[Any]:
    return {user for (user,) in rows("SELECT user_id FROM mail WHERE template = 'offer'")}


def path_of(address: str) -> str:
    return re.sub(r"^https?://[^/]+", "", address)


def test_a_mail_comes_and_one_click_without_signing_in_ends_them(
    mall: Mall, ada: Person, app: APIFlask, catcher: MailCatcher, tmp_path: Path
) -> None:
    number = by_mail(mall, ada, action="coupon", amount_minor=None, campaign_id=make_campaign(distribution="grant"))
    agree(mall, *(f"p{n}" for n in range(8)), locale="ko")
    made = run(number).count(None)
    assert made == len(mailed()) > 0
    assert rows("SELECT count(*) FROM notice") == [(0,)]
    send_mails()
    heads = json.loads(fetched(catcher, "/api/messages"))
    assert len(heads) == made
    assert all(one["subject"].startswith("(광고) ") for one in heads)
    message = json.loads(fetched(catcher, f"/api/messages/{heads[0]['id']}"))
    files = [one.read_bytes() for one in tmp_path.rglob("*.eml")]
    raw = next(one for one in files if heads[0]["recipients"][0].encode() in one)
    head = re.search(rb"^List-Unsubscribe: <([^>\s]+)>\r?$", raw, re.MULTILINE)
    assert head is not None
    assert re.search(rb"^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$", raw, re.MULTILINE)
    address = head.group(1).decode()
    assert address in message["text"]
    assert "수신거부" in message["html"]
    client = app.test_client()
    page = client.get(path_of(address)).text
    assert "혜택 안내 메일 수신거부" in page
    assert rows("SELECT count(*) FROM consent_choice WHERE NOT is_given") == [(0,)]
    for _twice in range(2):
        # As a mail program does it: without cookies, and perhaps twice.
        ended = app.test_client().post(path_of(address), data={"List-Unsubscribe": "One-Click"})
        assert ended.status_code == 200
    assert rows("SELECT source, count(*) FROM consent_choice WHERE NOT is_given GROUP BY 1") == [("mail", 1)]
    english = client.get(re.sub("lang=ko", "lang=en", path_of(address))).text
    assert "You get no offers of this shop by e-mail." in english
    (said,) = rows("SELECT payload FROM audit_row WHERE action = 'consent:chosen' ORDER BY id DESC LIMIT 1")[0]
    assert f"offers_mail:{mall.kr.id}" in said


def test_links_that_were_altered_end_nothing(mall: Mall, ada: Person, app: APIFlask) -> None:
    number = by_mail(mall, ada)
    agree(mall, *(f"p{n}" for n in range(6)))
    run(number)
    with transaction() as session:
        address = session.scalars(select(Mail.unsubscribe).where(Mail.template == "offer").limit(1)).one()
    assert address is not None
    token = path_of(address).rpartition("/")[2].partition("?")[0]
    for wrong in (token[:-2], token[:5] + ("A" if token[5] != "A" else "B") + token[6:], "x", "%ff"):
        answer = app.test_client().post(f"/kr/offers/mails/{wrong}")
        assert answer.status_code == 404
        assert "This link is not complete." in app.test_client().get(f"/kr/offers/mails/{wrong}?lang=en").text
    assert rows("SELECT count(*) FROM consent_choice WHERE NOT is_given") == [(0,)]


def test_each_way_needs_its_own_consent(mall: Mall, ada: Person) -> None:
    number = by_mail(mall, ada, "both")
    belled = {one.id for one in come(mall, *(f"b{n}" for n in range(8)))}
    people = {one.id for one in agree(mall, *(f"m{n}" for n in range(8)))}
    come(mall, "nobody", allow=False)
    run(number)
    made = {user for (user,) in rows("SELECT user_id FROM incentive_assignment WHERE state = 'made'")}
    assert mailed() == made & people != set()
    assert {user for (user,) in rows("SELECT user_id FROM notice")} == made & belled != set()


def test_a_mail_waits_a_week_after_the_last_and_for_the_reader_s_morning(mall: Mall, ada: Person) -> None:
    number = by_mail(mall, ada)
    people = agree(mall, *(f"p{n}" for n in range(8)))
    with transaction() as session:
        for one in people:
            session.execute(
                text(
                    """INSERT INTO notice_preference
                              (user_id, choices, quiet_from, quiet_until, time_zone, channel_id, digested_at)
                       VALUES (:who, '{}', 11, 13, 'Asia/Seoul', :channel, :now)"""
                ),
                {"who": one.id, "channel": mall.kr.id, "now": clock.now()},
            )
    assert set(run(number)) == {"later"}
    assert mailed() == set()
    assert rows("SELECT DISTINCT due_at FROM incentive_assignment WHERE state = 'waiting'") == [
        (NOON + timedelta(hours=1),)
    ]
    later = NOON + timedelta(hours=2)
    assert set(run(number, later)) == {None}
    with transaction() as session:
        session.execute(
            text(
                "UPDATE incentive_assignment SET state = 'waiting', made_at = NULL WHERE id = (SELECT min(id) FROM "
                "incentive_assignment WHERE state = 'made')"
            )
        )
        session.execute(
            text("""INSERT INTO incentive_assignment (automation_id, user_id, arm, state, assigned_at, due_at, made_at)
                    SELECT :other, user_id, 'offer', 'made', :at, :at, :at FROM incentive_assignment
                     WHERE state = 'waiting'"""),
            {"other": by_mail_other(session), "at": later},
        )
    assert run(number, later + timedelta(days=1)) == ["later"]
    assert rows("SELECT due_at FROM incentive_assignment WHERE state = 'waiting'") == [(later + timedelta(days=7),)]


def by_mail_other(session: Session) -> int:
    """A second automation of the same channel that told by mail."""
    columns = """title, channel_id, segment, action, currency, amount_minor, people_max, every_days, window_days,
                 control_bp, quiet_from, quiet_until, told_by, salt, state, author_id, created_at"""
    copied = f"INSERT INTO automation ({columns}) SELECT {columns} FROM automation RETURNING id"  # noqa: S608  # Our own.
    return int(session.scalar(text(copied)))
