"""The audit trail under its filters: whose act it was, on which day, from which device and address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from apiflask import APIFlask

from portal.db import transaction
from portal.kit import clock
from portal.models import WebSession
from portal.services.audit import AuditAction, Fact, record
from tests.blueprints.desks import browser
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall
from tests.factories.step_up import with_session

pytestmark = pytest.mark.req("AUD-01")


def act(person: Person, ref: str, *, days_ago: int = 0) -> None:
    with transaction() as session:
        at = clock.now() - timedelta(days=days_ago)
        record(session, Fact(AuditAction.ACCOUNT_SIGNED_OUT, ref), actor=person.actor, now=at)


def test_records_are_found_by_day_actor_device_and_address(app: APIFlask) -> None:
    make_mall()
    bea, max_ = (with_session(make_person(name)) for name in ("bea", "max"))
    ada = browser(app, make_person("ada", roles=("admin",)))
    act(bea, "user:of-bea")
    act(max_, "user:of-max")
    act(bea, "user:long-ago", days_ago=3)
    with transaction() as session:
        device = session.get_one(WebSession, bea.actor.session_id).device_id
        other = session.get_one(WebSession, max_.actor.session_id)
        other.ip_index = None

    def found(query: str) -> set[str]:
        page = ada.get(f"/admin/audit?{query}").text
        return {
            name for name in ("of-bea", "of-max", "long-ago") if f"q=user:{name}" in page or f"user%3A{name}" in page
        }

    yesterday = (clock.now() - timedelta(days=1)).date()
    assert found("") == {"of-bea", "of-max", "long-ago"}
    assert found(f"until={yesterday}") == {"long-ago"}
    assert found(f"from={yesterday}") == {"of-bea", "of-max"}
    assert found(f"actor=user:{max_.id}") == {"of-max"}
    assert found(f"device={device}") == {"of-bea", "long-ago"}
    assert found(f"device={device}&from={yesterday}") == {"of-bea"}
    assert found("ip=203.0.113.7") == {"of-bea", "long-ago"}
    assert found("ip=203.0.113.8") == found("device=nonsense") == set()
    assert "203.0.113.7" in ada.get(f"/admin/audit?device={device}").text
