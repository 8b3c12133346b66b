"""Arms by salted hash, quiet hours and the law's night, drafts (INC-03, INC-06)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.automations import Arm, AutomationDraft, arm_of, bucket, faults_of, may_tell_at
from portal.services.incentives.save_automation import detectable_bp

PEOPLE = [uuid.UUID(int=n * 7919) for n in range(4000)]
DRAFT = AutomationDraft("Win back", 1, segment="at_risk", campaign_id=1, people_max=10)


def arms(salt: str, control_bp: int = 1000) -> list[Arm]:
    return [arm_of(one, house_salt="house", holdout_bp=500, salt=salt, control_bp=control_bp) for one in PEOPLE]


@pytest.mark.req("INC-03")
def test_arms_have_their_shares_and_stay_as_they_are() -> None:
    one, again, other = arms("a"), arms("a"), arms("b")
    assert one == again
    holdout = [n for n, arm in enumerate(one) if arm is Arm.HOLDOUT]
    assert 0.035 < len(holdout) / len(PEOPLE) < 0.065
    # The permanent group is the same for every automation; control groups have nothing to do with each other.
    assert holdout == [n for n, arm in enumerate(other) if arm is Arm.HOLDOUT]
    controls = [{n for n, arm in enumerate(some) if arm is Arm.CONTROL} for some in (one, other)]
    assert all(0.075 < len(some) / len(PEOPLE) < 0.115 for some in controls)
    assert len(controls[0] & controls[1]) < 0.25 * len(controls[0])


@given(st.text(), st.uuids())
def test_a_bucket_is_within_bounds(salt: str, user_id: uuid.UUID) -> None:
    assert 0 <= bucket(salt, user_id) < 10_000


@pytest.mark.req("INC-06")
@given(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n)),
    st.sampled_from(("Asia/Seoul", "America/New_York", "Europe/Berlin", "Asia/Kathmandu")),
    st.sampled_from(("KR", "US")),
    st.none() | st.tuples(st.integers(0, 23), st.integers(0, 23)),
)
def test_nobody_is_told_within_quiet_hours_or_the_law_s_night(
    at: datetime, zone: str, country: str, quiet: tuple[int, int] | None
) -> None:
    told = may_tell_at(at, zone=zone, country=country, quiet=quiet)
    hour = told.astimezone(ZoneInfo(zone)).hour
    assert at <= told < at + timedelta(hours=26)
    if country == "KR":
        assert 8 <= hour < 21
    if country == "US" and quiet is not None and quiet[0] < quiet[1]:
        assert not quiet[0] <= hour < quiet[1]


@pytest.mark.req("INC-03")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, None),
        ({"title": " "}, "title"),
        ({"event": "order.paid"}, "segment"),
        ({"segment": ""}, "segment"),
        ({"segment": "", "event": "nonsense"}, "segment"),
        ({"action": "gold"}, "action"),
        ({"campaign_id": None}, "campaign_id"),
        ({"action": "mileage"}, "campaign_id"),
        ({"action": "mileage", "campaign_id": None, "amount_minor": 0}, "amount"),
        ({"people_max": 0}, "people_max"),
        ({"every_days": 400}, "every_days"),
        ({"window_days": 0}, "window_days"),
        ({"control_bp": 400}, "control_percent"),
        ({"quiet_from": 24}, "quiet_from"),
        ({"told_by": "pigeon"}, "told_by"),
    ],
)
def test_what_cannot_be_so_is_named(change: dict[str, object], field: str | None) -> None:
    faults = faults_of(replace(DRAFT, **change))  # type: ignore[arg-type]  # The fields have several types.
    assert set(faults) == ({field} if field else set())


@pytest.mark.req("INC-03")
def test_how_small_a_change_would_be_seen() -> None:
    """2.8 sqrt(0.1 * 0.9 * (1 / 900 + 1 / 100)) = 8.85 points, by hand."""
    assert detectable_bp(900, 100, 100, 1000) == 885
    assert detectable_bp(900, 0, 100, 1000) is None
