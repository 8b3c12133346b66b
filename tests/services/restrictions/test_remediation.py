"""What is done about a frozen account: procedures that begin with it, steps ticked off, and all that comes back."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from portal.db import atomically, transaction
from portal.kit import clock
from portal.rules.cases import UNDO_WITHIN, Verdict
from portal.rules.freezes import FreezeReason
from portal.services.cases.apply_verdict import apply_verdict, verdicts_due
from portal.services.cases.decide_case import decide_case
from portal.services.cases.open_cases import open_cases
from portal.services.restrictions.clear_account import clear_account
from portal.services.restrictions.freeze_account import freeze_account
from portal.services.restrictions.procedures import (
    ProcedureMovedError,
    ProcedureUnfitError,
    ProcedureUnknownError,
    move_procedure,
    save_procedure,
)
from portal.services.restrictions.remediate import (
    RemediationOverError,
    RemediationUnknownError,
    StepsOpenError,
    tick_step,
)
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.coupon import give, make_campaign
from tests.factories.order import LONG_AGO, REVIEWED_KRW, give_deposit, make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("FRD-07"), pytest.mark.usefixtures("books")]

STEPS = "Call the owner\n? Tell the bank\nHave the password changed"


def procedure(
    by: Person,
    *,
    reasons: tuple[str, ...] = ("fraud",),
    steps: str = STEPS,
    procedure_id: uuid.UUID | None = None,
    version: int | None = None,
) -> uuid.UUID:
    return atomically(
        lambda s: save_procedure(
            s,
            procedure_id=procedure_id,
            name="Taken over",
            reasons=reasons,
            steps=steps,
            version=version,
            actor=by.actor,
            now=clock.now(),
        )
    )


def freeze(person: Person, by: Person, reason: FreezeReason = FreezeReason.FRAUD) -> None:
    atomically(lambda s: freeze_account(s, user_id=person.id, reason=reason, note="", actor=by.actor, now=clock.now()))


def clear(person: Person, by: Person, *, despite_steps: bool = False) -> None:
    atomically(
        lambda s: clear_account(
            s, user_id=person.id, note="It was her.", actor=by.actor, now=clock.now(), despite_steps=despite_steps
        )
    )


def tick(n: int, by: Person, *, is_done: bool = True, note: str = "") -> None:
    [(remediation_id,)] = rows("SELECT id FROM remediation ORDER BY started_at DESC LIMIT 1")
    atomically(
        lambda s: tick_step(
            s, remediation_id=remediation_id, n=n, is_done=is_done, note=note, actor=by.actor, now=clock.now()
        )
    )


@pytest.fixture
def mall() -> Mall:
    return make_mall()


@pytest.fixture
def bea(mall: Mall) -> Person:
    return make_person("bea", now=LONG_AGO)


@pytest.fixture
def rita() -> Person:
    return make_person("rita", roles=("risk",))


def test_it_begins_with_the_freezes_that_it_is_for(bea: Person, rita: Person) -> None:
    procedure(rita)
    procedure(rita, reasons=("legal",))
    freeze(bea, rita)
    freeze(bea, rita)  # A second time is once.
    assert rows("SELECT name, state, jsonb_array_length(steps) FROM remediation") == [("Taken over", "open", 3)]


def test_an_account_is_cleared_when_all_is_done_or_in_so_many_words(bea: Person, rita: Person) -> None:
    procedure(rita)
    freeze(bea, rita)
    tick(0, rita, note="She answered.")
    with pytest.raises(StepsOpenError) as refused:
        clear(bea, rita)
    assert "Have the password changed" in str(refused.value)
    assert rows("SELECT state FROM user_account WHERE id = :id", id=bea.id) == [("frozen",)]
    tick(2, rita)
    tick(2, rita)
    clear(bea, rita)
    assert rows("SELECT state FROM remediation") == [("done",)]
    with pytest.raises(RemediationOverError):
        tick(1, rita)

    freeze(bea, rita)
    clear(bea, rita, despite_steps=True)
    assert rows("SELECT state FROM remediation ORDER BY started_at") == [("done",), ("broken_off",)]
    assert [row[0] for row in rows("SELECT action FROM audit_row WHERE action LIKE 'remediation:%' ORDER BY id")] == [
        "remediation:started",
        "remediation:ticked",
        "remediation:ticked",
        "remediation:ended",
        "remediation:started",
        "remediation:ended",
    ]


def test_a_step_can_be_opened_again(bea: Person, rita: Person) -> None:
    procedure(rita)
    freeze(bea, rita)
    tick(0, rita)
    tick(0, rita, is_done=False)
    assert rows("SELECT count(*) FROM remediation_tick") == [(0,)]


def test_what_is_under_way_goes_on_as_it_began(bea: Person, rita: Person) -> None:
    written = procedure(rita)
    freeze(bea, rita)
    procedure(rita, procedure_id=written, version=1, steps="One thing only")
    assert rows("SELECT jsonb_array_length(steps) FROM remediation") == [(3,)]
    with pytest.raises(ProcedureMovedError):
        procedure(rita, procedure_id=written, version=1)
    atomically(
        lambda s: move_procedure(s, procedure_id=written, state="closed", version=2, actor=rita.actor, now=clock.now())
    )
    tick(0, rita)
    tick(2, rita)
    clear(bea, rita)
    freeze(bea, rita)
    assert rows("SELECT count(*) FROM remediation") == [(1,)]


def test_who_may_and_what_is_no_procedure(bea: Person, rita: Person) -> None:
    olga = make_person("olga", roles=("operations",))
    with pytest.raises(ProcedureUnknownError):
        procedure(olga)
    for reasons in ((), ("no_reason",)):
        with pytest.raises(ProcedureUnfitError):
            procedure(rita, reasons=reasons)
    procedure(rita)
    freeze(bea, rita)
    with pytest.raises(RemediationUnknownError):
        tick(0, olga)
    with pytest.raises(RemediationUnknownError):
        tick(3, rita)


def test_who_is_cleared_gets_back_what_a_verdict_took(mall: Mall, bea: Person, rita: Person) -> None:
    give_deposit(bea, 7_000)
    give(make_campaign("grant"), bea)
    kept = make_order(bea, mall, {make_variant(mall): 1})
    make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    atomically(lambda s: open_cases(s, now=clock.now()))
    [(case_id, version)] = rows("SELECT id, version FROM risk_case")
    atomically(
        lambda s: decide_case(
            s, case_id=case_id, verdict=Verdict.FRAUD, note="", version=version, actor=rita.actor, now=clock.now()
        )
    )
    later = clock.now() + UNDO_WITHIN + timedelta(seconds=1)
    with transaction() as session:
        due = verdicts_due(session, now=later)
    for one in due:
        atomically(lambda s, one=one: apply_verdict(s, case_id=one, now=later))  # type: ignore[misc]  # mypy does not infer a lambda's default.
    assert rows("SELECT state FROM coupon_grant") == [("revoked",)]
    assert rows("SELECT status FROM order_part WHERE order_id = :id", id=kept.id) == [("held",)]

    clear(bea, rita)

    assert rows("SELECT state FROM coupon_grant") == [("held",)]
    assert rows("SELECT status FROM order_part WHERE order_id = :id", id=kept.id) == [("released",)]
    assert rows("SELECT count(*) FROM ledger_account WHERE frozen_at IS NOT NULL") == [(0,)]
