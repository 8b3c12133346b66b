"""What results suggest, on the desk: with its evidence, taken or dismissed by a person alone, in the trail (INC-05)."""

from __future__ import annotations

import psycopg
import pytest
from apiflask import APIFlask

from portal.bench.shoppers import fill_shoppers
from portal.config import Settings
from portal.db import transaction
from portal.kit import clock
from portal.rules.offers import Strategy
from portal.services.incentives.renew_suggestions import renew_suggestions
from portal.services.incentives.save_segment import SegmentDraft, save_segment
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.coupon import make_campaign
from tests.factories.refund import rows

pytestmark = pytest.mark.req("INC-05")
# As the owner, with keys set aside. Those with a number that four divides into an odd half were keen before they were
# drawn: with the offer they keep what they buy, without it they send it back; all others do just the opposite.
FILL = (
    "SET session_replication_role = replica",
    """INSERT INTO automation (title, channel_id, segment, action, campaign_id, currency, people_max, every_days,
              window_days, control_bp, quiet_from, quiet_until, salt, state, author_id, created_at, started_at, made)
       SELECT 'Come back', 1, 'wide', 'coupon', %(campaign)s, 'KRW', 900, 1, 365, 5000, 0, 0, '', 'running',
              %(ada)s, now(), now(), 250""",
    """CREATE TEMP TABLE drawn AS
       SELECT id, n %% 2 = 0 AS is_offer, n %% 4 < 2 AS is_keen
         FROM (SELECT buyer_id AS id, row_number() OVER (ORDER BY buyer_id) AS n FROM orders GROUP BY 1) o""",
    """INSERT INTO incentive_assignment (automation_id, user_id, arm, state, reason, assigned_at, due_at, made_at)
       SELECT 1, id, CASE WHEN is_offer THEN 'offer' ELSE 'control' END,
              CASE WHEN is_offer THEN 'made' ELSE 'withheld' END,
              CASE WHEN NOT is_offer THEN 'control' END, now() - interval '366 days', now(),
              CASE WHEN is_offer THEN now() END FROM drawn""",
    """INSERT INTO segment_move (key, user_id, entered, at)
       SELECT 'keen', id, true, now() - interval '400 days' FROM drawn WHERE is_keen""",
    """UPDATE order_line l SET refunded_minor = CASE WHEN d.is_offer = d.is_keen THEN 0 ELSE l.payable_minor END
         FROM orders o JOIN drawn d ON d.id = o.buyer_id WHERE o.id = l.order_id""",
    """INSERT INTO coupon_use (id, campaign_id, user_id, order_id, currency, amount_minor, terms, status, claimed_at,
              updated_at)
       SELECT gen_random_uuid(), %(campaign)s, o.buyer_id, o.id, 'KRW', 10000, '{}', 'redeemed', o.paid_at, o.paid_at
         FROM orders o JOIN drawn d ON d.id = o.buyer_id AND d.is_offer
        WHERE o.paid_at > now() - interval '366 days'""",
)


def renew() -> int:
    with transaction() as session:
        return renew_suggestions(session, strategy=Strategy(), now=clock.now())


def test_it_is_said_with_its_evidence_dismissed_once_and_taken_as_a_draft(app: APIFlask, settings: Settings) -> None:
    make_mall()
    ada, campaign = make_person("ada", roles=("admin",)), make_campaign("grant")
    with transaction() as session:
        for key, source in (("wide", "purchases >= 1"), ("keen", "purchases >= 2")):
            save_segment(session, actor=ada.actor, draft=SegmentDraft(key, key, source), newest=0, now=clock.now())
    assert renew() == 0
    fill_shoppers(settings.database_owner_url, customers=420)
    with psycopg.connect(settings.database_owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        for statement in FILL:
            owner.execute(statement, {"campaign": campaign, "ada": ada.id})
    assert (renew(), renew()) == (1, 0)
    client = browser(app, ada)
    page = client.get("/admin/experiments?lang=en").text
    assert "Offer it only to who is also in “keen”." in page
    assert "All others" in page
    sent = {"csrf_token": fields(page)["csrf_token"]}
    [(one,)] = rows("SELECT id FROM incentive_suggestion")
    unsaid = client.post(f"/admin/suggestions/{one}", data=sent | {"do": "dismiss", "reason": " "})
    assert "Say in a few words why you dismiss it." in unsaid.text
    client.post(f"/admin/suggestions/{one}", data=sent | {"do": "dismiss", "reason": "Too early"})
    assert client.post(f"/admin/suggestions/{one}", data=sent | {"do": "take"}).status_code == 409
    assert renew() == 0, "nothing new stands behind it"
    assert rows("SELECT state, people_max FROM automation") == [("running", 900)]
    with psycopg.connect(settings.database_owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("UPDATE incentive_suggestion SET evidence = jsonb_set(evidence, '{0,people}', '50')")
    assert renew() == 1
    [(two,)] = rows("SELECT id FROM incentive_suggestion WHERE state = 'open'")
    taken = client.post(f"/admin/suggestions/{two}", data=sent | {"do": "take"})
    assert taken.location.endswith("/admin/automations/2")
    assert rows("SELECT state, segment FROM automation ORDER BY id") == [
        ("paused", "wide"),
        ("draft", f"narrow_{two}"),
    ]
    assert rows("SELECT source FROM segment_version WHERE key = :key", key=f"narrow_{two}") == [
        ("(purchases >= 1) and (purchases >= 2)",)
    ]
    acts = rows("SELECT action, count(*) FROM audit_row WHERE action LIKE 'suggestion:%' GROUP BY 1 ORDER BY 1")
    assert acts == [("suggestion:dismissed", 1), ("suggestion:made", 2), ("suggestion:taken", 1)]
    assert "Too early" in client.get("/admin/experiments?lang=en").text
