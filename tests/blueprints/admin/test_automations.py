"""Automations on the desk: written, tried, started; and what they added, or a sentence (INC-03, INC-05)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.bench.shoppers import fill_shoppers
from portal.config import Settings
from portal.db import transaction
from portal.kit import clock
from portal.rules.offers import Strategy
from portal.services.incentives.pause_automations import pause_automations
from portal.services.incentives.save_segment import SegmentDraft, save_segment
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.refund import rows

NEW = "/admin/automations/new"
TYPED = {"title": "Win back", "segment": "late", "action": "mileage", "amount": "500", "people_max": "100"}
LIMITS = {"every_days": "30", "control_percent": "10", "window_days": "30", "quiet_from": "21", "quiet_until": "8"}


@pytest.mark.req("INC-03", "INC-05")
def test_one_is_written_tried_started_and_says_what_it_added(app: APIFlask, settings: Settings) -> None:
    mall, ada = make_mall(), make_person("ada", roles=("admin",))
    with transaction() as session:
        draft = SegmentDraft("late", "Late ones", "since > 60 d")
        save_segment(session, actor=ada.actor, draft=draft, newest=0, now=clock.now())
    client = browser(app, ada)
    assert "No automations yet" in client.get("/admin/automations").text
    typed = TYPED | LIMITS | {"channel_id": str(mall.kr.id), "csrf_token": fields(client.get(NEW).text)["csrf_token"]}
    wrong = client.post(NEW, data=typed | {"amount": "much", "control_percent": "1"})
    assert wrong.status_code == 422
    assert "Keep a control group of 5 to 50 per cent." in wrong.text
    page = client.post(NEW, data=typed).location
    assert "Nobody yet." in client.get(page).text
    token = {"csrf_token": typed["csrf_token"]}
    untried = client.post(f"{page}/state", data=token | {"do": "start", "version": "1"})
    assert "Try it on the past before you start it." in untried.text
    client.post(f"{page}/simulation", data=token)
    assert "With so few people" in client.get(page).text
    assert client.post(f"{page}/state", data=token | {"do": "start", "version": "2"}).status_code == 303
    assert "Late ones" in client.get("/admin/automations").text
    # Nobody in the control group: a sentence, and no figure that is none.
    fill_shoppers(settings.database_owner_url, customers=230)
    with transaction() as session:
        session.execute(
            DRAWN, {"arm": "offer", "state": "made", "since": clock.now() - timedelta(days=90), "limit": 200}
        )
    said = client.get(page).text
    assert "Nobody is in the control group" in said
    assert "Do not trust this" in said
    with transaction() as session:
        values = {"arm": "control", "state": "withheld", "since": clock.now() - timedelta(days=90), "limit": 25}
        session.execute(DRAWN, values)
    said = client.get(page).text
    assert "Extra revenue per person" in said
    assert not re.search(r"\bnan\b", re.sub(r"<[^>]*>", " ", said), re.IGNORECASE)
    assert rows("SELECT count(*) FROM incentive_assignment") == [(225,)]
    # Points have no orders that could be held; a pause by itself says why, until somebody starts it again.
    with transaction() as session:
        assert pause_automations(session, strategy=Strategy(), now=clock.now()) == []
        session.execute(text("UPDATE automation SET state = 'paused', reason = 'roii'"))
    assert "Paused by itself: it surely brings less than it costs." in client.get(page).text
    version = rows("SELECT version FROM automation")[0][0]
    client.post(f"{page}/state", data=token | {"do": "start", "version": str(version)})
    assert rows("SELECT state, reason FROM automation") == [("running", None)]
    assert client.get("/admin/automations/99").status_code == 404


DRAWN = text(
    """
    INSERT INTO incentive_assignment (automation_id, user_id, arm, state, reason, assigned_at, due_at)
    SELECT (SELECT max(id) FROM automation), u.id, CAST(:arm AS text), :state, nullif(CAST(:arm AS text), 'offer'),
           :since, :since FROM user_account u
     WHERE NOT EXISTS (SELECT FROM incentive_assignment a WHERE a.user_id = u.id) ORDER BY u.id LIMIT :limit
    """
)
