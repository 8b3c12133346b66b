"""Ways in which a call to a gateway fails. The difference decides whether money could move twice (PAY-06)."""


class GatewayError(Exception):
    """A call to a gateway brought no answer that can be used. `code` and the text hold no secret and may be logged."""

    def __init__(self, gateway: str, code: str, detail: str = "") -> None:
        self.gateway = gateway
        self.code = code
        self.detail = detail
        super().__init__(f"{gateway}: {code}" + (f" ({detail})" if detail else ""))


class GatewayUnavailableError(GatewayError):
    """The call certainly did not execute (refused connection, rate limit). It may be sent again, or elsewhere."""

    def __init__(self, gateway: str, code: str, detail: str = "", *, retry_after_s: int | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(gateway, code, detail)


class OutcomeUnknownError(GatewayError):
    """The call may have executed (time-out, reset, 5xx). Send the same request again with the same key, or `fetch`.

    Nothing else may be tried for this payment before one of the two has answered.
    """


class GatewayRefusedError(GatewayError):
    """The gateway understood and refused our request as wrong: credentials, configuration or a defect of ours.

    Nothing executed. Sending it again cannot help; another gateway may be tried, and an administrator must be told.
    """


class WebhookRefusedError(Exception):
    """A notice that is not believed. `reason` is one word of ours; nothing in the notice may be used."""

    def __init__(self, reason: str) -> None:
        self.reason = reason  # unsigned, forged, stale, malformed
        super().__init__(reason)
