"""The session's cookie, signed as Flask signs it."""

from __future__ import annotations

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer


class Cookies(SecureCookieSessionInterface):
    """Flask's own cookies, with what signs them made once and not twice for each request."""

    def __init__(self) -> None:
        self._signing: tuple[object, URLSafeTimedSerializer | None] = (None, None)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        key, made = self._signing
        if key is None or key != app.secret_key:
            made = super().get_signing_serializer(app)
            self._signing = (app.secret_key, made)
        return made
