"""What orders and people earn by the rules in force, through the services (BAL-04)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import atomically, reading, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.channels import channel_directory, forget_channels
from portal.queries.loyalty import START_AFTER, forget_loyalty, loyalty_directory
from portal.queries.product_looks import look_at
from portal.rules.earning import EarnRule, EarnTerms, to_json
from portal.rules.tiers import Ladder, from_json
from portal.services.checkout.earning import points_of_product
from portal.services.loyalty.award_points import award_review, award_sign_up
from portal.services.loyalty.claim_referral import claim_referral
from portal.services.loyalty.make_referral_code import make_referral_code
from portal.services.loyalty.refresh_tier import refresh_tier
from portal.services.loyalty.replay_earning import replay_earning
from portal.services.loyalty.write_version import (
    LoyaltyChangedError,
    LoyaltyForbiddenError,
    LoyaltyStartError,
    LoyaltyUnfitError,
    write_version,
)
from portal.services.orders.mature_mileage import mature_mileage
from tests.factories import loyalty
from tests.factories.account import Person, make_person, make_session
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.refund import rows
from tests.services.refunds.test_decisions import move_part

pytestmark = pytest.mark.req("BAL-04")

DAY = timedelta(days=1)
DOUBLE = EarnRule("Double week", multiplier=Decimal(2))


@pytest.fixture
def mall(books: None) -> Mall:
    made = make_mall()
    with transaction() as session:
        session.execute(text("""UPDATE channel SET policy = '{"mileage": {"earn_rate": "0.01"}}'"""))
    forget_channels()
    channels = channel_directory()
    return Mall(channels["kr"], channels["us"], made.store_ids, made.section_id)


@pytest.fixture
def bea(mall: Mall) -> Person:
    return make_person("bea")


@pytest.fixture
def ada(mall: Mall) -> Person:
    return make_person("ada", roles=("buyer", "admin"))


def in_force(author: Person, terms: EarnTerms) -> int:
    return loyalty.write_version(author, "mileage", to_json(terms))


def promised(order: MadeOrder) -> int:
    return int(rows("SELECT mileage_promised FROM orders WHERE id = :id", id=order.id)[0][0])


def points(person: Person, kind: str = "mileage") -> int:
    query = "SELECT balance_minor FROM ledger_account WHERE owner = :owner AND kind = :kind"
    return sum(row[0] for row in rows(query, owner=f"user:{person.id}", kind=kind))


def mature(order: MadeOrder, part: int = 0) -> None:
    move_part(order, "shipped", "delivered", part=part)
    later = clock.now() + 31 * DAY
    atomically(lambda s: mature_mileage(s, part_id=order.part_ids[part], now=later))


def test_the_rules_of_the_order_decide_and_not_those_of_later(mall: Mall, bea: Person, ada: Person) -> None:
    usual = make_order(bea, mall, {make_variant(mall, krw=11_000): 1})
    first = in_force(ada, EarnTerms(rules=(DOUBLE,), life_days=30))
    doubled = make_order(bea, mall, {make_variant(mall, krw=11_000): 1})
    in_force(ada, EarnTerms(rules=(replace(DOUBLE, multiplier=Decimal(5)),), life_days=90))
    assert (promised(usual), promised(doubled)) == (100, 200)
    kept = rows("SELECT loyalty FROM orders ORDER BY placed_at")
    assert kept == [(None,), ({"mileage": first, "tiers": 0, "tier": None, "cap": None},)]
    mature(doubled)
    granted, days = rows("SELECT granted, extract(day FROM expires_at - granted_at)::int FROM mileage_lot")[0]
    assert (granted, days) == (200, 30)


def test_a_version_that_starts_later_waits_for_its_moment(mall: Mall, bea: Person, ada: Person) -> None:
    later = clock.now() + DAY
    loyalty.write_version(ada, "mileage", to_json(EarnTerms(rules=(DOUBLE,))), starts_at=later)
    directory = loyalty_directory()
    assert directory.terms(later - timedelta(microseconds=1)).version == 0
    assert directory.terms(later).version == 1
    assert promised(make_order(bea, mall, {make_variant(mall, krw=11_000): 1})) == 100


def test_the_tier_multiplies_and_the_months_cap_counts_earlier_orders(mall: Mall, bea: Person, ada: Person) -> None:
    loyalty.write_version(ada, "tiers", loyalty.TIERS)
    in_force(ada, EarnTerms(month_cap=500))
    first = make_order(bea, mall, {make_variant(mall, krw=33_000): 1})
    assert atomically(lambda s: refresh_tier(s, user_id=bea.id, now=clock.now())) == "silver"
    second = make_order(bea, mall, {make_variant(mall, krw=11_000): 1, make_variant(mall, krw=5_500): 1})
    third = make_order(bea, mall, {make_variant(mall, krw=11_000): 1})
    assert (promised(first), promised(second), promised(third)) == (300, 200, 0)
    assert rows("SELECT loyalty ->> 'tier', loyalty ->> 'cap' FROM orders ORDER BY placed_at") == [
        ("bronze", None),
        ("silver", "month"),
        ("silver", "month"),
    ]


def test_a_category_counts_for_what_lies_below_it(mall: Mall, bea: Person, ada: Person) -> None:
    with transaction() as session:
        above = session.execute(
            text("INSERT INTO section (slug, name, position) VALUES ('home', '{}', 0) RETURNING id")
        ).scalar_one()
        session.execute(text("UPDATE section SET parent_id = :above WHERE id <> :above"), {"above": above})
    rule = EarnRule("Home", percent=Decimal(3), section_ids=frozenset({above}))
    in_force(ada, EarnTerms(rules=(rule,)))
    assert promised(make_order(bea, mall, {make_variant(mall, krw=11_000): 1})) == 300


@pytest.mark.req("INC-02")
def test_a_rule_for_a_segment_counts_while_somebody_is_in_it(mall: Mall, bea: Person, ada: Person) -> None:
    """For orders of now, on the page of a product, and for past ones by who was in the segment then."""
    rule = replace(DOUBLE, segments=frozenset({"lately"}))
    assert write(ada, EarnTerms(rules=(rule,))) == LoyaltyUnfitError.code
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO segment_version (key, version, title, source, is_live, author_id, created_at)"
                " VALUES ('lately', 1, 'Lately', 'purchases >= 1', true, :by, now())"
            ),
            {"by": ada.id},
        )
    variant = make_variant(mall, krw=11_000)
    before = make_order(bea, mall, {variant: 1})
    with transaction() as session:
        for statement in (
            "INSERT INTO segment_member (key, user_id, since) VALUES ('lately', :id, now())",
            "INSERT INTO segment_move (key, user_id, entered, at) VALUES ('lately', :id, true, now())",
        ):
            session.execute(text(statement), {"id": bea.id})
    in_force(ada, EarnTerms(rules=(rule,)))
    inside = make_order(bea, mall, {variant: 1})
    assert (promised(before), promised(inside)) == (100, 200)
    now = clock.now()
    with reading() as session:
        triple = EarnTerms(rules=(replace(rule, multiplier=Decimal(3)),))
        replayed = replay_earning(session, terms=triple, since=now - DAY, now=now + DAY)
        product_id = rows("SELECT product_id FROM variant WHERE id = :id", id=variant)[0][0]
        seen = [
            points_of_product(
                session,
                channel=mall.kr,
                product_id=product_id,
                store_id=mall.store_ids[0],
                section_id=mall.section_id,
                amount_minor=11_000,
                buyer=look_at(session, product_id=product_id, variant_id=variant, user_id=user_id).membership,
                now=now,
            )
            for user_id in (bea.id, ada.id, None)
        ]
    assert [(one.points_before, one.points_after) for one in replayed.channels] == [(300, 400)]
    assert seen == [200, 100, 100]


def write(actor: Person, rules: EarnTerms | Ladder, *, newest: int = 0, starts_at: datetime | None = None) -> int | str:
    """The version's number, or the code of the refusal."""
    try:
        return atomically(
            lambda s: write_version(
                s, actor=actor.actor, rules=rules, note="x", newest=newest, starts_at=starts_at, now=clock.now()
            )
        )
    except PortalError as refused:
        return refused.code


