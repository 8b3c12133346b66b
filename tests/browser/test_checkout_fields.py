"""What is typed into the checkout: how it may be written, when it is complained about, and in which words."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import violations
from tests.browser.inside import Shop, fill_new_address, leave, to_pay
from tests.factories.account import make_person
from tests.factories.order import give_deposit, give_mileage, make_coupon

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BLUNT = re.compile(r"\b(invalid|please|sorry|error)\b|[A-Z]+_[A-Z]+", re.IGNORECASE)


@pytest.mark.ux("B06")
def test_spaces_hyphens_and_full_width_are_taken_as_people_type_them(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    make_coupon("TEN", percent=10)
    page = shop.checkout(12_000, person=bea)
    page.get_by_text("Have a code?").click()
    leave(page, "code", "ｔ-ｅ Ｎ")
    to_pay(page, 12_000 - 1_200 + 3_000)
    leave(page, "deposit", "５，０００")
    to_pay(page, 12_000 - 1_200 + 3_000 - 5_000)
    fill_new_address(page)
    leave(page, "phone", "０１０ 1234–５６７８")
    leave(page, "postcode", " ０４５-24 ")
    assert page.locator("#checkout .error:visible").all_text_contents() == []
    page.get_by_label("Bank transfer").check()
    page.locator("#consents-all").check()
    page.locator("#pay-button").click()
    page.wait_for_url(re.compile(r"/orders/KR-"))
    expect(page.locator("#order-live")).to_contain_text("010-1234-5678")
    expect(page.locator("#order-live")).to_contain_text("04524")


@pytest.mark.ux("B07")
def test_a_message_comes_when_the_field_is_left_and_goes_when_it_is_mended(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    page = shop.checkout(person=bea)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    for field, wrong, right, sentence in (
        ("postcode", "12", "04524", "A Korean postcode has 5 digits"),
        ("email", "bea@", "bea@example.com", "Enter an e-mail address such as name@example.com."),
        ("deposit", "9999", "100", "₩5,000"),
    ):
        box, message = page.locator(f"#{field}"), page.locator(f"#{field}-message")
        box.fill("")
        asked.clear()
        box.press_sequentially(wrong)
        expect(message).to_be_empty()
        assert "POST" not in asked
        leave(page, field, wrong)
        expect(message).to_contain_text(sentence)
        expect(message.locator(".error")).to_have_count(1)
        expect(box).to_have_attribute("aria-invalid", "true")
        leave(page, field, right)
        expect(message).to_be_empty()
        expect(box).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.ux("B08")
@pytest.mark.parametrize(
    ("locale", "title", "heading"), [("en", "Error: ", "There is a problem"), ("ko", "오류: ", "문제가 있습니다")]
)
def test_three_faults_are_listed_first_and_nothing_is_lost(shop: Shop, locale: str, title: str, heading: str) -> None:
    page = shop.checkout(locale=locale)
    fill_new_address(page, phone="", postcode="12")
    page.locator("#email").fill("nobody")
    page.locator("#method-bank_transfer").check()
    page.locator("#consents-all").check()
    page.locator("#pay-button").click()
    summary = page.locator("#error-summary")
    expect(summary).to_be_focused()
    expect(summary.locator("h2")).to_have_text(heading)
    expect(page).to_have_title(re.compile(f"^{title}"))
    assert page.evaluate(
        "document.querySelector('#error-summary').compareDocumentPosition(document.querySelector('h1')) & 4"
    )
    faulty = ("email", "phone", "postcode")
    links = summary.get_by_role("link")
    expect(links).to_have_count(3)
    at_fields = []
    for field in faulty:
        box, message = page.locator(f"#{field}"), page.locator(f"#{field}-error > span")
        expect(box).to_have_attribute("aria-invalid", "true")
        expect(box).to_have_attribute("aria-describedby", re.compile(rf"\b{field}-message\b"))
        at_fields.append((message.text_content() or "").partition(":")[2].strip())
    assert sorted(links.all_text_contents()) == sorted(at_fields)
    kept = {name: page.locator(f"#{name}").input_value() for name in ("email", "postcode", "line1")}
    assert kept == {"email": "nobody", "postcode": "12", "line1": "서울특별시 중구 세종대로 110"}
    expect(page.locator("#method-bank_transfer")).to_be_checked()
    expect(page.locator("#consent_terms")).to_be_checked()
    assert violations(page) == []
    links.nth(0).click()
    expect(page.locator("#email")).to_be_focused()


@pytest.mark.ux("B08")
def test_a_newcomer_hears_of_every_fault_at_once(shop: Shop) -> None:
    page = shop.checkout_unknown()
    page.locator("#account_name").fill("Nari Kim")
    page.locator("#account_email").fill("nari@example.com")
    page.locator("#account_password").fill("short")
    page.locator("#postcode").fill("12")
    page.locator("#pay-button").click()
    summary = page.locator("#error-summary")
    expect(summary).to_be_focused()
    for name in ("account_password", "phone", "postcode", "line1", "method", "consent_terms"):
        expect(summary.locator(f"a[href='#{name}']")).to_have_count(1)
    # Nothing has begun: no account was made of half a form.
    expect(page.locator("#account_email")).to_have_value("nari@example.com")
    summary.locator("a[href='#account_password']").click()
    expect(page.locator("#account_password")).to_be_focused()


def said(page: Page, field: str) -> str:
    message = page.locator(f"#{field}-error > span")
    expect(message).to_be_visible()
    return (message.text_content() or "").removeprefix("Error:").strip()


@pytest.mark.ux("B09")
def test_two_faults_of_a_field_are_two_sentences_that_say_how_to_mend_it(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    page = shop.checkout(person=bea)
    fill_new_address(page, phone="", postcode="", name="", line1="")
    page.locator("#email").fill("")
    page.locator("#pay-button").click()
    expect(page.locator("#error-summary")).to_be_focused()
    missing = {field: said(page, field) for field in ("email", "name", "phone", "postcode", "line1")}
    unfit = {}
    typed = {"email": "bea@", "name": "가" * 121, "phone": "12", "postcode": "123456", "line1": "가" * 121}
    for field, text in typed.items():
        leave(page, field, text)
        expect(page.locator(f"#{field}-message")).not_to_contain_text(missing[field])
        unfit[field] = said(page, field)
    sentences = [*missing.values(), *unfit.values()]
    for field, texts in {"deposit": ("5001", "10.5", "many"), "mileage": ("2001", "1.5", "-5")}.items():
        told = set()
        for text in texts:
            leave(page, field, text)
            told.add(said(page, field))
        assert len(told) == len(texts)
        sentences += told
    assert [one for one in sentences if BLUNT.search(one) or not one.endswith(".")] == []
