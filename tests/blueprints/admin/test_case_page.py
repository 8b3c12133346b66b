"""What the page of a case shows: places with distances, cards that others pay with, the session, what is to be done."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text, update

from portal.db import atomically, transaction
from portal.kit import clock
from portal.models import WebSession
from portal.rules.freezes import FreezeReason
from portal.rules.permissions import Actor
from portal.services.cases.open_cases import open_cases
from portal.services.fraud.score_event import RiskEvent, score_event
from portal.services.restrictions.freeze_account import freeze_account
from portal.services.restrictions.procedures import save_procedure
from tests.blueprints.desks import browser, fields
from tests.factories.account import ADDRESS_KR, Person, make_person, make_session
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.ip_table import NEW_YORK, UNKNOWN, load_ip_tables
from tests.factories.order import LONG_AGO, REVIEWED_KRW, MadeOrder, make_order
from tests.factories.refund import rows
from tests.reading_html import links, text_of, tree

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


@pytest.mark.ux("A04")
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


@pytest.mark.ux("A03")
def test_whoever_pays_with_the_same_card_is_linked(app: APIFlask, mall: Mall, order: MadeOrder) -> None:
    elsewhere = {**ADDRESS_KR, "postcode": "48058", "line1": "부산광역시 해운대구 센텀중앙로 79"}
    other = make_order(make_person("max", now=LONG_AGO), mall, {make_variant(mall): 1}, address=elsewhere)
    assert "Nobody else was seen" in page_of_case(app, make_person("rita", roles=("risk",)))
    with transaction() as session:
        session.execute(text("""UPDATE payment_attempt SET card = card || '{"fingerprint": "fp_1"}'"""))
    page = page_of_case(app, make_person("mina", roles=("risk",)))
    linked = next(row for row in tree(page).iter("tr") if f"/admin/users/{other.buyer.id}" in links(row).values())
    told = {one.get("data-label"): text_of(one) for one in linked.iter("td")}
    assert (told["Shares"], told["Orders"], told["Verdicts against it"]) == ("card", "1", "0")
    assert "Nobody else was seen" not in page


@pytest.mark.ux("A01", "A02")
def test_the_queue_and_the_case_say_how_risky_why_and_since_when(app: APIFlask, mall: Mall, order: MadeOrder) -> None:
    smaller = make_order(
        make_person("max", now=LONG_AGO),
        mall,
        {make_variant(mall, krw=REVIEWED_KRW - 400_000): 1},
        outcome="authorised",
    )
    with transaction() as session:
        agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
        for person in (order.buyer, smaller.buyer):
            token = make_session(person)[1]
            session.execute(
                text("UPDATE orders SET session_id = :id WHERE buyer_id = :who"), {"id": token, "who": person.id}
            )
        seen = update(WebSession).values(ip="203.0.113.77", user_agent=agent)
        session.execute(seen)
    rita = make_person("rita", roles=("risk",))
    client = browser(app, rita)
    atomically(lambda s: open_cases(s, now=clock.now()))
    queue = tree(client.get("/admin/cases").text)
    rows_of = [row for row in queue.iter("tr") if "data-row" in row.attrib]
    assert len(rows_of) == 2
    lost = rows("SELECT id FROM risk_case ORDER BY expected_loss_minor DESC")
    assert [str(one) for (one,) in lost] == [next(row.iter("a")).get("href", "")[-36:] for row in rows_of]
    told = {one.get("data-label"): text_of(one) for one in rows_of[0].iter("td")}
    assert told["Level"].split()[0] in {"High", "Raised", "Low"}
    assert told["At stake"] == "₩3,500,000"
    assert told["Paid with"].startswith("Credit card")
    assert "Firefox" in told["Device and network"]
    assert "203.0.…" in told["Device and network"]
    assert "113" not in told["Device and network"]
    assert "ago" in told["Opened"]
    assert told["Decide by"]
    assert told["Looked at by"] == "nobody yet"
    page = tree(client.get(next(rows_of[0].iter("a")).get("href", "")).text)
    why = text_of(next(one for one in page.iter("section") if one.get("aria-labelledby") == "reasons"))
    assert "of 100" in why
    assert "Large amount, version 1" in why
    assert "Show all that was known" in why
    assert "not known" in why
    assert "Level" in text_of(page)


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
