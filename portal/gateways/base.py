"""The shape every payment gateway has here. The services know this module and no vendor.

Amounts are whole minor units of an ISO currency. Every call is bounded in time: 1 s to connect, 4 s in all.
Unless its docstring says otherwise, a call raises

- `GatewayUnavailableError`: certainly not executed; it may be tried again or elsewhere;
- `OutcomeUnknownError`: it may have executed; send the same again with the same key, or ask `fetch`;
- `GatewayRefusedError`: our request or configuration is wrong; nothing executed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from portal.gateways.capabilities import Capabilities, Flow, Limit, Method, MethodCapability, Unfit
from portal.gateways.disputes import (
    AskableDisputes,
    DisputeNotice,
    DisputeState,
    DisputingGateway,
    Evidence,
    Papers,
    ToldDisputes,
)
from portal.gateways.errors import (
    GatewayError,
    GatewayRefusedError,
    GatewayUnavailableError,
    OutcomeUnknownError,
    WebhookRefusedError,
)
from portal.gateways.outcomes import (
    AccountToPay,
    ActionNeeded,
    Approved,
    CaptureOutcome,
    CardFacts,
    ChargeOutcome,
    Declined,
    DeclineReason,
    Facts,
    FetchOutcome,
    FetchRefundOutcome,
    MethodSaved,
    NotFound,
    Pending,
    Refunded,
    RefundFailed,
    RefundOutcome,
    RefundPending,
    SaveOutcome,
    Voided,
    VoidOutcome,
)


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """One attempt to take `amount_minor`. `op_key` is stored before the call and is the same in every repetition.

    A repetition must be equal in every field. `source_token` is a vendor's one-time token (ctoken_…);
    `saved_method_ref` with `customer_ref` pays with a stored method instead; a redirect gateway needs neither.
    """

    op_key: str
    amount_minor: int
    currency: str
    method: Method
    description: str
    order_number: str
    return_url: str
    capture: bool = True
    source_token: str | None = field(default=None, repr=False)
    saved_method_ref: str | None = None
    customer_ref: str | None = None
    save_method: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    locale: str = "en"
    buyer_email: str | None = field(default=None, repr=False)
    buyer_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AccountOfBuyer:
    """Where a refund goes whose own way back does not exist, as the buyer has written it."""

    bank: str = field(repr=False)
    number: str = field(repr=False)
    holder: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Give `amount_minor` of the charge `gateway_ref` back. `op_key` as in `ChargeRequest`.

    `account` is given where the method `refunds_to_account`.
    """

    op_key: str
    gateway_ref: str
    amount_minor: int
    currency: str
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    account: AccountOfBuyer | None = None


@dataclass(frozen=True, slots=True)
class SaveMethodRequest:
    """Store a way of paying without taking money. `customer_ref` None lets the gateway open a customer (PAY-14)."""

    op_key: str
    return_url: str
    source_token: str | None = field(default=None, repr=False)
    customer_ref: str | None = None
    buyer_email: str | None = field(default=None, repr=False)
    locale: str = "en"
    metadata: Mapping[str, str] = field(default_factory=dict)


