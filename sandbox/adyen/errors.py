"""Adyen's error body (docs.adyen.com/development-resources/error-codes)."""

from sandbox.http import Json


class ApiError(Exception):
    """Ends a call with Adyen's error body. `transient` says that the same request may be sent again."""

    def __init__(
        self, status: int, code: str, message: str, kind: str = "validation", *, transient: bool = False
    ) -> None:
        self.status = status
        self.body: Json = {"status": status, "errorCode": code, "message": message, "errorType": kind}
        self.headers = {"transient-error": "true"} if transient else {}
        super().__init__(message)
