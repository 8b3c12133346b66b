"""The table that comes with the portal: what the European Central Bank published on the day that stands in it."""

from __future__ import annotations

import csv
from datetime import datetime
from functools import cache
from pathlib import Path

from portal.gateways.rates.base import read_table
from portal.kit.rates import BUNDLED, ReferenceTable

_FILE = Path(__file__).with_name("ecb_reference_rates.csv")


class BundledRates:
    """Always there, and as old as its date says."""

    source = BUNDLED

    def table(self, *, now: datetime) -> ReferenceTable:
        rows = _rows()
        return read_table(self.source, day=rows[0][0], pairs=[(currency, rate) for _, currency, rate in rows], now=now)


@cache
def _rows() -> list[tuple[str, str, str]]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        return [(row["date"], row["currency"], row["rate"]) for row in csv.DictReader(file)]
