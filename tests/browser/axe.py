"""axe-core for the pages of the tests: it is fetched from where the page is from, if that server has it.

To hand its 650 KB through Playwright to each page costs as much as to run it. What is fetched stays in the browser's
cache, compiled.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import Page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FILE = Path(__file__).parents[1] / "vendor" / "axe" / "axe.min.js"
# A browser holds a script of nothing but ASCII in half the room, and compares it with what it has compiled sooner.
SCRIPT = FILE.read_text("utf-8").encode("ascii", "backslashreplace")
PATH = "/axe.min.js"
# By a script element, which the page's own security policy allows.
FETCH = """path => new Promise((done, fail) => {
  const script = document.createElement("script");
  script.onload = () => { script.remove(); done(); };
  script.onerror = () => fail(new Error(`${path} is not there`));
  script.src = path;
  document.head.append(script);
})"""
_servers: set[str] = set()


def beside(app: WSGIApplication) -> WSGIApplication:
    """The application, with axe at a path that it does not know."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH:
            return app(environ, start_response)
        given = [("Content-Type", "text/javascript"), ("Content-Length", str(len(SCRIPT)))]
        start_response("200 OK", [*given, ("Cache-Control", "max-age=86400, immutable")])
        return [SCRIPT]

    return answer


def announce(port: int) -> None:
    """Let pages of the server at this port fetch axe from it: its application is one with axe `beside` it."""
    _servers.add(f"127.0.0.1:{port}")


def provide(page: Page) -> None:
    """See that the page, whose scripts are on, has axe."""
    if page.evaluate("'axe' in window"):
        return
    if urlsplit(page.url).netloc in _servers:
        page.evaluate(FETCH, PATH)
    else:
        page.evaluate(SCRIPT.decode("ascii"))
