"""Small HTML pages: escaping, headers, languages."""

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl

from sandbox.http import Request, Response

_STATIC = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors {ancestors}"
)
LANGUAGES = ("en", "ko")


def html(status: int, title: str, body: str, *, lang: str = "en", assets: str = "", framed: bool = False) -> Response:
    """A page. `body` and `assets` are HTML already; `framed` lets another origin show it in a frame."""
    page = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"{assets}</head><body>{body}</body></html>"
    )
    policy = _POLICY.format(ancestors="*" if framed else "'none'")
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
    return Response(status, page.encode(), headers)


@cache
def static(name: str) -> Response:
    """A file of the sandbox's own, for pages of any origin."""
    path = _STATIC / name
    headers = {
        "content-type": _TYPES[path.suffix],
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
    }
    return Response(200, path.read_bytes(), headers)


def redirect(url: str) -> Response:
    """See the other page, with GET."""
    return Response(303, b"", {"location": url, "cache-control": "no-store"})


def query(request: Request) -> dict[str, str]:
    """The last value of each name in the address."""
    return dict(parse_qsl(request.query, keep_blank_values=True))


def fields(request: Request) -> dict[str, str]:
    """The last value of each field of a form that was posted."""
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def language(given: str | None) -> str:
    """The page's language for a locale such as ko-KR."""
    short = (given or "").lower().replace("_", "-").split("-")[0]
    return short if short in LANGUAGES else "en"


def amount_text(amount: int, currency: str, decimals: int) -> str:
    """An amount for people: 12,345 KRW, 123.45 USD."""
    if not decimals:
        return f"{amount:,} {currency}"
    whole, rest = divmod(abs(amount), 10**decimals)
    return f"{'-' if amount < 0 else ''}{whole:,}.{rest:0{decimals}d} {currency}"


def definition_list(rows: Mapping[str, str]) -> str:
    """Names and values, escaped."""
    return "<dl>" + "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in rows.items()) + "</dl>"
