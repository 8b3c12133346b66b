"""The end of a channel: its lists are saved, what is open goes on elsewhere, and its addresses lead there (CHN-02)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import transaction
from portal.jobs.exports import make_list
from portal.kit import clock
from portal.queries.channels import forget_channels
from portal.rules.automations import EVENTS, AutomationDraft
from portal.services.accounts.make_api_client import make_api_client
from portal.services.incentives.save_automation import make_automation
from tests.blueprints.admin.test_channels import move, send
from tests.blueprints.desks import browser
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import give_deposit, make_order
from tests.factories.refund import rows
from tests.factories.ticket import make_ticket

pytestmark = [pytest.mark.req("CHN-02"), pytest.mark.usefixtures("books")]

NOTICES = """UPDATE channel SET state = :state, notices = '{"en": "We end.", "ko": "끝나요."}' WHERE id = :id"""


@pytest.fixture
def mall(books: None) -> Mall:
    made = make_mall()
    put(made, "sunset")
    return made


@pytest.fixture
def ada(app: APIFlask, mall: Mall) -> FlaskClient:
    return browser(app, make_person("ada", roles=("admin",)))


def put(mall: Mall, state: str) -> None:
    with transaction() as session:
        session.execute(text(NOTICES), {"state": state, "id": mall.us.id})
    forget_channels()


def hand_over(client: FlaskClient, mall: Mall, successor: int | None) -> tuple[int, str]:
    page = f"/admin/channels/{mall.us.id}/wind-up"
    return send(client, page, page, successor=successor or "")


def test_what_is_open_goes_to_the_successor_and_what_was_its_own_ends(mall: Mall, ada: FlaskClient) -> None:
    bea, mei, adam = make_person("bea"), make_person("mei"), make_person("adam", roles=("admin",))
    put(mall, "live")
    order = make_order(bea, mall, {make_variant(mall): 1}, channel=mall.us)
    give_deposit(bea, 5_000, "USD")
    put(mall, "sunset")
    ticket = make_ticket(bea, f"order:{order.id}")
    with transaction() as session:
        session.execute(text("UPDATE ticket SET assignee_id = :who"), {"who": mei.id})
        for action, amount in (("mileage", 500), ("deposit", 300)):
            draft = replace(AutomationDraft("Thanks", mall.us.id, event=next(iter(EVENTS))), people_max=5)
            asked = replace(draft, action=action, amount_minor=amount)
            make_automation(session, actor=adam.actor, draft=asked, now=clock.now())
        session.execute(text("UPDATE channel SET manager_id = :who WHERE id = :id"), {"who": mei.id, "id": mall.us.id})
        make_api_client(session, actor=bea.actor, user_id=bea.id, channel_id=mall.us.id, name="shop", now=clock.now())
    page = f"/admin/channels/{mall.us.id}/wind-up"
    plan = ada.get(page).text
    assert plan.count("data-row") == 7
    assert "Customers of a channel" in plan
    assert move(ada, mall.us.id, "offboarding")[0] == 303
    status, said = hand_over(ada, mall, None)
    assert (status, "Choose an open channel that takes over." in said) == (422, True)
    assert rows("SELECT count(*) FROM list_export") == [(0,)]
    assert hand_over(ada, mall, mall.kr.id)[0] == 303
    assert rows("SELECT id, channel_id, assignee_id FROM ticket") == [(ticket.id, mall.kr.id, None)]
    moved = "SELECT action, channel_id, state FROM automation ORDER BY id"
    assert rows(moved) == [("mileage", mall.kr.id, "draft"), ("deposit", mall.us.id, "ended")]
    assert rows("SELECT count(*) FROM api_client WHERE revoked_at IS NULL") == [(0,)]
    assert rows("SELECT manager_id FROM channel WHERE id = :id", id=mall.us.id) == [(None,)]
    record = ada.get(page).text
    assert record.count("data-file") == 4
    assert "Portal Korea" in record
    assert hand_over(ada, mall, mall.kr.id)[0] == 409
    held = {}
    for export_id, listing in rows("SELECT id, listing FROM list_export"):
        make_list(str(export_id))
        held[listing] = ada.get(f"/admin/exports/{export_id}/file").text
    assert order.number in held["orders"]
    assert bea.email in held["channel-customers"]
    assert "50.00" in held["channel-balances"]
    assert "10.00" in held["channel-goods"]


def test_a_channel_is_not_closed_before_and_its_addresses_lead_on_after(
    app: APIFlask, mall: Mall, ada: FlaskClient
) -> None:
    put(mall, "offboarding")
    status, said = move(ada, mall.us.id, "closed")
    assert (status, "Hand over first what the channel leaves" in said) == (409, True)
    assert hand_over(ada, mall, mall.kr.id)[0] == 303
    assert move(ada, mall.us.id, "closed")[0] == 303
    answer = app.test_client().get("/us/orders?page=2")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/kr/orders?page=2")


def test_only_who_may_take_every_list_winds_a_channel_up_and_only_one_that_ends(app: APIFlask, mall: Mall) -> None:
    page = f"/admin/channels/{mall.us.id}/wind-up"
    olga = browser(app, make_person("olga", roles=("operations",)))
    assert hand_over(olga, mall, mall.kr.id)[0] == 403
    assert browser(app, make_person("max", roles=("marketing",))).get(page).status_code == 403
    put(mall, "live")
    assert hand_over(browser(app, make_person("ada", roles=("admin",))), mall, mall.kr.id)[0] == 409
    assert rows("SELECT count(*) FROM channel_wind_up") == [(0,)]
