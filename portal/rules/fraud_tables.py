"""What small tables know of an e-mail address or a browser (FRD-10). tables/README.md names their sources."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files


@cache
def _lines(name: str) -> frozenset[str]:
    text = files("portal.rules").joinpath("tables", name).read_text("utf-8")
    return frozenset(line for line in map(str.strip, text.splitlines()) if line)


@cache
def _crawlers() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in sorted(_lines("crawlers.txt"))))


def is_throwaway(email: str) -> bool:
    """Whether the mailbox is one of those that are made for a moment; subdomains of such a house are, too."""
    domain = email.rpartition("@")[2].casefold().split(".")
    known = _lines("throwaway_domains.txt")
    return any(".".join(domain[place:]) in known for place in range(len(domain) - 1))


@lru_cache(maxsize=512)
def is_crawler(user_agent: str) -> bool:
    """Whether a browser names itself a robot."""
    return _crawlers().search(user_agent) is not None
