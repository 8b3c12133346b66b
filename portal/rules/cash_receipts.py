"""Cash receipts (현금영수증): who may ask for one, for which number, and what is to be filed or taken back (PAY-18).

Pure. The Income Tax Act, article 162-3, lets the buyer of goods paid in money have the payment filed under a number of
his: a person's phone for his income tax, a company's business number for its expenses. One that was paid back in part
is cancelled and filed again for what is left, as the National Tax Service's guide for merchants has it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.kit.errors import PortalError
from portal.kit.text import N_

# Money in hand; a card's payment is known to the tax office anyway.
METHODS = frozenset({"bank_transfer", "virtual_account"})
CURRENCY = "KRW"
# A person's income tax, by phone number, or a company's expenses, by business number.
PERSONAL, BUSINESS = "personal", "business"

_SEPARATORS = re.compile(r"[\s.\-()]")
_PHONE = re.compile(r"01[016789][0-9]{7,8}")
_BUSINESS = re.compile(r"[0-9]{10}")
# The weights of the check digit of a business number (National Tax Service).
_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)


class CashReceiptNumberError(PortalError):
    """A number under which nothing can be filed; the sentence says what one looks like."""

    code = "cash_receipt_number_unfit"
    status = 422
    sentence = N_("Enter the number of a Korean mobile phone, such as 010-1234-5678.")

    def __init__(self, kind: str) -> None:
        super().__init__()
        if kind == BUSINESS:
            self.sentence = N_("Enter a business registration number with 10 digits, such as 120-81-47521.")


@dataclass(frozen=True, slots=True)
class ReceiptWish:
    """Under which number a payment is to be filed: kind is PERSONAL or BUSINESS, the number digits only."""

    kind: str
    number: str = field(repr=False)


def read_wish(kind: str | None, number: str | None) -> ReceiptWish | None:
    """Read what was typed; no kind is no wish. Raises CashReceiptNumberError."""
    if kind not in (PERSONAL, BUSINESS):
        return None
    digits = _SEPARATORS.sub("", number or "").translate(_FULL_WIDTH)
    fits = _PHONE.fullmatch(digits) if kind == PERSONAL else _is_business(digits)
    if not fits:
        raise CashReceiptNumberError(kind)
    return ReceiptWish(kind, digits)


_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


def _is_business(digits: str) -> bool:
    if _BUSINESS.fullmatch(digits) is None:
        return False
    values = [int(one) for one in digits]
    total = sum(value * weight for value, weight in zip(values, _WEIGHTS, strict=False)) + values[8] * 5 // 10
    return (10 - total % 10) % 10 == values[9]


@dataclass(frozen=True, slots=True)
class Filed:
    """A receipt as it stands: `sent` and `cancelling` were asked for and have no answer yet."""

    n: int
    amount_minor: int
    status: str


@dataclass(frozen=True, slots=True)
class Issue:
    """File receipt `n`; one that was asked for before is asked for again under its own key."""

    n: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take receipt `n` back."""

    n: int


def next_step(owed_minor: int, filed: Sequence[Filed]) -> Issue | Cancel | None:
    """What brings the receipts in force to `owed_minor`, what was paid less what went back; None when they are there.

    At most one is in force at any time. A number that the tax office refused is not tried again for the same amount.
    """
    last = max(filed, key=lambda one: one.n, default=None)
    if last is None:
        return Issue(1, owed_minor) if owed_minor > 0 else None
    match last.status:
        case "sent":
            return Issue(last.n, last.amount_minor)
        case "cancelling":
            return Cancel(last.n)
        case "issued" if last.amount_minor == owed_minor:
            return None
        case "issued":
            return Cancel(last.n)
        case "failed" if last.amount_minor == owed_minor:
            return None
    return Issue(last.n + 1, owed_minor) if owed_minor > 0 else None
