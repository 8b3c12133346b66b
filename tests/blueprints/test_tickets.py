"""The pages of tickets: a buyer's own, a store's inbox, the mall's (ORD-08)."""

from __future__ import annotations

import html
import io
import re
import uuid
from dataclasses import dataclass

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.db import reading
from portal.models import Ticket
from portal.services.accounts.throttle import HOUR, Limit, Rule
from tests.blueprints.desks import browser, counted, fields
from tests.blueprints.pages import HTMX
from tests.documents.test_attachments import PDF, picture
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.ticket import make_ticket, ticket_of

pytestmark = pytest.mark.req("ORD-08")


@dataclass
class Desks:
    """A buyer with an order of one store, whose member is sam, and an administrator."""

    mall: Mall
    bea: Person
    sam: Person
    ada: Person
    order: MadeOrder
    as_bea: FlaskClient
    as_sam: FlaskClient
    as_ada: FlaskClient


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return html.unescape(answer.text)


def send_form(client: FlaskClient, page: str, action: str, **typed: object) -> str:
    """Send a form of a page as a browser would; where it leads, or the answer's text when it was refused."""
    hidden = fields(client.get(page).text)
    answer = client.post(action, data=hidden | typed, content_type="multipart/form-data")
    return answer.location if answer.status_code == 303 else html.unescape(answer.text)


def test_a_buyer_writes_with_files_a_store_answers_and_calls_it_solved(app: APIFlask, desks: Desks) -> None:
    order_page = text_of(desks.as_bea, f"/orders/{desks.order.number}")
    new = html.unescape(re.search(r'href="(/account/tickets/new\?about=part[^"]+)"', order_page)[1])  # type: ignore[index]  # It is there.
    files = [(io.BytesIO(picture()), "broken.jpg"), (io.BytesIO(PDF), "bill.pdf")]

    page = send_form(desks.as_bea, new, "/account/tickets", kind="damage", text="Look: <b>broken</b>", files=files,
                     about=f"part:{desks.order.part_ids[0]}")  # fmt: skip
    shown = desks.as_bea.get(page).text
    inbox = text_of(desks.as_sam, "/seller/tickets")
    ticket = re.search(r"/seller/tickets/([0-9a-f-]{36})", inbox)
    assert ticket
    own = f"/seller/tickets/{ticket[1]}"
    assert "Look: &lt;b&gt;broken&lt;/b&gt;" in shown
    assert desks.order.number in inbox
    assert "It arrived damaged" in text_of(desks.as_sam, f"/seller/orders/{desks.order.part_ids[0]}")

    send_form(desks.as_sam, own, f"{own}/messages", text="Check the packing first.", act="note")
    send_form(desks.as_sam, own, f"{own}/messages", text="A new one is on its way.", act="solve")

    read = text_of(desks.as_bea, page)
    assert "A new one is on its way." in read
    assert "Check the packing" not in read
    assert "Sam" not in read  # The store speaks, not its people.
    assert "This is solved." in read
    assert "Check the packing" in text_of(desks.as_sam, own)
    assert send_form(desks.as_bea, page, f"{page}/messages", text="It came, thank you.") == page
    assert ticket_of(uuid.UUID(ticket[1])).state == "reopened"


def test_files_are_handed_out_to_those_who_read_the_ticket_and_never_run(app: APIFlask, desks: Desks) -> None:
    files = [(io.BytesIO(picture("PNG")), "a.png"), (io.BytesIO(PDF), "bill.pdf")]
    page = send_form(desks.as_bea, "/account/tickets/new", "/account/tickets", kind="other", text="Here.", files=files)
    found = sorted(set(re.findall(rf"{page}/files/[0-9a-f-]+", desks.as_bea.get(page).text)))
    answers = {answer.mimetype: answer for answer in map(desks.as_bea.get, found)}

    assert answers["application/pdf"].headers["Content-Disposition"] == "attachment; filename=bill.pdf"
    assert answers["application/pdf"].data == PDF
    assert answers["image/png"].headers["Content-Disposition"].startswith("inline")
    for answer in answers.values():
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    max_ = browser(app, make_person("max"))
    assert max_.get(found[0]).status_code == 404
    assert max_.get(page).status_code == 404
    assert desks.as_sam.get(found[0]).status_code == 404
    # Of another ticket of one's own they are not handed out either.
    other = make_ticket(desks.bea)
    assert desks.as_bea.get(found[0].replace(page.rpartition("/")[2], other.number)).status_code == 404


def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(desks: Desks) -> None:
    refused = send_form(
        desks.as_bea,
        "/account/tickets/new",
        "/account/tickets",
        text="I typed this.",
        files=[(io.BytesIO(b"MZ"), "a.jpg")],
    )
    assert "“a.jpg” is not what its name says." in refused
    assert "I typed this." in refused
    assert "Say what it is about." in send_form(
        desks.as_bea, "/account/tickets/new", "/account/tickets", text="I typed this."
    )
    assert "Write what you want to say." in send_form(
        desks.as_bea, "/account/tickets/new", "/account/tickets", kind="other"
    )
    assert "does not exist" in send_form(
        desks.as_bea, "/account/tickets/new", "/account/tickets", kind="other", text="x", about="order:1"
    )


