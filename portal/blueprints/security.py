"""What every answer carries so that browsers keep strangers out: policy, framing, caching, compression."""

from __future__ import annotations

import gzip
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from portal.config import Settings
from portal.gateways.base import ElementConfig
from portal.gateways.connector import GatewayConfigError
from portal.gateways.registry import build
from portal.htmx import is_htmx
from portal.services.accounts.page_count import page_count

COMPRESS_FROM_BYTES = 1024
# Level 2 takes a third less time than 4, for pages that are 6 to 9 % larger and still go out in one round trip.
GZIP_LEVEL = 2
# What a page depends on besides its address.
PAGES_VARY = ("HX-Request", "HX-Target", "Cookie", "Accept-Language")


# Enough for the connector to say where its script comes from.
_NO_KEYS = {"secret_key": "sk_none", "publishable_key": "pk_none", "webhook_secrets": "none"}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def content_policy(settings: Settings) -> str:
    """Only our own files, and each payment element's script and frame from its own origin."""
    api = _origin(settings.stripe_api_base)
    live = _origin(settings.live_url)
    elements = _elements(settings)

    def of(name: str) -> str:
        return " ".join(dict.fromkeys(origin for one in elements for origin in getattr(one, name)))

    rules = {
        "default-src": "'none'",
        "script-src": f"'self' {of('script_origins')}",
        "style-src": f"'self' {of('style_origins')}",
        "img-src": f"'self' data: {of('image_origins')}",
        "font-src": "'self'",
        "connect-src": f"'self' {live} {of('connect_origins')} {api}",
        "frame-src": f"'self' {of('frame_origins')}",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "manifest-src": "'self'",
    }
    return "; ".join(f"{name} {' '.join(value.split())}" for name, value in rules.items())


def _elements(settings: Settings) -> list[ElementConfig]:
    """The card fields of the gateways that the settings hold keys of; Stripe's without, for accounts with keys."""
    house = dict(settings.gateway_settings)
    house.setdefault("stripe", {**_NO_KEYS, "js_url": settings.stripe_js_url})
    found = []
    for name, given in house.items():
        try:
            found.append(build(name, given).element)
        except GatewayConfigError:
            continue  # Its account cannot be used either, and says so in the log.
    return [one for one in found if one is not None]


def init_security(app: Flask, settings: Settings) -> None:
    fixed = {
        "Content-Security-Policy": content_policy(settings),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if settings.session_cookie_secure:
        fixed["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        given = {name.lower() for name, _value in headers}
        headers.extend((name, value) for name, value in fixed.items() if name.lower() not in given)
        if response.mimetype == "text/html":
            if "vary" in given:
                response.vary.update(PAGES_VARY)
            else:
                headers.add("Vary", ", ".join(PAGES_VARY))
            headers.setdefault("Cache-Control", "no-store")
            _count_page(response)
        return _compressed(response)


def _count_page(response: Response) -> None:
    """A page that somebody with a session has asked for and seen; parts of one are no pages."""
    if request.method != "GET" or response.status_code != HTTPStatus.OK or is_htmx():
        return
    known = g.get("identity")
    if known is not None:
        page_count.add(known.session_id)


def _compressed(response: Response) -> Response:
    if (
        response.direct_passthrough
        or response.mimetype not in {"text/html", "application/json", "application/problem+json"}
        or "Content-Encoding" in response.headers
        or "gzip" not in request.headers.get("Accept-Encoding", "")
    ):
        return response
    body = response.get_data()
    if len(body) >= COMPRESS_FROM_BYTES:
        response.set_data(gzip.compress(body, GZIP_LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
    return response
