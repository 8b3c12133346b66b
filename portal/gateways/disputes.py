"""Disputes in our words: a cardholder asks his bank to take a payment back (STR-05).

Besides the `Gateway` protocol a gateway has `DisputingGateway` if disputes are answered through it, and, to tell how
they stand, `AskableDisputes` or `ToldDisputes`. Where it has none, a bank writes letters and a person records them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from portal.gateways.base import WebhookEvent


class DisputeState(StrEnum):
    """Where a dispute stands. An inquiry only asks: no money has moved, and none may ever."""

    INQUIRY = "inquiry"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"  # An inquiry that ended, or a dispute that was withdrawn before money moved.


@dataclass(frozen=True, slots=True)
class DisputeNotice:
    """A dispute as it was at `told_at`. Amounts are minor units of `currency`; the fee has its own.

    `held_minor` is what the bank has taken of us for it and not given back; `reason` is one word.
    """

    dispute_ref: str
    gateway_ref: str | None  # The charge.
    state: DisputeState
    amount_minor: int
    currency: str
    held_minor: int
    reason: str
    opened_at: datetime
    told_at: datetime
    answer_due_at: datetime | None = None
    evidence_sent: bool = False
    fee_minor: int = 0
    fee_currency: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is handed in against a dispute. `statement` is the shop's own words, `receipt` the name of its receipt."""

    statement: str = field(repr=False)
    goods: str = field(repr=False)
    buyer_name: str | None = field(default=None, repr=False)
    buyer_email: str | None = field(default=None, repr=False)
    buyer_ip: str | None = field(default=None, repr=False)
    shipping_address: str | None = field(default=None, repr=False)
    shipped_on: date | None = None
    refund_explanation: str | None = field(default=None, repr=False)
    activity: str | None = field(default=None, repr=False)
    receipt: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> str:
        """All of it as a text, so that a repetition hands in the same."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(given, default=str)

    @classmethod
    def from_json(cls, text: str) -> Evidence:
        """What `as_json` wrote."""
        given = json.loads(text)
        if "shipped_on" in given:
            given["shipped_on"] = date.fromisoformat(given["shipped_on"])
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Papers:
    """The evidence as PDF files, for gateways that take files. `receipt` is what the buyer got when he had paid."""

    letter: bytes = field(repr=False)
    receipt: bytes | None = field(default=None, repr=False)


@runtime_checkable
class DisputingGateway(Protocol):
    """What a `Gateway` has besides if disputes are answered through it. Raises the errors of `Gateway`.

    An answer returns the dispute as it is now, or None where it was received and notices tell what becomes of it.
    """

    def send_evidence(
        self, *, op_key: str, dispute_ref: str, evidence: Evidence, papers: Papers, now: datetime
    ) -> DisputeNotice | None:
        """Hand evidence in, for good. Repeating it with the same key changes nothing."""

    def accept_dispute(self, *, op_key: str, dispute_ref: str, now: datetime) -> DisputeNotice | None:
        """Give in: the buyer keeps the money. Repeating it changes nothing."""


@runtime_checkable
class AskableDisputes(Protocol):
    """What a `Gateway` has besides if it says how a dispute stands. Raises the errors of `Gateway`."""

    def fetch_dispute(self, *, dispute_ref: str, now: datetime) -> DisputeNotice:
        """The dispute as it is."""

    def list_disputes(self, *, since: datetime, now: datetime) -> Iterator[DisputeNotice]:
        """All that were opened since then, as they are. Each page is a call of its own."""


@runtime_checkable
class ToldDisputes(Protocol):
    """What a `Gateway` has besides if it cannot be asked for disputes, and tells each step of one by notice."""

    def conclude_dispute(self, *, dispute_ref: str, notices: Sequence[WebhookEvent]) -> DisputeNotice:
        """How a dispute stands, from verified notices of its payment in any order.

        OutcomeUnknownError while they do not say it.
        """