def test_whoever_comes_second_reads_first_and_keeps_his_words(app: APIFlask, desks: Desks) -> None:
    ticket = make_ticket(desks.bea)
    own = f"/admin/tickets/{ticket.id}"
    mina = browser(app, make_person("mina", roles=("operations",)))
    late = fields(mina.get(own).text)
    send_form(desks.as_ada, own, f"{own}/messages", text="First.", act="answer")

    answer = mina.post(f"{own}/messages", data=late | {"text": "Second.", "act": "answer"})

    assert answer.status_code == 409
    page = html.unescape(answer.text)
    assert "changed meanwhile" in page
    assert "First." in page
    assert "Second.</textarea>" in page
    again = fields(answer.text)
    assert mina.post(f"{own}/messages", data=again | {"text": "Second.", "act": "answer"}).status_code == 303


def test_the_inbox_counts_filters_and_finds(desks: Desks) -> None:
    about = make_ticket(desks.bea, f"order:{desks.order.id}", kind="payment")
    other = make_ticket(desks.bea, kind="account")
    waiting = text_of(desks.as_ada, "/admin/tickets")
    assert about.number in waiting
    assert re.search(r"Waiting for an answer<span class=\"count count-quiet\">2</span>", waiting)
    assert re.search(r"Tickets</span><span class=\"count count-quiet\">2</span>", waiting)
    for query, found, lost in (
        (f"q={about.number}", about, other),
        (f"q={desks.order.number}", about, other),
        ("kind=account", other, about),
        ("q=bea@example.com", about, None),
        ("view=all&q=nobody@example.com", None, about),
        ("view=late", None, about),
    ):
        page = desks.as_ada.get(f"/admin/tickets?{query}", headers=HTMX | {"HX-Target": "tickets"}).text
        assert found is None or found.number in page, query
        assert lost is None or lost.number not in page, query
        assert "<html" not in page
    own = f"/admin/tickets/{other.id}"
    assert send_form(desks.as_ada, own, f"{own}/assignee", assignee=str(desks.ada.id)) == own
    mine = text_of(desks.as_ada, "/admin/tickets?view=mine")
    assert other.number in mine
    assert about.number not in mine
    assert (
        desks.as_ada.post(f"{own}/state", data=fields(desks.as_ada.get(own).text) | {"state": "open"}).status_code
        == 404
    )


def test_a_store_passes_one_on_and_sees_no_other_stores(app: APIFlask, desks: Desks) -> None:
    ticket = make_ticket(desks.bea, f"part:{desks.order.part_ids[0]}")
    sue = browser(app, make_person("sue", store_ids=desks.mall.store_ids[1:2]))
    own = f"/seller/tickets/{ticket.id}"
    assert sue.get(own).status_code == 404
    assert ticket.number not in text_of(sue, "/seller/tickets?view=all")
    assert send_form(desks.as_sam, own, f"{own}/addressee", to="mall") == own
    assert "The mall answers this ticket now." in text_of(desks.as_sam, own)
    assert ticket.number in text_of(desks.as_ada, "/admin/tickets")
    assert ticket.number not in text_of(desks.as_sam, "/seller/tickets")


def test_pages_stay_within_their_statements(desks: Desks) -> None:
    ticket = make_ticket(desks.bea, f"part:{desks.order.part_ids[0]}")
    for client, path, most in (
        (desks.as_ada, "/admin/tickets", 8),
        (desks.as_sam, "/seller/tickets", 8),
        (desks.as_ada, f"/admin/tickets/{ticket.id}", 16),
        (desks.as_sam, f"/seller/tickets/{ticket.id}", 16),
        (desks.as_bea, "/account/tickets", 8),
        (desks.as_bea, f"/account/tickets/{ticket.number}", 8),
        (desks.as_bea, "/account/tickets/new", 8),
    ):
        client.get(path)
        with counted() as sent:
            assert client.get(path).status_code == 200
        assert len(sent) <= most, path


@pytest.fixture
def desks(app: APIFlask, books: None) -> Desks:
    mall = make_mall()
    bea, ada = make_person("bea"), make_person("ada", roles=("admin",))
    sam = make_person("sam", store_ids=mall.store_ids[:1])
    order = make_order(bea, mall, {make_variant(mall): 1})
    clients = [browser(app, person) for person in (bea, sam, ada)]
    return Desks(mall, bea, sam, ada, order, *clients)


@pytest.mark.req("FRD-05")
def test_who_writes_too_often_or_sends_too_many_files_must_wait(
    app: APIFlask, desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    del desks
    client = browser(app, make_person("max"))
    monkeypatch.setattr("portal.blueprints.account.tickets.TALK", Rule("talk", Limit(2, HOUR), Limit(9, HOUR)))
    monkeypatch.setattr("portal.blueprints.uploads.UPLOAD", Rule("upload", Limit(1, HOUR), Limit(9, HOUR)))

    def write(*, file: bool) -> tuple[int, bool]:
        page = client.get("/account/tickets/new").text
        sent: dict[str, object] = {**fields(page), "kind": "other", "text": "Hello?"}
        if file:
            sent["files"] = (io.BytesIO(PDF), "slip.pdf")
        answer = client.post("/account/tickets", data=sent, content_type="multipart/form-data")
        return answer.status_code, 0 < int(answer.headers.get("Retry-After", "0")) <= 3600

    assert write(file=True) == (303, False)
    assert write(file=True) == (429, True)
    assert write(file=False) == (429, True)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1
