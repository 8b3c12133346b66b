"""Korean banks by PortOne's names, and how people write them."""

import re
from collections.abc import Mapping

# PortOne's name: Korean name, English name, other ways to write it.
_BANKS: Mapping[str, tuple[str, ...]] = {
    "KOOKMIN": ("국민은행", "Kookmin Bank", "KB국민", "KB"),
    "SHINHAN": ("신한은행", "Shinhan Bank"),
    "WOORI": ("우리은행", "Woori Bank"),
    "HANA": ("하나은행", "Hana Bank", "KEB하나", "KEB"),
    "NONGHYUP": ("농협은행", "NongHyup Bank", "NH농협", "NH"),
    "IBK": ("기업은행", "Industrial Bank of Korea", "IBK기업"),
    "KDB": ("산업은행", "Korea Development Bank", "KDB산업"),
    "SUHYUP": ("수협은행", "Suhyup Bank", "SH수협"),
    "STANDARD_CHARTERED": ("SC제일은행", "Standard Chartered Bank Korea", "SC", "제일은행"),
    "CITI": ("한국씨티은행", "Citibank Korea", "씨티은행", "Citi"),
    "DAEGU": ("iM뱅크", "iM Bank", "대구은행", "Daegu Bank"),
    "BUSAN": ("부산은행", "Busan Bank"),
    "KWANGJU": ("광주은행", "Kwangju Bank"),
    "JEJU": ("제주은행", "Jeju Bank"),
    "JEONBUK": ("전북은행", "Jeonbuk Bank"),
    "KYONGNAM": ("경남은행", "Kyongnam Bank"),
    "KFCC": ("새마을금고", "MG Community Credit Cooperatives", "MG새마을금고", "MG"),
    "SHINHYUP": ("신협", "Shinhyup", "신용협동조합"),
    "POST": ("우체국", "Korea Post", "우체국예금보험"),
    "K_BANK": ("케이뱅크", "K bank", "Kbank"),
    "KAKAO": ("카카오뱅크", "KakaoBank", "카카오"),
    "TOSS": ("토스뱅크", "Toss Bank", "토스"),
}


def _plain(written: str) -> str:
    """A name without blanks, case and the word for bank."""
    return re.sub(r"[\s.\-_]|은행$|bank$", "", re.sub(r"\s", "", written).casefold())


_CODES = {_plain(name): code for code, names in _BANKS.items() for name in (code, *names)}


def bank_name(code: str | None) -> str:
    """A bank for people, in both languages; one that we do not know by PortOne's own name."""
    names = _BANKS.get(code or "")
    return f"{names[0]} ({names[1]})" if names else (code or "").replace("_", " ").title()


def bank_code(written: str) -> str | None:
    """PortOne's name of a bank that a person has written; None for one that cannot be told."""
    return _CODES.get(_plain(written.partition("(")[0]))
