"""Browsers to buy in.

Without Chromium these tests are skipped and say so: it needs root to be installed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from apiflask import APIFlask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import axe
from tests.browser.inside import Served, Shop, make_shop, serve

# Nothing here measures time; machines that run tests are busy.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
PHONE = 390
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
RUN_AXE = (Path(__file__).parent / "run_axe.js").read_text("utf-8")
# The looks whose contrast this worker has measured and found sufficient.
PASSED: set[str] = set()
# The rules that ask for colours: whatever else they find, a theme cannot change.
COLOURS = ("color-contrast", "link-in-text-block")


OpenPage = Callable[..., Page]


class Profiles:
    """Browsers that are lent to one test after another: nothing of what a test leaves in one is there for the next.

    Each keeps a page open, and with it the process that has read the scripts of the portal and of axe before.
    """

    def __init__(self, chromium: Browser, base_url: str | None = None) -> None:
        self._chromium = chromium
        self._base_url = base_url
        self._idle: dict[bool, list[BrowserContext]] = {True: [], False: []}

    @contextmanager
    def lend(self, *, javascript: bool) -> Iterator[BrowserContext]:
        idle = self._idle[javascript]
        context = idle.pop() if idle else self._make(javascript=javascript)
        [kept] = context.pages
        # Not before: an answer that was still under way when its page was closed may have left one.
        context.clear_cookies()
        yield context
        for page in context.pages:
            if page is not kept:
                forget_site(page)
                page.close()
        idle.append(context)

    def _make(self, *, javascript: bool) -> BrowserContext:
        context = self._chromium.new_context(
            base_url=self._base_url,
            java_script_enabled=javascript,
            color_scheme="light",
            locale="en-US",
            reduced_motion="reduce",
        )
        kept = context.new_page()
        # A process is kept for a site: that of all servers here.
        kept.route("**/*", lambda route: route.fulfill(body=""))
        kept.goto("http://127.0.0.1/")
        kept.unroute_all()
        return context


def forget_site(page: Page) -> None:
    """Remove all that the site of a page has stored: cookies, storage, workers."""
    at = urlsplit(page.url)
    if at.netloc:
        devtools = page.context.new_cdp_session(page)
        given = {"origin": f"{at.scheme}://{at.netloc}", "storageTypes": "all"}
        devtools.send("Storage.clearDataForOrigin", given)


@pytest.fixture(scope="session")
def profiles(chromium: Browser) -> Profiles:
    return Profiles(chromium)


@pytest.fixture
def open_page(profiles: Profiles) -> Iterator[OpenPage]:
    """Open a page in a browser of its own: `open_page(javascript=False, width=390, dark=True)`.

    A script's error or a broken rule of the content security policy fails the test.
    """
    faults: list[str] = []
    with ExitStack() as lent:

        def make(*, javascript: bool = True, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
            page = lent.enter_context(profiles.lend(javascript=javascript)).new_page()
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if dark else "light")
            page.set_default_timeout(PATIENCE_MS)
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on(
                "console",
                lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None,
            )
            return page

        yield make
    assert not faults


def picture(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look; in which folder, says PORTAL_PICTURES."""
    folder = os.environ.get("PORTAL_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def violations(page: Page, tags: tuple[str, ...] = WCAG, *, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds on the page, as sentences: by the rules of these tags, or by these rules alone."""
    axe.provide(page)
    run_only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": list(tags)}
    found = page.evaluate(RUN_AXE, {"runOnly": run_only, "known": " ".join(PASSED)})
    PASSED.update(found["passed"])
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]


def check_looks(page: Page, name: str) -> None:
    """What stands there is sound on a desk and on a phone, where nothing scrolls sideways: the page is made narrow."""
    wide = page.viewport_size
    assert wide is not None
    for width in (wide["width"], PHONE):
        page.set_viewport_size({"width": width, "height": wide["height"]})
        picture(page, f"{name}-{width}")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(wide)


@pytest.fixture(scope="session")
def served(application: APIFlask) -> Iterator[Served]:
    """The application of this worker over HTTP, in this process."""
    with serve(application) as running:
        yield running


@pytest.fixture
def _settled(books: None, served: Served) -> Iterator[None]:
    """When the browsers are closed, what they asked for last is waited for."""
    yield
    served.counted.settle()


@pytest.fixture
def shop(_settled: None, served: Served, open_page: OpenPage) -> Shop:
    """An empty mall of two stores, served: tests fill it with factories."""
    return make_shop(served, open_page)
