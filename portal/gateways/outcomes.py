"""What a gateway answered, in our words. An expected "no" is a value here; a failure is an exception in `errors`.

`raw` holds the few facts of the answer worth keeping for support (ids, codes, statuses), never a secret, a client
secret or personal data: it may be stored and shown to an administrator as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

Facts = Mapping[str, str | int | bool | None]


class DeclineReason(StrEnum):
    """Why a payment was refused. `declines` has the sentence for the buyer and whether trying again can help."""

    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    LIMIT_EXCEEDED = "limit_exceeded"
    LOST_CARD = "lost_card"
    STOLEN_CARD = "stolen_card"
    SUSPECTED_FRAUD = "suspected_fraud"
    EXPIRED_CARD = "expired_card"
    INCORRECT_CVC = "incorrect_cvc"
    INCORRECT_NUMBER = "incorrect_number"
    INCORRECT_DETAILS = "incorrect_details"
    AUTHENTICATION_FAILED = "authentication_failed"
    AUTHENTICATION_REQUIRED = "authentication_required"
    PROCESSING_ERROR = "processing_error"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    NOT_SUPPORTED = "not_supported"
    CURRENCY_NOT_SUPPORTED = "currency_not_supported"
    TOO_MANY_TRIES = "too_many_tries"
    DUPLICATE = "duplicate"
    SOURCE_UNUSABLE = "source_unusable"
    CANCELLED_BY_BUYER = "cancelled_by_buyer"
    SESSION_EXPIRED = "session_expired"


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What may be shown and stored of a card (PAY-14). `fingerprint` is the same for the same card at this gateway."""

    brand: str
    last4: str
    fingerprint: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    funding: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Approved:
    """The money is held (`captured` False) or taken (True). `amount_minor` is what was held or taken, in `currency`."""

    gateway_ref: str
    captured: bool
    amount_minor: int
    currency: str
    raw: Facts = field(default_factory=dict)
    card: CardFacts | None = None
    refunded_minor: int = 0
    saved_method_ref: str | None = None
    customer_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """The gateway or the bank said no; no money moved and none will. `code` is the gateway's own, for the log."""

    code: str
    reason: DeclineReason
    retry_helps: bool
    gateway_ref: str | None = None
    raw: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionNeeded:
    """The buyer must act: go to `url` (kind redirect), or the page's script must use `client_secret` (kind client).

    `client_secret` is kept out of repr; it is for the buyer's own page only and must not be logged. With neither, the
    buyer still has to do what an earlier answer asked of him.
    """

    gateway_ref: str
    kind: Literal["redirect", "client"]
    url: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    raw: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountToPay:
    """The account a buyer must pay into (PAY-16). With a `reference`, the transfer must bear it to be recognised."""

    bank: str
    number: str
    holder: str
    expires_at: datetime | None = None  # None: the gateway sets no end.
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """The gateway has the payment and will say later how it ended, by notice or when asked."""

    gateway_ref: str
    account: AccountToPay | None = None
    expires_at: datetime | None = None
    raw: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Voided:
    """The payment was cancelled before any money was taken; it can no longer be approved."""

    gateway_ref: str
    raw: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotFound:
    """For a charge: none exists under this key, and none can come to be under it any more.

    The attempt is over and its key is spent: the next try needs a new key, and may go to another gateway.
    For a refund: none exists now; send it again with the same key.
    """


@dataclass(frozen=True, slots=True)
class Refunded:
    """The money is on its way back."""

    refund_ref: str
    amount_minor: int
    currency: str
    raw: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefundPending:
    """The gateway took the refund and will say later how it ended."""

    refund_ref: str
    amount_minor: int
    currency: str
    raw: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefundFailed:
    """No money went back. `code` is the gateway's own; `over_cap` says that more was asked than is left."""

    code: str
    refund_ref: str | None = None
    over_cap: bool = False
    raw: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MethodSaved:
    """A way of paying was stored at the gateway; only these references and facts are ours to keep (PAY-14)."""

    method_ref: str
    customer_ref: str
    card: CardFacts | None
    gateway_ref: str | None = None


ChargeOutcome = Approved | Declined | ActionNeeded | Pending
FetchOutcome = Approved | Declined | ActionNeeded | Pending | Voided | NotFound
CaptureOutcome = Approved | Declined | Pending  # Pending: received, and told later.
# Approved: too late, the money was taken; refund it instead. Pending: received, and told later.
VoidOutcome = Voided | Approved | Pending
RefundOutcome = Refunded | RefundPending | RefundFailed
FetchRefundOutcome = Refunded | RefundPending | RefundFailed | NotFound
SaveOutcome = MethodSaved | Declined | ActionNeeded
