"""What the notices of one payment say together, in whatever order they came."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from portal.gateways.adyen.config import NAME
from portal.gateways.base import (
    Approved,
    Declined,
    FetchOutcome,
    NotFound,
    Refunded,
    RefundFailed,
    Voided,
    WebhookEvent,
)
from portal.gateways.errors import OutcomeUnknownError


@dataclass(frozen=True, slots=True)
class Told:
    """The notices of one payment, each once."""

    events: tuple[WebhookEvent, ...]

    @classmethod
    def of(cls, events: Iterable[WebhookEvent]) -> "Told":
        return cls(tuple({each.event_id: each for each in events}.values()))

    def about(self, op_key: str) -> "Told":
        """Those of our own payment: an authorisation with another key makes all that its reference says another's."""
        others = {
            each.gateway_ref
            for each in self.events
            if each.name == "AUTHORISATION" and op_key and each.op_key not in (None, op_key)
        }
        return Told(tuple(each for each in self.events if each.gateway_ref not in others))

    def named(self, *names: str, success: bool = True) -> list[WebhookEvent]:
        """Those of these names that succeeded (or did not)."""
        return [each for each in self.events if each.name in names and each.raw.get("success") is success]

    @property
    def approved(self) -> Approved | None:
        """The authorisation. Raises OutcomeUnknownError if two of them differ: only one can be true."""
        found = [each.outcome for each in self.named("AUTHORISATION") if isinstance(each.outcome, Approved)]
        if len({(each.amount_minor, each.currency) for each in found}) > 1:
            raise OutcomeUnknownError(NAME, "notices_contradict")
        return found[-1] if found else None

    @property
    def declined(self) -> Declined | None:
        """The refusal of it, or its end by time."""
        found = [*self.named("AUTHORISATION", success=False), *self.named("OFFER_CLOSED")]
        return next((each.outcome for each in found if isinstance(each.outcome, Declined)), None)

    @property
    def voided(self) -> Voided | None:
        """The cancel that came to be."""
        return next((each.outcome for each in self.events if isinstance(each.outcome, Voided)), None)

    @property
    def captures(self) -> list[Approved]:
        """The captures that came to be and did not fail afterwards."""
        failed = {each.object_ref for each in self.named("CAPTURE_FAILED")}
        found = [each for each in self.named("CAPTURE") if each.object_ref not in failed]
        return [each.outcome for each in found if isinstance(each.outcome, Approved)]

    @property
    def refunded_minor(self) -> int:
        """What went back and did not return."""
        failed = {each.object_ref for each in self.events if isinstance(each.outcome, RefundFailed)}
        done = [each.outcome for each in self.events if isinstance(each.outcome, Refunded)]
        return sum(each.amount_minor for each in done if each.refund_ref not in failed)

    def refund(self, op_key: str, refund_ref: str | None) -> Refunded | RefundFailed | None:
        """What became of a refund: one that failed after it had succeeded has failed."""
        found: Sequence[object] = [
            each.outcome
            for each in self.events
            if each.op_key == op_key or (refund_ref and each.object_ref == refund_ref)
        ]
        failed = next((each for each in found if isinstance(each, RefundFailed)), None)
        return failed or next((each for each in found if isinstance(each, Refunded)), None)


def fold(told: Told, answered: FetchOutcome | None) -> FetchOutcome | None:
    """What became of a payment, from an answer of Adyen's (if there is one) and its notices.

    The answer counts where it is an end, because it is newer than a notice of the same step and came over our own
    connection; notices tell what an answer cannot.
    """
    if told.voided is not None:
        return told.voided
    if isinstance(answered, (Approved, Declined)):
        base: FetchOutcome | None = answered
    else:
        # Nothing was answered under this key, and yet money came: the notice is signed, so it is believed.
        base = told.approved or told.declined or answered
    captures = told.captures
    if base is None or isinstance(base, NotFound):
        base = captures[-1] if captures else base
    if not isinstance(base, Approved):
        return base
    if not base.captured and captures:
        base = replace(base, captured=True, amount_minor=sum(each.amount_minor for each in captures))
    return replace(base, refunded_minor=told.refunded_minor)
