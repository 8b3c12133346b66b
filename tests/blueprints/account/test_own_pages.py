"""One's own pages: profile, devices, addresses, notices, preferences, links in mails."""

from __future__ import annotations

import html
import re
import uuid
from html import unescape
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.blueprints.account.notice_words import WORDS
from portal.db import reading, transaction
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import Address, Notice, OutboxEvent, User, WebSession
from portal.rules.notices import NoticeKind
from portal.services.accounts.reset_password import reset_link
from portal.services.accounts.throttle import throttle
from portal.services.accounts.verify_email import verification_link
from tests.blueprints.pages import HTMX, send, sign_in, without_tokens
from tests.factories.account import ADDRESS_KR, ADDRESS_US, Person, make_person, make_session
from tests.factories.cart import Mall, make_mall

OWN = (
    "/account",
    "/account/methods",
    "/account/sessions",
    "/account/security",
    "/account/addresses",
    "/account/addresses/new",
    "/account/notices",
)


def test_a_visitor_is_asked_to_sign_in(client: FlaskClient, mall: Mall) -> None:
    for address in OWN:
        answer = client.get(address)
        assert (answer.status_code, answer.location) == (303, f"/sign-in?next={address}")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_page_has_one_heading_and_its_language(client: FlaskClient, bea: Person, language: str) -> None:
    for address in (*OWN, "/preferences"):
        page = client.get(f"{address}?lang={language}")
        assert page.status_code == 200, address
        assert f'<html lang="{language}"' in page.text, address
        assert len(re.findall(r"<h1\b", page.text)) == 1, address
        assert 'hx-history="false"' in page.text, address


def test_the_name_can_be_changed(client: FlaskClient, bea: Person) -> None:
    assert send(client, "/account", {"name": "  Bea  Lee "}, page="/account").status_code == 303
    assert "Hello, Bea Lee" in client.get("/account").text
    refused = send(client, "/account", {"name": "x" * 101}, page="/account")
    assert refused.status_code == 422
    assert "at most 100 characters" in refused.text


@pytest.mark.req("IDN-03")
def test_the_devices_are_listed_and_can_be_signed_out(app: APIFlask, client: FlaskClient, bea: Person) -> None:
    other = app.test_client()
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 16) Chrome/141.0 Mobile Safari/537.36"}
    send(other, "/sign-in", {"email": bea.email, "password": "correct horse battery"}, headers=phone)
    page = client.get("/account/sessions").text
    assert "Chrome · Android" in page
    assert page.count("This device") == 1
    here, there = re.findall(r'action="(/account/sessions/[^"]+/revocation)"', page)
    assert send(client, there, page="/account/sessions").status_code == 303
    assert other.get("/account").status_code == 303
    assert client.get("/account").status_code == 200
    assert send(client, here, page="/account/sessions").location == "/sign-in"
    assert client.get("/account").status_code == 303


@pytest.mark.req("IDN-03")
def test_signing_out_everywhere_ends_this_browser_too(app: APIFlask, client: FlaskClient, bea: Person) -> None:
    other = app.test_client()
    sign_in(other)
    send(client, "/account/sessions/revocation", page="/account/sessions")
    assert {browser.get("/account").status_code for browser in (client, other)} == {303}


@pytest.mark.req("IDN-02")
def test_what_is_anothers_is_not_there(client: FlaskClient, bea: Person) -> None:
    stranger = make_person("max")
    _, session_id = make_session(stranger)
    address_id, notice_id = add_address(stranger), add_notice(stranger)
    for foreign, data in (
        (f"/account/sessions/{session_id}/revocation", {}),
        (f"/account/addresses/{address_id}", ADDRESS_US),
        (f"/account/addresses/{address_id}/removal", {}),
        (f"/account/notices/{notice_id}/reading", {}),
        (f"/account/addresses/{uuid.uuid4()}/removal", {}),
    ):
        assert send(client, foreign, data, page="/account").status_code == 404
    assert client.get(f"/account/addresses/{address_id}").status_code == 404
    with reading() as session:
        assert session.get_one(WebSession, session_id).revoked_at is None
        assert session.get_one(Notice, notice_id).read_at is None
        assert session.get_one(Address, address_id).country == "KR"


