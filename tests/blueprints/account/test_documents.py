"""Receipts on the order's page: for whoever bought it, and for administrators on record."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from portal.db import reading, transaction
from portal.jobs.documents import issue_documents
from portal.kit import clock
from portal.models import AuditRow
from portal.services.documents.want_document import want_receipt
from tests.blueprints.desks import browser
from tests.documents.reading import pages_of
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("PAY-15", "IDN-02")


def test_the_buyer_opens_his_receipt_and_nobody_else_does(app: APIFlask) -> None:
    mall, bea = make_mall(), make_person("bea")
    order = make_order(bea, mall, {make_variant(mall): 1})
    as_bea = browser(app, bea)
    page = f"/orders/{order.number}"
    assert "/documents/" not in as_bea.get(page).text
    with transaction() as session:
        want_receipt(session, order_id=order.id, now=clock.now())
    issue_documents()
    (label,) = rows("SELECT label FROM document")[0]
    address = f"{page}/documents/{label}"
    assert address in as_bea.get(page).text
    answer = as_bea.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    assert order.number in pages_of(answer.data)[0]
    other = make_order(make_person("max"), mall, {make_variant(mall): 1})
    as_max = browser(app, make_person("cleo"))
    assert [as_max.get(address).status_code, browser(app).get(address).status_code] == [404, 303]
    # A label of another order of his own is none of this one.
    assert as_bea.get(f"/orders/{other.number}/documents/{label}").status_code == 404
    assert as_bea.get(f"{page}/documents/KR-1999-R-000001").status_code == 404


@pytest.mark.req("IDN-05")
def test_an_administrator_opens_it_on_record(app: APIFlask) -> None:
    mall = make_mall()
    order = make_order(make_person("bea"), mall, {make_variant(mall): 1})
    with transaction() as session:
        want_receipt(session, order_id=order.id, now=clock.now())
    issue_documents()
    (label,) = rows("SELECT label FROM document")[0]
    as_ada = browser(app, make_person("ada", roles=("admin",)))
    address = f"/admin/orders/{order.number}/documents/{label}"
    assert address in as_ada.get(f"/admin/orders/{order.number}").text
    assert as_ada.get(address).data.startswith(b"%PDF")
    with reading() as session:
        viewed = session.scalars(select(AuditRow.ref).where(AuditRow.action == "user:viewed")).all()
    assert len(viewed) == 1
    as_mia = browser(app, make_person("mia", roles=("marketing",)))
    assert as_mia.get(address).status_code == 403
