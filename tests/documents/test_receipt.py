"""A receipt as PDF: every word and amount can be read again, whatever people write and however much they buy."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.documents.content import Content, Line
from portal.documents.receipt import render_receipt
from portal.documents.typeset import MISSING, setable
from tests.documents.reading import pages_of

pytestmark = pytest.mark.req("PAY-15")


def line(name: str = "머그컵", minor: int = 9_900, quantity: int = 2) -> Line:
    return {
        "name": name,
        "options": "검정",
        "quantity": quantity,
        "unit_minor": minor,
        "subtotal_minor": minor * quantity,
        "discount_minor": 0,
    }


def content(lines: list[Line], *, locale: str = "ko", currency: str = "KRW", buyer: str = "백비아") -> Content:
    subtotal = sum(one["subtotal_minor"] for one in lines)
    return {
        "layout": 1,
        "kind": "receipt",
        "label": "KR-2026-R-000001",
        "corrects": None,
        "issuer": "포털코리아 주식회사",
        "brand_name": "Portal 한국",
        "brand_colour": "#c2410c",
        "issued_at": "2026-11-27T10:00:00+00:00",
        "paid_at": "2026-11-27T09:59:00+00:00",
        "zone": "Asia/Seoul",
        "locale": locale,
        "order": "KR-7F3K9Q2MXA",
        "buyer": buyer,
        "currency": currency,
        "parts": [{"store": "한울", "lines": lines, "shipping_minor": 3_000}],
        "discounts": [{"name": "감사 쿠폰", "funding": "platform", "amount_minor": 1_000}],
        "taxes": [{"rate": "0.1000000000", "inclusive": True, "amount_minor": 1_709}],
        "subtotal_minor": subtotal,
        "discount_minor": 1_000,
        "shipping_minor": 3_000,
        "tax_added_minor": 0,
        "total_minor": subtotal + 2_000,
        "tenders": [
            {
                "type": "gateway",
                "method": "credit_card",
                "last4": "4242",
                "points": None,
                "amount_minor": subtotal + 2_000,
                "ref": "pi_3QABC",
            }
        ],
        "platform": None,
    }


def test_korean_and_amounts_are_read_again() -> None:
    (page,) = pages_of(render_receipt(content([line()])))
    for words in (
        "영수증",
        "머그컵, 검정",
        "19,800원",
        "21,800원",
        "-1,000원",
        "감사 쿠폰",
        "신용카드",
        "pi_3QABC",
        "백비아",
        "한울",
    ):
        assert words in page
    assert "2026.11.27 19:00 KST" in page
    assert "포함된 세금 10%" in page
    assert MISSING not in page


@dataclass(frozen=True)
class Shown:
    currency: str
    locale: str
    amount: str


@pytest.mark.parametrize(
    "shown",
    [
        Shown("JPY", "en", "¥19,800"),
        Shown("USD", "en", "$198.00"),
        Shown("KWD", "en", "KWD19.800"),
        Shown("KRW", "en", "₩19,800"),
        Shown("EUR", "en", "€198.00"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(shown: Shown) -> None:
    (page,) = pages_of(render_receipt(content([line()], locale=shown.locale, currency=shown.currency)))
    assert shown.amount in page.replace("\xa0", " ")


@pytest.mark.req("CAT-04")
@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "₩27,283 at the rate 1 USD = 1,377.73 KRW of European Central Bank"),
        ("ko", "27,283원"),
        ("ko", "1 USD = 1,377.73 KRW"),
        ("ko", "유럽중앙은행"),
    ],
)
def test_a_receipt_in_another_currency_tells_the_platforms_and_the_rate(locale: str, words: str) -> None:
    made = content([line()], locale=locale, currency="USD")
    made["platform"] = {
        "currency": "KRW",
        "amount_minor": 27_283,
        "rate": "1377.7300327",
        "source": "ecb",
        "at": "2026-11-27T13:10:00+00:00",
    }
    (page,) = pages_of(render_receipt(made))
    assert words in " ".join(page.replace("\xa0", " ").split())


def test_the_same_content_gives_the_same_bytes() -> None:
    assert render_receipt(content([line()])) == render_receipt(content([line()]))


def test_what_people_write_is_text_and_no_markup() -> None:
    (page,) = pages_of(render_receipt(content([line('<b>Mug</b> & "co" <img src="x"/>')], buyer="</para>")))
    assert '<b>Mug</b> & "co" <img src="x"/>' in page
    assert "</para>" in page


def test_signs_that_the_font_has_not_are_seen_to_be_missing() -> None:
    assert setable("ł🐈") == MISSING * 2
    assert setable("백비아 白 é ö ñ € ₩ カタ") == "백비아 白 é ö ñ € ₩ カタ"
    assert setable("e\u0301\u200b\u202ex\ty") == "éx y"


@pytest.mark.parametrize("count", [200, 1])
def test_many_lines_and_endless_names_go_over_pages(count: int) -> None:
    pages = pages_of(render_receipt(content([line(f"{n} " + "아주긴이름" * 200 * (count == 1)) for n in range(count)])))
    assert (len(pages) > 3) is (count == 200)
    assert all("KR-2026-R-000001" in page for page in pages)
    assert f"{len(pages)}쪽" in pages[-1]


@given(st.text(max_size=60), st.integers(0, 10**13))
@settings(max_examples=25)
def test_any_text_and_amount_can_be_set(text: str, minor: int) -> None:
    assert render_receipt(content([line(text, minor, 1)], buyer=text)).startswith(b"%PDF")
