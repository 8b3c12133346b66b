"""Measure experiments with incentives, and score customers."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.cli._scores import scores

if TYPE_CHECKING:
    from portal.jobs.experiment_file import Taken
    from portal.learning.uplift.bootstrap import Interval
    from portal.learning.uplift.evaluation import ArmReport, Evaluation

TOLD_MAX = 20
IMBALANCES_SHOWN = 5
DRAWN_EVERY = 10


@click.group()
def incentives() -> None:
    """Experiments with incentives. docs/incentives.md explains columns and figures."""


incentives.add_command(scores)


@incentives.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--column", "named", multiple=True, metavar="ROLE=NAME", help="Which column is what, if not known.")
@click.option("--without", multiple=True, metavar="NAME", help="A column that is no feature.")
@click.option("--control", metavar="ARM", help="Which arm is the control, if not known.")
@click.option("--share", "shares", multiple=True, metavar="ARM=SHARE", help="The planned share of an arm.")
@click.option("--value", default=1.0, show_default=True, help="What one unit of the outcome is worth.")
@click.option("--cost", "costs", multiple=True, metavar="[ARM=]COST", help="What treating a person costs.")
@click.option("--cost-per-outcome", default=0.0, help="What each outcome of a treated person costs, as a coupon does.")
@click.option(
    "--learner", type=click.Choice(["dr", "t"]), default="dr", show_default=True, help="Whose rule is priced."
)
@click.option("--sample", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Take this share of the lines.")
@click.option("--seed", default=20, show_default=True, help="The same seed gives the same figures.")
@click.option("--json", "as_json", is_flag=True, help="Figures for programs.")
def evaluate(
    files: Sequence[Path],
    named: Sequence[str],
    without: Sequence[str],
    control: str | None,
    shares: Sequence[str],
    value: float,
    costs: Sequence[str],
    cost_per_outcome: float,
    learner: str,
    sample: float,
    seed: int,
    *,
    as_json: bool,
) -> None:
    """Measure an experiment: FILES of one row per person with treatment, outcome and what was known before.

    CSV in UTF-8, plain or gzip. Nothing is kept. A line that cannot be read is named with its reason and left out;
    exit code 1 says that there were any.
    """
    from portal.learning.columns import ColumnsError
    from portal.learning.uplift.evaluation import evaluate as measure
    from portal.learning.uplift.experiment import ExperimentError
    from portal.learning.uplift.policies import Worth
    from portal.services.catalogue.importing.rows import FileUnreadableError

    try:
        taken = _read(files, _pairs("--column", named), without, control, sample, seed)
        names = taken.experiment.names
        found = measure(
            taken.experiment,
            plan=_shares(names, shares),
            worth=Worth(
                _finite("--value", value), _costs(names, costs), _finite("--cost-per-outcome", cost_per_outcome)
            ),
            learner=learner,
            seed=seed,
        )
    except (ColumnsError, ExperimentError, FileUnreadableError) as refusal:
        raise click.ClickException(str(refusal)) from None
    if as_json:
        told = {
            "files": [file.name for file in files],
            "columns": dict(taken.columns.roles),
            "refused_lines": taken.refused,
            "warnings": found.warnings,
        }
        click.echo(json.dumps(_plain(told | asdict(found)), indent=2))
    else:
        click.echo("\n".join(_lines(taken, found)))
    if taken.refused:
        raise SystemExit(1)


def _read(
    files: Sequence[Path],
    named: dict[str, str],
    without: Sequence[str],
    control: str | None,
    sample: float,
    seed: int,
) -> Taken:
    from tqdm import tqdm

    from portal.jobs.experiment_file import read_experiment
    from portal.services.catalogue.importing.rows import BadRow

    told = 0
    with tqdm(total=sum(file.stat().st_size for file in files), unit="B", unit_scale=True, leave=False) as bar:
        last = 0

        def moved(position: int) -> None:
            nonlocal last
            bar.update(position - last if position >= last else position)
            last = position

        def tell(bad: BadRow) -> None:
            nonlocal told
            told += 1
            if told <= TOLD_MAX:
                tqdm.write(str(bad), file=sys.stderr)
            elif told == TOLD_MAX + 1:
                tqdm.write("further ones are counted only", file=sys.stderr)

        return read_experiment(
            files, named=named, without=without, control=control, sample=sample, seed=seed, told=tell, moved=moved
        )


def _pairs(option: str, said: Sequence[str]) -> dict[str, str]:
    pairs = [one.rpartition("=") if option != "--column" else one.partition("=") for one in said]
    if any(not left or not right for left, _, right in pairs):
        raise click.UsageError(f"{option} is written with both sides of an equals sign.")
    return {left: right for left, _, right in pairs}


def _number(option: str, text: str) -> float:
    try:
        return _finite(option, float(text))
    except ValueError:
        raise click.UsageError(f"{option}: {text} is no number.") from None


def _finite(option: str, number: float) -> float:
    if not math.isfinite(number):
        raise click.UsageError(f"{option}: {number} is no number.")
    return number


def _by_arm(option: str, names: Sequence[str], said: dict[str, str]) -> dict[str, float]:
    known = {name.lower(): name for name in names}
    for arm in said:
        if arm.lower() not in known:
            raise click.UsageError(f"{option}: there is no arm {arm}; there are {', '.join(names)}.")
    return {known[arm.lower()]: _number(option, text) for arm, text in said.items()}


def _shares(names: Sequence[str], said: Sequence[str]) -> dict[str, float] | None:
    if not said:
        return None
    shares = _by_arm("--share", names, _pairs("--share", said))
    if set(shares) != set(names) or min(shares.values()) <= 0:
        raise click.UsageError(f"--share is said above zero for each of {', '.join(names)}, or for none.")
    return shares


def _costs(names: Sequence[str], said: Sequence[str]) -> dict[str, float]:
    everywhere = [one for one in said if "=" not in one]
    if len(everywhere) > 1:
        raise click.UsageError("--cost without an arm is said once: it holds for every arm but the control.")
    found = {name: _number("--cost", everywhere[0]) for name in names[1:]} if everywhere else {}
    by_arm = _by_arm("--cost", names, _pairs("--cost", [one for one in said if "=" in one]))
    if names[0] in by_arm:
        raise click.UsageError(f"--cost: {names[0]} is the control, and costs nothing.")
    return found | by_arm


def _plain(value: Any) -> Any:
    """JSON has no NaN: what could not be computed is null."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _lines(taken: Taken, found: Evaluation) -> Iterator[str]:
    roles = taken.columns.roles
    yield f"rows            {found.rows:,}; {taken.refused} lines left out"
    yield f"treatment       {roles['treatment']}; the control is {found.control}"
    yield f"outcome         {roles['outcome']}, {'yes or no' if found.is_binary else 'an amount'}"
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
            yield f"                  {one.deviations:+.4f}  {one.feature} ({one.arm})"
    if found.assignment_area is not None:
        yield f"                features tell the treated from control with area {found.assignment_area:.3f} (0.5: not)"
    for warning in found.warnings:
        yield f"WARNING         {warning}"
    for arm in found.arms:
        yield from _arm_lines(found, arm)
    if not found.policies:
        yield "\nThere are no features: nothing can be said about whom the treatment changes most."
        return
    yield f"\nnet value per person of rules; the learned one follows `{found.learner}`, on people its trees did not see"
    yield f"  {'rule':<28}{'treated':>8}  {'doubly robust':<38}{'by weights':<38}{'against the best fixed':<38}"
    for rule in found.policies:
        roii = f"ROII {_range(rule.roii)}" if rule.roii else ""
        treated = 1 - rule.shares[found.control]
        yield (
            f"  {rule.name:<28}{treated:>8.1%}  {_range(rule.value):<38}{_range(rule.value_by_weights):<38}"
            f"{_range(rule.against_best_fixed):<38}{roii}"
        )
    given = ", ".join(f"{arm} {share:.1%}" for arm, share in found.policies[-1].shares.items())
    yield f"  the learned rule gives {given}"


