"""Measure experiments with incentives, and score customers."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portal.cli._experiments import lines, plain
from portal.cli._scores import scores

if TYPE_CHECKING:
    from portal.jobs.experiment_file import Taken

TOLD_MAX = 20


@click.group()
def incentives() -> None:
    """Experiments with incentives. docs/incentives.md explains columns and figures."""


incentives.add_command(scores)


@incentives.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--column", "named", multiple=True, metavar="ROLE=NAME", help="Which column is what; several outcomes.")
@click.option("--without", multiple=True, metavar="NAME", help="A column that is no feature.")
@click.option("--control", metavar="ARM", help="Which arm is the control, if not known.")
@click.option("--share", "shares", multiple=True, metavar="ARM=SHARE", help="The planned share of an arm.")
@click.option("--value", "values", multiple=True, metavar="[OUTCOME=]VALUE", help="What a unit of it is worth: 1.")
@click.option("--cost", "costs", multiple=True, metavar="[ARM=]COST", help="What treating a person costs.")
@click.option("--cost-per-outcome", default=0.0, help="What each outcome of a treated person costs, as a coupon does.")
@click.option(
    "--learner",
    type=click.Choice(["mix", "dr", "t", "ct"]),
    default="mix",
    show_default=True,
    help="Whose rule is priced.",
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
    values: Sequence[str],
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
        names = next(iter(taken.experiments.values())).names
        worths = _values(tuple(taken.experiments), values)
        cost, plan = _costs(names, costs), _shares(names, shares)
        per_outcome = _finite("--cost-per-outcome", cost_per_outcome)
        found = {}
        for outcome, experiment in taken.experiments.items():
            worth = Worth(worths.get(outcome, 1.0), cost, per_outcome)
            try:
                found[outcome] = measure(experiment, plan=plan, worth=worth, learner=learner, seed=seed)
            except ExperimentError as refusal:
                raise click.ClickException(f"{outcome}: {refusal}") from None
    except (ColumnsError, ExperimentError, FileUnreadableError) as refusal:
        raise click.ClickException(str(refusal)) from None
    if as_json:
        told = {
            "files": [file.name for file in files],
            "columns": dict(taken.columns.roles),
            "refused_lines": taken.refused,
        }
        by_outcome = {name: {"warnings": one.warnings, **asdict(one)} for name, one in found.items()}
        # One outcome is told as it always was; several each under their name.
        first = next(iter(by_outcome.values()))
        click.echo(json.dumps(plain(told | (first if len(found) == 1 else {"outcomes": by_outcome})), indent=2))
    else:
        click.echo("\n\n\n".join("\n".join(lines(taken, name, one)) for name, one in found.items()))
    if taken.refused:
        raise SystemExit(1)


def _read(
    files: Sequence[Path],
    named: Sequence[tuple[str, str]],
    without: Sequence[str],
    control: str | None,
    sample: float,
    seed: int,
) -> Taken:
    from tqdm import tqdm

    from portal.jobs.experiment_file import read_experiment
    from portal.services.catalogue.importing.rows import BadRow

    told = 0
    with tqdm(
        total=sum(file.stat().st_size for file in files), unit="B", unit_scale=True, leave=False, disable=None
    ) as bar:
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


def _pairs(option: str, said: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [one.rpartition("=") if option != "--column" else one.partition("=") for one in said]
    if any(not left or not right for left, _, right in pairs):
        raise click.UsageError(f"{option} is written with both sides of an equals sign.")
    return [(left, right) for left, _, right in pairs]


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


def _values(outcomes: Sequence[str], said: Sequence[str]) -> dict[str, float]:
    everywhere = [one for one in said if "=" not in one]
    if len(everywhere) > 1:
        raise click.UsageError("--value without an outcome is said once: it holds for every outcome.")
    found = dict.fromkeys(outcomes, _number("--value", everywhere[0])) if everywhere else {}
    for name, text in _pairs("--value", [one for one in said if "=" in one]):
        if name.lower() not in outcomes:
            raise click.UsageError(f"--value: {name} is none of the outcomes {', '.join(outcomes)}.")
        found[name.lower()] = _number("--value", text)
    return found


def _shares(names: Sequence[str], said: Sequence[str]) -> dict[str, float] | None:
    if not said:
        return None
    shares = _by_arm("--share", names, dict(_pairs("--share", said)))
    if set(shares) != set(names) or min(shares.values()) <= 0:
        raise click.UsageError(f"--share is said above zero for each of {', '.join(names)}, or for none.")
    return shares


def _costs(names: Sequence[str], said: Sequence[str]) -> dict[str, float]:
    everywhere = [one for one in said if "=" not in one]
    if len(everywhere) > 1:
        raise click.UsageError("--cost without an arm is said once: it holds for every arm but the control.")
    found = {name: _number("--cost", everywhere[0]) for name in names[1:]} if everywhere else {}
    by_arm = _by_arm("--cost", names, dict(_pairs("--cost", [one for one in said if "=" in one])))
    if names[0] in by_arm:
        raise click.UsageError(f"--cost: {names[0]} is the control, and costs nothing.")
    return found | by_arm
