"""The mail catcher, spoken to as the portal and a browser do."""

import http.client
import json
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from portal.stack import ports
from portal.stack.mailcatcher import MailCatcher


class Browser:
    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, path: str, *, host: str | None = None) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        connection.request("GET", path, headers={"Host": host} if host else {})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response, body


def send(port: int, *, to: str, subject: str = "영수증: 주문 KR-7F3K9Q2MXA", html: str = "<b>고맙습니다</b>") -> None:
    message = EmailMessage()
    message["From"] = "Portal <no-reply@portal.example>"
    message["To"] = to
    message["Subject"] = subject
    message.set_content("고맙습니다. 15,000원")
    message.add_alternative(html, subtype="html")
    message.add_attachment(b"%PDF-1.7 \x00\xff", maintype="application", subtype="pdf", filename="영수증.pdf")
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.send_message(message)


def test_a_korean_message_with_an_attachment_comes_back_as_it_was_sent(
    catcher: MailCatcher, smtp_port: int, browser: Browser
) -> None:
    send(smtp_port, to="bea@example.com")

    [line] = json.loads(browser.get("/api/messages")[1])
    assert line["subject"] == "영수증: 주문 KR-7F3K9Q2MXA"
    assert line["recipients"] == ["bea@example.com"]
    message = json.loads(browser.get(f"/api/messages/{line['id']}")[1])
    assert message["text"].strip() == "고맙습니다. 15,000원"
    assert "<b>고맙습니다</b>" in message["html"]
    assert message["attachments"] == [{"filename": "영수증.pdf", "type": "application/pdf", "size": 11}]
    response, content = browser.get(f"/messages/{line['id']}/files/0")
    assert content == b"%PDF-1.7 \x00\xff"
    disposition = response.getheader("Content-Disposition")
    assert disposition is not None
    assert disposition.startswith("attachment;")


def test_the_list_is_newest_first_and_narrows_to_a_recipient(
    catcher: MailCatcher, smtp_port: int, browser: Browser
) -> None:
    send(smtp_port, to="bea@example.com", subject="first")
    send(smtp_port, to="sam@example.com", subject="second")

    assert [line["subject"] for line in json.loads(browser.get("/api/messages")[1])] == ["second", "first"]
    assert [line["subject"] for line in json.loads(browser.get("/api/messages?to=BEA%40")[1])] == ["first"]
    page = browser.get("/?to=bea")[1].decode()
    assert "first" in page
    assert "second" not in page


def test_a_message_cannot_run_anything_in_the_page(catcher: MailCatcher, smtp_port: int, browser: Browser) -> None:
    send(smtp_port, to="bea@example.com", subject="<script>alert(1)</script>", html="<script>alert(2)</script>")

    [line] = json.loads(browser.get("/api/messages")[1])
    page = browser.get(f"/messages/{line['id']}")[1].decode()
    assert "<script>" not in page
    assert "<iframe sandbox " in page
    response, _ = browser.get(f"/messages/{line['id']}/html")
    policy = response.getheader("Content-Security-Policy") or ""
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize(
    "path", ["/messages/../../etc/passwd", "/messages/0001", "/api/messages/%2e%2e%2fsecrets", "/x"]
)
def test_what_is_no_message_is_not_found(browser: Browser, path: str) -> None:
    assert browser.get(path)[0].status == 404


def test_a_page_of_another_name_may_not_read_mail(browser: Browser) -> None:
    assert browser.get("/api/messages", host="evil.example:8003")[0].status == 403


def test_mail_is_still_there_after_a_restart(tmp_path: Path) -> None:
    for expected in (1, 2):
        smtp_port, http_port = ports.free_port(), ports.free_port()
        catcher = MailCatcher(tmp_path, smtp_port=smtp_port, http_port=http_port)
        catcher.start()
        try:
            send(smtp_port, to="bea@example.com")
            assert len(json.loads(Browser(http_port).get("/api/messages")[1])) == expected
        finally:
            catcher.stop()


@pytest.fixture
def smtp_port() -> int:
    return ports.free_port()


@pytest.fixture
def catcher(tmp_path: Path, smtp_port: int) -> Iterator[MailCatcher]:
    catcher = MailCatcher(tmp_path, smtp_port=smtp_port, http_port=ports.free_port())
    catcher.start()
    yield catcher
    catcher.stop()


@pytest.fixture
def browser(catcher: MailCatcher) -> Browser:
    return Browser(catcher.http_port)
