"""Of which Python the virtual environment is made."""

import sys
from pathlib import Path

import pytest

from tools.interpreters import candidates, quickest, time_of

NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"


def stand_in(folder: Path, seconds: float, *, exit_code: int = 0) -> str:  # lint: allow float: seconds.
    """A program that says of itself that it took so long."""
    folder.mkdir()
    program = folder / NAME
    program.write_text(f"#!/bin/sh\necho {seconds}\necho {program}\nexit {exit_code}\n")
    program.chmod(0o755)
    return str(program)


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the search path. What this machine has besides needs longer than any stand-in says of itself."""
    monkeypatch.setenv("PATH", str(tmp_path / "found"))
    return tmp_path / "found"


def test_a_clearly_quicker_python_is_taken(tmp_path: Path, found: Path) -> None:
    given = stand_in(tmp_path / "given", 0.00002)
    assert quickest(given) == given
    other = stand_in(found, 0.00001)
    assert quickest(given) == other


def test_one_that_is_hardly_quicker_is_not(tmp_path: Path, found: Path) -> None:
    stand_in(found, 0.000009)
    given = stand_in(tmp_path / "given", 0.00001)
    assert quickest(given) == given


def test_one_that_makes_no_environments_is_not(tmp_path: Path, found: Path) -> None:
    other = stand_in(found, 0.000001, exit_code=1)
    given = stand_in(tmp_path / "given", 0.00001)
    assert other in candidates()
    assert time_of(other) is None
    assert quickest(given) == given


def test_the_probe_runs_on_this_very_python() -> None:
    measured = time_of(sys.executable)
    assert measured is not None
    assert measured[0] > 0
    assert Path(measured[1]).exists()
