"""Stripe's error answers (docs.stripe.com/api/errors)."""

from sandbox.http import Json


class ApiError(Exception):
    """Ends a call with an error body. `kept` says whether the idempotency key remembers it."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        extra: Json | None = None,
        kept: bool = True,
    ) -> None:
        self.status = status
        self.kept = kept
        body: Json = {"message": message, "type": kind, **(extra or {})}
        if code is not None:
            body["code"] = code
            body["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param is not None:
            body["param"] = param
        self.body = {"error": body}
        super().__init__(message)


def missing(thing: str, given: object, param: str = "id", status: int = 404) -> ApiError:
    """No such object."""
    return ApiError(f"No such {thing}: '{given}'", status=status, code="resource_missing", param=param)


def required(param: str) -> ApiError:
    """A parameter that was not sent."""
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param, kept=False)


def unknown(param: str) -> ApiError:
    """A parameter that does not exist."""
    return ApiError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param, kept=False)
