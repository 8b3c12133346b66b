"""Mails go out one by one: what one address or one server says is never the reason that others wait (NOT-01)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from portal.config import Settings
from portal.db import atomically, transaction
from portal.jobs.documents import issue_documents
from portal.jobs.mails import send_mails, set_mailer
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import Mail
from portal.rules.mailing import TRIES_MAX
from portal.rules.notice_topics import NoticeWishes
from portal.rules.permissions import SYSTEM
from portal.services.documents.want_document import want_receipt
from portal.services.notifications.keep_wishes import keep_notice_wishes
from portal.services.notifications.send_again import MailOnceOnlyError, send_again, send_given_up_again
from portal.stack import ports
from tests.documents.reading import pages_of
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("NOT-01"), pytest.mark.usefixtures("books")]


@dataclass
class Server:
    """A mail server that answers some addresses as it is told, and remembers whom it served."""

    refuses: dict[str, str] = field(default_factory=dict)
    spoils: dict[str, str] = field(default_factory=dict)
    served: list[str] = field(default_factory=list)
    received: dict[str, EmailMessage] = field(default_factory=dict)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802  # aiosmtpd's name.
        envelope.rcpt_tos.append(address)
        return self.refuses.get(address, "250 OK")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name.
        (address,) = envelope.rcpt_tos
        if address in self.spoils:
            return self.spoils[address]
        self.served.append(address)
        self.received[address] = message_from_bytes(envelope.content, EmailMessage, policy=default)
        return "250 Kept"


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    handler, port = Server(), ports.free_port()
    controller = Controller(handler, "127.0.0.1", port)
    controller.start()
    set_mailer(replace(settings, smtp_url=f"smtp://127.0.0.1:{port}"))
    yield handler
    controller.stop()
    set_mailer(settings)


def write(*recipients: str, **more: Any) -> None:
    """Mails that are due, in this order."""
    now = clock.now()
    with transaction() as session:
        for place, recipient in enumerate(recipients):
            values = {
                "template": "receipt",
                "subject": "Receipt",
                "body": "Thank you.",
                "created_at": now,
                "due_at": now - timedelta(seconds=len(recipients) - place),
            }
            session.add(Mail(id=new_id(), dedup_key=f"t:{recipient}", recipient=recipient, **{**values, **more}))


def unsent() -> list[tuple[bool, str]]:
    found = rows(
        "SELECT given_up_at IS NOT NULL, left(last_error, 3) FROM mail WHERE sent_at IS NULL ORDER BY dedup_key"
    )
    return [(given_up, error) for given_up, error in found]


def due_in() -> timedelta:
    (due,) = rows("SELECT due_at FROM mail WHERE sent_at IS NULL")[0]
    assert isinstance(due, datetime)
    return due - clock.now()


def test_those_behind_a_refused_address_are_served_and_it_is_given_up(server: Server) -> None:
    server.refuses["gone@example.com"] = "550 No such user"
    server.spoils["full@example.com"] = "452 Mailbox full"
    write("gone@example.com", "full@example.com", "bad\nname@example.com", "ada@example.com", "bea@example.com")
    send_mails()
    assert sorted(server.served) == ["ada@example.com", "bea@example.com"]
    assert unsent() == [(True, "Val"), (False, "452"), (True, "550")]  # Of bad, full and gone.
    server.refuses.clear()
    send_mails()
    assert "gone@example.com" not in server.served


@pytest.mark.parametrize(
    "forged",
    [
        {"subject": "Receipt\r\nBcc: eve@example.com"},
        {"unsubscribe": "https://portal.example/u\r\nBcc: eve@example.com"},
        {"sender": "Mall\r\nBcc: eve@example.com"},
    ],
)
def test_nobody_writes_lines_of_his_own_into_the_head(server: Server, forged: dict[str, str]) -> None:
    write("ada@example.com", **forged)
    send_mails()
    assert not server.served
    assert unsent() == [(True, "Val")]


def test_a_mail_of_a_channel_comes_in_its_name(server: Server) -> None:
    write("ada@example.com")
    write("bea@example.com", sender="포털몰, Seoul")
    send_mails()
    assert {address: str(message["From"]) for address, message in server.received.items()} == {
        "ada@example.com": "Portal <no-reply@portal.example>",
        "bea@example.com": '"포털몰, Seoul" <no-reply@portal.example>',
    }


def test_text_page_and_paper_are_read_as_they_were_written(server: Server) -> None:
    mall = make_mall()
    order = make_order(make_person("bea"), mall, {make_variant(mall): 1})
    with transaction() as session:
        want_receipt(session, order_id=order.id, now=clock.now())
    issue_documents()
    ((document_id, label),) = rows("SELECT id, label FROM document")
    subject, link = "영수증 " * 20 + "끝", "https://portal.example/" + "u" * 200
    text, page = "안녕하세요,\n\n" + "길고 긴 " * 200 + "\n.\n", "<p>안녕하세요</p>\n"
    write("백비아@example.com", subject=subject, body=text, html=page, document_id=document_id, unsubscribe=link)
    send_mails()
    message = server.received["백비아@example.com"]
    assert not any(part.defects for part in message.walk())
    assert (message["Subject"], message["List-Unsubscribe"]) == (subject, f"<{link}>")
    for kind, said in (("plain", text), ("html", page)):
        body = message.get_body([kind])
        assert body is not None
        assert body.get_content().splitlines() == said.splitlines()
    (paper,) = message.iter_attachments()
    assert (paper.get_filename(), paper.get_content_type()) == (f"{label}.pdf", "application/pdf")
    (printed,) = pages_of(paper.get_content())
    assert label in printed


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(settings: Settings) -> None:
    port = ports.free_port()
    controller = Controller(Server(), "127.0.0.1", port, enable_SMTPUTF8=False)
    controller.start()
    set_mailer(replace(settings, smtp_url=f"smtp://127.0.0.1:{port}"))
    write("백비아@example.com")
    send_mails()
    controller.stop()
    set_mailer(settings)
    assert [given_up for given_up, _ in unsent()] == [True]


def test_a_server_that_goes_away_keeps_all_waiting_and_gives_none_up(server: Server, settings: Settings) -> None:
    write("ada@example.com", "bea@example.com")
    set_mailer(replace(settings, smtp_url=f"smtp://127.0.0.1:{ports.free_port()}"))
    send_mails()
    assert [given_up for given_up, _ in unsent()] == [False, False]
    assert due_in() <= timedelta(seconds=3)


def test_a_slow_server_is_served_in_pieces_and_nobody_twice(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.jobs.mails.LEASE", timedelta(0))  # Every mail takes longer than the lease.
    people = [f"{name}@example.com" for name in ("ada", "bea", "cho")]
    write(*people)
    send_mails()
    assert sorted(server.served) == people
    assert rows("SELECT max(attempts) FROM mail") == [(1,)]


def test_after_days_in_vain_it_is_given_up_and_a_person_may_send_it_again(server: Server) -> None:
    server.refuses["ada@example.com"] = "450 Later"
    write("ada@example.com", attempts=TRIES_MAX - 1)
    send_mails()
    assert unsent() == [(True, "450")]
    server.refuses.clear()
    send_mails()
    assert server.served == []
    assert atomically(lambda s: send_given_up_again(s, actor=SYSTEM, now=clock.now())) == 1
    send_mails()
    assert server.served == ["ada@example.com"]
    (found,) = rows("SELECT id FROM mail")[0]
    atomically(lambda s: send_again(s, mail_id=found, actor=SYSTEM, now=clock.now()))
    send_mails()
    assert server.served == ["ada@example.com"] * 2
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'mail:sent-again'") == [(2,)]


def test_a_code_that_arrived_is_not_sent_again(server: Server) -> None:
    write("ada@example.com", template="step_up_code")
    send_mails()
    (found,) = rows("SELECT id FROM mail")[0]
    with pytest.raises(MailOnceOnlyError):
        atomically(lambda s: send_again(s, mail_id=found, actor=SYSTEM, now=clock.now()))


def test_the_next_try_waits_for_the_end_of_quiet_hours(server: Server) -> None:
    server.refuses["ada@example.com"] = "450 Later"
    ada, now = make_person("ada"), clock.now()
    # From now on for three hours.
    wishes = NoticeWishes(quiet=(now.hour, (now.hour + 3) % 24))
    channel_id = make_mall().kr.id
    atomically(lambda s: keep_notice_wishes(s, user_id=ada.id, wishes=wishes, channel_id=channel_id, now=now))
    write("ada@example.com", template="shipment", user_id=ada.id)
    send_mails()
    assert timedelta(hours=1, minutes=59) < due_in() <= timedelta(hours=3)
