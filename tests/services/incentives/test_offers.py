"""Offers chosen for whoever looks: once, with its chance, within consent, caps and control group (INC-04, INC-06)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.kit import clock
from portal.learning.bandit import Bandit
from portal.learning.offers import FEATURES, SEEN_MIN
from portal.models import OfferModel
from portal.queries.offers import OfferDirectory, forget_offers, offer_directory
from portal.rules.automations import bucket
from portal.rules.offers import OfferDraft, Place, Strategy
from portal.services.incentives.choose_offer import Look, Shown, choose_offer, look_up
from portal.services.incentives.learn_offers import learn_offers, pause_offers, reward_choices
from portal.services.incentives.save_offer import (
    OfferForbiddenError,
    OfferMovedError,
    OfferUnfitError,
    OfferUnknownError,
    make_offer_draft,
    move_offer,
    place_model,
    revert_strategy,
    save_strategy,
)
from portal.services.incentives.take_offer import OfferGoneError, dismiss_offer, take_offer
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall
from tests.factories.consent import allow_offers
from tests.factories.coupon import make_campaign
from tests.factories.refund import rows

pytestmark = pytest.mark.req("INC-04")


NUMBERS = count()


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def ada(mall: Mall) -> Person:
    return make_person("ada", roles=("admin",))


def offered(ada: Person, **more: Any) -> int:
    """A running offer of a coupon of its own."""
    values: dict[str, Any] = {"people_max": 100} | more
    draft = OfferDraft("Ten percent", make_campaign(distribution="grant"), **values)
    number = atomically(lambda s: make_offer_draft(s, actor=ada.actor, draft=draft, now=clock.now()))
    atomically(lambda s: move_offer(s, offer_id=number, do="start", version=1, actor=ada.actor, now=clock.now()))
    forget_offers()
    return number


def buyer(mall: Mall, *, allow: bool = True, in_holdout: bool = False) -> Person:
    """Somebody new who allows it, and is in the permanent control group or not: the salt is drawn by the first."""
    while True:
        one = make_person(f"p{next(NUMBERS)}")
        if not rows("SELECT 1 FROM incentive_house"):
            salt = next(f"s{n}" for n in count() if (bucket(f"s{n}", one.id) < 500) is in_holdout)
            with transaction() as session:
                session.execute(text("INSERT INTO incentive_house VALUES (1, :salt, 500, now())"), {"salt": salt})
        ((salt,),) = rows("SELECT salt FROM incentive_house")
        if (bucket(salt, one.id) < 500) is in_holdout:
            if allow:
                allow_offers(one.id, mall.kr.id)
            return one


def look(mall: Mall, who: Person, *, place: Place = Place.HOME, at: datetime | None = None) -> Shown | None:
    asked = Look(who.id, mall.kr.id, place, at or clock.now())
    directory = offer_directory()
    with transaction() as session:
        facts = look_up(session, directory=directory, look=asked)
    if facts.may_choose and facts.offers:
        return atomically(lambda s: choose_offer(s, directory=directory, look=asked))
    return facts.shown


def first_of(mall: Mall) -> tuple[Person, Shown]:
    """Somebody to whom something is shown: the draw offers nothing now and then."""
    while True:
        who = buyer(mall)
        if (shown := look(mall, who)) is not None:
            return who, shown


def test_a_choice_is_made_once_for_all_pages_and_written_with_its_chance(mall: Mall, ada: Person) -> None:
    offer_id = offered(ada)
    who, shown = first_of(mall)
    assert look(mall, who, place=Place.CART) == shown
    assert look(mall, who) == shown
    where = "FROM offer_choice WHERE user_id = :id"
    with transaction() as session:
        (row,) = session.execute(text(f"SELECT * {where}"), {"id": who.id})
    assert (row.offer_id, row.place, row.arm, row.told_by) == (offer_id, "home", "chosen", shown.told_by)
    assert dict(row.candidates)[str(offer_id)] == row.probability == pytest.approx(0.95)
    assert sum(chance for _name, chance in row.candidates) == pytest.approx(1)
    assert (len(row.context), row.model_version) == (len(FEATURES), None)
    assert rows("SELECT made FROM offer") == [(len(rows("SELECT 1 FROM offer_choice WHERE offer_id IS NOT NULL")),)]
    # Its days are over: another choice.
    look(mall, who, at=clock.now() + timedelta(days=15))
    assert len(rows("SELECT 1 FROM offer_choice")) > 1


@pytest.mark.req("INC-06")
def test_it_is_taken_once_and_put_away_and_gone_without_consent(mall: Mall, ada: Person) -> None:
    offered(ada)
    who, shown = first_of(mall)
    other, second = first_of(mall)
    with pytest.raises(OfferGoneError):
        atomically(lambda s: take_offer(s, choice_id=shown.choice_id, actor=other.actor, now=clock.now()))
    for _ in range(2):
        atomically(lambda s: take_offer(s, choice_id=shown.choice_id, actor=who.actor, now=clock.now()))
    assert rows("SELECT count(*) FROM coupon_grant") == [(1,)]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'offer:taken'") == [(1,)]
    assert look(mall, who) is None
    allow_offers(other.id, mall.kr.id, given=False)
    assert look(mall, other) is None
    with pytest.raises(OfferGoneError):
        atomically(lambda s: take_offer(s, choice_id=second.choice_id, actor=other.actor, now=clock.now()))
    allow_offers(other.id, mall.kr.id)
    assert look(mall, other) == second
    atomically(lambda s: dismiss_offer(s, choice_id=second.choice_id, actor=other.actor, now=clock.now()))
    assert look(mall, other) is None


@pytest.mark.req("INC-06")
def test_who_does_not_allow_it_or_is_in_the_control_group_is_shown_nothing(mall: Mall, ada: Person) -> None:
    offered(ada)
    hal = buyer(mall, in_holdout=True)
    assert look(mall, buyer(mall, allow=False)) is None
    assert rows("SELECT count(*) FROM offer_choice") == [(0,)]
    assert look(mall, hal) is None
    assert look(mall, hal) is None
    assert rows("SELECT arm, offer_id FROM offer_choice") == [("holdout", None)]


def test_only_what_fits_may_be_chosen_and_the_budget_ends(mall: Mall, ada: Person) -> None:
    offered(ada, segment=None, channel_id=mall.us.id)
    assert offer_directory().on(mall.kr.id) == []
    offered(ada, people_max=1)
    first_of(mall)
    forget_offers()
    assert offer_directory().on(mall.kr.id) == []
    # Another process that has not noticed yet does not go beyond it either.
    with transaction() as session:
        session.execute(text("UPDATE offer SET state = 'paused' WHERE people_max = 1"))
    number = offered(ada, people_max=1)
    stale: OfferDirectory = offer_directory()
    with transaction() as session:
        session.execute(text("UPDATE offer SET made = people_max WHERE id = :id"), {"id": number})
    for _ in range(3):
        who = buyer(mall)
        asked = Look(who.id, mall.kr.id, Place.HOME, clock.now())
        assert atomically(lambda s, asked=asked: choose_offer(s, directory=stale, look=asked)) is None  # type: ignore[misc]  # mypy does not infer a lambda's default.
    assert rows("SELECT count(*) FROM offer_choice WHERE offer_id = (SELECT max(id) FROM offer)") == [(0,)]


def test_who_was_offered_something_by_an_automation_waits_his_days(mall: Mall, ada: Person) -> None:
    offered(ada)
    who = buyer(mall)
    with transaction() as session:
        session.execute(
            text(
                """INSERT INTO automation (title, channel_id, event, action, currency, amount_minor, people_max,
                                           every_days, window_days, control_bp, quiet_from, quiet_until, salt,
                                           author_id, created_at)
                   VALUES ('A', :channel, 'order.paid', 'mileage', 'PTS', 1, 9, 1, 1, 500, 0, 0, '', :ada, now())"""
            ),
            {"channel": mall.kr.id, "ada": ada.id},
        )
        session.execute(
            text(
                """INSERT INTO incentive_assignment (automation_id, user_id, arm, state, assigned_at, due_at, made_at)
                   VALUES (1, :who, 'offer', 'made', now(), now(), now())"""
            ),
            {"who": who.id},
        )
    assert look(mall, who) is None
    assert rows("SELECT count(*) FROM offer_choice") == [(0,)]


def choices(mall: Mall, offer_id: int, many: int, *, reward: int, none_reward: int, days: int = 30) -> None:
    """So many rewarded choices of people, half of them with the offer."""
    who = buyer(mall)
    with transaction() as session:
        session.execute(
            text(
                """INSERT INTO offer_choice (user_id, channel_id, place, arm, offer_id, candidates, probability,
                       context, told_by, reasons, chosen_at, stands_until, window_days, currency, reward_minor,
                       cost_minor, rewarded_at)
                   SELECT :who, :channel, 'home', 'chosen', CASE WHEN n % 2 = 0 THEN CAST(:offer AS bigint) END,
                          jsonb_build_array(jsonb_build_array(CAST(:offer AS text), 0.5),
                                            jsonb_build_array('none', 0.5)),
                          0.5, array_prepend(1.0, array_fill(0.0::float, ARRAY[CAST(:size AS int) - 1])), 'draw', '{}',
                          now() - make_interval(days => :days), now() - interval '1 day', 14, 'KRW',
                          CASE WHEN n % 2 = 0 THEN CAST(:reward AS bigint) ELSE :none_reward END + n % 7, 0, now()
                     FROM generate_series(1, :many) n"""
            ),
            {
                "who": who.id,
                "channel": mall.kr.id,
                "offer": str(offer_id),
                "size": len(FEATURES),
                "days": days,
                "reward": reward,
                "none_reward": none_reward,
                "many": many,
            },
        )


@pytest.mark.req("INC-05")
def test_it_learns_chooses_and_is_put_back(mall: Mall, ada: Person) -> None:
    number = offered(ada)
    assert atomically(lambda s: learn_offers(s, now=clock.now())) is None
    choices(mall, number, 2 * SEEN_MIN, reward=20_000, none_reward=1_000)
    version = atomically(lambda s: learn_offers(s, now=clock.now()))
    assert version is not None
    assert atomically(lambda s: learn_offers(s, now=clock.now())) is None
    forget_offers()
    assert offer_directory().model_version == version
    _who, shown = first_of(mall)
    assert shown.told_by == "model"
    with transaction() as session:
        card = session.get_one(OfferModel, version).card
    told = {one["name"]: one for one in card["others"]}
    assert told[str(number)]["dr"][1] > told["none"]["dr"][2]
    # Somebody wants the rules, and later models leave it at that.
    atomically(lambda s: place_model(s, model_version=None, is_pinned=True, actor=ada.actor, now=clock.now()))
    forget_offers()
    assert offer_directory().model is None
    choices(mall, number, 10, reward=20_000, none_reward=1_000)
    assert atomically(lambda s: learn_offers(s, now=clock.now())) == version + 1
    forget_offers()
    assert offer_directory().model is None
    atomically(lambda s: place_model(s, model_version=version, is_pinned=False, actor=ada.actor, now=clock.now()))
    forget_offers()
    assert offer_directory().model_version == version
    with pytest.raises(OfferUnknownError):
        atomically(lambda s: place_model(s, model_version=99, is_pinned=True, actor=ada.actor, now=clock.now()))


def test_a_model_that_cannot_be_read_leaves_it_to_the_rules(mall: Mall, ada: Person) -> None:
    offered(ada)
    with transaction() as session:
        session.add(OfferModel(model={"size": 1}, card={}, choices=1, fitted_at=clock.now()))
        session.flush()
        place_model(session, model_version=1, is_pinned=True, actor=ada.actor, now=clock.now())
    forget_offers()
    assert offer_directory().model is None
    assert first_of(mall)[1].told_by in {"rule", "draw"}
    assert not Bandit(len(FEATURES)).seen


@pytest.mark.req("INC-05")
def test_rewards_come_once_after_the_window_and_held_orders_bring_nothing(mall: Mall, ada: Person) -> None:
    offered(ada)
    first_of(mall)
    assert atomically(lambda s: reward_choices(s, now=clock.now())) == 0
    later = clock.now() + timedelta(days=15)
    done = atomically(lambda s: reward_choices(s, now=later))
    assert done == len(rows("SELECT 1 FROM offer_choice"))
    assert atomically(lambda s: reward_choices(s, now=later)) == 0
    assert rows("SELECT DISTINCT reward_minor, cost_minor, currency FROM offer_choice") == [(0, 0, "KRW")]
    assert atomically(lambda s: pause_offers(s, strategy=Strategy(), now=later)) == []


@pytest.mark.req("INC-05")
def test_an_offer_that_surely_costs_more_than_it_brings_is_paused_by_itself(mall: Mall, ada: Person) -> None:
    number = offered(ada)
    choices(mall, number, 2 * SEEN_MIN, reward=1_000, none_reward=9_000)
    with transaction() as session:
        session.execute(text("UPDATE offer_choice SET cost_minor = 2000 WHERE offer_id IS NOT NULL"))
    atomically(lambda s: learn_offers(s, now=clock.now()))
    lenient = Strategy(roii_bp_min=-10_000_000)
    assert atomically(lambda s: pause_offers(s, strategy=lenient, now=clock.now())) == []
    assert atomically(lambda s: pause_offers(s, strategy=Strategy(), now=clock.now())) == [number]
    assert atomically(lambda s: pause_offers(s, strategy=Strategy(), now=clock.now())) == []
    assert rows("SELECT state, reason FROM offer") == [("paused", "roii")]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'offer:moved'") == [(2,)]
    forget_offers()
    assert offer_directory().on(mall.kr.id) == []


@pytest.mark.req("INC-05")
def test_the_strategy_has_versions_that_can_be_put_back(mall: Mall, ada: Person) -> None:
    def write(newest: int, **more: Any) -> int:
        draft = Strategy(**more)
        return atomically(
            lambda s: save_strategy(s, actor=ada.actor, draft=draft, note="why", newest=newest, now=clock.now())
        )

    assert write(0, mode="rules") == 1
    assert write(1, every_days=30) == 2
    with pytest.raises(OfferMovedError):
        write(1)
    with pytest.raises(OfferUnfitError) as refused:
        write(2, mode="magic", every_days=3, window_days=9, fraud_bp_max=-1)
    assert set(refused.value.faults) == {"mode", "every_days", "fraud_percent"}
    atomically(lambda s: revert_strategy(s, version=1, newest=2, actor=ada.actor, now=clock.now()))
    offered(ada)
    assert (offer_directory().strategy.mode, offer_directory().strategy_version) == ("rules", 3)
    bea = make_person("bea")
    with pytest.raises(OfferForbiddenError):
        atomically(lambda s: save_strategy(s, actor=bea.actor, draft=Strategy(), note="", newest=3, now=clock.now()))
    with pytest.raises(OfferUnfitError) as unfit:
        atomically(
            lambda s: make_offer_draft(s, actor=ada.actor, draft=OfferDraft("", 0, people_max=0), now=clock.now())
        )
    assert set(unfit.value.faults) == {"title", "people_max", "campaign_id"}
