"""`portal incentives` as it is typed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from portal.cli.incentives import incentives
from tests.factories.experiment import as_csv, mailing


def run(*arguments: object) -> Result:
    return CliRunner().invoke(incentives, [*map(str, arguments)])


def hillstrom(people: int) -> str:
    """Lines in the shape of Hillstrom's mailing: three arms, three outcomes, words among the features."""
    rng = np.random.default_rng(4)
    lines = ["recency,history_segment,history,mens,zip_code,newbie,channel,segment,visit,conversion,spend"]
    for _ in range(people):
        arm = rng.choice(["Mens E-Mail", "Womens E-Mail", "No E-Mail"])
        visit = int(rng.random() < {"Mens E-Mail": 0.4, "Womens E-Mail": 0.3, "No E-Mail": 0.2}[str(arm)])
        spend = round(float(rng.exponential(50)) * visit, 2)
        known = f'{rng.integers(1, 13)},"2) $100 - $200",{rng.uniform(30, 500):.2f},{rng.integers(0, 2)}'
        lines.append(f"{known},{rng.choice(['Urban', 'Rural'])},1,Web,{arm},{visit},{int(spend > 60)},{spend}")
    return "\n".join(lines) + "\n"


@pytest.mark.req("INC-05")
def test_an_experiment_in_a_compressed_file_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "x5.csv.gz"
    lines = as_csv(mailing(people=1500)) + "c9,,1,0,0,0,new,0\nc9,1,maybe,0,0,0,new,0\n"
    file.write_bytes(gzip.compress(lines.encode()))
    answer = run("evaluate", file, "--value", 10, "--cost", 0.2, "--json")
    assert answer.exit_code == 1
    assert "treatment_flg is empty" in answer.stderr
    assert "target: 'maybe' is no number" in answer.stderr
    figures = json.loads(answer.stdout)
    assert figures["refused_lines"] == 2
    assert figures["columns"] == {"treatment": "treatment_flg", "outcome": "target"}
    assert figures["left_out"] == {"client_id": "it names the rows", "true_effect": "it tells the answer"}
    assert sorted(figures["features"]) == ["kind=new", "kind=regular", "x1", "x2", "x3"]
    assert figures["arms"][0]["rankings"]["dr"]["qini_normalised"]["low"] > 0
    assert figures["policies"][-1]["roii"]["value"] > 0


@pytest.mark.req("INC-05")
def test_a_file_as_people_export_it_is_read_as_it_is_meant(tmp_path: Path) -> None:
    """Headers of words, amounts with their sign, days, yes and no, and cells that say that nothing is known."""
    rng = np.random.default_rng(6)
    lines = ['"Treatment Group","Customer ID","Converted","Revenue (USD)","Since","Spent","Tenure","Kind"']
    for number in range(900):
        converted = rng.random() < 0.3
        amount = f'"${rng.uniform(1_000, 3_000):,.2f}"' if converted else "$0.00"
        tenure = rng.choice(["NA", "nan", "", f"{rng.uniform(0, 9):.3f}"])
        day = f"2026-0{rng.integers(1, 9)}-1{rng.integers(0, 9)} 10:00:00"
        spent = f'"1,{rng.integers(100, 999)}"'
        arm = rng.choice(["Control", "10% off"])
        kind = rng.choice(["New", "Loyal", "NA", "N/A", "NaN", "null", ""])
        lines.append(f"{arm},u{number},{'Yes' if converted else 'No'},{amount},{day},{spent},{tenure},{kind}")
    unknown = (
        f"{arm},u,{answer},$0.00,,,,New"
        for arm, answer in [("N/A", "No"), ("NaN", "No"), ("Control", "NA"), ("Control", "null")]
    )
    file = tmp_path / "export.csv"
    file.write_text("\n".join([*lines, *unknown]) + "\n")
    answer = run("evaluate", file, "--json")
    assert answer.exit_code == 1
    assert answer.stderr.count("says no arm") == answer.stderr.count("is no number") == 2
    figures = json.loads(answer.stdout)
    assert figures["refused_lines"] == 4
    assert [arm["arm"] for arm in figures["arms"]] == ["10% off"]
    assert figures["columns"] == {"treatment": "treatment group", "outcome": "converted"}
    assert sorted(figures["features"]) == ["kind=Loyal", "kind=New", "since", "spent", "tenure"]
    assert figures["left_out"]["customer id"] == "it names the rows"
    amounts = run("evaluate", file, "--column", "outcome=revenue (usd)", "--json")
    assert amounts.stderr.count("says no arm") == 2, amounts.stderr
    assert "converted" in json.loads(amounts.stdout)["left_out"]


def test_several_arms_are_each_compared_with_the_control(tmp_path: Path) -> None:
    file = tmp_path / "mailing.csv"
    file.write_text(hillstrom(600))
    known = ("recency", "history_segment", "history", "zip_code")
    answer = run("evaluate", file, *(word for name in known for word in ("--without", name)))
    assert answer.exit_code == 0
    assert "the control is No E-Mail" in answer.stdout
    assert "Mens E-Mail against No E-Mail" in answer.stdout
    assert "conversion: it is another outcome (--column outcome=conversion asks about it)" in answer.stdout
    assert "extra outcomes" in answer.stdout
    assert "nan" not in answer.stdout
    both = ("--column", "outcome=visit", "--column", "outcome=spend", "--value", "visit=3", "--cost", "0.1")
    told = json.loads(run("evaluate", file, *both, "--json").stdout)["outcomes"]
    assert list(told) == ["visit", "spend"]
    assert "conversion" in told["visit"]["left_out"]
    assert "spend" not in told["visit"]["left_out"]
    spend = told["spend"]
    assert [arm["arm"] for arm in spend["arms"]] == ["Mens E-Mail", "Womens E-Mail"]
    assert spend["arms"][0]["effect"]["total"]["low"] > 0
    assert spend["policies"][1]["roii"]["low"] > 0
    assert not spend["is_binary"]
    assert spend["arms"][0]["rankings"]["t"]["qini_normalised"] is None


