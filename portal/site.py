"""Where the portal is reached from outside, for links in mails: set once at the start of a process."""

from __future__ import annotations

from urllib.parse import urlencode


class _Site:
    def __init__(self) -> None:
        self.url = ""


_site = _Site()


def set_site(url: str) -> None:
    _site.url = url.rstrip("/")


def address(path: str, *, channel: str = "", **query: str) -> str:
    """An absolute address on a channel."""
    prefix = f"/{channel}" if channel else ""
    return f"{_site.url}{prefix}{path}{'?' + urlencode(query) if query else ''}"
