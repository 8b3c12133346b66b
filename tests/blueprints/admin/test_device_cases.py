"""Accounts that act from one device are seen together in the queue, and decided with one verdict."""

from __future__ import annotations

import uuid

import pytest
from apiflask import APIFlask

from portal.db import atomically, transaction
from portal.kit import clock
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

STATES = """
    SELECT u.state, k.state, k.verdict FROM risk_case k JOIN user_account u ON u.id = k.user_id
     ORDER BY k.opened_at, k.id
"""


@pytest.fixture
def people(app: APIFlask) -> dict[str, Person]:
    """Two who share a device, and one who does not; each with a case."""
    make_mall()
    reviewer = make_reviewer("rob")
    place(reviewer, write(reviewer, "amount > 0 KRW", mode="review"))
    shared, own = uuid.uuid4(), uuid.uuid4()
    found = {}
    for name, device in (("bea", shared), ("carl", shared), ("max", own)):
        found[name] = make_person(name, now=LONG_AGO)
        event = RiskEvent("order", currency="KRW", amount_minor=9000, address=ADDRESS_KR, device_id=device)
        with transaction() as session:
            decision = score_event(session, event=event, actor=found[name].actor, now=clock.now())
        assert decision.outcome is Outcome.REVIEW
        atomically(lambda s: open_cases(s, now=clock.now()))
    return found


def case_of(person: Person) -> uuid.UUID:
    [(case_id,)] = rows("SELECT id FROM risk_case WHERE user_id = :id", id=person.id)
    assert isinstance(case_id, uuid.UUID)
    return case_id


@pytest.mark.ux("A03")
def test_accounts_on_one_device_stand_together_and_take_one_verdict(app: APIFlask, people: dict[str, Person]) -> None:
    client = browser(app, make_person("rita", roles=("risk",)))
    queue = client.get("/admin/cases").text
    assert queue.count("1 more account on its device") == 2

    bea, carl, max_ = (case_of(people[name]) for name in ("bea", "carl", "max"))
    path = f"/admin/cases/{bea}"
    page = client.get(path).text
    assert "other accounts on its device" in page
    assert f'name="beside" value="{carl}:' in page
    assert str(max_) not in page.split('name="verdict"')[1].split("</form>")[0]
    assert "other accounts on its device" not in client.get(f"/admin/cases/{max_}").text

    [(version,)] = rows("SELECT version FROM risk_case WHERE id = :id", id=carl)
    given = {**fields(page), "verdict": "fraud"}
    # Who is not on the device is not decided with it, and a case that has moved keeps all as they are.
    for wrong in (f"{max_}:2", f"{carl}:{version + 1}", "nonsense"):
        assert client.post(f"{path}/verdict", data=given | {"beside": wrong}).status_code == 409
    assert rows(STATES) == [("active", "open", None)] * 3

    answer = client.post(f"{path}/verdict", data=given | {"beside": f"{carl}:{version}"})
    assert answer.status_code == 303
    assert rows(STATES) == [("frozen", "decided", "fraud")] * 2 + [("active", "open", None)]

    assert client.post(f"{path}/undoing", data=given).status_code == 303
    assert rows(STATES) == [("active", "open", None)] * 3
