"""Every call to PortOne. A payment has our key as its id; a cancellation has it in its reason."""

import json
from urllib.parse import urlencode

from portone_server_sdk import payment as sdk
from portone_server_sdk.common import CustomerInput, CustomerNameInput, PaymentAmountInput

from portal.gateways.base import (
    ActionNeeded,
    Approved,
    ChargeOutcome,
    ChargeRequest,
    Declined,
    DeclineReason,
    FetchOutcome,
    FetchRefundOutcome,
    Method,
    NotFound,
    RefundFailed,
    RefundOutcome,
    RefundRequest,
    Voided,
    VoidOutcome,
)
from portal.gateways.declines import ADVICE
from portal.gateways.errors import GatewayRefusedError, OutcomeUnknownError
from portal.gateways.portone import translate
from portal.gateways.portone.banks import bank_code
from portal.gateways.portone.config import NAME, PortOneConfig
from portal.gateways.portone.sdk import RequestRefusedError, call, client

# Shown in the window and at the bank; companies behind the channels cut longer ones.
_NAME_LENGTH_MAX = 60
_REASON_LENGTH_MAX = 40
_TRIES = 3
_OVER_CAP = frozenset({"CancelAmountExceedsCancellableAmount", "PaymentAlreadyCancelled"})
# No order of ours has this amount, and no company takes it.
_NO_AMOUNT = 1
_NOBODY = "portal-connection-test"


