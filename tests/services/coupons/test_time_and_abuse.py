"""Coupons run out on time and their holders hear of it once; what looks abused is suspended (CPN-11, CPN-14)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from portal.db import atomically, transaction
from portal.jobs.coupons import tend_coupons, watch_coupons
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.rules.coupons.abuse import AbuseRule, AbuseSetting, Act
from portal.services.coupons.change_abuse_rule import change_abuse_rule
from portal.services.coupons.decide_flag import FlagUnknownError, confirm_flag, undo_flag
from portal.services.coupons.expire_grants import expire_grants, warn_of_expiry
from portal.services.coupons.make_codes import make_batch
from portal.services.coupons.note_act import Source
from tests.blueprints.desks import counted
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall
from tests.factories.coupon import claim, give, make_campaign, type_code
from tests.factories.refund import rows

pytestmark = pytest.mark.usefixtures("books")
HOUR = timedelta(hours=1)


def source() -> Source:
    return Source(device_id=uuid.uuid4(), network=uuid.uuid4().bytes)


def people(count: int) -> list[Person]:
    return [make_person(f"b{number}", password=None) for number in range(count)]


def setting(rule: AbuseRule, threshold: int, act: Act = Act.SUSPEND) -> None:
    ada = make_person(f"ada{rule}", roles=("buyer", "admin"), password=None)
    anew = AbuseSetting(rule, threshold, HOUR, act)
    atomically(lambda s: change_abuse_rule(s, setting=anew, actor=ada.actor, now=clock.now()))


@pytest.mark.req("CPN-11")
def test_a_coupon_runs_out_after_its_grace_and_stays_so(db: None) -> None:
    bea, now = make_person("bea"), clock.now()
    give(make_campaign("grant", valid_until=now - HOUR, grace_hours=1), bea, now=now - 2 * HOUR)
    give(make_campaign("grant", valid_until=now - HOUR, grace_hours=2), bea, now=now - 2 * HOUR)
    tend_coupons()
    tend_coupons()
    assert rows("SELECT grace_hours, g.state FROM coupon_grant g JOIN campaign c ON c.id = campaign_id ORDER BY 1") == [
        (1, "expired"),
        (2, "held"),
    ]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'coupon:expired'") == [(1,)]
    assert atomically(lambda s: expire_grants(s, now=now + 2 * HOUR)) == 1


@pytest.mark.req("CPN-11")
def test_holders_are_warned_once_by_bell_and_mail(db: None) -> None:
    make_mall()
    bea, max_ = make_person("bea", locale="ko"), make_person("max")
    now = clock.now()
    soon = make_campaign("grant", valid_until=now + timedelta(days=2))
    give(soon, bea, now=now - timedelta(days=20))
    give(soon, max_)  # Has just read how long it lasts.
    give(make_campaign("grant", valid_until=now + timedelta(days=4)), bea, now=now - timedelta(days=20))
    give(make_campaign("grant", valid_until=now + HOUR, state="paused"), bea, now=now - timedelta(days=20))
    assert atomically(lambda s: warn_of_expiry(s, now=now)) == 1
    assert atomically(lambda s: warn_of_expiry(s, now=now)) == 0
    for _ in range(2):
        handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE kind = 'coupon.expires'")])
    assert rows("SELECT user_id, kind FROM notice") == [(bea.id, "coupon_expires")]
    assert rows("SELECT template, user_id FROM mail") == [("coupon", bea.id)]


@pytest.mark.req("CPN-14")
def test_a_code_that_many_accounts_take_from_one_place_is_suspended(db: None) -> None:
    setting(AbuseRule.LEAKED, 3)
    campaign_id, here = make_campaign("code", code="SHARED23"), Source(network=uuid.uuid4().bytes)
    several = people(5)
    for person in several[:2]:
        type_code("SHARED23", person, here)
    for person in several[3:]:
        type_code("SHARED23", person, source())
    watch_coupons()
    assert rows("SELECT count(*) FROM coupon_flag") == [(0,)]
    type_code("SHARED23", several[2], here)
    watch_coupons()
    watch_coupons()
    assert rows("SELECT rule, code, found, campaign_id FROM coupon_flag") == [("leaked", "SHARED23", 3, campaign_id)]
    assert rows("SELECT state FROM coupon_code") == [("suspended",)]
    handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE kind LIKE 'coupon.%'")])
    told = rows("SELECT user_id FROM notice WHERE kind = 'coupon_suspended' ORDER BY user_id")
    assert told == [(one.id,) for one in sorted(several, key=lambda one: one.id)]
    assert rows("SELECT count(*) FROM notice WHERE kind = 'coupon_flagged'") == [(1,)]
    flag = rows("SELECT id FROM coupon_flag")[0][0]
    bea = several[0]
    with pytest.raises(FlagUnknownError):
        atomically(lambda s: undo_flag(s, flag_id=flag, reason="mine", actor=bea.actor, now=clock.now()))
    ada = make_person("ada", roles=("buyer", "risk"))
    atomically(lambda s: undo_flag(s, flag_id=flag, reason="a fair", actor=ada.actor, now=clock.now()))
    assert rows("SELECT state FROM coupon_code") == [("active",)]
    watch_coupons()
    assert rows("SELECT count(*) FROM coupon_flag") == [(1,)]


@pytest.mark.req("CPN-14")
def test_what_a_guesser_gets_between_his_misses_is_suspended_and_confirmed(db: None) -> None:
    setting(AbuseRule.GUESSED, 4)
    make_campaign("code", code="HIT23456", per_code_cap=1)
    max_, bea, here = make_person("max"), make_person("bea"), source()
    for code in ("MISS2345", "MISS2346", "MISS2346", "MISS2347"):
        type_code(code, max_, here)
    type_code("HIT23456", max_, here)
    watch_coupons()
    assert rows("SELECT count(*) FROM coupon_flag") == [(0,)]
    type_code("MISS2348", bea, Source(network=here.network))
    watch_coupons()
    assert rows("SELECT rule, user_id, found FROM coupon_flag") == [("guessed", max_.id, 4)]
    assert rows("SELECT state FROM coupon_grant") == [("suspended",)]
    flag, ada = rows("SELECT id FROM coupon_flag")[0][0], make_person("ada", roles=("buyer", "risk"))
    atomically(lambda s: confirm_flag(s, flag_id=flag, reason="guessed", actor=ada.actor, now=clock.now()))
    assert rows("SELECT state, reason FROM coupon_grant") == [("revoked", "guessed")]


@pytest.mark.req("CPN-14")
def test_speed_resale_and_many_faces_are_found(db: None) -> None:
    for rule in (AbuseRule.AUTOMATED, AbuseRule.RESOLD, AbuseRule.DUPLICATE):
        setting(rule, 3)
    several, ada = people(4), make_person("ada", roles=("buyer", "admin"))
    quick = make_person("quick")
    for _ in range(3):
        claim(make_campaign(), quick, source())
    batched = make_campaign("code")
    with transaction() as session:
        make_batch(
            session,
            campaign_id=batched,
            size=4,
            prefix="",
            length=12,
            per_code_cap=1,
            label_text="",
            actor=ada.actor,
            now=clock.now(),
        )
    codes = [row[0] for row in rows("SELECT code FROM coupon_code WHERE batch_id IS NOT NULL")]
    shop = uuid.uuid4().bytes
    for code, person in zip(codes[:3], several, strict=False):
        type_code(code, person, Source(network=shop))
    claimed, device = make_campaign(), uuid.uuid4()
    for person in several[:3]:
        claim(claimed, person, Source(device_id=device))
    watch_coupons()
    found = rows("SELECT rule, count(*) FROM coupon_flag GROUP BY rule ORDER BY rule")
    assert found == [("automated", 3), ("duplicate", 2), ("resold", 3)]
    assert rows("SELECT count(*) FROM coupon_grant WHERE state = 'held'") == [(1,)]
    assert rows("SELECT user_id FROM coupon_grant WHERE state = 'held'") == [(several[0].id,)]


@pytest.mark.req("CPN-14")
def test_a_rule_that_only_tells_suspends_nothing_and_one_that_is_off_sees_nothing(db: None) -> None:
    setting(AbuseRule.AUTOMATED, 2, Act.FLAG)
    setting(AbuseRule.DUPLICATE, 2, Act.OFF)
    here, several = source(), people(2)
    for person in several:
        for campaign_id in (make_campaign(), make_campaign()):
            claim(campaign_id, person, here)
    watch_coupons()
    assert rows("SELECT DISTINCT rule, is_suspended FROM coupon_flag") == [("automated", False)]
    assert rows("SELECT DISTINCT state FROM coupon_grant") == [("held",)]


@pytest.mark.req("CPN-02")
def test_however_many_codes_are_made_by_a_handful_of_statements(db: None) -> None:
    campaign_id, ada = make_campaign("code"), make_person("ada", roles=("buyer", "admin"))
    with counted() as sent, transaction() as session:
        batch_id = make_batch(
            session,
            campaign_id=campaign_id,
            size=20_000,
            prefix="VIP",
            length=10,
            per_code_cap=1,
            label_text="",
            actor=ada.actor,
            now=clock.now(),
        )
    assert len(sent) <= 6
    assert rows("SELECT count(*) FROM coupon_code WHERE batch_id = :id", id=batch_id) == [(20_000,)]