def test_versions_are_written_by_whoever_may_and_hold_from_now_on(mall: Mall, bea: Person, ada: Person) -> None:
    now, terms = clock.now(), EarnTerms(rules=(DOUBLE,))
    assert write(bea, terms) == LoyaltyForbiddenError.code
    assert write(ada, terms, starts_at=now - timedelta(minutes=6)) == LoyaltyStartError.code
    assert write(ada, terms, starts_at=now + 367 * DAY) == LoyaltyStartError.code
    assert write(ada, EarnTerms(rules=(replace(DOUBLE, product_ids=frozenset({999})),))) == LoyaltyUnfitError.code
    assert write(ada, Ladder()) == LoyaltyUnfitError.code
    assert rows("SELECT count(*) FROM loyalty_version") == [(0,)]
    assert write(ada, terms) == 1
    assert write(ada, terms) == LoyaltyChangedError.code
    assert write(ada, terms, newest=1, starts_at=now + DAY) == 2
    assert write(ada, from_json(0, loyalty.TIERS)) == 1
    starts = rows("SELECT starts_at - created_at FROM loyalty_version WHERE kind = 'mileage' ORDER BY version")
    assert starts[0][0] == START_AFTER
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'loyalty:written'") == [(3,)]
    forget_loyalty()
    assert loyalty_directory().terms(now).version == 0
    assert loyalty_directory().terms(now + timedelta(minutes=1)).version == 1