class EventKind(StrEnum):
    """What a notice is about. OTHER is stored and acknowledged, and changes nothing (STR-03)."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_CHANGED = "dispute_changed"
    DISPUTE_CLOSED = "dispute_closed"
    METHOD_SAVED = "method_saved"
    METHOD_REMOVED = "method_removed"
    OTHER = "other"


DISPUTES = frozenset({EventKind.DISPUTE_OPENED, EventKind.DISPUTE_CHANGED, EventKind.DISPUTE_CLOSED})


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A verified notice. The same `event_id` may come many times, and notices come in any order.

    `outcome` is the state at `occurred_at`: a later state may be known already. `gateway_ref` is the charge;
    for a refund `op_key` is that of the refund and `payment_op_key` that of the charge.
    """

    event_id: str
    kind: EventKind
    name: str  # The vendor's own word, for the log.
    gateway_ref: str | None
    op_key: str | None
    outcome: FetchOutcome | FetchRefundOutcome | MethodSaved | DisputeNotice | None
    amount_minor: int | None
    currency: str | None
    occurred_at: datetime
    raw: Facts
    payment_op_key: str | None = None
    object_ref: str | None = None  # The refund, dispute, set-up or method that the notice is about.
    answer: str | None = None  # What the vendor waits to read in our answer; None: nothing in particular.


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What the portal holds of a charge or refund, for a gateway that cannot be asked (`TellingGateway`).

    `notices` are verified ones about it; `returned` is what the buyer's browser brought back in the address, which
    proves nothing by itself. `sent_at` is the time of the first call.
    """

    now: datetime
    sent_at: datetime | None = None
    notices: tuple[WebhookEvent, ...] = ()
    returned: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ElementConfig:
    """What the page needs for the gateway's own fields, and what the content security policy must allow for them.

    `vendor` names the script of ours that works with the vendor's.
    """

    publishable_key: str
    script_url: str
    script_origins: tuple[str, ...]
    frame_origins: tuple[str, ...]
    connect_origins: tuple[str, ...]
    vendor: str = "stripe"
    style_url: str | None = None
    style_origins: tuple[str, ...] = ()
    image_origins: tuple[str, ...] = ()


class Gateway(Protocol):
    """A payment gateway. Instances are made once, are safe in several threads, and never show a secret in repr."""

    @property
    def name(self) -> str:
        """The name in configuration, addresses and the database: lower case, never changed."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do under this configuration."""

    @property
    def element(self) -> ElementConfig | None:
        """What a page needs to show its fields; None for a gateway without any in our page."""

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        """Take or hold the money. The same request again gives the first outcome and never a second charge."""

    def capture(self, *, op_key: str, gateway_ref: str, amount_minor: int, currency: str) -> CaptureOutcome:
        """Take what was held, all or part of it; the rest is released. Repeating it gives the first outcome."""

    def void(self, *, op_key: str, gateway_ref: str) -> VoidOutcome:
        """Release what was held, or close a payment that waits. Approved as the answer means it was too late."""

    def refund(self, request: RefundRequest) -> RefundOutcome:
        """Give back all or part of what was taken. The same request again gives the first outcome."""

    def fetch(
        self, *, op_key: str, gateway_ref: str | None = None, created_after: datetime | None = None
    ) -> FetchOutcome:
        """What became of the charge of `op_key`. Takes no money.

        `gateway_ref` makes it one cheap call; that of another charge, from a notice that was wrong, is never taken for
        ours. Without it NotFound is final: the connector makes sure that a request
        still under way with this key cannot execute later. `created_after` is the time of the first call (a lower
        bound of the look-up). To finish a charge that is still wanted, send `charge` again instead.
        """

    def fetch_refund(self, *, op_key: str, gateway_ref: str, refund_ref: str | None = None) -> FetchRefundOutcome:
        """What became of the refund of `op_key` of the charge `gateway_ref`. NotFound: send it again, same key."""

    def save_method(self, request: SaveMethodRequest) -> SaveOutcome:
        """Store a way of paying for later use."""

    def fetch_saved(self, *, gateway_ref: str) -> SaveOutcome:
        """What became of a save that needed the buyer's action. `gateway_ref` is that of the ActionNeeded."""

    def remove_method(self, *, method_ref: str) -> None:
        """Forget a stored way of paying. Removing one that is gone already is a success."""

    def verify_and_parse_webhook(self, headers: Mapping[str, str], raw_body: bytes, now: datetime) -> WebhookEvent:
        """The notice in our words, once its signature and its age are proved on the raw body. Calls nobody.

        Raises WebhookRefusedError. Header names are compared without case.
        """

    def check(self) -> None:
        """Prove that the address answers and the credentials are good; the test button of PAY-05."""


@runtime_checkable
class TellingGateway(Protocol):
    """What a `Gateway` has besides if it cannot be asked for the state of a payment, but tells it by notice.

    Whoever looks up a charge or refund calls these instead of `fetch` and `fetch_refund`, with what is on record.
    """

    def read_notice(self, raw_body: bytes) -> WebhookEvent:
        """A notice that was verified when it came and was kept as it came."""

    def conclude(self, *, op_key: str, gateway_ref: str | None, record: OnRecord) -> FetchOutcome:
        """What became of the charge of `op_key`, as `Gateway.fetch`; finishes what the buyer's answer still needs.

        OutcomeUnknownError("not_told") as long as nothing has said it.
        """

    def conclude_refund(
        self, *, op_key: str, gateway_ref: str, refund_ref: str | None, record: OnRecord
    ) -> FetchRefundOutcome:
        """What became of the refund of `op_key`, as `Gateway.fetch_refund`. OutcomeUnknownError until it is told."""


__all__ = [
    "DISPUTES",
    "AccountOfBuyer",
    "AccountToPay",
    "ActionNeeded",
    "Approved",
    "AskableDisputes",
    "Capabilities",
    "CaptureOutcome",
    "CardFacts",
    "ChargeOutcome",
    "ChargeRequest",
    "DeclineReason",
    "Declined",
    "DisputeNotice",
    "DisputeState",
    "DisputingGateway",
    "ElementConfig",
    "EventKind",
    "Evidence",
    "Facts",
    "FetchOutcome",
    "FetchRefundOutcome",
    "Flow",
    "Gateway",
    "GatewayError",
    "GatewayRefusedError",
    "GatewayUnavailableError",
    "Limit",
    "Method",
    "MethodCapability",
    "MethodSaved",
    "NotFound",
    "OnRecord",
    "OutcomeUnknownError",
    "Papers",
    "Pending",
    "RefundFailed",
    "RefundOutcome",
    "RefundPending",
    "RefundRequest",
    "Refunded",
    "SaveMethodRequest",
    "SaveOutcome",
    "TellingGateway",
    "ToldDisputes",
    "Unfit",
    "VoidOutcome",
    "Voided",
    "WebhookEvent",
    "WebhookRefusedError",
]
