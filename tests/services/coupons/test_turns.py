"""A campaign begins and ends at one instant on all channels; people hear of it, and where it cannot work (CHN-07)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from apiflask import APIFlask

from portal.db import reading
from portal.jobs.coupons import turn_campaigns
from portal.kit import clock
from portal.queries.campaign_turns import turns_of
from portal.queries.campaigns import load_campaign
from portal.queries.channels import forget_channels
from tests.blueprints.desks import browser
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.coupon import give, make_campaign
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.factories.webhook import handle_waiting

pytestmark = [pytest.mark.req("CHN-07"), pytest.mark.usefixtures("books")]
HOUR = timedelta(hours=1)


def turn() -> None:
    """What clock and workers do when an instant has come."""
    turn_campaigns()
    handle_waiting()


def told() -> set[tuple[object, ...]]:
    return set(rows("SELECT kind, user_id FROM notice WHERE kind LIKE 'campaign%'"))


def test_it_begins_and_ends_on_all_channels_at_one_instant_and_people_hear_of_it() -> None:
    mall, now = make_mall(), clock.now()
    bea, max_, holder = make_person("bea"), make_person("max"), make_person("hal")
    make_order(bea, mall, {make_variant(mall): 1})
    handle_waiting()
    campaign_id = make_campaign(
        "claim", state="scheduled", valid_from=now - timedelta(seconds=1), valid_until=now + HOUR
    )
    give(campaign_id, holder)
    turn()
    turn()
    found = rows("SELECT channel_id, turn, due_at, problem FROM campaign_turn ORDER BY channel_id")
    assert [(channel_id, what, problem) for channel_id, what, _, problem in found] == [
        (mall.kr.id, "start", None),
        (mall.us.id, "start", None),
    ]
    assert len({due for _, _, due, _ in found}) == 1
    assert told() == {("campaign_begun", bea.id), ("campaign_begun", holder.id)}
    assert max_.id not in {user for _, user in told()}


def test_a_secret_code_is_announced_to_nobody() -> None:
    mall, now = make_mall(), clock.now()
    make_order(make_person("bea"), mall, {make_variant(mall): 1})
    make_campaign("code", code="SECRET22", state="scheduled", valid_from=now - HOUR, valid_until=now + HOUR)
    turn()
    assert told() == set()


def test_its_end_is_noted_and_told_to_who_still_holds_it() -> None:
    make_mall()
    now, holder = clock.now(), make_person("hal")
    campaign_id = make_campaign("grant", state="running", valid_from=now - 2 * HOUR, valid_until=now - HOUR)
    give(campaign_id, holder, now=now - 2 * HOUR)
    turn()
    assert rows("SELECT DISTINCT turn FROM campaign_turn") == [("end",)]
    assert told() == {("campaign_over", holder.id)}


def test_where_it_cannot_work_is_listed_and_told_to_administrators(app: APIFlask) -> None:
    mall, now, ada = make_mall(), clock.now(), make_person("ada", roles=("admin",))
    campaign_id = make_campaign(
        "claim",
        state="scheduled",
        valid_from=now - HOUR,
        valid_until=now + HOUR,
        kind="fixed",
        percent=None,
        amounts={"KRW": 1_000},
    )
    turn()
    assert rows("SELECT channel_id, problem FROM campaign_turn ORDER BY channel_id") == [
        (mall.kr.id, None),
        (mall.us.id, "no_amount"),
    ]
    assert told() == {("campaign_stuck", ada.id)}
    page = browser(app, ada).get(f"/us/admin/campaigns/{campaign_id}").text
    assert "No amount in the channel&#39;s currency" in page
    assert "On each channel" in page


def test_each_channel_says_the_instant_by_its_own_clock_and_one_that_is_left_out_is_absent() -> None:
    mall, now = make_mall(), clock.now()
    everywhere = make_campaign("claim", valid_from=now, valid_until=now + HOUR)
    only = make_campaign(
        "claim", valid_until=now + HOUR, conditions=[{"name": "channel", "params": {"channel_ids": [mall.us.id]}}]
    )
    forget_channels()
    with reading() as session:
        wide, narrow = (load_campaign(session, campaign_id=one) for one in (everywhere, only))
        assert wide is not None
        assert narrow is not None
        both, one = turns_of(session, wide), turns_of(session, narrow)
    assert [turn.view.id for turn in one] == [mall.us.id]
    assert {turn.starts_at for turn in both} == {now}
    assert len({turn.zone.key for turn in both}) == 2
