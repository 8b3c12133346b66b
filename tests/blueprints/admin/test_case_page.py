"""What the page of a case shows: places with distances, cards that others pay with, the session, what is to be done."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.kit import clock
from portal.rules.freezes import FreezeReason
from portal.rules.permissions import Actor
from portal.services.cases.open_cases import open_cases
from portal.services.fraud.score_event import RiskEvent, score_event
from portal.services.restrictions.freeze_account import freeze_account
from portal.services.restrictions.procedures import save_procedure
from tests.blueprints.desks import browser, fields
from tests.factories.account import ADDRESS_KR, ADDRESS_US, Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.ip_table import NEW_YORK, UNKNOWN, load_ip_tables
from tests.factories.order import LONG_AGO, REVIEWED_KRW, MadeOrder, make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("FRD-06", "FRD-10")


@pytest.fixture
def bea(app: APIFlask) -> Person:
    return make_person("bea", now=LONG_AGO)


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    return make_mall()


@pytest.fixture
def order(bea: Person, mall: Mall) -> MadeOrder:
    return make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")


def seen_from(ip: str, order: MadeOrder) -> None:
    event = RiskEvent("order", order_id=order.id, currency="KRW", amount_minor=REVIEWED_KRW, ip=ip, address=ADDRESS_KR)
    with transaction() as session:
        score_event(session, event=event, actor=Actor(user_id=order.buyer.id), now=clock.now())


def page_of_case(app: APIFlask, person: Person, client: FlaskClient | None = None) -> str:
    atomically(lambda s: open_cases(s, now=clock.now()))
    [(case_id,)] = rows("SELECT id FROM risk_case")
    return (client or browser(app, person)).get(f"/admin/cases/{case_id}").text


def test_places_stand_in_words_beside_their_map(app: APIFlask, order: MadeOrder) -> None:
    load_ip_tables()
    seen_from(NEW_YORK, order)
    seen_from(UNKNOWN, order)
    page = page_of_case(app, make_person("rita", roles=("risk",)))
    assert "New York City, United States" in page
    assert "서울특별시, South Korea" in page
    assert "11,0" in page.split("New York City, United States")[1][:200]
    assert page.count("<circle ") == 1
    assert "<line " in page
    assert "Events from network addresses that no table knows: 2" in page
    # All that was known is told, and what was not is called so.
    assert "kilometres since this buyer&#39;s event before: not known" in page


def test_without_a_table_only_the_delivery_is_known(app: APIFlask, order: MadeOrder) -> None:
    page = page_of_case(app, make_person("rita", roles=("risk",)))
    assert "<circle " not in page
    assert "서울특별시, South Korea" in page


def test_whoever_pays_with_the_same_card_is_linked(app: APIFlask, mall: Mall, order: MadeOrder) -> None:
    other = make_order(make_person("max", now=LONG_AGO), mall, {make_variant(mall): 1}, address=ADDRESS_US)
    assert "Nobody else was seen" in page_of_case(app, make_person("rita", roles=("risk",)))
    with transaction() as session:
        session.execute(text("""UPDATE payment_attempt SET card = card || '{"fingerprint": "fp_1"}'"""))
    page = page_of_case(app, make_person("mina", roles=("risk",)))
    assert f"/admin/users/{other.buyer.id}" in page
    assert "Nobody else was seen" not in page


@pytest.mark.req("FRD-07")
def test_what_is_to_be_done_about_the_account_is_ticked_off_on_the_case(
    app: APIFlask, bea: Person, order: MadeOrder
) -> None:
    rita = make_person("rita", roles=("risk",))
    now = clock.now()
    atomically(
        lambda s: save_procedure(
            s,
            procedure_id=None,
            name="Taken over",
            reasons=("fraud",),
            steps="Call the owner",
            version=None,
            actor=rita.actor,
            now=now,
        )
    )
    page = page_of_case(app, rita)
    assert "Call the owner" not in page
    atomically(
        lambda s: freeze_account(s, user_id=bea.id, reason=FreezeReason.FRAUD, note="", actor=rita.actor, now=now)
    )
    client = browser(app, rita)
    page = page_of_case(app, rita, client)
    assert "Call the owner" in page
    [(case_id, remediation_id)] = rows("SELECT c.id, r.id FROM risk_case c, remediation r")
    sent = fields(page) | {"case": str(case_id), "done": "y", "note": ""}
    answer = client.post(f"/admin/remediations/{remediation_id}/steps/0", data=sent)
    assert answer.location == f"/admin/cases/{case_id}#remediation"
    assert rows("SELECT count(*) FROM remediation_tick") == [(1,)]