class Calls:
    """The connector's work at PortOne; the methods are those of `Gateway`."""

    def __init__(self, config: PortOneConfig) -> None:
        self._config = config
        self.client = client(config)

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        if request.method is Method.VIRTUAL_ACCOUNT:
            return self._open_account(request)
        try:
            # The window then takes this amount only, whatever the buyer's browser asks it for.
            call(
                lambda: self.client.pre_register_payment(
                    payment_id=request.op_key, total_amount=request.amount_minor, currency=request.currency
                )
            )
        except RequestRefusedError as refusal:
            if refusal.kind != "AlreadyPaid":
                raise
            return self._known(request)
        return ActionNeeded(request.op_key, "redirect", url=self._window(request), raw={"method": request.method.value})

    def _window(self, request: ChargeRequest) -> str:
        """The address of the payment window: the words are those of PortOne.requestPayment."""
        asked = {
            "storeId": self._config.store_id,
            "channelKey": self._config.channel_of(request.method.value),
            "paymentId": request.op_key,
            "orderName": request.description[:_NAME_LENGTH_MAX],
            "totalAmount": str(request.amount_minor),
            "currency": request.currency,
            "payMethod": translate.PAY_METHODS[request.method],
            "redirectUrl": request.return_url,
            "customData": json.dumps({"order": request.order_number, **request.metadata}),
            "locale": "KO_KR" if request.locale.startswith("ko") else "EN_US",
        }
        if request.method is Method.DEBIT_CARD:
            asked["cardType"] = "DEBIT"
        return f"{self._config.window_url}?{urlencode(asked)}"

    def _open_account(self, request: ChargeRequest) -> ChargeOutcome:
        found = self._find(request.op_key)
        if found is not None:
            return self._known(request)
        name = CustomerNameInput(full=request.buyer_name) if request.buyer_name else None
        try:
            call(
                lambda: self.client.pay_instantly(
                    payment_id=request.op_key,
                    channel_key=self._config.channel_of(request.method.value),
                    method=sdk.InstantPaymentMethodInput(
                        virtual_account=sdk.InstantPaymentMethodInputVirtualAccount(
                            bank=self._config.account_bank,
                            expiry=sdk.InstantPaymentMethodInputVirtualAccountExpiry(
                                valid_hours=self._config.account_hours
                            ),
                            option=sdk.InstantPaymentMethodInputVirtualAccountOption(type="NORMAL"),
                        )
                    ),
                    order_name=request.description[:_NAME_LENGTH_MAX],
                    customer=CustomerInput(name=name, email=request.buyer_email),
                    custom_data=json.dumps({"order": request.order_number, **request.metadata}),
                    amount=PaymentAmountInput(total=request.amount_minor),
                    currency=request.currency,
                )
            )
        except RequestRefusedError as refusal:
            if refusal.kind == "PgProvider":
                return translate.declined(refusal.code, None)
            if refusal.kind != "AlreadyPaid":
                raise
        return self._known(request)

    def _known(self, request: ChargeRequest) -> ChargeOutcome:
        """What stands under the key already, if it is what is asked for now."""
        found = self._find(request.op_key)
        if found is None:
            raise OutcomeUnknownError(NAME, "not_visible_yet", request.op_key)
        if (found.amount.total, str(found.currency)) != (request.amount_minor, request.currency):
            raise GatewayRefusedError(NAME, "key_spent", request.op_key)
        outcome = self._read(found)
        return _closed(request.op_key) if isinstance(outcome, (Voided, NotFound)) else outcome

    def void(self, op_key: str, gateway_ref: str) -> VoidOutcome:
        """Close what waits: an account is given up; a window is told another amount, and takes none any more."""
        del op_key
        found = self._find(gateway_ref)
        if isinstance(found, sdk.VirtualAccountIssuedPayment):
            return self._close_account(gateway_ref)
        outcome = self._read(found) if found is not None else NotFound()
        if isinstance(outcome, (Approved, Voided)):
            return outcome
        try:
            call(
                lambda: self.client.pre_register_payment(
                    payment_id=gateway_ref, total_amount=_NO_AMOUNT, currency="KRW"
                )
            )
        except RequestRefusedError as refusal:
            if refusal.kind != "AlreadyPaid":
                raise
            outcome = self.fetch(gateway_ref, gateway_ref)
            if isinstance(outcome, Approved):
                return outcome
            raise OutcomeUnknownError(NAME, "not_visible_yet", gateway_ref) from refusal
        return Voided(gateway_ref)

    def _close_account(self, gateway_ref: str) -> VoidOutcome:
        try:
            call(lambda: self.client.close_virtual_account(payment_id=gateway_ref))
        except RequestRefusedError as refusal:
            if refusal.kind != "PaymentNotWaitingForDeposit":
                raise
            outcome = self.fetch(gateway_ref, gateway_ref)
            if isinstance(outcome, (Approved, Voided)):
                return outcome
            raise
        return Voided(gateway_ref)

    def refund(self, request: RefundRequest) -> RefundOutcome:
        """Cancel in part or whole. The balance before is named, so that of two equal requests only one can succeed."""
        account = None
        if request.account is not None:
            bank = bank_code(request.account.bank)
            if bank is None:
                return RefundFailed("BANK_UNKNOWN")
            account = sdk.CancelPaymentBodyRefundAccount(
                bank=bank,
                number="".join(each for each in request.account.number if each.isdigit()),
                holder_name=request.account.holder,
            )
        for _ in range(_TRIES):
            found = self._taken(request.gateway_ref)
            if found is None:
                return RefundFailed("PAYMENT_NOT_PAID")
            done = _cancellation_of(found, request.op_key)
            if done is not None:
                return translate.cancellation(done, str(found.currency))
            left = translate.left_minor(found)
            try:
                answer = call(
                    lambda left=left: self.client.cancel_payment(  # type: ignore[misc]  # mypy does not infer a lambda's default.
                        payment_id=request.gateway_ref,
                        amount=request.amount_minor,
                        reason=_reason(request),
                        current_cancellable_amount=left,
                        refund_account=account,
                    )
                )
            except RequestRefusedError as refusal:
                if refusal.kind == "CancellableAmountConsistencyBroken":
                    continue  # Another cancellation came first, perhaps this very one.
                if refusal.kind in _OVER_CAP:
                    return RefundFailed(refusal.code, over_cap=True)
                if refusal.kind in ("PgProvider", "PaymentNotPaid"):
                    return RefundFailed(refusal.code)
                raise
            return translate.cancellation(answer.cancellation, request.currency)
        raise OutcomeUnknownError(NAME, "balance_moves", request.gateway_ref)

    def fetch(self, op_key: str, gateway_ref: str | None) -> FetchOutcome:
        """The payment itself. Without one, a buyer who was sent to the window has not opened it yet."""
        # The vendor's payment has the id that we gave it: another one would be another order's.
        found = self._find(op_key or gateway_ref or "")
        if found is not None:
            return self._read(found)
        if gateway_ref is not None and gateway_ref == op_key:
            return ActionNeeded(gateway_ref, "redirect", raw={"status": "NOT_OPENED"})
        # Only the buyer pays in a window, and nobody has told him where it is.
        return NotFound()

    def fetch_refund(self, op_key: str, gateway_ref: str, refund_ref: str | None) -> FetchRefundOutcome:
        found = self._taken(gateway_ref)
        done = _cancellation_of(found, op_key, refund_ref) if found is not None else None
        if found is None or done is None:
            return NotFound()
        return translate.cancellation(done, str(found.currency))

    def check(self) -> None:
        """An answer about a payment that nobody has proves the secret."""
        self._find(_NOBODY)

    def _find(self, payment_id: str) -> translate.Known | None:
        try:
            found = call(lambda: self.client.get_payment(payment_id=payment_id))
        except RequestRefusedError as refusal:
            if refusal.kind == "PaymentNotFound":
                return None
            raise
        if isinstance(found, dict):
            raise OutcomeUnknownError(NAME, "broken_answer", "status")
        return found

    def _taken(self, payment_id: str) -> translate.Taken | None:
        found = self._find(payment_id)
        taken = (sdk.PaidPayment, sdk.PartialCancelledPayment, sdk.CancelledPayment)
        return found if isinstance(found, taken) else None

    def _read(self, found: translate.Known) -> FetchOutcome:
        try:
            return translate.payment(found)
        except (TypeError, ValueError) as failure:
            raise OutcomeUnknownError(NAME, "broken_answer", str(failure)) from failure


def _reason(request: RefundRequest) -> str:
    """The reason as the buyer reads it, and our key, by which the cancellation is found again."""
    return f"{request.reason[:_REASON_LENGTH_MAX] or 'refund'} [{request.op_key}]"


def _cancellation_of(
    found: translate.Taken, op_key: str, refund_ref: str | None = None
) -> sdk.PaymentCancellation | None:
    for each in found.cancellations or []:
        if isinstance(each, dict):
            continue
        if each.id == refund_ref or (op_key and each.reason.endswith(f"[{op_key}]")):
            return each
    return None


def _closed(gateway_ref: str) -> Declined:
    reason = DeclineReason.SESSION_EXPIRED
    return Declined("CANCELLED", reason, ADVICE[reason].retry_helps, gateway_ref)
