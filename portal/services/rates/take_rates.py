"""Take in a table of exchange rates; what looks like a mistake is left out and told to administrators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.rates import BASE, ReferenceTable
from portal.models import ReferenceRate
from portal.queries.exchange import ChannelRate, list_channel_rates
from portal.rules.fx import JUMP_MEMORY, leaps
from portal.services.outbox import Event, emit

_LATEST = text(
    """
    SELECT DISTINCT ON (quote) quote, rate
      FROM fx_rate
     WHERE base = :base AND as_of > :since AND as_of < :until
     ORDER BY quote, as_of DESC, id DESC
    """
)
_KNOWN = text("SELECT quote FROM fx_rate WHERE base = :base AND source = :source AND as_of = :as_of")


@dataclass(frozen=True, slots=True)
class Taken:
    """The currencies whose rate is new here, and those whose rate has jumped and is left out."""

    currencies: frozenset[str]
    jumped: frozenset[str]


def take_rates(session: Session, *, table: ReferenceTable, now: datetime, accept_jumps: bool = False) -> Taken:
    """Keep what the table says. A second time it changes nothing.

    A rate that moved by more than a fifth against one of the last days is refused, unless somebody has looked at it
    and says `accept_jumps`; the currency goes on with its rate of before, until that is too old to be sold with.
    """
    known = set(session.scalars(_KNOWN, {"base": BASE, "source": table.source, "as_of": table.as_of}))
    fresh = {currency: rate for currency, rate in table.rates.items() if currency not in known}
    span = {"base": BASE, "since": table.as_of - JUMP_MEMORY, "until": table.as_of}
    before: dict[str, Decimal] = {row.quote: row.rate for row in session.execute(_LATEST, span)} if fresh else {}
    jumped = {c for c, rate in fresh.items() if not accept_jumps and c in before and leaps(before[c], rate)}
    rows = [
        {
            "base": BASE,
            "quote": currency,
            "rate": rate,
            "as_of": table.as_of,
            "source": table.source,
            "fetched_at": now,
        }
        for currency, rate in fresh.items()
        if currency not in jumped
    ]
    insert_rows(session, ReferenceRate, rows, once=("base", "quote", "as_of", "source"))
    emit(
        session,
        *(
            Event(
                "rates.jumped",
                f"rates:{table.source}",
                {
                    "currency": currency,
                    "before": str(before[currency]),
                    "now": str(fresh[currency]),
                    "as_of": table.as_of.isoformat(),
                },
            )
            for currency in sorted(jumped)
        ),
        now=now,
    )
    return Taken(frozenset(fresh) - jumped, frozenset(jumped))


def tell_of_closed_channels(session: Session, *, now: datetime) -> list[ChannelRate]:
    """Note every channel that sells nothing because its rate is missing or too old; returns them."""
    closed = [one for one in list_channel_rates(session, now=now) if not one.is_open]
    events = [Event("rates.stale", f"channel:{one.channel_id}", {"currency": one.currency}) for one in closed]
    emit(session, *events, now=now)
    return closed


def refuse_rates(session: Session, *, source: str, problem: str, is_silent: bool, now: datetime) -> None:
    """Note that a delivery cannot be used, or that there was none (`is_silent`), for administrators to hear of."""
    kind = "rates.missing" if is_silent else "rates.refused"
    emit(session, Event(kind, f"rates:{source}", {"source": source, "problem": problem}), now=now)
