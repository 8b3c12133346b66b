"""`portal import orders` with a thousand real orders, twice."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.cli.olist_files import BR
from tests.cli.shown import Run, table

OLIST = Path(__file__).parents[2].parent / "shared" / "data" / "olist"
SLICE = 1000


@pytest.mark.slow
@pytest.mark.skipif(not OLIST.exists(), reason="the real order histories beside the repository are not here")
def test_real_orders_are_imported_once(run_orders: Run, tmp_path: Path) -> None:
    files = slice_of(tmp_path)
    first = run_orders(*files, *BR)
    assert "difference BRL" in first.output
    imported = table("SELECT count(*) FROM orders")[0][0]
    assert f"{imported} orders imported, 0 known already" in first.output
    empty = first.output.count("The order has no items.")
    assert empty > 0
    assert imported + empty == SLICE
    before = facts()
    again = run_orders(*files, *BR)
    assert f"0 orders imported, {imported} known already" in again.output
    assert facts() == before
    # Every closed order's escrow is empty: all that was paid went to sellers, platform and, where short, back.
    assert table(
        "SELECT count(*) FROM (SELECT a.id FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        " JOIN orders o ON a.owner = 'order:' || o.id"
        " WHERE o.status IN ('delivered', 'refunded') AND o.closed_at < now()"
        " GROUP BY a.id HAVING sum(p.amount_minor) <> 0) AS open_escrows"
    ) == [(0,)]


def facts() -> list[tuple[Any, ...]]:
    return table(
        "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM ledger_posting),"
        " (SELECT count(*) FROM user_account), (SELECT count(*) FROM transition),"
        " (SELECT sum(initial) FROM stock), (SELECT count(*) FROM variant)"
    )


def slice_of(folder: Path) -> list[Path]:
    """The first orders of the real data, with all that belongs to them."""
    orders = lines_of("orders")[: SLICE + 1]
    ids = {line.split(",")[0] for line in orders}
    customers = {line.split(",")[1] for line in orders}
    files = []
    for name, keys in (("order_items", ids), ("order_payments", ids), ("customers", customers), ("orders", ids)):
        header, *lines = lines_of(name)
        file = folder / f"{name}.csv"
        file.write_text("".join([header, *(line for line in lines if line.split(",")[0] in keys)]), encoding="utf-8")
        files.append(file)
    return files


def lines_of(name: str) -> list[str]:
    with gzip.open(OLIST / f"{name}.csv.gz", "rt", encoding="utf-8-sig") as file:
        return file.read().splitlines(keepends=True)
