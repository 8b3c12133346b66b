"""The log of mails on the administrators' desk: states, reasons, sending again (NOT-01)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.blueprints.mail_words import MAIL_WORDS
from portal.db import transaction
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import Mail
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall
from tests.factories.refund import rows
from tests.reading_html import by_id, text_of, tree

pytestmark = [pytest.mark.req("NOT-01"), pytest.mark.usefixtures("books")]


@pytest.fixture
def ada(db: None) -> Person:
    make_mall()
    return make_person("ada", roles=("admin",))


@pytest.fixture
def desk(app: APIFlask, ada: Person) -> FlaskClient:
    """Three mails: one sent, one that waits after a failure, one that nobody took."""
    now, bea = clock.now(), make_person("bea")
    with transaction() as session:
        for template, more in (
            ("receipt", {"sent_at": now, "user_id": bea.id}),
            ("password_reset", {"sent_at": now, "user_id": bea.id}),
            ("shipment", {"last_error": "450 Later", "attempts": 3, "due_at": now + timedelta(hours=1)}),
            ("ticket", {"last_error": "550 No such user", "attempts": 1, "given_up_at": now}),
        ):
            values = {"recipient": f"{template}@example.com", "subject": "Secret words", "body": "", "due_at": now}
            session.add(Mail(id=new_id(), dedup_key=template, template=template, created_at=now, **{**values, **more}))
    return browser(app, ada)


def listed(desk: FlaskClient, query: str = "") -> str:
    return text_of(by_id(tree(desk.get(f"/admin/mails?lang=en&{query}").text), "mails"))


def test_each_state_has_its_list_and_nobody_reads_what_a_mail_says(desk: FlaskClient) -> None:
    everything = listed(desk)
    assert "4 mails" in everything
    assert "550 No such user" in everything
    assert "Secret words" not in desk.get("/admin/mails").text
    assert "receipt@example.com" not in everything
    assert "Mails that nobody took" in text_of(tree(desk.get("/admin/?lang=en").text))
    for state, about in (("given_up", "Ticket"), ("failing", "Shipment"), ("waiting", "Shipment")):
        narrowed = listed(desk, f"state={state}")
        assert "1 mail" in narrowed
        assert about in narrowed
    assert "2 mails" in listed(desk, "state=sent")
    assert "1 mail" in listed(desk, "about=receipt")
    assert "2 mails" in listed(desk, "q=BEA@example.com")
    assert "0 mails" in listed(desk, "q=nobody@example.com")


def test_one_and_all_are_sent_again_but_no_proof_a_second_time(desk: FlaskClient) -> None:
    token = fields(desk.get("/admin/mails").text)["csrf_token"]
    (receipt,) = rows("SELECT id FROM mail WHERE template = 'receipt'")[0]
    (proof,) = rows("SELECT id FROM mail WHERE template = 'password_reset'")[0]
    paths = (f"/admin/mails/{receipt}/again", f"/admin/mails/{proof}/again", "/admin/mails/given-up/again")
    assert [desk.post(path, data={"csrf_token": token}).status_code for path in paths] == [303, 303, 303]
    assert rows("SELECT template FROM mail WHERE sent_at IS NOT NULL OR given_up_at IS NOT NULL") == [
        ("password_reset",)
    ]
    assert desk.post(f"/admin/mails/{new_id()}/again", data={"csrf_token": token}).status_code == 404


def test_every_template_has_its_word() -> None:
    folder = Path(__file__).parents[3] / "portal/templates/email"
    assert {one.name for one in folder.iterdir() if one.is_dir()} == set(MAIL_WORDS["mail"])
