"""Coupons come into wallets, and a code tells nothing to whoever tries it out (CPN-02)."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from portal.db import atomically, reading, transaction
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.kit.errors import PortalError, RejectedError, Rejection
from portal.models import CouponGrant
from portal.queries.benefits import load_coupons
from portal.rules.permissions import VISITOR
from portal.services.coupons.claim_coupon import ClaimNotAllowedError, CouponNotOfferedError, claim_coupon
from portal.services.coupons.end_coupons import decide_code
from portal.services.coupons.move_campaign import move_campaign
from portal.services.coupons.note_act import UNKNOWN_SOURCE
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.coupon import claim, give, make_campaign, type_code
from tests.factories.order import make_coupon, make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.usefixtures("books"), pytest.mark.req("CPN-02")]


def held_by(person: Person, *codes: str) -> dict[str, str | None]:
    """The coupons that checkout knows of: state of the counters aside, by campaign with their code."""
    now = clock.now()
    with reading() as session:
        found = load_coupons(
            session, user_id=person.id, codes=codes, currency="KRW", day=now.date(), locale="en", now=now
        )
    return {one.terms.key: one.code for one in found}


def test_a_claim_puts_it_into_the_wallet_once(db: None) -> None:
    bea, campaign_id = make_person("bea"), make_campaign(cap=5)
    assert claim(campaign_id, bea).is_new
    assert not claim(campaign_id, bea).is_new
    assert held_by(bea) == {str(campaign_id): None}
    assert rows("SELECT source, state FROM coupon_grant") == [("claimed", "held")]
    assert rows("SELECT used, cap FROM campaign_counter WHERE scope = 'claim'") == [(1, 5)]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'coupon:granted'") == [(1,)]
    assert rows("SELECT kind, user_id FROM coupon_act") == [("claim", bea.id)]


def test_what_is_not_offered_cannot_be_claimed(db: None) -> None:
    bea = make_person("bea")
    for campaign_id in (make_campaign("grant"), make_campaign("automatic"), make_campaign(state="draft"), 4711):
        with pytest.raises(CouponNotOfferedError):
            claim(campaign_id, bea)
    late = make_campaign(valid_until=clock.now() - timedelta(seconds=1))
    with pytest.raises(RejectedError) as caught:
        claim(late, bea)
    assert caught.value.code == "COUPON_EXPIRED"
    with pytest.raises(ClaimNotAllowedError):
        atomically(lambda s: claim_coupon(s, campaign_id=late, actor=VISITOR, source=UNKNOWN_SOURCE, now=clock.now()))
    assert rows("SELECT count(*) FROM coupon_grant") == [(0,)]


def test_forty_at_once_claim_ten(db: None) -> None:
    campaign_id = make_campaign(cap=10)
    people = [make_person(f"b{number}", password=None) for number in range(40)]

    def click(person: Person) -> str:
        try:
            return "claimed" if claim(campaign_id, person).is_new else "had it"
        except PortalError as refused:
            return refused.code

    with ThreadPoolExecutor(16) as pool:
        answers = sorted(pool.map(click, people))
    assert answers == ["COUPON_USED_UP"] * 30 + ["claimed"] * 10
    assert rows("SELECT count(*), count(DISTINCT user_id) FROM coupon_grant") == [(10, 10)]


def test_a_code_for_one_person_is_his_who_is_quicker(db: None) -> None:
    make_campaign("code", code="SINGLE23", per_code_cap=1)
    people = [make_person(f"b{number}", password=None) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda person: type_code("single-23", person), people))
    assert sum(not isinstance(one, Rejection) for one in answers) == 1
    assert {one.code for one in answers if isinstance(one, Rejection)} == {"COUPON_UNKNOWN"}
    holder = rows("SELECT holder_id, user_id FROM coupon_code JOIN coupon_grant USING (code)")
    assert len(holder) == 1
    assert holder[0][0] == holder[0][1]
    others = [person for person in people if person.id != holder[0][0]]
    assert rows("SELECT count(*) FROM coupon_act WHERE kind = 'miss'") == [(7,)]
    assert held_by(others[0]) == {}


def test_whatever_is_wrong_with_a_code_of_others_the_answer_is_the_same(db: None) -> None:
    max_, ada = make_person("max"), make_person("ada", roles=("buyer", "admin"))
    now = clock.now()
    make_campaign("code", code="PAST2345", valid_until=now - timedelta(days=1))
    make_campaign("code", code="COMING23", valid_from=now + timedelta(days=1))
    make_campaign("code", code="PAUSED23", state="paused")
    make_campaign("code", code="DRAFT234", state="draft")
    make_campaign("grant", code="NOTFREE2")
    taken = make_campaign("code", code="TAKEN234")
    decide = {"campaign_id": taken, "code": "TAKEN234", "new": "revoked", "reason": "leaked"}
    atomically(lambda s: decide_code(s, **decide, actor=ada.actor, now=now))  # type: ignore[arg-type]  # As named.
    for code in ("PAST2345", "COMING23", "PAUSED23", "DRAFT234", "NOTFREE2", "TAKEN234", "NOBODY23", "', DROP", "\0"):
        answer = type_code(code, max_)
        assert isinstance(answer, Rejection)
        assert (answer.code, dict(answer.params)) == ("COUPON_UNKNOWN", {})
    assert rows("SELECT count(*) FROM coupon_act WHERE kind = 'miss' AND code IS NULL") == [(9,)]


def test_about_a_coupon_of_his_own_one_is_told_more(db: None) -> None:
    bea, now = make_person("bea"), clock.now()
    make_campaign("code", code="MINE2345", valid_until=now + timedelta(hours=1))
    assert not isinstance(type_code("MINE2345", bea), Rejection)
    again = type_code("mine 2345", bea)
    assert not isinstance(again, Rejection)
    assert not again.is_new
    with transaction() as session:
        session.execute(update(CouponGrant).values(state="revoked"))
    answer = type_code("MINE2345", bea)
    assert isinstance(answer, Rejection)
    assert answer.code == "COUPON_REVOKED"


def test_a_withdrawn_code_opens_nothing_and_a_typed_one_does_instead(db: None) -> None:
    bea, ada = make_person("bea"), make_person("ada", roles=("buyer", "admin"))
    campaign_id = make_campaign("code", code="FIRST234", per_user_cap=2)
    type_code("FIRST234", bea)
    assert held_by(bea) == {str(campaign_id): "FIRST234"}
    atomically(
        lambda s: decide_code(
            s,
            campaign_id=campaign_id,
            code="FIRST234",
            new="revoked",
            reason="leaked",
            actor=ada.actor,
            now=clock.now(),
        )
    )
    now = clock.now()
    with reading() as session:
        found = load_coupons(session, user_id=bea.id, codes=(), currency="KRW", day=now.date(), locale="en", now=now)
    assert [one.standing.is_revoked for one in found] == [True]


def test_what_was_given_is_told_once_and_kept(db: None) -> None:
    bea, campaign_id = make_person("bea"), make_coupon("GIVEN234")
    assert len(give(campaign_id, bea, bea)) == 1
    assert give(campaign_id, bea) == []
    assert held_by(bea) == {str(campaign_id): None}


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({"name": "first_order", "params": {}}, "COUPON_FIRST_ORDER_ONLY"),
        ({"name": "user", "params": {"user_ids": [str(uuid.uuid4())]}}, "COUPON_NOT_ELIGIBLE"),
        ({"name": "segment", "params": {"any_of": ["new"]}}, "COUPON_WRONG_SEGMENT"),
    ],
)
def test_a_coupon_for_others_cannot_be_claimed(books: None, condition: dict[str, Any], code: str) -> None:
    mall, bea, max_ = make_mall(), make_person("bea"), make_person("max")
    make_order(bea, mall, {make_variant(mall): 1})
    campaign_id = make_campaign(conditions=[condition])
    with pytest.raises(RejectedError) as caught:
        claim(campaign_id, bea)
    assert caught.value.code == code
    assert rows("SELECT count(*) FROM coupon_grant") == [(0,)]
    if condition["name"] != "user":
        assert claim(campaign_id, max_).is_new


def test_what_one_would_buy_is_asked_when_one_buys_it(db: None) -> None:
    goods = {"name": "minimum_spend", "params": {"minimum": {"KRW": 50_000}}}
    assert claim(make_campaign(conditions=[goods]), make_person("bea")).is_new


@pytest.mark.req("CPN-10")
def test_who_holds_a_coupon_hears_that_its_campaign_is_withdrawn(db: None) -> None:
    bea, kim, max_ = make_person("bea"), make_person("kim", locale="ko"), make_person("max")
    campaign_id, other = make_campaign(), make_campaign()
    for person in (bea, kim):
        claim(campaign_id, person)
    claim(other, max_)
    boss = make_person("ada", roles=("admin",)).actor
    with transaction() as session:
        move_campaign(session, campaign_id=campaign_id, new="revoked", reason="leaked", actor=boss, now=clock.now())
    for _twice in range(2):
        handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE kind = 'campaign.moved'")])
    told = rows("SELECT user_id, params->>'name' FROM notice WHERE kind = 'coupon_revoked'")
    assert sorted(told, key=lambda row: str(row[1])) == [(kim.id, "10% 할인"), (bea.id, "Ten percent off")]
