"""`portal simulate`: each named attack is caught through the real pages, and ordinary buyers are left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.bench.attacks import ATTACKS, USUAL
from portal.bench.own import Running
from portal.bench.simulation import Seen, line_of

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.req("FRD-01", "FRD-05")
def test_every_attack_is_caught_and_nobody_else_is_stopped(portal: Running) -> None:
    command = [sys.executable, "-m", "portal.cli", "simulate", "--buyers", "2", "--against", portal.base]
    env = {**os.environ, **portal.env, "PORTAL_HOME": str(portal.home)}

    found = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)

    assert found.returncode == 0, found.stdout + found.stderr
    lines = found.stdout.splitlines()
    assert [line.split("  ")[0].strip() for line in lines] == [USUAL, *ATTACKS]
    assert "0 false alarms" in lines[0]
    assert all("caught at act" in line for line in lines[1:])


def test_an_attack_that_nobody_saw_and_a_buyer_who_was_stopped_are_failures() -> None:
    missed, caught = Seen("card testing", 12, 0, None, ()), Seen("card testing", 12, 2, 11, ("card_testing",))
    usual, alarm = Seen(USUAL, 8, 0, None, ()), Seen(USUAL, 8, 1, 3, ("amount_above",))
    assert [one.failed for one in (missed, caught, usual, alarm)] == [True, False, False, True]
    assert "NOT CAUGHT" in line_of(missed)
    assert line_of(caught).endswith("caught at act 11   card_testing")
    assert "1 false alarms   amount_above" in line_of(alarm)
