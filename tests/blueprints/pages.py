"""What tests of pages share: a browser that fills in forms as a person would, with the CSRF token of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories.account import PASSWORD

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
# What differs between two renderings of one page: keys, and tokens that hold the second in which they were made.
_FRESH = re.compile(r'value="[^"]*"|content="[^"]*"|"X-CSRFToken": "[^"]*"')
HTMX = {"HX-Request": "true"}


def token_of(client: FlaskClient, page: str = "/sign-in") -> str:
    """The CSRF token that pages of this browser carry."""
    found = _TOKEN.search(client.get(page, follow_redirects=True).text)
    assert found, f"no form on {page}"
    return unescape(found[1])


def send(
    client: FlaskClient,
    address: str,
    data: Mapping[str, object] | None = None,
    *,
    page: str = "/sign-in",
    headers: dict[str, str] | None = None,
    ip: str | None = None,
) -> TestResponse:
    """Open `page`, then post to `address` with the token found there."""
    environ = {"REMOTE_ADDR": ip} if ip else {}
    filled = {"csrf_token": token_of(client, page), **(data or {})}
    return client.post(address, data=filled, headers=headers, environ_overrides=environ)


def sign_in(
    client: FlaskClient, email: str = "bea@example.com", password: str = PASSWORD, **more: object
) -> TestResponse:
    return send(client, "/sign-in", {"email": email, "password": password, **more})


def without_tokens(html: str) -> str:
    """A page as its reader sees it, to be compared with another."""
    return _FRESH.sub("", html)


def cookie(client: FlaskClient, name: str = "portal") -> str:
    """The value of a cookie of this browser, or nothing."""
    found = client.get_cookie(name)
    return found.value if found else ""