def test_text_among_numbers_is_named_by_its_line_and_the_column_kept(tmp_path: Path) -> None:
    header, *lines = as_csv(mailing(people=400)).splitlines()
    lines[4] = lines[4].replace(lines[4].split(",")[3], "abc")
    lines[7] = lines[7].replace(lines[7].split(",")[4], "unknown")
    file = tmp_path / "bom.csv"
    file.write_bytes("\r\n".join(["\ufeff" + header, *lines, ""]).encode())
    answer = run("evaluate", file, "--json")
    assert answer.exit_code == 1
    assert answer.stderr.strip() == "bom.csv:6: x1: 'abc' is no number"
    assert {"x1", "x2"} <= set(json.loads(answer.stdout)["features"])


def test_a_file_of_another_language_is_read_with_its_commas_and_its_names(tmp_path: Path) -> None:
    """Names of other letters than a to z name columns, and between semicolons a comma is decimal."""
    header, *lines = as_csv(mailing(people=400)).splitlines()
    rows = [header.split(",")] + [line.split(",") for line in lines]
    rows[0][3:5] = ["나이", "größe"]
    lines = [";".join(row[:3] + [cell.replace(".", ",") for cell in row[3:]]) for row in rows]
    file = tmp_path / "ausfuhr.csv"
    file.write_text("\n".join(lines) + "\n")
    figures = json.loads(run("evaluate", file, "--json").stdout)
    assert {"나이", "größe", "x3"} <= set(figures["features"])
    as_points = tmp_path / "points.csv"
    as_points.write_text("\n".join(",".join(row) for row in rows) + "\n")
    assert json.loads(run("evaluate", as_points, "--json").stdout)["arms"] == figures["arms"]


def test_numbers_too_large_to_reckon_with_are_named_by_their_line(tmp_path: Path) -> None:
    header, *lines = as_csv(mailing(people=400)).splitlines()
    for line, cell in ((4, "1e300"), (7, "9" * 60), (9, "inf")):
        lines[line] = lines[line].replace(lines[line].split(",")[3], cell)
    file = tmp_path / "huge.csv"
    file.write_text("\n".join([header, *lines]) + "\n")
    answer = run("evaluate", file, "--json")
    assert answer.stderr.splitlines() == [
        "huge.csv:6: x1: '1e300' is too large a number",
        f"huge.csv:9: x1: '{'9' * 40}' is too large a number",
        "huge.csv:11: x1: 'inf' is no number",
    ]
    assert json.loads(answer.stdout)["rows"] == 397


def test_one_file_may_come_in_parts_and_a_sample_of_it_be_taken(tmp_path: Path) -> None:
    header, *lines = as_csv(mailing(people=3000)).splitlines(keepends=True)
    parts = []
    for n, some in enumerate((lines[:1500], lines[1500:])):
        parts.append(tmp_path / f"part{n}.csv")
        parts[-1].write_text(header + "".join(some))
    plain = ["--without", "x1", "--without", "x2", "--without", "x3", "--without", "kind", "--json"]
    assert json.loads(run("evaluate", *parts, *plain).stdout)["rows"] == 3000
    assert 800 < json.loads(run("evaluate", *parts, *plain, "--sample", "0.3").stdout)["rows"] < 1000


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        ("", (), "is empty"),
        ("a,b\n1,2\n", (), "No column is known as treatment"),
        ("treatment,y\n1,0\n", ("--column", "reward=y"), "reward is no role"),
        ("treatment,y\n1,0\n", ("--column", "outcome=z"), "There is no column z"),
        ("treatment,y\n1,0\n", ("--column", "outcome"), "equals sign"),
        ("treatment,y\n", (), "There are no rows"),
        ("treatment,y\n" + "1,0\n" * 200, (), "All rows are of the arm 1: there is nothing"),
        ("treatment,y\n" + "1,0\n0,1\n" * 20, (), "below 100 nothing can be said"),
        ("treatment,y\n" + "1,0\n0,0\n" * 200, (), "in every row"),
        ("treatment,y\n" + "1,0\n0,1\n" * 200, ("--share", "1=0.5"), "for each of 0, 1"),
        ("treatment,y\n" + "1,0\n0,1\n" * 200, ("--cost", "0=5"), "is the control"),
        ("treatment,y\n" + "1,0\n0,1\n" * 200, ("--cost", "x=5"), "there is no arm x"),
        ("y,y,treatment\n1,1,0\n", (), "(line 1) names y twice"),
        ("treatment,y\n" + "a,0\nb,1\n" * 200, (), "name it with --control NAME"),
        ("treatment,y\n" + "1,0\n0,1\n" * 200, ("--value", "z=5"), "z is none of the outcomes y"),
        ("treatment,y\n" + "1,0\n0,1\n" * 200, ("--column", "treatment=y", "--column", "outcome=y"), "something else"),
        (
            "treatment,y,z\n" + "1,0,2\n0,1,2\n" * 200,
            ("--column", "outcome=y", "--column", "outcome=z"),
            "z: The outcome",
        ),
        ("treatment,y\n" + "".join(f"{n},0\n" for n in range(50)), (), "more than 20 arms"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(
    tmp_path: Path, content: str, arguments: tuple[str, ...], sentence: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(content)
    answer = run("evaluate", file, *arguments)
    assert answer.exit_code != 0
    assert sentence in answer.output
    assert "Traceback" not in answer.output
