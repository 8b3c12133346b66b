"""An experiment's figures as lines to read and as an object for programs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portal.jobs.experiment_file import Taken
    from portal.learning.uplift.bootstrap import Interval
    from portal.learning.uplift.evaluation import ArmReport, Evaluation

IMBALANCES_SHOWN = 5
DRAWN_EVERY = 10
WIDTH = 36


def plain(value: Any) -> Any:
    """JSON has no NaN: what could not be computed is null."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def lines(taken: Taken, outcome: str, found: Evaluation) -> Iterator[str]:
    """The report on one outcome."""
    roles = taken.columns.roles
    yield f"rows            {found.rows:,}; {taken.refused} lines left out"
    yield f"treatment       {roles['treatment']}; the control is {found.control}"
    yield f"outcome         {outcome}, {'yes or no' if found.is_binary else 'an amount'}"
    yield f"features        {len(found.features)}"
    for column, reason in found.left_out.items():
        yield f"left out        {column}: {reason}"
    plan = ", ".join(f"{name} {share:.1%}" for name, share in found.sample_ratio.plan.items())
    guessed = " (nobody said a plan: the nearest round shares)" if found.sample_ratio.is_guessed else ""
    yield f"rows per arm    {', '.join(f'{name} {rows:,}' for name, rows in found.sample_ratio.rows.items())}"
    yield f"planned         {plan}{guessed}; chance of such rows by luck {found.sample_ratio.p_value:.3g}"
    if found.imbalances:
        yield "balance         greatest differences of means between arms, in standard deviations:"
        for one in found.imbalances[:IMBALANCES_SHOWN]:
            yield f"                  {one.deviations:+.4f}  {one.feature} ({one.arm}; by luck ±{2 * one.luck:.4f})"
    if found.assignment_area is not None:
        yield f"                features tell the treated from control with area {found.assignment_area:.3f} (0.5: not)"
    for warning in found.warnings:
        yield f"WARNING         {warning}"
    for arm in found.arms:
        yield from _arm_lines(found, arm)
    if not found.policies:
        yield "\nThere are no features: nothing can be said about whom the treatment changes most."
        return
    yield f"\nnet value per person of rules; the learned one follows {found.learner}, on people its trees did not see"
    yield f"  {'rule':<28}{'treated':>8}  {_row(['doubly robust', 'by weights', 'against the best fixed'])}"
    for rule in found.policies:
        roii = f"ROII {_range(rule.roii)}" if rule.roii else ""
        treated = 1 - rule.shares[found.control]
        figures = _row([_range(rule.value), _range(rule.value_by_weights), _range(rule.against_best_fixed)])
        yield f"  {rule.name:<28}{treated:>8.1%}  {figures}{roii}".rstrip()
    given = ", ".join(f"{arm} {share:.1%}" for arm, share in found.policies[-1].shares.items())
    yield f"  the learned rule gives {given}"


def _arm_lines(found: Evaluation, arm: ArmReport) -> Iterator[str]:
    effect = arm.effect
    yield f"\n{arm.arm} against {found.control}"
    yield f"  means           {effect.mean:.6g} and {effect.control_mean:.6g}"
    yield f"  average effect  {_range(effect.difference)}, relative {_range(effect.relative)}, p {effect.p_value:.3g}"
    if arm.adjusted:
        yield f"  adjusted        {_range(arm.adjusted)} (doubly robust)"
    what = "outcomes" if found.is_binary else "revenue"
    yield f"  extra {what:<10}{_range(effect.total)} of all that were treated, by assignment"
    if effect.exposed_share is not None and effect.per_exposed:
        yield f"  reached         {effect.exposed_share:.2%} of the treated; each changed {_range(effect.per_exposed)}"
    if not arm.rankings:
        return
    rankings = list(arm.rankings.values())
    yield f"  {'ranking by':<26}{_row(list(arm.rankings))}".rstrip()
    for title, read in _MEASURES:
        yield f"  {title:<26}{_row([_range(read(one)) for one in rankings])}".rstrip()
    yield f"  {f'Qini of {found.learner} less this':<26}{_row([_range(one.qini_of_first_less) for one in rankings])}"
    for top in rankings[0].tops:
        yield f"  {'uplift at ' + top:<26}{_row([_range(one.tops[top].uplift) for one in rankings])}".rstrip()
    for top in rankings[0].tops:
        figures = _row([_range(one.tops[top].against_chance) for one in rankings])
        yield f"  {'gain on lot, ' + top + ' treated':<26}{figures}".rstrip()
    yield f"  {arm.verdict}"
    yield f"  tenths by {found.learner}, the highest first: people, foretold, treated, control, uplift"
    for tenth in arm.rankings[found.learner].tenths:
        yield (
            f"    {tenth.people:>9,}{tenth.foretold:>12.5f}{tenth.treated_mean:>12.5f}{tenth.control_mean:>12.5f}"
            f"   {_range(tenth.uplift)}"
        )
    curve = arm.rankings[found.learner].curve[::DRAWN_EVERY]
    yield "  Qini curve      " + "  ".join(f"{share:.0%} {value:.5f}" for share, value in curve)


def _row(cells: Sequence[str]) -> str:
    return "".join(f"{cell:<{WIDTH}}" for cell in cells)


def _range(one: Interval | None) -> str:
    """A figure and its range; a dash where there is none, since nothing can be divided by nought."""
    if one is None or not math.isfinite(one.value):
        return "-"
    if not math.isfinite(one.low):
        return f"{one.value:.5g}"
    return f"{one.value:.5g} [{one.low:.5g}, {one.high:.5g}]"


_MEASURES: Sequence[tuple[str, Any]] = (
    ("Qini, per person", lambda ranking: ranking.qini),
    ("Qini, normalised", lambda ranking: ranking.qini_normalised),
    ("Qini, if none is harmed", lambda ranking: ranking.qini_without_harm),
    ("AUUC, per person", lambda ranking: ranking.auuc),
    ("AUUC, normalised", lambda ranking: ranking.auuc_normalised),
)