def test_of_two_who_write_at_once_one_is_told(mall: Mall, ada: Person) -> None:
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: write(ada, EarnTerms(rules=(DOUBLE,))), range(2)))
    assert sorted(made, key=str) == [1, LoyaltyChangedError.code]


def award(work: Callable[..., Any], person: Person, **more: Any) -> int:
    made: int = atomically(lambda s: work(s, user_id=person.id, now=clock.now(), **more))
    return made


def test_signing_up_and_a_review_of_what_was_kept_give_points_once(mall: Mall, bea: Person, ada: Person) -> None:
    assert award(award_sign_up, bea) == 0
    in_force(ada, EarnTerms(sign_up_points=1_000, review_points=50))
    award(award_sign_up, bea)
    award(award_sign_up, bea)
    assert points(bea) == 1_000
    order = make_order(bea, mall, {make_variant(mall, krw=11_000): 1})
    product = int(rows("SELECT product_id FROM order_line")[0][0])
    assert award(award_review, bea, product_id=product) == 0
    move_part(order, "shipped", "delivered")
    award(award_review, bea, product_id=product)
    award(award_review, bea, product_id=product)
    assert points(bea) == 1_050
    assert rows("SELECT source, granted FROM mileage_lot ORDER BY id") == [("sign_up", 1_000), ("review", 50)]


def invite(referrer: Person, referee: Person, *, device_of: Person) -> str | None:
    """The newcomer signs up with the other's code, on somebody's device."""
    device = rows("SELECT device_id FROM web_session WHERE user_id = :id", id=device_of.id)[0][0]
    code = atomically(lambda s: make_referral_code(s, user_id=referrer.id, now=clock.now()))
    assert code == atomically(lambda s: make_referral_code(s, user_id=referrer.id, now=clock.now()))
    return atomically(
        lambda s: claim_referral(s, referee_id=referee.id, code=code.lower(), device_id=device, now=clock.now())
    )


def test_both_sides_are_given_their_points_with_the_first_order_that_is_kept(
    mall: Mall, bea: Person, ada: Person
) -> None:
    in_force(ada, EarnTerms(referrer_points=3_000, referee_points=2_000))
    newcomer = make_person("max")
    for person in (bea, newcomer):
        make_session(person)
    assert invite(bea, newcomer, device_of=newcomer) == "waiting"
    assert invite(bea, bea, device_of=bea) is None
    order = make_order(newcomer, mall, {make_variant(mall, krw=11_000): 1, make_variant(mall, store=1): 1})
    mature(order, 0)
    mature(order, 1)
    assert points(bea) == 3_000
    assert rows("SELECT state, referrer_points, referee_points FROM referral") == [("given", 3_000, 2_000)]
    assert rows("SELECT count(*) FROM mileage_lot WHERE source = 'referral'") == [(2,)]


def test_who_invites_himself_on_his_own_device_gets_nothing(mall: Mall, bea: Person, ada: Person) -> None:
    in_force(ada, EarnTerms(referrer_points=3_000, referee_points=2_000))
    second_self = make_person("max")
    make_session(bea)
    assert invite(bea, second_self, device_of=bea) == "refused"
    mature(make_order(second_self, mall, {make_variant(mall, krw=11_000): 1}))
    assert points(bea) == 0
    assert rows("SELECT state, reason FROM referral") == [("refused", "same_device")]
    assert rows("SELECT reason FROM audit_row, lateral (SELECT payload::jsonb ->> 'reason' AS reason) r"
                " WHERE action = 'referral:claimed'") == [("same_device",)]  # fmt: skip
