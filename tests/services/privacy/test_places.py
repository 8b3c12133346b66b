"""Places of decisions go with the person, the decisions stay (IDN-06)."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.db import transaction
from portal.kit import clock
from portal.services.fraud.score_event import RiskEvent, score_event
from tests.factories.account import ADDRESS_KR, make_person
from tests.factories.ip_table import SEOUL, load_ip_tables
from tests.factories.refund import rows
from tests.factories.step_up import with_session
from tests.services.privacy.test_erasure import ask, carry_out

pytestmark = [pytest.mark.req("IDN-06"), pytest.mark.usefixtures("books")]


def test_where_she_was_is_forgotten_and_what_was_decided_stays() -> None:
    bea = with_session(make_person("bea"))
    load_ip_tables()
    other = make_person("max")
    for person in (bea, other):
        event = RiskEvent("order", currency="KRW", amount_minor=900, ip=SEOUL, address=ADDRESS_KR)
        with transaction() as session:
            score_event(session, event=event, actor=person.actor, now=clock.now())
    before = rows("SELECT to_jsonb(d) - 'place' FROM risk_decision d ORDER BY id")
    ask(bea)
    assert carry_out() == [True]
    assert rows("SELECT user_id, place->>'city' FROM risk_decision ORDER BY decided_at") == [
        (bea.id, None),
        (other.id, "Seoul"),
    ]
    assert rows("SELECT to_jsonb(d) - 'place' FROM risk_decision d ORDER BY id") == before
    for change in ("UPDATE risk_decision SET place = '{}'", "UPDATE risk_decision SET place = NULL, score = 1"):
        with pytest.raises(DBAPIError, match=r"append-only|permission denied"), transaction() as session:
            session.execute(text(change))
