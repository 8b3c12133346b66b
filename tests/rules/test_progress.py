"""How far the goods of an order are, from the states of its parts."""

from __future__ import annotations

import pytest

from portal.rules.progress import Progress, progress_of


@pytest.mark.parametrize(
    ("parts", "progress"),
    [
        ([("held", False)], Progress.WAITS),
        ([("held", False), ("cancelled", False)], Progress.WAITS),
        ([("held", False), ("accepted", False)], Progress.PREPARED),
        ([("packed", True)], Progress.PARTLY),
        ([("held", True)], Progress.PARTLY),
        ([("released", False), ("delivered", True)], Progress.PARTLY),
        ([("shipped", True), ("delivered", True)], Progress.ON_THE_WAY),
        ([("returning", True), ("closed", True)], Progress.COMES_BACK),
        ([("delivered", True), ("closed", True), ("cancelled", False)], Progress.ARRIVED),
        ([("closed", True)], Progress.CLOSED),
        ([("cancelled", False)], Progress.NONE),
    ],
)
def test_an_order_is_as_far_as_its_parts_say(parts: list[tuple[str, bool]], progress: Progress) -> None:
    assert progress_of(parts) is progress
