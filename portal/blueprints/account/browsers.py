"""A browser's own description in a few words. For people to know their devices again, not for decisions."""

from __future__ import annotations

from dataclasses import dataclass

# In this order: many browsers also name the ones that they descend from.
_BROWSERS = (
    ("Edg", "Edge"),
    ("Whale/", "Whale"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("KAKAOTALK", "KakaoTalk"),
    ("NAVER(", "Naver"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_HANDHELD = {"iPhone", "iPad", "Android"}


@dataclass(frozen=True, slots=True)
class Browser:
    """Names as their makers write them; None where they are unknown."""

    name: str | None
    system: str | None

    @property
    def is_handheld(self) -> bool:
        return self.system in _HANDHELD


def describe(user_agent: str) -> Browser:
    return Browser(_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent))


def _first(marks: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for mark, name in marks if mark in text), None)
