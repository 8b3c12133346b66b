"""`portal fraud` as it is typed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from portal.cli.fraud import fraud
from portal.config import Settings
from portal.db import database, transaction
from portal.process import start
from tests.factories.card_events import as_csv, card_events

Run = Callable[..., Result]


@pytest.fixture
def run(db: None, settings: Settings) -> Iterator[Run]:
    environment = {"PORTAL_ENV": "test", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(fraud, [*map(str, arguments)], env=environment)

    yield invoke
    start(settings, name="tests", connections=1)
    database.connect(settings.database_url, pool_size=24, wait_s=120, name="tests")


@pytest.mark.req("FRD-09")
def test_a_public_set_is_taken_learned_from_and_measured(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"
    file.write_text(as_csv(card_events()) + "x,2018-06-30,1,1,not much,0,0\n")
    taken = run("import", "cards", file)
    assert taken.exit_code == 1
    assert "tx_amount: 'not much' is no number" in taken.output
    assert "1 lines left out (time is tx_datetime" in taken.output
    assert "is in cards already" in run("import", "cards", file).output

    figures = json.loads(run("train", "cards", "--until", "2018-05-31", "--json").stdout)
    assert figures["version"] == 1
    assert set(figures["left_out"]) == {"transaction_id", "tx_fraud_scenario"}
    report = figures["evaluation"]["everybody"]
    assert report["average_precision"] > 15 * report["frauds"] / report["events"]

    plain = figures["baseline"]
    assert plain["events"] == report["events"]
    # What a model of ours has to be worth more than.
    assert report["average_precision"] > plain["average_precision"]

    again = run("evaluate", "cards")
    assert again.exit_code == 0
    assert f"{report['average_precision']:.3f}" in again.stdout
    assert "tx_fraud_scenario: it tells the label" in again.stdout

    with transaction() as session, pytest.raises(Exception, match="permission denied"):
        session.execute(text("UPDATE fraud_model SET trees = trees || ' '"))
    assert run("evaluate", "cards", "--version", "2").output == "Error: cards has no such model: train one first.\n"
    assert "No labelled events" in run("evaluate", "cards", "--since", "2030-01-01").output


@pytest.mark.req("FRD-09")
def test_events_are_drawn_or_split_by_days_as_somebody_asks(run: Run, tmp_path: Path) -> None:
    lines = as_csv(card_events(customers=80)).splitlines(keepends=True)
    first, second = tmp_path / "first.csv.gz", tmp_path / "second.csv"
    first.write_bytes(gzip.compress(("\ufeff" + "".join(lines[:6000])).replace("\n", "\r\n").encode()))
    second.write_text(lines[0] + "".join(lines[6000:]))
    mapping = ("--without", "transaction_id", "--without", "TX_FRAUD_SCENARIO", "--column", "terminal=-")
    taken = run("import", "drawn", first, second, *mapping, "--word", "terminal_id")
    assert taken.exit_code == 0, taken.output
    assert "; words terminal_id)" in taken.output

    by_days = json.loads(
        run(
            "train", "drawn", "--since", "2018-04-08", "--train-days", "30", "--delay-days", "7", "--test-days", "10",
            "--no-baseline", "--json",
        ).stdout
    )  # fmt: skip
    assert by_days["period"] == {"since": "2018-05-15 00:00:00+00:00", "until": "2018-05-25 00:00:00+00:00"}
    assert (by_days["learned"]["since"][:10], by_days["baseline"]) == ("2018-04-08", None)

    drawn = run("train", "drawn", "--split", "stratified", "--held-out", "0.3")
    assert "random, the same share of frauds: it has seen later times" in drawn.stdout
    # The events that were not drawn are known to it: the same ones are held out again.
    again = run("evaluate", "drawn", "--version", "2").stdout
    assert drawn.stdout.split("\n\n")[1] == again.split("\n\n")[1]
    assert run("train", "drawn", "--split", "random", "--test-days", "3").exit_code == 2


@pytest.mark.req("FRD-09")
def test_of_hundreds_of_columns_it_says_in_a_line_what_they_are(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "train_transaction.csv"
    further = ("dist1", *(f"C{n}" for n in range(1, 15)), *(f"V{n}" for n in range(1, 340)))
    head = f"TransactionID,isFraud,TransactionDT,TransactionAmt,ProductCD,card1,card2,addr1,{','.join(further)}\n"
    lines = (f"{n},0,{86400 * n},68.5,W,13926,,315.0,,{','.join(['1.0'] * 353)}\n" for n in range(1, 40))
    file.write_text(head + "".join(lines))
    mapping = ("--epoch", "2017-11-30", "--word", "card2", "--word", "addr1", "--column", "customer=card1+addr1")
    assert run("import", "wide", file, *mapping).output == (
        "portal: train_transaction.csv: 39 events from 2017-12-01 00:00 to 2018-01-08 00:00, 0 lines left out "
        "(customer is card1+addr1, time is transactiondt, amount is transactionamt, label is isfraud; "
        "numbers transactionid, card1, dist1, c1 to c14, v1 to v339; words productcd, card2, addr1)\n"
    )


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        ("time,amount\n1,2\n", (), "No column is known as label"),
        ("", (), "is empty"),
        ("time,amount,label\n1,2,0\n", ("--column", "amount"), "--column is written ROLE=NAME"),
        ("time,amount,label\n1,2,0\n", ("--column", "amount=cost"), "There is no column cost"),
        ("time,amount,label\n1,2,0\n", ("--word", "colour"), "There is no column colour"),
    ],
)
def test_a_file_that_cannot_be_taken_is_one_sentence(
    run: Run, tmp_path: Path, content: str, arguments: tuple[str, ...], sentence: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(content)
    answer = run("import", "bad", file, *arguments)
    assert answer.exit_code != 0
    assert sentence in answer.output


def test_a_set_that_is_not_there_or_says_too_little_is_one_sentence(run: Run, tmp_path: Path) -> None:
    assert run("train", "none").output == "Error: There is no training set none.\n"
    file = tmp_path / "few.csv"
    file.write_text("time,amount,label\n" + "".join(f"{n},2,0\n" for n in range(0, 2_000_000, 20_000)))
    assert run("import", "few", file).exit_code == 0
    assert "too few of one kind" in run("train", "few").output
    file.write_text("time,amount,label,colour\n1,2,0,red\n")
    assert "has other columns" in run("import", "few", file).output
