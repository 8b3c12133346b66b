"""One's own data: the file, the choices, and the end of an account; and the desk that does it for somebody."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta

import pytest
from apiflask import APIFlask

from portal.db import atomically, reading
from portal.jobs.privacy import put_together
from portal.kit import clock
from portal.rules.privacy import GRACE
from portal.services.privacy.erase_person import carry_out_erasure, erasures_due
from tests.blueprints.confirming import confirm, let_through
from tests.blueprints.desks import browser, fields
from tests.blueprints.pages import send
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.order import give_deposit, give_mileage
from tests.factories.refund import rows

pytestmark = pytest.mark.req("IDN-06")

PAGE = "/account/data"


def test_the_file_is_asked_for_made_and_taken_after_a_second_proof(app: APIFlask) -> None:
    make_mall()
    bea = browser(app, make_person("bea"))

    assert send(bea, f"{PAGE}/exports", page=PAGE).status_code == 303
    assert "Being made" in bea.get(PAGE).text
    put_together(str(rows("SELECT id FROM data_export")[0][0]))
    page = bea.get(PAGE).text
    (way,) = re.findall(r'action="(/account/data/exports/[^"]+/file)"', page)
    asked = send(bea, way, page=PAGE)
    answer = confirm(bea, asked)

    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert "json/user_account.json" in archive.namelist()
    assert send(browser(app, make_person("max")), way, page=PAGE).status_code == 404


def test_choices_are_kept_and_an_old_text_is_refused(app: APIFlask) -> None:
    make_mall()
    bea = browser(app, make_person("bea"))
    page = bea.get(PAGE).text
    asked = re.findall(r'name="asked" value="([^"]+)"', page)
    assert "analytics-all" in asked

    assert send(bea, f"{PAGE}/consents", {"asked": asked, "analytics-all": "2020-01"}, page=PAGE).status_code == 409
    assert send(bea, f"{PAGE}/consents", {"asked": asked, "analytics-all": "2026-11"}, page=PAGE).status_code == 303
    assert re.search(r'id="analytics-all"[^>]* checked', bea.get(PAGE).text)
    assert send(bea, f"{PAGE}/consents", {"asked": asked}, page=PAGE).status_code == 303
    assert rows("SELECT is_given, source FROM consent_choice ORDER BY id") == [(True, "page"), (False, "page")]


def test_an_account_is_deleted_after_its_days_of_grace(app: APIFlask) -> None:
    make_mall()
    person = make_person("bea")
    give_mileage(person, 300)
    bea = browser(app, person)

    assert send(bea, f"{PAGE}/erasure", page=PAGE).status_code == 422  # Who loses points says so.
    asked = send(bea, f"{PAGE}/erasure", {"gives_up": "y"}, page=PAGE)
    assert let_through(bea, asked).status_code == 303
    assert "Keep my account" in bea.get(PAGE).text
    assert send(bea, f"{PAGE}/erasure/cancellation", page=PAGE).status_code == 303
    assert send(bea, f"{PAGE}/erasure/cancellation", page=PAGE).status_code == 409
    assert let_through(bea, send(bea, f"{PAGE}/erasure", {"gives_up": "y"}, page=PAGE)).status_code == 303

    later = clock.now() + GRACE + timedelta(minutes=1)
    with reading() as session:
        (due,) = erasures_due(session, now=later)
    assert atomically(lambda s: carry_out_erasure(s, erasure_id=due, now=later))
    assert bea.get(PAGE).status_code in (302, 303)


def test_what_is_in_the_way_is_said(app: APIFlask) -> None:
    make_mall()
    person = make_person("bea")
    give_deposit(person, 5_000)
    page = browser(app, person).get(PAGE).text
    assert "There is money on the deposit: withdraw it first." in page
    assert "Delete my account" not in page


def test_the_desk_does_it_for_somebody_with_a_reason(app: APIFlask) -> None:
    make_mall()
    bea = make_person("bea")
    ada = browser(app, make_person("ada", roles=("buyer", "admin")))
    path = f"/admin/users/{bea.id}/erasure"
    sent = fields(ada.get(path).text)

    assert ada.post(path, data=sent).status_code == 422
    assert let_through(ada, ada.post(path, data=sent | {"reason": "By letter"})).status_code == 303
    page = ada.get("/admin/privacy").text
    assert "By letter" in page
    assert ada.post(f"{path}/cancellation", data=fields(ada.get(path).text)).status_code == 303
    assert rows("SELECT state FROM erasure") == [("cancelled",)]


def test_retention_is_set_and_tried_at_the_desk(app: APIFlask) -> None:
    make_mall()
    ada = browser(app, make_person("ada", roles=("buyer", "admin")))
    sent = fields(ada.get("/admin/privacy").text)
    path = "/admin/privacy/retention"

    for days in ("", "3", "x", "999999"):
        assert ada.post(path, data=sent | {"kind": "mails", "days": days, "reason": "Law"}).status_code == 422
    assert ada.post(path, data=sent | {"kind": "unknown", "days": "90", "reason": "Law"}).status_code == 404
    assert ada.post(path, data=sent | {"kind": "mails", "days": "90", "reason": "Law"}).status_code == 303
    assert ada.post("/admin/privacy/trials", data=sent).status_code == 303
    page = ada.get("/admin/privacy").text
    assert "Counted only" in page
    assert rows("SELECT kind, days FROM retention_rule") == [("mails", 90)]
    aura = browser(app, make_person("aura", roles=("auditor",)))
    assert "Delete old records now" not in aura.get("/admin/privacy").text