def test_an_address_is_added_changed_and_removed(client: FlaskClient, bea: Person) -> None:
    new = "/account/addresses/new"
    assert send(client, new, ADDRESS_KR | {"phone": "０１０ 1234 5678"}, page=new).status_code == 303
    page = client.get("/account/addresses").text
    assert "(04524) 서울특별시 중구 세종대로 110 3층" in page
    assert "010-1234-5678" in page
    found = re.search(r'href="(/account/addresses/[0-9a-f-]{36})"', page)
    assert found
    assert 'value="04524"' in client.get(found[1]).text
    send(client, found[1], ADDRESS_US, page=found[1])
    assert "New York, NY 10001" in client.get("/account/addresses").text
    send(client, f"{found[1]}/removal", page="/account/addresses")
    assert "No address yet" in client.get("/account/addresses").text


@pytest.mark.req("IDN-03")
def test_three_faults_are_three_links_and_nothing_typed_is_lost(client: FlaskClient, bea: Person) -> None:
    new = "/account/addresses/new"
    wrong = ADDRESS_KR | {"phone": "12", "postcode": "1", "name": ""}
    answer = send(client, new, wrong, page=new)
    assert answer.status_code == 422
    summary = answer.text[answer.text.index('id="error-summary"') :]
    summary = summary[: summary.index("</ul>")]
    assert re.findall(r'href="#(\w+)"', summary) == ["name", "phone", "postcode"]
    assert answer.text.count('aria-invalid="true"') == 3
    assert "A Korean postcode has 5 digits, such as 04524." in answer.text
    assert ADDRESS_KR["line1"] in unescape(answer.text)
    assert "<title>Error: " in answer.text


@pytest.mark.req("NOT-01")
def test_the_bell_counts_and_is_emptied(client: FlaskClient, bea: Person) -> None:
    notices = [add_notice(bea, number) for number in range(3)]
    assert re.search(r'id="bell"[^>]*aria-label="Notices, 3 unread"', client.get("/account").text)
    bell = client.get("/account/notices", headers=HTMX | {"HX-Target": "bell"})
    assert bell.text.lstrip().startswith('<a class="tool" id="bell"')
    opened = send(client, f"/account/notices/{notices[0]}/reading", page="/account/notices")
    assert (opened.status_code, opened.location) == (303, "/account/orders/KR-0")
    assert ">2<" in client.get("/account/notices/bell", headers=HTMX).text
    answer = send(client, "/account/notices/reading", page="/account/notices", headers=HTMX)
    assert answer.text.lstrip().startswith('<div id="notices"')
    assert re.search(r'id="bell"[^>]*hx-swap-oob="true"', answer.text)
    assert re.search(r'id="bell"[^>]*aria-label="Notices, 0 unread"', client.get("/account").text)


def test_every_notice_has_words_of_its_own(client: FlaskClient, bea: Person) -> None:
    for number, kind in enumerate(NoticeKind):
        wanted = re.findall(r"%\((\w+)\)s", WORDS[kind][1])
        facts = dict.fromkeys(wanted, f"KR-{number}") | {"points": 1_200, "day": "2026-12-01", "step": "ship"}
        add_notice(bea, number, kind=kind, params=facts)
    assert set(WORDS) == set(NoticeKind)
    pages, following = [], "/account/notices"
    while following:
        pages.append(client.get(following).text)
        link = re.search(r'rel="next" href="([^"]+)"', pages[-1])
        following = html.unescape(link[1]) if link else ""
    assert not any("There is news for you." in page for page in pages)
    assert "Order KR-0 is paid." in pages[-1]
    assert any("Not sent in time: KR-" in page for page in pages)  # Not the same words for each step.


def test_a_notice_of_an_unknown_kind_is_still_readable(client: FlaskClient, bea: Person) -> None:
    add_notice(bea, kind="of.tomorrow")
    add_notice(bea, 2, kind="order_paid", params={})
    assert client.get("/account/notices").text.count("There is news for you.") >= 2


def test_language_and_theme_follow_the_person_to_another_browser(
    app: APIFlask, client: FlaskClient, bea: Person
) -> None:
    answer = send(client, "/preferences", {"theme": "dark", "lang": "ko", "next": "/account"}, page="/account")
    assert (answer.status_code, answer.location) == (303, "/account")
    other = app.test_client()
    sign_in(other)
    page = other.get("/account").text
    assert '<html lang="ko" data-bs-theme="dark"' in page


