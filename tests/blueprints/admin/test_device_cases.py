"""What accounts do on one device is one case: seen on one page, decided with one verdict, and undone together."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from apiflask import APIFlask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal.db import atomically, transaction
from portal.kit import clock
from portal.rules.cases import ACCOUNTS_OF_FEW, is_of_few
from portal.rules.fraud import Outcome
from portal.services.cases.open_cases import open_cases
from portal.services.fraud.score_event import RiskEvent, score_event
from tests.blueprints.desks import browser, fields
from tests.factories.account import ADDRESS_KR, Person, make_person
from tests.factories.cart import make_mall
from tests.factories.order import LONG_AGO
from tests.factories.refund import rows
from tests.services.fraud.rules import make_reviewer, place, write

pytestmark = pytest.mark.req("FRD-06")

Alarm = Callable[[str, uuid.UUID | None], Person]


@pytest.fixture
def alarm(app: APIFlask) -> Alarm:
    """Has somebody's order held for review, from a device; makes the person where there is none yet."""
    make_mall()
    reviewer = make_reviewer("rob")
    place(reviewer, write(reviewer, "amount > 0 KRW", mode="review"))
    known: dict[str, Person] = {}

    def raise_alarm(name: str, device: uuid.UUID | None) -> Person:
        if name not in known:
            known[name] = make_person(name, now=LONG_AGO)
        event = RiskEvent("order", currency="KRW", amount_minor=9000, address=ADDRESS_KR, device_id=device)
        with transaction() as session:
            decision = score_event(session, event=event, actor=known[name].actor, now=clock.now())
        assert decision.outcome is Outcome.REVIEW
        return known[name]

    return raise_alarm


def gather() -> None:
    atomically(lambda s: open_cases(s, now=clock.now()))


def case_of(person: Person) -> uuid.UUID:
    [(case_id,)] = rows(
        "SELECT case_id FROM risk_case_person WHERE user_id = :id AND case_state <> 'merged'", id=person.id
    )
    assert isinstance(case_id, uuid.UUID)
    return case_id


def state_of(person: Person) -> tuple[str, str, str | None]:
    [(account,)] = rows("SELECT state FROM user_account WHERE id = :id", id=person.id)
    [(state, verdict)] = rows("SELECT state, verdict FROM risk_case WHERE id = :id", id=case_of(person))
    return account, state, verdict


@pytest.mark.ux("A03")
def test_accounts_on_one_device_are_one_case_with_one_verdict(app: APIFlask, alarm: Alarm) -> None:
    shared = uuid.uuid4()
    bea, max_ = alarm("bea", shared), alarm("max", uuid.uuid4())
    gather()
    carl = alarm("carl", shared)
    gather()
    assert case_of(bea) == case_of(carl) != case_of(max_)

    client = browser(app, make_person("rita", roles=("risk",)))
    assert client.get("/admin/cases").text.count("and 1 more account") == 1
    path = f"/admin/cases/{case_of(bea)}"
    page = client.get(path).text
    assert "freeze the 2 accounts at once" in page
    assert "Leave out of this verdict" in page
    assert "Leave out of this verdict" not in client.get(f"/admin/cases/{case_of(max_)}").text

    given = {**fields(page), "verdict": "fraud"}
    assert client.post(f"{path}/verdict", data=given | {"apart": "nonsense"}).status_code == 409
    everybody = client.post(f"{path}/verdict", data=given | {"apart": [str(bea.id), str(carl.id)]})
    assert everybody.status_code == 422
    assert [state_of(one) for one in (bea, carl, max_)] == [("active", "open", None)] * 3

    assert client.post(f"{path}/verdict", data=given).status_code == 303
    assert [state_of(one) for one in (bea, carl)] == [("frozen", "decided", "fraud")] * 2
    assert state_of(max_) == ("active", "open", None)
    assert client.post(f"{path}/undoing", data=given).status_code == 303
    assert [state_of(one) for one in (bea, carl, max_)] == [("active", "open", None)] * 3


def test_who_is_left_out_of_a_verdict_stays_open_and_comes_back_with_its_undoing(app: APIFlask, alarm: Alarm) -> None:
    shared = uuid.uuid4()
    bea, carl = alarm("bea", shared), alarm("carl", shared)
    gather()
    case_id = case_of(bea)
    client = browser(app, make_person("rita", roles=("risk",)))
    path = f"/admin/cases/{case_id}"
    given = {**fields(client.get(path).text), "verdict": "fraud"}
    assert client.post(f"{path}/verdict", data=given | {"apart": str(bea.id)}).status_code == 303
    assert state_of(carl) == ("frozen", "decided", "fraud")
    assert state_of(bea) == ("active", "open", None)
    assert case_of(carl) == case_id != case_of(bea)

    # What the other does meanwhile is in his own case; all of it is one again when the verdict is undone.
    alarm("bea", shared)
    gather()
    apart = case_of(bea)
    assert client.post(f"{path}/undoing", data=given).status_code == 303
    assert case_of(bea) == case_of(carl) == case_id
    assert rows("SELECT DISTINCT case_id FROM risk_case_decision") == [(case_id,)]
    assert client.get(f"/admin/cases/{apart}").location == path


def test_two_cases_that_turn_out_to_be_one_become_one(app: APIFlask, alarm: Alarm) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    bea, carl = alarm("bea", first), alarm("carl", second)
    gather()
    older, younger = case_of(bea), case_of(carl)
    assert older != younger
    alarm("bea", second)
    gather()
    assert case_of(bea) == case_of(carl) == older
    assert rows("SELECT state, merged_into FROM risk_case WHERE id = :id", id=younger) == [("merged", older)]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'case:merged'") == [(1,)]


def test_sweeps_at_once_open_one_case_for_a_device_and_the_database_allows_no_second(alarm: Alarm) -> None:
    shared = uuid.uuid4()
    bea, carl = alarm("bea", shared), alarm("carl", shared)
    sweeps = [threading.Thread(target=gather) for _ in range(2)]
    for one in sweeps:
        one.start()
    for one in sweeps:
        one.join()
    assert case_of(bea) == case_of(carl)
    for table, column, value in (("person", "user_id", bea.id), ("device", "device_id", shared)):
        other = alarm(f"max {table}", None)
        gather()
        with pytest.raises(IntegrityError), transaction() as session:
            session.execute(
                text(f"INSERT INTO risk_case_{table} (case_id, {column}, case_state) VALUES (:id, :value, 'open')"),  # noqa: S608  # Ours.
                {"id": case_of(other), "value": value},
            )


def test_a_public_device_makes_nobody_one_with_others() -> None:
    assert is_of_few({"accounts_on_device": str(ACCOUNTS_OF_FEW), "trusted_by": []})
    assert not is_of_few({"accounts_on_device": str(ACCOUNTS_OF_FEW + 1), "trusted_by": []})
    assert not is_of_few({"accounts_on_device": "2", "trusted_by": ["device"]})
    assert not is_of_few({})
