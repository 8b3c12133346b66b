"""Second factors in a browser: a passkey of Chromium's virtual authenticator, an app, a mailed code (IDN-04)."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import picture, violations
from tests.browser.inside import Shop
from tests.factories.account import Person, make_person
from tests.factories.order import give_deposit
from tests.factories.refund import rows
from tests.factories.step_up import code_of, mailed_code, make_totp

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.req("IDN-04")]
SECURITY = "/account/security"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def by_name(shop: Shop, path: str) -> str:
    """The same server under a name: passkeys are never made for numbers."""
    return shop.address(path).replace("127.0.0.1", "localhost")


def enter_by_name(shop: Shop, person: Person, **how: Any) -> Page:
    page = shop.enter(person, **how)
    for one in page.context.cookies(shop.served.url):
        page.context.add_cookies([{"name": one["name"], "value": one["value"], "url": by_name(shop, "")}])
    return page


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """A device that says yes to everything."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return devtools, made["authenticatorId"]


def confirm_by_mail(page: Page) -> None:
    page.get_by_role("button", name="Send a code to bea@example.com").click()
    expect(page.locator("#email")).to_be_visible()
    page.locator("#email").fill(mailed_code())
    page.get_by_role("button", name="Confirm", exact=True).click()


def make_passkey(page: Page, shop: Shop) -> None:
    page.goto(by_name(shop, SECURITY))
    page.locator("#label").fill("My laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#what")).to_have_text("Add the passkey “My laptop”")
    confirm_by_mail(page)
    expect(page.locator("h1")).to_have_text("Add a passkey")
    picture(page, "passkey-new")
    assert violations(page) == []
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.locator("#factors")).to_contain_text("My laptop")


def test_a_passkey_is_made_and_confirms_its_own_removal(shop: Shop) -> None:
    page = enter_by_name(shop, make_person("bea"))
    devtools, device = authenticator(page)
    make_passkey(page, shop)
    assert rows("SELECT rp_id, kind FROM second_factor") == [("localhost", "passkey")]
    page.get_by_role("button", name="Remove My laptop").click()
    expect(page.get_by_role("button", name="Confirm with a passkey")).to_be_visible()
    picture(page, "step-up-passkey")
    assert violations(page) == []
    page.get_by_role("button", name="Confirm with a passkey").click()
    expect(page.locator("main")).to_contain_text("It is removed. A mail tells you so.")
    assert rows("SELECT count(*) FROM second_factor") == [(0,)]
    assert rows("SELECT method FROM step_up ORDER BY created_at") == [("email",), ("passkey",)]
    made = devtools.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert [one["rpId"] for one in made] == ["localhost"]


def test_a_device_that_does_not_know_its_owner_is_told_of_and_another_way_works(shop: Shop) -> None:
    bea = make_person("bea")
    page = enter_by_name(shop, bea)
    devtools, device = authenticator(page)
    make_passkey(page, shop)
    secret = make_totp(bea)
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.goto(by_name(shop, SECURITY))
    page.get_by_role("button", name="Remove My laptop").click()
    page.get_by_role("button", name="Confirm with a passkey").click()
    expect(page.locator("[data-fault]")).to_contain_text("The passkey was not used.")
    page.locator("#totp").fill(code_of(secret))
    page.locator("#totp").press("Enter")
    expect(page.locator("main")).to_contain_text("It is removed. A mail tells you so.")


@pytest.mark.parametrize("javascript", [True, False])
def test_an_app_is_set_up_and_confirms(shop: Shop, javascript: bool) -> None:
    page = shop.enter(make_person("bea"), javascript=javascript, width=390)
    shop.go(page, SECURITY)
    picture(page, f"security-empty-{javascript}")
    if javascript:
        assert violations(page) == []
    page.get_by_role("button", name="Set up an app").click()
    picture(page, f"step-up-{javascript}")
    if javascript:
        assert violations(page) == []
    confirm_by_mail(page)
    expect(page.locator("h1")).to_have_text("Set up an app")
    picture(page, f"app-new-{javascript}")
    if javascript:
        assert violations(page) == []
    secret = page.locator(".copy .mono").inner_text()
    # Half a minute may end while it is typed: a code of before would then be too old.
    page.locator("#code").fill(code_of(secret))
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("#factors")).to_contain_text("Authenticator app")
    picture(page, f"security-{javascript}")
    if javascript:
        assert violations(page) == []
    page.get_by_role("button", name="Remove Authenticator app").click()
    page.locator("#totp").fill("123")
    page.locator("#totp").press("Enter")
    expect(page.locator("#error-summary")).to_contain_text("Tries left: 4.")
    picture(page, f"step-up-wrong-{javascript}")
    if javascript:
        assert violations(page) == []
    page.locator("#totp").fill(code_of(secret, step=1))
    page.locator("#totp").press("Enter")
    expect(page.locator("main")).to_contain_text("It is removed. A mail tells you so.")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_large_withdrawal_goes_through_by_itself_after_the_code(shop: Shop, javascript: bool) -> None:
    bea = make_person("bea")
    give_deposit(bea, 2_000_000)
    secret = make_totp(bea)
    page = shop.enter(bea, javascript=javascript)
    shop.go(page, "/account/deposit")
    for name, typed in {"amount": "600,000", "bank_bank": "Hana", "bank_number": "123-456-7890"}.items():
        page.locator(f"#{name}").fill(typed)
    page.locator("#bank_holder").fill("Bea Kim")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator("#what")).to_have_text("Withdraw ₩600,000 to the account at Hana that ends in 7890")
    picture(page, f"step-up-withdrawal-{javascript}")
    page.locator("#totp").fill(code_of(secret))
    page.locator("#totp").press("Enter")
    expect(page.locator("main")).to_contain_text("₩600,000 is set aside. Somebody looks at it first.")
    assert rows("SELECT amount_minor FROM withdrawal") == [(600_000,)]
    # Neither going back nor loading anew does it a second time.
    page.reload()
    page.go_back()
    assert rows("SELECT count(*) FROM withdrawal") == [(1,)]
