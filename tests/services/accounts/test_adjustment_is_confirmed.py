"""An administrator's own grant of points: above the threshold it is confirmed first (IDN-04)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from portal.db import atomically
from portal.kit import clock
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.mileage.grant_mileage import grant_mileage
from tests.factories.account import make_person
from tests.factories.refund import rows
from tests.factories.step_up import confirmed, with_session

pytestmark = pytest.mark.req("IDN-04")


def test_a_small_adjustment_is_free_and_a_large_one_confirmed(books: None) -> None:
    bea, ada = make_person("bea"), with_session(make_person("ada", roles=("buyer", "admin")))

    def give(session: Session, points: int) -> int:
        return grant_mileage(
            session,
            user_id=bea.id,
            points=points,
            source="adjustment",
            idem_key=f"adjust:{points}",
            expires_at=clock.now() + timedelta(days=30),
            actor=ada.actor,
            now=clock.now(),
        )

    atomically(lambda s: give(s, 50_000))
    with pytest.raises(StepUpNeededError):
        atomically(lambda s: give(s, 50_001))
    assert rows("SELECT sum(granted)::int FROM mileage_lot") == [(50_000,)]
    confirmed(ada.actor, lambda s: give(s, 50_001))
    assert rows("SELECT sum(granted)::int FROM mileage_lot") == [(100_001,)]
