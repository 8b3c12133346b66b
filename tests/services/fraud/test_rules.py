"""Rules of risk in the database: written, in force, in shadow, out, quiet; decisions go by them (FRD-01, FRD-02)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.db import transaction
from portal.kit import clock
from portal.queries.risk_rules import rules_in_force
from portal.rules.fraud import SHIPPED, Decision, Outcome
from portal.rules.permissions import Actor, Role
from portal.services.fraud.release_rule import RiskRuleReasonUnfitError, RiskRuleUnknownError, release_rule
from portal.services.fraud.save_rule import (
    RiskRuleChangedError,
    RiskRulesForbiddenError,
    RiskRuleUnfitError,
)
from portal.services.fraud.score_event import RiskEvent, score_event
from portal.services.fraud.snooze_rule import SnoozeUnfitError, end_snooze, snooze_rule
from tests.factories.account import ADDRESS_KR, Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.services.fraud.rules import live_release, make_reviewer, place, write

pytestmark = pytest.mark.req("FRD-02")


@pytest.fixture
def mall(db: None) -> Mall:
    return make_mall()


@pytest.fixture
def rita(mall: Mall) -> Actor:
    return make_reviewer()


@pytest.fixture
def bea(db: None) -> Person:
    return make_person("bea", now=clock.now() - timedelta(days=30))


def score(person: Person, amount_minor: int = 900, *, ip: str = "203.0.113.7") -> Decision:
    event = RiskEvent("top_up", currency="KRW", amount_minor=amount_minor, ip=ip, address=ADDRESS_KR)
    with transaction() as session:
        return score_event(session, event=event, actor=Actor(user_id=person.id), now=clock.now())


def test_a_version_decides_nothing_before_it_is_put_in_force_and_then_at_once(rita: Actor, bea: Person) -> None:
    assert write(rita, "amount < 1_000 KRW") == 1
    assert score(bea).outcome is Outcome.ALLOW
    place(rita, 1)
    assert score(bea).outcome is Outcome.BLOCK
    assert rows("SELECT outcome, versions->>'cheap', fired->0->>'rule' FROM risk_decision ORDER BY decided_at") == [
        ("allow", None, None),
        ("block", "1", "cheap"),
    ]
    place(rita, 0, replaces=live_release())
    assert score(bea).outcome is Outcome.ALLOW


def test_a_shadow_is_noted_beside_the_version_in_force_and_ends_when_it_takes_its_place(
    rita: Actor, bea: Person
) -> None:
    write(rita, "amount < 1_000 KRW", mode="review")
    place(rita, 1)
    write(rita, "amount < 2_000 KRW", newest=1)
    place(rita, 2, shadow=True)
    decision = score(bea, 1_500)
    assert decision.outcome is Outcome.ALLOW
    assert [(one.rule.version, one.shadow) for one in decision.fired] == [(2, True)]
    place(rita, 2, replaces=live_release())
    assert [(one.rule.version, one.shadow) for one in score(bea, 1_500).fired] == [(2, False)]


def test_a_shipped_rule_is_version_one_and_can_be_replaced_and_brought_back(rita: Actor, bea: Person) -> None:
    assert write(rita, "amount > 1 KRW", name="amount_above", mode="review", newest=1) == 2
    place(rita, 2, name="amount_above")
    assert score(bea).outcome is Outcome.REVIEW
    place(rita, 1, name="amount_above", replaces=live_release("amount_above"))
    assert score(bea).outcome is Outcome.ALLOW
    with transaction() as session:
        assert {one.name: one for one in rules_in_force(session).rules}["amount_above"] == SHIPPED["amount_above"]


def test_what_cannot_be_is_refused(rita: Actor, bea: Person) -> None:
    with pytest.raises(RiskRuleUnfitError) as refusal:
        write(rita, "amount < 1_000")
    assert refusal.value.error is not None
    with pytest.raises(RiskRuleUnfitError) as refusal:
        write(rita, "amount < 1_000 KRW", name="No Good", mode="explode")
    assert set(refusal.value.faults) == {"name", "mode"}
    with pytest.raises(RiskRulesForbiddenError):
        write(Actor(user_id=bea.id, roles=frozenset({Role.BUYER})), "amount < 1_000 KRW")
    with pytest.raises(RiskRuleUnknownError):
        place(rita, 1)
    write(rita, "amount < 1_000 KRW")
    with pytest.raises(RiskRuleUnknownError):
        place(rita, 2)
    with pytest.raises(RiskRuleChangedError):
        write(rita, "amount < 2_000 KRW")
    with transaction() as session, pytest.raises(RiskRuleReasonUnfitError):
        release_rule(
            session, actor=rita, name="cheap", version=1, shadow=False, replaces=0, reason=" ", now=clock.now()
        )
    place(rita, 1)
    with pytest.raises(RiskRuleChangedError):
        place(rita, 0, replaces=99)


def test_a_rule_is_quiet_for_one_person_until_its_time(rita: Actor, bea: Person) -> None:
    write(rita, "amount < 1_000 KRW")
    place(rita, 1)
    now = clock.now()
    quiet = {"rule": "cheap", "kind": "user", "value": str(bea.id), "reason": "Known"}
    with transaction() as session:
        snooze = snooze_rule(session, actor=rita, until=now + timedelta(days=1), now=now, **quiet)
    assert score(bea).outcome is Outcome.ALLOW
    assert rows("SELECT fired->0->>'snoozed' FROM risk_decision") == [("true",)]
    assert score(make_person("sam", now=now - timedelta(days=30))).outcome is Outcome.BLOCK
    with transaction() as session:
        end_snooze(session, actor=rita, snooze_id=snooze, now=clock.now())
    assert score(bea).outcome is Outcome.BLOCK
    with transaction() as session, pytest.raises(SnoozeUnfitError):
        snooze_rule(session, actor=rita, until=now + timedelta(days=181), now=now, **quiet)


@pytest.mark.req("FRD-10")
def test_accounts_at_one_address_and_one_door_are_counted(rita: Actor) -> None:
    write(rita, "accounts_on_ip_24h >= 3 and accounts_on_network_24h >= 4 and accounts_on_address_30d >= 4")
    place(rita, 1)
    people = [make_person(f"farm{n}", now=clock.now() - timedelta(days=9)) for n in range(5)]
    outcomes = [score(one, ip="198.51.100.1").outcome for one in people[:3]]
    score(people[3], ip="198.51.100.77")
    outcomes.append(score(people[4], ip="198.51.100.1").outcome)
    assert outcomes == [Outcome.ALLOW] * 3 + [Outcome.BLOCK]
    assert score(make_person("far"), ip="192.0.2.1").outcome is Outcome.ALLOW


@pytest.mark.req("FRD-10")
def test_cards_that_accounts_share_are_counted(app: APIFlask, mall: Mall, rita: Actor, bea: Person) -> None:
    write(rita, "cards_24h = 1 and accounts_on_cards_30d = 2")
    place(rita, 1)
    assert score(bea).outcome is Outcome.ALLOW
    mate = make_person("mate", now=clock.now() - timedelta(days=30))
    for person in (bea, mate):
        make_order(person, mall, {make_variant(mall): 1})
    with transaction() as session:
        session.execute(text("""UPDATE payment_attempt SET card = card || '{"fingerprint": "the-same"}'"""))
    assert score(bea).outcome is Outcome.BLOCK
    assert score(make_person("far")).outcome is Outcome.ALLOW
