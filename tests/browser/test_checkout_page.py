"""How the checkout is laid out: one page in one order, everything labelled, nothing chosen beforehand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.inside import Shop, fill_new_address, renewed
from tests.factories.account import make_person
from tests.factories.cart import make_variant, put_into_cart
from tests.factories.order import give_deposit, give_mileage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECTIONS = (
    "Items",
    "Contact",
    "Delivery",
    "Coupons and balances",
    "Way of paying",
    "Amounts",
    "Agreements",
)
# Every field that is filled in: its label, whether that stands above it, its placeholder.
FIELDS = """() => [...document.querySelectorAll('#checkout input')]
  .filter(field => !['hidden', 'radio', 'checkbox'].includes(field.type))
  .map(field => {
    const label = field.labels[0], seen = field.checkVisibility();
    return {
      id: field.id, label: label?.textContent.trim() || '', placeholder: field.placeholder,
      above: !seen || label.getBoundingClientRect().bottom <= field.getBoundingClientRect().top + 1,
      inputmode: field.inputMode, autocomplete: field.autocomplete,
    };
  })"""


def in_language(page: Page, locale: str) -> None:
    """The same page, opened anew if it is in another language."""
    if page.locator("html").get_attribute("lang") != locale:
        page.goto(f"{page.url}?lang={locale}")
        expect(page.locator("html")).to_have_attribute("lang", locale)


@pytest.mark.ux("B03")
@pytest.mark.parametrize("who", ["bea", "a visitor"])
def test_one_page_in_one_order_each_part_with_its_heading(shop: Shop, who: str) -> None:
    page = shop.checkout(width=390) if who == "bea" else shop.checkout_unknown(width=390)
    wanted = [name if who == "bea" else name.replace("Contact", "Your account") for name in SECTIONS]
    tops = []
    for name in wanted:
        heading = page.locator("#checkout :is(h2, legend, caption)").filter(has_text=re.compile(f"^{name}$")).first
        expect(heading).to_be_visible()
        box = heading.bounding_box()
        assert box is not None
        tops.append(box["y"])
    button = page.locator("#pay-button").bounding_box()
    assert button is not None
    assert [*tops, button["y"]] == sorted([*tops, button["y"]])
    expect(page.locator("#checkout h3")).to_have_count(2 if who == "bea" else 1)


@pytest.mark.ux("B04")
def test_every_field_says_above_it_what_it_is_and_whether_it_is_needed(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    page = shop.checkout(person=bea)
    for locale, marks in (("en", r"\((required|optional)\)$"), ("ko", r"\((필수|선택)\)$")):
        in_language(page, locale)
        fields = page.evaluate(FIELDS)
        assert {"email", "name", "phone", "postcode", "line1", "line2", "code", "deposit", "mileage"} == {
            one["id"] for one in fields
        }
        assert [one for one in fields if not re.search(marks, one["label"])] == []
        assert [one for one in fields if not one["above"] or one["placeholder"]] == []


@pytest.mark.ux("B05")
def test_browsers_can_fill_in_what_they_know(shop: Shop) -> None:
    page = shop.checkout_unknown()
    found = {one["id"]: (one["autocomplete"], one["inputmode"]) for one in page.evaluate(FIELDS)}
    assert found["name"] == ("name", "")
    assert found["phone"] == ("tel", "tel")
    assert found["account_email"] == ("email", "email")
    assert found["postcode"] == ("postal-code", "numeric")
    assert found["line1"] == ("street-address", "")
    assert found["line2"] == ("address-line2", "")
    # Typed once: who makes the account is taken to be the one who receives, and the e-mail is that of the receipt.
    page.locator("#account_name").fill("김나리")
    page.locator("#account_email").fill("nari@example.com")
    page.locator("#account_password").fill("a long enough phrase")
    expect(page.locator("#name")).to_have_value("김나리")
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("#email")).to_have_value("nari@example.com")
    expect(page.locator("#name")).to_have_value("김나리")


@pytest.mark.ux("B10")
def test_each_store_says_on_which_days_its_parcel_arrives(shop: Shop) -> None:
    page = shop.checkout()
    arrivals = page.locator(".arrives")
    for locale, day in (
        ("en", r"Arrives \w{3} \d{1,2} \w{3} to \w{3} \d{1,2} \w{3}"),
        ("ko", r"\d+월 \d+일 \(.\)~\d+월 \d+일 \(.\) 도착 예정"),
    ):
        in_language(page, locale)
        expect(arrivals).to_have_count(2)
        for number in range(2):
            expect(arrivals.nth(number)).to_contain_text(re.compile(day))


@pytest.mark.ux("B18")
@pytest.mark.req("CAT-05")
def test_ways_of_paying_stand_in_a_column_and_open_in_place(shop: Shop) -> None:
    page = shop.checkout(600_000, 500_000)
    radios = page.locator("input[name=method]")
    in_sight = [radio for radio in radios.all() if radio.is_visible()]
    assert 1 < len(in_sight) <= 4
    assert len({round(box["x"]) for radio in in_sight if (box := radio.bounding_box())}) == 1
    # What cannot take the amount is there, off, with its reason.
    page.get_by_text("More ways to pay").click()
    off = page.locator(".radio-card:has(input[name=method]:disabled)")
    expect(off).to_contain_text("This takes up to ₩1,000,000.")
    body = page.locator(".radio-card:has(#method-bank_transfer) .radio-body")
    expect(body).to_be_hidden()
    with renewed(page):
        page.get_by_label("Bank transfer").check()
    expect(body).to_be_visible()
    expect(body).to_contain_text("The payment provider's page opens next.")


@pytest.mark.ux("B18")
def test_the_way_of_paying_that_was_used_last_comes_first(shop: Shop) -> None:
    bea = make_person("bea")
    page = shop.checkout(person=bea)
    page.get_by_text("More ways to pay").click()
    with renewed(page):
        page.get_by_label("Digital wallet").check()
    fill_new_address(page)
    page.locator("#consents-all").check()
    page.locator("#pay-button").click()
    page.wait_for_url(re.compile(r"/orders/KR-"))
    put_into_cart(bea.actor, shop.mall.kr, make_variant(shop.mall))
    shop.go(page, "/checkout")
    expect(page.locator("input[name=method]").first).to_have_value("wallet")
    expect(page.locator("input[name=method]").first).to_be_visible()


@pytest.mark.ux("B19")
@pytest.mark.req("IDN-08")
def test_nothing_is_agreed_to_beforehand_and_texts_open_in_place(shop: Shop) -> None:
    page = shop.checkout()
    consents = page.locator("#consents .check:has(input[name])")
    chosen = page.locator("#consents input:checked, input[name=method]:checked, input[name=coupons]:checked")
    for locale, required, read, text in (
        ("en", "(required)", "Read the text", "You buy each product from the store named beside it."),
        ("ko", "(필수)", "전문 보기", "각 상품은 옆에 적힌 스토어에서 사는 거예요."),
    ):
        in_language(page, locale)
        expect(consents).to_have_count(3)
        for one in consents.all():
            expect(one.locator("label")).to_contain_text(required)
        assert chosen.count() == 0
        address = page.url
        opened = consents.first.locator("details p").first
        expect(opened).to_be_hidden()
        consents.first.get_by_text(read).click()
        expect(opened).to_be_visible()
        expect(opened).to_contain_text(text)
        assert page.url == address
