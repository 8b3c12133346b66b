"""`portal incentives scores` as it is typed (INC-01)."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from portal.cli.incentives import incentives

pytestmark = pytest.mark.req("INC-01")
CDNOW = Path(__file__).parents[2].parent / "shared" / "data" / "cdnow"
PLACES = ("--column", "customer=2", "--column", "date=3", "--column", "amount=5")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(incentives, ["scores", *map(str, arguments)])


def shop(tmp_path: Path, *extra: str) -> Path:
    """Sixty customers who buy every so many days for a while."""
    rng = np.random.default_rng(5)
    lines = ["Customer ID;Order_Date;Total"]
    for customer in range(60):
        day = date(2025, 1, 1) + timedelta(days=int(rng.integers(0, 60)))
        for _ in range(int(rng.integers(1, 9))):
            lines.append(f"c{customer};{day.isoformat()};{rng.gamma(4, 10):.2f}")
            day += timedelta(days=int(rng.exponential(20)) + 1)
    file = tmp_path / "orders.csv"
    file.write_text("\n".join([*lines, *extra]) + "\n", "utf-8")
    return file


@pytest.mark.skipif(not CDNOW.is_dir(), reason="The CDNOW data are not beside the project.")
def test_the_sample_of_cdnow_gives_the_published_parameters_and_its_later_purchases() -> None:
    answer = run(CDNOW / "CDNOW_sample.txt.gz", *PLACES, "--until", "1997-09-30", "--json")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.output)
    assert (found["customers"], found["came_again"]) == (2357, 946)
    assert [round(found["bg_nbd"][name], 3) for name in ("r", "alpha", "a", "b")] == [0.243, 4.414, 0.793, 2.426]
    assert [round(found["gamma_gamma"][name], 2) for name in ("p", "q")] == [6.25, 3.74]
    assert found["proof"]["real"] == 1882
    assert found["proof"]["first_fifth_bought"] > 0.6


def test_a_file_with_a_header_is_scored_and_bad_lines_are_told(tmp_path: Path) -> None:
    file = shop(tmp_path, "c1;yesterday;5", ";2025-02-01;5", "c2;2025-02-01;-5", "c3;2025-02-01", "c4;2025-02-01;nan")
    output = tmp_path / "scores.csv"
    answer = run(file, "--output", output, "--unit", "days", "--ahead", 30)
    assert answer.exit_code == 1
    assert answer.output.count("portal: line ") == 5
    assert "60 customers" in answer.output
    rows = list(csv.DictReader(output.open(encoding="utf-8")))
    expected = [float(row["expected_purchases"]) for row in rows]
    assert len(rows) == 60
    assert expected == sorted(expected, reverse=True)
    assert all(0 < float(row["alive"]) <= 1 for row in rows)


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("", (), "which column is the customer"),
        ("who,when\na,2025-01-01\n", (), "which column is the customer"),
        ("customer,date\na,2025-01-01\n", (), "came again"),
        ("customer,date\n", (), "no purchase"),
        ("customer,date\na,soon\nb,later\n", (), "no purchase"),
        ("customer,date\na,2025-01-01\n", ("--column", "colour=red"), "roles are"),
        ("customer,date\na,2025-01-01\n", ("--column", "date=day"), "has no column 'day'"),
        ("a 2025-01-01 5\n", ("--column", "customer=0", "--column", "date=2"), "counted from 1"),
    ],
)
def test_what_cannot_be_scored_is_one_sentence(
    tmp_path: Path, text: str, arguments: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "purchases.csv"
    file.write_text(text, "utf-8")
    answer = run(file, *arguments)
    assert answer.exit_code == 2, answer.output
    assert said in answer.output
    assert "Traceback" not in answer.output
