"""The browsers that tests lend each other."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Profiles
from tests.browser.inside import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_nothing_of_one_test_is_in_the_browser_of_the_next(shop: Shop, profiles: Profiles) -> None:
    with profiles.lend(javascript=True) as context:
        page = context.new_page()
        shop.go(page, "/sign-in")
        page.evaluate("localStorage.setItem('left', '1'); sessionStorage.setItem('left', '1'); name = 'left'")
        page.evaluate("document.cookie = 'left=1; path=/'")
        assert "left" in {one.get("name") for one in context.cookies()}
    with profiles.lend(javascript=True) as again:
        assert again is context
        assert again.cookies() == []
        page = again.new_page()
        shop.go(page, "/sign-in")
        assert page.evaluate("[localStorage.left, sessionStorage.left, name].join()") == ",,"
        assert "left" not in {one.get("name") for one in again.cookies()}
