"""Automations that are abused, or return too little, pause by themselves (INC-05)."""

from __future__ import annotations

import psycopg
import pytest
from apiflask import APIFlask

from portal.bench.shoppers import fill_shoppers
from portal.config import Settings
from portal.db import transaction
from portal.kit import clock
from portal.rules.offers import Strategy
from portal.services.incentives.pause_automations import pause_automations
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.coupon import make_campaign
from tests.factories.refund import rows

# As the owner, with keys set aside: a coupon that was used on every order of whoever was drawn for it.
FILL = (
    "SET session_replication_role = replica",
    """INSERT INTO automation (title, channel_id, event, action, campaign_id, currency, people_max, every_days,
              window_days, control_bp, quiet_from, quiet_until, salt, state, author_id, created_at)
       SELECT 'A', 1, 'order.paid', 'coupon', %(campaign)s, 'KRW', 900, 1, 365, 2000, 0, 0, '', 'running',
              %(ada)s, now()
    """,
    """INSERT INTO incentive_assignment (automation_id, user_id, arm, state, assigned_at, due_at, made_at)
       SELECT 1, u.id, CASE WHEN n %% 4 = 0 THEN 'control' ELSE 'offer' END,
              CASE WHEN n %% 4 = 0 THEN 'withheld' ELSE 'made' END, now() - interval '366 days', now(),
              CASE WHEN n %% 4 > 0 THEN now() END
         FROM (SELECT buyer_id AS id, row_number() OVER (ORDER BY buyer_id) AS n FROM orders GROUP BY 1) u""",
    """INSERT INTO coupon_use (id, campaign_id, user_id, order_id, currency, amount_minor, terms, status, claimed_at,
              updated_at)
       SELECT gen_random_uuid(), %(campaign)s, o.buyer_id, o.id, 'KRW', 1000000, '{}', 'redeemed', o.paid_at, o.paid_at
         FROM orders o JOIN incentive_assignment a ON a.user_id = o.buyer_id AND a.arm = 'offer'
        WHERE o.paid_at > a.assigned_at""",
)


@pytest.mark.req("INC-05")
def test_one_that_is_abused_or_returns_too_little_pauses(app: APIFlask, settings: Settings) -> None:
    make_mall()
    ada, campaign = make_person("ada", roles=("admin",)), make_campaign("grant")
    fill_shoppers(settings.database_owner_url, customers=200)
    with psycopg.connect(settings.database_owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        for statement in FILL:
            owner.execute(statement, {"campaign": campaign, "ada": ada.id})
        # Nothing is held, and a million each for a little more or less returns about nothing: not surely less.
        with transaction() as session:
            assert pause_automations(session, strategy=Strategy(fraud_bp_max=0), now=clock.now()) == []
            assert pause_automations(session, strategy=Strategy(roii_bp_min=9_000), now=clock.now()) == [1]
        with transaction() as session:
            assert pause_automations(session, strategy=Strategy(roii_bp_min=9_000), now=clock.now()) == []
        assert rows("SELECT state, reason FROM automation") == [("paused", "roii")]
        owner.execute("UPDATE automation SET state = 'running'")
        owner.execute("UPDATE orders SET fraud_hold = true")
        with transaction() as session:
            assert pause_automations(session, strategy=Strategy(), now=clock.now()) == [1]
        assert rows("SELECT state, reason FROM automation") == [("paused", "fraud")]
        assert rows("SELECT count(*) FROM audit_row WHERE action = 'automation:moved'") == [(2,)]
