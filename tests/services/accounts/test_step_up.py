"""A second proof: bound to one thing, for five minutes, once, in one session (IDN-04)."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from portal.db import atomically, transaction
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.kit.errors import Rejection
from portal.kit.money import Money
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.step_up import StepUpAction
from portal.services.accounts.answer_step_up import (
    ATTEMPTS_MAX,
    StepUpOverError,
    StepUpUnknownError,
    answer_by_code,
    answer_by_totp,
    send_step_up_code,
)
from portal.services.accounts.step_up import (
    KEPT_FOR,
    LIFETIME,
    Binding,
    StepUpNeededError,
    begin_step_up,
    check_step_up,
    forget_step_ups,
    require_step_up,
)
from tests.factories.account import Person, make_person
from tests.factories.refund import rows
from tests.factories.step_up import begin, code_of, mailed_code, make_totp, prove, with_session

pytestmark = pytest.mark.req("IDN-04")
WITHDRAW = StepUpAction.WITHDRAW
THIS = Binding("bank:1", Money(600_000, "KRW"))


@pytest.fixture
def bea(db: None) -> Person:
    return with_session(make_person("bea"))


def use(actor: Actor, binding: Binding = THIS, action: StepUpAction = WITHDRAW) -> None:
    atomically(lambda s: require_step_up(s, actor=actor, action=action, binding=binding, now=clock.now()))


def why(actor: Actor, binding: Binding = THIS, action: StepUpAction = WITHDRAW) -> str:
    """Why it is refused."""
    with pytest.raises(StepUpNeededError) as refused:
        use(actor, binding, action)
    return refused.value.why


def test_a_passed_proof_is_good_once(bea: Person) -> None:
    assert why(bea.actor) == "needed"
    prove(bea.actor, WITHDRAW, THIS)
    use(bea.actor)
    assert why(bea.actor) == "used"
    acts = [row[0] for row in rows("SELECT action FROM audit_row WHERE action LIKE 'account:step-up%'")]
    assert acts == ["account:step-up-used"]


@pytest.mark.parametrize(
    "other",
    [
        Binding("bank:1", Money(600_001, "KRW")),
        Binding("bank:1", Money(600_000, "USD")),
        Binding("bank:2", Money(600_000, "KRW")),
        Binding("bank:1"),
    ],
)
def test_another_amount_currency_or_object_is_refused(bea: Person, other: Binding) -> None:
    prove(bea.actor, WITHDRAW, THIS)
    assert why(bea.actor, other) == "changed"
    use(bea.actor)


def test_another_action_is_refused(bea: Person) -> None:
    prove(bea.actor, WITHDRAW, THIS)
    assert why(bea.actor, action=StepUpAction.RELEASE_WITHDRAWAL) == "needed"


def test_it_is_over_after_five_minutes(bea: Person) -> None:
    prove(bea.actor, WITHDRAW, THIS)
    with clock.frozen(clock.now() + LIFETIME):
        assert why(bea.actor) == "expired"


def test_one_that_is_not_passed_is_worth_nothing(bea: Person) -> None:
    begin(bea.actor, WITHDRAW, THIS)
    assert why(bea.actor) == "needed"


def test_another_session_and_another_person_are_refused(bea: Person) -> None:
    prove(bea.actor, WITHDRAW, THIS)
    assert why(with_session(bea).actor) == "needed"
    assert why(with_session(make_person("max")).actor) == "needed"
    assert why(Actor(user_id=bea.id)) == "needed"


def test_a_failed_act_leaves_the_proof_for_another_try(bea: Person) -> None:
    prove(bea.actor, WITHDRAW, THIS)

    def fail(session: Session) -> None:
        require_step_up(session, actor=bea.actor, action=WITHDRAW, binding=THIS, now=clock.now())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        atomically(fail)
    use(bea.actor)


def test_of_many_at_once_one_gets_it(bea: Person) -> None:
    prove(bea.actor, WITHDRAW, THIS)
    line = threading.Barrier(6)

    def race(_number: int) -> str:
        line.wait()
        try:
            use(bea.actor)
        except StepUpNeededError:
            return "refused"
        return "used"

    with ThreadPoolExecutor(6) as pool:
        assert Counter(pool.map(race, range(6))) == {"used": 1, "refused": 5}


def test_our_own_jobs_prove_nothing_and_small_amounts_neither(bea: Person) -> None:
    use(SYSTEM)
    small = Binding("bank:1", Money(500_000, "KRW"))
    with transaction() as session:
        check_step_up(session, actor=bea.actor, action=WITHDRAW, binding=small, now=clock.now())
    with pytest.raises(StepUpNeededError), transaction() as session:
        check_step_up(session, actor=bea.actor, action=WITHDRAW, binding=THIS, now=clock.now())


def totp(person: Person, step_up_id: uuid.UUID, code: str) -> Rejection | None:
    now = clock.now()
    return atomically(lambda s: answer_by_totp(s, actor=person.actor, step_up_id=step_up_id, code=code, now=now))


def test_an_app_proves_with_its_code_which_is_not_taken_twice(bea: Person) -> None:
    code = code_of(make_totp(bea))
    assert totp(bea, begin(bea.actor, WITHDRAW, THIS), f"{code[:3]} {code[3:]}") is None
    use(bea.actor)
    again = begin(bea.actor, WITHDRAW, THIS)
    assert isinstance(totp(bea, again, code), Rejection)


def test_an_older_code_is_not_taken_after_a_newer_one(bea: Person) -> None:
    secret = make_totp(bea)
    assert totp(bea, begin(bea.actor, WITHDRAW, THIS), code_of(secret, step=1)) is None
    assert isinstance(totp(bea, begin(bea.actor, WITHDRAW, THIS), code_of(secret)), Rejection)


def test_a_code_from_too_far_away_is_refused(bea: Person) -> None:
    secret = make_totp(bea)
    for step in (-3, 3):
        assert isinstance(totp(bea, begin(bea.actor, WITHDRAW, THIS), code_of(secret, step=step)), Rejection)


def test_somebody_elses_app_proves_nothing(bea: Person) -> None:
    secret = make_totp(make_person("max"))
    make_totp(bea)
    assert isinstance(totp(bea, begin(bea.actor, WITHDRAW, THIS), code_of(secret)), Rejection)


def test_after_five_wrong_codes_it_is_over_even_for_the_right_one(bea: Person) -> None:
    secret = make_totp(bea)
    step_up_id = begin(bea.actor, WITHDRAW, THIS)
    answers = [totp(bea, step_up_id, "nonsense") for _ in range(ATTEMPTS_MAX)]
    assert [one.params.get("left") for one in answers if one] == [4, 3, 2, 1, None]
    with pytest.raises(StepUpOverError):
        totp(bea, step_up_id, code_of(secret))


def test_another_session_cannot_answer(bea: Person) -> None:
    secret = make_totp(bea)
    step_up_id = begin(bea.actor, WITHDRAW, THIS)
    with pytest.raises(StepUpUnknownError):
        totp(with_session(bea), step_up_id, code_of(secret))
    with pytest.raises(StepUpUnknownError):
        totp(with_session(make_person("max")), step_up_id, code_of(secret))


def mail(person: Person, step_up_id: uuid.UUID) -> None:
    now = clock.now()
    atomically(lambda s: send_step_up_code(s, actor=person.actor, step_up_id=step_up_id, locale="ko", now=now))


def code(person: Person, step_up_id: uuid.UUID, given: str) -> Rejection | None:
    now = clock.now()
    return atomically(lambda s: answer_by_code(s, actor=person.actor, step_up_id=step_up_id, code=given, now=now))


def test_a_mailed_code_proves_and_only_the_latest(bea: Person) -> None:
    step_up_id = begin(bea.actor, WITHDRAW, THIS)
    assert isinstance(code(bea, step_up_id, ""), Rejection)
    mail(bea, step_up_id)
    first = mailed_code()
    mail(bea, step_up_id)
    second = mailed_code()
    if first != second:
        assert isinstance(code(bea, step_up_id, first), Rejection)
    assert code(bea, step_up_id, second) is None
    use(bea.actor)


def test_a_mailed_code_is_good_for_its_own_proof_only(bea: Person) -> None:
    mine, other = begin(bea.actor, WITHDRAW, THIS), begin(bea.actor, WITHDRAW, Binding("bank:2"))
    mail(bea, mine)
    assert isinstance(code(bea, other, mailed_code()), Rejection)


def test_no_code_is_mailed_for_what_is_over(bea: Person) -> None:
    step_up_id = begin(bea.actor, WITHDRAW, THIS)
    mail(bea, step_up_id)
    with clock.frozen(clock.now() + LIFETIME):
        handle_events([row[0] for row in rows("SELECT id FROM outbox_event")])
    assert rows("SELECT count(*) FROM mail") == [(0,)]


def test_a_late_answer_is_refused(bea: Person) -> None:
    secret = make_totp(bea)
    step_up_id = begin(bea.actor, WITHDRAW, THIS)
    with clock.frozen(clock.now() + LIFETIME), pytest.raises(StepUpOverError):
        totp(bea, step_up_id, code_of(secret))


def test_what_was_typed_is_unreadable_gone_after_use_and_forgotten_in_the_end(bea: Person) -> None:
    with transaction() as session:
        begin_step_up(
            session, actor=bea.actor, action=WITHDRAW, binding=THIS, now=clock.now(), path="/x", form="sk_live_1"
        )
    assert b"sk_live_1" not in bytes(rows("SELECT form FROM step_up")[0][0])
    with transaction() as session:
        forget_step_ups(session, now=clock.now())
    assert rows("SELECT count(*) FROM step_up") == [(1,)]
    with transaction() as session:
        forget_step_ups(session, now=clock.now() + LIFETIME + KEPT_FOR)
    assert rows("SELECT count(*) FROM step_up") == [(0,)]
    used = prove(bea.actor, WITHDRAW, THIS)
    use(bea.actor)
    assert rows("SELECT form FROM step_up WHERE id = :id", id=used) == [(None,)]


def test_a_late_answer_leaves_all_the_time_to_use_it_and_no_more(bea: Person) -> None:
    secret = make_totp(bea)
    step_up_id = begin(bea.actor, WITHDRAW, THIS)
    passed_at = clock.now() + LIFETIME - timedelta(seconds=5)
    with clock.frozen(passed_at):
        assert totp(bea, step_up_id, code_of(secret)) is None
    with clock.frozen(passed_at + LIFETIME):
        assert why(bea.actor) == "expired"
    with clock.frozen(passed_at + LIFETIME - timedelta(seconds=1)):
        use(bea.actor)


def test_time_left_is_that_of_the_code(bea: Person) -> None:
    step_up_id = begin(bea.actor, WITHDRAW, THIS)
    with clock.frozen(clock.now() + LIFETIME - timedelta(seconds=1)):
        mail(bea, step_up_id)
        given = mailed_code()
    with clock.frozen(clock.now() + LIFETIME + timedelta(seconds=30)):
        assert code(bea, step_up_id, given) is None
