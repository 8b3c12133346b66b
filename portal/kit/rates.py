"""Tables of exchange rates as banks tell them: what one euro buys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal.kit.text import N_

BASE = "EUR"  # The European Central Bank says what one euro buys.
ECB = "ecb"
BUNDLED = "ecb_bundled"
SOURCES = {ECB: N_("European Central Bank"), BUNDLED: N_("European Central Bank, kept table")}


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """What one unit of BASE buys of each currency, as one source says it for one moment."""

    source: str
    as_of: datetime
    rates: Mapping[str, Decimal]
