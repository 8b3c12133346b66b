"""Automations: drawn before anything is offered, within consent, hours, budget and pauses (INC-03, INC-06)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.jobs.incentives import run_automations
from portal.kit import clock
from portal.models import Automation
from portal.rules.automations import AutomationDraft
from portal.rules.offers import Strategy
from portal.services.incentives.assign_offers import assign_offers
from portal.services.incentives.make_offer import make_offer, offers_due
from portal.services.incentives.pause_automations import pause_automations
from portal.services.incentives.renew_segments import renew_segments
from portal.services.incentives.save_automation import (
    AutomationForbiddenError,
    AutomationMovedError,
    AutomationUnfitError,
    AutomationUntriedError,
    make_automation,
    move_automation,
    simulate_automation,
)
from portal.services.incentives.save_segment import SegmentDraft, save_segment
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall
from tests.factories.consent import allow_offers
from tests.factories.coupon import make_campaign
from tests.factories.refund import rows

pytestmark = pytest.mark.req("INC-03")
# Noon in Seoul.
NOON = datetime(2026, 11, 28, 3, tzinfo=UTC)


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def ada(mall: Mall) -> Person:
    return make_person("ada", roles=("admin",))


def draft(mall: Mall, **more: Any) -> AutomationDraft:
    asked: dict[str, Any] = {"action": "mileage", "amount_minor": 500, "people_max": 5, "segment": "newcomers"} | more
    return replace(AutomationDraft("Welcome", mall.kr.id), **asked)


def started(mall: Mall, ada: Person, **more: Any) -> int:
    """A running automation over who never bought and came lately. Who is in which arm follows from ids and salts."""
    source = SegmentDraft("newcomers", "Newcomers", "purchases = 0 and account_age < 1 h")
    with transaction() as session:
        save_segment(session, actor=ada.actor, draft=source, newest=0, now=clock.now() - timedelta(days=1))
        number = make_automation(session, actor=ada.actor, draft=draft(mall, **more), now=clock.now())
        simulate_automation(session, automation_id=number, actor=ada.actor, now=clock.now())
        move_automation(session, automation_id=number, do="start", version=2, actor=ada.actor, now=clock.now())
        session.execute(text("UPDATE automation SET quiet_from = 0, quiet_until = 0"))
    return number


def come(mall: Mall, *names: str, allow: bool = True) -> list[Person]:
    """People who enter the segment."""
    people = [make_person(name) for name in names]
    for one in people:
        if allow:
            allow_offers(one.id, mall.kr.id)
    with transaction() as session:
        renew_segments(session, now=clock.now())
    return people


def run(number: int, now: datetime = NOON) -> list[str | None]:
    atomically(lambda s: assign_offers(s, automation_id=number, now=now))
    with transaction() as session:
        due = offers_due(session, now=now)
    return [atomically(lambda s, one=one: make_offer(s, assignment_id=one, now=now)) for one in due]  # type: ignore[misc]  # mypy does not infer a lambda's default.


def test_arms_are_written_before_anybody_is_offered_anything(mall: Mall, ada: Person) -> None:
    number = started(mall, ada, people_max=100)
    come(mall, *(f"p{n}" for n in range(16)))
    atomically(lambda s: assign_offers(s, automation_id=number, now=NOON))
    drawn = rows("SELECT arm, state, count(*) FROM incentive_assignment GROUP BY 1, 2 ORDER BY 1")
    assert sum(count for *_, count in drawn) == 16
    assert {(arm, state) for arm, state, _count in drawn} <= {
        ("offer", "waiting"),
        ("control", "withheld"),
        ("holdout", "withheld"),
    }
    assert rows("SELECT count(*) FROM mileage_lot") == [(0,)]
    run(number)
    run(number)
    (made,) = rows("SELECT count(*) FROM incentive_assignment WHERE state = 'made'")[0]
    assert rows("SELECT count(*), sum(remaining) FROM mileage_lot") == [(made, made * 500)]
    assert rows("SELECT made FROM automation") == [(made,)]
    assert rows("SELECT count(*) FROM notice WHERE kind = 'points_given'") == [(made,)]
    # Whoever is not in the arm of the offer was given nothing.
    assert rows(
        """SELECT count(*) FROM incentive_assignment a JOIN ledger_account l ON l.owner = 'user:' || a.user_id
            WHERE a.arm <> 'offer' AND l.kind = 'mileage'"""
    ) == [(0,)]


@pytest.mark.req("INC-06")
def test_who_does_not_allow_it_is_not_even_drawn_and_may_change_his_mind(mall: Mall, ada: Person) -> None:
    number = started(mall, ada)
    come(mall, "max", allow=False)
    assert run(number) == []
    assert rows("SELECT count(*) FROM incentive_assignment") == [(0,)]
    people = come(mall, *(f"p{n}" for n in range(6)))
    atomically(lambda s: assign_offers(s, automation_id=number, now=NOON))
    waiting = {user for (user,) in rows("SELECT user_id FROM incentive_assignment WHERE state = 'waiting'")}
    gone = next(one for one in people if one.id in waiting)
    allow_offers(gone.id, mall.kr.id, given=False)
    told = run(number)
    assert told.count("consent") == 1
    assert (gone.id,) not in rows("SELECT user_id FROM incentive_assignment WHERE state = 'made'")


@pytest.mark.req("INC-06")
def test_at_night_it_waits_for_the_morning(mall: Mall, ada: Person) -> None:
    number = started(mall, ada)
    come(mall, *(f"p{n}" for n in range(4)))
    night = datetime(2026, 11, 28, 14, tzinfo=UTC)  # 23 o'clock in Seoul.
    assert run(number, night) == []
    assert rows("SELECT DISTINCT due_at FROM incentive_assignment") == [(datetime(2026, 11, 28, 23, tzinfo=UTC),)]
    assert None in run(number, night + timedelta(hours=9))


def test_the_budget_ends_and_another_offer_waits_its_days(mall: Mall, ada: Person) -> None:
    number = started(mall, ada, people_max=2)
    come(mall, *(f"p{n}" for n in range(8)))
    told = run(number)
    assert told.count(None) == 2
    assert set(told) == {None, "budget"}
    with transaction() as session:
        second = make_automation(session, actor=ada.actor, draft=draft(mall, people_max=99), now=NOON)
        simulate_automation(session, automation_id=second, actor=ada.actor, now=NOON)
        move_automation(session, automation_id=second, do="start", version=2, actor=ada.actor, now=NOON)
        session.execute(
            text("UPDATE automation SET seen_id = 0, quiet_from = 0, quiet_until = 0 WHERE id = :n"), {"n": second}
        )
    atomically(lambda s: assign_offers(s, automation_id=second, now=NOON + timedelta(days=1)))
    drawn = rows("SELECT automation_id, user_id, state FROM incentive_assignment WHERE arm = 'offer'")
    made = {row[1] for row in drawn if row[0] == number and row[2] == "made"}
    assert len(made) == 2
    assert made.isdisjoint(row[1] for row in drawn if row[0] == second)


@pytest.mark.parametrize("action", ["deposit", "coupon"])
def test_deposit_and_coupons_are_given_too(mall: Mall, ada: Person, action: str) -> None:
    more: dict[str, Any] = {"action": "deposit", "amount_minor": 3_000}
    if action == "coupon":
        more = {"action": "coupon", "amount_minor": None, "campaign_id": make_campaign(distribution="grant")}
    number = started(mall, ada, **more)
    come(mall, *(f"p{n}" for n in range(5)))
    made = run(number).count(None)
    assert made
    if action == "deposit":
        assert rows("SELECT count(*), sum(balance_minor) FROM ledger_account WHERE kind = 'deposit'") == [
            (made, made * 3_000)
        ]
    else:
        assert rows("SELECT count(*) FROM coupon_grant WHERE source = 'given'") == [(made,)]


def test_it_is_tried_before_it_starts_and_moves_once(mall: Mall, ada: Person) -> None:
    mia = make_person("mia", roles=("marketing",))
    with transaction() as session:
        save_segment(
            session, actor=ada.actor, draft=SegmentDraft("newcomers", "N", "purchases = 0"), newest=0, now=clock.now()
        )
    number = atomically(lambda s: make_automation(s, actor=ada.actor, draft=draft(mall), now=clock.now()))

    def move(do: str, version: int, who: Person = ada) -> None:
        atomically(
            lambda s: move_automation(s, automation_id=number, do=do, version=version, actor=who.actor, now=clock.now())
        )

    with pytest.raises(AutomationUntriedError):
        move("start", 1)
    found = atomically(lambda s: simulate_automation(s, automation_id=number, actor=ada.actor, now=clock.now()))
    assert (found["reached"], found["allowed"], found["detectable_bp"]) == (0, 0, None)
    move("start", 2)
    with pytest.raises(AutomationMovedError):
        move("start", 2)
    move("end", 3)
    with pytest.raises(AutomationMovedError):
        move("start", 4)
    with pytest.raises(AutomationForbiddenError):
        atomically(lambda s: make_automation(s, actor=mia.actor, draft=draft(mall, action="deposit"), now=clock.now()))
    with pytest.raises(AutomationUnfitError) as refused:
        atomically(lambda s: make_automation(s, actor=ada.actor, draft=draft(mall, segment="none"), now=clock.now()))
    assert set(refused.value.faults) == {"segment"}
    run_automations()
    with transaction() as session:
        assert session.get_one(Automation, number).state == "ended"


@pytest.mark.req("INC-05")
def test_too_few_uses_pause_nothing(mall: Mall, ada: Person) -> None:
    campaign = make_campaign(distribution="grant")
    number = started(mall, ada, action="coupon", amount_minor=None, campaign_id=campaign, people_max=100)
    people = [make_person(f"q{n}") for n in range(4)]
    with transaction() as session:
        assert pause_automations(session, strategy=Strategy(), now=NOON) == []
        for one in people:
            session.execute(
                text(
                    """INSERT INTO incentive_assignment
                              (automation_id, user_id, arm, state, assigned_at, due_at, made_at)
                       VALUES (:number, :who, 'offer', 'made', now(), now(), now())"""
                ),
                {"number": number, "who": one.id},
            )
        # Too few uses to say anything.
        assert pause_automations(session, strategy=Strategy(fraud_bp_max=0), now=NOON) == []
        assert session.get_one(Automation, number).state == "running"
