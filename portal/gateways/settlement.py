"""What a gateway reports of the money that it holds for us: the other side of the clearing account (BAL-11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


class MovementKind(StrEnum):
    """Why a gateway's balance moved."""

    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"
    FEE = "fee"
    PAYOUT = "payout"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of a settlement report, in our minor units.

    `ref` is the vendor's own id of the line and never comes twice with another content. `gross_minor` is positive where
    the gateway's balance grew: a charge; a refund, a fee and a payout are negative. `fee_minor` is what was kept of
    it, never negative. `charge_ref` and `refund_ref` are the references that our rows know. `charged_currency` and
    `charged_minor`, signed as the gross, are what the buyer saw where it is settled in another currency.
    """

    ref: str
    kind: MovementKind
    currency: str
    gross_minor: int
    fee_minor: int
    at: datetime
    charge_ref: str | None = None
    refund_ref: str | None = None
    charged_currency: str | None = None
    charged_minor: int | None = None


@runtime_checkable
class SettlingGateway(Protocol):
    """What a `Gateway` has besides if its report can be asked for."""

    def movements(self, *, since: datetime, until: datetime) -> Iterator[Movement]:
        """Every movement from `since` on and before `until`, in any order. Raises the errors of `Gateway`."""