def test_a_visitor_chooses_for_his_browser(client: FlaskClient, mall: Mall) -> None:
    send(client, "/preferences", {"theme": "dark"}, page="/preferences")
    assert 'data-bs-theme="dark"' in client.get("/sign-in").text
    send(client, "/preferences", {"lang": "ko"}, page="/preferences")
    assert '<html lang="ko" data-bs-theme="dark"' in client.get("/sign-in").text
    with reading() as session:
        assert session.scalars(select(WebSession.id)).all() == []


@pytest.mark.parametrize("wrong", [{"theme": "neon"}, {"lang": "xx"}, {"lang": "../etc"}])
def test_what_was_not_offered_cannot_be_chosen(client: FlaskClient, mall: Mall, wrong: dict[str, str]) -> None:
    assert send(client, "/preferences", wrong, page="/preferences").status_code == 422


@pytest.mark.req("IDN-03")
def test_asking_for_a_new_password_answers_everybody_alike(client: FlaskClient, mall: Mall) -> None:
    bea = make_person("bea")
    pages = []
    for email in (bea.email, "nobody@example.com"):
        answer = send(client, "/password-reset", {"email": email}, page="/password-reset")
        assert (answer.status_code, answer.location) == (303, "/password-reset/sent")
        pages.append(without_tokens(client.get(answer.location).text))
    assert pages[0] == pages[1]
    with reading() as session:
        assert session.scalars(select(OutboxEvent.profile_id)).all() == [bea.id]


@pytest.mark.req("IDN-03")
def test_mails_for_new_passwords_are_limited(client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    for email in ("bea@example.com", "nobody@example.com"):
        answers = [send(client, "/password-reset", {"email": email}, page="/password-reset") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
        assert int(answers[3].headers["Retry-After"]) > 0


@pytest.mark.req("IDN-03")
def test_the_link_sets_the_password_and_signs_out_everywhere(app: APIFlask, client: FlaskClient, bea: Person) -> None:
    with reading() as session:
        token = reset_link(session, user_id=bea.id, now=clock.now())
    page, browser = f"/account/reset/{token}", app.test_client()
    assert 'autocomplete="new-password"' in browser.get(page).text
    assert send(browser, page, {"password": "short"}, page=page).status_code == 422
    done = send(browser, page, {"password": "a brand new phrase"}, page=page)
    assert (done.status_code, done.location) == (303, "/sign-in")
    assert client.get("/account").status_code == 303
    assert browser.get(page).status_code == 410
    assert sign_in(browser, password="a brand new phrase").status_code == 303


@pytest.mark.req("IDN-03")
def test_the_mail_is_verified_by_a_press_not_by_opening_the_link(client: FlaskClient, bea: Person) -> None:
    with reading() as session:
        token = verification_link(session, user_id=bea.id, now=clock.now())
    page = f"/account/verify/{token}"
    assert "not confirmed yet" in client.get("/account").text
    client.get(page)
    with reading() as session:
        assert session.get_one(User, bea.id).email_verified_at is None
    assert send(client, page, page=page).status_code == 303
    assert "not confirmed yet" not in client.get("/account").text
    assert send(client, page, page=page).status_code == 410


def test_a_frozen_account_is_told_so(client: FlaskClient, mall: Mall) -> None:
    make_person("bea", state="frozen")
    sign_in(client)
    assert "Your account is on hold" in client.get("/account").text


def add_address(person: Person) -> uuid.UUID:
    from portal.services.accounts.save_address import save_address

    with transaction() as session:
        return save_address(session, user_id=person.id, fields=ADDRESS_KR, now=clock.now())


def add_notice(
    person: Person, number: int = 0, *, kind: str = "order_paid", params: dict[str, Any] | None = None
) -> uuid.UUID:
    notice_id = new_id()
    with transaction() as session:
        session.add(
            Notice(
                id=notice_id,
                user_id=person.id,
                kind=kind,
                params={"number": f"KR-{number}"} if params is None else params,
                path=f"/account/orders/KR-{number}",
                dedup_key=f"{kind}:{number}",
                created_at=clock.now(),
            )
        )
    return notice_id


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    throttle.forget()
    return make_mall()


@pytest.fixture
def bea(client: FlaskClient, mall: Mall) -> Person:
    """Somebody signed in in this browser."""
    person = make_person("bea")
    sign_in(client)
    return person
