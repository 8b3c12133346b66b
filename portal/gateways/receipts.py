"""Cash receipts (현금영수증): the tax office's proof of a payment in money, which a gateway can file (PAY-18)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable


class ReceiptKind(StrEnum):
    """For a person's income tax, by phone number, or a company's expenses, by business number."""

    PERSONAL = "personal"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class ReceiptRequest:
    """One receipt. `key` is stored before the call and names this receipt for ever; `identity` is digits only."""

    key: str
    kind: ReceiptKind
    identity: str = field(repr=False)
    amount_minor: int
    currency: str
    order_name: str
    method: str


@dataclass(frozen=True, slots=True)
class ReceiptIssued:
    """It is filed. `number` is the tax office's approval number."""

    number: str
    url: str | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ReceiptCancelled:
    """It was filed and is taken back."""


@dataclass(frozen=True, slots=True)
class ReceiptFailed:
    """The tax office or the gateway said no: the number is wrong, or the service is closed."""

    code: str


ReceiptOutcome = ReceiptIssued | ReceiptCancelled | ReceiptFailed


@runtime_checkable
class ReceiptingGateway(Protocol):
    """What a `Gateway` has besides if it files cash receipts. Every call may be repeated; they raise as its others."""

    def issue_receipt(self, request: ReceiptRequest) -> ReceiptOutcome:
        """File a receipt, or say what became of the one with this key."""

    def cancel_receipt(self, *, key: str) -> ReceiptOutcome:
        """Take a receipt back. One that was never filed counts as cancelled."""
