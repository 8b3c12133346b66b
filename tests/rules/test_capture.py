"""What the end of a hold asks for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.rules.capture import END_IS_NEAR, Ending, at_end


@pytest.mark.req("PAY-07")
def test_the_end_of_a_hold_asks_for_one_thing_at_a_time() -> None:
    now = clock.now()

    def asked(when: str, hours: float, **more: bool) -> Ending:
        facts = {"is_wanted": False, "is_stopped": False, "is_told": False} | more
        return at_end(when, held_until=now + timedelta(hours=hours), now=now, **facts)

    day = END_IS_NEAR / timedelta(hours=1)
    assert asked("shipment", day + 0.01) is Ending.NOTHING
    assert asked("shipment", day) is Ending.TELL
    assert asked("shipment", day, is_told=True) is Ending.NOTHING
    assert asked("shipment", 1, is_wanted=True) is Ending.NOTHING
    assert asked("shipment", 0, is_wanted=True) is Ending.TELL
    assert asked("shipment", 1, is_wanted=True, is_stopped=True) is Ending.TELL
    assert asked("shipment_or_end", day) is Ending.CAPTURE
    assert asked("shipment_or_end", day, is_wanted=True) is Ending.NOTHING
    assert asked("shipment_or_end", day, is_stopped=True) is Ending.TELL
