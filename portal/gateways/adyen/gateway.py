"""Adyen as a gateway. The SDK is loaded with the first call: pages of a web process can do without it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from portal.gateways.adyen import disputes, webhooks
from portal.gateways.adyen.capabilities import CAPABILITIES
from portal.gateways.adyen.config import NAME, AdyenConfig
from portal.gateways.base import (
    Capabilities,
    ChargeOutcome,
    ChargeRequest,
    DisputeNotice,
    ElementConfig,
    Evidence,
    FetchOutcome,
    FetchRefundOutcome,
    NotFound,
    OnRecord,
    Papers,
    Pending,
    RefundPending,
    RefundRequest,
    SaveMethodRequest,
    SaveOutcome,
    Voided,
    WebhookEvent,
)
from portal.gateways.errors import OutcomeUnknownError

if TYPE_CHECKING:
    from portal.gateways.adyen.calls import Calls
    from portal.gateways.adyen.defence import Defence


class AdyenGateway:
    """Cards and European methods through /payments. It tells and is not asked: see the package for why."""

    def __init__(self, config: AdyenConfig) -> None:
        self._config = config

    def __repr__(self) -> str:
        return f"AdyenGateway({self._config!r})"

    @cached_property
    def _calls(self) -> "Calls":
        from portal.gateways.adyen.calls import Calls

        return Calls(self._config)

    @cached_property
    def _defence(self) -> "Defence":
        from portal.gateways.adyen.defence import Defence

        return Defence(self._config)

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @cached_property
    def element(self) -> ElementConfig:
        script = urlsplit(self._config.js_url)
        own = (f"{script.scheme}://{script.netloc}",)
        style = self._config.css_url
        return ElementConfig(
            publishable_key=self._config.client_key,
            script_url=self._config.js_url,
            script_origins=own,
            frame_origins=own,
            connect_origins=own,
            vendor=NAME,
            style_url=style,
            style_origins=("{0.scheme}://{0.netloc}".format(urlsplit(style)),) if style else (),
            image_origins=own,
        )

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        return self._calls.charge(request)

    def capture(self, *, op_key: str, gateway_ref: str, amount_minor: int, currency: str) -> Pending:
        """Received; `conclude` says whether it came to be."""
        return self._calls.capture(op_key, gateway_ref, amount_minor, currency)

    def void(self, *, op_key: str, gateway_ref: str) -> Voided | Pending:
        """Received; `conclude` says whether it came to be."""
        return self._calls.void(op_key, gateway_ref)

    def refund(self, request: RefundRequest) -> RefundPending:
        """Received; `conclude_refund` says whether it came to be."""
        return self._calls.refund(request)

    def fetch(
        self, *, op_key: str, gateway_ref: str | None = None, created_after: datetime | None = None
    ) -> FetchOutcome:
        """The first answer under the key, or NotFound. Only while the key lives: `conclude` looks at its age."""
        del created_after
        return self._calls.fetch(op_key, gateway_ref)

    def fetch_refund(self, *, op_key: str, gateway_ref: str, refund_ref: str | None = None) -> FetchRefundOutcome:
        """NotFound for a refund without an answer: sending it again with its key is how one asks Adyen."""
        del op_key, gateway_ref
        if refund_ref is None:
            return NotFound()
        raise OutcomeUnknownError(NAME, "not_told")

    def read_notice(self, raw_body: bytes) -> WebhookEvent:
        return webhooks.read(raw_body)

    def conclude(self, *, op_key: str, gateway_ref: str | None, record: OnRecord) -> FetchOutcome:
        return self._calls.conclude(op_key, gateway_ref, record)

    def conclude_refund(
        self, *, op_key: str, gateway_ref: str, refund_ref: str | None, record: OnRecord
    ) -> FetchRefundOutcome:
        return self._calls.conclude_refund(op_key, gateway_ref, refund_ref, record)

    def conclude_dispute(self, *, dispute_ref: str, notices: Sequence[WebhookEvent]) -> DisputeNotice:
        return disputes.conclude(dispute_ref, notices)

    def send_evidence(
        self, *, op_key: str, dispute_ref: str, evidence: Evidence, papers: Papers, now: datetime
    ) -> None:
        """Received; INFORMATION_SUPPLIED says that it arrived. Everything of the evidence is in the papers."""
        del evidence, now
        self._defence.send(op_key, dispute_ref, papers)

    def accept_dispute(self, *, op_key: str, dispute_ref: str, now: datetime) -> None:
        """Received; DISPUTE_DEFENSE_PERIOD_ENDED says that it is over."""
        del now
        self._defence.accept(op_key, dispute_ref)

    def save_method(self, request: SaveMethodRequest) -> SaveOutcome:
        return self._calls.save_method(request)

    def fetch_saved(self, *, gateway_ref: str) -> SaveOutcome:
        return self._calls.fetch_saved(gateway_ref)

    def remove_method(self, *, method_ref: str) -> None:
        self._calls.remove_method(method_ref)

    def verify_and_parse_webhook(self, headers: Mapping[str, str], raw_body: bytes, now: datetime) -> WebhookEvent:
        """`now` is not asked: see `webhooks`."""
        del now
        return webhooks.parse(headers, raw_body, self._config)

    def check(self) -> None:
        self._calls.check()