def _arm_lines(found: Evaluation, arm: ArmReport) -> Iterator[str]:
    effect = arm.effect
    yield f"\n{arm.arm} against {found.control}"
    yield f"  means           {effect.mean:.6g} and {effect.control_mean:.6g}"
    yield f"  average effect  {_range(effect.difference)}, relative {_range(effect.relative)}, p {effect.p_value:.3g}"
    if arm.adjusted:
        yield f"  adjusted        {_range(arm.adjusted)} (doubly robust)"
    if effect.exposed_share is not None and effect.per_exposed:
        yield f"  reached         {effect.exposed_share:.2%} of the treated; each changed {_range(effect.per_exposed)}"
    if not arm.rankings:
        return
    names = list(arm.rankings)
    yield f"  {'ranking by':<26}" + "".join(f"{name:<38}" for name in names)
    for title, read in _MEASURES:
        yield f"  {title:<26}" + "".join(f"{_range(read(arm.rankings[name])):<38}" for name in names)
    for top in arm.rankings[names[0]].uplift_at:
        cells = "".join(f"{_range(arm.rankings[name].uplift_at[top]):<38}" for name in names)
        yield f"  {'uplift at ' + top:<26}{cells}"
    yield f"  tenths by `{found.learner}`, the highest first: people, foretold, treated, control, uplift"
    for tenth in arm.rankings[found.learner].tenths:
        yield (
            f"    {tenth.people:>9,}{tenth.foretold:>12.5f}{tenth.treated_mean:>12.5f}{tenth.control_mean:>12.5f}"
            f"   {_range(tenth.uplift)}"
        )
    curve = arm.rankings[found.learner].curve[::DRAWN_EVERY]
    yield "  Qini curve      " + "  ".join(f"{share:.0%} {value:.5f}" for share, value in curve)


def _range(one: Interval | None) -> str:
    return "-" if one is None else f"{one.value:.5g} [{one.low:.5g}, {one.high:.5g}]"


_MEASURES: Sequence[tuple[str, Any]] = (
    ("Qini, per person", lambda ranking: ranking.qini),
    ("Qini, normalised", lambda ranking: ranking.qini_normalised),
    ("Qini, if none is harmed", lambda ranking: ranking.qini_without_harm),
    ("AUUC, per person", lambda ranking: ranking.auuc),
    ("AUUC, normalised", lambda ranking: ranking.auuc_normalised),
)
