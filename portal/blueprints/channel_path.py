"""Which channel a request belongs to: by the first part of its path, else by its host, else the default one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from portal.queries.channels import channel_directory

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ENVIRON_KEY = "portal.channel"
# Answered before any channel, session or database: the process serves.
HEALTH_PATH = "/healthz"


def _lead_on(environ: WSGIEnvironment, start_response: StartResponse, path: str) -> Iterable[bytes]:
    """To the page of the channel that took over; by 308, so that a form is sent there as it is."""
    there = quote(f"{environ.get('SCRIPT_NAME', '')}/{path}".encode("latin-1"))
    asked = environ.get("QUERY_STRING", "")
    start_response("308 Permanent Redirect", [("Location", f"{there}?{asked}" if asked else there)])
    return [b""]


class ChannelPath:
    """Takes `/kr` or `/us` off the path into SCRIPT_NAME, so that every address made for the request keeps it."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if path == HEALTH_PATH:
            start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "no-store")])
            return [b"ok"]
        first = path[1:].partition("/")[0]
        directory = channel_directory()
        if first in directory.codes:
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + "/" + first
            environ["PATH_INFO"] = path[len(first) + 1 :] or "/"
            environ[ENVIRON_KEY] = first
        elif first in directory.moved:
            return _lead_on(environ, start_response, directory.moved[first] + path[len(first) + 1 :])
        else:
            host = environ.get("HTTP_HOST", "").partition(":")[0].lower()
            environ[ENVIRON_KEY] = directory.hosts.get(host, directory.default)
        return self._app(environ, start_response)
