"""What of an address belongs to a list, in one way of writing (S03, S04)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final
from urllib.parse import urlencode

NAME_LENGTH_MAX: Final = 40
QUERY_LENGTH_MAX: Final = 2_000
# Tabs of one list for one person; whoever has more finds none of them.
VIEWS_MAX: Final = 20


def query_of(arguments: Iterable[tuple[str, str]], allowed: Collection[str]) -> str:
    """The arguments that a list knows and that say something, sorted, each pair once; empty for the plain list."""
    kept = {(name, value.strip()) for name, value in arguments if name in allowed and value.strip()}
    return urlencode(sorted(kept))


def name_of(typed: str) -> str:
    """A view's name as it is kept; empty when there is none."""
    return " ".join(typed.replace("\0", "").split())[:NAME_LENGTH_MAX]
