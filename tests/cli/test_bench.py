"""The bench: its form reader, its arithmetic, its floor script, and one small run of all of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import psycopg
import pytest

from portal.bench import floor, payments, propagation
from portal.bench.figures import Level, lines_of, percentile
from portal.bench.forms import Form, FormError, find_form
from portal.bench.journey import Purchase
from portal.bench.own import Running
from portal.bench.pricing import measure_pricing
from portal.bench.propagation import Found
from portal.bench.usage import cpu_by_group, parts_of
from portal.stack.errors import StackError
from portal.stack.home import Home
from portal.stack.leftovers import remember
from portal.stack.testing import Services

ROOT = Path(__file__).parents[2]

PAGE = """
<form action="/search" role="search"><input name="q" value=""><button type="submit">Search</button></form>
<form id="checkout" method="post" action="/kr/checkout/orders" hx-headers='{"a": "b>c"}' novalidate>
<input type="hidden" name="csrf_token" value="a&amp;b"><input type="hidden" name="codes" value="ONE">
<input type="hidden" name="codes" value="TWO"><input id="x" type="checkbox" name="agree" value="1" aria-label="5 > 4">
<input type="checkbox" name="keep" checked><input name="line1" value="세종대로 110">
<input type="radio" name="method" value="card" disabled data-needs-script checked>
<input type="radio" name="method" value="bank"><input type="radio" name="method" value="never" disabled>
<input name="off" value="1" disabled><textarea name="note">a &lt; b</textarea>
<select name="size"><option value="s">S</option><option value="m" selected>M</option></select>
<button type="button" name="nothing">No</button>
<button type="submit" name="apply" value="1" formaction="/kr/checkout/choices">Apply</button>
<button type="submit" id="pay-button">Pay</button>
</form>
"""


def test_a_form_sends_what_a_browser_would_send() -> None:
    address, body = find_form(PAGE, id="checkout").press(id="pay-button")

    assert address == "/kr/checkout/orders"
    assert parse_qsl(body, keep_blank_values=True) == [
        ("csrf_token", "a&b"),
        ("codes", "ONE"),
        ("codes", "TWO"),
        ("keep", "on"),
        ("line1", "세종대로 110"),
        ("method", "card"),
        ("note", "a < b"),
        ("size", "m"),
    ]


def test_the_button_that_is_pressed_says_where_to_and_what() -> None:
    address, body = find_form(PAGE, id="checkout").press(name="apply")

    assert address == "/kr/checkout/choices"
    assert parse_qsl(body)[-1] == ("apply", "1")


def test_what_is_filled_in_is_sent() -> None:
    form = find_form(PAGE, id="checkout")
    form.type("line1", "Elsewhere 1")
    form.choose("method", "bank")
    form.tick("agree")
    form.tick("keep", on=False)

    sent = dict(parse_qsl(form.press(id="pay-button")[1]))

    assert (sent["line1"], sent["method"], sent["agree"]) == ("Elsewhere 1", "bank", "1")
    assert "keep" not in sent


@pytest.mark.parametrize(
    "ask",
    [
        lambda form: form.type("off", "2"),
        lambda form: form.choose("method", "never"),
        lambda form: form.tick("line1"),
        lambda form: form.press(id="elsewhere"),
    ],
)
def test_what_the_page_does_not_offer_cannot_be_used(ask: Callable[[Form], object]) -> None:
    with pytest.raises(FormError):
        ask(find_form(PAGE, id="checkout"))


def test_a_missing_form_is_said() -> None:
    with pytest.raises(FormError, match="no form"):
        find_form(PAGE, id="other")


@pytest.mark.parametrize(("percent", "expected"), [(50, 2), (95, 4), (99, 4), (100, 4), (1, 1)])
def test_percentiles_are_values_that_were_measured(percent: int, expected: float) -> None:
    assert percentile([4, 1, 3, 2], percent) == expected


def test_a_percentile_of_nothing_is_zero() -> None:
    assert percentile([], 95) == 0


def test_costs_are_shared_by_the_purchases_that_were_made() -> None:
    purchase = Purchase("KR-1", 0.05, 0.2, 0.6, 13, 2)
    level = Level(
        buyers=8,
        purchases=(purchase, purchase),
        failures=("place: 409",),
        wall_s=0.5,
        cpu_s={"web": 0.06, "sandbox": 0.5, "driver": 0.5},
        statements=240,
        transaction_ends=80,
        floor_tps=400.0,
        memory=None,
    )

    found = level.as_json()

    assert (found["purchases_per_s"], found["ratio"], found["statements"]) == (4.0, 0.01, 120)
    assert found["server_cpu_ms"] == pytest.approx(30)
    assert found["times_ms"]["placing"]["p95"] == pytest.approx(50)
    assert "    place: 409" in list(lines_of(level))


@pytest.mark.req("PRF-01")
@pytest.mark.parametrize(("waited_s", "wrong", "failed"), [(5.0, [], False), (5.001, [], True), (0.3, ["KR-1"], True)])
def test_payments_that_waited_too_long_or_hold_other_money_fail_the_run(
    waited_s: float, wrong: list[str], failed: bool
) -> None:
    made = payments.Answered("KR-1", "credit_card", "unknown", "paid", waited_s, 9.0)
    outcome = payments.Outcome("bad weather", 2, [made], wrong=wrong)

    assert outcome.failed is failed
    assert outcome.as_json()["truth_ms"]["p95"] == pytest.approx(waited_s * 1000)
    lines = list(payments.lines_of(outcome))
    assert lines[0] == "bad weather: 1 payments, 2 buyers at once"
    assert ("  wrong at a gateway    KR-1" in lines) is bool(wrong)


def test_a_run_without_payments_proves_nothing() -> None:
    assert payments.Outcome("nobody came", 2).failed
    assert payments.Outcome("lost", 2, [payments.Answered("KR-1", "c", "paid", "paid", 1, 1)], ["place: 500"]).failed


def test_processes_are_found_by_the_supervisors_table(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.open()
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        remember(home, {"web": child.pid, "postgres": child.pid, "else": child.pid})
        parts = parts_of(tmp_path)
        assert parts == {"web": child.pid, "postgres": child.pid}
        before = cpu_by_group(parts)["web"]
        while cpu_by_group(parts)["web"] <= before:
            assert child.poll() is None
    finally:
        child.kill()
        child.wait()
        home.close()


def test_pgbench_takes_the_floor_script(services: Services) -> None:
    with psycopg.connect(services.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        floor.make_tables(connection)
        try:
            assert floor.measure(services.database_url, clients=2, seconds=1) > 0
            written = connection.execute(
                "SELECT (SELECT count(*) FROM bench_floor.orders), (SELECT count(*) FROM bench_floor.line),"
                " (SELECT count(*) FROM bench_floor.payment), (SELECT count(*) FROM bench_floor.posting),"
                " (SELECT sum(minor) FROM bench_floor.posting)"
            ).fetchone()
        finally:
            floor.drop_tables(connection)
    assert written is not None
    orders, lines, payments, postings, balance = written
    assert (lines, payments, postings, balance) == (2 * orders, orders, 4 * orders, 0)


def test_a_floor_without_a_figure_is_refused() -> None:
    assert floor.read_tps("latency average = 1 ms\ntps = 812.5 (without initial connection time)\n") == 812.5
    with pytest.raises(StackError, match="no figure"):
        floor.read_tps("nothing")


@pytest.mark.slow
def test_whole_purchases_of_one_buyer_fail_nowhere(portal: Running, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "portal.cli", "bench", "checkout", "--buyers", "1", "--purchases", "2"]
    command += ["--floor-seconds", "1", "--against", portal.base, "--json", str(figures)]
    env = {**os.environ, **portal.env, "PORTAL_HOME": str(portal.home)}

    found = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)

    assert found.returncode == 0, found.stdout + found.stderr
    [level] = json.loads(figures.read_text())["levels"]
    assert (level["purchases"], level["failures"]) == (2, [])
    assert {"web", "workers", "database", "redis", "sandbox", "driver"} <= set(level["cpu_ms"])
    assert level["statements"] > 0
    assert level["floor_tps"] > 0
    assert "portal check: clean" in found.stdout


@pytest.mark.req("CPN-06")
def test_the_bench_of_pricing_prices_the_same_carts_again() -> None:
    first, second = (measure_pricing(carts=3, lines=20, coupons=30, seed=7) for _ in range(2))
    assert first.carts == second.carts == 3
    assert first.proven == second.proven
    assert all(first.quote_ms["max"] >= first.quote_ms[name] for name in ("p50", "p95"))


@pytest.mark.req("PRF-04")
def test_more_than_one_late_change_in_500_is_missed_and_so_is_a_thread_that_pages_take() -> None:
    def found(slow: int, lost: int = 0, threads: tuple[int, int] | None = (12, 12)) -> Found:
        times = [100.0] * (500 - slow - lost) + [2_001.0] * slow
        return Found(propagation.Wish(1_000, 500, 10.0), times, lost, [20.0], [30.0], threads)

    assert [found(1).missed, found(2).missed, found(1, lost=1).missed, found(0, threads=(12, 13)).missed] == [
        False, True, True, True,
    ]  # fmt: skip
    assert "later than 2 s: 1" in propagation.lines_of(found(1))
