"""What an automation added, measured against its control group: one way for pages, pausing and suggestions (INC-05)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from portal.models import Automation
from portal.queries.automations import OutcomeRow
from portal.rules.suggestions import Evidence, Range

if TYPE_CHECKING:
    from portal.learning.incremental import Incremental


def is_priced(row: Automation, platform: str) -> bool:
    """Whether its cost is known in the platform's currency: points have none, nor has another currency's deposit."""
    return row.action == "coupon" or (row.action == "deposit" and row.currency == platform)


def is_net(row: Automation) -> bool:
    """Whether its cost was taken off what people paid already, as a coupon is."""
    return row.action == "coupon"


def measure_outcomes(
    rows: Sequence[OutcomeRow], *, is_priced: bool, is_net: bool, is_ranked: bool = True
) -> Incremental | None:
    """Everybody drawn for the offer against everybody drawn for none; None where a group is too small.

    Only where `is_ranked` is it measured, too, how well the risk of churn ranks people, which takes long with many.
    """
    import numpy as np

    from portal.learning.incremental import Outcomes, measure

    return measure(
        Outcomes(
            treated=np.array([one.arm == "offer" for one in rows], dtype=np.bool_),
            revenue=np.array([one.revenue for one in rows], dtype=np.float64),
            cost=np.array([one.cost if is_priced else 0 for one in rows], dtype=np.float64),
            score=np.array(
                [np.nan if one.churn_bp is None or not is_ranked else one.churn_bp for one in rows], dtype=np.float64
            ),
            is_net=is_net,
        )
    )


def drawn_as_planned(people: int, control: int, *, control_bp: int) -> bool:
    """Whether the groups are as large as was planned, but for chance; else something keeps people out of one."""
    from portal.learning.uplift.sample_ratio import is_as_planned

    share = control_bp / 10_000
    return is_as_planned([people, control], [1 - share, share])


def evidence_of(row: Automation, rows: Sequence[OutcomeRow]) -> Evidence | None:
    """The same in whole minor units and basis points; None where a group is too small, or nothing was spent."""
    from portal.learning.incremental import in_whole

    found = measure_outcomes(rows, is_priced=True, is_net=is_net(row), is_ranked=False)
    gain = in_whole(found.revenue, less=0 if found.is_net else found.cost) if found else None
    roii = in_whole(found.roii, scale=10_000) if found and found.roii else None
    if found is None or gain is None or roii is None:
        return None
    return Evidence(found.treated, found.control, Range(*gain), int(found.cost), Range(*roii))
