"""Corrections of balances on their way into the books and back (BAL-07)."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from datetime import timedelta

import orjson
import pytest

from portal.db import atomically, transaction
from portal.jobs.adjustments import work_on_adjustment
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.rules.adjustments import Wanted
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.adjustments.decide_adjustment import (
    AdjustmentDecidedError,
    OwnAdjustmentError,
    approve_adjustment,
    cancel_adjustment,
    confirm_adjustment,
    refuse_adjustment,
    undo_adjustment,
)
from portal.services.adjustments.prepare_adjustment import (
    AdjustmentExpiryError,
    AdjustmentForbiddenError,
    AdjustmentKindError,
    AdjustmentReasonError,
    Draft,
    prepare_adjustment,
)
from tests.factories.account import Person, make_person
from tests.factories.order import give_deposit, give_mileage
from tests.factories.refund import rows
from tests.factories.step_up import confirmed, with_session

pytestmark = pytest.mark.req("BAL-07")

WHY = "Double charge of last week"


@pytest.fixture
def ada(books: None) -> Person:
    return with_session(make_person("ada", roles=("buyer", "admin")))


@pytest.fixture
def bea(books: None) -> Person:
    return make_person("bea")


def prepare(
    admin: Person, lines: Sequence[tuple[str, int]], *, kind: str = "deposit", currency: str = "KRW", **more: object
) -> uuid.UUID:
    draft = Draft(
        **{
            "key": "k",
            "kind": kind,
            "currency": currency,
            "reason": WHY,
            "source": "list",
            "lines": [Wanted(person, amount) for person, amount in lines],
            "expires_at": clock.now() + timedelta(days=30),
            **more,
        }  # type: ignore[arg-type]  # Tests give what they say.
    )
    return atomically(lambda s: prepare_adjustment(s, draft=draft, actor=admin.actor, now=clock.now()))


def confirm(admin: Person, adjustment_id: uuid.UUID) -> str:
    return confirmed(
        admin.actor,
        lambda s: confirm_adjustment(s, adjustment_id=adjustment_id, actor=admin.actor, now=clock.now()),
    )


def correct(admin: Person, lines: Sequence[tuple[str, int]], **more: object) -> uuid.UUID:
    """A small correction, carried out."""
    made = prepare(admin, lines, **more)  # type: ignore[arg-type]  # As above.
    assert confirm(admin, made) == "running"
    work_on_adjustment(str(made))
    return made


def undo(admin: Person, adjustment_id: uuid.UUID) -> None:
    confirmed(
        admin.actor,
        lambda s: undo_adjustment(
            s, adjustment_id=adjustment_id, reason="It was right after all", actor=admin.actor, now=clock.now()
        ),
    )
    work_on_adjustment(str(adjustment_id))


def balance(kind: str = "deposit") -> int:
    found = rows(f"SELECT coalesce(sum(balance_minor), 0)::bigint FROM ledger_account WHERE kind = '{kind}'")  # noqa: S608  # A word of the test.
    return int(found[0][0])


def test_a_correction_says_who_why_and_what_was_there_before_and_after(ada: Person, bea: Person) -> None:
    give_deposit(bea, 10_000)
    correct(ada, [(bea.email, -4_000)])
    assert balance() == 6_000
    payload = orjson.loads(rows("SELECT payload FROM audit_row WHERE action = 'balance:adjusted'")[0][0])
    assert payload["actor"] == f"user:{ada.id}"
    assert payload["reason"] == WHY
    assert (payload["before"]["balance_minor"], payload["after"]["balance_minor"]) == (10_000, 6_000)
    assert str(bea.id) in payload["after"]["account"]
    # A second run finds nothing, and the same form makes nothing new.
    again = prepare(ada, [(bea.email, -4_000)])
    work_on_adjustment(str(again))
    assert balance() == 6_000


def test_nobody_goes_below_zero_and_the_others_are_corrected(ada: Person, bea: Person) -> None:
    max_ = make_person("max")
    give_deposit(bea, 100)
    give_deposit(max_, 500)
    correct(ada, [(bea.email, -101), (str(max_.id), -500), ("nobody@example.com", 1), (max_.email, 5)])
    assert balance() == 100
    assert rows("SELECT n, state, code FROM adjustment_line ORDER BY n") == [
        (1, "failed", "BALANCE_TOO_LOW"),
        (2, "applied", None),
        (3, "refused", "PERSON_UNKNOWN"),
        (4, "refused", "PERSON_TWICE"),
    ]


def test_it_is_undone_by_reversing_entries_and_nothing_is_deleted(ada: Person, bea: Person) -> None:
    made = correct(ada, [(bea.email, 700)], kind="gift")
    undo(ada, made)
    assert balance("gift") == 0
    assert rows("SELECT kind, reverses IS NOT NULL FROM ledger_entry ORDER BY id") == [
        ("balance_adjusted", False),
        ("adjustment_undone", True),
    ]
    assert rows("SELECT state FROM adjustment") == [("undone",)]


def test_what_was_spent_meanwhile_is_not_undone(ada: Person, bea: Person) -> None:
    made = correct(ada, [(bea.email, 700)])
    correct(ada, [(bea.email, -1)], key="other")
    undo(ada, made)
    assert balance() == 699
    assert rows("SELECT state, code FROM adjustment_line ORDER BY id LIMIT 1") == [("kept", "BALANCE_TOO_LOW")]


def test_mileage_comes_and_goes_in_lots(ada: Person, bea: Person) -> None:
    give_mileage(bea, 300)
    given = correct(ada, [(bea.email, 200)], kind="mileage", currency="PTS")
    taken = correct(ada, [(bea.email, -350)], kind="mileage", currency="PTS", key="other")
    # What ends first went first: the new points end in a month, the others in a year.
    assert rows("SELECT granted, remaining FROM mileage_lot ORDER BY id") == [(300, 150), (200, 0)]
    undo(ada, taken)
    assert rows("SELECT granted, remaining FROM mileage_lot ORDER BY id") == [(300, 300), (200, 200)]
    undo(ada, given)
    assert rows("SELECT granted, remaining FROM mileage_lot ORDER BY id") == [(300, 300), (200, 0)]


def test_a_large_one_waits_for_a_second_person_and_of_two_one_decides(ada: Person, bea: Person) -> None:
    made = prepare(ada, [(bea.email, 150_000)])
    assert confirm(ada, made) == "waiting"
    work_on_adjustment(str(made))
    assert balance() == 0
    with pytest.raises(OwnAdjustmentError):
        approve(ada, made)
    seconds = [with_session(make_person(name, roles=("buyer", "finance"))) for name in ("fay", "fred")]
    told: list[str] = []
    gate = threading.Barrier(2)

    def decide(person: Person) -> None:
        gate.wait()
        try:
            approve(person, made)
            told.append("ok")
        except AdjustmentDecidedError as refused:
            told.append(str(refused.params["name"]))

    threads = [threading.Thread(target=decide, args=(person,)) for person in seconds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_on_adjustment(str(made))
    winner = rows("SELECT u.name FROM adjustment a JOIN user_account u ON u.id = a.decided_by")
    assert len(winner) == 1
    assert sorted(told, key=lambda one: one != "ok")[0] == "ok"
    assert len(told) == 2
    assert balance() == 150_000


def approve(person: Person, adjustment_id: uuid.UUID) -> None:
    confirmed(
        person.actor,
        lambda s: approve_adjustment(s, adjustment_id=adjustment_id, actor=person.actor, now=clock.now()),
    )


def test_a_large_one_is_confirmed_by_both(ada: Person, bea: Person) -> None:
    made = prepare(ada, [(bea.email, 600_000)])
    with pytest.raises(StepUpNeededError), transaction() as session:
        confirm_adjustment(session, adjustment_id=made, actor=ada.actor, now=clock.now())
    confirm(ada, made)
    fay = with_session(make_person("fay", roles=("buyer", "finance")))
    with pytest.raises(StepUpNeededError), transaction() as session:
        approve_adjustment(session, adjustment_id=made, actor=fay.actor, now=clock.now())
    with transaction() as session:
        refuse_adjustment(session, adjustment_id=made, reason="No proof of it", actor=fay.actor, now=clock.now())
    assert rows("SELECT state, answer FROM adjustment") == [("refused", "No proof of it")]


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"reason": "  so "}, AdjustmentReasonError),
        ({"reason": "x" * 501}, AdjustmentReasonError),
        ({"kind": "mileage"}, AdjustmentKindError),
        ({"kind": "seller_payable"}, AdjustmentKindError),
        ({"currency": "ZZZ"}, AdjustmentKindError),
        ({"kind": "mileage", "currency": "PTS", "expires_at": None}, AdjustmentExpiryError),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    ada: Person, bea: Person, more: dict[str, object], error: type[PortalError]
) -> None:
    with pytest.raises(error):
        prepare(ada, [(bea.email, 5)], **more)  # type: ignore[arg-type]  # As above.
    assert rows("SELECT count(*) FROM adjustment") == [(0,)]


def test_nobody_corrects_his_own_and_only_who_may(ada: Person, bea: Person) -> None:
    made = prepare(ada, [(ada.email, 5)])
    assert rows("SELECT code FROM adjustment_line") == [("PERSON_IS_MAKER",)]
    with transaction() as session:
        cancel_adjustment(session, adjustment_id=made, actor=ada.actor, now=clock.now())
    for role in ("marketing", "risk", "operations", "auditor"):
        with pytest.raises(AdjustmentForbiddenError):
            prepare(make_person(role, roles=("buyer", role)), [(bea.email, 5)])
